//! How full a server is under its limit, what it could evict, and what would bring it under.

use super::units::{Bytes, Count, Tally};
use super::{Instance, Report};
use crate::groups::{Groups, Pattern, Share};
use std::cmp::Reverse;

/// A server's limit, as it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limit {
    /// `maxmemory`
    pub maxmemory: Bytes,
    /// `maxmemory-policy`, where it is known.
    pub policy: Option<String>,
    /// From how many percent of the limit on somebody is called.
    pub alert_percent: u8,
}

/// A server under its limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Eviction {
    /// `maxmemory`
    pub maxmemory_bytes: Bytes,
    /// `maxmemory-policy`; `None` where nobody said.
    pub policy: Option<String>,
    /// From how many percent of the limit on somebody is called.
    pub alert_percent: u8,
    /// The same in bytes.
    pub alert_bytes: Bytes,
    /// What is set against the limit: `used_mem`, which the server said, or `total_bytes`, which
    /// is computed.
    pub measure: &'static str,
    /// How much that is.
    pub bytes: Bytes,
    /// The same in thousandths of the limit.
    pub full_permille: u64,
    /// What it is more than the limit; less than zero where there is room.
    pub over_limit_bytes: i64,
    /// What it is more than the alert's threshold.
    pub over_alert_bytes: i64,
    /// What can be evicted, by policy.
    pub policies: Vec<PolicyRow>,
    /// What would bring it under the alert's threshold; `None` where it is under it.
    pub relief: Option<Relief>,
}

/// Policies that evict the same keys, if in another order.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct PolicyRow {
    /// `noeviction`, `allkeys-*`, `volatile-*`.
    pub policies: &'static str,
    /// Whether the server's is one of them.
    pub in_force: bool,
    /// What they may evict.
    #[serde(flatten)]
    pub evictable: Tally,
    /// What stays when all of that is gone.
    pub remaining_bytes: Bytes,
    /// Whether that is within the limit.
    pub is_enough: bool,
}

/// The fewest patterns without which it would be under the alert's threshold.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Relief {
    /// What has to go at least.
    pub needed_bytes: Bytes,
    /// Whether it does; if not, there are no patterns, and these are all keys.
    pub is_enough: bool,
    /// The keys of the patterns.
    #[serde(flatten)]
    pub freed: Tally,
    /// What stays without them.
    pub remaining_bytes: Bytes,
    /// The patterns, the heaviest first.
    pub patterns: Vec<ReliefRow>,
}

/// A pattern that would have to go.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ReliefRow {
    /// The pattern.
    pub pattern: String,
    /// Whether it is one of the user's.
    pub rule: bool,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
    /// Those without a TTL.
    pub no_ttl: Tally,
}

impl Eviction {
    /// The server of `report`, whose keys are `groups`, under `limit`. `None` where the report does
    /// not tell of a whole server, or of several.
    #[must_use]
    pub fn of(limit: &Limit, report: &Report, groups: &Groups) -> Option<Self> {
        let instance = report.instance.as_ref().filter(|_| report.shards.is_empty())?;
        let (measure, bytes) = measured(instance, report.profile.server_given);
        let most = limit.maxmemory;
        let alert = u128::from(most.0) * u128::from(limit.alert_percent) / 100;
        let alert = Bytes(u64::try_from(alert).unwrap_or(u64::MAX));
        let totals = groups.totals();
        let share = |sum: crate::groups::Sum| Share { keys: sum.keys, bytes: sum.bytes() };
        let all = share(totals.all());
        let policies = [
            ("noeviction", Share::default()),
            ("allkeys-*", all),
            ("volatile-*", share(totals.expires)),
        ];
        let permille = u128::from(bytes.0) * 1000 + u128::from(most.0) / 2;
        let permille = permille.checked_div(u128::from(most.0)).unwrap_or_default();
        Some(Self {
            maxmemory_bytes: most,
            policy: limit.policy.clone(),
            alert_percent: limit.alert_percent,
            alert_bytes: alert,
            measure,
            bytes,
            full_permille: u64::try_from(permille).unwrap_or(u64::MAX),
            over_limit_bytes: over(bytes, most),
            over_alert_bytes: over(bytes, alert),
            policies: policies
                .into_iter()
                .map(|(names, share)| {
                    let remaining = without(bytes, share);
                    PolicyRow {
                        policies: names,
                        in_force: limit.policy.as_ref().is_some_and(|policy| is_of(policy, names)),
                        evictable: tally(share),
                        remaining_bytes: remaining,
                        is_enough: remaining <= most,
                    }
                })
                .collect(),
            relief: (bytes > alert).then(|| relief(groups, all, (bytes, alert))),
        })
    }
}

