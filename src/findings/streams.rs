//! Streams that hold what nobody will read.

use super::again::{Settled, float, whole};
use super::{Confidence, Context, Finding, Id, Phrase, Saving, Subject};
use crate::groups::Class;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
struct Seen {
    /// Streams with pending entries, those entries, and what they take.
    pending: [f64; 3],
    /// Streams with deleted entries, those entries, and what they take.
    deleted: [f64; 3],
}

/// Pending and deleted entries.
pub(super) fn look(context: &Context<'_>) -> Vec<Finding> {
    let Some((again, picks)) = context.second_look(Class::Stream) else { return Vec::new() };
    let limits = [again.server.limits];
    let finder = context.finder;
    let told = again.each(
        &picks.keys,
        || again.footprinter(&limits),
        |settled, near, pick| {
            again.key(near, pick, |key| {
                let pattern = finder.name(key.name).to_owned();
                settled.begin(&key.entry, key.name);
                let mut without = Settled::new(settled);
                key.value(&mut without)?;
                let Settled { pending, entries: [_, deleted], held, .. } = without;
                let less = settled.finish().ok()?.sizes.first();
                Some((pattern, pending, deleted, held, less))
            })
        },
    );
    let mut found = BTreeMap::<String, Seen>::new();
    for (pick, (pattern, pending, deleted, held, less)) in told {
        let seen = found.entry(pattern).or_default();
        let held = float(crate::footprint::Size::bytes(held));
        add(&mut seen.pending, pick.times, pending, float(pick.bytes) - float(less));
        add(&mut seen.deleted, pick.times, deleted, held);
    }
    let sure = if picks.complete { Confidence::Modelled } else { Confidence::Sampled };
    let found = found.iter().flat_map(|(pattern, seen)| {
        let pending = Entries { id: Id::StreamPending, pattern, seen: seen.pending };
        let deleted = Entries { id: Id::StreamDeleted, pattern, seen: seen.deleted };
        [pending, deleted]
    });
    found.filter_map(|entries| entries.finding(context, sure)).collect()
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn add(sums: &mut [f64; 3], times: f64, entries: u64, bytes: f64) {
    let [streams, all, held] = sums;
    if entries > 0 {
        *streams += times;
        *all += times * entries as f64;
        *held += times * bytes;
    }
}

struct Entries<'p> {
    id: Id,
    pattern: &'p str,
    seen: [f64; 3],
}

impl Entries<'_> {
    fn finding(&self, context: &Context<'_>, confidence: Confidence) -> Option<Finding> {
        let [streams, entries, bytes] = self.seen.map(whole);
        let shell = &context.shell;
        let is_pending = self.id == Id::StreamPending;
        let thresholds = context.thresholds;
        let least = match is_pending {
            true => thresholds.stream_pending.bytes,
            false => thresholds.stream_deleted.bytes,
        };
        if bytes < least.0 || bytes == 0 {
            return None;
        }
        let what = if is_pending {
            " delivered and never acknowledged"
        } else {
            " deleted and still held"
        };
        let seen = Phrase::default()
            .name(self.pattern.as_bytes())
            .text(": ")
            .count(entries)
            .text(" entries")
            .text(what)
            .text(" in ")
            .keys(streams);
        let (advice, commands) = match is_pending {
            true => (
                "XACK what is done, XAUTOCLAIM what a dead consumer took",
                vec![
                    "# who holds what; then XAUTOCLAIM or XACK, and XGROUP DELCONSUMER for the dead".to_owned(),
                    shell.plain("XINFO STREAM <stream> FULL COUNT 10"),
                    shell.plain("XPENDING <stream> <group>"),
                ],
            ),
            false => (
                "trim from the old end (XTRIM MINID) in place of XDEL in the middle",
                vec![
                    "# a node of entries goes only when all of them are gone".to_owned(),
                    shell.plain("XTRIM <stream> MINID <id>"),
                ],
            ),
        };
        Some(Finding {
            id: self.id,
            subject: Subject::Pattern(self.pattern.to_owned()),
            keys: streams,
            bytes,
            saving: if is_pending { Saving::Freed } else { Saving::Smaller },
            confidence,
            seen,
            advice: Phrase::new(advice),
            commands,
        })
    }
}
