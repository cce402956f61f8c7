//! What names hold that end at one place: how much, of which types, and for how long.

use super::octaves::Octaves;
use super::totals::{Mass, Share};
use super::ttl::{Lifetime, Lifetimes};
use super::usage::Usage;
use crate::entries::ValueKind;
use crate::footprint::{OTHERS, Size, Sizes};
use std::hint::select_unpredictable;
use std::mem;

const KINDS: usize = ValueKind::ALL.len();
/// Keys and bytes by type, in the order of [`ValueKind::ALL`].
pub(super) type Shares = [Share; KINDS];
/// How many keys without a TTL are remembered.
pub(super) const SAMPLES: usize = 3;
/// Keys with longer names are no samples: a summary keeps the names.
pub(super) const SAMPLE_NAME: usize = 96;

/// A key, as far as it is added to what others hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub kind: ValueKind,
    pub bytes: Size,
    pub elements: u64,
    /// Bytes of its name and of what was put into it.
    pub data: u64,
    /// The length of its longest element, where that was asked for.
    pub largest_element: Option<u64>,
    pub lifetime: Lifetime,
    /// Whether its TTL is so long that it hardly is one.
    pub is_absurd: bool,
    /// Where it begins.
    pub at: u64,
    /// Its idle time in seconds or its LFU counter.
    pub idle_s: Option<u64>,
    pub freq: Option<u8>,
}

/// A key that serves as an example: which ones do is a matter of their names alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// A number for its name.
    pub hash: u64,
    /// Where it begins in the snapshot.
    pub at: u64,
}

impl Sample {
    /// No key.
    pub(super) const NONE: Self = Self { hash: u64::MAX, at: u64::MAX };
}

/// What keys hold.
///
/// Most places hold values of one type; only the others take memory for a table of types.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// By lifetime, in the order of [`Lifetime::ALL`].
    lives: Lifetimes,
    elements: u64,
    data: u64,
    largest_element: Option<u64>,
    /// How large they are.
    sizes: Octaves,
    /// How many elements those have that have any.
    lengths: Option<Box<Octaves>>,
    /// With TTLs so long that they hardly are any.
    absurd: Share,
    /// The first type seen.
    kind: Option<ValueKind>,
    /// All types, once there are two.
    table: Option<Box<Shares>>,
    /// Of the keys that never expire those whose names have the lowest hashes.
    samples: [Sample; SAMPLES],
    /// What few snapshots and few questions need.
    rest: Option<Box<Rest>>,
}

/// What most places do not have, in one box: a node of the tree is no larger for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Rest {
    /// How the keys are used, where the snapshot tells.
    usage: Option<Usage>,
    /// What they take in the lanes behind the first, where somebody asked for it.
    lanes: [Size; OTHERS],
}

impl PartialEq for Held {
    /// Which type came first does not count.
    fn eq(&self, other: &Self) -> bool {
        let sums = |held: &Self| {
            let most = (held.largest_element, held.samples);
            (held.lives, held.elements, held.data, held.absurd, most)
        };
        let spreads = |held: &Self| held.sizes == other.sizes && held.lengths() == other.lengths();
        sums(self) == sums(other)
            && spreads(self)
            && self.shares() == other.shares()
            && self.rest == other.rest
    }
}

impl Eq for Held {}

impl Default for Held {
    fn default() -> Self {
        Self {
            lives: Lifetimes::default(),
            elements: 0,
            data: 0,
            largest_element: None,
            sizes: Octaves::default(),
            lengths: None,
            absurd: Share::default(),
            kind: None,
            table: None,
            samples: [Sample::NONE; SAMPLES],
            rest: None,
        }
    }
}

impl Held {
    /// How much that is.
    pub(super) fn mass(&self) -> Mass {
        let mut mass = Mass { elements: self.elements, ..Mass::default() };
        for (lifetime, share) in self.lives.iter() {
            match lifetime {
                Lifetime::Never => mass.never += share,
                _ => mass.expires += share,
            }
        }
        mass
    }

