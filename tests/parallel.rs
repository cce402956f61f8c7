//! The answer is the same on any number of threads and with any size of chunk.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use proptest::prelude::*;
use rdblens::bytes::{Cursor, Fault};
use rdblens::entries::{Elements, Entry, Head, Packed, Str};
use rdblens::footprint::instance::{Contents, instance};
use rdblens::footprint::{Footprinter, Lane, Measure, Overrides, Server, TemplateShares};
use rdblens::groups::{
    Filter, Finish, Lifetime, Outcome, Plan, Sample, Settings, Source, Tally, Task, Worker, fold,
    template_uses,
};
use rdblens::report::{Beside, Extent, Instance, Material, Report};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use support::dump::{Text, dump, redis};
use support::fixture;
use support::packed::listpack;
use support::shapes::pairs;

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
        part.push((entry.db, key, entry.at, entry.meta.expiry.at_ms(), self.0));
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
    let plan = Plan { threads, checksum: true, chunk, progress: &progress, pages: None };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let outcome = pool.install(|| fold(Source { bytes, head: &head }, &task, &plan));
    (task.0.into_inner().unwrap(), outcome)
}

/// The whole report as the program makes it, and what reading came to.
fn report(bytes: &[u8], threads: usize, chunk: Option<u64>) -> String {
    let head = Head::read(&mut Cursor::new(bytes)).unwrap();
    let source = Source { bytes, head: &head };
    let server = Arc::new(Server::detect(&head, &Overrides::default()).unwrap());
    let progress = AtomicU64::new(0);
    let plan = Plan { threads, checksum: true, chunk, progress: &progress, pages: None };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let uses = template_uses(source, &plan);
        let templates = Arc::new(TemplateShares::new(&head.templates, &uses));
        let measures = [Measure::Reported, Measure::Allocated];
        let lanes = measures.map(|measure| Lane { server: Arc::clone(&server), measure });
        let footprinter = || {
            let mut footprinter = Footprinter::new(lanes.to_vec(), Arc::clone(&templates));
            footprinter.count_field_times(Lifetime::bounds(1_790_000_000_000));
            footprinter
        };
        let filter = Filter::default();
        let once = |settings: &Settings| {
            let tally = Tally::new(settings, (&filter, server.cluster), &footprinter);
            (fold(source, &tally, &plan), tally.finish())
        };
        let mut settings = Settings::new(1_790_000_000_000);
        let mut found = once(&settings);
        settings.exempt = found.1.suspects().map(Arc::new);
        settings.slots = found.1.heavy_slots(8).unwrap_or_default();
        if settings.exempt.is_some() || !settings.slots.is_empty() {
            found = once(&settings);
        }
        let (outcome, groups) = found;
        let contents: Contents = groups.contents(&outcome.records);
        let keys = groups.totals().all().sizes.lane(1);
        let whole = instance(&server, keys, &contents, &templates);
        let names = |sample: Sample| source.name_at(sample.at);
        let beside = Beside::of(&head, &outcome);
        let material = Material { beside: &beside, groups: &groups, names: &names };
        let report = Report {
            instance: Some(Instance::of(&whole, head.aux_number("used-mem"))),
            ..Report::of(material, Extent { top: 20, depth: 16 })
        };
        let text = serde_json::to_string_pretty(&report).unwrap();
        format!("{text}{:?} {:?} {}", outcome.finish, outcome.checksum, outcome.end)
    })
}

fn assert_same_report(name: &str, bytes: &[u8], threads: usize, chunk: u64) {
    let (want, got) = (report(bytes, 1, None), report(bytes, threads, Some(chunk)));
    if want != got {
        let line = want.lines().zip(got.lines()).find(|(want, got)| want != got);
        panic!("{name}: another report with {threads} threads, chunks of {chunk}: {line:?}");
    }
}

#[test]
fn every_fixture_has_the_same_report_on_any_number_of_threads() {
    for (n, fixture) in fixture::dumps().into_iter().enumerate() {
        let bytes = fixture.bytes();
        let threads = [2, 3, 7, 16];
        assert_same_report(&fixture.name, &bytes, threads[n % 4], [64 << 10, 4096, 777][n % 3]);
    }
}

fn assert_same(name: &str, bytes: &[u8], threads: usize, chunk: u64) {
    let (want, serial) = read(bytes, 1, None);
    let (got, outcome) = read(bytes, threads, Some(chunk));
    assert!(got == want, "{name}: other keys with {threads} threads, chunks of {chunk}");
    assert_eq!(outcome.finish, serial.finish, "{name}");
    assert_eq!(outcome.checksum, serial.checksum, "{name}");
    assert_eq!(outcome.records, serial.records, "{name}");
    assert_eq!(outcome.end, serial.end, "{name}");
}

#[test]
fn every_fixture_reads_the_same_on_any_number_of_threads() {
    for fixture in fixture::dumps() {
        let (name, bytes) = (&fixture.name, fixture.bytes());
        let (_, serial) = read(&bytes, 1, None);
        assert!(matches!(serial.finish, Some(Finish::End { .. })), "{name}: {:?}", serial.finish);
        assert_eq!(serial.checksum_fault(), None, "{name}");
        for (threads, chunk) in [(2, 64 << 10), (3, 4096), (7, 20_000), (16, 777)] {
            assert_same(name, &bytes, threads, chunk);
        }
    }
}

