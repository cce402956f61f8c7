//! Values of modules: but for vector sets only the module knows what they take.

use super::chance::Drawn;
use super::collection::{Cost, Weighed};
use super::keyspace::Key;
use super::profile::Profile;
use super::vectors::Vectors;
use super::{Certainty, Encoding};
use crate::entries::{ModuleId, ModulePart};

/// `moduleValue`: the type and the value.
const MODULE_VALUE: u64 = 16;

/// A module's value as it is being read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Module {
    pub id: Option<ModuleId>,
    vectors: Option<Vectors>,
    bytes: u64,
}

impl Module {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes the next part.
    pub fn part(&mut self, profiles: &[Profile], part: ModulePart<'_>) {
        match part {
            ModulePart::Type(id) => {
                self.id = Some(id);
                self.vectors = is_vector_set(id).then(Vectors::default);
            }
            ModulePart::End { bytes } => self.bytes = bytes,
            part => {
                if let Some(vectors) = &mut self.vectors {
                    vectors.part(profiles, &part);
                }
            }
        }
    }

    /// How many elements a vector set has; other types do not tell.
    pub fn elements(&self) -> Option<u64> {
        self.vectors.map(|vectors| vectors.nodes)
    }

    /// Bytes of the value in the snapshot: what is data in them only the module knows.
    pub const fn data(&self) -> u64 {
        self.bytes
    }

    /// How sure the size is.
    pub const fn certainty(&self) -> Certainty {
        if self.vectors.is_some() { Certainty::Expected } else { Certainty::Serialized }
    }

    /// The value under one lane: its object, and what it takes; in the snapshot, where only the
    /// module knows.
    pub fn weighed(&self, lane: usize, profile: &Profile, key: &Key) -> Weighed {
        let value = if profile.allocated { profile.a(MODULE_VALUE) } else { 0 };
        let [structure, payload] = match &self.vectors {
            Some(vectors) => vectors.bytes(lane, profile),
            None => [0, self.bytes],
        };
        let structure = Drawn::certain(value.saturating_add(structure));
        let cost = Cost { structure, payload: Drawn::certain(payload), ..Cost::default() };
        cost.with_envelope(profile, profile.module_envelope(key), Encoding::Raw)
    }
}

/// Whether it is the type of Redis' own vector sets.
fn is_vector_set(id: ModuleId) -> bool {
    /// `vectorset` in the alphabet of type names, six bits a letter.
    const NAME: u64 = 0x2f79cb68aec7ad;
    id.0 >> 10 == NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vector_sets_are_known_by_their_name() {
        let id = ModuleId(13_683_956_169_735_844_864);
        assert_eq!(id.name(), "vectorset");
        assert!(is_vector_set(id));
        assert!(!is_vector_set(ModuleId(id.0 ^ 1 << 10)));
    }
}
