//! The tree of names: how many keys, with how much in them, below each prefix, and of each pattern.
//!
//! A name is split behind its separators; each segment is a node below the one before it. Names
//! carry ids, so a tree of all segments would be as large as the snapshot. Three rules bound it,
//! each a matter of the set of names alone, neither of their order nor of how they were split up
//! among threads:
//!
//! 1. *Folding.* A node's children are of classes: the separator behind them (or the end of the
//!    name), and what they look like ([`Shape`]). What can only be an id (a UUID, an address, a
//!    date) is folded into one child of its shape from the first one on. Of the other classes so
//!    many children may differ as [`Bounds`] allows; then all of the class become one child, and
//!    what is below them becomes its children, by the same rule. Where codes are folded, fewer
//!    words are allowed. From more names never follows less folding, so to fold as soon as the
//!    limit is passed is to fold what the whole set of names folds.
//! 2. *Weight.* Before a class is folded, as many children as are allowed may each have as much
//!    below them as the folded one has in the end. A tree weighs what it could have held at the
//!    most: a node as much as one and its children, a folded one as many times as it may have had
//!    siblings. From more names never follows less weight. The tree is as deep as it may be
//!    without weighing more than allowed; what is deeper counts for the ancestor at that depth. No
//!    tree holds more nodes than it weighs, so the limit bounds the memory, too.
//! 3. *Depth.* There is a deepest level in any case.
//!
//! With the bounds as they are a tree has 20,000 nodes of about 500 bytes, and histograms of some
//! 100 for each that holds keys: 12 MB, with sketches of 32 KiB for each level on which something
//! is folded. While two merge there is room for both.

use super::arena::{Arena, Id, Label, Node, Role};
use super::held::{Held, Kept, SAMPLE_NAME};
use super::marks::Marks;
use super::separators::{self, Segment, Separators, Text};
use super::shape::{self, Class, Shape, Token};
use super::sketch::{Exempt, Sketch};
use super::ways::{self, Note, Template, Way, Ways};
use crate::footprint::Size;
use std::sync::Arc;

/// Where `way` leads to, once what is folded away on it is noted of a name with these marks.
#[inline(always)]
fn go(sketch: &mut Sketch, way: &Way, marks: &Marks<'_>, bytes: Size) -> Id {
    for note in way.notes() {
        let hash = marks.hash(note.from.into(), note.len.into());
        sketch.add(note.depth, hash, bytes);
    }
    way.node
}

/// How large a tree may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How many children of a node may differ that are words, on the first two levels. There are
    /// the names that programs and teams have chosen.
    pub words: usize,
    /// How many on levels below those.
    pub words_below: usize,
    /// How many of those where codes are folded before the same separator: then they are mostly
    /// ids that happen to have no digit.
    pub words_beside_codes: usize,
    /// How many that have digits and are nothing else that is known: `v2`, `5m_avg`.
    pub codes: usize,
    /// How many words with an id behind them: `order-AB12-7` and `order-CD34-8` are one.
    pub heads: usize,
    /// How many numbers. These are ids, for the most part: the fewer are waited for, the deeper
    /// the tree can be. The months of a year are told apart.
    pub numbers: usize,
    /// How much a tree may weigh.
    pub weight: usize,
    /// How many levels it may have.
    pub depth: u8,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            words: 96,
            words_below: 48,
            words_beside_codes: 24,
            codes: 12,
            heads: 24,
            numbers: 12,
            weight: 20_000,
            depth: 16,
        }
    }
}

impl Bounds {
    /// How many children of a class there may ever be, below a node at `depth`.
    const fn of(&self, shape: Shape, depth: u8) -> usize {
        match shape {
            Shape::Word if depth < 2 => self.words,
            Shape::Word => self.words_below,
            Shape::Mixed => self.codes,
            Shape::Headed => self.heads,
            Shape::Int => self.numbers,
            _ => 0,
        }
    }
}

/// The tree while keys are added.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) arena: Arena,
    pub(super) separators: Separators,
    pub(super) bounds: Bounds,
    /// How deep it may be, as far as is known.
    pub(super) depth: u8,
    /// What a second pass keeps apart; a first pass looks for such in the sketch.
    exempt: Option<Arc<Exempt>>,
    sketch: Sketch,
    ways: Ways,
}

