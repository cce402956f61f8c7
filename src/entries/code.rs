//! The one table of the format: magic, value types and record types.

use super::packed::Packing;

/// Which family wrote the snapshot; some numbers mean different things in the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Magic `REDIS`: every Redis, Valkey up to 8.1, and their relatives.
    Redis,
    /// Magic `VALKEY`: Valkey from 9.0 on.
    Valkey,
}

/// A value type: the byte in front of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeCode(pub u8);

impl TypeCode {
    /// One string. Since RDB 1.
    pub const STRING: Self = Self(0);
    /// Strings one by one. Since RDB 1.
    pub const LIST: Self = Self(1);
    /// Strings one by one. Since RDB 1.
    pub const SET: Self = Self(2);
    /// Members with scores as text. Since RDB 1.
    pub const ZSET: Self = Self(3);
    /// Fields and values one by one. Since RDB 1.
    pub const HASH: Self = Self(4);
    /// Members with scores as little-endian `f64`. Since RDB 8.
    pub const ZSET_2: Self = Self(5);
    /// A module's value without framing: its end cannot be found. Release candidates of 4.0.
    pub const MODULE_PRE_GA: Self = Self(6);
    /// A module's value, framed. Since RDB 8.
    pub const MODULE_2: Self = Self(7);
    /// Since RDB 2.
    pub const HASH_ZIPMAP: Self = Self(9);
    /// Since RDB 2.
    pub const LIST_ZIPLIST: Self = Self(10);
    /// Since RDB 2.
    pub const SET_INTSET: Self = Self(11);
    /// Since RDB 2.
    pub const ZSET_ZIPLIST: Self = Self(12);
    /// Since RDB 4.
    pub const HASH_ZIPLIST: Self = Self(13);
    /// Nodes that are ziplists. Since RDB 7.
    pub const LIST_QUICKLIST: Self = Self(14);
    /// Since RDB 9.
    pub const STREAM_LISTPACKS: Self = Self(15);
    /// Since RDB 10.
    pub const HASH_LISTPACK: Self = Self(16);
    /// Since RDB 10.
    pub const ZSET_LISTPACK: Self = Self(17);
    /// Nodes that are listpacks or single elements. Since RDB 10.
    pub const LIST_QUICKLIST_2: Self = Self(18);
    /// Adds first id, deleted id and counters. Since RDB 10.
    pub const STREAM_LISTPACKS_2: Self = Self(19);
    /// Since RDB 11.
    pub const SET_LISTPACK: Self = Self(20);
    /// Adds the consumers' active time. Since RDB 11.
    pub const STREAM_LISTPACKS_3: Self = Self(21);
    /// Redis: hash with field TTLs, release candidates of 7.4.
    /// Valkey: hash with field TTLs (HASH_2), since RDB 80.
    pub const HASH_METADATA_PRE_GA: Self = Self(22);
    /// Redis: packed hash with field TTLs, release candidates of 7.4. Valkey: path hash, RDB 81.
    pub const HASH_LISTPACK_EX_PRE_GA: Self = Self(23);
    /// Hash with field TTLs. Since RDB 12.
    pub const HASH_METADATA: Self = Self(24);
    /// Packed hash with field TTLs. Since RDB 12.
    pub const HASH_LISTPACK_EX: Self = Self(25);
    /// Adds idempotent producers. Since RDB 13.
    pub const STREAM_LISTPACKS_4: Self = Self(26);
    /// Adds released entries. Since RDB 14.
    pub const STREAM_LISTPACKS_5: Self = Self(27);
    /// Sparse array. Since RDB 14.
    pub const ARRAY: Self = Self(28);
    /// Packed values with their own template. Since RDB 15.
    pub const HASH_TEMPLATE_LISTPACK: Self = Self(29);
    /// Packed values of a template defined before. Since RDB 15.
    pub const HASH_TEMPLATE_LISTPACK_REF: Self = Self(30);
    /// Values with their own template. Since RDB 15.
    pub const HASH_TEMPLATE_ARRAY: Self = Self(31);
    /// Values of a template defined before. Since RDB 15.
    pub const HASH_TEMPLATE_ARRAY_REF: Self = Self(32);
    /// A rate limiter's state; only some Redis builds.
    pub const GCRA: Self = Self(33);

    /// How the value is packed, where it is one packed blob and nothing else.
    #[must_use]
    #[inline]
    pub const fn packing(self) -> Option<Packing> {
        Some(match self {
            Self::HASH_LISTPACK | Self::ZSET_LISTPACK | Self::SET_LISTPACK => Packing::Listpack,
            Self::LIST_ZIPLIST | Self::ZSET_ZIPLIST | Self::HASH_ZIPLIST => Packing::Ziplist,
            Self::SET_INTSET => Packing::Intset,
            Self::HASH_ZIPMAP => Packing::Zipmap,
            _ => return None,
        })
    }

    /// How a list's nodes are packed, where it has nodes.
    #[must_use]
    #[inline]
    pub const fn node_packing(self) -> Option<Packing> {
        match self {
            Self::LIST_QUICKLIST => Some(Packing::Ziplist),
            Self::LIST_QUICKLIST_2 => Some(Packing::Listpack),
            _ => None,
        }
    }

