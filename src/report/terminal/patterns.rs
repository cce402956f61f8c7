//! The heaviest patterns, and those whose keys live longer than they should.

use super::lists::overhead;
use super::paint::{Flow, Line, Style, Theme};
use super::table::{Column, Table};
use crate::report::units::{apportion, percent, whole_percent_of};
use crate::report::{
    Bytes, Count, Lifetime, Millis, PatternRow, Percentiles, Report, TtlLeak, TtlLeakRow, Usage,
    escape,
};

/// How many lines the table could fill under its heading.
pub(super) fn available(report: &Report) -> usize {
    report.patterns.len()
}

/// The heading and at most `rows` lines: the heaviest patterns, and a row for all others.
pub(super) fn lines(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let mut table = Table::new([
        Column::name("Patterns"),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::figure("%"),
        Column::figure("no TTL").importance(5),
        Column::figure("24 h").importance(3),
        Column::figure("7 d").importance(2),
        Column::figure("later").importance(2),
        Column::figure("elements").importance(1),
        Column::text("type").importance(4),
    ]);
    let (shown, others) = shown(report, rows);
    let mut parts: Vec<u64> = shown.iter().map(|row| row.all.bytes.0).collect();
    parts.extend(others.as_ref().map(|row| row.all.bytes.0));
    let mut shares = apportion(&parts, 1000).into_iter();
    let whole = report.totals.all.bytes.0;
    for row in shown {
        let share = percent(shares.next().unwrap_or_default(), row.all.bytes.0, whole);
        let name = escape::terminal(row.pattern.as_bytes(), theme.charset());
        table.row(Style::Plain, cells(name, row, share));
    }
    if let Some(row) = others {
        let share = percent(shares.next().unwrap_or_default(), row.all.bytes.0, whole);
        let more = row.more.unwrap_or_default().short();
        table.row(Style::Dim, cells(format!("{} {more} more", theme.ellipsis()), &row, share));
    }
    table.lines(theme)
}

/// The rows that are shown, and what is left.
fn shown(report: &Report, rows: usize) -> (&[PatternRow], Option<PatternRow>) {
    let named = report.patterns.iter().filter(|row| row.more.is_none()).count();
    let has_rest = named < report.patterns.len();
    let whole = if has_rest || named > rows { rows.saturating_sub(1) } else { rows };
    let (shown, others) = report.patterns.split_at(whole.min(named));
    let sum = others.iter().cloned().reduce(|mut sum, row| {
        let patterns = |row: &PatternRow| row.more.map_or(1, |more| more.0);
        sum.more = Some(Count(patterns(&sum) + patterns(&row)));
        sum.all += row.all;
        sum.no_ttl += row.no_ttl;
        sum.elements.0 = sum.elements.0.saturating_add(row.elements.0);
        for (mine, theirs) in sum.lifetimes.iter_mut().zip(&row.lifetimes) {
            mine.all += theirs.all;
        }
        sum
    });
    let others =
        sum.map(|row| PatternRow { more: row.more.or(Some(Count(1))), types: Vec::new(), ..row });
    (shown, others)
}

fn cells(name: String, row: &PatternRow, share: String) -> Vec<String> {
    let within = |wanted: &[Lifetime]| {
        let lives = row.lifetimes.iter().filter(|life| wanted.contains(&life.within));
        let bytes: u64 = lives.map(|life| life.all.bytes.0).sum();
        if bytes == 0 { String::new() } else { whole_percent_of(bytes, row.all.bytes.0) }
    };
    let day =
        [Lifetime::Expired, Lifetime::Hour, Lifetime::Hours4, Lifetime::Hours12, Lifetime::Day];
    vec![
        name,
        row.all.keys.short(),
        row.all.bytes.to_string(),
        share,
        whole_percent_of(row.no_ttl.bytes.0, row.all.bytes.0),
        within(&day),
        within(&[Lifetime::Week]),
        within(&[Lifetime::Month, Lifetime::Later]),
        if row.elements.0 > 0 { row.elements.short() } else { String::new() },
        types(row),
    ]
}

