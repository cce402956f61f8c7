//! All aggregates of some keys: of a stretch of the snapshot, or of all of it.

use super::arena::Id;
use super::evidence::{Class, Evidence, Near, Picks};
use super::held::Kept;
use super::kind::{Cell, Cells, by};
use super::leave::leave;
use super::log::Log;
use super::patterns::{Pattern, Patterns};
use super::prefixes::{self, Prefix};
use super::records::Records;
use super::row::Row;
use super::rules::Rules;
use super::separators::Separators;
use super::sketch::Exempt;
use super::slot::Slots;
use super::tags::{self, Tag, Tags};
use super::top::{Big, Top};
use super::totals::{Share, Sum, Totals, countable};
use super::tree::{Bounds, Tree};
use super::ttl::{FieldTtls, Lifetime, Lifetimes};
use super::types::{TypeSpread, Types};
use crate::entries::{ModuleId, ValueKind};
use crate::footprint::instance::Contents;
use crate::footprint::{Certainty, OTHERS, Size};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The largest keys are kept at least this many: all that may have 1 % of everything.
const TOP: usize = 128;
/// A hundredth of everything is heavy.
const HEAVY: u64 = 100;

/// How to group.
#[derive(Debug, Clone)]
pub struct Settings {
    /// When the snapshot was taken, in Unix milliseconds: what had expired by then is marked.
    pub taken_at_ms: i64,
    /// Where names are split.
    pub separators: Separators,
    /// How many of the largest keys to name.
    pub top: usize,
    /// How large the prefix tree may become.
    pub bounds: Bounds,
    /// Whether keys are remembered that are worth a second look.
    pub evidence: Option<Near>,
    /// Patterns that the user named; the first one that fits a name claims it.
    pub rules: Option<Arc<Rules>>,
    /// Whether patterns have their sizes in every lane, rather than in the first alone.
    pub lanes: bool,
    /// Whether keys are kept for a second pass, where they are few: see [`Groups::again`].
    pub keeps: bool,
    /// In a second pass, what the first one answered to [`Groups::suspects`].
    pub exempt: Option<Arc<Exempt>>,
    /// In a second pass, what the first one answered to [`Groups::heavy_slots`].
    pub slots: Vec<u16>,
}

impl Settings {
    /// The usual settings, for a snapshot taken at this time.
    #[must_use]
    pub fn new(taken_at_ms: i64) -> Self {
        Self {
            taken_at_ms,
            separators: Separators::default(),
            top: 20,
            bounds: Bounds::default(),
            evidence: None,
            rules: None,
            lanes: false,
            keeps: false,
            exempt: None,
            slots: Vec::new(),
        }
    }
}

/// What keys take together, from all sides.
///
/// Two of them merge into what one would be that had seen all keys of both, exactly, in any order
/// and however the keys were split. Both must have the same settings.
#[derive(Debug, Clone)]
pub struct Groups {
    pub(super) taken_at_ms: i64,
    top: usize,
    pub(super) cells: Cells,
    pub(super) types: Types,
    pub(super) by_bytes: Top,
    pub(super) by_elements: Top,
    /// What is less than exact, by certainty.
    pub(super) doubts: [Share; 3],
    pub(super) slots: Slots,
    tags: Tags,
    pub(super) fields: FieldTtls,
    evidence: Option<Evidence>,
    pub(super) tree: Tree,
    pub(super) rules: Option<Arc<Rules>>,
    lanes: bool,
    /// All keys, where they are few and that is wanted.
    log: Option<Box<Log>>,
    /// Whether the data of all keys is known.
    pub(super) tells_data: bool,
}

