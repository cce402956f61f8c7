//! Every version and value type of the format: what was built is what is read.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use rdblens::entries::{Dialect, Wrapper};
use support::dump::{Dump, dump, lzf, module, redis, valkey};
use support::fixture;
use support::packed::{intset, listpack, ziplist, zipmap};
use support::read::{Reading, read};
use support::shapes::{
    Fields, array, early_expiring, early_expiring_listpack, expiring, expiring_listpack,
    own_template_listpack, own_template_values, pairs, paths, quicklist, scored, scored_text,
    template_listpack, template_values, valkey_expiring, ziplists,
};
use support::stream::{group, stream};

/// Reads a sound snapshot.
fn sound(dump: Dump) -> Reading {
    let bytes = dump.end();
    let reading = read(&bytes).expect("a header");
    assert_eq!(reading.fault, None);
    assert_eq!(reading.end, Some(bytes.len() as u64));
    reading
}

/// Type and count of each key.
fn kinds(dump: Dump) -> Vec<(String, String, u64)> {
    let reading = sound(dump);
    let keys = reading.keys();
    reading.rows.iter().zip(keys).map(|(row, key)| (key, row.kind.clone(), row.count)).collect()
}

macro_rules! reads {
    ($($name:ident: $dump:expr => $kind:literal, $count:expr;)+) => {$(
        #[test]
        fn $name() {
            assert_eq!(kinds($dump), [("k".to_owned(), $kind.to_owned(), $count)]);
        }
    )+};
}

const LONG: &str =
    "a text that is longer than the sixty-three bytes which one byte of length can tell";

reads! {
    string_raw: dump().string("k", "value") => "string", 5;
    string_empty: dump().string("k", "") => "string", 0;
    string_int8: dump().string("k", -128) => "string", 4;
    string_int16: dump().string("k", 32767) => "string", 5;
    string_int32: dump().string("k", i32::MIN) => "string", 11;
    string_compressed: dump().string("k", lzf("abc".repeat(1000))) => "string", 3000;
    string_of_two_bytes_length: dump().string("k", LONG) => "string", 82;
    string_of_five_bytes_length: dump().string("k", "x".repeat(70_000)) => "string", 70_000;
    list_plain: redis(1).list("k", ["a", "b", "c"]) => "list", 3;
    list_ziplist: redis(2).list("k", ziplist().text("a").int(7).int(-300)) => "list", 3;
    list_ziplist_nodes: redis(7).list("k", ziplists(&[ziplist().text("a"), ziplist().ints(0..9)])) => "list", 10;
    list_listpack_nodes: dump().list("k", quicklist().packed(&listpack().ints(0..5)).plain(LONG)) => "list", 6;
    list_node_compressed: dump().list("k", quicklist().packed(&listpack().texts(["aaaa"; 50]).lzf())) => "list", 50;
    set_plain: redis(1).set("k", ["a", "b"]) => "set", 2;
    set_intset_of_16_bits: redis(2).set("k", intset(2).ints([-5, 0, 5])) => "set", 3;
    set_intset_of_64_bits: dump().set("k", intset(8).ints([i64::MIN, i64::MAX])) => "set", 2;
    set_listpack: dump().set("k", listpack().text("a").int(1)) => "set", 2;
    zset_text_scores: redis(1).zset("k", scored_text([("a", "1.5"), ("b", "inf"), ("c", "-inf"), ("d", "nan")])) => "zset", 4;
    zset_binary_scores: redis(8).zset("k", scored([("b", 2.0), ("a", f64::INFINITY)])) => "zset", 2;
    zset_ziplist: redis(2).zset("k", ziplist().text("a").text("1.5")) => "zset", 1;
    zset_listpack: dump().zset("k", listpack().text("a").int(1).text("b").text("inf")) => "zset", 2;
    hash_plain: redis(1).hash("k", pairs([("f", "v"), ("g", LONG)])) => "hash", 2;
    hash_zipmap: redis(2).hash("k", zipmap().text("f").text("v").text("g").text(LONG)) => "hash", 2;
    hash_ziplist: redis(4).hash("k", ziplist().text("f").text("v")) => "hash", 1;
    hash_ziplist_of_long_elements: redis(4).hash("k", ziplist().text("f").text("v".repeat(300)).text("g").int(1 << 40)) => "hash", 2;
    hash_listpack: dump().hash("k", listpack().text("f").int(-1)) => "hash", 1;
    hash_early_ttl: redis(12).hash("k", early_expiring(&[("f", "v", None), ("g", "w", Some(4_000_000_000_000))])) => "hash", 2;
    hash_early_ttl_listpack: redis(12).hash("k", early_expiring_listpack(&listpack().text("f").text("v").int(0))) => "hash", 1;
    hash_ttl: redis(12).hash("k", expiring(&[("f", "v", Some(4_000_000_000_000)), ("g", "w", None)])) => "hash", 2;
    hash_ttl_listpack: redis(12).hash("k", expiring_listpack(9, &listpack().text("f").text("v").int(9).text("g").text("w").int(0))) => "hash", 2;
    hash_ttl_valkey: valkey(80).hash("k", valkey_expiring(&[("f", "v", Some(9)), ("g", "w", None)])) => "hash", 2;
    hash_of_paths: valkey(81).hash("k", paths(&[("a", &[("f", "v")]), ("b", &[("f", "v"), ("g", "w")])])) => "hash", 3;
    hash_template_listpack: redis(15).template(3, &["f", "g"]).hash("k", template_listpack(3, &["v", "w"])) => "hash", 2;
    hash_template_values: redis(15).template(300, &["f", "g"]).hash("k", template_values(300, &["v", LONG])) => "hash", 2;
    hash_own_template_listpack: redis(15).hash("k", own_template_listpack(&Fields::Packed(&["f", "g"]), 0, &["v", "w"])) => "hash", 2;
    hash_own_template_plain_names: redis(15).hash("k", own_template_listpack(&Fields::Plain(&["f"]), 0, &["v"])) => "hash", 1;
    hash_own_template_values: redis(15).hash("k", own_template_values(&Fields::Plain(&["f", "g"]), &["v", "w"])) => "hash", 2;
    hash_own_template_packed_names: redis(15).hash("k", own_template_values(&Fields::Packed(&["f", "g"]), &["v", "w"])) => "hash", 2;
    array_of_all_tags: redis(14).array("k", array().int(0, 5).double(7, 0.5).text(8, "short").text(1 << 40, "longer than a slot")) => "array", 4;
    array_with_cursor: redis(14).array("k", array().cursor(9).int(9, -1)) => "array", 1;
    gcra: redis(15).gcra("k", 1 << 50) => "gcra", 0;
    module_of_all_parts: dump().module("k", module("ReJSON-RL", 3).sint(-5).uint(7).float(1.5).double(2.5).text("{}").text(5)) => "ReJSON-RL", 0;
    module_vector_set: dump().module("k", module("vectorset", 1).uint(8).uint(42).text("x")) => "vectorset", 42;
}