/// The type with the most bytes, and how many others there are.
fn types(row: &PatternRow) -> String {
    match row.types.as_slice() {
        [] => String::new(),
        [only] => only.name.to_owned(),
        [first, others @ ..] => format!("{} +{}", first.name, others.len()),
    }
}

/// How large the keys of each pattern are, and what is paid beside what was put into them.
pub(super) fn sizes(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let mut table = Table::new([
        Column::name("Sizes of keys"),
        Column::figure("keys").importance(2),
        Column::figure("p50"),
        Column::figure("p99"),
        Column::figure("max"),
        Column::figure("elements p50").importance(4),
        Column::figure("p99").importance(1),
        Column::figure("max").importance(3),
        Column::figure("largest element").importance(5),
        Column::figure("overhead"),
    ]);
    // an older summary has nothing of all this
    let is_known = |row: &PatternRow| row.bytes_each.is_some() || row.data.bytes.is_some();
    if !report.patterns.iter().any(is_known) {
        return Vec::new();
    }
    for row in report.patterns.iter().take(rows) {
        let style = if row.more.is_some() { Style::Dim } else { Style::Plain };
        table.row(style, size_cells(row, theme));
    }
    table.lines(theme)
}

fn size_cells(row: &PatternRow, theme: &Theme) -> Vec<String> {
    let name = match row.more {
        Some(more) => format!("{} {} more", theme.ellipsis(), more.short()),
        None => escape::terminal(row.pattern.as_bytes(), theme.charset()),
    };
    let figures = |each: Option<Percentiles>, show: fn(u64) -> String| {
        each.map_or_else(Default::default, |each| [each.p50, each.p99, each.max].map(show))
    };
    let [p50, p99, max] = figures(row.bytes_each, |bytes| Bytes(bytes).to_string());
    let [half, most, all] = figures(row.elements_each, |n| Count(n).short());
    let overhead = overhead(row.data, row.all.bytes);
    let element = row.largest_element.map_or_else(String::new, |bytes| bytes.to_string());
    vec![name, row.all.keys.short(), p50, p99, max, half, most, all, element, overhead]
}

/// How many patterns there are with keys that never expire, among those that are told.
pub(super) fn leaks(report: &Report) -> usize {
    report.ttl_leaks.iter().filter(|row| row.kind != TtlLeak::Absurd).count()
}

/// The patterns with the most bytes that never expire; one that mostly does is among them.
pub(super) fn never(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let mut table = Table::new([
        Column::name(format!("Never expire: {}", report.ttl.never.bytes)),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::text("of the pattern"),
        Column::text("such as").importance(1),
    ]);
    let all = || report.ttl_leaks.iter().filter(|row| row.kind != TtlLeak::Absurd);
    let mut shown: Vec<&TtlLeakRow> = all().take(rows).collect();
    let leak = all().find(|row| row.kind == TtlLeak::Leak);
    if let (Some(leak), Some(last)) = (leak, shown.last_mut())
        && last.kind != TtlLeak::Leak
        && all().take(rows).all(|row| row.kind != TtlLeak::Leak)
    {
        *last = leak;
    }
    for row in shown {
        let name = escape::terminal(row.pattern.as_bytes(), theme.charset());
        let share = match row.kind {
            TtlLeak::Leak => {
                format!("{} of keys: a leak", whole_percent_of(row.keys.keys.0, row.all.keys.0))
            }
            _ => "all".to_owned(),
        };
        let sample = row.samples.first().map(|key| escape::terminal(&key.0, theme.charset()));
        let (keys, bytes) = (row.keys.keys.short(), row.keys.bytes.to_string());
        table.row(Style::Plain, [name, keys, bytes, share, sample.unwrap_or_default()]);
    }
    table.lines(theme)
}

/// TTLs that are longer than a year.
pub(super) fn absurd(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    let all = || report.ttl_leaks.iter().filter(|row| row.kind == TtlLeak::Absurd);
    if all().next().is_none() {
        return Vec::new();
    }
    let mut table = Table::new([
        Column::name("Expire in more than a year"),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::figure("of the pattern"),
    ]);
    for row in all().take(rows) {
        let name = escape::terminal(row.pattern.as_bytes(), theme.charset());
        let share = whole_percent_of(row.keys.bytes.0, row.all.bytes.0);
        table.row(Style::Plain, [name, row.keys.keys.short(), row.keys.bytes.to_string(), share]);
    }
    table.lines(theme)
}

