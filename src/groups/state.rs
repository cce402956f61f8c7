//! Groups as data, exactly: what a summary holds, so that merging can go on from it.
//!
//! It holds the unfolded state (histograms, the largest keys, the tree of names with what is
//! folded in it), not what a report makes of that. Read from a file it is as hostile as any input.

use super::Glob;
use super::arena::{Folds, Id, Label, Role};
use super::held::{Held, SAMPLES, Sample};
use super::histogram::Spread;
use super::kind::{Cells, Shelf};
use super::partial::{Groups, Settings};
use super::rules::Rules;
use super::separators::{self, Separators};
use super::shape::{Class, Shape, Token};
use super::top::{Big, Ranked, Top};
use super::totals::{Share, Sum};
use super::tree::{Bounds, Tree};
use super::ttl::Lifetime;
use super::types::{TypeSpread, Types};
use super::usage::Usage;
use crate::entries::{ModuleId, ValueKind};
use crate::footprint::{Encoding, FIELD_TIMES, LANES, Size, Sizes};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

/// No count is larger: that many keys have room nowhere.
const MOST: u64 = 1 << 48;
/// A longer name of a sample is left out.
const NAME: usize = 128;

/// Names of samples by their hashes.
pub type Names = HashMap<u64, Box<[u8]>>;

/// Groups as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    taken_at_ms: i64,
    /// Where names are split; the usual where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    separators: Option<Text>,
    /// The user's own patterns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Text>,
    bounds: [u64; 8],
    cells: Vec<CellState>,
    types: Vec<TypeState>,
    by_bytes: Vec<BigState>,
    by_elements: Vec<BigState>,
    /// Keys and 65536ths of bytes that are less than exact, by certainty.
    doubts: [[u64; 2]; 3],
    /// Slot, keys, 65536ths of bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    slots: Vec<(u16, u64, u64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fields: Option<([u64; 2], [u64; FIELD_TIMES])>,
    tree: Vec<NodeState>,
}

/// Bytes: text where they are some.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// UTF-8 without control characters.
    Plain(String),
    /// Anything else.
    Coded {
        /// In base64.
        b64: String,
    },
}

impl Text {
    /// `bytes` as text, or in base64.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains(char::is_control) => Self::Plain(text.to_owned()),
            _ => Self::Coded {
                b64: base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes),
            },
        }
    }

    /// The bytes; none where the base64 is none.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Plain(text) => text.as_bytes().to_vec(),
            Self::Coded { b64 } => {
                base64::Engine::decode(&base64::prelude::BASE64_STANDARD, b64).unwrap_or_default()
            }
        }
    }
}

