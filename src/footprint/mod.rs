//! Sizes: what a value takes in the memory of the server that loads it.
//!
//! Knows the servers and their allocators; knows nothing of how a snapshot is written.

mod alloc;
mod array;
mod breakdown;
mod buckets;
mod chance;
mod collection;
mod dict;
mod ebuckets;
mod encoding;
mod facts;
mod footprinter;
mod growth;
mod hash;
pub mod instance;
mod keyspace;
mod lanes;
mod limits;
mod list;
mod module;
mod packing;
mod profile;
mod radix;
mod score;
mod sds;
mod server;
mod set;
mod size;
mod startup;
mod stream;
mod strings;
mod template;
mod vectors;
mod vset;
mod whole;
mod zset;

use crate::entries::ModuleId;
use std::sync::Arc;

pub use alloc::Allocator;
pub use breakdown::Portion;
pub use encoding::Encoding;
pub use facts::Facts;
pub use footprinter::Footprinter;
pub use limits::{ConfigError, Limits, POLICIES, SETTINGS, memory_limit, server_bytes, setting};
pub use server::{Overrides, Product, Server, ServerError, ServerName, Version};
pub use size::{Size, Sizes, parse_bytes};
pub use strings::StringSize;
pub use template::TemplateShares;
pub use whole::WholeSize;

/// How many sizes of the same thing come out of one pass at the most.
pub const LANES: usize = 4;
/// And behind the first, which the report shows.
pub const OTHERS: usize = LANES - 1;

/// Which of a key's two sizes is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// What the allocator really hands out for it: sums explain `used_memory`.
    #[default]
    Allocated,
    /// What `MEMORY USAGE key SAMPLES 0` answers, with what that leaves out or counts double.
    Reported,
}

/// One size of every key: under which server, and which measure.
#[derive(Debug, Clone)]
pub struct Lane {
    /// The server that loads the snapshot.
    pub server: Arc<Server>,
    /// Which size.
    pub measure: Measure,
}

/// By how many times fields that expire are counted.
pub const FIELD_TIMES: usize = 8;

/// What one key takes, in every lane, with what only the sizing could tell of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Footprint {
    /// How the first lane's server holds the value.
    pub encoding: Encoding,
    /// Its elements as the length command of its type counts them; `None` for a module's type
    /// that does not tell.
    pub elements: Option<u64>,
    /// Bytes of its name and of what was put into it, as they stand in the snapshot without
    /// compression; what is packed counts whole, a module's value too.
    pub data: u64,
    /// The module type, where the value is a module's.
    pub module: Option<ModuleId>,
    /// The length of its longest element (of a pair, the longer half), where it was asked for.
    pub largest_element: Option<u64>,
    /// Fields of a hash that have a TTL of their own.
    pub fields_with_ttl: u64,
    /// The same by the times between which they expire, where that was asked for; of no meaning
    /// where there are none.
    pub field_times: [u64; FIELD_TIMES],
    /// Named parts of the size, one set a lane.
    pub parts: [Parts; LANES],
    /// The sum of the parts, in every lane.
    pub sizes: Sizes,
    /// How far the first lane's size may be off either way, because the server draws a part of it
    /// at random: two standard deviations, which 19 of 20 keys keep to. Zero where nothing is drawn.
    pub spread: Size,
    /// How sure the size is.
    pub certainty: Certainty,
}

impl Footprint {
    /// Sets what the key takes in a lane.
    #[inline(always)]
    fn put(&mut self, lane: usize, parts: &Parts) {
        let places = self.parts.get_mut(lane).zip(self.sizes.0.get_mut(lane));
        if let Some((place, size)) = places {
            (*place, *size) = (*parts, parts.total());
        }
    }
}

/// What a key's bytes are for. The total is their sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    /// The key's name, and its entry in the keyspace where that is an allocation of its own.
    pub key: Size,
    /// The value's object, with name and value in it where the server embeds them.
    pub object: Size,
    /// Tables, nodes, radix trees, headers: what it takes to find the elements.
    pub structure: Size,
    /// Strings and packed blobs: the elements themselves.
    pub payload: Size,
}

impl Parts {
    /// The sum.
    #[must_use]
    #[inline]
    pub fn total(&self) -> Size {
        self.key + self.object + self.structure + self.payload
    }
}

/// How sure a size is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// The server's own arithmetic.
    #[default]
    Exact,
    /// An expectation over what the server draws at random.
    Expected,
    /// Only the size in the snapshot is known: a module's value.
    Serialized,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lane of the server called `name`, with default settings, that counts allocations.
    pub(super) fn profile(name: &str) -> profile::Profile {
        lane(name, Allocator::Jemalloc, Measure::Allocated)
    }

    pub(super) fn lane(name: &str, allocator: Allocator, measure: Measure) -> profile::Profile {
        let server = Server::with_defaults(name.parse().unwrap(), allocator);
        profile::Profile::new(&Lane { server: Arc::new(server), measure })
    }
}
