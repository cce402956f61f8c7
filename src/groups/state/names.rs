//! The tree of names.

use super::read::{kind, lifetime, pair, share, wrong};
use super::text::Text;
use super::{Names, StateError};
use crate::entries::ValueKind;
use crate::groups::arena::{Folds, Id, Label, Role};
use crate::groups::held::{Held, SAMPLES, Sample, Shares};
use crate::groups::separators;
use crate::groups::shape::{Class, LONG, Shape, Token};
use crate::groups::totals::Share;
use crate::groups::tree::Tree;
use crate::groups::usage::Usage;
use crate::groups::ways;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A node of the tree of names, behind the one above it. There may be thousands: what is usual is
/// left out, and names are short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeState {
    /// The place of the node above it; the first node is the root.
    #[serde(rename = "u", default, skip_serializing_if = "is_zero")]
    up: u64,
    /// The separator behind it, its shape, and that of the id behind a word.
    #[serde(rename = "c")]
    class: (u8, u8, u8),
    /// What its names have in common; left out where it stands for many.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    label: Option<Text>,
    /// Which of its children are folded.
    #[serde(rename = "f", default, skip_serializing_if = "is_zero")]
    folds: u64,
    /// What is true of all segments that are folded into it.
    #[serde(rename = "i", default, skip_serializing_if = "is_zero")]
    facts: u64,
    /// The only segment of a word with an id; empty where there are several.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    only: Option<Text>,
    #[serde(rename = "h", default, skip_serializing_if = "HeldState::is_empty")]
    own: HeldState,
    /// The same by the user's rules that claim it.
    #[serde(rename = "r", default, skip_serializing_if = "BTreeMap::is_empty")]
    rules: BTreeMap<u16, HeldState>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldState {
    /// Lifetime, keys, 65536ths of bytes.
    #[serde(rename = "l")]
    lives: Vec<(u8, u64, u64)>,
    #[serde(rename = "e", default, skip_serializing_if = "is_zero")]
    elements: u64,
    /// Bytes of names and of what was put into them.
    #[serde(rename = "d", default, skip_serializing_if = "is_zero")]
    data: u64,
    /// The type of all of them.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Where there are several: type, keys, 65536ths of bytes.
    #[serde(rename = "tt", default, skip_serializing_if = "Vec::is_empty")]
    kinds: Vec<(String, u64, u64)>,
    /// Keys and 65536ths of bytes with TTLs of more than a year.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    absurd: Option<(u64, u64)>,
    /// Keys that never expire.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    samples: Vec<Text>,
    /// Four spans of idle times and their sum in seconds, keys with counters and their sum, keys
    /// with low counters.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    usage: Option<Box<UsageState>>,
}

type UsageState = ([(u64, u64); 4], u64, (u64, u64), u64, (u64, u64));

impl HeldState {
    const fn is_empty(&self) -> bool {
        self.lives.is_empty()
    }
}

/// The tree as a list; `names` tells the names of samples.
pub(super) fn export(
    tree: &Tree,
    tells_data: bool,
    names: &dyn Fn(Sample) -> Option<Box<[u8]>>,
) -> Vec<NodeState> {
    let mut export = Export { tree, tells_data, names, nodes: Vec::new() };
    export.node(Id::ROOT, 0);
    export.nodes
}

/// Puts the list into an empty tree that may be `depth` deep. Answers the names of samples.
///
/// # Errors
/// When the list is no tree, or one that is folded in another way.
pub(super) fn import(
    states: &[NodeState],
    depth: u8,
    tree: &mut Tree,
) -> Result<Names, StateError> {
    if depth == 0 || depth > tree.bounds.depth {
        return Err(wrong(format!("a tree of names that may be {depth} levels deep")));
    }
    tree.truncate(depth);
    let mut import = Import { tree, nodes: Vec::new(), names: Names::default() };
    for state in states {
        let id = import.node(state)?;
        import.nodes.push(id);
    }
    Ok(import.names)
}

/// The tree as a list, each node behind the one above it and siblings in a fixed order.
struct Export<'e> {
    tree: &'e Tree,
    /// Whether the data of all keys is known.
    tells_data: bool,
    names: &'e dyn Fn(Sample) -> Option<Box<[u8]>>,
    nodes: Vec<NodeState>,
}

impl Export<'_> {
    fn node(&mut self, id: Id, up: u64) {
        let node = self.tree.arena.node(id);
        let Label { bytes, class, tail, role, .. } = &node.label;
        let place = self.nodes.len() as u64;
        let is_many = *role == Role::Many;
        let rules = node.claimed.iter().map(|(rule, held)| (*rule, self.held(held))).collect();
        self.nodes.push(NodeState {
            up,
            class: (class.separator, class.shape as u8, *tail as u8),
            label: (!is_many).then(|| Text::of(bytes)),
            // what was below the deepest level is no matter any more
            folds: if node.depth < self.tree.depth { node.folds.bits() } else { 0 },
            facts: if is_many { u64::from(node.facts) } else { 0 },
            only: node.only.as_ref().map(|only| Text::of(only)),
            own: self.held(&node.own),
            rules,
        });
        let mut children: Vec<Id> = self.tree.arena.children(id).collect();
        children.sort_by_key(|id| {
            let label = &self.tree.arena.node(*id).label;
            (label.class, label.role, label.tail, &label.bytes)
        });
        for child in children {
            self.node(child, place);
        }
    }

    fn held(&self, held: &Held) -> HeldState {
        let lives = held.lives().iter().filter(|(_, share)| share.keys > 0);
        let mut kinds: Vec<_> = ValueKind::ALL.into_iter().zip(held.shares()).collect();
        kinds.retain(|(_, share)| share.keys > 0);
        // what a single type has is what all lifetimes have
        let kind = if kinds.len() == 1 { kinds.pop().map(|(kind, _)| kind) } else { None };
        let names = held.samples().filter_map(|sample| (self.names)(sample));
        HeldState {
            lives: lives.map(|(life, s)| (life as u8, s.keys, s.bytes.raw())).collect(),
            elements: held.elements(),
            data: if self.tells_data { held.data() } else { 0 },
            kind: kind.map(|kind| kind.name().to_owned()),
            kinds: kinds
                .iter()
                .map(|(k, s)| (k.name().to_owned(), s.keys, s.bytes.raw()))
                .collect(),
            absurd: Some(held.absurd()).filter(|absurd| absurd.keys > 0).map(pair),
            samples: names.map(|name| Text::of(&name)).collect(),
            usage: held.usage().map(|usage| {
                let Usage { idle, idle_s, counted, freq, cold } = *usage;
                Box::new((idle.map(pair), idle_s, pair(counted), freq, pair(cold)))
            }),
        }
    }
}

