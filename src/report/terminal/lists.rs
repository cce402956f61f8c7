//! The lists of the screen: types, encodings, databases, keys, what never expires.

use super::paint::{Line, Style, Theme};
use super::table::{Column, Table};
use crate::report::units::{apportion, percent, whole_percent_of};
use crate::report::{Bytes, Count, Data, KeyRow, Millis, Report, Tally, TypeRow, escape};

/// Types, the heaviest first.
pub(super) fn types(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let mut table = Table::new([
        Column::text("Types"),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::figure("%").importance(2),
        Column::figure("elements").importance(1),
        Column::figure("p50"),
        Column::figure("p99").importance(3),
        Column::figure("max"),
        Column::figure("largest element").importance(4),
        Column::figure("overhead").importance(0),
        Column::name("largest key"),
    ]);
    let bytes: Vec<u64> = report.types.iter().map(|row| row.all.bytes.0).collect();
    let shares = apportion(&bytes, 1000);
    for (row, permille) in report.types.iter().zip(shares).take(rows) {
        table.row(Style::Plain, type_cells(row, permille, report, theme));
    }
    table.lines(theme)
}

fn type_cells(row: &TypeRow, permille: u64, report: &Report, theme: &Theme) -> Vec<String> {
    let each = row.bytes_each;
    let [p50, p99, max] = [each.p50, each.p99, each.max].map(|bytes| Bytes(bytes).to_string());
    vec![
        escape::terminal(row.name.as_bytes(), theme.charset()),
        row.all.keys.short(),
        row.all.bytes.to_string(),
        percent(permille, row.all.bytes.0, report.totals.all.bytes.0),
        row.elements.short(),
        p50,
        p99,
        max,
        row.largest_element.map_or_else(String::new, |bytes| bytes.to_string()),
        overhead(row.data, row.all.bytes),
        row.largest
            .as_ref()
            .map_or_else(String::new, |key| escape::terminal(&key.key.0, theme.charset())),
    ]
}

/// What part of the bytes is not what was put into the keys.
pub(super) fn overhead(data: Data, bytes: Bytes) -> String {
    data.overhead.map_or_else(String::new, |overhead| whole_percent_of(overhead.0, bytes.0))
}

/// Types by encoding, the heaviest first.
pub(super) fn encodings(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let mut table = Table::new([
        Column::name("Encodings"),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::figure("elements"),
    ]);
    for row in report.encodings.iter().take(rows) {
        let name = format!("{} {}", row.kind, row.encoding);
        let name = escape::terminal(name.as_bytes(), theme.charset());
        let cells = [name, row.all.keys.short(), row.all.bytes.to_string(), row.elements.short()];
        table.row(Style::Plain, cells);
    }
    table.lines(theme)
}

/// Databases, by number.
pub(super) fn databases(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let mut table = Table::new([
        Column::name("Databases"),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::figure("no TTL"),
    ]);
    for row in report.databases.iter().take(rows) {
        let name = row.db.map_or_else(|| "others".to_owned(), |db| db.to_string());
        table.row(Style::Plain, tally_cells(name, row.all, row.no_ttl));
    }
    table.lines(theme)
}

fn tally_cells(name: String, all: Tally, no_ttl: Tally) -> Vec<String> {
    let share = whole_percent_of(no_ttl.bytes.0, all.bytes.0);
    vec![name, all.keys.short(), all.bytes.to_string(), share]
}

/// Cluster slots, the heaviest first.
pub(super) fn slots(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let mut table = Table::new([
        Column::name("Heaviest slots"),
        Column::figure("keys"),
        Column::figure("bytes"),
    ]);
    for row in report.slots.iter().flat_map(|slots| &slots.heaviest).take(rows) {
        let cells = [row.slot.to_string(), row.all.keys.short(), row.all.bytes.to_string()];
        table.row(Style::Plain, cells);
    }
    table.lines(theme)
}

/// Modules' types.
pub(super) fn modules(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let mut table = Table::new([
        Column::name("Modules"),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::figure("of no key, in the snapshot"),
    ]);
    for row in report.modules.iter().take(rows) {
        let name = escape::terminal(row.name.as_bytes(), theme.charset());
        let (bytes, aux) = (row.bytes.to_string(), row.aux_bytes.to_string());
        table.row(Style::Plain, [name, row.keys.short(), bytes, aux]);
    }
    table.lines(theme)
}

/// Hash tags that fill slots, the heaviest first.
pub(super) fn tags(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let mut table = Table::new([
        Column::name("Hash tags that fill a slot"),
        Column::figure("slot"),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::figure("a slot's mean"),
    ]);
    if let Some(slots) = &report.slots {
        for row in slots.tags.iter().take(rows) {
            let tag = format!("{{{}}}", escape::terminal(&row.tag.0, theme.charset()));
            let (slot, keys) = (row.slot.to_string(), row.all.keys.short());
            let (bytes, mean) = (row.all.bytes.to_string(), slots.mean_bytes.to_string());
            table.row(Style::Plain, [tag, slot, keys, bytes, mean]);
        }
    }
    table.lines(theme)
}

/// Keys, under `title`.
pub(super) fn keys(
    title: &'static str,
    keys: &[KeyRow],
    report: &Report,
    theme: &Theme,
) -> Vec<Line> {
    let mut table = Table::new([
        Column::name(title),
        Column::figure("db").importance(2),
        Column::text("type"),
        Column::text("encoding").importance(1),
        Column::figure("elements"),
        Column::figure("bytes"),
        Column::figure("expires"),
    ]);
    for row in keys {
        let name = escape::terminal(&row.key.0, theme.charset());
        let elements = row.elements.map_or_else(|| "?".to_owned(), Count::short);
        let (kind, encoding) = (row.kind.clone(), row.encoding.clone());
        let expires = expires(row.expires_at_ms, report.source.reference_ms);
        let cells =
            [name, row.db.to_string(), kind, encoding, elements, row.bytes.to_string(), expires];
        table.row(Style::Plain, cells);
    }
    table.lines(theme)
}

fn expires(at: Option<Millis>, reference: Option<Millis>) -> String {
    match (at, reference) {
        (None, _) => "never".to_owned(),
        (Some(at), None) => crate::report::time::utc(at),
        (Some(at), Some(now)) if at < now => "expired".to_owned(),
        (Some(at), Some(now)) => format!("in {}", Millis(at.0.saturating_sub(now.0)).span()),
    }
}
