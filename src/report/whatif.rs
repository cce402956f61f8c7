//! What the same keys would take elsewhere: today's size, and others beside it.

use super::build::{Extent, heaviest, prefixes_in_lanes, rounded, type_name};
use super::units::{Bytes, Count};
use super::{Completeness, Filters, Instance, Measure, PrefixRow, Source, escape};
use crate::footprint::{Sizes, Version};
use crate::groups::{self, Groups};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Today's size, and that of each alternative.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct WhatIf {
    /// The version of this form.
    pub schema_version: u32,
    /// The file, and what it says of itself.
    pub source: Source,
    /// Whether all of it was read.
    pub completeness: Completeness,
    /// What the keys had to be like to be counted.
    pub filters: Filters,
    /// What `bytes` of keys are.
    pub sizes: Measure,
    /// How many keys there are.
    pub keys: Count,
    /// The server as it is.
    pub today: Side,
    /// What it may be instead.
    pub alternatives: Vec<Side>,
    /// By type, the heaviest first.
    pub types: Vec<WhatIfRow>,
    /// By pattern, the heaviest first; the last row may stand for all others.
    pub patterns: Vec<WhatIfRow>,
    /// The tree of prefixes. Rows directly below a row add up to it, in every column.
    pub prefixes: Vec<WhatIfPrefix>,
    /// What these figures do not tell.
    pub unknown: Vec<Unknown>,
}

/// One server with its settings, and what the keys take on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Side {
    /// The server, with what is different from today.
    pub name: String,
    /// Product and version.
    pub server: String,
    /// Its allocator.
    pub allocator: String,
    /// Settings that are not the server's defaults, by name.
    pub settings: BTreeMap<String, String>,
    /// Whether a server of this version loads the snapshot as it is.
    pub loads: bool,
    /// All keys.
    pub keys_bytes: Bytes,
    /// What that is more than today.
    pub keys_change_bytes: i64,
    /// The server as a whole; `None` where filters leave a part out, or keys are as reported.
    pub instance: Option<Instance>,
    /// What its total is more than today's.
    pub total_change_bytes: Option<i64>,
}

impl Side {
    /// What counts: the whole server's bytes where they are known, else those of the keys.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.instance.as_ref().map_or(self.keys_bytes, |instance| instance.total_bytes)
    }
}

/// A type or a pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct WhatIfRow {
    /// Its name; empty where the row stands for several.
    pub name: String,
    /// Its keys.
    pub keys: Count,
    /// What they take today.
    pub bytes: Bytes,
    /// What they take in each alternative.
    pub alternatives: Vec<Bytes>,
    /// How many the row stands for, where it stands for several.
    pub more: Option<Count>,
}

/// A row of the tree of prefixes.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct WhatIfPrefix {
    /// As it is today.
    #[serde(flatten)]
    pub row: PrefixRow,
    /// What its keys take in each alternative.
    pub alternatives: Vec<Bytes>,
}

/// What the rows of names are in text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum By {
    /// Patterns.
    #[default]
    Pattern,
    /// Prefixes.
    Prefix,
}

/// Something that a snapshot cannot tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Unknown {
    /// What it is about: `load`, `speed`, `modules`, `allocator`, `fragmentation`.
    pub about: &'static str,
    /// In words.
    pub text: String,
}

/// A server with what it is called, and its whole.
#[derive(Debug, Clone)]
pub struct Lane {
    /// What is different from today, in words.
    pub name: String,
    /// The server.
    pub server: std::sync::Arc<crate::footprint::Server>,
    /// Whether it loads the snapshot as it is.
    pub loads: bool,
    /// Its whole, where that is known.
    pub instance: Option<Instance>,
}

impl WhatIf {
    /// Today's lane and those of the alternatives, in the order of the lanes of `groups`; so many
    /// patterns have rows of their own as `extent` says, and so many prefixes below each. What
    /// concerns the file is added by who knows it.
    #[must_use]
    pub fn of(
        groups: &Groups,
        lanes: Vec<Lane>,
        completeness: &Completeness,
        (measure, extent): (Measure, Extent),
    ) -> Self {
        let all = groups.totals().all();
        let totals: Vec<u64> = (0..lanes.len()).map(|lane| all.sizes.lane(lane).round()).collect();
        let unknown = unknown(groups, &lanes, *completeness == Completeness::Complete);
        let mut sides = lanes.into_iter().zip(&totals).map(|(lane, bytes)| side(lane, *bytes));
        let today = sides.next().unwrap_or_default();
        let alternatives: Vec<Side> = sides.map(|side| changed(side, &today)).collect();
        Self {
            schema_version: 1,
            completeness: completeness.clone(),
            sizes: measure,
            keys: Count(all.keys),
            today,
            alternatives,
            types: types(groups, &totals),
            patterns: patterns(groups, &totals, extent.top),
            prefixes: prefixes(groups, &totals, extent),
            unknown,
            ..Self::default()
        }
    }

    /// One JSON object.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        out.write_all(&escape::json_text(&text))?;
        out.write_all(b"\n")
    }
}

fn side(lane: Lane, bytes: u64) -> Side {
    Side {
        name: lane.name,
        server: lane.server.name.to_string(),
        allocator: lane.server.allocator.to_string(),
        settings: lane.server.settings(),
        loads: lane.loads,
        keys_bytes: Bytes(bytes),
        instance: lane.instance,
        ..Side::default()
    }
}

fn changed(side: Side, today: &Side) -> Side {
    let change = |to: Bytes, from: Bytes| to.0.cast_signed().saturating_sub(from.0.cast_signed());
    let totals = side.instance.as_ref().zip(today.instance.as_ref());
    Side {
        keys_change_bytes: change(side.keys_bytes, today.keys_bytes),
        total_change_bytes: totals.map(|(to, from)| change(to.total_bytes, from.total_bytes)),
        ..side
    }
}

