//! Today's size and others beside it, by running the program.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use support::dump::dump;
use support::fixture::{self, Fixture};
use support::program::{flags, report, run};

fn whatif<I: IntoIterator<Item: Into<OsString>>>(path: &Path, flags: I) -> Value {
    let fixed = ["whatif", "--format", "json"].map(OsString::from);
    let flags = flags.into_iter().map(Into::into);
    let done = run(fixed.into_iter().chain([path.into()]).chain(flags));
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{said}");
    serde_json::from_slice(&done.stdout).expect("JSON")
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// Keys that other servers than the writer have loaded, with their answers.
fn crossed() -> Vec<Fixture> {
    let all = fixture::all().into_iter();
    all.filter(|known| known.crossed && known.server.expired.is_empty()).collect()
}

/// The flags that make the loading server an alternative; `config` is a file to write to.
fn alternative(fixture: &Fixture, config: &Path) -> Vec<OsString> {
    flags(&fixture.server, true, config)
}

#[test]
fn keys_take_what_the_other_server_answered() {
    let place = tempfile::tempdir().expect("a folder");
    let config = place.path().join("server.conf");
    let (mut compared, mut wrong) = (0, Vec::new());
    for fixture in crossed() {
        let Some(truth) = fixture.truth() else { continue };
        let answers: Option<Vec<u64>> = truth.values().map(|row| row.memory_usage).collect();
        let Some(answers) = answers else { continue };
        let sum: u64 = answers.iter().sum();
        let flags = alternative(&fixture, &config).into_iter();
        let found = whatif(&fixture.dump, flags.chain(["--sizes".into(), "reported".into()]));
        assert_eq!(found["keys"], answers.len() as u64, "{}", fixture.name);
        let bytes = number(&found["alternatives"][0]["keys_bytes"]);
        compared += 1;
        // 0.3 % of the sum
        if bytes.abs_diff(sum) * 1000 > sum * 3 {
            wrong.push(format!("{}: {bytes} for {sum}", fixture.name));
        }
        assert_eq!(found["alternatives"][0]["instance"], Value::Null);
    }
    assert!(compared >= 7, "{compared}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Within 1 % or 64 KB, as for a server's own dump.
#[test]
fn the_whole_instance_takes_what_the_other_server_used() {
    let place = tempfile::tempdir().expect("a folder");
    let config = place.path().join("server.conf");
    let mut compared = 0;
    for fixture in crossed() {
        let Some(memory) = &fixture.server.memory else { continue };
        let found = whatif(&fixture.dump, alternative(&fixture, &config));
        let total = number(&found["alternatives"][0]["instance"]["total_bytes"]);
        let used = memory.used - memory.idle;
        compared += 1;
        assert!(
            total.abs_diff(used) <= (used / 100).max(64 << 10),
            "{}: {total} for {used}",
            fixture.name
        );
    }
    assert!(compared >= 7, "{compared}");
}

/// `name` and `bytes` of each row of a list of the report.
fn rows(report: &Value, list: &str, name: &str) -> Vec<(String, u64)> {
    let rows = report[list].as_array().expect("a list").iter();
    let of =
        |row: &Value| (row[name].as_str().unwrap_or_default().to_owned(), number(&row["bytes"]));
    let mut rows: Vec<_> = rows.map(of).collect();
    rows.sort();
    rows
}

#[test]
fn each_lane_is_what_a_run_of_its_own_gives() {
    let prod = fixture::fixture("redis-8.6.3/prod").dump;
    let place = tempfile::tempdir().expect("a folder");
    let config = place.path().join("server.conf");
    let limit = "hash-max-listpack-entries 5000\nzset-max-listpack-entries 2000\n";
    fs::write(&config, limit).expect("writable");
    let sides: [(&[&str], &[&str]); 3] = [
        (&["--server", "valkey-8.1", "--server", "redis-6.2", "--server", "redis-7.2"], &[]),
        (
            &[
                "--set",
                "hash-max-listpack-entries=5000",
                "--set",
                "zset-max-listpack-entries=2000",
                "--allocator",
                "libc",
            ],
            &["--allocator", "libc", "--server-config"],
        ),
        (
            &["--allocator", "system-jemalloc", "--server", "valkey-9.1"],
            &["--allocator", "system-jemalloc", "--server", "valkey-9.1"],
        ),
    ];
    for (asked, alone) in sides {
        let found = whatif(&prod, asked);
        let plain = report(&prod, &[]);
        assert_eq!(found["today"]["instance"], plain["instance"]);
        for (i, side) in found["alternatives"].as_array().expect("a list").iter().enumerate() {
            let mut flags: Vec<OsString> = alone.iter().map(OsString::from).collect();
            if alone.is_empty() {
                flags.extend(["--server".into(), side["server"].as_str().expect("text").into()]);
            }
            if alone.last() == Some(&"--server-config") {
                flags.push(config.clone().into());
            }
            let own = report(&prod, &flags);
            assert_eq!(side["keys_bytes"], own["totals"]["bytes"], "{asked:?}");
            for part in ["keys_bytes", "tables", "startup_bytes", "total_bytes"] {
                assert_eq!(side["instance"][part], own["instance"][part], "{asked:?} {part}");
            }
            for (list, name) in [("types", "type"), ("patterns", "pattern")] {
                let of_lane = found[list].as_array().expect("a list").iter().map(|row| {
                    let name = row["name"].as_str().expect("text").to_owned();
                    (name, number(&row["alternatives"][i]))
                });
                let mut of_lane: Vec<_> = of_lane.collect();
                of_lane.sort();
                // a byte may be rounded to another row: rows of equal remainders have another order
                for (lane, own) in of_lane.iter().zip(rows(&own, list, name)) {
                    assert_eq!(lane.0, own.0);
                    assert!(lane.1.abs_diff(own.1) <= 1, "{asked:?}: {lane:?} {own:?}");
                }
            }
        }
    }
}

#[test]
fn rows_add_up_in_every_lane() {
    let prod = fixture::fixture("redis-8.6.3/prod").dump;
    for top in ["1", "7", "1000"] {
        let flags = ["--server", "valkey-8.1", "--server", "redis-4.0", "--top", top];
        let found = whatif(&prod, flags);
        for list in ["types", "patterns"] {
            let rows = found[list].as_array().expect("a list");
            let sum = |of: &dyn Fn(&Value) -> u64| rows.iter().map(of).sum::<u64>();
            assert_eq!(sum(&|row| number(&row["keys"])), number(&found["keys"]));
            assert_eq!(sum(&|row| number(&row["bytes"])), number(&found["today"]["keys_bytes"]));
            for i in 0..2 {
                let side = &found["alternatives"][i];
                let bytes = sum(&|row| number(&row["alternatives"][i]));
                assert_eq!(bytes, number(&side["keys_bytes"]), "{list}");
                let change = side["keys_change_bytes"].as_i64().expect("a number");
                let today = number(&found["today"]["keys_bytes"]);
                assert_eq!(change, bytes.cast_signed() - today.cast_signed());
            }
        }
    }
}

/// Of rows, those of the tree that stand directly below `at`, or outermost.
fn below(rows: &[Value], at: Option<usize>) -> Vec<&Value> {
    let depth = |row: &Value| number(&row["depth"]);
    let (level, from) = at.map_or((0, 0), |at| (depth(&rows[at]) + 1, at + 1));
    let inside = rows[from..].iter().take_while(|row| depth(row) >= level);
    inside.filter(|row| depth(row) == level).collect()
}

#[test]
fn prefixes_add_up_at_every_level_and_are_those_of_the_report() {
    let place = tempfile::tempdir().expect("a folder");
    // one key is so heavy that it stands beside the folded ones that it belongs to
    let heavy = (0..3000_usize).fold(dump().aux("redis-ver", "7.2.6"), |dump, n| {
        let len = if n == 777 { 400_000 } else { n % 300 };
        dump.string(format!("app:user:{n}:name"), "x".repeat(len))
            .string(format!("app:{}:{n}", ["red", "blue"][n % 2]), n.to_string())
    });
    let path = place.path().join("heavy.rdb");
    fs::write(&path, heavy.end()).expect("writable");
    for path in [path, fixture::fixture("redis-8.6.3/prod").dump] {
        for top in ["1", "7", "1000"] {
            let flags = ["--server", "valkey-8.1", "--server", "redis-4.0", "--top", top];
            let found = whatif(&path, flags);
            let rows = found["prefixes"].as_array().expect("a list");
            let own = report(&path, &["--top".into(), top.into()]);
            let own = own["prefixes"].as_array().expect("a list");
            for (row, own) in rows.iter().zip(own) {
                let mut row = row.as_object().expect("a row").clone();
                row.remove("alternatives");
                assert_eq!(&Value::Object(row), own);
            }
            assert!(rows.len() == own.len() && !rows.is_empty());
            let bytes: [fn(&Value) -> u64; 3] = [
                |row| number(&row["bytes"]),
                |row| number(&row["alternatives"][0]),
                |row| number(&row["alternatives"][1]),
            ];
            let sides = [&found["today"], &found["alternatives"][0], &found["alternatives"][1]];
            for (of, side) in bytes.into_iter().zip(sides) {
                let sum = |rows: Vec<&Value>| rows.into_iter().map(of).sum::<u64>();
                assert_eq!(sum(below(rows, None)), number(&side["keys_bytes"]), "--top {top}");
                for (at, row) in rows.iter().enumerate() {
                    let below = below(rows, Some(at));
                    assert!(below.is_empty() || sum(below) == of(row), "{row}");
                }
            }
        }
    }
}

#[test]
fn each_prefix_takes_what_a_run_of_its_own_gives() {
    let prod = fixture::fixture("redis-8.6.3/prod").dump;
    let found = whatif(&prod, ["--server", "valkey-8.1"]);
    let own = report(&prod, &["--server".into(), "valkey-8.1".into()]);
    let of = |list: &Value, bytes: &dyn Fn(&Value) -> u64| {
        let rows = list["prefixes"].as_array().expect("a list").iter();
        let named = rows.filter(|row| row["kind"] != "rest");
        let of = |row: &Value| (row["prefix"].as_str().expect("text").to_owned(), bytes(row));
        named.map(of).collect::<std::collections::BTreeMap<_, _>>()
    };
    let lane = of(&found, &|row| number(&row["alternatives"][0]));
    let own = of(&own, &|row| number(&row["bytes"]));
    assert!(lane.len() > 5);
    for (prefix, bytes) in own {
        // a byte may be rounded to another row, at each level
        assert!(lane.get(&prefix).is_some_and(|lane| lane.abs_diff(bytes) <= 3), "{prefix}");
    }
}

#[test]
fn text_has_the_tree_of_prefixes_if_asked() {
    let prod = fixture::fixture("redis-8.6.3/prod").dump;
    let path = prod.to_str().expect("UTF-8");
    let args = ["whatif", path, "--server", "valkey-8.1", "--by", "prefix", "--top", "6"];
    let (code, text, said) = said(&args);
    assert_eq!(code, Some(0), "{said}");
    let tree = text.split("Prefixes\n").nth(1).expect("a heading");
    let tree: Vec<&str> = tree.lines().take_while(|line| !line.is_empty()).collect();
    assert!(tree.len() <= 6 && tree.iter().any(|line| line.contains("└ ")), "{text}");
    assert!(tree.last().is_some_and(|line| line.contains("all others")), "{text}");
    assert!(!text.contains("Patterns"));
}

#[test]
fn the_answer_does_not_depend_on_threads() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("large.rdb");
    let filled = (0..30_000_u64).fold(dump().aux("redis-ver", "7.2.6"), |dump, n| {
        dump.string(format!("user:{n}:{}", n % 7), "x".repeat((n % 300) as usize))
            .string(format!("count:{n}"), n.to_string())
    });
    fs::write(&path, filled.end()).expect("writable");
    assert!(fs::metadata(&path).expect("there").len() > 5 << 20);
    for (format, by) in [("json", "pattern"), ("text", "pattern"), ("text", "prefix")] {
        let of = |threads: &str| {
            let now = ["--now", "1800000000", "--format", format, "--threads", threads, "--by", by];
            let servers = ["--server", "valkey-8.1", "--server", "redis-8.2"];
            let args = ["whatif", path.to_str().expect("UTF-8")].into_iter();
            let done = run(args.chain(now).chain(servers).chain(["--pattern", "user:*:3"]));
            assert_eq!(done.status.code(), Some(0));
            done.stdout
        };
        let one = of("1");
        let name = if by == "prefix" { "user:" } else { "user:*:3" };
        assert!(String::from_utf8_lossy(&one).contains(name));
        for threads in ["2", "3", "8"] {
            assert!(of(threads) == one, "{format} on {threads} threads");
        }
    }
}

fn said(args: &[&str]) -> (Option<i32>, String, String) {
    let done = run(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn text_says_what_it_comes_to_and_what_is_not_known() {
    let prod = fixture::fixture("redis-8.6.3/prod").dump;
    let prod = prod.to_str().expect("UTF-8");
    let (code, text, _) = said(&["whatif", prod, "--server", "redis-7.2", "--ascii"]);
    assert_eq!(code, Some(0));
    assert!(
        text.contains("\nWhat if    redis-7.2: 4.15 MiB instead of 3.74 MiB (+11 %)\n"),
        "{text}"
    );
    assert!(text.contains("redis-7.2 does not load this dump (it reads RDB up to 11)"), "{text}");
    assert!(!text.contains("walk a longer listpack"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 80) && text.is_ascii(), "{text}");
    let set = ["whatif", prod, "--set", "zset-max-listpack-entries=4000"];
    let (_, text, _) = said(&set);
    assert!(text.contains("walk a longer listpack"), "{text}");
    assert!(!text.contains("does not load"), "{text}");
    let (_, text, _) = said(&["whatif", prod, "--allocator", "libc"]);
    assert!(text.contains("another allocator fragments"), "{text}");
}

#[test]
fn keys_alone_are_compared_where_filters_leave_some_out() {
    let prod = fixture::fixture("redis-8.6.3/prod").dump;
    let found = whatif(&prod, ["--server", "valkey-8.1", "--type", "stream"]);
    assert_eq!((&found["keys"], &found["today"]["instance"]), (&23.into(), &Value::Null));
    assert_eq!(found["alternatives"][0]["total_change_bytes"], Value::Null);
    assert_eq!(found["types"].as_array().map(Vec::len), Some(1));
}

#[test]
fn modules_and_field_ttls_are_named() {
    let about = |dump: &Path, about: &str| {
        let found = whatif(dump, ["--server", "redis-6.2"]);
        let notes = found["unknown"].as_array().expect("a list").iter();
        let notes = notes.filter(|note| note["about"] == about);
        notes.map(|note| note["text"].to_string()).collect::<Vec<_>>().join("; ")
    };
    let stack = fixture::fixture("redis-stack-7.4.0/modules-redis-stack").dump;
    assert!(about(&stack, "modules").contains("modules' values"));
    let zoo = fixture::fixture("redis-7.4.1/zoo").dump;
    assert!(about(&zoo, "load").contains("no fields with a TTL"));
    assert_eq!(about(&zoo, "modules"), "");
}

#[test]
fn what_is_broken_or_hostile_or_no_dump_is_said() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("d.rdb");
    let path = path.to_str().expect("UTF-8");
    let whole = dump().string("evil\x1b[2J:\u{202e}1", "v").string("b", "w").end();
    fs::write(path, &whole).expect("writable");
    for format in ["text", "json"] {
        let args = ["whatif", path, "--server", "redis-7.2", "--format", format];
        let (code, text, _) = said(&args);
        assert_eq!(code, Some(0));
        assert!(!text.contains('\x1b') && !text.contains('\u{202e}'), "{text:?}");
    }
    fs::write(path, &whole[..whole.len() - 12]).expect("writable");
    let (code, text, error) = said(&["whatif", path, "--server", "redis-7.2"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("INCOMPLETE") && error.contains("byte"), "{text} {error}");
    // what a part leaves of used memory is not slack
    let prod = fixture::fixture("redis-8.6.3/prod").bytes();
    fs::write(path, &prod[..prod.len() / 2]).expect("writable");
    let (code, text, _) = said(&["whatif", path, "--server", "redis-7.2"]);
    assert_eq!((code, text.contains("what the server counted")), (Some(2), false), "{text}");
    fs::write(path, b"nothing").expect("writable");
    let (code, text, error) = said(&["whatif", path, "--server", "redis-7.2"]);
    assert_eq!((code, text.as_str(), error.lines().count()), (Some(2), "", 1));
    fs::write(path, &whole).expect("writable");
    let summary = place.path().join("s.json");
    let summary = summary.to_str().expect("UTF-8");
    assert_eq!(said(&["summary", path, "-o", summary]).0, Some(0));
    let (code, _, error) = said(&["whatif", summary, "--server", "redis-7.2"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("give the dump itself"), "{error}");
    let many = ["redis-4.0", "redis-5.0", "redis-6.2", "redis-7.0"];
    let flags = many.iter().flat_map(|name| ["--server", name]);
    let (code, _, error) = said(&["whatif", path].into_iter().chain(flags).collect::<Vec<_>>());
    assert_eq!((code, error.contains("3 at the most")), (Some(2), true), "{error}");
}
