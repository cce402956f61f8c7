//! Keys read a second time: those of a sample, each by itself.

use crate::bytes::{Cursor, Snapshot};
use crate::entries::{Elements, Entry, Item, StreamPart, Walk};
use crate::entries::{ModulePart, Packed, Str};
use crate::footprint::{Footprinter, Lane, Limits, Measure, Server, Size, Sizes, TemplateShares};
use crate::groups::{Near, Pick, Source};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Where keys can be read again, and how they are sized.
#[derive(Clone)]
pub struct Again<'a> {
    /// The snapshot.
    pub source: Source<'a>,
    /// Its pages: those that were read again are given back, as after the first time.
    pub pages: Option<&'a Snapshot>,
    /// The server that it is sized for.
    pub server: Arc<Server>,
    /// Its templates.
    pub templates: Arc<TemplateShares>,
    /// What the bytes of keys are.
    pub measure: Measure,
    /// Told for how many nanoseconds threads read keys again, each thread's time by itself.
    pub together: &'a AtomicU64,
}

/// What collections are worth a second look on a server with these limits.
#[must_use]
pub fn near(limits: &Limits) -> Near {
    let most = |limit: u64| limit.saturating_mul(super::limits::STEPS[1]);
    Near {
        hash: most(limits.hash_entries),
        set: most(limits.set_entries.max(limits.intset_entries)),
        zset: most(limits.zset_entries),
    }
}

/// Keys of up to so many bytes are copied rather than mapped.
const NEAR: usize = 20 << 10;
/// So many keys are read one after another, or fewer: each thread should get a few parts.
const PART: usize = 64;
const PARTS_EACH: usize = 8;

impl Again<'_> {
    /// What sizes keys under each of these limits.
    pub(super) fn footprinter(&self, limits: &[Limits]) -> Footprinter {
        let lane = |limits: &Limits| {
            let server = Server { limits: *limits, ..(*self.server).clone() };
            Lane { server: Arc::new(server), measure: self.measure }
        };
        Footprinter::new(limits.iter().map(lane).collect(), Arc::clone(&self.templates))
    }

    /// Lets `look` see each of `picks`, on all threads of the pool that this runs in. What it tells of them
    /// is in the order of the file; `start` makes what one thread needs for it, beside what
    /// [`key`](Self::key) does.
    pub(super) fn each<'p, S: Send, T: Send>(
        &self,
        picks: &'p [Pick],
        start: impl Fn() -> S + Sync,
        look: impl Fn(&mut S, &mut Copied, &Pick) -> Option<T> + Sync,
    ) -> impl Iterator<Item = (&'p Pick, T)> {
        // so a part's pages lie together and are given back at once
        let mut order: Vec<&Pick> = picks.iter().collect();
        order.sort_unstable_by_key(|pick| pick.at);
        let begins = |part: &[&Pick]| part.first().map(|pick| pick.at);
        let end = self.source.bytes.len() as u64;
        let most = order.len().div_ceil(PARTS_EACH * rayon::current_num_threads());
        let parts: Vec<&[&Pick]> = order.chunks(most.clamp(1, PART)).collect();
        let ends = parts.iter().skip(1).filter_map(|part| begins(part)).chain([end]);
        let ranges: Vec<_> = parts.iter().copied().zip(ends).collect();
        // one for each thread: to make one anew is dearer than to look at some keys
        let idle = Mutex::new(Vec::new());
        let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
        let look_at = |(part, end): &(&[&'p Pick], u64)| {
            let started = Instant::now();
            let free = idle().pop();
            let (mut state, mut near) = free.unwrap_or_else(|| (start(), Copied::default()));
            let told =
                part.iter().filter_map(|pick| Some((*pick, look(&mut state, &mut near, pick)?)));
            let told = told.collect();
            if let (Some(pages), Some(begin)) = (self.pages, begins(part)) {
                pages.release(begin, *end);
            }
            idle().push((state, near));
            let spent = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.together.fetch_add(spent, Ordering::Relaxed);
            told
        };
        let told: Vec<Vec<(&Pick, T)>> = ranges.par_iter().map(look_at).collect();
        told.into_iter().flatten()
    }

    /// Lets `look` see a key; nothing where it cannot be read again. It may be asked a second time,
    /// where it has found nothing at first.
    pub(super) fn key<T>(
        &self,
        near: &mut Copied,
        pick: &Pick,
        mut look: impl FnMut(Opened<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        let size = usize::try_from(pick.extent).unwrap_or(usize::MAX);
        if let Some(pages) = self.pages.filter(|_| size <= NEAR) {
            let bytes = near.copy(pages, pick.at, size);
            let told = self.open(Cursor::window(bytes, pick.at, false), &mut look);
            if told.is_some() {
                return told;
            }
        }
        self.open(self.source.cursor(pick.at), &mut look)
    }

    fn open<T>(
        &self,
        mut cursor: Cursor<'_>,
        look: &mut impl FnMut(Opened<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        let mut walk = Walk::from_middle(self.source.head);
        loop {
            match walk.next(&mut cursor).ok()? {
                Item::Entry(entry) => {
                    let mut name = Vec::new();
                    let name = entry.key.decode(&mut name).ok()?;
                    return look(Opened { entry, name, walk: &mut walk, cursor: &mut cursor });
                }
                // a field that stands between a key's prefixes and its type
                Item::Aux { .. } => {}
                _ => return None,
            }
        }
    }
}

/// A copy of a key, or of what lies there; its memory serves for the next one.
#[derive(Debug, Default)]
pub(super) struct Copied {
    bytes: Vec<u8>,
}

impl Copied {
    /// As many bytes from `at` on, or fewer.
    fn copy(&mut self, pages: &Snapshot, at: u64, size: usize) -> &[u8] {
        if self.bytes.len() < size {
            self.bytes.resize(size, 0);
        }
        let room = self.bytes.get_mut(..size).unwrap_or_default();
        let len = pages.read_at(at, room);
        self.bytes.get(..len).unwrap_or_default()
    }
}

/// A key, with its value still to be read.
pub(super) struct Opened<'o, 'a> {
    pub entry: Entry<'a>,
    pub name: &'o [u8],
    walk: &'o mut Walk,
    cursor: &'o mut Cursor<'a>,
}

impl<'a> Opened<'_, 'a> {
    /// Hands its elements to `out`, and leaves them to be read once more.
    pub fn look(&self, out: &mut impl Elements) -> Option<()> {
        self.walk.clone().value(&mut self.cursor.clone(), out).ok()
    }

    /// Its size in every lane of `footprinter`, as it is read from here once more.
    pub fn would_take(&self, footprinter: &mut Footprinter) -> Option<Sizes> {
        footprinter.begin(&self.entry, self.name);
        self.look(footprinter)?;
        footprinter.finish().ok().map(|footprint| footprint.sizes)
    }

    /// Its value, where that is one string.
    pub fn string(self) -> Option<Str<'a>> {
        self.walk.string(self.cursor).ok()
    }

    /// Hands its elements to `out`.
    pub fn value(self, out: &mut impl Elements) -> Option<()> {
        self.walk.value(self.cursor, out).ok()
    }

    /// Its size in every lane of `footprinter`.
    pub fn sizes(self, footprinter: &mut Footprinter) -> Option<Sizes> {
        footprinter.begin(&self.entry, self.name);
        self.walk.value(self.cursor, footprinter).ok()?;
        footprinter.finish().ok().map(|footprint| footprint.sizes)
    }
}

