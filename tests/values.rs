//! Single keys and their values: `rdblens show` and `rdblens export`.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unwrap_used)]

mod support;

use rdblens::bytes::Cursor;
use rdblens::entries::Head;
use rdblens::footprint::{Footprinter, Lane, Measure, Overrides, Server, Size, TemplateShares};
use rdblens::groups::Source;
use rdblens::values::{Inside, Located};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use support::dump::{Dump, dump, module, redis, valkey};
use support::fixture;
use support::packed::{listpack, ziplist};
use support::program::run;
use support::read::read;
use support::shapes::{
    Fields, array, early_expiring, early_expiring_listpack, expiring, expiring_listpack,
    own_template_listpack, own_template_values, pairs, scored, template_listpack, template_values,
    valkey_expiring,
};
use support::stream::stream;
use support::values::commands;
use tempfile::TempDir;

/// A dump in a file of its own.
struct File(TempDir);

impl File {
    fn new(dump: Dump) -> Self {
        Self::of(&dump.end())
    }

    fn of(bytes: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("dump.rdb"), bytes).unwrap();
        Self(dir)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("dump.rdb")
    }

    fn run(&self, command: &str, args: &[&str]) -> Output {
        on(&self.path(), command, args)
    }
}

fn on(dump: &Path, command: &str, args: &[&str]) -> Output {
    let fixed = [command.into(), dump.as_os_str().to_owned()];
    run(fixed.into_iter().chain(args.iter().map(std::ffi::OsString::from)))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

#[test]
fn the_parts_of_every_key_of_the_fixtures_add_up() {
    let mut keys = 0;
    for dump in fixture::dumps() {
        let bytes = dump.bytes();
        let head = Head::read(&mut Cursor::new(&bytes)).unwrap();
        let source = Source { bytes: &bytes, head: &head };
        let server = Arc::new(Server::detect(&head, &Overrides::default()).unwrap());
        let shares = TemplateShares::new(&head.templates, &HashMap::<u64, u64>::new());
        let shares = Arc::new(shares);
        for measure in [Measure::Allocated, Measure::Reported] {
            let lane = Lane { server: Arc::clone(&server), measure };
            let mut footprinter = Footprinter::new(vec![lane], Arc::clone(&shares));
            for row in read(&bytes).unwrap().rows {
                let located = Located::at(source, row.at, row.db).unwrap();
                assert_eq!(located.name, row.key);
                footprinter.begin(&located.entry, &located.name);
                located.value(&mut footprinter).unwrap();
                let total = footprinter.finish().unwrap().sizes.first();
                let portions = footprinter.breakdown(located.entry.kind);
                let sum: Size = portions.iter().map(|portion| portion.size).sum();
                assert_eq!(sum, total, "{} {:?} {portions:?}", dump.name, located.entry);
                let inside = Inside::of(&located, 3).unwrap();
                let counted = ["list", "set", "zset", "hash", "array"].contains(&&*row.kind);
                if counted {
                    assert_eq!(inside.elements, row.count, "{}", dump.name);
                    assert_eq!(inside.largest.len() as u64, row.count.min(3), "{}", dump.name);
                }
                keys += 1;
            }
        }
    }
    assert!(keys > 100_000, "{keys} keys");
}

/// What a formatter of the crate `rdb` makes of a whole dump.
fn theirs<F: rdb::Formatter>(
    bytes: &[u8],
    formatter: impl FnOnce(Option<PathBuf>) -> F,
) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    rdb::parse(bytes, formatter(Some(path.clone())), rdb::filter::Simple::new()).unwrap();
    std::fs::read(path).unwrap()
}

/// The objects of databases that hold anything.
fn databases(json: &[u8]) -> Vec<serde_json::Value> {
    let all: Vec<serde_json::Value> = serde_json::from_slice(json).unwrap();
    all.into_iter().filter(|db| db.as_object().is_some_and(|keys| !keys.is_empty())).collect()
}

#[test]
fn what_is_exported_is_what_the_crates_own_formatters_write() {
    /// Larger ones take the crate's formatters minutes.
    const LARGE: usize = 60_000;
    let (mut dumps, mut sum) = (0, 0);
    for dump in fixture::dumps() {
        let bytes = dump.bytes();
        let head = Head::read(&mut Cursor::new(&bytes)).unwrap();
        let inner = &bytes[usize::try_from(head.start).unwrap()..];
        // it knows Redis up to 8.6, and no replication wrapper
        if !inner.starts_with(b"REDIS") || head.version > 13 || inner.len() > LARGE {
            continue;
        }
        let ours = on(&dump.dump, "export", &["--format", "resp", "--skip-undecodable"]);
        assert_eq!(ours.status.code(), Some(0), "{}: {}", dump.name, said(&ours));
        let mut ours = commands(&ours.stdout);
        ours.retain(|(_, command)| command[0] != b"HPEXPIREAT");
        assert!(ours == commands(&theirs(inner, rdb::formatter::Protocol::new)), "{}", dump.name);
        sum += ours.len();
        let ours = on(&dump.dump, "export", &["--format", "json", "--skip-undecodable"]);
        let ours = databases(&ours.stdout);
        assert!(ours == databases(&theirs(inner, rdb::formatter::JSON::new)), "{}", dump.name);
        dumps += 1;
    }
    assert!(dumps >= 20 && sum > 90_000, "{dumps} dumps with {sum} commands");
}

