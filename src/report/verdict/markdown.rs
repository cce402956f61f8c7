//! A check, or what changed, as Markdown for a pull request: the worst first, the rest folded.

use super::{Checked, tally, words};
use crate::guard::{Change, Growth, Judged, Severity, Standing, Status};
use crate::report::escape::{Charset, terminal};
use crate::report::time;
use crate::report::units::{Bytes, Count, Millis, signed, signed_percent};
use std::io::{self, Write};

/// A comment may have 65,536 characters, some of which others may want.
const MOST: usize = 60_000 - 1;
/// What is said of what was left out must fit, too.
const RESERVE: usize = 400;
/// Rows that stand open.
const OPEN: usize = 10;
/// Longer names are cut.
const NAME: usize = 120;

/// Text that is never longer than a comment may be.
struct Page {
    text: String,
    left_out: usize,
}

impl Page {
    fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a row, unless there is no room for it any more.
    fn row(&mut self, row: &str) {
        if self.left_out == 0 && self.text.len() + row.len() + RESERVE <= MOST {
            self.text.push_str(row);
        } else {
            self.left_out += 1;
        }
    }

    /// Says how many rows had no room.
    fn rest(&mut self) {
        if self.left_out > 0 {
            let n = Count(std::mem::take(&mut self.left_out) as u64);
            self.text.push_str(&format!("\n{n} more rows: see `--format json`\n"));
        }
    }
}

/// Writes a check as Markdown of less than 60 KB.
///
/// # Errors
/// Those of `out`.
pub fn verdict_markdown(checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()> {
    let verdict = checked.verdict;
    let mut page = Page { text: String::new(), left_out: 0 };
    let (mark, outcome) = match (verdict.broken(Severity::Fail), verdict.broken(Severity::Warn)) {
        (0, 0) => ("✅", "within its limits"),
        (0, _) => ("⚠️", "within its limits, with warnings"),
        _ => ("❌", "over its limits"),
    };
    page.add(&format!("### {mark} {} is {outcome}\n\n", name(checked.snapshot)));
    page.add(&format!("{}.", tally(verdict)));
    match checked.config {
        Some(config) => page.add(&format!(" Budgets: {}.", name(config))),
        None => page.add(" The default growth limit: all keys together may take 10 % more."),
    }
    page.add("\n");
    if let Some(growth) = checked.growth {
        page.add(&summary(growth));
    }
    let broken: Vec<&Judged> = verdict.of(Status::Over).collect();
    let (open, folded) = broken.split_at(OPEN.min(broken.len()));
    if !open.is_empty() {
        page.add(JUDGED);
        open.iter().for_each(|judged| page.row(&judged_row(judged)));
        page.rest();
    }
    let rest: Vec<&Judged> = folded.iter().copied().chain(verdict.of(Status::Excused)).collect();
    // what fails must not be crowded out by what grew
    for (title, rows) in [
        ("more over their limits or excused", rest),
        ("within", verdict.of(Status::Within).collect()),
    ] {
        if !rows.is_empty() && page.text.len() < MOST / 2 {
            page.add(&fold(&format!("{} {title}", Count(rows.len() as u64))));
            page.add(JUDGED);
            rows.iter().for_each(|judged| page.row(&judged_row(judged)));
            page.rest();
            page.add("\n</details>\n");
        }
    }
    for exception in verdict.ended.iter().take(OPEN) {
        let reason = plain(&exception.reason);
        page.row(&format!("\nAn exception ended on {}: {reason}\n", exception.until));
    }
    page.left_out = 0;
    if let Some(growth) = checked.growth {
        changes(growth, true, &mut page);
    }
    out.write_all(page.text.as_bytes())
}

/// Writes what changed as Markdown of less than 60 KB.
///
/// # Errors
/// Those of `out`.
pub fn growth_markdown(growth: &Growth, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { text: String::new(), left_out: 0 };
    let (old, new) = (name(&growth.old.name), name(&growth.new.name));
    page.add(&format!("### What changed from {old} to {new}\n"));
    page.add(&summary(growth));
    changes(growth, false, &mut page);
    out.write_all(page.text.as_bytes())
}

const JUDGED: &str = "\n| | what | found | limit |\n|---|---|---|---|\n";
const CHANGED: &str = "\n| pattern | old | new | change | % | keys | no TTL |\n\
    |---|---:|---:|---:|---:|---:|---:|\n";

fn fold(title: &str) -> String {
    format!("\n<details><summary>{title}</summary>\n")
}

fn judged_row(judged: &Judged) -> String {
    let mark = match (judged.status, judged.severity) {
        (Status::Over, Severity::Fail) => "❌ fail",
        (Status::Over, Severity::Warn) => "⚠️ warn",
        (Status::Excused, _) => "⏸️ excused",
        (Status::Within, _) => "✅ ok",
    };
    let (_, kept) = words(judged, &name);
    let subject = match judged.subjects {
        // this is no pattern
        0 | 1 if judged.subject == "all keys" => judged.subject.clone(),
        0 | 1 => name(judged.subject.as_bytes()),
        n => format!("{} patterns", Count(n as u64)),
    };
    let mut text = kept;
    if let Some(message) = judged.message.as_ref().filter(|_| judged.status == Status::Over) {
        text.push_str(&format!("<br>**{}**", plain(message)));
    }
    if let Some(excuse) = &judged.excuse {
        text.push_str(&format!("<br>until {}: {}", excuse.until, plain(&excuse.reason)));
    }
    let rule = match judged.rule == judged.subject {
        true => String::new(),
        false => format!(" of {}", name(judged.rule.as_bytes())),
    };
    format!("| {mark} | {subject} | {text} | `{}`{rule} |\n", judged.limit)
}

fn summary(growth: &Growth) -> String {
    let Change { old, new, change, bytes_per_hour, .. } = &growth.totals;
    let mut text = format!(
        "\n**{}** ({}) in all: {} to {}, {} to {} keys",
        signed(change.bytes),
        signed_percent(change.bytes, old.bytes),
        Bytes(old.bytes),
        Bytes(new.bytes),
        Count(old.keys),
        Count(new.keys)
    );
    if let Some((span, pace)) = growth.span_ms.zip(*bytes_per_hour) {
        text.push_str(&format!(", in {}: {} an hour", Millis(span).span(), signed(pace)));
    }
    text.push_str(".\n");
    let memory = &growth.memory;
    if let Some((limit, state)) = memory.maxmemory.zip(memory.state) {
        let limit = Bytes(limit);
        text.push_str(&match memory.full_at_ms {
            Some(at) => format!("\n{limit} are full **{}** at this pace.\n", time::utc(Millis(at))),
            None if state == "over" => format!("\n**Over {limit} already.**\n"),
            None => format!("\n{limit} are not reached at this pace: {state}.\n"),
        });
    }
    text
}

/// The patterns that changed, what grew the most first.
fn changes(growth: &Growth, is_folded: bool, page: &mut Page) {
    let mut rows: Vec<&Change> = growth.patterns.iter().filter(|row| !row.is_still()).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.change.bytes.unsigned_abs()));
    if rows.is_empty() {
        return page.add("\nNo pattern changed.\n");
    }
    let count = Count(rows.len() as u64);
    let (open, folded) = rows.split_at(if is_folded { 0 } else { OPEN.min(rows.len()) });
    if !open.is_empty() {
        page.add(CHANGED);
        open.iter().for_each(|row| page.row(&change_row(row)));
    }
    if !folded.is_empty() {
        let title = match is_folded {
            true => format!("{count} patterns changed"),
            false => format!("{} more", Count(folded.len() as u64)),
        };
        page.add(&fold(&title));
        page.add(CHANGED);
        folded.iter().for_each(|row| page.row(&change_row(row)));
        page.rest();
        page.add("\n</details>\n");
    }
}

