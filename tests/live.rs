//! Real servers are filled with random data, save it, load it again, and are asked about every key:
//! what the program says of the dump is what they say.
//!
//! Run by `.ci/run live`, which installs the servers first. `RDBLENS_SEED` sets another seed.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};
use support::fixture::{Answer, Answers};
use support::judge::{Limits, compare};
use support::live::{Link, Live, Reply, Words, facts, folder, words};
use support::program::{flags, keys, report};
use support::zoo::Zoo;

/// Settings to start a server with, under a name.
struct Case {
    name: &'static str,
    settings: &'static [(&'static str, &'static str)],
}

const CASES: [Case; 5] = [
    Case { name: "defaults", settings: &[] },
    Case { name: "lru", settings: &[("maxmemory", "2gb"), ("maxmemory-policy", "allkeys-lru")] },
    Case { name: "lfu", settings: &[("maxmemory-policy", "volatile-lfu")] },
    Case {
        name: "limits",
        settings: &[
            ("hash-max-ziplist-entries", "40"),
            ("hash-max-ziplist-value", "20"),
            ("zset-max-ziplist-entries", "300"),
            ("zset-max-ziplist-value", "100"),
            ("set-max-intset-entries", "100"),
            ("list-max-ziplist-size", "-1"),
            ("stream-node-max-entries", "30"),
        ],
    },
    Case { name: "cluster", settings: &[("cluster-enabled", "yes")] },
];

macro_rules! agrees {
    ($($name:ident: $server:literal;)+) => {$(
        #[test]
        fn $name() {
            agree(&folder().join($server));
        }
    )+};
}

agrees! {
    redis_6_2_5: "redis-6.2.5";
    redis_6_2_14_libc: "redis-6.2.14-libc";
    redis_7_0_15: "redis-7.0.15";
    redis_8_0_2: "redis-8.0.2";
    redis_8_2_3: "redis-8.2.3";
    redis_8_10_2_libc: "redis-8.10.2-libc";
    valkey_8_1_1: "valkey-8.1.1";
    valkey_8_1_8_libc: "valkey-8.1.8-libc";
    valkey_9_1_2_libc: "valkey-9.1.2-libc";
}

/// Tries all cases on one server; what is found is shown at once.
fn agree(folder: &Path) {
    let found: Vec<_> = CASES.iter().filter_map(|case| judge(folder, case)).collect();
    assert!(found.is_empty(), "{}:\n{}", folder.display(), found.join("\n"));
}

fn seed() -> u64 {
    std::env::var("RDBLENS_SEED").map_or(1, |seed| seed.parse().expect("a number"))
}

/// What differs between us and a server of `case`, in words.
fn judge(folder: &Path, case: &Case) -> Option<String> {
    let mut server = facts(folder);
    let pairs = case.settings.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    server.settings = pairs.collect();
    let pairs = case.settings.iter();
    let mut options: Vec<String> =
        pairs.flat_map(|(name, value)| [format!("--{name}"), (*value).to_owned()]).collect();
    if case.name == "cluster" {
        // one that loads a dump takes the slots of its keys, and no others
        options.extend(["--cluster-require-full-coverage".into(), "no".into()]);
    }
    let zoo = Zoo::new(&server, seed(), case.name == "cluster");

    let writer = fill(folder, &options, case, &zoo.commands);
    let dump = writer.save();
    let (truth, used) = answers(folder, &options, &dump, &zoo);
    let idle = idle(folder, &options);

    let dir = tempfile::tempdir().expect("a folder");
    let flags = flags(&server, false, &dir.path().join("server.conf"));
    let comparison = compare(&keys(&dump, &flags), &truth, &server, |_| false);
    let mut found = comparison.faults(Limits::of(&server.allocator));
    found.extend(comparison.wrong.iter().take(10).cloned());
    found.extend(whole(&report(&dump, &flags)["instance"]["total_bytes"], used - idle));
    println!(
        "{} {}: {} keys, fixed {:.2} % exact, {:+.4} %, random {:+.3} %",
        folder.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
        case.name,
        truth.len(),
        comparison.fixed.share() * 100.0,
        comparison.fixed.off() * 100.0,
        comparison.random.off() * 100.0,
    );
    let table = comparison.table();
    (!found.is_empty()).then(|| format!("{}: {}\n{table}", case.name, found.join("\n  ")))
}

/// Whether our total is off by more than 1 % and 64 KB.
fn whole(total: &serde_json::Value, used: u64) -> Option<String> {
    let total = total.as_u64().expect("a total");
    let off = total.abs_diff(used);
    let share = off as f64 / used as f64 * 100.0;
    (off > (used / 100).max(64 << 10))
        .then(|| format!("whole instance {total}, the server uses {used}: {share:.2} % off"))
}

/// A server with all the data.
fn fill(folder: &Path, options: &[String], case: &Case, commands: &[Words]) -> Live {
    let live = Live::start(folder, options, None);
    let mut link = live.link();
    if case.name == "cluster" {
        let slots: Words = (0..16384).map(|slot| slot.to_string().into_bytes()).collect();
        link.must(&[[words("CLUSTER ADDSLOTS"), slots].concat()]);
        wait_for_cluster(&mut link);
    }
    link.must(commands);
    live
}

