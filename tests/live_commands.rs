//! The lines that findings print do on a real server what the finding says, and nothing else: they
//! run in a real shell, with the server's own client.
//!
//! Run by `.ci/run live`, which installs the servers first.

// tests may panic
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::print_stdout
)]

mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread::{self, sleep};
use std::time::Duration;
use support::live::{Link, Live, Reply, Words, folder};
use support::program::run;
use tempfile::TempDir;

const SERVERS: [&str; 3] = ["redis-6.2.5", "redis-7.0.15", "valkey-8.1.1"];
const DAY_S: i64 = 86_400;

/// A server, and a shell in which the lines speak to it.
struct Place {
    name: &'static str,
    live: Live,
    folder: PathBuf,
    /// The client alone.
    path: TempDir,
}

/// A key with its database.
type Key = (u64, Vec<u8>);

impl Place {
    fn new(name: &'static str, options: &[&str]) -> Self {
        let folder = folder().join(name);
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let live = Live::start(&folder, &options, None);
        let path = tempfile::tempdir().expect("a folder");
        let place = Self { name, live, folder, path };
        let client = place.folder.join("client");
        assert!(client.exists(), "{name} has no client: run .ci/servers again");
        symlink(client, place.path.path().join(place.client())).expect("writable");
        place
    }

    fn client(&self) -> String {
        format!("{}-cli", self.name.split('-').next().unwrap())
    }

    /// What is found in its snapshot: findings of this kind, the lines that a shell can run.
    fn lines(&self, id: &str, more: &[&str]) -> Vec<(String, Vec<String>)> {
        let dump = self.live.save();
        let output = run(["--format", "json", dump.to_str().unwrap()].iter().chain(more));
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let found = report["findings"].as_array().unwrap().iter().filter(|f| f["id"] == id);
        let found: Vec<(String, Vec<String>)> = found
            .map(|finding| {
                let lines = finding["commands"].as_array().unwrap().iter();
                let lines = lines.map(|line| line.as_str().unwrap().to_owned());
                let subject = &finding["subject"]["pattern"];
                (subject.as_str().unwrap_or_default().to_owned(), lines.collect())
            })
            .collect();
        assert!(!found.is_empty(), "{}: no {id} in {}", self.name, report["findings"]);
        found
    }

    /// Pastes lines into a shell, after the one that docs/findings.md has for other servers than the
    /// local one.
    fn paste(&self, lines: &[String]) -> Output {
        let client = self.client();
        let port = self.live.port();
        let before = format!("{client}() {{ command {client} -h 127.0.0.1 -p {port} \"$@\"; }}");
        let path = format!("{}:/usr/bin:/bin", self.path.path().display());
        let output = Command::new("bash")
            .arg("-c")
            .arg(format!("{before}\n{}", lines.join("\n")))
            .env("PATH", path)
            .current_dir(self.path.path())
            .stdin(Stdio::null())
            .output()
            .expect("bash is there");
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        let is_refused = said.contains("ERR") || said.contains("Invalid argument");
        assert!(!is_refused && errors.is_empty(), "{lines:?}\n{said}\n{errors}");
        output
    }

    /// Pastes those of every finding, all at once.
    fn paste_all(&self, found: &[(String, Vec<String>)]) {
        thread::scope(|scope| {
            for (_, lines) in found {
                scope.spawn(|| self.paste(lines));
            }
        });
    }

    /// Its keys, and in how many milliseconds they expire.
    fn keys(&self) -> BTreeMap<Key, i64> {
        [0, 3].into_iter().flat_map(|db| self.keys_of(db)).collect()
    }

    fn keys_of(&self, db: u64) -> Vec<(Key, i64)> {
        let mut link = self.db(db);
        let names: Vec<Vec<u8>> = link.ask("KEYS *").array().into_iter().map(text).collect();
        let ask: Vec<Words> = names.iter().map(|name| command([b"PTTL", &name[..]])).collect();
        let left = link.ask_all(&ask).into_iter().map(|reply| reply.int());
        names.into_iter().map(|name| (db, name)).zip(left).collect()
    }

    fn db(&self, db: u64) -> Link {
        let mut link = self.live.link();
        // a cluster has no other than the first
        if db > 0 {
            link.must(&[command([&b"SELECT"[..], db.to_string().as_bytes()])]);
        }
        link
    }

