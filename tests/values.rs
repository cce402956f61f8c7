//! Single keys and their values: `rdblens show` and `rdblens export`.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unwrap_used)]

mod support;

use rdblens::bytes::Cursor;
use rdblens::entries::Head;
use rdblens::footprint::{Footprinter, Lane, Measure, Overrides, Server, Size, TemplateShares};
use rdblens::groups::Source;
use rdblens::values::{Inside, Located};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use support::dump::{Dump, dump};
use support::fixture;
use support::program::run;
use support::read::read;
use support::shapes::{pairs, scored};
use tempfile::TempDir;

/// A dump in a file of its own.
struct File(TempDir);

impl File {
    fn new(dump: Dump) -> Self {
        Self::of(&dump.end())
    }

    fn of(bytes: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("dump.rdb"), bytes).unwrap();
        Self(dir)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("dump.rdb")
    }

    fn run(&self, command: &str, args: &[&str]) -> Output {
        on(&self.path(), command, args)
    }
}

fn on(dump: &Path, command: &str, args: &[&str]) -> Output {
    let fixed = [command.into(), dump.as_os_str().to_owned()];
    run(fixed.into_iter().chain(args.iter().map(std::ffi::OsString::from)))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

#[test]
fn the_parts_of_every_key_of_the_fixtures_add_up() {
    let mut keys = 0;
    for dump in fixture::dumps() {
        let bytes = dump.bytes();
        let head = Head::read(&mut Cursor::new(&bytes)).unwrap();
        let source = Source { bytes: &bytes, head: &head };
        let server = Arc::new(Server::detect(&head, &Overrides::default()).unwrap());
        let shares = TemplateShares::new(&head.templates, &HashMap::<u64, u64>::new());
        let shares = Arc::new(shares);
        for measure in [Measure::Allocated, Measure::Reported] {
            let lane = Lane { server: Arc::clone(&server), measure };
            let mut footprinter = Footprinter::new(vec![lane], Arc::clone(&shares));
            for row in read(&bytes).unwrap().rows {
                let located = Located::at(source, row.at, row.db).unwrap();
                assert_eq!(located.name, row.key);
                footprinter.begin(&located.entry, &located.name);
                located.value(&mut footprinter).unwrap();
                let total = footprinter.finish().unwrap().sizes.first();
                let portions = footprinter.breakdown(located.entry.kind);
                let sum: Size = portions.iter().map(|portion| portion.size).sum();
                assert_eq!(sum, total, "{} {:?} {portions:?}", dump.name, located.entry);
                let inside = Inside::of(&located, 3).unwrap();
                let counted = ["list", "set", "zset", "hash", "array"].contains(&&*row.kind);
                if counted {
                    assert_eq!(inside.elements, row.count, "{}", dump.name);
                    assert_eq!(inside.largest.len() as u64, row.count.min(3), "{}", dump.name);
                }
                keys += 1;
            }
        }
    }
    assert!(keys > 100_000, "{keys} keys");
}

/// Commands by database, as `SELECT` says it.
fn commands(resp: &[u8]) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let (mut rest, mut db, mut all) = (resp, Vec::new(), Vec::new());
    let number = |rest: &mut &[u8], sign: u8| -> usize {
        let end = rest.iter().position(|byte| *byte == b'\r').expect("a line");
        assert_eq!((rest[0], &rest[end..end + 2]), (sign, &b"\r\n"[..]));
        let number = std::str::from_utf8(&rest[1..end]).unwrap().parse().unwrap();
        *rest = &rest[end + 2..];
        number
    };
    while !rest.is_empty() {
        let words = number(&mut rest, b'*');
        let mut command = Vec::new();
        for _ in 0..words {
            let len = number(&mut rest, b'$');
            assert_eq!(&rest[len..len + 2], b"\r\n");
            command.push(rest[..len].to_vec());
            rest = &rest[len + 2..];
        }
        match &command[..] {
            [select, number] if select == b"SELECT" => db = number.clone(),
            _ => all.push((db.clone(), command)),
        }
    }
    all
}

/// What a formatter of the crate `rdb` makes of a whole dump.
fn theirs<F: rdb::Formatter>(
    bytes: &[u8],
    formatter: impl FnOnce(Option<PathBuf>) -> F,
) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    rdb::parse(bytes, formatter(Some(path.clone())), rdb::filter::Simple::new()).unwrap();
    std::fs::read(path).unwrap()
}

/// The objects of databases that hold anything.
fn databases(json: &[u8]) -> Vec<serde_json::Value> {
    let all: Vec<serde_json::Value> = serde_json::from_slice(json).unwrap();
    all.into_iter().filter(|db| db.as_object().is_some_and(|keys| !keys.is_empty())).collect()
}

