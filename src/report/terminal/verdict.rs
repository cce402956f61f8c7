//! What came of a check, as text.

use super::Terminal;
use super::paint::{Flow, Line, Style, Theme};
use crate::guard::{Judged, Severity, Status};
use crate::report::verdict::{Checked, tally, words};
use crate::report::{Length, escape};
use std::io::{self, Write};

/// Broken limits that are shown unless the user says so.
const ROWS: usize = 25;
const INDENT: usize = 11;

impl Terminal {
    /// Writes a check.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn verdict(&self, checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()> {
        let theme = Theme { width: self.width, color: self.color, drawing: self.drawing };
        let most = match self.length {
            Length::Screen => ROWS,
            Length::Top(n) | Length::Full(n) => n,
        };
        let mut lines = head(checked, &theme);
        lines.push(Line::default());
        let judged = &checked.verdict.judged;
        let broken = judged.iter().filter(|judged| judged.status != Status::Within);
        lines.extend(broken.clone().take(most).flat_map(|judged| one(judged, checked, &theme)));
        let more = broken.count().saturating_sub(most);
        if more > 0 {
            lines.push(Line::new(
                Style::Dim,
                format!("{} {more} more; --top {} shows them", theme.ellipsis(), most + more),
            ));
        }
        let within = judged.iter().filter(|judged| judged.status == Status::Within);
        lines.extend(within.take(most).flat_map(|judged| one(judged, checked, &theme)));
        for exception in &checked.verdict.ended {
            let mut flow = Flow::new(Line::new(Style::Warn, "ended"), INDENT);
            let reason = escape::terminal(exception.reason.as_bytes(), theme.charset());
            let text = format!(
                "an exception ({reason}) excused until {} and does no more{}",
                exception.until,
                place(exception.line, checked, &theme)
            );
            flow.words(&theme, Style::Plain, &text);
            lines.extend(flow.lines());
        }
        for line in lines {
            line.write(&theme, out)?;
        }
        Ok(())
    }
}

fn head(checked: &Checked<'_>, theme: &Theme) -> Vec<Line> {
    let verdict = checked.verdict;
    let (style, outcome) = match (verdict.broken(Severity::Fail), verdict.broken(Severity::Warn)) {
        (0, 0) => (Style::Good, "within its limits"),
        (0, _) => (Style::Warn, "within its limits, with warnings"),
        _ => (Style::Alarm, "over its limits"),
    };
    let name = |name: &[u8]| escape::terminal(name, theme.charset());
    let mut flow = Flow::new(Line::new(Style::Bold, "Check"), INDENT);
    flow.add(theme, " ", (Style::Bold, name(checked.snapshot)));
    flow.add(theme, " ", (style, format!("is {outcome}")));
    flow.end_line();
    flow.words(theme, Style::Plain, &tally(verdict));
    flow.end_line();
    let budgets = match checked.config {
        Some(config) => format!("budgets of {}", name(config)),
        None => "no budgets were given: the default growth limit holds".to_owned(),
    };
    flow.words(theme, Style::Dim, &budgets);
    if let Some(growth) = checked.growth {
        flow.end_line();
        flow.words(theme, Style::Dim, &format!("compared with {}", name(&growth.old.name)));
    }
    flow.lines()
}

fn one(judged: &Judged, checked: &Checked<'_>, theme: &Theme) -> Vec<Line> {
    let (style, mark) = match (judged.status, judged.severity) {
        (Status::Over, Severity::Fail) => (Style::Alarm, "FAIL"),
        (Status::Over, Severity::Warn) => (Style::Warn, "WARN"),
        (Status::Excused, _) => (Style::Dim, "excused"),
        (Status::Within, _) => (Style::Good, "ok"),
    };
    let show = |name: &[u8]| escape::terminal(name, theme.charset());
    let (subject, kept) = words(judged, &show);
    let mut flow = Flow::new(Line::new(style, mark), INDENT);
    flow.add(theme, " ", (Style::Plain, format!("{subject}:")));
    flow.words(theme, Style::Plain, &kept);
    let rule = match judged.rule == judged.subject || judged.status == Status::Within {
        true => String::new(),
        false => format!(" of {}", show(judged.rule.as_bytes())),
    };
    let place = place(judged.line, checked, theme);
    flow.add(theme, " ", (Style::Dim, format!("({}{rule}{place})", judged.limit)));
    if judged.status == Status::Within {
        return flow.lines();
    }
    if let Some(message) = &judged.message {
        flow.end_line();
        flow.words(theme, Style::Bold, &show(message.as_bytes()));
    }
    if let Some(excuse) = &judged.excuse {
        flow.end_line();
        let reason = show(excuse.reason.as_bytes());
        flow.words(theme, Style::Plain, &format!("until {}: {reason}", excuse.until));
    }
    flow.lines()
}

/// Where a rule stands.
fn place(line: Option<usize>, checked: &Checked<'_>, theme: &Theme) -> String {
    let both = line.zip(checked.config);
    let shown = both.map(|(line, path)| {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        format!(", {}:{line}", escape::terminal(name, theme.charset()))
    });
    shown.unwrap_or_default()
}
