//! Patterns: what names look like when ids, dates and addresses in them are left open.
//!
//! The tree of names says where segments differ. Here nodes that stand for one thing are put
//! together: ids that look different by chance (`12345678` among hex digits, a name without a
//! digit among codes), and words that are too many to be chosen by a program. It is a view: each
//! node belongs to one pattern, so patterns add up to what the tree holds.

use super::arena::{Id, Node, Role};
use super::filter::Glob;
use super::held::{Held, Sample, Shares};
use super::octaves::Octaves;
use super::prefixes::{push_label, push_placeholder};
use super::rules::Rules;
use super::shape::{Class, Shape, fact};
use super::totals::{Mass, Share};
use super::tree::{Tree, known_facts};
use super::ttl::Lifetimes;
use super::usage::Usage;
use crate::entries::ValueKind;
use crate::footprint::{Size, Sizes};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// From so many words on, segments are values and no names.
const WORDS: usize = 24;
/// Of so many keys one may be of another shape by chance.
const CHANCE: u64 = 20;
/// Words that have more keys below them than this, half of them at the least, are names.
const FEW_KEYS: u64 = 16;
/// How alike what follows words must be (of what follows any of them, the part that follows each)
/// for them to be values.
const ALIKE: f64 = 0.2;
/// What stands for what is deeper than the tree.
const DEEPER: &[u8] = b"{...}";

/// Names that look alike, and what their keys hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What they look like, or the glob of the user's rule that claims them. What is no UTF-8
    /// stands as `\\xff`.
    pub name: String,
    /// Whether it is a rule of the user's.
    pub is_rule: bool,
    held: Held,
}

impl Pattern {
    /// Its keys and what they take.
    #[must_use]
    pub fn mass(&self) -> Mass {
        self.held.mass()
    }

    /// What its keys take in every lane; in the first alone, unless
    /// [`Settings::lanes`](super::Settings::lanes) asked for more.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        self.held.sizes()
    }

    /// The same by lifetime.
    #[must_use]
    pub const fn lifetimes(&self) -> &Lifetimes {
        self.held.lives()
    }

    /// The types of its keys, the heaviest first.
    #[must_use]
    pub fn kinds(&self) -> Vec<(ValueKind, Share)> {
        let shares: Shares = self.held.shares();
        let mut kinds: Vec<_> = ValueKind::ALL.into_iter().zip(shares).collect();
        kinds.retain(|(_, share)| share.keys > 0);
        kinds.sort_by_key(|(_, share)| Reverse(share.bytes));
        kinds
    }

    /// Keys with TTLs so long that they hardly are any: more than a year.
    #[must_use]
    pub const fn absurd(&self) -> Share {
        self.held.absurd()
    }

    /// A few of its keys without a TTL.
    pub fn samples(&self) -> impl Iterator<Item = Sample> {
        self.held.samples()
    }

    /// Bytes of the names of its keys and of what was put into them, as in
    /// [`Row::data`](super::Row::data).
    #[must_use]
    pub const fn data(&self) -> u64 {
        self.held.data()
    }

    /// The length of the longest element of its keys, where that was asked for; `None` where
    /// [`bytes_each`](Self::bytes_each) does not tell.
    #[must_use]
    pub fn largest_element(&self) -> Option<u64> {
        self.bytes_each().and(self.held.largest_element())
    }

    /// How large its keys are; `None` where a summary tells of some of them, which has sums only.
    #[must_use]
    pub fn bytes_each(&self) -> Option<&Octaves> {
        Some(self.held.spread()).filter(|spread| spread.len() == self.mass().keys())
    }

    /// How many elements those of its keys have that have any; `None` where none has, or
    /// [`bytes_each`](Self::bytes_each) does not tell.
    #[must_use]
    pub fn elements_each(&self) -> Option<&Octaves> {
        self.bytes_each().and_then(|_| self.held.lengths())
    }

    /// How its keys are used, where the snapshot tells.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.held.usage()
    }
}

/// The patterns of all keys, and which names belong to which.
#[derive(Debug, Clone)]
pub struct Patterns {
    tree: Tree,
    names: Vec<String>,
    /// The pattern of each node that holds keys, by place.
    of_node: FxHashMap<Id, usize>,
    rules: Option<Arc<Rules>>,
    /// The names of the rules, as they are shown.
    rule_names: Vec<String>,
}

