//! What to do first.

use super::paint::{Drawing, Flow, Line, Style, Theme};
use crate::findings::{Confidence, Saving};
use crate::report::findings::text;
use crate::report::{FindingRow, Report, escape};

/// Where text begins behind the bytes.
const INDENT: usize = 11;
/// How many stand on the first screen.
const FIRST: usize = 3;

/// The first ones, two lines each: what was seen, and what to do.
pub(super) fn first(report: &Report, theme: &Theme) -> Vec<Line> {
    let shown = report.findings.iter().filter(|row| row.bytes.0 > 0).take(FIRST);
    let mut lines: Vec<Line> = shown.flat_map(|row| two(row, theme)).collect();
    if lines.is_empty() {
        return lines;
    }
    let mut heading = Line::new(Style::Bold, "Findings");
    let more = report.findings.len().saturating_sub(lines.len() / 2);
    if more > 0 {
        heading.push(Style::Dim, format!("   {more} more with --full"));
    }
    lines.insert(0, heading);
    lines
}

fn two(row: &FindingRow, theme: &Theme) -> [Line; 2] {
    let charset = theme.charset();
    let label = format!(" {:<width$}", row.bytes, width = INDENT - 1);
    let mut seen = Line::new(Style::Bold, label);
    seen.push(Style::Plain, text(&row.seen, charset));
    let advice = text(&row.advice, charset);
    let arrow = theme.pick("→", ">");
    let advice = Line::new(Style::Dim, format!("{:INDENT$}{arrow} {advice}", ""));
    [seen, advice]
}

/// All of them, with what becomes of the bytes and the lines to paste.
pub(super) fn all(report: &Report, most: usize, theme: &Theme) -> Vec<Line> {
    let mut lines = Vec::new();
    if report.findings.is_empty() && report.silenced.is_empty() {
        return lines;
    }
    let mut heading = Line::new(Style::Bold, "All findings");
    heading.push(Style::Dim, "   they overlap; more on each with rdblens explain ID");
    lines.push(heading);
    for row in report.findings.iter().take(most) {
        lines.extend(whole(row, theme));
    }
    let hidden = report.findings.len().saturating_sub(most);
    if hidden > 0 {
        lines.push(Line::new(Style::Dim, format!(" {} {hidden} more", theme.ellipsis())));
    }
    for row in &report.silenced {
        let reason = escape::terminal(row.reason.as_bytes(), theme.charset());
        let (id, seen) = (row.finding.id.name(), text(&row.finding.seen, theme.charset()));
        lines.push(Line::new(Style::Dim, format!(" silenced   {id}: {seen} ({reason})")));
    }
    lines
}

fn whole(row: &FindingRow, theme: &Theme) -> Vec<Line> {
    let charset = theme.charset();
    let label = Line::new(Style::Bold, format!(" {}", row.bytes));
    let mut flow = Flow::new(label, INDENT);
    flow.words(theme, Style::Plain, &text(&row.seen, charset));
    flow.end_line();
    let arrow = theme.pick("→", ">");
    flow.words(theme, Style::Plain, &format!("{arrow} {}", text(&row.advice, charset)));
    flow.end_line();
    let becomes = match row.saving {
        Saving::Freed => "freed when it is done",
        Saving::Smaller => "less for the same data",
        Saving::Spread => "nothing is freed by it",
    };
    let sure = match row.confidence {
        Confidence::Exact => "exact",
        Confidence::Modelled => "modelled",
        Confidence::Sampled => "sampled",
    };
    flow.words(theme, Style::Dim, &format!("{}: {becomes}; {sure}", row.id.name()));
    let mut lines = flow.lines();
    // lines to paste must not be broken: the terminal does that, and knows that it did
    lines.extend(row.commands.iter().map(|command| {
        // they are made of visible signs only, and stand as they are typed
        let text = match theme.drawing {
            Drawing::Ascii if !command.is_ascii() => escape::terminal(command.as_bytes(), charset),
            _ => command.clone(),
        };
        Line::new(Style::Verbatim, format!("   {text}"))
    }));
    lines
}