    /// The same by lifetime.
    pub(super) const fn lives(&self) -> &Lifetimes {
        &self.lives
    }

    /// What they take.
    pub(super) fn bytes(&self) -> Size {
        self.lives.iter().map(|(_, share)| share.bytes).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kind.is_none() || self.lives.iter().all(|(_, share)| share.keys == 0)
    }

    /// Keys with TTLs so long that they hardly are any.
    pub(super) const fn absurd(&self) -> Share {
        self.absurd
    }

    /// Keys that never expire, a few of them.
    pub(super) fn samples(&self) -> impl Iterator<Item = Sample> {
        self.samples.into_iter().filter(|sample| *sample != Sample::NONE)
    }

    pub(super) fn usage(&self) -> Option<&Usage> {
        self.rest.as_ref()?.usage.as_ref()
    }

    /// What they take in every lane; nothing behind the first one where nobody asked for it.
    pub(super) fn sizes(&self) -> Sizes {
        let [a, b, c] = self.rest.as_ref().map(|rest| rest.lanes).unwrap_or_default();
        Sizes([self.bytes(), a, b, c])
    }

    /// Adds what a key takes in the lanes behind the first.
    pub(super) fn add_lanes(&mut self, lanes: [Size; OTHERS]) {
        if lanes == [Size::ZERO; OTHERS] {
            return;
        }
        let rest = self.rest.get_or_insert_default();
        for (mine, theirs) in rest.lanes.iter_mut().zip(lanes) {
            *mine += theirs;
        }
    }

    fn usage_mut(&mut self) -> &mut Usage {
        self.rest.get_or_insert_default().usage.get_or_insert_default()
    }

    pub(super) const fn elements(&self) -> u64 {
        self.elements
    }

    /// Bytes of their names and of what was put into them.
    pub(super) const fn data(&self) -> u64 {
        self.data
    }

    /// The length of their longest element, where that was asked for.
    pub(super) const fn largest_element(&self) -> Option<u64> {
        self.largest_element
    }

    /// How large they are; of keys from a summary nothing is known of that.
    pub(super) const fn spread(&self) -> &Octaves {
        &self.sizes
    }

    /// How many elements those have that have any; `None` where there is none.
    pub(super) fn lengths(&self) -> Option<&Octaves> {
        self.lengths.as_deref().filter(|lengths| !lengths.is_empty())
    }

    /// Puts in what was read from a summary.
    pub(super) fn restore_life(&mut self, lifetime: Lifetime, share: Share) {
        self.lives.add(lifetime, share);
    }

    /// The same for what is not counted by lifetime.
    pub(super) fn restore(&mut self, (elements, data): (u64, u64), shares: &Shares, absurd: Share) {
        (self.elements, self.data, self.absurd) = (elements, data, absurd);
        let mut some = ValueKind::ALL.into_iter().zip(shares).filter(|(_, share)| share.keys > 0);
        self.kind = some.next().map(|(kind, _)| kind);
        self.table = some.next().map(|_| Box::new(*shares));
    }

    /// The same for a sample.
    pub(super) fn restore_sample(&mut self, sample: Sample) {
        self.remember(sample);
    }

    /// The same for use.
    pub(super) fn restore_usage(&mut self, usage: Usage) {
        *self.usage_mut() = usage;
    }

