//! What changed between two snapshots, by running the program.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use support::dump::{Dump, dump};
use support::program::run;

const START: u64 = 1_790_000_000;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A snapshot of a Redis taken so many hours later.
fn begun(hours: u64) -> Dump {
    begun_by("7.2.6", hours)
}

fn begun_by(version: &str, hours: u64) -> Dump {
    dump().aux("redis-ver", version).aux("ctime", (START + hours * 3600).to_string())
}

fn written(folder: &Path, name: &str, dump: Vec<u8>) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, dump).expect("writable");
    file
}

fn summary(file: &Path, flags: &[&str]) -> PathBuf {
    let path = file.with_extension("json");
    let done = run(["summary", text(file), "-o", text(&path)].iter().chain(flags));
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    path
}

fn diff(args: &[&str]) -> Value {
    let done = run(["diff", "--format", "json"].iter().chain(args));
    assert_eq!((done.status.code(), said(&done).as_str()), (Some(0), ""));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

fn row<'v>(list: &'v Value, name: &str) -> &'v Value {
    let rows = list.as_array().expect("a list");
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name} in {list}"))
}

/// `n` strings of which every one takes the same.
fn strings(dump: Dump, prefix: &str, n: u64, ttl: bool) -> Dump {
    (0..n).fold(dump, |dump, i| {
        let dump = match ttl {
            true => dump.expires_ms((START as i64 + 90_000) * 1000),
            false => dump,
        };
        dump.string(format!("{prefix}:{:05}", 10_000 + i), "x".repeat(100))
    })
}

/// What a snapshot held, and what it holds ten hours later.
fn pair(folder: &Path) -> (PathBuf, PathBuf) {
    let old = strings(begun(0).select(0), "steady", 30, false);
    let old = strings(strings(old, "grows", 10, false), "gone", 7, true);
    let new = strings(begun(10).select(0), "steady", 30, false);
    let new = strings(strings(new, "grows", 25, false), "fresh", 5, true);
    let new = strings(new.select(3), "elsewhere", 2, false);
    (written(folder, "old.rdb", old.end()), written(folder, "new.rdb", new.end()))
}

