//! Percentiles: how bytes or elements are spread over keys.

use hdrhistogram::Histogram;

/// Values up to this are told apart; larger ones count as this. What [`crate::footprint::Size`]
/// can hold at the most.
const HIGHEST: u64 = 1 << 48;
/// Two significant digits: a percentile is off by less than one in a hundred.
const DIGITS: u8 = 2;

/// Values below this have a count of their own; above, each power of two is split in half as many.
const FINE: u64 = 256;
const FINE_BITS: u32 = FINE.ilog2();
/// So many counts reach from zero to the highest value.
const COUNTS: usize = (HIGHEST.ilog2() - FINE_BITS + 2) as usize * (1 << (FINE_BITS - 1)) + 1;

/// A histogram that every value fits in.
///
/// All have the same bounds, so that they merge count by count. Counting is on the path of every
/// key, so it is done here, in the buckets of [`Histogram`]; that answers the questions. And it is done in
/// sixteen bits, so that counts of close values are in the same line of the processor's cache.
#[derive(Debug, Clone, Default)]
pub struct Spread {
    /// The lower bits of each count.
    counts: Vec<u16>,
    /// Of each count what those cannot hold; empty as long as they hold all.
    beyond: Vec<u64>,
    max: u64,
}

/// The place of a value's count, as in a [`Histogram`] of two digits from one up.
#[inline]
fn place(value: u64) -> usize {
    let shift = (value | (FINE - 1)).ilog2() + 1 - FINE_BITS;
    let place = (value >> shift) + u64::from(shift) * (FINE / 2);
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// The lowest of the values that are counted at `place`.
const fn lowest(place: usize) -> u64 {
    let place = place as u64;
    let shift = (place / (FINE / 2)).saturating_sub(1);
    (place - shift * (FINE / 2)) << shift
}

impl Spread {
    /// Adds one value.
    #[inline]
    pub fn add(&mut self, value: u64) {
        let place = place(value);
        match self.counts.get_mut(place) {
            Some(count) => {
                *count = count.wrapping_add(1);
                if *count == 0 {
                    self.carry(place);
                }
            }
            None => self.restore(value, 1),
        }
        self.max = self.max.max(value);
    }

    /// Puts in `times` values in the range of `value`: the first ones of all, those that are too large
    /// to be told apart, and such as were read from a summary.
    #[cold]
    #[inline(never)]
    pub(super) fn restore(&mut self, value: u64, times: u64) {
        self.add_many(place(value.min(HIGHEST)), times);
        self.max = self.max.max(value);
    }

    /// Adds what a count could not hold that is zero for it.
    #[cold]
    #[inline(never)]
    fn carry(&mut self, place: usize) {
        const FULL: u64 = 1 << u16::BITS;
        self.beyond.resize(COUNTS, 0);
        if let Some(beyond) = self.beyond.get_mut(place) {
            *beyond = beyond.saturating_add(FULL);
        }
    }

    /// Adds to a count, whether there is memory for it or not.
    fn add_many(&mut self, place: usize, times: u64) {
        self.counts.resize(COUNTS, 0);
        let Some(count) = self.counts.get_mut(place) else { return };
        let sum = u64::from(*count).saturating_add(times);
        let low = sum & u64::from(u16::MAX);
        *count = u16::try_from(low).unwrap_or_default();
        if sum > low {
            self.beyond.resize(COUNTS, 0);
            if let Some(beyond) = self.beyond.get_mut(place) {
                *beyond = beyond.saturating_add(sum - low);
            }
        }
    }

    /// How many values are counted at each place.
    fn all(&self) -> impl Iterator<Item = u64> {
        let beyond = self.beyond.iter().copied().chain(std::iter::repeat(0));
        self.counts.iter().zip(beyond).map(|(count, beyond)| beyond.saturating_add((*count).into()))
    }

    /// The same for the largest value.
    pub(super) fn restore_max(&mut self, max: u64) {
        self.max = self.max.max(max);
    }

    /// How many values it has seen.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.all().fold(0, u64::saturating_add)
    }

    /// Whether it has seen no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all().all(|count| count == 0)
    }

    /// The largest value, exactly; `None` without values.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        if self.is_empty() { None } else { Some(self.max) }
    }

    /// The values that so many per cent of all do not exceed; `None` without values.
    #[must_use]
    pub fn percentiles<const N: usize>(&self, percents: [f64; N]) -> Option<[u64; N]> {
        let histogram = self.histogram()?;
        Some(percents.map(|percent| histogram.value_at_percentile(percent).min(self.max)))
    }

    /// What it has seen, with all that a [`Histogram`] can tell; `None` without values.
    #[must_use]
    pub fn histogram(&self) -> Option<Histogram<u64>> {
        // no more of it than is needed: all of it is ten pages of memory
        let mut histogram = Histogram::new_with_max(self.max.clamp(2, HIGHEST), DIGITS).ok()?;
        for (value, count) in self.counts() {
            histogram.saturating_record_n(value, count);
        }
        (!self.is_empty()).then_some(histogram)
    }

    /// Each range of values that occurs, by its lowest value, with how many lie in it.
    pub fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        let counts = self.all().zip(0..).filter(|(count, _)| *count > 0);
        counts.map(|(count, place)| (lowest(place), count))
    }

    /// Takes in what another one has seen, and empties it.
    pub fn take_in(&mut self, other: &mut Self) {
        // behind the largest value there is nothing, and mostly no memory as long as nobody looks there
        let end = place(other.max.min(HIGHEST)) + 1;
        let some = other.all().zip(0..end).filter(|(count, _)| *count > 0);
        some.for_each(|(count, place)| self.add_many(place, count));
        if let Some(counts) = other.counts.get_mut(..end) {
            counts.fill(0);
        }
        other.beyond.clear();
        self.max = self.max.max(std::mem::take(&mut other.max));
    }
}

