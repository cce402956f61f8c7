//! The lists of the report.

use super::{Key, Path, Prefix};
use crate::entries::ValueKind;
use crate::report::units::{Bytes, Count, Millis, Tally};

/// One database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct DatabaseRow {
    /// Its number; `None` for those beyond the first 1024 together.
    pub db: Option<u64>,
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
    /// What was put into them.
    #[serde(flatten)]
    pub data: Data,
    /// How large they are.
    pub bytes_each: Percentiles,
    /// How many elements they have.
    pub elements_each: Percentiles,
    /// The length of their longest element, where that was asked for.
    #[serde(rename = "largest_element_bytes")]
    pub largest_element: Option<Bytes>,
    /// The largest of them by bytes.
    pub largest: Option<KeyRow>,
}

/// What was put into keys, and what is paid to keep it; older summaries do not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Data {
    /// Their names, and what stands in the snapshot for them, without compression: strings,
    /// elements, packed blobs.
    #[serde(rename = "data_bytes")]
    pub bytes: Option<Bytes>,
    /// What they take that is more than that; nothing where they take less. Of modules' values nobody
    /// knows.
    #[serde(rename = "overhead_bytes")]
    pub overhead: Option<Bytes>,
}

impl Data {
    /// `data` bytes in keys that take `bytes`.
    #[must_use]
    pub fn of(data: Option<u64>, bytes: u64) -> Self {
        let overhead = data.map(|data| Bytes(bytes.saturating_sub(data)));
        Self { bytes: data.map(Bytes), overhead }
    }

    /// The same of keys that are all of this kind, or of several.
    #[must_use]
    pub(in crate::report) fn of_kind(self, kind: Option<ValueKind>) -> Self {
        // their size and their data are both what stands in the snapshot
        let is_known = kind != Some(ValueKind::Module);
        Self { overhead: self.overhead.filter(|_| is_known), ..self }
    }
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

/// The keys with one lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct LifetimeRow {
    /// Which.
    pub within: crate::groups::Lifetime,
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
    /// The names of the types among them.
    pub types: Vec<&'static str>,
    /// How many rows this one stands for, where it stands for several.
    pub more: Option<Count>,
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
    /// Keys whose names have any of many segments in place of each `*`; what ends with a separator
    /// may go on behind it.
    Folded,
    /// Keys that begin with the prefix and have no row of their own at this depth. The rows of a
    /// depth, with this one, add up to the row above them.
    Rest,
}

/// A pattern of names: ids, dates and addresses in braces, as in `user:{int}:profile`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct PatternRow {
    /// The pattern, or the glob of the user's rule that claims its keys; empty where the row
    /// stands for several.
    pub pattern: String,
    /// Whether it is a rule of the user's.
    pub rule: bool,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
    /// Those without a TTL.
    pub no_ttl: Tally,
    /// Their elements.
    pub elements: Count,
    /// What was put into them.
    #[serde(flatten)]
    pub data: Data,
    /// How large they are, to one part in 16; the largest exactly. A summary does not tell.
    pub bytes_each: Option<Percentiles>,
    /// The same of the elements of those that have any.
    pub elements_each: Option<Percentiles>,
    /// The length of their longest element, where that was asked for. A summary does not tell.
    #[serde(rename = "largest_element_bytes")]
    pub largest_element: Option<Bytes>,
    /// By the time left at the snapshot, in the order of [`crate::groups::Lifetime::ALL`].
    pub lifetimes: Vec<LifetimeRow>,
    /// The types among its keys, the heaviest first.
    pub types: Vec<TypeShare>,
    /// How its keys are used, where the snapshot tells.
    pub usage: Option<Usage>,
    /// How many patterns this row stands for, where it stands for several.
    pub more: Option<Count>,
}

/// A type's part of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct TypeShare {
    /// Its name.
    #[serde(rename = "type")]
    pub name: &'static str,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
}

/// How keys are used: idle time under policies that keep it, a counter under LFU.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Usage {
    /// Keys with an idle time.
    pub timed: Tally,
    /// The mean of their idle times.
    pub mean_idle_s: Option<u64>,
    /// Those idle for a day and longer.
    pub idle_1d: Tally,
    /// Those idle for 7 days and longer.
    pub idle_7d: Tally,
    /// Those idle for 30 days and longer.
    pub idle_30d: Tally,
    /// Keys with an LFU counter.
    pub counted: Tally,
    /// The mean of their counters, in hundredths.
    pub mean_freq_percent: Option<u64>,
    /// Those with a counter of 5 and less, with which a new key begins.
    pub cold: Tally,
}

/// A pattern whose keys live longer than they should.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct TtlLeakRow {
    /// The pattern.
    pub pattern: String,
    /// What is the matter with it.
    pub kind: TtlLeak,
    /// The keys that it concerns.
    #[serde(flatten)]
    pub keys: Tally,
    /// All keys of the pattern.
    pub all: Tally,
    /// A few of the keys that it concerns, where they are known.
    pub samples: Vec<Key>,
}

/// What is the matter with a pattern's TTLs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TtlLeak {
    /// Nine of ten keys and more expire, and the others do not: somebody forgot.
    #[default]
    Leak,
    /// None of its keys expires.
    Never,
    /// Keys expire, but in more than a year.
    Absurd,
}

/// Fields of hashes that have TTLs of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FieldTtls {
    /// The hashes that have such fields.
    pub hashes: Tally,
    /// The fields.
    pub fields: Count,
    /// The same by the time left at the snapshot.
    pub lifetimes: Vec<FieldLifetime>,
}

/// The fields with one lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct FieldLifetime {
    /// Which.
    pub within: crate::groups::Lifetime,
    /// The fields.
    pub fields: Count,
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
    /// Its keys.
    pub keys: Count,
    /// What they take: their size in the snapshot, but for vector sets, which are modelled.
    pub bytes: Bytes,
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

/// One of several snapshots that are reported on together: a shard of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ShardRow {
    /// Its file.
    #[serde(flatten)]
    pub path: Path,
    /// `redis` or `valkey`.
    pub product: String,
    /// The version of the server that wrote it.
    pub version: Option<String>,
    /// When it was taken.
    pub ctime_ms: Option<Millis>,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
    /// Those without a TTL.
    pub no_ttl: Tally,
    /// How many bytes it has more than a shard has in the mean.
    pub above_mean_bytes: i64,
    /// Its heaviest pattern.
    pub heaviest_pattern: Option<String>,
    /// What that takes.
    pub heaviest_bytes: Option<Bytes>,
    /// In a cluster, its heaviest slots.
    pub heaviest_slots: Vec<ShardSlot>,
    /// What its server said that it used.
    pub used_mem: Option<Bytes>,
    /// The sum of its keys, tables, start-up and functions.
    pub total_bytes: Option<Bytes>,
    /// Why it was not read to its end, if it was not.
    pub fault: Option<String>,
}

/// A slot of a shard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct ShardSlot {
    /// Its number.
    pub slot: u16,
    /// What its keys take.
    pub bytes: Bytes,
}

/// Cluster slots.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Slots {
    /// How many have keys.
    pub used: Count,
    /// What one of those holds in the mean.
    pub mean_bytes: Bytes,
    /// The heaviest, the heaviest first.
    pub heaviest: Vec<SlotRow>,
    /// Hash tags that are half of a slot that has many times the mean, and more of it.
    pub tags: Vec<TagRow>,
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

/// A hash tag: what stands in braces in the names of keys that must be in one slot.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct TagRow {
    /// The tag.
    #[serde(flatten)]
    pub tag: Key,
    /// Its slot.
    pub slot: u16,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
}
