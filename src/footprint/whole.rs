//! Sizes of values that are one packed blob and stay one, or a list's only node: all that it takes is
//! known from its header.

use super::keyspace::Key;
use super::profile::Profile;
use super::{Encoding, Limits, OTHERS, Size};
use crate::entries::{Entry, Packed, Packing, ValueKind};

/// What a key takes whose value is one packed blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeSize {
    /// How the first lane's server holds it.
    pub encoding: Encoding,
    /// How many members or pairs it has.
    pub elements: u64,
    /// What it takes, in the first lane.
    pub bytes: Size,
    /// And in the others, where there are any.
    pub others: Option<[Size; OTHERS]>,
}

impl WholeSize {
    /// What the key of `entry` takes, which holds `blob` or a list of that one node; `None` where some
    /// lane's server unpacks or rewrites it, or its header does not tell.
    #[inline(always)]
    pub(super) fn of(
        profiles: &[Profile],
        entry: &Entry<'_>,
        key: &Key,
        blob: &Packed<'_>,
    ) -> Option<Self> {
        let (kind, pieces) = (entry.kind, blob.pieces?);
        let elements = match kind {
            ValueKind::Set | ValueKind::List => pieces,
            _ => pieces / 2,
        };
        if kind == ValueKind::List && (pieces == 0 || entry.code.node_packing().is_none()) {
            // the loader leaves out a node without elements, and takes one blob apart
            return None;
        }
        let whole = Whole { kind, packing: blob.packing, bytes: blob.bytes, elements };
        let (first, others) = profiles.split_first()?;
        let (encoding, bytes) = whole.size(first, key)?;
        // mostly there is but one lane
        let others = match others {
            [] => None,
            others => Some(whole.size_others(others, key)?),
        };
        Some(Self { encoding, elements, bytes, others })
    }
}

/// What the size of a blob, or of a list of one, hangs on beside its key.
#[derive(Clone, Copy)]
struct Whole {
    kind: ValueKind,
    packing: Packing,
    bytes: u64,
    elements: u64,
}

impl Whole {
    /// How a server holds it, and what it and its key take; `None` where that server unpacks or rewrites
    /// it, or there is no telling.
    #[inline(always)]
    fn size(self, profile: &Profile, key: &Key) -> Option<(Encoding, Size)> {
        let Self { kind, packing: packing_of, bytes, elements } = self;
        if packing_of == Packing::Ziplist && !profile.facts.ziplists {
            return None;
        }
        let (encoding, structure) = match kind {
            ValueKind::List => list(profile, bytes, elements)?,
            _ if elements > most(&profile.limits, kind, packing_of)? => return None,
            _ => (packed(profile, kind, packing_of), 0),
        };
        let size = profile.envelope(key).total() + Size::bytes(structure + profile.blob(bytes));
        Some((encoding, size))
    }

    /// The same for the servers of other lanes.
    #[cold]
    #[inline(never)]
    fn size_others(self, profiles: &[Profile], key: &Key) -> Option<[Size; OTHERS]> {
        let mut sizes = [Size::ZERO; OTHERS];
        for (size, profile) in sizes.iter_mut().zip(profiles) {
            (_, *size) = self.size(profile, key)?;
        }
        Some(sizes)
    }
}

/// How a server names a blob that it leaves as it is.
#[inline]
const fn packed(profile: &Profile, kind: ValueKind, packing: Packing) -> Encoding {
    match (kind, packing) {
        (_, Packing::Intset) => Encoding::Intset,
        (ValueKind::Hash | ValueKind::Zset, _) if profile.facts.ziplists => Encoding::Ziplist,
        _ => Encoding::Listpack,
    }
}

