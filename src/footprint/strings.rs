//! Sizes of strings that were worked out before.
//!
//! A snapshot of millions of strings has few lengths. What a string takes hangs on its length, its
//! name's, whether it is a number and whether it expires; so it is worked out once for each.

use super::keyspace::{Key, Value};
use super::profile::Profile;
use super::{Encoding, OTHERS, Size, Sizes};

/// How many are remembered, each in its own place.
const PLACES: usize = 2048;

/// Sizes that were worked out, to be looked up.
#[derive(Debug, Clone, Default)]
pub(super) struct Strings {
    known: Vec<Known>,
    /// In the same places, what they take in the lanes behind the first; empty where there are none.
    others: Vec<[Size; OTHERS]>,
}

/// What was worked out for the first lane.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// All that it hangs on.
    what: u64,
    bytes: Size,
    encoding: Encoding,
}

impl Known {
    const NONE: Self = Self { what: UNKNOWN, bytes: Size::ZERO, encoding: Encoding::Raw };
}

/// What a key takes whose value is one string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StringSize<'s> {
    /// How the first lane's server holds the value.
    pub encoding: Encoding,
    /// What it takes, in the first lane.
    pub bytes: Size,
    /// And in the others, where there are any.
    pub others: Option<&'s [Size; OTHERS]>,
}

/// Stands for what cannot be told in one number, and for a place where nothing is known yet. No string
/// has either.
const NOTHING: u64 = u64::MAX;
const UNKNOWN: u64 = NOTHING - 1;

impl Strings {
    /// What the key with the string `value` takes; of `profiles` the first decides the encoding.
    #[inline(always)]
    pub fn size(&mut self, profiles: &[Profile], key: &Key, value: &Value) -> StringSize<'_> {
        let what = what(key, value);
        let mut place = (what.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % PLACES;
        if self.known.get(place).is_none_or(|known| known.what != what) {
            // others than these: what is pointed to has to lie in memory
            let key = Key { len: key.len, expires: key.expires, classes: key.classes };
            let value = Value { len: value.len, int: value.int };
            place = self.learn(place, what, profiles, (&key, &value));
        }
        // out of the table in either case: of two places it would be copied into a third one
        let Known { bytes, encoding, .. } = self.known.get(place).copied().unwrap_or(Known::NONE);
        StringSize { encoding, bytes, others: self.others.get(place) }
    }

    /// Works it out and puts it into its place, or behind all where it has none; which is answered.
    #[cold]
    #[inline(never)]
    fn learn(
        &mut self,
        place: usize,
        what: u64,
        profiles: &[Profile],
        (key, value): (&Key, &Value),
    ) -> usize {
        let (encoding, sizes) = work_out(profiles, key, value);
        self.known.resize(PLACES + 1, Known::NONE);
        let (what, place) = if what == NOTHING { (UNKNOWN, PLACES) } else { (what, place) };
        if let Some(known) = self.known.get_mut(place) {
            *known = Known { what, bytes: sizes.first(), encoding };
        }
        if profiles.len() > 1 {
            self.others.resize(PLACES + 1, Default::default());
            if let Some(others) = self.others.get_mut(place) {
                *others = *sizes.others();
            }
        }
        place
    }
}

/// All that a string's size hangs on, in one number; [`NOTHING`] where that cannot hold it.
#[inline(always)]
const fn what(key: &Key, value: &Value) -> u64 {
    if key.len >> 16 != 0 || value.len >> 40 != 0 || key.classes != 0 {
        return NOTHING;
    }
    let number = match value.int {
        None => 0,
        Some(n) if Value::is_shared(n) => 1,
        Some(_) => 2,
    };
    (key.expires as u64) << 1 | number << 2 | key.len << 8 | value.len << 24
}

#[inline(never)]
fn work_out(profiles: &[Profile], key: &Key, value: &Value) -> (Encoding, Sizes) {
    let (mut encoding, mut sizes) = (None, Sizes::default());
    for (size, profile) in sizes.0.iter_mut().zip(profiles) {
        let (held, parts) = profile.string_value(key, value);
        *size = parts.total();
        encoding.get_or_insert(held);
    }
    (encoding.unwrap_or(Encoding::Raw), sizes)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lane, profile};
    use super::super::{Allocator, Measure};
    use super::*;

    #[test]
    fn what_is_remembered_is_what_is_worked_out() {
        let profiles = [
            profile("redis-8.2"),
            lane("valkey-8.1", Allocator::Libc, Measure::Reported),
            lane("redis-6.2", Allocator::SystemJemalloc, Measure::Reported),
        ];
        let mut strings = Strings::default();
        for _ in 0..2 {
            for (key, value) in (0..400).flat_map(|key| (0..80).map(move |value| (key, value))) {
                let len = if value % 7 == 0 { value * 1000 } else { value };
                for int in [None, Some(7), Some(10_000)] {
                    for (expires, classes) in [(false, 0), (true, 0), (false, 1)] {
                        let key = Key { len: key, expires, classes };
                        let value = Value { len, int };
                        let known = strings.size(&profiles, &key, &value);
                        let known = (known.encoding, Sizes::of(known.bytes, known.others));
                        assert_eq!(known, work_out(&profiles, &key, &value), "{key:?} {value:?}");
                    }
                }
            }
        }
        let long = Key { len: 1 << 16, ..Key::default() };
        let value = Value { len: 1 << 40, int: None };
        let known = strings.size(&profiles, &long, &value);
        let known = (known.encoding, Sizes::of(known.bytes, known.others));
        assert_eq!(known, work_out(&profiles, &long, &value));
    }
}
