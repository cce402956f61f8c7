//! Sorted sets (t_zset.c): packed, or a skiplist with a hash table.

use super::buckets::Buckets;
use super::chance::Drawn;
use super::collection::{Cost, DictCost, Weighed, buckets};
use super::dict::Dict;
use super::facts::Tables;
use super::growth::Growth;
use super::keyspace::{Key, Value};
use super::lanes;
use super::profile::Profile;
use super::{Encoding, LANES, packing, score};
use crate::bytes::Fault;
use crate::entries::{Packed, Packing, Piece, Str};

/// `zset`: the dict and the skiplist.
const ZSET: u64 = 16;
/// An entry from this length on makes the next one store it in five bytes.
const LONG_ENTRY: u64 = 254;
/// A score is a `double`.
const SCORE: u64 = 8;

/// A sorted set as it is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Zset {
    claimed: u64,
    seen: u64,
    longest: u64,
    /// Bytes of the members with eight for each score, or of the blob.
    data: u64,
    /// Bytes of the members and scores in a listpack, and in one with long scores.
    listpack: [u64; 2],
    ziplist: u64,
    /// The blob that the snapshot holds, and its bytes.
    blob: Option<(Packing, u64)>,
    /// Some lane may still hold it packed.
    small: bool,
    /// How those lanes would write it.
    writes: Writes,
    lanes: [Lane; LANES],
}

/// Ways to write a packed sorted set: to find the text of a score is dear.
#[derive(Debug, Clone, Copy, Default)]
struct Writes {
    ziplist: bool,
    /// A listpack with short scores, and one with long ones.
    listpack: [bool; 2],
}

impl Writes {
    const fn add(&mut self, profile: &Profile) {
        match (profile.facts.ziplists, profile.facts.long_scores) {
            (true, _) => self.ziplist = true,
            (false, false) => self.listpack[0] = true,
            (false, true) => self.listpack[1] = true,
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    /// Bytes of the members as strings of their own.
    strings: u64,
    /// The skiplist's nodes, where their members lie in them.
    nodes: Drawn,
    /// The set is too large to be packed.
    unpacked: bool,
}

impl Zset {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// `claimed` members follow one by one.
    pub fn begin(&mut self, profiles: &[Profile], claimed: u64) {
        self.claimed = claimed;
        self.listpack = [packing::LISTPACK; 2];
        self.ziplist = packing::ZIPLIST;
        let Self { small, writes, lanes, .. } = self;
        lanes::each(lanes, profiles, |lane, profile| {
            lane.unpacked = claimed > profile.limits.zset_entries;
            if !lane.unpacked {
                *small = true;
                writes.add(profile);
            }
        });
    }

    #[inline(always)]
    pub fn scored(&mut self, profiles: &[Profile], member: Str<'_>, score: f64) {
        if self.small {
            self.pack(&Value::of(member), score);
        }
        self.count(profiles, member.len(), 1);
    }

    /// Whether only the lengths of members matter: no lane holds it packed.
    pub const fn is_settled(&self) -> bool {
        !self.small
    }

    /// Adds `n` members of `len` bytes.
    #[inline(always)]
    pub fn count(&mut self, profiles: &[Profile], len: u64, n: u64) {
        self.seen += n;
        self.longest = self.longest.max(len);
        self.data += (len + SCORE) * n;
        self.table(profiles, len, n);
    }

    fn pack(&mut self, member: &Value, score: f64) {
        let Writes { ziplist, listpack } = self.writes;
        if ziplist {
            // a score is short, so the entry behind it needs one byte for the length before
            let name = 1 + packing::ziplist_body(member.len, member.int);
            let before = if name < LONG_ENTRY { 1 } else { 5 };
            let (len, int) = score::in_ziplist(score);
            self.ziplist += name + before + packing::ziplist_body(len, int);
        }
        let [short, long] = &mut self.listpack;
        let write = |bytes: &mut u64, long| {
            let name = packing::listpack(member.len, member.int);
            let (len, int) = score::in_listpack(score, long);
            *bytes = bytes.saturating_add(name + packing::listpack(len, int));
        };
        let [is_short, is_long] = listpack;
        if is_short {
            write(short, false);
        }
        if is_long {
            write(long, true);
        }
    }

    #[inline]
    fn table(&mut self, profiles: &[Profile], len: u64, n: u64) {
        lanes::each(&mut self.lanes, profiles, move |lane, profile| {
            match profile.facts.embedded_members {
                None => lane.strings += profile.string(len) * n,
                Some(_) => lane.nodes += profile.node(len).times(n),
            }
        });
    }

    /// The sorted set is `blob`; it is opened if a lane's server unpacks or rewrites it, or if
    /// `open`.
    pub fn packed(
        &mut self,
        profiles: &[Profile],
        blob: &Packed<'_>,
        scratch: &mut Vec<u8>,
        open: bool,
    ) -> Result<(), Fault> {
        let count = blob.count(scratch)? / 2;
        (self.seen, self.blob) = (count, Some((blob.packing, blob.bytes)));
        self.data = blob.bytes;
        self.listpack = [packing::LISTPACK; 2];
        let mut open = open;
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            lane.unpacked = count > profile.limits.zset_entries;
            let rewritten = blob.packing == Packing::Ziplist && !profile.facts.ziplists;
            open |= lane.unpacked || rewritten;
        });
        if open {
            let mut is_member = true;
            blob.each(scratch, |piece| {
                self.piece(profiles, piece, is_member);
                is_member = !is_member;
            })?;
        }
        Ok(())
    }

