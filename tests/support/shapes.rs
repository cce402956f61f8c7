//! The ways to write lists, sets, sorted sets, hashes and arrays that are more than one blob.

use super::dump::{Dump, Family, Shape, Text, counted};
use super::packed::Blob;
use super::write;

/// A body of a fixed value type.
pub struct Coded {
    code: u8,
    family: Family,
    body: Vec<u8>,
}

impl Shape for Coded {
    fn encode(self, family: Family) -> (u8, Vec<u8>) {
        assert_eq!(family, self.family, "value type {} is no {family:?}", self.code);
        (self.code, self.body)
    }
}

/// Nodes of a list, as Redis 7.0 and later write it.
#[derive(Default)]
pub struct Quicklist(Vec<Vec<u8>>);

/// A list of nodes.
pub fn quicklist() -> Quicklist {
    Quicklist::default()
}

impl Quicklist {
    /// Adds a node that is a listpack.
    pub fn packed(self, blob: &Blob) -> Self {
        self.node(2, blob.to_text())
    }

    /// Adds a node that is one large element.
    pub fn plain(self, element: impl Into<Text>) -> Self {
        self.node(1, element.into())
    }

    /// Adds a node of any container type.
    pub fn node(mut self, container: u64, text: Text) -> Self {
        let mut node = Vec::new();
        write::length(&mut node, container);
        node.extend_from_slice(&text.0);
        self.0.push(node);
        self
    }
}

impl Shape for Quicklist {
    fn encode(self, _: Family) -> (u8, Vec<u8>) {
        (18, counted(self.0.into_iter()))
    }
}

/// A list of nodes as Redis 3.2 to 6.2 write it.
pub fn ziplists(nodes: &[Blob]) -> Coded {
    let body = counted(nodes.iter().map(|node| node.to_text().0));
    Coded { code: 14, family: Family::List, body }
}

/// Members with their scores.
pub fn scored<T: Into<Text>>(members: impl IntoIterator<Item = (T, f64)>) -> Coded {
    let all: Vec<_> = members.into_iter().collect();
    let pair = |(member, score): (T, f64)| [member.into().0, score.to_le_bytes().into()].concat();
    Coded { code: 5, family: Family::Zset, body: counted(all.into_iter().map(pair)) }
}

/// Members with their scores as text; `inf`, `-inf` and `nan` take one byte.
pub fn scored_text<T: Into<Text>>(members: impl IntoIterator<Item = (T, &'static str)>) -> Coded {
    let all: Vec<_> = members.into_iter().collect();
    let score = |text: &str| match text {
        "nan" => vec![253],
        "inf" => vec![254],
        "-inf" => vec![255],
        _ => [&[text.len() as u8][..], text.as_bytes()].concat(),
    };
    let pair = |(member, text): (T, &str)| [member.into().0, score(text)].concat();
    Coded { code: 3, family: Family::Zset, body: counted(all.into_iter().map(pair)) }
}

/// Fields with their values.
pub fn pairs<F: Into<Text>, V: Into<Text>>(fields: impl IntoIterator<Item = (F, V)>) -> Coded {
    let all: Vec<_> = fields.into_iter().collect();
    let pair = |(field, value): (F, V)| [field.into().0, value.into().0].concat();
    Coded { code: 4, family: Family::Hash, body: counted(all.into_iter().map(pair)) }
}

/// A field, its value and when it expires.
type Expiring<'a> = (&'a str, &'a str, Option<u64>);

/// Fields with TTLs, as Redis 7.4 and later write them.
pub fn expiring(fields: &[Expiring<'_>]) -> Coded {
    let base = fields.iter().filter_map(|f| f.2).min().unwrap_or(0);
    let ttl = |at: Option<u64>| at.map_or(0, |at| at - base + 1);
    let mut body = base.to_le_bytes().to_vec();
    body.extend(counted(fields.iter().map(|&(field, value, at)| before(ttl(at), field, value))));
    Coded { code: 24, family: Family::Hash, body }
}

/// Fields with TTLs, as release candidates of Redis 7.4 wrote them.
pub fn early_expiring(fields: &[Expiring<'_>]) -> Coded {
    let body = counted(fields.iter().map(|&(f, v, at)| before(at.unwrap_or(0), f, v)));
    Coded { code: 22, family: Family::Hash, body }
}

/// Fields with TTLs, as Valkey writes them.
pub fn valkey_expiring(fields: &[Expiring<'_>]) -> Coded {
    let at = |at: Option<u64>| at.map_or(-1, |at| at as i64).to_le_bytes().to_vec();
    let triple = |&(f, v, t): &Expiring<'_>| [Text::from(f).0, Text::from(v).0, at(t)].concat();
    Coded { code: 22, family: Family::Hash, body: counted(fields.iter().map(triple)) }
}

fn before(ttl: u64, field: &str, value: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write::length(&mut out, ttl);
    out.extend(Text::from(field).0);
    out.extend(Text::from(value).0);
    out
}

/// A listpack of fields, values and TTLs. `soonest` is the first of them, 0 where unknown.
pub fn expiring_listpack(soonest: u64, triples: &Blob) -> Coded {
    let body = [soonest.to_le_bytes().to_vec(), triples.to_text().0].concat();
    Coded { code: 25, family: Family::Hash, body }
}

/// The same of release candidates of Redis 7.4.
pub fn early_expiring_listpack(triples: &Blob) -> Coded {
    Coded { code: 23, family: Family::Hash, body: triples.to_text().0 }
}

/// Valkey 9.2's hash of hashes by path.
pub fn paths(paths: &[(&str, &[(&str, &str)])]) -> Coded {
    let pair =
        |(field, value): &(&str, &str)| [Text::from(*field).0, Text::from(*value).0].concat();
    let path = |(name, fields): &(&str, &[(&str, &str)])| {
        [Text::from(*name).0, counted(fields.iter().map(pair))].concat()
    };
    Coded { code: 23, family: Family::Hash, body: counted(paths.iter().map(path)) }
}

/// The values of a template hash in a listpack, behind the template's id.
pub fn template_listpack(id: i64, values: &[&str]) -> Coded {
    let blob = super::packed::listpack().int(id).texts(values);
    Coded { code: 30, family: Family::Hash, body: blob.to_text().0 }
}

/// The values of a template hash one by one.
pub fn template_values(id: u64, values: &[&str]) -> Coded {
    let mut body = Vec::new();
    write::length(&mut body, id);
    values.iter().for_each(|value| write::string(&mut body, value.as_bytes()));
    Coded { code: 32, family: Family::Hash, body }
}

/// How a hash that carries its own template writes the fields.
pub enum Fields<'a> {
    /// In a listpack.
    Packed(&'a [&'a str]),
    /// One by one.
    Plain(&'a [&'a str]),
}

impl Fields<'_> {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Packed(fields) => {
                [vec![0], super::packed::listpack().texts(*fields).to_text().0].concat()
            }
            Self::Plain(fields) => {
                [vec![1], counted(fields.iter().map(|field| Text::from(*field).0))].concat()
            }
        }
    }
}

