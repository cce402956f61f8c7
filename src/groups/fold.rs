//! The driver: one snapshot, read by many threads, with the answer of one.
//!
//! The format has no index, so threads begin at guessed boundaries and read stretches of their
//! own. A stretch counts only when the one before it ends exactly where it began: the chain of
//! such stretches starts at the first record, so every boundary in it is a true one. A stretch
//! that began wrong is dropped and read again, from where the chain ends. When guesses fail,
//! fewer are made, down to none: then one thread reads from the front, as if it were alone. While
//! they hold, stretches become longer, since each costs one more part to be taken.

use super::pages::Trail;
use super::records::Records;
use super::stretch::{self, Finish, Source, Span, Stretch, Worker};
use super::sum::{Checksum, Sum};
use crate::bytes::{Kind, Snapshot};
use crate::entries::{Walk, guess};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What to do with a snapshot's keys.
pub trait Task: Sync {
    /// What a stretch's keys add up to.
    type Part: Send;
    /// One for each thread.
    type Worker: Worker<Part = Self::Part>;

    /// Whether parts must be taken in file order, rather than as they come.
    const ORDERED: bool;

    /// A worker for one thread.
    fn worker(&self) -> Self::Worker;

    /// An empty part.
    fn part(&self) -> Self::Part;

    /// Takes a part of which all keys are known to be keys. `db` is the database at its
    /// beginning. No more is wanted after a `false`.
    fn take(&self, part: Self::Part, db: u64) -> bool;

    /// How many bytes of memory a part takes, where that may be many.
    fn weight(&self, _: &Self::Part) -> u64 {
        0
    }
}

/// How to read.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'p> {
    /// How many threads read; one reads straight from front to back.
    pub threads: usize,
    /// Whether to compute the checksum.
    pub checksum: bool,
    /// How many bytes a thread takes at a time; `None` to choose by size and threads.
    pub chunk: Option<u64>,
    /// Told how many bytes are done for good.
    pub progress: &'p AtomicU64,
    /// Told which bytes need not stay in memory.
    pub pages: Option<&'p Snapshot>,
}

/// What came of reading.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why reading came to its end; `None` when no more was wanted.
    pub finish: Option<Finish>,
    /// The computed checksum, when the end mark was reached and it was wanted.
    pub checksum: Option<u64>,
    /// What stood between the keys.
    pub records: Records,
    /// Where the last key or record that counts ends.
    pub end: u64,
    /// How the threads spent their time.
    pub timings: Timings,
}

impl Outcome {
    /// The fault of a checksum that is not the stored one.
    #[must_use]
    pub fn checksum_fault(&self) -> Option<crate::bytes::Fault> {
        let Some(Finish::End { covered, checksum: Some(stored), .. }) = self.finish else {
            return None;
        };
        let computed = self.checksum.filter(|&computed| computed != stored)?;
        Some(crate::bytes::Fault::new(covered, Kind::Checksum { stored, computed }))
    }
}

/// How the threads spent their time: what scaling hangs on.
#[derive(Debug, Clone, Default)]
pub struct Timings {
    /// From the first byte to the last part taken.
    pub wall: Duration,
    /// Each thread's time at work, the rest being waiting.
    pub busy: Vec<Duration>,
    /// Bytes that each thread read, dropped ones included.
    pub read: Vec<u64>,
    /// Stretches that began at a guess and closed the chain.
    pub closed: u64,
    /// Stretches that began at a guess and were dropped.
    pub dropped: u64,
    /// Bytes in those.
    pub redone: u64,
    /// Time in which one thread held up the others: taking parts in order.
    pub serial: Duration,
}

impl AddAssign<&Self> for Timings {
    /// Adds those of another reading by as many threads.
    fn add_assign(&mut self, other: &Self) {
        self.wall += other.wall;
        self.busy.iter_mut().zip(&other.busy).for_each(|(mine, theirs)| *mine += *theirs);
        self.read.iter_mut().zip(&other.read).for_each(|(mine, theirs)| *mine += *theirs);
        self.closed += other.closed;
        self.dropped += other.dropped;
        self.redone += other.redone;
        self.serial += other.serial;
    }
}

