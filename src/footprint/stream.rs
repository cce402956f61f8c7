//! Streams (t_stream.c): radix trees of listpacks, of groups, and of what is pending.

use super::chance::Drawn;
use super::collection::{Cost, Weighed};
use super::dict::{Dict, SLOT};
use super::facts::StreamCount;
use super::growth::Growth;
use super::keyspace::Key;
use super::lanes;
use super::profile::Profile;
use super::radix::{Growing, Tree};
use super::{Encoding, LANES};
use crate::bytes::Fault;
use crate::entries::{Str, StreamPart};

/// Bytes of an id.
const ID: u64 = 16;
/// What a node of a radix tree is thought to take (`streamRadixTreeMemoryUsage`).
const ESTIMATED_NODE: u64 = 4 + 30 * 8;
/// `list` and `listNode` of the index of pending entries.
const LIST: u64 = 48;
const LIST_NODE: u64 = 24;
/// `idmpProducer`, its dict, and `idmpEntry`.
const PRODUCER: u64 = 24;
const PRODUCER_DICT: u64 = 56;
const PRODUCER_ENTRY: u64 = 32;
/// How many pending ids of several groups are held to find those that they share; beyond that,
/// the index of all pending entries is taken for that of the largest group.
const HELD: usize = 1 << 20;
/// Bytes of a key in the index of a group's pending entries by time: the time and the id.
const TIMED: usize = 24;

/// A stream as it is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Stream {
    length: u64,
    /// Bytes of the listpacks of entries.
    data: u64,
    groups: u64,
    /// Entries pending, counted in each group.
    pending: u64,
    nodes: Growing,
    names: Growing,
    group: Growing,
    consumers: Growing,
    consumer: Growing,
    producers: Growing,
    state: State,
    /// Ids pending in the groups so far.
    held: Vec<[u8; 16]>,
    overflow: bool,
    /// Times and ids of the group's pending entries.
    timed: Vec<[u8; TIMED]>,
    largest: Tree,
    name: Vec<u8>,
    lanes: [Lane; LANES],
}

/// Which tree is being filled below a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Nodes,
    Group,
    Consumer,
}

#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    structure: u64,
    payload: u64,
}

impl Stream {
    pub fn clear(&mut self) {
        for tree in [
            &mut self.producers,
            &mut self.nodes,
            &mut self.names,
            &mut self.group,
            &mut self.consumers,
            &mut self.consumer,
        ] {
            tree.clear();
        }
        self.held.clear();
        self.timed.clear();
        (self.length, self.data, self.groups, self.pending) = (0, 0, 0, 0);
        (self.state, self.overflow, self.largest) = (State::Nodes, false, Tree::default());
        self.lanes = Default::default();
    }

    /// Takes the next part.
    pub fn part(&mut self, profiles: &[Profile], part: StreamPart<'_>) -> Result<(), Fault> {
        match part {
            StreamPart::Node { id, listpack } => {
                self.nodes.add(profiles, &id);
                self.data += listpack.bytes;
                let bytes = listpack.bytes;
                lanes::each(&mut self.lanes, profiles, move |lane, profile| {
                    lane.payload += profile.stream_blob(bytes);
                });
            }
            StreamPart::Facts { length, .. } => self.length = length,
            StreamPart::Group { name, .. } => {
                self.leave(profiles);
                self.enter_group(profiles, name)?;
            }
            StreamPart::Pending { id, delivered_at } => {
                self.group.add(profiles, &id);
                self.hold(profiles, id, delivered_at);
            }
            StreamPart::Consumer { name, .. } => self.enter_consumer(profiles, name)?,
            StreamPart::ConsumerPending { ids } => {
                for id in ids.chunks_exact(16) {
                    self.consumer.add(profiles, id);
                }
            }
            StreamPart::Released { .. } => {}
            StreamPart::Producer { id, entries } => self.producer(profiles, id, entries)?,
            StreamPart::ProducerEntry { id } => self.producer_entry(profiles, id),
            StreamPart::End => self.end(profiles),
        }
        Ok(())
    }

    fn hold(&mut self, profiles: &[Profile], id: [u8; 16], delivered_at: u64) {
        if profiles.iter().any(|profile| profile.facts.pending_by_time) && self.timed.len() < HELD {
            let mut key = [0; TIMED];
            let (time, rest) = key.split_at_mut(8);
            time.copy_from_slice(&delivered_at.to_be_bytes());
            rest.copy_from_slice(&id);
            self.timed.push(key);
        }
        if !profiles.iter().any(|profile| profile.facts.pending_index) {
            return;
        }
        if self.held.len() < HELD { self.held.push(id) } else { self.overflow = true }
    }

