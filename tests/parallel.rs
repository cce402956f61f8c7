//! The answer is the same on any number of threads and with any size of chunk.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use rdblens::bytes::{Cursor, Fault, Snapshot};
use rdblens::entries::{Elements, Entry, Head, Packed, Str};
use rdblens::groups::{Finish, Outcome, Plan, Source, Task, Worker, fold};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

/// A key as the walk gives it: database, name, offset, expiry, and a sum over what flowed by.
type Key = (Option<u64>, Vec<u8>, u64, Option<i64>, u64);

/// Collects every key, in file order.
struct Collect(Mutex<Vec<Key>>);

#[derive(Default)]
struct Seen(u64);

impl Elements for Seen {
    fn string(&mut self, value: Str<'_>) {
        self.0 += value.len();
    }
    fn begin(&mut self, count: u64) {
        self.0 += 1000 * count;
    }
    fn member(&mut self, member: Str<'_>) {
        self.0 += member.len();
    }
    fn field(&mut self, field: Str<'_>, value: Str<'_>, _: Option<u64>) {
        self.0 += field.len() + value.len();
    }
    fn packed(&mut self, blob: Packed<'_>) {
        self.0 += blob.bytes;
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
        let key = entry.key.decode(&mut Vec::new())?.to_vec();
        part.push((entry.db, key, entry.at, entry.meta.expires_at_ms, self.0));
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
        let bound =
            part.into_iter().map(|(known, key, at, ttl, n)| (known.or(Some(db)), key, at, ttl, n));
        self.0.lock().unwrap().extend(bound);
        true
    }
}

fn read(bytes: &[u8], threads: usize, chunk: Option<u64>) -> (Vec<Key>, Outcome) {
    let head = Head::read(&mut Cursor::new(bytes)).unwrap();
    let task = Collect(Mutex::default());
    let progress = AtomicU64::new(0);
    let plan = Plan { threads, checksum: true, chunk, progress: &progress };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let outcome = pool.install(|| fold(Source { bytes, head: &head }, &task, &plan));
    (task.0.into_inner().unwrap(), outcome)
}

fn dumps(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            dumps(&path, out);
        } else if path.extension().is_some_and(|e| e == "rdb" || e == "aof") {
            out.push(path);
        }
    }
}

fn fixtures() -> Vec<(PathBuf, Snapshot)> {
    let mut paths = Vec::new();
    dumps(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut paths);
    paths.sort();
    let snapshots = paths.into_iter().map(|path| {
        let snapshot = Snapshot::open(&path).unwrap();
        (path, snapshot)
    });
    snapshots
        .filter(|(_, snapshot)| Head::read(&mut Cursor::new(snapshot.bytes())).is_ok())
        .collect()
}

fn assert_same(path: &Path, bytes: &[u8], threads: usize, chunk: u64) {
    let (want, serial) = read(bytes, 1, None);
    let (got, outcome) = read(bytes, threads, Some(chunk));
    assert!(got == want, "{path:?}: other keys with {threads} threads, chunks of {chunk}");
    assert_eq!(outcome.finish, serial.finish, "{path:?}");
    assert_eq!(outcome.checksum, serial.checksum, "{path:?}");
    assert_eq!(outcome.records, serial.records, "{path:?}");
    assert_eq!(outcome.end, serial.end, "{path:?}");
}

#[test]
fn every_fixture_reads_the_same_on_any_number_of_threads() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 30, "the fixtures are there");
    for (path, snapshot) in &fixtures {
        let bytes = snapshot.bytes();
        let (_, serial) = read(bytes, 1, None);
        assert!(matches!(serial.finish, Some(Finish::End { .. })), "{path:?}: {:?}", serial.finish);
        assert_eq!(serial.checksum_fault(), None, "{path:?}");
        for (threads, chunk) in [(2, 64 << 10), (3, 4096), (7, 20_000), (16, 333)] {
            assert_same(path, bytes, threads, chunk);
        }
    }
}

#[test]
fn tiny_chunks_and_every_cut_read_the_same() {
    let fixtures = fixtures();
    let small = fixtures.iter().filter(|(_, snapshot)| snapshot.len() < 40_000);
    for (path, snapshot) in small.take(3) {
        let bytes = snapshot.bytes();
        for chunk in [1, 7, 64] {
            assert_same(path, bytes, 3, chunk);
        }
        for cut in (9..bytes.len()).step_by(bytes.len() / 40 + 1) {
            assert_same(path, &bytes[..cut], 2, 512);
        }
    }
}
