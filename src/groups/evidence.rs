//! Keys that are worth a second look: a sample in which a key stands the likelier, the more it takes.
//!
//! A key's priority is its bytes over a number between zero and one that is drawn from its name;
//! those with the highest priorities are the sample (Duffield, Lund and Thorup, "Priority sampling
//! for estimation of arbitrary subset sums"). It is a matter of the keys alone, not of their order.

use super::row::Row;
use crate::entries::ValueKind;
use crate::footprint::{Encoding, Size};
use std::cmp::Reverse;
use std::mem;

/// How many elements a collection may have so that a higher limit could still pack it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near {
    /// A hash.
    pub hash: u64,
    /// A set.
    pub set: u64,
    /// A sorted set.
    pub zset: u64,
}

/// What keys are looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Strings.
    String,
    /// Hashes, sets and sorted sets that are too large to be packed, but not by far.
    Unpacked,
    /// Streams.
    Stream,
}

impl Class {
    const ALL: [Self; 3] = [Self::String, Self::Unpacked, Self::Stream];

    /// Up to how many keys all are looked at, and how many where there are more. Collections are read element by
    /// element, so fewer of those; how much less they would take differs little, too.
    const fn most(self) -> Most {
        match self {
            Self::String => Most { all: 4096, of_more: 2048 },
            Self::Unpacked => Most { all: 4096, of_more: 1024 },
            Self::Stream => Most { all: 256, of_more: 128 },
        }
    }

    /// And how many bytes of memory together, however many keys that are, and half of them where there are
    /// more; one key at least.
    const fn most_bytes(self) -> u64 {
        match self {
            Self::String | Self::Unpacked => 16 << 20,
            Self::Stream => 64 << 20,
        }
    }

    #[inline(always)]
    fn of(row: &Row<'_>, near: Near) -> Option<Self> {
        // most collections are packed, so what is told first is what most are not
        let most = match (row.encoding, row.kind) {
            (_, ValueKind::String) => return Some(Self::String),
            (Encoding::Hashtable | Encoding::Skiplist, kind) => match kind {
                ValueKind::Hash => near.hash,
                ValueKind::Set => near.set,
                ValueKind::Zset => near.zset,
                _ => return None,
            },
            (_, ValueKind::Stream) => return Some(Self::Stream),
            _ => return None,
        };
        row.elements.is_some_and(|n| n <= most).then_some(Self::Unpacked)
    }
}

/// How many keys are looked at.
#[derive(Debug, Clone, Copy)]
struct Most {
    /// Up to so many, all of them.
    all: usize,
    /// Of more, so many.
    of_more: usize,
}

/// A key of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pick {
    /// Where it begins in the snapshot.
    pub at: u64,
    /// What it takes.
    pub bytes: Size,
    /// How many elements it has; zero for a string.
    pub elements: u64,
    /// About how many bytes of the snapshot it takes, rarely more.
    pub extent: u64,
    /// How many such keys it stands for.
    pub times: f64,
    /// What it is looked at for.
    pub class: Class,
}

/// A sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picks {
    /// Its keys.
    pub keys: Vec<Pick>,
    /// Whether these are all keys of the class.
    pub complete: bool,
}

/// A key that may be in the sample, the one with the highest priority first; of equals the first one
/// in the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// The bits of a positive float, which are in its order.
    priority: u64,
    at: Reverse<u64>,
    bytes: Size,
    elements: u64,
    extent: u64,
}

/// The candidates with the highest priorities, and others that came after the last time that those
/// were told apart: to do that now and then is quicker than to keep them in order.
#[derive(Debug, Clone, Default)]
struct Reservoir {
    keys: Vec<Candidate>,
    /// There were more keys than are all looked at.
    are_more: bool,
    /// What has a lower priority is not in the sample.
    floor: u64,
    /// Nor is what takes fewer bytes than this times what is drawn.
    least: u64,
}

impl Reservoir {
    #[inline(always)]
    fn add(&mut self, candidate: Candidate, most: Most) {
        if candidate.priority >= self.floor {
            self.push(candidate, most);
        }
    }

    #[cold]
    #[inline(never)]
    fn push(&mut self, candidate: Candidate, most: Most) {
        self.keys.push(candidate);
        if self.keys.len() > most.all.max(2 * most.of_more) {
            self.settle(most);
        }
    }

    /// Drops what is not in the sample. One more stays: it tells how likely the others were.
    fn settle(&mut self, most: Most) {
        self.are_more |= self.keys.len() > most.all;
        let most = most.of_more;
        if self.are_more && self.keys.len() > most {
            self.keys.select_nth_unstable_by(most, |a, b| b.cmp(a));
            self.keys.truncate(most + 1);
            self.raise(self.keys.last().map_or(0, |last| last.priority));
        }
    }

    /// Takes in what `other` has, and empties it.
    fn take_in(&mut self, other: &mut Self, most: Most) {
        // the memory goes as well: with a floor few will come
        for candidate in mem::take(&mut other.keys) {
            self.add(candidate, most);
        }
        self.are_more |= other.are_more;
        self.settle(most);
        other.raise(self.floor);
        other.are_more = self.are_more;
    }

