//! A summary: what a snapshot holds in a small file, with all that comparing and merging need.

use super::partial::Groups;
use super::state::{Names, State, StateError, Text};
use super::tags::{self, HEAVY_SLOT, Tag};
use super::totals::Share;
use crate::footprint::Size;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The version of a summary's form. It grows when a field goes or changes its meaning.
pub const SUMMARY_SCHEMA: u32 = 1;
/// A summary is no larger, whatever the snapshot: what does not fit is made coarser.
pub const SUMMARY_BYTES: usize = 1_000_000;
/// What is read is no larger: a summary that somebody indented is.
const READ_BYTES: usize = 16 << 20;
/// So many snapshots may be merged.
const MOST_ORIGINS: usize = 1000;

/// What one snapshot holds, or several together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// [`SUMMARY_SCHEMA`]. It stands first, and tells a summary from other JSON.
    rdblens_summary: u32,
    /// Who wrote it.
    tool: String,
    /// What its sizes were computed for.
    pub profile: SizedFor,
    /// What keys had to be like to be counted, as flags; empty when all were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// The snapshots, by name.
    pub origins: Vec<Origin>,
    state: State,
}

/// The server that sizes were computed for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizedFor {
    /// Product and version, such as `redis-7.2.6`.
    pub server: String,
    /// Its allocator.
    pub allocator: String,
    /// Settings that are not the server's defaults, by name.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Whether small integers were taken for shared objects.
    pub shares_integers: bool,
    /// `allocated` or `reported`.
    pub sizes: String,
}

impl fmt::Display for SizedFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, allocator, settings, shares_integers, sizes } = self;
        write!(f, "{sizes} bytes of {server} with {allocator}")?;
        for (name, value) in settings {
            write!(f, ", {name} {value}")?;
        }
        if !shares_integers {
            write!(f, ", no shared integers")?;
        }
        Ok(())
    }
}

/// A snapshot, as far as it is more than its keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Its file's name.
    pub name: Text,
    /// How many bytes the file has.
    pub file_bytes: u64,
    /// `redis` or `valkey`.
    pub product: String,
    /// The version of the server that wrote it.
    pub version: Option<String>,
    /// The version of the format.
    pub rdb_version: u32,
    /// 32 or 64.
    pub bits: Option<u64>,
    /// When it was taken, in Unix milliseconds.
    pub ctime_ms: Option<i64>,
    /// The time against which lifetimes were told.
    pub reference_ms: Option<i64>,
    /// What its checksum said: `good`, `not_stored`, `skipped`, `bad`.
    pub checksum: String,
    /// Why it was not read to its end, if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<OriginFault>,
    /// Its keys that count.
    pub keys: u64,
    /// What they take.
    pub bytes: u64,
    /// Those without a TTL.
    pub no_ttl_keys: u64,
    /// What those take.
    pub no_ttl_bytes: u64,
    /// Its heaviest pattern, with its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heaviest: Option<(String, u64)>,
    /// In a cluster, its heaviest slots with their bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heaviest_slots: Vec<(u16, u64)>,
    /// In a cluster, the hash tags that fill its heavy slots: slot, tag, keys, 65536ths of bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(u16, Text, u64, u64)>,
    /// What the server said that it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_mem: Option<u64>,
    /// The server as a whole, where all keys count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<OriginInstance>,
    /// Function libraries, and what their sources take in the snapshot.
    #[serde(default)]
    pub functions: (u64, u64),
    /// Hash templates and their fields.
    #[serde(default)]
    pub templates: (u64, u64),
    /// Bytes of modules that belong to no key, by the module type's id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub module_aux: Vec<(u64, u64)>,
}

/// Why a snapshot was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginFault {
    /// What is wrong.
    pub error: String,
    /// What to try.
    pub advice: String,
    /// Offset of the broken construct.
    pub at: u64,
}

/// A server as a whole, in allocated bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginInstance {
    /// The keys with their values.
    pub keys: u64,
    /// The tables of keys and of expiries, and hash templates.
    pub tables: u64,
    /// What the server takes before it has any data.
    pub startup: u64,
    /// Functions and scripts.
    pub functions: u64,
    /// Database, table of keys, table of expiries, tables of slots; no number for databases beyond the first
    /// 1024, together.
    pub of_db: Vec<(Option<u64>, u64, u64, u64)>,
}

/// Why something is no summary, or cannot be merged.
#[derive(Debug)]
#[non_exhaustive]
pub enum SummaryError {
    /// It is JSON of another kind, or none.
    Other,
    /// A newer version wrote it.
    Newer {
        /// The version of its form.
        found: u32,
    },
    /// It is larger than any summary.
    Large,
    /// Its JSON is wrong.
    Json(serde_json::Error),
    /// What it says makes no sense.
    State(StateError),
    /// Two of them do not go together.
    Unlike(String),
}

impl fmt::Display for SummaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other => write!(f, "no summary of rdblens"),
            Self::Newer { found } => write!(
                f,
                "its schema is {found}, and this rdblens reads up to {SUMMARY_SCHEMA}; use the \
                 rdblens that wrote it, or a newer one"
            ),
            Self::Large => write!(f, "larger than any summary ({READ_BYTES} bytes)"),
            Self::Json(error) => write!(f, "a summary that is damaged: {error}"),
            Self::State(error) => write!(f, "a summary that is damaged: {error}"),
            Self::Unlike(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for SummaryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            Self::State(error) => Some(error),
            _ => None,
        }
    }
}

