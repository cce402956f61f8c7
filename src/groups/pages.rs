//! Which pages of a snapshot stay in memory: none that were read.

use crate::bytes::Snapshot;

/// What was read is given back in pieces of so many bytes at the least.
const PIECE: u64 = 8 << 20;

/// How far one thread has read.
#[derive(Debug)]
pub(super) struct Trail<'s> {
    pages: Option<&'s Snapshot>,
    /// All before is given back.
    from: u64,
}

impl<'s> Trail<'s> {
    /// It reads from `start` on; without `pages`, nothing is given back.
    pub(super) const fn new(pages: Option<&'s Snapshot>, start: u64) -> Self {
        Self { pages, from: start }
    }

    /// It has come to `at`.
    pub(super) fn reach(&mut self, at: u64) {
        if at.saturating_sub(self.from) >= PIECE {
            self.leave(at);
        }
    }

    /// It is done with what is before `at`.
    pub(super) fn leave(&mut self, at: u64) {
        if let Some(pages) = self.pages {
            pages.release(self.from, at);
        }
        self.from = at;
    }
}
