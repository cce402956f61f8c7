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

    /// Adds a number below 4096.
    pub(super) fn number(&mut self, n: u64) {
        let start = self.bytes.len();
        match n {
            0..128 => self.bytes.push(n as u8),
            _ => self.bytes.extend_from_slice(&[0xc0 | (n >> 8) as u8 & 0x1f, n as u8]),
        }
        self.close(start);
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
        self.bytes.push(0xff);
        let len = self.bytes.len();
        self.bytes[..4].copy_from_slice(&(len as u32).to_le_bytes());
        self.bytes[4..6].copy_from_slice(&self.count.to_le_bytes());
        super::write::string(out, &self.bytes);
    }
}