impl Tree {
    pub(super) fn new(separators: Separators, bounds: Bounds, exempt: Option<Arc<Exempt>>) -> Self {
        let depth = bounds.depth.max(1);
        let sketch = Sketch::new(if exempt.is_some() { 0 } else { depth });
        Self {
            arena: Arena::new(),
            separators,
            bounds,
            depth,
            exempt,
            sketch,
            ways: Ways::default(),
        }
    }

    /// Adds a key; `rule` is the user's rule that claims it. Answers with the node that holds it,
    /// and a hash of its name.
    #[inline(always)]
    pub(super) fn add(&mut self, key: &[u8], kept: &Kept, rule: Option<u16>) -> (Id, u64) {
        if self.arena.len() > self.bounds.weight {
            self.settle();
        }
        let (at, hash) = match self.separators.marks(key) {
            Some(marks) => {
                let (template, hash, way) = marks.find(&self.ways, self.arena.changes());
                match way {
                    Some(way) => (go(&mut self.sketch, way, &marks, kept.bytes), hash),
                    None => (self.walk(key, marks, template, kept.bytes), hash),
                }
            }
            None => (self.descend(key, kept.bytes), ways::hash(key)),
        };
        let sample = if key.len() > SAMPLE_NAME { u64::MAX } else { hash };
        self.arena.node_mut(at).held_mut(rule).add(kept, sample);
        (at, hash)
    }

    /// The node of a name whose way is not in its own place, or that has none yet. Not inlined: the
    /// others are more, and their code shorter without it.
    #[cold]
    #[inline(never)]
    fn walk(&mut self, key: &[u8], marks: Marks<'_>, template: Template, bytes: Size) -> Id {
        if let Some(way) = self.ways.find_beside(key, template, self.arena.changes()) {
            return go(&mut self.sketch, way, &marks, bytes);
        }
        let (mut at, mut depth, mut rest) = (Id::ROOT, 0, marks);
        while depth < self.depth
            && let Some(segment) = rest.next(Separators::COLON)
        {
            depth += 1;
            at = self.step(at, segment, depth, bytes);
        }
        if self.ways.is_time() {
            self.look(key, marks, template, at);
        }
        at
    }

    /// Looks whether other names of `template` go the same way, which has just been gone.
    #[cold]
    fn look(&mut self, key: &[u8], marks: Marks<'_>, template: Template, to: Id) {
        let may_have_one = template.is_some() && self.exempt.is_none();
        let way = if may_have_one { self.way(key, marks, template) } else { None };
        self.ways.keep(way.filter(|way| way.node == to));
    }

    fn way(&self, key: &[u8], mut marks: Marks<'_>, template: Template) -> Option<Way> {
        let (mut at, mut from, mut notes) = (Id::ROOT, 0, Vec::new());
        for depth in 1..=self.depth {
            let Some(segment) = marks.next(Separators::COLON) else { break };
            let (token, len) = (Token::of(segment), segment.bytes.len());
            let is_open = template.leaves_out(from);
            match self.arena.node(at).folds.has(token.class) {
                // another number may be another child, and a word before an id keeps the id
                false if is_open || token.class.shape == Shape::Headed => return None,
                false => at = self.arena.child(at, token)?,
                // what is kept of it is hardly met twice
                true if !is_open => return None,
                true => {
                    at = self.arena.many(at, token.class)?;
                    // another number could be one less that is a date
                    if self.arena.node(at).facts != 0 {
                        return None;
                    }
                    if token.class.separator != 0 {
                        let (from, len) = (u8::try_from(from).ok()?, u8::try_from(len).ok()?);
                        notes.push(Note { depth, from, len });
                    }
                }
            }
            from += len;
        }
        Way::new((key, template), (at, self.arena.changes()), &notes)
    }

    /// The node of a name that has no marks.
    #[cold]
    #[inline(never)]
    fn descend(&mut self, key: &[u8], bytes: Size) -> Id {
        let mut name = self.separators.begin(key);
        let (mut at, mut depth) = (Id::ROOT, 0);
        while depth < self.depth
            && let Some(segment) = self.separators.next(&mut name)
        {
            depth += 1;
            at = self.step(at, segment, depth, bytes);
        }
        at
    }

