//! One row a key, as JSON Lines or CSV, appended to a buffer: no allocation a row.

use super::escape;
use super::units::Millis;
use crate::entries::ModuleId;
use crate::footprint::{Certainty, Footprint, Parts, Size};
use crate::groups::{Patterns, Row};

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
    /// The pattern that it belongs to.
    Pattern,
    /// The length of its longest element.
    LargestElement,
    /// Fields of a hash that have a TTL of their own.
    FieldsWithTtl,
    /// How far `bytes` may be off either way, where the server draws a part of it at random: two
    /// standard deviations.
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
    /// The name and what was put into it, as it stands in the snapshot without compression.
    DataBytes,
}

impl Column {
    /// Those that are shown unless others are asked for.
    pub const DEFAULT: [Self; 12] = [
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
        Self::Pattern,
    ];

    /// The others.
    pub const MORE: [Self; 9] = [
        Self::LargestElement,
        Self::FieldsWithTtl,
        Self::Spread,
        Self::Certainty,
        Self::KeyBytes,
        Self::ObjectBytes,
        Self::StructureBytes,
        Self::PayloadBytes,
        Self::DataBytes,
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
            Self::Pattern => "pattern",
            Self::LargestElement => "largest_element",
            Self::FieldsWithTtl => "fields_with_ttl",
            Self::Spread => "spread",
            Self::Certainty => "certainty",
            Self::KeyBytes => "key_bytes",
            Self::ObjectBytes => "object_bytes",
            Self::StructureBytes => "structure_bytes",
            Self::PayloadBytes => "payload_bytes",
            Self::DataBytes => "data_bytes",
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
    columns: Vec<Place>,
    reference: Option<Millis>,
    patterns: Option<Patterns>,
}

/// A column in its place, with what it begins with in every row.
#[derive(Debug, Clone)]
struct Place {
    column: Column,
    /// What separates it from the one before, and its name.
    lead: Vec<u8>,
    /// The same, with what stands for no value.
    absent: Vec<u8>,
}

impl Place {
    fn new(format: RowFormat, index: usize, column: Column) -> Self {
        let (lead, null) = match (format, index) {
            (RowFormat::Jsonl, 0) => (format!("{{\"{}\":", column.name()), "null"),
            (RowFormat::Jsonl, _) => (format!(",\"{}\":", column.name()), "null"),
            (RowFormat::Csv, 0) => (String::new(), ""),
            (RowFormat::Csv, _) => (",".to_owned(), ""),
        };
        let absent = format!("{lead}{null}").into_bytes();
        Self { column, lead: lead.into_bytes(), absent }
    }
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
    Text(&'a str),
}

impl Rows {
    /// Rows of `columns` in `format`. A key whose time is before `reference` counts as expired;
    /// without a reference nothing is said of it.
    #[must_use]
    pub fn new(format: RowFormat, columns: Vec<Column>, reference: Option<Millis>) -> Self {
        let places = columns.into_iter().enumerate();
        let columns = places.map(|(index, column)| Place::new(format, index, column)).collect();
        Self { format, columns, reference, patterns: None }
    }

    /// The same, with the patterns that the keys belong to.
    #[must_use]
    pub fn with_patterns(self, patterns: Patterns) -> Self {
        Self { patterns: Some(patterns), ..self }
    }

    /// Whether the rows tell the patterns of their keys.
    #[must_use]
    pub fn tell_patterns(&self) -> bool {
        self.columns.iter().any(|place| place.column == Column::Pattern)
    }

    /// Whether the rows tell what only a look at every element can.
    #[must_use]
    pub fn looks_inside(&self) -> bool {
        let dear = [Column::LargestElement, Column::FieldsWithTtl];
        self.columns.iter().any(|place| dear.contains(&place.column))
    }

