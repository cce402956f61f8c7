//! Collections just over an encoding limit: what a higher limit would take off them.

use super::again::{Again, Copied, float, whole};
use super::{Confidence, Context, Finding, Id, Phrase, Saving, Subject};
use crate::entries::{Elements, Str, ValueKind};
use crate::footprint::{Footprinter, Limits, Sizes};
use crate::groups::{Class, Patterns, Pick, Picks};
use std::collections::BTreeMap;

/// What limits are multiplied by, the highest last.
pub(super) const STEPS: [u64; 2] = [2, 4];
/// A lower step that has so much of the best one's saving is enough, in percent.
const ENOUGH: f64 = 0.8;

/// A setting, and a value for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Setting {
    name: &'static str,
    now: u64,
    value: u64,
}

/// What a setting would save in a pattern.
#[derive(Debug, Clone, Copy, Default)]
struct Saved {
    keys: f64,
    bytes: f64,
}

/// Collections that a higher limit would pack.
pub(super) fn raise(context: &Context<'_>) -> Vec<Finding> {
    let Some((again, picks)) = context.second_look(Class::Unpacked) else { return Vec::new() };
    let mut found = BTreeMap::<(&str, &str), Vec<(Setting, Saved)>>::new();
    for ((pattern, setting), saved) in measure(context, again, &picks) {
        found.entry((pattern, setting.name)).or_default().push((setting, saved));
    }
    let mut findings = Vec::new();
    for ((pattern, ..), steps) in found {
        let best = steps.iter().map(|(_, saved)| saved.bytes).fold(0.0, f64::max);
        // in the order of their values
        let enough = steps.into_iter().find(|(_, saved)| saved.bytes >= best * ENOUGH);
        if let Some((setting, saved)) = enough {
            findings.extend(finding(context, pattern, (setting, saved), picks.complete));
        }
    }
    findings
}

/// What each setting would save in each pattern.
fn measure<'c>(
    context: &Context<'c>,
    again: &Again<'_>,
    picks: &Picks,
) -> BTreeMap<(&'c str, Setting), Saved> {
    let (now, finder) = (&again.server.limits, context.finder);
    let told = again.each(
        &picks.keys,
        || Packers {
            entries: again.footprinter(&[more_entries(now)]),
            length: again.footprinter(&[longer(now)]),
            integers: again.footprinter(&[more_integers(now)]),
        },
        |packers, near, pick| look((again, near), finder, packers, pick),
    );
    let mut saved = BTreeMap::<(&str, Setting), Saved>::new();
    for (pick, (pattern, less)) in told {
        for (setting, less) in less {
            let sum = saved.entry((pattern, setting)).or_default();
            sum.keys += pick.times;
            sum.bytes += less * pick.times;
        }
    }
    saved
}

/// What sizes keys under the highest value of each limit. Under a lower one that packs a key it takes
/// the same.
struct Packers {
    entries: Footprinter,
    length: Footprinter,
    integers: Footprinter,
}

/// The pattern of a key, and what it would take less with each setting.
fn look<'f>(
    (again, near): (&Again<'_>, &mut Copied),
    finder: &'f Patterns,
    packers: &mut Packers,
    pick: &Pick,
) -> Option<(&'f str, Vec<(Setting, f64)>)> {
    let now = &again.server.limits;
    let (pattern, kind, sizes, as_integers) = again.key(near, pick, |key| {
        let kind = key.entry.kind;
        let (.., [most, _]) = settings(now, kind);
        let is_long = pick.elements <= most;
        let packer = if is_long { &mut packers.length } else { &mut packers.entries };
        // which of its two limits a set is over hangs on its members: both are tried
        let mut integers = Integers(kind == ValueKind::Set && pick.elements > now.intset_entries);
        if integers.0 {
            key.look(&mut integers)?;
        }
        let as_integers = match integers {
            Integers(true) => Some(key.would_take(&mut packers.integers)?),
            Integers(false) => None,
        };
        Some((finder.name(key.name), kind, key.sizes(packer)?, as_integers))
    })?;
    let mut less = Vec::new();
    let mut compare = |sizes: Sizes, settings: Vec<Setting>| {
        let saves = float(pick.bytes) - float(sizes.first());
        if saves > 0.0 {
            less.extend(settings.into_iter().map(|setting| (setting, saves)));
        }
    };
    let steps = |name, limit: u64| {
        let all = STEPS.into_iter().map(move |step| entries(name, limit, step));
        all.filter(|setting| pick.elements <= setting.value).collect::<Vec<Setting>>()
    };
    let (count, length, [most, longest]) = settings(now, kind);
    let is_long = pick.elements <= most;
    compare(sizes, if is_long { vec![entries(length, longest, 2)] } else { steps(count, most) });
    if let Some(sizes) = as_integers {
        compare(sizes, steps("set-max-intset-entries", now.intset_entries));
    }
    Some((pattern, less))
}

