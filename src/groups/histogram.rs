//! Percentiles: how bytes and elements are spread over the keys of one kind.

use hdrhistogram::Histogram;

/// Values up to this are told apart; larger ones count as this. What [`crate::footprint::Size`]
/// can hold at the most.
const HIGHEST: u64 = 1 << 48;
/// Two significant digits: a percentile is off by less than one in a hundred.
const DIGITS: u8 = 2;

/// A histogram that every value fits in.
///
/// All have the same bounds, so that they merge count by count: growing ones would round anew.
#[derive(Debug, Clone, Default)]
pub struct Spread(Option<Histogram<u64>>);

impl Spread {
    /// Adds one value.
    #[inline]
    pub fn add(&mut self, value: u64) {
        if let Some(counts) = &mut self.0 {
            counts.saturating_record(value);
        } else {
            self.begin(value);
        }
    }

    #[cold]
    fn begin(&mut self, value: u64) {
        self.0 = Histogram::new_with_max(HIGHEST, DIGITS).ok();
        if let Some(counts) = &mut self.0 {
            counts.saturating_record(value);
        }
    }

    /// How many values it has seen.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    /// Whether it has seen no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value that `percent` of the values do not exceed; `None` without values.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<u64> {
        let counts = self.0.as_ref().filter(|counts| !counts.is_empty())?;
        Some(counts.value_at_percentile(percent).min(counts.max()))
    }

    /// The largest value, to two digits; `None` without values.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        self.percentile(100.0)
    }

    /// Each range of values that occurs, by its highest value, with how many lie in it.
    pub fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        let recorded = self.0.iter().flat_map(Histogram::iter_recorded);
        recorded.map(|step| (step.value_iterated_to(), step.count_at_value()))
    }

    /// Takes in what another one has seen, and empties it.
    pub fn take_in(&mut self, other: &mut Self) {
        let Some(theirs) = &mut other.0 else { return };
        if let Some(mine) = &mut self.0 {
            // it fails only where the bounds differ, and all have the same
            let _same_bounds = mine.add(&*theirs);
        } else {
            self.0 = Some(theirs.clone());
        }
        theirs.reset();
    }
}

impl PartialEq for Spread {
    fn eq(&self, other: &Self) -> bool {
        self.counts().eq(other.counts())
    }
}

/// How the keys of one kind are spread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spreads {
    /// Over their bytes in the first lane.
    pub bytes: Spread,
    /// Over their elements (of strings: their length), where they tell.
    pub elements: Spread,
}

impl Spreads {
    /// Adds one key.
    #[inline]
    pub fn add(&mut self, bytes: u64, elements: Option<u64>) {
        self.bytes.add(bytes);
        if let Some(elements) = elements {
            self.elements.add(elements);
        }
    }

    /// Takes in what another one has seen, and empties it.
    pub fn take_in(&mut self, other: &mut Self) {
        self.bytes.take_in(&mut other.bytes);
        self.elements.take_in(&mut other.elements);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_keep_two_digits() {
        let mut spread = Spread::default();
        assert_eq!(spread.percentile(50.0), None);
        for value in 1..=1000 {
            spread.add(value * 100);
        }
        let p50 = spread.percentile(50.0).unwrap();
        assert!(p50.abs_diff(50_000) <= 500, "{p50}");
        assert_eq!(spread.len(), 1000);
    }

    #[test]
    fn no_value_is_lost() {
        let mut spread = Spread::default();
        for value in [0, 1, 1 << 47, 1 << 48, u64::MAX] {
            spread.add(value);
        }
        assert_eq!(spread.len(), 5);
        assert_eq!(spread.counts().map(|(_, count)| count).sum::<u64>(), 5);
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
