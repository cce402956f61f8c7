//! Radix trees (rax.c), measured while their keys flow by in order.
//!
//! A tree's nodes follow from its set of keys alone: a branch where keys part, one node for each
//! run of bytes between, and an end for each key. With sorted keys it is enough to know how long
//! the common prefix of two neighbours is, and the branches on the way to the last key.

use super::LANES;
use super::profile::Profile;

/// `raxNode`, without what follows it.
const HEADER: u64 = 4;
const POINTER: u64 = 8;
/// Bytes requested for the node of an empty tree.
const EMPTY_NODE: u64 = 8;
/// Bytes requested for a node that only marks the end of a key.
const END_NODE: u64 = 16;

/// Bytes requested for a node with `chars` bytes of keys and `children`; `value` where a key ends
/// before it (`raxNodeCurrentLength`).
const fn node(chars: u64, children: u64, value: bool) -> u64 {
    let padded = (HEADER + chars).next_multiple_of(POINTER);
    padded + POINTER * children + if value { POINTER } else { 0 }
}

/// What a tree's nodes take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tree {
    /// Keys in it.
    pub keys: u64,
    /// Nodes that are more than the end of a key.
    inner: u64,
    /// Nodes that are no more than that.
    ends: u64,
    /// Bytes of the inner nodes, by lane.
    bytes: [u64; LANES],
}

impl Tree {
    /// How many nodes it has; ids need no ends where trees are `leafless`.
    pub const fn nodes(&self, leafless: bool) -> u64 {
        match (self.keys, leafless) {
            (0, _) => 1,
            (_, true) => self.inner,
            (_, false) => self.inner + self.ends,
        }
    }

    /// What its nodes' allocations take under lane `lane`.
    pub fn bytes(&self, lane: usize, profile: &Profile, leafless: bool) -> u64 {
        if self.keys == 0 {
            return profile.a(EMPTY_NODE);
        }
        let inner = self.bytes.get(lane).copied().unwrap_or_default();
        let ends = if leafless { 0 } else { self.ends };
        inner + ends * profile.a(END_NODE)
    }

    /// The same for a tree that keeps no values, and in which no key begins another.
    pub fn bytes_without_values(&self, lane: usize, profile: &Profile) -> u64 {
        if self.keys == 0 {
            return profile.a(EMPTY_NODE);
        }
        let inner = self.bytes.get(lane).copied().unwrap_or_default();
        inner + self.ends * profile.a(EMPTY_NODE)
    }
}

/// A place where keys part, or where one ends and others go on.
#[derive(Debug, Clone, Copy)]
struct Branch {
    /// How many bytes lead to it.
    depth: u64,
    /// A key ends here.
    value: bool,
    /// Children that are complete.
    children: u64,
    /// Where the first child begins: its run of bytes is written when a second one shows that
    /// this is a branch indeed.
    first: u64,
}

/// A tree whose keys come in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Growing {
    tree: Tree,
    last: Vec<u8>,
    /// Branches on the way to the last key, deepest last.
    branches: Vec<Branch>,
}

impl Growing {
    /// Starts again with no keys.
    pub fn clear(&mut self) {
        self.tree = Tree::default();
        self.last.clear();
        self.branches.clear();
    }

    /// Takes the next key, which does not come before the last; the same again changes nothing.
    pub fn add(&mut self, profiles: &[Profile], key: &[u8]) {
        if self.tree.keys > 0 {
            if key == self.last {
                return;
            }
            let common = self.last.iter().zip(key).take_while(|(a, b)| a == b).count();
            self.part(profiles, common as u64);
        }
        self.tree.keys += 1;
        self.last.clear();
        self.last.extend_from_slice(key);
    }

    /// The tree of the keys so far; the next one starts with none.
    pub fn finish(&mut self, profiles: &[Profile]) -> Tree {
        if self.tree.keys > 0 {
            let mut below = self.end();
            while let Some(branch) = self.branches.pop() {
                below = self.close(profiles, branch, below);
            }
            self.run(profiles, 0, below);
        }
        let tree = self.tree;
        self.clear();
        tree
    }