    /// What the value is to a user; `None` for a code that `dialect` does not have.
    #[must_use]
    #[inline]
    pub fn kind(self, dialect: Dialect) -> Option<ValueKind> {
        KINDS.get(dialect as usize)?.get(usize::from(self.0)).copied()?
    }

    const fn find_kind(self, dialect: Dialect) -> Option<ValueKind> {
        Some(match (dialect, self.0) {
            (_, 0) => ValueKind::String,
            (_, 1 | 10 | 14 | 18) => ValueKind::List,
            (_, 2 | 11 | 20) => ValueKind::Set,
            (_, 3 | 5 | 12 | 17) => ValueKind::Zset,
            (_, 4 | 9 | 13 | 16 | 22 | 23) => ValueKind::Hash,
            (_, 6 | 7) => ValueKind::Module,
            (_, 15 | 19 | 21) => ValueKind::Stream,
            (Dialect::Redis, 26 | 27) => ValueKind::Stream,
            (Dialect::Redis, 24 | 25 | 29..=32) => ValueKind::Hash,
            (Dialect::Redis, 28) => ValueKind::Array,
            (Dialect::Redis, 33) => ValueKind::Gcra,
            _ => return None,
        })
    }
}

/// Codes of values are below this.
const CODES: usize = 34;

/// The kinds of all codes, for each dialect: which one is next cannot be foretold, so it is looked up rather
/// than branched on.
static KINDS: [[Option<ValueKind>; CODES]; 2] = [kinds(Dialect::Redis), kinds(Dialect::Valkey)];

#[allow(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "while compiling")]
const fn kinds(dialect: Dialect) -> [Option<ValueKind>; CODES] {
    let mut all = [None; CODES];
    let mut code = 0;
    while code < CODES {
        all[code] = TypeCode(code as u8).find_kind(dialect);
        code += 1;
    }
    all
}

/// What a value is to a user: the answer of `TYPE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueKind {
    /// `string`
    String,
    /// `list`
    List,
    /// `set`
    Set,
    /// `zset`
    Zset,
    /// `hash`
    Hash,
    /// `stream`
    Stream,
    /// `array`, Redis 8.8 and later.
    Array,
    /// A module's own type; `TYPE` answers the module type's name.
    Module,
    /// `gcra`, a rate limiter of some Redis builds.
    Gcra,
}

impl ValueKind {
    /// All kinds, in the order in which reports list them.
    pub const ALL: [Self; 9] = [
        Self::String,
        Self::List,
        Self::Set,
        Self::Zset,
        Self::Hash,
        Self::Stream,
        Self::Array,
        Self::Module,
        Self::Gcra,
    ];

    /// The server's word for it (`module` for modules' types, which have names of their own).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::List => "list",
            Self::Set => "set",
            Self::Zset => "zset",
            Self::Hash => "hash",
            Self::Stream => "stream",
            Self::Array => "array",
            Self::Module => "module",
            Self::Gcra => "gcra",
        }
    }
}

/// Record types: bytes that stand where a value type could.
pub mod opcode {
    /// Redis: a hash template. Since RDB 15. Valkey: a command on a replication link, RDB 81.
    pub const HASH_TEMPLATE: u8 = 242;
    /// Redis: metadata of the next key, since RDB 13. Valkey: a slot import under way, RDB 80.
    pub const KEY_META: u8 = 243;
    /// Cluster slot of the keys that follow, with counts. Since RDB 12.
    pub const SLOT_INFO: u8 = 244;
    /// Source of a function library. Since RDB 10.
    pub const FUNCTION2: u8 = 245;
    /// The same, release candidates of 7.0.
    pub const FUNCTION_PRE_GA: u8 = 246;
    /// A module's data that belongs to no key. Since RDB 9.
    pub const MODULE_AUX: u8 = 247;
    /// Seconds since the next key was used. Since RDB 9.
    pub const IDLE: u8 = 248;
    /// LFU counter of the next key. Since RDB 9.
    pub const FREQ: u8 = 249;
    /// A name and a value. Since RDB 7.
    pub const AUX: u8 = 250;
    /// How many keys and expiring keys the database has. Since RDB 7.
    pub const RESIZEDB: u8 = 251;
    /// Expiry of the next key in milliseconds. Since RDB 3.
    pub const EXPIRETIME_MS: u8 = 252;
    /// Expiry of the next key in seconds.
    pub const EXPIRETIME: u8 = 253;
    /// The database of the keys that follow.
    pub const SELECTDB: u8 = 254;
    /// The end.
    pub const EOF: u8 = 255;
    /// Redis Enterprise: access time of the next key, one length.
    pub const ENTERPRISE_RAM_LRU: u8 = 107;
    /// Redis Enterprise: slot of the keys that follow, one length.
    pub const ENTERPRISE_SLOT: u8 = 121;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_looked_up() {
        let mut known = 0;
        for dialect in [Dialect::Redis, Dialect::Valkey] {
            for code in (0..=u8::MAX).map(TypeCode) {
                assert_eq!(code.kind(dialect), code.find_kind(dialect), "{code:?}");
                known += usize::from(code.kind(dialect).is_some());
            }
        }
        assert_eq!(known, 33 + 23);
    }
}