#[test]
fn every_change_is_as_it_was_made() {
    let place = tempfile::tempdir().expect("a folder");
    let (old, new) = pair(place.path());
    let found = diff(&[text(&old), text(&new)]);
    let patterns = &found["patterns"];
    let each = row(patterns, "steady:{int}")["new"]["bytes_per_key"].as_u64().expect("bytes");
    assert_eq!(each * 30, row(patterns, "steady:{int}")["new"]["bytes"]);
    let grows = row(patterns, "grows:{int}");
    assert_eq!(grows["standing"], "kept");
    assert_eq!((&grows["old"]["keys"], &grows["new"]["keys"]), (&10.into(), &25.into()));
    assert_eq!(grows["change"]["keys"], 15);
    assert_eq!(grows["change"]["bytes"], 15 * each);
    assert_eq!(grows["change"]["bytes_per_key"], 0);
    assert_eq!(grows["change"]["no_ttl_keys"], 15);
    assert_eq!(grows["change"]["no_ttl_bytes"], 15 * each);
    assert_eq!(grows["bytes_per_hour"], 15 * each / 10);
    let fresh = row(patterns, "fresh:{int}");
    assert_eq!((&fresh["standing"], &fresh["change"]["keys"]), (&"new".into(), &5.into()));
    assert_eq!(
        (&fresh["old"]["bytes_per_key"], &fresh["new"]["no_ttl_keys"]),
        (&Value::Null, &0.into())
    );
    let gone = row(patterns, "gone:{int}");
    assert_eq!((&gone["standing"], &gone["change"]["keys"]), (&"gone".into(), &(-7).into()));
    assert_eq!(row(patterns, "steady:{int}")["change"]["bytes"], 0);
    // what grew the most stands first, what shrank the most last
    let order: Vec<&str> = patterns
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| row["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(order[0], "grows:{int}");
    assert_eq!(order[order.len() - 1], "gone:{int}");
    assert_eq!(row(&found["types"], "string")["change"]["keys"], 15 + 5 + 2 - 7);
    assert_eq!(row(&found["databases"], "3")["standing"], "new");
    assert_eq!(row(&found["databases"], "0")["change"]["keys"], 15 + 5 - 7);
    assert_eq!(
        (&found["totals"]["old"]["keys"], &found["totals"]["new"]["keys"]),
        (&47.into(), &62.into())
    );
    assert_eq!(found["span_ms"], 36_000_000);
    // the rows of each list add up to all keys
    for list in ["patterns", "types", "databases"] {
        for of in ["old", "new", "change"] {
            for field in ["keys", "bytes", "no_ttl_keys", "no_ttl_bytes"] {
                let rows = found[list].as_array().expect("a list").iter();
                let sum: i64 = rows.map(|row| row[of][field].as_i64().expect("a number")).sum();
                assert_eq!(found["totals"][of][field], sum, "{list} {of} {field}");
            }
        }
    }
}

#[test]
fn summaries_and_dumps_give_the_same() {
    let place = tempfile::tempdir().expect("a folder");
    let (old, new) = pair(place.path());
    let (old_summary, new_summary) = (summary(&old, &[]), summary(&new, &[]));
    let expected = diff(&[text(&old), text(&new)]);
    for (old, new) in [(&old, &new_summary), (&old_summary, &new), (&old_summary, &new_summary)] {
        assert_eq!(diff(&[text(old), text(new)]), expected);
    }
    assert_eq!(diff(&["--threads", "1", text(&old), text(&new)]), expected);
}

#[test]
fn a_dump_is_sized_like_what_it_is_compared_with() {
    let place = tempfile::tempdir().expect("a folder");
    let keys = |version: &str, hours| strings(begun_by(version, hours), "a", 20, true).end();
    let old = written(place.path(), "old.rdb", keys("7.0.15", 0));
    let new = written(place.path(), "new.rdb", keys("8.2.3", 1));
    let (old_summary, new_summary) = (summary(&old, &[]), summary(&new, &[]));
    // nothing changed but the server, which alone makes no growth
    for (old, new, profile) in [
        (&old, &new, "redis-8.2.3"),
        (&old, &new_summary, "redis-8.2.3"),
        (&old_summary, &new, "redis-7.0.15"),
    ] {
        let found = diff(&[text(old), text(new)]);
        assert_eq!(found["totals"]["change"]["bytes"], 0);
        assert!(found["profile"].as_str().expect("text").contains(profile), "{found}");
    }
    let done = run(["diff", text(&old_summary), text(&new_summary)]);
    assert_eq!(done.status.code(), Some(2));
    for words in
        ["sized differently", "redis-7.0.15", "redis-8.2.3", "give the dump of one of them"]
    {
        assert!(said(&done).contains(words), "{}", said(&done));
    }
    assert_eq!(shown(&done), "");
    // settings, allocator and measure come along
    let settings = written(
        place.path(),
        "redis.conf",
        b"set-max-intset-entries 3\nmaxmemory 1gb\nmaxmemory-policy allkeys-lfu\n".to_vec(),
    );
    let flags = ["--server-config", text(&settings), "--allocator", "libc", "--sizes", "reported"];
    let other = summary(&new, &flags);
    let found = diff(&[text(&old), text(&other)]);
    let profile = found["profile"].as_str().expect("text");
    for words in
        ["reported", "redis-8.2.3", "libc", "set-max-intset-entries 3", "no shared integers"]
    {
        assert!(profile.contains(words), "{profile}");
    }
    let done = run(["diff", text(&old), text(&other), "--server", "valkey-8.1"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(said(&done).contains("sized already"), "{}", said(&done));
}

#[test]
fn the_text_fits_its_width_and_says_when_memory_is_full() {
    let place = tempfile::tempdir().expect("a folder");
    let (old, new) = pair(place.path());
    for width in ["80", "60"] {
        let done = run(["diff", text(&old), text(&new), "--maxmemory", "1gb", "--width", width]);
        assert_eq!((done.status.code(), said(&done).as_str()), (Some(0), ""));
        let screen = shown(&done);
        let most = width.parse::<usize>().expect("a number");
        assert!(screen.lines().all(|line| line.chars().count() <= most), "{screen}");
        for words in ["grows:{int}", "1.00 GiB are full", "10 h later", "from 47 to 62", "all keys"]
        {
            assert!(screen.contains(words), "{words} in {screen}");
        }
    }
    let few = shown(&run(["diff", text(&old), text(&new), "--top", "1"]));
    assert!(few.contains("3 more") && few.contains("1 unchanged"), "{few}");
    let done = run(["diff", text(&new), text(&old)]);
    assert!(shown(&done).contains("are they swapped?"), "{}", shown(&done));
    let found = diff(&[text(&new), text(&old)]);
    assert_eq!(
        (&found["span_ms"], &found["totals"]["bytes_per_hour"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn hostile_names_stay_text() {
    let place = tempfile::tempdir().expect("a folder");
    let old = written(place.path(), "old.rdb", begun(0).string("a", "1").end());
    let hostile = begun(1).string(&b"\x1b[2J\xff\n\xe2\x80\xaeuser"[..], "1");
    let new = written(place.path(), "new.rdb", hostile.end());
    let done = run(["diff", text(&old), text(&new)]);
    let screen = shown(&done);
    assert!(!screen.contains('\u{1b}') && !screen.contains('\u{202e}'), "{screen:?}");
    assert!(screen.contains(r"\x1b[2J"), "{screen}");
    let json = run(["diff", text(&old), text(&new), "--format", "json"]);
    assert!(!json.stdout.contains(&0x1b) && !shown(&json).contains('\u{202e}'));
}

#[test]
fn a_damaged_snapshot_is_said_and_exits_2() {
    let place = tempfile::tempdir().expect("a folder");
    let old = written(place.path(), "old.rdb", begun(0).string("a", "1").end());
    let cut = written(place.path(), "cut.rdb", begun(1).string("a", "1").cut());
    let bad = written(place.path(), "bad.rdb", begun(1).string("a", "1").end_with(7));
    for new in [&cut, &bad] {
        let done = run(["diff", text(&old), text(new)]);
        assert_eq!(done.status.code(), Some(2));
        assert!(said(&done).contains("the new snapshot was not read as a whole"));
        // a summary of it does not forget that
        let path = new.with_extension("json");
        run(["summary", text(new), "-o", text(&path)]);
        let done = run(["diff", text(&path), text(&old)]);
        assert_eq!(done.status.code(), Some(2), "{}", new.display());
        assert!(said(&done).contains("the old snapshot was not read as a whole"));
    }
    let done = run(["diff", text(&old), "nothing.rdb"]);
    assert_eq!((done.status.code(), shown(&done).as_str()), (Some(2), ""));
    let done = run(["diff", text(&old), text(&old), "-o", text(&old)]);
    assert_eq!(done.status.code(), Some(2));
    assert!(said(&done).contains("overwrite"));
}
