//! A report for the renderers' tests, built the way a real one is: every list adds up.

use super::*;

/// A large instance, as it is met at three in the morning.
pub(super) fn report() -> Report {
    const GIB: u64 = 1 << 30;
    const MIB: u64 = 1 << 20;
    let prefixes = vec![
        prefix(0, "cache:", 520_880, 3 * GIB, 100).of(&["string"]),
        prefix(1, "cache:page:", 412_880, 2481 * MIB, 100).of(&["string"]),
        prefix(2, "cache:page:fr:", 101_212, 717 * MIB, 100).of(&["string"]),
        prefix(2, "cache:page:de:", 88_100, 512 * MIB, 100).of(&["string"]),
        prefix(1, "cache:user:", 108_000, 591 * MIB, 100).of(&["string", "hash"]),
        prefix(0, "user:", 9_120_004, 1946 * MIB, 100).of(&["string"]),
        prefix(1, "user:profile:", 9_120_004, 1946 * MIB, 100).of(&["string"]),
        prefix(0, "session:", 17_604_118, 1546 * MIB, 2).of(&["hash"]),
        prefix(0, "queue:", 12, 820 * MIB, 100).of(&["list", "zset", "stream"]),
        prefix(0, "a\u{1b}[2J\u{202e}:", 40, 20 * MIB, 50).of(&["set"]),
        name("counter", 8, 0).of(&["string"]),
        rest(11_000_000, 1320 * MIB),
    ];
    let totals = prefixes.iter().filter(|row| row.depth == 0).map(|row| row.all).sum();
    let keys_bytes: Tally = totals;
    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        source: source(),
        profile: Profile {
            server: "redis-7.2.6".to_owned(),
            allocator: "jemalloc".to_owned(),
            ..Profile::default()
        },
        totals: Totals {
            all: totals,
            elements: Count(161_000_000),
            exact_bytes: Bytes(totals.bytes.0),
            ..Totals::default()
        },
        instance: Some(instance(keys_bytes.bytes.0)),
        prefixes,
        ..Report::default()
    };
    report.databases = databases(totals);
    report.types = types(totals);
    report.encodings = encodings(&report.types);
    lifetimes(&mut report, totals);
    report.patterns = patterns(&report.prefixes);
    report.ttl_leaks = leaks(&report.patterns);
    report.largest_by_bytes = keys();
    report.largest_by_elements = keys().into_iter().rev().collect();
    report
}

fn source() -> Source {
    Source {
        path: Path(b"/backup/dump.rdb".to_vec()),
        bytes: Bytes(6_200_000_000),
        product: "redis".to_owned(),
        version: Some("7.2.6".to_owned()),
        rdb_version: 11,
        ctime_ms: Some(Millis(1_795_143_600_000)),
        age_ms: Some(Millis(187_260_000)),
        reference_ms: Some(Millis(1_795_143_600_000)),
        bits: Some(64),
        checksum: Checksum::Good,
        ..Source::default()
    }
}

fn instance(keys: u64) -> Instance {
    let (tables, startup, functions) = (859_000_000, 900_000, 12_345);
    let total = keys + tables + startup + functions;
    let used = total + 390_000_000;
    Instance {
        keys_bytes: Bytes(keys),
        tables_bytes: Bytes(tables),
        startup_bytes: Bytes(startup),
        functions_bytes: Bytes(functions),
        total_bytes: Bytes(total),
        used_mem: Some(Bytes(used)),
        unexplained_bytes: Some(390_000_000),
        tables: Vec::new(),
    }
}

fn prefix(depth: u32, prefix: &str, keys: u64, bytes: u64, no_ttl: u64) -> PrefixRow {
    PrefixRow {
        depth,
        prefix: Prefix(prefix.as_bytes().to_vec()),
        all: Tally::new(keys, bytes),
        no_ttl: Tally::new(keys * no_ttl / 100, bytes * no_ttl / 100),
        elements: Count(keys * 3),
        ..PrefixRow::default()
    }
}

fn name(name: &str, bytes: u64, no_ttl: u64) -> PrefixRow {
    PrefixRow { kind: PrefixKind::Name, ..prefix(0, name, 1, bytes, no_ttl) }
}

fn rest(keys: u64, bytes: u64) -> PrefixRow {
    PrefixRow { kind: PrefixKind::Rest, ..prefix(0, "", keys, bytes, 10) }
}

