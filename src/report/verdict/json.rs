//! A check as JSON.

use super::Checked;
use crate::guard::{Exception, Figure, Judged, Percent, Severity, Status};
use crate::report::growth::{GrowthView, pretty};
use crate::report::{Key, Path};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct Document<'c> {
    schema_version: u32,
    outcome: &'static str,
    snapshot: Path,
    config: Option<Path>,
    failed: usize,
    warned: usize,
    results: Vec<Row<'c>>,
    ended_exceptions: Vec<Excuse<'c>>,
    growth: Option<GrowthView<'c>>,
}

#[derive(Serialize)]
struct Row<'c> {
    status: Status,
    severity: Severity,
    rule: &'c str,
    line: Option<usize>,
    limit: &'c str,
    /// The pattern, or what else it is about.
    subject: Option<&'c str>,
    subjects: usize,
    unit: Option<&'static str>,
    allowed: Option<Value>,
    found: Option<Value>,
    largest: Option<Key>,
    message: Option<&'c str>,
    exception: Option<Excuse<'c>>,
}

#[derive(Serialize)]
struct Excuse<'c> {
    rule: Option<&'c str>,
    pattern: Option<&'c str>,
    reason: &'c str,
    until: String,
    line: Option<usize>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value {
    Whole(u64),
    Signed(i64),
    Percent(f64),
    Text(&'static str),
}

impl Value {
    fn of(figure: Figure) -> Option<Self> {
        Some(match figure {
            Figure::Bytes(n) | Figure::Keys(n) => Self::Whole(n),
            Figure::Change(n) => Self::Signed(n),
            Figure::Percent(millionths) => Self::Percent(millionths as f64 / Percent::UNIT as f64),
            Figure::Ttl(ttl) => Self::Text(ttl),
            Figure::FromNothing => return None,
        })
    }
}

fn unit(judged: &Judged) -> Option<&'static str> {
    Some(match judged.found.or(judged.allowed)? {
        Figure::Bytes(_) | Figure::Change(_) => "bytes",
        Figure::Keys(_) | Figure::Ttl(_) => "keys",
        Figure::Percent(_) | Figure::FromNothing => "percent",
    })
}

fn excuse(exception: &Exception) -> Excuse<'_> {
    Excuse {
        rule: exception.rule.as_deref(),
        pattern: exception.pattern.as_deref(),
        reason: &exception.reason,
        until: exception.until.to_string(),
        line: exception.line,
    }
}

fn row(judged: &Judged) -> Row<'_> {
    Row {
        status: judged.status,
        severity: judged.severity,
        rule: &judged.rule,
        line: judged.line,
        limit: judged.limit,
        subject: (judged.subjects <= 1).then_some(&*judged.subject),
        subjects: judged.subjects,
        unit: unit(judged),
        allowed: judged.allowed.and_then(Value::of),
        found: judged.found.and_then(Value::of),
        largest: judged.key.clone().map(Key),
        message: judged.message.as_deref(),
        exception: judged.excuse.as_ref().map(excuse),
    }
}

/// Writes a check as one JSON object.
///
/// # Errors
/// Those of `out`.
pub fn verdict_json(checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Checked { snapshot, config, verdict, growth } = checked;
    let (failed, warned) = (verdict.broken(Severity::Fail), verdict.broken(Severity::Warn));
    let outcome = match (failed, warned) {
        (1.., _) => "over",
        (0, 1..) => "warned",
        (0, 0) => "within",
    };
    let document = Document {
        schema_version: 1,
        outcome,
        snapshot: Path(snapshot.to_vec()),
        config: config.map(|config| Path(config.to_vec())),
        failed,
        warned,
        results: verdict.judged.iter().map(row).collect(),
        ended_exceptions: verdict.ended.iter().map(excuse).collect(),
        growth: growth.map(GrowthView::of),
    };
    pretty(&document, out)
}
