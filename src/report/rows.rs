//! One row a key, as JSON Lines or CSV, appended to a buffer: no allocation a row.

use super::escape;
use super::units::Millis;
use crate::entries::ModuleId;
use crate::footprint::{Certainty, Footprint, Size};
use crate::groups::Row;

/// A form of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFormat {
    /// A JSON object a line.
    Jsonl,
    /// A record a line under a header, RFC 4180 with line feeds. A name that is no UTF-8 stands in
    /// a column of its own, `key_base64`.
    Csv,
}

/// A column of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// The database.
    Db,
    /// The name: `key`, or `key_base64` when it is no UTF-8.
    Key,
    /// What `TYPE` answers.
    Type,
    /// What `OBJECT ENCODING` answers.
    Encoding,
    /// What the key takes.
    Bytes,
    /// What the length command of the type answers.
    Elements,
    /// When it expires.
    ExpiresAt,
    /// Whether that was before the snapshot.
    Expired,
    /// Seconds since its last use.
    Idle,
    /// Its LFU counter.
    Freq,
    /// Its cluster slot.
    Slot,
    /// The length of its longest element.
    LargestElement,
    /// Fields of a hash that have a TTL of their own.
    FieldsWithTtl,
    /// One standard deviation of `bytes`, where the server draws a part of it at random.
    Spread,
    /// How sure `bytes` is: `exact`, `expected` or `serialized`.
    Certainty,
    /// The part of `bytes` for the name.
    KeyBytes,
    /// The part for the value's object.
    ObjectBytes,
    /// The part for tables, nodes and headers.
    StructureBytes,
    /// The part for the elements themselves. The four parts add up to `bytes`.
    PayloadBytes,
}

impl Column {
    /// Those that are shown unless others are asked for.
    pub const DEFAULT: [Self; 11] = [
        Self::Db,
        Self::Key,
        Self::Type,
        Self::Encoding,
        Self::Bytes,
        Self::Elements,
        Self::ExpiresAt,
        Self::Expired,
        Self::Idle,
        Self::Freq,
        Self::Slot,
    ];

    /// The others.
    pub const MORE: [Self; 8] = [
        Self::LargestElement,
        Self::FieldsWithTtl,
        Self::Spread,
        Self::Certainty,
        Self::KeyBytes,
        Self::ObjectBytes,
        Self::StructureBytes,
        Self::PayloadBytes,
    ];

    /// The column's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Db => "db",
            Self::Key => "key",
            Self::Type => "type",
            Self::Encoding => "encoding",
            Self::Bytes => "bytes",
            Self::Elements => "elements",
            Self::ExpiresAt => "expires_at_ms",
            Self::Expired => "expired",
            Self::Idle => "idle_s",
            Self::Freq => "freq",
            Self::Slot => "slot",
            Self::LargestElement => "largest_element",
            Self::FieldsWithTtl => "fields_with_ttl",
            Self::Spread => "spread",
            Self::Certainty => "certainty",
            Self::KeyBytes => "key_bytes",
            Self::ObjectBytes => "object_bytes",
            Self::StructureBytes => "structure_bytes",
            Self::PayloadBytes => "payload_bytes",
        }
    }

    /// The column named `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::DEFAULT.into_iter().chain(Self::MORE);
        all.find(|column| column.name() == name)
    }
}

/// Writes rows.
#[derive(Debug, Clone)]
pub struct Rows {
    format: RowFormat,
    columns: Vec<Column>,
    reference: Option<Millis>,
}