    /// The child that `segment` leads to.
    #[inline(always)]
    fn step(&mut self, at: Id, segment: Segment<'_>, depth: u8, bytes: Size) -> Id {
        let mut token = match segment.text {
            Text::Other | Text::Mac => Token::of(segment),
            // most words are known, and need not be looked at
            text => Token::plain(segment, if text == Text::Int { Shape::Int } else { Shape::Word }),
        };
        let folds = self.arena.node(at).folds;
        if !folds.has(token.class) {
            if let Some(child) = self.arena.child(at, token) {
                if token.class.shape == Shape::Headed {
                    self.arena.node_mut(child).see(token.whole);
                }
                return child;
            }
            return self.branch(at, segment, depth, bytes);
        }
        if token.class.shape == Shape::Word {
            token = Token::of(segment);
        }
        if self.exempt.is_some() && self.is_exempt(token, depth) {
            return self.branch(at, segment, depth, bytes);
        }
        self.note(token.class, depth, token.hash, bytes);
        self.step_into_many(at, token, segment)
    }

    /// The child into which segments like this one are folded.
    #[inline(always)]
    fn step_into_many(&mut self, at: Id, token: Token<'_>, segment: Segment<'_>) -> Id {
        let many = self.arena.many_or_new(at, token.class);
        let node = self.arena.node_mut(many);
        if node.facts != 0 {
            node.facts &= shape::facts(segment);
        }
        many
    }

    /// Whether a second pass keeps a segment apart. One that is hostile in its length is not.
    #[inline]
    fn is_exempt(&self, token: Token<'_>, depth: u8) -> bool {
        const LONGEST: usize = 1024;
        let is_suspect = |exempt: &Arc<Exempt>| exempt.has(depth, token.hash);
        self.exempt.as_ref().is_some_and(is_suspect) && token.bytes.len() <= LONGEST
    }

    /// The child of a segment that may be new; where it is one too many, what it is folded into.
    #[cold]
    fn branch(&mut self, at: Id, segment: Segment<'_>, depth: u8, bytes: Size) -> Id {
        let token = Token::of(segment);
        let is_exempt = self.is_exempt(token, depth);
        if is_exempt || !self.arena.node(at).folds.has(token.class) {
            let known = self.arena.child(at, token);
            let child = known.unwrap_or_else(|| {
                let role = if is_exempt { Role::Exempt } else { Role::One };
                self.arena.grow(at, Label::of(token, role))
            });
            if token.class.shape == Shape::Headed {
                self.arena.node_mut(child).see(token.whole);
            }
            if known.is_some() || !self.fold_if_many(at, token.class) {
                return child;
            }
            if is_exempt {
                return self.arena.child(at, token).unwrap_or(child);
            }
        }
        self.note(token.class, depth, token.hash, bytes);
        self.step_into_many(at, token, segment)
    }

    /// Notes what is folded away, to find out whether a heavy prefix is among it. Of whole names
    /// none can be that is not one of the largest keys, which are known.
    #[inline(always)]
    fn note(&mut self, class: Class, depth: u8, hash: u64, bytes: Size) {
        if class.separator != 0 {
            self.sketch.add(depth, hash, bytes);
        }
    }

    fn fold_if_many(&mut self, at: Id, class: Class) -> bool {
        let node = self.arena.node(at);
        let codes = Class { shape: Shape::Mixed, ..class };
        let limit = match class.shape == Shape::Word && node.folds.has(codes) {
            true => self.bounds.words_beside_codes,
            false => self.bounds.of(class.shape, node.depth),
        };
        let is_many = self.arena.count(at, class) > limit;
        if is_many {
            self.fold(at, class);
        }
        is_many
    }

    /// Makes the children of `class` one.
    fn fold(&mut self, at: Id, class: Class) {
        self.arena.node_mut(at).folds.set(class);
        let is_in = |node: &Node| node.label.role == Role::One && node.label.class == class;
        for child in self.arena.unlink(at, |_, node| is_in(node)) {
            self.fold_in(at, child);
        }
        if class.shape == Shape::Mixed {
            self.fold_if_many(at, Class { shape: Shape::Word, ..class });
        }
    }

    /// Moves an unlinked child of `at` into the one that stands for many.
    pub(super) fn fold_in(&mut self, at: Id, child: Id) {
        let label = &self.arena.node(child).label;
        let (hash, class) = (label.hash, label.class);
        let depth = self.arena.node(child).depth;
        let many = self.arena.many_or_new(at, class);
        let bytes = self.absorb(many, None, child);
        self.note(class, depth, hash, bytes);
        self.arena.free(child);
    }

