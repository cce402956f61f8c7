//! What a finding names as saved is what a real server saves when the change is made.
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
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;
use support::live::{Live, Words, facts, folder};
use support::program::{flags, report};

const SERVERS: [&str; 3] = ["redis-7.0.15", "redis-8.2.3", "valkey-8.1.1"];

/// What the server says that it uses, once that stands still. The one link that asks is part of it,
/// alike in all servers compared; `mem_clients_normal` may not be taken off: a server sums that up
/// now and then, and whether this link is in it is chance.
fn used(live: &Live) -> u64 {
    let mut last = [0; 3];
    for _ in 0..100 {
        sleep(Duration::from_millis(150));
        let used = live.link().info("memory")["used_memory"].parse().expect("a number");
        last = [last[1], last[2], used];
        if last[0] == last[1] && last[1] == last[2] {
            return used;
        }
    }
    panic!("used_memory does not stand still: {last:?}");
}

/// What a server uses that has just loaded this dump: its clients have left nothing behind.
fn loaded(folder: &Path, options: &[String], dump: &Path) -> u64 {
    let live = Live::start(folder, options, Some(dump));
    // tables that grew while it loaded move to their new places, a little ten times a second
    sleep(Duration::from_millis(1500));
    used(&live)
}

/// The bytes of the one finding of this kind in a dump of the server in `folder`.
fn claimed(folder: &Path, dump: &Path, id: &str) -> u64 {
    let config = tempfile::NamedTempFile::new().expect("writable");
    let report: Value = report(dump, &flags(&facts(folder), false, config.path()));
    let found: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|f| f["id"] == id).collect();
    assert_eq!(found.len(), 1, "{id}: {}", report["findings"]);
    found[0]["bytes"].as_u64().unwrap()
}

fn within(what: &str, claimed: u64, saved: u64) {
    let off = claimed as f64 / saved as f64 - 1.0;
    println!("{what}: claimed {claimed}, saved {saved}, {:+.2} %", off * 100.0);
    assert!(off.abs() <= 0.02, "{what}: claimed {claimed}, saved {saved}");
}

