//! Lifetimes: what frees itself by when.

use super::totals::Share;
use crate::entries::Expiry;
use crate::footprint::{FIELD_TIMES, Size};
use std::hint::select_unpredictable;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Up to where each lifetime from [`Lifetime::Expired`] on reaches; the last has no end.
const BOUNDS_MS: [i64; 7] =
    [-1, HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS];

/// A TTL that ends later than this hardly is one: a year.
const ABSURD_MS: i64 = 365 * DAY_MS;
/// So many bits the longest time left may have.
const BITS: usize = i64::BITS as usize - 1;

/// For each number of bits of a time left, one that lies between times of so many bits, and how many of
/// [`BOUNDS_MS`] and [`ABSURD_MS`] are shorter. Of no number of bits there are two, so with a look at the
/// other one it is known how many of them a time has passed.
#[allow(clippy::indexing_slicing, reason = "while compiling")]
const BY_BITS: [(i64, u8); BITS] = {
    let mut all = [(i64::MAX, 0); BITS];
    let (mut bits, mut passed) = (0, 0_u8);
    while bits < BITS {
        let place = passed as usize;
        let bound = if place < BOUNDS_MS.len() { BOUNDS_MS[place] } else { ABSURD_MS };
        let is_next = place <= BOUNDS_MS.len() && bits_of(bound) == bits;
        all[bits] = (if is_next { bound } else { i64::MAX }, passed);
        passed += is_next as u8;
        bits += 1;
    }
    all
};

/// How many bits a time left has behind its highest one; none where it is over.
#[inline(always)]
const fn bits_of(left: i64) -> usize {
    let left = if left < 0 { 0 } else { left };
    (left | 1).ilog2() as usize
}

/// When a key goes, seen from the moment of the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub enum Lifetime {
    /// It has no TTL.
    #[serde(rename = "never")]
    Never,
    /// Its time was over, but it was still in memory.
    #[serde(rename = "expired")]
    Expired,
    /// Within one hour.
    #[serde(rename = "1h")]
    Hour,
    /// Within 4 hours.
    #[serde(rename = "4h")]
    Hours4,
    /// Within 12 hours.
    #[serde(rename = "12h")]
    Hours12,
    /// Within 24 hours.
    #[serde(rename = "24h")]
    Day,
    /// Within 7 days.
    #[serde(rename = "7d")]
    Week,
    /// Within 30 days.
    #[serde(rename = "30d")]
    Month,
    /// Later than that.
    #[serde(rename = "later")]
    Later,
}

impl Lifetime {
    /// All lifetimes, in the order of time; what never goes stands first.
    pub const ALL: [Self; 9] = [
        Self::Never,
        Self::Expired,
        Self::Hour,
        Self::Hours4,
        Self::Hours12,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Later,
    ];

    /// The lifetime of a key in a snapshot taken at `taken_at_ms`. At the very millisecond of its
    /// expiry a key still lives, as the servers have it.
    #[must_use]
    pub fn of(expires_at_ms: Option<i64>, taken_at_ms: i64) -> Self {
        Self::of_ttl(expires_at_ms.into(), taken_at_ms).0
    }

    /// The same, and whether the TTL is so long that it hardly is one: a year.
    #[inline(always)]
    pub(super) fn of_ttl(expiry: Expiry, taken_at_ms: i64) -> (Self, bool) {
        let left = expiry.at_ms_if_set().saturating_sub(taken_at_ms);
        let (bound, passed) = BY_BITS.get(bits_of(left)).copied().unwrap_or_default();
        // lifetimes of neighbouring keys differ, so a branch would be guessed wrong, as would be one
        // for those without
        let place = usize::from(passed) + usize::from(left > bound) + 1;
        let place = select_unpredictable(expiry.is_set(), place, 0);
        match Self::ALL.get(place) {
            Some(lifetime) => (*lifetime, false),
            None => (Self::Later, true),
        }
    }

    /// The times that divide the lifetimes of what expires, for a snapshot taken at `taken_at_ms`.
    #[must_use]
    pub fn bounds(taken_at_ms: i64) -> [i64; FIELD_TIMES - 1] {
        BOUNDS_MS.map(|bound| taken_at_ms.saturating_add(bound))
    }

    /// A short name that is fit for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Expired => "expired",
            Self::Hour => "1h",
            Self::Hours4 => "4h",
            Self::Hours12 => "12h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Later => "later",
        }
    }
}

/// Fields of hashes that have TTLs of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldTtls {
    /// The hashes that have such fields.
    pub hashes: Share,
    /// The fields by lifetime, from [`Lifetime::Expired`] on.
    pub fields: [u64; FIELD_TIMES],
}

impl FieldTtls {
    #[cold]
    #[inline(never)]
    pub(super) fn add(&mut self, bytes: Size, times: &[u64; FIELD_TIMES]) {
        self.hashes.add(bytes);
        self.count(times);
    }

