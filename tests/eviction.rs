//! A server under its limit: how full it is, what it could evict, and what would bring it under.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use support::dump::dump;
use support::fixture;
use support::program::{Row, report, run};

fn flags(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

fn prod() -> PathBuf {
    fixture::fixture("redis-8.6.3/prod").dump
}

/// What the server of that dump said that it used.
const USED: u64 = 4_728_328;

fn eviction(path: &Path, line: &str) -> Value {
    report(path, &flags(line))["eviction"].clone()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// All keys, one by one.
fn rows(path: &Path) -> Vec<(Row, String)> {
    let done = run([OsString::from("keys"), path.into()]);
    let lines = done.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let row = |line| {
        let pattern: Value = serde_json::from_slice(line).expect("a row");
        let pattern = pattern["pattern"].as_str().expect("a pattern").to_owned();
        (serde_json::from_slice(line).expect("a row"), pattern)
    };
    lines.map(row).collect()
}

/// Keys and bytes of those rows that `is_in`.
fn count(rows: &[(Row, String)], is_in: impl Fn(&Row, &str) -> bool) -> (u64, u64) {
    let found: Vec<u64> = rows
        .iter()
        .filter(|(row, pattern)| is_in(row, pattern))
        .map(|(row, _)| row.bytes)
        .collect();
    (found.len() as u64, found.iter().sum())
}

/// Rows are rounded one by one, so their sum may be off by half a byte each.
fn is_about(shown: &Value, (keys, bytes): (u64, u64)) {
    assert_eq!(number(&shown["keys"]), keys, "{shown}");
    assert!(number(&shown["bytes"]).abs_diff(bytes) <= keys / 2 + 1, "{shown} for {bytes}");
}

#[test]
fn how_full_it_is_by_what_the_server_counted() {
    let found = eviction(&prod(), "--maxmemory 5mb --maxmemory-policy volatile-lru");
    assert_eq!((&found["measure"], &found["bytes"]), (&"used_mem".into(), &USED.into()));
    assert_eq!(found["maxmemory_bytes"], 5 << 20);
    assert_eq!(found["alert_percent"], 90);
    assert_eq!(found["alert_bytes"], (5 << 20) * 90 / 100);
    assert_eq!(found["full_permille"], 902);
    assert_eq!(found["over_limit_bytes"], USED.cast_signed() - (5 << 20));
    assert_eq!(found["over_alert_bytes"], USED.cast_signed() - (5 << 20) * 9 / 10);
    // another server has used nothing yet: there the whole is computed
    let other = report(&prod(), &flags("--maxmemory 5mb --server valkey-8.1"));
    assert_eq!(other["eviction"]["measure"], "total_bytes");
    assert_eq!(other["eviction"]["bytes"], other["instance"]["total_bytes"]);
}

#[test]
fn sizes_are_those_of_configurations() {
    for (text, bytes) in [
        ("1gb", 1 << 30),
        ("1g", 1_000_000_000),
        ("1GiB", 1 << 30),
        ("512MiB", 512 << 20),
        ("512mb", 512 << 20),
        ("512m", 512_000_000),
        ("7000000", 7_000_000),
    ] {
        let found = eviction(&prod(), &format!("--maxmemory {text}"));
        assert_eq!(found["maxmemory_bytes"], bytes, "{text}");
    }
}

#[test]
fn what_each_policy_may_evict_is_what_the_rows_add_up_to() {
    let (path, rows) = (prod(), rows(&prod()));
    let found = eviction(&path, "--maxmemory 4mb --maxmemory-policy allkeys-lfu");
    let policy = |i: usize| &found["policies"][i];
    let names: Vec<&Value> = (0..3).map(|i| &policy(i)["policies"]).collect();
    assert_eq!(names, ["noeviction", "allkeys-*", "volatile-*"]);
    let in_force: Vec<&Value> = (0..3).map(|i| &policy(i)["in_force"]).collect();
    assert_eq!(in_force, [false, true, false]);
    is_about(policy(0), (0, 0));
    is_about(policy(1), count(&rows, |_, _| true));
    let with_ttl = count(&rows, |row, _| row.expires_at_ms.is_some());
    is_about(policy(2), with_ttl);
    assert!(with_ttl.0 > 0 && with_ttl.0 < rows.len() as u64);
    for i in 0..3 {
        let remaining = USED - number(&policy(i)["bytes"]);
        assert_eq!(policy(i)["remaining_bytes"], remaining);
        assert_eq!(policy(i)["is_enough"], remaining <= 4 << 20);
    }
    let none = eviction(&path, "--maxmemory 4mb");
    assert!((0..3).all(|i| none["policies"][i]["in_force"] == false));
    assert_eq!(none["policy"], Value::Null);
}

#[test]
fn the_fewest_patterns_bring_it_under() {
    let (path, rows) = (prod(), rows(&prod()));
    let patterns = report(&path, &flags("--top 1000"))["patterns"].clone();
    let sizes: Vec<u64> =
        patterns.as_array().expect("a list").iter().map(|row| number(&row["bytes"])).collect();
    for limit in [5_240_000, 5_000_000, 4_500_000, 3_000_000, 2_400_000] {
        let found = eviction(&path, &format!("--maxmemory {limit}"));
        let relief = &found["relief"];
        let needed = USED - limit * 90 / 100;
        assert_eq!((&relief["needed_bytes"], &relief["is_enough"]), (&needed.into(), &true.into()));
        let chosen = relief["patterns"].as_array().expect("a list");
        let bytes: Vec<u64> = chosen.iter().map(|row| number(&row["bytes"])).collect();
        let sum: u64 = bytes.iter().sum();
        assert!(sum >= needed, "{limit}");
        assert_eq!(number(&relief["remaining_bytes"]), USED - sum);
        assert!(USED - sum <= limit * 90 / 100);
        // one fewer would not do, whichever they were
        assert!(sizes.iter().take(chosen.len() - 1).sum::<u64>() < needed, "{limit}");
        // and what goes last is no heavier than it has to be
        let rest: u64 = sizes.iter().take(chosen.len() - 1).sum();
        let others = sizes.iter().skip(chosen.len() - 1);
        let lighter = others.filter(|size| rest + **size >= needed).min();
        let least = rest + lighter.expect("one does");
        // rows of the report are rounded to add up, these each for itself
        assert!(sum.abs_diff(least) <= chosen.len() as u64, "{limit}: {sum} for {least}");
        for row in chosen {
            let name = row["pattern"].as_str().expect("a name");
            is_about(row, count(&rows, |_, pattern| pattern == name));
            let never = count(&rows, |row, pattern| pattern == name && row.expires_at_ms.is_none());
            is_about(&row["no_ttl"], never);
        }
    }
}

#[test]
fn under_the_alert_nothing_has_to_go() {
    // at the threshold it is not over it
    let at = USED * 10 / 9 + 1;
    assert_eq!(eviction(&prod(), &format!("--maxmemory {at}"))["relief"], Value::Null);
    let over = eviction(&prod(), &format!("--maxmemory {at} --alert-percent 89"));
    assert_eq!(over["relief"]["is_enough"], true);
    assert_eq!(report(&prod(), &[])["eviction"], Value::Null);
}

#[test]
fn where_no_pattern_is_enough_that_is_said() {
    let line = "--maxmemory 1mb --maxmemory-policy volatile-ttl";
    let found = eviction(&prod(), line);
    let relief = &found["relief"];
    assert_eq!((&relief["is_enough"], &relief["patterns"]), (&false.into(), &Value::Array(vec![])));
    assert_eq!(number(&relief["remaining_bytes"]), USED - number(&relief["bytes"]));
    let (_, text, _) = said(line);
    assert!(text.contains("without any key it would still be"), "{text}");
    assert!(text.contains("which is over the limit: writes fail"), "{text}");
}

/// Exit code, standard output, standard error, on the same dump.
fn said(line: &str) -> (Option<i32>, String, String) {
    let done = run([OsString::from(prod())].into_iter().chain(flags(line)));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn the_first_screen_says_it_near_the_top() {
    let (_, text, _) = said("--maxmemory 4mb --maxmemory-policy volatile-lru");
    let lines: Vec<&str> = text.lines().take(14).collect();
    let top = lines.join("\n");
    assert!(
        top.contains("\nLimit      4.00 MiB, 112.7 % full: 4.51 MiB as the server counted,"),
        "{top}"
    );
    assert!(top.contains("volatile-lru may evict 1.10 MiB of keys with a TTL"), "{top}");
    assert!(top.contains("89.9 % full without cache:page:{id} (418 KiB)"), "{top}");
    assert!(text.lines().all(|line| line.chars().count() <= 80) && text.lines().count() <= 40);
    let (_, text, _) = said("--maxmemory 8gb --maxmemory-policy noeviction");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("7.20 GiB below the alert at 90 %"), "{text}");
    assert!(text.contains("noeviction: no key goes; at the limit writes fail"), "{text}");
    let (_, text, _) = said("");
    assert!(!text.contains("Limit"), "{text}");
}

#[test]
fn the_settings_of_the_server_supply_it_and_flags_count_before_them() {
    let place = tempfile::tempdir().expect("a folder");
    let config = place.path().join("redis.conf");
    let named = format!("--server-config {}", config.display());
    fs::write(&config, "maxmemory 4mb\nmaxmemory-policy volatile-ttl\n").expect("writable");
    let found = eviction(&prod(), &named);
    assert_eq!(
        (&found["maxmemory_bytes"], &found["policy"]),
        (&(4 << 20).into(), &"volatile-ttl".into())
    );
    let found =
        eviction(&prod(), &format!("{named} --maxmemory 6mb --maxmemory-policy allkeys-lru"));
    assert_eq!(
        (&found["maxmemory_bytes"], &found["policy"]),
        (&(6 << 20).into(), &"allkeys-lru".into())
    );
    // no limit, and filters, which leave a part of the server out
    assert_eq!(eviction(&prod(), &format!("{named} --type hash")), Value::Null);
    fs::write(&config, "maxmemory 0\nmaxmemory-policy volatile-ttl\n").expect("writable");
    assert_eq!(eviction(&prod(), &named), Value::Null);
}

#[test]
fn a_summary_says_the_same_as_its_dump() {
    let place = tempfile::tempdir().expect("a folder");
    let base = place.path().join("base.json");
    let args = [OsString::from("summary"), prod().into(), "-o".into(), base.clone().into()];
    assert_eq!(run(args).status.code(), Some(0));
    let line = "--maxmemory 4mb --maxmemory-policy volatile-lru --threads 3";
    assert_eq!(eviction(&base, line), eviction(&prod(), line));
    let two = place.path().join("two.json");
    let args =
        [OsString::from("summary"), prod().into(), prod().into(), "-o".into(), two.clone().into()];
    assert_eq!(run(args).status.code(), Some(0));
    let done = run([OsString::from(two)].into_iter().chain(flags("--format json --maxmemory 4mb")));
    let json: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!((done.status.code(), &json["eviction"]), (Some(0), &Value::Null));
    assert!(String::from_utf8_lossy(&done.stderr).contains("one server's limit"));
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("d.rdb");
    let filled = dump().string("evil\x1b[2J\u{202e}", "v".repeat(5000));
    fs::write(&path, filled.end()).expect("writable");
    // nothing is said of used memory here
    let whole = number(&report(&path, &[])["instance"]["total_bytes"]);
    let found = eviction(&path, &format!("--maxmemory {whole}"));
    assert_eq!((&found["measure"], &found["full_permille"]), (&"total_bytes".into(), &1000.into()));
    let limit = format!("--maxmemory {} --alert-percent 100", whole - 1);
    let done = run([OsString::from(&path)].into_iter().chain(flags(&limit)));
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(text.contains("full without evil"), "{text}");
    assert!(!text.contains('\x1b') && !text.contains('\u{202e}'), "{text:?}");
}

#[test]
fn the_answer_does_not_depend_on_threads() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("large.rdb");
    let filled = (0..30_000_u64).fold(dump().aux("redis-ver", "7.2.6"), |dump, n| {
        dump.string(format!("user:{n}:{}", n % 40), "x".repeat((n % 300) as usize))
            .string(format!("count:{n}"), n.to_string())
    });
    fs::write(&path, filled.end()).expect("writable");
    let of = |threads: &str| eviction(&path, &format!("--maxmemory 2mb --threads {threads}"));
    let one = of("1");
    assert!(one["relief"]["patterns"].as_array().is_some_and(|all| all.len() > 1), "{one}");
    assert!(["2", "3", "8"].iter().all(|threads| of(threads) == one));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (line, says) in [
        ("--maxmemory 0", "no limit"),
        ("--maxmemory 8zb", "--maxmemory"),
        ("--maxmemory 8gb --maxmemory-policy lru", "volatile-ttl"),
        ("--maxmemory-policy volatile-lru", "of which limit"),
        ("--alert-percent 80", "of which limit"),
        ("--maxmemory 8gb --alert-percent 0", "--alert-percent"),
        ("--maxmemory 8gb --alert-percent 101", "--alert-percent"),
        ("--maxmemory 8gb --type hash", "leave the filters out"),
        ("other.rdb --maxmemory 8gb", "one server's limit"),
    ] {
        let (code, out, error) = said(line);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{line}");
        assert!(error.contains(says), "{line}: {error}");
    }
}
