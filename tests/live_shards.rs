//! The same keys are put on one server and, slot by slot, on three: the dumps of the three, taken
//! together, say what the dump of the one says.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use support::live::{Live, Reply, Words, facts, folder, words};
use support::program::{flags, run};
use support::zoo::Random;

const SLOTS: usize = 16_384;
const NODES: usize = 3;

#[test]
fn redis_7_0_15() {
    agree(&folder().join("redis-7.0.15"));
}

#[test]
fn redis_8_2_3() {
    agree(&folder().join("redis-8.2.3"));
}

#[test]
fn valkey_9_1_2() {
    agree(&folder().join("valkey-9.1.2-libc"));
}

fn agree(folder: &Path) {
    let server = facts(folder);
    let commands = commands();
    let one = node(folder, 0..SLOTS);
    one.link().must(&commands);
    let share = SLOTS.div_ceil(NODES);
    let parts = |n: usize| n * share..SLOTS.min((n + 1) * share);
    let nodes: Vec<Live> = (0..NODES).map(|n| node(folder, parts(n))).collect();
    let replies: Vec<Vec<Reply>> =
        nodes.iter().map(|node| node.link().ask_all(&commands)).collect();
    for (i, command) in commands.iter().enumerate() {
        let taken = replies.iter().filter(|replies| !refused(&replies[i])).count();
        assert_eq!(taken, 1, "nodes that took {}", command[1].escape_ascii());
    }

    let dir = tempfile::tempdir().expect("a folder");
    let flags = flags(&server, false, &dir.path().join("server.conf"));
    let whole = json(&["analyze", "--format", "json"], &flags, &[one.save()]);
    let dumps: Vec<PathBuf> = nodes.iter().map(Live::save).collect();
    let together = json(&["analyze", "--format", "json"], &flags, &dumps);
    assert!(whole["totals"]["keys"].as_u64() > Some(1000), "{}", whole["totals"]);
    same(&whole, &together);

    let summaries: Vec<PathBuf> = dumps.iter().map(|dump| summary(dump, &flags)).collect();
    let merged = dir.path().join("cluster.json");
    let mut args: Vec<OsString> = vec!["merge".into(), "-o".into(), merged.clone().into()];
    args.extend(summaries.iter().map(OsString::from));
    let done = run(args);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    same(&whole, &json(&["analyze", "--format", "json"], &[], &[merged]));
}

/// Keys of every type, small and large, with and without a TTL. The order in which a server writes
/// a table's members is drawn at random, and a few sizes hang on it; so members of one key are alike.
fn commands() -> Vec<Words> {
    let mut random = Random(9);
    let mut all = Vec::new();
    let mut say = |line: String| all.push(words(&line));
    let expiry = 4_000_000_000;
    for n in 0..1500 {
        say(format!("SET user:{n}:name {}", "n".repeat(10 + n % 50)));
        say(format!("HSET user:{n}:profile name {n} city {}", "c".repeat(n % 40)));
        let id = (random.next(), random.next());
        say(format!("SET session:{:016x}{:016x} {}", id.0, id.1, "s".repeat(200)));
        if n % 30 != 0 {
            say(format!("EXPIREAT session:{:016x}{:016x} {}", id.0, id.1, expiry + n));
        }
    }
    for n in 0..200 {
        let count = [3, 60, 300, 1000][n % 4] + n;
        let members =
            |of: &str| -> String { (0..count).map(|i| format!(" {of}{}", 10_000 + i)).collect() };
        say(format!("SADD ids:{n}{}", members("")));
        say(format!("SADD tags:{n}{}", members("tag-")));
        say(format!("RPUSH queue:{n}{}", members("job-")));
        let scored = |of: &str| -> String {
            (0..count).map(|i| format!(" {} {of}{}", i * 7, 10_000 + i)).collect()
        };
        say(format!("ZADD {{board}}:rank:{n}{}", scored("player-")));
        let fields: String = (0..count).map(|i| format!(" field-{} v", 10_000 + i)).collect();
        say(format!("HSET cart:{n}{fields}"));
        for i in 0..20 {
            say(format!("XADD events:{n} {}-{i} type click page {n}", 1_700_000_000_000_u64 + i));
        }
        say(format!("EXPIREAT queue:{n} {expiry}"));
    }
    all
}