/// A hash with its own template and its values in a listpack.
pub fn own_template_listpack(fields: &Fields<'_>, id: i64, values: &[&str]) -> Coded {
    let blob = super::packed::listpack().int(id).texts(values);
    let body = [fields.encode(), blob.to_text().0].concat();
    Coded { code: 29, family: Family::Hash, body }
}

/// A hash with its own template and its values one by one.
pub fn own_template_values(fields: &Fields<'_>, values: &[&str]) -> Coded {
    let mut body = fields.encode();
    values.iter().for_each(|value| write::string(&mut body, value.as_bytes()));
    Coded { code: 31, family: Family::Hash, body }
}

/// A sparse array.
#[derive(Default)]
pub struct Array {
    cursor: Option<u64>,
    elements: Vec<Vec<u8>>,
}

/// An array without elements.
pub fn array() -> Array {
    Array::default()
}

impl Array {
    /// Remembers where the last insertion was.
    pub fn cursor(mut self, index: u64) -> Self {
        self.cursor = Some(index);
        self
    }

    /// Adds a string at `index`.
    pub fn text(self, index: u64, text: &str) -> Self {
        let tag = if text.len() < 8 { 3 } else { 0 };
        self.element(index, tag, &Text::from(text).0)
    }

    /// Adds an integer at `index`.
    pub fn int(self, index: u64, n: i64) -> Self {
        self.element(index, 1, &n.to_le_bytes())
    }

    /// Adds a fraction at `index`.
    pub fn double(self, index: u64, n: f64) -> Self {
        self.element(index, 2, &n.to_le_bytes())
    }

    /// Adds an element with any tag.
    pub fn element(mut self, index: u64, tag: u64, payload: &[u8]) -> Self {
        let mut element = Vec::new();
        write::length(&mut element, index);
        write::length(&mut element, tag);
        element.extend_from_slice(payload);
        self.elements.push(element);
        self
    }
}

impl Dump {
    /// A sparse array. Redis 8.8.
    pub fn array(self, key: impl Into<Text>, array: Array) -> Self {
        let mut body = Vec::new();
        write::length(&mut body, array.elements.len() as u64);
        write::length(&mut body, array.cursor.is_some().into());
        array.cursor.into_iter().for_each(|at| write::length(&mut body, at));
        array.elements.iter().for_each(|element| body.extend_from_slice(element));
        self.value(key, 28, body)
    }

    /// A rate limiter's state.
    pub fn gcra(self, key: impl Into<Text>, time: u64) -> Self {
        let mut body = Vec::new();
        write::length(&mut body, time);
        self.value(key, 33, body)
    }
}