/// A stream without what is pending in it, and what there is of that.
pub(super) struct Settled<'f> {
    pub footprinter: &'f mut Footprinter,
    pub pending: u64,
    /// Entries in its nodes that are there, and that are marked as deleted.
    pub entries: [u64; 2],
    /// What the deleted ones take of the nodes' bytes.
    pub held: u64,
    scratch: Vec<u8>,
}

impl<'f> Settled<'f> {
    pub const fn new(footprinter: &'f mut Footprinter) -> Self {
        Self { footprinter, pending: 0, entries: [0; 2], held: 0, scratch: Vec::new() }
    }

    fn node(&mut self, listpack: &Packed<'_>) {
        // the master entry begins with how many entries are there and how many are deleted
        let (mut place, mut figures) = (0, [0_u64; 2]);
        let opened = listpack.each(&mut self.scratch, |piece| {
            if let Some(figure) = figures.get_mut(place) {
                *figure = piece.as_int().and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
            }
            place += 1;
        });
        if opened.is_err() {
            return;
        }
        let [there, deleted] = figures;
        for (sum, figure) in self.entries.iter_mut().zip(figures) {
            *sum = sum.saturating_add(figure);
        }
        let part = u128::from(listpack.bytes) * u128::from(deleted);
        let part = part.checked_div(u128::from(there) + u128::from(deleted)).unwrap_or_default();
        self.held = self.held.saturating_add(u64::try_from(part).unwrap_or_default());
    }
}

impl Elements for Settled<'_> {
    fn stream(&mut self, part: StreamPart<'_>) {
        match part {
            StreamPart::Pending { .. } => self.pending += 1,
            StreamPart::ConsumerPending { .. } | StreamPart::Released { .. } => {}
            StreamPart::Node { listpack, .. } => {
                self.node(&listpack);
                self.footprinter.stream(part);
            }
            other => self.footprinter.stream(other),
        }
    }

    fn module(&mut self, part: ModulePart<'_>) {
        self.footprinter.module(part);
    }
}

/// A size as a number to estimate with.
#[allow(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn float(size: Size) -> f64 {
    size.raw() as f64 / 65_536.0
}

/// An estimate as a number of bytes or keys.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "floats saturate")]
pub(super) fn whole(estimate: f64) -> u64 {
    estimate.max(0.0).round() as u64
}