    fn count(&mut self, times: &[u64; FIELD_TIMES]) {
        for (mine, theirs) in self.fields.iter_mut().zip(times) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// Adds those of other keys.
    pub(super) fn merge(&mut self, other: &Self) {
        self.hashes += other.hashes;
        self.count(&other.fields);
    }
}

/// Keys and bytes by lifetime.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lifetimes([Share; 9]);

impl Lifetimes {
    /// Adds keys that have this lifetime.
    pub fn add(&mut self, lifetime: Lifetime, keys: Share) {
        if let Some(share) = self.0.get_mut(lifetime as usize) {
            *share += keys;
        }
    }

    /// Adds one key.
    #[inline(always)]
    pub(super) fn add_one(&mut self, lifetime: Lifetime, bytes: Size) {
        if let Some(share) = self.0.get_mut(lifetime as usize) {
            // keys are fewer than bytes, so they cannot overflow one by one
            share.keys += 1;
            share.bytes += bytes;
        }
    }

    /// Takes one key out again. Where snapshots of several times were merged, a key that expires
    /// may have been counted under another lifetime than this.
    pub(super) fn remove(&mut self, lifetime: Lifetime, key: Share) {
        let holds = |share: &Share| share.keys >= key.keys && share.bytes >= key.bytes;
        let has_it = holds(&self.share(lifetime));
        let expiring = self.0.iter().skip(1).position(holds).map(|place| place + 1);
        let place = match (has_it, lifetime, expiring) {
            (false, other, Some(place)) if other != Lifetime::Never => place,
            _ => lifetime as usize,
        };
        if let Some(share) = self.0.get_mut(place) {
            *share -= key;
        }
    }

    /// What has this lifetime.
    #[must_use]
    pub fn share(&self, lifetime: Lifetime) -> Share {
        self.0.get(lifetime as usize).copied().unwrap_or_default()
    }

    /// Every lifetime with its share, empty ones too.
    pub fn iter(&self) -> impl Iterator<Item = (Lifetime, Share)> {
        Lifetime::ALL.into_iter().zip(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_no_ttl() {
        let is_absurd = |at: Option<i64>, taken_at_ms| Lifetime::of_ttl(at.into(), taken_at_ms).1;
        let of = |left| is_absurd(Some(1000 + left), 1000);
        assert!(!of(ABSURD_MS) && of(ABSURD_MS + 1) && is_absurd(Some(i64::MAX), i64::MIN));
        assert!(!is_absurd(None, i64::MIN));
        let bounds = Lifetime::bounds(1000);
        assert_eq!((bounds[0], bounds[1], bounds[6]), (999, 1000 + HOUR_MS, 1000 + 30 * DAY_MS));
    }

    #[test]
    fn each_end_belongs_to_the_earlier_lifetime() {
        let taken = 1_700_000_000_000;
        let of = |left| Lifetime::of(Some(taken + left), taken);
        assert_eq!(Lifetime::of(None, taken), Lifetime::Never);
        assert_eq!(of(-5), Lifetime::Expired);
        assert_eq!(of(-1), Lifetime::Expired);
        assert_eq!(of(0), Lifetime::Hour);
        assert_eq!(of(1), Lifetime::Hour);
        assert_eq!(of(HOUR_MS), Lifetime::Hour);
        assert_eq!(of(HOUR_MS + 1), Lifetime::Hours4);
        assert_eq!(of(12 * HOUR_MS), Lifetime::Hours12);
        assert_eq!(of(24 * HOUR_MS), Lifetime::Day);
        assert_eq!(of(25 * HOUR_MS), Lifetime::Week);
        assert_eq!(of(30 * 24 * HOUR_MS), Lifetime::Month);
        assert_eq!(of(i64::MAX / 2), Lifetime::Later);
        assert_eq!(Lifetime::of(Some(i64::MIN), i64::MAX), Lifetime::Expired);
        // the same as to count the bounds that were passed
        let near = (0..62).flat_map(|bit| (-1..=1).map(move |by| (1_i64 << bit) + by));
        let bounds = BOUNDS_MS.iter().flat_map(|bound| [bound - 1, *bound, bound + 1]);
        for left in near.chain(bounds) {
            let passed = BOUNDS_MS.iter().filter(|bound| left > **bound).count();
            assert_eq!(of(left), Lifetime::ALL[passed + 1], "{left}");
        }
    }

    #[test]
    fn every_lifetime_has_its_own_place() {
        let mut all = Lifetimes::default();
        let share = |n| Share { keys: n, bytes: Size::bytes(2 * n) };
        for (n, lifetime) in (1..).zip(Lifetime::ALL) {
            all.add(lifetime, share(n));
            all.add(lifetime, share(n));
        }
        for ((n, lifetime), (same, sum)) in (1..).zip(Lifetime::ALL).zip(all.iter()) {
            assert_eq!((lifetime, sum), (same, share(2 * n)));
            assert_eq!(all.share(lifetime), sum);
        }
    }
}
