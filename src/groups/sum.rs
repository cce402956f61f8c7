//! The checksum, computed by all threads over whatever they have just read.

use crate::bytes::crc64;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Of a file that is mapped, the system makes so many bytes readable around one that is read.
const AROUND: u64 = 64 << 10;

/// The checksum of a snapshot while it is being computed: equal chunks, each summed by one thread,
/// by the one that reads it where it can be.
#[derive(Debug)]
pub(super) struct Checksum<'a> {
    bytes: &'a [u8],
    start: u64,
    end: u64,
    chunk: u64,
    /// Which chunks are being summed, or are.
    claimed: Vec<AtomicBool>,
    /// All before this one are.
    next: AtomicUsize,
    done: Mutex<Vec<(usize, u64)>>,
}

impl<'a> Checksum<'a> {
    /// Of `bytes` from `start` up to `end`, in chunks of `chunk` bytes.
    pub(super) fn new(bytes: &'a [u8], start: u64, end: u64, chunk: u64) -> Self {
        let chunk = chunk.max(1);
        let chunks = end.saturating_sub(start).div_ceil(chunk);
        let claimed = (0..chunks).map(|_| AtomicBool::new(false)).collect();
        let (next, done) = (AtomicUsize::new(0), Mutex::default());
        Self { bytes, start, end, chunk, claimed, next, done }
    }

    /// The chunk that the byte at `at` belongs to.
    fn index(&self, at: u64) -> usize {
        usize::try_from(at.saturating_sub(self.start) / self.chunk).unwrap_or(usize::MAX)
    }

    /// The bounds of chunk `index`, if it has any byte.
    fn bounds(&self, index: usize) -> Option<(u64, u64)> {
        let from = self.start.checked_add((index as u64).checked_mul(self.chunk)?)?;
        (from < self.end).then(|| (from, from.saturating_add(self.chunk).min(self.end)))
    }

    fn bytes(&self, from: u64, to: u64) -> &[u8] {
        let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        range.and_then(|(from, to)| self.bytes.get(from..to)).unwrap_or_default()
    }

    /// Adds the bytes in `from..to` to `crc`, and reads one of those behind them, if that is before `stop`: the
    /// first one of what the system makes readable next. In the midst of a sum that would cost more, since
    /// what the processor loads ahead ends there, and begins anew behind.
    fn add(&self, crc: &mut crc64::Running, (from, to): (u64, u64), stop: u64) {
        let base = self.bytes.as_ptr().addr() as u64;
        let mut at = from;
        while at < to {
            let end = to.min(at.saturating_add(AROUND));
            crc.add(self.bytes(at, end));
            let next = end.saturating_add(AROUND - base.wrapping_add(end) % AROUND);
            if next < stop {
                black_box(self.bytes(next, next + 1).first().copied());
            }
            at = end;
        }
    }

    /// Whether chunk `index` is there and nobody had claimed it before.
    fn claim(&self, index: usize) -> bool {
        let claimed = self.claimed.get(index);
        claimed.is_some_and(|claimed| !claimed.swap(true, Ordering::Relaxed))
    }

    /// Sums a chunk that nobody has taken, and answers where it is; `None` when there is none.
    pub(super) fn help(&self) -> Option<(u64, u64)> {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let (from, to) = self.bounds(index)?;
            if self.claim(index) {
                let mut crc = crc64::Running::new();
                self.add(&mut crc, (from, to), to);
                self.close(index, crc.value());
                return Some((from, to));
            }
        }
    }

    fn close(&self, index: usize, crc: u64) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).push((index, crc));
    }

    /// The checksum of all up to `covered`, once nobody sums any more.
    pub(super) fn finish(&self, covered: u64) -> u64 {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner).clone();
        done.sort_unstable();
        let (mut crc, mut at) = (0, self.start);
        for (index, part) in done {
            match self.bounds(index) {
                Some((from, to)) if from == at && to <= covered => {
                    crc = crc64::combine(crc, part, to - from);
                    at = to;
                }
                _ => break,
            }
        }
        let rest = crc64::of(self.bytes(at, covered));
        crc64::combine(crc, rest, covered.saturating_sub(at))
    }
}