/// A sum by lifetime: its number, keys, elements, and 65536ths of bytes in every lane.
type Life = (u8, u64, u64, Vec<u64>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct CellState {
    /// `None` for databases beyond the first 1024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    db: Option<u64>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    module: Option<u64>,
    encoding: String,
    lives: Vec<Life>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct TypeState {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    module: Option<u64>,
    bytes: SpreadState,
    elements: SpreadState,
    largest: Option<BigState>,
}

/// The largest value, and the ranges that occur by their lowest value, with how many are in each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SpreadState {
    max: u64,
    counts: Vec<(u64, u64)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct BigState {
    measure: u64,
    db: u64,
    key: Text,
    key_len: u64,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    module: Option<u64>,
    encoding: String,
    sizes: Vec<u64>,
    elements: Option<u64>,
    expires_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<u16>,
    hash: u64,
}

/// A node of the tree of names, behind the one above it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct NodeState {
    /// The place of the node above it; the first node is the root.
    up: usize,
    /// The separator behind it, its shape, and that of the id behind a word.
    class: (u8, u8, u8),
    /// What its names have in common; left out where it stands for many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<Text>,
    /// Which of its children are folded.
    #[serde(default, skip_serializing_if = "is_zero")]
    folds: u64,
    /// What is true of all segments that are folded into it.
    #[serde(default, skip_serializing_if = "is_zero_byte")]
    facts: u8,
    /// The only segment of a word with an id; empty where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    only: Option<Text>,
    #[serde(default, skip_serializing_if = "HeldState::is_empty")]
    own: HeldState,
    /// The same by the user's rules that claim it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    rules: BTreeMap<u16, HeldState>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero_byte(n: &u8) -> bool {
    *n == 0
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct HeldState {
    /// Lifetime, keys, 65536ths of bytes.
    lives: Vec<(u8, u64, u64)>,
    #[serde(default, skip_serializing_if = "is_zero")]
    elements: u64,
    /// Type, keys, 65536ths of bytes.
    types: Vec<(String, u64, u64)>,
    /// Keys and 65536ths of bytes with TTLs of more than a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    absurd: Option<(u64, u64)>,
    /// Keys that never expire: the names' hashes, and the names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    samples: Vec<(u64, Option<Text>)>,
    /// Four spans of idle times and their sum in seconds, keys with counters and their sum, keys
    /// with low counters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usage: Option<Box<UsageState>>,
}

type UsageState = ([(u64, u64); 4], u64, (u64, u64), u64, (u64, u64));

impl HeldState {
    const fn is_empty(&self) -> bool {
        self.lives.is_empty()
    }
}

/// Why data is no state of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateError(String);

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StateError {}

fn wrong(what: impl Into<String>) -> StateError {
    StateError(what.into())
}

fn kind(name: &str) -> Result<ValueKind, StateError> {
    let found = ValueKind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| wrong(format!("there is no type \"{}\"", name.escape_default())))
}

fn encoding(name: &str) -> Result<Encoding, StateError> {
    let found = Encoding::ALL.into_iter().find(|encoding| encoding.name() == name);
    found.ok_or_else(|| wrong(format!("there is no encoding \"{}\"", name.escape_default())))
}

fn lifetime(number: u8) -> Result<Lifetime, StateError> {
    let found = Lifetime::ALL.get(usize::from(number)).copied();
    found.ok_or_else(|| wrong(format!("there is no lifetime {number}")))
}

fn count(n: u64) -> Result<u64, StateError> {
    if n > MOST { Err(wrong(format!("{n} is more than there can be"))) } else { Ok(n) }
}

fn share((keys, raw): (u64, u64)) -> Result<Share, StateError> {
    Ok(Share { keys: count(keys)?, bytes: Size::from_raw(raw) })
}

fn sizes(raw: &[u64]) -> Result<Sizes, StateError> {
    if raw.len() > LANES {
        return Err(wrong("a size has too many lanes"));
    }
    let mut sizes = Sizes::default();
    for (place, raw) in sizes.0.iter_mut().zip(raw) {
        *place = Size::from_raw(*raw);
    }
    Ok(sizes)
}

/// The lanes up to the last that is not empty.
fn lanes(sizes: &Sizes) -> Vec<u64> {
    let mut raw: Vec<u64> = sizes.0.iter().map(|size| size.raw()).collect();
    while raw.len() > 1 && raw.last() == Some(&0) {
        raw.pop();
    }
    raw
}

impl Groups {
    /// All of it as data; `names` tells the names of samples. What a second pass kept apart is
    /// folded again, so that the state is that of the set of keys.
    #[must_use]
    pub fn state(&self, names: &dyn Fn(Sample) -> Option<Box<[u8]>>) -> State {
        let mut tree = self.tree.clone();
        tree.settle();
        tree.fold_light(Size::from_raw(u64::MAX));
        let fields = &self.fields;
        let settings = &self.settings;
        State {
            taken_at_ms: self.taken_at_ms,
            separators: settings.separators.list().map(|list| Text::of(&list)),
            rules: self.rules.iter().flat_map(|rules| rules.iter()).map(Text::of).collect(),
            bounds: bounds(&settings.bounds),
            cells: self.cells.state(),
            types: self.types.state(),
            by_bytes: self.by_bytes.state(),
            by_elements: self.by_elements.state(),
            doubts: self.doubts.map(|doubt| [doubt.keys, doubt.bytes.raw()]),
            slots: self.slots.iter().map(|(slot, s)| (slot, s.keys, s.bytes.raw())).collect(),
            fields: (fields.hashes.keys > 0)
                .then(|| ([fields.hashes.keys, fields.hashes.bytes.raw()], fields.fields)),
            tree: Export { tree: &tree, names, nodes: Vec::new() }.all(),
        }
    }
}

impl State {
    /// The groups that this is the state of, and the names of samples by their hashes.
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
        let rules = if globs.is_empty() {
            None
        } else {
            Some(Arc::new(Rules::new(globs).ok_or_else(|| wrong("there are too many rules"))?))
        };
        let bounds = read_bounds(self.bounds)?;
        let settings =
            Settings { separators, bounds, rules, top, ..Settings::new(self.taken_at_ms) };
        let mut groups = Groups::new(&settings);
        for cell in &self.cells {
            groups.cells.restore(cell)?;
        }
        for of_type in &self.types {
            groups.types.restore(of_type)?;
        }
        groups.by_bytes.restore(&self.by_bytes)?;
        groups.by_elements.restore(&self.by_elements)?;
        for (doubt, [keys, raw]) in groups.doubts.iter_mut().zip(self.doubts) {
            *doubt = share((keys, raw))?;
        }
        for &(slot, keys, raw) in &self.slots {
            groups.slots.restore(slot, share((keys, raw))?);
        }
        if let Some(([keys, raw], fields)) = self.fields {
            groups.fields.hashes = share((keys, raw))?;
            groups.fields.fields = fields;
        }
        let mut names = HashMap::new();
        Import { tree: &mut groups.tree, nodes: Vec::new(), names: &mut names }.all(&self.tree)?;
        Ok((groups, names))
    }

    /// Whether two states can be merged: they must have been grouped alike.
    ///
    /// # Errors
    /// What differs.
    pub fn fits(&self, other: &Self) -> Result<(), StateError> {
        if self.separators != other.separators {
            return Err(wrong("they were split at other separators"));
        }
        if self.rules != other.rules {
            return Err(wrong("they have other patterns of the user's"));
        }
        if self.bounds != other.bounds {
            return Err(wrong("they were folded by other bounds"));
        }
        Ok(())
    }

    /// Makes it smaller: the tree a level less deep, or else fewer of the largest keys. Answers
    /// whether there was anything to leave out.
    pub fn shrink(&mut self) -> bool {
        let Ok((mut groups, names)) = self.groups(0) else { return false };
        let depth = groups.tree.arena.depth();
        if depth > 1 {
            groups.tree.truncate(depth - 1);
            let name = |sample: Sample| names.get(&sample.hash).cloned();
            let Self { tree, .. } = groups.state(&name);
            self.tree = tree;
            return true;
        }
        let is_long = self.by_bytes.len() > 10 || self.by_elements.len() > 10;
        self.by_bytes.truncate(10);
        self.by_elements.truncate(10);
        is_long
    }
}