/// How a server holds a list of one node, and what it takes beside that; `None` where it is no node.
#[inline]
fn list(profile: &Profile, bytes: u64, elements: u64) -> Option<(Encoding, u64)> {
    let facts = &profile.facts;
    if facts.linked_lists {
        return None;
    }
    if facts.list_listpacks && profile.limits.node_is_a_list(bytes, elements) {
        return Some((Encoding::Listpack, 0));
    }
    let structure = profile.measured(facts.quicklist) + profile.measured(facts.quicklist_node);
    Some((Encoding::Quicklist, structure))
}

/// Up to how many members or pairs a server leaves a blob as it is that it has loaded; `None` where
/// that is not the only question.
const fn most(limits: &Limits, kind: ValueKind, packing: Packing) -> Option<u64> {
    Some(match (kind, packing) {
        (ValueKind::Hash, Packing::Listpack | Packing::Ziplist) => limits.hash_entries,
        (ValueKind::Zset, Packing::Listpack | Packing::Ziplist) => limits.zset_entries,
        (ValueKind::Set, Packing::Listpack) => limits.set_entries,
        (ValueKind::Set, Packing::Intset) => limits.intset_entries,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Allocator, Footprinter, Lane, Measure, Server, Sizes};
    use super::*;
    use crate::entries::{Elements, Entry, Meta, Str, TypeCode};
    use std::sync::Arc;

    #[test]
    fn what_the_header_tells_is_what_the_three_steps_tell() {
        let codes = [
            (TypeCode::HASH_LISTPACK, ValueKind::Hash),
            (TypeCode::HASH_ZIPLIST, ValueKind::Hash),
            (TypeCode::ZSET_LISTPACK, ValueKind::Zset),
            (TypeCode::ZSET_ZIPLIST, ValueKind::Zset),
            (TypeCode::SET_LISTPACK, ValueKind::Set),
            (TypeCode::SET_INTSET, ValueKind::Set),
            (TypeCode::LIST_QUICKLIST, ValueKind::List),
            (TypeCode::LIST_QUICKLIST_2, ValueKind::List),
            (TypeCode::LIST_ZIPLIST, ValueKind::List),
        ];
        let mut told = 0;
        for name in ["redis-5.0", "redis-6.2", "redis-7.0", "redis-8.2", "valkey-8.1", "valkey-9.1"]
        {
            let lane = |allocator, measure| {
                let server = Server::with_defaults(name.parse().unwrap(), allocator);
                Lane { server: Arc::new(server), measure }
            };
            let lanes = vec![
                lane(Allocator::Jemalloc, Measure::Reported),
                lane(Allocator::Libc, Measure::Allocated),
            ];
            let mut footprinter = Footprinter::new(lanes, Arc::default());
            for (code, kind) in codes {
                for (pieces, bytes) in [(0, 7), (2, 40), (129, 900), (256, 900), (1024, 9000)] {
                    for expires_at_ms in [None, Some(5)] {
                        let key = Str::Raw(b"user:1234");
                        let meta = Meta { expiry: expires_at_ms.into(), ..Meta::default() };
                        let entry = Entry { at: 9, key, code, kind, db: Some(0), meta };
                        let packing = code.packing().or(code.node_packing()).unwrap();
                        let data = Str::Raw(b"");
                        let blob =
                            Packed { packing, bytes, pieces: Some(pieces), width: 2, data, at: 20 };
                        let Some(whole) = footprinter.whole_size(&entry, &blob) else { continue };
                        told += 1;
                        footprinter.begin(&entry, b"user:1234");
                        if code.node_packing().is_some() {
                            footprinter.packed_node(blob);
                        } else {
                            footprinter.packed(blob);
                        }
                        let steps = footprinter.finish().unwrap();
                        let sizes = Sizes::of(whole.bytes, whole.others.as_ref());
                        assert_eq!((whole.encoding, sizes), (steps.encoding, steps.sizes));
                        assert_eq!(Some(whole.elements), steps.elements);
                        assert_eq!(steps.data, 9 + bytes);
                    }
                }
            }
        }
        assert!(told > 100, "{told}");
    }
}
