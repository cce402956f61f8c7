//! The finished prefix tree, added up.

use super::arena::{Id, Role};
use super::held::{Shares, add_shares};
use super::top::Big;
use super::totals::{Share, Sum, Totals, countable};
use super::tree::Tree;
use crate::entries::ValueKind;
use crate::footprint::Size;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// What a row of the prefix tree stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// All names that begin like this. They may go on behind a separator.
    Prefix,
    /// A whole name: one key, or one in each of several databases.
    Name,
    /// Names with any of many segments in place of the `*`.
    Folded,
    /// A single key that is so heavy that it stands beside the `*` that it belongs to.
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
    pub totals: Totals,
    /// Those of them that are in none of the children: names that end behind the separator, and
    /// names that go on deeper than the tree.
    pub own: Totals,
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
        (all, own): (&super::held::Held, Totals),
        children: Vec<Self>,
    ) -> Self {
        let (totals, kinds) = (all.totals(), all.shares());
        Self { name: name.into(), what, totals, own, kinds, children }
    }

    fn add_kind(&mut self, kind: ValueKind, bytes: Size) {
        if let Some(share) = self.kinds.get_mut(kind as usize) {
            share.add(bytes);
        }
    }
}

/// Adds the tree up. `heavy` are keys to be shown beside the `*` that they belong to; `least` is
/// from where on a child that a second pass kept apart stays so.
pub(super) fn build(mut tree: Tree, heavy: &[&Big], least: Size) -> Prefix {
    tree.settle();
    tree.fold_light(least);
    let mut keys = FxHashMap::<Id, Vec<Prefix>>::default();
    for big in heavy {
        take_out(&mut tree, big, &mut keys);
    }
    let mut builder = Builder { tree: &tree, keys };
    builder.prefix(Id::ROOT, Vec::new())
}

/// Takes a key out of the `*` that it belongs to, and puts it beside.
fn take_out(tree: &mut Tree, big: &Big, keys: &mut FxHashMap<Id, Vec<Prefix>>) {
    let Some(name) = big.name() else { return };
    let path = tree.path(name);
    let is_many = |id: Id| tree.arena.node(id).label.role == Role::Many;
    let end = path.steps.last().map_or(Id::ROOT, |step| step.to);
    let many = path.steps.iter().find(|step| is_many(step.to)).map(|step| step.from);
    let Some(beside) = many.or((!path.is_whole).then_some(end)) else { return };
    let sum = Sum { keys: 1, elements: countable(big.kind, big.elements), sizes: big.sizes };
    let totals = Totals::of(&sum, big.expires_at_ms.is_some());
    tree.arena.node_mut(end).own.remove(big.kind, &sum, big.expires_at_ms.is_some());
    let keys = keys.entry(beside).or_default();
    match keys.iter_mut().find(|key| key.name == name) {
        Some(key) => {
            key.totals += totals;
            key.own += totals;
            key.add_kind(big.kind, sum.bytes());
        }
        None => {
            let (what, kinds) = (What::Key, Shares::default());
            let (name, children) = (name.to_vec(), Vec::new());
            let mut key = Prefix { name, what, totals, own: totals, kinds, children };
            key.add_kind(big.kind, sum.bytes());
            keys.push(key);
        }
    }
}

struct Builder<'t> {
    tree: &'t Tree,
    /// Keys that were taken out, by the node below which they stand.
    keys: FxHashMap<Id, Vec<Prefix>>,
}

impl Builder<'_> {
    fn prefix(&mut self, id: Id, name: Vec<u8>) -> Prefix {
        let node = self.tree.arena.node(id);
        let what = match (node.label.role, node.label.class.separator) {
            (Role::Many, _) => What::Folded,
            (_, 0) if id != Id::ROOT => What::Name,
            _ => What::Prefix,
        };
        let mut children = self.keys.remove(&id).unwrap_or_default();
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
        let own = node.own.totals();
        let (mut totals, mut kinds) = (own, node.own.shares());
        for child in &children {
            totals += child.totals;
            add_shares(&mut kinds, &child.kinds);
        }
        Prefix { name, what, totals, own, kinds, children }
    }

    /// The name of a child of the node that is called `parent`.
    fn name(&self, child: Id, parent: &[u8]) -> Vec<u8> {
        let label = &self.tree.arena.node(child).label;
        let mut name = parent.to_vec();
        if label.role == Role::Many {
            name.push(b'*');
            name.extend(self.tree.separators.byte(label.class.separator));
        } else {
            name.extend_from_slice(&label.bytes);
        }
        name
    }
}
