//! Values of modules: only the module knows what they take.

use super::Encoding;
use super::chance::Drawn;
use super::collection::{Cost, Weighed};
use super::keyspace::Key;
use super::profile::Profile;
use crate::entries::{ModuleId, ModulePart};

/// `moduleValue`: the type and the value.
const MODULE_VALUE: u64 = 16;

/// A module's value as it is being read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Module {
    pub id: Option<ModuleId>,
    numbers: u64,
    elements: Option<u64>,
    bytes: u64,
}

impl Module {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes the next part. Redis' own vector sets say how many elements they have in their second
    /// number.
    pub fn part(&mut self, part: ModulePart<'_>) {
        match part {
            ModulePart::Type(id) => self.id = Some(id),
            ModulePart::Uint(n) => {
                self.numbers += 1;
                if self.numbers == 2 && self.id.is_some_and(is_vector_set) {
                    self.elements = Some(n);
                }
            }
            ModulePart::End { bytes } => self.bytes = bytes,
            _ => {}
        }
    }

    pub const fn elements(&self) -> Option<u64> {
        self.elements
    }

    /// The value under one lane: its object, and what it takes in the snapshot.
    pub fn sized(&self, profile: &Profile, key: &Key) -> Weighed {
        let structure = if profile.allocated { profile.a(MODULE_VALUE) } else { 0 };
        let structure = Drawn::certain(structure);
        let cost = Cost { structure, payload: Drawn::certain(self.bytes), ..Cost::default() };
        cost.with_key(profile, key, Encoding::Raw)
    }
}

/// Whether it is the type of Redis' own vector sets.
fn is_vector_set(id: ModuleId) -> bool {
    id.name() == "vectorset"
}
