//! Hashes (t_hash.c): packed, or a hash table, both with or without TTLs of single fields.

use super::buckets::Buckets;
use super::chance::Drawn;
use super::collection::{Cost, DictCost, Weighed, buckets};
use super::dict::Dict;
use super::ebuckets::Ebuckets;
use super::facts::HashEntry;
use super::facts::Tables;
use super::growth::Growth;
use super::keyspace::{Key, Value};
use super::lanes;
use super::packing::{self, Ziplist};
use super::profile::Profile;
use super::vset::Vset;
use super::{Encoding, FIELD_TIMES, LANES, sds};
use crate::bytes::Fault;
use crate::entries::{Packed, Packing, Piece, Str};

/// A pair is one allocation up to this many bytes (`EMBED_VALUE_MAX_ALLOC_SIZE`).
const JOINED: u64 = 128;
/// What an expiry adds to a field with room for metadata: flags and the expiry's links.
const MSTR_EXPIRY: u64 = 18;

/// How the snapshot holds a hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// Without TTLs of fields.
    #[default]
    Plain,
    /// With TTLs of fields.
    Expiring,
}

/// A hash as it is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Hash {
    form: Form,
    seen: u64,
    longest: u64,
    /// Bytes of the fields and values, or of the blob.
    data: u64,
    expiring: u64,
    listpack: u64,
    ziplist: Ziplist,
    blob: Option<(Packing, u64)>,
    /// Some lane still holds it packed.
    small: bool,
    /// In every lane a pair takes what its field takes and what its value takes.
    apart: bool,
    vset: Vset,
    ebuckets: Ebuckets,
    /// From when to when fields are counted that expire; `None` if nobody asks.
    bounds: Option<[i64; FIELD_TIMES - 1]>,
    times: [u64; FIELD_TIMES],
    lanes: [Lane; LANES],
}

#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    state: State,
    /// Bytes of the pairs as entries of a hash table.
    pairs: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Packed,
    /// Too many fields from the start.
    Large,
    /// A field or value was too long, after so many pairs.
    Converted(u64),
}

/// A field with its value.
#[derive(Debug, Clone, Copy)]
struct Pair<'v> {
    field: &'v Value,
    value: &'v Value,
    expires_at_ms: Option<u64>,
}

impl Hash {
    pub fn clear(&mut self, form: Form) {
        // field by field: to drop and make a `Vset` for each hash would cost more than all the rest
        (self.form, self.seen, self.longest, self.data, self.expiring) = (form, 0, 0, 0, 0);
        (self.listpack, self.ziplist) = (0, Ziplist::default());
        (self.blob, self.small, self.lanes) = (None, false, Default::default());
        if form == Form::Expiring {
            self.times = [0; FIELD_TIMES];
        }
        self.vset.clear();
        self.ebuckets.clear();
    }

