//! Cluster slots: keys and bytes in each.

use super::lowest::Merge;
use super::totals::Share;
use crate::entries::SLOTS;
use crate::footprint::Size;
use std::ops::AddAssign;

/// Keys and bytes by slot. Takes memory only where keys come with slots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slots(Vec<Share>);

impl Slots {
    /// Adds one key; a slot that no cluster has is left out.
    #[inline]
    pub fn add(&mut self, slot: u16, bytes: Size) {
        if self.0.is_empty() {
            self.0 = vec![Share::default(); SLOTS];
        }
        if let Some(share) = self.0.get_mut(usize::from(slot)) {
            share.add(bytes);
        }
    }

    /// Puts in a share that was read from a summary; a slot that no cluster has is left out.
    pub(super) fn restore(&mut self, slot: u16, keys: Share) {
        if self.0.is_empty() {
            self.0 = vec![Share::default(); SLOTS];
        }
        if let Some(share) = self.0.get_mut(usize::from(slot)) {
            *share += keys;
        }
    }

    /// Whether no key came with a slot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The slots that hold keys, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u16, Share)> {
        (0..).zip(self.0.iter().copied()).filter(|(_, share)| share.keys > 0)
    }

    /// The slots that hold keys, heaviest first; of equals the lower number.
    #[must_use]
    pub fn heaviest(&self) -> Vec<(u16, Share)> {
        let mut slots: Vec<_> = self.iter().collect();
        slots.sort_by_key(|&(slot, share)| (std::cmp::Reverse(share.bytes), slot));
        slots
    }
}

impl AddAssign<Self> for Slots {
    fn add_assign(&mut self, other: Self) {
        if self.0.is_empty() {
            self.0 = other.0;
            return;
        }
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

/// Keys, and keys with an expiry, by slot. Takes memory only where keys come with slots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BySlot(Vec<[u64; 2]>);

impl BySlot {
    /// Counts one key; a slot that no cluster has is left out.
    pub(super) fn add(&mut self, slot: u16, expires: bool) {
        self.0.resize(SLOTS, [0; 2]);
        if let Some([keys, expiring]) = self.0.get_mut(usize::from(slot)) {
            *keys += 1;
            *expiring += u64::from(expires);
        }
    }

    /// Whether no key came with a slot.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of the slots that hold keys.
    pub(super) fn list(&self) -> Vec<[u64; 2]> {
        self.0.iter().copied().filter(|[keys, _]| *keys > 0).collect()
    }
}

impl Merge for BySlot {
    fn merge(&mut self, other: Self) {
        if self.0.is_empty() {
            self.0 = other.0;
            return;
        }
        for (mine, theirs) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *mine += theirs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_add_up() {
        let mut some = Slots::default();
        some.add(16_383, Size::bytes(5));
        some.add(0, Size::bytes(7));
        some.add(16_384, Size::bytes(9));
        let mut all = Slots::default();
        assert!(all.is_empty());
        all += some.clone();
        all += some;
        let share = |bytes| Share { keys: 2, bytes: Size::bytes(bytes) };
        assert_eq!(all.iter().collect::<Vec<_>>(), [(0, share(14)), (16_383, share(10))]);
        assert_eq!(all.heaviest(), [(0, share(14)), (16_383, share(10))]);
    }
}
