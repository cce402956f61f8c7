//! Sizes of values that are one packed blob and stay one: all that it takes is known from its header.

use super::keyspace::Key;
use super::profile::Profile;
use super::{Encoding, Limits, Size, Sizes};
use crate::entries::{Packed, Packing, ValueKind};

/// What a key takes whose value is one packed blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeSize {
    /// How the first lane's server holds it.
    pub encoding: Encoding,
    /// How many members or pairs it has.
    pub elements: u64,
    /// What it takes, in every lane.
    pub sizes: Sizes,
}

impl WholeSize {
    /// What a key of this kind takes that holds `blob`; `None` where some lane's server unpacks or
    /// rewrites it, or its header does not tell.
    #[inline]
    pub(super) fn of(
        profiles: &[Profile],
        kind: ValueKind,
        key: &Key,
        blob: &Packed<'_>,
    ) -> Option<Self> {
        let pieces = blob.pieces?;
        let elements = if kind == ValueKind::Set { pieces } else { pieces / 2 };
        let mut sizes = Sizes::default();
        for (size, profile) in sizes.0.iter_mut().zip(profiles) {
            let rewritten = blob.packing == Packing::Ziplist && !profile.facts.ziplists;
            if rewritten || elements > most(&profile.limits, kind, blob.packing)? {
                return None;
            }
            *size = profile.envelope(key).total() + Size::bytes(profile.blob(blob.bytes));
        }
        let encoding = match blob.packing {
            Packing::Intset => Encoding::Intset,
            _ if kind != ValueKind::Set && profiles.first()?.facts.ziplists => Encoding::Ziplist,
            _ => Encoding::Listpack,
        };
        Some(Self { encoding, elements, sizes })
    }
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
    use super::super::{Allocator, Footprinter, Lane, Measure, Server};
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
                        let meta = Meta { expires_at_ms, ..Meta::default() };
                        let entry = Entry { at: 9, key, code, kind, db: Some(0), meta };
                        let packing = code.packing().unwrap();
                        let data = Str::Raw(b"");
                        let blob =
                            Packed { packing, bytes, pieces: Some(pieces), width: 2, data, at: 20 };
                        let Some(whole) = footprinter.whole_size(&entry, &blob) else { continue };
                        told += 1;
                        footprinter.begin(&entry, b"user:1234");
                        footprinter.packed(blob);
                        let steps = footprinter.finish().unwrap();
                        assert_eq!((whole.encoding, whole.sizes), (steps.encoding, steps.sizes));
                        assert_eq!(Some(whole.elements), steps.elements);
                        assert_eq!(steps.data, 9 + bytes);
                    }
                }
            }
        }
        assert!(told > 100, "{told}");
    }
}
