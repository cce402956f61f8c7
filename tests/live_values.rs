//! What is exported and shown is what real servers have: commands that `rdblens export` writes fill
//! an empty server with the same keys, and `rdblens show --value` says what the server answers.
//!
//! Run by `.ci/run live`. `RDBLENS_SEED` sets another seed.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rdblens::report::escape;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use support::live::{Link, Live, Reply, Words, facts, folder, words};
use support::program::run;
use support::values::commands;
use support::zoo::Zoo;

macro_rules! alike {
    ($($name:ident: $server:literal;)+) => {$(
        #[test]
        fn $name() {
            alike(&folder().join($server));
        }
    )+};
}

alike! {
    redis_6_2_14_libc: "redis-6.2.14-libc";
    redis_7_0_15: "redis-7.0.15";
    redis_8_2_3: "redis-8.2.3";
    redis_8_10_2_libc: "redis-8.10.2-libc";
    valkey_8_1_8_libc: "valkey-8.1.8-libc";
    valkey_9_1_2_libc: "valkey-9.1.2-libc";
}

/// A key as a server answers: its type, its content, when it expires, when its fields do.
type Answer = (String, Vec<Vec<u8>>, Option<i64>, BTreeMap<Vec<u8>, i64>);

/// By database and name.
type Answers = BTreeMap<(u64, Vec<u8>), Answer>;

fn alike(folder: &Path) {
    let seed = std::env::var("RDBLENS_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    let zoo = Zoo::new(&facts(folder), seed, false);
    let writer = Live::start(folder, &[], None);
    writer.link().must(&zoo.commands);
    writer.link().must(&awkward());
    let dump = writer.save();
    let found = answers(&mut writer.link());

    let exported = run(arguments("export", &dump, &[b"--format", b"resp"]));
    let said = String::from_utf8_lossy(&exported.stderr).into_owned();
    let all = found.len();
    let (truth, left_out): (Answers, Answers) =
        found.into_iter().partition(|(_, answer)| content(&answer.0).is_some());
    for ((db, name), (kind, ..)) in &left_out {
        // the rest of a longer name is not named
        let name = if name.len() > 200 { shown(&name[..200]) + "..." } else { shown(name) };
        let line = format!("\"{name}\" of database {db}: values of type {kind} are");
        assert!(said.contains(&line), "{line}: {said}");
    }
    let lines = said.lines().count();
    let expected = if left_out.is_empty() { 0 } else { left_out.len() + 1 };
    assert_eq!(lines, expected, "{said}");
    assert_eq!(exported.status.code(), Some(if left_out.is_empty() { 0 } else { 2 }), "{said}");
    let skipping = run(arguments("export", &dump, &[b"--format", b"resp", b"--skip-undecodable"]));
    assert_eq!((skipping.status.code(), &skipping.stdout), (Some(0), &exported.stdout));

    let reader = Live::start(folder, &[], None);
    let mut link = reader.link();
    for (db, command) in commands(&exported.stdout) {
        let select: Words = vec![b"SELECT".to_vec(), db];
        link.must(&[select, command]);
    }
    let copy = answers(&mut link);
    assert_eq!(copy.len(), truth.len(), "keys of {}", folder.display());
    for (key, answer) in &truth {
        assert!(near(answer, &copy[key]), "{key:?}: {answer:?}, copied as {:?}", copy[key]);
    }
    let shown = show(&dump, &truth);
    println!("{}: {all} keys, {} copied, {shown} shown", folder.display(), copy.len());
}

/// Names, values and scores that are hard to hand on.
fn awkward() -> Vec<Words> {
    let every: Vec<u8> = (0..=255).collect();
    let command = |line: &str, behind: &[&[u8]]| -> Words {
        words(line).into_iter().chain(behind.iter().map(|word| word.to_vec())).collect()
    };
    vec![
        command("SELECT 9", &[]),
        command("SET", &[&every, &every]),
        command("SET", &[b"\\x41 \"quoted\"", b""]),
        command("HSET hash:binary", &[&every, &every, b"", b"", b"n", b"-17"]),
        command("RPUSH list:binary", &[&every, b"", b"12", b"012", &[b'x'; 70_000]]),
        command("SADD set:binary", &[&every, b"", b"12"]),
        words("SADD set:numbers -9223372036854775808 9223372036854775807 0"),
        command("ZADD zset:binary -inf", &[&every, b"+inf", b"", b"0.1", b"a", b"-1e-300", b"b"]),
        words(
            "ZADD zset:numbers 1.7976931348623157e308 a 3 b 9007199254740993 c 3.3333333333333335 d",
        ),
        words("SET expiring 1 PX 4000000000"),
        words("SELECT 0"),
    ]
}

fn arguments(command: &str, dump: &Path, flags: &[&[u8]]) -> Vec<OsString> {
    use std::os::unix::ffi::OsStringExt;
    let flags = flags.iter().map(|flag| OsString::from_vec(flag.to_vec()));
    [command.into(), dump.into()].into_iter().chain(flags).collect()
}

fn shown(name: &[u8]) -> String {
    escape::terminal(name, escape::Charset::Utf8)
}

/// The commands that give all content of a value of this type, behind and before its name.
fn content(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "string" => ("GET", ""),
        "list" => ("LRANGE", "0 -1"),
        "set" => ("SMEMBERS", ""),
        "zset" => ("ZRANGE", "0 -1 WITHSCORES"),
        "hash" => ("HGETALL", ""),
        _ => return None,
    })
}

