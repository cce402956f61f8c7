//! Hash tables of buckets with seven entries (hashtable.c): Valkey from 8.1 on.

use super::alloc::power_of_two;
use super::chance::{Count, child_buckets, float};
use super::growth::Growth;

/// Bytes of a bucket.
pub(super) const BUCKET: u64 = 64;
/// Entries of a bucket.
const ENTRIES: u64 = 7;

/// How many buckets a table for `n` entries gets: at most 32 entries on 5 buckets.
pub(super) const fn buckets_for(n: u64) -> u64 {
    power_of_two(n.saturating_mul(5).div_ceil(32))
}

/// A table as it grows while a container is loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Buckets {
    /// Entries in it.
    used: u64,
    /// Buckets of the table that takes new entries.
    pub top: u64,
    /// The table that is being emptied, one bucket a new entry.
    moving: Option<Moving>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Moving {
    /// Its buckets.
    top: u64,
    /// Those that still hold entries.
    left: u64,
    /// Entries that were in it when it began to be emptied.
    held: u64,
}

impl Growth for Buckets {
    fn presized(n: u64) -> Self {
        Self { used: n, top: buckets_for(n), moving: None }
    }

    fn grown(n: u64) -> Self {
        let mut table = Self::default();
        table.add(n);
        table
    }

    fn expand(&mut self, n: u64) {
        let top = buckets_for(n.max(1));
        if self.moving.is_some() || n < self.used || top == self.top {
            return;
        }
        if self.used > 0 {
            self.moving = Some(Moving { top: self.top, left: self.top, held: self.used });
        }
        self.top = top;
    }

    /// Each entry moves one bucket; a table is full when all places of its buckets are taken.
    fn add(&mut self, n: u64) {
        let mut left = n;
        while left > 0 {
            let room = self.top.saturating_mul(ENTRIES).saturating_sub(self.used);
            let step = match &mut self.moving {
                Some(moving) => {
                    let step = moving.left.min(left);
                    moving.left -= step;
                    if moving.left == 0 {
                        self.moving = None;
                    }
                    step
                }
                None if room > 0 => left.min(room),
                None => {
                    self.expand(self.used + 1);
                    1
                }
            };
            self.used = self.used.saturating_add(step);
            left -= step;
        }
    }
}

impl Buckets {
    /// Buckets of the table that is being emptied.
    pub fn moving(&self) -> u64 {
        self.moving.map_or(0, |moving| moving.top)
    }

    /// The child buckets that are expected, in both tables.
    pub fn children(&self) -> Count {
        let Some(Moving { top, left, held }) = self.moving else {
            return child_buckets(self.used, self.top);
        };
        let share = float(left) / float(top.max(1));
        let old = child_buckets(held, top);
        let stay = held.saturating_mul(left) / top.max(1);
        let new = child_buckets(self.used - stay.min(self.used), self.top);
        Count { mean: old.mean * share + new.mean, variance: old.variance * share + new.variance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_buckets_take_32_entries_at_most() {
        for (n, buckets) in [(1, 1), (6, 1), (7, 2), (12, 2), (13, 4), (100_000, 16_384)] {
            assert_eq!(buckets_for(n), buckets, "{n}");
        }
        let table = Buckets::presized(100_000);
        assert!((table.children().mean / 16_384.0 - 0.275).abs() < 0.001);
    }

    #[test]
    fn a_table_that_grows_moves_a_bucket_an_entry() {
        for (n, buckets) in [(7, (1, 0)), (28, (4, 0)), (29, (8, 4)), (32, (8, 4)), (33, (8, 0))] {
            let table = Buckets::grown(n);
            assert_eq!((table.top, table.moving()), buckets, "{n}");
        }
    }

    #[test]
    fn a_table_asked_to_take_fewer_than_it_has_stays() {
        let mut table = Buckets::presized(3);
        table.add(1);
        table.expand(3);
        table.add(3);
        assert_eq!((table.top, table.moving()), (1, 0));
    }
}