    /// Adds the node `from` and all below it to `to`; `other` is where it stands, if not here.
    /// Answers with its bytes.
    fn absorb(&mut self, to: Id, other: Option<&Arena>, from: Id) -> Size {
        let source = other.unwrap_or(&self.arena);
        let node = source.node(from);
        let (only, folds, facts, bytes) =
            (node.only.clone(), node.folds, known_facts(node), node.bytes());
        let children: Vec<Id> = source.children(from).collect();
        match other {
            Some(other) => {
                let node = other.node(from);
                self.arena.node_mut(to).merge_own(&node.own, &node.claimed);
            }
            // one of ours is freed behind this
            None => self.arena.move_own(to, from),
        }
        let target = self.arena.node_mut(to);
        match target.label.role {
            Role::Many => target.facts &= facts,
            _ => only.iter().for_each(|only| target.see(only)),
        }
        for class in folds.iter() {
            if !self.arena.node(to).folds.has(class) {
                self.fold(to, class);
            }
        }
        let below = children.into_iter().map(|child| self.graft(to, other, child));
        bytes + below.sum()
    }

    /// Adds the child `from` of another node to the children of `to`.
    fn graft(&mut self, to: Id, other: Option<&Arena>, from: Id) -> Size {
        let node = other.unwrap_or(&self.arena).node(from);
        let (class, role, hash, depth) =
            (node.label.class, node.label.role, node.label.hash, node.depth);
        if role == Role::Many {
            let many = self.arena.many_or_new(to, class);
            return self.absorb(many, other, from);
        }
        if role == Role::One && self.arena.node(to).folds.has(class) {
            let many = self.arena.many_or_new(to, class);
            let bytes = self.absorb(many, other, from);
            self.note(class, depth, hash, bytes);
            return bytes;
        }
        let label = node.label.clone();
        let (bytes, tail) = (&*label.bytes, label.tail);
        let token = Token { bytes, whole: bytes, hash, class, tail };
        if let Some(child) = self.arena.child(to, token) {
            return self.absorb(child, other, from);
        }
        let child = self.arena.grow(to, label);
        let bytes = self.absorb(child, other, from);
        self.fold_if_many(to, class);
        bytes
    }

    /// Adds all that `other` holds and sets its numbers to zero. What it has learned of the
    /// names' structure stays in it.
    pub(super) fn take_in(&mut self, other: &mut Self) {
        let depth = self.depth.min(other.depth);
        self.truncate(depth);
        other.truncate(depth);
        self.sketch.absorb(&mut other.sketch);
        self.absorb(Id::ROOT, Some(&other.arena), Id::ROOT);
        other.arena.reset();
        if self.arena.len() > self.bounds.weight {
            self.settle();
        }
    }

    /// Makes the tree as shallow as its weight demands.
    #[cold]
    #[inline(never)]
    pub(super) fn settle(&mut self) {
        let is_light = |depth: &u8| self.weight(Id::ROOT, *depth) <= self.bounds.weight;
        let depth = (2..=self.depth).rev().find(is_light).unwrap_or(1);
        self.truncate(depth);
    }

    /// The weight of a node with what is above `depth`.
    fn weight(&self, id: Id, depth: u8) -> usize {
        let node = self.arena.node(id);
        if node.depth >= depth {
            return 1;
        }
        let times = |label: &Label| match label.role {
            Role::Many => self.siblings(node, label.class),
            Role::One | Role::Exempt => 1,
        };
        let children = self.arena.children(id).map(|child| {
            let times = times(&self.arena.node(child).label);
            self.weight(child, depth).saturating_mul(times)
        });
        children.fold(1, usize::saturating_add)
    }

    /// As how many nodes a folded child of `node` weighs: itself, and as many as there could be
    /// before they folded.
    fn siblings(&self, node: &Node, many: Class) -> usize {
        let is_in =
            |class: &Class| class.separator == many.separator && class.shape.fold() == many.shape;
        let its = node.folds.iter().filter(is_in);
        its.map(|class| self.bounds.of(class.shape, node.depth)).fold(1, usize::saturating_add)
    }

    /// Adds what is deeper than `depth` to the nodes there.
    pub(super) fn truncate(&mut self, depth: u8) {
        if depth < self.depth {
            self.depth = depth;
            self.sketch.truncate(depth);
            self.cut(Id::ROOT);
        }
    }

