//! Several snapshots beside each other: which of them is heavy, and what makes it so.

use super::paint::{Line, Style, Theme};
use super::table::{Column, Table};
use crate::report::units::whole_percent_of;
use crate::report::{Report, ShardRow, escape, time};

/// The snapshots, the heaviest first.
pub(super) fn lines(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let title = format!("Snapshots: {}", report.shards.len());
    let mut table = Table::new([
        Column::name(title),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::figure("to mean"),
        Column::figure("no TTL").importance(2),
        Column::text("heaviest pattern").importance(4),
        Column::figure("has").importance(3),
        Column::text("heaviest slots").importance(2),
        Column::text("taken").importance(1),
    ]);
    for row in report.shards.iter().take(rows) {
        let style = if row.fault.is_some() { Style::Alarm } else { Style::Plain };
        table.row(style, cells(row, theme));
    }
    table.lines(theme)
}

fn cells(row: &ShardRow, theme: &Theme) -> Vec<String> {
    let path = &row.path.0;
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    let mut name = escape::terminal(name, theme.charset());
    if row.fault.is_some() {
        name.push_str(" (INCOMPLETE)");
    }
    let bytes = row.all.bytes;
    vec![
        name,
        row.all.keys.short(),
        bytes.to_string(),
        skew(row),
        whole_percent_of(row.no_ttl.bytes.0, bytes.0),
        row.heaviest_pattern
            .as_ref()
            .map_or_else(String::new, |name| escape::terminal(name.as_bytes(), theme.charset())),
        row.heaviest_bytes
            .map_or_else(String::new, |heaviest| whole_percent_of(heaviest.0, bytes.0)),
        slots(row),
        row.ctime_ms.map_or_else(String::new, time::utc),
    ]
}

fn slots(row: &ShardRow) -> String {
    let slots: Vec<String> = row.heaviest_slots.iter().map(|slot| slot.slot.to_string()).collect();
    slots.join(" ")
}

/// How much more than the mean, in whole per cent.
fn skew(row: &ShardRow) -> String {
    let mean = row.all.bytes.0.cast_signed().saturating_sub(row.above_mean_bytes);
    let above = i128::from(row.above_mean_bytes) * 100;
    let percent = above.checked_div(i128::from(mean)).unwrap_or_default();
    format!("{percent:+} %")
}