impl Groups {
    /// Groups of no keys yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let kept = settings.top.max(TOP);
        let Settings { separators, bounds, exempt, .. } = settings.clone();
        Self {
            taken_at_ms: settings.taken_at_ms,
            top: settings.top,
            cells: Cells::default(),
            types: Types::default(),
            by_bytes: Top::new(kept),
            by_elements: Top::new(kept),
            doubts: Default::default(),
            slots: Slots::default(),
            tags: Tags::of(&settings.slots),
            fields: FieldTtls::default(),
            evidence: settings.evidence.map(Evidence::new),
            tree: Tree::new(separators, bounds, exempt),
            rules: settings.rules.clone(),
            lanes: settings.lanes,
            log: settings.keeps.then(Box::default),
            tells_data: true,
        }
    }

    /// Adds a key.
    #[inline(always)]
    pub fn add(&mut self, row: &Row<'_>) {
        let (bytes, elements) = (row.bytes, countable(row.kind, row.elements));
        let (lifetime, is_absurd) = Lifetime::of_ttl(row.expiry, self.taken_at_ms);
        self.cells.add(row, elements, lifetime);
        self.types.add(bytes, row);
        self.by_bytes.add(bytes.raw(), row);
        if elements > 0 {
            self.by_elements.add(elements, row);
        }
        if row.certainty != Certainty::Exact {
            self.doubt(row.certainty, bytes);
        }
        if let Some(slot) = row.slot {
            self.add_slot(slot, &row.apart(), bytes);
        }
        if let Some(times) = row.field_times {
            self.fields.add(bytes, times);
        }
        let kept = Kept {
            kind: row.kind,
            bytes,
            elements,
            data: row.data,
            largest_element: row.largest_element,
            lifetime,
            is_absurd,
            at: row.at,
            idle_s: row.idle_s,
            freq: row.freq,
        };
        let rule = self.rules.as_ref().and_then(|rules| rules.claim(row.key));
        let (place, hash) = self.tree.add(row.key, &kept, rule);
        if let Some(evidence) = &mut self.evidence {
            evidence.add(bytes, row, hash);
        }
        if let Some(others) = row.others.filter(|_| self.lanes) {
            self.add_lanes(place, rule, others);
        }
        if let Some(log) = &mut self.log
            && !log.add(row.key, kept, rule)
        {
            self.log = None;
        }
    }

    /// How many bytes of memory its tree of names takes, roughly: the rest is small.
    pub(super) const fn weight(&self) -> u64 {
        const NODE: u64 = 1100;
        self.tree.arena.len() as u64 * NODE
    }

    // What is seldom done with a key stands by itself, and is said to be seldom: so it is not in the way of
    // what is done with all.

    #[cold]
    #[inline(never)]
    fn add_slot(&mut self, slot: u16, row: &Row<'_>, bytes: Size) {
        self.cells.add_slot(row, slot);
        self.slots.add(slot, bytes);
        if !self.tags.is_empty() {
            self.tags.add(slot, row.key, bytes);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_lanes(&mut self, place: Id, rule: Option<u16>, others: &[Size; OTHERS]) {
        self.tree.arena.node_mut(place).held_mut(rule).add_lanes(*others);
    }

    #[cold]
    #[inline(never)]
    fn doubt(&mut self, certainty: Certainty, bytes: Size) {
        if let Some(share) = self.doubts.get_mut(certainty as usize) {
            share.add(bytes);
        }
    }

    /// Tells which database the keys are in that came without one.
    pub fn bind(&mut self, db: u64) {
        self.cells.bind(db);
        self.types.bind(db);
        self.by_bytes.bind(db);
        self.by_elements.bind(db);
    }

    /// Takes in the keys of `other`. Where both hold keys without a database, it is the same one.
    pub fn merge(&mut self, mut other: Self) {
        self.take_in(&mut other);
    }

    /// The same, and leaves `other` without keys, to be used for others of the same snapshot: it
    /// keeps what it has learned of how names are folded, and needs no new memory.
    pub fn take_in(&mut self, other: &mut Self) {
        // of snapshots of several times the last one tells the time
        self.taken_at_ms = self.taken_at_ms.max(other.taken_at_ms);
        self.cells.merge(mem::take(&mut other.cells));
        self.types.take_in(&mut other.types);
        self.by_bytes.take_in(&mut other.by_bytes);
        self.by_elements.take_in(&mut other.by_elements);
        for (mine, theirs) in self.doubts.iter_mut().zip(mem::take(&mut other.doubts)) {
            *mine += theirs;
        }
        self.slots += mem::take(&mut other.slots);
        self.tags.take_in(&mut other.tags);
        self.fields.merge(&mem::take(&mut other.fields));
        if let (Some(mine), Some(theirs)) = (&mut self.evidence, &mut other.evidence) {
            mine.take_in(theirs);
        }
        self.tree.take_in(&mut other.tree);
        self.log = match (self.log.take(), &mut other.log) {
            (Some(mut mine), Some(theirs)) => mine.take_in(theirs).then_some(mine),
            _ => None,
        };
        if self.log.is_none() {
            // there are too many in any case
            other.log = None;
        }
        self.tells_data &= other.tells_data;
    }

    /// Makes of these groups what a second pass under `settings` would, if all keys were kept; else, and
    /// where it should look into slots as well, they stay, and the answer is no. Runs in the threads of
    /// the pool that it is called in; `together` is told for how many nanoseconds, each thread's time by
    /// itself.
    pub fn again(&mut self, settings: &Settings, together: &AtomicU64) -> bool {
        /// Fewer are not worth another thread.
        const LEAST: usize = 512;
        let Some(log) = self.log.take().filter(|_| settings.slots.is_empty() && !self.lanes) else {
            return false;
        };
        let tree = || {
            let Settings { separators, bounds, exempt, .. } = settings.clone();
            Tree::new(separators, bounds, exempt)
        };
        let most = log.len().div_ceil(rayon::current_num_threads()).max(LEAST);
        let add = |part| {
            let started = Instant::now();
            let mut tree = tree();
            for (name, kept, rule) in part {
                tree.add(name, kept, rule);
            }
            let spent = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            together.fetch_add(spent, Ordering::Relaxed);
            tree
        };
        let trees = log.parts(most).into_par_iter().map(add);
        let merged = trees.reduce_with(|mut all, mut other| {
            all.take_in(&mut other);
            all
        });
        let first = mem::replace(&mut self.tree, merged.unwrap_or_else(tree));
        leave((first, log));
        true
    }

    /// Cells of database, type and encoding, in order. [`by`] adds them up.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        self.cells.list()
    }

    /// What takes memory beside the keys, together with what the records say. Where keys are in more than 1024
    /// databases, those beyond are counted as one.
    #[must_use]
    pub fn contents(&self, records: &Records) -> Contents {
        Contents {
            databases: self.cells.databases(records),
            functions: records.functions.lengths(),
            scripts: records.scripts.lengths(),
        }
    }

    /// All keys.
    #[must_use]
    pub fn totals(&self) -> Totals {
        by(&self.cells(), |_| ()).pop().map(|(_, content)| content.totals).unwrap_or_default()
    }

    /// Keys whose time was over when the snapshot was taken. They were still in memory.
    #[must_use]
    pub fn expired(&self) -> Sum {
        by(&self.cells(), |_| ()).pop().map(|(_, content)| content.expired).unwrap_or_default()
    }

    /// How large the keys of each type are, and which is the largest; types without keys left
    /// out, in the order of [`ValueKind::ALL`]. A module type has its id, and those beyond the
    /// first 16 are one without.
    #[must_use]
    pub fn types(&self) -> Vec<(ValueKind, Option<ModuleId>, &TypeSpread)> {
        self.types.list()
    }

    /// Bytes of all names and of what was put into the keys, as in [`Row::data`]; `None` where an
    /// older summary does not tell. Then [`TypeSpread::data`] and [`Pattern::data`] say nothing.
    #[must_use]
    pub fn data(&self) -> Option<u64> {
        let sum = |sum: u64, of: &TypeSpread| sum.saturating_add(of.data);
        self.tells_data.then(|| self.types().iter().fold(0, |all, (_, _, of)| sum(all, of)))
    }

    /// The largest keys by bytes.
    #[must_use]
    pub fn largest(&self) -> Vec<&Big> {
        let mut keys = self.by_bytes.list();
        keys.truncate(self.top);
        keys
    }

    /// The keys with the most elements, strings left out.
    #[must_use]
    pub fn longest(&self) -> Vec<&Big> {
        let mut keys = self.by_elements.list();
        keys.truncate(self.top);
        keys
    }

    /// How much of the total is how sure.
    #[must_use]
    pub fn certainty(&self, certainty: Certainty) -> Share {
        if certainty != Certainty::Exact {
            return self.doubts.get(certainty as usize).copied().unwrap_or_default();
        }
        let totals = self.totals();
        let all = Share { keys: totals.keys(), bytes: totals.bytes() };
        self.doubts.iter().fold(all, |rest, doubt| Share {
            keys: rest.keys.saturating_sub(doubt.keys),
            bytes: rest.bytes - doubt.bytes,
        })
    }

    /// What frees itself by when.
    #[must_use]
    pub fn lifetimes(&self) -> Lifetimes {
        self.cells.lifetimes()
    }

    /// Fields of hashes that have TTLs of their own.
    #[must_use]
    pub const fn field_ttls(&self) -> &FieldTtls {
        &self.fields
    }

    /// Keys by cluster slot; empty where they have none.
    #[must_use]
    pub const fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The slots that a second pass should look into: they have `times` the mean, usually
    /// [`HEAVY_SLOT`](super::HEAVY_SLOT). `None` when there are none, and after a second pass.
    #[must_use]
    pub fn heavy_slots(&self, times: u64) -> Option<Vec<u16>> {
        if self.tags.is_empty() { tags::heavy(&self.slots, times) } else { None }
    }

    /// After a second pass, the hash tags that fill slots.
    #[must_use]
    pub fn tags(&self) -> Vec<Tag> {
        self.tags.list(&self.slots)
    }

    /// What a second pass should keep apart: a prefix of 1 % or more may be hidden in a `*`.
    /// `None` when there is none, and after a second pass.
    pub fn suspects(&mut self) -> Option<Exempt> {
        let least = self.least();
        let heavy = heavy(&self.by_bytes, least);
        let known = heavy.iter().filter_map(|big| Some((big.name()?, big.sizes.first())));
        self.tree.suspects(least, known)
    }

    /// The prefix tree, added up. Its root has no name and holds all keys.
    #[must_use]
    pub fn prefixes(&self) -> Prefix {
        let least = self.least();
        prefixes::build(self.tree.clone(), &heavy(&self.by_bytes, least), least, self.taken_at_ms)
    }

    /// Keys that are worth a second look, a sample where they are many; `None` where none were
    /// remembered: without the setting, and of summaries.
    #[must_use]
    pub fn picks(&self, class: Class) -> Option<Picks> {
        self.evidence.as_ref().map(|evidence| evidence.picks(class))
    }

    /// What names look like, and what of them holds how much.
    #[must_use]
    pub fn patterns(&self) -> Patterns {
        Patterns::of(self.tree.clone(), self.rules.clone())
    }

    /// The patterns that `groups` have in common, and for each of them what it has in those. A
    /// segment that one of them folds is folded for all, so that the same name stands for the same
    /// keys. All must have the same separators, bounds and rules.
    #[must_use]
    pub fn common_patterns(groups: &[&Self]) -> Vec<Vec<Pattern>> {
        let rules = groups.first().and_then(|first| first.rules.clone());
        let trees: Vec<&Tree> = groups.iter().map(|groups| &groups.tree).collect();
        Patterns::common(&trees, rules)
    }

    /// The same of two, and the patterns by which any name is told.
    #[must_use]
    pub fn compared(groups: [&Self; 2]) -> (Patterns, [Vec<Pattern>; 2]) {
        let [first, second] = groups;
        let (patterns, lists) = Patterns::shared(&[&first.tree, &second.tree], first.rules.clone())
            .unwrap_or_else(|| (first.patterns(), Vec::new()));
        let mut lists = lists.into_iter();
        (patterns, [lists.next().unwrap_or_default(), lists.next().unwrap_or_default()])
    }

    /// From how many bytes on something is heavy.
    fn least(&self) -> Size {
        Size::from_raw(self.totals().bytes().raw().div_ceil(HEAVY).max(1))
    }
}

/// The single keys that are heavy.
fn heavy(keys: &Top, least: Size) -> Vec<&Big> {
    keys.list().into_iter().filter(|big| big.sizes.first() >= least).collect()
}