    /// The group's index of what is pending by time.
    fn by_time(&mut self, profiles: &[Profile]) -> Tree {
        self.timed.sort_unstable();
        for key in &self.timed {
            self.consumer.add(profiles, key);
        }
        self.timed.clear();
        self.consumer.finish(profiles)
    }

    fn enter_group(&mut self, profiles: &[Profile], name: Str<'_>) -> Result<(), Fault> {
        let bytes = name.decode(&mut self.name)?;
        self.names.add(profiles, bytes);
        self.groups += 1;
        self.state = State::Group;
        Ok(())
    }

    fn enter_consumer(&mut self, profiles: &[Profile], name: Str<'_>) -> Result<(), Fault> {
        self.leave_consumer(profiles);
        let bytes = name.decode(&mut self.name)?;
        self.consumers.add(profiles, bytes);
        self.state = State::Consumer;
        let len = name.len();
        lanes::each(&mut self.lanes, profiles, move |lane, profile| {
            lane.structure += profile.stream_struct(profile.facts.stream.consumer);
            lane.payload += match profile.counts_all() {
                true => profile.string(len),
                false => len,
            };
        });
        Ok(())
    }

    fn leave_consumer(&mut self, profiles: &[Profile]) {
        if self.state == State::Consumer {
            let tree = self.consumer.finish(profiles);
            self.trees(profiles, |profile, lane| profile.id_tree(lane, &tree));
            self.state = State::Group;
        }
    }

    /// Ends the group that was read, if any.
    fn leave(&mut self, profiles: &[Profile]) {
        self.leave_consumer(profiles);
        if self.state != State::Group {
            return;
        }
        let tree = self.group.finish(profiles);
        let names = self.consumers.finish(profiles);
        let by_time = self.by_time(profiles);
        self.trees(profiles, |profile, lane| {
            let structs = &profile.facts.stream;
            let timed = match profile.facts.pending_by_time && profile.counts_all() {
                true => profile.time_tree(lane, &by_time, tree.keys),
                false => 0,
            };
            timed
                + profile.stream_struct(structs.group)
                + profile.id_tree(lane, &tree)
                + profile.stream_struct(structs.pending).saturating_mul(tree.keys)
                + profile.name_tree(lane, &names)
        });
        self.pending += tree.keys;
        if tree.keys > self.largest.keys {
            self.largest = tree;
        }
        self.state = State::Nodes;
    }

    fn trees(&mut self, profiles: &[Profile], cost: impl Fn(&Profile, usize) -> u64) {
        for (at, (lane, profile)) in self.lanes.iter_mut().zip(profiles).enumerate() {
            lane.structure += cost(profile, at);
        }
    }

