//! A value opened to its last byte, and written anew in the plainest form of its type.

use super::decode::FieldTtls;
use super::located::Located;
use crate::bytes::{Fault, Kind};
use crate::entries::{
    Dialect, Elements, Entry, Packed, Piece, Str, TemplateUse, TypeCode, ValueKind,
};

/// A value in plain form: strings as they are, one by one behind their number.
#[derive(Debug)]
pub(super) struct Plain {
    /// The value type.
    pub code: TypeCode,
    /// What stands behind the key.
    pub body: Vec<u8>,
    /// When fields expire that do.
    pub ttls: FieldTtls,
}

/// Opens the value of `located` to its last byte. Its plain form has a body only if `keep`.
///
/// # Errors
/// When anything in it is damaged; `None` when its type has no plain form.
pub(super) fn open(located: &Located<'_>, keep: bool) -> Result<Plain, Option<Fault>> {
    let code = code(&located.entry, located.source.head.dialect).ok_or(None)?;
    let mut opener = Opener::new(located, code, keep);
    located.value(&mut opener)?;
    opener.finish(code).map_err(Some)
}

/// The plain value type of the entry's kind; `None` where there is none.
const fn code(entry: &Entry<'_>, dialect: Dialect) -> Option<TypeCode> {
    Some(match entry.kind {
        ValueKind::String => TypeCode::STRING,
        ValueKind::List => TypeCode::LIST,
        ValueKind::Set => TypeCode::SET,
        ValueKind::Zset => TypeCode::ZSET_2,
        // a path hash has a hash a path
        ValueKind::Hash if matches!(dialect, Dialect::Valkey) && entry.code.0 == 23 => return None,
        ValueKind::Hash => TypeCode::HASH,
        ValueKind::Stream | ValueKind::Array | ValueKind::Module | ValueKind::Gcra => return None,
    })
}

/// What the pieces of a packed blob are, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pieces {
    Members,
    Scored,
    Pairs,
    /// Field, value, and when it expires.
    Triples,
}

struct Opener<'l> {
    located: &'l Located<'l>,
    out: Out,
    pieces: Pieces,
    /// The field names of a template hash, once they are known.
    names: Vec<Vec<u8>>,
    has_template: bool,
    next_name: usize,
    scratch: Vec<u8>,
    fault: Option<Fault>,
}

/// What is written.
#[derive(Default)]
struct Out {
    keep: bool,
    count: u64,
    body: Vec<u8>,
    ttls: FieldTtls,
    /// The field that the next pieces belong to.
    field: Vec<u8>,
}

impl Out {
    fn string(&mut self, text: &[u8]) {
        if self.keep {
            string(&mut self.body, text);
        }
    }

    fn score(&mut self, score: f64) {
        if self.keep {
            self.body.extend_from_slice(&score.to_le_bytes());
        }
    }

    fn ttl(&mut self, field: &[u8], expires_at_ms: u64) {
        self.ttls.insert(field.to_vec(), expires_at_ms);
    }

    /// Takes the `index`th piece of a blob.
    fn piece(&mut self, pieces: Pieces, index: u64, piece: &Piece<'_>) -> Result<(), &'static str> {
        let mut digits = itoa::Buffer::new();
        let text = match piece {
            Piece::Int(n) => digits.format(*n).as_bytes(),
            Piece::Text(text) => text,
        };
        match (pieces, index % 2, index % 3) {
            (Pieces::Scored, 1, _) => {
                let text = std::str::from_utf8(text).ok();
                let score = text.and_then(|text| text.trim().parse().ok());
                self.score(score.ok_or("a score is no number")?);
                return Ok(());
            }
            (Pieces::Triples, _, 2) => {
                let at = piece.as_int().ok_or("an expiry is no number")?;
                if let Some(at) = u64::try_from(at).ok().filter(|&at| at != 0) {
                    let field = std::mem::take(&mut self.field);
                    self.ttls.insert(field, at);
                }
                return Ok(());
            }
            (Pieces::Triples, _, 0) => {
                self.field.clear();
                self.field.extend_from_slice(text);
                self.count += 1;
            }
            (Pieces::Members, ..) | (Pieces::Scored | Pieces::Pairs, 0, _) => self.count += 1,
            _ => {}
        }
        self.string(text);
        Ok(())
    }
}

impl<'l> Opener<'l> {
    fn new(located: &'l Located<'l>, code: TypeCode, keep: bool) -> Self {
        let pieces = match (code, located.entry.code) {
            (TypeCode::ZSET_2, _) => Pieces::Scored,
            (TypeCode::HASH, TypeCode::HASH_LISTPACK_EX | TypeCode::HASH_LISTPACK_EX_PRE_GA) => {
                Pieces::Triples
            }
            (TypeCode::HASH, _) => Pieces::Pairs,
            _ => Pieces::Members,
        };
        Self {
            located,
            out: Out { keep, ..Out::default() },
            pieces,
            names: Vec::new(),
            has_template: false,
            next_name: 0,
            scratch: Vec::new(),
            fault: None,
        }
    }

    fn finish(self, code: TypeCode) -> Result<Plain, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.has_template && self.next_name != self.names.len() {
            return Err(self.wrong("a template hash has not as many values as fields"));
        }
        let Out { count, body: elements, ttls, .. } = self.out;
        let mut body = Vec::new();
        if code != TypeCode::STRING {
            length(&mut body, count);
        }
        if body.is_empty() {
            body = elements;
        } else {
            body.extend_from_slice(&elements);
        }
        Ok(Plain { code, body, ttls })
    }

    const fn wrong(&self, what: &'static str) -> Fault {
        Fault::new(self.located.entry.at, Kind::Value(what))
    }

