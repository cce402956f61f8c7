//! The heaviest prefixes as a tree.

use super::paint::{Line, Style, Theme};
use super::table::{Column, Table};
use crate::report::units::{apportion, percent, percent_of, whole_percent_of};
use crate::report::{Prefix, PrefixKind, PrefixRow, Report, Tally, escape};
use std::cmp::Reverse;

/// How many lines the tree could fill under its heading.
pub(super) fn available(report: &Report) -> usize {
    let nodes = nodes(report);
    let rest = rest(report, &roots(&nodes)).keys.0 > 0;
    if nodes.is_empty() { 0 } else { nodes.len() + usize::from(rest) }
}

/// The heading and at most `rows` lines: the heaviest rows, each under the one above it, and a row
/// for all that has none.
pub(super) fn lines(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let all = nodes(report);
    // A row is kept for the rest, unless there is none.
    let mut shown = heaviest(&all, rows);
    if rest(report, &roots(&shown)).keys.0 > 0 {
        shown = heaviest(&all, rows.saturating_sub(1));
    }
    let roots = roots(&shown);
    let rest = rest(report, &roots);
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
            None => percent(
                permille.next().unwrap_or_default(),
                node.row.all.bytes.0,
                report.totals.all.bytes.0,
            ),
            Some(_) => percent_of(node.row.all.bytes.0, report.totals.all.bytes.0),
        };
        table.row(Style::Plain, cells(label(&shown, i, theme), node.row, share));
    }
    if rest.keys.0 > 0 {
        let share =
            percent(permille.next().unwrap_or_default(), rest.bytes.0, report.totals.all.bytes.0);
        let name = format!("{} all others", theme.ellipsis());
        table.row(Style::Dim, [name, rest.keys.short(), rest.bytes.to_string(), share]);
    }
    table.lines(theme)
}

/// A row of the tree that says something of its own.
#[derive(Debug, Clone, Copy)]
struct Node<'a> {
    row: &'a PrefixRow,
    /// The place of the row above it among all rows.
    parent: Option<usize>,
    /// Its own place among all rows.
    place: usize,
}

/// The rows without rests, without those that hold exactly what a single row below them holds (the
/// lower one says more), and without those below others that hold less than 1 % of everything.
fn nodes(report: &Report) -> Vec<Node<'_>> {
    let rows = &report.prefixes;
    let least = report.totals.all.bytes.0 / 100;
    let mut above: Vec<usize> = Vec::new();
    let mut nodes: Vec<Node<'_>> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let depth_of = |&place: &usize| rows.get(place).map_or(0, |row| row.depth);
        while above.last().is_some_and(|last| depth_of(last) >= row.depth) {
            above.pop();
        }
        if row.kind == PrefixKind::Rest {
            continue;
        }
        let parent = above.last().copied();
        above.push(place);
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

/// What the topmost rows leave of the totals.
fn rest(report: &Report, roots: &[Tally]) -> Tally {
    let (all, shown): (Tally, Tally) = (report.totals.all, roots.iter().copied().sum());
    Tally::new(all.keys.0.saturating_sub(shown.keys.0), all.bytes.0.saturating_sub(shown.bytes.0))
}

/// The permille of the topmost rows and of the rest; they add up to 1000.
fn shares(roots: &[Tally], rest: Tally) -> Vec<u64> {
    let parts: Vec<u64> = roots.iter().chain([&rest]).map(|tally| tally.bytes.0).collect();
    apportion(&parts, 1000)
}

/// The name of row `i`: whole for a topmost row, else what it adds to the row above, on a branch.
fn label(shown: &[Node<'_>], i: usize, theme: &Theme) -> String {
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
