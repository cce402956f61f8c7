//! A key's size part by part: why it takes what it takes.

use super::encoding::Encoding;
use super::facts::{KeyCount, Tables};
use super::footprinter::Footprinter;
use super::profile::Profile;
use super::size::Size;
use crate::entries::ValueKind;

/// An entry of a dict: key, value, next.
const ENTRY: u64 = 24;

/// A part of a key's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion {
    /// Which part, by a short name that stays: `name`, `entry`, `object`, `structure`, `entries`,
    /// `payload`.
    pub part: &'static str,
    /// What it is in this key, in words.
    pub what: &'static str,
    /// What it takes.
    pub size: Size,
}

impl Footprinter {
    /// The first lane's size of the key of this `kind` that was finished last, part by part. The
    /// portions add up to it; those without a byte are left out.
    #[must_use]
    pub fn breakdown(&self, kind: ValueKind) -> Vec<Portion> {
        let Some(profile) = self.profile() else { return Vec::new() };
        let footprint = self.footprint();
        let [parts, ..] = footprint.parts;
        let encoding = footprint.encoding;
        let name = Size::bytes(profile.name(self.key()));
        let (entry, entry_what) = match profile.facts.key {
            KeyCount::InEntry => (parts.key, "entry in the table of keys, with the name in it"),
            _ => (parts.key - name, "entry in the table of keys"),
        };
        let (portion, portion_what) = cut(profile, kind, encoding, footprint.elements);
        let cut_off = if portion > parts.structure { Size::ZERO } else { portion };
        let rest = structure(kind, encoding, cut_off != Size::ZERO);
        let all = [
            ("name", "the key's name", name),
            ("entry", entry_what, entry),
            ("object", object(profile, encoding), parts.object),
            ("structure", rest, parts.structure - cut_off),
            ("entries", portion_what, cut_off),
            ("payload", payload(kind, encoding), parts.payload),
        ];
        let portion = |(part, what, size)| Portion { part, what, size };
        all.into_iter().map(portion).filter(|portion| portion.size != Size::ZERO).collect()
    }
}

/// What of the structure there is one of for each element, where that can be told apart.
fn cut(
    profile: &Profile,
    kind: ValueKind,
    encoding: Encoding,
    elements: Option<u64>,
) -> (Size, &'static str) {
    let facts = &profile.facts;
    let n = elements.unwrap_or_default();
    let (counted, no_value) = match (kind, encoding) {
        (ValueKind::Hash, Encoding::Hashtable) => (Some(facts.hash_entry), facts.hash_no_value),
        (ValueKind::Set, Encoding::Hashtable) => (facts.set_entry, facts.set_no_value),
        (ValueKind::Zset, Encoding::Skiplist) => (Some(facts.zset_entry), facts.zset_no_value),
        _ => (None, true),
    };
    let entry = match counted {
        // only keys whose slot is taken have an entry
        _ if no_value || facts.tables == Tables::Buckets => None,
        _ if profile.allocated => Some(profile.a(ENTRY)),
        counted => counted,
    };
    (Size::bytes(entry.unwrap_or_default()).times(n), "hash table entries")
}

const fn object(profile: &Profile, encoding: Encoding) -> &'static str {
    let holds_name = profile.facts.kvobj || matches!(profile.facts.key, KeyCount::InObject);
    match (holds_name, encoding) {
        (true, Encoding::Embstr) => "object, with name and value in it",
        (true, Encoding::Int) => "object, with name and number in it",
        (true, _) => "object, with the name in it",
        (false, Encoding::Embstr) => "object, with the value in it",
        (false, Encoding::Int) => "object, with the number in it",
        (false, _) => "object",
    }
}

const fn structure(kind: ValueKind, encoding: Encoding, is_cut: bool) -> &'static str {
    match (kind, encoding) {
        (_, Encoding::Quicklist) => "list header and nodes",
        (_, Encoding::Linkedlist) => "list header, nodes and objects",
        (_, Encoding::Hashtable) if is_cut => "hash table: header and slots",
        (_, Encoding::Hashtable) => "hash table",
        (_, Encoding::Skiplist) if is_cut => "skiplist nodes, hash table's slots",
        (_, Encoding::Skiplist) => "skiplist and hash table",
        (_, Encoding::Stream) => "radix trees, consumer groups",
        (_, Encoding::SlicedArray) => "array header and slices",
        (_, Encoding::TemplateListpack | Encoding::TemplateArray) => "template hash",
        _ => "headers",
    }
}

const fn payload(kind: ValueKind, encoding: Encoding) -> &'static str {
    match (kind, encoding) {
        (ValueKind::String, _) => "the value",
        (ValueKind::Module, _) => "the module's value",
        (_, Encoding::Quicklist) => "packed elements in the nodes",
        (_, Encoding::Intset) => "integers",
        (_, Encoding::Stream) => "listpacks of entries",
        (_, Encoding::Ziplist) => "ziplist with all elements",
        (_, Encoding::Listpack | Encoding::ListpackEx) => "listpack with all elements",
        (ValueKind::Hash, Encoding::Hashtable) => "strings of fields and values",
        (ValueKind::Hash, _) => "strings of values",
        _ => "strings of the elements",
    }
}