    fn fill(&self, db: u64, commands: impl IntoIterator<Item = Words>) {
        self.db(db).must(&commands.into_iter().collect::<Vec<_>>());
    }
}

fn text(reply: Reply) -> Vec<u8> {
    match reply {
        Reply::Text(text) => text,
        other => panic!("a text was expected: {other:?}"),
    }
}

fn command<const N: usize>(parts: [&[u8]; N]) -> Words {
    parts.iter().map(|part| part.to_vec()).collect()
}

fn set(name: impl AsRef<[u8]>, len: usize, ttl_s: Option<i64>) -> Words {
    let mut words = command([b"SET", name.as_ref(), &vec![b'v'; len]]);
    if let Some(ttl) = ttl_s {
        words.extend([b"EX".to_vec(), ttl.to_string().into_bytes()]);
    }
    words
}

/// Keys of which a line should change the TTL, and all others.
fn changed(before: &BTreeMap<Key, i64>, after: &BTreeMap<Key, i64>) -> BTreeSet<Key> {
    let names = |keys: &BTreeMap<Key, i64>| keys.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(before), names(after));
    // a minute may have passed
    let stays = |key: &Key, left: i64| {
        before[key].abs_diff(left) < 60_000 && left.signum() == before[key].signum()
    };
    after.iter().filter(|(key, left)| !stays(key, **left)).map(|(key, _)| key.clone()).collect()
}

fn shown(keys: &BTreeSet<Key>) -> Vec<String> {
    keys.iter().map(|(db, name)| format!("{db} {}", name.escape_ascii())).collect()
}

/// Beginnings of names that a shell, a client, a glob or a regular expression would take for
/// something else.
const HOSTILE: [&[u8]; 32] = [
    b"plain:",
    b"it's:",
    b"say \"x\":",
    b"a b:",
    b"star*:",
    b"q?:",
    b"br[ac]:",
    b"not[^a]:",
    b"back\\slash:",
    b"end\\:",
    b"dollar$HOME$(touch pwned):",
    b"tick`touch pwned`:",
    b"semi;touch pwned:",
    b"and&co:",
    b"pipe|x:",
    b"caret^x:",
    b"paren(x):",
    b"plus+.x:",
    b"brace{x}:",
    b"slash/x:",
    b"per%s%%:",
    b"-dash:",
    b"#hash:",
    b"!bang:",
    b"~tilde:",
    b"<in>out:",
    "uni-\u{e9}:".as_bytes(),
    "\u{436}\u{4e2d}:".as_bytes(),
    b"raw-\xff\xfe:",
    b"tab\t:",
    b"esc\x1b[2J:",
    b"cr\r:",
];
/// These are left out, as docs/findings.md says.
const LEFT_OUT: [&[u8]; 2] = [b"new\nline:", b"nul\0:"];

/// Keys `prefix` with a number, every tenth of them without a TTL; and others that are not of the
/// pattern.
fn leak(prefix: &[u8]) -> Vec<Words> {
    let name = |end: &str| [prefix, end.as_bytes()].concat();
    let mut commands: Vec<Words> =
        (100..140).map(|i| set(name(&i.to_string()), 2000, (i % 10 > 0).then_some(3000))).collect();
    let others = ["guest", "100:cart", "100 ", "*", "[1]", "?", "", "1\nnext:100", "'", "\"", "\\"];
    commands.extend(others.map(|end| set(name(end), 10, None)));
    commands.push(set([b"x", prefix, b"100"].concat(), 10, None));
    commands
}

#[test]
fn a_leak_is_mended_whatever_the_names() {
    for server in SERVERS {
        let place = Place::new(server, &[]);
        for db in [0, 3] {
            place.fill(db, HOSTILE.iter().chain(&LEFT_OUT).flat_map(|prefix| leak(prefix)));
        }
        let before = place.keys();
        let found = place.lines("ttl-leak", &[]);
        place.paste_all(&found);
        let after = place.keys();
        let forgotten = |prefix: &&[u8]| {
            let name = |i: u32| [prefix, i.to_string().as_bytes()].concat();
            (100..140).step_by(10).map(name).collect::<Vec<_>>()
        };
        let want: BTreeSet<Key> = [0, 3]
            .into_iter()
            .flat_map(|db| HOSTILE.iter().flat_map(forgotten).map(move |name| (db, name)))
            .collect();
        let got = changed(&before, &after);
        let missing = shown(&want.difference(&got).cloned().collect());
        let wrong = shown(&got.difference(&want).cloned().collect());
        assert!(missing.is_empty() && wrong.is_empty(), "{server}: {missing:#?} {wrong:#?}");
        assert_eq!(found.len(), HOSTILE.len() + LEFT_OUT.len());
        assert!(got.iter().all(|key| (1..=3_600_000).contains(&after[key])));
        assert!(!place.path.path().join("pwned").exists());
    }
}

