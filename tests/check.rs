//! Budgets, by running the program.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use support::dump::{Dump, dump};
use support::program::{rdblens, run};
use tempfile::TempDir;

const START: u64 = 1_790_000_000;
const DAY: i64 = 86_400_000;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn begun(hours: u64) -> Dump {
    dump().aux("redis-ver", "7.2.6").aux("ctime", (START + hours * 3600).to_string())
}

/// `n` strings of which every one takes the same; `ttl` is in milliseconds from the snapshot's time.
fn strings(dump: Dump, prefix: &str, n: u64, ttl: Option<i64>) -> Dump {
    (0..n).fold(dump, |dump, i| {
        let dump = match ttl {
            Some(ttl) => dump.expires_ms(START.cast_signed() * 1000 + ttl),
            None => dump,
        };
        dump.string(format!("{prefix}:{:05}", 10_000 + i), "x".repeat(100))
    })
}

/// A place with a snapshot, what it was before, and budgets.
struct Case {
    place: TempDir,
    /// What one of the keys takes that never expire.
    each: u64,
}

impl Case {
    /// `grows` had ten keys and has twenty; `fresh` is new with five.
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let old = strings(begun(0), "grows", 10, None);
        let old = strings(old, "steady", 30, Some(7 * DAY));
        let new = strings(begun(0), "grows", 20, None);
        let new = strings(strings(new, "steady", 30, Some(7 * DAY)), "fresh", 5, None);
        let new = new.string("large", "y".repeat(50_000));
        fs::write(place.path().join("old.rdb"), old.end()).expect("writable");
        fs::write(place.path().join("new.rdb"), new.end()).expect("writable");
        let report = run(["--format", "json", text(&place.path().join("new.rdb"))]);
        let report: Value = serde_json::from_slice(&report.stdout).expect("JSON");
        let rows = report["patterns"].as_array().expect("patterns");
        let grows = rows.iter().find(|row| row["pattern"] == "grows:{int}").expect("a pattern");
        let each = grows["bytes"].as_u64().expect("bytes") / 20;
        Self { place, each }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn config(&self, text: &str) -> PathBuf {
        let file = self.file("budgets.toml");
        fs::write(&file, text).expect("writable");
        file
    }

    /// Checks against these budgets, with the baseline.
    fn check(&self, budgets: &str, flags: &[&str]) -> Output {
        let config = self.config(budgets);
        let (old, new) = (self.file("old.rdb"), self.file("new.rdb"));
        let fixed = ["check", text(&new), "--baseline", text(&old), "--config", text(&config)];
        let now = ["--now", "2026-11-20T03:00:00Z"];
        run(fixed.iter().chain(&now).chain(flags))
    }

    /// The exit code of a rule with this limit, which must be told.
    fn code(&self, rule: &str) -> i32 {
        let done = self.check(&format!("[[check.rule]]\n{rule}\n"), &[]);
        assert_eq!(said(&done), "", "{rule}");
        done.status.code().expect("a code")
    }

    fn figure(&self, jq: fn(&Value) -> &Value) -> u64 {
        let report = run(["--format", "json", text(&self.file("new.rdb"))]);
        let report: Value = serde_json::from_slice(&report.stdout).expect("JSON");
        jq(&report).as_u64().expect("a number")
    }
}

/// Below, exactly met, and just over: each limit is tried where the snapshot has less, as much, and
/// a little more.
fn edges(rule: impl Fn(i64) -> String, exact: u64) {
    let case = Case::new();
    let exact = exact.cast_signed();
    for (allowed, code) in [(exact + 1, 0), (exact, 0), (exact - 1, 1)] {
        assert_eq!(case.code(&rule(allowed)), code, "{}", rule(allowed));
    }
}

#[test]
fn max_bytes_is_broken_when_passed() {
    let case = Case::new();
    edges(|n| format!("pattern = \"grows:*\"\nmax_bytes = {n}"), 20 * case.each);
    edges(|n| format!("max_bytes = {n}"), case.figure(|report| &report["totals"]["bytes"]));
}

#[test]
fn max_keys_is_broken_when_passed() {
    edges(|n| format!("pattern = \"grows:{{int}}\"\nmax_keys = {n}"), 20);
    edges(|n| format!("max_keys = {n}"), 56);
    edges(|n| format!("each = true\nmax_keys = {n}"), 30);
}

#[test]
fn growth_is_broken_when_passed() {
    let case = Case::new();
    edges(|n| format!("pattern = \"grows:*\"\nmax_growth_bytes = {n}"), 10 * case.each);
    // from ten to twenty keys, in hundredths of a percent
    edges(
        |n| format!("pattern = \"grows:*\"\nmax_growth_percent = {}.{:02}", n / 100, n % 100),
        10_000,
    );
}

