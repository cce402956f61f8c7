//! From when on something is worth telling. What a configuration file sets.

use super::{Id, Subject};
use crate::footprint::server_bytes;
use serde::{Deserialize, Deserializer};

/// A number of bytes: `1mb`, with the units that servers take, or a plain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Least(pub u64);

impl<'de> Deserialize<'de> for Least {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a size, such as 4096 or \"10mb\"")]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(from)? {
            Written::Number(n) => Ok(Self(n)),
            Written::Text(text) => server_bytes(&text).map(Self).ok_or_else(|| {
                serde::de::Error::custom(format!("\"{text}\" is no size; write 4096 or \"10mb\""))
            }),
        }
    }
}

/// A part of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub u64);

impl Percent {
    /// Whether `part` is so much of `whole`, or more.
    pub(super) const fn is_in(self, part: u64, whole: u64) -> bool {
        part as u128 * 100 >= whole as u128 * self.0 as u128
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let n = u64::deserialize(from)?;
        if n <= 100 {
            return Ok(Self(n));
        }
        Err(serde::de::Error::custom(format!("{n} is no percentage; write 0 to 100")))
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty = $value:expr,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $value,)* }
            }
        }
    )*};
}

tables! {
    /// When keys without a TTL are forgotten ones.
    TtlLeak {
        /// Fewer keys than this say nothing of what a pattern's keys should be like.
        keys: u64 = 20,
        /// So many of the pattern's keys must expire.
        expiring_percent: Percent = Percent(90),
        /// What those that do not must take.
        bytes: Least = Least(4096),
    }
    /// When a pattern is heavy enough for its keys' lasting forever to matter.
    NeverExpires {
        /// What its keys must take.
        bytes: Least = Least(64 << 10),
        /// The part of all bytes that they must take.
        percent: Percent = Percent(5),
    }
    /// When keys with TTLs of more than a year matter.
    LongTtl {
        /// What they must take.
        bytes: Least = Least(64 << 10),
    }
    /// When expired keys that are still held matter.
    ExpiredHeld {
        /// What they must take.
        bytes: Least = Least(64 << 10),
        /// The part of all bytes that they must take.
        percent: Percent = Percent(1),
    }
    /// When keys that are idle for 30 days matter.
    IdleKeys {
        /// What a pattern's must take.
        bytes: Least = Least(64 << 10),
    }
    /// When a key is big.
    BigKey {
        /// A string of this size.
        string_bytes: Least = Least(1 << 20),
        /// Any other key of this size.
        bytes: Least = Least(10 << 20),
        /// A key with so many elements.
        elements: u64 = 100_000,
    }
    /// When a slot is hot.
    HotSlot {
        /// It has so many times what a slot has in the mean.
        times: u64 = 8,
        /// What it must take.
        bytes: Least = Least(1 << 20),
    }
    /// When more than one database matters.
    ManyDatabases {
        /// So many databases other than the first hold keys.
        databases: u64 = 1,
    }
    /// When a higher listpack limit is worth it.
    ListpackLimit {
        /// What it must save in a pattern.
        bytes: Least = Least(64 << 10),
    }
    /// When a higher intset limit is worth it.
    IntsetLimit {
        /// What it must save in a pattern.
        bytes: Least = Least(64 << 10),
    }
    /// When JSON is better kept in hashes.
    JsonStrings {
        /// What that must save in a pattern.
        bytes: Least = Least(64 << 10),
        /// The part of what those strings take that it must save.
        percent: Percent = Percent(10),
    }
    /// When tiny strings are better kept in hashes.
    TinyStrings {
        /// How many a pattern must have.
        keys: u64 = 1000,
        /// What that must save.
        bytes: Least = Least(64 << 10),
        /// The part of what those strings take that it must save.
        percent: Percent = Percent(30),
    }
    /// When strings are worth compressing.
    Compressible {
        /// What that must save in a pattern.
        bytes: Least = Least(64 << 10),
        /// The part of what those strings take that it must save.
        percent: Percent = Percent(30),
    }
    /// When shorter names are worth it.
    HeavyNames {
        /// What names of half the length must save in a pattern.
        bytes: Least = Least(64 << 10),
        /// The part of what those keys take that it must save.
        percent: Percent = Percent(10),
    }
    /// When pending entries of streams matter.
    StreamPending {
        /// What they must take in a pattern.
        bytes: Least = Least(64 << 10),
    }
    /// When deleted entries of streams matter.
    StreamDeleted {
        /// What they must take in a pattern.
        bytes: Least = Least(64 << 10),
    }
}

/// A finding that is not to be told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Which.
    pub id: Id,
    /// Of which pattern or key; of all where there is none.
    pub pattern: Option<String>,
    /// Why.
    pub reason: String,
}

impl Silence {
    pub(super) fn covers(&self, id: Id, subject: &Subject) -> bool {
        let is_it =
            |pattern: &String| subject.name().is_some_and(|name| name == pattern.as_bytes());
        self.id == id && self.pattern.as_ref().is_none_or(is_it)
    }
}

/// All thresholds: the table `findings` of a configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Thresholds {
    /// Of [`Id::TtlLeak`].
    pub ttl_leak: TtlLeak,
    /// Of [`Id::NeverExpires`].
    pub never_expires: NeverExpires,
    /// Of [`Id::LongTtl`].
    pub long_ttl: LongTtl,
    /// Of [`Id::ExpiredHeld`].
    pub expired_held: ExpiredHeld,
    /// Of [`Id::IdleKeys`].
    pub idle_keys: IdleKeys,
    /// Of [`Id::BigKey`].
    pub big_key: BigKey,
    /// Of [`Id::HotSlot`].
    pub hot_slot: HotSlot,
    /// Of [`Id::ManyDatabases`].
    pub many_databases: ManyDatabases,
    /// Of [`Id::ListpackLimit`].
    pub listpack_limit: ListpackLimit,
    /// Of [`Id::IntsetLimit`].
    pub intset_limit: IntsetLimit,
    /// Of [`Id::JsonStrings`].
    pub json_strings: JsonStrings,
    /// Of [`Id::TinyStrings`].
    pub tiny_strings: TinyStrings,
    /// Of [`Id::Compressible`].
    pub compressible: Compressible,
    /// Of [`Id::HeavyNames`].
    pub heavy_names: HeavyNames,
    /// Of [`Id::StreamPending`].
    pub stream_pending: StreamPending,
    /// Of [`Id::StreamDeleted`].
    pub stream_deleted: StreamDeleted,
    /// What is not to be told.
    pub silence: Vec<Silence>,
}
