//! Findings in the report.

use super::Key;
use crate::findings::{Confidence, Id, Phrase, Saving};
use crate::report::findings;
use crate::report::units::{Bytes, Count};

/// Something that is worth doing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FindingRow {
    /// What kind of thing it is.
    pub id: Id,
    /// That in a few words.
    pub title: &'static str,
    /// What it concerns.
    pub subject: FindingSubject,
    /// The keys that it concerns.
    pub keys: Count,
    /// The bytes at stake.
    pub bytes: Bytes,
    /// What becomes of them.
    pub saving: Saving,
    /// How sure they are.
    pub confidence: Confidence,
    /// What was seen.
    #[serde(serialize_with = "findings::serialize")]
    pub seen: Phrase,
    /// Why it matters.
    pub why: String,
    /// What to do.
    #[serde(serialize_with = "findings::serialize")]
    pub advice: Phrase,
    /// Lines to paste into a shell.
    pub commands: Vec<String>,
}

/// A finding that a configuration file silences.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SilencedRow {
    /// Why.
    pub reason: String,
    /// What.
    #[serde(flatten)]
    pub finding: FindingRow,
}

/// What a finding concerns.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FindingSubject {
    /// A pattern's keys.
    Pattern {
        /// The pattern.
        pattern: String,
    },
    /// One key.
    Key {
        /// Its database.
        db: u64,
        /// Its name.
        #[serde(flatten)]
        key: Key,
    },
    /// A cluster slot.
    Slot {
        /// Its number.
        slot: u16,
    },
    /// The server as a whole.
    Server {},
}