#[test]
fn a_key_is_found_by_its_name_or_by_what_is_shown_of_it() {
    let name = b"a\\b\x1b\xff\xe2\x80\xae";
    let file = File::new(dump().string(&name[..], "1").string("", "2").string("plain", "3"));
    for (typed, value) in [(r"a\\b\x1b\xff\u{202e}", "1"), ("", "2"), ("\"\"", "2"), ("plain", "3")]
    {
        let shown = file.run("show", &[typed, "--value", "--format", "json"]);
        assert_eq!(shown.status.code(), Some(0), "{typed}: {}", said(&shown));
        assert_eq!(json(&shown)["keys"][0]["value"], value, "{typed}");
    }
    let shown = text(&file.run("show", &[r"a\\b\x1b\xff\u{202e}"]));
    assert!(shown.starts_with("a\\\\b\\x1b\\xff\\u{202e}\n"), "{shown}");
    assert!(!shown.contains('\x1b') && !shown.contains('\u{202e}'));
}

#[test]
fn a_key_of_several_databases_is_shown_in_each() {
    let dump = dump().select(0).string("k", "zero").select(5).string("x", "").string("k", "five");
    let file = File::new(dump);
    let values = |args: &[&str]| -> Vec<(u64, String)> {
        let args = [&["k", "--value", "--format", "json"], args].concat();
        let shown = json(&file.run("show", &args));
        let keys = shown["keys"].as_array().unwrap().clone();
        let one = |key: &serde_json::Value| {
            (key["db"].as_u64().unwrap(), key["value"].as_str().unwrap().to_owned())
        };
        keys.iter().map(one).collect()
    };
    assert_eq!(values(&[]), [(0, "zero".to_owned()), (5, "five".to_owned())]);
    assert_eq!(values(&["--db", "5"]), [(5, "five".to_owned())]);
    assert_eq!(values(&["--db", "5", "--threads", "1"]), [(5, "five".to_owned())]);
    let missing = file.run("show", &["k", "--db", "4"]);
    assert_eq!((missing.status.code(), &*missing.stdout), (Some(2), &b""[..]));
    assert!(said(&missing).contains("no key \"k\" in database 4"), "{}", said(&missing));
}

#[test]
fn content_is_shown_only_where_it_is_asked_for() {
    let dump = dump()
        .string("string", "secret")
        .list("list", ["secret"])
        .set("set", ["secret"])
        .hash("hash", pairs([("colour", "secret")]))
        .zset("zset", scored([("secret", 1.0)]));
    let file = File::new(dump);
    for key in ["string", "list", "set", "hash", "zset"] {
        for format in ["text", "json"] {
            let shown = text(&file.run("show", &[key, "--format", format]));
            assert!(!shown.contains("secret"), "{shown}");
            assert_eq!(shown.contains("colour"), key == "hash", "{shown}");
            let shown = text(&file.run("show", &[key, "--format", format, "--value"]));
            assert!(shown.contains("secret"), "{shown}");
        }
    }
}

#[test]
fn why_a_key_takes_what_it_takes() {
    let shown =
        on(&fixture::fixture("redis-8.6.3/prod").dump, "show", &["catalog:all", "--top", "2"]);
    assert_eq!(
        text(&shown),
        "catalog:all
Type       hash as hashtable, database 0
In dump    at byte 166,233, 26,796 bytes
Expires    never
Used       LFU counter 7 of 255

Memory                          bytes     %
 object, with the name in it       32  <0.1
 hash table                    25,620  37.9
 strings of fields and values  42,000  62.1
 all                           67,652   100
  sized as redis-8.6.3 with jemalloc
 a part is drawn at random: 434 bytes more or less, 19 times of 20

Elements   1,750, 25.4 KiB of text, 14 B on average

Largest elements           bytes    %
 sku-110115                   15  0.1
 sku-109947                   15  0.1
"
    );
}

