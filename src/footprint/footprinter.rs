//! The visitor that turns a key's elements into its size.

use super::array::Array;
use super::chance::deviation;
use super::collection::Weighed;
use super::hash::{Form, Hash};
use super::keyspace::{Key, Value};
use super::list::List;
use super::module::Module;
use super::profile::Profile;
use super::set::Set;
use super::stream::Stream;
use super::strings::{StringSize, Strings};
use super::template::{TemplateHash, TemplateShares};
use super::whole::WholeSize;
use super::zset::Zset;
use super::{Certainty, Encoding, FIELD_TIMES, Footprint, LANES, Lane, Parts, Size};
use crate::bytes::Fault;
use crate::entries::{
    ArrayValue, Elements, Entry, Lengths, ModulePart, Packed, Str, StreamPart, TemplateUse,
    TypeCode, ValueKind,
};
use std::sync::Arc;

/// Sizes keys, one after the other: [`begin`](Self::begin), the elements, [`finish`](Self::finish).
///
/// It is made once and used for all keys: what it needs to hold is kept and used again.
#[derive(Debug, Clone)]
pub struct Footprinter {
    profiles: Vec<Profile>,
    templates: Arc<TemplateShares>,
    look_inside: bool,
    key: Key,
    holds: Holds,
    string: Value,
    strings: Strings,
    list: List,
    set: Set,
    zset: Zset,
    hash: Hash,
    stream: Stream,
    array: Array,
    module: Module,
    template: TemplateHash,
    /// The template of a template hash is known: what follows are its values.
    has_template: bool,
    /// Members, or fields and values, of which only the lengths matter, and whether there are any.
    lengths: [Lengths; 2],
    has_lengths: bool,
    scratch: Vec<u8>,
    fault: Option<Fault>,
    /// The size of the key that was finished last. Lanes that nobody asked for stay zero.
    out: Footprint,
}

/// What the value is for its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    String,
    List,
    Set,
    Zset,
    Hash(Form),
    Template,
    Stream,
    Array,
    Module,
    Gcra,
}

impl Footprinter {
    /// Sizes under `lanes`, [`LANES`] at most; the first one decides the encoding. `templates` are
    /// the snapshot's hash templates.
    #[must_use]
    pub fn new(lanes: Vec<Lane>, templates: Arc<TemplateShares>) -> Self {
        Self {
            profiles: lanes.iter().take(LANES).map(Profile::new).collect(),
            templates,
            look_inside: false,
            key: Key::default(),
            holds: Holds::String,
            string: Value::default(),
            strings: Strings::default(),
            list: List::default(),
            set: Set::default(),
            zset: Zset::default(),
            hash: Hash::default(),
            stream: Stream::default(),
            array: Array::default(),
            module: Module::default(),
            template: TemplateHash::default(),
            has_template: false,
            lengths: Default::default(),
            has_lengths: false,
            scratch: Vec::new(),
            fault: None,
            out: Footprint::default(),
        }
    }

    /// Whether packed blobs are opened to tell the longest element and the fields with a TTL. Dear.
    pub const fn look_inside(&mut self, on: bool) {
        self.look_inside = on;
    }

    /// Starts with the next key, whose decoded name is `key`.
    #[inline]
    pub fn begin(&mut self, entry: &Entry<'_>, key: &[u8]) {
        self.key = Key::of(entry, key.len() as u64);
        self.fault = None;
        if self.has_lengths {
            // the value before this one was left in the middle
            (self.lengths, self.has_lengths) = (Default::default(), false);
        }
        self.holds = match entry.kind {
            ValueKind::String => {
                self.string = Value::default();
                Holds::String
            }
            ValueKind::Gcra => Holds::Gcra,
            ValueKind::List => {
                self.list.clear();
                Holds::List
            }
            ValueKind::Set => {
                self.set.clear();
                Holds::Set
            }
            ValueKind::Zset => {
                self.zset.clear();
                Holds::Zset
            }
            ValueKind::Hash => self.begin_hash(entry.code),
            ValueKind::Stream => {
                self.stream.clear();
                Holds::Stream
            }
            ValueKind::Array => {
                self.array.clear();
                Holds::Array
            }
            ValueKind::Module => {
                self.module.clear();
                Holds::Module
            }
        };
    }

