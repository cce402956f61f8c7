//! Arrays (Redis 8.8 and later): slices of the index range, sparse or dense.

use super::alloc::power_of_two;
use super::chance::Drawn;
use super::collection::{Cost, Weighed};
use super::keyspace::Key;
use super::profile::Profile;
use super::{Encoding, LANES};
use crate::entries::ArrayValue;

/// `redisArray`.
const ARRAY: u64 = 80;
/// `arSlice`.
const SLICE: u64 = 32;
const POINTER: u64 = 8;
/// A number is a `long long` or a `double`.
const NUMBER: u64 = 8;
/// Most elements of a sparse slice; and the sizes through which one grows.
const SPARSE: [u64; 3] = [4, 8, 10];
/// The fewest places of a dense slice.
const DENSE: u64 = 8;
/// Slices that one directory holds; beyond, there is one block for each so many.
const BLOCK: u64 = 2048;
/// An entry of the directory of blocks.
const BLOCK_ENTRY: u64 = 24;
/// The fewest of them.
const BLOCKS: u64 = 4;

/// An array as it is being read, indexes ascending.
#[derive(Debug, Clone, Default)]
pub(super) struct Array {
    count: u64,
    longest: u64,
    /// Bytes of the elements, eight for a number.
    data: u64,
    /// Strings with allocations of their own.
    lanes: [Lane; LANES],
    /// Blocks with at least one slice, by the lane's slice size.
    open: [Option<Slice>; LANES],
}

#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    strings: u64,
    slices: u64,
    blocks: u64,
}

/// The slice that elements are added to.
#[derive(Debug, Clone, Copy)]
struct Slice {
    number: u64,
    count: u64,
    first: u64,
    /// Places from the first element on; 0 as long as the slice is sparse.
    window: u64,
    last: u64,
}

impl Array {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The element at `index`.
    pub fn element(&mut self, profiles: &[Profile], index: u64, value: ArrayValue<'_>) {
        self.count += 1;
        let heap = match value {
            ArrayValue::Heap(text) => Some(text.len()),
            ArrayValue::Short(text) => {
                self.longest = self.longest.max(text.len());
                self.data += text.len();
                None
            }
            ArrayValue::Int(_) | ArrayValue::Double(_) => {
                self.data += NUMBER;
                None
            }
        };
        self.longest = self.longest.max(heap.unwrap_or_default());
        self.data += heap.unwrap_or_default();
        let lanes = self.lanes.iter_mut().zip(&mut self.open).zip(profiles);
        for ((lane, open), profile) in lanes {
            if let Some(len) = heap {
                let header = if len <= 32_767 { 2 } else { 8 };
                lane.strings += profile.a(len.saturating_add(header));
            }
            let size = profile.limits.array_slice.max(1);
            let (number, place) = (index / size, index % size);
            let before = *open;
            if let Some(slice) = before.filter(|slice| slice.number != number) {
                lane.slices += slice.bytes(profile);
                *open = None;
            }
            if before.is_none_or(|slice| slice.number / BLOCK != number / BLOCK) {
                lane.blocks += 1;
            }
            open.get_or_insert(Slice::new(number, place)).add(place, size);
        }
    }

    pub const fn elements(&self) -> u64 {
        self.count
    }

    pub const fn longest(&self) -> u64 {
        self.longest
    }

    pub const fn data(&self) -> u64 {
        self.data
    }

    /// The array under lane `lane`.
    pub fn weighed(&self, lane: usize, profile: &Profile, key: &Key) -> Weighed {
        let open = self.open.get(lane).copied().flatten();
        let lane = self.lanes.get(lane).copied().unwrap_or_default();
        let last = open.map_or(0, |slice| slice.bytes(profile));
        let highest = open.map_or(0, |slice| slice.number);
        let directory = directory(profile, highest, lane.blocks);
        let structure = profile.a(ARRAY) + directory + lane.slices + last;
        let cost = Cost {
            structure: Drawn::certain(structure),
            payload: Drawn::certain(lane.strings),
            ..Cost::default()
        };
        cost.with_key(profile, key, Encoding::SlicedArray)
    }
}

/// The pointers to slices up to number `highest`, in as many `blocks` where there are too many.
const fn directory(profile: &Profile, highest: u64, blocks: u64) -> u64 {
    if highest < BLOCK {
        return profile.a(POINTER * power_of_two(highest + 1));
    }
    let entries = power_of_two(if blocks < BLOCKS { BLOCKS } else { blocks });
    profile.a(BLOCK_ENTRY * entries) + profile.a(POINTER * BLOCK) * blocks
}

impl Slice {
    const fn new(number: u64, first: u64) -> Self {
        Self { number, count: 0, first, window: 0, last: first }
    }

    /// Takes an element at `place` of at most `size`.
    fn add(&mut self, place: u64, size: u64) {
        let [.., most] = SPARSE;
        self.count += 1;
        if self.count > most {
            if self.window == 0 {
                let span = self.last - self.first + 1;
                self.window = power_of_two(span).max(DENSE).min(size);
            }
            while self.window < size && place.saturating_sub(self.first) >= self.window {
                self.window *= 2;
            }
        }
        self.last = place;
    }

    fn bytes(&self, profile: &Profile) -> u64 {
        if self.window > 0 {
            return profile.a(SLICE + POINTER * self.window);
        }
        let room = SPARSE.into_iter().find(|room| self.count <= *room).unwrap_or(self.count);
        profile.a(SLICE + (2 * room).next_multiple_of(POINTER) + POINTER * room)
    }
}