/// Small keys in two databases, every second with an expiry.
fn small_keys(keys: u64) -> Vec<u8> {
    let mut dump = dump().aux("redis-ver", "7.2.6").select(0).resize(keys, keys / 2);
    for n in 0..keys {
        if n == keys / 2 {
            dump = dump.select(3).resize(keys, keys / 2);
        }
        if n % 2 == 0 {
            dump = dump.expires_ms(1_900_000_000_000 + i64::try_from(n).unwrap());
        }
        dump = dump.string(format!("user:{n}:name").as_str(), "a value of some length");
    }
    dump.end()
}

/// Values that are snapshots themselves, each with many entries that look right.
fn nested(values: usize) -> Vec<u8> {
    let inner = small_keys(400);
    let mut dump = dump().select(0);
    for n in 0..values {
        dump = dump.string(format!("backup:{n}").as_str(), Text::raw(&inner));
    }
    dump.string("last", "one").end()
}

/// A hash of many fields whose lengths look like entries, with keys before and behind it.
fn giant(fields: usize) -> Vec<u8> {
    let fields = (0..fields).map(|n| (format!("f{n}"), "\u{0}\u{3}abc\u{3}def".to_owned()));
    let fields: Vec<_> = fields.collect();
    let fields = pairs(fields.iter().map(|(field, value)| (field.as_str(), value.as_str())));
    let mut dump = dump().select(0).string("first", "one").hash("giant", fields);
    for n in 0..500 {
        dump = dump.hash(format!("small:{n}").as_str(), listpack().texts(["field", "value"]));
    }
    dump.end()
}

#[test]
fn values_that_hold_snapshots_read_the_same() {
    let bytes = nested(40);
    for (threads, chunk) in [(2, 1000), (3, 30_000), (16, 4096)] {
        assert_same("nested", &bytes, threads, chunk);
    }
}

#[test]
fn a_giant_value_reads_the_same_and_others_go_on_behind_it() {
    // longer than what makes other threads look for its end
    let bytes = giant(1_200_000);
    assert!(bytes.len() > 20 << 20);
    for (threads, chunk) in [(2, 1 << 20), (7, 200_000)] {
        assert_same("giant", &bytes, threads, chunk);
    }
}

#[test]
fn an_old_snapshot_without_marks_reads_the_same() {
    let mut dump = redis(1);
    for n in 0..3000 {
        dump = dump.string(format!("key{n}").as_str(), "value");
    }
    assert_same("RDB 1", &dump.end(), 3, 512);
}

/// More databases than any server has, the highest first, and as many function libraries.
fn marks(many: u64) -> Vec<u8> {
    let mut dump = redis(11);
    for n in 0..many {
        dump = dump.function(&"x".repeat(usize::try_from(n % 3000).unwrap() / 10));
    }
    for db in (0..many).rev() {
        dump = dump.select(db).resize(2, db % 2).string("one", "x").string("other", "y");
    }
    dump.end()
}

#[test]
fn any_number_of_databases_and_functions_takes_bounded_memory() {
    const TOLD: u64 = 1024;
    const MANY: u64 = 60_000;
    let bytes = marks(MANY);
    for (threads, chunk) in [(2, 64 << 10), (3, 5000)] {
        assert_same_report("databases", &bytes, threads, chunk);
        assert_same("databases", &bytes, threads, chunk);
    }
    // the report comes first, then how reading ended
    let text = report(&bytes, 2, None);
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>();
    let report = values.next().unwrap().unwrap();
    let tables = report["instance"]["tables"].as_array().unwrap();
    assert_eq!(tables.len() as u64, TOLD + 1);
    assert_eq!(tables[5]["db"], 5);
    assert!(tables[1024]["db"].is_null());
    // as one table of so many keys
    let beyond = tables[1024]["main_bytes"].as_u64().unwrap();
    assert_eq!(beyond, 8 * (2 * (MANY - TOLD)).next_power_of_two());
    assert_eq!(report["functions"]["libraries"], MANY);
}

fn any_snapshot() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (0..2000_u64).prop_map(small_keys),
        (1..8_usize).prop_map(nested),
        (0..5000_usize).prop_map(giant),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_chunk_any_threads_any_cut(
        bytes in any_snapshot(),
        threads in prop::sample::select(vec![1_usize, 2, 3, 7, 16]),
        chunk in prop_oneof![1..64_u64, 64..4096_u64, 4096..200_000_u64],
        cut in 0.0..2.0_f64,
        flip in any::<prop::sample::Index>(),
    ) {
        // half whole, a quarter cut, a quarter with a byte changed
        let mut bytes = bytes;
        let place = flip.index(bytes.len() - 9) + 9;
        if cut < 0.5 {
            bytes.truncate(place);
        } else if cut < 1.0 {
            bytes[place] ^= 0x41;
        }
        // a chunk of a few bytes takes a guess for each
        let chunk = chunk.max(bytes.len() as u64 / 3000);
        assert_same("any", &bytes, threads, chunk);
        assert_same_report("any", &bytes, threads, chunk);
    }
}
