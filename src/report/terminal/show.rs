//! Single keys as text.

use super::Terminal;
use super::paint::{Flow, Line, Style, Theme, cut};
use super::table::{Column, Table};
use crate::report::show::{Content, Shown, ShownElement, ShownKey};
use crate::report::units::{Bytes, Count, Millis, percent_of};
use crate::report::{escape, time};
use crate::values::RdbValue;
use std::io::{self, Write};

const INDENT: usize = 11;

impl Terminal {
    /// Writes keys, each in full.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn show(&self, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
        let theme = Theme { width: self.width, color: self.color, drawing: self.drawing };
        for (i, key) in shown.keys.iter().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            let mut blocks = vec![head(key, shown, &theme), memory(key, shown, &theme)];
            blocks.push(elements(key, &theme));
            blocks.retain(|block| !block.is_empty());
            for line in blocks.join(&Line::default()) {
                line.write(&theme, out)?;
            }
            if let Some(content) = &key.value {
                writeln!(out)?;
                Line::new(Style::Bold, "Value").write(&theme, out)?;
                value(content, &theme, out)?;
            }
        }
        Ok(())
    }
}

fn head(key: &ShownKey, shown: &Shown, theme: &Theme) -> Vec<Line> {
    let name = escape::terminal(&key.key.0, theme.charset());
    let name = cut(&name, theme.width, theme.ellipsis());
    let mut lines = vec![Line::new(Style::Bold, name)];
    lines.extend(labelled(theme, "Type", |flow| {
        let mut say = |text: String| flow.add(theme, ", ", (Style::Plain, text));
        say(format!(
            "{} as {}",
            escape::terminal(key.kind.as_bytes(), theme.charset()),
            key.encoding
        ));
        say(format!("database {}", key.db));
        if let Some(slot) = key.slot {
            say(format!("slot {slot}"));
        }
    }));
    lines.extend(labelled(theme, "In dump", |flow| {
        let mut say = |text: String| flow.add(theme, ", ", (Style::Plain, text));
        say(format!("at byte {}", Count(key.at)));
        say(format!("{} bytes", Count(key.dump_bytes.0)));
    }));
    lines.extend(labelled(theme, "Expires", |flow| match key.expires_at_ms {
        None => flow.words(theme, Style::Plain, "never"),
        Some(at) => {
            flow.add(theme, ", ", (Style::Plain, time::utc(at)));
            if let Some(reference) = shown.reference_ms {
                let span = Millis(at.0.saturating_sub(reference.0)).span();
                let (style, side) = match key.expired {
                    Some(true) => (Style::Warn, "before"),
                    _ => (Style::Plain, "after"),
                };
                flow.add(theme, ", ", (style, format!("{span} {side} the snapshot")));
            }
        }
    }));
    if let Some(idle) = key.idle_s {
        let ms = i64::try_from(idle.saturating_mul(1000)).unwrap_or(i64::MAX);
        let text = format!("{} before the snapshot", Millis(ms).span());
        lines.extend(labelled(theme, "Last used", |flow| flow.words(theme, Style::Plain, &text)));
    }
    if let Some(freq) = key.freq {
        let text = format!("LFU counter {freq} of 255");
        lines.extend(labelled(theme, "Used", |flow| flow.words(theme, Style::Plain, &text)));
    }
    lines
}

fn labelled(theme: &Theme, label: &str, say: impl FnOnce(&mut Flow)) -> Vec<Line> {
    let _ = theme;
    let mut flow = Flow::new(Line::new(Style::Bold, label), INDENT);
    say(&mut flow);
    flow.lines()
}

