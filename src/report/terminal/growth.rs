//! What changed between two snapshots, as text.

use super::Terminal;
use super::paint::{Flow, Line, Style, Theme, cut, width};
use super::table::{Column, Table};
use crate::guard::{Amount, Change, Growth, Standing};
use crate::report::units::{Bytes, Count, Millis};
use crate::report::{Length, escape, signed, signed_percent, time};
use std::io::{self, Write};

/// Patterns with rows of their own unless the user says so.
const ROWS: usize = 15;
const INDENT: usize = 11;

impl Terminal {
    /// Writes what changed.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn growth(&self, growth: &Growth, out: &mut dyn Write) -> io::Result<()> {
        let theme = Theme { width: self.width, color: self.color, drawing: self.drawing };
        let rows = match self.length {
            Length::Screen => ROWS,
            Length::Top(n) | Length::Full(n) => n,
        };
        let mut blocks = vec![head(growth, &theme)];
        blocks.push(table("Patterns", &growth.patterns, rows, Some(&growth.totals), &theme));
        for (title, list) in [("Types", &growth.types), ("Databases", &growth.databases)] {
            if list.len() > 1 {
                blocks.push(table(title, list, rows, None, &theme));
            }
        }
        blocks.retain(|block| !block.is_empty());
        for line in blocks.join(&Line::default()) {
            line.write(&theme, out)?;
        }
        Ok(())
    }
}

fn head(growth: &Growth, theme: &Theme) -> Vec<Line> {
    let mut flow = Flow::new(Line::new(Style::Bold, "Growth"), INDENT);
    let span = growth.span_ms.map(|span| format!(", {} later", Millis(span).span()));
    for (word, moment, behind) in
        [("from ", &growth.old, String::new()), ("to ", &growth.new, span.unwrap_or_default())]
    {
        let time = moment.ctime_ms.map(|at| format!(", {}", time::utc(Millis(at))));
        let behind = time.unwrap_or_default() + &behind;
        let room = theme.width.saturating_sub(INDENT + word.len() + width(&behind)).max(12);
        let name = escape::terminal(&moment.name, theme.charset());
        let name = cut(&name, room, theme.ellipsis());
        flow.add(theme, "", (Style::Plain, format!("{word}{name}{behind}")));
        flow.end_line();
    }
    if growth.span_ms.is_none() {
        let text = match growth.old.ctime_ms.and(growth.new.ctime_ms) {
            Some(_) => "the new one is not later than the old one: are they swapped?",
            None => "one of them does not say when it was taken, so no pace can be told",
        };
        flow.words(theme, Style::Warn, text);
    }
    flow.end_line();
    let Change { old, new, change, bytes_per_hour, .. } = &growth.totals;
    let pace = |pace: &Option<i64>| {
        pace.map(|pace| format!(", {} an hour", signed(pace))).unwrap_or_default()
    };
    let percent = signed_percent(change.bytes, old.bytes);
    let grown = format!("{} ({percent})", signed(change.bytes));
    flow.add(theme, " ", (style(change.bytes), grown));
    let keys = format!("from {} to {}{}", Bytes(old.bytes), Bytes(new.bytes), pace(bytes_per_hour));
    flow.words(theme, Style::Plain, &keys);
    flow.end_line();
    let keys = format!(
        "{} keys, from {} to {}; {} of those that never expire",
        count(change.keys),
        Count(old.keys),
        Count(new.keys),
        count(change.no_ttl_keys)
    );
    flow.words(theme, Style::Plain, &keys);
    flow.end_line();
    let profile = escape::terminal(growth.profile.as_bytes(), theme.charset());
    flow.words(theme, Style::Dim, &format!("sized as {profile}"));
    flow.end_line();
    let mut lines = flow.lines();
    lines.extend(memory(growth, theme));
    lines
}

