//! From a key in the snapshot to a sized row: what every thread does with every key.

use super::filter::Filter;
use super::row::Row;
use super::stretch::{Worker, hand_over};
use crate::bytes::Fault;
use crate::entries::{Elements, Entry, Packed, Str, ValueKind, slot_of};
use crate::footprint::{Certainty, Encoding, Footprint, Footprinter, Sizes, StringSize, WholeSize};
use std::marker::PhantomData;

/// Takes sized rows, one at a time.
pub trait Take {
    /// Whether it looks at the footprints of strings and packed values. These are dear to fill in.
    const FOOTPRINTS: bool;

    /// Takes `row`, whose parts are in `footprint`; a string's or a packed value's is empty unless it
    /// is looked at.
    fn take(&mut self, row: &Row<'_>, footprint: &Footprint);

    /// The same, in the midst of what calls it: for what nearly all keys are.
    #[inline(always)]
    fn take_here(&mut self, row: &Row<'_>, footprint: &Footprint) {
        self.take(row, footprint);
    }
}

/// Sizes keys, and hands those that the filter accepts to the part.
#[derive(Debug)]
pub struct Sizer<'f, P> {
    footprinter: Footprinter,
    /// None where every key is accepted.
    filter: Option<&'f Filter>,
    /// Whether keys have slots.
    cluster: bool,
    name: Vec<u8>,
    part: PhantomData<fn(P)>,
}

impl<'f, P> Sizer<'f, P> {
    /// A sizer; rows carry their slots when `cluster`.
    #[must_use]
    pub fn new(footprinter: Footprinter, filter: &'f Filter, cluster: bool) -> Self {
        let filter = Some(filter).filter(|filter| !filter.is_open());
        Self { footprinter, filter, cluster, name: Vec::new(), part: PhantomData }
    }
}

impl<P: Take> Worker for Sizer<'_, P> {
    type Part = P;
    type Elements = Footprinter;

    #[inline]
    fn begin(&mut self, entry: &Entry<'_>) -> Result<bool, Fault> {
        let key = entry.key.decode(&mut self.name)?;
        if self.filter.is_some_and(|filter| !filter.accepts_name(key)) {
            return Ok(false);
        }
        self.footprinter.begin(entry, key);
        Ok(true)
    }

    #[inline]
    fn elements(&mut self) -> &mut Footprinter {
        &mut self.footprinter
    }

    #[inline]
    fn end(&mut self, entry: &Entry<'_>, part: &mut P) -> Result<(), Fault> {
        let footprint = self.footprinter.finish()?;
        let key = entry.key.decode(&mut self.name)?;
        let row = Row {
            db: entry.db,
            slot: self.cluster.then(|| slot_of(key)),
            at: entry.at,
            key,
            kind: entry.kind,
            module: footprint.module,
            encoding: footprint.encoding,
            elements: footprint.elements,
            data: footprint.data,
            largest_element: footprint.largest_element,
            field_times: (footprint.fields_with_ttl > 0).then_some(&footprint.field_times),
            sizes: footprint.sizes,
            certainty: footprint.certainty,
            expires_at_ms: entry.meta.expires_at_ms,
            idle_s: entry.meta.idle_s,
            freq: entry.meta.freq,
        };
        if self.filter.is_none_or(|filter| filter.accepts(&row)) {
            part.take(&row, footprint);
        }
        Ok(())
    }

    #[inline(always)]
    fn string(&mut self, entry: &Entry<'_>, value: Str<'_>, part: &mut P) -> Result<(), Fault> {
        let (Str::Raw(key), false) = (entry.key, P::FOOTPRINTS) else {
            return self.any_string(&entry.apart(), value, part);
        };
        if self.filter.is_some_and(|filter| !filter.accepts_name(key)) {
            return Ok(());
        }
        let StringSize { encoding, sizes, .. } = self.footprinter.string_size(entry, value);
        let held =
            Held { kind: ValueKind::String, encoding, elements: value.len(), bytes: value.len() };
        let row = self.row(entry, key, &held, &sizes);
        if self.filter.is_none_or(|filter| filter.accepts(&row.apart())) {
            part.take_here(&row, &Footprint::default());
        }
        Ok(())
    }

    #[inline(never)]
    fn packed(&mut self, entry: &Entry<'_>, blob: &Packed<'_>, part: &mut P) -> Result<(), Fault> {
        let (Str::Raw(key), false) = (entry.key, P::FOOTPRINTS) else {
            return self.any_packed(entry, blob, part);
        };
        if self.filter.is_some_and(|filter| !filter.accepts_name(key)) {
            return Ok(());
        }
        let Some(WholeSize { encoding, elements, sizes }) =
            self.footprinter.whole_size(entry, blob)
        else {
            return self.any_packed(entry, blob, part);
        };
        let held = Held { kind: entry.kind, encoding, elements, bytes: blob.bytes };
        let row = self.row(entry, key, &held, &sizes);
        if self.filter.is_none_or(|filter| filter.accepts(&row)) {
            part.take(&row, &Footprint::default());
        }
        Ok(())
    }
}

/// A value that is one string or one packed blob.
struct Held {
    kind: ValueKind,
    encoding: Encoding,
    elements: u64,
    bytes: u64,
}

impl<P: Take> Sizer<'_, P> {
    /// The row of a key whose value is one string or one packed blob.
    #[inline(always)]
    fn row<'k>(&self, entry: &Entry<'_>, key: &'k [u8], held: &Held, sizes: &Sizes) -> Row<'k> {
        Row {
            db: entry.db,
            slot: self.cluster.then(|| slot_of(key)),
            at: entry.at,
            key,
            kind: held.kind,
            module: None,
            encoding: held.encoding,
            elements: Some(held.elements),
            data: key.len() as u64 + held.bytes,
            largest_element: None,
            field_times: None,
            sizes: *sizes,
            certainty: Certainty::Exact,
            expires_at_ms: entry.meta.expires_at_ms,
            idle_s: entry.meta.idle_s,
            freq: entry.meta.freq,
        }
    }

    #[cold]
    #[inline(never)]
    fn any_packed(
        &mut self,
        entry: &Entry<'_>,
        blob: &Packed<'_>,
        part: &mut P,
    ) -> Result<(), Fault> {
        if self.begin(entry)? {
            hand_over(&mut self.footprinter, entry, blob);
            self.end(entry, part)?;
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn any_string(&mut self, entry: &Entry<'_>, value: Str<'_>, part: &mut P) -> Result<(), Fault> {
        if self.begin(entry)? {
            self.footprinter.string(value);
            self.end(entry, part)?;
        }
        Ok(())
    }
}
