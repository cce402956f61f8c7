//! Expectations over what a server draws at random, with their variances.
//!
//! Each expectation is turned into fixed point before it is added to anything. The arithmetic
//! before that uses only operations that IEEE 754 defines to the last bit, so that every machine
//! computes the same.

use super::alloc::Allocator;
use super::size::Size;
use std::ops::{Add, AddAssign};

/// A random number of bytes: its mean, and its variance in bytes squared.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Drawn {
    pub mean: Size,
    pub variance: f64,
}

impl Drawn {
    /// `n` bytes, not random at all.
    pub const fn certain(n: u64) -> Self {
        Self { mean: Size::bytes(n), variance: 0.0 }
    }

    /// `n` of them, each drawn for itself.
    #[allow(clippy::cast_precision_loss)]
    pub fn times(self, n: u64) -> Self {
        Self { mean: self.mean.times(n), variance: self.variance * n as f64 }
    }

    /// Nothing, for `bytes` more or less with a small `chance`.
    pub fn in_doubt(bytes: u64, chance: f64) -> Self {
        /// Rarer than this is not worth a word.
        const LEAST: f64 = 0.001;
        let bytes = float(bytes);
        let variance = if chance < LEAST { 0.0 } else { bytes * bytes * chance };
        Self { mean: Size::ZERO, variance }
    }

    /// As much again for each of `all` as for each of `part`.
    pub fn scaled(self, all: u64, part: u64) -> Self {
        if all == part {
            return self;
        }
        let times = float(all) / float(part.max(1));
        let mean = float(self.mean.raw()) / 65_536.0 * times;
        Self { mean: size(mean), variance: self.variance * times }
    }

    /// This many bytes for each of a random number of things.
    pub fn each(count: Count, bytes: u64) -> Self {
        let bytes = float(bytes);
        Self { mean: size(count.mean * bytes), variance: count.variance * bytes * bytes }
    }
}

impl Add for Drawn {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { mean: self.mean + other.mean, variance: self.variance + other.variance }
    }
}

impl AddAssign for Drawn {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// A random number of things.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Count {
    pub mean: f64,
    pub variance: f64,
}

/// How far a size of this `variance` may be off either way, but for one draw in twenty: two
/// standard deviations.
///
/// Never inlined: where it is, a compiler takes the root for every key, to throw it away.
#[inline(never)]
pub(super) fn deviation(variance: f64) -> Size {
    size(2.0 * variance.sqrt())
}

/// `n` as a float; counts beyond 2^53 lose bits, no server holds that many of anything.
#[allow(clippy::cast_precision_loss)]
pub(super) const fn float(n: u64) -> f64 {
    n as f64
}

/// `bytes` in fixed point.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn size(bytes: f64) -> Size {
    // a float-to-integer cast saturates, and nothing here is negative
    Size::from_raw((bytes * 65_536.0).round() as u64)
}

/// `count` rounded up.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(super) fn ceil(count: f64) -> u64 {
    count.ceil() as u64
}

/// The whole number nearest to `count`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(super) fn nearest(count: f64) -> u64 {
    count.round() as u64
}

/// `base` to the `n`-th by squaring.
fn power(base: f64, n: u64) -> f64 {
    let (mut result, mut square, mut left) = (1.0, base, n);
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    result
}

/// The probability that a given one of `slots` is hit by none of `n`.
fn empty(n: u64, slots: u64) -> f64 {
    power(1.0 - 1.0 / float(slots.max(1)), n)
}

/// How many of `slots` hold at least one of `n` keys.
pub(super) fn occupied(n: u64, slots: u64) -> f64 {
    float(slots) * (1.0 - empty(n, slots))
}

/// The same with its variance.
pub(super) fn filled(n: u64, slots: u64) -> Count {
    let Count { mean, variance } = colliding(n, slots);
    Count { mean: float(n) - mean, variance }
}

/// The probability that `count`, taken to be normally distributed, is more than `n`.
pub(super) fn more_than(count: Count, n: u64) -> f64 {
    let Count { mean, variance } = count;
    if variance <= 0.0 {
        return if mean > float(n) { 1.0 } else { 0.0 };
    }
    let off = (mean - float(n) - 0.5) / variance.sqrt();
    let tail = normal_tail(off.abs());
    if off > 0.0 { 1.0 - tail } else { tail }
}

/// The probability that a normal draw lies more than `x` deviations above its mean, to seven digits
/// (Hastings; Abramowitz and Stegun 26.2.19).
fn normal_tail(x: f64) -> f64 {
    const TERMS: [f64; 6] = [
        0.049_867_347,
        0.021_141_006_1,
        0.003_277_626_3,
        0.000_038_003_6,
        0.000_048_890_6,
        0.000_005_383,
    ];
    let sum = TERMS.iter().rev().fold(0.0, |sum, term| (sum + term) * x) + 1.0;
    0.5 / power(sum, 16)
}

/// How many of `n` keys share a slot with one that came before. Where `n` is large, the slots'
/// loads are nearly independent given their sum, which gives the variance.
pub(super) fn colliding(n: u64, slots: u64) -> Count {
    let free = empty(n, slots);
    let load = float(n) / float(slots.max(1));
    Count {
        mean: (float(n) - occupied(n, slots)).max(0.0),
        variance: (float(slots) * free * (1.0 - free * (1.0 + load))).max(0.0),
    }
}

