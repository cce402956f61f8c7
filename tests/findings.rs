//! Findings: each in a snapshot where it is true and in one where it must stay silent, with figures
//! that the rows of `rdblens keys` give too.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use support::dump::{Dump, dump};
use support::program::run;
use tempfile::TempDir;

const TAKEN_S: i64 = 1_700_000_000;
const TAKEN: i64 = TAKEN_S * 1000;
const HOUR: i64 = 3_600_000;

/// A snapshot of Redis 7.2, on disk.
struct Disk {
    dir: TempDir,
    path: PathBuf,
}

fn begun() -> Dump {
    dump().aux("redis-ver", "7.2.6").aux("ctime", TAKEN_S.to_string()).select(0)
}

fn disk(dump: Dump) -> Disk {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("dump.rdb");
    fs::write(&path, dump.end()).expect("writable");
    Disk { dir, path }
}

impl Disk {
    fn report(&self, flags: &[&str]) -> Value {
        let mut args = vec![self.path.to_str().unwrap(), "--format", "json"];
        args.extend(flags);
        let output = run(args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn config(&self, text: &str) -> String {
        let path = self.dir.path().join("rdblens.toml");
        fs::write(&path, text).expect("writable");
        path.to_str().unwrap().to_owned()
    }

    fn found(&self, id: &str) -> Vec<Value> {
        of(&self.report(&[]), id)
    }

    /// Rows of `rdblens keys` that `count` accepts: how many, and their bytes.
    fn rows(&self, count: impl Fn(&Value) -> bool) -> (u64, u64) {
        rows(&self.path, count)
    }
}

fn of(report: &Value, id: &str) -> Vec<Value> {
    let all = report["findings"].as_array().expect("findings");
    all.iter().filter(|finding| finding["id"] == id).cloned().collect()
}

fn rows(path: &Path, count: impl Fn(&Value) -> bool) -> (u64, u64) {
    let output = run(["keys", path.to_str().unwrap(), "--columns", "+fields_with_ttl"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    rows.filter(|row| count(row))
        .fold((0, 0), |(keys, bytes), row| (keys + 1, bytes + row["bytes"].as_u64().unwrap()))
}

/// The one finding says what `rows` do.
fn agrees(found: &[Value], (keys, bytes): (u64, u64)) {
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(keys > 0);
    assert_eq!(
        (&found[0]["keys"], &found[0]["bytes"]),
        (&keys.into(), &bytes.into()),
        "{found:#?}"
    );
}

fn key(row: &Value) -> &str {
    row["key"].as_str().unwrap_or_default()
}

/// `n` sessions, each with the TTL that `ttl` says.
fn sessions(mut dump: Dump, n: usize, ttl: impl Fn(usize) -> Option<i64>) -> Dump {
    for i in 0..n {
        if let Some(left) = ttl(i) {
            dump = dump.expires_ms(TAKEN + left);
        }
        dump = dump.string(format!("session:{i}"), "x".repeat(200));
    }
    dump
}

#[test]
fn a_ttl_leak_is_the_keys_that_do_not_expire_where_nine_of_ten_do() {
    let leak = disk(sessions(begun(), 1000, |i| (i % 50 > 0).then_some(HOUR / 2)));
    let found = leak.found("ttl-leak");
    agrees(&found, leak.rows(|row| row["expires_at_ms"].is_null()));
    assert_eq!(found[0]["subject"]["pattern"], "session:{int}");
    assert_eq!((&found[0]["saving"], &found[0]["confidence"]), (&"freed".into(), &"exact".into()));
    let commands = found[0]["commands"].to_string();
    assert!(commands.contains("session:*") && commands.contains("3600 NX"), "{commands}");
    // where half of them expire, that is how they are meant
    let meant = disk(sessions(begun(), 1000, |i| (i % 2 > 0).then_some(HOUR)));
    assert!(meant.found("ttl-leak").is_empty());
    let sound = disk(sessions(begun(), 1000, |_| Some(HOUR)));
    assert!(sound.found("ttl-leak").is_empty());
    let few = disk(sessions(begun(), 19, |i| (i > 0).then_some(HOUR)));
    assert!(few.found("ttl-leak").is_empty());
}

#[test]
fn what_never_expires_is_told_where_it_is_heavy() {
    let cache = disk(sessions(begun(), 1000, |_| None));
    agrees(&cache.found("never-expires"), cache.rows(|_| true));
    assert!(cache.found("ttl-leak").is_empty());
    let expiring = disk(sessions(begun(), 1000, |_| Some(HOUR)));
    assert!(expiring.found("never-expires").is_empty());
    let light = disk(sessions(begun(), 100, |_| None));
    assert!(light.found("never-expires").is_empty());
}

#[test]
fn a_ttl_of_more_than_a_year_is_told() {
    let year = 365 * 24 * HOUR;
    let far = disk(sessions(begun(), 1000, |i| Some(if i % 2 == 0 { year + 1 } else { year })));
    let found = far.found("long-ttl");
    agrees(&found, far.rows(|row| row["expires_at_ms"].as_i64().unwrap() > TAKEN + year));
    let near = disk(sessions(begun(), 1000, |_| Some(year)));
    assert!(near.found("long-ttl").is_empty());
}

#[test]
fn expired_keys_are_told_where_they_are_many() {
    let held = disk(sessions(begun(), 1000, |i| Some(if i % 2 == 0 { -1 } else { HOUR })));
    agrees(&held.found("expired-held"), held.rows(|row| row["expired"] == true));
    let commands = held.found("expired-held")[0]["commands"].to_string();
    assert!(commands.contains("active-expire-effort"), "{commands}");
    let few = disk(sessions(begun(), 1000, |i| Some(if i == 0 { -1 } else { HOUR })));
    assert!(few.found("expired-held").is_empty());
}

#[test]
fn idle_keys_are_told_where_the_snapshot_has_idle_times() {
    let aged = |idle: u64| {
        let mut dump = begun();
        for i in 0..1000 {
            let seconds = if i % 2 == 0 { idle } else { 60 };
            dump = dump.idle(seconds).string(format!("report:{i}"), "x".repeat(200));
        }
        disk(dump)
    };
    let month = 30 * 24 * 3600;
    let idle = aged(month);
    agrees(&idle.found("idle-keys"), idle.rows(|row| row["idle_s"].as_u64() >= Some(month)));
    assert!(aged(month - 1).found("idle-keys").is_empty());
    assert!(disk(sessions(begun(), 1000, |_| None)).found("idle-keys").is_empty());
}

#[test]
fn a_big_key_is_told_by_bytes_or_elements() {
    let dump = |len: usize, n: usize| {
        let members = (0..n).map(|i| (format!("m{i}"), 1.0));
        disk(
            begun()
                .string("blob\x1b[2J", "x".repeat(len))
                .zset("board", support::shapes::scored(members)),
        )
    };
    let big = dump(1 << 20, 100_000);
    let found = big.found("big-key");
    assert_eq!(found.len(), 2);
    for finding in &found {
        let name = finding["subject"]["key"].as_str().unwrap();
        agrees(std::slice::from_ref(finding), big.rows(|row| key(row) == name));
    }
    let text = run([big.path.to_str().unwrap(), "--full"]).stdout;
    assert!(!text.contains(&0x1b));
    assert!(String::from_utf8(text).unwrap().contains(r#"UNLINK "blob\x1b[2J""#));
    assert!(dump(1 << 18, 99_999).found("big-key").is_empty());
}

#[test]
fn a_hot_slot_is_told_with_its_tag() {
    let cluster = |many: usize| {
        let mut dump = begun().slot(0, 0, 0);
        for i in 0..200 {
            dump = dump.string(format!("user:{i}"), "x".repeat(100));
        }
        for i in 0..many {
            dump = dump.string(format!("{{tenant}}:{i}"), "x".repeat(1000));
        }
        disk(dump)
    };
    let hot = cluster(2000);
    let report = hot.report(&[]);
    let found = of(&report, "hot-slot");
    assert_eq!(found.len(), 1, "{}", report["slots"]);
    let (keys, bytes) = hot.rows(|row| key(row).starts_with("{tenant}"));
    let mean = report["slots"]["mean_bytes"].as_u64().unwrap();
    assert_eq!((&found[0]["keys"], &found[0]["bytes"]), (&keys.into(), &(bytes - mean).into()));
    assert!(found[0]["seen"].as_str().unwrap().contains("hash tag tenant has 100 %"));
    assert!(cluster(100).found("hot-slot").is_empty());
    // from summaries alike: one of it, and one of each of two shards that are the same again
    assert_eq!(of(&of_summaries(&hot, 1), "hot-slot"), found);
    let both = of(&of_summaries(&hot, 2), "hot-slot");
    assert_eq!((both.len(), &both[0]["keys"]), (1, &(keys * 2).into()));
    assert!(both[0]["seen"].as_str().unwrap().contains("hash tag tenant has 100 %"), "{both:#?}");
}

/// The report on so many summaries of the same dump.
fn of_summaries(disk: &Disk, n: usize) -> Value {
    let path = |i: usize| disk.dir.path().join(format!("{i}.json")).to_str().unwrap().to_owned();
    let paths: Vec<String> = (0..n).map(path).collect();
    for path in &paths {
        let done = run(["summary", disk.path.to_str().unwrap(), "-o", path]);
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let output = run(paths.iter().map(String::as_str).chain(["--format", "json"]));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn other_databases_are_told_and_free_nothing() {
    let two = disk(sessions(begun(), 5, |_| None).select(3).string("a", "b"));
    let found = two.found("many-databases");
    assert_eq!((&found[0]["keys"], &found[0]["bytes"]), (&1.into(), &0.into()));
    assert!(disk(sessions(begun(), 5, |_| None)).found("many-databases").is_empty());
}

#[test]
fn a_configuration_sets_thresholds_and_silences() {
    let cache = disk(sessions(begun(), 1000, |_| None));
    let config = cache.config("[findings.never-expires]\nbytes = \"10mb\"");
    assert!(of(&cache.report(&["--config", &config]), "never-expires").is_empty());
    let silence = |pattern: &str| {
        format!("[[findings.silence]]\nid = \"never-expires\"\n{pattern}reason = \"they stay\"\n")
    };
    for (pattern, silent) in
        [("", true), ("pattern = \"session:{int}\"\n", true), ("pattern = \"session:*\"\n", false)]
    {
        let config = cache.config(&silence(pattern));
        let report = cache.report(&["--config", &config]);
        assert_eq!(of(&report, "never-expires").is_empty(), silent, "{pattern}");
        let silenced = report["findings_silenced"].as_array().unwrap();
        assert_eq!(silenced.len(), usize::from(silent));
        assert!(silenced.iter().all(|row| row["reason"] == "they stay"));
    }
    let config = cache.config("[findings.never-expired]");
    let output = run([cache.path.to_str().unwrap(), "--config", &config]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 1: ") && said.contains("never-expired"), "{said}");
    assert!(cache.report(&["--no-findings"])["findings"].as_array().unwrap().is_empty());
}

#[test]
fn the_most_bytes_come_first_on_the_first_screen_and_by_any_threads() {
    let mut dump = sessions(begun(), 1000, |i| (i % 50 > 0).then_some(HOUR / 2));
    for i in 0..300 {
        dump = dump.string(format!("cache:{i}"), "x".repeat(2000));
    }
    let both = disk(dump.select(1).string("a", "b"));
    let report = both.report(&["--threads", "1"]);
    let bytes: Vec<u64> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["bytes"].as_u64().unwrap())
        .collect();
    assert!(bytes.len() >= 3 && bytes.is_sorted_by(|a, b| a >= b), "{bytes:?}");
    assert_eq!(report["findings"], both.report(&["--threads", "4"])["findings"]);
    let text = String::from_utf8(run([both.path.to_str().unwrap()]).stdout).unwrap();
    let place = |word: &str| text.lines().position(|line| line.starts_with(word)).unwrap();
    assert!(place("Memory") < place("Findings") && place("Findings") < place("Patterns"), "{text}");
    assert!(text.contains("cache:{int} never expires: 300 keys"), "{text}");
    // a summary has them too
    let summary = both.dir.path().join("s.json");
    run(["summary", both.path.to_str().unwrap(), "-o", summary.to_str().unwrap()]);
    let output = run([summary.to_str().unwrap(), "--format", "json"]);
    let brief: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(of(&brief, "never-expires"), of(&report, "never-expires"));
}

#[test]
fn explain_has_the_page_of_each() {
    let list = String::from_utf8(run(["explain"]).stdout).unwrap();
    let page = fs::read_to_string("docs/findings.md").expect("the page");
    for line in list.lines() {
        let (id, title) = line.split_once(' ').unwrap();
        let text = String::from_utf8(run(["explain", id]).stdout).unwrap();
        assert!(text.starts_with(&format!("{id}: {}\n", title.trim())), "{text}");
        assert!(page.contains(text.split_once("\n\n").unwrap().1.trim()), "{id}");
    }
    assert!(list.lines().count() >= 8);
    let wrong = run(["explain", "ttl"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("there are ttl-leak"));
}

/// What the keys of `disk` take in all, with these settings of the server.
fn sum(disk: &Disk, settings: &str) -> u64 {
    let file = disk.dir.path().join("redis.conf");
    fs::write(&file, settings).expect("writable");
    let (path, file) = (disk.path.to_str().unwrap(), file.to_str().unwrap());
    let output = run(["keys", path, "--server-config", file]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    rows.map(|row| row["bytes"].as_u64().unwrap()).sum()
}

/// The one finding saves what lies between the two sums, rounding of single keys aside.
fn saves(found: &[Value], before: u64, after: u64) {
    assert_eq!(found.len(), 1, "{found:#?}");
    let (bytes, expected) = (found[0]["bytes"].as_u64().unwrap(), before - after);
    assert!(expected > 0 && bytes.abs_diff(expected) * 500 <= expected, "{bytes} {expected}");
    assert_eq!(found[0]["saving"], "smaller");
    assert_eq!(found[0]["confidence"], "modelled");
}

fn hashes(fields: usize, len: usize) -> Disk {
    let mut dump = begun();
    for i in 0..20 {
        let pairs = (0..fields).map(|j| (format!("field{j}"), "v".repeat(len)));
        dump = dump.hash(format!("cart:{i}"), support::shapes::pairs(pairs));
    }
    disk(dump)
}

#[test]
fn a_listpack_limit_saves_what_the_rows_under_the_higher_limit_do() {
    let over = hashes(600, 10);
    let report = over.report(&[]);
    let found = of(&report, "listpack-limit");
    let after = sum(&over, "hash-max-listpack-entries 1024\n");
    saves(&found, sum(&over, ""), after);
    assert!(found[0]["commands"].to_string().contains("hash-max-listpack-entries 1024"));
    assert_eq!(
        (&found[0]["keys"], &found[0]["subject"]["pattern"]),
        (&20.into(), &"cart:{int}".into())
    );
    // twice is not enough: four times is named
    let far = hashes(1500, 10);
    let found = far.found("listpack-limit");
    saves(&found, sum(&far, ""), sum(&far, "hash-max-listpack-entries 2048\n"));
    // values that are too long are another limit
    let long = hashes(300, 100);
    let found = long.found("listpack-limit");
    saves(&found, sum(&long, ""), sum(&long, "hash-max-listpack-value 128\n"));
    for silent in [hashes(512, 10), hashes(4000, 10), hashes(300, 300)] {
        assert!(silent.found("listpack-limit").is_empty());
    }
}

#[test]
fn sorted_sets_and_sets_have_limits_of_their_own() {
    let mut dump = begun();
    for i in 0..40 {
        let members = (0..200).map(|j| (format!("member{j}"), f64::from(j)));
        dump = dump.zset(format!("board:{i}"), support::shapes::scored(members));
    }
    let boards = disk(dump);
    let found = boards.found("listpack-limit");
    saves(&found, sum(&boards, ""), sum(&boards, "zset-max-listpack-entries 256\n"));
    let sets = |n: i64, text: &str| {
        let mut dump = begun();
        for i in 0..20 {
            let members = (0..n).map(|j| support::dump::Text::from(format!("{text}{}", j * 1000)));
            dump = dump.set(format!("tags:{i}"), members.collect::<Vec<_>>());
        }
        disk(dump)
    };
    let words = sets(200, "tag");
    let found = words.found("listpack-limit");
    saves(&found, sum(&words, ""), sum(&words, "set-max-listpack-entries 256\n"));
    assert!(words.found("intset-limit").is_empty());
    let numbers = sets(700, "");
    let found = numbers.found("intset-limit");
    saves(&found, sum(&numbers, ""), sum(&numbers, "set-max-intset-entries 1024\n"));
    assert!(numbers.found("listpack-limit").is_empty());
    assert!(sets(512, "").found("intset-limit").is_empty());
}

/// `n` users, as JSON or as hashes.
fn users(n: u64, json: bool) -> Disk {
    let mut dump = begun();
    for i in 0..n {
        let name = format!("user:{i}");
        let (mail, bio) = (format!("user{i}@example.org"), "b".repeat(40));
        dump = if json {
            let text = format!(
                r#"{{ "visits": {i}, "mail": "{mail}", "admin": false, "biography": "{bio}", "tags": [1, 2] }}"#
            );
            dump.string(name, text)
        } else {
            let pairs = [
                ("visits", i.to_string()),
                ("mail", mail),
                ("admin", "false".to_owned()),
                ("biography", bio),
                ("tags", "[1,2]".to_owned()),
            ];
            dump.hash(name, support::shapes::pairs(pairs))
        };
    }
    disk(dump)
}

#[test]
fn json_saves_what_hashes_of_the_same_fields_take_less() {
    let (strings, hashes) = (users(3000, true), users(3000, false));
    let found = strings.found("json-strings");
    saves(&found, sum(&strings, ""), sum(&hashes, ""));
    assert_eq!(found[0]["keys"], 3000);
    assert!(hashes.found("json-strings").is_empty());
    let plain = disk(sessions(begun(), 3000, |_| None));
    assert!(plain.found("json-strings").is_empty());
}

#[test]
fn a_sample_of_many_strings_says_so_and_is_near_the_truth() {
    let (all, many) = (users(4000, true), users(12_000, true));
    let [few, sampled] = [&all, &many].map(|disk| disk.found("json-strings"));
    assert_eq!(
        (&few[0]["confidence"], &sampled[0]["confidence"]),
        (&"modelled".into(), &"sampled".into())
    );
    let [few, estimate] = [&few, &sampled].map(|found| found[0]["bytes"].as_u64().unwrap());
    assert!((few * 3).abs_diff(estimate) * 10 < estimate, "{few} {estimate}");
    assert!(sampled[0]["seen"].as_str().unwrap().contains("2,048 looked at"));
    for threads in ["1", "3"] {
        assert_eq!(of(&many.report(&["--threads", threads]), "json-strings"), sampled);
    }
}

/// Pages of text, `form` of each.
fn pages(n: usize, form: &dyn Fn(String) -> support::dump::Text) -> Dump {
    // a word more here and there, so that they are not alike
    let text = |i: usize| (0..150 + i % 100).map(|j| format!("{i} words {} ", j * i % 7)).collect();
    (0..n).fold(begun(), |dump, i| dump.string(format!("page:{i}"), form(text(i))))
}

/// What a string of the length of its compressed form is.
fn as_long_as_packed(text: &str) -> support::dump::Text {
    // the length counts
    "\u{1}".repeat(support::write::lzf(text.as_bytes()).len()).into()
}

#[test]
fn compressible_strings_save_what_their_compressed_forms_take_less() {
    let packed = disk(pages(200, &|text| support::dump::lzf(text)));
    let small = disk(pages(200, &|text| as_long_as_packed(&text)));
    saves(&packed.found("compressible"), sum(&packed, ""), sum(&small, ""));
    assert!(small.found("compressible").is_empty());
}

#[test]
fn where_a_snapshot_is_not_compressed_it_is_tried() {
    let plain = disk(pages(200, &|text| text.into()));
    let small = disk(pages(200, &|text| as_long_as_packed(&text)));
    let found = plain.found("compressible");
    assert_eq!(found.len(), 1, "{found:#?}");
    let (bytes, truth) = (found[0]["bytes"].as_u64().unwrap(), sum(&plain, "") - sum(&small, ""));
    assert!(bytes.abs_diff(truth) * 100 < truth, "{bytes} {truth}");
    assert_eq!((&found[0]["keys"], &found[0]["confidence"]), (&200.into(), &"sampled".into()));
    let seen = found[0]["seen"].as_str().unwrap();
    assert!(seen.ends_with("(tried on 200, as the snapshot is not compressed)"), "{seen}");
}

/// Bytes among which no three come twice, but by chance.
fn noise(seed: usize, len: usize) -> Vec<u8> {
    let mut state = seed as u64 + 1;
    let byte = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..len).map(byte).collect()
}

#[test]
fn nothing_is_tried_where_one_string_is_compressed_or_none_can_be() {
    // the server tried it with all of them
    let tried = pages(200, &|text| text.into()).string("one", support::dump::lzf("ab".repeat(50)));
    assert!(disk(tried).found("compressible").is_empty());
    let random = (0..200).fold(begun(), |dump, i| dump.string(format!("page:{i}"), noise(i, 2000)));
    assert!(disk(random).found("compressible").is_empty());
    let short = (0..9000).fold(begun(), |dump, i| dump.string(format!("flag:{i}"), "y".repeat(20)));
    assert!(disk(short).found("compressible").is_empty());
}

#[test]
fn of_many_strings_a_few_are_tried_and_of_long_ones_the_beginning() {
    let text = |i: usize| {
        // every third one is noise, and a few are longer than what is tried of them
        let len = if i % 100 == 1 { 50_000 } else { 200 + i % 5000 };
        match i % 3 {
            0 => noise(i, len),
            _ => format!("words that come again, {i} ").repeat(len / 25).into_bytes(),
        }
    };
    let page = |dump: Dump, i, text: Vec<u8>| dump.string(format!("page:{i}"), text);
    let many = disk((0..6000).fold(begun(), |dump, i| page(dump, i, text(i))));
    let small = disk((0..6000).fold(begun(), |dump, i| {
        let (text, mut packed) = (text(i), support::write::lzf(&text(i)));
        packed.truncate(text.len());
        page(dump, i, packed)
    }));
    let found = many.found("compressible");
    assert_eq!(found.len(), 1, "{found:#?}");
    let (bytes, truth) = (found[0]["bytes"].as_u64().unwrap(), sum(&many, "") - sum(&small, ""));
    assert!(bytes.abs_diff(truth) * 20 < truth, "{bytes} {truth}");
    for threads in ["1", "3"] {
        assert_eq!(of(&many.report(&["--threads", threads]), "compressible"), found);
    }
}

#[test]
fn heavy_names_save_what_half_as_long_ones_take_less() {
    let flags = |name: &dyn Fn(String) -> String| {
        let mut dump = begun();
        for i in 1000..4000 {
            dump = dump.string(
                name(format!(
                    "service:production:region:north:application:accounts:user:flag:of:{i}"
                )),
                "yes",
            );
        }
        disk(dump)
    };
    let long = flags(&|name| name);
    let half = flags(&|name| name[..name.len() / 2 - 4].to_owned() + &name[name.len() - 4..]);
    saves(&long.found("heavy-names"), sum(&long, ""), sum(&half, ""));
    assert!(disk(sessions(begun(), 3000, |_| None)).found("heavy-names").is_empty());
}

#[test]
fn tiny_strings_save_what_hashes_of_a_hundred_take_less() {
    let counters = |hashed: bool| {
        let mut dump = begun();
        for bucket in 10_000..10_030 {
            let fields = (0..100).map(|i| (format!("{bucket}{i:02}"), format!("{}", 500 + i)));
            if hashed {
                dump = dump.hash(format!("counter:{bucket}"), support::shapes::pairs(fields));
                continue;
            }
            for (field, value) in fields {
                dump = dump.string(format!("counter:{field}"), value);
            }
        }
        disk(dump)
    };
    let (strings, hashes) = (counters(false), counters(true));
    let found = strings.found("tiny-strings");
    let (bytes, truth) =
        (found[0]["bytes"].as_u64().unwrap(), sum(&strings, "") - sum(&hashes, ""));
    assert!(bytes.abs_diff(truth) * 50 < truth, "{bytes} {truth}");
    assert_eq!((&found[0]["keys"], &found[0]["confidence"]), (&3000.into(), &"sampled".into()));
    assert!(hashes.found("tiny-strings").is_empty());
    // fields cannot expire
    let expiring = disk(sessions(begun(), 3000, |_| Some(HOUR)));
    assert!(expiring.found("tiny-strings").is_empty());
}

/// Queues of 100 entries, half of them deleted if so asked.
fn queues(pending: usize, deleted: bool) -> Disk {
    use support::stream::{group, stream};
    let mut dump = begun();
    for i in 0..30 {
        let row = ["v".repeat(50)];
        let row: Vec<&str> = row.iter().map(String::as_str).collect();
        let rows: Vec<&[&str]> = vec![&row; 100];
        let ids: Vec<(u64, u64)> = (0..pending as u64).map(|n| (1000 + n, 0)).collect();
        let holes = if deleted { 50 } else { 0 };
        let queue = stream(21).holed(1000, &["field"], (&rows, holes));
        dump = dump.stream(format!("queue:{i}"), queue.group(group("g").consumer("c", &ids)));
    }
    disk(dump)
}

#[test]
fn pending_entries_are_told_with_what_their_lists_take() {
    let (busy, done) = (queues(100, false), queues(0, false));
    let found = busy.found("stream-pending");
    let (before, after) = (sum(&busy, ""), sum(&done, ""));
    assert_eq!(found.len(), 1, "{found:#?}");
    let bytes = found[0]["bytes"].as_u64().unwrap();
    assert!(bytes.abs_diff(before - after) * 500 <= bytes, "{bytes} {before} {after}");
    assert!(found[0]["seen"].as_str().unwrap().contains("3,000 entries"), "{}", found[0]["seen"]);
    assert!(done.found("stream-pending").is_empty());
}

#[test]
fn deleted_entries_are_told_with_their_part_of_the_nodes() {
    let holed = queues(0, true);
    let found = holed.found("stream-deleted");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0]["seen"].as_str().unwrap().contains("1,500 entries"), "{}", found[0]["seen"]);
    // half of what the nodes take, and those are nearly all of the keys
    let (bytes, all) = (found[0]["bytes"].as_u64().unwrap(), sum(&holed, ""));
    assert!(bytes * 2 < all && bytes * 2 > all * 3 / 4, "{bytes} {all}");
    assert!(queues(0, false).found("stream-deleted").is_empty());
}
