//! The tree's memory: nodes by number, found by parent and name.

use super::held::Held;
use super::separators::{Class, Segment, Shape};
use hashbrown::HashTable;
use rustc_hash::FxHashMap;

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
    /// The segment with its separator; of a node that stands for many, empty.
    pub bytes: Box<[u8]>,
    pub hash: u64,
    pub class: Class,
    pub role: Role,
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
pub(super) struct Folds(u32);

impl Folds {
    const fn bit(class: Class) -> u32 {
        match class.shape {
            Shape::Word => 1 << class.separator,
            Shape::Number => 1 << 16 << class.separator,
            Shape::Long => 0,
        }
    }

    /// Whether children of this class have no nodes of their own.
    #[inline]
    pub(super) const fn has(self, class: Class) -> bool {
        matches!(class.shape, Shape::Long) || self.0 & Self::bit(class) != 0
    }

    pub(super) const fn set(&mut self, class: Class) {
        self.0 |= Self::bit(class);
    }

    /// The folded classes.
    pub(super) fn iter(self) -> impl Iterator<Item = Class> {
        let shapes = [Shape::Word, Shape::Number].into_iter();
        let all = shapes.flat_map(|shape| (0..16).map(move |separator| Class { separator, shape }));
        all.filter(move |class| self.has(*class))
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
    parent: Id,
    first: Id,
    next: Id,
    /// Where its folded children are, at hand for the end of a name and the first separator.
    many: [Id; 2],
}

impl Node {
    fn new(label: Label, parent: Id, depth: u8) -> Self {
        let (folds, own) = (Folds::default(), Held::default());
        let (first, next, many) = (Id::NONE, Id::NONE, [Id::NONE; 2]);
        Self { label, depth, folds, own, parent, first, next, many }
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
}

impl Arena {
    pub(super) fn new() -> Self {
        let class = Class { separator: 0, shape: Shape::Word };
        let label = Label { bytes: Box::default(), hash: 0, class, role: Role::One };
        let root = Node::new(label, Id::NONE, 0);
        Self {
            nodes: vec![root.clone()],
            free: Vec::new(),
            table: HashTable::new(),
            counts: FxHashMap::default(),
            nowhere: root,
        }
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

    #[inline]
    pub(super) fn node_mut(&mut self, id: Id) -> &mut Node {
        self.nodes.get_mut(id.place()).unwrap_or(&mut self.nowhere)
    }

    /// The children, the youngest first.
    pub(super) fn children(&self, id: Id) -> impl Iterator<Item = Id> {
        let some = |id: Id| (id != Id::NONE).then_some(id);
        std::iter::successors(some(self.node(id).first), move |&id| some(self.node(id).next))
    }

    /// The child with this segment.
    #[inline]
    pub(super) fn child(&self, parent: Id, segment: &Segment<'_>, hash: u64) -> Option<Id> {
        let is_it = |id: &Id| {
            let node = self.node(*id);
            node.parent == parent
                && node.label.role != Role::Many
                && is_same(&node.label.bytes, segment.bytes)
        };
        self.table.find(key(parent, hash), is_it).copied()
    }

    /// The child that stands for the folded ones before `separator`.
    #[inline]
    pub(super) fn many(&self, parent: Id, separator: u8) -> Option<Id> {
        if let Some(many) = self.node(parent).many.get(usize::from(separator)) {
            return (*many != Id::NONE).then_some(*many);
        }
        let is_it = |id: &Id| {
            let node = self.node(*id);
            node.parent == parent
                && node.label.role == Role::Many
                && node.label.class.separator == separator
        };
        self.table.find(key(parent, many_hash(separator)), is_it).copied()
    }

    /// The same, made where there is none.
    #[inline]
    pub(super) fn many_or_new(&mut self, parent: Id, separator: u8) -> Id {
        self.many(parent, separator).unwrap_or_else(|| {
            let class = Class { separator, shape: Shape::Word };
            let (bytes, hash) = (Box::default(), many_hash(separator));
            self.grow(parent, Label { bytes, hash, class, role: Role::Many })
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
        let (role, separator) = (node.label.role, usize::from(node.label.class.separator));
        let id = self.put(node);
        let above = self.node_mut(parent);
        above.first = id;
        if let (Role::Many, Some(many)) = (role, above.many.get_mut(separator)) {
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
        let all: Vec<Id> = self.children(parent).collect();
        let (out, stay): (Vec<Id>, Vec<Id>) =
            all.into_iter().partition(|id| pick(*id, self.node(*id)));
        let first = stay.into_iter().rev().fold(Id::NONE, |next, id| {
            self.node_mut(id).next = next;
            id
        });
        let above = self.node_mut(parent);
        above.first = first;
        for many in above.many.iter_mut().filter(|many| out.contains(many)) {
            *many = Id::NONE;
        }
        out
    }

    /// Frees an unlinked node and all below it.
    pub(super) fn free(&mut self, id: Id) {
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

    /// Sets all numbers to zero; the nodes stay.
    pub(super) fn reset(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.own = Held::default());
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

const fn many_hash(separator: u8) -> u64 {
    (separator as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03)
}

#[cfg(test)]
mod tests {
    use super::super::separators;
    use super::*;

    fn label(bytes: &[u8]) -> Label {
        let class = Class { separator: 0, shape: Shape::Word };
        let hash = separators::hash(bytes);
        Label { bytes: bytes.into(), hash, class, role: Role::One }
    }

    #[test]
    fn freed_nodes_are_forgotten_and_used_again() {
        let mut arena = Arena::new();
        let class = Class { separator: 0, shape: Shape::Word };
        let find = |arena: &Arena, parent, bytes: &[u8]| {
            let segment = Segment { bytes, hash: separators::hash(bytes), class };
            arena.child(parent, &segment, segment.hash)
        };
        let a = arena.grow(Id::ROOT, label(b"a"));
        let b = arena.grow(Id::ROOT, label(b"b"));
        let under_a = arena.grow(a, label(b"a"));
        let many = arena.many_or_new(a, 3);
        assert_eq!(arena.many(a, 3), Some(many));
        assert_eq!(arena.many(a, 2), None);
        assert_eq!(find(&arena, a, b"a"), Some(under_a));
        assert_eq!((arena.len(), arena.count(Id::ROOT, class), arena.count(a, class)), (5, 2, 1));

        let out = arena.unlink(Id::ROOT, |_, node| *node.label.bytes == *b"a");
        assert_eq!(out, [a]);
        arena.free(a);
        assert_eq!(find(&arena, Id::ROOT, b"a"), None);
        assert_eq!(find(&arena, a, b"a"), None);
        assert_eq!(find(&arena, Id::ROOT, b"b"), Some(b));
        assert_eq!(arena.children(Id::ROOT).collect::<Vec<_>>(), [b]);
        assert_eq!((arena.len(), arena.count(Id::ROOT, class), arena.count(a, class)), (2, 1, 0));
        arena.grow(b, label(b"c"));
        assert_eq!(arena.nodes.len(), 5);
    }

    #[test]
    fn each_class_folds_alone() {
        let mut folds = Folds::default();
        let class = |separator, shape| Class { separator, shape };
        folds.set(class(15, Shape::Number));
        folds.set(class(0, Shape::Word));
        assert!(folds.has(class(3, Shape::Long)));
        let all: Vec<_> = folds.iter().collect();
        assert_eq!(all, [class(0, Shape::Word), class(15, Shape::Number)]);
    }
}
