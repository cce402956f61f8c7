//! The checksum, computed by all threads over whatever they have just read.

use crate::bytes::crc64;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The checksum of a snapshot while it is being computed: equal chunks, each summed by one thread.
#[derive(Debug)]
pub(super) struct Checksum<'a> {
    bytes: &'a [u8],
    start: u64,
    end: u64,
    chunk: u64,
    next: AtomicU64,
    done: Mutex<Vec<(u64, u64)>>,
}

impl<'a> Checksum<'a> {
    /// Of `bytes` from `start` up to `end`, in chunks of `chunk` bytes.
    pub(super) fn new(bytes: &'a [u8], start: u64, end: u64, chunk: u64) -> Self {
        let (next, done) = (AtomicU64::new(0), Mutex::default());
        Self { bytes, start, end, chunk: chunk.max(1), next, done }
    }

    /// The bounds of chunk `index`, if it has any byte.
    fn bounds(&self, index: u64) -> Option<(u64, u64)> {
        let from = self.start.checked_add(index.checked_mul(self.chunk)?)?;
        (from < self.end).then(|| (from, from.saturating_add(self.chunk).min(self.end)))
    }

    fn bytes(&self, from: u64, to: u64) -> &[u8] {
        let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        range.and_then(|(from, to)| self.bytes.get(from..to)).unwrap_or_default()
    }

    /// Sums a chunk that nobody has taken, and answers where it is; `None` when there is none.
    pub(super) fn help(&self) -> Option<(u64, u64)> {
        let mut sum = Sum::new(Some(self));
        sum.claim();
        let chunk = sum.chunk.map(|_| (sum.at, sum.to));
        sum.up_to(sum.to);
        chunk
    }

    /// The checksum of all up to `covered`, once nobody sums any more.
    pub(super) fn finish(&self, covered: u64) -> u64 {
        let mut done = match self.done.lock() {
            Ok(done) => done.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        };
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

/// One thread's share: chunks that it claimed, summed as far as it has read.
#[derive(Debug)]
pub(super) struct Sum<'c> {
    shared: Option<&'c Checksum<'c>>,
    chunk: Option<u64>,
    at: u64,
    to: u64,
    crc: crc64::Running,
}

impl<'c> Sum<'c> {
    /// A share in `shared`; without one, nothing is summed.
    pub(super) fn new(shared: Option<&'c Checksum<'c>>) -> Self {
        Self { shared, chunk: None, at: 0, to: 0, crc: crc64::Running::new() }
    }

    /// Sums what was claimed up to the absolute offset `at`, claiming more on the way.
    pub(super) fn up_to(&mut self, at: u64) {
        let Some(shared) = self.shared else { return };
        loop {
            if self.chunk.is_none() {
                let next = shared.bounds(shared.next.load(Ordering::Relaxed));
                if next.is_none_or(|(from, _)| from >= at) {
                    return;
                }
                self.claim();
                if self.chunk.is_none() {
                    return;
                }
            }
            let to = self.to.min(at);
            if to > self.at {
                self.crc.add(shared.bytes(self.at, to));
                self.at = to;
            }
            if self.at < self.to {
                return;
            }
            self.close(shared);
        }
    }

    /// Sums the rest of what was claimed.
    pub(super) fn finish(&mut self) {
        if self.chunk.is_some() {
            self.up_to(self.to);
        }
    }

    fn claim(&mut self) {
        let Some(shared) = self.shared else { return };
        let index = shared.next.fetch_add(1, Ordering::Relaxed);
        if let Some((from, to)) = shared.bounds(index) {
            (self.chunk, self.at, self.to) = (Some(index), from, to);
            self.crc = crc64::Running::new();
        }
    }

    fn close(&mut self, shared: &Checksum<'_>) {
        if let Some(index) = self.chunk.take() {
            let mut done = match shared.done.lock() {
                Ok(done) => done,
                Err(poisoned) => poisoned.into_inner(),
            };
            done.push((index, self.crc.value()));
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
        first.up_to(30);
        second.up_to(300);
        first.up_to(500);
        second.finish();
        first.finish();
        while shared.help().is_some() {}
        for covered in [990_usize, 991, 640, 11] {
            assert_eq!(shared.finish(covered as u64), crc64::of(&bytes[10..covered]), "{covered}");
        }
    }
}