impl Patterns {
    /// Finds the patterns of a tree.
    pub(super) fn of(mut tree: Tree, rules: Option<Arc<Rules>>) -> Self {
        tree.settle();
        let mut finder = Finder {
            tree: &tree,
            keys: FxHashMap::default(),
            names: Vec::new(),
            places: BTreeMap::new(),
            of_node: FxHashMap::default(),
        };
        finder.count(Id::ROOT);
        finder.place(&[Id::ROOT], Vec::new());
        let Finder { names, of_node, .. } = finder;
        let names = names.iter().map(|name| text(name)).collect();
        let rule_names = rules.iter().flat_map(|rules| rules.iter()).map(text).collect();
        Self { tree, names, of_node, rules, rule_names }
    }

    /// The patterns that trees have in common, and what each tree has in them: a segment that one
    /// of them folds is folded for all.
    pub(super) fn common(trees: &[&Tree], rules: Option<Arc<Rules>>) -> Vec<Vec<Pattern>> {
        Self::shared(trees, rules).map(|(_, lists)| lists).unwrap_or_default()
    }

    /// The same, and the patterns themselves; nothing where there is no tree.
    pub(super) fn shared(
        trees: &[&Tree],
        rules: Option<Arc<Rules>>,
    ) -> Option<(Self, Vec<Vec<Pattern>>)> {
        let unfolded = |tree: &&Tree| {
            let mut tree: Tree = (**tree).clone();
            tree.fold_light(Size::from_raw(u64::MAX));
            tree
        };
        let trees: Vec<Tree> = trees.iter().map(unfolded).collect();
        let whole = trees.iter().cloned().reduce(|mut all, mut other| {
            all.take_in(&mut other);
            all
        });
        let mut whole = whole?;
        whole.settle();
        let patterns = Self::of(whole.clone(), rules);
        whole.arena.reset();
        let of_one = |mut tree: Tree| {
            let mut same = whole.clone();
            same.take_in(&mut tree);
            patterns.list_in(&same)
        };
        let lists = trees.into_iter().map(of_one).collect();
        Some((patterns, lists))
    }

    /// The pattern of the key `name`.
    #[must_use]
    pub fn name(&self, name: &[u8]) -> &str {
        if let Some(rule) = self.rules.as_ref().and_then(|rules| rules.claim(name)) {
            return self.rule_names.get(usize::from(rule)).map_or("", String::as_str);
        }
        let found = self.of_node.get(&self.tree.find(name));
        found.and_then(|place| self.names.get(*place)).map_or("", String::as_str)
    }

    /// The rule that `pattern` is, if it is one, and the rules that claim names before it does.
    #[must_use]
    pub fn rules(&self, pattern: &Pattern) -> (Option<&Glob>, &[Glob]) {
        let all = self.rules.as_deref().map_or(&[][..], Rules::globs);
        let is_it = |name: &String| pattern.is_rule && *name == pattern.name;
        let place = self.rule_names.iter().position(is_it);
        match place.and_then(|place| all.split_at_checked(place)) {
            Some((before, rest)) => (rest.first(), before),
            None => (None, all),
        }
    }

    /// All patterns that have keys, the heaviest first; of equals the lower name.
    #[must_use]
    pub fn list(&self) -> Vec<Pattern> {
        self.list_in(&self.tree)
    }

    /// The same of what `tree` holds, which has the same nodes.
    fn list_in(&self, tree: &Tree) -> Vec<Pattern> {
        let mut found: Vec<Held> = vec![Held::default(); self.names.len()];
        let mut claimed: BTreeMap<u16, Held> = BTreeMap::new();
        for id in tree.arena.all() {
            let node = tree.arena.node(id);
            let place = self.of_node.get(&id).and_then(|place| found.get_mut(*place));
            if let Some(held) = place {
                held.merge(&node.own);
            }
            for (rule, held) in &node.claimed {
                claimed.entry(*rule).or_default().merge(held);
            }
        }
        let found = self.names.iter().zip(found);
        let found = found.map(|(name, held)| Pattern { name: name.clone(), is_rule: false, held });
        let claimed = claimed.into_iter().filter_map(|(rule, held)| {
            let name = self.rule_names.get(usize::from(rule))?.clone();
            Some(Pattern { name, is_rule: true, held })
        });
        let mut patterns: Vec<Pattern> = found.chain(claimed).collect();
        patterns.retain(|pattern| !pattern.held.is_empty());
        patterns.sort_by(|a, b| {
            let order = |p: &Pattern| (Reverse(p.held.bytes()), !p.is_rule);
            order(a).cmp(&order(b)).then_with(|| a.name.cmp(&b.name))
        });
        patterns
    }
}

/// Children of one or several nodes that have the same label, and so stand for the same segments.
struct Item<'t> {
    /// One of the nodes.
    node: &'t Node,
    nodes: Vec<Id>,
    keys: u64,
}

impl Item<'_> {
    fn shape(&self) -> Shape {
        self.node.label.class.shape
    }

    fn is_many(&self) -> bool {
        self.node.label.role == Role::Many
    }
}

