//! The crate `rdb` reads the same snapshots and agrees on every key that it can decode.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use rdb::{RdbDecoder, RdbValue, filter::Simple};
use std::collections::BTreeMap;
use support::fixture;
use support::read::{Reading, read};

/// Type, number of elements and expiry by database and key.
type Keys = BTreeMap<(u64, Vec<u8>), (&'static str, u64, Option<i64>)>;

/// What the other reader finds. It skips streams and modules' values.
fn theirs(bytes: &[u8]) -> Keys {
    let mut keys = Keys::new();
    let mut db = 0;
    for item in RdbDecoder::new(bytes, Simple::new()).expect("a header") {
        let (key, kind, count, expiry) = match item.expect("a sound snapshot") {
            RdbValue::SelectDb(n) => {
                db = n.into();
                continue;
            }
            RdbValue::String { key, value, expiry } => (key, "string", value.len(), expiry),
            RdbValue::Hash { key, values, expiry } => (key, "hash", values.len(), expiry),
            RdbValue::Set { key, members, expiry } => (key, "set", members.len(), expiry),
            RdbValue::List { key, values, expiry } => (key, "list", values.len(), expiry),
            RdbValue::SortedSet { key, values, expiry } => (key, "zset", values.len(), expiry),
            _ => continue,
        };
        let expiry = expiry.map(|ms| i64::try_from(ms).expect("a time"));
        let twice = keys.insert((db, key), (kind, count as u64, expiry));
        assert!(twice.is_none(), "a key came twice");
    }
    keys
}

/// What we find, of the types that the other reader decodes.
fn ours(reading: &Reading) -> Keys {
    let known = ["string", "hash", "set", "list", "zset"];
    let kind = |name: &str| known.into_iter().find(|known| *known == name);
    let rows = reading.rows.iter().filter_map(|row| Some((row, kind(&row.kind)?)));
    rows.map(|(row, kind)| ((row.db, row.key.clone()), (kind, row.count, row.meta.expiry.at_ms())))
        .collect()
}

#[test]
fn the_crate_rdb_agrees_on_every_key_that_it_decodes() {
    let (mut dumps, mut keys) = (0, 0);
    for dump in fixture::dumps() {
        let bytes = dump.bytes();
        let reading = read(&bytes).expect("a header");
        // it knows Redis up to 8.6, and no replication wrapper
        let inner = &bytes[usize::try_from(reading.head.start).expect("an offset")..];
        if !inner.starts_with(b"REDIS") || reading.head.version > 13 {
            continue;
        }
        let (ours, theirs) = (ours(&reading), theirs(inner));
        assert!(ours == theirs, "{}: {:?}", dump.name, first_difference(&ours, &theirs));
        dumps += 1;
        keys += ours.len();
    }
    assert!(dumps >= 40 && keys > 40_000, "{dumps} dumps with {keys} keys were compared");
}

fn first_difference(ours: &Keys, theirs: &Keys) -> Option<String> {
    let names: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let name = names.into_iter().find(|name| ours.get(*name) != theirs.get(*name))?;
    let (us, them) = (ours.get(name), theirs.get(name));
    Some(format!("db {} {}: we {us:?}, they {them:?}", name.0, name.1.escape_ascii()))
}
