//! The keys that a filter accepts, in file order.

use crate::footprint::{Footprint, Footprinter};
use crate::groups::{Filter, Row, Sizer, Take, Task};
use std::sync::{Mutex, PoisonError};

use super::find::Place;

/// Hands each key that a filter accepts to a function, which answers whether more are wanted.
pub struct Select<'s, F> {
    filter: &'s Filter,
    cluster: bool,
    footprinter: &'s (dyn Fn() -> Footprinter + Sync),
    each: Mutex<F>,
}

impl<'s, F> Select<'s, F>
where
    F: FnMut(Place) -> bool + Send,
{
    /// The keys that `filter` accepts go to `each`.
    #[must_use]
    pub const fn new(
        (filter, cluster): (&'s Filter, bool),
        footprinter: &'s (dyn Fn() -> Footprinter + Sync),
        each: F,
    ) -> Self {
        Self { filter, cluster, footprinter, each: Mutex::new(each) }
    }
}

/// Where the accepted keys of a stretch lie; the database is not known before the first mark.
#[derive(Debug, Default)]
pub struct Picks(Vec<(u64, Option<u64>)>);

impl Take for Picks {
    const FOOTPRINTS: bool = false;

    #[inline]
    fn take(&mut self, row: &Row<'_>, _: &Footprint) {
        self.0.push((row.at, row.db));
    }
}

impl<'s, F> Task for Select<'s, F>
where
    F: FnMut(Place) -> bool + Send,
{
    type Part = Picks;
    type Worker = Sizer<'s, Picks>;
    const ORDERED: bool = true;

    fn worker(&self) -> Self::Worker {
        Sizer::new((self.footprinter)(), self.filter, self.cluster)
    }

    fn part(&self) -> Picks {
        Picks::default()
    }

    fn take(&self, part: Picks, before: u64) -> bool {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        part.0.into_iter().all(|(at, db)| match db {
            Some(db) => each(Place { at, db }),
            None => !self.filter.accepts_db(before) || each(Place { at, db: before }),
        })
    }
}
