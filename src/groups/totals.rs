//! Sums that add up exactly in any order.

use crate::entries::ValueKind;
use crate::footprint::{Size, Sizes};
use std::ops::{AddAssign, SubAssign};

/// How many keys, with how much in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Sum {
    /// Keys.
    pub keys: u64,
    /// Elements of those that have any: a string's length is not counted here.
    pub elements: u64,
    /// What they take, in every lane.
    pub sizes: Sizes,
}

impl Sum {
    /// What they take in the first lane.
    #[must_use]
    #[inline]
    pub const fn bytes(&self) -> Size {
        self.sizes.first()
    }
}

/// The elements that a key adds to a sum. The length of a string counts bytes, not elements.
#[inline]
pub(super) fn countable(kind: ValueKind, elements: Option<u64>) -> u64 {
    if kind == ValueKind::String { 0 } else { elements.unwrap_or_default() }
}

impl AddAssign for Sum {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.keys = self.keys.saturating_add(other.keys);
        self.elements = self.elements.saturating_add(other.elements);
        self.sizes += other.sizes;
    }
}

impl SubAssign for Sum {
    fn sub_assign(&mut self, other: Self) {
        self.keys = self.keys.saturating_sub(other.keys);
        self.elements = self.elements.saturating_sub(other.elements);
        for (mine, theirs) in self.sizes.0.iter_mut().zip(other.sizes.0) {
            *mine = *mine - theirs;
        }
    }
}

/// A sum, and which part of it stays until somebody deletes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Totals {
    /// Keys that never expire.
    pub never: Sum,
    /// Keys with a TTL, expired ones among them.
    pub expires: Sum,
}

impl Totals {
    /// All keys.
    #[must_use]
    pub fn all(&self) -> Sum {
        let mut all = self.never;
        all += self.expires;
        all
    }

    /// How many keys.
    #[must_use]
    pub const fn keys(&self) -> u64 {
        self.never.keys.saturating_add(self.expires.keys)
    }

    /// What they take in the first lane.
    #[must_use]
    pub fn bytes(&self) -> Size {
        self.never.bytes() + self.expires.bytes()
    }

    /// Whether there is no key.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys() == 0
    }
}

impl AddAssign for Totals {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.never += other.never;
        self.expires += other.expires;
    }
}

impl SubAssign for Totals {
    fn sub_assign(&mut self, other: Self) {
        self.never -= other.never;
        self.expires -= other.expires;
    }
}

/// Keys and their bytes in the first lane: what a small table shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Share {
    /// Keys.
    pub keys: u64,
    /// What they take.
    pub bytes: Size,
}

impl Share {
    /// Adds one key.
    #[inline]
    pub fn add(&mut self, bytes: Size) {
        *self += Self { keys: 1, bytes };
    }
}

impl AddAssign for Share {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.keys = self.keys.saturating_add(other.keys);
        self.bytes += other.bytes;
    }
}

impl SubAssign for Share {
    fn sub_assign(&mut self, other: Self) {
        self.keys = self.keys.saturating_sub(other.keys);
        self.bytes = self.bytes - other.bytes;
    }
}

/// What names have in common that begin alike, or look alike: how many keys, how much they take,
/// and which part of that stays until somebody deletes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Mass {
    /// Keys that never expire.
    pub never: Share,
    /// Keys with a TTL, expired ones among them.
    pub expires: Share,
    /// Elements of those that have any: a string's length is not counted here.
    pub elements: u64,
}

impl Mass {
    /// How many keys.
    #[must_use]
    pub const fn keys(&self) -> u64 {
        self.never.keys.saturating_add(self.expires.keys)
    }

    /// What they take.
    #[must_use]
    pub fn bytes(&self) -> Size {
        self.never.bytes + self.expires.bytes
    }

    /// Whether there is no key.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys() == 0
    }
}

impl AddAssign for Mass {
    fn add_assign(&mut self, other: Self) {
        self.never += other.never;
        self.expires += other.expires;
        self.elements = self.elements.saturating_add(other.elements);
    }
}
