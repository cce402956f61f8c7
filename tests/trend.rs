//! Trends over many snapshots, and metrics, by running the program.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use support::dump::dump;
use support::program::run;

const DAY: u64 = 86_400;
const START: u64 = 1_790_000_000;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The summary of a snapshot taken on `day`: `steady` keys that stay and `growing` ones.
fn summary(folder: &Path, name: &str, day: u64, growing: u64, flags: &[&str]) -> PathBuf {
    let taken = START + day * DAY;
    let used = 10_000_000 + day * 50_000;
    let begin = dump().aux("redis-ver", "7.2.6").aux("ctime", taken.to_string());
    let begin = begin.aux("used-mem", used.to_string());
    let filled = (0..50).fold(begin, |dump, n| dump.string(format!("steady:{n}"), "x".repeat(40)));
    let filled =
        (0..growing).fold(filled, |dump, n| dump.string(format!("growing:{n}"), "y".repeat(100)));
    let file = folder.join(format!("{name}.rdb"));
    fs::write(&file, filled.end()).expect("writable");
    let path = folder.join(format!("{name}.json"));
    let done = run(["summary", text(&file), "-o", text(&path)].iter().chain(flags));
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    fs::remove_file(file).expect("removable");
    path
}

fn json(args: &[&str]) -> (Option<i32>, Value, String) {
    let done = run(["trend", "--format", "json"].iter().chain(args));
    let said = said(&done);
    let value = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{said}"));
    (done.status.code(), value, said)
}