fn bounds(bounds: &Bounds) -> [u64; 8] {
    let Bounds { words, words_below, words_beside_codes, codes, heads, numbers, weight, depth } =
        *bounds;
    let all = [words, words_below, words_beside_codes, codes, heads, numbers, weight];
    let [a, b, c, d, e, f, g] = all.map(|n| n as u64);
    [a, b, c, d, e, f, g, u64::from(depth)]
}

fn read_bounds(all: [u64; 8]) -> Result<Bounds, StateError> {
    let [words, words_below, words_beside_codes, codes, heads, numbers, weight, depth] = all;
    let default = Bounds::default();
    let limit = |n: u64, most: usize| match usize::try_from(n) {
        Ok(n) if n <= most => Ok(n),
        _ => Err(wrong(format!("a bound of {n} is too large"))),
    };
    Ok(Bounds {
        words: limit(words, 4096)?,
        words_below: limit(words_below, 4096)?,
        words_beside_codes: limit(words_beside_codes, 4096)?,
        codes: limit(codes, 4096)?,
        heads: limit(heads, 4096)?,
        numbers: limit(numbers, 4096)?,
        weight: limit(weight, 4 * default.weight)?,
        depth: u8::try_from(limit(depth, usize::from(default.depth))?).unwrap_or(1),
    })
}

impl Cells {
    fn state(&self) -> Vec<CellState> {
        let mut all = Vec::new();
        let known = self.known.iter().map(|(db, shelf)| (Some(db), shelf));
        // what no mark of a database stands before is bound to one before anybody asks
        for (db, shelf) in known.chain([(None, self.known.rest())]) {
            shelf.state(db, &mut all);
        }
        all
    }

    fn restore(&mut self, cell: &CellState) -> Result<(), StateError> {
        let shelf = match cell.db {
            Some(db) => self.known.entry(db),
            None => self.known.rest_mut(),
        };
        let (kind, encoding) = (kind(&cell.kind)?, encoding(&cell.encoding)?);
        let lives = match (cell.module, kind) {
            (Some(id), ValueKind::Module) => Some(shelf.modules.entry((ModuleId(id), encoding))),
            (None, ValueKind::Module) => Some(shelf.modules.rest_mut()),
            (None, _) => shelf.content(kind, encoding),
            (Some(_), _) => None,
        };
        let lives = lives.ok_or_else(|| wrong("a cell of no kind"))?;
        for (life, keys, elements, raw) in &cell.lives {
            let sum = Sum { keys: count(*keys)?, elements: *elements, sizes: sizes(raw)? };
            lives.restore(lifetime(*life)?, sum);
        }
        Ok(())
    }
}

