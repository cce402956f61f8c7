//! The program as a person or a script meets it: exit codes, messages, streams.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use support::dump::dump;
use support::fixture::{fixture, folder};
use support::program::{rdblens, run};
use tempfile::TempDir;

/// A file with these bytes, in a folder that lasts as long as the test.
fn file(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(name);
    fs::write(&path, bytes).expect("writable");
    (dir, path)
}

/// What came of a run, as text.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn said(output: &Output) -> Said {
    Said {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn analyze(path: impl AsRef<OsStr>) -> Said {
    said(&run([path.as_ref()]))
}

fn keys(path: impl AsRef<OsStr>) -> Said {
    said(&run([OsStr::new("keys"), path.as_ref()]))
}

/// Both commands end with exit code 2 and one line on standard error that has all of `words`.
fn refuses(path: impl AsRef<OsStr>, words: &[&str]) {
    for said in [analyze(&path), keys(&path)] {
        assert_eq!(said.code, Some(2), "{}", said.err);
        assert_eq!(said.out, "");
        complains(&said, words);
    }
}

fn complains(said: &Said, words: &[&str]) {
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    assert!(said.err.starts_with("rdblens: "), "{}", said.err);
    for word in words {
        assert!(said.err.contains(word), "{word:?} is not in {}", said.err);
    }
}

/// Three keys, and where they end.
fn three() -> (Vec<u8>, usize) {
    let dump = dump().string("a", "1").string("b", "22").string("c", "333");
    let end = dump.boundaries()[3];
    (dump.end(), end)
}

#[test]
fn a_sound_dump_is_shown_and_the_exit_code_is_0() {
    let (_dir, path) = file("dump.rdb", three().0);
    let report = analyze(&path);
    assert_eq!((report.code, report.err.as_str()), (Some(0), ""));
    assert!(report.out.contains("3 keys"), "{}", report.out);
    let rows = keys(&path);
    assert_eq!((rows.code, rows.out.lines().count()), (Some(0), 3), "{}", rows.err);
}

#[test]
fn what_is_no_dump_is_refused() {
    let (_dir, path) = file("notes.txt", "hello, world\n");
    refuses(&path, &["notes.txt", "byte 0", "not an RDB", "hello"]);
}

#[test]
fn an_empty_file_is_refused() {
    let (_dir, path) = file("dump.rdb", "");
    refuses(&path, &["dump.rdb", "empty"]);
}

#[test]
fn a_directory_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    refuses(dir.path(), &["directory"]);
}

#[test]
fn a_missing_file_is_refused() {
    refuses("no/such/dump.rdb", &["no/such/dump.rdb", "No such file"]);
}

#[test]
fn an_endless_device_is_refused_at_once() {
    refuses("/dev/zero", &["/dev/zero", "not an RDB"]);
    refuses("/dev/null", &["/dev/null", "empty"]);
}

#[test]
fn a_version_that_never_was_is_refused() {
    let (_dir, path) = file("dump.rdb", "REDIS0000\u{0}\u{1}a\u{1}b");
    refuses(&path, &["version 0"]);
}

#[test]
fn a_truncated_dump_keeps_its_keys_and_says_where_it_ends() {
    let (bytes, end) = three();
    let (_dir, path) = file("dump.rdb", &bytes[..end - 1]);
    let rows = keys(&path);
    assert_eq!((rows.code, rows.out.lines().count()), (Some(2), 2));
    complains(&rows, &["dump.rdb", "\"c\"", "database 0", "ends here", "copy"]);
    let report = analyze(&path);
    assert_eq!(report.code, Some(2));
    assert!(report.out.contains("2 keys") && report.out.contains("ncomplete"), "{}", report.out);
    complains(&report, &["byte ", "\"c\""]);
}

#[test]
fn a_fault_is_marked_in_json() {
    let (bytes, end) = three();
    let (_dir, path) = file("dump.rdb", [&bytes[..end], &[200]].concat());
    let output = run([OsStr::new("analyze"), "--format=json".as_ref(), path.as_ref()]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(2));
    let fault = &report["completeness"];
    assert_eq!((&fault["state"], &fault["at"]), (&"incomplete".into(), &end.into()));
    assert_eq!((&fault["key"], &report["totals"]["keys"]), (&"c".into(), &3.into()));
}

