//! Entries: the snapshot's keys and records, one by one.
//!
//! Knows the format, all of it; knows nothing of memory. Elements are handed to a visitor as the
//! value is walked, see [`Elements`].

mod code;
mod elements;
mod entry;
mod head;
mod header;
mod length;
mod lengths;
mod packed;
mod slot;
mod split;
mod string;
mod value;
mod walk;

pub use code::{Dialect, TypeCode, ValueKind, opcode};
pub use elements::{ArrayValue, Elements, ModulePart, StreamPart, TemplateUse};
pub use entry::{Entry, Expiry, Item, Meta, ModuleId, SlotMark};
pub use head::{Head, Template, Templates, Wrapper};
pub use header::Tail;
pub use lengths::Lengths;
pub use packed::{Packed, Packing, Piece};
pub use slot::{SLOTS, hash_tag, slot_of};
pub use split::guess;
pub use string::{Str, canonical_int, digits};
pub use walk::Walk;