/// Nodes that belong together, and how they are called behind what stands before them.
struct Group {
    label: Vec<u8>,
    nodes: Vec<Id>,
}

struct Finder<'t> {
    tree: &'t Tree,
    /// How many keys each node has, with those below it.
    keys: FxHashMap<Id, u64>,
    names: Vec<Vec<u8>>,
    places: BTreeMap<Vec<u8>, usize>,
    of_node: FxHashMap<Id, usize>,
}

impl<'t> Finder<'t> {
    fn count(&mut self, id: Id) -> u64 {
        let own = self.tree.arena.node(id).own.mass().keys();
        let children: Vec<Id> = self.tree.arena.children(id).collect();
        let keys = children.into_iter().map(|child| self.count(child)).sum::<u64>() + own;
        self.keys.insert(id, keys);
        keys
    }

    /// Gives `nodes`, which are called `name`, and all below them their patterns.
    fn place(&mut self, nodes: &[Id], name: Vec<u8>) {
        let is_deepest = |id: &Id| {
            let node = self.tree.arena.node(*id);
            node.depth >= self.tree.depth && node.label.class.separator != 0
        };
        if nodes.iter().any(|id| !self.tree.arena.node(*id).own.is_empty()) {
            let mut whole = name.clone();
            if nodes.iter().any(is_deepest) {
                whole.extend_from_slice(DEEPER);
            }
            let place = self.place_of(whole);
            nodes.iter().for_each(|id| {
                self.of_node.insert(*id, place);
            });
        }
        for group in self.groups(nodes) {
            let name = [name.as_slice(), &group.label].concat();
            self.place(&group.nodes, name);
        }
    }

    fn place_of(&mut self, name: Vec<u8>) -> usize {
        let Self { names, places, .. } = self;
        *places.entry(name).or_insert_with_key(|name| {
            names.push(name.clone());
            names.len() - 1
        })
    }

    /// The children of `nodes`, put together.
    fn groups(&self, nodes: &[Id]) -> Vec<Group> {
        let mut items: BTreeMap<u8, BTreeMap<_, Item<'t>>> = BTreeMap::new();
        for id in nodes.iter().flat_map(|id| self.tree.arena.children(*id)) {
            let node = self.tree.arena.node(id);
            let label = &node.label;
            // a segment that a second pass kept apart is the same as one that was never folded
            let key = (label.role == Role::Many, label.class.shape, label.tail, &label.bytes);
            let of_separator = items.entry(label.class.separator).or_default();
            let item = of_separator.entry(key).or_insert_with(|| Item {
                node,
                nodes: Vec::new(),
                keys: 0,
            });
            item.nodes.push(id);
            item.keys += self.keys.get(&id).copied().unwrap_or_default();
        }
        let all = items.into_iter();
        all.flat_map(|(separator, items)| self.part(separator, items.into_values().collect()))
            .collect()
    }

    /// Puts together what ends with the same separator.
    fn part(&self, separator: u8, items: Vec<Item<'t>>) -> Vec<Group> {
        // what can only be an id, by its shape
        let mut ids: BTreeMap<Shape, Vec<Item<'t>>> = BTreeMap::new();
        let mut rest = Vec::new();
        for item in items {
            match item.shape() {
                Shape::Word | Shape::Mixed | Shape::Headed | Shape::Long => rest.push(item),
                shape => ids.entry(shape).or_default().push(item),
            }
        }
        let (mut open, named) = self.open(separator, rest);
        self.join_by_chance(&mut open, &mut ids);
        let mut groups: Vec<Group> = Vec::new();
        for item in named {
            let mut label = Vec::new();
            // of several nodes with one label the first is as good as any
            item.nodes.iter().take(1).for_each(|id| push_label(&mut label, self.tree, *id));
            groups.push(Group { label, nodes: item.nodes });
        }
        if !open.is_empty() {
            groups.push(self.group(separator, self.anything(&open), open));
        }
        for (shape, items) in ids {
            groups.push(self.group(separator, shape, items));
        }
        groups
    }

    /// Which of these are values of one thing that may be anything, and which are names.
    fn open(&self, separator: u8, items: Vec<Item<'t>>) -> (Vec<Item<'t>>, Vec<Item<'t>>) {
        let (mut open, named): (Vec<_>, Vec<_>) = items.into_iter().partition(Item::is_many);
        if open.is_empty() && !self.are_values(separator, &named) {
            return (open, named);
        }
        // of words that have more keys than this, and more than most, each is a name
        let whole: u64 = open.iter().chain(&named).map(|item| item.keys).sum();
        let least = (whole / CHANCE).max(FEW_KEYS);
        let below = self.follow(open.iter());
        let (values, named): (Vec<_>, Vec<_>) = named.into_iter().partition(|item| {
            let is_light = item.keys <= least;
            let follows = self.follow([item].into_iter());
            is_light
                && (below.is_empty()
                    || separator == 0
                    || follows.is_subset(&below)
                    || item.shape() != Shape::Word)
        });
        open.extend(values);
        (open, named)
    }