#[test]
fn a_second_reading_keeps_what_the_first_one_found_of_the_checksum() {
    // each of thirteen numbers is heavy, and all are folded: what they hold is found the second time
    let all = (0..4000).fold(dump(), |dump, n| dump.string(format!("blob:{}:{n}", n % 13), "x"));
    for (checksum, code, word) in [(None, 0, "good"), (Some(1), 2, "bad")] {
        let bytes = match checksum {
            None => all.clone().end(),
            Some(wrong) => all.clone().end_with(wrong),
        };
        let (_dir, path) = file("dump.rdb", &bytes);
        let args = ["--format", "json", "--timings", "--threads", "1"].map(OsStr::new);
        let found = said(&run(args.into_iter().chain([path.as_os_str()])));
        assert_eq!(found.code, Some(code), "{}", found.err);
        let report: Value = serde_json::from_str(&found.out).expect("a report");
        assert_eq!(report["source"]["checksum"], word);
        let thread = found.err.lines().find(|line| line.starts_with("thread 0")).expect("a thread");
        let read = thread.rsplit(' ').nth(1).and_then(|n| n.parse::<usize>().ok()).expect("bytes");
        assert!(read > bytes.len() * 3 / 2, "it was read once: {thread}");
    }
}

#[test]
fn a_wrong_checksum_is_a_fault_unless_it_is_not_looked_at() {
    let (mut bytes, end) = three();
    bytes[end - 1] ^= 1;
    let (_dir, path) = file("dump.rdb", bytes);
    let rows = keys(&path);
    assert_eq!((rows.code, rows.out.lines().count()), (Some(2), 3));
    complains(&rows, &["checksum", "--no-checksum"]);
    let rows = said(&run([OsStr::new("keys"), "--no-checksum".as_ref(), path.as_ref()]));
    assert_eq!((rows.code, rows.err.as_str()), (Some(0), ""));
}

#[test]
fn commands_behind_a_preamble_are_named_and_are_no_fault() {
    let said = analyze(fixture("redis-6.2.16/aof-preamble").dump);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.contains("AOF"), "{}", said.out);
}

