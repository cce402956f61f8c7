//! All keys of a snapshot, grouped: what the threads add up.

use super::filter::Filter;
use super::fold::Task;
use super::leave::leave;
use super::partial::{Groups, Settings};
use super::row::Row;
use super::sizing::{Sizer, Take};
use crate::footprint::{Footprint, Footprinter};
use std::sync::{Mutex, PoisonError};

/// Groups the keys that a filter accepts. Where `INSIDE`, strings are sized like all other keys, so
/// that the largest elements are theirs as well; else by a shorter way.
pub struct Tally<'t, const INSIDE: bool = false> {
    settings: &'t Settings,
    filter: &'t Filter,
    cluster: bool,
    footprinter: &'t (dyn Fn() -> Footprinter + Sync),
    /// What is added up, as many as threads add up at once.
    sums: Mutex<Vec<Groups>>,
    /// Emptied parts, to be used again.
    spare: Mutex<Vec<Part<INSIDE>>>,
}

impl<'t> Tally<'t> {
    /// Groups of no keys yet; rows carry their slots when `cluster`.
    #[must_use]
    pub fn new(
        settings: &'t Settings,
        selection: (&'t Filter, bool),
        footprinter: &'t (dyn Fn() -> Footprinter + Sync),
    ) -> Self {
        Self::empty(settings, selection, footprinter)
    }
}

impl<'t> Tally<'t, true> {
    /// The same for footprinters that look inside.
    #[must_use]
    pub fn inside(
        settings: &'t Settings,
        selection: (&'t Filter, bool),
        footprinter: &'t (dyn Fn() -> Footprinter + Sync),
    ) -> Self {
        Self::empty(settings, selection, footprinter)
    }
}

impl<'t, const INSIDE: bool> Tally<'t, INSIDE> {
    fn empty(
        settings: &'t Settings,
        (filter, cluster): (&'t Filter, bool),
        footprinter: &'t (dyn Fn() -> Footprinter + Sync),
    ) -> Self {
        let (sums, spare) = (Mutex::default(), Mutex::default());
        Self { settings, filter, cluster, footprinter, sums, spare }
    }

    /// All of it, once everything is read.
    #[must_use]
    pub fn finish(self) -> Groups {
        let sums = self.sums.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut spent = Vec::new();
        let merged = sums.into_iter().reduce(|mut groups, mut other| {
            groups.take_in(&mut other);
            spent.push(other);
            groups
        });
        leave((spent, self.spare));
        merged.unwrap_or_else(|| Groups::new(self.settings))
    }
}

/// The keys of one stretch.
pub struct Part<const INSIDE: bool> {
    groups: Groups,
    /// Keys before the first mark, where a filter has yet to accept their database.
    early: Option<Groups>,
}

/// A place of its own for what is seldom: so that it does not stand between what is not.
#[cold]
#[inline(never)]
fn add_early(early: &mut Groups, row: &Row<'_>) {
    early.add(row);
}

impl<const INSIDE: bool> Take for Part<INSIDE> {
    const FOOTPRINTS: bool = INSIDE;

    #[inline(never)]
    fn take(&mut self, row: &Row<'_>, footprint: &Footprint) {
        self.take_here(row, footprint);
    }

    #[inline(always)]
    fn take_here(&mut self, row: &Row<'_>, _: &Footprint) {
        match &mut self.early {
            Some(early) if row.db.is_none() => add_early(early, &row.apart()),
            _ => self.groups.add(row),
        }
    }
}

impl<'t, const INSIDE: bool> Task for Tally<'t, INSIDE> {
    type Part = Part<INSIDE>;
    type Worker = Sizer<'t, Part<INSIDE>>;
    const ORDERED: bool = false;

    fn worker(&self) -> Self::Worker {
        Sizer::new((self.footprinter)(), self.filter, self.cluster)
    }

    fn weight(&self, part: &Part<INSIDE>) -> u64 {
        part.groups.weight()
    }

    fn part(&self) -> Part<INSIDE> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| Part {
            groups: Groups::new(self.settings),
            early: (!self.filter.dbs.is_empty()).then(|| Groups::new(self.settings)),
        })
    }

    fn take(&self, mut part: Part<INSIDE>, db: u64) -> bool {
        if let Some(early) = &mut part.early {
            let mut early = std::mem::replace(early, Groups::new(self.settings));
            if self.filter.accepts_db(db) {
                early.bind(db);
                part.groups.merge(early);
            }
        }
        part.groups.bind(db);
        let mut sum = self.sums.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match &mut sum {
            Some(groups) => {
                groups.take_in(&mut part.groups);
                self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(part);
            }
            None => sum = Some(part.groups),
        }
        self.sums.lock().unwrap_or_else(PoisonError::into_inner).extend(sum);
        true
    }
}