/// The tree from a list.
struct Import<'i> {
    tree: &'i mut Tree,
    /// The nodes by their place in the list.
    nodes: Vec<Id>,
    names: Names,
}

impl Import<'_> {
    fn node(&mut self, state: &NodeState) -> Result<Id, StateError> {
        let id = if self.nodes.is_empty() { Id::ROOT } else { self.child(state)? };
        let own = self.held(&state.own)?;
        let mut claimed = BTreeMap::new();
        for (rule, held) in &state.rules {
            claimed.insert(*rule, self.held(held)?);
        }
        let node = self.tree.arena.node_mut(id);
        node.own = own;
        node.claimed = claimed;
        node.folds = Folds::from_bits(state.folds);
        if node.label.role == Role::Many {
            node.facts = u8::try_from(state.facts).map_err(|_| wrong("there are no such facts"))?;
        }
        node.only = state.only.as_ref().map(|only| only.bytes().into());
        Ok(id)
    }

    fn child(&mut self, state: &NodeState) -> Result<Id, StateError> {
        let up = usize::try_from(state.up).ok().and_then(|up| self.nodes.get(up).copied());
        let up = up.ok_or_else(|| wrong("a name stands before what it is below"))?;
        if self.tree.arena.node(up).depth >= self.tree.depth {
            return Err(wrong("the tree of names is too deep"));
        }
        if self.tree.arena.len() >= self.tree.bounds.weight {
            return Err(wrong("the tree of names has too many nodes"));
        }
        let known = |number| Shape::of(number).ok_or_else(|| wrong("there is no such shape"));
        let (separator, shape, tail) = state.class;
        let (class, tail) = (Class { separator, shape: known(shape)? }, known(tail)?);
        if separator > 15 {
            return Err(wrong("there is no such separator"));
        }
        let Some(label) = &state.label else {
            if self.tree.arena.many(up, class).is_some() || class.shape.fold() != class.shape {
                return Err(wrong("names are folded twice"));
            }
            return Ok(self.tree.arena.many_or_new(up, class));
        };
        let bytes = label.bytes();
        if bytes.len() > LONG || self.tree.arena.node(up).folds.has(class) {
            return Err(wrong("a name stands beside what it is folded into"));
        }
        let mut token =
            Token { bytes: &bytes, whole: &bytes, hash: separators::hash(&bytes), class, tail };
        if class.shape == Shape::Headed {
            token.hash = Token::head_hash(&bytes, class, tail);
        }
        if self.tree.arena.child(up, token).is_some() {
            return Err(wrong("a name stands in the tree twice"));
        }
        Ok(self.tree.arena.grow(up, Label::of(token, Role::One)))
    }

    fn held(&mut self, state: &HeldState) -> Result<Held, StateError> {
        let mut held = Held::default();
        let mut whole = Share::default();
        for (life, keys, raw) in &state.lives {
            let share = share((*keys, *raw))?;
            whole += share;
            held.restore_life(lifetime(*life)?, share);
        }
        let mut shares = Shares::default();
        let one = state.kind.as_ref().map(|name| (name, whole));
        let several = state.kinds.iter().map(|(name, keys, raw)| Ok((name, share((*keys, *raw))?)));
        for of_kind in one.map(Ok).into_iter().chain(several) {
            let (name, share) = of_kind?;
            let place = shares.get_mut(kind(name)? as usize);
            place.into_iter().for_each(|place| *place += share);
        }
        let sum = shares.iter().fold(Share::default(), |mut sum, share| {
            sum += *share;
            sum
        });
        if sum != whole {
            return Err(wrong("the types of some names do not add up"));
        }
        held.restore(
            (state.elements, state.data),
            &shares,
            share(state.absurd.unwrap_or_default())?,
        );
        if state.samples.len() > SAMPLES {
            return Err(wrong("there are too many samples"));
        }
        for name in &state.samples {
            let name = name.bytes();
            let hash = ways::hash(&name);
            held.restore_sample(Sample { hash, at: 0 });
            self.names.insert(hash, name.into());
        }
        if let Some(usage) = &state.usage {
            let ([a, b, c, d], idle_s, counted, freq, cold) = **usage;
            held.restore_usage(Usage {
                idle: [share(a)?, share(b)?, share(c)?, share(d)?],
                idle_s,
                counted: share(counted)?,
                freq,
                cold: share(cold)?,
            });
        }
        Ok(held)
    }
}