/// What is set against the limit: what the server itself said, unless the sizes are of another one.
fn measured(instance: &Instance, is_other: bool) -> (&'static str, Bytes) {
    match instance.used_mem.filter(|_| !is_other) {
        Some(used) => ("used_mem", used),
        None => ("total_bytes", instance.total_bytes),
    }
}

/// Whether `policy` is one of `names`.
fn is_of(policy: &str, names: &str) -> bool {
    match names.strip_suffix('*') {
        Some(begin) => policy.starts_with(begin),
        None => policy == names,
    }
}

const fn over(bytes: Bytes, threshold: Bytes) -> i64 {
    bytes.0.cast_signed().saturating_sub(threshold.0.cast_signed())
}

const fn tally(share: Share) -> Tally {
    Tally { keys: Count(share.keys), bytes: Bytes(share.bytes.round()) }
}

fn without(bytes: Bytes, share: Share) -> Bytes {
    Bytes(bytes.0.saturating_sub(share.bytes.round()))
}

/// The fewest patterns that are enough, and of those of which as many are needed the lightest last
/// one: no more goes than has to.
fn relief(groups: &Groups, all: Share, (bytes, alert): (Bytes, Bytes)) -> Relief {
    let needed = Bytes(bytes.0.saturating_sub(alert.0));
    let list = groups.patterns().list();
    let size = |pattern: &Pattern| pattern.mass().bytes().round();
    let mut sum = 0_u64;
    let enough = list.iter().position(|pattern| {
        sum = sum.saturating_add(size(pattern));
        sum >= needed.0
    });
    let Some(last) = enough else {
        let (freed, remaining_bytes) = (tally(all), without(bytes, all));
        return Relief {
            needed_bytes: needed,
            freed,
            remaining_bytes,
            is_enough: remaining_bytes <= alert,
            ..Relief::default()
        };
    };
    let (first, rest) = list.split_at(last);
    let before: u64 = first.iter().map(size).fold(0, u64::saturating_add);
    let missing = needed.0.saturating_sub(before);
    let light = rest.iter().filter(|pattern| size(pattern) >= missing);
    // of equals the one that stands first in the list
    let lightest = light.min_by_key(|pattern| size(pattern));
    let mut patterns: Vec<ReliefRow> = first.iter().chain(lightest).map(row).collect();
    patterns.sort_by_key(|row| Reverse(row.all.bytes));
    let freed: Tally = patterns.iter().map(|row| row.all).sum();
    Relief {
        needed_bytes: needed,
        is_enough: true,
        remaining_bytes: Bytes(bytes.0.saturating_sub(freed.bytes.0)),
        freed,
        patterns,
    }
}

fn row(pattern: &Pattern) -> ReliefRow {
    let mass = pattern.mass();
    let bytes = mass.bytes().round();
    ReliefRow {
        pattern: pattern.name.clone(),
        rule: pattern.is_rule,
        all: Tally::new(mass.keys(), bytes),
        no_ttl: Tally::new(mass.never.keys, mass.never.bytes.round().min(bytes)),
    }
}
