//! Whole screens, as a person sees them.

use super::*;
use crate::report::{
    Bytes, Checksum, Completeness, Count, Filters, Instance, Interruption, Key, Measure, Millis,
    Prefix, PrefixKind, SlotRow, Slots, Tally, sample,
};

fn screen(report: &Report, width: usize, drawing: Drawing) -> String {
    show(report, Terminal { width, color: false, drawing, length: Length::Screen })
}

fn show(report: &Report, terminal: Terminal) -> String {
    let mut out = Vec::new();
    terminal.render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn interrupted() -> Report {
    let mut report = sample::report();
    report.source.checksum = Checksum::Skipped;
    report.completeness = Completeness::Incomplete(Interruption {
        error: "listpack needs 4096 bytes, 212 left".to_owned(),
        advice: "copy it again".to_owned(),
        at: 4_821_300_111,
        db: Some(3),
        key: Some(Key(b"cart\x1b[2J\xff".to_vec())),
        inside_key: true,
    });
    report
}

/// A small dump, of which filters leave a part; most lists are empty.
fn selected() -> Report {
    let sample = sample::report();
    let mut report = Report { source: sample.source, ..Report::default() };
    report.source.path.0 = b"/data/a-very-long-name-of-a-dump-\xff.rdb".to_vec();
    report.source.version = None;
    report.source.ctime_ms = None;
    report.source.checksum = Checksum::NotStored;
    report.source.tail_bytes = Some(Bytes(4096));
    report.profile = sample.profile;
    report.profile.sizes = Measure::Reported;
    report.profile.settings.insert("hash-max-listpack-entries".to_owned(), "64".to_owned());
    report.totals.all = Tally::new(1, 56);
    report.filters = Filters {
        db: vec![0, 3],
        types: vec!["hash".to_owned()],
        globs: vec!["user:*".to_owned(), "a\u{1b}*".to_owned()],
        min_bytes: Some(Bytes(10_240)),
        ttl: Some(false),
        ..Filters::default()
    };
    report
}

/// The lists behind those of a screen, and what is rare.
fn odd() -> Report {
    let mut report = sample::report();
    let heaviest = vec![SlotRow { slot: 16_383, all: Tally::new(3, 900) }];
    report.slots = Some(Slots { used: Count(2), heaviest, ..Slots::default() });
    report.source.age_ms = Some(Millis(-1000));
    report.instance = report.instance.map(|instance| Instance {
        unexplained_bytes: Some(-90_000_000),
        used_mem: Some(Bytes(9_900_000_000)),
        ..instance
    });
    report.totals.serialized_bytes = Bytes(5 << 20);
    report
}

#[test]
fn one_screen_of_eighty_columns() {
    assert_eq!(screen(&sample::report(), 80, Drawing::Utf8), EIGHTY);
}

#[test]
fn what_is_incomplete_says_so_first() {
    assert_eq!(screen(&interrupted(), 60, Drawing::Ascii), INCOMPLETE);
}

#[test]
fn filters_are_named_and_empty_lists_are_not() {
    assert_eq!(screen(&selected(), 80, Drawing::Utf8), SELECTED);
}

#[test]
fn the_full_report_of_two_hundred_columns() {
    let length = Length::Full(3);
    let terminal = Terminal { width: 200, color: false, drawing: Drawing::Utf8, length };
    assert_eq!(show(&odd(), terminal), FULL);
}

#[test]
fn no_screen_is_wider_or_longer_than_allowed() {
    for report in [sample::report(), interrupted(), selected(), odd(), Report::default()] {
        for width in 40..=220 {
            for drawing in [Drawing::Utf8, Drawing::Ascii] {
                let text = screen(&report, width, drawing);
                let widest = text.lines().map(paint::width).max();
                assert!(widest <= Some(width), "{width}:\n{text}");
                assert!(text.lines().count() <= SCREEN, "{width}:\n{text}");
                assert!(drawing == Drawing::Utf8 || text.is_ascii());
                assert!(!text.contains(['\u{1b}', '\u{202e}']));
            }
        }
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let report = odd();
    let with = |color| {
        show(&report, Terminal { width: 80, color, drawing: Drawing::Utf8, length: Length::Screen })
    };
    let escapes = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    assert_ne!(with(true), with(false));
    assert_eq!(escapes.replace_all(&with(true), ""), with(false));
}

#[test]
fn a_star_is_added_only_where_none_stands() {
    let theme = Theme { width: 80, color: false, drawing: Drawing::Utf8 };
    let name = |kind, prefix: &str, above: &str| {
        prefixes::glob(&Prefix(prefix.as_bytes().to_vec()), kind, above.as_bytes(), &theme)
    };
    assert_eq!(name(PrefixKind::Prefix, "user:", ""), "user:*");
    assert_eq!(name(PrefixKind::Prefix, "user:{int}:cart:", "user:{int}:"), "cart:*");
    assert_eq!(name(PrefixKind::Folded, "user:{int}", ""), "user:{int}");
    assert_eq!(name(PrefixKind::Folded, "user:{int}:", ""), "user:{int}:*");
    assert_eq!(name(PrefixKind::Name, "a*", ""), "a*");
    assert_eq!(name(PrefixKind::Prefix, "", ""), "*");
}

/// Shares of the patterns add up, whatever is shown; so do those of the topmost prefixes.
#[test]
fn shares_add_up_to_a_hundred() {
    for (rows, heading) in (1..=8).flat_map(|n| [(n, "Patterns"), (n, "Heaviest")]) {
        let terminal = Terminal {
            width: 80,
            color: false,
            drawing: Drawing::Ascii,
            length: Length::Full(rows),
        };
        let text = show(&sample::report(), terminal);
        let tree = text.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
        let top = tree.take_while(|line| !line.is_empty()).filter(|line| !line.contains("- "));
        let shares = top.map(|line| {
            let share = line.split("B ").nth(1).unwrap().split_whitespace().next().unwrap();
            // what is less than a tenth of a percent is shown as such, and counts nothing
            share.replace('.', "").parse::<u64>().unwrap_or_default()
        });
        assert_eq!(shares.sum::<u64>(), 1000, "{text}");
    }
}

const EIGHTY: &str = r"dump.rdb   Redis 7.2.6, RDB 11, taken 2026-11-20 03:00 UTC (2 d 4 h ago)
           5.77 GiB, 38,245,055 keys in 2 databases, checksum good

Memory     9.32 GiB of the 9.68 GiB that the server counted (96.2 %)
           keys 8.52 + tables 0.80 GiB
           the other 372 MiB: buffers, slack in values and tables
           sized as redis-7.2.6 with jemalloc and default limits (see --server)

Patterns                      keys     bytes     %  no TTL  24 h  later  type
 cache:{int}               520,880  3.00 GiB  35.2   100 %  <1 %   <1 %  string
 user:{int}              9,120,004  1.90 GiB  22.3   100 %  <1 %   <1 %  string
 session:{int}              17.6 M  1.51 GiB  17.7     2 %  <1 %   <1 %  hash
 queue:{int}                    12   820 MiB   9.4   100 %  25 %   10 %  list +2
 a\x1b[2J\u{202e}:{int}         40  20.0 MiB   0.2    50 %  18 %    7 %  set
 counter{int}                    1       8 B  <0.1     0 %  63 %   25 %  string
 … 1,200 more               11.0 M  1.29 GiB  15.2    10 %  <1 %   <1 %

Never expire: 6.39 GiB          keys     bytes  of the pattern
 cache:{int}                 520,880  3.00 GiB  all
 user:{int}                9,120,004  1.90 GiB  all
 session:{int}               352,082  30.9 MiB  2 % of keys: a leak

Frees in   × expired <1 %  · 1 h 4 %  ░ 24 h 18 %  ▒ 7 d 2 %  ▓ later 1 %
           █ never 75 %
 ×···░░░░░░░░░░░░░░▒▒▓█████████████████████████████████████████████████████████

Types         keys     bytes    p50       p99       max  largest key
 string     19.5 M  4.34 GiB  112 B  1.80 KiB  1.00 GiB  catalog:all
 hash       11.9 M  2.64 GiB  112 B  1.80 KiB   812 MiB  queue:mail:\xff\xfe
 list    3,824,506   872 MiB  112 B  1.80 KiB  48.0 MiB  report:2026:full
 zset    1,912,253   436 MiB  112 B  1.80 KiB  1.00 MiB  größte:键:\u{202e}x
 set       764,901   174 MiB  112 B  1.80 KiB  1.00 GiB  catalog:all

Largest keys               db  type    encoding    elements     bytes  expires
 catalog:all                0  hash    hashtable  4,200,000  1.00 GiB    never
 queue:mail:\xff\xfe        0  list    hashtable     12.0 M   812 MiB    never
 report:2026:full           0  string  hashtable     50.3 M  48.0 MiB   in 1 h

More: --top 50, --full, --format json, every key with rdblens keys
";

const INCOMPLETE: &str = r"INCOMPLETE  read up to byte 4821300111 of 6200000000
            (77.8 %): listpack needs 4096 bytes, 212 left
            in the value of cart\x1b[2J\xff (database 3)
            try: copy it again
            the figures below are those of what was read

dump.rdb   Redis 7.2.6, RDB 11,
           taken 2026-11-20 03:00 UTC (2 d 4 h ago)
           5.77 GiB, 38,245,055 keys in 2 databases,
           checksum not looked at

Memory     9.32 GiB of the 9.68 GiB that the server counted
           (96.2 %)
           keys 8.52 + tables 0.80 GiB
           sized as redis-7.2.6 with jemalloc and default
           limits (see --server)

Patterns                  keys     bytes     %  no TTL
 cache:{int}           520,880  3.00 GiB  35.2   100 %
 user:{int}          9,120,004  1.90 GiB  22.3   100 %
 session:{int}          17.6 M  1.51 GiB  17.7     2 %
 .. 1,203 more          11.0 M  2.11 GiB  24.8    45 %

Never expir...39 GiB     keys     bytes  of the pattern
 session:{int}        352,082  30.9 MiB  2 % of keys: a leak

Frees in   x expired <1 %  . 1 h 4 %  : 24 h 18 %  - 7 d 2 %
           = later 1 %  # never 75 %
 x..::::::::::-=###########################################

Types      keys     bytes    p50       max  largest key
 string  19.5 M  4.34 GiB  112 B  1.00 GiB  catalog:all
 hash    11.9 M  2.64 GiB  112 B   812 MiB  queue:mai..f\xfe

Largest keys         db  type   elements     bytes  expires
 catalog:all          0  hash  4,200,000  1.00 GiB    never

More: --top 50, --full, --format json,
      every key with rdblens keys
";

const SELECTED: &str = r"a-very-long-name-of-a-dump-\xff.rdb
           Redis, RDB 11
           5.77 GiB, 1 key, no checksum in it,
           4.00 KiB of commands behind it (AOF, not counted)

Only keys  in database 0 or 3, of type hash, like user:* or a\x1b*,
           of 10.0 KiB and more, without a TTL
Memory     56 B in these keys
           sized as redis-7.2.6 with jemalloc and 1 setting of its own (see
           --server); keys as MEMORY USAGE reports them

More: --top 50, --full, --format json, every key with rdblens keys
";

const FULL: &str = r"dump.rdb   Redis 7.2.6, RDB 11, taken 2026-11-20 03:00 UTC (1 s in the future)
           5.77 GiB, 38,245,055 keys in 2 databases, checksum good, 2 cluster slots

Memory     9.32 GiB of the 9.22 GiB that the server counted (101.1 %)
           keys 8.52 + tables 0.80 GiB
           85.8 MiB more than the server counted: is it another version, allocator or setting?
           5.00 MiB of it are modules' values as the snapshot has them: in memory they take more
           sized as redis-7.2.6 with jemalloc and default limits (see --server)

Patterns                                keys     bytes     %  no TTL  24 h   7 d  later   elements  type
 cache:{int}                         520,880  3.00 GiB  35.2   100 %  <1 %  <1 %   <1 %  1,562,640  string
 user:{int}                        9,120,004  1.90 GiB  22.3   100 %  <1 %  <1 %   <1 %     27.4 M  string
 session:{int}                        17.6 M  1.51 GiB  17.7     2 %  <1 %  <1 %   <1 %     52.8 M  hash
 … 1,203 more                         11.0 M  2.11 GiB  24.8    45 %  10 %   2 %    4 %     33.0 M

Never expire: 6.39 GiB                  keys     bytes  of the pattern       such as
 cache:{int}                         520,880  3.00 GiB  all                  session:\x1b[2J:77
 user:{int}                        9,120,004  1.90 GiB  all                  session:\x1b[2J:77
 session:{int}                       352,082  30.9 MiB  2 % of keys: a leak  session:\x1b[2J:77

Frees in   × expired <1 %  · 1 h 4 %  ░ 24 h 18 %  ▒ 7 d 2 %  ▓ later 1 %  █ never 75 %
 ×·····░░░░░░░░░░░░░░░░░░░░░▒▒▓████████████████████████████████████████████████████████████████████████████████████████

Types         keys     bytes     %  elements    p50       p99       max  overhead  largest key
 string     19.5 M  4.34 GiB  51.0    78.0 M  112 B  1.80 KiB  1.00 GiB      50 %  catalog:all
 hash       11.9 M  2.64 GiB  31.0    47.4 M  112 B  1.80 KiB   812 MiB      50 %  queue:mail:\xff\xfe
 list    3,824,506   872 MiB  10.0    15.3 M  112 B  1.80 KiB  48.0 MiB      50 %  report:2026:full

Largest keys                       db  type    encoding    elements     bytes  expires
 catalog:all                        0  hash    hashtable  4,200,000  1.00 GiB    never
 queue:mail:\xff\xfe                0  list    hashtable     12.0 M   812 MiB    never
 report:2026:full                   0  string  hashtable     50.3 M  48.0 MiB   in 1 h

Heaviest prefixes                       keys     bytes     %  no TTL   elements  type
 cache:*                             520,880  3.00 GiB  35.2   100 %  1,562,640  string
 └ page:*                            412,880  2.42 GiB  28.4   100 %  1,238,640  string
 user:profile:*                    9,120,004  1.90 GiB  22.3   100 %     27.4 M  string
 … all others                         28.6 M  3.62 GiB  42.5

Sizes of keys                           keys    p50       p99       max  elements p50  p99    max  overhead
 cache:{int}                         520,880  107 B  1.75 KiB  3.00 GiB             3   39  4,200      67 %
 user:{int}                        9,120,004  107 B  1.75 KiB  1.90 GiB             3   39  4,200      67 %
 session:{int}                        17.6 M  107 B  1.75 KiB  1.51 GiB             3   39  4,200      67 %
 queue:{int}                              12  107 B  1.75 KiB   820 MiB             3   39  4,200      67 %

Use        not in this snapshot: a server writes idle times with maxmemory-policy allkeys-lru or volatile-lru, and counters of use with allkeys-lfu or volatile-lfu

Most elements                      db  type    encoding   elements     bytes  expires
 größte:键:\u{202e}x                0  zset    hashtable     9,000  1.00 MiB  expired
 report:2026:full                   0  string  hashtable    50.3 M  48.0 MiB   in 1 h
 queue:mail:\xff\xfe                0  list    hashtable    12.0 M   812 MiB    never

Encodings                               keys     bytes  elements
 string listpack                      19.5 M  4.34 GiB    78.0 M
 hash listpack                        11.9 M  2.64 GiB    47.4 M
 list listpack                     3,824,506   872 MiB    15.3 M

Databases                               keys     bytes  no TTL
 0                                    34.4 M  7.67 GiB   100 %
 3                                 3,824,505   872 MiB   100 %

Heaviest slots                     keys  bytes
 16383                                3  900 B
";
