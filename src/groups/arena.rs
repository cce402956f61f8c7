//! The tree's memory: nodes by number, found by parent and name.

use super::held::Held;
use super::shape::{Class, Shape, Token, fact};
use crate::footprint::Size;
use hashbrown::HashTable;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::mem;

/// A node's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Id(u32);

impl Id {
    /// The node that all others are below.
    pub(super) const ROOT: Self = Self(0);
    const NONE: Self = Self(u32::MAX);

    const fn place(self) -> usize {
        self.0 as usize
    }
}

/// What tells a node from its siblings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    /// The segment with its separator, or the word before an id; of a node that stands for many,
    /// empty.
    pub bytes: Box<[u8]>,
    pub hash: u64,
    pub class: Class,
    /// The shape of the id behind a word; else that of a word.
    pub tail: Shape,
    pub role: Role,
}

impl Label {
    pub(super) fn of(token: Token<'_>, role: Role) -> Self {
        let Token { bytes, hash, class, tail, .. } = token;
        Self { bytes: bytes.into(), hash, class, tail, role }
    }

    fn many(class: Class) -> Self {
        let (bytes, hash, tail) = (Box::default(), many_hash(class), Shape::Word);
        Self { bytes, hash, class, tail, role: Role::Many }
    }
}

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Names with this segment.
    One,
    /// The same; it is not counted, and not folded with its siblings.
    Exempt,
    /// Names with any of the segments that were folded away.
    Many,
}

/// Which classes of a node's children are folded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Folds(u64);

impl Folds {
    /// The shapes of which some have names of their own: those with the lowest numbers.
    const SHAPES: [Shape; 4] = [Shape::Word, Shape::Mixed, Shape::Headed, Shape::Int];

    /// The place of a class's bit; of shapes that are folded from the beginning it says nothing.
    #[inline]
    const fn place(class: Class) -> u32 {
        (class.shape as u32 & 3) << 4 | (class.separator & 15) as u32
    }

    /// Whether children of this class have no nodes of their own.
    #[inline]
    pub(super) const fn has(self, class: Class) -> bool {
        let is_always = class.shape as usize >= Self::SHAPES.len();
        is_always | (self.0 >> Self::place(class) & 1 != 0)
    }

    pub(super) const fn set(&mut self, class: Class) {
        if !class.shape.is_folded() {
            self.0 |= 1 << Self::place(class);
        }
    }

    /// The folded classes, but for those that are always.
    pub(super) fn iter(self) -> impl Iterator<Item = Class> {
        let all = Self::SHAPES
            .into_iter()
            .flat_map(|shape| (0..16).map(move |separator| Class { separator, shape }));
        all.filter(move |class| self.has(*class))
    }

    /// The same as a number, and back.
    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

/// One node.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub label: Label,
    pub depth: u8,
    pub folds: Folds,
    /// Of the names that end here; what is below is added up when all is known.
    pub own: Held,
    /// The same of those that a rule of the user's claims, by the rule's number.
    pub claimed: BTreeMap<u16, Held>,
    /// Of a word with an id the only segment so far; empty when there are several.
    pub only: Option<Box<[u8]>>,
    /// What is true of all segments that are folded into it.
    pub facts: u8,
    parent: Id,
    first: Id,
    next: Id,
    /// Where its folded children are, at hand for the end of a name and the first separator.
    many: [[Id; 2]; NEAR],
    /// The same as in the label, to be compared at once.
    tag: u32,
}

impl Node {
    fn new(label: Label, parent: Id, depth: u8) -> Self {
        let (folds, own) = (Folds::default(), Held::default());
        let (first, next, many) = (Id::NONE, Id::NONE, [[Id::NONE; 2]; NEAR]);
        let (claimed, only, facts) = (BTreeMap::new(), None, fact::ALL);
        let tag = tag(label.class, label.tail, label.role);
        Self { label, depth, folds, own, claimed, only, facts, parent, first, next, many, tag }
    }

    /// Where the place of a folded child is at hand.
    #[inline]
    fn near(&self, class: Class) -> Option<&Id> {
        self.many.get(class.shape as usize)?.get(usize::from(class.separator))
    }

    /// Notes one more segment that ends in this node.
    #[inline]
    pub(super) fn see(&mut self, whole: &[u8]) {
        match &self.only {
            Some(only) if only.is_empty() || **only == *whole => {}
            Some(_) => self.only = Some(Box::default()),
            None => self.only = Some(whole.into()),
        }
    }

