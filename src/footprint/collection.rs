//! What the sizes of sets, sorted sets, hashes and lists have in common.

use super::buckets::{BUCKET, Buckets};
use super::chance::{self, Drawn, float};
use super::dict::{Dict, SLOT};
use super::keyspace::Key;
use super::profile::Profile;
use super::size::Size;
use super::{Encoding, Parts};

/// An entry of a dict: key, value, next.
const ENTRY: u64 = 24;
/// An entry of a dict without values, for a key whose slot is taken.
const ENTRY_NO_VALUE: u64 = 16;

/// A value, sized under one lane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighed {
    pub encoding: Encoding,
    pub parts: Parts,
    /// The variance of what is drawn at random, in bytes squared.
    pub variance: f64,
    /// Whether anything is drawn at random.
    pub drawn: bool,
}

impl Weighed {
    /// A size with nothing random in it.
    pub const fn fixed(encoding: Encoding, parts: Parts) -> Self {
        Self { encoding, parts, variance: 0.0, drawn: false }
    }
}

/// A collection's own bytes; the key's and the object's come on top.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    pub structure: Drawn,
    pub payload: Drawn,
    /// Bytes, part of the above, that the server takes as an average times the number of elements.
    pub averaged: u64,
    /// The number of elements that it averages over.
    pub elements: u64,
}

impl Cost {
    /// A collection that is one packed blob of `bytes`.
    pub fn packed(profile: &Profile, bytes: u64) -> Self {
        Self { payload: Drawn::certain(profile.blob(bytes)), ..Self::default() }
    }

    /// The whole value: these bytes with those of its key and object.
    pub fn with_key(self, profile: &Profile, key: &Key, encoding: Encoding) -> Weighed {
        self.with_envelope(profile, profile.envelope(key), encoding)
    }

    /// The whole value: these bytes with those of `envelope`.
    pub fn with_envelope(self, profile: &Profile, envelope: Parts, encoding: Encoding) -> Weighed {
        let mut parts =
            Parts { structure: self.structure.mean, payload: self.payload.mean, ..envelope };
        let variance = self.structure.variance + self.payload.variance;
        if !profile.allocated && variance == 0.0 {
            parts.structure = parts.structure - self.lost(parts.total());
        }
        Weighed { encoding, parts, variance, drawn: variance > 0.0 }
    }

    /// The byte that is lost where an average in floating point, times the number of elements,
    /// comes out below the sum and is then cut to whole bytes (`objectComputeSize`).
    fn lost(&self, total: Size) -> Size {
        if self.elements == 0 || self.averaged == 0 {
            return Size::ZERO;
        }
        let total = total.floor();
        let rest = float(total.saturating_sub(self.averaged));
        let average = float(self.averaged) / float(self.elements);
        Size::bytes(u64::from(rest + average * float(self.elements) < float(total)))
    }
}

/// How a collection's dict is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct DictCost {
    /// Bytes counted for the header, and bytes requested for it.
    pub header: [u64; 2],
    /// Bytes counted for an entry; `None` for what really collides.
    pub entry: Option<u64>,
    /// Only keys that collide take an entry.
    pub no_value: bool,
}

impl DictCost {
    /// A dict of `n` keys.
    pub fn of(&self, profile: &Profile, dict: &Dict, n: u64) -> Drawn {
        let [counted, requested] = self.header;
        let (old, doubt) = dict.doubt();
        let old = profile.declared(SLOT * old);
        let in_doubt = Drawn::in_doubt(old, doubt);
        let colliding = |entry| {
            let [slots, _] = dict.tables();
            Drawn::each(chance::colliding(n, slots), entry)
        };
        if !profile.allocated {
            let table = Drawn::certain(counted + SLOT * dict.slots()) + in_doubt;
            return match self.entry {
                Some(entry) => table + Drawn::certain(entry.saturating_mul(n)),
                None => table + colliding(ENTRY_NO_VALUE),
            };
        }
        let [slots, moving] = dict.tables().map(|slots| match slots {
            0 => 0,
            slots => profile.a(SLOT * slots),
        });
        let table = Drawn::certain(profile.a(requested) + slots + moving) + in_doubt;
        if self.no_value {
            table + colliding(profile.a(ENTRY_NO_VALUE))
        } else {
            table + Drawn::certain(profile.a(ENTRY).saturating_mul(n))
        }
    }
}

/// A table of buckets, `metadata` bytes behind its header.
pub(super) fn buckets(profile: &Profile, table: &Buckets, metadata: u64) -> Drawn {
    let header = profile.declared(profile.facts.table_header + metadata);
    let [top, moving] = [table.top, table.moving()].map(|buckets| match buckets {
        0 => 0,
        buckets => profile.declared(BUCKET * buckets),
    });
    let child = profile.declared(BUCKET);
    Drawn::certain(header + top + moving) + Drawn::each(table.children(), child)
}
