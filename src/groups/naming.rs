//! The patterns of a snapshot's names, found in a pass of its own that looks at nothing else.

use super::fold::{Plan, Task, fold};
use super::held::Kept;
use super::partial::Settings;
use super::patterns::Patterns;
use super::stretch::{Source, Worker};
use super::tree::Tree;
use super::ttl::Lifetime;
use crate::bytes::Fault;
use crate::entries::{Elements, Entry, Str, ValueKind};
use crate::footprint::Size;
use std::sync::{Mutex, PoisonError};

/// Finds the patterns of all keys under `source`, as [`super::Groups::patterns`] does while it
/// adds them up.
#[must_use]
pub fn patterns(source: Source<'_>, plan: &Plan<'_>, settings: &Settings) -> Patterns {
    let (trees, spare) = (Mutex::default(), Mutex::default());
    let names = Names { settings, trees, spare };
    fold(source, &names, &Plan { checksum: false, ..*plan });
    let trees = names.trees.into_inner().unwrap_or_else(PoisonError::into_inner);
    let merged = trees.into_iter().reduce(|mut all, mut other| {
        all.take_in(&mut other);
        all
    });
    Patterns::of(merged.unwrap_or_else(|| tree(settings)), settings.rules.clone())
}

fn tree(settings: &Settings) -> Tree {
    Tree::new(settings.separators.clone(), settings.bounds, None)
}

struct Names<'n> {
    settings: &'n Settings,
    /// What is added up, as many as threads add up at once.
    trees: Mutex<Vec<Tree>>,
    /// Emptied ones, to be used again.
    spare: Mutex<Vec<Tree>>,
}

/// Looks at names only.
struct Reader<'n> {
    settings: &'n Settings,
    name: Vec<u8>,
    none: NoElements,
}

struct NoElements;

impl Elements for NoElements {}

impl Reader<'_> {
    fn add(&mut self, entry: &Entry<'_>, tree: &mut Tree) -> Result<(), Fault> {
        const KEPT: Kept = Kept {
            kind: ValueKind::String,
            bytes: Size::ZERO,
            elements: 0,
            data: 0,
            largest_element: None,
            lifetime: Lifetime::Later,
            is_absurd: false,
            at: 0,
            idle_s: None,
            freq: None,
        };
        let key = entry.key.decode(&mut self.name)?;
        let rule = self.settings.rules.as_ref().and_then(|rules| rules.claim(key));
        tree.add(key, &KEPT, rule);
        Ok(())
    }
}

impl Worker for Reader<'_> {
    type Part = Tree;
    type Elements = NoElements;

    fn begin(&mut self, _: &Entry<'_>) -> Result<bool, Fault> {
        Ok(true)
    }

    fn elements(&mut self) -> &mut NoElements {
        &mut self.none
    }

    fn end(&mut self, entry: &Entry<'_>, part: &mut Tree) -> Result<(), Fault> {
        self.add(entry, part)
    }

    fn string(&mut self, entry: &Entry<'_>, _: Str<'_>, part: &mut Tree) -> Result<(), Fault> {
        self.add(entry, part)
    }
}

impl<'n> Task for Names<'n> {
    type Part = Tree;
    type Worker = Reader<'n>;
    const ORDERED: bool = false;

    fn worker(&self) -> Reader<'n> {
        Reader { settings: self.settings, name: Vec::new(), none: NoElements }
    }

    fn part(&self) -> Tree {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| tree(self.settings))
    }

    fn take(&self, mut part: Tree, _: u64) -> bool {
        let mut sum = self.trees.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match &mut sum {
            Some(tree) => {
                tree.take_in(&mut part);
                self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(part);
            }
            None => sum = Some(part),
        }
        self.trees.lock().unwrap_or_else(PoisonError::into_inner).extend(sum);
        true
    }
}
