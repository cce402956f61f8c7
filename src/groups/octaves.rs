//! Percentiles of few values or many, in as little memory as their range needs.
//!
//! There is one for each node of the tree of names, so it must be small: it counts in octaves, each
//! split in eight, and holds those between the smallest value and the largest. Most patterns have
//! keys within a few octaves, 32 bytes each.

/// Values below this have a count of their own; above, each octave is split in half as many.
const FINE: u64 = 16;
const FINE_BITS: u32 = FINE.ilog2();
/// Counts of an octave.
const STEPS: usize = 1 << (FINE_BITS - 1);
/// So many counts reach from zero to the highest value.
const COUNTS: usize = (u64::BITS - FINE_BITS + 2) as usize * STEPS;

/// How values are spread: the middle of a range that is an eighth of an octave stands for all in
/// it, so a percentile is off by one in sixteen at the most. The largest value is kept exactly.
#[derive(Debug, Clone, Default)]
pub struct Octaves {
    /// Counts of whole octaves from `base` on. Where one would overflow there are [`COUNTS`] from
    /// zero on, and the upper halves behind them: no value's place is among those.
    counts: Box<[u32]>,
    /// The place of the first count.
    base: u32,
    max: u64,
}

/// The place of a value's count.
#[inline(always)]
const fn place(value: u64) -> u64 {
    let shift = (value | (FINE - 1)).ilog2() + 1 - FINE_BITS;
    (value >> shift) + (shift as u64) * (FINE / 2)
}

/// The lowest of the values that are counted at `place`, and how many others there are.
const fn range(place: u64) -> (u64, u64) {
    let shift = (place / (FINE / 2)).saturating_sub(1);
    ((place - shift * (FINE / 2)) << shift, (1 << shift) - 1)
}

impl Octaves {
    /// Adds one value.
    #[inline(always)]
    pub(super) fn add(&mut self, value: u64) {
        let place = place(value);
        // below the first count it is far behind the last one
        let at = place.wrapping_sub(u64::from(self.base));
        let count = usize::try_from(at).ok().and_then(|at| self.counts.get_mut(at));
        match count.and_then(|count| Some((count.checked_add(1)?, count))) {
            Some((more, count)) => *count = more,
            None => self.add_many(place, 1),
        }
        if value > self.max {
            self.max = value;
        }
    }

    /// Adds to a count that may not be there, or may be full.
    #[cold]
    #[inline(never)]
    fn add_many(&mut self, place: u64, times: u64) {
        self.reach(place);
        let at = usize::try_from(place - u64::from(self.base)).unwrap_or(usize::MAX);
        let sum = self.at(at).saturating_add(times);
        if u32::try_from(sum).is_err() && !self.is_wide() {
            self.widen();
            return self.add_many(place, times);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count = low(sum);
        }
        if let (true, Some(count)) = (self.is_wide(), self.counts.get_mut(at + COUNTS)) {
            *count = low(sum >> u32::BITS);
        }
    }

    const fn is_wide(&self) -> bool {
        self.counts.len() > COUNTS
    }

    /// How many values are counted at this index.
    fn at(&self, at: usize) -> u64 {
        let upper = if self.is_wide() { self.counts.get(at + COUNTS) } else { None };
        let half = |count: Option<&u32>| u64::from(count.copied().unwrap_or_default());
        half(upper) << u32::BITS | half(self.counts.get(at))
    }

    /// Makes room for the octave of `place`, and for those between it and the others.
    fn reach(&mut self, place: u64) {
        let octave = |place: u64| usize::try_from(place).unwrap_or(COUNTS - 1) / STEPS * STEPS;
        let (base, len) = (octave(u64::from(self.base)), self.counts.len());
        let (low, high) = match len {
            0 => (octave(place), octave(place) + STEPS),
            _ => (base.min(octave(place)), (base + len).max(octave(place) + STEPS)),
        };
        if !self.is_wide() && high - low > len {
            let mut counts = vec![0; high - low];
            counts.iter_mut().skip(base.saturating_sub(low)).zip(&self.counts).for_each(copy);
            (self.counts, self.base) = (counts.into(), u32::try_from(low).unwrap_or_default());
        }
    }

    /// Makes room for counts of 64 bits.
    fn widen(&mut self) {
        let mut counts = vec![0; 2 * COUNTS];
        let base = usize::try_from(self.base).unwrap_or_default();
        counts.iter_mut().skip(base).zip(&self.counts).for_each(copy);
        (self.counts, self.base) = (counts.into(), 0);
    }