fn change_row(row: &Change) -> String {
    let bytes = |bytes: u64, keys: u64| match keys {
        0 => "–".to_owned(),
        _ => Bytes(bytes).to_string(),
    };
    let percent = match row.standing {
        Standing::Gone => "gone".to_owned(),
        _ => signed_percent(row.change.bytes, row.old.bytes),
    };
    let count = |n: i64| match n {
        0 => "0".to_owned(),
        _ => format!("{}{}", if n < 0 { '-' } else { '+' }, Count(n.unsigned_abs())),
    };
    format!(
        "| {} | {} | {} | {} | {percent} | {} | {} |\n",
        name(row.name.as_bytes()),
        bytes(row.old.bytes, row.old.keys),
        bytes(row.new.bytes, row.new.keys),
        signed(row.change.bytes),
        count(row.change.keys),
        count(row.change.no_ttl_keys)
    )
}

/// A name as code that nothing in it can end: HTML code, whose text has every character that means
/// something to Markdown or HTML written as a number.
fn name(name: &[u8]) -> String {
    let shown = terminal(name, Charset::Utf8);
    let cut = match shown.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
        None => shown,
    };
    format!("<code>{}</code>", harmless(&cut))
}

/// A sentence of the owner's, as text.
fn plain(text: &str) -> String {
    harmless(&terminal(text.as_bytes(), Charset::Utf8))
}

fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // letters, digits, and what means nothing anywhere
            _ if c.is_alphanumeric() || matches!(c, ' ' | ',' | ';' | '%' | '=') => {
                harmless.push(c)
            }
            // what ends a name that would be a link, a mention or an emoji must stay apart, and
            // `.`, `-`, `(` and `/` can begin something only at the start of a line or in a link
            '.' | '-' | '/' | '…' if !harmless.is_empty() => harmless.push(c),
            _ => harmless.push_str(&format!("&#{};", u32::from(c))),
        }
    }
    // a bare address would become a link all the same
    harmless.replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_whatever_they_are() {
        assert_eq!(name(b"user:1"), "<code>user&#58;1</code>");
        let hostile = name(b"</code>|`<script>**x**@all\n#1 [a](http://b) \x1b");
        assert!(
            !hostile
                .trim_start_matches("<code>")
                .trim_end_matches("</code>")
                .contains(['<', '>', '|', '`', '*', '@', '\n', '[', '(', '\u{1b}'])
        );
        assert!(name("x".repeat(5_000).as_bytes()).len() < 200);
        assert_eq!(plain("_ask_ www.x.org"), "&#95;ask&#95; www&#46;x.org");
    }
}
