//! One lane, ready to size: a server's facts and limits with what can be computed ahead.

use super::alloc::Allocator;
use super::chance::{Drawn, skiplist_node};
use super::facts::{Facts, StringCount};
use super::keyspace::Key;
use super::limits::Limits;
use super::sds;
use super::server::Server;
use super::{Encoding, Lane, Measure, Size};

/// What names below this length take, and nodes with such members, is computed ahead.
const AHEAD: u64 = 256;
/// And strings below this one.
const STRINGS_AHEAD: u64 = 1024;
/// Strings below this length are sized together with their names, wherever they lie: longer ones have a header of two
/// bytes in a snapshot, so where all are as short it is always the same way.
const FAR: u64 = 64;

/// A lane with what can be computed ahead.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    pub facts: Facts,
    pub limits: Limits,
    pub allocator: Allocator,
    /// Sizes are those of allocations; else those that `MEMORY USAGE` answers.
    pub allocated: bool,
    /// Small integers are shared objects.
    pub shares_integers: bool,
    /// Skiplist nodes by their member's length, where members lie in them; else one for all.
    nodes: Vec<Drawn>,
    /// From this length on no string lies in its key's object.
    far: u64,
    /// Strings of their own, by their length.
    strings: Vec<u32>,
    /// Keys and objects of values that lie elsewhere, by the length of the name and whether it expires.
    envelopes: Vec<[Size; 2]>,
}

impl Profile {
    pub fn new(lane: &Lane) -> Self {
        let server: &Server = &lane.server;
        let (facts, allocator) = (server.facts, server.allocator);
        let nodes = match facts.embedded_members {
            Some(base) => (0..AHEAD).map(|len| embedded_node(allocator, base, len)).collect(),
            None => vec![skiplist_node(allocator, 24)],
        };
        let mut profile = Self {
            facts,
            limits: server.limits,
            allocator,
            allocated: lane.measure == Measure::Allocated,
            shares_integers: facts.shared_integers && server.shares_integers,
            nodes,
            far: facts.embedding.far().max(FAR),
            strings: Vec::new(),
            envelopes: Vec::new(),
        };
        let keys = (0..AHEAD)
            .flat_map(|len| [false, true].map(|expires| Key { len, expires, classes: 0 }));
        profile.envelopes = keys.map(|key| profile.long_envelope(&key)).collect();
        profile.strings = (0..STRINGS_AHEAD)
            .filter_map(|len| u32::try_from(profile.long_string(len)).ok())
            .collect();
        profile
    }

    /// What an allocation of `n` bytes takes.
    #[inline]
    pub const fn a(&self, n: u64) -> u64 {
        self.allocator.usable(n)
    }

    /// A structure whose size `MEMORY USAGE` takes as declared.
    #[inline]
    pub const fn declared(&self, n: u64) -> u64 {
        if self.allocated { self.a(n) } else { n }
    }

    /// A structure of lists and sorted sets, which newer servers count by its allocation.
    #[inline]
    pub const fn measured(&self, n: u64) -> u64 {
        if self.allocated || self.facts.rounds_structs { self.a(n) } else { n }
    }

    /// A string of `len` bytes that is an allocation of its own.
    #[inline(always)]
    pub fn string(&self, len: u64) -> u64 {
        let ahead = usize::try_from(len).ok().and_then(|len| self.strings.get(len));
        ahead.map_or_else(|| self.long_string(len), |n| u64::from(*n))
    }

    /// From this length on no string lies in its key's object.
    #[inline(always)]
    pub const fn far(&self) -> u64 {
        self.far
    }

    /// A key with a string of `len` bytes, which is [`far`](Self::far), where what the key takes was computed ahead.
    #[inline(always)]
    pub fn far_string(&self, key: &Key, len: u64) -> Option<(Size, Encoding)> {
        let [name, object] = self.ahead(key)?;
        Some((name + object + Size::bytes(self.string(len)), Encoding::Raw))
    }

    /// What was worked out for keys like this one.
    #[inline(always)]
    pub(super) fn ahead(&self, key: &Key) -> Option<[Size; 2]> {
        let place = usize::try_from(key.len).ok()?.checked_mul(2)? + usize::from(key.expires);
        self.envelopes.get(place).filter(|_| key.classes == 0).copied()
    }

    #[inline(never)]
    const fn long_string(&self, len: u64) -> u64 {
        let request = sds::request(len);
        match self.facts.strings {
            _ if self.allocated => self.a(request),
            StringCount::Requested => request,
            StringCount::ShortestRequested if 0 < len && len < 32 => request,
            StringCount::Rounded | StringCount::ShortestRequested => self.a(request),
        }
    }

    /// A packed blob of `bytes`.
    #[inline]
    pub const fn blob(&self, bytes: u64) -> u64 {
        if self.allocated || self.facts.rounds_blobs { self.a(bytes) } else { bytes }
    }

    /// A skiplist's node with a member of `len` bytes, the member's own allocation apart.
    #[inline]
    pub fn node(&self, len: u64) -> Drawn {
        match self.facts.embedded_members {
            None => self.nodes.first().copied().unwrap_or_default(),
            Some(base) => {
                let ahead = usize::try_from(len).ok().and_then(|len| self.nodes.get(len));
                ahead.copied().unwrap_or_else(|| embedded_node(self.allocator, base, len))
            }
        }
    }
}

fn embedded_node(allocator: Allocator, base: u64, len: u64) -> Drawn {
    skiplist_node(allocator, base.saturating_add(sds::embedded(len)))
}