/// Rows whose bytes add up to `totals` in every lane.
fn rows(found: Vec<(String, u64, Sizes, Option<Count>)>, totals: &[u64]) -> Vec<WhatIfRow> {
    let mut columns: Vec<std::vec::IntoIter<u64>> = totals
        .iter()
        .enumerate()
        .map(|(lane, total)| {
            let sizes = found.iter().map(|(_, _, sizes, _)| sizes.lane(lane));
            rounded(sizes, *total).into_iter()
        })
        .collect();
    let row = |(name, keys, _, more)| {
        let mut bytes = columns.iter_mut().map(|column| Bytes(column.next().unwrap_or_default()));
        let today = bytes.next().unwrap_or_default();
        WhatIfRow { name, keys: Count(keys), bytes: today, alternatives: bytes.collect(), more }
    };
    found.into_iter().map(row).collect()
}

fn types(groups: &Groups, totals: &[u64]) -> Vec<WhatIfRow> {
    let mut found = groups::by(&groups.cells(), |cell| (cell.kind, cell.module));
    heaviest(&mut found, |&(kind, module)| type_name(kind, module));
    let found = found.into_iter().map(|((kind, module), content)| {
        let all = content.totals.all();
        (type_name(kind, module), all.keys, all.sizes, None)
    });
    rows(found.collect(), totals)
}

fn patterns(groups: &Groups, totals: &[u64], top: usize) -> Vec<WhatIfRow> {
    let list = groups.patterns().list();
    let (shown, others) = list.split_at(top.min(list.len()));
    let of = |pattern: &groups::Pattern| (pattern.mass().keys(), pattern.sizes());
    let mut found: Vec<_> = shown
        .iter()
        .map(|pattern| {
            let (keys, sizes) = of(pattern);
            (pattern.name.clone(), keys, sizes, None)
        })
        .collect();
    let rest = others.iter().map(of).reduce(|(keys, mut sizes), (more, others)| {
        sizes += others;
        (keys.saturating_add(more), sizes)
    });
    if let Some((keys, sizes)) = rest {
        found.push((String::new(), keys, sizes, Some(Count(others.len() as u64))));
    }
    rows(found, totals)
}

fn prefixes(groups: &Groups, totals: &[u64], extent: Extent) -> Vec<WhatIfPrefix> {
    let rows = prefixes_in_lanes(groups, extent, totals).into_iter();
    rows.map(|(row, alternatives)| WhatIfPrefix { row, alternatives }).collect()
}

/// What the figures do not tell, as far as it concerns these lanes.
fn unknown(groups: &Groups, lanes: &[Lane], is_whole: bool) -> Vec<Unknown> {
    let mut notes = Vec::new();
    let mut say = |about, text: String| notes.push(Unknown { about, text });
    let Some((today, others)) = lanes.split_first() else { return notes };
    let mut refused: Vec<String> = others
        .iter()
        .filter(|lane| !lane.loads)
        .map(|lane| {
            let server = &lane.server.name;
            format!("{server} does not load this dump (it reads RDB up to {})", server.newest_rdb())
        })
        .collect();
    refused.dedup();
    if !refused.is_empty() {
        let refused = refused.join(", ");
        say("load", format!("{refused}: the keys would have to be copied one by one"));
    }
    let limits = |lane: &Lane| lane.server.limits;
    let has_field_ttls = groups.field_ttls().hashes.keys > 0;
    for lane in others.iter().filter(|lane| has_field_ttls && !knows_field_ttls(lane)) {
        say(
            "load",
            format!("{} has no fields with a TTL; here they count as there", lane.server.name),
        );
    }
    if others.iter().any(|lane| limits(lane) != limits(today)) {
        say(
            "speed",
            "commands walk a longer listpack from its beginning: what that costs in time a \
             snapshot does not tell, so measure it before you raise a limit"
                .to_owned(),
        );
        say(
            "load",
            "a limit changed by CONFIG SET counts for what is written from then on; these are \
             the sizes once all keys are loaded anew, as after a restart"
                .to_owned(),
        );
    }
    let modules =
        groups::by(&groups.cells(), |cell| cell.kind == crate::entries::ValueKind::Module);
    if let Some((_, content)) = modules.into_iter().find(|(is_module, _)| *is_module) {
        let bytes = Bytes(content.totals.bytes().round());
        say(
            "modules",
            format!(
                "{bytes} are modules' values as the snapshot has them: what they take in memory, and whether another server has the module, is not known"
            ),
        );
    }
    if others.iter().any(|lane| lane.server.allocator != today.server.allocator) {
        say(
            "allocator",
            "another allocator fragments in another way: used_memory is compared here, \
             used_memory_rss is not"
                .to_owned(),
        );
    }
    let instance = today.instance.as_ref().filter(|_| is_whole);
    let rest = instance.and_then(|instance| instance.unexplained_bytes);
    let rest = rest.and_then(|rest| u64::try_from(rest).ok()).map(Bytes);
    say("fragmentation", match rest {
        Some(rest) if rest.0 > 0 => format!(
            "{rest} of what the server counted are buffers and slack, which are in none of these figures, and nor is fragmentation"
        ),
        _ => "buffers, slack of values and tables, and fragmentation are in none of these figures"
            .to_owned(),
    });
    notes
}

/// Whether a server has fields of hashes that expire.
fn knows_field_ttls(lane: &Lane) -> bool {
    let name = lane.server.name;
    let first = match name.product {
        crate::footprint::Product::Redis => Version::new(7, 4, 0),
        crate::footprint::Product::Valkey => Version::new(9, 0, 0),
    };
    name.version >= first
}
