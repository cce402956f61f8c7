//! The finished prefix tree, added up.

use super::arena::{Id, Node, Role};
use super::held::{Kept, Shares, add_shares};
use super::shape::{Shape, fact};
use super::top::Big;
use super::totals::{Mass, Share, countable};
use super::tree::Tree;
use super::ttl::Lifetime;
use crate::entries::ValueKind;
use crate::footprint::{Size, Sizes};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// What a row of the prefix tree stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// All names that begin like this. They may go on behind a separator.
    Prefix,
    /// A whole name: one key, or one in each of several databases.
    Name,
    /// Names with any of many segments in place of what stands in braces.
    Folded,
    /// A single key that is so heavy that it stands beside the folded ones that it belongs to.
    Key,
}

/// A prefix with what it holds. Its totals are those of its children and its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// The whole prefix, from the name's beginning.
    pub name: Vec<u8>,
    /// What it stands for.
    pub what: What,
    /// All keys below it.
    pub totals: Mass,
    /// Those of them that are in none of the children: names that end behind the separator, and
    /// names that go on deeper than the tree.
    pub own: Mass,
    /// What all of them take in every lane; in the first alone, unless
    /// [`Settings::lanes`](super::Settings::lanes) asked for more.
    pub sizes: Sizes,
    /// The same of those that are in none of the children.
    pub own_sizes: Sizes,
    /// The totals by type, in the order of [`ValueKind::ALL`].
    kinds: Shares,
    /// Heaviest first; of equals the lower name.
    pub children: Vec<Self>,
}

impl Prefix {
    /// The types of its keys, the heaviest first.
    #[must_use]
    pub fn kinds(&self) -> Vec<(ValueKind, Share)> {
        let mut kinds: Vec<_> = ValueKind::ALL.into_iter().zip(self.kinds).collect();
        kinds.retain(|(_, share)| share.keys > 0);
        kinds.sort_by_key(|(_, share)| Reverse(share.bytes));
        kinds
    }

    /// For tests, of what it holds in all and itself.
    #[cfg(test)]
    pub(super) fn new(
        name: &str,
        what: What,
        (all, own): (&super::held::Held, Mass),
        children: Vec<Self>,
    ) -> Self {
        let (totals, kinds, sizes) = (all.mass(), all.shares(), all.sizes());
        let mut own_sizes = Sizes::default();
        own_sizes.0[0] = own.bytes();
        Self { name: name.into(), what, totals, own, sizes, own_sizes, kinds, children }
    }

    fn add_kind(&mut self, kind: ValueKind, bytes: Size) {
        if let Some(share) = self.kinds.get_mut(kind as usize) {
            share.add(bytes);
        }
    }
}

/// Adds the tree up. `heavy` are keys to be shown beside the `*` that they belong to; `least` is
/// from where on a child that a second pass kept apart stays so.
pub(super) fn build(mut tree: Tree, heavy: &[&Big], least: Size, taken_at_ms: i64) -> Prefix {
    tree.settle();
    tree.fold_light(least);
    let mut out = TakenOut::default();
    for big in heavy {
        take_out(&mut tree, big, taken_at_ms, &mut out);
    }
    let mut builder = Builder { tree: &tree, out };
    builder.prefix(Id::ROOT, Vec::new())
}

/// Keys that were taken out.
#[derive(Default)]
struct TakenOut {
    /// By the node below which they stand.
    keys: FxHashMap<Id, Vec<Prefix>>,
    /// What they take in the lanes behind the first, by the node that holds it still.
    lanes: FxHashMap<Id, Sizes>,
}

impl TakenOut {
    /// What `held` of a node is without them.
    fn without(&self, id: Id, mut held: Sizes) -> Sizes {
        if let Some(lanes) = self.lanes.get(&id) {
            for (held, lane) in held.0.iter_mut().zip(lanes.0) {
                *held = *held - lane;
            }
        }
        held
    }

    /// Takes a key with these sizes out of a node; what it takes in every lane that the node has.
    fn lanes(&mut self, id: Id, held: Sizes, sizes: &Sizes) -> Sizes {
        let mut lanes = self.without(id, held);
        for (lane, own) in lanes.0.iter_mut().zip(sizes.0) {
            *lane = own.min(*lane);
        }
        let sum = self.lanes.entry(id).or_default();
        *sum += lanes;
        // the node does not hold it there any more
        if let Some(first) = sum.0.first_mut() {
            *first = Size::ZERO;
        }
        lanes
    }
}