/// Whether all members may be integers: else no limit makes a set one of integers.
struct Integers(bool);

impl Elements for Integers {
    fn member(&mut self, member: Str<'_>) {
        self.0 &= member.as_int().is_some();
    }
}

/// The settings for a type, of entries and of their length, and what they are.
const fn settings(now: &Limits, kind: ValueKind) -> (&'static str, &'static str, [u64; 2]) {
    match kind {
        ValueKind::Hash => (
            "hash-max-listpack-entries",
            "hash-max-listpack-value",
            [now.hash_entries, now.hash_value],
        ),
        ValueKind::Zset => (
            "zset-max-listpack-entries",
            "zset-max-listpack-value",
            [now.zset_entries, now.zset_value],
        ),
        _ => {
            ("set-max-listpack-entries", "set-max-listpack-value", [now.set_entries, now.set_value])
        }
    }
}

const fn entries(name: &'static str, now: u64, times: u64) -> Setting {
    Setting { name, now, value: now.saturating_mul(times) }
}

/// Limits of the most entries that are tried.
fn more_entries(now: &Limits) -> Limits {
    let [.., step] = STEPS;
    Limits {
        hash_entries: now.hash_entries.saturating_mul(step),
        zset_entries: now.zset_entries.saturating_mul(step),
        set_entries: now.set_entries.saturating_mul(step),
        ..*now
    }
}

/// Limits of twice the length.
fn longer(now: &Limits) -> Limits {
    Limits {
        hash_value: now.hash_value.saturating_mul(2),
        zset_value: now.zset_value.saturating_mul(2),
        set_value: now.set_value.saturating_mul(2),
        ..*now
    }
}

/// Limits of the most integers that are tried.
fn more_integers(now: &Limits) -> Limits {
    let [.., step] = STEPS;
    Limits { intset_entries: now.intset_entries.saturating_mul(step), ..*now }
}

fn finding(
    context: &Context<'_>,
    pattern: &str,
    (setting, saved): (Setting, Saved),
    complete: bool,
) -> Option<Finding> {
    let is_intset = setting.name.starts_with("set-max-intset");
    let id = if is_intset { Id::IntsetLimit } else { Id::ListpackLimit };
    let least = match is_intset {
        true => context.thresholds.intset_limit.bytes,
        false => context.thresholds.listpack_limit.bytes,
    };
    let (keys, bytes) = (whole(saved.keys), whole(saved.bytes));
    if bytes < least.0 || bytes == 0 {
        return None;
    }
    // its name before listpacks
    let name = match context.shell.is_from(7, 0) || is_intset {
        true => setting.name.to_owned(),
        false => setting.name.replace("listpack", "ziplist"),
    };
    let seen = Phrase::default()
        .name(pattern.as_bytes())
        .text(": ")
        .keys(keys)
        .text(" just over ")
        .text(&name)
        .text(&format!(" {}", setting.now));
    Some(Finding {
        id,
        subject: Subject::Pattern(pattern.to_owned()),
        keys,
        bytes,
        saving: Saving::Smaller,
        confidence: if complete { Confidence::Modelled } else { Confidence::Sampled },
        seen,
        advice: Phrase::new(&format!("{name} {} would take ", setting.value))
            .bytes(bytes)
            .text(" off it"),
        commands: vec![
            "# holds for all keys of the type, and is lost at a restart unless written down".to_owned(),
            context.shell.plain(&format!("CONFIG SET {name} {}", setting.value)),
            context.shell.plain("CONFIG REWRITE"),
            "# keys that are there stay as they are until they are loaded again: by a restart, or on a"
                .to_owned(),
            "# replica that is set so before it syncs, and then takes over".to_owned(),
        ],
    })
}