    fn note(&mut self, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.fault.get_or_insert(fault);
        }
    }

    fn text(&mut self, text: Str<'_>) {
        let result = text.decode(&mut self.scratch).map(|text| self.out.string(text));
        self.note(result);
    }

    fn member_of(&mut self, text: Str<'_>) {
        self.out.count += 1;
        self.text(text);
    }

    fn pieces(&mut self, blob: &Packed<'_>) -> Result<(), Fault> {
        let Self { out, scratch, pieces, .. } = self;
        let (mut index, mut wrong) = (0, None);
        blob.each(scratch, |piece| {
            if let Err(why) = out.piece(*pieces, index, &piece) {
                wrong.get_or_insert(why);
            }
            index += 1;
        })?;
        let each = match pieces {
            Pieces::Members => 1,
            Pieces::Scored | Pieces::Pairs => 2,
            Pieces::Triples => 3,
        };
        if index % each != 0 {
            wrong.get_or_insert("a part of its last element is missing");
        }
        match wrong {
            Some(why) => Err(Fault::new(blob.at, Kind::Blob { blob: blob.packing.name(), why })),
            None => Ok(()),
        }
    }

    /// The field names of the hash's own template.
    fn own_names(&mut self, blob: &Packed<'_>) -> Result<(), Fault> {
        let Self { names, scratch, .. } = self;
        blob.each(scratch, |piece| {
            let mut name = Vec::new();
            piece.write(&mut name);
            names.push(name);
        })
    }

    /// The values of a template hash, behind the id that its writer gave the template.
    fn template_values(&mut self, blob: &Packed<'_>) -> Result<(), Fault> {
        let Self { names, scratch, out, next_name, .. } = self;
        let (mut is_id, mut text) = (true, Vec::new());
        let mut too_many = false;
        blob.each(scratch, |piece| {
            if std::mem::take(&mut is_id) {
                return;
            }
            let Some(name) = names.get(*next_name) else {
                too_many = true;
                return;
            };
            *next_name += 1;
            out.count += 1;
            out.string(name);
            text.clear();
            piece.write(&mut text);
            out.string(&text);
        })?;
        match too_many {
            true => Err(self.wrong("a template hash has more values than fields")),
            false => Ok(()),
        }
    }

    /// The field names of the template `id`, which the snapshot defined.
    fn defined_names(&mut self, id: u64) -> Result<(), Fault> {
        let source = self.located.source;
        let template = source.head.templates.get(&id);
        let template =
            template.ok_or_else(|| Fault::new(self.located.entry.at, Kind::Template(id)));
        for name in template?.names(source.bytes)? {
            self.names.push(name.decode(&mut self.scratch)?.to_vec());
        }
        Ok(())
    }
}

impl Elements for Opener<'_> {
    fn string(&mut self, value: Str<'_>) {
        self.text(value);
    }

    fn member(&mut self, member: Str<'_>) {
        if self.pieces == Pieces::Members {
            return self.member_of(member);
        }
        // of a hash: the field names of its own template
        let name = member.decode(&mut self.scratch).map(<[u8]>::to_vec);
        match name {
            Ok(name) => self.names.push(name),
            Err(fault) => self.note(Err(fault)),
        }
    }

    fn scored(&mut self, member: Str<'_>, score: f64) {
        self.member_of(member);
        self.out.score(score);
    }

    fn field(&mut self, field: Str<'_>, value: Str<'_>, expires_at_ms: Option<u64>) {
        self.member_of(field);
        if let Some(at) = expires_at_ms {
            let Self { out, scratch, .. } = self;
            let result = field.decode(scratch).map(|field| out.ttl(field, at));
            self.note(result);
        }
        self.text(value);
    }

    fn packed(&mut self, blob: Packed<'_>) {
        let is_template = matches!(
            self.located.entry.code,
            TypeCode::HASH_TEMPLATE_LISTPACK
                | TypeCode::HASH_TEMPLATE_LISTPACK_REF
                | TypeCode::HASH_TEMPLATE_ARRAY
        );
        let result = match (is_template, self.has_template) {
            (false, _) => self.pieces(&blob),
            (true, false) => self.own_names(&blob),
            (true, true) => self.template_values(&blob),
        };
        self.note(result);
    }

    fn packed_node(&mut self, blob: Packed<'_>) {
        let result = self.pieces(&blob);
        self.note(result);
    }

    fn plain_node(&mut self, element: Str<'_>) {
        self.member_of(element);
    }

    fn template(&mut self, template: TemplateUse) {
        if let TemplateUse::Defined { id, .. } = template {
            let result = self.defined_names(id);
            self.note(result);
        }
        self.has_template = true;
    }

    fn template_value(&mut self, value: Str<'_>) {
        match self.names.get(self.next_name) {
            Some(name) => self.out.string(name),
            None => return,
        }
        self.next_name += 1;
        self.member_of(value);
    }
}

/// Writes a length as snapshots do.
pub(super) fn length(out: &mut Vec<u8>, n: u64) {
    if let Ok(short @ 0..64) = u8::try_from(n) {
        out.push(short);
    } else if let Ok(medium @ 0..0x4000) = u16::try_from(n) {
        out.extend_from_slice(&(medium | 0x4000).to_be_bytes());
    } else if let Ok(long) = u32::try_from(n) {
        out.push(0x80);
        out.extend_from_slice(&long.to_be_bytes());
    } else {
        out.push(0x81);
        out.extend_from_slice(&n.to_be_bytes());
    }
}

/// Writes a string as snapshots do, not compressed.
pub(super) fn string(out: &mut Vec<u8>, text: &[u8]) {
    length(out, text.len() as u64);
    out.extend_from_slice(text);
}
