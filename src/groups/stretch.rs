//! One stretch of a snapshot, read by one thread from a boundary to a boundary.

use super::records::Records;
use super::sum::Sum;
use crate::bytes::{Cursor, Fault, Stop};
use crate::entries::{Elements, Entry, Head, Item, Packed, Str, TypeCode, Walk};

/// How often a stretch looks up from the keys to sum as many bytes ahead, which brings them into the
/// processor's cache. Chosen by measuring, as docs/performance.md says.
const STEP: u64 = 48 << 10;
/// How often it tells how far it is.
const PAUSE: u64 = 64 << 10;
/// A value longer than this may hold up every other thread; from then on others are told.
const GIANT: usize = 8 << 20;

/// A snapshot's bytes and what its head says.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// All of the input.
    pub bytes: &'a [u8],
    /// Its head.
    pub head: &'a Head,
}

impl<'a> Source<'a> {
    /// A cursor from the absolute offset `at` to the end of the input.
    #[must_use]
    pub fn cursor(&self, at: u64) -> Cursor<'a> {
        let from = usize::try_from(at).unwrap_or(usize::MAX);
        Cursor::window(self.bytes.get(from..).unwrap_or_default(), at, true)
    }
}

impl Source<'_> {
    /// The name of the key that begins at `at`, if one does.
    #[must_use]
    pub fn name_at(self, at: u64) -> Option<Box<[u8]>> {
        name_at(self, at)
    }
}

/// What a thread does with each key that it meets.
pub trait Worker {
    /// What a stretch's keys add up to.
    type Part;
    /// What looks at a value's elements.
    type Elements: Elements;

    /// A key begins. Its value is walked next if the answer is yes, else skipped.
    ///
    /// # Errors
    /// When its name is damaged.
    fn begin(&mut self, entry: &Entry<'_>) -> Result<bool, Fault>;

    /// What the value's elements are handed to.
    fn elements(&mut self) -> &mut Self::Elements;

    /// The key's value was walked.
    ///
    /// # Errors
    /// When a part of the value that had to be opened is damaged.
    fn end(&mut self, entry: &Entry<'_>, part: &mut Self::Part) -> Result<(), Fault>;

    /// All of the above, for a key whose value is one string.
    ///
    /// # Errors
    /// Those of the above.
    #[inline]
    fn string(
        &mut self,
        entry: &Entry<'_>,
        value: Str<'_>,
        part: &mut Self::Part,
    ) -> Result<(), Fault> {
        if self.begin(entry)? {
            self.elements().string(value);
            self.end(entry, part)?;
        }
        Ok(())
    }

    /// The same for a key whose value is one packed blob, or a list of one packed node.
    ///
    /// # Errors
    /// Those of the above.
    #[inline]
    fn packed(
        &mut self,
        entry: &Entry<'_>,
        blob: &Packed<'_>,
        part: &mut Self::Part,
    ) -> Result<(), Fault> {
        if self.begin(entry)? {
            hand_over(self.elements(), entry, blob);
            self.end(entry, part)?;
        }
        Ok(())
    }
}

/// Hands over the value of `entry`, which is `blob` or a list with it as the only node.
pub(super) fn hand_over(out: &mut impl Elements, entry: &Entry<'_>, blob: &Packed<'_>) {
    if entry.code.node_packing().is_some() {
        out.begin(1);
        out.packed_node(*blob);
    } else {
        out.packed(*blob);
    }
}

/// A stretch that was read.
#[derive(Debug)]
pub(super) struct Stretch<P> {
    /// Where it begins.
    pub start: u64,
    /// The boundary where it ends.
    pub end: u64,
    /// What its keys add up to.
    pub part: P,
    /// What stood between them.
    pub records: Records,
    /// The database at its end; `None` when no mark stood in it.
    pub db: Option<u64>,
    /// Where its last key begins, if it has one.
    pub last: Option<u64>,
    /// Why it goes no further, if not because it was told where to end.
    pub finish: Option<Finish>,
}

/// Why reading came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// At the end mark.
    End {
        /// Absolute offset behind the mark: what the checksum covers ends here.
        covered: u64,
        /// Absolute offset of the first byte that does not belong to the snapshot.
        behind: u64,
        /// The stored checksum, where there is one and it is not zero.
        checksum: Option<u64>,
    },
    /// At a fault.
    Fault(ReadError),
}

/// A fault, and the key that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// What is wrong, and at which offset.
    pub fault: Fault,
    /// The database, where one was named.
    pub db: Option<u64>,
    /// The key.
    pub key: Option<Box<[u8]>>,
    /// Whether the fault is in that key's own value; else it is the last key before the fault.
    pub inside: bool,
}