    /// What holds the keys that `rule` claims, or those that none does.
    #[inline(always)]
    pub(super) fn held_mut(&mut self, rule: Option<u16>) -> &mut Held {
        match rule {
            None => &mut self.own,
            Some(rule) => self.claimed_mut(rule),
        }
    }

    #[cold]
    #[inline(never)]
    fn claimed_mut(&mut self, rule: u16) -> &mut Held {
        self.claimed.entry(rule).or_default()
    }

    /// Adds what another node holds itself.
    pub(super) fn merge_own(&mut self, own: &Held, claimed: &BTreeMap<u16, Held>) {
        self.own.merge(own);
        for (rule, held) in claimed {
            self.claimed.entry(*rule).or_default().merge(held);
        }
    }

    /// What the keys take that it holds itself.
    pub(super) fn bytes(&self) -> Size {
        self.claimed.values().fold(self.own.bytes(), |sum, held| sum + held.bytes())
    }

    /// All that it holds itself, whoever claims it.
    pub(super) fn all(&self) -> Held {
        let mut all = self.own.clone();
        self.claimed.values().for_each(|held| all.merge(held));
        all
    }
}

/// All nodes of a tree.
#[derive(Debug, Clone)]
pub(super) struct Arena {
    nodes: Vec<Node>,
    free: Vec<Id>,
    table: HashTable<Id>,
    /// How many counted children of a class a node has.
    counts: FxHashMap<(Id, Class), usize>,
    /// Stands in for a node that does not exist. Ids come from here alone, so all exist.
    nowhere: Node,
    /// How often nodes that were there have lost their place.
    changes: u64,
}

impl Arena {
    pub(super) fn new() -> Self {
        let class = Class { separator: 0, shape: Shape::Word };
        let (bytes, tail) = (Box::default(), Shape::Word);
        let label = Label { bytes, hash: 0, class, tail, role: Role::One };
        let root = Node::new(label, Id::NONE, 0);
        Self {
            nodes: vec![root.clone()],
            free: Vec::new(),
            table: HashTable::new(),
            counts: FxHashMap::default(),
            nowhere: root,
            changes: 0,
        }
    }

    /// A number that differs from what it was when a node that was there has lost its place since.
    #[inline]
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    /// How many nodes there are.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    #[inline]
    pub(super) fn node(&self, id: Id) -> &Node {
        self.nodes.get(id.place()).unwrap_or(&self.nowhere)
    }

    /// Whether codes are among what is folded into `many`, rather than words alone.
    pub(super) fn holds_codes(&self, many: Id) -> bool {
        let node = self.node(many);
        let (folds, separator) = (self.node(node.parent).folds, node.label.class.separator);
        let codes = [Shape::Mixed, Shape::Headed];
        codes.into_iter().any(|shape| folds.has(Class { separator, shape }))
    }

    /// How deep the deepest node is.
    pub(super) fn depth(&self) -> u8 {
        self.below(Id::ROOT)
    }

    fn below(&self, id: Id) -> u8 {
        let own = self.node(id).depth;
        self.children(id).map(|child| self.below(child)).max().unwrap_or(own)
    }

    /// All nodes, those without any place in the tree too.
    pub(super) fn all(&self) -> impl Iterator<Item = Id> {
        (0..self.nodes.len()).filter_map(|place| u32::try_from(place).ok()).map(Id)
    }

    #[inline]
    pub(super) fn node_mut(&mut self, id: Id) -> &mut Node {
        self.nodes.get_mut(id.place()).unwrap_or(&mut self.nowhere)
    }

    /// The children, the youngest first.
    pub(super) fn children(&self, id: Id) -> impl Iterator<Item = Id> {
        let some = |id: Id| (id != Id::NONE).then_some(id);
        std::iter::successors(some(self.node(id).first), move |&id| some(self.node(id).next))
    }

    /// The child of this name.
    #[inline(always)]
    pub(super) fn child(&self, parent: Id, token: Token<'_>) -> Option<Id> {
        let Token { bytes, hash, class, tail, .. } = token;
        let tag = tag(class, tail, Role::One);
        let is_it = move |id: &Id| {
            let node = self.node(*id);
            node.parent == parent && node.tag == tag && is_same(&node.label.bytes, bytes)
        };
        self.table.find(key(parent, hash), is_it).copied()
    }

