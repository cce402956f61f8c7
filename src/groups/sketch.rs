//! Where a heavy prefix may hide among those that were folded away.
//!
//! What a fold takes in is counted in buckets by the hash of its name. That adds up in any order,
//! and a name that is heavy makes its bucket heavy in both rows. A second pass then keeps apart
//! the few names that fall into heavy buckets, and finds out their true numbers.

use crate::footprint::Size;
use std::cmp::Reverse;

/// Buckets in a row; the two rows of a level take 32 KiB.
const BUCKETS: usize = 2048;
const MASK: u64 = BUCKETS as u64 - 1;
/// So many names wait for their buckets.
const WAITING: usize = 64;
/// How many heavy buckets of a row are followed up, so that a second pass stays small. Each is of
/// 1 % or more, so more than this cannot matter to a reader.
const FOLLOWED: usize = 64;

/// The buckets of a name: one in each row, by bits of their own.
#[inline]
fn places(hash: u64) -> [usize; 2] {
    [hash & MASK, (hash >> 12) & MASK].map(|bucket| usize::try_from(bucket).unwrap_or_default())
}

/// Bytes that were folded away, by level and by hash of the name.
#[derive(Debug, Clone, Default)]
pub(super) struct Sketch {
    /// Both rows of each level, one behind the other; empty where nothing was folded.
    levels: Vec<Vec<Size>>,
    /// What is yet to be added: to go through the buckets for several names at once takes less time
    /// than to wait for those of each.
    waiting: Vec<(u64, Size, u8)>,
}

impl PartialEq for Sketch {
    fn eq(&self, other: &Self) -> bool {
        let settled = |sketch: &Self| {
            let mut sketch = sketch.clone();
            sketch.settle();
            sketch.levels
        };
        settled(self) == settled(other)
    }
}

impl Sketch {
    /// For levels up to `depth`.
    pub(super) fn new(depth: u8) -> Self {
        Self { levels: vec![Vec::new(); usize::from(depth) + 1], waiting: Vec::new() }
    }

    /// Adds the bytes of the name with `hash` at `depth`.
    #[inline]
    pub(super) fn add(&mut self, depth: u8, hash: u64, bytes: Size) {
        if self.waiting.len() >= WAITING {
            self.settle();
        }
        self.waiting.push((hash, bytes, depth));
    }

    /// Adds what waits.
    #[cold]
    #[inline(never)]
    fn settle(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        for (hash, bytes, depth) in waiting.drain(..) {
            self.update(depth, hash, |bucket| bucket + bytes);
        }
        waiting.reserve_exact(WAITING);
        self.waiting = waiting;
    }

    /// Takes them out again.
    pub(super) fn remove(&mut self, depth: u8, hash: u64, bytes: Size) {
        self.settle();
        self.update(depth, hash, |bucket| bucket - bytes);
    }

    #[inline]
    fn update(&mut self, depth: u8, hash: u64, change: impl Fn(Size) -> Size) {
        let Some(level) = self.levels.get_mut(usize::from(depth)) else { return };
        if level.is_empty() {
            // written, rather than asked of the system as zeros: a page that is read before it is written
            // to costs another fault, for which all threads are interrupted
            *level = vec![std::hint::black_box(Size::ZERO); 2 * BUCKETS];
        }
        let [first, second] = places(hash);
        for place in [first, BUCKETS + second] {
            if let Some(bucket) = level.get_mut(place) {
                *bucket = change(*bucket);
            }
        }
    }

    /// Forgets the levels below `depth`.
    pub(super) fn truncate(&mut self, depth: u8) {
        self.settle();
        self.levels.truncate(usize::from(depth) + 1);
    }

    /// Adds what `other` counted, and empties it.
    pub(super) fn absorb(&mut self, other: &mut Self) {
        other.settle();
        for (mine, theirs) in self.levels.iter_mut().zip(&mut other.levels) {
            if mine.is_empty() {
                mine.clone_from(theirs);
            } else {
                for (bucket, add) in mine.iter_mut().zip(theirs.iter()) {
                    *bucket += *add;
                }
            }
            theirs.fill(Size::ZERO);
        }
    }

    /// The names to keep apart in a second pass: those whose buckets reach `least` in both rows.
    pub(super) fn suspects(&mut self, least: Size) -> Option<Exempt> {
        self.settle();
        let levels: Vec<_> = self.levels.iter().map(|level| Heavy::of(level, least)).collect();
        levels.iter().any(Option::is_some).then_some(Exempt { levels })
    }
}

/// Names that a second pass keeps apart, by level and by hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exempt {
    levels: Vec<Option<Heavy>>,
}

impl Exempt {
    /// Whether the name with `hash` at `depth` is one of them. Few others are, too.
    pub(super) fn has(&self, depth: u8, hash: u64) -> bool {
        let level = self.levels.get(usize::from(depth));
        level.and_then(Option::as_ref).is_some_and(|heavy| heavy.has(hash))
    }
}

/// Heavy buckets of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Heavy([Vec<bool>; 2]);

impl Heavy {
    fn of(level: &[Size], least: Size) -> Option<Self> {
        let (first, second) = level.split_at_checked(BUCKETS)?;
        Some(Self([heaviest(first, least)?, heaviest(second, least)?]))
    }

    fn has(&self, hash: u64) -> bool {
        let is_heavy = |(row, place): (&Vec<bool>, usize)| row.get(place).is_some_and(|&h| h);
        self.0.iter().zip(places(hash)).all(is_heavy)
    }
}

fn heaviest(row: &[Size], least: Size) -> Option<Vec<bool>> {
    let mut heavy: Vec<_> = row.iter().zip(0..).filter(|&(&bytes, _)| bytes >= least).collect();
    heavy.sort_by_key(|&(bytes, place)| (Reverse(*bytes), place));
    heavy.truncate(FOLLOWED);
    let mut flags = vec![false; row.len()];
    for (_, place) in &heavy {
        if let Some(flag) = flags.get_mut(*place) {
            *flag = true;
        }
    }
    (!heavy.is_empty()).then_some(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heavy_name_is_found_among_many() {
        let mut sketch = Sketch::new(3);
        let hash = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
        for n in 0..100_000 {
            sketch.add(2, hash(n), Size::bytes(10));
        }
        sketch.add(2, hash(77), Size::bytes(40_000));
        let least = Size::bytes(20_000);
        let suspects = sketch.suspects(least).unwrap();
        assert!(suspects.has(2, hash(77)));
        assert!(!suspects.has(1, hash(77)));
        let others = (0..100_000).filter(|&n| suspects.has(2, hash(n))).count();
        assert!(others < 20, "{others}");
        sketch.remove(2, hash(77), Size::bytes(40_000));
        assert!(sketch.suspects(least).is_none());
    }

    #[test]
    fn only_so_many_are_followed() {
        let mut sketch = Sketch::new(1);
        for n in 0..1000 {
            sketch.add(1, n | n << 12, Size::bytes(100 + n));
        }
        let suspects = sketch.suspects(Size::bytes(1)).unwrap();
        let followed: Vec<_> = (0..1000).filter(|n| suspects.has(1, n | n << 12)).collect();
        assert_eq!(followed, (936..1000).collect::<Vec<_>>());
    }
}
