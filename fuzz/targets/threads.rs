//! Several threads with chunks of any size give what one thread gives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rayon::{ThreadPool, ThreadPoolBuilder};
use rdblens::bytes::{Cursor, Fault};
use rdblens::entries::{Elements, Entry, Head, Str};
use rdblens::groups::{Outcome, Plan, Source, Task, Worker, fold};
use std::sync::atomic::AtomicU64;
use std::sync::{LazyLock, Mutex};

static POOL: LazyLock<ThreadPool> =
    LazyLock::new(|| ThreadPoolBuilder::new().num_threads(3).build().expect("a pool"));

/// A key: database, offset, and the bytes of its elements.
type Key = (Option<u64>, u64, u64);

struct Collect(Mutex<Vec<Key>>);

#[derive(Default)]
struct Seen(u64);

impl Elements for Seen {
    fn string(&mut self, value: Str<'_>) {
        self.0 += value.len();
    }
    fn member(&mut self, member: Str<'_>) {
        self.0 += member.len();
    }
    fn field(&mut self, field: Str<'_>, value: Str<'_>, _: Option<u64>) {
        self.0 += field.len() + value.len();
    }
}

impl Worker for Seen {
    type Part = Vec<Key>;
    type Elements = Self;

    fn begin(&mut self, _: &Entry<'_>) -> Result<bool, Fault> {
        self.0 = 0;
        Ok(true)
    }
    fn elements(&mut self) -> &mut Self {
        self
    }
    fn end(&mut self, entry: &Entry<'_>, part: &mut Vec<Key>) -> Result<(), Fault> {
        part.push((entry.db, entry.at, self.0));
        Ok(())
    }
}

impl Task for Collect {
    type Part = Vec<Key>;
    type Worker = Seen;
    const ORDERED: bool = true;

    fn worker(&self) -> Seen {
        Seen::default()
    }
    fn part(&self) -> Vec<Key> {
        Vec::new()
    }
    fn take(&self, part: Vec<Key>, db: u64) -> bool {
        let bound = part.into_iter().map(|(known, at, n)| (known.or(Some(db)), at, n));
        self.0.lock().expect("no panic").extend(bound);
        true
    }
}

fn read(bytes: &[u8], head: &Head, threads: usize, chunk: Option<u64>) -> (Vec<Key>, Outcome) {
    let task = Collect(Mutex::default());
    let progress = AtomicU64::new(0);
    let plan = Plan { threads, checksum: true, chunk, progress: &progress, pages: None };
    let outcome = POOL.install(|| fold(Source { bytes, head }, &task, &plan));
    (task.0.into_inner().expect("no panic"), outcome)
}

fuzz_target!(|input: &[u8]| {
    let Some((&chunk, input)) = input.split_first() else { return };
    // chunks may be far smaller than a key, but each costs many guesses
    let chunk = (1 + u64::from(chunk)).max(input.len() as u64 / 32);
    let Ok(head) = Head::read(&mut Cursor::new(input)) else { return };
    let (want, one) = read(input, &head, 1, None);
    let (got, three) = read(input, &head, 3, Some(chunk));
    assert!(want == got, "other keys with chunks of {chunk}");
    assert_eq!(one.finish, three.finish);
    assert_eq!(one.checksum, three.checksum);
    assert_eq!(one.records, three.records);
    assert_eq!(one.end, three.end);
});
