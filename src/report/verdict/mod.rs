//! What came of a check, for people, programs and the machines that build.

mod builds;
mod json;
mod markdown;

pub use builds::{verdict_github, verdict_gitlab, verdict_junit};
pub use json::verdict_json;
pub use markdown::{growth_markdown, verdict_markdown};

use super::units::{Bytes, Count, signed};
use crate::guard::{Figure, Growth, Judged, Percent, Status, Verdict};

/// A check that was made.
#[derive(Clone, Copy)]
pub struct Checked<'c> {
    /// The snapshot's path.
    pub snapshot: &'c [u8],
    /// The path of the file with the budgets, where there is one.
    pub config: Option<&'c [u8]>,
    /// What came of it.
    pub verdict: &'c Verdict,
    /// What changed from the baseline, where there is one.
    pub growth: Option<&'c Growth>,
}

/// What a limit is for and how it was kept, in words; `show` makes names fit for where they go.
pub(super) fn words(judged: &Judged, show: &dyn Fn(&[u8]) -> String) -> (String, String) {
    let subject = match judged.subjects {
        0 | 1 => show(judged.subject.as_bytes()),
        n => format!("{} patterns", Count(n as u64)),
    };
    (subject, kept(judged, show))
}

fn kept(judged: &Judged, show: &dyn Fn(&[u8]) -> String) -> String {
    let short = |figure: Option<Figure>| figure.map(|figure| text(figure, false));
    let (mut found, mut allowed) = (short(judged.found), short(judged.allowed));
    if judged.status != Status::Within && found.is_some() && found == allowed {
        // passed by so little that it cannot be seen in three digits
        let full = |figure: Option<Figure>| figure.map(|figure| text(figure, true));
        (found, allowed) = (full(judged.found), full(judged.allowed));
    }
    let allowed = allowed.unwrap_or_default();
    let holds = judged.status == Status::Within;
    match (judged.limit, found) {
        ("require_ttl", _) if holds => "every key has a TTL".to_owned(),
        ("max_ttl", _) if holds => format!("no key lives longer than {allowed}"),
        ("forbidden", _) if holds => "none is there".to_owned(),
        ("allow_new", _) if holds => "none that matters is new".to_owned(),
        ("finding", _) if holds => "none".to_owned(),
        (_, None) => format!("{allowed} allowed"),
        ("max_growth_percent", Some(_)) if judged.found == Some(Figure::FromNothing) => {
            format!("was not there before, {allowed} allowed")
        }
        ("max_growth_bytes" | "max_growth_percent", Some(found)) => {
            format!("changed by {found}, {allowed} allowed")
        }
        ("max_share_percent", Some(found)) => format!("{found} of all bytes, {allowed} allowed"),
        ("max_key_bytes", Some(found)) => {
            let key = judged.key.as_ref().map(|key| format!(" {}", show(key)));
            format!("largest key{}: {found}, {allowed} allowed", key.unwrap_or_default())
        }
        ("max_no_ttl_keys" | "max_no_ttl_bytes", Some(found)) => {
            format!("{found} without a TTL, {allowed} allowed")
        }
        ("require_ttl", Some(found)) => format!("{found} without a TTL, every key needs one"),
        ("max_ttl", Some(found)) => format!("{found} with a TTL longer than {allowed}"),
        ("forbidden", Some(found)) => format!("{found}, and it is forbidden"),
        ("allow_new", Some(found)) => format!("new, with {found}"),
        ("finding", Some(found)) => format!("found, with {found}"),
        (_, Some(found)) => format!("{found}, {allowed} allowed"),
    }
}

/// A figure as text; in full, or in three digits.
fn text(figure: Figure, in_full: bool) -> String {
    match figure {
        Figure::Bytes(n) if in_full => format!("{} B", Count(n)),
        Figure::Bytes(n) => Bytes(n).to_string(),
        Figure::Change(n) if in_full => {
            format!("{}{} B", if n < 0 { '-' } else { '+' }, Count(n.unsigned_abs()))
        }
        Figure::Change(n) => signed(n),
        Figure::Keys(1) => "1 key".to_owned(),
        Figure::Keys(n) => format!("{} keys", Count(n)),
        Figure::Percent(millionths) => percent(millionths, in_full),
        Figure::FromNothing => "new".to_owned(),
        Figure::Ttl(ttl) => ttl.to_owned(),
    }
}

/// As many decimals as there are, or two.
fn percent(millionths: i64, in_full: bool) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let mut n = millionths.unsigned_abs();
    if !in_full {
        n = n.saturating_add(5_000) / 10_000 * 10_000;
    }
    let (whole, rest) = (n / Percent::UNIT, n % Percent::UNIT);
    let decimals = format!("{rest:06}");
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{decimals} %", Count(whole))
}

/// In one line: how many limits are broken, and how many hold.
pub(super) fn tally(verdict: &Verdict) -> String {
    use crate::guard::Severity;
    let mut parts = Vec::new();
    let mut say = |n: usize, what: &str| {
        if n > 0 {
            parts.push(format!("{} {what}", Count(n as u64)));
        }
    };
    let warned = verdict.broken(Severity::Warn);
    say(verdict.broken(Severity::Fail), "over the limit");
    say(warned, if warned == 1 { "warning" } else { "warnings" });
    say(verdict.of(Status::Excused).count(), "excused");
    say(verdict.of(Status::Within).map(|judged| judged.subjects).sum(), "within");
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_no_more_digits_than_they_need() {
        let shown = |millionths| percent(millionths, false);
        assert_eq!(shown(10_000_000), "10 %");
        assert_eq!(shown(12_345_678), "12.35 %");
        assert_eq!(shown(-500_000), "-0.5 %");
        assert_eq!(shown(1_234_567_000_000), "1,234,567 %");
        assert_eq!(percent(10_000_001, true), "10.000001 %");
    }
}