impl Shelf {
    fn state(&self, db: Option<u64>, out: &mut Vec<CellState>) {
        let mut add = |kind: ValueKind,
                       module: Option<ModuleId>,
                       encoding: Encoding,
                       lives: Vec<Life>| {
            if !lives.is_empty() {
                let (kind, encoding) = (kind.name().to_owned(), encoding.name().to_owned());
                out.push(CellState { db, kind, module: module.map(|id| id.0), encoding, lives });
            }
        };
        let mut plain: Vec<_> = self.contents.iter().collect();
        plain.sort_by_key(|(kind, encoding, _)| (*kind, *encoding));
        for (kind, encoding, lives) in plain {
            add(*kind, None, *encoding, life_states(lives.iter()));
        }
        for ((id, encoding), lives) in self.modules.iter() {
            add(ValueKind::Module, Some(id), encoding, life_states(lives.iter()));
        }
        add(ValueKind::Module, None, Encoding::Raw, life_states(self.modules.rest().iter()));
    }
}

fn life_states<'s>(lives: impl Iterator<Item = (Lifetime, &'s Sum)>) -> Vec<Life> {
    let some = lives.filter(|(_, sum)| sum.keys > 0);
    some.map(|(life, sum)| (life as u8, sum.keys, sum.elements, lanes(&sum.sizes))).collect()
}

impl Types {
    fn state(&self) -> Vec<TypeState> {
        let own = self.list().into_iter();
        own.map(|(kind, id, spread)| TypeState {
            kind: kind.name().to_owned(),
            module: id.map(|id| id.0),
            bytes: SpreadState::of(&spread.bytes),
            elements: SpreadState::of(&spread.elements),
            largest: spread.largest.state().pop(),
        })
        .collect()
    }

    fn restore(&mut self, state: &TypeState) -> Result<(), StateError> {
        let spread: &mut TypeSpread = match (kind(&state.kind)?, state.module) {
            (ValueKind::Module, Some(id)) => self.modules.entry(ModuleId(id)),
            (ValueKind::Module, None) => self.modules.rest_mut(),
            (kind, _) => self.kinds.get_mut(kind as usize).ok_or_else(|| wrong("no such type"))?,
        };
        state.bytes.restore(&mut spread.bytes)?;
        state.elements.restore(&mut spread.elements)?;
        spread.largest.restore(state.largest.as_slice())
    }
}

impl SpreadState {
    fn of(spread: &Spread) -> Self {
        Self { max: spread.max().unwrap_or_default(), counts: spread.counts().collect() }
    }

    fn restore(&self, spread: &mut Spread) -> Result<(), StateError> {
        for (value, times) in &self.counts {
            spread.restore(*value, count(*times)?);
        }
        spread.restore_max(self.max);
        Ok(())
    }
}

impl Top {
    fn state(&self) -> Vec<BigState> {
        let mut ranked: Vec<&Ranked> = self.heap.iter().collect();
        ranked.sort_unstable();
        ranked.into_iter().map(BigState::of).collect()
    }

    fn restore(&mut self, states: &[BigState]) -> Result<(), StateError> {
        states.iter().try_for_each(|state| {
            self.put(state.ranked()?);
            Ok(())
        })
    }
}

impl BigState {
    fn of(Ranked { measure, big }: &Ranked) -> Self {
        Self {
            measure: *measure,
            db: big.db.unwrap_or_default(),
            key: Text::of(&big.key),
            key_len: big.key_len as u64,
            kind: big.kind.name().to_owned(),
            module: big.module.map(|id| id.0),
            encoding: big.encoding.name().to_owned(),
            sizes: lanes(&big.sizes),
            elements: big.elements,
            expires_at_ms: big.expires_at_ms,
            slot: big.slot,
            hash: big.name_hash,
        }
    }