#[test]
fn hashes_that_the_crate_does_not_know_are_exported_with_their_names_and_ttls() {
    const LATER: u64 = 4_000_000_000_000;
    let redis = redis(15)
        .template(3, &["f", "g"])
        .hash("ref", template_values(3, &["1", "2"]))
        .hash("packed ref", template_listpack(3, &["1", "2"]))
        .hash("own", own_template_values(&Fields::Plain(&["f", "g"]), &["1", "2"]))
        .hash("packed own", own_template_listpack(&Fields::Packed(&["f", "g"]), 0, &["1", "2"]))
        .hash("ttl", expiring(&[("f", "1", Some(LATER)), ("g", "2", None)]))
        .hash("early", early_expiring(&[("f", "1", Some(LATER)), ("g", "2", None)]))
        .hash("packed ttl", expiring_listpack(LATER, &ttl_triples(LATER)))
        .hash("early packed", early_expiring_listpack(&ttl_triples(LATER)));
    let valkey =
        valkey(80).hash("ttl", valkey_expiring(&[("f", "1", Some(LATER)), ("g", "2", None)]));
    for dump in [redis, valkey] {
        let file = File::new(dump);
        let exported = file.run("export", &["--format", "json"]);
        assert_eq!((exported.status.code(), said(&exported)), (Some(0), String::new()));
        for (name, value) in json(&exported)[0].as_object().unwrap() {
            assert_eq!(value, &serde_json::json!({"f": "1", "g": "2"}), "{name}");
            let shown = json(&file.run("show", &[name, "--value", "--format", "json"]));
            let fields = &shown["keys"][0]["value"];
            let ttl = name.contains("ttl") || name.contains("early");
            assert_eq!(fields[0]["expires_at_ms"].as_u64(), ttl.then_some(LATER), "{name}");
            assert_eq!(fields[1]["expires_at_ms"], serde_json::Value::Null, "{name}");
            let largest = &shown["keys"][0]["largest_elements"];
            assert_eq!(largest[0]["field"], "f", "{name}");
            assert_eq!(largest[0]["expires_at_ms"].as_u64(), ttl.then_some(LATER), "{name}");
        }
        let resp = file.run("export", &["--format", "resp"]).stdout;
        let commands = commands(&resp).into_iter().map(|(_, command)| command);
        let commands: Vec<_> = commands.filter(|words| words[0] == b"HPEXPIREAT").collect();
        let keys = json(&exported)[0].as_object().unwrap().clone();
        let expiring = keys.keys().filter(|name| name.contains("ttl") || name.contains("early"));
        assert_eq!(commands.len(), expiring.count());
        let later = LATER.to_string();
        let behind: Vec<&[u8]> = vec![later.as_bytes(), b"FIELDS", b"1", b"f"];
        assert!(commands.iter().all(|words| words[2..] == behind[..]));
    }
}

fn ttl_triples(later: u64) -> support::packed::Blob {
    let later = i64::try_from(later).unwrap();
    listpack().text("f").int(1).int(later).text("g").int(2).int(0)
}

