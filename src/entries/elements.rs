//! How a value's elements flow by: it is walked once, and each element is handed on and forgotten.

use super::entry::ModuleId;
use super::lengths::Lengths;
use super::packed::Packed;
use super::string::Str;

/// A visitor of one value.
///
/// Every method does nothing by default, so a visitor names only what it needs. A value that is
/// several strings first says how many elements it claims ([`begin`](Self::begin)), then hands over
/// each; a packed blob is handed over whole and unopened, with its header decoded. Nothing handed
/// over outlives the call.
pub trait Elements {
    /// The value is one string.
    fn string(&mut self, _value: Str<'_>) {}

    /// The value is, or goes on with, `count` parts that follow one by one: members, pairs, nodes.
    fn begin(&mut self, _count: u64) {}

    /// An element of a list or set written one by one.
    fn member(&mut self, _member: Str<'_>) {}

    /// A member of a sorted set, highest score first.
    fn scored(&mut self, _member: Str<'_>, _score: f64) {}

    /// Where only the lengths of the members that follow matter, the place to count them. Those that
    /// are counted there, which any of up to 255 bytes may be, are not handed over.
    fn lengths(&mut self) -> Option<&mut Lengths> {
        None
    }

    /// The same for the pairs of a hash, fields and values each by themselves.
    fn pair_lengths(&mut self) -> Option<[&mut Lengths; 2]> {
        None
    }

    /// A field of a hash; `expires_at_ms` where the field has a TTL.
    fn field(&mut self, _field: Str<'_>, _value: Str<'_>, _expires_at_ms: Option<u64>) {}

    /// The value is one packed blob. In a hash with field TTLs the pieces come in threes.
    fn packed(&mut self, _blob: Packed<'_>) {}

    /// A node of a quicklist that is a packed blob.
    fn packed_node(&mut self, _blob: Packed<'_>) {}

    /// A node of a quicklist that is one large element.
    fn plain_node(&mut self, _element: Str<'_>) {}

    /// A part of a stream.
    fn stream(&mut self, _part: StreamPart<'_>) {}

    /// A part of a module's value.
    fn module(&mut self, _part: ModulePart<'_>) {}

    /// The value is a hash whose field names are those of template `id`. Its values follow as
    /// [`template_value`](Self::template_value), or as one [`packed`](Self::packed) blob whose
    /// first piece is the template's id.
    fn template(&mut self, _template: TemplateUse) {}

    /// A value of a template hash, in the order of the template's fields.
    fn template_value(&mut self, _value: Str<'_>) {}

    /// An element of an array, indexes ascending.
    fn indexed(&mut self, _index: u64, _value: ArrayValue<'_>) {}
}

/// Which template a hash uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateUse {
    /// One that the snapshot defined before the keys.
    Defined {
        /// Its id in the file.
        id: u64,
        /// How many fields it has.
        fields: u64,
    },
    /// One of its own, written with the value. Its field names were handed over as
    /// [`Elements::member`] calls or a [`Elements::packed`] blob before this.
    Own {
        /// How many fields it has.
        fields: u64,
    },
}

/// The value of an array's element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArrayValue<'a> {
    /// A string of eight bytes or more, which has an allocation of its own.
    Heap(Str<'a>),
    /// A number that fits the slot.
    Int(i64),
    /// A fraction that fits the slot.
    Double(f64),
    /// A string of up to seven bytes, which fits the slot.
    Short(Str<'a>),
}

/// The parts of a stream, in the order in which they come.
#[derive(Debug, Clone, Copy)]
pub enum StreamPart<'a> {
    /// A node: the id of its first entry and the listpack that holds its entries.
    Node {
        /// Milliseconds and sequence, both big-endian.
        id: [u8; 16],
        /// The entries.
        listpack: Packed<'a>,
    },
    /// The stream's own figures, behind its nodes.
    Facts {
        /// Live entries.
        length: u64,
        /// How many groups follow.
        groups: u64,
    },
    /// A consumer group. Its pending entries and then its consumers follow.
    Group {
        /// Its name.
        name: Str<'a>,
        /// How many entries are pending in it.
        pending: u64,
    },
    /// An entry pending in the group, ids ascending.
    Pending {
        /// Its id.
        id: [u8; 16],
        /// When it was delivered last, in milliseconds since 1970.
        delivered_at: u64,
    },
    /// A consumer of the group. Its own pending ids follow.
    Consumer {
        /// Its name.
        name: Str<'a>,
        /// How many entries are pending at it.
        pending: u64,
    },
    /// Ids pending at the consumer, ascending, 16 bytes each; maybe in several parts.
    ConsumerPending {
        /// The ids.
        ids: &'a [u8],
    },
    /// Ids of pending entries that were released from every consumer; maybe in several parts.
    Released {
        /// The ids.
        ids: &'a [u8],
    },
    /// An idempotent producer.
    Producer {
        /// Its id.
        id: Str<'a>,
        /// How many of its message ids are remembered.
        entries: u64,
    },
    /// A message id that is remembered of the producer.
    ProducerEntry {
        /// The message id.
        id: Str<'a>,
    },
    /// The end of the stream.
    End,
}

/// The parts of a module's value, in the order in which they come.
#[derive(Debug, Clone, Copy)]
pub enum ModulePart<'a> {
    /// The module type.
    Type(ModuleId),
    /// An unsigned number.
    Uint(u64),
    /// A signed number.
    Sint(i64),
    /// A single-precision number.
    Float(f32),
    /// A double-precision number.
    Double(f64),
    /// A string.
    Text(Str<'a>),
    /// The end, with the bytes that the value takes in the snapshot.
    End {
        /// Bytes from the module type to the end mark.
        bytes: u64,
    },
}
