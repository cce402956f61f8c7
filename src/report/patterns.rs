//! The report's lists of patterns.

use super::build::{Extent, rounded, share_within, tally};
use super::model::*;
use super::units::{Bytes, Count, Tally};
use crate::entries::ValueKind;
use crate::footprint::Size;
use crate::groups::{self, Lifetime, Octaves, Pattern, Sample, Share};
use std::cmp::Reverse;

/// Fewer keys than this say nothing of what a pattern's keys should be like.
const ENOUGH: u64 = 20;
/// So many of ten keys must expire for the others to be forgotten ones.
const MOST: u64 = 9;

/// The heaviest patterns, and a row for all others. They add up to `bytes`; `tells_data` is whether
/// it is known what was put into them.
pub(super) fn rows(
    found: &[Pattern],
    extent: Extent,
    (bytes, tells_data): (u64, bool),
) -> Vec<PatternRow> {
    let (shown, others) = found.split_at(extent.top.min(found.len()));
    let other = sum(others);
    let sizes = shown.iter().map(|pattern| pattern.mass().bytes());
    let mut split =
        rounded(sizes.chain(other.as_ref().map(|other| other.mass.bytes())), bytes).into_iter();
    let mut rows: Vec<PatternRow> = shown
        .iter()
        .zip(&mut split)
        .map(|(pattern, bytes)| PatternRow {
            pattern: pattern.name.clone(),
            rule: pattern.is_rule,
            ..row(&Summed::of(pattern), bytes)
        })
        .collect();
    if let (Some(other), Some(bytes)) = (other, split.next()) {
        rows.push(PatternRow { more: Some(Count(others.len() as u64)), ..row(&other, bytes) });
    }
    if !tells_data {
        rows.iter_mut().for_each(|row| row.data = Data::default());
    }
    rows
}

/// What a row tells, of one pattern or of several.
struct Summed {
    mass: groups::Mass,
    lifetimes: groups::Lifetimes,
    kinds: Vec<(ValueKind, Share)>,
    data: u64,
    largest_element: Option<u64>,
    /// How bytes and elements are spread, where that is known of all.
    bytes_each: Option<Octaves>,
    elements_each: Option<Octaves>,
    usage: Option<groups::Usage>,
}

impl Summed {
    fn of(pattern: &Pattern) -> Self {
        Self {
            mass: pattern.mass(),
            lifetimes: *pattern.lifetimes(),
            kinds: pattern.kinds(),
            data: pattern.data(),
            largest_element: pattern.largest_element(),
            bytes_each: pattern.bytes_each().cloned(),
            elements_each: pattern.elements_each().cloned(),
            usage: pattern.usage().copied(),
        }
    }

    fn add(&mut self, other: Self) {
        self.mass += other.mass;
        for (lifetime, share) in other.lifetimes.iter() {
            self.lifetimes.add(lifetime, share);
        }
        for (kind, share) in other.kinds {
            match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, mine)) => *mine += share,
                None => self.kinds.push((kind, share)),
            }
        }
        self.kinds.sort_by_key(|(kind, share)| (Reverse(share.bytes), kind.name()));
        self.data = self.data.saturating_add(other.data);
        self.largest_element = self.largest_element.max(other.largest_element);
        self.bytes_each = self.bytes_each.take().zip(other.bytes_each).map(merged);
        // of keys without elements there is none
        self.elements_each = match (self.elements_each.take(), other.elements_each) {
            (Some(mine), Some(theirs)) => Some(merged((mine, theirs))),
            (mine, theirs) => mine.or(theirs),
        };
        if let Some(usage) = other.usage {
            self.usage.get_or_insert_default().merge(&usage);
        }
    }
}

fn merged((mut mine, theirs): (Octaves, Octaves)) -> Octaves {
    mine.merge(&theirs);
    mine
}

fn percentiles(spread: &Octaves) -> Option<Percentiles> {
    let [p50, p99] = spread.percentiles([50, 99])?;
    Some(Percentiles { p50, p99, max: spread.max()? })
}

fn sum(patterns: &[Pattern]) -> Option<Summed> {
    patterns.iter().map(Summed::of).reduce(|mut sum, other| {
        sum.add(other);
        sum
    })
}

