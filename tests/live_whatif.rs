//! A limit is changed on real servers, which load their dump with it: what they save by that is
//! what `rdblens whatif --set` said of the dump before.
//!
//! Run by `.ci/run live`, which installs the servers first.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod support;

use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use support::live::{Link, Live, Words, facts, folder};
use support::program::run;

/// Commands that make keys which are beyond a limit, and the limit that takes them in.
struct Case {
    setting: &'static str,
    value: &'static str,
    fill: fn() -> Vec<Words>,
}

const CASES: [Case; 3] = [
    Case { setting: "hash-max-ziplist-entries", value: "1024", fill: hashes },
    Case { setting: "zset-max-ziplist-entries", value: "1024", fill: zsets },
    Case { setting: "set-max-intset-entries", value: "2048", fill: sets },
];

fn command(words: &[String]) -> Words {
    words.iter().map(|word| word.clone().into_bytes()).collect()
}

/// Keys of 530 to 1,000 elements, beyond every default limit.
fn each(word: &str, prefix: &str, elements: impl Fn(u64, u64) -> Vec<String>) -> Vec<Words> {
    let key = |n: u64| {
        let head = vec![word.to_owned(), format!("{prefix}:{n}")];
        let count = 530 + (n * 37) % 470;
        command(
            &head.into_iter().chain((0..count).flat_map(|i| elements(n, i))).collect::<Vec<_>>(),
        )
    };
    (0..200).map(key).collect()
}

fn hashes() -> Vec<Words> {
    each("HSET", "cart", |n, i| vec![format!("item-{n}-{i}"), format!("{}", n * i * 7919)])
}

fn zsets() -> Vec<Words> {
    each("ZADD", "board", |n, i| vec![format!("{}", (n * i) % 5000), format!("player-{n}-{i}")])
}

fn sets() -> Vec<Words> {
    each("SADD", "ids", |n, i| vec![format!("{}", n * 100_000 + i * 13)])
}

/// `used_memory` once it rests.
fn used(link: &mut Link) -> u64 {
    let mut before = 0;
    for _ in 0..100 {
        let now = link.info("memory")["used_memory"].parse().expect("a number");
        if now == before {
            break;
        }
        before = now;
        std::thread::sleep(Duration::from_millis(200));
    }
    before
}

fn agree(server: &str) {
    let folder = folder().join(server);
    let facts = facts(&folder);
    let found: Vec<String> =
        CASES.iter().filter_map(|case| judge(&folder, &facts.allocator, case)).collect();
    assert!(found.is_empty(), "{server}: {found:#?}");
}

fn judge(folder: &Path, allocator: &str, case: &Case) -> Option<String> {
    let live = Live::start(folder, &[], None);
    live.link().must(&(case.fill)());
    let dump = live.save();
    let as_it_is = used(&mut Live::start(folder, &[], Some(&dump)).link());
    let option = [format!("--{}", case.setting), case.value.to_owned()];
    let changed = used(&mut Live::start(folder, &option, Some(&dump)).link());
    let saved = as_it_is.cast_signed() - changed.cast_signed();
    let set = format!("{}={}", case.setting, case.value);
    let args = ["whatif", "--format", "json", "--today-allocator", allocator, "--set", &set];
    let done = run(args.into_iter().map(OsString::from).chain([dump.into()]));
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let json: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let change = json["alternatives"][0]["total_change_bytes"].as_i64().expect("a number");
    let off = (saved + change) as f64 / saved as f64 * 100.0;
    println!(
        "{} {set}: saves {saved} of {as_it_is}, said {}, {off:.2} % off",
        folder.display(),
        -change
    );
    assert!(saved > 1 << 20, "{set} saves {saved} only");
    (off.abs() > 2.0).then(|| format!("{set}: saves {saved}, said {}", -change))
}

macro_rules! agrees {
    ($($name:ident: $server:literal;)+) => {$(
        #[test]
        fn $name() {
            agree($server);
        }
    )+};
}

agrees! {
    redis_6_2_5: "redis-6.2.5";
    redis_7_0_15: "redis-7.0.15";
    redis_8_2_3: "redis-8.2.3";
    redis_8_10_2_libc: "redis-8.10.2-libc";
    valkey_8_1_1: "valkey-8.1.1";
    valkey_9_1_2_libc: "valkey-9.1.2-libc";
}
