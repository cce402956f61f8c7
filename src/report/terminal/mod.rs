//! The report for a person at a terminal: one screen, the state first, then the cause, then detail.

mod eviction;
mod findings;
mod growth;
mod head;
mod lifetimes;
mod lists;
pub(super) mod paint;
mod patterns;
mod prefixes;
mod shards;
mod show;
mod table;
#[cfg(test)]
mod tests;
mod trend;
mod verdict;
mod whatif;

pub use paint::Drawing;

use super::{Render, Report};
use paint::{Flow, Line, Style, Theme};
use std::io::{self, Write};

/// Text for a terminal.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// How many columns there are; below 40 lines are cut.
    pub width: usize,
    /// Whether colours are wanted.
    pub color: bool,
    /// What may be drawn with.
    pub drawing: Drawing,
    /// How much is shown.
    pub length: Length,
}

/// How much of the report is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// What fits on one screen of 40 lines.
    Screen,
    /// The lists of the screen with as many rows each.
    Top(usize),
    /// All lists, with as many rows each.
    Full(usize),
}

/// The lines of a screen.
const SCREEN: usize = 40;

impl Render for Terminal {
    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let theme = Theme { width: self.width, color: self.color, drawing: self.drawing };
        for line in self.lines(report, &theme) {
            line.write(&theme, out)?;
        }
        Ok(())
    }
}

impl Terminal {
    fn lines(&self, report: &Report, theme: &Theme) -> Vec<Line> {
        let head = head::lines(report, theme);
        let first = findings::first(report, theme);
        let bar = lifetimes::lines(report, theme);
        let hint = self.hint(report, theme);
        let fields = patterns::fields(report, theme);
        let fixed = [&head, &first, &bar, &fields, &hint]
            .map(|lines| lines.len() + usize::from(!lines.is_empty()));
        let rows = match self.length {
            Length::Screen => Rows::on_screen(report, SCREEN.saturating_sub(fixed.iter().sum())),
            Length::Top(n) | Length::Full(n) => Rows::all(n),
        };
        let mut blocks = vec![
            head,
            first,
            list(rows.shards.min(report.shards.len()), |n| shards::lines(report, n, theme)),
            list(rows.patterns.min(patterns::available(report)), |n| {
                patterns::lines(report, n, theme)
            }),
            list(rows.never.min(patterns::leaks(report)), |n| patterns::never(report, n, theme)),
            bar,
            fields,
            list(rows.types.min(report.types.len()), |n| lists::types(report, n, theme)),
            self.largest(report, rows.keys, theme),
        ];
        if let Length::Full(n) = self.length {
            blocks.extend(full(report, n, theme));
        }
        blocks.push(hint);
        blocks.retain(|block| !block.is_empty());
        blocks.join(&Line::default())
    }

    fn largest(&self, report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
        let keys = report.largest_by_bytes.get(..rows).unwrap_or(&report.largest_by_bytes);
        list(keys.len(), |_| lists::keys("Largest keys", keys, report, theme))
    }

    fn hint(&self, report: &Report, theme: &Theme) -> Vec<Line> {
        if self.length != Length::Screen || report.totals.all.keys.0 == 0 {
            return Vec::new();
        }
        let mut flow = Flow::new(Line::new(Style::Dim, "More:"), 6);
        for phrase in ["--top 50", "--full", "--format json", "every key with rdblens keys"] {
            flow.add(theme, ", ", (Style::Dim, phrase.to_owned()));
        }
        flow.lines()
    }
}

/// The lists that only a full report has.
fn full(report: &Report, n: usize, theme: &Theme) -> [Vec<Line>; 11] {
    let longest = report.largest_by_elements.get(..n).unwrap_or(&report.largest_by_elements);
    let slots = report.slots.as_ref().map_or(0, |slots| slots.heaviest.len());
    let tags = report.slots.as_ref().map_or(0, |slots| slots.tags.len());
    [
        findings::all(report, n, theme),
        list(n.saturating_add(1).min(prefixes::available(report)), |n| {
            prefixes::lines(report, n, theme)
        }),
        list(n.saturating_add(1).min(report.patterns.len()), |n| patterns::sizes(report, n, theme)),
        patterns::absurd(report, n, theme),
        patterns::usage(report, n, theme),
        list(longest.len(), |_| lists::keys("Most elements", longest, report, theme)),
        list(n.min(report.encodings.len()), |n| lists::encodings(report, n, theme)),
        list(n.min(report.databases.len()), |n| lists::databases(report, n, theme)),
        list(n.min(slots), |n| lists::slots(report, n, theme)),
        list(n.min(tags), |n| lists::tags(report, n, theme)),
        list(n.min(report.modules.len()), |n| lists::modules(report, n, theme)),
    ]
}

/// A list of `rows` rows; no heading either where there is none.
fn list(rows: usize, lines: impl FnOnce(usize) -> Vec<Line>) -> Vec<Line> {
    if rows == 0 { Vec::new() } else { lines(rows) }
}

/// Whose turn it is for a row, over and over while there is room.
const ROUND: [List; 9] = [
    List::Shards,
    List::Shards,
    List::Patterns,
    List::Patterns,
    List::Never,
    List::Keys,
    List::Types,
    List::Patterns,
    List::Types,
];

/// The lines of a list beside its rows: an empty one and the heading.
const HEADING: usize = 2;
/// So many rows of patterns come before all else.
const PATTERNS: usize = 4;

/// How many rows each list of the screen has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rows {
    shards: usize,
    patterns: usize,
    never: usize,
    types: usize,
    keys: usize,
}

impl Rows {
    const fn all(n: usize) -> Self {
        // and one for all other patterns
        Self { shards: n, patterns: n.saturating_add(1), never: n, types: n, keys: n }
    }

    /// The rows that fit into `lines`, shared so that every list says the most it can: row by row,
    /// those that tell the most first.
    fn on_screen(report: &Report, lines: usize) -> Self {
        let available = Self {
            shards: report.shards.len(),
            patterns: patterns::available(report),
            never: patterns::leaks(report),
            types: report.types.len(),
            keys: report.largest_by_bytes.len(),
        };
        // without these few nobody sees what fills it
        let first = PATTERNS.min(available.patterns).min(lines.saturating_sub(HEADING));
        let mut rows = Self { patterns: first, ..Self::default() };
        let mut left = lines - first - if first > 0 { HEADING } else { 0 };
        for round in 0..SCREEN {
            for list in ROUND {
                if round == 0 && list == List::Patterns {
                    continue;
                }
                let (have, most) = (list.of(&mut rows), available);
                let most = *list.of(&mut { most });
                let capped = list == List::Never && *have >= 3;
                // the first row brings the heading with it
                let cost = if *have == 0 { HEADING + 1 } else { 1 };
                if *have < most && !capped && cost <= left {
                    *have += 1;
                    left -= cost;
                }
            }
        }
        rows
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Shards,
    Patterns,
    Never,
    Types,
    Keys,
}

impl List {
    const fn of(self, rows: &mut Rows) -> &mut usize {
        match self {
            Self::Shards => &mut rows.shards,
            Self::Patterns => &mut rows.patterns,
            Self::Never => &mut rows.never,
            Self::Types => &mut rows.types,
            Self::Keys => &mut rows.keys,
        }
    }
}