#[test]
fn sixty_summaries_give_the_known_slope_and_date() {
    let place = tempfile::tempdir().expect("a folder");
    for day in 0..60 {
        // names in another order than time
        summary(place.path(), &format!("{:02}", (day * 7) % 60), day, 10 + day * 2, &[]);
    }
    let limit = (10_000_000 + 59 * 50_000 + 500_000).to_string();
    let (code, trend, said) = json(&[text(place.path()), "--maxmemory", &limit]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert_eq!(trend["snapshots"].as_array().expect("snapshots").len(), 60);
    assert_eq!(trend["memory"]["bytes_per_day"], 50_000);
    assert_eq!(trend["memory"]["full_at_ms"], (START + 69 * DAY) * 1000);
    assert_eq!(trend["memory"]["state"], "growing");
    assert_eq!(trend["gaps"], serde_json::json!([]));
    let growing = &trend["patterns"][0];
    assert_eq!(growing["pattern"], "growing:{int}");
    assert_eq!((&growing["keys_per_day"], &growing["change_keys"]), (&2.into(), &118.into()));
    let each = growing["first"]["bytes"].as_u64().expect("bytes") / 10;
    assert_eq!(growing["bytes_per_day"], 2 * each);
    assert_eq!(trend["patterns"][1]["bytes_per_day"], 0);
    // rows add up to all keys, in every snapshot
    let points = |row: &Value, field: &str| -> Vec<u64> {
        let points = row["points"].as_array().expect("points").iter();
        points.map(|point| point[field].as_u64().expect("a number")).collect()
    };
    for field in ["keys", "bytes"] {
        let rows = trend["patterns"].as_array().expect("patterns");
        let sums = (0..60).map(|i| rows.iter().map(|row| points(row, field)[i]).sum::<u64>());
        assert_eq!(sums.collect::<Vec<_>>(), points(&trend["totals"], field));
    }
    let screen = run(["trend", text(place.path()), "--maxmemory", "20mb", "--width", "100"]);
    let screen = String::from_utf8(screen.stdout).expect("UTF-8");
    assert!(screen.contains("+48.8 KiB a day"), "{screen}");
    assert!(screen.contains("growing:{int}"), "{screen}");
    assert!(screen.contains("are full 2027-"), "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 100), "{screen}");
    let csv = run(["trend", text(place.path()), "--format", "csv"]);
    let csv = String::from_utf8(csv.stdout).expect("UTF-8");
    assert_eq!(csv.lines().count(), 1 + 60 * 2);
}

#[test]
fn what_does_not_compare_is_left_out_with_a_clear_word() {
    let place = tempfile::tempdir().expect("a folder");
    let at =
        |name: &str, day: u64, flags: &[&str]| summary(place.path(), name, day, 100 - day, flags);
    at("a", 1, &[]);
    at("b", 2, &[]);
    at("b-again", 2, &[]);
    at("c-other", 3, &["--server", "valkey-8.1"]);
    at("d", 12, &[]);
    let timeless = dump().string("a", "1").end();
    fs::write(place.path().join("e.rdb"), timeless).expect("writable");
    let broken = dump().aux("ctime", (START + 4 * DAY).to_string()).string("a", "1").cut();
    fs::write(place.path().join("f.rdb"), broken).expect("writable");
    fs::write(place.path().join("g.rdb"), "no dump").expect("writable");
    let (code, trend, said) = json(&[text(place.path()), "--maxmemory", "1gb"]);
    assert_eq!(code, Some(2));
    for words in [
        "b-again.json is left out: ",
        "b.json is of the same moment",
        "c-other.json is left out: they are sized differently",
        "e.rdb is left out: it does not say when it was taken",
        "f.rdb is left out: it was not read to its end",
        "g.rdb is left out: ",
    ] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    assert_eq!(trend["left_out"].as_array().expect("a list").len(), 5);
    assert_eq!(trend["snapshots"].as_array().expect("snapshots").len(), 3);
    assert_eq!(trend["gaps"].as_array().expect("gaps").len(), 1);
    // the keyspace shrinks, though the server's memory grows
    assert!(trend["patterns"][1]["bytes_per_day"].as_i64().expect("a number") < 0);
    let done = run(["trend", text(&place.path().join("a.json"))]);
    assert_eq!(done.status.code(), Some(2));
    assert!(said_words(&done, "two are needed"));
}

fn said_words(output: &Output, words: &str) -> bool {
    said(output).contains(words)
}

#[test]
fn a_gap_is_named() {
    let place = tempfile::tempdir().expect("a folder");
    for day in [0, 1, 2, 9, 10] {
        summary(place.path(), &day.to_string(), day, day, &[]);
    }
    let (_, trend, _) = json(&[text(place.path())]);
    let gap = &trend["gaps"][0];
    assert_eq!(gap["from_ms"], (START + 2 * DAY) * 1000);
    assert_eq!(gap["to_ms"], (START + 9 * DAY) * 1000);
    assert_eq!(trend["memory"]["bytes_per_day"], 50_000);
    let screen = run(["trend", text(place.path())]);
    assert!(String::from_utf8_lossy(&screen.stdout).contains("no snapshot from"));
}

#[test]
fn metrics_are_written_beside_the_report() {
    let place = tempfile::tempdir().expect("a folder");
    let summary = summary(place.path(), "a", 0, 7, &[]);
    let metrics = place.path().join("rdblens.prom");
    fs::write(&metrics, "old").expect("writable");
    let done = run([text(&summary), "--metrics", text(&metrics)]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let written = fs::read_to_string(&metrics).expect("readable");
    assert!(written.contains("rdblens_keys{dump=\"a.rdb\"} 57\n"), "{written}");
    assert!(written.contains("rdblens_pattern_keys{pattern=\"growing:{int}\",dump=\"a.rdb\"} 7\n"));
    // nothing is left of the file that replaced it, and others may read it
    assert_eq!(fs::read_dir(place.path()).expect("readable").count(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&metrics).expect("there").permissions().mode();
        assert_eq!(mode & 0o044, 0o044, "{mode:o}");
    }
    let done = run([text(&summary), "--metrics", "no/such/folder/x.prom"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(said(&done).contains("no/such/folder/x.prom"), "{}", said(&done));
}