    /// The child into which those of `class` are folded.
    #[inline(always)]
    pub(super) fn many(&self, parent: Id, class: Class) -> Option<Id> {
        let class = Class { shape: class.shape.fold(), ..class };
        match self.node(parent).near(class) {
            Some(many) => (*many != Id::NONE).then_some(*many),
            None => self.far(parent, class),
        }
    }

    #[inline(never)]
    fn far(&self, parent: Id, class: Class) -> Option<Id> {
        let is_it = |id: &Id| {
            let node = self.node(*id);
            node.parent == parent && node.label.role == Role::Many && node.label.class == class
        };
        self.table.find(key(parent, many_hash(class)), is_it).copied()
    }

    /// The same, made where there is none.
    #[inline]
    pub(super) fn many_or_new(&mut self, parent: Id, class: Class) -> Id {
        self.many(parent, class).unwrap_or_else(|| {
            let class = Class { shape: class.shape.fold(), ..class };
            self.grow(parent, Label::many(class))
        })
    }

    /// How many counted children of `class` there are.
    pub(super) fn count(&self, parent: Id, class: Class) -> usize {
        self.counts.get(&(parent, class)).copied().unwrap_or_default()
    }

    /// A new child.
    pub(super) fn grow(&mut self, parent: Id, label: Label) -> Id {
        if label.role == Role::One {
            *self.counts.entry((parent, label.class)).or_default() += 1;
        }
        let above = self.node(parent);
        let mut node = Node::new(label, parent, above.depth.saturating_add(1));
        node.next = above.first;
        let hash = key(parent, node.label.hash);
        let (role, class) = (node.label.role, node.label.class);
        let id = self.put(node);
        let above = self.node_mut(parent);
        above.first = id;
        let near = above.many.get_mut(class.shape as usize);
        let near = near.and_then(|many| many.get_mut(usize::from(class.separator)));
        if let (Role::Many, Some(many)) = (role, near) {
            *many = id;
        }
        let Self { nodes, table, .. } = self;
        table.insert_unique(hash, id, |id| nodes.get(id.place()).map_or(0, own_key));
        id
    }

    fn put(&mut self, node: Node) -> Id {
        if let Some(id) = self.free.pop() {
            *self.node_mut(id) = node;
            return id;
        }
        let id = Id(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        id
    }

    /// Takes the children that `pick` wants out of their parent's list. They are to be freed.
    pub(super) fn unlink(&mut self, parent: Id, pick: impl Fn(Id, &Node) -> bool) -> Vec<Id> {
        self.changes = self.changes.wrapping_add(1);
        let all: Vec<Id> = self.children(parent).collect();
        let (out, stay): (Vec<Id>, Vec<Id>) =
            all.into_iter().partition(|id| pick(*id, self.node(*id)));
        let first = stay.into_iter().rev().fold(Id::NONE, |next, id| {
            self.node_mut(id).next = next;
            id
        });
        let above = self.node_mut(parent);
        above.first = first;
        for many in above.many.iter_mut().flatten().filter(|many| out.contains(many)) {
            *many = Id::NONE;
        }
        out
    }

    /// Frees an unlinked node and all below it.
    pub(super) fn free(&mut self, id: Id) {
        self.changes = self.changes.wrapping_add(1);
        let below: Vec<Id> = self.children(id).collect();
        below.into_iter().for_each(|child| self.free(child));
        let node = self.node(id);
        let (hash, place) = (own_key(node), (node.parent, node.label.class));
        if node.label.role == Role::One
            && let Some(count) = self.counts.get_mut(&place)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.counts.remove(&place);
            }
        }
        if let Ok(found) = self.table.find_entry(hash, |other| *other == id) {
            found.remove();
        }
        *self.node_mut(id) = self.nowhere.clone();
        self.free.push(id);
    }

    /// Moves what a node holds itself to another one.
    pub(super) fn move_own(&mut self, to: Id, from: Id) {
        let node = self.node_mut(from);
        let (own, claimed) = (mem::take(&mut node.own), mem::take(&mut node.claimed));
        self.node_mut(to).merge_own(&own, &claimed);
    }

    /// Sets all numbers to zero; the nodes stay.
    pub(super) fn reset(&mut self) {
        for node in &mut self.nodes {
            node.own.clear();
            node.claimed.clear();
        }
    }
}