/// Waits until a server in cluster mode answers about its keys.
fn wait_for_cluster(link: &mut Link) {
    let give_up = Instant::now() + Duration::from_secs(30);
    while !link.ask("CLUSTER INFO").text().contains("cluster_state:ok") {
        assert!(Instant::now() < give_up, "the cluster does not come up");
        sleep(Duration::from_millis(50));
    }
}

/// What an empty server holds beyond its start-up memory.
fn idle(folder: &Path, options: &[String]) -> u64 {
    let live = Live::start(folder, options, None);
    sleep(Duration::from_millis(1200));
    let memory = live.link().info("memory");
    let number = |name: &str| memory[name].parse::<u64>().expect("a number");
    number("used_memory") - number("used_memory_startup")
}

/// What servers that load `dump` answer about each key, and how much memory they use then. It is
/// loaded twice, since a few answers depend on what a server draws at random.
fn answers(folder: &Path, options: &[String], dump: &Path, zoo: &Zoo) -> (Answers, u64) {
    let (mut truth, used) = loaded(folder, options, dump, zoo);
    let (again, _) = loaded(folder, options, dump, zoo);
    assert_eq!(truth.len(), again.len(), "two loads of one dump");
    for (key, answer) in &mut truth {
        answer.memory_usage_again = again[key].memory_usage;
    }
    (truth, used)
}

fn loaded(folder: &Path, options: &[String], dump: &Path, zoo: &Zoo) -> (Answers, u64) {
    let live = Live::start(folder, options, Some(dump));
    // tables that grew while it loaded move to their new places
    sleep(Duration::from_millis(1200));
    let mut link = live.link();
    let used = link.info("memory")["used_memory"].parse().expect("a number");
    if options.iter().any(|option| option == "--cluster-enabled") {
        wait_for_cluster(&mut link);
    }
    let expiries: HashMap<_, _> =
        zoo.expiries.iter().map(|(db, key, at)| ((*db, key.clone()), *at)).collect();
    let mut truth = Answers::new();
    for db in databases(&mut link) {
        if db != 0 {
            assert_eq!(link.ask(&format!("SELECT {db}")), Reply::Text(b"OK".into()));
        }
        for (key, mut answer) in ask_keys(&mut link, db) {
            answer.expires = answer.expires.or_else(|| expiries.get(&(db, key.clone())).copied());
            truth.insert((db, key), answer);
        }
    }
    (truth, used)
}

fn databases(link: &mut Link) -> Vec<u64> {
    let names = link.info("keyspace").into_keys();
    names.filter_map(|name| name.strip_prefix("db")?.parse().ok()).collect()
}

/// Asks about every key of the database.
fn ask_keys(link: &mut Link, db: u64) -> Vec<(Vec<u8>, Answer)> {
    let names = link.ask("KEYS *").array().into_iter();
    let names: Vec<Vec<u8>> = names
        .map(|name| match name {
            Reply::Text(name) => name,
            other => panic!("a name was expected: {other:?}"),
        })
        .collect();
    let ask = |link: &mut Link, command: &dyn Fn(usize) -> String, behind: &str| {
        let line = |(n, name): (usize, &Vec<u8>)| {
            let mut line = words(&command(n));
            line.push(name.clone());
            line.extend(behind.split_whitespace().map(|word| word.as_bytes().to_vec()));
            line
        };
        let lines: Vec<_> = names.iter().enumerate().map(line).collect();
        link.ask_all(&lines)
    };
    let kinds: Vec<_> = ask(link, &|_| "TYPE".into(), "").iter().map(Reply::text).collect();
    let usages = ask(link, &|_| "MEMORY USAGE".into(), "SAMPLES 0");
    let encodings = ask(link, &|_| "OBJECT ENCODING".into(), "");
    let lengths = ask(link, &|n| length_command(&kinds[n]).unwrap_or("EXISTS").into(), "");
    let expiries = ask(link, &|_| "PEXPIRETIME".into(), "");
    names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let answer = Answer {
                db,
                key_b64: STANDARD.encode(name),
                kind: kinds[n].clone(),
                encoding: encodings[n].text(),
                memory_usage: Some(usages[n].int().cast_unsigned()),
                memory_usage_again: None,
                // servers before 7.0 refuse, and answer for themselves below
                expires: match expiries[n] {
                    Reply::Int(at) if at >= 0 => Some(at),
                    _ => None,
                },
                len: length_command(&kinds[n]).map(|_| lengths[n].int().cast_unsigned()),
                freq: None,
            };
            (name.clone(), answer)
        })
        .collect()
}

/// The command that tells how long a value of this type is.
fn length_command(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "string" => "STRLEN",
        "list" => "LLEN",
        "set" => "SCARD",
        "zset" => "ZCARD",
        "hash" => "HLEN",
        "stream" => "XLEN",
        _ => return None,
    })
}