    /// Adds one key; `hash` is that of its name, or the highest if it cannot be a sample.
    #[inline(always)]
    pub(super) fn add(&mut self, key: &Kept, hash: u64) {
        if self.kind != Some(key.kind) || self.table.is_some() {
            self.add_kind(key.kind, key.bytes);
        }
        self.lives.add_one(key.lifetime, key.bytes);
        self.data = self.data.saturating_add(key.data);
        // seldom asked for
        if key.largest_element.is_some() {
            self.largest_element = self.largest_element.max(key.largest_element);
        }
        self.sizes.add(key.bytes.round());
        if key.elements > 0 {
            self.elements = self.elements.saturating_add(key.elements);
            self.lengths.get_or_insert_default().add(key.elements);
        }
        if key.is_absurd {
            self.absurd.add(key.bytes);
        }
        // whether it expires cannot be foretold: a choice of values, not of code
        let hash = select_unpredictable(key.lifetime == Lifetime::Never, hash, u64::MAX);
        if hash <= self.samples[SAMPLES - 1].hash {
            self.remember(Sample { hash, at: key.at });
        }
        if key.idle_s.is_some() || key.freq.is_some() {
            self.usage_mut().add(key.bytes, key.idle_s, key.freq);
        }
    }

    /// Adds to the types, while the rest is still without the key.
    fn add_kind(&mut self, kind: ValueKind, bytes: Size) {
        if self.kind.is_none() {
            self.kind = Some(kind);
            return;
        }
        if self.table.is_none() {
            self.table = Some(Box::new(self.shares()));
        }
        let share = self.table.as_mut().and_then(|table| table.get_mut(kind as usize));
        if let Some(share) = share {
            share.add(bytes);
        }
    }

    #[cold]
    fn remember(&mut self, sample: Sample) {
        if sample.hash == u64::MAX {
            return;
        }
        let is_same = |known: &Sample| known.hash == sample.hash;
        match self.samples.iter_mut().find(|known| is_same(known)) {
            Some(known) => known.at = known.at.min(sample.at),
            None => {
                if let Some(last) = self.samples.last_mut().filter(|last| sample < **last) {
                    *last = sample;
                }
                self.samples.sort_unstable();
            }
        }
    }

    /// Keys and bytes by type.
    pub(super) fn shares(&self) -> Shares {
        if let Some(table) = &self.table {
            return **table;
        }
        let mut shares = Shares::default();
        if let Some(share) = self.kind.and_then(|kind| shares.get_mut(kind as usize)) {
            self.lives.iter().for_each(|(_, life)| *share += life);
        }
        shares
    }

    /// Forgets all keys. The memory stays for the next ones, which will be like these.
    pub(super) fn clear(&mut self) {
        let (mut sizes, mut lengths) = (mem::take(&mut self.sizes), self.lengths.take());
        sizes.clear();
        lengths.iter_mut().for_each(|lengths| lengths.clear());
        *self = Self { sizes, lengths, ..Self::default() };
    }

    /// Adds what another one holds.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.kind.is_none() {
            return;
        }
        if self.is_empty() {
            self.kind = other.kind;
            self.table.clone_from(&other.table);
        } else if other.kind.is_some() && (self.kind != other.kind || other.table.is_some()) {
            let shares = self.shares();
            add_shares(self.table.get_or_insert_with(|| Box::new(shares)), &other.shares());
        } else if let Some(table) = &mut self.table {
            add_shares(table, &other.shares());
        }
        for (lifetime, share) in other.lives.iter() {
            self.lives.add(lifetime, share);
        }
        self.elements = self.elements.saturating_add(other.elements);
        self.data = self.data.saturating_add(other.data);
        self.largest_element = self.largest_element.max(other.largest_element);
        self.sizes.merge(&other.sizes);
        if let Some(lengths) = other.lengths() {
            self.lengths.get_or_insert_default().merge(lengths);
        }
        self.absurd += other.absurd;
        other.samples().for_each(|sample| self.remember(sample));
        if let Some(rest) = &other.rest {
            if let Some(usage) = &rest.usage {
                self.usage_mut().merge(usage);
            }
            self.add_lanes(rest.lanes);
        }
    }

    /// Takes one key out, but for what is known of its use, its data and elements, and of how sizes
    /// are spread.
    pub(super) fn remove(&mut self, key: &Kept) {
        if let Some(share) = self.table.as_mut().and_then(|table| table.get_mut(key.kind as usize))
        {
            *share -= Share { keys: 1, bytes: key.bytes };
        }
        self.lives.remove(key.lifetime, Share { keys: 1, bytes: key.bytes });
        self.elements = self.elements.saturating_sub(key.elements);
    }
}