/// A cell's value.
enum Value<'a> {
    Absent,
    /// To be filled in later.
    Unknown,
    Number(u64),
    Signed(i64),
    Flag(bool),
    Word(&'static str),
    Module(ModuleId),
    Name(&'a [u8]),
}

impl Rows {
    /// Rows of `columns` in `format`. A key whose time is before `reference` counts as expired;
    /// without a reference nothing is said of it.
    #[must_use]
    pub const fn new(format: RowFormat, columns: Vec<Column>, reference: Option<Millis>) -> Self {
        Self { format, columns, reference }
    }

    /// Whether the rows tell what only a look at every element can.
    #[must_use]
    pub fn looks_inside(&self) -> bool {
        let dear = [Column::LargestElement, Column::FieldsWithTtl];
        self.columns.iter().any(|column| dear.contains(column))
    }

    /// Appends what stands before the first row.
    pub fn header(&self, out: &mut Vec<u8>) {
        if self.format == RowFormat::Jsonl {
            return;
        }
        for (i, column) in self.columns.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            out.extend_from_slice(column.name().as_bytes());
            if *column == Column::Key {
                out.extend_from_slice(b",key_base64");
            }
        }
        out.push(b'\n');
    }

    /// Appends the row of one key.
    ///
    /// A row whose database is not known yet lacks it; the answer is where in `out` it belongs.
    #[inline]
    pub fn row(&self, row: &Row<'_>, footprint: &Footprint, out: &mut Vec<u8>) -> Option<usize> {
        match self.format {
            RowFormat::Jsonl => self.jsonl(row, footprint, out),
            RowFormat::Csv => self.csv(row, footprint, out),
        }
    }

    fn jsonl(&self, row: &Row<'_>, footprint: &Footprint, out: &mut Vec<u8>) -> Option<usize> {
        let mut hole = None;
        for (i, &column) in self.columns.iter().enumerate() {
            out.extend_from_slice(if i == 0 { b"{\"" } else { b",\"" });
            out.extend_from_slice(column.name().as_bytes());
            match self.value(column, row, footprint) {
                Value::Absent => out.extend_from_slice(b"\":null"),
                Value::Unknown => {
                    out.extend_from_slice(b"\":");
                    hole = Some(out.len());
                }
                Value::Flag(flag) => {
                    out.extend_from_slice(if flag { b"\":true" } else { b"\":false" });
                }
                Value::Name(name) => json_name(name, out),
                Value::Word(word) => json_text(word, out),
                Value::Module(id) => json_text(&id.name(), out),
                Value::Number(n) => json_number(itoa::Buffer::new().format(n), out),
                Value::Signed(n) => json_number(itoa::Buffer::new().format(n), out),
            }
        }
        out.extend_from_slice(if self.columns.is_empty() { b"{}\n" } else { b"}\n" });
        hole
    }

    fn csv(&self, row: &Row<'_>, footprint: &Footprint, out: &mut Vec<u8>) -> Option<usize> {
        let mut hole = None;
        for (i, &column) in self.columns.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            match self.value(column, row, footprint) {
                Value::Absent => {}
                Value::Unknown => hole = Some(out.len()),
                Value::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
                Value::Name(name) => csv_name(name, out),
                Value::Word(word) => out.extend_from_slice(word.as_bytes()),
                Value::Module(id) => out.extend_from_slice(id.name().as_bytes()),
                Value::Number(n) => {
                    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
                }
                Value::Signed(n) => {
                    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
                }
            }
        }
        out.push(b'\n');
        hole
    }

    #[inline]
    fn value<'a>(&self, column: Column, row: &Row<'a>, footprint: &Footprint) -> Value<'a> {
        let [key, object, structure, payload] = whole_parts(column, footprint);
        match column {
            Column::Db => row.db.map_or(Value::Unknown, Value::Number),
            Column::Key => Value::Name(row.key),
            Column::Type => row.module.map_or(Value::Word(row.kind.name()), Value::Module),
            Column::Encoding => Value::Word(row.encoding.name()),
            Column::Bytes => Value::Number(row.sizes.first().round()),
            Column::Elements => number(row.elements),
            Column::ExpiresAt => row.expires_at_ms.map_or(Value::Absent, Value::Signed),
            Column::Expired => self.expired(row.expires_at_ms),
            Column::Idle => number(row.idle_s),
            Column::Freq => number(row.freq),
            Column::Slot => number(row.slot),
            Column::LargestElement => number(footprint.largest_element),
            Column::FieldsWithTtl => Value::Number(footprint.fields_with_ttl),
            Column::Spread => Value::Number(footprint.spread.round()),
            Column::Certainty => Value::Word(certainty(footprint.certainty)),
            Column::KeyBytes => Value::Number(key),
            Column::ObjectBytes => Value::Number(object),
            Column::StructureBytes => Value::Number(structure),
            Column::PayloadBytes => Value::Number(payload),
        }
    }

    fn expired<'a>(&self, expires_at: Option<i64>) -> Value<'a> {
        match (expires_at, self.reference) {
            (None, _) => Value::Flag(false),
            (Some(_), None) => Value::Absent,
            (Some(at), Some(reference)) => Value::Flag(at < reference.0),
        }
    }
}

fn number<'a>(n: Option<impl Into<u64>>) -> Value<'a> {
    n.map_or(Value::Absent, |n| Value::Number(n.into()))
}

/// The first lane's parts in whole bytes, rounded so that they add up to the rounded sum.
fn whole_parts(column: Column, footprint: &Footprint) -> [u64; 4] {
    use Column::{KeyBytes, ObjectBytes, PayloadBytes, StructureBytes};
    if !matches!(column, KeyBytes | ObjectBytes | StructureBytes | PayloadBytes) {
        return [0; 4];
    }
    let [parts, ..] = &footprint.parts;
    let (mut sum, mut shown) = (Size::ZERO, 0);
    [parts.key, parts.object, parts.structure, parts.payload].map(|part| {
        sum += part;
        let before = std::mem::replace(&mut shown, sum.round());
        shown.saturating_sub(before)
    })
}

const fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Exact => "exact",
        Certainty::Expected => "expected",
        Certainty::Serialized => "serialized",
    }
}

fn json_number(digits: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\":");
    out.extend_from_slice(digits.as_bytes());
}