    /// The places that have any values, with how many.
    fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        let places = u64::from(self.base)..;
        let len = self.counts.len().min(COUNTS);
        let counts = places.zip((0..len).map(|at| self.at(at)));
        counts.filter(|(_, count)| *count > 0)
    }

    /// How many values it has seen.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.counts().fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Whether it has seen no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts().next().is_none()
    }

    /// The largest value, exactly; `None` without values.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        if self.is_empty() { None } else { Some(self.max) }
    }

    /// The values that so many per cent of all do not exceed, to one in sixteen; `None` without
    /// values.
    #[must_use]
    pub fn percentiles<const N: usize>(&self, percents: [u64; N]) -> Option<[u64; N]> {
        let max = self.max()?;
        let len = self.len();
        Some(percents.map(|percent| {
            let rank = (u128::from(len) * u128::from(percent)).div_ceil(100).max(1);
            if rank >= u128::from(len) { max } else { self.ranked(rank).min(max) }
        }))
    }

    /// What stands for the value of this rank.
    fn ranked(&self, rank: u128) -> u64 {
        let mut upto = 0;
        let found = self.counts().find(|(_, count)| {
            upto += u128::from(*count);
            upto >= rank
        });
        let (lowest, others) = found.map_or((u64::MAX, 0), |(place, _)| range(place));
        lowest + others / 2
    }

    /// Adds what another one has seen.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.is_empty() {
            self.clone_from(other);
            return;
        }
        for (place, count) in other.counts() {
            self.add_many(place, count);
        }
        self.max = self.max.max(other.max);
    }

    /// Forgets all values, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.counts.fill(0);
        self.max = 0;
    }
}

fn copy((to, from): (&mut u32, &u32)) {
    *to = *from;
}

/// The lower half of a count.
fn low(count: u64) -> u32 {
    u32::try_from(count & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

impl PartialEq for Octaves {
    /// How much room there is does not count.
    fn eq(&self, other: &Self) -> bool {
        self.max == other.max && self.counts().eq(other.counts())
    }
}

impl Eq for Octaves {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn octaves(values: &[u64]) -> Octaves {
        let mut octaves = Octaves::default();
        values.iter().for_each(|value| octaves.add(*value));
        octaves
    }

    /// Whether `found` may stand for `value`.
    fn is_near(found: u64, value: u64) -> bool {
        u128::from(found.abs_diff(value)) * 16 <= u128::from(value)
    }

    #[test]
    fn each_value_lies_in_the_range_of_its_place() {
        let powers = (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, 3 << bit >> 1]);
        for value in (0..5000).chain(powers).chain([u64::MAX]) {
            let (lowest, others) = range(place(value));
            assert!(lowest <= value && value - lowest <= others, "{value}");
            assert!(is_near(lowest + others / 2, value), "{value}");
        }
        assert_eq!(place(u64::MAX), COUNTS as u64 - 1);
        assert!((0..5000).map(place).is_sorted());
    }

    #[test]
    fn a_few_octaves_take_little() {
        let sizes: Vec<u64> = (64..512).collect();
        assert_eq!(octaves(&sizes).counts.len(), 3 * STEPS);
        assert_eq!(octaves(&[100; 50]).counts.len(), STEPS);
        assert_eq!(octaves(&[0, u64::MAX]).counts.len(), COUNTS);
        assert!(size_of::<Octaves>() <= 32);
    }

    #[test]
    fn no_count_overflows() {
        let full = u64::from(u32::MAX);
        let mut octaves = octaves(&[70, 80, 5000]);
        octaves.add_many(place(80), full - 2);
        assert!(!octaves.is_wide());
        let mut before = octaves.clone();
        for n in 0..4 {
            octaves.add(80);
            assert_eq!((octaves.len(), octaves.is_wide()), (full + n + 2, n > 0));
        }
        octaves.add(3);
        octaves.add(1 << 60);
        assert_eq!(octaves.percentiles([1, 50, 100]), Some([83, 83, 1 << 60]));
        let twice = octaves.clone();
        octaves.merge(&twice);
        assert_eq!(octaves.len(), 2 * (full + 7));
        octaves.merge(&before);
        before.merge(&twice);
        before.merge(&twice);
        assert_eq!(octaves, before);
        octaves.clear();
        assert_eq!((octaves.len(), octaves.max()), (0, None));
    }

    #[test]
    fn the_last_of_all_is_the_largest_exactly() {
        assert_eq!(octaves(&[]).percentiles([50]), None);
        assert_eq!(octaves(&[1234]).percentiles([50, 99]), Some([1234, 1234]));
        assert_eq!(octaves(&[0, 0, 1000]).percentiles([50, 66, 67]), Some([0, 0, 1000]));
        assert_eq!(octaves(&[80; 1000]).percentiles([50, 99]), Some([80, 80]));
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_values_to_one_in_sixteen(
            mut values in prop::collection::vec(
                prop_oneof![0..40_u64, 0..5000_u64, any::<u64>()],
                1..200,
            ),
            percent in 0..=100_u64,
        ) {
            let found = octaves(&values).percentiles([percent]).unwrap()[0];
            values.sort_unstable();
            let rank = (values.len() as u64 * percent).div_ceil(100).max(1);
            let value = values[usize::try_from(rank).unwrap() - 1];
            prop_assert!(is_near(found, value), "{found} for {value}");
        }

        #[test]
        fn parts_merge_to_the_whole_in_any_order(
            values in prop::collection::vec(
                prop_oneof![0..40_u64, 0..5000_u64, any::<u64>()],
                0..100,
            ),
            owners in prop::collection::vec(0..4_usize, 100),
            order in Just([0, 1, 2, 3]).prop_shuffle(),
        ) {
            let mut merged = Octaves::default();
            // what was used before serves again
            merged.add(7);
            merged.clear();
            for n in order {
                let its = values.iter().zip(&owners).filter(|(_, owner)| **owner == n);
                merged.merge(&octaves(&its.map(|(value, _)| *value).collect::<Vec<_>>()));
            }
            prop_assert_eq!(merged, octaves(&values));
        }
    }
}
