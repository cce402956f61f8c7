//! Builders of packed blobs, sound or broken on purpose.

use super::dump::{Family, Shape, Text};

/// A blob under construction: header, elements, end.
#[derive(Clone)]
pub struct Blob {
    kind: Kind,
    elements: Vec<u8>,
    count: u16,
    /// Where the last element starts, and how long it is with all that belongs to it.
    last: (usize, usize),
    claim: Option<u32>,
    claimed_count: Option<u16>,
    end: bool,
    lzf: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Listpack,
    Ziplist,
    Zipmap,
    Intset(u32),
}

/// A listpack without elements.
pub fn listpack() -> Blob {
    Blob::new(Kind::Listpack)
}

/// A ziplist without elements.
pub fn ziplist() -> Blob {
    Blob::new(Kind::Ziplist)
}

/// A zipmap without pairs.
pub fn zipmap() -> Blob {
    Blob::new(Kind::Zipmap)
}

/// An intset of integers of `width` bytes.
pub fn intset(width: u32) -> Blob {
    Blob::new(Kind::Intset(width))
}

impl Blob {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            elements: Vec::new(),
            count: 0,
            last: (0, 0),
            claim: None,
            claimed_count: None,
            end: true,
            lzf: false,
        }
    }

    /// Adds a text element as text, even where a server would make an integer of it.
    pub fn text(mut self, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        match self.kind {
            Kind::Listpack => self.push_listpack(&listpack_text(text)),
            Kind::Ziplist => self.push_ziplist(&ziplist_text(text)),
            Kind::Zipmap => self.push_zipmap(text),
            Kind::Intset(_) => panic!("an intset holds no text"),
        }
        self
    }

    /// Adds an integer.
    pub fn int(mut self, n: i64) -> Self {
        match self.kind {
            Kind::Listpack => self.push_listpack(&listpack_int(n)),
            Kind::Ziplist => self.push_ziplist(&ziplist_int(n)),
            Kind::Zipmap => self.push_zipmap(n.to_string().as_bytes()),
            Kind::Intset(width) => {
                self.elements.extend_from_slice(&n.to_le_bytes()[..width as usize]);
                self.count += 1;
            }
        }
        self
    }

    /// Adds each of `texts`.
    pub fn texts<T: AsRef<[u8]>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        texts.into_iter().fold(self, |blob, text| blob.text(text))
    }

    /// Adds each of `ints`.
    pub fn ints(self, ints: impl IntoIterator<Item = i64>) -> Self {
        ints.into_iter().fold(self, Self::int)
    }

    /// Adds bytes that need not be an element.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.elements.extend_from_slice(bytes);
        self.count += 1;
        self
    }

    /// Makes the header say that the blob has `bytes` bytes.
    pub fn claim(mut self, bytes: u32) -> Self {
        self.claim = Some(bytes);
        self
    }

    /// Makes the header say that there are `count` elements.
    pub fn claim_count(mut self, count: u16) -> Self {
        self.claimed_count = Some(count);
        self
    }

    /// Leaves out the end mark.
    pub fn endless(mut self) -> Self {
        self.end = false;
        self
    }

    /// Has the snapshot hold the blob compressed.
    pub fn lzf(mut self) -> Self {
        self.lzf = true;
        self
    }

    fn push_listpack(&mut self, element: &[u8]) {
        self.elements.extend_from_slice(element);
        self.elements.extend_from_slice(&backlen(element.len()));
        self.count = self.count.saturating_add(1);
    }

    fn push_ziplist(&mut self, element: &[u8]) {
        let start = self.elements.len();
        match u8::try_from(self.last.1) {
            Ok(before) if before < 254 => self.elements.push(before),
            _ => {
                self.elements.push(0xfe);
                self.elements.extend_from_slice(&(self.last.1 as u32).to_le_bytes());
            }
        }
        self.elements.extend_from_slice(element);
        self.last = (start, self.elements.len() - start);
        self.count = self.count.saturating_add(1);
    }

    fn push_zipmap(&mut self, text: &[u8]) {
        match u8::try_from(text.len()) {
            Ok(len) if len < 254 => self.elements.push(len),
            _ => {
                self.elements.push(0xfe);
                self.elements.extend_from_slice(&(text.len() as u32).to_le_bytes());
            }
        }
        if self.count % 2 == 1 {
            self.elements.push(0); // a value's free bytes
        }
        self.elements.extend_from_slice(text);
        self.count += 1;
    }

    /// The blob's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let count = self.claimed_count.unwrap_or(self.count);
        let end = usize::from(self.end);
        let mut out = Vec::new();
        match self.kind {
            Kind::Listpack => {
                let all = 6 + self.elements.len() + end;
                out.extend_from_slice(&self.claim.unwrap_or(all as u32).to_le_bytes());
                out.extend_from_slice(&count.to_le_bytes());
            }
            Kind::Ziplist => {
                let all = 10 + self.elements.len() + end;
                out.extend_from_slice(&self.claim.unwrap_or(all as u32).to_le_bytes());
                out.extend_from_slice(&(10 + self.last.0 as u32).to_le_bytes());
                out.extend_from_slice(&count.to_le_bytes());
            }
            Kind::Zipmap => out.push(u8::try_from(count / 2).unwrap_or(254).min(254)),
            Kind::Intset(width) => {
                out.extend_from_slice(&width.to_le_bytes());
                out.extend_from_slice(&self.claim.unwrap_or(u32::from(count)).to_le_bytes());
            }
        }
        out.extend_from_slice(&self.elements);
        if self.end && !matches!(self.kind, Kind::Intset(_)) {
            out.push(0xff);
        }
        out
    }

    /// The blob as a string of the snapshot.
    pub fn to_text(&self) -> Text {
        if self.lzf { super::dump::lzf(self.bytes()) } else { Text::raw(self.bytes()) }
    }

    /// Whether it is a listpack.
    pub fn is_listpack(&self) -> bool {
        self.kind == Kind::Listpack
    }
}