    fn cut(&mut self, id: Id) {
        if self.arena.node(id).depth < self.depth {
            let children: Vec<Id> = self.arena.children(id).collect();
            return children.into_iter().for_each(|child| self.cut(child));
        }
        for child in self.arena.unlink(id, |_, _| true) {
            self.add_below(id, child);
            self.arena.free(child);
        }
    }

    /// Adds what `from` and all below it hold to what `to` holds itself.
    fn add_below(&mut self, to: Id, from: Id) {
        let children: Vec<Id> = self.arena.children(from).collect();
        self.arena.move_own(to, from);
        children.into_iter().for_each(|child| self.add_below(to, child));
    }

    /// What all names hold.
    pub(super) fn all(&self) -> Held {
        self.held(Id::ROOT)
    }

    /// What a node and all below it hold.
    pub(super) fn held(&self, id: Id) -> Held {
        let mut held = self.arena.node(id).all();
        self.arena.children(id).for_each(|child| held.merge(&self.held(child)));
        held
    }

    /// The names on which a second pass could throw light: those that may be as heavy as `least`
    /// though they were folded away. `known` are keys that a report names in any case.
    pub(super) fn suspects<'k>(
        &mut self,
        least: Size,
        known: impl Iterator<Item = (&'k [u8], Size)>,
    ) -> Option<Exempt> {
        self.settle();
        let mut sketch = self.sketch.clone();
        for (key, bytes) in known {
            for step in self.path(key).steps {
                let label = &self.arena.node(step.to).label;
                if label.role == Role::Many && label.class.separator != 0 {
                    sketch.remove(step.depth, step.hash, bytes);
                }
            }
        }
        sketch.suspects(least)
    }

    /// The node that holds a key that was added.
    pub(super) fn find(&self, key: &[u8]) -> Id {
        let mut at = Id::ROOT;
        for (segment, _) in self.separators.split(key).zip(0..self.depth) {
            let token = Token::of(segment);
            let many = || self.arena.many(at, token.class);
            let Some(to) = self.arena.child(at, token).or_else(many) else { break };
            at = to;
        }
        at
    }

    /// The way to a key that was added.
    pub(super) fn path(&self, key: &[u8]) -> Path {
        let mut segments = self.separators.split(key);
        let mut path = Path::default();
        let mut at = Id::ROOT;
        for depth in 1..=self.depth {
            let Some(segment) = segments.next() else { break };
            let token = Token::of(segment);
            let many = || self.arena.many(at, token.class);
            let Some(to) = self.arena.child(at, token).or_else(many) else { break };
            path.steps.push(Step { from: at, to, depth, hash: token.hash });
            at = to;
        }
        path.is_whole = segments.next().is_none();
        path
    }

    /// Folds the children that were kept apart and turn out to be below `least` after all.
    pub(super) fn fold_light(&mut self, least: Size) {
        self.fold_light_below(Id::ROOT, least);
    }

    fn fold_light_below(&mut self, at: Id, least: Size) {
        let folds = self.arena.node(at).folds;
        let children: Vec<Id> = self.arena.children(at).collect();
        let light: Vec<Id> = children
            .into_iter()
            .filter(|&id| {
                let label = &self.arena.node(id).label;
                label.role == Role::Exempt
                    && folds.has(label.class)
                    && self.held(id).bytes() < least
            })
            .collect();
        for id in self.arena.unlink(at, |id, _| light.contains(&id)) {
            self.fold_in(at, id);
        }
        let children: Vec<Id> = self.arena.children(at).collect();
        children.into_iter().for_each(|child| self.fold_light_below(child, least));
    }
}

/// What is true of all segments that a node stands for.
pub(super) fn known_facts(node: &Node) -> u8 {
    let Label { bytes, hash, class, role, .. } = &node.label;
    match role {
        Role::Many => node.facts,
        _ if class.shape == Shape::Headed => 0,
        _ => {
            let (separator, text) = (class.separator, Text::Other);
            let digits = separators::digits(bytes);
            shape::facts(Segment { bytes, hash: *hash, separator, text, digits })
        }
    }
}

/// The way from the root to the node that holds a key.
#[derive(Debug, Default)]
pub(super) struct Path {
    pub steps: Vec<Step>,
    /// Whether it goes to the name's end, rather than to where the tree is cut.
    pub is_whole: bool,
}

/// One segment of the way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub from: Id,
    pub to: Id,
    pub depth: u8,
    pub hash: u64,
}

#[cfg(test)]
mod tests;
