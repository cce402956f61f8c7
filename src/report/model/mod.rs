//! What a report says: plain data, however it was found.
//!
//! Sizes are whole bytes, times are Unix milliseconds, and what is not known is absent, never zero.
//! The rows of every list add up to the totals, in every format.

mod findings;
mod lists;
mod names;

pub use findings::{FindingRow, FindingSubject, SilencedRow};
pub use lists::*;
pub use names::{Key, Path, Prefix};

pub use crate::footprint::Measure;
pub use crate::groups::Lifetime;

use super::eviction::Eviction;
use super::units::{Bytes, Count, Millis, Tally};
use std::collections::BTreeMap;

/// The version of the report's JSON form. It grows when a field goes or changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// What one snapshot holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The file, and what it says of itself.
    pub source: Source,
    /// Whether all of it was read.
    pub completeness: Completeness,
    /// The server that sizes are computed for.
    pub profile: Profile,
    /// What the keys had to be like to be counted.
    pub filters: Filters,
    /// All keys counted.
    pub totals: Totals,
    /// The server's memory as a whole; `None` where filters leave a part of it out.
    pub instance: Option<Instance>,
    /// The server under its limit; `None` where that is not known.
    pub eviction: Option<Eviction>,
    /// What is worth doing, by the bytes at stake. They overlap.
    pub findings: Vec<FindingRow>,
    /// The same, as far as a configuration file silences it.
    #[serde(rename = "findings_silenced")]
    pub silenced: Vec<SilencedRow>,
    /// By database, by number.
    pub databases: Vec<DatabaseRow>,
    /// By type, the heaviest first.
    pub types: Vec<TypeRow>,
    /// By type and encoding, the heaviest first.
    pub encodings: Vec<EncodingRow>,
    /// By presence of a TTL.
    pub ttl: Ttl,
    /// By the time left at the snapshot, in the order of [`Lifetime::ALL`]. All are there.
    pub lifetimes: Vec<LifetimeRow>,
    /// By pattern of the names, the heaviest first; the last row may stand for all others.
    pub patterns: Vec<PatternRow>,
    /// The tree of prefixes: each row followed by those below it, siblings by bytes.
    pub prefixes: Vec<PrefixRow>,
    /// Patterns whose keys live longer than they should, by the bytes that it concerns.
    pub ttl_leaks: Vec<TtlLeakRow>,
    /// How keys are used; `None` where the snapshot does not tell.
    pub usage: Option<Usage>,
    /// Fields of hashes that have TTLs of their own; `None` where there are none.
    pub field_ttls: Option<FieldTtls>,
    /// The largest keys, the largest first.
    pub largest_by_bytes: Vec<KeyRow>,
    /// Those with the most elements, the longest first.
    pub largest_by_elements: Vec<KeyRow>,
    /// Values of modules, by type name.
    pub modules: Vec<ModuleRow>,
    /// Function libraries.
    pub functions: Functions,
    /// Hash templates.
    pub templates: Templates,
    /// By cluster slot, where keys are grouped by slots.
    pub slots: Option<Slots>,
    /// The snapshots that this report is of, where they are several: by bytes, the heaviest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<ShardRow>,
}

/// The file, and what it says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Source {
    /// Its path as it was given; `-` for standard input.
    #[serde(flatten)]
    pub path: Path,
    /// How many bytes it has.
    pub bytes: Bytes,
    /// `redis` or `valkey`.
    pub product: String,
    /// The version of the server that wrote it.
    pub version: Option<String>,
    /// The version of the format.
    pub rdb_version: u32,
    /// When it was taken.
    pub ctime_ms: Option<Millis>,
    /// How long before now that was, where now is known.
    pub age_ms: Option<Millis>,
    /// The time against which a key counts as expired: the snapshot's own, where it has one.
    pub reference_ms: Option<Millis>,
    /// 32 or 64.
    pub bits: Option<u64>,
    /// What is wrapped around it: `eof-mark` or `length` (replication streams).
    pub wrapper: Option<&'static str>,
    /// Bytes behind it: the commands of an append-only file that begins with a snapshot.
    pub tail_bytes: Option<Bytes>,
    /// What its checksum says.
    pub checksum: Checksum,
}