    /// Sets the floor.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates"
    )]
    fn raise(&mut self, floor: u64) {
        // how the quotient is rounded is no matter then
        const SURE: f64 = 1.0 - 1e-9;
        (self.floor, self.least) = (floor, (f64::from_bits(floor) * SURE) as u64);
    }

    /// Whether a key is not in the sample that takes so many bytes and draws this, as can be told with
    /// whole numbers. Nearly all are not.
    #[inline(always)]
    fn is_below(&self, bytes: Size, draw: Draw) -> bool {
        let least = (u128::from(self.least) * u128::from(draw.0)) >> u64::BITS;
        u128::from(bytes.raw()) < least
    }

    fn picks(&self, class: Class, most: Most, most_bytes: u64) -> Picks {
        let mut all: Vec<&Candidate> = self.keys.iter().collect();
        let are_more = self.are_more || all.len() > most.all;
        let most = if are_more { most.of_more } else { most.all };
        if all.len() > most {
            // one more, as above
            all.select_nth_unstable_by(most, |a, b| b.cmp(a));
            all.truncate(most + 1);
        }
        all.sort_unstable_by(|a, b| b.cmp(a));
        // the first ones of a sample are a sample as well
        let all_bytes =
            all.iter().take(most).fold(0_u64, |sum, key| sum.saturating_add(key.bytes.round()));
        let most_bytes = if all_bytes > most_bytes { most_bytes / 2 } else { most_bytes };
        let mut bytes = 0_u64;
        let few = all.iter().take_while(|key| {
            bytes = bytes.saturating_add(key.bytes.round());
            bytes <= most_bytes
        });
        let most = most.min(few.count().max(1));
        let threshold = all.get(most).map(|last| f64::from_bits(last.priority));
        all.truncate(most);
        let keys = all.iter().map(|key| Pick {
            at: key.at.0,
            bytes: key.bytes,
            elements: key.elements,
            extent: key.extent,
            times: threshold.map_or(1.0, |threshold| (threshold / float(key.bytes)).max(1.0)),
            class,
        });
        Picks { keys: keys.collect(), complete: threshold.is_none() }
    }
}

/// About how many bytes of the snapshot a key takes.
const fn extent(class: Class, row: &Row<'_>, elements: u64) -> u64 {
    /// Its type, what stands before it, and the lengths of its name and its value.
    const AROUND: u64 = 32;
    // the lengths of strings of less than 16 KiB, and a time
    let each = match (class, row.kind) {
        // most of it is its nodes, which stand there as they are in memory
        (Class::Stream, _) => return row.bytes.round(),
        (_, ValueKind::Hash) if row.field_times.is_some() => 2 * 2 + 9,
        (_, ValueKind::Hash) => 2 * 2,
        _ => 2,
    };
    row.data.saturating_add(elements.saturating_mul(each)).saturating_add(AROUND)
}

#[inline(always)]
#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn float(bytes: Size) -> f64 {
    // what has a sign takes one instruction, and no size has as many bits
    bytes.raw().max(1).cast_signed() as f64
}

/// A sample of each class.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    of: [Reservoir; Class::ALL.len()],
    near: Near,
}

impl Evidence {
    pub(super) fn new(near: Near) -> Self {
        Self { of: Default::default(), near }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, bytes: Size, row: &Row<'_>, name: u64) {
        if let Some(class) = Class::of(row, self.near)
            && let Some(reservoir) = self.of.get_mut(class as usize)
        {
            let draw = Draw::of(name);
            if reservoir.is_below(bytes, draw) {
                return;
            }
            let priority = (float(bytes) / draw.float()).to_bits();
            let elements = match class {
                Class::String => 0,
                _ => row.elements.unwrap_or_default(),
            };
            let (at, extent) = (Reverse(row.at), extent(class, row, elements));
            let candidate = Candidate { priority, at, bytes, elements, extent };
            reservoir.add(candidate, class.most());
        }
    }

    /// Takes in what another one has seen, and empties it. What comes to that one later is to be
    /// taken in as well, so it need not remember what would be left out here.
    pub(super) fn take_in(&mut self, other: &mut Self) {
        for ((mine, theirs), class) in self.of.iter_mut().zip(&mut other.of).zip(Class::ALL) {
            mine.take_in(theirs, class.most());
        }
    }

    pub(super) fn picks(&self, class: Class) -> Picks {
        self.of
            .get(class as usize)
            .map(|of| of.picks(class, class.most(), class.most_bytes()))
            .unwrap_or_default()
    }
}

/// What a name draws: a number that hangs on its hash alone.
#[derive(Clone, Copy)]
struct Draw(u64);

impl Draw {
    #[inline(always)]
    const fn of(mut hash: u64) -> Self {
        hash = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(hash ^ (hash >> 29))
    }

    /// As a number above zero and up to one.
    #[inline(always)]
    #[allow(clippy::cast_precision_loss, reason = "53 bits are what a float has")]
    fn float(self) -> f64 {
        ((self.0 >> 11) + 1).cast_signed() as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests;
