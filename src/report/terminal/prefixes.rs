//! The heaviest prefixes as a tree.

use super::paint::{Line, Style, Theme};
use super::table::{Column, Table};
use crate::report::units::{apportion, percent, percent_of, whole_percent_of};
use crate::report::{Prefix, PrefixKind, PrefixRow, Report, Tally, escape};
use std::cmp::Reverse;

/// How many lines the tree could fill under its heading.
pub(super) fn available(report: &Report) -> usize {
    let (nodes, all) = (nodes(&report.prefixes, report.totals.all), report.totals.all);
    let rest = rest(all, &roots(&nodes)).keys.0 > 0;
    if nodes.is_empty() { 0 } else { nodes.len() + usize::from(rest) }
}

/// The heading and at most `rows` lines: the heaviest rows, each under the one above it, and a row
/// for all that has none.
pub(super) fn lines(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let all = report.totals.all;
    let (shown, rest) = chosen(&nodes(&report.prefixes, all), all, rows);
    let roots = roots(&shown);
    let mut permille = shares(&roots, rest).into_iter();
    let mut table = Table::new([
        Column::name("Heaviest prefixes"),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::figure("%"),
        Column::figure("no TTL").importance(3),
        Column::figure("elements").importance(1),
        Column::text("type").importance(2),
    ]);
    for (i, node) in shown.iter().enumerate() {
        let share = match node.parent {
            None => percent(permille.next().unwrap_or_default(), node.row.all.bytes.0, all.bytes.0),
            Some(_) => percent_of(node.row.all.bytes.0, all.bytes.0),
        };
        table.row(Style::Plain, cells(label(&shown, i, theme), node.row, share));
    }
    if rest.keys.0 > 0 {
        let share = percent(permille.next().unwrap_or_default(), rest.bytes.0, all.bytes.0);
        table.row(Style::Dim, [others(theme), rest.keys.short(), rest.bytes.to_string(), share]);
    }
    table.lines(theme)
}

/// The name of the row for all that have none.
pub(super) fn others(theme: &Theme) -> String {
    format!("{} all others", theme.ellipsis())
}

/// A row of the tree that says something of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub row: &'a PrefixRow,
    /// The place of the row above it among all rows.
    pub parent: Option<usize>,
    /// Its own place among all rows.
    pub place: usize,
}

/// The heaviest of `nodes` for so many lines, of which one is kept for the rest unless there is
/// none; and what the rest is of `all`.
pub(super) fn chosen<'a>(nodes: &[Node<'a>], all: Tally, lines: usize) -> (Vec<Node<'a>>, Tally) {
    let mut shown = heaviest(nodes, lines);
    if rest(all, &roots(&shown)).keys.0 > 0 {
        shown = heaviest(nodes, lines.saturating_sub(1));
    }
    let rest = rest(all, &roots(&shown));
    (shown, rest)
}

/// The rows without rests, without those that hold exactly what a single row below them holds (the
/// lower one says more), and without those below others that hold less than 1 % of everything.
pub(super) fn nodes<'a>(
    rows: impl IntoIterator<Item = &'a PrefixRow>,
    all: Tally,
) -> Vec<Node<'a>> {
    let least = all.bytes.0 / 100;
    let mut above: Vec<(usize, u32)> = Vec::new();
    let mut nodes: Vec<Node<'_>> = Vec::new();
    for (place, row) in rows.into_iter().enumerate() {
        while above.last().is_some_and(|(_, depth)| *depth >= row.depth) {
            above.pop();
        }
        if row.kind == PrefixKind::Rest {
            continue;
        }
        let parent = above.last().map(|(place, _)| *place);
        above.push((place, row.depth));
        match nodes.last_mut().filter(|last| Some(last.place) == parent) {
            Some(last) if last.row.all == row.all => {
                let parent = last.parent;
                *last = Node { row, parent, place };
            }
            _ if parent.is_some() && row.all.bytes.0 < least => {}
            _ => nodes.push(Node { row, parent, place }),
        }
    }
    nodes
}

/// The `count` heaviest nodes in their order. No node is heavier than the one above it, so that one
/// is among them.
fn heaviest<'a>(nodes: &[Node<'a>], count: usize) -> Vec<Node<'a>> {
    let mut chosen: Vec<Node<'a>> = nodes.to_vec();
    chosen.sort_by_key(|node| (Reverse(node.row.all.bytes), node.place));
    chosen.truncate(count);
    chosen.sort_by_key(|node| node.place);
    chosen
}

fn roots(nodes: &[Node<'_>]) -> Vec<Tally> {
    nodes.iter().filter(|node| node.parent.is_none()).map(|node| node.row.all).collect()
}

/// What the topmost rows leave of all.
fn rest(all: Tally, roots: &[Tally]) -> Tally {
    let shown: Tally = roots.iter().copied().sum();
    Tally::new(all.keys.0.saturating_sub(shown.keys.0), all.bytes.0.saturating_sub(shown.bytes.0))
}

/// The permille of the topmost rows and of the rest; they add up to 1000.
fn shares(roots: &[Tally], rest: Tally) -> Vec<u64> {
    let parts: Vec<u64> = roots.iter().chain([&rest]).map(|tally| tally.bytes.0).collect();
    apportion(&parts, 1000)
}

/// The name of row `i`: whole for a topmost row, else what it adds to the row above, on a branch.
pub(super) fn label(shown: &[Node<'_>], i: usize, theme: &Theme) -> String {
    let Some(node) = shown.get(i) else { return String::new() };
    let above = |node: &Node<'_>| shown.iter().find(|other| Some(other.place) == node.parent);
    let last = |node: &Node<'_>| {
        let later = |other: &&Node<'_>| other.parent == node.parent && other.place > node.place;
        !shown.iter().any(|other| later(&other))
    };
    let Some(parent) = above(node) else { return name(node.row, &[], theme) };
    let branch = if last(node) { theme.pick("└ ", "`- ") } else { theme.pick("├ ", "|- ") };
    let mut text = branch.to_owned();
    let mut ancestor = parent;
    while let Some(next) = above(ancestor) {
        let trunk =
            if last(ancestor) { theme.pick("  ", "   ") } else { theme.pick("│ ", "|  ") };
        text.insert_str(0, trunk);
        ancestor = next;
    }
    text + &name(node.row, &parent.row.prefix.0, theme)
}

fn name(row: &PrefixRow, above: &[u8], theme: &Theme) -> String {
    glob(&row.prefix, row.kind, above, theme)
}

/// The prefix as a glob, without what stands in the row above.
pub(super) fn glob(prefix: &Prefix, kind: PrefixKind, above: &[u8], theme: &Theme) -> String {
    let own = prefix.0.strip_prefix(above).unwrap_or(&prefix.0);
    if own.is_empty() && kind != PrefixKind::Name {
        return "*".to_owned();
    }
    let text = escape::terminal(own, theme.charset());
    match kind {
        PrefixKind::Name => text,
        // the end of a name is folded, too
        PrefixKind::Folded if own.ends_with(b"}") => text,
        _ => text + "*",
    }
}

fn cells(label: String, row: &PrefixRow, share: String) -> Vec<String> {
    vec![
        label,
        row.all.keys.short(),
        row.all.bytes.to_string(),
        share,
        whole_percent_of(row.no_ttl.bytes.0, row.all.bytes.0),
        if row.elements.0 > 0 { row.elements.short() } else { String::new() },
        types(row),
    ]
}

/// The type with the most bytes, and how many others there are.
fn types(row: &PrefixRow) -> String {
    match row.types.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, others @ ..] => format!("{first} +{}", others.len()),
    }
}
