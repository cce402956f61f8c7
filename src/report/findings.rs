//! The report's list of findings.

use super::escape::{self, Charset};
use super::model::{FindingRow, FindingSubject, Key, SilencedRow};
use super::units::{Bytes, Count, Millis, whole_percent_of};
use crate::findings::{Finding, Found, Phrase, Piece, Subject};

impl FindingRow {
    /// What was found, as rows; told ones and silenced ones.
    #[must_use]
    pub fn of(found: &Found) -> (Vec<Self>, Vec<SilencedRow>) {
        let silenced = found
            .silenced
            .iter()
            .map(|(finding, reason)| SilencedRow { reason: reason.clone(), finding: row(finding) });
        (found.told.iter().map(row).collect(), silenced.collect())
    }
}

fn row(finding: &Finding) -> FindingRow {
    FindingRow {
        id: finding.id,
        title: finding.id.title(),
        subject: match &finding.subject {
            Subject::Pattern(pattern) => FindingSubject::Pattern { pattern: pattern.clone() },
            Subject::Key { db, name } => FindingSubject::Key { db: *db, key: Key(name.clone()) },
            Subject::Slot(slot) => FindingSubject::Slot { slot: *slot },
            Subject::Server => FindingSubject::Server {},
        },
        keys: Count(finding.keys),
        bytes: Bytes(finding.bytes),
        saving: finding.saving,
        confidence: finding.confidence,
        seen: finding.seen.clone(),
        why: finding.id.why(),
        advice: finding.advice.clone(),
        commands: finding.commands.clone(),
    }
}

/// A sentence as text: figures rounded, names fit for a terminal.
pub(super) fn text(phrase: &Phrase, charset: Charset) -> String {
    let part = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Bytes(n) => Bytes(*n).to_string(),
        Piece::Count(n) => Count(*n).short(),
        Piece::Percent(part, whole) => whole_percent_of(*part, *whole),
        Piece::Seconds(n) => {
            Millis(i64::try_from(n.saturating_mul(1000)).unwrap_or(i64::MAX)).span()
        }
        Piece::Name(name) => escape::terminal(name, charset),
    };
    phrase.0.iter().map(part).collect()
}

/// The same for serde.
pub(super) fn serialize<S: serde::Serializer>(phrase: &Phrase, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(phrase, Charset::Utf8))
}