    /// Whether words that were not folded are too many to be names all the same.
    fn are_values(&self, separator: u8, items: &[Item<'t>]) -> bool {
        if items.len() <= WORDS || separator == 0 {
            return items.len() > WORDS;
        }
        let mut keys: Vec<u64> = items.iter().map(|item| item.keys).collect();
        keys.sort_unstable();
        if keys.get(keys.len() / 2).is_none_or(|median| *median > FEW_KEYS) {
            return false;
        }
        let each: Vec<_> = items.iter().map(|item| self.follow([item].into_iter())).collect();
        let all = self.follow(items.iter()).len().max(1);
        let parts: usize = each.iter().map(BTreeSet::len).sum();
        #[allow(clippy::cast_precision_loss, reason = "a share, of small numbers")]
        let alike = parts as f64 / (all * each.len()) as f64;
        alike >= ALIKE
    }

    /// What follows items: the labels of their children, any id being the same.
    fn follow<'i>(&self, items: impl Iterator<Item = &'i Item<'t>>) -> BTreeSet<(Class, &'t [u8])>
    where
        't: 'i,
    {
        let nodes = items.flat_map(|item| item.nodes.iter());
        let children = nodes.flat_map(|id| self.tree.arena.children(*id));
        children
            .map(|id| {
                let label = &self.tree.arena.node(id).label;
                let shape = label.class.shape.fold();
                let bytes: &[u8] = match (label.role, label.class.shape) {
                    (Role::Many, _) | (_, Shape::Int | Shape::Mixed) => b"",
                    _ => &label.bytes,
                };
                (Class { shape, ..label.class }, bytes)
            })
            .collect()
    }

    /// Puts ids of a shape that others have by chance to those: digits among hex digits, and both
    /// among codes.
    fn join_by_chance(&self, open: &mut Vec<Item<'t>>, ids: &mut BTreeMap<Shape, Vec<Item<'t>>>) {
        let keys = |items: &[Item<'t>]| items.iter().map(|item| item.keys).sum::<u64>();
        let are_few = |few: &[Item<'t>], many: &[Item<'t>]| {
            keys(few) <= keys(many) / CHANCE
                && self.follow(few.iter()).is_subset(&self.follow(many.iter()))
        };
        if let (Some(numbers), Some(hex)) = (ids.get(&Shape::Int), ids.get(&Shape::Hex))
            && are_few(numbers, hex)
        {
            let numbers = ids.remove(&Shape::Int).unwrap_or_default();
            ids.entry(Shape::Hex).or_default().extend(numbers);
        }
        for shape in [Shape::Hex, Shape::Int, Shape::Date, Shape::Ulid] {
            if ids.get(&shape).is_some_and(|items| are_few(items, open)) {
                open.extend(ids.remove(&shape).unwrap_or_default());
            }
        }
        // and the other way round: an id that was cut or written in another way
        for (_, items) in ids.iter_mut() {
            if !open.is_empty()
                && keys(open) <= keys(items) / 100
                && self.follow(open.iter()).is_subset(&self.follow(items.iter()))
                && !open.iter().any(|item| item.shape() == Shape::Word && !item.is_many())
            {
                items.append(open);
            }
        }
    }

    /// What several segments that may be anything are called after.
    fn anything(&self, items: &[Item<'_>]) -> Shape {
        let mut many = items.iter().filter(|item| item.is_many()).flat_map(|item| &item.nodes);
        match many.any(|id| self.tree.arena.holds_codes(*id)) {
            true => Shape::Mixed,
            false => Shape::Word,
        }
    }

    fn group(&self, separator: u8, shape: Shape, items: Vec<Item<'t>>) -> Group {
        let facts = items
            .iter()
            .flat_map(|item| &item.nodes)
            .map(|id| known_facts(self.tree.arena.node(*id)));
        let facts = facts.fold(fact::ALL, |all, one| all & one);
        let mut label = Vec::new();
        push_placeholder(&mut label, shape, facts);
        label.extend(self.tree.separators.byte(separator));
        Group { label, nodes: items.into_iter().flat_map(|item| item.nodes).collect() }
    }
}

/// A name as text, with what is no UTF-8 as its bytes' numbers.
fn text(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
            text.extend(['\\', 'x', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    text
}