    fn begin_hash(&mut self, code: TypeCode) -> Holds {
        let form = match code {
            TypeCode::HASH_TEMPLATE_LISTPACK
            | TypeCode::HASH_TEMPLATE_LISTPACK_REF
            | TypeCode::HASH_TEMPLATE_ARRAY
            | TypeCode::HASH_TEMPLATE_ARRAY_REF => {
                self.template.clear();
                self.has_template = false;
                return Holds::Template;
            }
            // Valkey's hash with TTLs shares its code with one of release candidates of Redis
            TypeCode::HASH_METADATA_PRE_GA
            | TypeCode::HASH_METADATA
            | TypeCode::HASH_LISTPACK_EX_PRE_GA
            | TypeCode::HASH_LISTPACK_EX => Form::Expiring,
            _ => Form::Plain,
        };
        self.hash.clear(form);
        Holds::Hash(form)
    }

    /// The encoding and the sizes of a key whose value is one string, where nothing else of it is
    /// wanted: quicker than the three steps.
    #[inline(always)]
    pub fn string_size(&mut self, entry: &Entry<'_>, value: Str<'_>) -> StringSize<'_> {
        let key = Key::of(entry, entry.key.len());
        self.strings.size(&self.profiles, &key, &Value::of(value))
    }

    /// The same for a key whose value is one packed blob, or a list of one packed node. `None` where
    /// it has to be looked into, or that is wanted: then it takes the three steps.
    #[inline(always)]
    pub fn whole_size(&self, entry: &Entry<'_>, blob: &Packed<'_>) -> Option<WholeSize> {
        if self.look_inside {
            return None;
        }
        WholeSize::of(&self.profiles, entry, &Key::of(entry, entry.key.len()), blob)
    }

    /// Counts the fields of hashes that expire by the times between which they do: up to the first
    /// of `bounds` (Unix milliseconds, ascending), up to the second, and so on, and later.
    pub const fn count_field_times(&mut self, bounds: [i64; FIELD_TIMES - 1]) {
        self.hash.count_times(bounds);
    }

    /// The size of the key whose elements were handed over.
    ///
    /// # Errors
    /// When a packed blob that had to be opened is damaged.
    #[inline]
    pub fn finish(&mut self) -> Result<&Footprint, Fault> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        if self.holds == Holds::String {
            self.finish_string();
        } else {
            self.finish_other();
        }
        Ok(&self.out)
    }

    /// Whether it sizes under more than one lane.
    #[must_use]
    #[inline]
    pub const fn has_others(&self) -> bool {
        self.profiles.len() > 1
    }

    /// How the first lane sizes.
    pub(super) fn profile(&self) -> Option<&Profile> {
        self.profiles.first()
    }

    /// What matters of the key that began last.
    pub(super) const fn key(&self) -> &Key {
        &self.key
    }

    /// The size of the key that was finished last.
    pub(super) const fn footprint(&self) -> &Footprint {
        &self.out
    }

    /// Nearly all keys of large snapshots are strings: what they do not set is as it was made.
    #[inline]
    fn finish_string(&mut self) {
        let Self { out, profiles, key, string, .. } = self;
        let (mut encodings, lanes) = (None, out.parts.iter_mut().zip(&mut out.sizes.0));
        for ((parts, size), profile) in lanes.zip(profiles.iter()) {
            let (encoding, these) = profile.string_value(key, string);
            (*parts, *size) = (these, these.total());
            encodings.get_or_insert(encoding);
        }
        out.encoding = encodings.unwrap_or(Encoding::Raw);
        out.elements = Some(string.len);
        out.data = key.len + string.len;
        out.module = None;
        out.largest_element = self.look_inside.then_some(string.len);
        out.fields_with_ttl = 0;
        out.spread = Size::ZERO;
        out.certainty = Certainty::Exact;
    }

    /// One choice by type, and what follows from it for each type by itself: a choice for every
    /// figure would be guessed wrong as often as neighbouring keys are of other types.
    fn finish_other(&mut self) {
        macro_rules! close {
            ($value:ident) => {{
                let value = &self.$value;
                let told = (Some(value.elements()), value.data(), Some(value.longest()));
                self.close(told, |it, lane, profile| it.$value.weighed(lane, profile, &it.key))
            }};
        }
        if self.has_lengths {
            self.count_lengths();
        }
        self.out.module = None;
        self.out.fields_with_ttl = 0;
        match self.holds {
            Holds::List => close!(list),
            Holds::Set => close!(set),
            Holds::Zset => close!(zset),
            Holds::Hash(form) => {
                close!(hash);
                if form == Form::Expiring {
                    self.out.fields_with_ttl = self.hash.expiring();
                    self.out.field_times = self.hash.times();
                }
            }
            Holds::Template => close!(template),
            Holds::Stream => {
                let told = (Some(self.stream.elements()), self.stream.data(), None);
                self.close(told, |it, lane, profile| it.stream.weighed(lane, profile, &it.key));
            }
            Holds::Array => close!(array),
            Holds::Module => {
                let told = (self.module.elements(), self.module.data(), None);
                self.close(told, |it, lane, profile| it.module.weighed(lane, profile, &it.key));
                self.out.module = self.module.id;
                self.out.certainty = self.module.certainty();
            }
            Holds::Gcra | Holds::String => {
                let told = (Some(1), 0, None);
                let weigh = |it: &Self, _, profile: &Profile| {
                    Weighed::fixed(Encoding::Raw, profile.envelope(&it.key))
                };
                self.close(told, weigh);
            }
        }
    }

    /// Sets what the key takes, by its number of elements, its bytes of data, its longest element
    /// and what tells its size in a lane.
    #[inline(always)]
    fn close(
        &mut self,
        (elements, data, longest): (Option<u64>, u64, Option<u64>),
        weigh: impl Fn(&Self, usize, &Profile) -> Weighed,
    ) {
        let first = match self.profiles.first() {
            Some(profile) => weigh(self, 0, profile),
            None => Weighed::fixed(Encoding::Raw, Parts::default()),
        };
        self.out.put(0, &first.parts);
        // mostly there is but one lane
        if self.profiles.len() > 1 {
            self.close_others(weigh);
        }
        self.out.encoding = first.encoding;
        self.out.elements = elements;
        self.out.data = self.key.len.saturating_add(data);
        self.out.largest_element = longest.filter(|_| self.look_inside);
        (self.out.spread, self.out.certainty) = match first.drawn {
            true => (deviation(first.variance), Certainty::Expected),
            false => (Size::ZERO, Certainty::Exact),
        };
    }

    #[cold]
    #[inline(never)]
    fn close_others(&mut self, weigh: impl Fn(&Self, usize, &Profile) -> Weighed) {
        for (lane, profile) in self.profiles.iter().enumerate().skip(1) {
            let weighed = weigh(self, lane, profile);
            self.out.put(lane, &weighed.parts);
        }
    }

    /// Adds the members of which only the lengths were taken down.
    fn count_lengths(&mut self) {
        let Self { profiles, set, zset, hash, lengths: [lengths, values], .. } = self;
        match self.holds {
            Holds::Set => lengths.drain(|len, n| set.count(profiles, len, n)),
            Holds::Hash(_) => {
                lengths.drain(|len, n| hash.count_fields(profiles, len, n));
                values.drain(|len, n| hash.count_values(profiles, len, n));
            }
            _ => lengths.drain(|len, n| zset.count(profiles, len, n)),
        }
        self.has_lengths = false;
    }

    /// Keeps the first fault of the key.
    fn note(&mut self, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.fault.get_or_insert(fault);
        }
    }
}