/// The least and most bytes that a thread takes at a time.
const CHUNK: std::ops::RangeInclusive<u64> = 1 << 20..=8 << 20;
/// How many chunks there should be for each thread, so that none waits long at the end.
const CHUNKS_EACH: u64 = 16;
/// How many chunks a part that is taken in order may have, where no guess ends it.
const PATIENCE: u64 = 8;
/// How many chunks a stretch may have that begins at a guess, while guesses hold.
const STRIDE: u64 = 8;
/// What all parts together may take that are ahead of the chain, as far as one can tell.
const AHEAD: u64 = 32 << 20;
/// How many offsets are tried for a boundary.
const TRIES: usize = 64 << 10;
/// How many while guesses fail.
const TRIES_IN_DOUBT: usize = 4 << 10;

/// Reads `source` as `plan` says and does `task`.
pub fn fold<T: Task>(source: Source<'_>, task: &T, plan: &Plan<'_>) -> Outcome {
    let started = Instant::now();
    let threads = plan.threads.max(1);
    let len = source.bytes.len() as u64;
    let chunk = plan.chunk.unwrap_or_else(|| {
        (len / (threads as u64 * CHUNKS_EACH)).clamp(*CHUNK.start(), *CHUNK.end())
    });
    let sums = Checksum::new(source.bytes, source.head.start, len.saturating_sub(8), chunk);
    let chain = Chain {
        source,
        task,
        chunk: chunk.max(1),
        threads,
        progress: plan.progress,
        pages: plan.pages,
        sums: plan.checksum.then_some(&sums),
        guesses: guesses(len, chunk, threads),
        state: Mutex::new(State::new(source.head.body, threads)),
        changed: Condvar::new(),
    };
    if threads == 1 {
        chain.work();
    } else {
        rayon::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|_| chain.work());
            }
        });
    }
    let state = chain.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    let checksum = match (&state.finish, plan.checksum) {
        (Some(Finish::End { covered, checksum: Some(_), .. }), true) => Some(sums.finish(*covered)),
        _ => None,
    };
    let timings = Timings { wall: started.elapsed(), ..state.timings };
    let Progress { end, records, .. } = state.chain;
    Outcome { finish: state.finish, checksum, records, end, timings }
}

/// A place for the guess at each chunk's beginning; none where one thread needs none.
fn guesses(len: u64, chunk: u64, threads: usize) -> Vec<OnceLock<Option<u64>>> {
    let chunks = if threads > 1 { len / chunk.max(1) + 1 } else { 0 };
    (0..chunks).map(|_| OnceLock::new()).collect()
}

struct Chain<'c, T: Task> {
    source: Source<'c>,
    task: &'c T,
    chunk: u64,
    threads: usize,
    progress: &'c AtomicU64,
    pages: Option<&'c Snapshot>,
    sums: Option<&'c Checksum<'c>>,
    guesses: Vec<OnceLock<Option<u64>>>,
    state: Mutex<State<T::Part>>,
    changed: Condvar,
}

struct State<P> {
    chain: Progress,
    /// Read, and waiting for the chain to reach them, by where they begin.
    waiting: BTreeMap<u64, Stretch<P>>,
    /// Where the stretches begin that are being read.
    running: Vec<u64>,
    /// The next chunk at whose beginning to guess.
    next: u64,
    /// The chunks at whose beginnings stretches were to begin.
    edges: BTreeSet<u64>,
    /// How many guesses in a row have held.
    held: u64,
    /// How many parts that count are being taken.
    taking: usize,
    /// What the heaviest part takes, of those that were handed in.
    heaviest: Option<u64>,
    /// How many stretches may be read ahead of the chain.
    trust: usize,
    /// A very long value that holds up the chain: its end is worth finding first.
    scout: Option<(Walk, u64)>,
    /// How far the one has come meanwhile who is held up, in the chain as well: what begins before is
    /// read.
    passed: u64,
    finish: Option<Finish>,
    over: bool,
    timings: Timings,
}

