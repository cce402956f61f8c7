//! Every value is looked into, decoded and written out, whatever the bytes: nothing panics, aborts or
//! takes memory that the bytes do not justify, and what is decoded has as many elements as were seen.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdblens::bytes::Cursor;
use rdblens::entries::{Head, Item, ValueKind, Walk};
use rdblens::groups::Source;
use rdblens::report::escape;
use rdblens::values::{Form, Inside, Located, RdbValue, Writer, decode};

/// How many elements a decoded value has, where equal ones do not become one.
fn count(value: &RdbValue) -> Option<usize> {
    match value {
        RdbValue::Set { members: values, .. } | RdbValue::List { values, .. } => Some(values.len()),
        RdbValue::SortedSet { values, .. } => Some(values.len()),
        _ => None,
    }
}

fuzz_target!(|input: &[u8]| {
    let mut cursor = Cursor::new(input);
    let Ok(head) = Head::read(&mut cursor) else { return };
    let source = Source { bytes: input, head: &head };
    let mut walk = Walk::new(&head);
    let writer = |form| Writer::new(form, std::io::sink(), escape::json).expect("a sink");
    let mut writers = [writer(Form::Resp), writer(Form::Json)];
    while let Ok(item) = walk.next(&mut cursor) {
        let entry = match item {
            Item::Entry(entry) => entry,
            Item::End { .. } => break,
            _ => continue,
        };
        let Ok(located) = Located::at(source, entry.at, 0) else { continue };
        let inside = Inside::of(&located, 5);
        let Ok(decoded) = decode(&located) else { continue };
        let inside = inside.expect("what can be decoded can be looked into");
        assert!(inside.largest.len() as u64 <= inside.elements.min(5));
        if let (Some(n), false) = (count(&decoded.value), entry.kind == ValueKind::String) {
            assert_eq!(inside.elements, n as u64);
        }
        for writer in &mut writers {
            writer.key(0, &decoded).expect("a sink");
        }
    }
});