    /// `claimed` pairs follow one by one.
    pub fn begin(&mut self, profiles: &[Profile], claimed: u64) {
        (self.listpack, self.ziplist) = (packing::LISTPACK, Ziplist::EMPTY);
        let (is_plain, mut apart, mut small) = (self.form == Form::Plain, true, false);
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            let never = !is_plain && profile.facts.vset;
            apart &= profile.field(0, false).is_some();
            if claimed > profile.limits.hash_entries || never {
                lane.state = State::Large;
            }
            small |= lane.state == State::Packed;
        });
        (self.apart, self.small) = (apart, small);
    }

    /// Adds a field with its value.
    #[inline]
    pub fn pair(
        &mut self,
        profiles: &[Profile],
        [field, value]: [Str<'_>; 2],
        expires_at_ms: Option<u64>,
    ) {
        let lens = [field.len(), value.len()];
        let longest = lens[0].max(lens[1]);
        self.longest = self.longest.max(longest);
        self.data += lens[0] + lens[1];
        if self.small {
            self.convert(profiles, longest);
            let (field, value) = (&Value::of(field), &Value::of(value));
            self.pack(&Pair { field, value, expires_at_ms });
        }
        if let Some(at) = expires_at_ms {
            self.expire(profiles, at);
        }
        let [field, value] = lens;
        let expires = expires_at_ms.is_some();
        lanes::each(&mut self.lanes, profiles, move |lane, profile| {
            lane.pairs += profile.pair(field, value, expires);
        });
        self.seen += 1;
    }

    /// Whether only the lengths of fields and of values matter: no lane holds it packed, and none
    /// keeps both in one allocation.
    pub const fn is_settled(&self) -> bool {
        self.apart && !self.small
    }

    /// Adds `n` fields of `len` bytes to a settled hash without TTLs, whose values are added apart.
    #[inline(always)]
    pub fn count_fields(&mut self, profiles: &[Profile], len: u64, n: u64) {
        self.longest = self.longest.max(len);
        self.data += len * n;
        lanes::each(&mut self.lanes, profiles, move |lane, profile| {
            lane.pairs += profile.field(len, false).unwrap_or_default() * n;
        });
        self.seen += n;
    }

    /// Adds `n` values of `len` bytes to it.
    #[inline(always)]
    pub fn count_values(&mut self, profiles: &[Profile], len: u64, n: u64) {
        self.longest = self.longest.max(len);
        self.data += len * n;
        lanes::each(&mut self.lanes, profiles, move |lane, profile| {
            lane.pairs += profile.string(len) * n;
        });
    }

    fn expire(&mut self, profiles: &[Profile], at: u64) {
        self.expiring += 1;
        if let Some(bounds) = &self.bounds {
            let at = i64::try_from(at).unwrap_or(i64::MAX);
            let place = bounds.iter().filter(|bound| at > **bound).count();
            if let Some(fields) = self.times.get_mut(place) {
                *fields += 1;
            }
        }
        if profiles.iter().any(|profile| profile.facts.vset) {
            self.vset.add(at);
        }
        if profiles.iter().any(|profile| profile.allocated && profile.facts.tables == Tables::Dict)
        {
            self.ebuckets.add(at);
        }
    }

    fn convert(&mut self, profiles: &[Profile], longest: u64) {
        let (seen, mut small) = (self.seen, false);
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            if lane.state == State::Packed && longest > profile.limits.hash_value {
                lane.state = State::Converted(seen);
            }
            small |= lane.state == State::Packed;
        });
        self.small = small;
    }

    fn pack(&mut self, pair: &Pair<'_>) {
        let Pair { field, value, expires_at_ms } = *pair;
        for part in [field, value] {
            self.listpack = self.listpack.saturating_add(packing::listpack(part.len, part.int));
            self.ziplist.push(part.len, part.int);
        }
        if self.form == Form::Expiring {
            let at = i64::try_from(expires_at_ms.unwrap_or_default()).unwrap_or(i64::MAX);
            self.listpack = self.listpack.saturating_add(packing::listpack_int(at));
        }
    }

    /// The hash is `blob`; it is opened if a lane's server unpacks or rewrites it, or if `open`.
    pub fn packed(
        &mut self,
        profiles: &[Profile],
        blob: &Packed<'_>,
        scratch: &mut Vec<u8>,
        open: bool,
    ) -> Result<(), Fault> {
        let pieces = if self.form == Form::Plain { 2 } else { 3 };
        let count = blob.count(scratch)? / pieces;
        (self.seen, self.blob) = (count, Some((blob.packing, blob.bytes)));
        self.data = blob.bytes;
        (self.listpack, self.ziplist) = (packing::LISTPACK, Ziplist::EMPTY);
        let tells = self.form == Form::Expiring && self.bounds.is_some();
        let mut open = open || tells || blob.packing == Packing::Zipmap;
        let is_plain = self.form == Form::Plain;
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            let never = !is_plain && profile.facts.vset;
            if count > profile.limits.hash_entries || never {
                lane.state = State::Large;
            }
            let rewritten = blob.packing == Packing::Ziplist && !profile.facts.ziplists;
            open |= lane.state == State::Large || rewritten;
        });
        if open { self.open(profiles, blob, scratch, pieces) } else { Ok(()) }
    }

    fn open(
        &mut self,
        profiles: &[Profile],
        blob: &Packed<'_>,
        scratch: &mut Vec<u8>,
        pieces: u64,
    ) -> Result<(), Fault> {
        let (mut field, mut value, mut place) = (Value::default(), Value::default(), 0);
        blob.each(scratch, |piece| {
            place += 1;
            match place {
                1 => field = Value::of_piece(piece),
                2 => value = Value::of_piece(piece),
                _ => {}
            }
            if place == pieces {
                place = 0;
                let at = piece.as_int().filter(|at| pieces == 3 && *at > 0);
                let expires_at_ms = at.map(i64::unsigned_abs);
                self.unpacked(profiles, &Pair { field: &field, value: &value, expires_at_ms });
            }
        })
    }

    fn unpacked(&mut self, profiles: &[Profile], pair: &Pair<'_>) {
        self.longest = self.longest.max(pair.field.len).max(pair.value.len);
        self.pack(pair);
        if let Some(at) = pair.expires_at_ms {
            self.expire(profiles, at);
        }
        let (field, value, expires) =
            (pair.field.len, pair.value.len, pair.expires_at_ms.is_some());
        lanes::each(&mut self.lanes, profiles, move |lane, profile| {
            lane.pairs += profile.pair(field, value, expires);
        });
    }

    /// Counts fields that expire by the times between which they do.
    pub const fn count_times(&mut self, bounds: [i64; FIELD_TIMES - 1]) {
        self.bounds = Some(bounds);
    }

    /// Fields that expire, by time, where that was asked for.
    pub const fn times(&self) -> [u64; FIELD_TIMES] {
        self.times
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

    pub const fn expiring(&self) -> u64 {
        self.expiring
    }

    /// The hash under lane `lane`.
    pub fn weighed(&self, lane: usize, profile: &Profile, key: &Key) -> Weighed {
        let lane = self.lanes.get(lane).copied().unwrap_or_default();
        // only a zipmap's values are looked at when it is loaded
        let zipmap = matches!(self.blob, Some((Packing::Zipmap, _)));
        let too_long = zipmap && self.longest > profile.limits.hash_value;
        if lane.state != State::Packed || too_long {
            let cost = self.table(profile, &lane);
            return cost.with_key(profile, key, Encoding::Hashtable);
        }
        let facts = &profile.facts;
        let (mut encoding, written) = match facts.ziplists {
            true => (Encoding::Ziplist, self.ziplist.bytes),
            false => (Encoding::Listpack, self.listpack),
        };
        let bytes = match self.blob {
            Some((Packing::Listpack, bytes)) => bytes,
            Some((Packing::Ziplist, bytes)) if facts.ziplists => bytes,
            _ => written,
        };
        let mut cost = Cost::packed(profile, bytes);
        if let (Form::Expiring, Some(around)) = (self.form, facts.listpack_ex) {
            encoding = Encoding::ListpackEx;
            cost.structure = Drawn::certain(profile.blob(around));
        }
        cost.with_key(profile, key, encoding)
    }

    fn table(&self, profile: &Profile, lane: &Lane) -> Cost {
        let (n, facts) = (self.seen, &profile.facts);
        let table = match facts.tables {
            Tables::Buckets => {
                let table: Buckets = self.index(profile, lane.state);
                buckets(profile, &table, facts.hash_metadata) + self.vset.cost(profile)
            }
            Tables::Dict => {
                let dict: Dict = self.index(profile, lane.state);
                let requested = match self.form {
                    Form::Plain => facts.dict_with_metadata,
                    _ => facts.dict_with_expiries,
                };
                let (header, entry) = ([facts.table_header, requested], Some(facts.hash_entry));
                let cost = DictCost { header, entry, no_value: facts.hash_no_value };
                cost.of(profile, &dict, n) + self.ebuckets.cost(profile)
            }
        };
        let entries = facts.hash_entry.saturating_mul(n);
        let payload = Drawn::certain(lane.pairs);
        Cost { structure: table, payload, averaged: entries + lane.pairs, elements: n }
    }

    /// The hash's table, as it was made and grew while the hash was loaded (`rdbLoadObject`).
    fn index<T: Growth>(&self, profile: &Profile, state: State) -> T {
        /// A dict for fewer is not asked for.
        const FEWEST: u64 = 4;
        let (n, facts) = (self.seen, &profile.facts);
        let State::Converted(packed) = state else {
            let presized = match (self.blob, self.form) {
                (Some(_), _) => facts.presizes_unpacked_hashes,
                (None, Form::Plain) => facts.presizes_hashes,
                (None, _) => facts.tables == Tables::Buckets,
            };
            return if presized { T::presized(n) } else { T::grown(n) };
        };
        if !facts.presizes_hashes {
            return T::grown(n);
        }
        let mut table = match facts.presizes_unpacked_hashes {
            true => T::presized(packed),
            false => T::grown(packed),
        };
        let wanted = match facts.asks_for_whole_hash {
            true => n,
            false => n.saturating_sub(packed + 1),
        };
        // a plain hash takes the pair that was too long first, one with TTLs last
        let first = u64::from(self.form == Form::Plain);
        table.add(first);
        if wanted > FEWEST || facts.tables == Tables::Buckets {
            table.expand(wanted);
        }
        table.add((n - packed).saturating_sub(first));
        table
    }
}

