//! Findings: what is worth doing, with the bytes it is worth.
//!
//! Made from groups alone. Knows nothing of how figures and names are written.

mod again;
mod commands;
mod id;
mod lifetimes;
mod limits;
mod names;
mod phrase;
mod places;
mod streams;
mod strings;
mod thresholds;

pub use again::{Again, near};
pub use id::Id;
pub use phrase::{Phrase, Piece};
pub use thresholds::{
    BigKey, Compressible, ExpiredHeld, HeavyNames, HotSlot, IdleKeys, IntsetLimit, JsonStrings,
    Least, ListpackLimit, LongTtl, ManyDatabases, NeverExpires, Percent, Silence, StreamDeleted,
    StreamPending, Thresholds, TinyStrings, TtlLeak,
};

use crate::groups::{Class, Database, Groups, Pattern, Patterns, Picks, Sample, Share, Tag};
use commands::Shell;
use names::Wanted;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Something that is worth doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing it is.
    pub id: Id,
    /// What it concerns.
    pub subject: Subject,
    /// The keys that it concerns.
    pub keys: u64,
    /// The bytes at stake.
    pub bytes: u64,
    /// What becomes of them.
    pub saving: Saving,
    /// How sure the bytes are.
    pub confidence: Confidence,
    /// What was seen, in one line.
    pub seen: Phrase,
    /// What to do, in one line.
    pub advice: Phrase,
    /// Lines for a shell, comments among them.
    pub commands: Vec<String>,
}

/// What a finding concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The keys of a pattern.
    Pattern(String),
    /// One key.
    Key {
        /// Its database.
        db: u64,
        /// Its name, as far as it is kept.
        name: Vec<u8>,
    },
    /// A cluster slot.
    Slot(u16),
    /// The server as a whole.
    Server,
}

impl Subject {
    /// The pattern or the name.
    pub(crate) fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Pattern(pattern) => Some(pattern.as_bytes()),
            Self::Key { name, .. } => Some(name),
            Self::Slot(_) | Self::Server => None,
        }
    }
}

/// What becomes of the bytes at stake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Saving {
    /// They are free once the keys are gone: by deletion, or by a TTL in its time.
    Freed,
    /// The same data takes so much less.
    Smaller,
    /// Nothing is saved: they are better spread.
    Spread,
}

/// How sure the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Counted: these keys are in the snapshot, with sizes as anywhere in the report.
    Exact,
    /// Computed for a state in which the data is not, key by key.
    Modelled,
    /// The same for a sample of the keys.
    Sampled,
}

/// What findings are made from.
#[derive(Clone, Copy)]
pub struct Material<'m> {
    /// The keys, grouped.
    pub groups: &'m Groups,
    /// Tells the names of samples.
    pub names: &'m (dyn Fn(Sample) -> Option<Box<[u8]>> + Sync),
    /// In a cluster, the hash tags that fill its heavy slots.
    pub tags: &'m [Tag],
    /// The server that would be told to do something.
    pub server: ServerFacts,
    /// Where keys can be read again; of a summary they cannot, and what needs it is left out.
    pub again: Option<&'m Again<'m>>,
    /// Findings of one kind are told up to this many.
    pub most: usize,
}

/// What a server's commands hang on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// It is a Valkey.
    pub valkey: bool,
    /// The first two numbers of its version; Valkey's begin with 7.2, where Redis left.
    pub version: (u16, u16),
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// By bytes at stake.
    pub told: Vec<Finding>,
    /// Those that a configuration file silences, with its reasons, in the same order.
    pub silenced: Vec<(Finding, String)>,
}

/// Looks for everything.
#[must_use]
pub fn find(material: Material<'_>, thresholds: &Thresholds) -> Found {
    let finder = material.groups.patterns();
    let patterns = finder.list();
    let context = Context::new(material, thresholds, (&finder, &patterns));
    let looks: [fn(&Context<'_>) -> Vec<Finding>; 11] = [
        strings::look,
        limits::raise,
        streams::look,
        lifetimes::leaks,
        lifetimes::never,
        lifetimes::long,
        lifetimes::expired,
        lifetimes::idle,
        places::big_keys,
        places::hot_slots,
        places::databases,
    ];
    // what one thread does alone for one of them, others do for another at the same time
    let found = looks.par_iter().with_max_len(1).map(|look| most(look(&context), material.most));
    let mut all: Vec<Finding> = found.flatten_iter().collect();
    order(&mut all);
    let mut found = Found::default();
    for finding in all {
        let mut silences = thresholds.silence.iter();
        match silences.find(|silence| silence.covers(finding.id, &finding.subject)) {
            Some(silence) => found.silenced.push((finding, silence.reason.clone())),
            None => found.told.push(finding),
        }
    }
    found
}

/// The first ones of each kind, up to so many.
fn most(mut found: Vec<Finding>, most: usize) -> Vec<Finding> {
    order(&mut found);
    let mut told = BTreeMap::<Id, usize>::new();
    found.retain(|finding| {
        let told = told.entry(finding.id).or_default();
        *told += 1;
        *told <= most
    });
    found
}

fn order(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (Reverse(f.bytes), f.id);
        key(a).cmp(&key(b)).then_with(|| a.subject.cmp(&b.subject))
    });
}

/// What all looks need.
struct Context<'c> {
    material: Material<'c>,
    thresholds: &'c Thresholds,
    finder: &'c Patterns,
    patterns: &'c [Pattern],
    shell: Shell,
    /// All keys.
    all: Share,
}

impl<'c> Context<'c> {
    fn new(
        material: Material<'c>,
        thresholds: &'c Thresholds,
        (finder, patterns): (&'c Patterns, &'c [Pattern]),
    ) -> Self {
        let mut dbs: Vec<u64> = Vec::new();
        for cell in material.groups.cells() {
            if let Database::Number(db) = cell.database
                && dbs.last() != Some(&db)
            {
                dbs.push(db);
            }
        }
        let totals = material.groups.totals();
        let all = Share { keys: totals.keys(), bytes: totals.bytes() };
        let clustered = !material.groups.slots().is_empty();
        let shell = Shell { server: material.server, dbs, clustered };
        Self { material, thresholds, finder, patterns, shell, all }
    }

    /// Lines with `each` for every key of a pattern, as [`Shell::for_each`] has them.
    fn for_each(&self, pattern: &Pattern, each: &str) -> Vec<String> {
        let wanted = Wanted::of(pattern, self.finder, self.patterns);
        self.shell.for_each(&wanted, each)
    }

    /// Keys of a class to be read again, where they can be.
    fn second_look(&self, class: Class) -> Option<(&'c Again<'c>, Picks)> {
        let picks = self.material.groups.picks(class)?;
        self.material.again.map(|again| (again, picks))
    }
}
