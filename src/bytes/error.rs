//! What can be wrong with the bytes, and where.

use std::fmt;

/// Why a read did not succeed.
///
/// The two reasons are kept apart so that a reader over a buffer knows whether to fetch more bytes
/// or to give up; over a mapped file only [`Stop::Fault`] occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The window ends before the construct does, and the input goes on behind the window.
    More,
    /// The bytes are wrong.
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A fault of the input: what, and the absolute offset where the broken construct starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Absolute offset in the input.
    pub at: u64,
    /// What is wrong there.
    pub kind: Kind,
}

impl Fault {
    /// A fault of `kind` at the absolute offset `at`.
    #[must_use]
    pub const fn new(at: u64, kind: Kind) -> Self {
        Self { at, kind }
    }
}

/// What is wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The input ends inside a construct.
    Truncated {
        /// Bytes that the construct still needs.
        want: u64,
        /// Bytes that are left.
        left: u64,
    },
    /// There is no byte at all.
    Empty,
    /// The first bytes are not those of a snapshot.
    NotRdb {
        /// The first nine bytes, fewer where there are no more.
        found: Box<[u8]>,
    },
    /// Commands of an append-only file, with no snapshot before them.
    Commands,
    /// The header names a version that this family never had.
    Version {
        /// `REDIS` or `VALKEY`.
        magic: &'static str,
        /// The number in the header.
        version: u32,
    },
    /// The whole file is wrapped in a compression that has to be undone first.
    Envelope(&'static str),
    /// A length starts with a byte that no server writes.
    Length(u8),
    /// A string starts with an encoding that no server writes.
    StringEncoding(u8),
    /// A value type that this reader does not know.
    ValueType(u8),
    /// A record that this reader does not know.
    Opcode(u8),
    /// A value whose end cannot be found.
    Unskippable(&'static str),
    /// Compressed bytes that do not decompress to what their header says.
    Lzf(&'static str),
    /// A packed blob whose header contradicts its length.
    BlobLength {
        /// The encoding: `listpack`, `ziplist`, `intset` or `zipmap`.
        blob: &'static str,
        /// Bytes that its header claims.
        says: u64,
        /// Bytes that are there.
        is: u64,
    },
    /// A packed blob whose content is not what its encoding allows.
    Blob {
        /// The encoding: `listpack`, `ziplist`, `intset` or `zipmap`.
        blob: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// A part of a value that is not what its type allows.
    Value(&'static str),
    /// A hash that names a template which no record defined.
    Template(u64),
    /// The stored checksum is not that of the bytes before it.
    Checksum {
        /// As stored in the last eight bytes.
        stored: u64,
        /// As computed.
        computed: u64,
    },
}

impl Kind {
    /// What a person can do about it, where there is something to do.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => {
                "the copy may be incomplete: compare its size with the original and copy it again"
            }
            Self::Empty => "the save or the copy did not write anything: take the snapshot again",
            Self::NotRdb { .. } => {
                "expected a file that starts with REDIS or VALKEY, such as dump.rdb or a base file of appendonlydir"
            }
            Self::Commands => {
                "give the snapshot that belongs to it: the .base.rdb in the same folder, or a dump.rdb made by BGSAVE"
            }
            Self::Version { .. } => "the header is damaged or not from a Redis or Valkey server",
            Self::Envelope(_) => "decompress it first",
            Self::ValueType(_) | Self::Opcode(_) => {
                "a newer or modified server wrote it, or the bytes before are damaged: check with the server's own redis-check-rdb or valkey-check-rdb"
            }
            Self::Checksum { .. } => {
                "the file was damaged after it was written: copy it again; --no-checksum reads it all the same"
            }
            _ => {
                "the file is damaged here: copy it again, or check it with redis-check-rdb or valkey-check-rdb"
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { want, left } => {
                write!(f, "the input ends here: {want} bytes needed, {left} left")
            }
            Self::Empty => write!(f, "the input is empty"),
            Self::NotRdb { found } => {
                write!(f, "not an RDB snapshot: it starts with \"{}\"", found.escape_ascii())
            }
            Self::Commands => write!(f, "an append-only file of commands, not a snapshot"),
            Self::Version { magic, version } => {
                write!(f, "no {magic} snapshot has version {version}")
            }
            Self::Envelope(what) => write!(f, "the whole snapshot is compressed ({what})"),
            Self::Length(byte) => {
                write!(f, "length starts with byte {byte:#04x}, which is no length")
            }
            Self::StringEncoding(code) => write!(f, "string encoding {code} is unknown"),
            Self::ValueType(code) => write!(f, "value type {code} is unknown"),
            Self::Opcode(code) => write!(f, "record type {code} is unknown"),
            Self::Unskippable(what) => write!(f, "{what} has no readable end"),
            Self::Lzf(why) => write!(f, "LZF string is damaged: {why}"),
            Self::BlobLength { blob, says, is } => {
                write!(f, "{blob} says that it takes {says} bytes, but it has {is}")
            }
            Self::Blob { blob, why } => write!(f, "{blob} is damaged: {why}"),
            Self::Value(why) => write!(f, "{why}"),
            Self::Template(id) => write!(f, "hash template {id} is not defined"),
            Self::Checksum { stored, computed } => {
                write!(f, "checksum is {computed:016x}, the file says {stored:016x}")
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.at, self.kind)
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::More => write!(f, "more bytes are needed"),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for Stop {}