#[test]
fn a_share_is_broken_when_passed() {
    let place = tempfile::tempdir().expect("a folder");
    // a quarter of all bytes, exactly
    let file = place.path().join("quarter.rdb");
    fs::write(&file, strings(strings(begun(0), "a", 10, None), "b", 30, None).end())
        .expect("writable");
    for (allowed, code) in [("25.000001", 0), ("25", 0), ("24.999999", 1)] {
        let config = place.path().join("budgets.toml");
        let rule = format!("[[check.rule]]\npattern = \"a:*\"\nmax_share_percent = {allowed}\n");
        fs::write(&config, rule).expect("writable");
        let done = run(["check", text(&file), "--config", text(&config)]);
        assert_eq!((done.status.code(), said(&done).as_str()), (Some(code), ""), "{allowed}");
    }
}

#[test]
fn the_largest_key_is_broken_when_passed() {
    let case = Case::new();
    edges(|n| format!("max_key_bytes = {n}"), case.figure(|r| &r["largest_by_bytes"][0]["bytes"]));
    edges(|n| format!("pattern = \"grows:*\"\nmax_key_bytes = {n}"), case.each);
}

#[test]
fn keys_without_a_ttl_are_broken_when_passed() {
    let case = Case::new();
    edges(|n| format!("max_no_ttl_keys = {n}"), 26);
    edges(|n| format!("pattern = \"grows:*\"\nmax_no_ttl_bytes = {n}"), 20 * case.each);
}

/// A check of `new`, alone, against one rule.
fn alone(new: Dump, rule: &str) -> (Option<i32>, String) {
    let place = tempfile::tempdir().expect("a folder");
    let (file, config) = (place.path().join("new.rdb"), place.path().join("budgets.toml"));
    fs::write(&file, new.end()).expect("writable");
    fs::write(&config, format!("[[check.rule]]\n{rule}\n")).expect("writable");
    let done = run(["check", text(&file), "--config", text(&config)]);
    (done.status.code(), shown(&done) + &said(&done))
}

#[test]
fn one_key_without_a_ttl_is_too_many_where_ttls_are_required() {
    let all = || strings(begun(0), "a", 10, Some(DAY));
    let rule = "pattern = \"a:*\"\nrequire_ttl = true";
    assert_eq!(alone(all(), rule).0, Some(0));
    assert_eq!(alone(all().string("b", "1"), rule).0, Some(0));
    let (code, text) = alone(all().string("a:12345", "1"), rule);
    assert_eq!(code, Some(1));
    assert!(text.contains("1 key without a TTL, every key needs one"), "{text}");
}

#[test]
fn a_ttl_is_too_long_when_it_is_longer() {
    for (name, ms) in [
        ("1h", DAY / 24),
        ("4h", DAY / 6),
        ("12h", DAY / 2),
        ("24h", DAY),
        ("7d", 7 * DAY),
        ("30d", 30 * DAY),
        ("365d", 365 * DAY),
    ] {
        let rule = format!("pattern = \"a:*\"\nmax_ttl = \"{name}\"");
        for (ttl, code) in [(ms - 1, 0), (ms, 0), (ms + 1, 1)] {
            let keys = strings(begun(0), "a", 3, Some(ttl));
            assert_eq!(alone(keys, &rule).0, Some(code), "{name} {ttl}");
        }
        // what never expires is a matter of require_ttl
        assert_eq!(alone(strings(begun(0), "a", 3, None), &rule).0, Some(0));
    }
}

#[test]
fn a_forbidden_pattern_may_not_have_a_key() {
    let rule = "pattern = \"debug:*\"\nforbidden = true";
    assert_eq!(alone(begun(0).string("a", "1"), rule).0, Some(0));
    assert_eq!(alone(begun(0).string("debug", "1"), rule).0, Some(0));
    let (code, text) = alone(begun(0).string("debug:x", "1"), rule);
    assert_eq!(code, Some(1));
    assert!(text.contains("debug:x: 1 key, and it is forbidden"), "{text}");
}

