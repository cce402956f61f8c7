//! Sets (t_set.c): integers of one width, a listpack, or a hash table.

use super::Encoding;
use super::LANES;
use super::buckets::Buckets;
use super::chance::Drawn;
use super::collection::{Cost, DictCost, Weighed, buckets};
use super::dict::Dict;
use super::facts::Tables;
use super::growth::Growth;
use super::keyspace::{Key, Value};
use super::lanes;
use super::packing;
use super::profile::Profile;
use crate::bytes::Fault;
use crate::entries::{Packed, Packing, Str};

/// Bytes of an intset without its integers.
const INTSET: u64 = 8;
/// A set of integers is not larger, whatever the setting (`rdbLoadObject`).
const MOST_INTEGERS: u64 = 1 << 30;

/// A set as it is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    claimed: u64,
    seen: u64,
    longest: u64,
    /// Bytes of the members, or of the blob.
    data: u64,
    /// Bytes of an integer, as far as the members are integers.
    width: u64,
    /// Bytes of a listpack of the members, and those that were asked for when it was made.
    listpack: u64,
    asked: u64,
    /// The least and the greatest integer before the first member that is none.
    bounds: Option<[i64; 2]>,
    /// Bytes of the blob that the snapshot holds.
    blob: Option<u64>,
    /// It is a hash table in every lane: only the lengths of members matter from here on.
    settled: bool,
    lanes: [Lane; LANES],
}

#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    state: State,
    /// Bytes of the members as strings of their own.
    strings: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Intset,
    Listpack,
    /// A hash table, and how many members an intset had that it was made from.
    Table(u64),
}

impl Lane {
    const fn is_settled(&self) -> bool {
        matches!(self.state, State::Table(_))
    }
}

