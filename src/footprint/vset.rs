//! The index of fields with TTLs in a Valkey 9 hash (vset.c).
//!
//! Fields are indexed in the order in which they are loaded, and the index is laid out as they
//! come, so it is built here as the server builds it, out of expiries alone.

use super::buckets::Buckets;
use super::chance::Drawn;
use super::collection::buckets;
use super::growth::Growth;
use super::profile::Profile;
use super::radix::Growing;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Most fields in a vector (`VOLATILESET_VECTOR_BUCKET_MAX_SIZE`).
const VECTOR: usize = 127;
/// The narrowest and the widest window of time, in milliseconds.
const NARROW: u64 = 1 << 4;
const WIDE: u64 = 1 << 13;
/// Fields beyond these are taken to be like them.
const HELD: u64 = 1 << 20;

/// Fields with TTLs as they are being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Vset {
    fields: u64,
    /// Expiries in order, as long as they fit a vector.
    vector: Vec<u64>,
    /// Else windows of time, by their ends.
    windows: BTreeMap<u64, Window>,
}

/// The fields that expire in a window of time.
#[derive(Debug, Clone)]
enum Window {
    /// Up to as many as a vector takes.
    Vector(Vec<u64>),
    /// More, so close together that no narrower window parts them.
    Table(u64),
}

impl Vset {
    pub fn clear(&mut self) {
        self.fields = 0;
        self.vector.clear();
        self.windows.clear();
    }

    /// A field that expires at `at`.
    pub fn add(&mut self, at: u64) {
        self.fields += 1;
        if self.fields > HELD {
            return;
        }
        if !self.windows.is_empty() {
            self.insert(at);
        } else if self.vector.len() < VECTOR {
            let place = self.vector.partition_point(|held| *held < at);
            self.vector.insert(place, at);
        } else {
            self.spread();
            self.insert(at);
        }
    }

    /// The vector is full: its fields go to their windows.
    fn spread(&mut self) {
        let held = std::mem::take(&mut self.vector);
        match (held.first(), held.last()) {
            (Some(first), Some(last)) if end(*first, WIDE) == end(*last, WIDE) => {
                self.windows.insert(end(*last, WIDE), Window::Vector(held));
            }
            _ => held.into_iter().for_each(|at| self.insert(at)),
        }
    }

    fn insert(&mut self, at: u64) {
        loop {
            let widest = end(at, WIDE);
            let later = (Bound::Excluded(at), Bound::Included(widest));
            let Some((ends, window)) = self.windows.range_mut(later).next() else {
                self.windows.insert(widest, Window::Vector(vec![at]));
                return;
            };
            let ends = *ends;
            match window {
                Window::Table(fields) => *fields += 1,
                Window::Vector(held) if held.len() < VECTOR => held.push(at),
                Window::Vector(held) => {
                    held.sort_unstable();
                    match Change::of(held, ends) {
                        Change::Table => *window = Window::Table(VECTOR as u64 + 1),
                        change => {
                            self.narrow(ends, change);
                            continue;
                        }
                    }
                }
            }
            return;
        }
    }

    /// Makes room in the full window that ends at `ends`.
    fn narrow(&mut self, ends: u64, change: Change) {
        let Some(Window::Vector(mut held)) = self.windows.remove(&ends) else { return };
        match change {
            Change::Move { to } => self.windows.insert(to, Window::Vector(held)),
            Change::Split { place, at } => {
                let later = held.split_off(place);
                self.windows.insert(ends, Window::Vector(later));
                self.windows.insert(at, Window::Vector(held))
            }
            Change::Table => None,
        };
    }

    /// What the index takes.
    pub fn cost(&self, profile: &Profile) -> Drawn {
        if !profile.facts.vset {
            return Drawn::default();
        }
        if self.windows.is_empty() {
            return Drawn::certain(vector(profile, self.vector.len() as u64));
        }
        let (profiles, mut tree) = (std::slice::from_ref(profile), Growing::default());
        let mut cost = Drawn::certain(profile.a(profile.facts.stream.rax));
        for (ends, window) in &self.windows {
            tree.add(profiles, &ends.to_be_bytes());
            cost += match window {
                Window::Vector(held) => Drawn::certain(vector(profile, held.len() as u64)),
                Window::Table(fields) => buckets(profile, &Buckets::grown(*fields), 0),
            };
        }
        cost += Drawn::certain(tree.finish(profiles).bytes(0, profile, false));
        cost.scaled(self.fields, self.fields.min(HELD))
    }
}

/// What becomes of a full window.
enum Change {
    /// Its end moves to that of its last field's narrow window.
    Move { to: u64 },
    /// Fields before `place` go to a window that ends at `at`.
    Split { place: usize, at: u64 },
    /// All its fields expire in one narrow window.
    Table,
}

impl Change {
    /// What becomes of the window that ends at `ends` with the sorted expiries `held`
    /// (`splitBucketIfPossible`).
    fn of(held: &[u64], ends: u64) -> Self {
        let narrow = |at: Option<&u64>| at.map_or(ends, |at| end(*at, NARROW));
        let (first, last) = (narrow(held.first()), narrow(held.last()));
        if last < ends {
            return Self::Move { to: last };
        }
        if first == last {
            return Self::Table;
        }
        // the boundary between two narrow windows that is nearest to the middle, the earlier first
        let middle = held.len() / 2;
        let parts = |place: &usize| narrow(held.get(place - 1)) < narrow(held.get(*place));
        let places = (0..held.len()).flat_map(|off| [middle.checked_sub(off), Some(middle + off)]);
        let mut places = places.flatten().filter(|place| (1..held.len()).contains(place));
        match places.find(parts) {
            Some(place) => Self::Split { place, at: narrow(held.get(place - 1)) },
            None => Self::Table,
        }
    }
}

/// The end of the window of `width` milliseconds that `at` lies in.
const fn end(at: u64, width: u64) -> u64 {
    (at & !(width - 1)).saturating_add(width)
}

/// A vector of `len` fields; a single one is pointed to without any.
const fn vector(profile: &Profile, len: u64) -> u64 {
    match len {
        0 | 1 => 0,
        // made for two, and counted by what was requested as long as it does not grow
        2 => profile.declared(24),
        _ => profile.a(8 + 8 * len),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vset(expiries: impl Iterator<Item = u64>) -> Vset {
        let mut vset = Vset::default();
        expiries.for_each(|at| vset.add(at));
        vset
    }

    #[test]
    fn a_vector_up_to_127() {
        assert!(vset(0..127).windows.is_empty());
        assert_eq!(vset(0..127).vector.len(), 127);
    }

    #[test]
    fn fields_of_one_moment_end_in_a_table() {
        let same = vset((0..200).map(|_| 1_000_000));
        let [(ends, Window::Table(200))] = same.windows.iter().collect::<Vec<_>>()[..] else {
            panic!("{:?}", same.windows)
        };
        assert_eq!(*ends, 1_000_000_u64 / 16 * 16 + 16);
    }

    #[test]
    fn fields_far_apart_have_windows_of_their_own() {
        let far = vset((0..200).map(|n| n * 100_000));
        assert_eq!(far.windows.len(), 200);
    }

    #[test]
    fn a_full_window_splits_where_narrow_windows_part() {
        let spread = vset((0..200).map(|n| n * 16));
        let lens = spread.windows.values().map(|window| match window {
            Window::Vector(held) => held.len(),
            Window::Table(_) => 0,
        });
        assert_eq!(lens.sum::<usize>(), 200);
        assert!(spread.windows.len() > 1);
    }
}
