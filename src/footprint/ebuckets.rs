//! The index of fields with TTLs in a Redis hash (ebuckets.c, 7.4 and later).
//!
//! Up to 16 fields are linked to each other and nothing else. More are held in segments of up to
//! 16, which hang in a radix tree by the time at which the first of their fields may expire. Where
//! segments part depends on the order in which fields come, so the index is built here as the
//! server builds it, out of expiries alone.

use super::chance::Drawn;
use super::profile::Profile;
use super::radix::Growing;
use std::collections::BTreeMap;

/// Most fields in a segment, and in a list without segments (`EB_SEG_MAX_ITEMS`).
const SEGMENT: usize = 16;
/// `FirstSegHdr` and `NextSegHdr`.
const FIRST_HEADER: u64 = 16;
const NEXT_HEADER: u64 = 24;
/// What the tree has behind its header: the number of fields.
const TREE_METADATA: u64 = 8;
/// Bytes of a time as the tree's key (`EB_KEY_SIZE`).
const TIME: usize = 6;
/// Fields beyond these are taken to be like them.
const HELD: usize = 1 << 20;

/// Fields with TTLs as they are being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Ebuckets {
    fields: u64,
    /// Expiries in the order of loading.
    expiries: Vec<u64>,
}

impl Ebuckets {
    pub fn clear(&mut self) {
        self.fields = 0;
        self.expiries.clear();
    }

    /// A field that expires at `at`.
    pub fn add(&mut self, at: u64) {
        self.fields += 1;
        if self.expiries.len() < HELD {
            self.expiries.push(at);
        }
    }

    /// What the index takes; `MEMORY USAGE` counts nothing of it.
    pub fn cost(&self, profile: &Profile) -> Drawn {
        if !profile.allocated || self.expiries.len() <= SEGMENT {
            return Drawn::default();
        }
        let (profiles, mut tree) = (std::slice::from_ref(profile), Growing::default());
        let header = profile.a(profile.facts.stream.rax + TREE_METADATA);
        let mut segments = 0;
        for (time, bucket) in &buckets(&self.expiries) {
            let [_, _, key @ ..] = time.to_be_bytes();
            let _: [u8; TIME] = key;
            tree.add(profiles, &key);
            let next = bucket.segments() - 1;
            segments += profile.a(FIRST_HEADER) + next * profile.a(NEXT_HEADER);
        }
        let nodes = tree.finish(profiles).bytes(0, profile, profile.facts.leafless);
        Drawn::certain(header + segments + nodes).scaled(self.fields, self.expiries.len() as u64)
    }
}

/// Fields that hang in one place of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Bucket {
    /// One segment; its expiries in order.
    Segment(Vec<u64>),
    /// More fields of one moment than a segment takes.
    Extended { at: u64, fields: u64 },
}

impl Bucket {
    const fn segments(&self) -> u64 {
        match self {
            Self::Segment(_) => 1,
            // each new segment is full when the next one is begun
            Self::Extended { fields, .. } => fields.div_ceil(SEGMENT as u64),
        }
    }
}

/// The buckets of more fields than a list takes, by their times.
fn buckets(expiries: &[u64]) -> BTreeMap<u64, Bucket> {
    let (list, rest) = expiries.split_at(SEGMENT.min(expiries.len()));
    let mut list = list.to_vec();
    list.sort_unstable();
    let first = list.first().copied().unwrap_or_default();
    let mut buckets = BTreeMap::from([(first, Bucket::Segment(list))]);
    for at in rest {
        insert(&mut buckets, *at);
    }
    buckets
}