#[test]
fn a_pipe_is_read_like_a_file() {
    let (bytes, _) = three();
    let pipe = |args: &[&str]| {
        let mut child = rdblens(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        child.stdin.take().expect("a pipe").write_all(&bytes).expect("it reads");
        child.wait_with_output().expect("it ends")
    };
    let (_dir, path) = file("dump.rdb", &bytes);
    let piped = pipe(&["keys", "-"]);
    assert_eq!(piped.status.code(), Some(0));
    assert_eq!(piped.stdout, run([OsStr::new("keys"), path.as_ref()]).stdout);
}

#[test]
fn a_closed_pipe_is_quiet() {
    for (args, name) in [(&["keys"][..], "redis-7.2.6/zoo"), (&["--full"], "redis-7.2.6/zoo")] {
        let mut child = rdblens(args)
            .arg(fixture(name).dump)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut first = [0; 10];
        let mut out = child.stdout.take().expect("a pipe");
        out.read_exact(&mut first).expect("output");
        drop(out);
        let mut err = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("text");
        assert_eq!(err, "");
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_full_disk_is_no_success() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let full = fs::File::options().write(true).open("/dev/full").expect("a device");
    let output = rdblens(["keys"]).arg(fixture("redis-7.2.6/cluster").dump).stdout(full).output();
    let said = said(&output.expect("the program starts"));
    assert_eq!(said.code, Some(2));
    complains(&said, &["No space"]);
}

#[test]
fn wrong_flags_are_refused() {
    let dump = fixture("redis-7.2.6/empty").dump;
    for flags in [
        &["--regex", "("][..],
        &["--server", "mongodb-7"],
        &["--min-bytes", "many"],
        &["--threads", "-1"],
        &["--no-ttl", "--with-ttl"],
        &["--db", "zero"],
        &["--no-such-flag"],
        &["--server-config", "no/such/file"],
    ] {
        let output = rdblens(flags).arg(&dump).output().expect("the program starts");
        let said = said(&output);
        assert_eq!(said.code, Some(2), "{flags:?}: {}", said.out);
        assert!(said.out.is_empty() && !said.err.is_empty(), "{flags:?}");
    }
    assert_eq!(said(&run::<[&str; 0]>([])).code, Some(2));
}

#[test]
fn the_same_dump_and_flags_give_the_same_bytes_on_any_number_of_threads() {
    let dump = fixture("redis-7.2.6/zoo").dump;
    let now = ["--now", "2026-11-23T00:00:00Z", "--threads"];
    for command in [&["analyze", "--full"][..], &["analyze", "--format", "json"], &["keys"]] {
        let output = |threads: &str| {
            let args = command.iter().copied().chain(now).chain([threads]);
            rdblens(args).arg(&dump).output().expect("the program starts").stdout
        };
        let one = output("1");
        assert!(!one.is_empty());
        for threads in ["1", "2", "7"] {
            assert!(output(threads) == one, "{command:?} on {threads} threads");
        }
    }
}

#[test]
fn output_goes_to_the_file_that_is_named() {
    let dump = fixture("redis-7.2.6/cluster").dump;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("keys.csv");
    let args = ["keys", "--format", "csv", "--output"].map(OsStr::new);
    let output = run(args.into_iter().chain([path.as_ref(), dump.as_ref()]));
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    let text = fs::read_to_string(&path).expect("a file");
    let plain = run([OsStr::new("keys"), "--format=csv".as_ref(), dump.as_ref()]);
    assert_eq!(text.as_bytes(), plain.stdout);
    assert!(text.starts_with("db,key,"), "{}", text.lines().next().unwrap_or_default());
}

#[test]
fn names_cannot_reach_the_terminal_raw() {
    let evil = "evil\u{1b}[2J\u{202e}\u{7}\n".repeat(3);
    let (_dir, path) = file("dump.rdb", dump().string(evil.as_str(), "x".repeat(5000)).end());
    let report = run([path.as_os_str()]);
    assert_eq!(report.status.code(), Some(0));
    let text = String::from_utf8(report.stdout).expect("text");
    assert!(text.contains("evil"));
    let control = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(control), "{}", text.escape_debug());
}

#[test]
fn a_name_that_is_no_text_comes_back_whole() {
    let (_dir, path) = file("dump.rdb", dump().string(&b"\xff\x00\xfe"[..], "v").end());
    let rows = keys(&path);
    assert!(rows.out.contains("\"key_base64\":\"/wD+\""), "{}", rows.out);
}

/// Every fixture is read with exit code 0 by both commands, whatever wrote it.
#[test]
fn every_fixture_is_read_to_its_end() {
    let mut dumps = 0;
    for dir in fs::read_dir(folder()).expect("readable") {
        let dir = dir.expect("readable").path();
        let files = fs::read_dir(&dir).map_or_else(|_| Vec::new(), Iterator::collect);
        for path in files.into_iter().map(|file| file.expect("readable").path()) {
            if path.extension().is_some_and(|end| end == "rdb" || end == "aof") {
                let report = analyze(&path);
                assert_eq!((report.code, report.err.as_str()), (Some(0), ""), "{}", path.display());
                dumps += 1;
            }
        }
    }
    assert!(dumps > 50, "{dumps} fixtures");
}

#[test]
fn help_tells_what_a_command_does_as_the_list_of_commands_has_it() {
    let help = |args: &[&str]| said(&run(args)).out;
    let all = help(&["--help"]);
    let list = all.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<(&str, &str)> = list
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.trim().split_once(' '))
        .collect();
    assert_eq!(commands.len(), 13, "{all}");
    for (name, about) in commands.iter().filter(|(name, _)| *name != "help") {
        for args in [[name, "--help"], [name, "-h"], ["help", name]] {
            let told = help(&args);
            assert_eq!(told.lines().next(), Some(about.trim()), "{name}");
            assert!(told.contains(&format!("rdblens {name}")), "{told}");
        }
    }
}
