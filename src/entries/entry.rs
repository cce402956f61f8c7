//! What the walk hands out: keys with what belongs to them, and the records between them.

use super::code::{TypeCode, ValueKind};
use super::string::Str;
use std::fmt;

/// A key: its name, its value's type, and what the prefixes before it said.
///
/// The value follows in the input; [`super::Walk::value`] reads it.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Absolute offset of the first byte that belongs to the key: a prefix or the type.
    pub at: u64,
    /// Its name, as it stands in the snapshot.
    pub key: Str<'a>,
    /// How its value is written.
    pub code: TypeCode,
    /// What its value is.
    pub kind: ValueKind,
    /// Its database; `None` before the first mark of a walk that began in the middle.
    pub db: Option<u64>,
    /// What the prefixes said.
    pub meta: Meta,
}

impl Entry<'_> {
    /// The same entry once more, to be pointed to where that is seldom done: what is pointed to has to lie
    /// in memory.
    #[inline(always)]
    pub(crate) const fn apart(&self) -> Self {
        *self
    }
}

/// When a key expires, if it does.
///
/// An `Option`, but that its time can be read without a look at whether there is one: a branch for that would
/// be guessed wrong for every third key or so.
#[derive(Clone, Copy, Default)]
pub struct Expiry {
    is_set: bool,
    /// Any where it is not set.
    at_ms: i64,
}

impl Expiry {
    /// Never.
    pub const NEVER: Self = Self { is_set: false, at_ms: 0 };

    /// At `at_ms`, in Unix milliseconds.
    #[must_use]
    pub const fn at(at_ms: i64) -> Self {
        Self { is_set: true, at_ms }
    }

    /// At `at_ms` where it `is_set`.
    #[inline(always)]
    pub(crate) const fn when(is_set: bool, at_ms: i64) -> Self {
        Self { is_set, at_ms }
    }

    /// Whether it does.
    #[must_use]
    pub const fn is_set(self) -> bool {
        self.is_set
    }

    /// When it does, in Unix milliseconds.
    #[must_use]
    pub const fn at_ms(self) -> Option<i64> {
        if self.is_set { Some(self.at_ms) } else { None }
    }

    /// The same, and any time where it does not.
    #[inline(always)]
    pub(crate) const fn at_ms_if_set(self) -> i64 {
        self.at_ms
    }
}

impl PartialEq for Expiry {
    fn eq(&self, other: &Self) -> bool {
        self.at_ms() == other.at_ms()
    }
}

impl Eq for Expiry {}

impl fmt::Debug for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at_ms().fmt(f)
    }
}

impl From<Option<i64>> for Expiry {
    fn from(at_ms: Option<i64>) -> Self {
        at_ms.map_or(Self::NEVER, Self::at)
    }
}

/// What the prefixes before a key say of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Meta {
    /// When it expires.
    pub expiry: Expiry,
    /// Seconds since it was used, where the server evicts by LRU.
    pub idle_s: Option<u64>,
    /// Its LFU counter, where the server evicts by LFU.
    pub freq: Option<u8>,
    /// How many classes of module metadata it carries.
    pub classes: u8,
}

/// One step of a walk.
#[derive(Debug, Clone, Copy)]
pub enum Item<'a> {
    /// A name and a value that the server wrote about itself.
    Aux {
        /// The name.
        name: Str<'a>,
        /// The value.
        value: Str<'a>,
    },
    /// The database of the keys that follow.
    SelectDb(u64),
    /// How many keys, and keys with an expiry, the server says that the database has.
    ResizeDb {
        /// All keys.
        keys: u64,
        /// Those with an expiry.
        expires: u64,
    },
    /// The cluster slot of the keys that follow.
    Slot(SlotMark),
    /// A function library's source.
    Function {
        /// The source, engine and name in its first line.
        code: Str<'a>,
    },
    /// A hash template: field names that many hashes share. Looked up by [`super::Templates`].
    Template(u64),
    /// Data of a module that belongs to no key.
    ModuleAux {
        /// The module type.
        id: ModuleId,
        /// Whether it stands before the keys.
        before_keys: bool,
        /// Bytes in the snapshot.
        bytes: u64,
    },
    /// A record that says nothing about memory.
    Other,
    /// A key; its value is still to be read.
    Entry(Entry<'a>),
    /// The end mark, with the checksum that follows it since RDB 5.
    End {
        /// Absolute offset behind the end mark: what the checksum covers ends here.
        covered: u64,
        /// The stored checksum; zero where the server was told not to compute one.
        checksum: Option<u64>,
    },
}

/// Where the keys of a cluster slot begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotMark {
    /// The slot's number.
    pub slot: u64,
    /// How many keys the server says that it has.
    pub keys: u64,
    /// How many of them have an expiry.
    pub expires: u64,
}

/// A module type: nine characters and a version in 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u64);

impl ModuleId {
    /// The type's name, such as `ReJSON-RL`.
    #[must_use]
    pub fn name(self) -> String {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..9)
            .map(|place| {
                let index = (self.0 >> (58 - 6 * place)) & 0x3f;
                let byte = usize::try_from(index).ok().and_then(|i| ALPHABET.get(i));
                char::from(byte.copied().unwrap_or(b'?'))
            })
            .collect()
    }

    /// The version of its encoding.
    #[must_use]
    pub const fn version(self) -> u64 {
        self.0 & 0x3ff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_type_spells_its_name() {
        let name = b"vectorset";
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut id = 0_u64;
        for byte in name {
            id = id << 6 | alphabet.iter().position(|b| b == byte).unwrap() as u64;
        }
        let id = ModuleId(id << 10 | 3);
        assert_eq!(id.name(), "vectorset");
        assert_eq!(id.version(), 3);
    }
}
