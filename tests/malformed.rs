//! Broken input: the fault is named where the broken construct starts, and what came before it
//! stays.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use rdblens::bytes::{Cursor, Fault, Kind, Stop};
use rdblens::entries::{Head, Item, Walk};
use support::dump::{Dump, Text, dump, module, redis, valkey};
use support::fixture;
use support::packed::{intset, listpack, ziplist, zipmap};
use support::read::read;
use support::shapes::{array, pairs, quicklist, template_listpack, template_values};
use support::stream::{group, stream};
use support::values::values;

/// The fault in `dump`, behind whose keys all is cut off.
fn fault(dump: Dump) -> Fault {
    let bytes = dump.cut();
    values(&bytes);
    let reading = read(&bytes).expect("a header");
    reading.fault.expect("a fault")
}

macro_rules! malformed {
    ($($name:ident: $dump:expr => $kind:pat, at: $at:expr;)+) => {$(
        #[test]
        fn $name() {
            let fault = fault($dump);
            assert!(matches!(fault.kind, $kind), "{fault:?}");
            assert_eq!(fault.at, $at, "{fault:?}");
        }
    )+};
}

// The header takes 9 bytes; type byte and a key of one letter three more, so a value starts at 12.
malformed! {
    nothing_behind_the_header: dump() => Kind::Truncated { want: 1, left: 0 }, at: 9;
    key_is_cut: dump().raw([0, 5, b'k']) => Kind::Truncated { want: 5, left: 1 }, at: 11;
    no_value: dump().raw([0, 1, b'k']) => Kind::Truncated { want: 1, left: 0 }, at: 12;
    length_of_no_form: dump().raw([254, 0x82]) => Kind::Length(0x82), at: 10;
    length_where_a_string_encoding_is: dump().raw([254, 0xc0, 1]) => Kind::Length(0xc0), at: 10;
    string_of_unknown_encoding: dump().value("k", 0, [0xc4, 1]) => Kind::StringEncoding(4), at: 12;
    string_claims_4_gib: dump().value("k", 0, [0x80, 0xff, 0xff, 0xff, 0xff]) => Kind::Truncated { want: 0xffff_ffff, left: 0 }, at: 17;
    string_claims_16_eib: dump().value("k", 0, [&[0x81][..], &[0xff; 8]].concat()) => Kind::Truncated { want: u64::MAX, left: 0 }, at: 21;
    unknown_type: dump().value("k", 8, "") => Kind::ValueType(8), at: 9;
    unknown_high_type: dump().value("k", 200, "") => Kind::ValueType(200), at: 9;
    type_of_the_other_family: valkey(80).value("k", 28, "") => Kind::ValueType(28), at: 9;
    record_of_the_other_family: valkey(80).template(0, &["f"]) => Kind::Opcode(242), at: 9;
    module_of_a_release_candidate: redis(8).value("k", 6, [0; 20]) => Kind::Unskippable(_), at: 12;
    set_claims_too_much: dump().value("k", 2, [0x80, 0xff, 0xff, 0xff, 0xff, 1, b'a']) => Kind::Truncated { .. }, at: 19;
    listpack_claims_too_much: dump().hash("h", listpack().claim(4096)) => Kind::BlobLength { says: 4096, is: 7, .. }, at: 12;
    listpack_claims_too_little: dump().set("s", listpack().text("a").claim(7)) => Kind::BlobLength { .. }, at: 12;
    listpack_shorter_than_its_header: dump().value("s", 20, Text::from("abc").0) => Kind::Blob { blob: "listpack", .. }, at: 12;
    listpack_element_passes_its_end: dump().set("s", listpack().raw(&[0xbf, b'a'])) => Kind::Blob { .. }, at: 12;
    listpack_element_of_no_form: dump().set("s", listpack().raw(&[0xf7, 1])) => Kind::Blob { .. }, at: 12;
    listpack_element_with_a_wrong_length_behind: dump().set("s", listpack().raw(&[0x81, b'a', 9])) => Kind::Blob { .. }, at: 12;
    listpack_without_an_end: dump().set("s", listpack().text("a").endless()) => Kind::Blob { .. }, at: 12;
    ziplist_claims_too_much: redis(9).hash("h", ziplist().claim(1 << 30)) => Kind::BlobLength { blob: "ziplist", .. }, at: 12;
    ziplist_element_passes_its_end: redis(9).list("l", ziplist().raw(&[0, 0x3f, b'a'])) => Kind::Blob { .. }, at: 12;
    ziplist_element_of_no_form: redis(9).list("l", ziplist().raw(&[0, 0xc7])) => Kind::Blob { .. }, at: 12;
    ziplist_without_an_end: redis(9).list("l", ziplist().text("a").endless()) => Kind::Blob { .. }, at: 12;
    zipmap_without_an_end: redis(2).hash("h", zipmap().text("f").text("v").endless()) => Kind::Blob { .. }, at: 12;
    zipmap_value_is_missing: redis(2).hash("h", zipmap().text("f")) => Kind::Blob { .. }, at: 12;
    intset_claims_too_much: dump().set("s", intset(2).ints([1]).claim(9)) => Kind::BlobLength { blob: "intset", .. }, at: 12;
    intset_claims_more_than_fits_32_bits: dump().set("s", intset(8).ints([1]).claim(u32::MAX)) => Kind::BlobLength { .. }, at: 12;
    intset_of_a_width_that_none_has: dump().set("s", intset(3).ints([1])) => Kind::BlobLength { .. } | Kind::Blob { .. }, at: 12;
    quicklist_node_of_unknown_kind: dump().list("l", quicklist().node(3, "a".into())) => Kind::Value(_), at: 13;
    lzf_refers_before_its_start: dump().value("k", 0, [0xc3, 4, 8, 0xe0, 0x00, 0xff, 0x00]) => Kind::Lzf(_), at: 15;
    lzf_is_shorter_than_it_says: dump().value("k", 0, [0xc3, 2, 9, 0, b'a']) => Kind::Lzf(_), at: 15;
    lzf_claims_more_than_can_be: dump().value("k", 0, [0xc3, 2, 0x80, 0xff, 0xff, 0xff, 0xff, 0, b'a']) => Kind::Lzf(_), at: 13;
    lzf_key_is_damaged: dump().value("a", 0, [0]).raw([0, 0xc3, 2, 9, 0, b'a', 0]) => Kind::Lzf(_), at: 17;
    module_part_of_no_kind: dump().module("m", module("ReJSON-RL", 3).raw(&[6])) => Kind::Value(_), at: 21;
    module_data_of_no_kind: dump().module_aux(module("ft_index0", 1).raw(&[9]), true) => Kind::Value(_), at: 21;
    key_metadata_of_too_many_classes: redis(13).raw([243, 8]) => Kind::Value(_), at: 10;
    template_is_not_defined: redis(15).hash("h", template_values(7, &["v"])) => Kind::Template(7), at: 12;
    packed_template_is_not_defined: redis(15).hash("h", template_listpack(7, &["v"])) => Kind::Template(7), at: 12;
    template_is_defined_twice: redis(15).template(1, &["f"]).template(1, &["g"]) => Kind::Value(_), at: 14;
    template_claims_too_many_fields: redis(15).raw([242, 1, 0x80, 0xff, 0xff, 0xff, 0xff, 1, b'f']) => Kind::Truncated { .. }, at: 18;
    array_element_of_no_kind: redis(14).array("a", array().element(0, 4, &[0; 8])) => Kind::Value(_), at: 15;
    stream_is_cut_in_its_groups: dump().value("s", 21, &stream(21).group(group("g").consumer("c", &[(1, 0)])).encode().1[..15]) => Kind::Truncated { .. }, at: 27;
}