impl Set {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// `claimed` members follow one by one.
    pub fn begin(&mut self, profiles: &[Profile], claimed: u64) {
        self.claimed = claimed;
        self.listpack = packing::LISTPACK;
        let mut settled = true;
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            if claimed > profile.limits.intset_entries.min(MOST_INTEGERS) {
                lane.state = State::Table(0);
            }
            settled &= lane.is_settled();
        });
        self.settled = settled;
    }

    #[inline(always)]
    pub fn member(&mut self, profiles: &[Profile], member: Str<'_>) {
        if !self.settled {
            return self.next(profiles, &Value::of(member));
        }
        self.count(profiles, member.len(), 1);
    }

    /// Whether only the lengths of members matter from here on.
    pub const fn is_settled(&self) -> bool {
        self.settled
    }

    /// Adds `n` members of `len` bytes to a settled set.
    #[inline(always)]
    pub fn count(&mut self, profiles: &[Profile], len: u64, n: u64) {
        self.longest = self.longest.max(len);
        self.data += len * n;
        lanes::each(&mut self.lanes, profiles, move |lane, profile| {
            lane.strings += profile.string(len) * n;
        });
        self.seen += n;
    }

    fn next(&mut self, profiles: &[Profile], member: &Value) {
        let Value { len, int } = *member;
        self.longest = self.longest.max(len);
        self.data += len;
        let step = Step { member, seen: self.seen, longest: self.longest };
        let mut settled = true;
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            lane.state = next(lane.state, profile, &step);
            lane.strings += profile.string(len);
            settled &= lane.is_settled();
        });
        self.settled = settled;
        match int {
            Some(n) => self.integer(n),
            None => self.text(),
        }
        self.listpack = self.listpack.saturating_add(packing::listpack(len, int));
        self.seen += 1;
    }

    fn integer(&mut self, n: i64) {
        self.width = self.width.max(width(n));
        if self.asked == 0 {
            let [least, most] = self.bounds.unwrap_or([n, n]);
            self.bounds = Some([least.min(n), most.max(n)]);
        }
    }

    /// The first member that is no integer makes a set of integers a listpack.
    fn text(&mut self) {
        if self.asked == 0 {
            let estimate =
                |[least, most]: [i64; 2]| packing::listpack_estimate(least, most, self.seen);
            self.asked = self.bounds.map_or(packing::LISTPACK, estimate);
        }
    }

    /// The set is `blob`; it is opened if a lane's server unpacks it, or if `open`.
    pub fn packed(
        &mut self,
        profiles: &[Profile],
        blob: &Packed<'_>,
        scratch: &mut Vec<u8>,
        open: bool,
    ) -> Result<(), Fault> {
        let count = blob.count(scratch)?;
        let mut unpacked = false;
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            let (state, most) = match blob.packing {
                Packing::Intset => (State::Intset, profile.limits.intset_entries),
                _ => (State::Listpack, profile.limits.set_entries),
            };
            lane.state = if count > most { State::Table(count) } else { state };
            unpacked |= count > most;
        });
        (self.seen, self.claimed, self.blob) = (count, count, Some(blob.bytes));
        self.data = blob.bytes;
        if unpacked || open {
            let Self { lanes, longest, .. } = self;
            blob.each(scratch, |piece| {
                let len = piece.len();
                *longest = (*longest).max(len);
                lanes::each(lanes, profiles, move |lane, profile| {
                    lane.strings += profile.string(len);
                });
            })?;
        }
        Ok(())
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

    /// The set under lane `lane`.
    pub fn weighed(&self, lane: usize, profile: &Profile, key: &Key) -> Weighed {
        let lane = self.lanes.get(lane).copied().unwrap_or_default();
        let (encoding, cost) = match lane.state {
            State::Intset => {
                let bytes = self.blob.unwrap_or(INTSET + self.width * self.seen);
                (Encoding::Intset, Cost::packed(profile, bytes))
            }
            State::Listpack => {
                // what was asked for at first is kept, and only more is asked for again
                let bytes = self.blob.unwrap_or(self.listpack.max(profile.asked(self.asked)));
                (Encoding::Listpack, Cost::packed(profile, bytes))
            }
            State::Table(from) => (Encoding::Hashtable, self.table(profile, from, lane.strings)),
        };
        cost.with_key(profile, key, encoding)
    }

    fn table(&self, profile: &Profile, from: u64, strings: u64) -> Cost {
        let (n, facts) = (self.seen, &profile.facts);
        let structure = match facts.tables {
            Tables::Buckets => buckets(profile, &Buckets::presized(n), 0),
            Tables::Dict => {
                let header = [facts.table_header, facts.dict_with_metadata];
                let cost =
                    DictCost { header, entry: facts.set_entry, no_value: facts.set_no_value };
                cost.of(profile, &self.dict(profile, from), n)
            }
        };
        let entries = facts.set_entry.unwrap_or_default().saturating_mul(n);
        let payload = Drawn::certain(strings);
        Cost { structure, payload, averaged: entries + strings, elements: n }
    }

    /// The set's dict, made from an intset of `from` members where that is not zero.
    fn dict(&self, profile: &Profile, from: u64) -> Dict {
        let n = self.seen;
        if profile.facts.presizes_whole_sets || from == 0 || from == n {
            return Dict::presized(n);
        }
        let mut dict = Dict::presized(from);
        dict.expand(self.claimed);
        dict.add(n - from);
        dict
    }
}

impl Profile {
    /// What matters of the bytes that a listpack was made with: nothing where its length counts.
    const fn asked(&self, bytes: u64) -> u64 {
        if self.allocated || self.facts.rounds_blobs { bytes } else { 0 }
    }
}

/// What the next step of loading a set depends on.
struct Step<'m> {
    member: &'m Value,
    seen: u64,
    longest: u64,
}

/// How the set is held once the member of `step` is in it.
#[inline]
fn next(state: State, profile: &Profile, step: &Step<'_>) -> State {
    let Step { member, seen, longest } = *step;
    let limits = &profile.limits;
    let room = profile.facts.set_listpacks && seen < limits.set_entries;
    match state {
        State::Intset if member.int.is_some() => State::Intset,
        State::Intset if room && longest <= limits.set_value => State::Listpack,
        State::Listpack if room && member.len <= limits.set_value => State::Listpack,
        State::Intset => State::Table(seen),
        State::Listpack => State::Table(0),
        State::Table(from) => State::Table(from),
    }
}

/// Bytes of an intset's integer that can be `n`.
const fn width(n: i64) -> u64 {
    match n {
        -32_768..=32_767 => 2,
        -2_147_483_648..=2_147_483_647 => 4,
        _ => 8,
    }
}
