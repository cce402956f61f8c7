//! Hash tables of buckets with seven entries (hashtable.c): Valkey from 8.1 on.

use super::alloc::power_of_two;
use super::chance::{Count, child_buckets};

/// Bytes of a bucket.
pub(super) const BUCKET: u64 = 64;
/// Entries of a bucket.
const ENTRIES: u64 = 7;

/// How many buckets a table for `n` entries gets: at most 32 entries on 5 buckets.
pub(super) const fn buckets_for(n: u64) -> u64 {
    power_of_two(n.saturating_mul(5).div_ceil(32))
}

/// The buckets of a table, and the child buckets that are expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Buckets {
    /// Buckets of the table.
    pub top: u64,
    /// Buckets of the table that is being emptied.
    pub moving: u64,
    /// Child buckets.
    pub children: Count,
}

impl Buckets {
    /// A table made for the `n` entries that it has got.
    pub fn presized(n: u64) -> Self {
        let top = if n == 0 { 0 } else { buckets_for(n) };
        Self { top, moving: 0, children: child_buckets(n, top) }
    }

    /// A table that grew from nothing to `n` entries: it doubles when all places of its buckets
    /// are taken, and from then on each further entry moves one bucket.
    pub fn grown(n: u64) -> Self {
        let (mut top, mut moving) = (1_u64, 0);
        while n > top.saturating_mul(ENTRIES) {
            let since = n - top * ENTRIES;
            moving = if since <= top { top } else { 0 };
            top = top.saturating_mul(2);
        }
        Self { top, moving, children: child_buckets(n, top) }
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
        assert!((table.children.mean / 16_384.0 - 0.275).abs() < 0.001);
    }

    #[test]
    fn a_table_that_grows_moves_a_bucket_an_entry() {
        for (n, buckets) in [(7, (1, 0)), (28, (4, 0)), (29, (8, 4)), (32, (8, 4)), (33, (8, 0))] {
            let table = Buckets::grown(n);
            assert_eq!((table.top, table.moving), buckets, "{n}");
        }
    }
}
