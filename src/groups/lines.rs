//! The prefix tree as lines of a table, no more of them than a reader can take in.

use super::prefixes::{Prefix, What};
use super::totals::Mass;
use crate::footprint::{Size, Sizes};
use std::cmp::Reverse;

/// What the lines are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// All keys, by their bytes.
    Bytes,
    /// Keys that never expire, by their bytes.
    Never,
}

impl Measure {
    /// What of `totals` it is about.
    #[must_use]
    pub fn bytes(self, totals: &Mass) -> Size {
        match self {
            Self::Bytes => totals.bytes(),
            Self::Never => totals.never.bytes,
        }
    }
}

/// How much is shown.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// What the lines are about, and in which order they stand.
    pub measure: Measure,
    /// How many levels.
    pub depth: usize,
    /// How many lines below each prefix.
    pub top: usize,
    /// What a line must have at least.
    pub least: Size,
}

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'p> {
    /// A prefix, a name, a key.
    Prefix(&'p Prefix),
    /// What of a prefix is in none of its children.
    Own(&'p Prefix),
    /// So many children more.
    More(usize),
}

/// A line of the table. Those directly below a line add up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'p> {
    /// Zero for the outermost.
    pub level: usize,
    /// What it is about.
    pub subject: Subject<'p>,
    /// What that holds.
    pub totals: Mass,
    /// What that takes in every lane.
    pub sizes: Sizes,
}

/// The lines below `root`.
#[must_use]
pub fn lines<'p>(root: &'p Prefix, limits: &Limits) -> Vec<Line<'p>> {
    let mut lines = Vec::new();
    if limits.depth > 0 {
        below(root, 0, limits, &mut lines);
    }
    lines
}

fn below<'p>(prefix: &'p Prefix, level: usize, limits: &Limits, lines: &mut Vec<Line<'p>>) {
    let (shown, hidden) = choose(prefix, limits);
    if shown.is_empty() && level > 0 {
        return;
    }
    for child in shown {
        let child = only_child(child);
        let (totals, sizes) = (child.totals, child.sizes);
        lines.push(Line { level, subject: Subject::Prefix(child), totals, sizes });
        if level + 1 < limits.depth {
            below(child, level + 1, limits, lines);
        }
    }
    if !prefix.own.is_empty() && prefix.what != What::Key {
        let (totals, sizes) = (prefix.own, prefix.own_sizes);
        lines.push(Line { level, subject: Subject::Own(prefix), totals, sizes });
    }
    if !hidden.is_empty() {
        let (mut totals, mut sizes) = (Mass::default(), Sizes::default());
        for child in &hidden {
            totals += child.totals;
            sizes += child.sizes;
        }
        lines.push(Line { level, subject: Subject::More(hidden.len()), totals, sizes });
    }
}

/// The children that get lines, in order, and those that do not.
fn choose<'p>(prefix: &'p Prefix, limits: &Limits) -> (Vec<&'p Prefix>, Vec<&'p Prefix>) {
    let bytes = |child: &&Prefix| limits.measure.bytes(&child.totals);
    let mut shown: Vec<&Prefix> = prefix.children.iter().collect();
    // stable: of equals the one that is heavier in all stays first
    shown.sort_by_key(|child| Reverse(bytes(child)));
    let least = limits.least.max(Size::from_raw(1));
    let heavy = shown.partition_point(|child| bytes(child) >= least);
    let hidden = shown.split_off(heavy.min(limits.top));
    (shown, hidden)
}

/// Goes down to where there is more than one way: `app:` with nothing but `app:prod:` below it
/// needs no line.
fn only_child(mut prefix: &Prefix) -> &Prefix {
    while let ([child], true) = (prefix.children.as_slice(), prefix.own.is_empty()) {
        prefix = child;
    }
    prefix
}