    fn producer(&mut self, profiles: &[Profile], id: Str<'_>, entries: u64) -> Result<(), Fault> {
        let bytes = id.decode(&mut self.name)?;
        self.producers.add(profiles, bytes);
        let dict = Dict::grown(entries);
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            lane.structure += profile.a(PRODUCER);
            if profile.allocated {
                let slots: u64 = dict.tables().map(|slots| profile.a(SLOT * slots)).iter().sum();
                let entries = entries.saturating_mul(profile.a(LIST_NODE));
                lane.structure += profile.a(PRODUCER_DICT) + slots + entries;
            }
        });
        Ok(())
    }

    fn producer_entry(&mut self, profiles: &[Profile], id: Str<'_>) {
        let len = id.len();
        lanes::each(&mut self.lanes, profiles, move |lane, profile| {
            lane.payload += profile.a(PRODUCER_ENTRY.saturating_add(len));
        });
    }

    fn end(&mut self, profiles: &[Profile]) {
        self.leave(profiles);
        let (nodes, names) = (self.nodes.finish(profiles), self.names.finish(profiles));
        let producers = self.producers.finish(profiles);
        let all = self.all_pending(profiles);
        let (groups, references) = (self.groups, self.pending);
        self.trees(profiles, |profile, lane| {
            let mut bytes = profile.id_tree(lane, &nodes);
            if groups > 0 {
                bytes += profile.name_tree(lane, &names);
            }
            if producers.keys > 0 && (profile.allocated || profile.facts.counts_producers) {
                bytes += profile.name_tree(lane, &producers);
            }
            if profile.facts.pending_index && references > 0 && profile.counts_all() {
                bytes += profile.id_tree(lane, &all);
                if profile.allocated {
                    bytes += profile.a(LIST) * all.keys + profile.a(LIST_NODE) * references;
                }
            }
            bytes
        });
    }

    /// The ids that are pending in any group.
    fn all_pending(&mut self, profiles: &[Profile]) -> Tree {
        if self.groups <= 1 || self.overflow {
            return self.largest;
        }
        self.held.sort_unstable();
        for id in &self.held {
            self.group.add(profiles, id);
        }
        self.group.finish(profiles)
    }

    pub const fn elements(&self) -> u64 {
        self.length
    }

    pub const fn data(&self) -> u64 {
        self.data
    }

    /// The stream under lane `lane`.
    pub fn weighed(&self, lane: usize, profile: &Profile, key: &Key) -> Weighed {
        let lane = self.lanes.get(lane).copied().unwrap_or_default();
        let facts = &profile.facts;
        let counted = profile.allocated || facts.counts_stream;
        let header = if counted { profile.stream_struct(facts.stream.stream) } else { 0 };
        let structure = Drawn::certain(header + lane.structure);
        let cost = Cost { structure, payload: Drawn::certain(lane.payload), ..Cost::default() };
        cost.with_key(profile, key, Encoding::Stream)
    }
}

impl Profile {
    /// Nothing of a stream is left out, and all is counted by its allocation.
    const fn counts_all(&self) -> bool {
        self.allocated || matches!(self.facts.streams, StreamCount::All)
    }

    const fn stream_struct(&self, bytes: u64) -> u64 {
        if self.counts_all() { self.a(bytes) } else { bytes }
    }

    const fn stream_blob(&self, bytes: u64) -> u64 {
        if self.allocated || self.facts.rounds_stream_blobs { self.a(bytes) } else { bytes }
    }

    /// A tree of ids.
    fn id_tree(&self, lane: usize, tree: &Tree) -> u64 {
        match self.facts.streams {
            StreamCount::Estimated if !self.allocated => {
                ID * tree.keys + ESTIMATED_NODE.saturating_mul(tree.nodes(false))
            }
            _ => self.a(self.facts.stream.rax) + tree.bytes(lane, self, self.facts.leafless),
        }
    }

    /// A tree of times and ids without values, measured on a part of its `keys`.
    fn time_tree(&self, lane: usize, tree: &Tree, keys: u64) -> u64 {
        let part = u128::from(tree.bytes_without_values(lane, self)) * u128::from(keys.max(1))
            / u128::from(tree.keys.max(1));
        self.a(self.facts.stream.rax) + u64::try_from(part).unwrap_or(u64::MAX)
    }

    /// A tree of names, which only newer servers count.
    fn name_tree(&self, lane: usize, tree: &Tree) -> u64 {
        if !self.counts_all() {
            return 0;
        }
        self.a(self.facts.stream.rax) + tree.bytes(lane, self, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footprint::tests::profile;

    fn by_time(name: &str, pending: &[(u64, u64)]) -> (Tree, u64) {
        let (profiles, mut stream) = ([profile(name)], Stream::default());
        for (delivered_at, id) in pending {
            let id = (u128::from(*id) << 64).to_be_bytes();
            stream
                .part(&profiles, StreamPart::Pending { id, delivered_at: *delivered_at })
                .unwrap();
        }
        let tree = stream.by_time(&profiles);
        let [profile] = &profiles;
        (tree, profile.time_tree(0, &tree, tree.keys))
    }

    #[test]
    fn redis_8_4_indexes_what_is_pending_by_time() {
        // a header of 32, a run of 24 bytes padded to 32 with a child, an end without a value
        assert_eq!(by_time("redis-8.4", &[(5, 1)]).1, 32 + 40 + 8);
        // the keys part in the last byte of the time: 7 bytes, a branch, twice 16 more, ends
        assert_eq!(by_time("redis-8.4", &[(6, 1), (5, 2)]).1, 32 + 24 + 24 + 2 * 32 + 2 * 8);
        assert_eq!(by_time("redis-8.6", &[(5, 1)]).0.keys, 0);
    }
}
