//! Sizes of strings that were worked out before.
//!
//! A snapshot of millions of strings has few lengths. What a string takes hangs on its length, its
//! name's, whether it is a number and whether it expires; so it is worked out once for each.

use super::keyspace::{Key, Value};
use super::profile::Profile;
use super::{Encoding, OTHERS, Size, Sizes};

/// How many are remembered, each in its own place, of those that are not [`Near`].
const PLACES: usize = 2048;
/// Names of that length or longer have no places for short strings.
const LONG_NAME: usize = 256;

/// Sizes that were worked out, to be looked up.
///
/// Names and short strings mostly have lengths that are close to each other, so what they take should lie close
/// together: places that a hash tells fill as many lines of the processor's cache as there are pairs of lengths.
#[derive(Debug, Clone, Default)]
pub(super) struct Strings {
    /// Where there is but one lane: by the length of the name and whether the key expires.
    near: Vec<Near>,
    known: Vec<Known>,
    /// In the same places, what they take in the lanes behind the first; empty where there are none.
    others: Vec<[Size; OTHERS]>,
}

/// What short strings of all lengths take, and behind those a number of its own and one that keys share; empty
/// where that is not known yet.
type Near = Box<[(Size, Encoding)]>;

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
        if let [profile] = profiles
            && key.classes == 0
        {
            let far = profile.far();
            let size = match value.int {
                None if value.len >= far => profile.far_string(key, value.len),
                None => self.near(profile, key, value.len),
                Some(n) => self.near(profile, key, far + u64::from(Value::is_shared(n))),
            };
            if let Some((bytes, encoding)) = size {
                return StringSize { encoding, bytes, others: None };
            }
        }
        // others than these: what is pointed to has to lie in memory
        let key = Key { len: key.len, expires: key.expires, classes: key.classes };
        let value = Value { len: value.len, int: value.int };
        self.any(profiles, &key, &value)
    }

    /// What a key takes, and how its string is held, by the string's place among the near ones.
    #[inline(always)]
    fn near(&mut self, profile: &Profile, key: &Key, place: u64) -> Option<(Size, Encoding)> {
        let place = usize::try_from(place).ok()?;
        let near = self.near.get(places_of(key)?);
        match near.and_then(|near| near.get(place)) {
            Some(size) => Some(*size),
            None => self.learn_near(profile, key.len, key.expires, place),
        }
    }

    /// Works them out for all strings with such a name.
    #[cold]
    #[inline(never)]
    fn learn_near(
        &mut self,
        profile: &Profile,
        len: u64,
        expires: bool,
        place: usize,
    ) -> Option<(Size, Encoding)> {
        let key = Key { len, expires, classes: 0 };
        let size = |value: Value| {
            let (encoding, parts) = profile.string_value(&key, &value);
            (parts.total(), encoding)
        };
        let texts = (0..profile.far()).map(|len| Value { len, int: None });
        let ints = [i64::MAX, 0].map(|n| Value { len: 0, int: Some(n) });
        self.near.resize(2 * LONG_NAME, Near::default());
        let near = self.near.get_mut(places_of(&key)?)?;
        *near = texts.chain(ints).map(size).collect();
        near.get(place).copied()
    }

    /// The same of any string.
    #[cold]
    #[inline(never)]
    fn any(&mut self, profiles: &[Profile], key: &Key, value: &Value) -> StringSize<'_> {
        let what = what(key, value);
        let mut place = (what.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % PLACES;
        if self.known.get(place).is_none_or(|known| known.what != what) {
            place = self.learn(place, what, profiles, (key, value));
        }
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

/// Which of the near ones are those of this key, whatever its string; `None` where it has none.
#[inline(always)]
fn places_of(key: &Key) -> Option<usize> {
    let len = usize::try_from(key.len).ok().filter(|len| *len < LONG_NAME)?;
    Some(2 * len + usize::from(key.expires))
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

    /// One of each way to hold strings.
    const SERVERS: [&str; 8] = [
        "redis-2.8",
        "redis-3.2",
        "redis-5.0",
        "redis-7.0",
        "redis-8.2",
        "redis-8.10",
        "valkey-8.1",
        "valkey-9.1",
    ];

    #[test]
    fn what_lies_close_and_what_is_added_up_is_what_is_worked_out() {
        let measures =
            [(Allocator::Jemalloc, Measure::Reported), (Allocator::Libc, Measure::Allocated)];
        for (name, (allocator, measure)) in SERVERS.iter().flat_map(|n| measures.map(|m| (n, m))) {
            let profiles = [lane(name, allocator, measure)];
            let mut strings = Strings::default();
            let mut check = |key: Key, value: Value| {
                let known = strings.size(&profiles, &key, &value);
                let known = (known.encoding, Sizes::of(known.bytes, known.others));
                let worked_out = work_out(&profiles, &key, &value);
                assert_eq!(known, worked_out, "{name} {key:?} {value:?}");
                strings.known.is_empty()
            };
            let lens = || (0..200).chain((200..1100).step_by(7)).chain([70_000, 1 << 40]);
            for (len, value) in
                [0, 1, 5, 31, 130, 255].into_iter().flat_map(|n| lens().map(move |v| (n, v)))
            {
                for (expires, int) in
                    [(false, None), (true, None), (false, Some(7)), (true, Some(10_000))]
                {
                    let key = Key { len, expires, classes: 0 };
                    assert!(check(key, Value { len: value, int }), "{name} {key:?} {value}");
                }
            }
            // names that are longer than all that, and keys of modules
            for (len, classes, value) in [(300, 0, 5), (300, 0, 500), (5, 2, 5), (5, 2, 500)] {
                let key = Key { len, expires: true, classes };
                assert!(!check(key, Value { len: value, int: None }));
            }
        }
    }
}