#[test]
fn a_line_leaves_out_what_other_patterns_have() {
    // three digits, and the same as letters
    let word =
        |i: u8| i.to_string().bytes().map(|digit| char::from(digit + 49)).collect::<String>();
    let leak = |i: u8, name: String| set(name, 2000, (!i.is_multiple_of(20)).then_some(3000));
    let (of, numbers) = (|name: &str, i: u8| format!("{name}{i}"), 100..200);
    let rules = ["cache:product:*", "c[a]che:*", "user:11[0-4]?"];
    let rules: Vec<&str> = rules.iter().flat_map(|rule| ["--pattern", rule]).collect();
    for server in SERVERS {
        let place = Place::new(server, &[]);
        for name in ["cache:product:", "cache:page:", "user:1", "mixed:"] {
            place.fill(0, numbers.clone().map(|i| leak(i, of(name, i))));
        }
        place.fill(0, numbers.clone().map(|i| leak(i, format!("mixed:{}", word(i)))));
        // lines of a name with line breaks look like names, and one with a zero is cut there
        let others = ["other", "cache:page:7\nother", "cache:\nother", "other\0cache:page:7"];
        place.fill(0, others.map(|name| set(name, 10, None)));
        let mut before = place.keys();
        let mut check = |pattern: &str, want: Vec<String>| {
            let mut found = place.lines("ttl-leak", &rules);
            found.retain(|(subject, _)| subject == pattern);
            assert_eq!(found.len(), 1, "{pattern}");
            place.paste_all(&found);
            let after = place.keys();
            let want = want.into_iter().map(|name| (0, name.into_bytes())).collect();
            assert_eq!(shown(&changed(&before, &after)), shown(&want), "{server} {pattern}");
            before = after;
        };
        let forgotten = || numbers.clone().step_by(20);
        check("c[a]che:*", forgotten().map(|i| of("cache:page:", i)).collect());
        check("cache:product:*", forgotten().map(|i| of("cache:product:", i)).collect());
        check("user:{int}", [160, 180].map(|i| of("user:1", i)).to_vec());
        check("user:11[0-4]?", [100, 120, 140].map(|i| of("user:1", i)).to_vec());
        check("mixed:{*}", forgotten().map(|i| format!("mixed:{}", word(i))).collect());
        check("mixed:{int}", forgotten().map(|i| of("mixed:", i)).collect());
    }
}

#[test]
fn what_never_expires_gets_a_ttl_or_a_length() {
    for server in SERVERS {
        let place = Place::new(server, &[]);
        place.fill(0, (100..300).map(|i| set(format!("page:{i}"), 3000, None)));
        let numbers: Vec<Vec<u8>> = (0..10_300).map(|i: u32| i.to_string().into_bytes()).collect();
        let push = |name: String| {
            let words = [b"RPUSH".to_vec(), name.into_bytes()].into_iter();
            words.chain(numbers.iter().cloned()).collect::<Words>()
        };
        place.fill(0, (0..12).map(|i| push(format!("queue:{i}"))));
        let add = |i: usize| {
            let name = format!("events:{}", i % 12);
            command([b"XADD", name.as_bytes(), b"*", b"field", b"value"])
        };
        place.fill(0, (0..12 * 10_300).map(add));
        place.fill(0, [set("page:index", 3000, None), push("queue:failed".to_owned())]);
        let before = place.keys();
        let found = place.lines("never-expires", &[]);
        let of = |pattern: &str| {
            let found: Vec<_> =
                found.iter().filter(|(subject, _)| subject == pattern).cloned().collect();
            assert_eq!(found.len(), 1, "{pattern} {found:#?}");
            found
        };
        place.paste_all(&[of("page:{int}"), of("queue:{int}"), of("events:{int}")].concat());
        let after = place.keys();
        let got = changed(&before, &after);
        assert_eq!(
            shown(&got),
            shown(&(100..300).map(|i| (0, format!("page:{i}").into_bytes())).collect())
        );
        assert!(got.iter().all(|key| after[key] > 29 * DAY_S * 1000));
        let mut link = place.live.link();
        for i in 0..12 {
            assert_eq!(link.ask(&format!("LLEN queue:{i}")), Reply::Int(10_000));
            assert_eq!(link.ask(&format!("LINDEX queue:{i} 0")).text(), "300");
            let len = link.ask(&format!("XLEN events:{i}")).int();
            assert!((10_000..10_300).contains(&len), "{len}");
        }
        assert_eq!(link.ask("LLEN queue:failed"), Reply::Int(10_300));
    }
}

