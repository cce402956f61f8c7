//! Lists (quicklist.c, t_list.c): packed nodes in a chain, or one packed blob.

use super::chance::Drawn;
use super::collection::{Cost, Weighed};
use super::facts::PlainNodes;
use super::keyspace::{Key, Value};
use super::lanes;
use super::packing::{self, Ziplist};
use super::profile::Profile;
use super::{Encoding, LANES};
use crate::bytes::Fault;
use crate::entries::{Packed, Packing, Str};

/// What a node's limit is compared with, above the element's length (`SIZE_ESTIMATE_OVERHEAD`).
const ESTIMATE: u64 = 8;
/// Shorter nodes are not compressed (`MIN_COMPRESS_BYTES`).
const COMPRESS_FROM: u64 = 48;
/// Compression has to save more than this (`MIN_COMPRESS_IMPROVE`).
const COMPRESS_SAVES: u64 = 8;
/// The header of a compressed node (`quicklistLZF`).
const COMPRESSED: u64 = 8;
const GIGABYTE: u64 = 1 << 30;
/// `list` and `listNode`, before 3.2.
const LINKED: [u64; 2] = [48, 24];
const OBJECT: u64 = 16;

/// A list as it is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    count: u64,
    longest: u64,
    /// Bytes of the elements, packed nodes being whole.
    data: u64,
    /// The snapshot holds it as one blob, which is unpacked in any case.
    one_blob: Option<u64>,
    lanes: [Lane; LANES],
}

#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    /// Closed nodes, and their bytes as they are counted.
    nodes: u64,
    bytes: u64,
    /// The node that elements are still added to.
    open: Option<Open>,
    /// The first node, where it is packed.
    first: Option<Node>,
    /// Elements as strings of their own, before 3.2.
    strings: u64,
    /// Nodes at the end that are not compressed yet.
    tail: Tail,
}

/// A packed node that is being filled.
#[derive(Debug, Clone, Copy)]
struct Open {
    listpack: u64,
    ziplist: Ziplist,
    count: u64,
}

/// A node that is complete.
#[derive(Debug, Clone, Copy)]
struct Node {
    bytes: u64,
    count: u64,
    /// Its bytes when it is compressed, where that pays and is known.
    compressed: Option<u64>,
}

/// The nodes behind the front that are not compressed, while nodes are appended: what compressing
/// saves on each, oldest first.
#[derive(Debug, Clone, Copy, Default)]
struct Tail {
    saved: [u64; Tail::MOST],
    len: usize,
}

impl Tail {
    /// Deeper settings leave all nodes of shorter lists alone and are not followed.
    const MOST: usize = 8;

    /// Appends a node and gives what compressing the node that leaves the tail saves.
    fn push(&mut self, saved: u64, depth: usize) -> u64 {
        let mut out = 0;
        if self.len >= depth.min(Self::MOST) {
            let [first, ..] = self.saved;
            out = first;
            self.saved.rotate_left(1);
            self.len -= 1;
        }
        if let Some(place) = self.saved.get_mut(self.len) {
            *place = saved;
            self.len += 1;
        }
        out
    }
}

impl List {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// An element written by itself.
    #[inline]
    pub fn member(&mut self, profiles: &[Profile], member: &Value) {
        self.count += 1;
        self.longest = self.longest.max(member.len);
        self.data += member.len;
        lanes::each(&mut self.lanes, profiles, move |lane, profile| lane.push(profile, member));
    }

    /// A node that is one large element.
    pub fn plain_node(&mut self, profiles: &[Profile], element: Str<'_>) {
        let len = element.len();
        self.count += 1;
        self.longest = self.longest.max(len);
        self.data += len;
        let node = Node { bytes: len, count: 1, compressed: compressed(element) };
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            lane.node(profile, &node);
            lane.first = None;
        });
    }

    /// A packed node; it is opened if a lane's server rewrites it, or if `open`.
    pub fn packed_node(
        &mut self,
        profiles: &[Profile],
        blob: &Packed<'_>,
        scratch: &mut Vec<u8>,
        open: bool,
    ) -> Result<(), Fault> {
        let count = blob.count(scratch)?;
        if count == 0 {
            // the loader leaves it out
            return Ok(());
        }
        let rewrites = |profile: &Profile| !profile.facts.ziplists;
        let rewritten = blob.packing == Packing::Ziplist && profiles.iter().any(rewrites);
        let mut listpack = packing::LISTPACK;
        if rewritten || open {
            blob.each(scratch, |piece| {
                listpack = listpack.saturating_add(packing::listpack_piece(piece));
                self.longest = self.longest.max(piece.len());
            })?;
        }
        self.count += count;
        self.data += blob.bytes;
        let stored = Node { bytes: blob.bytes, count, compressed: compressed(blob.data) };
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            let rewritten = blob.packing == Packing::Ziplist && rewrites(profile);
            let node = match rewritten {
                true => Node { bytes: listpack, count, compressed: None },
                false => stored,
            };
            lane.node(profile, &node);
        });
        Ok(())
    }

    /// The list is one blob, which every server takes apart: its elements are pushed one by one.
    pub fn packed(
        &mut self,
        profiles: &[Profile],
        blob: &Packed<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        self.one_blob = Some(blob.bytes);
        blob.each(scratch, |piece| self.member(profiles, &Value::of_piece(piece)))?;
        self.data = blob.bytes;
        Ok(())
    }

    pub const fn elements(&self) -> u64 {
        self.count
    }

    pub const fn longest(&self) -> u64 {
        self.longest
    }

    pub const fn data(&self) -> u64 {
        self.data
    }

    /// The list under lane `lane`.
    pub fn weighed(&self, lane: usize, profile: &Profile, key: &Key) -> Weighed {
        let mut lane = self.lanes.get(lane).copied().unwrap_or_default();
        let open = lane.open;
        lane.close(profile);
        if profile.facts.linked_lists {
            let ziplist = open.map_or(0, |open| open.ziplist.bytes);
            return self.linked(profile, key, &lane, ziplist);
        }
        let limits = &profile.limits;
        let alone = match (lane.nodes, lane.first) {
            (1, Some(node)) if profile.facts.list_listpacks && self.one_blob.is_none() => {
                limits.node_is_a_list(node.bytes, node.count).then_some(node)
            }
            _ => None,
        };
        if let Some(node) = alone {
            return Cost::packed(profile, node.bytes).with_key(profile, key, Encoding::Listpack);
        }
        let nodes = lane.nodes.saturating_mul(profile.measured(profile.facts.quicklist_node));
        let structure = Drawn::certain(profile.measured(profile.facts.quicklist) + nodes);
        let payload = Drawn::certain(lane.bytes);
        let averaged = nodes + lane.bytes;
        let cost = Cost { structure, payload, averaged, elements: lane.nodes };
        cost.with_key(profile, key, Encoding::Quicklist)
    }

    /// Before 3.2: a ziplist, or a chain of objects with strings.
    fn linked(&self, profile: &Profile, key: &Key, lane: &Lane, ziplist: u64) -> Weighed {
        let limits = &profile.limits;
        let blob = self.one_blob.or((ziplist > 0).then_some(ziplist));
        let small = self.count <= limits.list_entries;
        let short = self.one_blob.is_some() || self.longest <= limits.list_value;
        if let (true, true, Some(bytes)) = (small, short, blob) {
            return Cost::packed(profile, bytes).with_key(profile, key, Encoding::Ziplist);
        }
        let [list, node] = LINKED.map(|bytes| profile.declared(bytes));
        let each = node + profile.declared(OBJECT);
        let structure = Drawn::certain(list + each.saturating_mul(self.count));
        let cost = Cost { structure, payload: Drawn::certain(lane.strings), ..Cost::default() };
        cost.with_key(profile, key, Encoding::Linkedlist)
    }
}