/// How many child buckets hang on `buckets` of seven entries that hold `n` (hashtable.c, Valkey
/// 8.1): the last place of a full bucket becomes the link to the next one.
pub(super) fn child_buckets(n: u64, buckets: u64) -> Count {
    if buckets <= 1 {
        return Count { mean: float(n.saturating_sub(7).div_ceil(6)), variance: 0.0 };
    }
    let load = float(n) / float(buckets);
    let ratio = 1.0 / (float(buckets) - 1.0);
    let mut chance = empty(n, buckets);
    let (mut mean, mut square, mut with_load) = (0.0, 0.0, 0.0);
    for held in 1..=n.min(ceil(load * 8.0) + 64) {
        chance *= float(n - held + 1) / float(held) * ratio;
        let children = float(held.saturating_sub(7).div_ceil(6));
        mean += chance * children;
        square += chance * children * children;
        with_load += chance * children * float(held);
    }
    // the loads of all buckets add up to `n`: what correlates with the load does not vary
    let tied = (with_load - mean * load) * (with_load - mean * load) / load;
    let variance = (square - mean * mean - tied).max(0.0);
    Count { mean: mean * float(buckets), variance: variance * float(buckets) }
}

/// An allocation of `base` bytes and 16 for each level of a skiplist node: a node has one level
/// more with a chance of a quarter (`ZSKIPLIST_P`).
pub(super) fn skiplist_node(allocator: Allocator, base: u64) -> Drawn {
    /// Nodes higher than this are one in 4^20.
    const LEVELS: u32 = 20;
    let (mut sum, mut squares) = (0_u128, 0_u128);
    for level in 1..=LEVELS {
        let weight = if level == LEVELS { 4 } else { 3 << (2 * (LEVELS - level)) };
        let bytes = u128::from(allocator.usable(base.saturating_add(16 * u64::from(level))));
        sum += weight * bytes;
        squares += weight * bytes * bytes;
    }
    let mean = u64::try_from((sum << 16) >> (2 * LEVELS)).unwrap_or(u64::MAX);
    let exact = wide(sum) / wide(1 << (2 * LEVELS));
    let variance = (wide(squares) / wide(1 << (2 * LEVELS)) - exact * exact).max(0.0);
    Drawn { mean: Size::from_raw(mean), variance }
}

#[allow(clippy::cast_precision_loss)]
const fn wide(n: u128) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skiplist_node_takes_what_its_levels_take_on_average() {
        let mean = |allocator| float(skiplist_node(allocator, 24).mean.raw()) / 65_536.0;
        assert!((mean(Allocator::Jemalloc) - 45.836).abs() < 0.001);
        assert!((mean(Allocator::SystemJemalloc) - 53.336).abs() < 0.001);
        assert!((mean(Allocator::Libc) - 45.333).abs() < 0.001);
    }

    #[test]
    fn weights_of_the_levels_add_up() {
        let always_64 = skiplist_node(Allocator::Jemalloc, 1 << 40);
        assert_eq!(always_64.mean, Size::bytes((1 << 40) + (1 << 38)));
        assert!(always_64.variance.abs() < 1.0);
    }

    #[test]
    fn keys_collide_as_often_as_loads_say() {
        for (n, per_key) in [(1 << 20, 0.368), (800_000, 0.300), (1 << 19, 0.213)] {
            let share = colliding(n, 1 << 20).mean / float(n);
            assert!((share - per_key).abs() < 0.001, "{n}: {share}");
        }
        assert_eq!(colliding(1, 4).mean, 0.0);
    }

    #[test]
    fn tails_of_the_normal_distribution() {
        for (x, tail) in [(0.0, 0.5), (1.0, 0.158_655), (2.0, 0.022_750), (4.0, 0.000_032)] {
            assert!((normal_tail(x) - tail).abs() < 1e-6, "{x}");
        }
        let count = filled(512, 512);
        assert!((count.mean - 323.8).abs() < 0.1 && (count.variance.sqrt() - 7.06).abs() < 0.1);
        assert!((more_than(count, 323) - 0.5).abs() < 0.05);
        assert!(more_than(Count { mean: 2.0, variance: 0.0 }, 1) == 1.0);
    }

    #[test]
    fn child_buckets_follow_the_load() {
        for (load, each) in [(4, 0.051), (5, 0.134), (6, 0.260)] {
            let count = child_buckets(load << 14, 1 << 14);
            assert!((count.mean / float(1 << 14) - each).abs() < 0.001, "{load}: {count:?}");
        }
        assert_eq!(child_buckets(7, 1).mean, 0.0);
        assert_eq!(child_buckets(8, 1).mean, 1.0);
        assert_eq!(child_buckets(14, 1).mean, 2.0);
    }

    #[test]
    fn a_few_draws_have_the_variance_that_counting_gives() {
        // two keys, two slots: one collision in half of the cases
        let count = colliding(2, 2);
        assert!((count.mean - 0.5).abs() < 1e-9);
        // twelve entries in two buckets: a child where one holds more than seven
        let count = child_buckets(12, 2);
        let more = 2.0 * (495.0 + 220.0 + 66.0 + 12.0 + 1.0) / 4096.0;
        assert!((count.mean - more).abs() < 1e-9, "{count:?} {more}");
    }
}
