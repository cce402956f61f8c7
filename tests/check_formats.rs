//! What build machines and pull requests get of a check, by running the program.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use support::dump::dump;
use support::program::{rdblens, run};
use tempfile::TempDir;

const START: u64 = 1_790_000_000;
const HOSTILE: &[u8] = b"]]></failure>\n::error::x%0A%<script>|`**\xe2\x80\xae\x1b[2J\xff@all";

/// `n` patterns of ten strings each, and one with a hostile name, of which nothing was there before.
fn place(n: usize) -> TempDir {
    let place = tempfile::tempdir().expect("a folder");
    let begun = |hours: u64| {
        dump().aux("redis-ver", "7.2.6").aux("ctime", (START + hours * 3600).to_string())
    };
    let old = (0..n).fold(begun(0), |dump, i| dump.string(format!("p{}:x", name(i)), "old"));
    let new = (0..n).fold(begun(2), |dump, i| {
        dump.string(format!("p{}:x", name(i)), "y".repeat(100 + i % 700))
    });
    let new = new.string(HOSTILE, "x".repeat(20_000));
    fs::write(place.path().join("old.rdb"), old.end()).expect("writable");
    fs::write(place.path().join("new.rdb"), new.end()).expect("writable");
    // each name is a pattern of its own, as the user's globs
    let globs: String = (0..n).map(|i| format!("p{}:*\n", name(i))).collect();
    fs::write(place.path().join("globs"), globs).expect("writable");
    fs::write(
        place.path().join("rdblens.toml"),
        "[[check.rule]]\nname = \"a, b: c\"\neach = true\nmax_bytes = 100\nmessage = \"50 % is too\\nmuch\"\n\
         [[check.rule]]\nname = \"warned\"\neach = true\nmax_growth_percent = 1\nseverity = \"warn\"\n\
         [[check.rule]]\nmax_keys = 100000\n",
    )
    .expect("writable");
    place
}

fn name(i: usize) -> String {
    let letter = |n: usize| char::from(b"abcdefghij"[n % 10]);
    [i / 1000, i / 100, i / 10, i].map(letter).iter().collect()
}

fn check(place: &Path, format: &str) -> String {
    let args = ["check", "new.rdb", "--baseline", "old.rdb", "--format", format];
    let globs = if place.join("globs").metadata().expect("there").len() > 0 {
        &["--patterns-file", "globs"][..]
    } else {
        &[]
    };
    let mut command = rdblens(args.iter().chain(globs));
    let done = command.current_dir(place).output().expect("it starts");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!((done.status.code(), said.as_str()), (Some(1), ""));
    let text = String::from_utf8(done.stdout).expect("UTF-8");
    let harmful = ['\u{1b}', '\u{202e}', '\u{7}'];
    assert!(!text.contains(harmful), "{format}: {}", text.chars().take(2000).collect::<String>());
    text
}

#[test]
fn github_gets_ten_errors_and_ten_warnings_and_each_is_a_line() {
    for n in [3, 4_000] {
        let place = place(n);
        let text = check(place.path(), "github");
        let count = |command: &str| text.lines().filter(|line| line.starts_with(command)).count();
        assert_eq!(count("::error "), (n + 1).min(10), "{text}");
        assert_eq!(count("::warning "), (n + 1).min(10), "{text}");
        assert_eq!(count("::notice "), 1);
        assert_eq!(text.lines().count(), 2 * (n + 1).min(10) + 1, "{text}");
        // the worst first, with every character that would end something written out
        let first = text.lines().next().expect("a line");
        assert!(first.starts_with("::error file=rdblens.toml,line=1,title="), "{first}");
        let (properties, message) =
            first.trim_start_matches("::error ").split_once("::").expect("both");
        assert_eq!(properties.matches([':', ',']).count(), 2, "{properties}");
        // a backslash stands for the byte that is no text, and the name's own %0A is no line end
        assert!(properties.contains("%3A%3Aerror%3A%3Ax%250A%25"), "{properties}");
        assert!(message.contains("(max_bytes). 50 %25 is too\\x0amuch"), "{message}");
        assert_eq!(text.contains("more are not shown here"), n > 10);
    }
}

