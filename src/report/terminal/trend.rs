//! A trend as text.

use super::Terminal;
use super::paint::{Flow, Line, Style, Theme};
use super::table::{Column, Table};
use crate::report::trend::{Trend, TrendRow};
use crate::report::units::{Bytes, Millis, Tally};
use crate::report::{Length, escape, time};
use std::io::{self, Write};

/// Columns of a sparkline.
const SPARK: usize = 14;
/// Rows unless the user says so.
const ROWS: usize = 15;
const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII_LEVELS: [&str; 8] = ["_", ".", ":", "-", "=", "+", "*", "#"];
const INDENT: usize = 11;

impl Terminal {
    /// Writes a trend.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn trend(&self, trend: &Trend, out: &mut dyn Write) -> io::Result<()> {
        let theme = Theme { width: self.width, color: self.color, drawing: self.drawing };
        let rows = match self.length {
            Length::Screen => ROWS,
            Length::Top(n) | Length::Full(n) => n,
        };
        let blocks = [head(trend, &theme), memory(trend, &theme), table(trend, rows, &theme)];
        for line in blocks.join(&Line::default()) {
            line.write(&theme, out)?;
        }
        Ok(())
    }
}

fn head(trend: &Trend, theme: &Theme) -> Vec<Line> {
    let count = trend.snapshots.len();
    let mut flow = Flow::new(Line::new(Style::Bold, "Trend"), INDENT);
    let mut say = |text: String| flow.add(theme, ", ", (Style::Plain, text));
    say(format!("{count} snapshots"));
    if let (Some(first), Some(last)) = (trend.snapshots.first(), trend.snapshots.last()) {
        let span = Millis(last.ctime_ms.0.saturating_sub(first.ctime_ms.0)).span();
        say(format!("{} to {} ({span})", time::utc(first.ctime_ms), time::utc(last.ctime_ms)));
    }
    flow.end_line();
    flow.words(theme, Style::Plain, &format!("sized as {}", trend.profile));
    flow.end_line();
    for gap in &trend.gaps {
        let span = Millis(gap.to_ms.0.saturating_sub(gap.from_ms.0)).span();
        let text = format!("no snapshot from {} for {span}", time::utc(gap.from_ms));
        flow.words(theme, Style::Warn, &text);
        flow.end_line();
    }
    if !trend.left_out.is_empty() {
        let text = format!("{} more left out, see standard error", trend.left_out.len());
        flow.words(theme, Style::Warn, &text);
    }
    flow.lines()
}