/// Where a stretch begins and ends, and whom it tells how far it is.
pub(super) struct Span<'s> {
    pub start: u64,
    /// It ends at the first boundary here or behind.
    pub stop: u64,
    /// Told the offset now and then.
    pub pause: &'s mut dyn FnMut(u64),
    /// Told when a value goes on and on, with the walk and where it stands.
    pub giant: &'s mut dyn FnMut(&Walk, u64),
    /// Asked now and then whether somebody else reads from this boundary on.
    pub taken: &'s dyn Fn(u64) -> bool,
}

/// Reads a stretch; `part` is what its keys are added to. By itself: what the chain does with a stretch
/// that was read shall not stand between what is done with keys.
#[inline(never)]
pub(super) fn read<W: Worker>(
    source: Source<'_>,
    worker: &mut W,
    part: W::Part,
    span: &mut Span<'_>,
    sum: &mut Sum<'_>,
) -> Stretch<W::Part> {
    let first = span.start == source.head.body;
    let walk = if first { Walk::new(source.head) } else { Walk::from_middle(source.head) };
    let mut reading = Reading {
        cursor: source.cursor(span.start),
        walk,
        last: None,
        inside: false,
        part,
        records: Records::default(),
        finish: None,
    };
    // what is behind the stop is another's to read
    let stop = span.stop;
    let ahead = |at: u64, bytes: u64| at.saturating_add(bytes).min(stop);
    sum.begin(span.start, stop);
    let (mut look_up, mut pause) = (ahead(span.start, STEP), ahead(span.start, PAUSE));
    sum.up_to(look_up);
    let mut is_boundary = reading.walk.at_boundary();
    loop {
        let at = reading.cursor.at();
        if at >= look_up && is_boundary {
            if at >= pause {
                if at >= stop || (span.taken)(at) {
                    break;
                }
                (span.pause)(at);
                pause = ahead(at, PAUSE);
            }
            look_up = ahead(at, STEP);
            sum.up_to(look_up);
        }
        let step = match is_boundary {
            true => reading.step(worker, span),
            false => reading.step_any(worker, span),
        };
        match step {
            Ok(Next::Boundary) => is_boundary = true,
            Ok(Next::Midst) => is_boundary = false,
            Ok(Next::Nothing) => break,
            Err(stop) => {
                reading.fail(source, stop);
                break;
            }
        }
    }
    let end = reading.cursor.at();
    sum.up_to(end);
    let db = reading.walk.db();
    let Reading { part, records, last, finish, .. } = reading;
    Stretch { start: span.start, end, part, records, db, last, finish }
}

/// What comes behind a record or key.
enum Next {
    /// Another one.
    Boundary,
    /// The rest of what belongs to a key.
    Midst,
    /// Nothing.
    Nothing,
}

struct Reading<'a, P> {
    cursor: Cursor<'a>,
    walk: Walk,
    /// Where the key begins that was met last, and whether its value is being read.
    last: Option<u64>,
    inside: bool,
    part: P,
    records: Records,
    finish: Option<Finish>,
}

impl ReadError {
    /// Adds what only the stretches before it know: the database, and the last key, which begins
    /// at `last`.
    pub(super) fn complete(&mut self, source: Source<'_>, db: u64, last: Option<u64>) {
        self.db = self.db.or(Some(db));
        if self.key.is_none() {
            self.key = last.and_then(|at| name_at(source, at));
        }
    }
}

/// The name of the key that begins at `at`.
fn name_at(source: Source<'_>, at: u64) -> Option<Box<[u8]>> {
    let mut cursor = source.cursor(at);
    let mut walk = Walk::from_middle(source.head);
    loop {
        match walk.next(&mut cursor).ok()? {
            Item::Entry(entry) => return entry.key.decode(&mut Vec::new()).ok().map(Box::from),
            // a field that stands between a key's prefixes and its type
            Item::Aux { .. } => {}
            _ => return None,
        }
    }
}