/// A stream of all that a version can hold.
fn full_stream(code: u8) -> support::stream::Stream {
    let rows: [&[&str]; 3] = [&["1"], &["2"], &["3"]];
    let readers = group("readers").consumer("ann", &[(100, 0)]).consumer("bob", &[(101, 0)]);
    let readers = if code >= 27 { readers.released(&[(102, 0)]) } else { readers };
    let value = stream(code).node(100, &["f"], &rows).group(readers).group(group("none"));
    if code >= 26 { value.producer("p", &["m1", "m2"]).producer("q", &[]) } else { value }
}

#[test]
fn streams_of_all_versions() {
    for (version, code) in [(9, 15), (10, 19), (11, 21), (13, 26), (14, 27)] {
        let got = kinds(redis(version).stream("s", full_stream(code)).string("after", "x"));
        assert_eq!(got[0], ("s".to_owned(), "stream".to_owned(), 3), "type {code}");
        assert_eq!(got[1].0, "after", "type {code}");
    }
}

#[test]
fn what_a_prefix_says_goes_to_its_own_key_only() {
    let meta = [(0x1234_5600, module("AAAAAAAAA", 0).uint(5))];
    let reading = sound(
        redis(13)
            .expires_s(2_000_000_000)
            .string("seconds", "v")
            .expires_ms(2_000_000_000_123)
            .idle(77)
            .string("idle", "v")
            .freq(5)
            .string("freq", "v")
            .expires_ms(-1)
            .key_meta(&meta)
            .string("meta", "v")
            .enterprise_access(99)
            .string("access", "v")
            .string("none", "v"),
    );
    let said: Vec<_> = reading
        .rows
        .iter()
        .map(|row| (row.meta.expiry.at_ms(), row.meta.idle_s, row.meta.freq, row.meta.classes))
        .collect();
    assert_eq!(
        said,
        [
            (Some(2_000_000_000_000), None, None, 0),
            (Some(2_000_000_000_123), Some(77), None, 0),
            (None, None, Some(5), 0),
            (Some(-1), None, None, 1),
            (None, None, None, 0),
            (None, None, None, 0),
        ]
    );
}

#[test]
fn an_entry_begins_with_its_first_prefix() {
    let dump = dump().string("a", "v").expires_ms(1).freq(2).string("b", "v").string("c", "v");
    let boundaries: Vec<_> = dump.boundaries().iter().map(|at| *at as u64).collect();
    let reading = sound(dump);
    let starts: Vec<_> = reading.rows.iter().map(|row| row.at).collect();
    assert_eq!(starts, boundaries[..3]);
}