#[test]
fn what_is_exported_is_what_the_crates_own_formatters_write() {
    /// Larger ones take the crate's formatters minutes.
    const LARGE: usize = 60_000;
    let (mut dumps, mut sum) = (0, 0);
    for dump in fixture::dumps() {
        let bytes = dump.bytes();
        let head = Head::read(&mut Cursor::new(&bytes)).unwrap();
        let inner = &bytes[usize::try_from(head.start).unwrap()..];
        // it knows Redis up to 8.6, and no replication wrapper
        if !inner.starts_with(b"REDIS") || head.version > 13 || inner.len() > LARGE {
            continue;
        }
        let ours = on(&dump.dump, "export", &["--format", "resp", "--skip-undecodable"]);
        assert_eq!(ours.status.code(), Some(0), "{}: {}", dump.name, said(&ours));
        let mut ours = commands(&ours.stdout);
        ours.retain(|(_, command)| command[0] != b"HPEXPIREAT");
        assert!(ours == commands(&theirs(inner, rdb::formatter::Protocol::new)), "{}", dump.name);
        sum += ours.len();
        let ours = on(&dump.dump, "export", &["--format", "json", "--skip-undecodable"]);
        let ours = databases(&ours.stdout);
        assert!(ours == databases(&theirs(inner, rdb::formatter::JSON::new)), "{}", dump.name);
        dumps += 1;
    }
    assert!(dumps >= 20 && sum > 90_000, "{dumps} dumps with {sum} commands");
}

#[test]
fn a_key_is_found_by_its_name_or_by_what_is_shown_of_it() {
    let name = b"a\\b\x1b\xff\xe2\x80\xae";
    let file = File::new(dump().string(&name[..], "1").string("", "2").string("plain", "3"));
    for (typed, value) in [(r"a\\b\x1b\xff\u{202e}", "1"), ("", "2"), ("\"\"", "2"), ("plain", "3")]
    {
        let shown = file.run("show", &[typed, "--value", "--format", "json"]);
        assert_eq!(shown.status.code(), Some(0), "{typed}: {}", said(&shown));
        assert_eq!(json(&shown)["keys"][0]["value"], value, "{typed}");
    }
    let shown = text(&file.run("show", &[r"a\\b\x1b\xff\u{202e}"]));
    assert!(shown.starts_with("a\\\\b\\x1b\\xff\\u{202e}\n"), "{shown}");
    assert!(!shown.contains('\x1b') && !shown.contains('\u{202e}'));
}

#[test]
fn a_key_of_several_databases_is_shown_in_each() {
    let dump = dump().select(0).string("k", "zero").select(5).string("x", "").string("k", "five");
    let file = File::new(dump);
    let values = |args: &[&str]| -> Vec<(u64, String)> {
        let args = [&["k", "--value", "--format", "json"], args].concat();
        let shown = json(&file.run("show", &args));
        let keys = shown["keys"].as_array().unwrap().clone();
        let one = |key: &serde_json::Value| {
            (key["db"].as_u64().unwrap(), key["value"].as_str().unwrap().to_owned())
        };
        keys.iter().map(one).collect()
    };
    assert_eq!(values(&[]), [(0, "zero".to_owned()), (5, "five".to_owned())]);
    assert_eq!(values(&["--db", "5"]), [(5, "five".to_owned())]);
    assert_eq!(values(&["--db", "5", "--threads", "1"]), [(5, "five".to_owned())]);
    let missing = file.run("show", &["k", "--db", "4"]);
    assert_eq!((missing.status.code(), &*missing.stdout), (Some(2), &b""[..]));
    assert!(said(&missing).contains("no key \"k\" in database 4"), "{}", said(&missing));
}

#[test]
fn content_is_shown_only_where_it_is_asked_for() {
    let dump = dump()
        .string("string", "secret")
        .list("list", ["secret"])
        .set("set", ["secret"])
        .hash("hash", pairs([("colour", "secret")]))
        .zset("zset", scored([("secret", 1.0)]));
    let file = File::new(dump);
    for key in ["string", "list", "set", "hash", "zset"] {
        for format in ["text", "json"] {
            let shown = text(&file.run("show", &[key, "--format", format]));
            assert!(!shown.contains("secret"), "{shown}");
            assert_eq!(shown.contains("colour"), key == "hash", "{shown}");
            let shown = text(&file.run("show", &[key, "--format", format, "--value"]));
            assert!(shown.contains("secret"), "{shown}");
        }
    }
}

#[test]
fn why_a_key_takes_what_it_takes() {
    let shown =
        on(&fixture::fixture("redis-8.6.3/prod").dump, "show", &["catalog:all", "--top", "2"]);
    assert_eq!(
        text(&shown),
        "catalog:all
Type       hash as hashtable, database 0
In dump    at byte 166,233, 26,796 bytes
Expires    never
Used       LFU counter 7 of 255

Memory                          bytes     %
 object, with the name in it       32  <0.1
 hash table                    25,620  37.9
 strings of fields and values  42,000  62.1
 all                           67,652   100
  sized as redis-8.6.3 with jemalloc
 a part is drawn at random: 434 bytes more or less, 19 times of 20

Elements   1,750, 25.4 KiB of text, 14 B on average

Largest elements           bytes    %
 sku-110115                   15  0.1
 sku-109947                   15  0.1
"
    );
}
