//! Hash tables of buckets with seven entries (hashtable.c): Valkey from 8.1 on.

use super::alloc::power_of_two;
use super::chance::{Count, child_buckets};

/// Bytes of a bucket.
pub(super) const BUCKET: u64 = 64;

/// How many buckets a table for `n` entries gets: at most 32 entries on 5 buckets.
pub(super) const fn buckets_for(n: u64) -> u64 {
    power_of_two(n.saturating_mul(5).div_ceil(32))
}

/// The buckets of a table, and the child buckets that are expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Buckets {
    /// Buckets of the table.
    pub top: u64,
    /// Child buckets.
    pub children: Count,
}

impl Buckets {
    /// A table made for the `n` entries that it has got.
    pub fn presized(n: u64) -> Self {
        let top = if n == 0 { 0 } else { buckets_for(n) };
        Self { top, children: child_buckets(n, top) }
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
}