impl PrefixRow {
    /// The same row with `types` among its keys.
    fn of(mut self, types: &[&'static str]) -> Self {
        self.types = types.to_vec();
        self
    }
}

/// `totals` in proportion to `weights`.
fn split(totals: Tally, weights: &[u64]) -> Vec<Tally> {
    let keys = apportion(weights, totals.keys.0);
    let bytes = apportion(weights, totals.bytes.0);
    keys.into_iter().zip(bytes).map(|(keys, bytes)| Tally::new(keys, bytes)).collect()
}

fn databases(totals: Tally) -> Vec<DatabaseRow> {
    let tallies = split(totals, &[9, 1]);
    let rows = [0, 3].into_iter().zip(tallies);
    rows.map(|(db, all)| DatabaseRow { db: Some(db), all, no_ttl: all }).collect()
}

fn types(totals: Tally) -> Vec<TypeRow> {
    let names = ["string", "hash", "list", "zset", "set", "stream", "ReJSON-RL"];
    let tallies = split(totals, &[510, 310, 100, 50, 20, 9, 1]);
    let largest = keys();
    let rows = names.iter().zip(tallies).zip(largest.iter().cycle());
    rows.map(|((name, all), largest)| TypeRow {
        name: (*name).to_owned(),
        all,
        elements: Count(all.keys.0 * 4),
        data: Data::of(Some(all.bytes.0 / 2), all.bytes.0),
        bytes_each: Percentiles { p50: 112, p99: 1843, max: largest.bytes.0 },
        elements_each: Percentiles { p50: 3, p99: 40, max: 4_200_000 },
        largest_element: None,
        largest: Some(largest.clone()),
    })
    .collect()
}

fn encodings(types: &[TypeRow]) -> Vec<EncodingRow> {
    let rows = types.iter().map(|row| EncodingRow {
        kind: row.name.clone(),
        encoding: "listpack".to_owned(),
        all: row.all,
        elements: row.elements,
    });
    rows.collect()
}

fn lifetimes(report: &mut Report, totals: Tally) {
    let tallies = split(totals, &[750, 1, 40, 60, 60, 60, 20, 5, 4]);
    let rows = Lifetime::ALL.into_iter().zip(tallies);
    report.lifetimes = rows.map(|(within, all)| LifetimeRow { within, all }).collect();
    let sum = |wanted: &dyn Fn(Lifetime) -> bool| {
        report.lifetimes.iter().filter(|row| wanted(row.within)).map(|row| row.all).sum()
    };
    report.ttl = Ttl {
        never: sum(&|within| within == Lifetime::Never),
        expired: sum(&|within| within == Lifetime::Expired),
        expires: sum(&|within| within > Lifetime::Expired),
    };
}

/// A pattern for each of the outermost prefixes.
fn patterns(prefixes: &[PrefixRow]) -> Vec<PatternRow> {
    let rows = prefixes.iter().filter(|row| row.depth == 0);
    rows.map(|row| PatternRow {
        pattern: match row.kind {
            PrefixKind::Rest => String::new(),
            _ => format!("{}{{int}}", String::from_utf8_lossy(&row.prefix.0)),
        },
        all: row.all,
        no_ttl: row.no_ttl,
        elements: row.elements,
        data: Data::of(Some(row.all.bytes.0 / 3), row.all.bytes.0),
        bytes_each: Some(Percentiles { p50: 107, p99: 1791, max: row.all.bytes.0 }),
        elements_each: (row.elements.0 > 0).then_some(Percentiles { p50: 3, p99: 39, max: 4_200 }),
        lifetimes: {
            let tallies = split(row.all, &[row.no_ttl.keys.0, 1, 1, 1, 1, 1, 1, 1, 1]);
            let rows = Lifetime::ALL.into_iter().zip(tallies);
            rows.map(|(within, all)| LifetimeRow { within, all }).collect()
        },
        types: row.types.iter().map(|name| TypeShare { name, all: row.all }).collect(),
        more: (row.kind == PrefixKind::Rest).then_some(Count(1200)),
        ..PatternRow::default()
    })
    .collect()
}

fn leaks(patterns: &[PatternRow]) -> Vec<TtlLeakRow> {
    let rows = patterns.iter().filter(|row| row.more.is_none() && row.no_ttl.keys.0 > 0);
    let mut rows: Vec<_> = rows
        .map(|row| TtlLeakRow {
            pattern: row.pattern.clone(),
            kind: if row.no_ttl == row.all { TtlLeak::Never } else { TtlLeak::Leak },
            keys: row.no_ttl,
            all: row.all,
            samples: vec![Key(b"session:\x1b[2J:77".to_vec())],
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.keys.bytes));
    rows
}

fn keys() -> Vec<KeyRow> {
    let key = |name: &[u8], kind: &str, bytes, elements, expires: Option<i64>| KeyRow {
        db: 0,
        key: Key(name.to_vec()),
        kind: kind.to_owned(),
        encoding: "hashtable".to_owned(),
        bytes: Bytes(bytes),
        elements: Some(Count(elements)),
        expires_at_ms: expires.map(|ms| Millis(1_795_143_600_000 + ms)),
    };
    vec![
        key(b"catalog:all", "hash", 1_073_741_824, 4_200_000, None),
        key(b"queue:mail:\xff\xfe", "list", 851_443_712, 12_000_311, None),
        key(b"report:2026:full", "string", 50_331_648, 50_331_590, Some(3_600_000)),
        key("größte:键:\u{202e}x".as_bytes(), "zset", 1_048_576, 9_000, Some(-1)),
    ]
}

#[test]
fn the_sample_adds_up() {
    let report = report();
    let totals = report.totals.all;
    assert_eq!(report.types.iter().map(|row| row.all).sum::<Tally>(), totals);
    assert_eq!(report.lifetimes.iter().map(|row| row.all).sum::<Tally>(), totals);
    assert_eq!(report.databases.iter().map(|row| row.all).sum::<Tally>(), totals);
    assert_eq!(report.patterns.iter().map(|row| row.all).sum::<Tally>(), totals);
    let ttl = report.ttl;
    assert_eq!([ttl.never, ttl.expires, ttl.expired].into_iter().sum::<Tally>(), totals);
}