/// What the checksum of a snapshot says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Checksum {
    /// It is that of the bytes.
    Good,
    /// The server did not compute one, or the version has none.
    NotStored,
    /// It was not looked at, as asked for or because reading did not get there.
    #[default]
    Skipped,
    /// It is not that of the bytes.
    Bad,
}

/// Whether all of the snapshot was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Completeness {
    /// To its end mark, and nothing was wrong.
    #[default]
    Complete,
    /// Something was wrong.
    Incomplete(Interruption),
}

/// Where reading ended, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Interruption {
    /// What is wrong.
    pub error: String,
    /// What to try.
    pub advice: String,
    /// Offset of the broken construct.
    pub at: u64,
    /// The database that was being read.
    pub db: Option<u64>,
    /// The key in which it is, or else the last one before it.
    #[serde(flatten)]
    pub key: Option<Key>,
    /// Whether it is in that key's own value.
    pub inside_key: bool,
}

/// The server that sizes are computed for.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Profile {
    /// Product and version, such as `redis-7.2.6`.
    pub server: String,
    /// Whether the user named it; otherwise the snapshot did.
    pub server_given: bool,
    /// Its allocator.
    pub allocator: String,
    /// Settings that are not the server's defaults, by name.
    pub settings: BTreeMap<String, String>,
    /// What `bytes` of keys are.
    pub sizes: Measure,
}

/// What keys had to be like to be counted. Empty when all were.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Filters {
    /// Databases, any of them.
    pub db: Vec<u64>,
    /// Types, any of them.
    #[serde(rename = "type")]
    pub types: Vec<String>,
    /// Globs, any of them.
    #[serde(rename = "match")]
    pub globs: Vec<String>,
    /// Regular expressions, any of them.
    pub regex: Vec<String>,
    /// The least size.
    pub min_bytes: Option<Bytes>,
    /// Whether they had to have a TTL, or to have none.
    pub ttl: Option<bool>,
}

impl Filters {
    /// Whether nothing is filtered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// All keys counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Keys and what they take.
    #[serde(flatten)]
    pub all: Tally,
    /// Their elements.
    pub elements: Count,
    /// What was put into them.
    #[serde(flatten)]
    pub data: Data,
    /// Bytes of those whose size is the server's own arithmetic.
    pub exact_bytes: Bytes,
    /// Bytes of those whose size is an expectation over what the server draws at random.
    pub expected_bytes: Bytes,
    /// Bytes of those of which only the size in the snapshot is known.
    pub serialized_bytes: Bytes,
}

/// The server's memory as a whole, always of allocated bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Instance {
    /// The keys with their values.
    pub keys_bytes: Bytes,
    /// The tables of keys and of expiries.
    pub tables_bytes: Bytes,
    /// What the server takes before it has any data.
    pub startup_bytes: Bytes,
    /// Functions and scripts.
    pub functions_bytes: Bytes,
    /// The sum.
    pub total_bytes: Bytes,
    /// What the server said when it wrote the snapshot.
    pub used_mem: Option<Bytes>,
    /// What that is more than the total.
    pub unexplained_bytes: Option<i64>,
    /// The tables of each database; with hash templates they add up to `tables_bytes`.
    pub tables: Vec<TablesRow>,
}

/// The tables of one database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct TablesRow {
    /// Its number; `None` for all those beyond the first 1024, together.
    pub db: Option<u64>,
    /// The table of its keys.
    pub main_bytes: Bytes,
    /// The table of its expiries.
    pub expires_bytes: Bytes,
    /// What a cluster's node adds to find the keys of a slot.
    pub slots_bytes: Bytes,
}
