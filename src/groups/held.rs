//! What a prefix holds: how much, and of which types.

use super::totals::{Share, Sum, Totals};
use crate::entries::ValueKind;

const KINDS: usize = ValueKind::ALL.len();
/// Keys and bytes by type, in the order of [`ValueKind::ALL`].
pub(super) type Shares = [Share; KINDS];

/// Totals, and how they are made up of types.
///
/// Most prefixes hold values of one type; only the others take memory for a table of types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Held {
    totals: Totals,
    /// The first type seen.
    kind: Option<ValueKind>,
    /// All types, once there are two.
    table: Option<Box<Shares>>,
}

impl Held {
    pub(super) const fn totals(&self) -> Totals {
        self.totals
    }

    /// Adds one key.
    #[inline]
    pub(super) fn add(&mut self, kind: ValueKind, sum: &Sum, expires: bool) {
        if self.kind != Some(kind) || self.table.is_some() {
            self.add_kind(kind, sum);
        }
        self.totals.add(sum, expires);
    }

    /// Adds to the types, while the totals are still without the key.
    fn add_kind(&mut self, kind: ValueKind, sum: &Sum) {
        if self.kind.is_none() {
            self.kind = Some(kind);
            return;
        }
        if self.table.is_none() {
            self.table = Some(Box::new(self.shares()));
        }
        let share = self.table.as_mut().and_then(|table| table.get_mut(kind as usize));
        if let Some(share) = share {
            share.add(sum.bytes());
        }
    }

    /// Keys and bytes by type.
    pub(super) fn shares(&self) -> Shares {
        if let Some(table) = &self.table {
            return **table;
        }
        let mut shares = Shares::default();
        if let Some(share) = self.kind.and_then(|kind| shares.get_mut(kind as usize)) {
            *share = Share { keys: self.totals.keys(), bytes: self.totals.bytes() };
        }
        shares
    }

    /// Adds what another one holds.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.kind.is_none() || self.totals.is_empty() {
            self.kind = other.kind;
            self.table.clone_from(&other.table);
        } else if other.kind.is_some() && (self.kind != other.kind || other.table.is_some()) {
            let shares = self.shares();
            add_shares(self.table.get_or_insert_with(|| Box::new(shares)), &other.shares());
        } else if let Some(table) = &mut self.table {
            add_shares(table, &other.shares());
        }
        self.totals += other.totals;
    }

    /// Takes one key out.
    pub(super) fn remove(&mut self, kind: ValueKind, sum: &Sum, expires: bool) {
        if let Some(share) = self.table.as_mut().and_then(|table| table.get_mut(kind as usize)) {
            share.keys = share.keys.saturating_sub(1);
            share.bytes = share.bytes - sum.bytes();
        }
        self.totals -= Totals::of(sum, expires);
    }
}

/// Adds types to types.
pub(super) fn add_shares(shares: &mut Shares, others: &Shares) {
    for (mine, theirs) in shares.iter_mut().zip(others) {
        *mine += *theirs;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footprint::{Size, Sizes};
    use proptest::prelude::*;

    fn sum(bytes: u64) -> Sum {
        let mut sizes = Sizes::default();
        sizes.0[0] = Size::bytes(bytes);
        Sum { keys: 1, elements: 0, sizes }
    }

    proptest! {
        #[test]
        fn types_add_up_however_they_are_split(
            keys in prop::collection::vec((0..4_usize, 1..100_u64), 0..12),
            cut in any::<prop::sample::Index>(),
        ) {
            let held = |keys: &[(usize, u64)]| {
                let mut held = Held::default();
                keys.iter().for_each(|k| held.add(ValueKind::ALL[k.0], &sum(k.1), false));
                held
            };
            let whole = held(&keys);
            let (head, tail) = keys.split_at(cut.index(keys.len() + 1));
            let mut merged = held(head);
            merged.merge(&held(tail));
            let mut expected = Shares::default();
            keys.iter().for_each(|k| expected[k.0].add(Size::bytes(k.1)));
            for held in [&whole, &merged] {
                prop_assert_eq!(held.shares(), expected);
                prop_assert_eq!(held.totals().keys(), keys.len() as u64);
            }
            if let Some((kind, bytes)) = keys.last() {
                merged.remove(ValueKind::ALL[*kind], &sum(*bytes), false);
                prop_assert_eq!(merged.shares(), held(&keys[..keys.len() - 1]).shares());
            }
        }
    }
}
