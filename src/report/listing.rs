//! The rows of all keys, in file order, as the threads hand them in.

use super::rows::Rows;
use crate::footprint::{Footprint, Footprinter};
use crate::groups::{Filter, Row, Sizer, Take, Task};
use std::sync::{Mutex, PoisonError};

/// Rows of a snapshot's keys.
pub struct Listing<'l, W> {
    rows: &'l Rows,
    filter: &'l Filter,
    cluster: bool,
    footprinter: &'l (dyn Fn() -> Footprinter + Sync),
    write: Mutex<W>,
}

impl<'l, W> Listing<'l, W>
where
    W: FnMut(&[u8]) -> bool + Send,
{
    /// A listing of the keys that `filter` accepts. `write` is given many rows at once and answers
    /// whether more are wanted.
    #[must_use]
    pub const fn new(
        rows: &'l Rows,
        (filter, cluster): (&'l Filter, bool),
        footprinter: &'l (dyn Fn() -> Footprinter + Sync),
        write: W,
    ) -> Self {
        Self { rows, filter, cluster, footprinter, write: Mutex::new(write) }
    }
}

/// The rows of one stretch.
pub struct Text<'l> {
    rows: &'l Rows,
    text: Vec<u8>,
    /// Where the database belongs in rows that stand before the first mark.
    holes: Vec<usize>,
    /// Where those rows end.
    early: usize,
}

impl Take for Text<'_> {
    const FOOTPRINTS: bool = true;

    #[inline]
    fn take(&mut self, row: &Row<'_>, footprint: &Footprint) {
        self.holes.extend(self.rows.row(row, footprint, &mut self.text));
        if row.db.is_none() {
            self.early = self.text.len();
        }
    }
}

impl Text<'_> {
    /// The rows, of which those before the first mark are in `db`.
    fn bind(mut self, db: u64, filter: &Filter) -> Vec<u8> {
        if !filter.accepts_db(db) {
            self.text.drain(..self.early);
            return self.text;
        }
        if self.holes.is_empty() {
            return self.text;
        }
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(db).as_bytes();
        let mut bound = Vec::with_capacity(self.text.len() + digits.len() * self.holes.len());
        let mut rest = self.text.as_slice();
        let mut at = 0;
        for hole in self.holes {
            // holes ascend and lie within the text
            let (before, behind) = rest.split_at_checked(hole - at).unwrap_or((rest, &[]));
            bound.extend_from_slice(before);
            bound.extend_from_slice(digits);
            (rest, at) = (behind, hole);
        }
        bound.extend_from_slice(rest);
        bound
    }
}

impl<'l, W> Task for Listing<'l, W>
where
    W: FnMut(&[u8]) -> bool + Send,
{
    type Part = Text<'l>;
    type Worker = Sizer<'l, Text<'l>>;
    const ORDERED: bool = true;

    fn worker(&self) -> Self::Worker {
        Sizer::new((self.footprinter)(), self.filter, self.cluster)
    }

    fn part(&self) -> Text<'l> {
        Text { rows: self.rows, text: Vec::new(), holes: Vec::new(), early: 0 }
    }

    fn take(&self, part: Text<'l>, db: u64) -> bool {
        let text = part.bind(db, self.filter);
        let mut write = self.write.lock().unwrap_or_else(PoisonError::into_inner);
        text.is_empty() || write(&text)
    }
}
