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
            _ if profiles.first()?.facts.ziplists => Encoding::Ziplist,
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