#[test]
fn databases_may_come_in_any_order_and_again() {
    let dump = dump().string("a", "").select(15).resize(2, 0).string("b", "").select(3);
    let reading = sound(dump.string("c", "").select(15).string("d", "").select(1 << 20));
    let databases: Vec<_> = reading.rows.iter().map(|row| row.db).collect();
    assert_eq!(databases, [0, 15, 3, 15]);
}

#[test]
fn records_between_keys_are_read_over() {
    let reading = sound(
        redis(15)
            .aux("redis-ver", "8.10.2")
            .module_aux(module("ft_index0", 1).uint(5).text("x"), true)
            .function("#!lua name=lib\n")
            .early_function("lib", Some("for tests"), "return 1")
            .early_function("lib", None, "return 1")
            .template(0, &["f"])
            .select(0)
            .slot(5, 1, 0)
            .enterprise_slot(7)
            .string("k", "v")
            .aux("lua", "return 1")
            .module_aux(module("ft_index0", 1), false),
    );
    assert_eq!(reading.keys(), ["k"]);
    assert_eq!(reading.head.aux("redis-ver"), Some("8.10.2"));
    assert_eq!(reading.records.len(), 11);
    let valkey = valkey(80).slot_import(&"j".repeat(40), &[(0, 5), (9, 9)]).string("k", "v");
    assert_eq!(sound(valkey.aux("slot-info", "5,1,0")).keys(), ["k"]);
}

#[test]
fn versions_before_5_have_no_checksum() {
    for version in 1..=4 {
        assert_eq!(sound(redis(version).string("k", "v")).checksum, None);
    }
    assert_eq!(sound(redis(5).string("k", "v")).checksum, Some(true));
    let unchecked = read(&redis(5).string("k", "v").end_with(0)).expect("a header");
    assert_eq!(unchecked.checksum, None);
    let wrong = read(&redis(5).string("k", "v").end_with(1)).expect("a header");
    assert_eq!((wrong.checksum, wrong.fault), (Some(false), None));
}

#[test]
fn a_replication_wrapper_is_taken_off() {
    let inner = dump().string("k", "v").end();
    let mark = b"0123456789abcdef0123456789abcdef01234567";
    let marked = [b"$EOF:", &mark[..], b"\r\n", &inner, mark].concat();
    let reading = read(&marked).expect("a header");
    assert_eq!((reading.keys(), reading.checksum), (vec!["k".to_owned()], Some(true)));
    assert_eq!(reading.head.wrapper, Wrapper::Mark(*mark));
    let counted = [format!("${}\r\n", inner.len()).as_bytes(), &inner].concat();
    let reading = read(&counted).expect("a header");
    assert_eq!((reading.keys(), reading.checksum), (vec!["k".to_owned()], Some(true)));
    assert_eq!(reading.head.wrapper, Wrapper::Length(inner.len() as u64));
}

#[test]
fn magic_decides_the_dialect() {
    assert_eq!(sound(redis(79)).head.dialect, Dialect::Redis);
    assert_eq!(sound(valkey(80)).head.dialect, Dialect::Valkey);
}

/// Every fixture is read to its end, with the keys, types, lengths and expiries that the server
/// answered, and the checksum right.
#[test]
fn fixtures_hold_what_their_servers_answered() {
    for dump in fixture::dumps() {
        let reading = read(&dump.bytes()).expect("a header");
        assert_eq!(reading.fault, None, "{}", dump.name);
        let unchecked = dump.name.ends_with("/nochecksum");
        assert_eq!(reading.checksum, (!unchecked).then_some(true), "{}", dump.name);
        if let Some(types) = &dump.server.types {
            assert_eq!(reading.rows.len() as u64, types.values().sum::<u64>(), "{}", dump.name);
        }
        let Some(mut truth) = dump.truth() else { continue };
        for row in &reading.rows {
            let Some(answer) = truth.remove(&(row.db, row.key.clone())) else {
                assert!(dump.had_expired(&row.key), "{}: extra {:?}", dump.name, row.key);
                continue;
            };
            let context = format!("{}: {}", dump.name, row.key.escape_ascii());
            assert_eq!(row.kind, answer.kind, "{context}");
            assert_eq!(row.meta.expiry.at_ms(), answer.expires, "{context}");
            assert_eq!(answer.len.unwrap_or(row.count), row.count, "{context}");
            let freq = row.meta.freq.map(u64::from);
            assert!(freq.is_none() || freq == answer.freq || shared(&answer.kind), "{context}");
        }
        assert!(truth.is_empty(), "{}: missing {:?}", dump.name, truth.keys().next());
    }
}

/// Small integers are one object for all keys on older servers, and so is their counter.
fn shared(kind: &str) -> bool {
    kind == "string"
}
