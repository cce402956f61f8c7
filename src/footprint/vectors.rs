//! Vector sets (modules/vector-sets in Redis 8): a graph of nodes with links on several levels.
//!
//! The one module type whose sizes follow from its value: it is written by the server's own
//! module, which counts it in `VectorSetMemUsage` (vset.c).

use super::LANES;
use super::profile::Profile;
use crate::entries::ModulePart;

/// `vsetObject` and `HNSW`.
const SET: u64 = 112;
const GRAPH: u64 = 1672;
/// `hnswNode` and `hnswNodeLayer`.
const NODE: u64 = 312;
const LEVEL: u64 = 24;
const POINTER: u64 = 8;
/// `vsetNodeVal`.
const VALUE: u64 = 16;
/// How many nodes are looked at to guess the size of all names.
const SCANNED: usize = 20;
/// What is taken for an attribute where none of those nodes has one.
const ATTRIBUTE: u64 = 64;

/// What the flags in the fourth number say.
const HAS_MATRIX: u64 = 1;
const HAS_ATTRIBUTES: u64 = 2;

/// A vector set as it is being read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Vectors {
    place: Place,
    dimension: u64,
    flags: u64,
    /// Nodes, and those with attributes.
    pub nodes: u64,
    attributes: u64,
    /// Bytes of one vector, and of the projection matrix.
    vector: u64,
    matrix: u64,
    /// Most links on the ground level of the last node.
    links: u64,
    /// Lengths of the last names and attributes: the loader puts each node before the others.
    names: Lengths,
    notes: Lengths,
    /// Allocated bytes of the nodes, by lane.
    allocated: [u64; LANES],
}

/// The last few lengths.
#[derive(Debug, Clone, Copy, Default)]
struct Lengths {
    held: [Option<u64>; SCANNED],
    next: usize,
}

/// What comes next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Dimension,
    Count,
    Config,
    Flags,
    MatrixWidth,
    Matrix,
    Name,
    Attribute,
    Vector,
    Parameters,
    Id,
    /// The node's level and the version of its layout.
    Height,
    Links(Levels),
    MostLinks(Levels, u64),
    /// So many numbers until the next level, or until the last number.
    Skip(Levels, u64),
    Norm,
}

/// The levels of a node that are still to come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Levels {
    left: u64,
    ground: bool,
    /// A number behind each level's links.
    worst: u64,
}

impl Vectors {
    /// Takes the next part.
    pub fn part(&mut self, profiles: &[Profile], part: &ModulePart<'_>) {
        match part {
            ModulePart::Uint(n) => self.number(profiles, *n),
            ModulePart::Text(text) => self.text(profiles, text.len()),
            _ => {}
        }
    }

    fn number(&mut self, profiles: &[Profile], n: u64) {
        self.place = match self.place {
            Place::Dimension => {
                self.dimension = n;
                Place::Count
            }
            Place::Count => Place::Config,
            Place::Config => Place::Flags,
            Place::Flags => {
                self.flags = n;
                if n & HAS_MATRIX != 0 { Place::MatrixWidth } else { Place::Name }
            }
            Place::MatrixWidth => Place::Matrix,
            Place::Parameters => Place::Id,
            Place::Id => Place::Height,
            Place::Height => {
                let left = (n & 0xff) + 1;
                self.allocate(profiles, NODE + LEVEL * left);
                let worst = u64::from(n >> 24 & 0xff > 0);
                Place::Links(Levels { left, ground: true, worst })
            }
            Place::Links(levels) => Place::MostLinks(levels, n),
            Place::MostLinks(levels, links) => {
                if levels.ground {
                    self.links = n;
                }
                self.allocate(profiles, POINTER.saturating_mul(n));
                let levels = Levels { left: levels.left - 1, ground: false, ..levels };
                levels.after(links.saturating_add(levels.worst))
            }
            Place::Skip(levels, left) => levels.after(left - 1),
            Place::Norm => Place::Name,
            place => place,
        };
    }

    fn text(&mut self, profiles: &[Profile], len: u64) {
        let vector = |set: &Self| {
            if set.flags & HAS_ATTRIBUTES != 0 { Place::Attribute } else { Place::Vector }
        };
        self.place = match self.place {
            Place::Matrix => {
                self.matrix = len;
                self.allocate(profiles, len);
                Place::Name
            }
            Place::Name => {
                self.nodes += 1;
                self.names.push(len);
                self.string(profiles, len);
                // the name's part of the tree of names: a run and an end
                self.allocate(profiles, 16);
                self.allocate(profiles, len.saturating_add(16));
                vector(self)
            }
            Place::Attribute => {
                if len > 0 {
                    self.attributes += 1;
                    self.string(profiles, len);
                }
                self.notes.push(len);
                Place::Vector
            }
            Place::Vector => {
                self.vector = len;
                self.allocate(profiles, len);
                self.allocate(profiles, VALUE);
                Place::Parameters
            }
            place => place,
        };
    }

    fn string(&mut self, profiles: &[Profile], len: u64) {
        for (sum, profile) in self.allocated.iter_mut().zip(profiles) {
            *sum = sum.saturating_add(profile.string_object(len));
        }
    }

    fn allocate(&mut self, profiles: &[Profile], bytes: u64) {
        for (sum, profile) in self.allocated.iter_mut().zip(profiles) {
            *sum = sum.saturating_add(profile.a(bytes));
        }
    }

    /// What the set takes under lane `lane`: structures, and vectors with names.
    pub fn bytes(&self, lane: usize, profile: &Profile) -> [u64; 2] {
        let payload = self.nodes.saturating_mul(self.vector).saturating_add(self.matrix);
        if profile.allocated {
            let nodes = self.allocated.get(lane).copied().unwrap_or_default();
            let all = profile.a(SET) + profile.a(GRAPH) + nodes;
            return [all.saturating_sub(payload), payload];
        }
        if self.nodes == 0 {
            return [SET + GRAPH, payload];
        }
        let levels = LEVEL * self.nodes * 4 / 3;
        let links = POINTER * self.links * self.nodes + POINTER * (self.links / 2) * self.nodes / 3;
        let names = self.names.average(profile, |_| true).unwrap_or_default() * self.nodes;
        let notes = self.notes.average(profile, |len| len > 0).unwrap_or(ATTRIBUTE);
        let dict = 2 * POINTER * self.nodes;
        let structure = SET + GRAPH + NODE * self.nodes + levels + links + dict;
        [structure, payload + names + notes * self.attributes]
    }
}

impl Levels {
    /// What comes after `left` more numbers of the level.
    const fn after(self, left: u64) -> Place {
        match (left, self.left) {
            (0, 0) => Place::Norm,
            (0, _) => Place::Links(self),
            _ => Place::Skip(self, left),
        }
    }
}

impl Lengths {
    fn push(&mut self, len: u64) {
        if let Some(place) = self.held.get_mut(self.next) {
            *place = Some(len);
        }
        self.next = (self.next + 1) % SCANNED;
    }

    /// The average size of a string with one of the lengths that are `wanted`, rounded down.
    fn average(&self, profile: &Profile, wanted: impl Fn(u64) -> bool) -> Option<u64> {
        let lens = || self.held.iter().flatten().copied().filter(|len| wanted(*len));
        let sum: u64 = lens().map(|len| profile.string_object(len)).sum();
        sum.checked_div(lens().count() as u64)
    }
}
