//! How large keys are by pattern, and what was put into them, against a count of the rows.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use support::dump::{dump, lzf, module};
use support::fixture::{dumps, fixture};
use support::packed::{intset, listpack};
use support::program::run;
use support::shapes::{pairs, quicklist, scored};

/// The servers' own types.
const OWN: [&str; 8] = ["string", "list", "set", "zset", "hash", "stream", "array", "gcra"];

/// What the rows say of the keys of one pattern or type.
#[derive(Debug, Default)]
struct Counted {
    bytes: Vec<u64>,
    /// Of those that have any; a string's length is none.
    elements: Vec<u64>,
    data: u64,
}

impl Counted {
    fn add(&mut self, row: &Value) {
        self.bytes.push(row["bytes"].as_u64().expect("bytes"));
        self.data += row["data_bytes"].as_u64().expect("data");
        let elements = row["elements"].as_u64().filter(|n| *n > 0 && row["type"] != "string");
        self.elements.extend(elements);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn report(args: &[&str]) -> Value {
    let done = run(args.iter().chain(&["--format", "json", "--top", "100000"]));
    let said = String::from_utf8_lossy(&done.stderr);
    serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{said}"))
}

fn rows(dump: &Path) -> Vec<Value> {
    let columns = "key,pattern,type,bytes,elements,data_bytes";
    let done = run(["keys", text(dump), "--format", "jsonl", "--columns", columns]);
    let lines = done.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("a row")).collect()
}

/// The rows by what `column` says.
fn by(rows: &[Value], column: &str) -> BTreeMap<String, Counted> {
    let mut found = BTreeMap::<String, Counted>::new();
    for row in rows {
        let name = row[column].as_str().expect("a name");
        found.entry(name.to_owned()).or_default().add(row);
    }
    found
}

/// Percentiles are off by one part in 16 at the most, and the largest is exact.
fn is_spread(each: &Value, values: &[u64], what: &str) {
    let mut values = values.to_vec();
    values.sort_unstable();
    let Some(max) = values.last() else {
        assert_eq!(*each, Value::Null, "{what}");
        return;
    };
    assert_eq!(each["max"].as_u64(), Some(*max), "{what}");
    for (name, percent) in [("p50", 50), ("p99", 99)] {
        let value = values[(values.len() * percent).div_ceil(100) - 1];
        let found = each[name].as_u64().expect("a number");
        assert!(found.abs_diff(value) * 16 <= value, "{name} of {what}: {found} for {value}");
    }
}

fn is_data(row: &Value, data: u64, what: &str) {
    assert_eq!(row["data_bytes"].as_u64(), Some(data), "{what}");
    let bytes = row["bytes"].as_u64().expect("bytes");
    // a module's type, or a pattern of nothing else
    let is_module = match (&row["type"], &row["types"]) {
        (Value::String(name), _) => !OWN.contains(&name.as_str()),
        (_, Value::Array(types)) => types.iter().all(|row| row["type"] == "module"),
        _ => false,
    };
    let overhead = (!is_module).then(|| bytes.saturating_sub(data));
    assert_eq!(row["overhead_bytes"].as_u64(), overhead, "{what}");
}

fn data_of<'r>(rows: impl IntoIterator<Item = &'r Value>) -> u64 {
    rows.into_iter().map(|row| row["data_bytes"].as_u64().expect("data")).sum()
}

fn list<'r>(report: &'r Value, name: &str) -> &'r [Value] {
    report[name].as_array().expect("a list")
}

#[test]
fn each_pattern_and_type_has_what_its_rows_have() {
    let mut patterns = 0;
    for dump in dumps().into_iter().map(|fixture| fixture.dump) {
        let (rows, report) = (rows(&dump), report(&[text(&dump)]));
        let by_pattern = by(&rows, "pattern");
        for row in list(&report, "patterns") {
            let name = row["pattern"].as_str().expect("a name");
            let what = format!("{name} of {}", dump.display());
            let counted = by_pattern.get(name).unwrap_or_else(|| panic!("{what}"));
            is_spread(&row["bytes_each"], &counted.bytes, &what);
            is_spread(&row["elements_each"], &counted.elements, &what);
            is_data(row, counted.data, &what);
        }
        for (name, counted) in by(&rows, "type") {
            let is_it = |row: &&Value| row["type"] == name.as_str();
            let row = list(&report, "types").iter().find(is_it).expect("the type");
            is_data(row, counted.data, &name);
        }
        let whole = data_of(&rows);
        assert_eq!(by_pattern.len(), list(&report, "patterns").len());
        assert_eq!(data_of(list(&report, "patterns")), whole, "{}", dump.display());
        assert_eq!(data_of(list(&report, "types")), whole, "{}", dump.display());
        is_data(&report["totals"], whole, text(&dump));
        patterns += by_pattern.len();
    }
    assert!(patterns > 300, "{patterns}");
}

/// The largest element among the rows by what `column` says; `None` where none tells.
fn largest(dump: &Path, column: &str) -> BTreeMap<String, Option<u64>> {
    let columns = format!("{column},largest_element");
    let done = run(["keys", text(dump), "--format", "jsonl", "--columns", &columns]);
    let mut found = BTreeMap::<String, Option<u64>>::new();
    for line in done.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let row: Value = serde_json::from_slice(line).expect("a row");
        let most = found.entry(row[column].as_str().expect("a name").to_owned()).or_default();
        *most = (*most).max(row["largest_element"].as_u64());
    }
    found
}