fn row(summed: &Summed, bytes: u64) -> PatternRow {
    let shares: Vec<Share> = summed.lifetimes.iter().map(|(_, share)| share).collect();
    let split = rounded(shares.iter().map(|share| share.bytes), bytes);
    let lifetimes = Lifetime::ALL.into_iter().zip(&shares).zip(split);
    let kinds = rounded(summed.kinds.iter().map(|(_, share)| share.bytes), bytes);
    let kinds = summed.kinds.iter().zip(kinds);
    let only = match summed.kinds.as_slice() {
        [(kind, _)] => Some(*kind),
        _ => None,
    };
    // of several patterns all must tell
    let elements_each = summed.bytes_each.as_ref().and(summed.elements_each.as_ref());
    PatternRow {
        all: Tally::new(summed.mass.keys(), bytes),
        no_ttl: share_within(summed.mass.never, bytes),
        elements: Count(summed.mass.elements),
        data: Data::of(Some(summed.data), bytes).of_kind(only),
        bytes_each: summed.bytes_each.as_ref().and_then(percentiles),
        elements_each: elements_each.and_then(percentiles),
        largest_element: summed.bytes_each.as_ref().and(summed.largest_element).map(Bytes),
        lifetimes: lifetimes
            .map(|((within, share), bytes)| LifetimeRow {
                within,
                all: Tally::new(share.keys, bytes),
            })
            .collect(),
        types: kinds
            .map(|((kind, share), bytes)| TypeShare {
                name: kind.name(),
                all: Tally::new(share.keys, bytes),
            })
            .collect(),
        usage: summed.usage.as_ref().map(usage),
        ..PatternRow::default()
    }
}

fn usage(found: &groups::Usage) -> Usage {
    let [day, week, month] = found.idle_from().map(tally);
    let timed = found.timed();
    let mean = |sum: u64, times: u64, of: u64| sum.saturating_mul(times).checked_div(of);
    Usage {
        timed: tally(timed),
        mean_idle_s: mean(found.idle_s, 1, timed.keys),
        idle_1d: day,
        idle_7d: week,
        idle_30d: month,
        counted: tally(found.counted),
        mean_freq_percent: mean(found.freq, 100, found.counted.keys),
        cold: tally(found.cold),
    }
}

/// How all keys are used.
pub(super) fn overall_usage(found: &[Pattern]) -> Option<Usage> {
    let all = found.iter().filter_map(Pattern::usage).copied().reduce(|mut sum, other| {
        sum.merge(&other);
        sum
    });
    all.as_ref().map(usage)
}

/// Patterns whose keys live longer than they should, by the bytes that it concerns.
pub(super) fn leaks(
    found: &[Pattern],
    extent: Extent,
    names: &dyn Fn(Sample) -> Option<Box<[u8]>>,
) -> Vec<TtlLeakRow> {
    let mut rows: Vec<(Size, TtlLeakRow)> = Vec::new();
    for pattern in found {
        let mass = pattern.mass();
        let all = Tally::new(mass.keys(), mass.bytes().round());
        let samples = || pattern.samples().filter_map(names).map(|name| Key(name.to_vec()));
        let row = |kind, share: Share, samples: Vec<Key>| {
            let (pattern, keys) = (pattern.name.clone(), tally(share));
            (share.bytes, TtlLeakRow { pattern, kind, keys, all, samples })
        };
        let (never, expires) = (mass.never, mass.expires);
        if expires.keys == 0 {
            rows.push(row(TtlLeak::Never, never, samples().collect()));
        } else if never.keys > 0
            && mass.keys() >= ENOUGH
            && expires.keys.saturating_mul(10) >= mass.keys().saturating_mul(MOST)
        {
            rows.push(row(TtlLeak::Leak, never, samples().collect()));
        }
        if pattern.absurd().keys > 0 {
            rows.push(row(TtlLeak::Absurd, pattern.absurd(), Vec::new()));
        }
    }
    // stable: of equals the one that is heavier in all stays first
    rows.sort_by_key(|(bytes, _)| Reverse(*bytes));
    let mut of_kind = [0; 3];
    rows.retain(|(_, row)| {
        let seen = of_kind.get_mut(row.kind as usize);
        seen.is_some_and(|seen| {
            *seen += 1;
            *seen <= extent.top
        })
    });
    rows.into_iter().map(|(_, row)| row).collect()
}