/// Spreads the nodes over the table.
#[inline]
const fn key(parent: Id, hash: u64) -> u64 {
    hash ^ (parent.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn own_key(node: &Node) -> u64 {
    key(node.parent, node.label.hash)
}

/// Whether two segments are the same. Most are short, and then a call costs more than this.
#[inline]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        0..4 => a.iter().zip(b).all(|(a, b)| a == b),
        4..8 => a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk(),
        8..=16 => a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk(),
        _ => a == b,
    }
}

const fn many_hash(class: Class) -> u64 {
    let number = (class.separator as u64 + 1) << 8 | class.shape as u64;
    number.wrapping_mul(0xd1b5_4a32_d192_ed03)
}

/// How many kinds of folded children there may be: one of each shape.
const NEAR: usize = 12;

/// A number for what tells a node from its siblings beside its bytes; a node that was kept apart
/// has that of one that was not.
#[inline]
const fn tag(class: Class, tail: Shape, role: Role) -> u32 {
    let is_many = matches!(role, Role::Many) as u32;
    is_many << 24 | (tail as u32) << 16 | (class.shape as u32) << 8 | class.separator as u32
}

#[cfg(test)]
mod tests {
    use super::super::separators;
    use super::*;

    fn token(bytes: &[u8]) -> Token<'_> {
        let class = Class { separator: 0, shape: Shape::Word };
        let hash = separators::hash(bytes);
        Token { bytes, whole: bytes, hash, class, tail: Shape::Word }
    }

    fn label(bytes: &[u8]) -> Label {
        Label::of(token(bytes), Role::One)
    }

    #[test]
    fn freed_nodes_are_forgotten_and_used_again() {
        let mut arena = Arena::new();
        let class = Class { separator: 0, shape: Shape::Word };
        let find = |arena: &Arena, parent, bytes: &[u8]| arena.child(parent, token(bytes));
        let a = arena.grow(Id::ROOT, label(b"a"));
        let b = arena.grow(Id::ROOT, label(b"b"));
        let under_a = arena.grow(a, label(b"a"));
        let at = |separator, shape| Class { separator, shape };
        let many = arena.many_or_new(a, at(3, Shape::Mixed));
        let numbers = arena.many_or_new(a, at(1, Shape::Int));
        assert_eq!(arena.many(a, at(3, Shape::Word)), Some(many));
        assert_eq!(arena.many(a, at(1, Shape::Int)), Some(numbers));
        assert_eq!(arena.many(a, at(1, Shape::Word)), None);
        assert_eq!(arena.many(a, at(2, Shape::Word)), None);
        assert_eq!(find(&arena, a, b"a"), Some(under_a));
        assert_eq!((arena.len(), arena.count(Id::ROOT, class), arena.count(a, class)), (6, 2, 1));

        let out = arena.unlink(a, |id, _| id == numbers);
        assert_eq!(out, [numbers]);
        assert_eq!(arena.many(a, at(1, Shape::Int)), None);
        arena.free(numbers);
        let out = arena.unlink(Id::ROOT, |_, node| *node.label.bytes == *b"a");
        assert_eq!(out, [a]);
        arena.free(a);
        assert_eq!(find(&arena, Id::ROOT, b"a"), None);
        assert_eq!(find(&arena, a, b"a"), None);
        assert_eq!(find(&arena, Id::ROOT, b"b"), Some(b));
        assert_eq!(arena.children(Id::ROOT).collect::<Vec<_>>(), [b]);
        assert_eq!((arena.len(), arena.count(Id::ROOT, class), arena.count(a, class)), (2, 1, 0));
        arena.grow(b, label(b"c"));
        assert_eq!(arena.nodes.len(), 6);
    }

    #[test]
    fn each_class_folds_alone() {
        let mut folds = Folds::default();
        let class = |separator, shape| Class { separator, shape };
        folds.set(class(15, Shape::Int));
        folds.set(class(0, Shape::Word));
        for shape in [Shape::Long, Shape::Hex, Shape::Uuid, Shape::Ip, Shape::Mac] {
            assert!(folds.has(class(3, shape)));
        }
        assert!(!folds.has(class(3, Shape::Mixed)));
        let all: Vec<_> = folds.iter().collect();
        assert_eq!(all, [class(0, Shape::Word), class(15, Shape::Int)]);
        assert_eq!(Folds::from_bits(folds.bits()), folds);
    }
}