#[test]
fn a_ziplist_that_cannot_count_its_elements_is_exported() {
    let texts: Vec<String> = (0..70_000).map(|n| format!("element {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let file = File::new(redis(9).list("long", ziplist().texts(&texts)));
    let exported = file.run("export", &["--format", "json"]);
    assert_eq!((exported.status.code(), said(&exported)), (Some(0), String::new()));
    assert_eq!(json(&exported)[0]["long"], serde_json::json!(texts));
}

#[test]
fn what_cannot_be_decoded_is_named_and_counted() {
    let dump = redis(14)
        .string("a", "1")
        .stream("st\x1bream", stream(21).node(1, &["f"], &[&["v"]]))
        .module("module", module("ReJSON-RL", 3).uint(1))
        .array("array", array().int(0, 1))
        .string("b", "2");
    let file = File::new(dump);
    let exported = file.run("export", &["--format", "json"]);
    assert_eq!(exported.status.code(), Some(2));
    assert_eq!(json(&exported), serde_json::json!([{"a": "1", "b": "2"}]));
    let told = said(&exported);
    for line in [
        "\"st\\x1bream\" of database 0: values of type stream are not decoded\n",
        "\"module\" of database 0: values of type ReJSON-RL are not decoded\n",
        "\"array\" of database 0: values of type array are not decoded\n",
        "keys left out: 1 ReJSON-RL, 1 array, 1 stream; --skip-undecodable makes that no failure\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let skipped = file.run("export", &["--format", "json", "--skip-undecodable"]);
    assert_eq!((skipped.status.code(), &skipped.stdout), (Some(0), &exported.stdout));
    assert!(said(&skipped).contains("keys left out: 1 ReJSON-RL, 1 array, 1 stream\n"));
    let shown = file.run("show", &["array", "--value"]);
    assert_eq!(shown.status.code(), Some(2));
    assert!(text(&shown).starts_with("array\n"));
    assert!(said(&shown).contains("values of type array are not decoded"));
}

#[test]
fn a_value_that_is_damaged_inside_is_left_out_whatever_is_asked_for() {
    let dump = dump().set("s", listpack().raw(&[0xbf, b'a'])).string("k", "v");
    let file = File::new(dump);
    let exported = file.run("export", &["--format", "json", "--skip-undecodable"]);
    assert_eq!(exported.status.code(), Some(2));
    assert_eq!(json(&exported), serde_json::json!([{"k": "v"}]));
    assert!(said(&exported).contains("\"s\" of database 0: byte 12: "), "{}", said(&exported));
    assert!(said(&exported).contains("keys left out: 1 damaged\n"), "{}", said(&exported));
}

#[test]
fn filters_and_limits_choose_what_is_exported() {
    let begin = dump().select(0).expires_ms(4_000_000_000_000).string("user:1", "a");
    let dump = begin.hash("user:2", pairs([("f", "b")])).select(3).string("user:3", "c");
    let file = File::new(dump.string("other", "d"));
    let keys = |args: &[&str]| {
        let args = [&["--format", "json"], args].concat();
        text(&file.run("export", &args))
    };
    assert_eq!(
        keys(&[]),
        "[{\"user:1\":\"a\",\"user:2\":{\"f\":\"b\"}},{\"user:3\":\"c\",\"other\":\"d\"}]\n"
    );
    assert_eq!(
        keys(&["--match", "user:*", "--type", "string"]),
        "[{\"user:1\":\"a\"},{\"user:3\":\"c\"}]\n"
    );
    assert_eq!(keys(&["--with-ttl"]), "[{\"user:1\":\"a\"}]\n");
    assert_eq!(keys(&["--db", "3", "--limit", "1"]), "[{\"user:3\":\"c\"}]\n");
    assert_eq!(keys(&["--limit", "0"]), "[]\n");
    assert_eq!(keys(&["--match", "none"]), "[]\n");
    let resp = file.run("export", &["--format", "resp", "--match", "user:1"]);
    assert_eq!(
        text(&resp),
        "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$6\r\nuser:1\r\n$1\r\na\r\n\
         *3\r\n$9\r\nPEXPIREAT\r\n$6\r\nuser:1\r\n$13\r\n4000000000000\r\n"
    );
}

#[test]
fn a_file_is_written_at_once_and_never_over_the_dump() {
    let file = File::new(dump().string("k", "v"));
    let out = file.0.path().join("out.json");
    std::fs::write(&out, "old").unwrap();
    let name = out.to_str().unwrap();
    let written = file.run("export", &["--format", "json", "-o", name]);
    assert_eq!((written.status.code(), text(&written)), (Some(0), String::new()));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "[{\"k\":\"v\"}]\n");
    let before = std::fs::read(file.path()).unwrap();
    let dump = format!(
        "{}/../{}/dump.rdb",
        file.0.path().display(),
        file.0.path().file_name().unwrap().to_str().unwrap()
    );
    let refused = file.run("export", &["--format", "json", "-o", &dump]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("would overwrite the dump"));
    assert_eq!(std::fs::read(file.path()).unwrap(), before);
    assert_eq!(std::fs::read_dir(file.0.path()).unwrap().count(), 2);
}

#[test]
fn a_reader_that_goes_early_is_no_error() {
    use std::io::Read;
    let texts: Vec<String> = (0..50_000).map(|n| format!("element {n}")).collect();
    let file = File::new(dump().list("long", texts));
    let args = ["export".into(), file.path().into_os_string(), "--format".into(), "resp".into()];
    let mut command = support::program::rdblens(args);
    let command = command.stdout(std::process::Stdio::piped());
    let mut program = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    program.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let mut told = String::new();
    program.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!((program.wait().unwrap().code(), told), (Some(0), String::new()));
}

/// Each ends in words and an exit status, never in a panic or a signal.
#[test]
fn hostile_dumps_are_survived() {
    let lzf = [&[0xc3, 4, 0x81][..], &[0x7f; 8], b"aaaa"].concat();
    let many = [&[0x81][..], &[0x7f; 8], &[1, b'a']].concat();
    let mut hostile: Vec<Dump> = Vec::new();
    for code in 0..=40 {
        for body in [&lzf, &many, &vec![0xff; 40], &vec![0; 40], &vec![0x80; 40]] {
            hostile.push(dump().string("before", "1").value("k", code, body));
            hostile.push(valkey(80).string("before", "1").value("k", code, body));
        }
    }
    for dump in hostile.into_iter().step_by(3) {
        let file = File::of(&dump.cut());
        for (command, args) in [("show", &["k", "--value"][..]), ("export", &["--format", "json"])]
        {
            let done = file.run(command, args);
            assert!(matches!(done.status.code(), Some(0 | 2)), "{:?} {}", done.status, said(&done));
            assert!(!said(&done).contains("panicked"), "{}", said(&done));
        }
    }
}