impl Shape for Blob {
    fn encode(self, family: Family) -> (u8, Vec<u8>) {
        let code = match (self.kind, family) {
            (Kind::Zipmap, Family::Hash) => 9,
            (Kind::Ziplist, Family::List) => 10,
            (Kind::Intset(_), Family::Set) => 11,
            (Kind::Ziplist, Family::Zset) => 12,
            (Kind::Ziplist, Family::Hash) => 13,
            (Kind::Listpack, Family::Hash) => 16,
            (Kind::Listpack, Family::Zset) => 17,
            (Kind::Listpack, Family::Set) => 20,
            _ => panic!("no server writes such a value"),
        };
        (code, self.to_text().0)
    }
}

fn listpack_text(text: &[u8]) -> Vec<u8> {
    let mut out = match text.len() {
        len @ 0..64 => vec![0x80 | len as u8],
        len @ 64..4096 => vec![0xe0 | (len >> 8) as u8, len as u8],
        len => [&[0xf0][..], &(len as u32).to_le_bytes()].concat(),
    };
    out.extend_from_slice(text);
    out
}

fn listpack_int(n: i64) -> Vec<u8> {
    let bytes = n.to_le_bytes();
    match n {
        0..=127 => vec![n as u8],
        -4096..=4095 => vec![0xc0 | (n >> 8 & 0x1f) as u8, n as u8],
        -0x8000..=0x7fff => [&[0xf1][..], &bytes[..2]].concat(),
        -0x80_0000..=0x7f_ffff => [&[0xf2][..], &bytes[..3]].concat(),
        -0x8000_0000..=0x7fff_ffff => [&[0xf3][..], &bytes[..4]].concat(),
        _ => [&[0xf4][..], &bytes].concat(),
    }
}

/// The length of an element once more, behind it, to be read backwards.
fn backlen(len: usize) -> Vec<u8> {
    let groups = match len {
        0..=127 => 1,
        128..16383 => 2,
        16383..2_097_151 => 3,
        2_097_151..268_435_455 => 4,
        _ => 5,
    };
    (0..groups)
        .rev()
        .map(|group| {
            let more = if group + 1 == groups { 0 } else { 0x80 };
            (len >> (7 * group)) as u8 & 0x7f | more
        })
        .collect()
}

fn ziplist_text(text: &[u8]) -> Vec<u8> {
    let mut out = match text.len() {
        len @ 0..64 => vec![len as u8],
        len @ 64..16384 => vec![0x40 | (len >> 8) as u8, len as u8],
        len => [&[0x80][..], &(len as u32).to_be_bytes()].concat(),
    };
    out.extend_from_slice(text);
    out
}

fn ziplist_int(n: i64) -> Vec<u8> {
    let bytes = n.to_le_bytes();
    match n {
        0..=12 => vec![0xf1 + n as u8],
        -0x80..=0x7f => vec![0xfe, n as u8],
        -0x8000..=0x7fff => [&[0xc0][..], &bytes[..2]].concat(),
        -0x80_0000..=0x7f_ffff => [&[0xf0][..], &bytes[..3]].concat(),
        -0x8000_0000..=0x7fff_ffff => [&[0xd0][..], &bytes[..4]].concat(),
        _ => [&[0xe0][..], &bytes].concat(),
    }
}