fn memory(growth: &Growth, theme: &Theme) -> Vec<Line> {
    let memory = &growth.memory;
    // without a limit the keys themselves say it all
    if memory.maxmemory.is_none() && memory.measure == "keys" {
        return Vec::new();
    }
    let mut flow = Flow::new(Line::new(Style::Bold, "Memory"), INDENT);
    let what = match memory.measure {
        "used_mem" => "as the server counted",
        "total_bytes" => "of the server as a whole",
        _ => "of all keys",
    };
    let pace = memory.bytes_per_hour.map(|pace| format!(", {} an hour", signed(pace)));
    let text = format!(
        "{} to {} {what}{}",
        Bytes(memory.old),
        Bytes(memory.new),
        pace.unwrap_or_default()
    );
    flow.words(theme, Style::Plain, &text);
    flow.end_line();
    if let Some(limit) = memory.maxmemory.map(Bytes) {
        let (style, text) = match (memory.state, memory.full_at_ms.zip(growth.new.ctime_ms)) {
            (Some("over"), _) => (Style::Alarm, format!("over {limit} already")),
            (_, Some((at, newest))) => {
                let left = Millis(at.saturating_sub(newest)).span();
                let at = time::utc(Millis(at));
                (Style::Warn, format!("{limit} are full {at}, {left} after the new snapshot"))
            }
            (Some("unknown"), None) => {
                (Style::Warn, format!("when {limit} are full cannot be told: no time between them"))
            }
            (state, None) => {
                let how = state.unwrap_or("steady");
                (Style::Good, format!("{limit} are not reached at this pace: it is {how}"))
            }
        };
        flow.words(theme, style, &text);
    }
    flow.lines()
}

const fn style(change: i64) -> Style {
    match change {
        0 => Style::Plain,
        1.. => Style::Warn,
        _ => Style::Good,
    }
}

/// A number of things with its sign.
fn count(n: i64) -> String {
    let sign = match n {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", Count(n.unsigned_abs()))
}

/// The rows that changed the most, in the order of growth, and what the others are together.
fn table(
    title: &'static str,
    list: &[Change],
    rows: usize,
    totals: Option<&Change>,
    theme: &Theme,
) -> Vec<Line> {
    let mut table = Table::new([
        Column::name(title),
        Column::figure("old"),
        Column::figure("new"),
        Column::figure("change"),
        Column::figure("keys"),
        Column::figure("no TTL").importance(3),
        Column::figure("a key").importance(2),
        Column::figure("an hour").importance(1),
        Column::text("").importance(4),
    ]);
    let (shown, others) = chosen(list, rows);
    for row in &shown {
        let name = escape::terminal(row.name.as_bytes(), theme.charset());
        table.row(Style::Plain, cells(name, row));
    }
    let (changed, still): (Vec<&Change>, Vec<&Change>) =
        others.into_iter().partition(|row| !row.is_still());
    for (rows, what) in [(changed, "more"), (still, "unchanged")] {
        if !rows.is_empty() {
            let name = format!("{} {} {what}", theme.ellipsis(), Count(rows.len() as u64));
            table.row(Style::Dim, cells(name, &together(&rows)));
        }
    }
    if let Some(totals) = totals {
        table.row(Style::Bold, cells("all keys".to_owned(), totals));
    }
    table.lines(theme)
}

/// The `rows` rows that changed the most, in the order of the list, and the others. What did not
/// change is shown only where there is room for all.
fn chosen(list: &[Change], rows: usize) -> (Vec<&Change>, Vec<&Change>) {
    let mut by_change: Vec<&Change> = list.iter().filter(|row| !row.is_still()).collect();
    if list.len() <= rows {
        return (list.iter().collect(), Vec::new());
    }
    // the list is in the order of growth, and the sort keeps that among equals
    by_change.sort_by_key(|row| std::cmp::Reverse(row.change.bytes.unsigned_abs()));
    by_change.truncate(rows);
    let is_shown = |row: &&Change| by_change.iter().any(|shown| std::ptr::eq(*shown, *row));
    list.iter().partition(is_shown)
}

/// Several rows as one.
fn together(rows: &[&Change]) -> Change {
    let sum = |of: fn(&Change) -> Amount| {
        rows.iter().map(|row| of(row)).fold(Amount::default(), Amount::and)
    };
    let pace: Option<Vec<i64>> = rows.iter().map(|row| row.bytes_per_hour).collect();
    let pace = pace.map(|all| all.into_iter().fold(0, i64::saturating_add));
    Change { bytes_per_hour: pace, ..Change::of(sum(|row| row.old), sum(|row| row.new)) }
}

fn cells(name: String, row: &Change) -> Vec<String> {
    vec![
        name,
        bytes(row.old),
        bytes(row.new),
        signed(row.change.bytes),
        count(row.change.keys),
        count(row.change.no_ttl_keys),
        row.new.bytes_per_key.or(row.old.bytes_per_key).map(each).unwrap_or_default(),
        row.bytes_per_hour.map(signed).unwrap_or_default(),
        match row.standing {
            Standing::New => "new",
            Standing::Gone => "gone",
            Standing::Kept => "",
        }
        .to_owned(),
    ]
}

fn each(bytes: u64) -> String {
    Bytes(bytes).to_string()
}

fn bytes(amount: Amount) -> String {
    match amount.keys {
        0 => "-".to_owned(),
        _ => Bytes(amount.bytes).to_string(),
    }
}
