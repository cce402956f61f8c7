//! Listpacks, written straight into a dump.

/// A listpack under construction.
#[derive(Default)]
pub(super) struct Listpack {
    bytes: Vec<u8>,
    count: u16,
}

impl Listpack {
    /// Begins a new one in the same memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.extend_from_slice(&[0; 6]);
        self.count = 0;
    }

    /// Adds a text of less than 4096 bytes that `write` appends.
    pub(super) fn text(&mut self, len: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        match len {
            0..64 => self.bytes.push(0x80 | len as u8),
            _ => self.bytes.extend_from_slice(&[0xe0 | (len >> 8) as u8, len as u8]),
        }
        write(&mut self.bytes);
        self.close(start);
    }

    /// Adds a number below 2^55.
    pub(super) fn number(&mut self, n: u64) {
        let start = self.bytes.len();
        let bytes = n.to_le_bytes();
        match n {
            0..128 => self.bytes.push(n as u8),
            128..0x1000 => self.bytes.extend_from_slice(&[0xc0 | (n >> 8) as u8 & 0x1f, n as u8]),
            0x1000..0x8000 => self.wide(0xf1, &bytes[..2]),
            0x8000..0x80_0000 => self.wide(0xf2, &bytes[..3]),
            0x80_0000..0x8000_0000 => self.wide(0xf3, &bytes[..4]),
            _ => self.wide(0xf4, &bytes),
        }
        self.close(start);
    }

    fn wide(&mut self, code: u8, bytes: &[u8]) {
        self.bytes.push(code);
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes the length of the element that began at `start` behind it.
    fn close(&mut self, start: usize) {
        let len = self.bytes.len() - start;
        match len {
            0..128 => self.bytes.push(len as u8),
            _ => self.bytes.extend_from_slice(&[(len >> 7) as u8, len as u8 & 0x7f | 0x80]),
        }
        self.count += 1;
    }

    /// Appends it as a string of the dump.
    pub(super) fn append(&mut self, out: &mut Vec<u8>) {
        super::write::string(out, self.finish());
    }

    /// Its bytes; nothing can be added any more.
    pub(super) fn finish(&mut self) -> &[u8] {
        self.bytes.push(0xff);
        let len = self.bytes.len();
        self.bytes[..4].copy_from_slice(&(len as u32).to_le_bytes());
        self.bytes[4..6].copy_from_slice(&self.count.to_le_bytes());
        &self.bytes
    }
}
