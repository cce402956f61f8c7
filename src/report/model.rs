//! What a report says: plain data, however it was found.
//!
//! Sizes are whole bytes, times are Unix milliseconds, and what is not known is absent, never zero.
//! The rows of every list add up to the totals, in every format.

use super::units::{Bytes, Count, Millis, Tally};
use serde::ser::{Serialize, SerializeMap, Serializer};
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
    /// The tree of prefixes: each row followed by those below it, siblings by bytes.
    pub prefixes: Vec<PrefixRow>,
    /// The prefixes with the most bytes that never expire.
    pub never_expire: Vec<NeverExpireRow>,
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

/// What the bytes of a key are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// What its allocations really take.
    #[default]
    Allocated,
    /// What `MEMORY USAGE key SAMPLES 0` answers.
    Reported,
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
    /// Bytes of those whose size is the server's own arithmetic.
    pub exact_bytes: Bytes,
    /// Bytes of those whose size is an expectation over what the server draws at random.
    pub expected_bytes: Bytes,
    /// Bytes of those of which only the size in the snapshot is known.
    pub serialized_bytes: Bytes,
}

/// The server's memory as a whole, always of allocated bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
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
}

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

/// A key's name. In JSON `key`, or `key_base64` when it is no UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub Vec<u8>);

/// What names begin with. In JSON `prefix`, or `prefix_base64` when it is no UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(pub Vec<u8>);

/// A file's path. In JSON `path`, or `path_base64` when it is no UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<u8>);

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bytes(serializer, ["key", "key_base64"], &self.0)
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bytes(serializer, ["prefix", "prefix_base64"], &self.0)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bytes(serializer, ["path", "path_base64"], &self.0)
    }
}

/// A map of one field: named by the first of `names` when `bytes` are UTF-8, else by the second.
fn bytes<S: Serializer>(
    serializer: S,
    [text, base64]: [&'static str; 2],
    bytes: &[u8],
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    match std::str::from_utf8(bytes) {
        Ok(utf8) => map.serialize_entry(text, utf8)?,
        Err(_) => {
            let mut encoded = Vec::new();
            super::escape::base64(bytes, &mut encoded);
            map.serialize_entry(base64, &String::from_utf8_lossy(&encoded))?;
        }
    }
    map.end()
}
