//! Template hashes (Redis 8.10): values of their own, field names shared by many.

use super::chance::Drawn;
use super::collection::{Cost, Weighed};
use super::keyspace::{Key, Value};
use super::lanes;
use super::profile::Profile;
use super::{Encoding, LANES, packing, sds};
use crate::bytes::Fault;
use crate::entries::{Packed, TemplateUse, Templates};
use std::collections::HashMap;
use std::hash::BuildHasher;

/// `hashTemplate`.
const TEMPLATE: u64 = 80;
/// `hashTemplateArray` without its values.
const ARRAY: u64 = 16;
const POINTER: u64 = 8;

/// The hash templates of a snapshot, and how many keys share each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateShares {
    by_id: HashMap<u64, Share>,
}

/// A template with those that use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    /// The id that the loading server gives it.
    pub order: u64,
    /// Keys that use it.
    pub keys: u64,
    /// How many field names have each length.
    fields: Vec<u32>,
}

impl TemplateShares {
    /// The shares of `templates`, each of whose ids is used by as many keys as `users` says.
    #[must_use]
    pub fn new<S: BuildHasher>(templates: &Templates, users: &HashMap<u64, u64, S>) -> Self {
        let share = |(id, template): (&u64, &crate::entries::Template)| {
            let keys = users.get(id).copied().unwrap_or_default();
            (*id, Share { order: template.order, keys, fields: template.fields.clone() })
        };
        Self { by_id: templates.iter().map(share).collect() }
    }

    /// All templates.
    pub(super) fn all(&self) -> impl Iterator<Item = &Share> {
        self.by_id.values()
    }
}

impl Share {
    /// What the template takes, its part of the registry apart.
    pub fn bytes(&self, profile: &Profile) -> u64 {
        let names: u64 = self.fields.iter().map(|len| name(profile, u64::from(*len))).sum();
        let pointers = POINTER * self.fields.len() as u64;
        if profile.allocated {
            profile.a(TEMPLATE) + profile.a(pointers) + names
        } else {
            TEMPLATE + pointers + names
        }
    }
}

/// A template's field name.
const fn name(profile: &Profile, len: u64) -> u64 {
    profile.a(sds::request(len))
}

/// A template hash as it is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct TemplateHash {
    fields: u64,
    seen: u64,
    longest: u64,
    /// Bytes of the values, and of the field names of a template of its own.
    data: u64,
    /// Bytes of the packed values, the template's id in front.
    listpack: u64,
    /// Bytes of the blob without the id that it was written with.
    blob: Option<u64>,
    lanes: [Lane; LANES],
}

#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    values: u64,
    /// What a template of its own takes for its field names.
    names: u64,
    /// The key's share of its template.
    share: u64,
}

impl TemplateHash {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// A field name of the hash's own template.
    pub fn name(&mut self, profiles: &[Profile], len: u64) {
        self.data += len;
        lanes::each(&mut self.lanes, profiles, move |lane, profile| {
            lane.names += name(profile, len);
        });
    }

    /// The field names of the hash's own template.
    pub fn names(
        &mut self,
        profiles: &[Profile],
        blob: &Packed<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        blob.each(scratch, |piece| self.name(profiles, piece.len()))
    }

    /// Which template the hash uses.
    pub fn template(
        &mut self,
        profiles: &[Profile],
        template: TemplateUse,
        shares: &TemplateShares,
    ) {
        let (fields, share) = match template {
            TemplateUse::Defined { id, fields } => (fields, shares.by_id.get(&id)),
            TemplateUse::Own { fields } => (fields, None),
        };
        let order = share.map_or(0, |share| share.order);
        self.fields = fields;
        let order = i64::try_from(order).unwrap_or(i64::MAX);
        self.listpack = packing::LISTPACK + packing::listpack_int(order);
        lanes::each(&mut self.lanes, profiles, |lane, profile| {
            lane.share = match share {
                _ if profile.allocated => 0,
                Some(share) => share.bytes(profile) / share.keys.max(1),
                None => TEMPLATE + POINTER * fields + lane.names,
            };
        });
    }

    /// A value, in the order of the template's fields.
    pub fn value(&mut self, profiles: &[Profile], value: &Value) {
        self.seen += 1;
        self.longest = self.longest.max(value.len);
        self.data += value.len;
        self.listpack = self.listpack.saturating_add(packing::listpack(value.len, value.int));
        let len = value.len;
        lanes::each(&mut self.lanes, profiles, move |lane, profile| {
            lane.values += profile.string(len);
        });
    }

    /// The values in one blob, behind the id that the writer gave the template.
    pub fn packed(
        &mut self,
        profiles: &[Profile],
        blob: &Packed<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let mut is_id = true;
        blob.each(scratch, |piece| {
            let value = Value::of_piece(piece);
            if !std::mem::take(&mut is_id) {
                self.value(profiles, &value);
            }
        })?;
        self.blob = Some(blob.bytes);
        Ok(())
    }

    pub const fn elements(&self) -> u64 {
        self.fields
    }

    pub const fn longest(&self) -> u64 {
        self.longest
    }

    pub const fn data(&self) -> u64 {
        self.data
    }

    /// The hash under lane `lane`.
    pub fn weighed(&self, lane: usize, profile: &Profile, key: &Key) -> Weighed {
        let lane = self.lanes.get(lane).copied().unwrap_or_default();
        let limits = &profile.limits;
        let few = self.seen <= limits.hash_entries;
        let short = self.blob.is_some() || self.longest <= limits.hash_value;
        if few && short {
            let mut cost = Cost::packed(profile, self.listpack);
            cost.structure = Drawn::certain(lane.share);
            return cost.with_key(profile, key, Encoding::TemplateListpack);
        }
        let array = profile.declared(ARRAY + POINTER * self.fields);
        let structure = Drawn::certain(array + lane.share);
        let cost = Cost { structure, payload: Drawn::certain(lane.values), ..Cost::default() };
        cost.with_key(profile, key, Encoding::TemplateArray)
    }
}