#[test]
fn long_ttls_are_shortened_and_no_others() {
    for server in SERVERS {
        let place = Place::new(server, &[]);
        let ttl = |i: usize| {
            [None, Some(100), Some(20 * DAY_S), Some(40 * DAY_S), Some(800 * DAY_S)][i % 5]
        };
        for db in [0, 3] {
            place.fill(db, (100..600).map(|i| set(format!("to/ken \"&'\\:{i}"), 1000, ttl(i))));
            place.fill(db, (100..600).map(|i| set(format!("to/ken \"&'\\:x:{i}"), 10, ttl(i))));
        }
        let before = place.keys();
        let found = place.lines("long-ttl", &[]);
        assert_eq!(found.len(), 1);
        place.paste_all(&found);
        let after = place.keys();
        let is_long = |i: &usize| ttl(*i).is_some_and(|ttl| ttl > 30 * DAY_S);
        let long: BTreeSet<Key> = [0, 3]
            .into_iter()
            .flat_map(|db| {
                let long = (100..600).filter(is_long);
                long.map(move |i| (db, format!("to/ken \"&'\\:{i}").into_bytes()))
            })
            .collect();
        let got = changed(&before, &after);
        assert_eq!(shown(&got), shown(&long));
        assert!(
            got.iter().all(|key| (29 * DAY_S * 1000..=30 * DAY_S * 1000).contains(&after[key]))
        );
    }
}

#[test]
fn what_is_idle_is_deleted_and_what_is_used_is_not() {
    // Redis 6.2.5 forgets by RESTORE how long a key was idle that has been so longer than itself
    for server in &SERVERS[1..] {
        let place = Place::new(server, &["--maxmemory-policy", "allkeys-lru"]);
        place.fill(0, [set("payload", 1000, None)]);
        let payload = text(place.live.link().ask("DUMP payload"));
        let restore = |i: i64| {
            let idle = if i % 3 == 0 { 31 * DAY_S } else { 29 * DAY_S };
            let (name, idle) = (format!("it's \"{i}\""), idle.to_string());
            command([b"RESTORE", name.as_bytes(), b"0", &payload, b"IDLETIME", idle.as_bytes()])
        };
        place.fill(0, (100..400).map(restore));
        let found = place.lines("idle-keys", &[]);
        assert_eq!(found.len(), 1, "{found:#?}");
        place.paste_all(&found);
        let mut want: BTreeSet<Key> = (100..400)
            .filter(|i| i % 3 > 0)
            .map(|i| (0, format!("it's \"{i}\"").into_bytes()))
            .collect();
        want.insert((0, b"payload".to_vec()));
        assert_eq!(shown(&place.keys().into_keys().collect()), shown(&want), "{server}");
    }
}

#[test]
fn a_big_key_is_unlinked_by_its_name_whatever_that_is() {
    for server in SERVERS {
        let place = Place::new(server, &[]);
        let names = HOSTILE.iter().chain(&LEFT_OUT);
        for db in [0, 3] {
            place.fill(
                db,
                names.clone().map(|name| set(name, if db == 3 { 2 << 20 } else { 10 }, None)),
            );
        }
        let before: BTreeSet<Key> = place.keys().into_keys().collect();
        let found = place.lines("big-key", &["--top", "40"]);
        assert_eq!(found.len(), names.clone().count());
        for (_, lines) in &found {
            assert_eq!(String::from_utf8_lossy(&place.paste(lines).stdout), "1\n", "{lines:?}");
        }
        let left: BTreeSet<Key> = place.keys().into_keys().collect();
        let want = before.into_iter().filter(|(db, _)| *db == 0).collect();
        assert_eq!(shown(&left), shown(&want), "{server}");
    }
}