#[test]
fn the_largest_element_is_told_where_it_is_asked_for() {
    let (mut told, mut packed) = (0, 0);
    for dump in dumps().into_iter().map(|fixture| fixture.dump) {
        let asked = [1, 2].map(|threads: u64| {
            report(&[text(&dump), "--largest-elements", "--threads", &threads.to_string()])
        });
        assert_eq!(asked[0]["patterns"], asked[1]["patterns"]);
        let usual = report(&[text(&dump)]);
        for (list_name, column) in [("patterns", "pattern"), ("types", "type")] {
            let expected = largest(&dump, column);
            for row in list(&asked[0], list_name) {
                let name = row[column].as_str().expect("a name");
                let most = expected.get(name).copied().unwrap_or_else(|| panic!("{name}"));
                let what = format!("{name} of {}", dump.display());
                assert_eq!(row["largest_element_bytes"].as_u64(), most, "{what}");
                told += usize::from(most.is_some());
                packed += usize::from(most.is_some() && row["type"] == "hash");
            }
            for row in list(&usual, list_name) {
                assert_eq!(row["largest_element_bytes"], Value::Null);
            }
        }
    }
    assert!(told > 300 && packed > 20, "{told} {packed}");
}

#[test]
fn the_row_of_all_others_and_rules_have_it_too() {
    let dump = fixture("redis-8.6.3/prod").dump;
    let done = run([text(&dump), "--format", "json", "--top", "3", "--pattern", "session:*"]);
    let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let patterns = list(&report, "patterns");
    assert_eq!(data_of(patterns), report["totals"]["data_bytes"].as_u64().expect("data"));
    let shown: Vec<&str> = patterns.iter().filter_map(|row| row["pattern"].as_str()).collect();
    let (mut others, mut rule) = (Counted::default(), Counted::default());
    for row in &rows(&dump) {
        let key = row["key"].as_str().unwrap_or_default();
        let pattern = row["pattern"].as_str().expect("a pattern");
        match key.starts_with("session:") {
            true => rule.add(row),
            false if !shown.contains(&pattern) => others.add(row),
            false => {}
        }
    }
    for (row, counted) in [(patterns.last(), others), (patterns.get(1), rule)] {
        let row = row.expect("a row");
        is_spread(&row["bytes_each"], &counted.bytes, "bytes");
        is_spread(&row["elements_each"], &counted.elements, "elements");
        is_data(row, counted.data, "data");
    }
}

#[test]
fn data_is_what_stands_in_the_dump_without_compression() {
    let packed = listpack().texts(["field", "value"]);
    let numbers = intset(4).ints([70_000, 80_000]);
    let blobs = [packed.bytes().len() as u64, numbers.bytes().len() as u64];
    let dump = dump()
        .string("str", "0123456789")
        .string("num", 12_345)
        .string("lzf", lzf([b'x'; 500]))
        .list("lst", quicklist().packed(&packed).plain("y".repeat(100)))
        .set("set", ["one", "three"])
        .set("int", numbers)
        .zset("zst", scored([("one", 1.0), ("three", 3.0)]))
        .hash("hsh", pairs([("name", "value"), ("other", "v")]))
        .hash("pck", packed)
        .module("mod", module("some-type", 1).text("text"));
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("a.rdb");
    fs::write(&path, dump.end()).expect("writable");
    let found = rows(&path).into_iter().map(|row| {
        let data = row["data_bytes"].as_u64().expect("data");
        (row["key"].as_str().expect("a name").to_owned(), data - 3)
    });
    let found: BTreeMap<_, _> = found.collect();
    let expected = [
        ("str", 10),
        ("num", 5),
        ("lzf", 500),
        ("lst", blobs[0] + 100),
        ("set", 8),
        ("int", blobs[1]),
        ("zst", 8 + 16),
        ("hsh", 15),
        ("pck", blobs[0]),
    ];
    for (name, data) in expected {
        assert_eq!(found[name], data, "{name}");
    }
    assert!(found["mod"] >= 4, "{}", found["mod"]);
}

#[test]
fn a_summary_tells_sums_and_an_older_one_not_even_those() {
    let place = tempfile::tempdir().expect("a folder");
    let dump = fixture("redis-7.2.6/limits-low").dump;
    let done = run(["summary", text(&dump)]);
    let summary = String::from_utf8(done.stdout).expect("UTF-8");
    let (new, old) = (place.path().join("new.json"), place.path().join("old.json"));
    fs::write(&new, &summary).expect("writable");
    let without = regex::Regex::new(r#","(d|data)":[0-9]+"#).expect("a pattern");
    fs::write(&old, without.replace_all(&summary, "").as_ref()).expect("writable");
    let (own, new_one) = (report(&[text(&dump)]), report(&[text(&new)]));
    let (old_one, both) = (report(&[text(&old)]), report(&[text(&new), text(&old)]));
    for report in [&new_one, &old_one, &both] {
        for row in list(report, "patterns") {
            assert_eq!((&row["bytes_each"], &row["elements_each"]), (&Value::Null, &Value::Null));
        }
    }
    for name in ["types", "patterns"] {
        assert_eq!(data_of(list(&new_one, name)), data_of(list(&own, name)));
        for row in list(&old_one, name).iter().chain(list(&both, name)) {
            assert_eq!((&row["data_bytes"], &row["overhead_bytes"]), (&Value::Null, &Value::Null));
        }
    }
    assert_eq!(old_one["totals"]["bytes"], own["totals"]["bytes"]);
    assert_eq!(both["totals"]["data_bytes"], Value::Null);
}