impl Lane {
    /// Pushes an element at the end (`quicklistPushTail`).
    fn push(&mut self, profile: &Profile, member: &Value) {
        let Value { len, int } = *member;
        let large = match profile.facts.plain_nodes {
            PlainNodes::Never => false,
            PlainNodes::Gigabyte => len >= GIGABYTE,
            PlainNodes::NodeLimit => profile.limits.is_large_element(len),
        };
        if large {
            self.close(profile);
            self.node(profile, &Node { bytes: len, count: 1, compressed: None });
            self.first = None;
            return;
        }
        if profile.facts.linked_lists {
            self.strings += profile.string(len);
        } else if self.open.is_some_and(|open| !open.takes(profile, len)) {
            self.close(profile);
        }
        let open = self.open.get_or_insert(Open::EMPTY);
        open.listpack = open.listpack.saturating_add(packing::listpack(len, int));
        open.ziplist.push(len, int);
        open.count += 1;
    }

    /// Ends the node that elements are added to.
    fn close(&mut self, profile: &Profile) {
        if let Some(open) = self.open.take() {
            let node = Node { bytes: open.bytes(profile), count: open.count, compressed: None };
            self.node(profile, &node);
        }
    }

    /// Appends a node.
    fn node(&mut self, profile: &Profile, node: &Node) {
        if self.nodes == 0 {
            self.first = Some(*node);
        }
        self.nodes += 1;
        let bytes = profile.blob(node.bytes);
        self.bytes = self.bytes.saturating_add(bytes);
        let depth = profile.limits.list_depth;
        if depth > 0 && self.nodes > depth {
            let small = node.compressed.map(|small| profile.blob(small));
            let saved = small.map_or(0, |small| bytes.saturating_sub(small));
            let depth = usize::try_from(depth).unwrap_or(usize::MAX);
            self.bytes -= self.tail.push(saved, depth);
        }
    }
}

impl Open {
    const EMPTY: Self = Self { listpack: packing::LISTPACK, ziplist: Ziplist::EMPTY, count: 0 };

    const fn bytes(&self, profile: &Profile) -> u64 {
        if profile.facts.ziplists { self.ziplist.bytes } else { self.listpack }
    }

    /// Whether an element of `len` bytes may be added (`_quicklistNodeAllowInsert`).
    fn takes(&self, profile: &Profile, len: u64) -> bool {
        let overhead = match profile.facts.ziplists {
            true => ziplist_overhead(len),
            false => ESTIMATE,
        };
        let bytes = self.bytes(profile).saturating_add(len).saturating_add(overhead);
        profile.limits.node_fits(bytes, self.count + 1)
    }
}

/// What an element is thought to add to a ziplist beside its length.
const fn ziplist_overhead(len: u64) -> u64 {
    match len {
        0..64 => 2,
        64..254 => 3,
        254..16_384 => 7,
        _ => 10,
    }
}

/// The bytes of a node that the snapshot holds compressed, if a server holds it so: with the same
/// algorithm, where that saves enough.
fn compressed(node: Str<'_>) -> Option<u64> {
    let Str::Lzf { packed, len, .. } = node else { return None };
    let small = packed.len() as u64;
    let pays = len >= COMPRESS_FROM && small + COMPRESS_SAVES < len;
    pays.then_some(small + COMPRESSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_leave_the_uncompressed_tail_in_order() {
        let mut tail = Tail::default();
        assert_eq!([1, 2, 3, 4].map(|saved| tail.push(saved, 2)), [0, 0, 1, 2]);
    }
}