/// How keys are used, or why nobody knows.
pub(super) fn usage(report: &Report, rows: usize, theme: &Theme) -> Vec<Line> {
    if report.totals.all.keys.0 == 0 {
        return Vec::new();
    }
    let Some(all) = &report.usage else {
        let mut flow = Flow::new(Line::new(Style::Bold, "Use"), 11);
        for phrase in [
            "not in this snapshot:",
            "a server writes idle times with maxmemory-policy",
            "allkeys-lru or volatile-lru,",
            "and counters of use with",
            "allkeys-lfu or volatile-lfu",
        ] {
            flow.add(theme, " ", (Style::Dim, phrase.to_owned()));
        }
        return flow.lines();
    };
    let mut lines = vec![overall(all)];
    let mut used: Vec<(&PatternRow, &Usage)> = report
        .patterns
        .iter()
        .filter(|row| row.more.is_none())
        .filter_map(|row| Some((row, row.usage.as_ref()?)))
        .collect();
    let coldness = |usage: &Usage| {
        let freq = usage.mean_freq_percent.map_or(0, |freq| u64::MAX - freq);
        (usage.mean_idle_s.unwrap_or_default(), freq)
    };
    used.sort_by_key(|(_, usage)| std::cmp::Reverse(coldness(usage)));
    let mut table = Table::new([
        Column::name("Coldest patterns first"),
        Column::figure("keys"),
        Column::figure("bytes"),
        Column::figure("mean idle"),
        Column::figure("mean counter"),
    ]);
    // the coldest and the hottest, where not all are shown
    let hidden = used.len().saturating_sub(rows);
    let cold = if hidden == 0 { used.len() } else { rows.div_ceil(2) };
    for (place, (row, usage)) in used.iter().enumerate() {
        if place < cold || place >= cold + hidden {
            let name = escape::terminal(row.pattern.as_bytes(), theme.charset());
            let (keys, bytes) = (row.all.keys.short(), row.all.bytes.to_string());
            let idle = usage.mean_idle_s.map(span).unwrap_or_default();
            let freq = usage.mean_freq_percent.map(hundredths).unwrap_or_default();
            table.row(Style::Plain, [name, keys, bytes, idle, freq]);
        }
    }
    lines.extend(table.lines(theme));
    lines
}

fn overall(all: &Usage) -> Line {
    let mut line = Line::new(Style::Bold, "Use        ");
    if all.timed.keys.0 > 0 {
        let part = |bytes: Bytes| whole_percent_of(bytes.0, all.timed.bytes.0);
        let text = format!(
            "idle for 1 d {}, 7 d {}, 30 d {} of bytes",
            part(all.idle_1d.bytes),
            part(all.idle_7d.bytes),
            part(all.idle_30d.bytes)
        );
        line.push(Style::Plain, text);
    }
    if let Some(freq) = all.mean_freq_percent {
        let cold = whole_percent_of(all.cold.bytes.0, all.counted.bytes.0);
        let text = format!("mean LFU counter {}, {cold} of bytes hardly used", hundredths(freq));
        line.push(Style::Plain, text);
    }
    line
}

fn span(seconds: u64) -> String {
    Millis(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX)).span()
}

fn hundredths(n: u64) -> String {
    format!("{}.{:02}", n / 100, n % 100)
}

/// Fields of hashes that have TTLs of their own.
pub(super) fn fields(report: &Report, theme: &Theme) -> Vec<Line> {
    let Some(found) = &report.field_ttls else { return Vec::new() };
    let mut flow = Flow::new(Line::new(Style::Bold, "Field TTLs"), 11);
    let (fields, hashes) = (found.fields.short(), found.hashes.keys.short());
    flow.add(theme, "  ", (Style::Plain, format!("{fields} fields in {hashes} hashes:")));
    for life in found.lifetimes.iter().filter(|life| life.fields.0 > 0) {
        let share = whole_percent_of(life.fields.0, found.fields.0);
        flow.add(theme, "  ", (Style::Plain, format!("{} {share}", life.within.name())));
    }
    flow.lines()
}
