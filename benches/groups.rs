//! What it costs to add one small key to the groups, and to merge a stretch of them.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark may panic")]

use rdblens::entries::ValueKind;
use rdblens::footprint::{Certainty, Encoding, Size};
use rdblens::groups::{Groups, Row, Settings};
use std::io::Write;
use std::time::{Duration, Instant};

/// How many keys, unless the command line has another number.
const KEYS: u64 = 5_000_000;
/// Keys in a stretch of about four megabytes.
const STRETCH: usize = 60_000;
/// How many of them are merged.
const STRETCHES: u32 = 20;
/// Keys between two looks at the clock.
const FEW: usize = 2_000;

/// Names, one behind the other, so that no key costs an allocation while the clock runs.
struct Names {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Names {
    fn new(keys: u64, mut name: impl FnMut(u64, &mut Vec<u8>) -> std::io::Result<()>) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for n in 0..keys {
            name(n, &mut bytes).expect("a Vec takes all");
            ends.push(bytes.len());
        }
        Self { bytes, ends }
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let keys = starts.zip(&self.ends).map(|(from, to)| &self.bytes[*from..*to]);
        (0..).zip(keys).map(|(n, key)| row(n, key))
    }
}

fn row(n: u64, key: &[u8]) -> Row<'_> {
    let mixed = mix(n);
    let hash = mixed.is_multiple_of(5);
    Row {
        db: Some(0),
        slot: None,
        at: mixed,
        key,
        kind: if hash { ValueKind::Hash } else { ValueKind::String },
        module: None,
        encoding: if hash { Encoding::Listpack } else { Encoding::Embstr },
        elements: Some(mixed % 30),
        largest_element: None,
        data: mixed % 200,
        field_times: None,
        bytes: Size::bytes(56 + key.len() as u64 / 8 * 8 + mixed % 4 * 16),
        others: None,
        certainty: Certainty::Exact,
        expiry: mixed.is_multiple_of(3).then_some(1_800_000_000_000).into(),
        idle_s: None,
        freq: None,
    }
}

const fn mix(n: u64) -> u64 {
    let x = (n ^ n >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ x >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 3
}

/// How long one key takes: that of the quickest of many stretches, so that others at work on the
/// machine count as little as can be.
fn quickest<'n>(names: &'n Names, mut each: impl FnMut(&Row<'n>)) -> f64 {
    let mut rows = names.rows();
    let mut best = Duration::MAX;
    for _ in 0..names.ends.len() / FEW {
        let clock = Instant::now();
        rows.by_ref().take(FEW).for_each(|row| each(&row));
        best = best.min(clock.elapsed());
    }
    best.as_nanos() as f64 / FEW as f64
}

fn measure(what: &str, names: &Names) {
    // `cargo bench --bench groups -- 100000 session` measures but what the last word names
    let wanted =
        std::env::args().skip(1).last().filter(|word| word.chars().all(char::is_alphabetic));
    if wanted.is_some_and(|wanted| !what.contains(&wanted)) {
        return;
    }
    let settings = Settings::new(1_790_000_000_000);
    let mut sum = 0;
    let empty = quickest(names, |row| sum ^= row.bytes.raw() ^ row.key.len() as u64);
    std::hint::black_box(sum);
    let mut whole = Groups::new(&settings);
    let add = quickest(names, |row| whole.add(row));

    let mut rows = names.rows();
    let (mut sum, mut part) = (Groups::new(&settings), Groups::new(&settings));
    let mut merging = Duration::ZERO;
    for _ in 0..STRETCHES {
        rows.by_ref().take(STRETCH).for_each(|row| part.add(&row));
        let clock = Instant::now();
        sum.take_in(&mut part);
        merging += clock.elapsed();
    }
    let clock = Instant::now();
    let prefixes = whole.prefixes();
    let finish = clock.elapsed();
    let mut out = std::io::stdout();
    let _ = writeln!(
        out,
        "{what:<22} {:>6.1} ns a key, of it {:.1} to make the row; \
         {} keys; {:.2} ms to merge a stretch, {:.2} ms to finish",
        add,
        empty,
        prefixes.totals.keys(),
        (merging / STRETCHES).as_secs_f64() * 1e3,
        finish.as_secs_f64() * 1e3,
    );
}

fn main() {
    let keys = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(KEYS);
    let user = |n, out: &mut Vec<u8>| write!(out, "user:{n}");
    let session = |n, out: &mut Vec<u8>| write!(out, "session:{:016x}", mix(n));
    let page = |n, out: &mut Vec<u8>| write!(out, "cache:page:{}:x", mix(n) % 100_000);
    let profile = |n, out: &mut Vec<u8>| write!(out, "user:{n}:profile");
    let hex = |n, out: &mut Vec<u8>| write!(out, "{:016x}{:016x}", mix(n), mix(n + 7));
    let snake = |n, out: &mut Vec<u8>| write!(out, "laravel_cache_{}", mix(n));
    let mixed = |n: u64, out: &mut Vec<u8>| match mix(n) >> 7 & 3 {
        0 => user(n, out),
        1 => session(n, out),
        2 => page(n, out),
        _ => profile(n, out),
    };
    measure("user:{id}", &Names::new(keys, user));
    measure("session:{hex}", &Names::new(keys, session));
    measure("cache:page:{n}:x", &Names::new(keys, page));
    measure("user:{id}:profile", &Names::new(keys, profile));
    measure("four of these, mixed", &Names::new(keys, mixed));
    measure("{hex}", &Names::new(keys, hex));
    measure("laravel_cache_{id}", &Names::new(keys, snake));
}