/// Adds types to types.
pub(super) fn add_shares(shares: &mut Shares, others: &Shares) {
    for (mine, theirs) in shares.iter_mut().zip(others) {
        *mine += *theirs;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(&(kind, bytes): &(usize, u64)) -> Kept {
        Kept {
            kind: ValueKind::ALL[kind],
            bytes: Size::bytes(bytes),
            elements: bytes % 5,
            data: bytes / 2,
            largest_element: (bytes % 3 > 0).then_some(bytes * 7 % 50),
            lifetime: Lifetime::ALL[kind],
            is_absurd: bytes % 4 == 0,
            at: bytes * 2,
            idle_s: (bytes % 3 == 0).then_some(bytes * 5000),
            freq: None,
        }
    }

    proptest! {
        #[test]
        fn it_adds_up_however_it_is_split(
            keys in prop::collection::vec((0..4_usize, 1..100_u64), 0..12),
            cut in any::<prop::sample::Index>(),
        ) {
            let held = |keys: &[(usize, u64)]| {
                let mut held = Held::default();
                for k in keys {
                    held.add(&key(k), k.1);
                    held.add_lanes([2 * k.1, 3 * k.1, k.1 % 2].map(Size::bytes));
                }
                held
            };
            let whole = held(&keys);
            let (head, tail) = keys.split_at(cut.index(keys.len() + 1));
            let mut merged = held(head);
            merged.merge(&held(tail));
            let mut expected = Shares::default();
            keys.iter().for_each(|k| expected[k.0].add(Size::bytes(k.1)));
            for held in [&whole, &merged] {
                let lane = |lane| held.sizes().lane(lane).floor();
                prop_assert_eq!((lane(1), lane(2)), (2 * lane(0), 3 * lane(0)));
                prop_assert_eq!(lane(3), keys.iter().map(|k| k.1 % 2).sum::<u64>());
                prop_assert_eq!(held.shares(), expected);
                prop_assert_eq!(held.mass().keys(), keys.len() as u64);
                prop_assert_eq!(held.data(), keys.iter().map(|k| k.1 / 2).sum::<u64>());
                let longest = keys.iter().filter(|k| k.1 % 3 > 0).map(|k| k.1 * 7 % 50).max();
                prop_assert_eq!(held.largest_element(), longest);
                prop_assert_eq!(held.spread().len(), keys.len() as u64);
                prop_assert_eq!(held.spread().max(), keys.iter().map(|k| k.1).max());
                let lengths = keys.iter().filter(|k| k.1 % 5 > 0).count() as u64;
                prop_assert_eq!(held.lengths().map_or(0, Octaves::len), lengths);
            }
            prop_assert_eq!(merged.mass(), whole.mass());
            prop_assert_eq!(&merged, &whole);
            let mut again = whole.clone();
            again.clear();
            prop_assert!(again.is_empty() && again == Held::default());
            again.merge(&whole);
            prop_assert_eq!(&again, &whole);
            prop_assert_eq!(merged.samples, whole.samples);
            prop_assert_eq!((&merged.rest, merged.absurd), (&whole.rest, whole.absurd));
            let mut lowest: Vec<u64> = keys.iter().filter(|k| k.0 == 0).map(|k| k.1).collect();
            lowest.sort_unstable();
            lowest.dedup();
            lowest.truncate(SAMPLES);
            prop_assert_eq!(whole.samples().map(|s| s.hash).collect::<Vec<_>>(), lowest);
            if let Some(last) = keys.last() {
                merged.remove(&key(last));
                prop_assert_eq!(merged.shares(), held(&keys[..keys.len() - 1]).shares());
                prop_assert_eq!(merged.mass(), held(&keys[..keys.len() - 1]).mass());
            }
        }
    }
}