#[test]
fn what_is_no_snapshot_is_named() {
    let kind = |bytes: &[u8]| read(bytes).expect_err("no snapshot").kind;
    assert_eq!(kind(b""), Kind::Empty);
    assert!(matches!(kind(b"hello, world"), Kind::NotRdb { .. }));
    assert_eq!(kind(b"*1\r\n$4\r\nPING\r\n"), Kind::Commands);
    assert!(matches!(kind(b"REDIS"), Kind::Truncated { want: 9, left: 5 }));
    assert!(matches!(kind(b"REDIS00x1\xff"), Kind::NotRdb { .. }));
    assert!(matches!(kind(b"REDIS0000\xff"), Kind::Version { version: 0, .. }));
    assert!(matches!(kind(b"REDIS0080\xff"), Kind::Version { version: 80, .. }));
    assert!(matches!(kind(b"VALKEY079\xff"), Kind::Version { version: 79, .. }));
    assert!(matches!(kind(b"\x1f\x8b\x08\x00 and so on"), Kind::Envelope(_)));
    assert!(matches!(kind(b"VKCS\x01\x01\x00\x00"), Kind::Envelope(_)));
}

#[test]
fn a_fault_keeps_the_keys_before_it() {
    let dump = dump().string("a", "1").expires_ms(5).hash("b", pairs([("f", "v")]));
    let reading = read(&dump.string("c", "3").raw([200]).cut()).expect("a header");
    assert_eq!(reading.keys(), ["a", "b", "c"]);
    assert!(reading.fault.is_some());
}

