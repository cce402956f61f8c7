//! From a key in the snapshot to a sized row: what every thread does with every key.

use super::filter::Filter;
use super::row::Row;
use super::stretch::{Worker, hand_over};
use crate::bytes::Fault;
use crate::entries::{Elements, Entry, Packed, Str, ValueKind, slot_of};
use crate::footprint::{
    Certainty, Encoding, Footprint, Footprinter, OTHERS, Size, StringSize, WholeSize,
};
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
        let has_others = self.footprinter.has_others();
        let footprint = self.footprinter.finish()?;
        let key = entry.key.decode(&mut self.name)?;
        let slot = self.cluster.then(|| slot_of(key));
        let row = Row {
            db: entry.db,
            slot,
            at: entry.at,
            key,
            kind: entry.kind,
            module: footprint.module,
            encoding: footprint.encoding,
            elements: footprint.elements,
            data: footprint.data,
            largest_element: footprint.largest_element,
            field_times: (footprint.fields_with_ttl > 0).then_some(&footprint.field_times),
            bytes: footprint.sizes.first(),
            others: has_others.then_some(footprint.sizes.others()),
            certainty: footprint.certainty,
            expiry: entry.meta.expiry,
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
        let slot = self.slot(key);
        let StringSize { encoding, bytes, others } = self.footprinter.string_size(entry, value);
        let held = Held {
            kind: ValueKind::String,
            encoding,
            elements: value.len(),
            data: value.len(),
            bytes,
            others,
        };
        let row = row(entry, key, slot, &held);
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
        let Some(WholeSize { encoding, elements, bytes, others }) =
            self.footprinter.whole_size(entry, blob)
        else {
            return self.any_packed(entry, blob, part);
        };
        let (kind, data, others) = (entry.kind, blob.bytes, others.as_ref());
        let held = Held { kind, encoding, elements, data, bytes, others };
        let row = row(entry, key, self.slot(key), &held);
        if self.filter.is_none_or(|filter| filter.accepts(&row)) {
            part.take(&row, &Footprint::default());
        }
        Ok(())
    }
}

/// A value that is one string or one packed blob.
struct Held<'s> {
    kind: ValueKind,
    encoding: Encoding,
    elements: u64,
    data: u64,
    bytes: Size,
    others: Option<&'s [Size; OTHERS]>,
}

/// The row of a key whose value is one string or one packed blob.
#[inline(always)]
fn row<'r>(entry: &Entry<'_>, key: &'r [u8], slot: Option<u16>, held: &Held<'r>) -> Row<'r> {
    Row {
        db: entry.db,
        slot,
        at: entry.at,
        key,
        kind: held.kind,
        module: None,
        encoding: held.encoding,
        elements: Some(held.elements),
        data: key.len() as u64 + held.data,
        largest_element: None,
        field_times: None,
        bytes: held.bytes,
        others: held.others,
        certainty: Certainty::Exact,
        expiry: entry.meta.expiry,
        idle_s: entry.meta.idle_s,
        freq: entry.meta.freq,
    }
}

impl<P: Take> Sizer<'_, P> {
    #[inline(always)]
    fn slot(&self, key: &[u8]) -> Option<u16> {
        self.cluster.then(|| slot_of(key))
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