/// Takes a key out of the folded ones that it belongs to, and puts it beside.
fn take_out(tree: &mut Tree, big: &Big, taken_at_ms: i64, out: &mut TakenOut) {
    let Some(name) = big.name() else { return };
    let path = tree.path(name);
    let is_many = |id: Id| tree.arena.node(id).label.role == Role::Many;
    let end = path.steps.last().map_or(Id::ROOT, |step| step.to);
    let many = path.steps.iter().find(|step| is_many(step.to)).map(|step| step.from);
    let Some(beside) = many.or((!path.is_whole).then_some(end)) else { return };
    let kept = Kept {
        kind: big.kind,
        bytes: big.sizes.first(),
        elements: countable(big.kind, big.elements),
        // not known, and of a prefix nobody asks for it
        data: 0,
        largest_element: None,
        lifetime: Lifetime::of(big.expires_at_ms, taken_at_ms),
        is_absurd: false,
        at: 0,
        idle_s: None,
        freq: None,
    };
    // of whoever claims it only the sum is shown here
    let node = tree.arena.node_mut(end);
    node.own = node.all();
    node.claimed.clear();
    let sizes = out.lanes(end, node.own.sizes(), &big.sizes);
    node.own.remove(&kept);
    let share = Share { keys: 1, bytes: kept.bytes };
    let (never, expires) = match big.expires_at_ms {
        None => (share, Share::default()),
        Some(_) => (Share::default(), share),
    };
    let mass = Mass { never, expires, elements: kept.elements };
    let keys = out.keys.entry(beside).or_default();
    match keys.iter_mut().find(|key| key.name == name) {
        Some(key) => {
            key.totals += mass;
            key.own += mass;
            key.sizes += sizes;
            key.own_sizes += sizes;
            key.add_kind(big.kind, kept.bytes);
        }
        None => {
            let (what, kinds) = (What::Key, Shares::default());
            let (name, children) = (name.to_vec(), Vec::new());
            let (totals, own, own_sizes) = (mass, mass, sizes);
            let mut key = Prefix { name, what, totals, own, sizes, own_sizes, kinds, children };
            key.add_kind(big.kind, kept.bytes);
            keys.push(key);
        }
    }
}

struct Builder<'t> {
    tree: &'t Tree,
    out: TakenOut,
}

impl Builder<'_> {
    fn prefix(&mut self, id: Id, name: Vec<u8>) -> Prefix {
        let node = self.tree.arena.node(id);
        let what = match (node.label.role, node.label.class.separator) {
            _ if is_folded(node) => What::Folded,
            (_, 0) if id != Id::ROOT => What::Name,
            _ => What::Prefix,
        };
        let mut children = self.out.keys.remove(&id).unwrap_or_default();
        for child in self.tree.arena.children(id) {
            let child = self.prefix(child, self.name(child, &name));
            if !child.totals.is_empty() {
                children.push(child);
            }
        }
        children.sort_unstable_by(|a, b| {
            let order = |p: &Prefix| (Reverse(p.totals.bytes()), p.what);
            order(a).cmp(&order(b)).then_with(|| a.name.cmp(&b.name))
        });
        let all = node.all();
        let own = all.mass();
        let own_sizes = self.out.without(id, all.sizes());
        let (mut totals, mut kinds, mut sizes) = (own, all.shares(), own_sizes);
        for child in &children {
            totals += child.totals;
            sizes += child.sizes;
            add_shares(&mut kinds, &child.kinds);
        }
        Prefix { name, what, totals, own, sizes, own_sizes, kinds, children }
    }

    /// The name of a child of the node that is called `parent`.
    fn name(&self, child: Id, parent: &[u8]) -> Vec<u8> {
        let mut name = parent.to_vec();
        push_label(&mut name, self.tree, child);
        name
    }
}

/// Whether a node stands for several segments.
pub(super) fn is_folded(node: &Node) -> bool {
    let is_several = || node.only.as_ref().is_none_or(|only| only.is_empty());
    node.label.role == Role::Many || node.label.class.shape == Shape::Headed && is_several()
}

/// Adds what a node's segments look like to a name.
pub(super) fn push_label(name: &mut Vec<u8>, tree: &Tree, id: Id) {
    let node = tree.arena.node(id);
    let label = &node.label;
    match (&node.only, label.class.shape) {
        (_, shape) if label.role == Role::Many => {
            let is_code = shape == Shape::Word && tree.arena.holds_codes(id);
            push_placeholder(name, if is_code { Shape::Mixed } else { shape }, node.facts);
            name.extend(tree.separators.byte(label.class.separator));
        }
        (Some(only), Shape::Headed) if !only.is_empty() => name.extend_from_slice(only),
        (_, Shape::Headed) => {
            name.extend_from_slice(&label.bytes);
            name.extend_from_slice(label.tail.placeholder().as_bytes());
            name.extend(tree.separators.byte(label.class.separator));
        }
        _ => name.extend_from_slice(&label.bytes),
    }
}

/// Adds what stands for all segments of `shape` of which `facts` are true.
pub(super) fn push_placeholder(name: &mut Vec<u8>, shape: Shape, facts: u8) {
    let is = |fact: u8| facts != fact::ALL && facts & fact != 0;
    if is(fact::OPEN) {
        name.push(b'{');
    }
    let placeholder = match shape {
        Shape::Int if is(fact::DAY) => "{date}",
        Shape::Int if is(fact::SECONDS | fact::MILLIS) => "{time}",
        _ => shape.placeholder(),
    };
    name.extend_from_slice(placeholder.as_bytes());
    if is(fact::CLOSE) {
        name.push(b'}');
    }
}