/// A snapshot of many kinds of values in few bytes.
fn small() -> Dump {
    let packed = listpack().text("f").int(1);
    redis(15)
        .aux("redis-ver", "8.10.2")
        .function("#!lua name=lib\n")
        .template(0, &["f", "g"])
        .select(0)
        .resize(11, 1)
        .slot(1, 11, 1)
        .expires_ms(4_000_000_000_000)
        .idle(5)
        .string("string", "value")
        .string("compressed", support::dump::lzf("abcabcabcabcabcabc"))
        .list("list", quicklist().packed(&packed).plain("plain"))
        .set("set", ["a", "b"])
        .set("intset", intset(2).ints([1, 2]))
        .zset("zset", support::shapes::scored([("m", 1.0)]))
        .hash("hash", packed)
        .hash("template", template_values(0, &["v", "w"]))
        .stream(
            "stream",
            stream(27).node(1, &["f"], &[&["v"]]).group(group("g").consumer("c", &[(1, 0)])),
        )
        .array("array", array().int(0, 1).text(9, "long enough for the heap"))
        .module("module", module("ReJSON-RL", 3).uint(1).text("{}"))
}

#[test]
fn a_snapshot_cut_at_any_byte_keeps_its_whole_keys() {
    let ends = small().boundaries()[1..].to_vec();
    let bytes = small().module_aux(module("ft_index0", 1).text("x"), false).end();
    for place in 0..bytes.len() {
        let Ok(reading) = read(&bytes[..place]) else {
            assert!(place < 9, "cut at {place}");
            continue;
        };
        let fault = reading.fault.unwrap_or_else(|| panic!("cut at {place}: no fault"));
        assert!(matches!(fault.kind, Kind::Truncated { .. }), "cut at {place}: {fault}");
        assert!(fault.at <= place as u64, "cut at {place}: {fault}");
        let whole = ends.iter().filter(|end| **end <= place).count();
        assert_eq!(reading.rows.len(), whole, "cut at {place}");
    }
}

/// Small fixtures are cut at every byte, large ones at each boundary and a thousand other places.
///
/// What stands before a boundary was read alike whatever follows, so each cut goes on from a copy of
/// the walk at the boundary before it.
#[test]
fn fixtures_are_cut_at_every_byte_or_boundary() {
    const SMALL: usize = 10_000;
    for dump in fixture::dumps() {
        let bytes = dump.bytes();
        let every = if bytes.len() < SMALL { 1 } else { bytes.len() / 1000 };
        let head = Head::read(&mut Cursor::new(&bytes)).expect("a header");
        for place in (0..head.body).step_by(every) {
            let cut = &bytes[..usize::try_from(place).expect("an offset")];
            assert!(read(cut).map_or(true, |reading| reading.fault.is_some()), "{}", dump.name);
        }
        let (mut walk, mut at) = (Walk::new(&head), head.body);
        loop {
            let before = walk.clone();
            let mut cursor = from(&bytes, at, bytes.len() as u64);
            let item = walk.next(&mut cursor).expect("a sound snapshot");
            let done = matches!(item, Item::End { .. });
            walk.skip(&mut cursor).expect("a sound snapshot");
            let next = cursor.at();
            for place in (at..next).filter(|place| *place == at || place % every as u64 == 0) {
                cut(&dump.name, before.clone(), from(&bytes, at, place));
            }
            at = next;
            if done {
                break;
            }
        }
    }
}

/// A cursor over the bytes from `at` to a cut at `end`.
fn from(bytes: &[u8], at: u64, end: u64) -> Cursor<'_> {
    let place = |offset| usize::try_from(offset).expect("an offset");
    Cursor::window(&bytes[place(at)..place(end)], at, true)
}

/// Reads one record or key that is cut short.
fn cut(name: &str, mut walk: Walk, mut cursor: Cursor<'_>) {
    let place = cursor.at() + cursor.rest().len() as u64;
    let read = walk.next(&mut cursor).map(drop).and_then(|()| walk.skip(&mut cursor));
    let Err(Stop::Fault(fault)) = read else { panic!("{name} cut at {place}: {read:?}") };
    assert!(matches!(fault.kind, Kind::Truncated { .. }), "{name} cut at {place}: {fault}");
    assert!(fault.at <= place, "{name} cut at {place}: {fault}");
}

/// Damage, unlike a cut, can look like anything; reading ends all the same, in a fault or not.
#[test]
fn any_changed_byte_is_survived() {
    let bytes = small().end();
    for place in 9..bytes.len() {
        for change in [0x01, 0x10, 0x40, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[place] ^= change;
            values(&damaged);
            let reading = read(&damaged).expect("a header");
            let ok = reading.fault.is_some() || reading.checksum != Some(true);
            assert!(ok, "byte {place} changed by {change:#x} goes unseen");
        }
    }
}