/// A server that has these slots.
fn node(folder: &Path, slots: std::ops::Range<usize>) -> Live {
    let options = ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"];
    let live = Live::start(folder, &options.map(str::to_owned), None);
    let slots: Words = slots.map(|slot| slot.to_string().into_bytes()).collect();
    let mut link = live.link();
    link.must(&[[words("CLUSTER ADDSLOTS"), slots].concat()]);
    // it takes keys once it has seen that its slots are covered
    let give_up = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !link.ask("CLUSTER INFO").text().contains("cluster_state:ok") {
        assert!(std::time::Instant::now() < give_up, "the node does not come up");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    live
}

/// Whether the key belongs to another node. Any other refusal fails the test.
fn refused(reply: &Reply) -> bool {
    match reply {
        Reply::Error(why) => {
            assert!(why.starts_with("CLUSTERDOWN") || why.starts_with("MOVED"), "{why}");
            true
        }
        _ => false,
    }
}

fn summary(dump: &Path, flags: &[OsString]) -> PathBuf {
    let path = dump.with_extension("json");
    let mut args: Vec<OsString> =
        vec!["summary".into(), dump.into(), "-o".into(), path.clone().into()];
    args.extend(flags.iter().cloned());
    let done = run(args);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    path
}

fn json(command: &[&str], flags: &[OsString], files: &[PathBuf]) -> Value {
    let mut args: Vec<OsString> = command.iter().map(OsString::from).collect();
    args.extend(flags.iter().cloned());
    args.extend(files.iter().map(OsString::from));
    let done = run(args);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("a report")
}

/// Patterns as several snapshots tell them: their histograms do not fit into summaries.
fn without_spread(patterns: &Value) -> Value {
    let mut patterns = patterns.clone();
    for row in patterns.as_array_mut().expect("patterns") {
        assert_ne!(row["bytes_each"], Value::Null);
        (row["bytes_each"], row["elements_each"]) = (Value::Null, Value::Null);
    }
    patterns
}

/// Everything that is said of keys is the same. What is said of files, times and the servers' own
/// memory is not: three servers start up three times.
fn same(whole: &Value, parts: &Value) {
    const OF_SERVERS: [&str; 6] =
        ["source", "profile", "instance", "functions", "shards", "templates"];
    let (whole_fields, part_fields) =
        (whole.as_object().expect("a report"), parts.as_object().expect("a report"));
    let mut found = Vec::new();
    for (name, value) in whole_fields {
        if !OF_SERVERS.contains(&name.as_str()) {
            // what is told from the keys themselves is none of a summary's findings
            let exact = |value: &Value| -> Value {
                let mut all = value.as_array().expect("findings").clone();
                all.retain(|finding| finding["confidence"] == "exact");
                all.into()
            };
            match name.as_str() {
                "findings" => {
                    differences(name, &exact(value), &exact(&part_fields[name]), &mut found)
                }
                "patterns" => {
                    differences(name, &without_spread(value), &part_fields[name], &mut found)
                }
                _ => differences(name, value, &part_fields[name], &mut found),
            }
        }
    }
    assert!(
        found.is_empty(),
        "{} differ:\n{}",
        found.len(),
        found[..found.len().min(20)].join("\n")
    );
    // rounded so that its parts add up
    let keys = |report: &Value| report["instance"]["keys_bytes"].as_u64().expect("bytes");
    assert!(keys(whole).abs_diff(keys(parts)) <= 1, "{} {}", keys(whole), keys(parts));
    assert_eq!(parts["shards"].as_array().map(Vec::len), Some(NODES));
    let sum = |field: &str| -> u64 {
        let shards = parts["shards"].as_array().expect("shards").iter();
        shards.map(|shard| shard[field].as_u64().expect("a number")).sum()
    };
    assert_eq!(whole["totals"]["keys"], sum("keys"));
    // each shard's bytes are rounded
    let bytes = whole["totals"]["bytes"].as_u64().expect("bytes");
    assert!(bytes.abs_diff(sum("bytes")) < NODES as u64, "{bytes} {}", sum("bytes"));
}

/// Where two values differ, leaf by leaf.
fn differences(path: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            for (name, value) in a {
                let other = b.get(name).unwrap_or(&Value::Null);
                differences(&format!("{path}.{name}"), value, other, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}[{i}]"), a, b, found);
            }
        }
        _ if a != b => found.push(format!("{path}: {a:.200} is not {b:.200}")),
        _ => {}
    }
}
