//! What is in one place and should not be: huge keys, hot slots, many databases.

use super::{Confidence, Context, Finding, Id, Phrase, Saving, Subject};
use crate::entries::ValueKind;
use crate::groups::{Big, Database, Share, by};
use std::collections::BTreeMap;

/// Keys that are big by bytes or elements.
pub(super) fn big_keys(context: &Context<'_>) -> Vec<Finding> {
    let least = context.thresholds.big_key;
    let groups = context.material.groups;
    let mut found = BTreeMap::new();
    for big in groups.largest().into_iter().chain(groups.longest()) {
        let bytes = big.sizes.first().round();
        let is_string = big.kind == ValueKind::String;
        let most = if is_string { least.string_bytes } else { least.bytes };
        let has_many = !is_string && big.elements.is_some_and(|n| n >= least.elements);
        if bytes >= most.0 || has_many {
            let subject = Subject::Key { db: big.db.unwrap_or_default(), name: big.key.to_vec() };
            found.entry(subject).or_insert(big);
        }
    }
    found.into_iter().map(|(subject, big)| big_key(context, subject, big)).collect()
}

fn big_key(context: &Context<'_>, subject: Subject, big: &Big) -> Finding {
    let bytes = big.sizes.first().round();
    let kind = big.kind.name();
    let mut seen = Phrase::default().name(&big.key).text(": one ").text(kind);
    if let Some(n) = big.elements.filter(|_| big.kind != ValueKind::String) {
        seen = seen.text(" of ").count(n).text(" elements");
    }
    seen = match big.expires_at_ms {
        Some(_) => seen.text(", which expires"),
        None => seen.text(", which never expires"),
    };
    let db = big.db.unwrap_or_default();
    let shell = &context.shell;
    let commands = match big.name() {
        Some(name) => vec![
            "# if it can go; without holding up others".to_owned(),
            shell.on_key(db, shell.unlink(), name, ""),
        ],
        None => vec!["# its name is longer than 1 KiB: rdblens keys --min-bytes has it".to_owned()],
    };
    let advice = match big.kind {
        ValueKind::Stream => "cap it with XADD ... MAXLEN ~, and XTRIM what is there",
        ValueKind::List => "cap it with LTRIM, or split it by day or tenant",
        ValueKind::String => "split it, compress it, or keep it elsewhere",
        _ => "split it into many keys by a hash of the field; never read it whole",
    };
    Finding {
        id: Id::BigKey,
        subject,
        keys: 1,
        bytes,
        saving: Saving::Spread,
        confidence: Confidence::Exact,
        seen,
        advice: Phrase::new(advice),
        commands,
    }
}

/// Slots with many times what others have.
pub(super) fn hot_slots(context: &Context<'_>) -> Vec<Finding> {
    let least = context.thresholds.hot_slot;
    let groups = context.material.groups;
    let heaviest = groups.slots().heaviest();
    let used = heaviest.len() as u64;
    let all: crate::footprint::Size = heaviest.iter().map(|(_, share)| share.bytes).sum();
    let mean = all.round() / used.max(1);
    let hot = heaviest.into_iter().filter(|(_, share)| {
        let bytes = share.bytes.round();
        bytes >= least.bytes.0 && bytes >= mean.saturating_mul(least.times) && used > 1
    });
    hot.map(|(slot, share)| hot_slot(context, slot, share, mean)).collect()
}

fn hot_slot(context: &Context<'_>, slot: u16, share: Share, mean: u64) -> Finding {
    let bytes = share.bytes.round();
    let mut seen = Phrase::new(&format!("slot {slot}: "))
        .keys(share.keys)
        .text(", ")
        .count(bytes / mean.max(1))
        .text(" times the mean of ")
        .bytes(mean);
    if let Some(tag) = context.material.tags.iter().find(|tag| tag.slot == slot) {
        let part = tag.share.bytes.raw();
        seen =
            seen.text("; hash tag ").name(&tag.tag).text(" has ").percent(part, share.bytes.raw());
    }
    let shell = &context.shell;
    Finding {
        id: Id::HotSlot,
        subject: Subject::Slot(slot),
        keys: share.keys,
        bytes: bytes.saturating_sub(mean),
        saving: Saving::Spread,
        confidence: Confidence::Exact,
        seen,
        advice: Phrase::new("a slot cannot be split: make the hash tag narrower"),
        commands: vec![
            "# names in the slot, on the node that has it".to_owned(),
            shell.plain(&format!("CLUSTER GETKEYSINSLOT {slot} 20")),
        ],
    }
}

/// Databases other than the first that hold keys.
pub(super) fn databases(context: &Context<'_>) -> Vec<Finding> {
    let least = context.thresholds.many_databases;
    let cells = context.material.groups.cells();
    let others: Vec<_> = by(&cells, |cell| cell.database)
        .into_iter()
        .filter(|(db, _)| *db != Database::Number(0))
        .map(|(_, content)| content.totals)
        .collect();
    let count = others.len() as u64;
    if count == 0 || count < least.databases {
        return Vec::new();
    }
    let keys = others.iter().map(|totals| totals.keys()).sum();
    let bytes: crate::footprint::Size = others.iter().map(|totals| totals.bytes()).sum();
    let seen = Phrase::default()
        .keys(keys)
        .text(" (")
        .bytes(bytes.round())
        .text(") in ")
        .count(count)
        .text(if count == 1 { " database besides 0" } else { " databases besides 0" });
    let shell = &context.shell;
    vec![Finding {
        id: Id::ManyDatabases,
        subject: Subject::Server,
        keys,
        // moving them frees nothing
        bytes: 0,
        saving: Saving::Spread,
        confidence: Confidence::Exact,
        seen,
        advice: Phrase::new("use prefixes in one database, or one server each"),
        commands: vec![shell.plain("INFO keyspace"), shell.plain("CLIENT LIST")],
    }]
}
