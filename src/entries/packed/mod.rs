//! Packed blobs: many small elements in one string.
//!
//! A blob is handed on unopened; [`Packed::each`] looks inside when somebody needs to.

mod intset;
mod listpack;
mod ziplist;
mod zipmap;

use super::string::Str;
use crate::bytes::{Fault, Kind, lzf};

/// How a blob is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Packing {
    /// Redis 5.0 and later.
    Listpack,
    /// Up to Redis 6.2.
    Ziplist,
    /// Up to Redis 2.4.
    Zipmap,
    /// Integers of one width, sorted.
    Intset,
}

impl Packing {
    /// The server's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listpack => "listpack",
            Self::Ziplist => "ziplist",
            Self::Zipmap => "zipmap",
            Self::Intset => "intset",
        }
    }

    /// How many bytes of a blob the header check needs.
    const fn header(self) -> usize {
        match self {
            Self::Listpack => 6,
            Self::Ziplist => 10,
            Self::Zipmap => 1,
            Self::Intset => 8,
        }
    }

    /// What a blob of `len` bytes says of itself that begins with `head`; `None` where that is cut off.
    #[inline(always)]
    fn read_header(self, head: &[u8], len: u64) -> Option<Header> {
        match self {
            Self::Listpack => listpack::header(head),
            Self::Ziplist => ziplist::header(head),
            Self::Zipmap => zipmap::header(head, len),
            Self::Intset => intset::header(head),
        }
    }

    /// The same of one that has to be decompressed to tell.
    #[cold]
    #[inline(never)]
    fn unpack_header(self, data: &Str<'_>) -> Result<Option<Header>, Fault> {
        let mut scratch = Vec::new();
        let head = data.prefix(self.header(), &mut scratch)?;
        Ok(self.read_header(head, data.len()))
    }

    /// What is wrong with a blob at the offset `at` that has `len` bytes and this header.
    #[cold]
    #[inline(never)]
    fn fault(self, at: u64, header: Option<Header>, len: u64) -> Fault {
        let blob = self.name();
        let kind = match header {
            None => Kind::Blob { blob, why: "it is shorter than its header" },
            Some(Header { bytes, .. }) => Kind::BlobLength { blob, says: bytes, is: len },
        };
        Fault::new(at, kind)
    }
}

/// A packed blob, its header decoded and checked against its length, its elements not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    /// How it is packed.
    pub packing: Packing,
    /// Its bytes, decoded.
    pub bytes: u64,
    /// How many pieces its header says that it holds (a pair counts as two); `None` where the
    /// header cannot tell and only a scan can.
    pub pieces: Option<u64>,
    /// For an intset: bytes of one integer.
    pub width: u64,
    /// The blob as it stands in the snapshot.
    pub data: Str<'a>,
    /// Absolute offset of the string that holds it.
    pub at: u64,
}

/// One piece of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Stored as an integer.
    Int(i64),
    /// Stored as text.
    Text(&'a [u8]),
}

impl Piece<'_> {
    /// How long its text is.
    #[must_use]
    pub const fn len(&self) -> u64 {
        match self {
            Self::Int(n) => super::string::digits(*n),
            Self::Text(text) => text.len() as u64,
        }
    }

    /// Whether its text is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number that it is or that its text is the canonical decimal text of.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Text(text) => super::string::canonical_int(text),
        }
    }

    /// Appends its text to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Int(n) => out.extend_from_slice(n.to_string().as_bytes()),
            Self::Text(text) => out.extend_from_slice(text),
        }
    }
}

impl<'a> Packed<'a> {
    /// Decodes the header of `data`, which stands at the absolute offset `at`.
    ///
    /// # Errors
    /// When the header contradicts the blob's length, or the blob is compressed and damaged.
    #[inline(always)]
    pub fn new(packing: Packing, data: Str<'a>, at: u64) -> Result<Self, Fault> {
        let bytes = data.len();
        let head = match data {
            Str::Raw(raw) => Some(raw),
            Str::Lzf { packed, .. } => lzf::literals(packed, packing.header()),
            Str::Int(_) => None,
        };
        let header = match head {
            Some(head) => packing.read_header(head, bytes),
            None => packing.unpack_header(&data)?,
        };
        let Some(header) = header.filter(|header| header.bytes == bytes) else {
            return Err(packing.fault(at, header, bytes));
        };
        Ok(Self { packing, bytes, pieces: header.pieces, width: header.width, data, at })
    }

    /// Hands each piece to `visit`, in order; `scratch` takes a compressed blob's bytes.
    ///
    /// # Errors
    /// When the blob is damaged; the pieces before the damage were handed over.
    pub fn each(
        &self,
        scratch: &mut Vec<u8>,
        mut visit: impl FnMut(Piece<'_>),
    ) -> Result<(), Fault> {
        let bytes = self.data.decode(scratch)?;
        let result = match self.packing {
            Packing::Listpack => listpack::each(bytes, &mut visit),
            Packing::Ziplist => ziplist::each(bytes, &mut visit),
            Packing::Zipmap => zipmap::each(bytes, &mut visit),
            Packing::Intset => intset::each(bytes, &mut visit),
        };
        let blob = self.packing.name();
        result.map_err(|why| Fault::new(self.at, Kind::Blob { blob, why }))
    }

    /// Its first piece, of a listpack; decompresses no more than that. `None` where it is empty.
    ///
    /// # Errors
    /// When it is damaged there, or its first piece is text that does not fit `HEAD` bytes.
    pub(super) fn first<'s>(
        &'s self,
        scratch: &'s mut Vec<u8>,
    ) -> Result<Option<Piece<'s>>, Fault> {
        /// The header, and the longest integer with its length.
        const HEAD: usize = 6 + 10;
        let bytes = self.data.prefix(HEAD, scratch)?;
        listpack::first(bytes)
            .map_err(|why| Fault::new(self.at, Kind::Blob { blob: self.packing.name(), why }))
    }

    /// How many pieces it holds: from the header, else by a scan.
    ///
    /// # Errors
    /// When a scan finds damage.
    pub fn count(&self, scratch: &mut Vec<u8>) -> Result<u64, Fault> {
        if let Some(pieces) = self.pieces {
            return Ok(pieces);
        }
        let mut n = 0;
        self.each(scratch, |_| n += 1)?;
        Ok(n)
    }
}

/// What a header says.
#[derive(Clone, Copy)]
struct Header {
    bytes: u64,
    pieces: Option<u64>,
    width: u64,
}

type Visit<'v> = dyn FnMut(Piece<'_>) + 'v;

/// The next `n` bytes of `rest`, which moves behind them.
fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8], &'static str> {
    let (head, tail) = rest.split_at_checked(n).ok_or("an element passes its end")?;
    *rest = tail;
    Ok(head)
}

/// The next `N` bytes of `rest`, which moves behind them.
fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or("an element passes its end")?;
    *rest = tail;
    Ok(*head)
}

/// A little-endian signed integer of three bytes.
fn i24(bytes: [u8; 3]) -> i64 {
    let [a, b, c] = bytes;
    i64::from(i32::from_le_bytes([0, a, b, c]) >> 8)
}
