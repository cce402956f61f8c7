//! The largest keys, exactly.

use super::row::Row;
use crate::entries::{ModuleId, ValueKind};
use crate::footprint::{Encoding, Sizes};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::hash::Hasher;

/// How much of a name is kept. Names are hostile: a list of the largest keys would else be a list
/// of the largest names.
pub(super) const NAME: usize = 1024;

/// A key that is among the largest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Big {
    /// Its database, where it is known.
    pub db: Option<u64>,
    /// Its name, or the beginning of a name that is longer than a kibibyte.
    pub key: Box<[u8]>,
    /// How long its name is.
    pub key_len: usize,
    /// What its value is.
    pub kind: ValueKind,
    /// The module type, where the value is a module's.
    pub module: Option<ModuleId>,
    /// How the loading server holds it.
    pub encoding: Encoding,
    /// What it takes, in every lane.
    pub sizes: Sizes,
    /// How many elements it has, where it tells; a string's length.
    pub elements: Option<u64>,
    /// When it expires, in Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// Its cluster slot, where the server is a cluster node.
    pub slot: Option<u16>,
    /// Tells long names apart that begin alike.
    pub(super) name_hash: u64,
}

impl Big {
    fn of(row: &Row<'_>) -> Self {
        let head = head(row.key);
        let mut hasher = rustc_hash::FxHasher::default();
        hasher.write(row.key);
        Self {
            db: row.db,
            key: head.into(),
            key_len: row.key.len(),
            kind: row.kind,
            module: row.module,
            encoding: row.encoding,
            sizes: row.sizes(),
            elements: row.elements,
            expires_at_ms: row.expiry.at_ms(),
            slot: row.slot,
            name_hash: hasher.finish(),
        }
    }

    /// Its whole name, where that was kept.
    #[must_use]
    pub fn name(&self) -> Option<&[u8]> {
        (self.key.len() == self.key_len).then_some(&*self.key)
    }

    fn order(&self, other: &Self) -> Ordering {
        (self.db, &self.key)
            .cmp(&(other.db, &other.key))
            .then_with(|| self.tail().cmp(&other.tail()))
    }

    /// The order of what differs only where the same name stands twice in a damaged snapshot.
    fn tail(&self) -> impl Ord {
        (
            (self.key_len, self.name_hash),
            (self.kind, self.module, self.encoding),
            (self.elements, self.expires_at_ms, self.slot),
            self.sizes.0,
        )
    }
}

fn head(key: &[u8]) -> &[u8] {
    key.get(..NAME).unwrap_or(key)
}

/// A key and the measure by which it is ranked. The greater one has the lower rank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranked {
    pub(super) measure: u64,
    pub(super) big: Big,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        other.measure.cmp(&self.measure).then_with(|| self.big.order(&other.big))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The keys with the largest measure; of equals the lower database and name.
#[derive(Debug, Clone)]
pub(super) struct Top {
    limit: usize,
    /// No key with a smaller measure can enter.
    floor: u64,
    pub(super) heap: BinaryHeap<Ranked>,
}

impl Top {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, floor: 0, heap: BinaryHeap::new() }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, measure: u64, row: &Row<'_>) {
        if measure >= self.floor {
            self.consider(measure, &row.apart());
        }
    }

    /// Copies the key only if it enters.
    #[cold]
    #[inline(never)]
    fn consider(&mut self, measure: u64, row: &Row<'_>) {
        if measure == self.floor
            && self.heap.len() >= self.limit
            && self
                .heap
                .peek()
                .is_none_or(|low| (low.big.db, &*low.big.key) < (row.db, head(row.key)))
        {
            return;
        }
        self.push(Ranked { measure, big: Big::of(row) });
    }

    /// Puts in a key that was read from a summary.
    pub(super) fn put(&mut self, ranked: Ranked) {
        self.push(ranked);
    }

    fn push(&mut self, ranked: Ranked) {
        if self.heap.len() < self.limit {
            self.heap.push(ranked);
        } else if let Some(mut low) = self.heap.peek_mut()
            && ranked < *low
        {
            *low = ranked;
        }
        if self.heap.len() >= self.limit {
            self.floor = self.heap.peek().map_or(u64::MAX, |low| low.measure);
        }
    }

    /// Tells which database the keys without one are in.
    pub(super) fn bind(&mut self, db: u64) {
        for mut ranked in std::mem::replace(self, Self::new(self.limit)).heap {
            ranked.big.db = Some(ranked.big.db.unwrap_or(db));
            self.push(ranked);
        }
    }

    /// Takes the keys of `other`, which is then empty. What comes to that one later is to be taken
    /// as well, so it need not remember what would be left out here.
    pub(super) fn take_in(&mut self, other: &mut Self) {
        for ranked in other.heap.drain() {
            if ranked.measure >= self.floor {
                self.push(ranked);
            }
        }
        other.floor = self.floor;
    }

    /// The keys, largest first.
    pub(super) fn list(&self) -> Vec<&Big> {
        let mut ranked: Vec<_> = self.heap.iter().collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|ranked| &ranked.big).collect()
    }
}
