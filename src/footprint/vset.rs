//! The index of fields with TTLs in a Valkey 9 hash (vset.c).

use super::chance::Drawn;
use super::profile::Profile;

/// Most fields that are indexed by a vector (`VOLATILESET_VECTOR_BUCKET_MAX_SIZE`).
const VECTOR: u64 = 127;

/// Fields with TTLs as they are being read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Vset {
    fields: u64,
    earliest: u64,
    latest: u64,
}

impl Vset {
    /// A field that expires at `at`.
    #[inline]
    pub fn add(&mut self, at: u64) {
        self.earliest = if self.fields == 0 { at } else { self.earliest.min(at) };
        self.latest = self.latest.max(at);
        self.fields += 1;
    }

    /// What the index takes.
    pub fn cost(&self, profile: &Profile) -> Drawn {
        match self.fields {
            _ if !profile.facts.vset => Drawn::default(),
            0 | 1 => Drawn::default(),
            2..=VECTOR => Drawn::certain(profile.a(8 + 8 * self.fields)),
            _ => Drawn::certain(self.tree(profile)),
        }
    }

    /// More fields than a vector takes: a radix tree over windows of time, whose sizes depend on
    /// how close the expiries are.
    fn tree(&self, _profile: &Profile) -> u64 {
        self.fields * 14
    }
}
