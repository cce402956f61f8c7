//! What frees itself, and when.

use super::paint::{Flow, Line, Style, Theme};
use crate::report::units::{apportion, whole_percent_of};
use crate::report::{Lifetime, Report};

/// A part of the bar.
struct Segment {
    name: &'static str,
    within: &'static [Lifetime],
    glyphs: (&'static str, &'static str),
    style: Style,
}

/// Lifetimes that are told apart on the screen; fewer than the report has, for the eye.
const SEGMENTS: [Segment; 6] = [
    Segment {
        name: "expired",
        within: &[Lifetime::Expired],
        glyphs: ("×", "x"),
        style: Style::Warn,
    },
    Segment { name: "1 h", within: &[Lifetime::Hour], glyphs: ("·", "."), style: Style::Good },
    Segment {
        name: "24 h",
        within: &[Lifetime::Hours4, Lifetime::Hours12, Lifetime::Day],
        glyphs: ("░", ":"),
        style: Style::Good,
    },
    Segment { name: "7 d", within: &[Lifetime::Week], glyphs: ("▒", "-"), style: Style::Good },
    Segment {
        name: "later",
        within: &[Lifetime::Month, Lifetime::Later],
        glyphs: ("▓", "="),
        style: Style::Good,
    },
    Segment {
        name: "never", within: &[Lifetime::Never], glyphs: ("█", "#"), style: Style::Plain
    },
];

/// A legend and one bar of bytes; nothing when there are none.
pub(super) fn lines(report: &Report, theme: &Theme) -> Vec<Line> {
    let bytes = |segment: &Segment| -> u64 {
        let rows = report.lifetimes.iter().filter(|row| segment.within.contains(&row.within));
        rows.map(|row| row.all.bytes.0).sum()
    };
    let parts: Vec<u64> = SEGMENTS.iter().map(bytes).collect();
    let whole: u64 = parts.iter().sum();
    if whole == 0 {
        return Vec::new();
    }
    let mut legend = Flow::new(Line::new(Style::Bold, "Frees in"), 11);
    for (segment, &part) in SEGMENTS.iter().zip(&parts).filter(|(_, part)| **part > 0) {
        let glyph = theme.pick(segment.glyphs.0, segment.glyphs.1);
        let text = format!("{glyph} {} {}", segment.name, whole_percent_of(part, whole));
        legend.add(theme, "  ", (segment.style, text));
    }
    let mut lines = legend.lines();
    lines.push(bar(&parts, theme));
    lines
}

fn bar(parts: &[u64], theme: &Theme) -> Line {
    /// A longer one says no more.
    const LONGEST: usize = 118;
    let cells = theme.width.saturating_sub(2).min(LONGEST);
    let mut line = Line::new(Style::Plain, " ");
    for (segment, cells) in SEGMENTS.iter().zip(at_least_one(parts, cells as u64)) {
        let glyph = theme.pick(segment.glyphs.0, segment.glyphs.1);
        line.push(segment.style, glyph.repeat(usize::try_from(cells).unwrap_or_default()));
    }
    line
}

/// Cells in proportion, with one at least for what is there at all; the largest part gives it.
fn at_least_one(parts: &[u64], cells: u64) -> Vec<u64> {
    let mut split = apportion(parts, cells);
    for i in 0..split.len() {
        let missing = split.get(i) == Some(&0) && parts.get(i).is_some_and(|&part| part > 0);
        let largest = split.iter_mut().max_by_key(|cells| **cells).filter(|cells| **cells > 1);
        if let Some(largest) = largest.filter(|_| missing) {
            *largest -= 1;
            if let Some(own) = split.get_mut(i) {
                *own = 1;
            }
        }
    }
    split
}
