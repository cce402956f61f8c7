//! Today's size and its alternatives as text.

use super::paint::{Flow, Line, Style, Theme};
use super::table::{Column, Table};
use super::{Length, Terminal, head, prefixes};
use crate::report::units::{Bytes, Count, Tally};
use crate::report::{By, Instance, Measure, Report, Side, WhatIf, WhatIfRow, escape};
use std::io::{self, Write};

/// Where text begins behind a label.
const INDENT: usize = 11;
/// Patterns or prefixes unless the user says so.
const ROWS: usize = 15;

impl Terminal {
    /// Writes what else it may be. The head is that of `report`, which is today's.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn whatif(
        &self,
        report: &Report,
        (whatif, by): (&WhatIf, By),
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let theme = Theme { width: self.width, color: self.color, drawing: self.drawing };
        let rows = match self.length {
            Length::Screen => ROWS,
            Length::Top(n) | Length::Full(n) => n,
        };
        let blocks = [
            head::above(report, &theme),
            sentences(whatif, &theme),
            table(whatif, (by, rows), &theme),
            unknown(whatif, &theme),
        ];
        for line in blocks.join(&Line::default()) {
            line.write(&theme, out)?;
        }
        Ok(())
    }
}

/// What each alternative comes to, in a sentence.
fn sentences(whatif: &WhatIf, theme: &Theme) -> Vec<Line> {
    let mut flow = Flow::new(Line::new(Style::Bold, "What if"), INDENT);
    let today = whatif.today.bytes();
    let letters = letters(whatif);
    for (i, side) in whatif.alternatives.iter().enumerate() {
        if letters {
            flow.add(theme, "", (Style::Bold, format!("{} ", letter(i))));
        }
        let bytes = side.bytes();
        let style = match bytes {
            _ if bytes.0 < today.0 => Style::Good,
            _ if bytes.0 > today.0 => Style::Warn,
            _ => Style::Plain,
        };
        flow.words(theme, Style::Bold, &format!("{}:", side.name));
        flow.words(theme, style, &format!("{bytes} instead of {today}"));
        flow.words(theme, style, &format!("({})", change(bytes, today)));
        flow.end_line();
    }
    let Side { server, allocator, settings, .. } = &whatif.today;
    let settings = match settings.len() {
        0 => "default limits".to_owned(),
        1 => "a setting of its own".to_owned(),
        n => format!("{n} settings of its own"),
    };
    let what = match (&whatif.today.instance, whatif.sizes) {
        (Some(_), _) => "",
        (None, Measure::Allocated) => "; these are the keys alone",
        (None, Measure::Reported) => "; these are the keys alone, as MEMORY USAGE reports them",
    };
    let today =
        format!("today is {server} with {allocator} and {settings} (see --today-server){what}");
    flow.words(theme, Style::Dim, &today);
    flow.lines()
}

/// Whether alternatives are told apart by letters, because their servers do not.
fn letters(whatif: &WhatIf) -> bool {
    let servers = whatif.alternatives.iter().map(|side| &side.server);
    let mut servers: Vec<&String> = servers.chain([&whatif.today.server]).collect();
    servers.sort();
    servers.dedup();
    servers.len() <= whatif.alternatives.len()
}

fn letter(i: usize) -> char {
    ['A', 'B', 'C'].get(i).copied().unwrap_or('?')
}

/// How much more or less `to` is than `from`, in percent.
fn change(to: Bytes, from: Bytes) -> String {
    if to == from || from.0 == 0 {
        return if to == from { "0 %".to_owned() } else { "new".to_owned() };
    }
    let (sign, difference) = match to.0.checked_sub(from.0) {
        Some(more) => ("+", more),
        None => ("-", from.0 - to.0),
    };
    let tenths = u128::from(difference) * 1000 + u128::from(from.0) / 2;
    let tenths = tenths / u128::from(from.0);
    match tenths {
        0 => format!("{sign}0.0 %"),
        1..100 => format!("{sign}{}.{} %", tenths / 10, tenths % 10),
        _ => format!("{sign}{} %", (tenths + 5) / 10),
    }
}

fn table(whatif: &WhatIf, (by, rows): (By, usize), theme: &Theme) -> Vec<Line> {
    let letters = letters(whatif);
    let title = |(i, side): (usize, &Side)| {
        if letters { letter(i).to_string() } else { side.server.clone() }
    };
    let first = if whatif.today.instance.is_some() { "Memory" } else { "Keys" };
    let columns = [Column::name(first), Column::figure("today")].into_iter();
    let others = whatif.alternatives.iter().enumerate().map(title).map(Column::figure);
    let mut table = Table::new(columns.chain(others).collect::<Vec<_>>());
    let sides = || std::iter::once(&whatif.today).chain(&whatif.alternatives);
    if whatif.today.instance.is_some() {
        let parts = |instance: &Instance| {
            let Instance { keys_bytes, tables_bytes, startup_bytes, functions_bytes, .. } =
                instance;
            [*keys_bytes, *tables_bytes, *startup_bytes, *functions_bytes]
        };
        for (i, name) in ["keys", "tables", "start-up", "functions"].into_iter().enumerate() {
            let part = |side: &Side| side.instance.as_ref().map(parts)?.get(i).copied();
            let bytes: Vec<Bytes> = sides().map(|side| part(side).unwrap_or_default()).collect();
            if bytes.iter().any(|bytes| bytes.0 > 0) {
                table.row(Style::Plain, cells(name.to_owned(), &bytes));
            }
        }
    }
    let totals: Vec<Bytes> = sides().map(Side::bytes).collect();
    table.row(Style::Bold, cells("total".to_owned(), &totals));
    section(&mut table, "Types", &whatif.types, usize::MAX, theme);
    match by {
        By::Pattern => section(&mut table, "Patterns", &whatif.patterns, rows, theme),
        By::Prefix => tree(&mut table, whatif, rows, theme),
    }
    table.lines(theme)
}

