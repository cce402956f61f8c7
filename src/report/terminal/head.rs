//! The top of the screen: what went wrong, what was read, and the memory as a whole.

use super::paint::{Flow, Line, Style, Theme};
use crate::report::units::{Bytes, Scale, apportion, percent_of};
use crate::report::{
    Checksum, Completeness, Count, DatabaseRow, Filters, Instance, Interruption, Measure, Report,
    Source, escape, time,
};

/// Where text begins behind a label.
const INDENT: usize = 11;

/// All of the top, without empty lines at its ends.
pub(super) fn lines(report: &Report, theme: &Theme) -> Vec<Line> {
    let mut lines = above(report, theme);
    if report.filters.is_empty() {
        lines.push(Line::default());
    }
    lines.extend(memory(report, theme));
    lines.extend(super::eviction::lines(report, theme));
    lines
}

/// What went wrong, what was read, and which keys of it count.
pub(super) fn above(report: &Report, theme: &Theme) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Completeness::Incomplete(interruption) = &report.completeness {
        lines.extend(incomplete(report, interruption, theme));
        lines.push(Line::default());
    }
    lines.extend(source(report, theme));
    if !report.filters.is_empty() {
        lines.push(Line::default());
        lines.extend(filters(&report.filters, theme));
    }
    lines
}

fn incomplete(report: &Report, interruption: &Interruption, theme: &Theme) -> Vec<Line> {
    let whole = report.source.bytes.0;
    let share = percent_of(interruption.at, whole);
    let read = if report.source.checksum == Checksum::Bad {
        format!("all {whole} bytes were read, but some of them are damaged")
    } else {
        format!("read up to byte {} of {whole} ({share} %)", interruption.at)
    };
    let label = Line::new(Style::Alarm, "INCOMPLETE");
    let mut flow = Flow::new(label, INDENT + 1);
    flow.words(theme, Style::Alarm, &format!("{read}:"));
    flow.words(theme, Style::Plain, &interruption.error);
    flow.end_line();
    if let Some(key) = &interruption.key {
        let place = if interruption.inside_key { "in the value of" } else { "after the key" };
        let key = escape::terminal(&key.0, theme.charset());
        let db = interruption.db.map_or(String::new(), |db| format!(" (database {db})"));
        flow.words(theme, Style::Plain, &format!("{place} {key}{db}"));
        flow.end_line();
    }
    if !interruption.advice.is_empty() {
        flow.words(theme, Style::Plain, &format!("try: {}", interruption.advice));
        flow.end_line();
    }
    flow.words(theme, Style::Plain, "the figures below are those of what was read");
    flow.lines()
}

fn source(report: &Report, theme: &Theme) -> Vec<Line> {
    /// A longer name has a line of its own.
    const LONGEST: usize = 24;
    let source = &report.source;
    let path = &source.path.0;
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    let name = if path == b"-" { b"(stdin)" } else { name };
    let label = Line::new(Style::Bold, escape::terminal(name, theme.charset()));
    let width = label.width();
    let indent = if width > LONGEST { INDENT } else { INDENT.max(width + 3) };
    let mut flow = Flow::new(label, indent);
    if width > LONGEST {
        flow.end_line();
    }
    let mut say = |text: String| flow.add(theme, ", ", (Style::Plain, text));
    if !source.product.is_empty() {
        say(writer(source));
    }
    say(format!("RDB {}", source.rdb_version));
    if let Some(taken) = source.ctime_ms {
        let which = if report.shards.is_empty() { "taken" } else { "the newest taken" };
        say(format!("{which} {}{}", time::utc(taken), age(source)));
    }
    flow.end_line();
    flow.add(theme, ", ", (Style::Plain, source.bytes.to_string()));
    flow.add(theme, ", ", (Style::Plain, keys(report)));
    flow.add(theme, ", ", checksum(source.checksum, !report.shards.is_empty()));
    for phrase in extras(report) {
        flow.add(theme, ", ", (Style::Plain, phrase));
    }
    flow.lines()
}

fn writer(source: &Source) -> String {
    let product = match source.product.as_str() {
        "redis" => "Redis",
        "valkey" => "Valkey",
        other => other,
    };
    let version = source.version.as_deref().map_or(String::new(), |version| {
        format!(" {}", escape::terminal(version.as_bytes(), escape::Charset::Ascii))
    });
    let bits = if source.bits == Some(32) { " (32 bits)" } else { "" };
    format!("{product}{version}{bits}")
}

fn age(source: &Source) -> String {
    match source.age_ms {
        None => String::new(),
        Some(age) if age.0 < 0 => format!(" ({} in the future)", age.span()),
        Some(age) => format!(" ({} ago)", age.span()),
    }
}

fn keys(report: &Report) -> String {
    let keys = report.totals.all.keys;
    let noun = if keys.0 == 1 { "key" } else { "keys" };
    match report.databases.as_slice() {
        [] => format!("{keys} {noun}"),
        [DatabaseRow { db: Some(db), .. }] => format!("{keys} {noun} in database {db}"),
        // all those beyond so many are the last one
        [told @ .., DatabaseRow { db: None, .. }] => {
            format!("{keys} {noun} in more than {} databases", Count(told.len() as u64))
        }
        several => format!("{keys} {noun} in {} databases", Count(several.len() as u64)),
    }
}

fn checksum(checksum: Checksum, several: bool) -> (Style, String) {
    let (style, text) = match checksum {
        Checksum::Good if several => (Style::Good, "checksums good"),
        Checksum::Good => (Style::Good, "checksum good"),
        Checksum::NotStored => (Style::Plain, "no checksum in it"),
        Checksum::Skipped => (Style::Plain, "checksum not looked at"),
        Checksum::Bad => (Style::Alarm, "CHECKSUM WRONG"),
    };
    (style, text.to_owned())
}