#[test]
fn markdown_is_short_whatever_changed_and_names_are_text() {
    for n in [3, 4_000] {
        let place = place(n);
        let text = check(place.path(), "markdown");
        assert!(text.len() < 60_000, "{}", text.len());
        assert!(text.starts_with("### ❌ <code>new.rdb</code> is over its limits\n"), "{text}");
        assert!(!text.contains("<script") && !text.contains("@all") && !text.contains("`**"));
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        // every row has its columns, since no name brings one
        let mut columns = 0;
        for line in text.lines() {
            match line.starts_with('|') {
                true if columns == 0 => columns = line.matches('|').count(),
                true => assert_eq!(line.matches('|').count(), columns, "{line}"),
                false => columns = 0,
            }
        }
        let mut args = vec!["diff", "old.rdb", "new.rdb", "--format", "markdown"];
        args.extend(["--patterns-file", "globs", "--maxmemory", "1gb"]);
        let done = rdblens(args).current_dir(place.path()).output().expect("it starts");
        assert_eq!(done.status.code(), Some(0));
        let text = String::from_utf8(done.stdout).expect("UTF-8");
        assert!(text.len() < 60_000 && text.contains("1.00 GiB are full **2"), "{}", text.len());
        assert!(!text.contains("<script") && text.contains("an hour"));
        assert_eq!(text.contains("more rows: see"), n > 1_000);
    }
}

#[test]
fn junit_is_xml_with_a_test_for_each_limit() {
    let place = place(3);
    let text = check(place.path(), "junit");
    // as a reader of XML has it
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut cases, mut failures, mut outputs) = (0, 0, 0);
    loop {
        use quick_xml::events::Event;
        match reader.read_event().expect("XML") {
            Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                b"testcase" => cases += 1,
                b"failure" => {
                    failures += 1;
                    let is_type = |a: quick_xml::events::attributes::Attribute<'_>| {
                        a.key.as_ref() == b"type" && a.value.as_ref() == b"max_bytes"
                    };
                    assert!(tag.attributes().flatten().any(is_type), "{tag:?}");
                }
                b"system-out" => outputs += 1,
                b"testsuite" | b"testsuites" | b"script" => {
                    assert_ne!(tag.name().as_ref(), b"script");
                }
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    // three patterns and the hostile one are over, and warned of; the third rule holds
    assert_eq!((cases, failures, outputs), (9, 4, 4), "{text}");
    assert!(text.contains("failures=\"4\""), "{text}");
}

#[test]
fn gitlab_gets_an_issue_for_each_broken_limit() {
    let place = place(3);
    let issues: Value = serde_json::from_str(&check(place.path(), "gitlab")).expect("JSON");
    let issues = issues.as_array().expect("a list");
    assert_eq!(issues.len(), 8);
    let prints: BTreeSet<&str> =
        issues.iter().map(|issue| issue["fingerprint"].as_str().expect("text")).collect();
    assert_eq!(prints.len(), 8);
    assert_eq!(issues[0]["location"]["path"], "rdblens.toml");
    assert_eq!(issues[0]["location"]["lines"]["begin"], 1);
    assert_eq!(
        (&issues[0]["severity"], &issues[7]["severity"]),
        (&"major".into(), &"minor".into())
    );
    assert_eq!(issues[0]["check_name"], "rdblens/max_bytes");
    // the same issue is known again whatever its figures are
    let again: Value = serde_json::from_str(&check(place.path(), "gitlab")).expect("JSON");
    assert_eq!(again[0]["fingerprint"], issues[0]["fingerprint"]);
    // without a file with rules it is about the snapshot
    fs::remove_file(place.path().join("rdblens.toml")).expect("removable");
    let many = place.path().join("large.rdb");
    let begun = dump().aux("redis-ver", "7.2.6").string("a", "x".repeat(9 << 20));
    fs::write(&many, begun.end()).expect("writable");
    let args = ["check", "large.rdb", "--baseline", "old.rdb", "--format", "gitlab"];
    let done = rdblens(args).current_dir(place.path()).output().expect("it starts");
    let issues: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!((issues.as_array().map(Vec::len), done.status.code()), (Some(1), Some(1)));
    assert_eq!(issues[0]["location"]["path"], "large.rdb");
}

#[test]
fn text_and_json_keep_hostile_names_text() {
    let place = place(3);
    let text = check(place.path(), "text");
    assert!(text.contains(r"\x0a::error::x%0A%<script>"), "{text}");
    let json: Value = serde_json::from_str(&check(place.path(), "json")).expect("JSON");
    let subject = json["results"][0]["subject"].as_str().expect("text");
    assert!(subject.contains("\n::error::x"), "{subject}");
    assert_eq!(json["results"].as_array().map(Vec::len), Some(9));
    assert_eq!(run(["check", "--help"]).status.code(), Some(0));
}