fn memory(key: &ShownKey, shown: &Shown, theme: &Theme) -> Vec<Line> {
    let mut table =
        Table::new([Column::name("Memory"), Column::figure("bytes"), Column::figure("%")]);
    for part in &key.parts {
        let share = percent_of(part.bytes.0, key.bytes.0);
        table.row(Style::Plain, [part.what.to_owned(), Count(part.bytes.0).to_string(), share]);
    }
    let total = Count(key.bytes.0).to_string();
    table.row(Style::Bold, ["all".to_owned(), total, percent_of(1, 1)]);
    let mut lines = table.lines(theme);
    let mut flow = Flow::new(Line::new(Style::Dim, " "), 1);
    flow.words(theme, Style::Dim, &format!("sized as {}", shown.profile));
    if key.is_expectation() {
        flow.end_line();
        let spread = Count(key.spread.0);
        let text =
            format!("a part is drawn at random: {spread} bytes more or less, 19 times of 20");
        flow.words(theme, Style::Dim, &text);
    }
    if key.certainty == "serialized" {
        flow.end_line();
        let text = "a module's memory is not known: these are its bytes in the dump";
        flow.words(theme, Style::Warn, text);
    }
    lines.extend(flow.lines());
    lines
}

fn elements(key: &ShownKey, theme: &Theme) -> Vec<Line> {
    let Some(count) = key.elements else { return Vec::new() };
    if key.kind == "string" {
        let text = format!("{} bytes", Count(key.element_bytes.0));
        return labelled(theme, "Length", |flow| flow.words(theme, Style::Plain, &text));
    }
    let mut lines = labelled(theme, "Elements", |flow| {
        let mut say = |text: String| flow.add(theme, ", ", (Style::Plain, text));
        say(count.to_string());
        say(format!("{} of text", key.element_bytes));
        if let Some(mean) = key.element_bytes.0.checked_div(count.0) {
            say(format!("{} on average", Bytes(mean)));
        }
        if key.fields_with_ttl.0 > 0 {
            say(format!("{} with a TTL of their own", key.fields_with_ttl));
        }
    });
    if key.largest_elements.is_empty() {
        return lines;
    }
    let title = if key.kind == "stream" { "Largest nodes" } else { "Largest elements" };
    let mut table = Table::new([
        Column::name(title),
        Column::figure("bytes"),
        Column::figure("%"),
        Column::text("expires"),
    ]);
    for element in &key.largest_elements {
        table.row(Style::Plain, row(element, key, theme));
    }
    lines.push(Line::default());
    lines.extend(table.lines(theme));
    lines
}

fn row(element: &ShownElement, key: &ShownKey, theme: &Theme) -> [String; 4] {
    let name = match &element.field {
        Some(field) => escape::terminal(&field.0, theme.charset()),
        // what it says is content, which is shown where it is asked for
        None => format!("number {}", Count(element.index)),
    };
    let expires = element.expires_at_ms.and_then(|at| i64::try_from(at).ok());
    [
        name,
        Count(element.bytes.0).to_string(),
        percent_of(element.bytes.0, key.element_bytes.0),
        expires.map_or_else(String::new, |at| time::utc(Millis(at))),
    ]
}

/// Writes the content, an element a line, none cut.
fn value(content: &Content, theme: &Theme, out: &mut dyn Write) -> io::Result<()> {
    let shown = |bytes: &[u8]| escape::terminal(bytes, theme.charset());
    match &content.0.value {
        RdbValue::String { value, .. } => writeln!(out, " {}", shown(value)),
        RdbValue::List { values, .. } | RdbValue::Set { members: values, .. } => {
            values.iter().try_for_each(|value| writeln!(out, " {}", shown(value)))
        }
        RdbValue::SortedSet { values, .. } => values
            .iter()
            .try_for_each(|(score, member)| writeln!(out, " {}  {score}", shown(member))),
        RdbValue::Hash { values, .. } => values.iter().try_for_each(|(field, value)| {
            write!(out, " {}  {}", shown(field), shown(value))?;
            match content.expiry(field).and_then(|at| i64::try_from(at).ok()) {
                Some(at) => writeln!(out, "  (expires {})", time::utc(Millis(at))),
                None => writeln!(out),
            }
        }),
        _ => Ok(()),
    }
}