/// What is read for good.
struct Progress {
    end: u64,
    db: u64,
    /// Where the last key begins.
    last: Option<u64>,
    records: Records,
}

impl<P> State<P> {
    fn new(body: u64, threads: usize) -> Self {
        Self {
            chain: Progress { end: body, db: 0, last: None, records: Records::default() },
            waiting: BTreeMap::new(),
            running: Vec::new(),
            next: 0,
            edges: BTreeSet::new(),
            held: 0,
            taking: 0,
            heaviest: None,
            trust: 2 * threads,
            scout: None,
            passed: 0,
            finish: None,
            over: false,
            timings: Timings::default(),
        }
    }

    /// Whether somebody reads, or has read, the stretch that begins at `at`.
    fn is_taken(&self, at: u64) -> bool {
        self.running.contains(&at) || self.waiting.contains_key(&at)
    }

    /// Whether somebody reads what begins at `at`; if not, nobody will but who asks.
    fn pass(&mut self, at: u64) -> bool {
        let taken = self.is_taken(at);
        if !taken {
            self.passed = self.passed.max(at);
        }
        taken
    }

    /// For how many parts there is room in memory.
    fn room(&self) -> usize {
        let room = match self.heaviest {
            // before the first part one cannot tell
            None => 1,
            Some(heaviest) => AHEAD.checked_div(heaviest).unwrap_or(u64::MAX),
        };
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    /// How many stretches may be read ahead of the chain, for all that is known.
    fn most_ahead(&self) -> usize {
        self.trust.min(self.room())
    }

    /// Whether the stretch that the chain waits for should be read now. Where parts are heavy those
    /// that are being taken come first: each takes memory twice, for itself and for its sum.
    fn wants_chain(&self) -> bool {
        !self.is_taken(self.chain.end) && self.taking <= self.room()
    }

    /// Takes `stride` chunks from `chunk` on for a stretch that begins there; where it should end.
    fn stretch(&mut self, chunk: u64, stride: u64) -> u64 {
        self.edges.insert(chunk);
        self.next = chunk + stride;
        self.next
    }

    /// How many stretches are read, or being read, ahead of the chain.
    fn ahead(&self) -> usize {
        self.waiting.len() + self.running.iter().filter(|&&at| at > self.chain.end).count()
    }
}

/// What a thread does next.
enum Turn {
    /// Read from where the chain ends, up to the guess at the beginning of a chunk.
    Read(u64, u64),
    /// Guess at the beginning of this chunk, and read from there up to the guess at that one.
    Guess(u64, u64),
    /// Find the end of a very long value.
    Scout(Walk, u64),
    /// Sum a chunk, or wait.
    Idle,
    Over,
}

impl<T: Task> Chain<'_, T> {
    fn work(&self) {
        let (started, mut waited) = (Instant::now(), Duration::ZERO);
        let mut read = 0;
        let mut worker = self.task.worker();
        let mut sum = Sum::new(self.sums);
        loop {
            match self.turn() {
                Turn::Read(at, to) => read += self.read(at, to, &mut worker, &mut sum),
                Turn::Guess(chunk, to) => {
                    if let Some(at) = self.guess(chunk, TRIES).filter(|&at| self.claim(at)) {
                        read += self.read(at, to, &mut worker, &mut sum);
                    }
                }
                Turn::Scout(walk, at) => read += self.scout(walk, at, &mut worker, &mut sum),
                Turn::Idle => {
                    sum.finish();
                    if !self.help() {
                        waited += self.wait();
                    }
                }
                Turn::Over => break,
            }
        }
        sum.finish();
        while self.help() {}
        let mut state = self.lock();
        state.timings.busy.push(started.elapsed().saturating_sub(waited));
        state.timings.read.push(read);
    }