fn memory(trend: &Trend, theme: &Theme) -> Vec<Line> {
    let course = &trend.memory;
    let mut flow = Flow::new(Line::new(Style::Bold, "Memory"), INDENT);
    let what = match course.measure {
        "used_mem" => "as the server counted",
        "total_bytes" => "of the server as a whole",
        _ => "of all keys",
    };
    flow.add(theme, "  ", (Style::Bold, course.last.to_string()));
    let pace = format!("{what}, {} a day", signed(course.bytes_per_day));
    flow.words(theme, Style::Plain, &pace);
    flow.end_line();
    if let Some(limit) = course.maxmemory {
        let (style, text) = match (course.state, course.full_at_ms) {
            (Some("over"), _) => (Style::Alarm, format!("over {limit} already")),
            (_, Some(at)) => {
                let newest = trend.snapshots.last().map_or(at, |point| point.ctime_ms);
                let left = Millis(at.0.saturating_sub(newest.0)).span();
                let text =
                    format!("{limit} are full {}, {left} after the last snapshot", time::utc(at));
                (Style::Warn, text)
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

fn table(trend: &Trend, rows: usize, theme: &Theme) -> Vec<Line> {
    let mut table = Table::new([
        Column::name("Patterns"),
        Column::figure("first").importance(2),
        Column::figure("last"),
        Column::figure("change").importance(3),
        Column::figure("a day"),
        Column::figure("keys a day").importance(1),
        Column::text("over time").importance(4),
    ]);
    let named = trend.patterns.iter().filter(|row| row.more.is_none()).count();
    let shown = rows.min(named);
    let spark = Spark::of(trend, theme);
    for row in trend.patterns.iter().take(shown) {
        let name = escape::terminal(row.pattern.as_bytes(), theme.charset());
        table.row(Style::Plain, cells(name, row, &spark));
    }
    let others: Vec<&TrendRow> = trend.patterns.iter().skip(shown).collect();
    if !others.is_empty() {
        let count: u64 = others.iter().map(|row| row.more.map_or(1, |more| more.0)).sum();
        let name = format!("{} {count} more", theme.ellipsis());
        table.row(Style::Dim, cells(name, &sum(&others), &spark));
    }
    table.row(Style::Bold, cells("all keys".to_owned(), &trend.totals, &spark));
    table.lines(theme)
}

/// Several rows as one. Slopes add up, but for rounding.
fn sum(rows: &[&TrendRow]) -> TrendRow {
    let mut sum = TrendRow::default();
    for row in rows {
        sum.first += row.first;
        sum.last += row.last;
        sum.change_bytes = sum.change_bytes.saturating_add(row.change_bytes);
        sum.bytes_per_day = sum.bytes_per_day.saturating_add(row.bytes_per_day);
        sum.keys_per_day = sum.keys_per_day.saturating_add(row.keys_per_day);
        sum.points.resize(row.points.len().max(sum.points.len()), Tally::default());
        sum.points.iter_mut().zip(&row.points).for_each(|(sum, point)| *sum += *point);
    }
    sum
}

fn cells(name: String, row: &TrendRow, spark: &Spark) -> Vec<String> {
    vec![
        name,
        row.first.bytes.to_string(),
        row.last.bytes.to_string(),
        signed(row.change_bytes),
        signed(row.bytes_per_day),
        format!("{}{}", sign(row.keys_per_day), row.keys_per_day.unsigned_abs()),
        spark.line(&row.points),
    ]
}

const fn sign(n: i64) -> &'static str {
    match n {
        0 => "",
        1.. => "+",
        _ => "-",
    }
}

fn signed(bytes: i64) -> String {
    format!("{}{}", sign(bytes), Bytes(bytes.unsigned_abs()))
}

/// Small bars from zero up, one for each stretch of time; none where there is no snapshot.
struct Spark {
    /// The stretch of each snapshot.
    places: Vec<usize>,
    levels: [&'static str; 8],
}

impl Spark {
    fn of(trend: &Trend, theme: &Theme) -> Self {
        let times = || trend.snapshots.iter().map(|point| i128::from(point.ctime_ms.0));
        let (first, last) = (times().min().unwrap_or_default(), times().max().unwrap_or_default());
        let columns = SPARK.min(trend.snapshots.len()).max(1);
        let place = |time: i128| {
            let share = (time - first) * (columns as i128) / (last - first + 1);
            usize::try_from(share).unwrap_or_default()
        };
        let levels = match theme.pick("utf8", "ascii") {
            "utf8" => LEVELS,
            _ => ASCII_LEVELS,
        };
        Self { places: times().map(place).collect(), levels }
    }

    fn line(&self, points: &[Tally]) -> String {
        let mut columns: Vec<Option<u64>> = Vec::new();
        for (place, point) in self.places.iter().zip(points) {
            columns.resize(columns.len().max(place + 1), None);
            if let Some(column) = columns.get_mut(*place) {
                // of several snapshots in a stretch the last one is shown
                *column = Some(point.bytes.0);
            }
        }
        let most = columns.iter().flatten().copied().max().unwrap_or_default().max(1);
        let sign = |bytes: u64| {
            let level = u128::from(bytes) * 7 / u128::from(most);
            usize::try_from(level).ok().and_then(|level| self.levels.get(level)).copied()
        };
        columns.into_iter().map(|column| column.and_then(sign).unwrap_or(" ")).collect()
    }
}
