//! The lists of the report.

use super::{Key, Prefix};
use crate::report::units::{Bytes, Count, Millis, Tally};

/// One database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct DatabaseRow {
    /// Its number.
    pub db: u64,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
    /// Those without a TTL.
    pub no_ttl: Tally,
}

/// One type.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct TypeRow {
    /// Its name, of a module's type its own.
    #[serde(rename = "type")]
    pub name: String,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
    /// Their elements.
    pub elements: Count,
    /// How large they are.
    pub bytes_each: Percentiles,
    /// How many elements they have.
    pub elements_each: Percentiles,
    /// The largest of them by bytes.
    pub largest: Option<KeyRow>,
}

/// How a quantity is spread over keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Percentiles {
    /// Half the keys have no more.
    pub p50: u64,
    /// 99 of 100 keys have no more.
    pub p99: u64,
    /// No key has more.
    pub max: u64,
}

/// One encoding of one type.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct EncodingRow {
    /// The type's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// The encoding's name.
    pub encoding: String,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
    /// Their elements.
    pub elements: Count,
}

/// All keys by presence of a TTL: each key is in one of the three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Ttl {
    /// Keys without one.
    pub never: Tally,
    /// Keys that expire after the snapshot.
    pub expires: Tally,
    /// Keys whose time had passed at the snapshot; they were in memory still.
    pub expired: Tally,
}

/// How much time a key has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Lifetime {
    /// It has no TTL.
    #[serde(rename = "never")]
    Never,
    /// None.
    #[serde(rename = "expired")]
    Expired,
    /// Up to an hour.
    #[serde(rename = "1h")]
    Hour1,
    /// Up to four hours, more than one.
    #[serde(rename = "4h")]
    Hours4,
    /// Up to twelve hours.
    #[serde(rename = "12h")]
    Hours12,
    /// Up to a day.
    #[serde(rename = "24h")]
    Hours24,
    /// Up to a week.
    #[serde(rename = "7d")]
    Days7,
    /// Up to thirty days.
    #[serde(rename = "30d")]
    Days30,
    /// More than that.
    #[serde(rename = "later")]
    Later,
}

impl Lifetime {
    /// All, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Never,
        Self::Expired,
        Self::Hour1,
        Self::Hours4,
        Self::Hours12,
        Self::Hours24,
        Self::Days7,
        Self::Days30,
        Self::Later,
    ];

    /// That of a key with `expires_at`, seen at `now`. A key is expired once its time has passed,
    /// as the servers have it: at that very millisecond it still lives.
    #[must_use]
    #[inline]
    pub const fn of(expires_at: Option<Millis>, now: Millis) -> Self {
        const HOUR: i64 = 3_600_000;
        let Some(at) = expires_at else { return Self::Never };
        match at.0.saturating_sub(now.0) {
            i64::MIN..0 => Self::Expired,
            0..=HOUR => Self::Hour1,
            left if left <= 4 * HOUR => Self::Hours4,
            left if left <= 12 * HOUR => Self::Hours12,
            left if left <= 24 * HOUR => Self::Hours24,
            left if left <= 7 * 24 * HOUR => Self::Days7,
            left if left <= 30 * 24 * HOUR => Self::Days30,
            _ => Self::Later,
        }
    }
}

/// The keys with one lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct LifetimeRow {
    /// Which.
    pub within: Lifetime,
    /// The keys.
    #[serde(flatten)]
    pub all: Tally,
}

/// A row of the tree of prefixes. Its figures include those of the rows below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct PrefixRow {
    /// How many rows stand above it, from zero.
    pub depth: u32,
    /// What its keys have in common.
    #[serde(flatten)]
    pub prefix: Prefix,
    /// Whether that is all of them.
    pub kind: PrefixKind,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
    /// Those without a TTL.
    pub no_ttl: Tally,
    /// Their elements.
    pub elements: Count,
    /// By type, the heaviest first.
    pub types: Vec<TypeShare>,
}

/// What a row of the tree of prefixes stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PrefixKind {
    /// All keys that begin with the prefix.
    #[default]
    Prefix,
    /// The keys of exactly this name, in whatever database.
    Name,
    /// Keys that begin with the prefix and have no row of their own at this depth. The rows of a
    /// depth, with this one, add up to the row above them.
    Rest,
}

/// What keys of one type take under a prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct TypeShare {
    /// The type's name.
    #[serde(rename = "type")]
    pub name: String,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
}

/// A prefix with keys that never expire.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct NeverExpireRow {
    /// The prefix.
    #[serde(flatten)]
    pub prefix: Prefix,
    /// Its keys without a TTL.
    #[serde(flatten)]
    pub no_ttl: Tally,
    /// All its keys.
    pub all: Tally,
}

/// One key.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct KeyRow {
    /// Its database.
    pub db: u64,
    /// Its name.
    #[serde(flatten)]
    pub key: Key,
    /// Its type's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its encoding's name.
    pub encoding: String,
    /// What it takes.
    pub bytes: Bytes,
    /// Its elements; a module's type may not tell.
    pub elements: Option<Count>,
    /// When it expires.
    pub expires_at_ms: Option<Millis>,
}

/// The values of one module type.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ModuleRow {
    /// The type's name, such as `ReJSON-RL`.
    pub name: String,
    /// The version of its encoding.
    pub version: u64,
    /// Its keys, and what their values take in the snapshot: not in memory.
    pub keys: Count,
    /// See there.
    pub serialized_bytes: Bytes,
    /// Bytes in the snapshot that belong to no key.
    pub aux_bytes: Bytes,
}

/// Function libraries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Functions {
    /// How many.
    pub libraries: Count,
    /// What their sources take in the snapshot.
    pub source_bytes: Bytes,
}

/// Hash templates: field names that many hashes share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Templates {
    /// How many.
    pub templates: Count,
    /// Their fields.
    pub fields: Count,
}

/// Cluster slots.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Slots {
    /// How many have keys.
    pub used: Count,
    /// The heaviest, the heaviest first.
    pub heaviest: Vec<SlotRow>,
}

/// One cluster slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct SlotRow {
    /// Its number.
    pub slot: u16,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
}