    fn ranked(&self) -> Result<Ranked, StateError> {
        let key = self.key.bytes();
        let key_len = usize::try_from(self.key_len).map_err(|_| wrong("a name is too long"))?;
        if key.len() > super::top::NAME || key_len < key.len() {
            return Err(wrong("the name of a large key is not as long as it says"));
        }
        let big = Big {
            db: Some(self.db),
            key: key.into(),
            key_len,
            kind: kind(&self.kind)?,
            module: self.module.map(ModuleId),
            encoding: encoding(&self.encoding)?,
            sizes: sizes(&self.sizes)?,
            elements: self.elements,
            expires_at_ms: self.expires_at_ms,
            slot: self.slot,
            name_hash: self.hash,
        };
        Ok(Ranked { measure: self.measure, big })
    }
}

/// The tree as a list, each node behind the one above it and siblings in a fixed order.
struct Export<'e> {
    tree: &'e Tree,
    names: &'e dyn Fn(Sample) -> Option<Box<[u8]>>,
    nodes: Vec<NodeState>,
}

impl Export<'_> {
    fn all(mut self) -> Vec<NodeState> {
        self.node(Id::ROOT, 0);
        self.nodes
    }

    fn node(&mut self, id: Id, up: usize) {
        let node = self.tree.arena.node(id);
        let Label { bytes, class, tail, role, .. } = &node.label;
        let place = self.nodes.len();
        let is_many = *role == Role::Many;
        let rules = node.claimed.iter().map(|(rule, held)| (*rule, self.held(held))).collect();
        self.nodes.push(NodeState {
            up,
            class: (class.separator, class.shape as u8, *tail as u8),
            label: (!is_many).then(|| Text::of(bytes)),
            folds: node.folds.bits(),
            facts: if is_many { node.facts } else { 0 },
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
        let pair = |share: Share| (share.keys, share.bytes.raw());
        let some = |(_, share): &(_, Share)| share.keys > 0;
        let lives = held.lives().iter().filter(|(_, share)| share.keys > 0);
        let types = ValueKind::ALL.into_iter().zip(held.shares()).filter(some);
        let name = |sample: Sample| {
            let name = (self.names)(sample).filter(|name| name.len() <= NAME);
            (sample.hash, name.map(|name| Text::of(&name)))
        };
        HeldState {
            lives: lives.map(|(life, s)| (life as u8, s.keys, s.bytes.raw())).collect(),
            elements: held.elements(),
            types: types.map(|(kind, s)| (kind.name().to_owned(), s.keys, s.bytes.raw())).collect(),
            absurd: Some(held.absurd()).filter(|absurd| absurd.keys > 0).map(pair),
            samples: held.samples().map(name).collect(),
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
    names: &'i mut HashMap<u64, Box<[u8]>>,
}

impl Import<'_> {
    fn all(mut self, states: &[NodeState]) -> Result<(), StateError> {
        for state in states {
            let id = self.node(state)?;
            self.nodes.push(id);
        }
        if self.tree.arena.len() > self.tree.bounds.weight {
            return Err(wrong("the tree of names has too many nodes"));
        }
        let deepest = self.tree.arena.depth();
        if deepest > self.tree.bounds.depth {
            return Err(wrong("the tree of names is too deep"));
        }
        Ok(())
    }

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
            node.facts = state.facts;
        }
        node.only = state.only.as_ref().map(|only| only.bytes().into());
        Ok(id)
    }

    fn child(&mut self, state: &NodeState) -> Result<Id, StateError> {
        let up = self.nodes.get(state.up).copied();
        let up = up.ok_or_else(|| wrong("a name stands before what it is below"))?;
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
        if bytes.len() > super::shape::LONG || self.tree.arena.node(up).folds.has(class) {
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
        for (life, keys, raw) in &state.lives {
            held.restore_life(lifetime(*life)?, share((*keys, *raw))?);
        }
        let mut shares = super::held::Shares::default();
        for (name, keys, raw) in &state.types {
            if let Some(place) = shares.get_mut(kind(name)? as usize) {
                *place = share((*keys, *raw))?;
            }
        }
        let absurd = share(state.absurd.unwrap_or_default())?;
        held.restore(state.elements, &shares, absurd);
        if state.samples.len() > SAMPLES {
            return Err(wrong("there are too many samples"));
        }
        for (hash, name) in &state.samples {
            held.restore_sample(Sample { hash: *hash, at: 0 });
            if let Some(name) = name {
                self.names.insert(*hash, name.bytes().into());
            }
        }
        if let Some(usage) = &state.usage {
            let (idle, idle_s, counted, freq, cold) = **usage;
            let [a, b, c, d] = idle;
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
