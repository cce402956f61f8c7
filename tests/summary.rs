//! Summaries: what they are of, how large they are, and how they go together.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use support::dump::{Dump, dump};
use support::fixture::{dumps, fixture};
use support::program::run;
use tempfile::TempDir;

/// A folder for files, which lasts as long as the test.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("writable");
        path
    }

    /// The summary of a dump, as a file beside it.
    fn summary(&self, dump: &Path, flags: &[&str]) -> PathBuf {
        let name = dump.file_name().expect("a file").to_string_lossy().into_owned();
        let path = self.path(&format!("{name}.json"));
        let command = ["summary", text(dump), "-o", text(&path)];
        let done = run(command.iter().chain(flags));
        assert_ne!(done.status.code(), None);
        assert!(path.is_file(), "{}", said(&done));
        path
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn report(paths: &[&Path]) -> Value {
    let done = run(paths.iter().map(|path| text(path)).chain(["--format", "json"]));
    serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{}", said(&done)))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("readable")).expect("JSON")
}

fn refused(args: &[&str], words: &[&str]) {
    let done = run(args);
    let said = said(&done);
    assert_eq!((done.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(done.stdout.is_empty());
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

#[test]
fn the_report_on_a_summary_is_that_on_the_dump() {
    let place = Place::new();
    for dump in dumps().into_iter().map(|fixture| fixture.dump) {
        let mut own = report(&[&dump]);
        let mut brief = report(&[&place.summary(&dump, &[])]);
        // histograms of each pattern would not fit
        for row in own["patterns"].as_array_mut().expect("patterns") {
            assert_ne!(row["bytes_each"], Value::Null);
            (row["bytes_each"], row["elements_each"]) = (Value::Null, Value::Null);
        }
        for report in [&mut own, &mut brief] {
            // what belongs to the file alone
            for field in ["tail_bytes", "wrapper"] {
                report["source"][field] = Value::Null;
            }
            // and what takes a second look at keys, which a summary does not have
            if let Some(findings) = report["findings"].as_array_mut() {
                findings.retain(|finding| finding["confidence"] == "exact");
            }
            if let Some(state) = report["completeness"].as_object_mut() {
                state
                    .retain(|name, _| matches!(name.as_str(), "state" | "error" | "at" | "advice"));
            }
        }
        for (field, value) in own.as_object().expect("an object") {
            assert_eq!(&brief[field], value, "{field} of {}", dump.display());
        }
    }
}

#[test]
fn a_summary_of_parts_is_that_of_the_whole() {
    let place = Place::new();
    let fill = |dump: Dump, from: usize| {
        (from..3000).step_by(3).fold(dump, |dump, n| {
            let ms = i64::try_from(n).expect("small") * 1000;
            let dump = dump.string(format!("user:{n}:name"), "x".repeat(n % 90));
            let dump = dump.expires_ms(ms).string(format!("session:{n:08x}"), "y".repeat(n % 300));
            dump.string(format!("{}.{n}", ["red", "green", "blue"][n % 3]), "1")
        })
    };
    let begin = || dump().aux("ctime", "1000").aux("used-mem", "1000000");
    let parts = [0, 1, 2].map(|n| place.write(&format!("{n}.rdb"), fill(begin(), n).end()));
    let whole = (0..3).fold(begin(), fill);
    let whole = json(&place.summary(&place.write("whole.rdb", whole.end()), &[]));
    let [a, b, c] = parts.each_ref().map(|part| place.summary(part, &[]));
    for order in [[&a, &b, &c], [&c, &a, &b]] {
        let merged = place.path("merged.json");
        let done =
            run(["merge", text(order[0]), text(order[1]), text(order[2]), "-o", text(&merged)]);
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
        assert_eq!(json(&merged)["state"], whole["state"]);
        assert_eq!(json(&merged)["origins"].as_array().expect("origins").len(), 3);
    }
    // dumps, summaries, and both, on one command line and in a folder
    let reports = [
        report(&[&parts[0], &parts[1], &parts[2]]),
        report(&[&parts[0], &b, &c]),
        report(&[&place.path("merged.json")]),
    ];
    for together in &reports {
        assert_eq!(together["patterns"], reports[0]["patterns"]);
        assert_eq!(together["totals"]["keys"], 9000);
        let shards = together["shards"].as_array().expect("shards");
        let keys: u64 = shards.iter().map(|row| row["keys"].as_u64().expect("keys")).sum();
        let bytes: u64 = shards.iter().map(|row| row["bytes"].as_u64().expect("bytes")).sum();
        assert_eq!((keys, shards.len()), (9000, 3));
        assert!(bytes.abs_diff(together["totals"]["bytes"].as_u64().expect("bytes")) <= 3);
        assert_eq!(together["instance"]["used_mem"], 3_000_000);
    }
    for file in ["whole.rdb", "whole.rdb.json", "merged.json"] {
        fs::remove_file(place.path(file)).expect("removable");
    }
    [a, b, c].iter().for_each(|path| fs::remove_file(path).expect("removable"));
    assert_eq!(report(&[place.0.path()])["patterns"], reports[0]["patterns"]);
}

#[test]
fn no_summary_is_larger_than_a_megabyte() {
    let place = Place::new();
    let hostile = |n: u64| {
        let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = |n: u64| (0..12).map(move |i| char::from(b'a' + (n >> (4 * i) & 15) as u8));
        let first: String = word(n % 90).collect();
        let second: String = word(n / 90 % 45).collect();
        let third: String = word(n / 4050 % 40).collect();
        // quotes take twice the room in JSON, control characters come in base64
        format!("\"\"\"\"\"\"{first}:\u{1}\u{2}\u{3}{second}\":{third}:{}", n >> 40)
    };
    let names = (0..60_000).map(hostile);
    let long = "\"".repeat(900);
    let dump = names.fold(dump(), |dump, name| dump.string(name, "v"));
    let dump = (0..300).fold(dump, |dump, n| dump.string(format!("{long}{n}"), "w".repeat(5000)));
    let path = place.summary(&place.write("hostile.rdb", dump.end()), &[]);
    let len = fs::metadata(&path).expect("there").len();
    assert!(len <= 1_000_000, "{len}");
    let report = report(&[&path]);
    assert_eq!(report["totals"]["keys"], 60_300);
    let keys = |row: &Value| row["keys"].as_u64().expect("keys");
    let rows = report["patterns"].as_array().expect("patterns");
    assert_eq!(rows.iter().map(keys).sum::<u64>(), 60_300);
}

#[test]
fn what_a_summary_cannot_tell_is_refused() {
    let place = Place::new();
    let path = place.summary(&place.write("a.rdb", dump().string("a", "1").end()), &[]);
    let path = text(&path);
    refused(&["keys", path], &["a.rdb.json", "no rows of keys"]);
    refused(&[path, "--match", "x*"], &["cannot be filtered any more"]);
    refused(&[path, "--server", "redis-8.2"], &["sized already", "give the dump"]);
    refused(&[path, "--allocator", "libc"], &["sized already"]);
    refused(&[path, "--pattern", "x*"], &["grouped already"]);
    let other = place.write("b.rdb", dump().string("a", "1").end());
    let other = place.summary(&other, &["--server", "valkey-8.1"]);
    refused(&["merge", path, text(&other)], &["sized differently", "valkey-8.1"]);
    let other = place.summary(&place.write("c.rdb", dump().end()), &["--pattern", "a*"]);
    refused(&["merge", path, text(&other)], &["--pattern"]);
    let other = place.summary(&place.write("d.rdb", dump().end()), &["--no-ttl"]);
    refused(&["merge", path, text(&other)], &["filters"]);
    refused(&["merge", text(&place.path("a.rdb"))], &["no summary", "rdblens summary"]);
}

#[test]
fn other_schemas_and_damaged_ones_are_refused_with_a_clear_word() {
    let place = Place::new();
    let path = place.summary(&place.write("a.rdb", dump().string("a:1", "1").end()), &[]);
    let sound = fs::read_to_string(path).expect("readable");
    let changed = |from: &str, to: &str, words: &[&str]| {
        assert!(sound.contains(from), "{sound}");
        let path = place.write("changed.json", sound.replacen(from, to, 1));
        refused(&[text(&path)], words);
    };
    changed(r#"summary":1,"#, r#"summary":2,"#, &["its schema is 2", "reads up to 1"]);
    changed(r#"summary":1,"#, r#"summary":0,"#, &["its schema is 0"]);
    changed(r#""keys":1"#, r#""keys":-1"#, &["changed.json", "damaged", "column"]);
    changed(r#""origins":["#, r#""origin":["#, &["damaged", "origin"]);
    changed(r#""type":"string""#, r#""type":"strong""#, &["damaged", "strong"]);
    changed(r#"[0,1,"#, r#"[0,2,"#, &["damaged", "do not add up"]);
    let cut = place.write("cut.json", &sound[..sound.len() / 2]);
    refused(&[text(&cut)], &["cut.json", "damaged"]);
    let deep = format!("{{\"rdblens_summary\":{}", "[".repeat(100_000));
    refused(&[text(&place.write("deep.json", deep))], &["damaged"]);
    refused(&[text(&place.write("other.json", "{\"a\": 1}"))], &["not an RDB"]);
}

#[test]
fn an_incomplete_dump_gives_a_summary_that_says_so() {
    let place = Place::new();
    let sound = dump().string("a", "1").string("b", "2").end();
    let cut = place.write("cut.rdb", &sound[..sound.len() - 12]);
    let done = run(["summary", text(&cut)]);
    assert_eq!(done.status.code(), Some(2));
    assert!(said(&done).contains("cut.rdb"), "{}", said(&done));
    let path = place.write("cut.json", done.stdout);
    let again = run([text(&path), "--format", "json"]);
    assert_eq!(again.status.code(), Some(2));
    let again: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    assert_eq!(again["completeness"]["state"], "incomplete");
}

#[test]
fn the_users_own_patterns_come_first() {
    let place = Place::new();
    let names = ["temp:1", "temp:2:x", "cache:product:7", "cache:page:8", "cache:page:9"];
    let dump = names.into_iter().fold(dump(), |dump, name| dump.string(name, "1"));
    let dump = place.write("a.rdb", dump.end());
    let file = place.write("patterns", "# of the shop\n\ncache:product:*\n");
    let flags = ["--pattern", "temp:*", "--patterns-file", text(&file)];
    let path = place.summary(&dump, &flags);
    let rows = |report: &Value| -> Vec<(String, u64, bool)> {
        let row = |row: &Value| {
            let pattern = row["pattern"].as_str().expect("a pattern").to_owned();
            (pattern, row["keys"].as_u64().expect("keys"), row["rule"] == true)
        };
        let mut rows: Vec<_> =
            report["patterns"].as_array().expect("rows").iter().map(row).collect();
        rows.sort();
        rows
    };
    let expected =
        [("cache:page:{int}", 2, false), ("cache:product:*", 1, true), ("temp:*", 2, true)]
            .map(|(pattern, keys, rule)| (pattern.to_owned(), keys, rule));
    assert_eq!(rows(&report(&[&path])), expected);
    let done = run([text(&dump), "--format", "json"].iter().chain(&flags));
    assert_eq!(rows(&serde_json::from_slice(&done.stdout).expect("JSON")), expected);
    let keys = run(["keys", text(&dump), "--columns", "key,pattern"].iter().chain(&flags));
    let keys = String::from_utf8(keys.stdout).expect("UTF-8");
    assert!(keys.contains(r#"{"key":"temp:2:x","pattern":"temp:*"}"#), "{keys}");
    refused(&[text(&dump), "--patterns-file", "no/such"], &["--patterns-file", "no/such"]);
}

#[test]
fn fixtures_merge_with_themselves() {
    let place = Place::new();
    let path = place.summary(&fixture("redis-7.2.6/limits-low").dump, &[]);
    let twice = report(&[&path, &path]);
    let once = report(&[&path]);
    for field in ["keys", "bytes", "elements"] {
        let one = once["totals"][field].as_u64().expect("a number");
        let two = twice["totals"][field].as_u64().expect("a number");
        assert!(two.abs_diff(2 * one) <= 1, "{field}: {one}, {two}");
    }
}