#[test]
fn a_walk_removes_what_is_over_its_time() {
    for server in SERVERS {
        let debug = if server.starts_with("redis-6") {
            &[][..]
        } else {
            &["--enable-debug-command", "yes"]
        };
        let place = Place::new(server, debug);
        place.fill(0, [command([b"DEBUG", b"SET-ACTIVE-EXPIRE", b"0"])]);
        for db in [0, 3] {
            place.fill(db, (0..500).map(|i| set(format!("old:{i}"), 500, Some(1))));
            place.fill(
                db,
                (0..500).map(|i| set(format!("new:{i}"), 500, (i % 2 > 0).then_some(DAY_S))),
            );
        }
        // a snapshot tells its time in seconds
        sleep(Duration::from_millis(2100));
        let found = place.lines("expired-held", &[]);
        let size = |db| place.db(db).ask("DBSIZE").int();
        assert_eq!([0, 3].map(size), [1000, 1000]);
        place.paste_all(&found);
        assert_eq!([0, 3].map(size), [500, 500], "{server}");
        let effort = place.live.link().ask("CONFIG GET active-expire-effort").array();
        assert_eq!(effort[1].text(), "4");
    }
}

#[test]
fn limits_are_set_as_they_are_named() {
    for server in SERVERS {
        let place = Place::new(server, &[]);
        let fields = |name: String, head: &str| {
            let pairs = (0..700).flat_map(|j| [j.to_string().into_bytes(), b"v".to_vec()]);
            let pairs = pairs.take(if head == "SADD" { 1000 } else { 1400 });
            [head.as_bytes().to_vec(), name.into_bytes()]
                .into_iter()
                .chain(pairs)
                .collect::<Words>()
        };
        place.fill(0, (0..40).map(|i| fields(format!("cart:{i}"), "HSET")));
        let numbers = |i: u32| {
            let members = (0..700).map(move |j| (j * 100_003 + i).to_string().into_bytes());
            [b"SADD".to_vec(), format!("tags:{i}").into_bytes()].into_iter().chain(members)
        };
        place.fill(0, (0..40).map(|i| numbers(i).collect()));
        for (id, name) in [
            ("listpack-limit", "hash-max-listpack-entries"),
            ("intset-limit", "set-max-intset-entries"),
        ] {
            let name = match server.starts_with("redis-6") {
                true => name.replace("listpack", "ziplist"),
                false => name.to_owned(),
            };
            let mut found = place.lines(id, &[]);
            // the server was started without a file
            found[0].1.retain(|line| !line.ends_with("CONFIG REWRITE"));
            let value = |link: &mut Link| link.ask(&format!("CONFIG GET {name}")).array()[1].text();
            let before: u64 = value(&mut place.live.link()).parse().unwrap();
            place.paste_all(&found);
            let after: u64 = value(&mut place.live.link()).parse().unwrap();
            assert!(
                after > before && found[0].1.concat().contains(&format!("{name} {after}")),
                "{found:?}"
            );
        }
    }
}

#[test]
fn a_hot_slot_and_databases_are_shown() {
    // of those named, the one whose snapshots tell slots
    let place = Place::new(SERVERS[2], &["--cluster-enabled", "yes"]);
    place.fill(0, [command([b"CLUSTER", b"ADDSLOTSRANGE", b"0", b"16383"])]);
    while !place.live.link().ask("CLUSTER INFO").text().contains("cluster_state:ok") {
        sleep(Duration::from_millis(50));
    }
    place.fill(0, (0..200).map(|i| set(format!("user:{i}"), 100, None)));
    place.fill(0, (0..2000).map(|i| set(format!("{{ten'ant}}:{i}"), 1000, None)));
    let found = place.lines("hot-slot", &[]);
    let output = place.paste(&found[0].1);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.lines().filter(|name| name.starts_with("{ten'ant}:")).count(), 20, "{said}");
    // and a walk in a cluster
    place.paste_all(&place.lines("never-expires", &[]));
    let expiring = place.keys_of(0).into_iter().filter(|(_, left)| *left > 0);
    assert_eq!(expiring.count(), 2000);

    let place = Place::new(SERVERS[1], &[]);
    place.fill(3, [set("a", 10, None)]);
    let found = place.lines("many-databases", &[]);
    let output = place.paste(&found[0].1);
    assert!(String::from_utf8_lossy(&output.stdout).contains("db3:keys=1"));
}