impl Elements for Footprinter {
    #[inline]
    fn string(&mut self, value: Str<'_>) {
        self.string = Value::of(value);
    }

    fn begin(&mut self, count: u64) {
        match self.holds {
            Holds::Set => self.set.begin(&self.profiles, count),
            Holds::Zset => self.zset.begin(&self.profiles, count),
            Holds::Hash(_) => self.hash.begin(&self.profiles, count),
            _ => {}
        }
    }

    #[inline(always)]
    fn member(&mut self, member: Str<'_>) {
        match self.holds {
            Holds::Set => self.set.member(&self.profiles, member),
            Holds::List => self.list.member(&self.profiles, &Value::of(member)),
            Holds::Template => self.template.name(&self.profiles, member.len()),
            _ => {}
        }
    }

    #[inline(always)]
    fn scored(&mut self, member: Str<'_>, score: f64) {
        // also where it was not asked for: how variances add up must not hang on that
        let place = usize::try_from(member.len()).ok();
        let lengths = self.lengths().zip(place);
        if lengths.and_then(|(lengths, place)| lengths.add(place, 1)).is_none() {
            self.zset.scored(&self.profiles, member, score);
        }
    }

    #[inline]
    fn lengths(&mut self) -> Option<&mut Lengths> {
        let matter = match self.holds {
            Holds::Set => self.set.is_settled(),
            Holds::Zset => self.zset.is_settled(),
            _ => false,
        };
        if !matter {
            return None;
        }
        self.has_lengths = true;
        let [lengths, _] = &mut self.lengths;
        Some(lengths)
    }