/// `ebAddToRax`.
fn insert(buckets: &mut BTreeMap<u64, Bucket>, at: u64) {
    let Some((time, bucket)) = buckets.range_mut(..=at).next_back() else {
        buckets.insert(at, Bucket::Segment(vec![at]));
        return;
    };
    let time = *time;
    let same = match bucket {
        Bucket::Segment(held) if held.len() < SEGMENT => {
            put(held, at);
            return;
        }
        Bucket::Segment(held) => match split(held) {
            Some((from, mut later)) => {
                put(if at < from { held } else { &mut later }, at);
                buckets.insert(from, Bucket::Segment(later));
                return;
            }
            None => held.first().copied().unwrap_or(at),
        },
        Bucket::Extended { at: same, fields } if *same == at => {
            *fields += 1;
            return;
        }
        Bucket::Extended { at: same, .. } => *same,
    };
    // a full bucket of one moment, which from now on hangs at that moment
    if same == at {
        buckets.remove(&time);
        buckets.insert(at, Bucket::Extended { at, fields: SEGMENT as u64 + 1 });
        return;
    }
    if same > at
        && let Some(bucket) = buckets.remove(&time)
    {
        buckets.insert(same, bucket);
    }
    buckets.insert(at, Bucket::Segment(vec![at]));
}

fn put(held: &mut Vec<u64>, at: u64) {
    held.insert(held.partition_point(|held| *held <= at), at);
}

/// Parts a full segment where two moments part, nearest to the middle, and gives the later half
/// with its time; nothing where all its fields are of one moment (`ebTrySegSplit`).
fn split(held: &mut Vec<u64>) -> Option<(u64, Vec<u64>)> {
    const MIDDLE: usize = SEGMENT / 2;
    let parts = |place: &usize| held.get(place - 1) < held.get(*place);
    let before = (1..=MIDDLE).rev().find(parts);
    let after = (MIDDLE + 1..held.len()).find(parts);
    let place = match (before, after) {
        // a place before the middle is taken to be one field farther from it than it is
        (Some(before), Some(after)) if after - MIDDLE < MIDDLE + 1 - before => after,
        (Some(place), _) | (None, Some(place)) => place,
        (None, None) => return None,
    };
    let from = held.get(place).copied()?;
    Some((from, held.split_off(place)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footprint::tests::profile;

    fn lens(expiries: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
        let expiries: Vec<_> = expiries.collect();
        let len = |bucket: &Bucket| match bucket {
            Bucket::Segment(held) => held.len() as u64,
            Bucket::Extended { fields, .. } => *fields,
        };
        buckets(&expiries).iter().map(|(time, bucket)| (*time, len(bucket))).collect()
    }

    #[test]
    fn a_full_segment_splits_in_the_middle() {
        assert_eq!(lens(0..16), [(0, 16)]);
        assert_eq!(lens(0..17), [(0, 8), (8, 9)]);
        assert_eq!(lens((0..17).rev()), [(0, 1), (1, 16)]);
        assert_eq!(lens(0..33), [(0, 8), (8, 8), (16, 8), (24, 9)]);
    }

    #[test]
    fn it_splits_only_between_moments() {
        let moments = |early: usize, late: usize| {
            lens(std::iter::repeat_n(5, early).chain(std::iter::repeat_n(9, late)))
        };
        assert_eq!(moments(3, 14), [(5, 3), (9, 14)]);
        assert_eq!(moments(15, 2), [(5, 15), (9, 2)]);
    }

    #[test]
    fn many_fields_of_a_moment_take_several_segments() {
        assert_eq!(lens(std::iter::repeat_n(7, 40)), [(7, 40)]);
        assert_eq!(Bucket::Extended { at: 7, fields: 40 }.segments(), 3);
        // one that comes before or after them gets a place of its own
        let around = std::iter::repeat_n(7, 20).chain([9, 5]);
        assert_eq!(lens(around), [(5, 1), (7, 20), (9, 1)]);
    }

    #[test]
    fn a_list_takes_nothing_of_its_own() {
        let mut index = Ebuckets::default();
        (0..16).for_each(|at| index.add(at));
        let mut profile = profile("redis-7.4");
        profile.allocated = true;
        assert_eq!(index.cost(&profile), Drawn::default());
        index.add(16);
        assert!(index.cost(&profile).mean.floor() > 0);
        profile.allocated = false;
        assert_eq!(index.cost(&profile), Drawn::default());
    }
}
