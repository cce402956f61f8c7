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
    // the length of a string of less than 16 KiB
    let each = match (class, row.kind) {
        (Class::Stream, _) => return row.bytes.round(),
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
mod tests {
    use super::*;
    use crate::entries::Expiry;
    use crate::footprint::Certainty;

    fn candidate(n: u64) -> (Candidate, Size) {
        let bytes = Size::bytes(50 + n % 1000 * (n % 7));
        let priority =
            (float(bytes) / Draw::of(n.wrapping_mul(0xd1b5_4a32_d192_ed03)).float()).to_bits();
        (Candidate { priority, at: Reverse(n), bytes, elements: 0, extent: 0 }, bytes)
    }

    #[test]
    fn a_sample_is_the_same_however_it_is_split_and_tells_the_sum() {
        const MOST: Most = Most { all: 600, of_more: 500 };
        const CLASS: Class = Class::String;
        let mut whole = Reservoir::default();
        let mut parts = <[Reservoir; 3]>::default();
        let (mut all, mut odd) = (0, 0);
        for n in 0..20_000_u64 {
            let (key, bytes) = candidate(n);
            whole.add(key, MOST);
            parts[usize::try_from(n % 3).unwrap()].add(key, MOST);
            all += bytes.floor();
            odd += bytes.floor() * (n % 2);
        }
        let mut merged = Reservoir::default();
        parts.iter_mut().for_each(|part| merged.take_in(part, MOST));
        let picks = whole.picks(CLASS, MOST, u64::MAX);
        assert_eq!(merged.picks(CLASS, MOST, u64::MAX), picks);
        assert!(!picks.complete && picks.keys.len() == MOST.of_more);
        let few = Most { of_more: MOST.of_more / 5, ..MOST };
        let fewer = whole.picks(CLASS, few, u64::MAX);
        let same = fewer.keys.iter().zip(&picks.keys).all(|(one, other)| one.at == other.at);
        assert!(!fewer.complete && fewer.keys.len() == few.of_more && same);
        let sum = |of: fn(&Pick) -> bool| {
            let some = picks.keys.iter().filter(|pick| of(pick));
            some.map(|pick| pick.times * float(pick.bytes) / 65536.0).sum::<f64>()
        };
        for (estimate, truth) in [(sum(|_| true), all), (sum(|pick| pick.at % 2 == 1), odd)] {
            let off = estimate / truth as f64 - 1.0;
            assert!(off.abs() < 0.1, "{off}");
        }
        // of fewer bytes the first ones, which stand for more keys each
        let small = whole.picks(CLASS, MOST, 100_000);
        assert!(
            !small.complete
                && small.keys.iter().map(|key| key.bytes.floor()).sum::<u64>() <= 100_000
        );
        let estimate: f64 =
            small.keys.iter().map(|pick| pick.times * float(pick.bytes) / 65536.0).sum();
        assert!((estimate / all as f64 - 1.0).abs() < 0.2, "{estimate} {all}");
        assert_eq!(whole.picks(CLASS, MOST, 0).keys.len(), 1);
    }

    #[test]
    fn what_whole_numbers_leave_out_has_too_low_a_priority() {
        let (mut left_out, mut low) = (0, 0);
        for n in 0..100_000_u64 {
            let draw = Draw::of(n.wrapping_mul(0xd1b5_4a32_d192_ed03));
            let bytes = Size::from_raw((n % 7 * (n % 1000)) << (n % 30));
            let mut reservoir = Reservoir::default();
            reservoir.raise(float(Size::from_raw(n << (n % 40))).to_bits());
            let is_low = (float(bytes) / draw.float()).to_bits() < reservoir.floor;
            assert!(is_low || !reservoir.is_below(bytes, draw), "{n}");
            low += u32::from(is_low);
            left_out += u32::from(reservoir.is_below(bytes, draw));
        }
        // and that is nearly all that it could
        assert!(low > 10_000 && low - left_out < low / 100, "{low} {left_out}");
    }

    #[test]
    fn a_key_lies_in_so_many_bytes_of_the_snapshot_and_few_more() {
        let key = b"name:17";
        let row = |kind, encoding, data| Row {
            db: None,
            slot: None,
            at: 0,
            key,
            kind,
            module: None,
            encoding,
            elements: None,
            data,
            largest_element: None,
            field_times: None,
            bytes: Size::ZERO,
            others: None,
            certainty: Certainty::Exact,
            expiry: Expiry::NEVER,
            idle_s: None,
            freq: None,
        };
        // a time, the type, the name with its length, and a length of five bytes
        let around = 9 + 1 + 1 + 7 + 5;
        let check = |class, (kind, encoding), elements: u64, [each, written]: [u64; 2]| {
            let row = row(kind, encoding, 7 + elements.max(1) * each);
            let (most, extent) =
                (around + elements.max(1) * written, extent(class, &row, elements));
            assert!(
                most <= extent && extent <= most + 32 + 2 * elements,
                "{kind:?} {most} {extent}"
            );
        };
        check(Class::String, (ValueKind::String, Encoding::Raw), 0, [300, 300]);
        let unpacked = |kind, encoding, lens| check(Class::Unpacked, (kind, encoding), 600, lens);
        unpacked(ValueKind::Hash, Encoding::Hashtable, [10 + 30, 1 + 10 + 1 + 30]);
        unpacked(ValueKind::Hash, Encoding::Hashtable, [10 + 300, 1 + 10 + 2 + 300]);
        unpacked(ValueKind::Set, Encoding::Hashtable, [100, 2 + 100]);
        unpacked(ValueKind::Zset, Encoding::Skiplist, [20 + 8, 1 + 20 + 8]);
    }

    #[test]
    fn up_to_so_many_keys_are_all_looked_at_however_they_are_split() {
        const MOST: Most = Most { all: 60, of_more: 20 };
        for (n, looked) in [(0, 0), (10, 10), (60, 60), (61, 20), (500, 20)] {
            for split in [1, 2, 7, 50] {
                let mut parts = vec![Reservoir::default(); 3];
                let mut all = Reservoir::default();
                for key in 0..n {
                    // the same part takes others once it is taken in
                    let part = &mut parts[usize::try_from(key / split % 3).unwrap()];
                    part.add(candidate(key).0, MOST);
                    if key % 9 == 0 {
                        all.take_in(part, MOST);
                    }
                }
                parts.iter_mut().for_each(|part| all.take_in(part, MOST));
                let Picks { keys, complete } = all.picks(Class::String, MOST, u64::MAX);
                assert_eq!((keys.len(), complete), (looked, n <= 60), "{n} {split}");
                assert!(!complete || keys.iter().all(|pick| pick.times == 1.0));
            }
        }
    }
}