    /// The next key has `common` bytes in common with the last.
    fn part(&mut self, profiles: &[Profile], common: u64) {
        if common == self.last.len() as u64 {
            self.branches.push(Branch { depth: common, value: true, children: 0, first: 0 });
            return;
        }
        let mut below = self.end();
        while let Some(branch) = self.branches.pop_if(|branch| branch.depth > common) {
            below = self.close(profiles, branch, below);
        }
        let here = self.branches.pop_if(|branch| branch.depth == common);
        let branch = here.unwrap_or(Branch { depth: common, value: false, children: 0, first: 0 });
        let branch = self.attach(profiles, branch, below);
        self.branches.push(branch);
    }

    /// The end of the last key: the depth at which it begins.
    fn end(&mut self) -> u64 {
        self.tree.ends += 1;
        self.last.len() as u64
    }

    /// Hangs what begins at `below` under `branch`.
    fn attach(&mut self, profiles: &[Profile], branch: Branch, below: u64) -> Branch {
        let mut branch = branch;
        match branch.children {
            0 => branch.first = below,
            1 => {
                self.run(profiles, branch.depth + 1, branch.first);
                self.run(profiles, branch.depth + 1, below);
            }
            _ => self.run(profiles, branch.depth + 1, below),
        }
        branch.children += 1;
        branch
    }

    /// Completes `branch` with its last child, and gives the depth at which it begins.
    fn close(&mut self, profiles: &[Profile], branch: Branch, below: u64) -> u64 {
        let branch = self.attach(profiles, branch, below);
        match branch.children {
            // a key that ends where only one way goes on: the run carries its value
            1 => self.inner(profiles, node(below.saturating_sub(branch.depth), 1, branch.value)),
            children => self.inner(profiles, node(children, children, branch.value)),
        }
        branch.depth
    }

    /// The bytes from one depth to another, in which no key parts or ends.
    fn run(&mut self, profiles: &[Profile], from: u64, to: u64) {
        if to > from {
            self.inner(profiles, node(to - from, 1, false));
        }
    }

    fn inner(&mut self, profiles: &[Profile], requested: u64) {
        self.tree.inner += 1;
        for (bytes, profile) in self.tree.bytes.iter_mut().zip(profiles) {
            *bytes += profile.a(requested);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footprint::tests::profile;

    fn tree(keys: &[&[u8]]) -> Tree {
        let profiles = [profile("redis-7.2")];
        let mut growing = Growing::default();
        for key in keys {
            growing.add(&profiles, key);
        }
        growing.finish(&profiles)
    }

    #[test]
    fn one_key_is_a_run_and_an_end() {
        let tree = tree(&[b"0123456789abcdef"]);
        assert_eq!((tree.nodes(false), tree.nodes(true)), (2, 1));
        let profile = profile("redis-7.2");
        // 4 + 16 bytes padded to 24, and a child; 4 bytes padded to 8, and a value
        assert_eq!(tree.bytes(0, &profile, false), 32 + 16);
        assert_eq!(tree.bytes(0, &profile, true), 32);
        assert_eq!(Tree::default().bytes(0, &profile, false), 8);
    }

    #[test]
    fn keys_part_in_a_branch() {
        // "ab" run, branch c/d, each with its end; one has a run of two more bytes
        let tree = tree(&[b"abc", b"abdef"]);
        assert_eq!(tree.nodes(false), 1 + 1 + 1 + 2);
        let profile = profile("redis-7.2");
        let (run, branch, rest) = (16, 8 + 16, 16);
        assert_eq!(tree.bytes(0, &profile, false), run + branch + rest + 2 * 16);
    }

    #[test]
    fn a_key_may_end_on_the_way_to_another() {
        // "foo" run, "bar" run with a value, an end
        let one = tree(&[b"foo", b"foobar"]);
        assert_eq!(one.nodes(false), 3);
        let profile = profile("redis-7.2");
        assert_eq!(one.bytes(0, &profile, false), 16 + 24 + 16);
        // "foo" run, branch a/b with a value, two ends
        let two = tree(&[b"foo", b"fooa", b"foob"]);
        assert_eq!(two.nodes(false), 4);
        assert_eq!(two.bytes(0, &profile, false), 16 + 32 + 32);
    }

    #[test]
    fn doubles_change_nothing() {
        assert_eq!(tree(&[b"a", b"a", b"b"]), tree(&[b"a", b"b"]));
    }
}