/// A heading, the first `rows` rows, and one for all others.
fn section(table: &mut Table, title: &str, list: &[WhatIfRow], rows: usize, theme: &Theme) {
    if list.is_empty() {
        return;
    }
    table.row(Style::Plain, Vec::new());
    table.row(Style::Bold, vec![title.to_owned()]);
    let named = list.iter().filter(|row| row.more.is_none()).count();
    let (shown, others) = list.split_at(rows.min(named));
    for row in shown {
        let name = escape::terminal(row.name.as_bytes(), theme.charset());
        table.row(Style::Plain, cells(name, &bytes_of(row)));
    }
    let rest = others.iter().map(bytes_of).reduce(|mut sum, row| {
        for (mine, theirs) in sum.iter_mut().zip(row) {
            mine.0 = mine.0.saturating_add(theirs.0);
        }
        sum
    });
    if let Some(bytes) = rest {
        let count: u64 = others.iter().map(|row| row.more.map_or(1, |more| more.0)).sum();
        let name = format!("{} {} more", theme.ellipsis(), Count(count).short());
        table.row(Style::Dim, cells(name, &bytes));
    }
}

/// A heading, and the heaviest prefixes as a tree of at most `rows` lines.
fn tree(table: &mut Table, whatif: &WhatIf, rows: usize, theme: &Theme) {
    let all = Tally::new(whatif.keys.0, whatif.today.keys_bytes.0);
    let nodes = prefixes::nodes(whatif.prefixes.iter().map(|prefix| &prefix.row), all);
    if nodes.is_empty() {
        return;
    }
    table.row(Style::Plain, Vec::new());
    table.row(Style::Bold, vec!["Prefixes".to_owned()]);
    let (shown, others) = prefixes::chosen(&nodes, all, rows);
    let sides = std::iter::once(&whatif.today).chain(&whatif.alternatives);
    let mut rest: Vec<Bytes> = sides.map(|side| side.keys_bytes).collect();
    for (i, node) in shown.iter().enumerate() {
        let others = whatif.prefixes.get(node.place).map(|prefix| prefix.alternatives.as_slice());
        let bytes = [&[node.row.all.bytes], others.unwrap_or_default()].concat();
        for (rest, bytes) in rest.iter_mut().zip(&bytes).filter(|_| node.parent.is_none()) {
            rest.0 = rest.0.saturating_sub(bytes.0);
        }
        table.row(Style::Plain, cells(prefixes::label(&shown, i, theme), &bytes));
    }
    if others.keys.0 > 0 {
        table.row(Style::Dim, cells(prefixes::others(theme), &rest));
    }
}

fn bytes_of(row: &WhatIfRow) -> Vec<Bytes> {
    std::iter::once(row.bytes).chain(row.alternatives.iter().copied()).collect()
}

fn cells(name: String, bytes: &[Bytes]) -> Vec<String> {
    let Some((today, others)) = bytes.split_first() else { return vec![name] };
    let other = |bytes: &Bytes| format!("{bytes} {:>6}", change(*bytes, *today));
    [name, today.to_string()].into_iter().chain(others.iter().map(other)).collect()
}

fn unknown(whatif: &WhatIf, theme: &Theme) -> Vec<Line> {
    let mut flow = Flow::new(Line::new(Style::Bold, "Not known"), INDENT);
    for note in &whatif.unknown {
        let style = if note.about == "load" { Style::Warn } else { Style::Plain };
        flow.words(theme, style, &note.text);
        flow.end_line();
    }
    flow.lines()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_as_exact_as_it_is_small() {
        let of = |to, from| change(Bytes(to), Bytes(from));
        assert_eq!(of(790, 1000), "-21 %");
        assert_eq!(of(1033, 1000), "+3.3 %");
        assert_eq!(of(1000, 1000), "0 %");
        assert_eq!(of(99_999, 100_000), "-0.0 %");
        assert_eq!(of(3000, 1000), "+200 %");
        assert_eq!(of(900, 1000), "-10 %");
        assert_eq!((of(0, 0), of(5, 0)), ("0 %".to_owned(), "new".to_owned()));
    }
}