impl PartialEq for Spread {
    /// How much room there is does not count.
    fn eq(&self, other: &Self) -> bool {
        self.max == other.max && self.counts().eq(other.counts())
    }
}

impl Eq for Spread {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_keep_two_digits() {
        let mut spread = Spread::default();
        assert_eq!(spread.percentiles([50.0]), None);
        for value in 1..=1000 {
            spread.add(value * 100);
        }
        let [p50, p99, all] = spread.percentiles([50.0, 99.0, 100.0]).unwrap();
        assert!(p50.abs_diff(50_000) <= 500, "{p50}");
        assert!(p99.abs_diff(99_000) <= 990, "{p99}");
        assert_eq!((all, spread.max(), spread.len()), (100_000, Some(100_000), 1000));
    }

    #[test]
    fn values_are_counted_where_the_crate_counts_them() {
        assert_eq!(lowest(COUNTS - 1), HIGHEST);
        let mut theirs = Histogram::<u64>::new_with_max(HIGHEST, DIGITS).unwrap();
        let mut ours = Spread::default();
        let powers = (0..48).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, 3 << bit >> 1]);
        for value in (0..2000).chain(powers) {
            theirs.record(value).unwrap();
            ours.add(value);
            assert!(lowest(place(value)) <= value && value < lowest(place(value) + 1));
        }
        assert_eq!(ours.histogram().unwrap(), theirs);
    }

    #[test]
    fn no_value_is_lost() {
        let mut spread = Spread::default();
        for value in [0, 1, 1 << 47, 1 << 48, u64::MAX] {
            spread.add(value);
        }
        assert_eq!((spread.len(), spread.max()), (5, Some(u64::MAX)));
        assert_eq!(spread.counts().map(|(_, count)| count).sum::<u64>(), 5);
        assert_eq!(spread.histogram().unwrap().len(), 5);
    }

    #[test]
    fn counts_are_told_that_sixteen_bits_do_not_hold() {
        let [mut one, mut other] = <[Spread; 2]>::default();
        for n in 0..200_000 {
            one.add(7 + n % 2);
            other.add(8);
        }
        other.add(1000);
        let counts: Vec<_> = one.counts().collect();
        assert_eq!(counts, [(7, 100_000), (8, 100_000)]);
        one.take_in(&mut other);
        assert!(other.is_empty() && other == Spread::default());
        assert_eq!(one.counts().collect::<Vec<_>>(), [(7, 100_000), (8, 300_000), (1000, 1)]);
        one.restore(8, u64::MAX);
        assert_eq!((one.len(), one.max()), (u64::MAX, Some(1000)));
        // what was emptied serves again
        other.add(8);
        assert_eq!(other.counts().collect::<Vec<_>>(), [(8, 1)]);
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let [mut whole, mut odd, mut even] = <[Spread; 3]>::default();
        for value in (0..200_000_u64).step_by(37) {
            whole.add(value);
            if value % 2 == 0 {
                even.add(value)
            } else {
                odd.add(value)
            };
        }
        let (mut one, mut other) = (odd.clone(), even.clone());
        one.take_in(&mut even);
        other.take_in(&mut odd);
        assert!(odd.is_empty() && even.is_empty());
        assert_eq!(one, whole);
        assert_eq!(other, whole);
        assert_eq!(one.max(), whole.max());
    }
}