fn answers(link: &mut Link) -> Answers {
    let databases = link.info("keyspace").into_keys();
    let databases: Vec<u64> =
        databases.filter_map(|name| name.strip_prefix("db")?.parse().ok()).collect();
    let mut all = Answers::new();
    for db in databases {
        assert_eq!(link.ask(&format!("SELECT {db}")), Reply::Text(b"OK".into()));
        for name in texts(link.ask("KEYS *")) {
            let answer = answer(link, &name);
            all.insert((db, name), answer);
        }
    }
    all
}

fn ask(link: &mut Link, before: &str, name: &[u8], behind: &str) -> Reply {
    let mut command = words(before);
    command.push(name.to_vec());
    command.extend(behind.split_whitespace().map(|word| word.as_bytes().to_vec()));
    link.ask_all(&[command]).remove(0)
}

fn answer(link: &mut Link, name: &[u8]) -> Answer {
    let kind = ask(link, "TYPE", name, "").text();
    let Some((before, behind)) = content(&kind) else {
        return (kind, Vec::new(), None, BTreeMap::new());
    };
    let mut all = match ask(link, before, name, behind) {
        Reply::Text(text) => vec![text],
        several => texts(several),
    };
    let mut field_ttls = BTreeMap::new();
    if kind == "hash" {
        let mut pairs: Vec<_> = all.chunks(2).map(<[Vec<u8>]>::to_vec).collect();
        pairs.sort();
        all = pairs.concat();
        for field in all.iter().step_by(2) {
            let mut command = words("HPEXPIRETIME");
            command.extend([name.to_vec(), b"FIELDS".to_vec(), b"1".to_vec(), field.clone()]);
            // servers without field TTLs refuse
            if let Reply::Array(times) = link.ask_all(&[command]).remove(0)
                && let [Reply::Int(at @ 0..)] = times[..]
            {
                field_ttls.insert(field.clone(), at);
            }
        }
    }
    if kind == "set" {
        all.sort();
    }
    // servers before 7.0 only know how long it is from now
    let expires = match ask(link, "PEXPIRETIME", name, "") {
        Reply::Int(at) => Some(at).filter(|at| *at >= 0),
        _ => Some(ask(link, "PTTL", name, "").int()).filter(|at| *at >= 0),
    };
    (kind, all, expires, field_ttls)
}