    #[inline]
    fn pair_lengths(&mut self) -> Option<[&mut Lengths; 2]> {
        if self.holds != Holds::Hash(Form::Plain) || !self.hash.is_settled() {
            return None;
        }
        self.has_lengths = true;
        Some(self.lengths.each_mut())
    }

    #[inline(always)]
    fn field(&mut self, field: Str<'_>, value: Str<'_>, expires_at_ms: Option<u64>) {
        self.hash.pair(&self.profiles, [field, value], expires_at_ms);
    }

    fn packed(&mut self, blob: Packed<'_>) {
        let Self { profiles, scratch, look_inside: open, .. } = self;
        let result = match self.holds {
            Holds::List => self.list.packed(profiles, &blob, scratch),
            Holds::Set => self.set.packed(profiles, &blob, scratch, *open),
            Holds::Zset => self.zset.packed(profiles, &blob, scratch, *open),
            Holds::Hash(_) => self.hash.packed(profiles, &blob, scratch, *open),
            Holds::Template if self.has_template => self.template.packed(profiles, &blob, scratch),
            Holds::Template => self.template.names(profiles, &blob, scratch),
            _ => Ok(()),
        };
        self.note(result);
    }

    fn packed_node(&mut self, blob: Packed<'_>) {
        let Self { profiles, scratch, look_inside: open, list, .. } = self;
        let result = list.packed_node(profiles, &blob, scratch, *open);
        self.note(result);
    }

    fn plain_node(&mut self, element: Str<'_>) {
        self.list.plain_node(&self.profiles, element);
    }

    fn stream(&mut self, part: StreamPart<'_>) {
        let result = self.stream.part(&self.profiles, part);
        self.note(result);
    }

    fn module(&mut self, part: ModulePart<'_>) {
        self.module.part(&self.profiles, part);
    }

    fn template(&mut self, template: TemplateUse) {
        self.template.template(&self.profiles, template, &self.templates);
        self.has_template = true;
    }

    fn template_value(&mut self, value: Str<'_>) {
        self.template.value(&self.profiles, &Value::of(value));
    }

    fn indexed(&mut self, index: u64, value: ArrayValue<'_>) {
        self.array.element(&self.profiles, index, value);
    }
}
