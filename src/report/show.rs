//! Single keys: where they lie, why they take what they take, and what is in them.

use super::escape;
use super::units::{Bytes, Count, Millis};
use super::{Key, rows};
use crate::footprint::{Certainty, Footprint, Portion, Size};
use crate::values::{Decoded, Element, Inside, Located, RdbValue};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::io::{self, Write};

/// Keys, each in full.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Grows when a field goes or changes its meaning.
    pub schema_version: u32,
    /// What sizes are for.
    pub profile: String,
    /// The time against which a key counts as expired.
    pub reference_ms: Option<Millis>,
    /// The keys, in file order.
    pub keys: Vec<ShownKey>,
}

/// One key.
#[derive(Debug, Serialize)]
pub struct ShownKey {
    /// Its database.
    pub db: u64,
    /// Its name.
    #[serde(flatten)]
    pub key: Key,
    /// Its slot, where the server is a cluster node.
    pub slot: Option<u16>,
    /// What `TYPE` answers.
    #[serde(rename = "type")]
    pub kind: String,
    /// What `OBJECT ENCODING` answers.
    pub encoding: &'static str,
    /// Where it begins in the dump.
    pub at: u64,
    /// Bytes that it takes there, with its name and what stands before it.
    pub dump_bytes: Bytes,
    /// When it expires.
    pub expires_at_ms: Option<Millis>,
    /// Whether that was before the snapshot; `None` where nobody knows.
    pub expired: Option<bool>,
    /// Seconds since its last use.
    pub idle_s: Option<u64>,
    /// Its LFU counter.
    pub freq: Option<u8>,
    /// What it takes.
    pub bytes: Bytes,
    /// Two standard deviations of what the server draws at random.
    pub spread: Bytes,
    /// How sure `bytes` is: `exact`, `expected` or `serialized`.
    pub certainty: &'static str,
    /// What that is for; adds up to `bytes`.
    pub parts: Vec<ShownPart>,
    /// What the length command of its type answers.
    pub elements: Option<Count>,
    /// Bytes of all elements, as text.
    pub element_bytes: Bytes,
    /// Fields of a hash that have TTLs of their own.
    pub fields_with_ttl: Count,
    /// The longest elements.
    pub largest_elements: Vec<ShownElement>,
    /// The content, where it was asked for and could be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Content>,
}

/// A part of a key's bytes.
#[derive(Debug, Serialize)]
pub struct ShownPart {
    /// Which part.
    pub part: &'static str,
    /// What it is, in words.
    pub what: &'static str,
    /// What it takes.
    pub bytes: Bytes,
}

/// An element of a value.
#[derive(Debug, Serialize)]
pub struct ShownElement {
    /// Which it is, in the order of the snapshot from zero; of an array its index.
    pub index: u64,
    /// A hash's field, cut where it is long.
    pub field: Option<Text>,
    /// Bytes of the element, a field's name and value together.
    pub bytes: Bytes,
    /// When the field expires.
    pub expires_at_ms: Option<u64>,
}

/// Bytes that are text as a rule. In JSON a string, or `{"base64": …}` when they are no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

/// What a key holds.
#[derive(Debug)]
pub struct Content(pub Decoded);

impl Shown {
    /// Keys sized as `profile` says.
    #[must_use]
    pub const fn new(profile: String, reference: Option<Millis>, keys: Vec<ShownKey>) -> Self {
        Self { schema_version: 1, profile, reference_ms: reference, keys }
    }

    /// Writes all of it as JSON.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        out.write_all(&escape::json_text(&text))?;
        out.write_all(b"\n")
    }
}

