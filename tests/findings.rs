//! Findings: each in a snapshot where it is true and in one where it must stay silent, with figures
//! that the rows of `rdblens keys` give too.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use support::dump::{Dump, dump};
use support::program::run;
use tempfile::TempDir;

const TAKEN_S: i64 = 1_700_000_000;
const TAKEN: i64 = TAKEN_S * 1000;
const HOUR: i64 = 3_600_000;

/// A snapshot of Redis 7.2, on disk.
struct Disk {
    dir: TempDir,
    path: PathBuf,
}

fn begun() -> Dump {
    dump().aux("redis-ver", "7.2.6").aux("ctime", TAKEN_S.to_string()).select(0)
}

fn disk(dump: Dump) -> Disk {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("dump.rdb");
    fs::write(&path, dump.end()).expect("writable");
    Disk { dir, path }
}

impl Disk {
    fn report(&self, flags: &[&str]) -> Value {
        let mut args = vec![self.path.to_str().unwrap(), "--format", "json"];
        args.extend(flags);
        let output = run(args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn config(&self, text: &str) -> String {
        let path = self.dir.path().join("rdblens.toml");
        fs::write(&path, text).expect("writable");
        path.to_str().unwrap().to_owned()
    }

    fn found(&self, id: &str) -> Vec<Value> {
        of(&self.report(&[]), id)
    }

    /// Rows of `rdblens keys` that `count` accepts: how many, and their bytes.
    fn rows(&self, count: impl Fn(&Value) -> bool) -> (u64, u64) {
        rows(&self.path, count)
    }
}

fn of(report: &Value, id: &str) -> Vec<Value> {
    let all = report["findings"].as_array().expect("findings");
    all.iter().filter(|finding| finding["id"] == id).cloned().collect()
}

fn rows(path: &Path, count: impl Fn(&Value) -> bool) -> (u64, u64) {
    let output = run(["keys", path.to_str().unwrap(), "--columns", "+fields_with_ttl"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    rows.filter(|row| count(row))
        .fold((0, 0), |(keys, bytes), row| (keys + 1, bytes + row["bytes"].as_u64().unwrap()))
}

/// The one finding says what `rows` do.
fn agrees(found: &[Value], (keys, bytes): (u64, u64)) {
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(keys > 0);
    assert_eq!(
        (&found[0]["keys"], &found[0]["bytes"]),
        (&keys.into(), &bytes.into()),
        "{found:#?}"
    );
}

fn key(row: &Value) -> &str {
    row["key"].as_str().unwrap_or_default()
}

/// `n` sessions, each with the TTL that `ttl` says.
fn sessions(mut dump: Dump, n: usize, ttl: impl Fn(usize) -> Option<i64>) -> Dump {
    for i in 0..n {
        if let Some(left) = ttl(i) {
            dump = dump.expires_ms(TAKEN + left);
        }
        dump = dump.string(format!("session:{i}"), "x".repeat(200));
    }
    dump
}

#[test]
fn a_ttl_leak_is_the_keys_that_do_not_expire_where_nine_of_ten_do() {
    let leak = disk(sessions(begun(), 1000, |i| (i % 50 > 0).then_some(HOUR / 2)));
    let found = leak.found("ttl-leak");
    agrees(&found, leak.rows(|row| row["expires_at_ms"].is_null()));
    assert_eq!(found[0]["subject"]["pattern"], "session:{int}");
    assert_eq!((&found[0]["saving"], &found[0]["confidence"]), (&"freed".into(), &"exact".into()));
    let commands = found[0]["commands"].to_string();
    assert!(commands.contains("session:*") && commands.contains("3600 NX"), "{commands}");
    // where half of them expire, that is how they are meant
    let meant = disk(sessions(begun(), 1000, |i| (i % 2 > 0).then_some(HOUR)));
    assert!(meant.found("ttl-leak").is_empty());
    let sound = disk(sessions(begun(), 1000, |_| Some(HOUR)));
    assert!(sound.found("ttl-leak").is_empty());
    let few = disk(sessions(begun(), 19, |i| (i > 0).then_some(HOUR)));
    assert!(few.found("ttl-leak").is_empty());
}

#[test]
fn what_never_expires_is_told_where_it_is_heavy() {
    let cache = disk(sessions(begun(), 1000, |_| None));
    agrees(&cache.found("never-expires"), cache.rows(|_| true));
    assert!(cache.found("ttl-leak").is_empty());
    let expiring = disk(sessions(begun(), 1000, |_| Some(HOUR)));
    assert!(expiring.found("never-expires").is_empty());
    let light = disk(sessions(begun(), 100, |_| None));
    assert!(light.found("never-expires").is_empty());
}

#[test]
fn a_ttl_of_more_than_a_year_is_told() {
    let year = 365 * 24 * HOUR;
    let far = disk(sessions(begun(), 1000, |i| Some(if i % 2 == 0 { year + 1 } else { year })));
    let found = far.found("long-ttl");
    agrees(&found, far.rows(|row| row["expires_at_ms"].as_i64().unwrap() > TAKEN + year));
    let near = disk(sessions(begun(), 1000, |_| Some(year)));
    assert!(near.found("long-ttl").is_empty());
}

#[test]
fn expired_keys_are_told_where_they_are_many() {
    let held = disk(sessions(begun(), 1000, |i| Some(if i % 2 == 0 { -1 } else { HOUR })));
    agrees(&held.found("expired-held"), held.rows(|row| row["expired"] == true));
    let commands = held.found("expired-held")[0]["commands"].to_string();
    assert!(commands.contains("active-expire-effort"), "{commands}");
    let few = disk(sessions(begun(), 1000, |i| Some(if i == 0 { -1 } else { HOUR })));
    assert!(few.found("expired-held").is_empty());
}

#[test]
fn idle_keys_are_told_where_the_snapshot_has_idle_times() {
    let aged = |idle: u64| {
        let mut dump = begun();
        for i in 0..1000 {
            let seconds = if i % 2 == 0 { idle } else { 60 };
            dump = dump.idle(seconds).string(format!("report:{i}"), "x".repeat(200));
        }
        disk(dump)
    };
    let month = 30 * 24 * 3600;
    let idle = aged(month);
    agrees(&idle.found("idle-keys"), idle.rows(|row| row["idle_s"].as_u64() >= Some(month)));
    assert!(aged(month - 1).found("idle-keys").is_empty());
    assert!(disk(sessions(begun(), 1000, |_| None)).found("idle-keys").is_empty());
}

#[test]
fn a_big_key_is_told_by_bytes_or_elements() {
    let dump = |len: usize, n: usize| {
        let members = (0..n).map(|i| (format!("m{i}"), 1.0));
        disk(
            begun()
                .string("blob\x1b[2J", "x".repeat(len))
                .zset("board", support::shapes::scored(members)),
        )
    };
    let big = dump(1 << 20, 100_000);
    let found = big.found("big-key");
    assert_eq!(found.len(), 2);
    for finding in &found {
        let name = finding["subject"]["key"].as_str().unwrap();
        agrees(std::slice::from_ref(finding), big.rows(|row| key(row) == name));
    }
    let text = run([big.path.to_str().unwrap(), "--full"]).stdout;
    assert!(!text.contains(&0x1b));
    assert!(String::from_utf8(text).unwrap().contains(r#"UNLINK "blob\x1b[2J""#));
    assert!(dump(1 << 18, 99_999).found("big-key").is_empty());
}

#[test]
fn a_hot_slot_is_told_with_its_tag() {
    let cluster = |many: usize| {
        let mut dump = begun().slot(0, 0, 0);
        for i in 0..200 {
            dump = dump.string(format!("user:{i}"), "x".repeat(100));
        }
        for i in 0..many {
            dump = dump.string(format!("{{tenant}}:{i}"), "x".repeat(1000));
        }
        disk(dump)
    };
    let hot = cluster(2000);
    let report = hot.report(&[]);
    let found = of(&report, "hot-slot");
    assert_eq!(found.len(), 1, "{}", report["slots"]);
    let (keys, bytes) = hot.rows(|row| key(row).starts_with("{tenant}"));
    let mean = report["slots"]["mean_bytes"].as_u64().unwrap();
    assert_eq!((&found[0]["keys"], &found[0]["bytes"]), (&keys.into(), &(bytes - mean).into()));
    assert!(found[0]["seen"].as_str().unwrap().contains("hash tag tenant has 100 %"));
    assert!(cluster(100).found("hot-slot").is_empty());
}

#[test]
fn other_databases_are_told_and_free_nothing() {
    let two = disk(sessions(begun(), 5, |_| None).select(3).string("a", "b"));
    let found = two.found("many-databases");
    assert_eq!((&found[0]["keys"], &found[0]["bytes"]), (&1.into(), &0.into()));
    assert!(disk(sessions(begun(), 5, |_| None)).found("many-databases").is_empty());
}

#[test]
fn a_configuration_sets_thresholds_and_silences() {
    let cache = disk(sessions(begun(), 1000, |_| None));
    let config = cache.config("[findings.never-expires]\nbytes = \"10mb\"");
    assert!(of(&cache.report(&["--config", &config]), "never-expires").is_empty());
    let silence = |pattern: &str| {
        format!("[[findings.silence]]\nid = \"never-expires\"\n{pattern}reason = \"they stay\"\n")
    };
    for (pattern, silent) in
        [("", true), ("pattern = \"session:{int}\"\n", true), ("pattern = \"session:*\"\n", false)]
    {
        let config = cache.config(&silence(pattern));
        let report = cache.report(&["--config", &config]);
        assert_eq!(of(&report, "never-expires").is_empty(), silent, "{pattern}");
        let silenced = report["findings_silenced"].as_array().unwrap();
        assert_eq!(silenced.len(), usize::from(silent));
        assert!(silenced.iter().all(|row| row["reason"] == "they stay"));
    }
    let config = cache.config("[findings.never-expired]");
    let output = run([cache.path.to_str().unwrap(), "--config", &config]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 1: ") && said.contains("never-expired"), "{said}");
    assert!(cache.report(&["--no-findings"])["findings"].as_array().unwrap().is_empty());
}

#[test]
fn the_most_bytes_come_first_on_the_first_screen_and_by_any_threads() {
    let mut dump = sessions(begun(), 1000, |i| (i % 50 > 0).then_some(HOUR / 2));
    for i in 0..300 {
        dump = dump.string(format!("cache:{i}"), "x".repeat(2000));
    }
    let both = disk(dump.select(1).string("a", "b"));
    let report = both.report(&["--threads", "1"]);
    let bytes: Vec<u64> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["bytes"].as_u64().unwrap())
        .collect();
    assert!(bytes.len() >= 3 && bytes.is_sorted_by(|a, b| a >= b), "{bytes:?}");
    assert_eq!(report["findings"], both.report(&["--threads", "4"])["findings"]);
    let text = String::from_utf8(run([both.path.to_str().unwrap()]).stdout).unwrap();
    let place = |word: &str| text.lines().position(|line| line.starts_with(word)).unwrap();
    assert!(place("Memory") < place("Findings") && place("Findings") < place("Patterns"), "{text}");
    assert!(text.contains("cache:{int} never expires: 300 keys"), "{text}");
    // a summary has them too
    let summary = both.dir.path().join("s.json");
    run(["summary", both.path.to_str().unwrap(), "-o", summary.to_str().unwrap()]);
    let output = run([summary.to_str().unwrap(), "--format", "json"]);
    let brief: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(of(&brief, "never-expires"), of(&report, "never-expires"));
}

#[test]
fn explain_has_the_page_of_each() {
    let list = String::from_utf8(run(["explain"]).stdout).unwrap();
    let page = fs::read_to_string("docs/findings.md").expect("the page");
    for line in list.lines() {
        let (id, title) = line.split_once(' ').unwrap();
        let text = String::from_utf8(run(["explain", id]).stdout).unwrap();
        assert!(text.starts_with(&format!("{id}: {}\n", title.trim())), "{text}");
        assert!(page.contains(text.split_once("\n\n").unwrap().1.trim()), "{id}");
    }
    assert!(list.lines().count() >= 8);
    let wrong = run(["explain", "ttl"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("there are ttl-leak"));
}