    fn piece(&mut self, profiles: &[Profile], piece: Piece<'_>, is_member: bool) {
        for bytes in &mut self.listpack {
            *bytes = bytes.saturating_add(packing::listpack_piece(piece));
        }
        if is_member {
            let len = piece.len();
            self.longest = self.longest.max(len);
            self.table(profiles, len, 1);
        }
    }

    pub const fn elements(&self) -> u64 {
        self.seen
    }

    pub const fn longest(&self) -> u64 {
        self.longest
    }

    pub const fn data(&self) -> u64 {
        self.data
    }

    /// The sorted set under lane `lane`.
    pub fn weighed(&self, lane: usize, profile: &Profile, key: &Key) -> Weighed {
        let lane = self.lanes.get(lane).copied().unwrap_or_default();
        let too_long = self.blob.is_none() && self.longest > profile.limits.zset_value;
        if lane.unpacked || too_long {
            let cost = self.skiplist(profile, &lane);
            return cost.with_key(profile, key, Encoding::Skiplist);
        }
        let facts = &profile.facts;
        let [short, long] = self.listpack;
        let (encoding, written) = match facts.ziplists {
            true => (Encoding::Ziplist, self.ziplist),
            false => (Encoding::Listpack, if facts.long_scores { long } else { short }),
        };
        let bytes = match self.blob {
            Some((Packing::Ziplist, _)) if !facts.ziplists => written,
            Some((_, bytes)) => bytes,
            None => written,
        };
        Cost::packed(profile, bytes).with_key(profile, key, encoding)
    }

    fn skiplist(&self, profile: &Profile, lane: &Lane) -> Cost {
        let (n, facts) = (self.seen, &profile.facts);
        let presized = match self.blob {
            Some(_) => facts.presizes_unpacked_zsets,
            None => facts.presizes_zsets,
        };
        let table = match facts.tables {
            Tables::Buckets => buckets(profile, &Buckets::presized(n), 0),
            Tables::Dict => {
                let dict = if presized { Dict::presized(n) } else { Dict::grown(n) };
                let counted = if facts.counts_skiplist { facts.table_header } else { 0 };
                let header = [counted, facts.table_header];
                let cost = DictCost {
                    header,
                    entry: Some(facts.zset_entry),
                    no_value: facts.zset_no_value,
                };
                cost.of(profile, &dict, n)
            }
        };
        let nodes = match facts.embedded_members {
            // all alike, whatever their members
            None => profile.node(0).times(n),
            Some(_) => lane.nodes,
        };
        let structs = Drawn::certain(profile.declared(ZSET) + skiplist_structs(profile));
        Cost {
            structure: structs + table + nodes,
            payload: Drawn::certain(lane.strings),
            ..Cost::default()
        }
    }
}

/// The skiplist's own structures: its header node is always counted by its allocation.
const fn skiplist_structs(profile: &Profile) -> u64 {
    let facts = &profile.facts;
    if !profile.allocated && !facts.counts_skiplist {
        return 0;
    }
    let header = match facts.skiplist_header {
        0 => 0,
        header => profile.a(header),
    };
    profile.measured(facts.skiplist) + header
}