fn json_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\":\"");
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn json_name(name: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(name) {
        Ok(text) => {
            out.extend_from_slice(b"\":\"");
            escape::json(text, out);
        }
        Err(_) => {
            out.extend_from_slice(b"_base64\":\"");
            escape::base64(name, out);
        }
    }
    out.push(b'"');
}

fn csv_name(name: &[u8], out: &mut Vec<u8>) {
    if std::str::from_utf8(name).is_ok() {
        escape::csv(name, out);
        out.push(b',');
    } else {
        out.push(b',');
        escape::base64(name, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::ValueKind;
    use crate::footprint::{Encoding, LANES, Parts};

    fn footprint() -> Footprint {
        let half = Size::ratio(1, 2);
        let part = Size::bytes(10) + half;
        let parts = Parts { key: part, object: part, structure: part, payload: part };
        Footprint {
            encoding: Encoding::Skiplist,
            elements: Some(3),
            module: None,
            largest_element: Some(7),
            fields_with_ttl: 0,
            parts: [parts; LANES],
            spread: Size::bytes(4),
            certainty: Certainty::Expected,
        }
    }

    fn row<'a>(key: &'a [u8], footprint: &Footprint) -> Row<'a> {
        Row {
            db: Some(0),
            slot: None,
            key,
            kind: ValueKind::Zset,
            module: footprint.module,
            encoding: footprint.encoding,
            elements: footprint.elements,
            sizes: footprint.sizes(),
            certainty: footprint.certainty,
            expires_at_ms: Some(1000),
            idle_s: None,
            freq: Some(5),
        }
    }

    fn written(format: RowFormat, columns: &[Column], key: &[u8]) -> String {
        let rows = Rows::new(format, columns.to_vec(), Some(Millis(2000)));
        let (footprint, mut out) = (footprint(), Vec::new());
        rows.header(&mut out);
        rows.row(&row(key, &footprint), &footprint, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_row_of_json() {
        assert_eq!(
            written(RowFormat::Jsonl, &Column::DEFAULT, b"board:1"),
            "{\"db\":0,\"key\":\"board:1\",\"type\":\"zset\",\"encoding\":\"skiplist\",\"bytes\":42,\
             \"elements\":3,\"expires_at_ms\":1000,\"expired\":true,\"idle_s\":null,\"freq\":5,\
             \"slot\":null}\n"
        );
    }

    #[test]
    fn a_row_of_csv_under_its_header() {
        assert_eq!(
            written(RowFormat::Csv, &Column::DEFAULT, b"a,\"b\"\n"),
            "db,key,key_base64,type,encoding,bytes,elements,expires_at_ms,expired,idle_s,freq,slot\n\
             0,\"a,\"\"b\"\"\n\",,zset,skiplist,42,3,1000,true,,5,\n"
        );
        assert_eq!(written(RowFormat::Csv, &[Column::Key], b"\xff,"), "key,key_base64\n,/yw=\n");
    }

    #[test]
    fn parts_add_up_to_the_rounded_sum() {
        let columns = [
            Column::Bytes,
            Column::KeyBytes,
            Column::ObjectBytes,
            Column::StructureBytes,
            Column::PayloadBytes,
            Column::Spread,
            Column::Certainty,
            Column::LargestElement,
        ];
        assert_eq!(
            written(RowFormat::Jsonl, &columns, b"k"),
            "{\"bytes\":42,\"key_bytes\":11,\"object_bytes\":10,\"structure_bytes\":11,\
             \"payload_bytes\":10,\"spread\":4,\"certainty\":\"expected\",\"largest_element\":7}\n"
        );
    }

    #[test]
    fn without_a_reference_nothing_is_said_of_expiry() {
        let rows = Rows::new(RowFormat::Jsonl, vec![Column::Expired], None);
        let (footprint, mut out) = (footprint(), Vec::new());
        rows.row(&row(b"k", &footprint), &footprint, &mut out);
        assert_eq!(out, b"{\"expired\":null}\n");
    }

    #[test]
    fn every_column_is_found_by_its_name() {
        for column in Column::DEFAULT.into_iter().chain(Column::MORE) {
            assert_eq!(Column::named(column.name()), Some(column));
        }
        assert_eq!(Column::named("colour"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_name_comes_back(key: Vec<u8>) {
            let line = written(RowFormat::Jsonl, &Column::DEFAULT, &key);
            let value: serde_json::Value = serde_json::from_str(&line).unwrap();
            let name = match (&value["key"], &value["key_base64"]) {
                (serde_json::Value::String(text), serde_json::Value::Null) => text.clone().into_bytes(),
                (serde_json::Value::Null, serde_json::Value::String(text)) => {
                    base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text).unwrap()
                }
                _ => panic!("{line}"),
            };
            proptest::prop_assert_eq!(name, key);
            proptest::prop_assert_eq!(line.matches('\n').count(), 1);
        }
    }
}