impl<P> Reading<'_, P> {
    /// Reads one record or key, from a boundary on.
    #[inline(always)]
    fn step<W: Worker<Part = P>>(
        &mut self,
        worker: &mut W,
        span: &mut Span<'_>,
    ) -> Result<Next, Stop> {
        match self.walk.short_key(&mut self.cursor) {
            Some(entry) => self.entry(&entry, worker, span).map(|()| Next::Boundary),
            None => self.step_any(worker, span),
        }
    }

    /// The same of any record or key, from anywhere.
    #[cold]
    #[inline(never)]
    fn step_any<W: Worker<Part = P>>(
        &mut self,
        worker: &mut W,
        span: &mut Span<'_>,
    ) -> Result<Next, Stop> {
        match self.walk.next(&mut self.cursor)? {
            Item::Entry(entry) => self.entry(&entry, worker, span)?,
            Item::End { covered, checksum } => {
                let behind = self.cursor.at();
                let checksum = checksum.filter(|&sum| sum != 0);
                self.finish = Some(Finish::End { covered, behind, checksum });
                return Ok(Next::Nothing);
            }
            item => self.records.add(&item, self.walk.db()),
        }
        Ok(if self.walk.at_boundary() { Next::Boundary } else { Next::Midst })
    }

    /// Reads a key's value.
    #[inline(always)]
    fn entry<W: Worker<Part = P>>(
        &mut self,
        entry: &Entry<'_>,
        worker: &mut W,
        span: &mut Span<'_>,
    ) -> Result<(), Stop> {
        (self.last, self.inside) = (Some(entry.at), true);
        if entry.code == TypeCode::STRING {
            let value = self.walk.string(&mut self.cursor)?;
            worker.string(entry, value, &mut self.part)?;
        } else {
            self.other(&entry.apart(), worker, span)?;
        }
        self.inside = false;
        Ok(())
    }

    /// Reads the value of a key that is no string.
    #[inline(always)]
    fn other<W: Worker<Part = P>>(
        &mut self,
        entry: &Entry<'_>,
        worker: &mut W,
        span: &mut Span<'_>,
    ) -> Result<(), Stop> {
        if let Some(packing) = entry.code.packing() {
            // as it is: to take it out of the result would be to copy it
            match &self.walk.packed(&mut self.cursor, packing) {
                Ok(blob) => worker.packed(entry, blob, &mut self.part)?,
                Err(stop) => return Err(stop.clone()),
            }
        } else if let Some(node) = &self.walk.only_node(entry, &mut self.cursor) {
            worker.packed(entry, node, &mut self.part)?;
        } else if worker.begin(entry)? {
            self.walk.expect(entry);
            self.value(worker.elements(), span)?;
            worker.end(entry, &mut self.part)?;
        } else {
            self.walk.expect(entry);
            self.walk.skip(&mut self.cursor)?;
        }
        Ok(())
    }

    /// Walks a value; one that is very long in steps, so that others can be told.
    fn value<E: Elements>(&mut self, out: &mut E, span: &mut Span<'_>) -> Result<(), Stop> {
        if self.cursor.rest().len() <= GIANT {
            return self.walk.value(&mut self.cursor, out);
        }
        let mut near = self.cursor.narrow(GIANT);
        let mut reach = GIANT;
        loop {
            let result = self.walk.value(&mut near, out);
            // the window ends before the input does, so this many bytes are there
            self.cursor.take(near.at().saturating_sub(self.cursor.at()))?;
            match result {
                Err(Stop::More) => {
                    (span.giant)(&self.walk, self.cursor.at());
                    reach = reach.saturating_mul(2);
                    near = self.cursor.narrow(reach);
                }
                done => return done,
            }
        }
    }

    #[cold]
    fn fail(&mut self, source: Source<'_>, stop: Stop) {
        // the cursor reaches to the input's end, so more bytes are never to be had
        let Stop::Fault(fault) = stop else { return };
        let key = self.last.and_then(|at| name_at(source, at));
        let error = ReadError { fault, db: self.walk.db(), key, inside: self.inside };
        self.finish = Some(Finish::Fault(error));
    }
}