impl From<StateError> for SummaryError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl Summary {
    /// The summary of groups; `origin` is where they come from.
    #[must_use]
    pub fn new(
        profile: SizedFor,
        filters: Vec<String>,
        origins: Vec<Origin>,
        state: State,
    ) -> Self {
        let tool = concat!("rdblens ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { rdblens_summary: SUMMARY_SCHEMA, tool, profile, filters, origins, state }
    }

    /// Whether a file that begins like this may be a summary.
    #[must_use]
    pub fn is_one(head: &[u8]) -> bool {
        let head = head.trim_ascii_start();
        let name = head.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
        name.is_some_and(|rest| rest.starts_with(b"\"rdblens_summary\""))
    }

    /// Reads a summary.
    ///
    /// # Errors
    /// When it is none, is damaged, or was written in a form that is not known yet.
    pub fn parse(text: &[u8]) -> Result<Self, SummaryError> {
        #[derive(Deserialize)]
        struct Head {
            rdblens_summary: u32,
        }
        if text.len() > READ_BYTES {
            return Err(SummaryError::Large);
        }
        let Head { rdblens_summary: found } = match serde_json::from_slice(text) {
            Ok(head) => head,
            Err(error) if Self::is_one(text) => return Err(SummaryError::Json(error)),
            Err(_) => return Err(SummaryError::Other),
        };
        if found == 0 || found > SUMMARY_SCHEMA {
            return Err(SummaryError::Newer { found });
        }
        let summary: Self = serde_json::from_slice(text).map_err(SummaryError::Json)?;
        if summary.origins.is_empty() || summary.origins.len() > MOST_ORIGINS {
            return Err(SummaryError::State(StateError::new(
                "it is of no snapshot, or of too many",
            )));
        }
        Ok(summary)
    }

    /// Its groups, with lists of the `top` largest keys, and the names of samples.
    ///
    /// # Errors
    /// When what it says makes no sense.
    pub fn groups(&self, top: usize) -> Result<(Groups, Names), SummaryError> {
        Ok(self.state.groups(top)?)
    }

    /// The hash tags that fill slots which are heavy among those of all snapshots; `groups` are its
    /// own.
    #[must_use]
    pub fn tags(&self, groups: &Groups) -> Vec<Tag> {
        let heavy = groups.heavy_slots(HEAVY_SLOT).unwrap_or_default();
        let mut sums = BTreeMap::<(u16, Vec<u8>), Share>::new();
        for (slot, tag, keys, raw) in self.origins.iter().flat_map(|origin| &origin.tags) {
            let sum = sums.entry((*slot, tag.bytes())).or_default();
            sum.keys = sum.keys.saturating_add(*keys);
            sum.bytes = Size::from_raw(sum.bytes.raw().saturating_add(*raw));
        }
        let found = sums.into_iter().filter(|((slot, _), _)| heavy.contains(slot));
        let found = found.map(|((slot, tag), share)| Tag { tag, slot, share });
        tags::filling(found, groups.slots())
    }

    /// The text for a file, of at most [`SUMMARY_BYTES`]: where it is more, the tree of names is
    /// made a level less deep, again and again.
    ///
    /// # Errors
    /// When there is too much that cannot be left out.
    pub fn write(mut self) -> Result<Vec<u8>, SummaryError> {
        loop {
            let mut text = serde_json::to_vec(&self).map_err(SummaryError::Json)?;
            text.push(b'\n');
            if text.len() <= SUMMARY_BYTES {
                return Ok(text);
            }
            if !self.state.shrink() {
                return Err(SummaryError::Large);
            }
        }
    }

    /// All of them as one.
    ///
    /// # Errors
    /// When they were not sized, filtered or grouped alike.
    pub fn merge(summaries: Vec<Self>) -> Result<Self, SummaryError> {
        let mut rest = summaries.into_iter();
        let mut all = rest.next().ok_or(SummaryError::Other)?;
        let (mut groups, mut names) = all.groups(0)?;
        for other in rest {
            all.fits(&other)?;
            let (others, of_others) = other.groups(0)?;
            groups.merge(others);
            names.extend(of_others);
            all.origins.extend(other.origins);
        }
        if all.origins.len() > MOST_ORIGINS {
            let what =
                format!("{} snapshots; at most {MOST_ORIGINS} go together", all.origins.len());
            return Err(SummaryError::Unlike(what));
        }
        let order = |origin: &Origin| (origin.name.clone(), origin.ctime_ms);
        all.origins.sort_by_key(order);
        let state = groups.state(&|sample| names.get(&sample.hash).cloned());
        Ok(Self::new(all.profile, all.filters, all.origins, state))
    }

    /// Whether it and `other` can be merged or compared as they are.
    ///
    /// # Errors
    /// What differs.
    pub fn fits(&self, other: &Self) -> Result<(), SummaryError> {
        if self.profile != other.profile {
            let [one, two] = [&self.profile, &other.profile];
            let what = format!("they are sized differently: as {one}; and as {two}");
            return Err(SummaryError::Unlike(what));
        }
        if self.filters != other.filters {
            return Err(SummaryError::Unlike("they count other keys (filters)".to_owned()));
        }
        self.state.fits(&other.state).map_err(|error| SummaryError::Unlike(error.to_string()))
    }
}
