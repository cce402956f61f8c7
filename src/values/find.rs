//! Finding one key: a walk that looks at names and at nothing else.

use super::located::Nothing;
use crate::bytes::Fault;
use crate::entries::{Entry, Str};
use crate::groups::{Outcome, Plan, Source, Task, Worker, fold};
use std::sync::{Mutex, PoisonError};

/// Where a key lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Absolute offset of the first byte that belongs to it.
    pub at: u64,
    /// Its database.
    pub db: u64,
}

/// Finds the keys with any of `names` in the database `db`, or in all. In one database a name
/// stands once, so that reading ends at the first find there.
#[must_use]
pub fn find(
    source: Source<'_>,
    names: &[Vec<u8>],
    db: Option<u64>,
    plan: &Plan<'_>,
) -> (Vec<Place>, Outcome) {
    let find = Find { names, db, found: Mutex::new(Vec::new()) };
    let outcome = fold(source, &find, plan);
    let mut found = find.found.into_inner().unwrap_or_else(PoisonError::into_inner);
    if db.is_some() {
        found.truncate(1);
    }
    (found, outcome)
}

struct Find<'f> {
    names: &'f [Vec<u8>],
    db: Option<u64>,
    found: Mutex<Vec<Place>>,
}

impl<'f> Task for Find<'f> {
    type Part = Vec<(u64, Option<u64>)>;
    type Worker = Look<'f>;
    const ORDERED: bool = true;

    fn worker(&self) -> Look<'f> {
        Look { names: self.names, name: Vec::new(), nothing: Nothing }
    }

    fn part(&self) -> Self::Part {
        Vec::new()
    }

    fn take(&self, part: Self::Part, before: u64) -> bool {
        if part.is_empty() {
            return true;
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, db) in part {
            let db = db.unwrap_or(before);
            if self.db.is_none_or(|wanted| wanted == db) {
                found.push(Place { at, db });
            }
        }
        self.db.is_none() || found.is_empty()
    }
}

struct Look<'f> {
    names: &'f [Vec<u8>],
    name: Vec<u8>,
    nothing: Nothing,
}

impl Look<'_> {
    #[inline]
    fn is_it(&mut self, entry: &Entry<'_>) -> Result<bool, Fault> {
        let key = entry.key.decode(&mut self.name)?;
        Ok(self.names.iter().any(|name| name.as_slice() == key))
    }
}

impl Worker for Look<'_> {
    type Part = Vec<(u64, Option<u64>)>;
    type Elements = Nothing;

    #[inline]
    fn begin(&mut self, entry: &Entry<'_>) -> Result<bool, Fault> {
        self.is_it(entry)
    }

    fn elements(&mut self) -> &mut Nothing {
        &mut self.nothing
    }

    fn end(&mut self, entry: &Entry<'_>, part: &mut Self::Part) -> Result<(), Fault> {
        part.push((entry.at, entry.db));
        Ok(())
    }

    #[inline(always)]
    fn string(
        &mut self,
        entry: &Entry<'_>,
        _: Str<'_>,
        part: &mut Self::Part,
    ) -> Result<(), Fault> {
        if self.is_it(entry)? {
            self.end(entry, part)?;
        }
        Ok(())
    }
}