    /// Appends what stands before the first row.
    pub fn header(&self, out: &mut Vec<u8>) {
        if self.format == RowFormat::Jsonl {
            return;
        }
        for Place { column, lead, .. } in &self.columns {
            out.extend_from_slice(lead);
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
        let (mut digits, mut hole) = (itoa::Buffer::new(), None);
        for place in &self.columns {
            let value = match self.value(place.column, row, footprint) {
                Value::Absent => {
                    out.extend_from_slice(&place.absent);
                    continue;
                }
                Value::Unknown => {
                    out.extend_from_slice(&place.lead);
                    hole = Some(out.len());
                    continue;
                }
                Value::Name(name) => {
                    json_name(&place.lead, name, out);
                    continue;
                }
                Value::Text(text) => {
                    json_name(&place.lead, text.as_bytes(), out);
                    continue;
                }
                Value::Word(word) => {
                    json_text(&place.lead, word, out);
                    continue;
                }
                Value::Module(id) => {
                    json_text(&place.lead, &id.name(), out);
                    continue;
                }
                Value::Flag(flag) => flag_text(flag),
                Value::Number(n) => digits.format(n),
                Value::Signed(n) => digits.format(n),
            };
            out.extend_from_slice(&place.lead);
            out.extend_from_slice(value.as_bytes());
        }
        out.extend_from_slice(if self.columns.is_empty() { b"{}\n" } else { b"}\n" });
        hole
    }

    fn csv(&self, row: &Row<'_>, footprint: &Footprint, out: &mut Vec<u8>) -> Option<usize> {
        let (mut digits, mut hole) = (itoa::Buffer::new(), None);
        for place in &self.columns {
            out.extend_from_slice(&place.lead);
            let value = match self.value(place.column, row, footprint) {
                Value::Absent => continue,
                Value::Unknown => {
                    hole = Some(out.len());
                    continue;
                }
                Value::Name(name) => {
                    csv_name(name, out);
                    continue;
                }
                Value::Text(text) => {
                    escape::csv(text.as_bytes(), out);
                    continue;
                }
                Value::Module(id) => {
                    out.extend_from_slice(id.name().as_bytes());
                    continue;
                }
                Value::Word(word) => word,
                Value::Flag(flag) => flag_text(flag),
                Value::Number(n) => digits.format(n),
                Value::Signed(n) => digits.format(n),
            };
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'\n');
        hole
    }

    #[inline]
    fn value<'a>(&'a self, column: Column, row: &Row<'a>, footprint: &Footprint) -> Value<'a> {
        match column {
            Column::Db => row.db.map_or(Value::Unknown, Value::Number),
            Column::Key => Value::Name(row.key),
            Column::Type => row.module.map_or(Value::Word(row.kind.name()), Value::Module),
            Column::Encoding => Value::Word(row.encoding.name()),
            Column::Bytes => Value::Number(row.bytes.round()),
            Column::Elements => number(row.elements),
            Column::ExpiresAt => row.expiry.at_ms().map_or(Value::Absent, Value::Signed),
            Column::Expired => self.expired(row.expiry.at_ms()),
            Column::Idle => number(row.idle_s),
            Column::Freq => number(row.freq),
            Column::Slot => number(row.slot),
            Column::Pattern => match &self.patterns {
                Some(patterns) => Value::Text(patterns.name(row.key)),
                None => Value::Absent,
            },
            Column::LargestElement => number(footprint.largest_element),
            Column::FieldsWithTtl => Value::Number(footprint.fields_with_ttl),
            Column::Spread => Value::Number(footprint.spread.round()),
            Column::Certainty => Value::Word(certainty(footprint.certainty)),
            Column::KeyBytes => Value::Number(whole_part(0, footprint)),
            Column::ObjectBytes => Value::Number(whole_part(1, footprint)),
            Column::StructureBytes => Value::Number(whole_part(2, footprint)),
            Column::PayloadBytes => Value::Number(whole_part(3, footprint)),
            Column::DataBytes => Value::Number(row.data),
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

/// One of the first lane's parts in whole bytes, rounded so that they add up to the rounded sum.
fn whole_part(index: usize, footprint: &Footprint) -> u64 {
    let [Parts { key, object, structure, payload }, ..] = footprint.parts;
    let upto =
        |n: usize| [key, object, structure, payload].into_iter().take(n).sum::<Size>().round();
    upto(index + 1).saturating_sub(upto(index))
}

pub(super) const fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Exact => "exact",
        Certainty::Expected => "expected",
        Certainty::Serialized => "serialized",
    }
}

const fn flag_text(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

fn json_text(lead: &[u8], text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(lead);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn json_name(lead: &[u8], name: &[u8], out: &mut Vec<u8>) {
    if escape::is_plain(name) {
        out.extend_from_slice(lead);
        out.push(b'"');
        out.extend_from_slice(name);
    } else if let Ok(text) = std::str::from_utf8(name) {
        out.extend_from_slice(lead);
        out.push(b'"');
        escape::json(text, out);
    } else {
        out.extend_from_slice(lead.strip_suffix(b"\":").unwrap_or(lead));
        out.extend_from_slice(b"_base64\":\"");
        escape::base64(name, out);
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
    use crate::entries::{Expiry, ValueKind};
    use crate::footprint::{Encoding, LANES};

    fn footprint() -> Footprint {
        let half = Size::ratio(1, 2);
        let part = Size::bytes(10) + half;
        let parts = Parts { key: part, object: part, structure: part, payload: part };
        Footprint {
            encoding: Encoding::Skiplist,
            elements: Some(3),
            data: 50,
            module: None,
            largest_element: Some(7),
            fields_with_ttl: 0,
            field_times: Default::default(),
            parts: [parts; LANES],
            sizes: crate::footprint::Sizes([parts.total(); LANES]),
            spread: Size::bytes(4),
            certainty: Certainty::Expected,
        }
    }

    fn row<'a>(key: &'a [u8], footprint: &Footprint) -> Row<'a> {
        Row {
            at: 0,
            db: Some(0),
            slot: None,
            key,
            kind: ValueKind::Zset,
            module: footprint.module,
            encoding: footprint.encoding,
            elements: footprint.elements,
            data: footprint.data,
            largest_element: footprint.largest_element,
            field_times: None,
            bytes: footprint.sizes.first(),
            others: None,
            certainty: footprint.certainty,
            expiry: Expiry::at(1000),
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
             \"slot\":null,\"pattern\":null}\n"
        );
    }

    #[test]
    fn a_row_of_csv_under_its_header() {
        assert_eq!(
            written(RowFormat::Csv, &Column::DEFAULT, b"a,\"b\"\n"),
            "db,key,key_base64,type,encoding,bytes,elements,expires_at_ms,expired,idle_s,freq,slot,pattern\n\
             0,\"a,\"\"b\"\"\n\",,zset,skiplist,42,3,1000,true,,5,,\n"
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
    fn an_unknown_database_leaves_a_hole() {
        for (format, filled) in
            [(RowFormat::Jsonl, "+{\"db\":3,\"bytes\":42}\n"), (RowFormat::Csv, "+3,42\n")]
        {
            let rows = Rows::new(format, vec![Column::Db, Column::Bytes], None);
            let (footprint, mut out) = (footprint(), b"+".to_vec());
            let row = Row { db: None, ..row(b"k", &footprint) };
            let hole = rows.row(&row, &footprint, &mut out).unwrap();
            out.insert(hole, b'3');
            assert_eq!(out, filled.as_bytes());
        }
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
