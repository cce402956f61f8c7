//! One key, sized: what is added up.

use crate::entries::{Expiry, ModuleId, ValueKind};
use crate::footprint::{Certainty, Encoding, FIELD_TIMES, OTHERS, Size, Sizes};

/// One key with all that the groups ask of it. Borrows the name; nothing is allocated for it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its database; `None` before the first mark of a walk that began in the middle.
    pub db: Option<u64>,
    /// Its cluster slot, where the server is a cluster node.
    pub slot: Option<u16>,
    /// Where it begins in the snapshot.
    pub at: u64,
    /// Its decoded name.
    pub key: &'a [u8],
    /// What its value is.
    pub kind: ValueKind,
    /// The module type, where the value is a module's.
    pub module: Option<ModuleId>,
    /// How the loading server holds it.
    pub encoding: Encoding,
    /// How many elements it has; `None` where a module does not tell.
    pub elements: Option<u64>,
    /// Bytes of its name and of what was put into it, as in [`crate::footprint::Footprint::data`].
    pub data: u64,
    /// The length of its longest element, as in [`crate::footprint::Footprint::largest_element`].
    pub largest_element: Option<u64>,
    /// Fields of a hash that expire, by lifetime from the one in which they already had.
    pub field_times: Option<&'a [u64; FIELD_TIMES]>,
    /// What it takes, in the first lane.
    pub bytes: Size,
    /// And in the others, where there are any: apart, since mostly there are none.
    pub others: Option<&'a [Size; OTHERS]>,
    /// How sure that is.
    pub certainty: Certainty,
    /// When it expires.
    pub expiry: Expiry,
    /// Seconds since it was used, where the dump says.
    pub idle_s: Option<u64>,
    /// Its LFU counter, where the dump says.
    pub freq: Option<u8>,
}

impl Row<'_> {
    /// What it takes, in every lane.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        Sizes::of(self.bytes, self.others)
    }

    /// The same row once more, to be pointed to where that is seldom done: what is pointed to has to lie in
    /// memory, and that would be work for each row.
    #[inline(always)]
    pub(super) const fn apart(&self) -> Self {
        *self
    }
}

/// A row for tests.
#[cfg(test)]
pub(super) const ROW: Row<'static> = Row {
    at: 0,
    db: Some(3),
    slot: None,
    key: b"user:1",
    kind: ValueKind::Hash,
    module: None,
    encoding: Encoding::Listpack,
    elements: Some(2),
    data: 5,
    largest_element: None,
    field_times: None,
    bytes: Size::ZERO,
    others: None,
    certainty: Certainty::Exact,
    expiry: Expiry::NEVER,
    idle_s: None,
    freq: None,
};
