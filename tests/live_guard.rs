//! A real server saves, a known workload runs, it saves again: the changes that are told are those
//! that were made.
//!
//! Run by `.ci/run live`, which installs the servers first.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;
use support::live::{Link, Live, Words, folder, words};
use support::program::run;

/// Commands made of a line for each number.
fn each(numbers: std::ops::Range<u32>, line: impl Fn(u32) -> String) -> Vec<Words> {
    numbers.map(|n| words(&line(n))).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn row<'v>(list: &'v Value, name: &str) -> &'v Value {
    let rows = list.as_array().expect("a list");
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name} in {list}"))
}

/// What `MEMORY USAGE` says of keys together.
fn usage(link: &mut Link, keys: &[String]) -> i64 {
    let ask: Vec<Words> =
        keys.iter().map(|key| words(&format!("MEMORY USAGE {key} SAMPLES 0"))).collect();
    link.ask_all(&ask).iter().map(support::live::Reply::int).sum()
}

fn names(prefix: &str, numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|n| format!("{prefix}:{n}")).collect()
}

fn changes_are_those_that_were_made(server: &str) {
    let live = Live::start(&folder().join(server), &[], None);
    let mut link = live.link();
    link.must(&each(1000..1200, |n| format!("SET kept:{n} {}", "k".repeat(50))));
    link.must(&each(1000..1100, |n| format!("SET grown:{n} {}", "g".repeat(20))));
    link.must(&each(1000..1080, |n| format!("SET deleted:{n} {}", "d".repeat(30))));
    link.must(&each(1000..1060, |n| format!("SET lapsing:{n} x PX 1")));
    link.must(&each(1000..1040, |n| format!("SET persisted:{n} x EX 9999")));
    link.must(&each(1000..1005, |n| format!("HSET cart:{n} a 1 b 2")));
    // those that lapse are there in the first snapshot, and it says when they go
    link.must(&each(1000..1060, |n| format!("SET lapsing:{n} x PX 700")));
    let place = tempfile::tempdir().expect("a folder");
    let (old, new) = (place.path().join("old.rdb"), place.path().join("new.rdb"));
    let grown_before = usage(&mut link, &names("grown", 1000..1100));
    let deleted_before = usage(&mut link, &names("deleted", 1000..1080));
    fs::copy(live.save(), &old).expect("saved");

    sleep(Duration::from_millis(1_300));
    link.must(&each(1100..1130, |n| format!("SET grown:{n} {}", "g".repeat(20))));
    link.must(&each(1000..1100, |n| format!("SET grown:{n} {}", "g".repeat(500))));
    link.must(&each(1000..1070, |n| format!("DEL deleted:{n}")));
    link.must(&each(1000..1060, |n| format!("GET lapsing:{n}")));
    link.must(&each(1000..1025, |n| format!("PERSIST persisted:{n}")));
    link.must(&each(1000..1017, |n| format!("SET added:{n} {} EX 9999", "a".repeat(40))));
    link.must(&each(1000..1005, |n| format!("HSET cart:{n} c 3 d {}", "4".repeat(300))));
    link.must(&[words("SELECT 5"), words("SET elsewhere:1 1"), words("SELECT 0")]);
    let grown_after = usage(&mut link, &names("grown", 1000..1130));
    let deleted_after = usage(&mut link, &names("deleted", 1070..1080));
    let added = usage(&mut link, &names("added", 1000..1017));
    fs::copy(live.save(), &new).expect("saved");

    let facts = support::live::facts(&folder().join(server));
    let flags = ["--sizes", "reported", "--allocator", &facts.allocator];
    let diff = |old: &Path, new: &Path, flags: &[&str]| -> Value {
        let done = run(["diff", "--format", "json", text(old), text(new)].iter().chain(flags));
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!((done.status.code(), said.as_str()), (Some(0), ""), "{server}");
        serde_json::from_slice(&done.stdout).expect("JSON")
    };
    let found = diff(&old, &new, &flags);
    let patterns = &found["patterns"];
    let change = |name: &str, of: &str| {
        row(patterns, name)["change"][of].as_i64().unwrap_or_else(|| panic!("{name} {of}"))
    };
    for (name, keys, no_ttl) in [
        ("kept:{int}", 0, 0),
        ("grown:{int}", 30, 30),
        ("deleted:{int}", -70, -70),
        ("lapsing:{int}", -60, 0),
        ("persisted:{int}", 0, 25),
        ("added:{int}", 17, 0),
        ("cart:{int}", 0, 0),
    ] {
        let told = (change(name, "keys"), change(name, "no_ttl_keys"));
        assert_eq!(told, (keys, no_ttl), "{server} {name}: {found:#}");
    }
    // in bytes as the server itself counts
    assert_eq!(change("kept:{int}", "bytes"), 0, "{server}");
    assert_eq!(change("grown:{int}", "bytes"), grown_after - grown_before, "{server}");
    assert_eq!(change("deleted:{int}", "bytes"), deleted_after - deleted_before, "{server}");
    assert_eq!(change("added:{int}", "bytes"), added, "{server}");
    assert!(change("cart:{int}", "bytes") >= 5 * 300, "{server}");
    assert_eq!(row(patterns, "lapsing:{int}")["standing"], "gone");
    assert_eq!(row(patterns, "added:{int}")["standing"], "new");
    assert_eq!(row(&found["types"], "hash")["change"]["keys"], 0);
    assert_eq!(row(&found["databases"], "5")["change"]["keys"], 1);
    let keys = 30 - 70 - 60 + 17 + 1;
    assert_eq!(found["totals"]["change"]["keys"], keys);
    assert_eq!(row(&found["databases"], "0")["change"]["keys"], keys - 1);
    assert!((1_000..=60_000).contains(&found["span_ms"].as_i64().expect("a time")));
    // the same from summaries
    let summed = |dump: &Path| {
        let path = dump.with_extension("json");
        let args = ["summary", text(dump), "-o", text(&path)];
        assert_eq!(run(args.iter().chain(&flags)).status.code(), Some(0));
        path
    };
    assert_eq!(diff(&summed(&old), &summed(&new), &[]), found, "{server}");
}

// Servers with jemalloc: glibc hands out a freed piece that is a little larger rather than split it,
// so that bytes are no matter of the data alone.

#[test]
fn redis_7_0() {
    changes_are_those_that_were_made("redis-7.0.15");
}

#[test]
fn redis_8_2() {
    changes_are_those_that_were_made("redis-8.2.3");
}

#[test]
fn valkey_8_1() {
    changes_are_those_that_were_made("valkey-8.1.1");
}
