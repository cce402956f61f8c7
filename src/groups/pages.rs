//! Which of a mapped file's pages stay in memory once their bytes are read.
//!
//! Where many keys share a page, none does: few of them are looked at again. Where values are so
//! long that most pages hold no key, the same few pages are read again by a second pass and for
//! findings, and to map them anew would cost as much as to sum them; they stay.

use crate::bytes::Snapshot;
use std::sync::atomic::{AtomicU64, Ordering};

/// What lies behind so many bytes of a file never stays.
const MOST: u64 = 2 << 30;
/// What was read is looked at in pieces of so many bytes at the least.
const PIECE: u64 = 8 << 20;
/// A reader that goes on by so much at once has met a long value: it looks up every 64 KiB.
const LONG: u64 = 80 << 10;

/// The pages of a snapshot, which threads read together, once or more.
#[derive(Debug)]
pub struct Pages<'s> {
    snapshot: &'s Snapshot,
    /// How many bytes stay; those of a second reading count again.
    kept: AtomicU64,
}

impl<'s> Pages<'s> {
    /// Those of `snapshot`.
    #[must_use]
    pub const fn of(snapshot: &'s Snapshot) -> Self {
        Self { snapshot, kept: AtomicU64::new(0) }
    }

    /// Whether most stay. A few long values among short ones are no reason to map those as well.
    fn most_stay(&self) -> bool {
        let all = self.snapshot.bytes().len() as u64;
        self.kept.load(Ordering::Relaxed) > all.min(MOST) / 2
    }

    /// The bytes between `from` and `to` were read by one that does not know how long the values are.
    pub fn pass(&self, from: u64, to: u64) {
        if !self.most_stay() {
            self.snapshot.release(from, to);
        }
    }

    /// Copies bytes from `at` on, if that is quicker than to map them; answers with how many.
    pub fn copy(&self, at: u64, into: &mut [u8]) -> usize {
        if self.most_stay() { 0 } else { self.snapshot.read_at(at, into) }
    }

    /// Nobody reads any more: what has stayed is given back, by the threads of the pool that this
    /// runs in.
    pub fn close(&self) {
        if self.kept.swap(0, Ordering::Relaxed) > 0 {
            self.snapshot.release_all();
        }
    }
}

/// How far one thread has read.
#[derive(Debug)]
pub(super) struct Trail<'p, 's> {
    pages: Option<&'p Pages<'s>>,
    /// All before is given back, or stays.
    from: u64,
    at: u64,
    /// How many of the bytes since then lie in long values, roughly.
    long: u64,
}

impl<'p, 's> Trail<'p, 's> {
    /// It reads from `start` on; without `pages`, nothing is given back.
    pub(super) const fn new(pages: Option<&'p Pages<'s>>, start: u64) -> Self {
        Self { pages, from: start, at: start, long: 0 }
    }

    /// It has come to `at`.
    pub(super) fn reach(&mut self, at: u64) {
        let step = at.saturating_sub(self.at);
        self.at = at;
        if step >= LONG {
            self.long += step;
        }
        if at.saturating_sub(self.from) >= PIECE {
            self.leave(at);
        }
    }

    /// It is done with what is before `at`.
    pub(super) fn leave(&mut self, at: u64) {
        if let Some(pages) = self.pages {
            if at <= MOST && self.long > at.saturating_sub(self.from) / 2 {
                pages.kept.fetch_add(at.saturating_sub(self.from), Ordering::Relaxed);
            } else {
                pages.snapshot.release(self.from, at);
            }
        }
        (self.from, self.at, self.long) = (at, at, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_stay_where_values_are_long_up_to_a_bound() {
        let go = |start: u64, step: u64| {
            let snapshot = Snapshot::from(Vec::new());
            let pages = Pages::of(&snapshot);
            let mut trail = Trail::new(Some(&pages), start);
            (1..=1000).for_each(|n| trail.reach(start + n * step));
            pages.kept.into_inner() > 0
        };
        assert!(!go(100, 65 << 10));
        assert!(go(100, 120 << 10));
        assert!(!go(MOST, 120 << 10));
    }
}