/// One thread's share: the chunks that it was first to reach, summed as far as it has read.
#[derive(Debug)]
pub(super) struct Sum<'c> {
    shared: Option<&'c Checksum<'c>>,
    /// How far it has seen to its bytes, and how far it may be asked to.
    reached: u64,
    stop: u64,
    /// The chunk that it is summing, and up to where that is summed.
    chunk: Option<usize>,
    at: u64,
    crc: crc64::Running,
}

impl<'c> Sum<'c> {
    /// A share in `shared`; without one, nothing is summed.
    pub(super) fn new(shared: Option<&'c Checksum<'c>>) -> Self {
        Self { shared, reached: 0, stop: 0, chunk: None, at: 0, crc: crc64::Running::new() }
    }

    /// Reading begins at `start` and ends near `stop`: what it has claimed elsewhere is summed to its end.
    pub(super) fn begin(&mut self, start: u64, stop: u64) {
        if self.shared.is_some_and(|shared| self.chunk != Some(shared.index(start))) {
            self.finish();
        }
        (self.reached, self.stop) = (start, stop);
    }

    /// Sums up to the absolute offset `at` what others have not claimed.
    #[cold]
    #[inline(never)]
    pub(super) fn up_to(&mut self, at: u64) {
        let Some(shared) = self.shared else { return };
        while self.reached < at {
            let index = shared.index(self.reached);
            // behind the last chunk there is nothing to sum
            let Some((from, to)) = shared.bounds(index).filter(|(_, to)| self.reached < *to) else {
                return;
            };
            if self.chunk != Some(index) {
                self.finish();
                if shared.claim(index) {
                    (self.chunk, self.at, self.crc) = (Some(index), from, crc64::Running::new());
                }
            }
            // in whole blocks, which takes less time
            let until = to.min(from + (to.min(at) - from).next_multiple_of(crc64::BLOCK as u64));
            if self.chunk.is_some() && self.at < until {
                shared.add(&mut self.crc, (self.at, until), self.stop);
                self.at = until;
                if until == to {
                    self.close(shared);
                }
            }
            self.reached = until;
        }
    }

    /// Sums the rest of what was claimed.
    pub(super) fn finish(&mut self) {
        let Some(shared) = self.shared else { return };
        if let Some((_, to)) = self.chunk.and_then(|index| shared.bounds(index)) {
            shared.add(&mut self.crc, (self.at, to), to);
            self.close(shared);
        }
    }

    fn close(&mut self, shared: &Checksum<'_>) {
        if let Some(index) = self.chunk.take() {
            shared.close(index, self.crc.value());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_in_any_order_give_the_checksum() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let shared = Checksum::new(&bytes, 10, 990, 64);
        let mut first = Sum::new(Some(&shared));
        let mut second = Sum::new(Some(&shared));
        first.begin(10, 1000);
        first.up_to(30);
        second.begin(300, 600);
        second.up_to(320);
        second.up_to(500);
        second.begin(40, 300);
        second.up_to(299);
        first.up_to(350);
        first.begin(700, 900);
        first.up_to(701);
        second.finish();
        first.finish();
        first.begin(989, 5000);
        first.up_to(2000);
        while shared.help().is_some() {}
        for covered in [990_usize, 991, 640, 11] {
            assert_eq!(shared.finish(covered as u64), crc64::of(&bytes[10..covered]), "{covered}");
        }
        let mut summed: Vec<_> = shared.done.lock().unwrap().iter().map(|done| done.0).collect();
        summed.sort_unstable();
        assert_eq!(summed, (0..16).collect::<Vec<_>>());
    }
}