    /// Sums a chunk that nobody has taken; `false` when there is none.
    fn help(&self) -> bool {
        let chunk = self.sums.and_then(Checksum::help);
        if let (Some((from, to)), Some(pages)) = (chunk, self.pages) {
            pages.release(from, to);
        }
        chunk.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State<T::Part>> {
        // a thread that panicked has left the state as it was between two changes
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> Turn {
        let mut state = self.lock();
        if state.over {
            return Turn::Over;
        }
        if state.wants_chain() {
            let at = state.chain.end;
            state.running.push(at);
            let chunk = at / self.chunk;
            let edge = state.edges.range(chunk + 1..).next().copied();
            let to = edge.unwrap_or_else(|| {
                let (chunk, stride) = (state.next.max(chunk), self.stride(&state));
                state.stretch(chunk, stride)
            });
            return Turn::Read(at, to);
        }
        if let Some((walk, at)) = state.scout.take() {
            return Turn::Scout(walk, at);
        }
        if state.ahead() + state.taking < state.most_ahead()
            && state.next < self.guesses.len() as u64
        {
            let chunk = state.next.max(state.chain.end / self.chunk + 1);
            let stride = self.stride(&state);
            let to = state.stretch(chunk, stride);
            if chunk < self.guesses.len() as u64 {
                return Turn::Guess(chunk, to);
            }
        }
        Turn::Idle
    }

    /// How many chunks the next stretch has: the more the more guesses have held, and fewer towards
    /// the end, so that all threads end together.
    fn stride(&self, state: &State<T::Part>) -> u64 {
        let left = (self.guesses.len() as u64).saturating_sub(state.next);
        let most = if T::ORDERED { 1 } else { STRIDE.min(state.held + 1) };
        (left / (2 * self.threads as u64)).clamp(1, most)
    }

    /// Waits until something changes; returns for how long.
    fn wait(&self) -> Duration {
        let since = Instant::now();
        let state = self.lock();
        if !state.over && !state.wants_chain() && state.scout.is_none() {
            // a missed change costs no more than this
            let _ = self.changed.wait_timeout(state, Duration::from_millis(20));
        }
        since.elapsed()
    }

    /// The guess at the beginning of chunk `index`.
    fn guess(&self, index: u64, tries: usize) -> Option<u64> {
        let place = self.guesses.get(usize::try_from(index).ok()?)?;
        let from = index.saturating_mul(self.chunk).max(self.source.head.body);
        *place.get_or_init(|| guess(self.source.bytes, self.source.head, from, tries))
    }

    /// The first guess behind `at`, from that at the beginning of chunk `first` on: where a stretch
    /// should end.
    fn stop(&self, at: u64, first: u64) -> u64 {
        let tries = if self.lock().trust == 0 { TRIES_IN_DOUBT } else { TRIES };
        let mut guesses = (first..self.guesses.len() as u64).map(|chunk| self.guess(chunk, tries));
        let guess = guesses.find_map(|guess| guess.filter(|&guess| guess > at));
        // what is taken in order waits in memory until then
        let most = if T::ORDERED { PATIENCE * self.chunk } else { u64::MAX };
        guess.unwrap_or(u64::MAX).min(at.saturating_add(most))
    }

    /// Takes the stretch that begins at the guess `at`, unless it is taken or passed.
    fn claim(&self, at: u64) -> bool {
        let mut state = self.lock();
        let new = at > state.chain.end.max(state.passed) && !state.is_taken(at);
        if new {
            state.running.push(at);
        }
        new
    }

    /// Reads the stretch from `at` up to the guess at chunk `to`; returns how many bytes it has.
    fn read(&self, at: u64, to: u64, worker: &mut T::Worker, sum: &mut Sum<'_>) -> u64 {
        let mut trail = Trail::new(self.pages, at);
        let mut pause = |at| {
            if self.threads == 1 {
                self.progress.store(at, Ordering::Relaxed);
            }
            trail.reach(at);
        };
        let scouted = Cell::new(false);
        let mut giant = |walk: &Walk, here| {
            let mut state = self.lock();
            if self.threads > 1 && state.chain.end == at {
                state.scout = Some((walk.clone(), here));
                scouted.set(true);
                self.changed.notify_all();
            }
        };
        // who has found the end of the value first reads on from there
        let taken = |here: u64| scouted.get() && self.lock().pass(here);
        let stop = self.stop(at, to);
        let mut span =
            Span { start: at, stop, pause: &mut pause, giant: &mut giant, taken: &taken };
        let stretch = stretch::read(self.source, worker, self.task.part(), &mut span, sum);
        let bytes = stretch.end - stretch.start;
        trail.leave(stretch.end);
        self.hand_in(stretch);
        bytes
    }

    /// Finds the end of the value that `walk` is in, and reads on behind it.
    fn scout(&self, mut walk: Walk, at: u64, worker: &mut T::Worker, sum: &mut Sum<'_>) -> u64 {
        let mut cursor = self.source.cursor(at);
        let found = walk.skip(&mut cursor).is_ok();
        let end = cursor.at();
        let mut state = self.lock();
        if !found || state.chain.end >= end {
            return 0;
        }
        // what was guessed to begin inside the value did not
        state.waiting.retain(|&start, _| start >= end);
        state.next = state.next.max(end / self.chunk + 1);
        drop(state);
        if self.claim(end) { self.read(end, end / self.chunk + 1, worker, sum) } else { 0 }
    }

    /// Hands in a stretch; closes the chain as far as it goes.
    fn hand_in(&self, stretch: Stretch<T::Part>) {
        let mut state = self.lock();
        state.running.retain(|&start| start != stretch.start);
        let next_guess = stretch.end / self.chunk;
        let ends_at_guess = self.peek(next_guess) == Some(stretch.end);
        state.heaviest = state.heaviest.max(Some(self.task.weight(&stretch.part)));
        if ends_at_guess && state.trust == 0 {
            state.trust = 1;
        }
        state.waiting.insert(stretch.start, stretch);
        let mut taken = Vec::new();
        while let Some(parts) = self.close(&mut state) {
            taken.extend(parts);
        }
        self.progress.store(state.chain.end, Ordering::Relaxed);
        self.changed.notify_all();
        state.taking += taken.len();
        drop(state);
        for (part, db) in taken {
            let goes_on = self.task.take(part, db);
            let mut state = self.lock();
            state.taking -= 1;
            state.over |= !goes_on;
            self.changed.notify_all();
        }
    }

    /// The guess at the beginning of chunk `index`, if it was made.
    fn peek(&self, index: u64) -> Option<u64> {
        let place = self.guesses.get(usize::try_from(index).ok()?)?;
        place.get().copied().flatten()
    }

    /// Adds the stretch that begins where the chain ends; drops those that it has passed.
    fn close(&self, state: &mut State<T::Part>) -> Option<Option<(T::Part, u64)>> {
        if state.over {
            return None;
        }
        let stretch = state.waiting.remove(&state.chain.end)?;
        let db = state.chain.db;
        let (mut records, guessed) = (stretch.records, stretch.start != self.source.head.body);
        records.bind(db);
        state.chain.records.merge(records);
        state.chain.end = stretch.end;
        state.chain.db = stretch.db.unwrap_or(db);
        if guessed {
            state.timings.closed += 1;
            state.held += 1;
            state.trust = (state.trust + 1).min(2 * self.threads);
        }
        let passed: Vec<u64> = state.waiting.range(..stretch.end).map(|(&at, _)| at).collect();
        for at in passed {
            if let Some(dropped) = state.waiting.remove(&at) {
                state.timings.dropped += 1;
                state.timings.redone += dropped.end - dropped.start;
                state.trust /= 2;
                state.held = 0;
            }
        }
        if let Some(mut finish) = stretch.finish {
            if let Finish::Fault(error) = &mut finish {
                error.complete(self.source, db, state.chain.last);
            }
            state.finish = Some(finish);
            state.over = true;
        }
        state.chain.last = stretch.last.or(state.chain.last);
        if !T::ORDERED {
            return Some(Some((stretch.part, db)));
        }
        let since = Instant::now();
        if !self.task.take(stretch.part, db) {
            state.over = true;
        }
        state.timings.serial += since.elapsed();
        Some(None)
    }
}