fn texts(reply: Reply) -> Vec<Vec<u8>> {
    let text = |reply| match reply {
        Reply::Text(text) => text,
        other => panic!("a text was expected: {other:?}"),
    };
    reply.array().into_iter().map(text).collect()
}

/// Whether two servers say the same. What counts from now may have gone on for a minute.
fn near(one: &Answer, other: &Answer) -> bool {
    const A_LONG_TIME_AGO: i64 = 1_000_000_000_000;
    let same_time = match (one.2, other.2) {
        (Some(a), Some(b)) if a < A_LONG_TIME_AGO => a.abs_diff(b) < 60_000,
        (a, b) => a == b,
    };
    same_time && (&one.0, &one.1, &one.3) == (&other.0, &other.1, &other.3)
}

/// Compares what is shown of keys of each type; returns how many they were.
fn show(dump: &Path, truth: &Answers) -> usize {
    /// How many of each type.
    const SOME: usize = 20;
    let mut of_kind: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (key, answer) in truth {
        of_kind.entry(&answer.0).or_default().push((key, answer));
    }
    let mut all = 0;
    for keys in of_kind.into_values() {
        let step = keys.len().div_ceil(SOME);
        for ((db, name), answer) in keys.into_iter().step_by(step) {
            // no argument can hold a zero byte, so it is given as it is shown
            let typed = shown(name).into_bytes();
            let number = db.to_string();
            let flags = ["--value", "--format", "json", "--top", "1", "--db", &number, "--"];
            let flags: Vec<&[u8]> = flags.iter().map(|flag| flag.as_bytes()).collect();
            let flags = [flags, vec![typed.as_slice()]].concat();
            let shown = run(arguments("show", dump, &flags));
            let said = String::from_utf8_lossy(&shown.stderr).into_owned();
            assert_eq!(shown.status.code(), Some(0), "{name:?}: {said}");
            let shown: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
            compare(&shown["keys"][0], answer);
            all += 1;
        }
    }
    all
}

/// Compares a key that is shown with the server's own answers.
fn compare(shown: &Value, (kind, content, expires, field_ttls): &Answer) {
    assert_eq!(shown["type"], kind.as_str());
    let bytes = shown["bytes"].as_u64().expect("a number");
    let parts = shown["parts"].as_array().expect("parts").iter();
    let sum: u64 = parts.map(|part| part["bytes"].as_u64().expect("a number")).sum();
    assert_eq!(sum, bytes, "{shown}");
    let value = &shown["value"];
    let rows = || value.as_array().expect("an array").iter();
    let mut ours: Vec<Vec<u8>> = match kind.as_str() {
        "string" => vec![text(value)],
        "list" | "set" => rows().map(text).collect(),
        "zset" => {
            let mut pairs: Vec<_> =
                rows().map(|row| (number(&text(&row["score"])), text(&row["member"]))).collect();
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let theirs: Vec<_> =
                content.chunks(2).map(|pair| (number(&pair[1]), pair[0].clone())).collect();
            assert_eq!(pairs, theirs);
            return;
        }
        _ => {
            let mut pairs: Vec<_> =
                rows().map(|row| vec![text(&row["field"]), text(&row["value"])]).collect();
            pairs.sort();
            for row in rows() {
                let theirs = field_ttls.get(&text(&row["field"])).copied();
                assert_eq!(row["expires_at_ms"].as_i64(), theirs, "{row}");
            }
            pairs.concat()
        }
    };
    if kind == "set" {
        ours.sort();
    }
    assert!(ours == *content, "{shown}");
    assert_eq!(shown["expires_at_ms"].is_null(), expires.is_none());
}

fn number(text: &[u8]) -> f64 {
    std::str::from_utf8(text).expect("text").parse().expect("a number")
}

/// A text as it stands in JSON.
fn text(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        other => STANDARD.decode(other["base64"].as_str().expect("base64")).expect("base64"),
    }
}
