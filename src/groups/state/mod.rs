//! Groups as data, exactly: what a summary holds, so that merging can go on from it.
//!
//! It holds the unfolded state (histograms, the largest keys, the tree of names with what is
//! folded in it), not what a report makes of that. Read from a file it is as hostile as any input.

mod cells;
mod names;
mod read;
mod text;

pub use text::Text;

use super::Glob;
use super::held::Sample;
use super::partial::{Groups, Settings};
use super::rules::Rules;
use super::separators::Separators;
use super::tree::Bounds;
use crate::footprint::{FIELD_TIMES, Size};
use cells::{BigState, CellState, TypeState};
use names::NodeState;
use read::{pair, share, wrong};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// How much a tree of names may weigh in a summary, see [`Bounds::weight`]: the most nodes.
pub const WEIGHT: usize = 6000;
/// So many of the largest keys are in a summary: all that may have 1 % of everything.
const TOP: usize = 100;

/// Names of samples by their hashes.
pub type Names = HashMap<u64, Box<[u8]>>;

/// Groups as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    taken_at_ms: i64,
    /// Where names are split; the usual where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    separators: Option<Text>,
    /// The user's own patterns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Text>,
    /// How names are folded, in the order of [`Bounds`], but for the last.
    bounds: [u64; 7],
    cells: Vec<CellState>,
    types: Vec<TypeState>,
    by_bytes: Vec<BigState>,
    by_elements: Vec<BigState>,
    /// Keys and 65536ths of bytes that are less than exact, by certainty.
    doubts: [(u64, u64); 3],
    /// Slot, keys, 65536ths of bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    slots: Vec<(u16, u64, u64)>,
    /// Hashes with fields that have TTLs, and those fields by lifetime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fields: Option<((u64, u64), [u64; FIELD_TIMES])>,
    /// How deep the tree may be.
    depth: u8,
    tree: Vec<NodeState>,
}

/// Why data is no state of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateError(String);

