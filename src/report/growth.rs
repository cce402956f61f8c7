//! What changed between two snapshots, as JSON.

use super::{Path, escape};
use crate::guard::{Change, Growth, Memory, Moment};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
pub(super) struct MomentView {
    #[serde(flatten)]
    path: Path,
    ctime_ms: Option<i64>,
    used_mem: Option<u64>,
    total_bytes: Option<u64>,
}

impl MomentView {
    pub(super) fn of(moment: &Moment) -> Self {
        let Moment { name, ctime_ms, used_mem, total_bytes } = moment;
        Self {
            path: Path(name.clone()),
            ctime_ms: *ctime_ms,
            used_mem: *used_mem,
            total_bytes: *total_bytes,
        }
    }
}

/// [`Growth`] as it is written.
#[derive(Serialize)]
pub(super) struct GrowthView<'g> {
    profile: &'g str,
    old: MomentView,
    new: MomentView,
    span_ms: Option<i64>,
    totals: &'g Change,
    memory: &'g Memory,
    patterns: &'g [Change],
    types: &'g [Change],
    databases: &'g [Change],
}

impl<'g> GrowthView<'g> {
    pub(super) fn of(growth: &'g Growth) -> Self {
        let Growth { old, new, span_ms, profile, totals, memory, patterns, types, databases } =
            growth;
        Self {
            profile,
            old: MomentView::of(old),
            new: MomentView::of(new),
            span_ms: *span_ms,
            totals,
            memory,
            patterns,
            types,
            databases,
        }
    }
}

/// Writes what changed as one JSON object.
///
/// # Errors
/// Those of `out`.
pub fn growth_json(growth: &Growth, out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'g> {
        schema_version: u32,
        #[serde(flatten)]
        growth: GrowthView<'g>,
    }
    let document = Document { schema_version: 1, growth: GrowthView::of(growth) };
    pretty(&document, out)
}

/// Writes JSON that no terminal can be harmed by.
pub(super) fn pretty(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document).map_err(io::Error::other)?;
    out.write_all(&escape::json_text(&text))?;
    out.write_all(b"\n")
}
