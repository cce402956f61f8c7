//! Every value of a snapshot, looked into, decoded and written out.

use rdblens::bytes::Cursor;
use rdblens::entries::{Head, Item, Walk};
use rdblens::groups::Source;
use rdblens::report::escape;
use rdblens::values::{Form, Inside, Located, Undecoded, Writer, decode};

/// What came of a snapshot's values.
#[derive(Debug, Default)]
pub struct Values {
    /// How many keys were decoded.
    pub decoded: usize,
    /// Why others were not, by their names.
    pub undecoded: Vec<(Vec<u8>, Undecoded)>,
    /// All of them as commands.
    pub resp: Vec<u8>,
    /// All of them as JSON.
    pub json: Vec<u8>,
}

/// Decodes every key of `bytes` up to the first fault.
pub fn values(bytes: &[u8]) -> Values {
    let mut all = Values::default();
    let mut cursor = Cursor::new(bytes);
    let Ok(head) = Head::read(&mut cursor) else { return all };
    let source = Source { bytes, head: &head };
    let mut walk = Walk::new(&head);
    let (mut resp, mut json) = (Vec::new(), Vec::new());
    {
        let writer = |form, out| Writer::new(form, out, escape::json).expect("memory");
        let mut resp = writer(Form::Resp, &mut resp);
        let mut json = writer(Form::Json, &mut json);
        while let Ok(item) = walk.next(&mut cursor) {
            let entry = match item {
                Item::Entry(entry) => entry,
                Item::End { .. } => break,
                _ => continue,
            };
            let db = entry.db.expect("a walk from the front knows it");
            let Ok(located) = Located::at(source, entry.at, db) else { continue };
            let inside = Inside::of(&located, 3);
            match decode(&located) {
                Ok(decoded) => {
                    let _ = inside.expect("what can be decoded can be looked into");
                    resp.key(db, &decoded).expect("memory");
                    json.key(db, &decoded).expect("memory");
                    all.decoded += 1;
                }
                Err(why) => all.undecoded.push((located.name.clone(), why)),
            }
        }
        resp.finish().expect("memory");
        json.finish().expect("memory");
    }
    serde_json::from_slice::<serde_json::Value>(&json).expect("JSON");
    Values { resp, json, ..all }
}

/// Commands by database, as `SELECT` says it.
pub fn commands(resp: &[u8]) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let (mut rest, mut db, mut all) = (resp, Vec::new(), Vec::new());
    let number = |rest: &mut &[u8], sign: u8| -> usize {
        let end = rest.iter().position(|byte| *byte == b'\r').expect("a line");
        assert_eq!((rest[0], &rest[end..end + 2]), (sign, &b"\r\n"[..]));
        let number = std::str::from_utf8(&rest[1..end]).expect("text").parse().expect("a number");
        *rest = &rest[end + 2..];
        number
    };
    while !rest.is_empty() {
        let words = number(&mut rest, b'*');
        let mut command = Vec::new();
        for _ in 0..words {
            let len = number(&mut rest, b'$');
            assert_eq!(&rest[len..len + 2], b"\r\n");
            command.push(rest[..len].to_vec());
            rest = &rest[len + 2..];
        }
        match &command[..] {
            [select, number] if select == b"SELECT" => db = number.clone(),
            _ => all.push((db.clone(), command)),
        }
    }
    all
}