impl ShownKey {
    /// The key `located`, which is sized as `footprint`, whose portions are `portions`.
    #[must_use]
    pub fn new(
        located: &Located<'_>,
        (footprint, portions): (&Footprint, &[Portion]),
        inside: Inside,
        reference: Option<Millis>,
    ) -> Self {
        let entry = &located.entry;
        let expires = entry.meta.expiry.at_ms().map(Millis);
        let expired = match (expires, reference) {
            (None, _) => Some(false),
            (Some(at), reference) => reference.map(|reference| at < reference),
        };
        let total: Size = portions.iter().map(|portion| portion.size).sum();
        Self {
            db: entry.db.unwrap_or_default(),
            key: Key(located.name.clone()),
            slot: None,
            kind: located.type_name(),
            encoding: footprint.encoding.name(),
            at: entry.at,
            dump_bytes: Bytes(located.end.saturating_sub(entry.at)),
            expires_at_ms: expires,
            expired,
            idle_s: entry.meta.idle_s,
            freq: entry.meta.freq,
            bytes: Bytes(total.round()),
            spread: Bytes(footprint.spread.round()),
            certainty: rows::certainty(footprint.certainty),
            parts: whole(portions),
            elements: footprint.elements.map(Count),
            element_bytes: Bytes(inside.bytes),
            fields_with_ttl: Count(footprint.fields_with_ttl),
            largest_elements: inside.largest.into_iter().map(ShownElement::from).collect(),
            value: None,
        }
    }

    /// Whether the server draws a part of its size at random.
    #[must_use]
    pub fn is_expectation(&self) -> bool {
        self.certainty == rows::certainty(Certainty::Expected)
    }
}

/// The portions in whole bytes, rounded so that they add up to the rounded sum.
fn whole(portions: &[Portion]) -> Vec<ShownPart> {
    let (mut upto, mut told) = (Size::ZERO, 0);
    let part = |&Portion { part, what, size }: &Portion| {
        upto += size;
        let bytes = Bytes(upto.round().saturating_sub(told));
        told = upto.round();
        ShownPart { part, what, bytes }
    };
    portions.iter().map(part).collect()
}

impl From<Element> for ShownElement {
    fn from(element: Element) -> Self {
        Self {
            index: element.index,
            bytes: Bytes(element.total()),
            field: element.name.map(Text),
            expires_at_ms: element.expires_at_ms,
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text(&self.0, serializer)
    }
}

fn text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    if let Ok(utf8) = std::str::from_utf8(bytes) {
        return serializer.serialize_str(utf8);
    }
    let mut encoded = Vec::new();
    escape::base64(bytes, &mut encoded);
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry("base64", &String::from_utf8_lossy(&encoded))?;
    map.end()
}

/// Bytes that are borrowed, as [`Text`].
struct Borrowed<'b>(&'b [u8]);

impl Serialize for Borrowed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text(self.0, serializer)
    }
}

#[derive(Serialize)]
struct Field<'c> {
    field: Borrowed<'c>,
    value: Borrowed<'c>,
    expires_at_ms: Option<u64>,
}

#[derive(Serialize)]
struct Scored<'c> {
    member: Borrowed<'c>,
    /// As text: some are no numbers in JSON.
    score: String,
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.value {
            RdbValue::String { value, .. } => text(value, serializer),
            RdbValue::Set { members: values, .. } | RdbValue::List { values, .. } => {
                serializer.collect_seq(values.iter().map(|value| Borrowed(value)))
            }
            RdbValue::SortedSet { values, .. } => {
                serializer.collect_seq(values.iter().map(|(score, member)| Scored {
                    member: Borrowed(member),
                    score: score.to_string(),
                }))
            }
            RdbValue::Hash { values, .. } => {
                serializer.collect_seq(values.iter().map(|(field, value)| Field {
                    field: Borrowed(field),
                    value: Borrowed(value),
                    expires_at_ms: self.expiry(field),
                }))
            }
            _ => serializer.serialize_none(),
        }
    }
}

impl Content {
    /// When `field` expires.
    #[must_use]
    pub fn expiry(&self, field: &[u8]) -> Option<u64> {
        self.0.field_ttls.get(field).copied()
    }
}
