//! What runs in CI and at night, run in a shell: the action's step, GitLab's script, the night's.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::dump::dump;
use tempfile::TempDir;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with a snapshot of `keys` keys, one of ten, and budgets that allow 15.
fn place(keys: u64) -> TempDir {
    let place = tempfile::tempdir().expect("a folder");
    for (name, n, hour) in [("base.rdb", 10, 0), ("dump.rdb", keys, 1)] {
        let begun = dump().aux("redis-ver", "7.2.6");
        let begun = begun.aux("ctime", (1_790_000_000_u64 + hour * 3600).to_string());
        let all = (0..n).fold(begun, |dump, i| dump.string(format!("a:{i:03}"), "x"));
        fs::write(place.path().join(name), all.end()).expect("writable");
    }
    fs::write(place.path().join("rdblens.toml"), "[[check.rule]]\nmax_keys = 15\n")
        .expect("writable");
    place
}

/// `bash` as build machines start it, with the program found by its name.
fn bash(place: &Path, script: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_rdblens"));
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", program.parent().expect("a folder").display());
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
    command.current_dir(place).env("PATH", path);
    command
}

fn all(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The lines of the block behind the line `key` ends, without their indent.
fn block(text: &str, key: &str) -> String {
    let (_, behind) = text.rsplit_once(key).expect("the block is there");
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines = behind.lines().skip(1);
    let deep = indent(lines.clone().next().expect("a line"));
    let inside = lines.take_while(|line| line.trim().is_empty() || indent(line) >= deep);
    inside.map(|line| format!("{}\n", line.get(deep..).unwrap_or_default())).collect()
}

#[test]
fn the_action_annotates_sums_up_and_fails_when_a_limit_is_broken() {
    let action = fs::read_to_string(repository().join("action.yml")).expect("readable");
    let script = block(&action, "run: |");
    assert!(!script.contains("${{"), "what users give would be code");
    for (keys, snapshot, code, outcome) in [
        (12, "dump.rdb", 0, "outcome=within"),
        (16, "dump.rdb", 1, "outcome=over"),
        (12, "nothing.rdb", 2, "outcome=unknown"),
        (12, "$(touch hacked)", 2, "outcome=unknown"),
    ] {
        let place = place(keys);
        let temp = place.path().join("temp");
        fs::create_dir(&temp).expect("writable");
        let file = |name: &str| -> PathBuf { temp.join(name) };
        let done = bash(place.path(), &script)
            .env("RDBLENS", env!("CARGO_BIN_EXE_rdblens"))
            .envs([("SNAPSHOT", snapshot), ("BASELINE", "base.rdb"), ("CONFIG", "")])
            .env("FLAGS", "--threads 1")
            .env("RUNNER_TEMP", &temp)
            .env("GITHUB_WORKSPACE", place.path())
            .env("GITHUB_OUTPUT", file("output"))
            .env("GITHUB_STEP_SUMMARY", file("summary"))
            .output()
            .expect("bash");
        assert_eq!(done.status.code(), Some(code), "{}", all(&done));
        assert!(fs::read_to_string(file("output")).expect("outputs").starts_with(outcome));
        let summary = fs::read_to_string(file("summary")).unwrap_or_default();
        assert_eq!(summary.contains("its limits"), code < 2);
        assert_eq!(all(&done).contains("::error file=rdblens.toml,line=1"), code == 1);
        assert_eq!(all(&done).contains("::notice "), code < 2);
        assert!(!place.path().join("hacked").exists());
    }
}

#[test]
fn gitlabs_job_reports_and_fails_when_a_limit_is_broken() {
    let job = fs::read_to_string(repository().join("docs/ci/gitlab.yml")).expect("readable");
    let script: String = block(&job, "  script:")
        .lines()
        .map_while(|line| {
            let command = line.strip_prefix("- ")?.trim_matches('\'');
            Some(format!("{command}\n"))
        })
        .collect();
    assert_eq!(script.lines().count(), 5, "{script}");
    for (keys, snapshot, code) in [(12, "dump.rdb", 0), (16, "dump.rdb", 1), (12, "nothing.rdb", 2)]
    {
        let place = place(keys);
        let done = bash(place.path(), &script)
            .envs([("SNAPSHOT", snapshot), ("BASELINE", "base.rdb")])
            .output()
            .expect("bash");
        assert_eq!(done.status.code(), Some(code), "{}", all(&done));
        let quality = fs::read_to_string(place.path().join("gl-code-quality-report.json"));
        assert_eq!(quality.is_ok(), code < 2);
        assert_eq!(quality.unwrap_or_default().contains("max_keys"), code == 1);
        assert_eq!(place.path().join("rdblens-junit.xml").exists(), code < 2);
    }
}

#[test]
fn the_night_keeps_summaries_and_alerts() {
    let script = repository().join("docs/nightly/rdblens-nightly");
    let night = |place: &Path, budgets: &str, copy: &str| {
        let config = format!(
            "replicas=here:1\nkeep=keep\nalert='cat >alert'\nbudgets={budgets}\n\
             copy() {{ {copy} >\"$2\"; }}\n"
        );
        fs::write(place.join("nightly.conf"), config).expect("writable");
        let done = bash(place, "\"$NIGHTLY\" ./nightly.conf").env("NIGHTLY", &script).output();
        done.expect("bash")
    };
    let summaries = |place: &Path| {
        let names = fs::read_dir(place.join("keep")).expect("readable").flatten();
        let names: Vec<String> =
            names.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        assert!(!names.iter().any(|name| name.starts_with(".night")), "{names:?}");
        names.iter().filter(|name| name.ends_with(".json")).count()
    };
    for (keys, code) in [(12, 0), (16, 1)] {
        let place = place(keys);
        fs::create_dir(place.path().join("keep")).expect("writable");
        // as it was left by the night before
        let made = bash(place.path(), "rdblens summary base.rdb -o keep/2026-01-01.json").output();
        assert_eq!(made.expect("bash").status.code(), Some(0));
        let done = night(place.path(), "rdblens.toml", "cat dump.rdb");
        assert_eq!(done.status.code(), Some(code), "{}", all(&done));
        let alert = fs::read_to_string(place.path().join("alert")).unwrap_or_default();
        assert_eq!(alert.contains("max_keys"), code == 1, "{alert}");
        assert!(place.path().join("keep/trend.txt").exists());
        assert_eq!(summaries(place.path()), 2);
    }
    // the first night has nothing to compare with; a copy that fails is told
    let place = place(12);
    let done = night(place.path(), "", "cat dump.rdb");
    assert_eq!((done.status.code(), summaries(place.path())), (Some(0), 1), "{}", all(&done));
    for copy in ["false", "cat nothing.rdb", "echo no dump"] {
        let done = night(place.path(), "", copy);
        assert_eq!(done.status.code(), Some(2), "{}", all(&done));
        let alert = fs::read_to_string(place.path().join("alert")).expect("an alert");
        assert!(alert.contains("no report was made"), "{alert}");
        assert_eq!(summaries(place.path()), 1);
    }
}
