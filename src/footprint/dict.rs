//! Hash tables of chained entries (dict.c): all of Redis, Valkey before 8.1.

use super::alloc::power_of_two;
use super::chance;
use super::growth::Growth;

/// The fewest slots (`DICT_HT_INITIAL_SIZE`).
const FEWEST: u64 = 4;
/// Bytes of a slot.
pub(super) const SLOT: u64 = 8;

/// How many slots a table for `n` keys gets (`_dictNextExp`).
#[inline]
pub(super) const fn slots_for(n: u64) -> u64 {
    power_of_two(if n < FEWEST { FEWEST } else { n })
}

/// A table as it grows while a container is loaded: slots, and what is being moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dict {
    /// Keys in it.
    used: u64,
    /// Slots of the table that takes new keys; the only one, if nothing is being moved.
    slots: u64,
    /// Slots of the table that is being emptied, one slot a new key, and how many of its slots
    /// still hold keys.
    moving: Option<Moving>,
    /// The table that was emptied last, or is being emptied.
    old: Old,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moving {
    slots: u64,
    occupied: u64,
}

/// An old table when its keys began to move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Old {
    slots: u64,
    /// Keys that it held.
    held: u64,
    /// Keys in the dict before the first one that moved a slot.
    before: u64,
}

impl Growth for Dict {
    fn presized(n: u64) -> Self {
        Self { used: n, slots: slots_for(n), ..Self::default() }
    }

    fn grown(n: u64) -> Self {
        let mut dict = Self::default();
        dict.add(n);
        dict
    }

    fn expand(&mut self, n: u64) {
        let slots = slots_for(n);
        if self.moving.is_some() || self.used > n || slots == self.slots {
            return;
        }
        if self.used > 0 {
            // hashing decides how many hold keys: as many as half of all seeds do not exceed
            let occupied = chance::nearest(chance::occupied(self.used, self.slots));
            self.moving = Some(Moving { slots: self.slots, occupied });
            self.old = Old { slots: self.slots, held: self.used, before: self.used };
        }
        self.slots = slots;
    }

    /// Each key moves one slot that is not empty.
    fn add(&mut self, n: u64) {
        let mut left = n;
        while left > 0 {
            let step = match &mut self.moving {
                Some(moving) => {
                    let step = moving.occupied.min(left);
                    moving.occupied -= step;
                    if moving.occupied == 0 {
                        self.moving = None;
                    }
                    step
                }
                None if self.used < self.slots => left.min(self.slots - self.used),
                None => {
                    // the key for which it grows moves none
                    self.expand(self.used + 1);
                    self.old.before += 1;
                    1
                }
            };
            self.used = self.used.saturating_add(step);
            left -= step;
        }
    }
}

impl Dict {
    /// Slots of all tables.
    pub fn slots(&self) -> u64 {
        self.slots.saturating_add(self.moving.map_or(0, |moving| moving.slots))
    }

    /// The slots of the old table, and how likely it is that it is gone where [`Dict::tables`] says
    /// that it is still there, or the other way round.
    pub fn doubt(&self) -> (u64, f64) {
        let Old { slots, held, before } = self.old;
        if slots == 0 {
            return (0, 0.0);
        }
        let moved = self.used.saturating_sub(before);
        let left = chance::more_than(chance::filled(held, slots), moved);
        (slots, if self.moving.is_some() { 1.0 - left } else { left })
    }

    /// The slots of the tables, the one that is being emptied apart.
    pub fn tables(&self) -> [u64; 2] {
        [self.slots, self.moving.map_or(0, |moving| moving.slots)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_grows_keeps_the_old_one_until_it_is_empty() {
        for (n, slots) in [(1, 4), (4, 4), (5, 12), (8, 8), (9, 24), (512, 512), (513, 1536)] {
            assert_eq!(Dict::grown(n).slots(), slots, "{n}");
        }
        // the old table is empty after as many keys as it had occupied slots: 0.632 of 512
        assert_eq!(Dict::grown(512 + 1 + 322).slots(), 1536);
        assert_eq!(Dict::grown(512 + 1 + 325).slots(), 1024);
    }

    #[test]
    fn when_the_old_table_is_empty_is_in_doubt_around_a_number_of_keys() {
        let doubt = |n| Dict::grown(n).doubt();
        assert_eq!(doubt(4), (0, 0.0));
        for (n, least, most) in
            [(600, 0.0, 1e-9), (820, 0.001, 0.05), (836, 0.4, 0.6), (900, 0.0, 1e-9)]
        {
            let (slots, chance) = doubt(n);
            assert_eq!(slots, 512);
            assert!((least..=most).contains(&chance), "{n}: {chance}");
        }
    }

    #[test]
    fn a_presized_table_is_a_power_of_two() {
        for (n, slots) in [(0, 4), (5, 8), (513, 1024), (1024, 1024)] {
            assert_eq!(Dict::presized(n).slots(), slots, "{n}");
        }
    }

    #[test]
    fn a_table_asked_to_grow_while_it_moves_does_not() {
        let mut dict = Dict::presized(16);
        dict.expand(40);
        dict.expand(4000);
        assert_eq!(dict.slots(), 16 + 64);
        dict.add(16);
        assert_eq!(dict.slots(), 64);
        dict.expand(8);
        assert_eq!(dict.slots(), 64);
    }
}
