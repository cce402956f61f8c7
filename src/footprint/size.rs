//! Bytes as a fixed-point number, so that expectations add up exactly in any order.

use super::{LANES, OTHERS};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// A number of bytes in 65536ths.
///
/// What a server draws at random (a skiplist node's level) enters as its expectation, which is no
/// whole number; sums of fixed-point numbers do not depend on their order, sums of floats would.
/// Arithmetic saturates: 256 TiB is the most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

impl Size {
    /// No bytes.
    pub const ZERO: Self = Self(0);
    const ONE: u64 = 1 << 16;

    /// `n` whole bytes.
    #[must_use]
    #[inline]
    pub const fn bytes(n: u64) -> Self {
        Self(n.saturating_mul(Self::ONE))
    }

    /// The fraction `numerator / denominator` of a byte, rounded down; zero for a zero denominator.
    #[must_use]
    pub fn ratio(numerator: u64, denominator: u64) -> Self {
        let scaled = u128::from(numerator) * u128::from(Self::ONE);
        let ratio = scaled.checked_div(u128::from(denominator)).unwrap_or_default();
        Self(u64::try_from(ratio).unwrap_or(u64::MAX))
    }

    /// From 65536ths of a byte.
    #[must_use]
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// In 65536ths of a byte.
    #[must_use]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Rounded to whole bytes.
    #[must_use]
    #[inline]
    pub const fn round(self) -> u64 {
        self.0.saturating_add(Self::ONE / 2) / Self::ONE
    }

    /// Rounded down to whole bytes.
    #[must_use]
    pub const fn floor(self) -> u64 {
        self.0 / Self::ONE
    }

    /// `n` times this.
    #[must_use]
    #[inline]
    pub const fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }
}

impl Add for Size {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Size {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Size {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::ZERO, Add::add)
    }
}

/// One size a lane: the same thing under several measures or servers, out of one pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Sizes(pub [Size; LANES]);

impl Sizes {
    /// The size in the first lane: the one that the report shows.
    #[must_use]
    #[inline]
    pub const fn first(&self) -> Size {
        let [first, ..] = self.0;
        first
    }

    /// The size in the first lane, and those in the others where there are any.
    #[must_use]
    pub(crate) fn of(first: Size, others: Option<&[Size; OTHERS]>) -> Self {
        let [a, b, c] = others.copied().unwrap_or_default();
        Self([first, a, b, c])
    }

    /// The sizes in the other lanes.
    #[must_use]
    #[inline]
    pub const fn others(&self) -> &[Size; OTHERS] {
        let [_, others @ ..] = &self.0;
        others
    }

    /// The size in lane `lane`; nothing where there is no such lane.
    #[must_use]
    pub fn lane(&self, lane: usize) -> Size {
        self.0.get(lane).copied().unwrap_or_default()
    }
}

impl AddAssign for Sizes {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        let ([mine, more @ ..], [theirs, others @ ..]) = (&mut self.0, other.0);
        *mine += theirs;
        // mostly there is but one lane
        if others != [Size::ZERO; OTHERS] {
            add_others(more, others);
        }
    }
}

#[cold]
#[inline(never)]
fn add_others(mine: &mut [Size; OTHERS], theirs: [Size; OTHERS]) {
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine += theirs;
    }
}

/// A size as servers' configurations write it: a number of bytes, or one with `k`, `m`, `g`, `t`
/// (powers of 1000) or `kb`, `mb`, `gb`, `tb` (powers of 1024), in either case.
#[must_use]
pub fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" | "kib" => 1 << 10,
        "m" => 1_000_000,
        "mb" | "mib" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" | "gib" => 1 << 30,
        "t" => 1_000_000_000_000,
        "tb" | "tib" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_add_up_and_round_once() {
        let third = Size::ratio(1, 3);
        assert_eq!((third + third + third).round(), 1);
        assert_eq!(third.times(300).round(), 100);
        assert_eq!(Size::bytes(7).floor(), 7);
        assert_eq!(Size::ratio(1, 0), Size::ZERO);
        assert_eq!(Size::bytes(u64::MAX) + Size::bytes(1), Size::bytes(u64::MAX));
    }
}
