//! What is in a value: how many elements, how long they are, and which are the longest.

use crate::bytes::Fault;
use crate::entries::{
    ArrayValue, Elements, Packed, Piece, Str, StreamPart, TemplateUse, ValueKind, digits,
};

use super::located::Located;

/// How much of a field's name is kept; the rest of a longer one helps nobody.
const NAME: usize = 256;

/// What is in a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inside {
    /// How many elements were seen: members, fields, nodes of a stream.
    pub elements: u64,
    /// Bytes of all of them, as text.
    pub bytes: u64,
    /// The longest, longest first; of those alike the first ones.
    pub largest: Vec<Element>,
}

/// One element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Which it is, counted from zero in the order of the snapshot; of an array its index.
    pub index: u64,
    /// A hash's field, or the beginning of a long one; `None` for what is content itself.
    pub name: Option<Vec<u8>>,
    /// Bytes of the field's name, where it has one.
    pub name_bytes: u64,
    /// Bytes of the element: of a field its value.
    pub bytes: u64,
    /// When the field expires.
    pub expires_at_ms: Option<u64>,
}

impl Element {
    /// All its bytes.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.name_bytes.saturating_add(self.bytes)
    }
}

impl Inside {
    /// Looks into the value of `located` for its `most` longest elements.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn of(located: &Located<'_>, most: usize) -> Result<Self, Fault> {
        let mut look = Look::new(located, most);
        located.value(&mut look)?;
        match look.fault {
            Some(fault) => Err(fault),
            None => Ok(look.inside),
        }
    }
}

struct Look<'l> {
    located: &'l Located<'l>,
    most: usize,
    inside: Inside,
    is_hash: bool,
    /// Pieces in a packed blob that make an element.
    each: u64,
    /// Lengths and names of a template's fields.
    names: Vec<Vec<u8>>,
    has_template: bool,
    scratch: Vec<u8>,
    fault: Option<Fault>,
}

impl<'l> Look<'l> {
    fn new(located: &'l Located<'l>, most: usize) -> Self {
        use crate::entries::TypeCode;
        let is_hash = located.entry.kind == ValueKind::Hash;
        let each = match (located.entry.kind, located.entry.code) {
            (_, TypeCode::HASH_LISTPACK_EX | TypeCode::HASH_LISTPACK_EX_PRE_GA) if is_hash => 3,
            (ValueKind::Hash | ValueKind::Zset, _) => 2,
            _ => 1,
        };
        Self {
            located,
            most,
            inside: Inside::default(),
            is_hash,
            each,
            names: Vec::new(),
            has_template: false,
            scratch: Vec::new(),
            fault: None,
        }
    }

    fn note(&mut self, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.fault.get_or_insert(fault);
        }
    }

    fn plain(&mut self, bytes: u64) {
        let index = self.inside.elements;
        let element = Element { index, name: None, name_bytes: 0, bytes, expires_at_ms: None };
        self.inside.add(self.most, element);
    }

    fn field(&mut self, field: Str<'_>, bytes: u64, expires_at_ms: Option<u64>) {
        let mut element = Element {
            index: self.inside.elements,
            name: None,
            name_bytes: field.len(),
            bytes,
            expires_at_ms,
        };
        if self.inside.would_keep(self.most, element.total()) {
            match field.prefix(NAME, &mut self.scratch) {
                Ok(name) => element.name = Some(name.to_vec()),
                Err(fault) => self.note(Err(fault)),
            }
        }
        self.inside.add(self.most, element);
    }

    fn pieces(&mut self, blob: &Packed<'_>) -> Result<(), Fault> {
        let Self { inside, most, each, is_hash, scratch, .. } = self;
        let (mut index, mut name, mut element) = (0_u64, Vec::new(), Element::none());
        blob.each(scratch, |piece| {
            match (*is_hash, index % *each) {
                (true, 0) => {
                    element = Element { name_bytes: piece.len(), ..Element::none() };
                    name.clear();
                    piece.write(&mut name);
                    name.truncate(NAME);
                }
                (true, 1) => element.bytes = piece.len(),
                (true, _) => {
                    let at = piece.as_int().and_then(|at| u64::try_from(at).ok());
                    element.expires_at_ms = at.filter(|&at| at != 0);
                }
                (false, 0) => element = Element { bytes: piece.len(), ..Element::none() },
                (false, _) => {}
            }
            index += 1;
            if index.is_multiple_of(*each) {
                element.index = inside.elements;
                if *is_hash && inside.would_keep(*most, element.total()) {
                    element.name = Some(name.clone());
                }
                inside.add(*most, std::mem::replace(&mut element, Element::none()));
            }
        })
    }

    fn template_pieces(&mut self, blob: &Packed<'_>) -> Result<(), Fault> {
        if !self.has_template {
            let Self { names, scratch, .. } = self;
            return blob.each(scratch, |piece| {
                let mut name = Vec::new();
                piece.write(&mut name);
                names.push(name);
            });
        }
        let mut lengths = Vec::new();
        let mut is_id = true;
        blob.each(&mut self.scratch, |piece: Piece<'_>| {
            if !std::mem::take(&mut is_id) {
                lengths.push(piece.len());
            }
        })?;
        lengths.into_iter().for_each(|bytes| self.template_field(bytes));
        Ok(())
    }

    fn template_field(&mut self, bytes: u64) {
        let index = usize::try_from(self.inside.elements).unwrap_or(usize::MAX);
        let name = self.names.get(index).cloned().unwrap_or_default();
        self.field(Str::Raw(&name), bytes, None);
    }

    fn defined_names(&mut self, id: u64) -> Result<(), Fault> {
        let source = self.located.source;
        let Some(template) = source.head.templates.get(&id) else { return Ok(()) };
        for name in template.names(source.bytes)? {
            self.names.push(name.decode(&mut self.scratch)?.to_vec());
        }
        Ok(())
    }
}