impl Value {
    pub fn of_piece(piece: Piece<'_>) -> Self {
        Self { len: piece.len(), int: piece.as_int() }
    }
}

impl Profile {
    /// A field with its value, as an entry of a hash table.
    #[inline]
    pub fn pair(&self, field: u64, value: u64, expires: bool) -> u64 {
        match self.facts.pairs {
            HashEntry::Strings => self.string(field) + self.string(value),
            _ => self.other_pair(field, value, expires),
        }
    }

    /// A field, where that is an allocation of its own, whatever its value.
    fn field(&self, field: u64, expires: bool) -> Option<u64> {
        match self.facts.pairs {
            HashEntry::Strings => Some(self.string(field)),
            HashEntry::Mstr => {
                let expiry = if expires { MSTR_EXPIRY } else { 0 };
                Some(self.a(mstr_header(field) + field + 1 + expiry))
            }
            HashEntry::Joined { .. } => None,
        }
    }

    /// Never inlined: a compiler that moves what it needs out of a loop over lanes makes every pair
    /// pay for it.
    #[inline(never)]
    fn other_pair(&self, field: u64, value: u64, expires: bool) -> u64 {
        match self.facts.pairs {
            HashEntry::Strings | HashEntry::Mstr => {
                self.field(field, expires).unwrap_or_default() + self.string(value)
            }
            HashEntry::Joined { expiry, rounded } => {
                let expiry = if expires { expiry } else { 0 };
                let counted = |bytes| if rounded || self.allocated { self.a(bytes) } else { bytes };
                let name = if expires { sds::embedded_8(field) } else { sds::embedded(field) };
                let joined = name.saturating_add(expiry + 4).saturating_add(value);
                if joined <= JOINED {
                    return counted(joined);
                }
                let name = if field < 32 { field + 4 } else { sds::embedded_counted(field) };
                counted(name + expiry + 8) + self.string(value)
            }
        }
    }
}

/// The header of a field with room for metadata: there is none between 64 KiB and more.
const fn mstr_header(len: u64) -> u64 {
    match len {
        0..32 => 1,
        32..256 => 3,
        256..65_536 => 5,
        _ => 17,
    }
}

impl Default for Ziplist {
    fn default() -> Self {
        Self::EMPTY
    }
}
