//! Types: how large their keys are, and which is the largest.

use super::histogram::Spread;
use super::lowest::{Lowest, Merge};
use super::row::Row;
use super::top::{Big, Top};
use crate::entries::{ModuleId, ValueKind};
use crate::footprint::Size;
use std::mem;

/// How many module types are told apart; the others are one.
const MODULES: usize = 16;

/// The keys of one type.
#[derive(Debug, Clone)]
pub struct TypeSpread {
    /// Their bytes in the first lane.
    pub bytes: Spread,
    /// Their elements (of strings: their length), where they tell.
    pub elements: Spread,
    /// Bytes of their names and of what was put into them, as in [`Row::data`].
    pub data: u64,
    /// The length of their longest element, where that was asked for.
    pub largest_element: Option<u64>,
    pub(super) largest: Top,
}

impl Default for TypeSpread {
    fn default() -> Self {
        let (bytes, elements) = (Spread::default(), Spread::default());
        Self { bytes, elements, data: 0, largest_element: None, largest: Top::new(1) }
    }
}

impl TypeSpread {
    /// The largest by bytes; of equals the lower database and name.
    #[must_use]
    pub fn largest(&self) -> Option<&Big> {
        self.largest.list().pop()
    }

    #[inline(always)]
    fn add(&mut self, bytes: Size, row: &Row<'_>) {
        self.bytes.add(bytes.round());
        if let Some(elements) = row.elements {
            self.elements.add(elements);
        }
        self.data = self.data.saturating_add(row.data);
        // seldom asked for
        if row.largest_element.is_some() {
            self.largest_element = self.largest_element.max(row.largest_element);
        }
        self.largest.add(bytes.raw(), row);
    }

    /// Takes in what another one has seen, and empties it.
    fn take_in(&mut self, other: &mut Self) {
        self.bytes.take_in(&mut other.bytes);
        self.elements.take_in(&mut other.elements);
        self.data = self.data.saturating_add(mem::take(&mut other.data));
        self.largest_element = self.largest_element.max(other.largest_element.take());
        self.largest.take_in(&mut other.largest);
    }
}

impl Merge for TypeSpread {
    fn merge(&mut self, mut other: Self) {
        self.take_in(&mut other);
    }
}

/// The keys of all types.
#[derive(Debug, Clone)]
pub(super) struct Types {
    pub(super) kinds: [TypeSpread; ValueKind::ALL.len()],
    pub(super) modules: Lowest<ModuleId, TypeSpread>,
}

impl Default for Types {
    fn default() -> Self {
        Self { kinds: Default::default(), modules: Lowest::new(MODULES) }
    }
}

impl Types {
    #[inline(always)]
    pub(super) fn add(&mut self, bytes: Size, row: &Row<'_>) {
        if let Some(id) = row.module {
            self.add_module(id, bytes, &row.apart());
        } else if let Some(kind) = self.kinds.get_mut(row.kind as usize) {
            kind.add(bytes, row);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_module(&mut self, id: ModuleId, bytes: Size, row: &Row<'_>) {
        self.modules.entry(id).add(bytes, row);
    }

    /// Tells which database the keys without one are in.
    pub(super) fn bind(&mut self, db: u64) {
        let modules = self.modules.values_mut();
        self.kinds.iter_mut().chain(modules).for_each(|spread| spread.largest.bind(db));
    }

    /// Takes in what another one has seen, and empties it.
    pub(super) fn take_in(&mut self, other: &mut Self) {
        for (mine, theirs) in self.kinds.iter_mut().zip(&mut other.kinds) {
            mine.take_in(theirs);
        }
        self.modules.merge(mem::replace(&mut other.modules, Lowest::new(MODULES)));
    }

    /// The types that have keys, in the order of [`ValueKind::ALL`]; modules' types by id, those
    /// that are not told apart as one without.
    pub(super) fn list(&self) -> Vec<(ValueKind, Option<ModuleId>, &TypeSpread)> {
        let kinds = ValueKind::ALL.into_iter().zip(&self.kinds);
        let own = kinds.map(|(kind, spread)| (kind, None, spread));
        let rest = std::iter::once((None, self.modules.rest()));
        let modules = self.modules.iter().map(|(id, spread)| (Some(id), spread)).chain(rest);
        let modules = modules.map(|(id, spread)| (ValueKind::Module, id, spread));
        let mut all: Vec<_> = own.chain(modules).collect();
        all.retain(|(_, _, spread)| !spread.bytes.is_empty());
        all.sort_by_key(|&(kind, id, _)| (kind, id.is_none(), id));
        all
    }
}