#[test]
fn new_patterns_are_forbidden_beyond_the_noise() {
    let case = Case::new();
    let rule = |pattern: &str, floor: u64| {
        format!("pattern = \"{pattern}\"\nallow_new = false\nnoise_floor_bytes = {floor}")
    };
    assert_eq!(case.code(&rule("grows:*", 0)), 0);
    assert_eq!(case.code(&rule("nothing:*", 0)), 0);
    assert_eq!(case.code(&rule("fresh:*", 5 * case.each + 1)), 0);
    assert_eq!(case.code(&rule("fresh:*", 5 * case.each)), 0);
    assert_eq!(case.code(&rule("fresh:*", 5 * case.each - 1)), 1);
    // from nothing every growth is more than any percentage, unless new ones are welcome
    assert_eq!(case.code("pattern = \"fresh:*\"\nmax_growth_percent = 1000"), 1);
    assert_eq!(case.code("pattern = \"fresh:*\"\nmax_growth_percent = 1000\nallow_new = true"), 0);
}

#[test]
fn a_finding_may_not_be_there() {
    let case = Case::new();
    let largest = case.figure(|report| &report["largest_by_bytes"][0]["bytes"]);
    let rule = "[[check.rule]]\nname = \"no big keys\"\nfinding = \"big-key\"\n";
    let from = |bytes: u64| format!("{rule}[findings.big-key]\nstring_bytes = {bytes}\n");
    // a finding is one from its threshold on
    for (threshold, code) in [(largest + 1, 0), (largest, 1), (largest - 1, 1)] {
        let done = case.check(&from(threshold), &[]);
        assert_eq!((said(&done).as_str(), done.status.code()), ("", Some(code)), "{threshold}");
        assert_eq!(shown(&done).contains("large (db 0)"), code == 1, "{}", shown(&done));
    }
    // of another pattern, silenced, excused: none of its business
    let other = from(largest).replace("[findings", "pattern = \"grows:*\"\n[findings");
    assert_eq!(case.check(&other, &[]).status.code(), Some(0));
    let silenced =
        format!("{}[[findings.silence]]\nid = \"big-key\"\nreason = \"known\"\n", from(largest));
    assert_eq!(case.check(&silenced, &[]).status.code(), Some(0));
    let excused = from(largest)
        + "[[check.exception]]\nrule = \"no big keys\"\nreason = \"r\"\nuntil = 2026-12-31\n";
    assert_eq!(case.check(&excused, &[]).status.code(), Some(0));
    // a summary tells of what it holds, and says what it cannot tell
    let summary = case.file("new.json");
    let made = run(["summary", text(&case.file("new.rdb")), "-o", text(&summary)]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let of_summary = |budgets: &str| {
        let config = case.config(budgets);
        run(["check", text(&summary), "--config", text(&config)])
    };
    assert_eq!(of_summary(&from(largest)).status.code(), Some(1));
    let done = of_summary("[[check.rule]]\nfinding = \"tiny-strings\"\n");
    assert_eq!(done.status.code(), Some(2));
    assert!(said(&done).contains("give the dump itself"), "{}", said(&done));
    let tiny = "[[check.rule]]\nfinding = \"tiny-strings\"\n";
    assert_eq!(case.check(tiny, &[]).status.code(), Some(0));
    let done = case.check("[[check.rule]]\nfinding = \"no-such\"\n", &[]);
    assert_eq!(done.status.code(), Some(2));
    assert!(said(&done).contains("budgets.toml:2: "), "{}", said(&done));
}

#[test]
fn both_noise_floors_must_be_passed() {
    let case = Case::new();
    let (bytes, percent) = (10 * case.each, 100);
    for (bytes, percent, code) in [
        (bytes - 1, percent - 1, 1),
        (bytes, percent - 1, 0),
        (bytes - 1, percent, 0),
        (bytes + 1, percent + 1, 0),
    ] {
        let rule = format!(
            "pattern = \"grows:*\"\nmax_growth_bytes = 0\nmax_growth_percent = 1\n\
             noise_floor_bytes = {bytes}\nnoise_floor_percent = {percent}"
        );
        assert_eq!(case.code(&rule), code, "{rule}");
    }
}

#[test]
fn warnings_pass_and_messages_are_shown() {
    let case = Case::new();
    let rule = "[[check.rule]]\nmax_keys = 1\nseverity = \"warn\"\nmessage = \"ask Ops first\"\n";
    let done = case.check(rule, &[]);
    assert_eq!(done.status.code(), Some(0));
    let screen = shown(&done);
    for words in ["WARN", "all keys: 56 keys, 1 key allowed", "budgets.toml:1", "ask Ops first"] {
        assert!(screen.contains(words), "{words} in {screen}");
    }
    assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
    let json: Value =
        serde_json::from_slice(&case.check(rule, &["--format", "json"]).stdout).expect("JSON");
    assert_eq!(
        (&json["outcome"], &json["warned"], &json["failed"]),
        (&"warned".into(), &1.into(), &0.into())
    );
    let row = &json["results"][0];
    assert_eq!(
        (&row["found"], &row["allowed"], &row["unit"]),
        (&56.into(), &1.into(), &"keys".into())
    );
    assert_eq!(
        (&row["limit"], &row["line"], &row["status"]),
        (&"max_keys".into(), &1.into(), &"over".into())
    );
    assert_eq!(json["growth"]["totals"]["change"]["keys"], 16);
}

#[test]
fn exceptions_excuse_to_the_end_of_their_day() {
    let case = Case::new();
    let budgets = |day: &str, of: &str| {
        format!(
            "[[check.rule]]\nname = \"count\"\neach = true\nmax_keys = 19\n[[check.exception]]\n{of}\n\
             reason = \"known since spring\"\nuntil = {day}\n"
        )
    };
    // `grows` has 20 and `steady` 30 of them; both must be excused
    for (day, of, code) in [
        ("2026-11-21", "rule = \"count\"", 0),
        ("2026-11-20", "rule = \"count\"", 0),
        ("2026-11-19", "rule = \"count\"", 1),
        ("2026-11-21", "pattern = \"grows:{int}\"", 1),
        ("2026-11-21", "pattern = \"*q*:*\"", 1),
        ("2026-11-21", "pattern = \"*:{int}\"", 0),
    ] {
        let done = case.check(&budgets(day, of), &[]);
        assert_eq!(done.status.code(), Some(code), "{day} {of}: {}{}", shown(&done), said(&done));
        let screen = shown(&done);
        let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        let ended = words.contains("excused until 2026-11-19 and does no more");
        assert_eq!(ended, day == "2026-11-19");
        let excused = words.contains(&format!("until {day}: known since spring"));
        assert_eq!(excused, day != "2026-11-19" && !of.contains("*q*"), "{words}");
    }
}

#[test]
fn what_cannot_be_told_is_no_pass() {
    let case = Case::new();
    let code_and_words = |done: &Output, words: &str| {
        assert_eq!((done.status.code(), shown(done).as_str()), (Some(2), ""), "{}", said(done));
        assert!(said(done).contains(words), "{words} in {}", said(done));
    };
    code_and_words(
        &case.check("[[check.rule]]\npattern = \"sesion:*\"\nmax_keys = 1\n", &[]),
        "budgets.toml:1: rule \"sesion:*\": no pattern",
    );
    assert_eq!(case.code("pattern = \"sesion:*\"\nmax_keys = 1\noptional = true"), 0);
    code_and_words(
        &case.check("[[check.rule]]\nmax_kys = 1\n", &[]),
        "budgets.toml:2: unknown field",
    );
    code_and_words(&case.check("[[check.rule]]\nmax_keys = \n", &[]), "budgets.toml:2: ");
    code_and_words(&case.check("[findings]\n", &[]), "no table [check]");
    code_and_words(
        &case.check("[[check.rule]]\nmax_keys = 1\n", &["--config", "x.toml"]),
        "cannot be used multiple times",
    );
    let (old, new) = (case.file("old.rdb"), case.file("new.rdb"));
    let config = case.config("[[check.rule]]\nmax_growth_percent = 1\n");
    code_and_words(&run(["check", text(&new), "--config", text(&config)]), "needs a baseline");
    code_and_words(
        &run(["check", text(&new), "--config", "nothing.toml"]),
        "nothing.toml: No such file",
    );
    // a snapshot that is not whole, a baseline that is not, and one that is none
    let (cut, bad) = (case.file("cut.rdb"), case.file("bad.rdb"));
    fs::write(&cut, begun(0).string("a", "1").cut()).expect("writable");
    fs::write(&bad, begun(0).string("a", "1").end_with(7)).expect("writable");
    for broken in [&cut, &bad] {
        let done = run(["check", text(broken), "--baseline", text(&old)]);
        code_and_words(&done, "the snapshot was not read as a whole");
        let done = run(["check", text(&new), "--baseline", text(broken)]);
        code_and_words(&done, "the baseline was not read as a whole");
        let summary = broken.with_extension("json");
        run(["summary", text(broken), "-o", text(&summary)]);
        let done = run(["check", text(&summary), "--baseline", text(&old)]);
        code_and_words(&done, "the snapshot was not read as a whole");
        code_and_words(&run(["init", text(broken)]), "the snapshot was not read as a whole");
    }
    code_and_words(&run(["check", "nothing.rdb", "--baseline", text(&old)]), "nothing.rdb");
    fs::write(case.file("none.rdb"), "no dump").expect("writable");
    code_and_words(
        &run(["check", text(&case.file("none.rdb")), "--baseline", text(&old)]),
        "none.rdb",
    );
}

#[test]
fn the_largest_key_of_a_pattern_may_be_unknown() {
    let many =
        (0..150).fold(begun(0), |dump, n| dump.string(format!("big:{n:03}"), "x".repeat(9_000)));
    let many = || strings(many.clone(), "small", 5, None);
    let (code, text) = alone(many(), "pattern = \"small:*\"\nmax_key_bytes = 20");
    assert_eq!(code, Some(2));
    assert!(text.contains("cannot be told"), "{text}");
    // but none of them can be larger than all of them, or than what is in the list
    assert_eq!(alone(many(), "pattern = \"small:*\"\nmax_key_bytes = 5000").0, Some(0));
    assert_eq!(alone(many(), "pattern = \"big:*\"\nmax_key_bytes = 20").0, Some(1));
}

#[test]
fn a_baseline_alone_holds_ten_percent() {
    let place = tempfile::tempdir().expect("a folder");
    let at = |name: &str, n: u64, bytes: usize| {
        let file = place.path().join(name);
        let dump =
            (0..n).fold(begun(n), |dump, i| dump.string(format!("a:{i:02}"), "x".repeat(bytes)));
        fs::write(&file, dump.end()).expect("writable");
        file
    };
    let old = at("old.rdb", 20, 1 << 20);
    for (n, code) in [(21, 0), (22, 0), (23, 1), (10, 0)] {
        let new = at("new.rdb", n, 1 << 20);
        let mut command = rdblens(["check", text(&new), "--baseline", text(&old)]);
        let done = command.current_dir(place.path()).output().expect("it starts");
        assert_eq!((done.status.code(), said(&done).as_str()), (Some(code), ""), "{n}");
        assert!(shown(&done).contains("the default growth limit"), "{}", shown(&done));
    }
    // small ones may double
    let (old, new) = (at("small.rdb", 1, 1000), at("double.rdb", 1, 900_000));
    assert_eq!(run(["check", text(&new), "--baseline", text(&old)]).status.code(), Some(0));
    let mut command = rdblens(["check", text(&new)]);
    let done = command.current_dir(place.path()).output().expect("it starts");
    assert_eq!((done.status.code(), shown(&done).as_str()), (Some(2), ""));
    for words in ["neither budgets nor a baseline", "rdblens init", "--baseline"] {
        assert!(said(&done).contains(words), "{}", said(&done));
    }
    let help = shown(&run(["check", "--help"]));
    assert!(help.contains("10 % more than in the baseline, growth of 1 MiB and"), "{help}");
}

#[test]
fn proposed_budgets_hold_for_what_they_were_proposed_from() {
    let place = tempfile::tempdir().expect("a folder");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let hostile = place.path().join("hostile.rdb");
    let names =
        begun(0).string(&b"\x1b[2J\xff\n\"\"\"\xe2\x80\xae:1"[..], "1").string("a[b]*\\:x", "2");
    fs::write(&hostile, names.end()).expect("writable");
    let empty = place.path().join("empty.rdb");
    fs::write(&empty, begun(0).end()).expect("writable");
    let mut files = vec![hostile, empty];
    for server in fs::read_dir(fixtures).expect("fixtures").flatten() {
        let dumps =
            fs::read_dir(server.path()).into_iter().flatten().flatten().map(|file| file.path());
        files.extend(dumps.filter(|file| file.extension().is_some_and(|end| end == "rdb")));
    }
    let mut tried = 0;
    for file in &files {
        // those that are damaged on purpose are no snapshot to propose from
        if run(["summary", text(file)]).status.code() != Some(0) {
            continue;
        }
        tried += 1;
        let config = place.path().join("rdblens.toml");
        let done = run(["init", text(file), "-o", text(&config)]);
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
        let budgets = fs::read(&config).expect("readable");
        assert!(!budgets.contains(&0x1b));
        // found where it is, in the folder of the run; with itself as the baseline, too
        for flags in [&[][..], &["--baseline", text(file)]] {
            let mut command = rdblens(["check", text(file)].iter().chain(flags));
            let done = command.current_dir(place.path()).output().expect("it starts");
            assert_eq!(
                done.status.code(),
                Some(0),
                "{}: {}{}",
                file.display(),
                shown(&done),
                said(&done)
            );
            assert!(shown(&done).contains("budgets of rdblens.toml"), "{}", shown(&done));
        }
    }
    assert!(tried > 20, "{tried}");
}