fn command(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Words {
    parts.into_iter().map(|part| part.as_ref().to_vec()).collect()
}

fn fill(live: &Live, commands: impl IntoIterator<Item = Words>) {
    live.link().must(&commands.into_iter().collect::<Vec<_>>());
}

/// What is saved by loading the dump with another setting.
fn limit(fill_with: &dyn Fn(&Live), id: &str, setting: [&str; 2]) {
    for name in SERVERS {
        let folder = folder().join(name);
        let live = Live::start(&folder, &[], None);
        fill_with(&live);
        let dump = live.save();
        let claim = claimed(&folder, &dump, id);
        let [option, value] = setting;
        let options = [format!("--{option}"), value.to_owned()];
        let before = loaded(&folder, &[], &dump);
        let after = loaded(&folder, &options, &dump);
        within(&format!("{name} {id} {option}"), claim, before - after);
    }
}

// Names differ from key to key, or all tables would collide alike, by what a server draws at random.

#[test]
fn a_listpack_limit() {
    let hashes = |live: &Live| {
        fill(
            live,
            (0..150).map(|i| {
                let fields =
                    (0..600).flat_map(|j| [format!("field{j}-{i}"), format!("value{}", j * i)]);
                command(["HSET".to_owned(), format!("cart:{i}")].into_iter().chain(fields))
            }),
        );
    };
    limit(&hashes, "listpack-limit", ["hash-max-listpack-entries", "1024"]);
    let boards = |live: &Live| {
        fill(
            live,
            (0..300).map(|i| {
                let members =
                    (0..200).flat_map(|j| [format!("{}", j * 3), format!("member{j}-{i}")]);
                command(["ZADD".to_owned(), format!("board:{i}")].into_iter().chain(members))
            }),
        );
    };
    limit(&boards, "listpack-limit", ["zset-max-listpack-entries", "256"]);
}

#[test]
fn an_intset_limit() {
    let sets = |live: &Live| {
        fill(
            live,
            (0..150).map(|i| {
                let members = (0..700).map(|j| (j * 100_003 + i).to_string());
                command(["SADD".to_owned(), format!("tags:{i}")].into_iter().chain(members))
            }),
        );
    };
    limit(&sets, "intset-limit", ["set-max-intset-entries", "1024"]);
}

#[test]
fn json_as_hashes() {
    for name in SERVERS {
        let folder = folder().join(name);
        let live = Live::start(&folder, &[], None);
        let users = 0..20_000;
        let values = |i: u64| {
            [
                ("visits", i.to_string()),
                ("mail", format!("user{i}@example.org")),
                ("country_of_residence", "de".to_owned()),
                ("preferred_language", "en".to_owned()),
                ("last_login_at", (1_700_000_000 + i).to_string()),
                ("notification_level", "weekly".to_owned()),
            ]
        };
        fill(
            &live,
            users.clone().map(|i| {
                let fields = values(i).map(|(field, value)| format!("\"{field}\": \"{value}\""));
                let json = format!("{{{}}}", fields.join(", "));
                command(["SET", &format!("user:{i}"), &json])
            }),
        );
        let dump = live.save();
        let claim = claimed(&folder, &dump, "json-strings");
        let before = loaded(&folder, &[], &dump);
        fill(
            &live,
            users.flat_map(|i| {
                let key = format!("user:{i}");
                let fields = values(i).into_iter().flat_map(|(f, v)| [f.to_owned(), v]);
                let set = ["HSET".to_owned(), key.clone()].into_iter().chain(fields);
                [command(["DEL", &key]), command(set)]
            }),
        );
        within(&format!("{name} json-strings"), claim, before - loaded(&folder, &[], &live.save()));
    }
}

#[test]
fn compression_that_the_server_did_not_do() {
    for name in SERVERS {
        let folder = folder().join(name);
        let live = Live::start(&folder, &["--rdbcompression".into(), "no".into()], None);
        let page = |i: u64| {
            let rows = (0..5 + i % 300).map(|j| format!("<li id=\"{}\">{}</li>", i * j, j * 7919));
            format!("<html><body><ul>{}</ul>", rows.collect::<String>())
        };
        // more than are tried, and some of which no more than the beginning is
        fill(
            &live,
            (0..6000).map(|i| command(["SET", &format!("page:{i}"), &page(i)])).chain((0..40).map(
                |i| command(["SET", &format!("page:{}", 10_000 + i), &page(i + 299).repeat(5)]),
            )),
        );
        let tried = claimed(&folder, &live.save(), "compressible");
        live.link().must(&[command(["CONFIG", "SET", "rdbcompression", "yes"])]);
        let shown = claimed(&folder, &live.save(), "compressible");
        within(&format!("{name} compressible"), tried, shown);
    }
}

#[test]
fn keys_without_a_ttl_that_get_one() {
    for name in SERVERS {
        let folder = folder().join(name);
        let live = Live::start(&folder, &[], None);
        let key = |i: u64| format!("session:{i}");
        let is_forgotten = |i: &u64| i.is_multiple_of(20);
        fill(
            &live,
            (0..20_000).map(|i| {
                let set = ["SET".to_owned(), key(i), "x".repeat(3000)];
                let ttl = ["EX".to_owned(), "3600".to_owned()];
                command(set.into_iter().chain(ttl.into_iter().filter(|_| !is_forgotten(&i))))
            }),
        );
        let dump = live.save();
        let claim = claimed(&folder, &dump, "ttl-leak");
        let before = loaded(&folder, &[], &dump);
        // as the finding's line does, but soon over
        let soon = |i: u64| command(["PEXPIRE", &key(i), "1", "NX"]);
        fill(&live, (0..20_000).map(soon));
        sleep(Duration::from_millis(50));
        fill(&live, (0..20_000).filter(is_forgotten).map(|i| command(["EXISTS", &key(i)])));
        within(&format!("{name} ttl-leak"), claim, before - loaded(&folder, &[], &live.save()));
    }
}