impl Element {
    const fn none() -> Self {
        Self { index: 0, name: None, name_bytes: 0, bytes: 0, expires_at_ms: None }
    }
}

impl Inside {
    /// Whether an element of so many bytes is among the longest so far.
    fn would_keep(&self, most: usize, total: u64) -> bool {
        self.largest.len() < most || self.largest.last().is_some_and(|last| last.total() < total)
    }

    fn add(&mut self, most: usize, element: Element) {
        self.elements += 1;
        let total = element.total();
        self.bytes = self.bytes.saturating_add(total);
        if self.would_keep(most, total) {
            let place = self.largest.partition_point(|known| known.total() >= total);
            self.largest.insert(place, element);
            self.largest.truncate(most);
        }
    }
}

impl Elements for Look<'_> {
    fn string(&mut self, value: Str<'_>) {
        // its one element is the string itself
        self.inside.elements = 1;
        self.inside.bytes = value.len();
    }

    fn member(&mut self, member: Str<'_>) {
        if !self.is_hash {
            return self.plain(member.len());
        }
        match member.decode(&mut self.scratch).map(<[u8]>::to_vec) {
            Ok(name) => self.names.push(name),
            Err(fault) => self.note(Err(fault)),
        }
    }

    fn scored(&mut self, member: Str<'_>, _: f64) {
        self.plain(member.len());
    }

    fn field(&mut self, field: Str<'_>, value: Str<'_>, expires_at_ms: Option<u64>) {
        Look::field(self, field, value.len(), expires_at_ms);
    }

    fn packed(&mut self, blob: Packed<'_>) {
        use crate::entries::TypeCode;
        let is_template = matches!(
            self.located.entry.code,
            TypeCode::HASH_TEMPLATE_LISTPACK
                | TypeCode::HASH_TEMPLATE_LISTPACK_REF
                | TypeCode::HASH_TEMPLATE_ARRAY
        );
        let result = if is_template { self.template_pieces(&blob) } else { self.pieces(&blob) };
        self.note(result);
    }

    fn packed_node(&mut self, blob: Packed<'_>) {
        let result = self.pieces(&blob);
        self.note(result);
    }

    fn plain_node(&mut self, element: Str<'_>) {
        self.plain(element.len());
    }

    fn stream(&mut self, part: StreamPart<'_>) {
        if let StreamPart::Node { listpack, .. } = part {
            self.plain(listpack.bytes);
        }
    }

    fn template(&mut self, template: TemplateUse) {
        if let TemplateUse::Defined { id, .. } = template {
            let result = self.defined_names(id);
            self.note(result);
        }
        self.has_template = true;
    }

    fn template_value(&mut self, value: Str<'_>) {
        self.template_field(value.len());
    }

    fn indexed(&mut self, index: u64, value: ArrayValue<'_>) {
        let bytes = match value {
            ArrayValue::Heap(text) | ArrayValue::Short(text) => text.len(),
            ArrayValue::Int(n) => digits(n),
            // eight bytes in its slot
            ArrayValue::Double(_) => 8,
        };
        let element = Element { index, bytes, ..Element::none() };
        self.inside.add(self.most, element);
    }
}