impl StateError {
    pub(super) fn new(what: &str) -> Self {
        Self(what.to_owned())
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StateError {}

impl Groups {
    /// All of it as data; `names` tells the names of samples. What a second pass kept apart is
    /// folded again, so that the state is that of the set of keys.
    #[must_use]
    pub fn state(&self, names: &dyn Fn(Sample) -> Option<Box<[u8]>>) -> State {
        let mut tree = self.tree.clone();
        tree.fold_light(Size::from_raw(u64::MAX));
        tree.bounds.weight = tree.bounds.weight.min(WEIGHT);
        tree.settle();
        State {
            taken_at_ms: self.taken_at_ms,
            separators: tree.separators.list().map(|list| Text::of(&list)),
            rules: self.rules.iter().flat_map(|rules| rules.iter()).map(Text::of).collect(),
            bounds: bounds(&tree.bounds),
            cells: self.cells.state(),
            types: self.types.state(self.tells_data),
            by_bytes: self.by_bytes.state(TOP),
            by_elements: self.by_elements.state(TOP),
            doubts: self.doubts.map(pair),
            slots: self.slots.iter().map(|(slot, s)| (slot, s.keys, s.bytes.raw())).collect(),
            fields: (self.fields.hashes.keys > 0)
                .then(|| (pair(self.fields.hashes), self.fields.fields)),
            depth: tree.depth,
            tree: names::export(&tree, self.tells_data, names),
        }
    }
}

impl State {
    /// The groups that this is the state of, with lists of the `top` largest keys, and the names
    /// of samples.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn groups(&self, top: usize) -> Result<(Groups, Names), StateError> {
        let separators = match &self.separators {
            None => Separators::default(),
            Some(list) => Separators::new(&list.bytes())
                .ok_or_else(|| wrong("there are too many separators"))?,
        };
        let globs: Vec<Glob> = self.rules.iter().map(|rule| Glob::new(&rule.bytes())).collect();
        let rules = match globs.is_empty() {
            true => None,
            false => Rules::new(globs).map(Arc::new),
        };
        if rules.is_none() && !self.rules.is_empty() {
            return Err(wrong("there are too many patterns of the user's"));
        }
        let bounds = read_bounds(self.bounds)?;
        let usual = Settings::new(self.taken_at_ms);
        let mut groups = Groups::new(&Settings { separators, bounds, rules, top, ..usual });
        self.cells.iter().try_for_each(|cell| groups.cells.restore(cell))?;
        self.types.iter().try_for_each(|of_type| groups.types.restore(of_type))?;
        groups.tells_data = self.types.iter().all(TypeState::tells_data);
        groups.by_bytes.restore(&self.by_bytes)?;
        groups.by_elements.restore(&self.by_elements)?;
        for (doubt, state) in groups.doubts.iter_mut().zip(self.doubts) {
            *doubt = share(state)?;
        }
        for &(slot, keys, raw) in &self.slots {
            groups.slots.restore(slot, share((keys, raw))?);
        }
        if let Some((hashes, fields)) = self.fields {
            (groups.fields.hashes, groups.fields.fields) = (share(hashes)?, fields);
        }
        let names = names::import(&self.tree, self.depth, &mut groups.tree)?;
        let (all, data, held) = (groups.totals(), groups.data(), groups.tree.all());
        let below = held.mass();
        let adds_up = (all.keys(), all.bytes()) == (below.keys(), below.bytes());
        if !adds_up || data.is_some_and(|data| data != held.data()) {
            return Err(wrong("its names do not add up to its totals"));
        }
        Ok((groups, names))
    }

    /// Whether two states can be merged: they must have been grouped alike.
    ///
    /// # Errors
    /// What differs.
    pub fn fits(&self, other: &Self) -> Result<(), StateError> {
        if self.separators != other.separators {
            return Err(wrong("their names were split at other separators (--separator)"));
        }
        if self.rules != other.rules {
            return Err(wrong("they have other patterns of their own (--pattern)"));
        }
        if self.bounds != other.bounds {
            return Err(wrong("their names were folded by other bounds"));
        }
        Ok(())
    }

    /// Makes it smaller: the tree a level less deep, or else fewer of the largest keys. Answers
    /// whether there was anything to leave out.
    pub(super) fn shrink(&mut self) -> bool {
        if self.by_bytes.iter().chain(&self.by_elements).any(BigState::is_long) && self.shorten() {
            return true;
        }
        let Ok((groups, names)) = self.groups(TOP) else { return false };
        let mut tree = groups.tree;
        let depth = tree.arena.depth().min(self.depth);
        if depth > 1 {
            tree.truncate(depth - 1);
            self.depth = tree.depth;
            let tells_data = groups.tells_data;
            self.tree =
                names::export(&tree, tells_data, &|sample| names.get(&sample.hash).cloned());
            return true;
        }
        self.shorten()
    }
}

impl State {
    /// Leaves out all but a few of the largest keys, if there are more.
    fn shorten(&mut self) -> bool {
        const FEW: usize = 10;
        let has_more = self.by_bytes.len() > FEW || self.by_elements.len() > FEW;
        self.by_bytes.truncate(FEW);
        self.by_elements.truncate(FEW);
        has_more
    }
}

fn bounds(bounds: &Bounds) -> [u64; 7] {
    let Bounds { words, words_below, words_beside_codes, codes, heads, numbers, weight, .. } =
        *bounds;
    [words, words_below, words_beside_codes, codes, heads, numbers, weight].map(|n| n as u64)
}

fn read_bounds(all: [u64; 7]) -> Result<Bounds, StateError> {
    const MOST: u64 = WEIGHT as u64;
    let limit = |n: u64| {
        let small = usize::try_from(n).ok().filter(|_| n <= MOST);
        small.ok_or_else(|| wrong(format!("a bound of {n} is too large")))
    };
    let [words, words_below, words_beside_codes, codes, heads, numbers, weight] = all;
    Ok(Bounds {
        words: limit(words)?,
        words_below: limit(words_below)?,
        words_beside_codes: limit(words_beside_codes)?,
        codes: limit(codes)?,
        heads: limit(heads)?,
        numbers: limit(numbers)?,
        weight: limit(weight)?,
        ..Bounds::default()
    })
}

#[cfg(test)]
mod tests;