fn extras(report: &Report) -> Vec<String> {
    let mut phrases = Vec::new();
    if report.source.wrapper.is_some() {
        phrases.push("from a replication stream".to_owned());
    }
    if let Some(tail) = report.source.tail_bytes {
        phrases.push(format!("{tail} of commands behind it (AOF, not counted)"));
    }
    if report.functions.libraries.0 > 0 {
        phrases.push(counted(
            report.functions.libraries.0,
            "function library",
            "function libraries",
        ));
    }
    if report.templates.templates.0 > 0 {
        phrases.push(counted(report.templates.templates.0, "hash template", "hash templates"));
    }
    if let Some(slots) = &report.slots {
        phrases.push(counted(slots.used.0, "cluster slot", "cluster slots"));
    }
    phrases
}

fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", Count(n), if n == 1 { one } else { many })
}

fn filters(filters: &Filters, theme: &Theme) -> Vec<Line> {
    let mut flow = Flow::new(Line::new(Style::Warn, "Only keys"), INDENT);
    let text = |text: &str| escape::terminal(text.as_bytes(), theme.charset());
    let any = |texts: Vec<String>| texts.join(" or ");
    let mut say = |phrase: String| flow.add(theme, ", ", (Style::Warn, phrase));
    if !filters.db.is_empty() {
        say(format!("in database {}", any(filters.db.iter().map(u64::to_string).collect())));
    }
    if !filters.types.is_empty() {
        say(format!("of type {}", any(filters.types.iter().map(|t| text(t)).collect())));
    }
    if !filters.globs.is_empty() {
        say(format!("like {}", any(filters.globs.iter().map(|t| text(t)).collect())));
    }
    if !filters.regex.is_empty() {
        say(format!("matching {}", any(filters.regex.iter().map(|t| text(t)).collect())));
    }
    if let Some(least) = filters.min_bytes {
        say(format!("of {least} and more"));
    }
    match filters.ttl {
        Some(true) => say("with a TTL".to_owned()),
        Some(false) => say("without a TTL".to_owned()),
        None => {}
    }
    flow.lines()
}

fn memory(report: &Report, theme: &Theme) -> Vec<Line> {
    let label = Line::new(Style::Bold, "Memory");
    let mut flow = Flow::new(label, INDENT);
    match &report.instance {
        Some(instance) => whole_instance(instance, report, theme, &mut flow),
        None => {
            flow.add(theme, "  ", (Style::Bold, report.totals.all.bytes.to_string()));
            flow.words(theme, Style::Plain, "in these keys");
        }
    }
    flow.end_line();
    let serialized = report.totals.serialized_bytes;
    if serialized.0 > 0 {
        let text = format!(
            "{serialized} of it are modules' values as the snapshot has them: in memory they take more"
        );
        flow.words(theme, Style::Warn, &text);
        flow.end_line();
    }
    flow.words(theme, Style::Dim, &sized_as(report));
    flow.lines()
}

fn whole_instance(instance: &Instance, report: &Report, theme: &Theme, flow: &mut Flow) {
    let total = instance.total_bytes;
    flow.add(theme, "  ", (Style::Bold, total.to_string()));
    if let Some(used) = instance.used_mem {
        flow.words(theme, Style::Plain, &format!("of the {used} that the server counted"));
        flow.words(theme, Style::Plain, &format!("({} %)", percent_of(total.0, used.0)));
    }
    flow.end_line();
    flow.add(theme, " ", (Style::Plain, parts(instance)));
    flow.end_line();
    if matches!(report.completeness, Completeness::Incomplete(_)) {
        return;
    }
    let modules = !report.modules.is_empty();
    let rest = instance.unexplained_bytes;
    if let Some(text) = rest.and_then(|rest| unexplained(rest, instance, modules)) {
        flow.words(theme, Style::Plain, &text);
    }
}

/// The parts of the total in one unit, rounded so that they add up to it as it is shown.
fn parts(instance: &Instance) -> String {
    let scale = Scale::of(instance.total_bytes);
    let parts = [
        ("keys", instance.keys_bytes),
        ("tables", instance.tables_bytes),
        ("start-up", instance.startup_bytes),
        ("functions", instance.functions_bytes),
    ];
    let shown = apportion(&parts.map(|(_, bytes)| bytes.0), scale.steps(instance.total_bytes));
    // What would show as zero says nothing; the others still add up.
    let named = parts.iter().zip(shown).filter(|(_, steps)| *steps > 0);
    let texts: Vec<String> =
        named.map(|((name, _), steps)| format!("{name} {}", scale.show(steps))).collect();
    format!("{} {}", texts.join(" + "), scale.name())
}

/// What the rest usually is; nothing where there is next to none.
fn unexplained(rest: i64, instance: &Instance, modules: bool) -> Option<String> {
    let bytes = Bytes(rest.unsigned_abs());
    if bytes.0 < instance.total_bytes.0 / 200 {
        return None;
    }
    Some(if rest > 0 {
        format!(
            "the other {bytes}: buffers, slack in values and tables{}",
            if modules { ", module indexes" } else { "" }
        )
    } else {
        format!(
            "{bytes} more than the server counted: is it another version, allocator or setting?"
        )
    })
}

fn sized_as(report: &Report) -> String {
    let profile = &report.profile;
    let settings = match profile.settings.len() {
        0 => "default limits".to_owned(),
        n => counted(n as u64, "setting of its own", "settings of its own"),
    };
    let measure = match profile.sizes {
        Measure::Allocated => "",
        Measure::Reported => "; keys as MEMORY USAGE reports them",
    };
    let (server, allocator) = (&profile.server, &profile.allocator);
    format!("sized as {server} with {allocator} and {settings} (see --server){measure}")
}
