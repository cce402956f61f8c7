//! What changed between two snapshots of one keyspace.

use crate::entries::{ModuleId, ValueKind};
use crate::groups::{Cell, Database, Groups, Mass, Origin, Pattern, Patterns, Summary, by};
use std::cmp::Reverse;
use std::collections::BTreeMap;

const HOUR_MS: i128 = 3_600_000;

/// A snapshot with its groups.
#[derive(Clone, Copy)]
pub struct Taken<'t> {
    /// The snapshot.
    pub summary: &'t Summary,
    /// Its groups.
    pub groups: &'t Groups,
}

/// What keys are together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Amount {
    /// How many.
    pub keys: u64,
    /// What they take.
    pub bytes: u64,
    /// What one of them takes; nothing where there is none.
    pub bytes_per_key: Option<u64>,
    /// Those that never expire.
    pub no_ttl_keys: u64,
    /// What those take.
    pub no_ttl_bytes: u64,
}

impl Amount {
    fn new(keys: u64, bytes: u64, no_ttl_keys: u64, no_ttl_bytes: u64) -> Self {
        let bytes_per_key = bytes.saturating_add(keys / 2).checked_div(keys);
        // of two that are rounded the part may not be the larger one
        Self { keys, bytes, bytes_per_key, no_ttl_keys, no_ttl_bytes: no_ttl_bytes.min(bytes) }
    }

    /// What `mass` is.
    #[must_use]
    pub fn of(mass: Mass) -> Self {
        let never = mass.never;
        Self::new(mass.keys(), mass.bytes().round(), never.keys, never.bytes.round())
    }

    /// All keys of `groups`.
    #[must_use]
    pub fn all(groups: &Groups) -> Self {
        let totals = groups.totals();
        let never = totals.never;
        Self::new(totals.keys(), totals.bytes().round(), never.keys, never.bytes().round())
    }

    /// It and others together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(
            self.keys.saturating_add(other.keys),
            self.bytes.saturating_add(other.bytes),
            self.no_ttl_keys.saturating_add(other.no_ttl_keys),
            self.no_ttl_bytes.saturating_add(other.no_ttl_bytes),
        )
    }
}

/// The later amount less the earlier one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Keys.
    pub keys: i64,
    /// Bytes.
    pub bytes: i64,
    /// What a key takes; nothing where one of the two has no key.
    pub bytes_per_key: Option<i64>,
    /// Keys that never expire.
    pub no_ttl_keys: i64,
    /// What those take.
    pub no_ttl_bytes: i64,
}

/// Whether it was there before, and is there still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// In both snapshots.
    Kept,
    /// In the later one only.
    New,
    /// In the earlier one only.
    Gone,
}

/// How something changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// What: a pattern, a type, a database; empty for all keys.
    pub name: String,
    /// Whether it is a pattern of the user's own.
    #[serde(rename = "rule")]
    pub is_rule: bool,
    /// Whether it is new or gone.
    pub standing: Standing,
    /// In the earlier snapshot.
    pub old: Amount,
    /// In the later one.
    pub new: Amount,
    /// The later one less the earlier one.
    pub change: Difference,
    /// Bytes that it grew by in an hour; nothing where the time between them is not known.
    pub bytes_per_hour: Option<i64>,
}

impl Change {
    fn between(name: String, old: Amount, new: Amount, span_ms: Option<i64>) -> Self {
        let standing = match (old.keys, new.keys) {
            (0, 1..) => Standing::New,
            (1.., 0) => Standing::Gone,
            _ => Standing::Kept,
        };
        let each = old.bytes_per_key.zip(new.bytes_per_key);
        let change = Difference {
            keys: less(new.keys, old.keys),
            bytes: less(new.bytes, old.bytes),
            bytes_per_key: each.map(|(old, new)| less(new, old)),
            no_ttl_keys: less(new.no_ttl_keys, old.no_ttl_keys),
            no_ttl_bytes: less(new.no_ttl_bytes, old.no_ttl_bytes),
        };
        let bytes_per_hour = span_ms.map(|span| per_hour(change.bytes, span));
        Self { name, is_rule: false, standing, old, new, change, bytes_per_hour }
    }

    /// Several things together, which have no name.
    #[must_use]
    pub fn of(old: Amount, new: Amount) -> Self {
        Self::between(String::new(), old, new, None)
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_still(&self) -> bool {
        self.old == self.new
    }
}

/// Where a snapshot comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    /// Its file's name; of a merged one a phrase.
    pub name: Vec<u8>,
    /// When it was taken.
    pub ctime_ms: Option<i64>,
    /// What its server said that it used.
    pub used_mem: Option<u64>,
    /// Its keys, tables, start-up and functions; nothing where not all keys count.
    pub total_bytes: Option<u64>,
}

impl Moment {
    /// Where `summary` comes from.
    #[must_use]
    pub fn of(summary: &Summary) -> Self {
        let origins = &summary.origins;
        let sum = |of: fn(&Origin) -> Option<u64>| {
            let all: Option<Vec<u64>> = origins.iter().map(of).collect();
            all.map(|all| all.into_iter().fold(0, u64::saturating_add))
        };
        Self {
            name: match origins.as_slice() {
                [one] => one.name.bytes(),
                several => format!("{} snapshots", several.len()).into_bytes(),
            },
            ctime_ms: origins.iter().map(|origin| origin.ctime_ms).max().flatten(),
            used_mem: sum(|origin| origin.used_mem),
            total_bytes: sum(|origin| {
                let whole = origin.instance.as_ref()?;
                let parts = [whole.keys, whole.tables, whole.startup, whole.functions];
                Some(parts.into_iter().fold(0, u64::saturating_add))
            }),
        }
    }
}

/// Where the server's memory goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Memory {
    /// What it is told by: `used_mem` where both snapshots have it, else `total_bytes`, else
    /// `keys`.
    pub measure: &'static str,
    /// In the earlier snapshot.
    pub old: u64,
    /// In the later one.
    pub new: u64,
    /// What it grows by in an hour.
    pub bytes_per_hour: Option<i64>,
    /// The limit that was given.
    pub maxmemory: Option<u64>,
    /// When it is reached at this pace, if it ever is.
    pub full_at_ms: Option<i64>,
    /// `over` the limit already, `growing` towards it, `steady`, `shrinking`, or `unknown`.
    pub state: Option<&'static str>,
}

/// What changed between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The earlier snapshot.
    pub old: Moment,
    /// The later one.
    pub new: Moment,
    /// The time between them; nothing where one of them does not tell its own, or the later one is
    /// no later.
    pub span_ms: Option<i64>,
    /// What sizes were computed for.
    pub profile: String,
    /// All keys.
    pub totals: Change,
    /// The server's memory.
    pub memory: Memory,
    /// By pattern, what grew the most first.
    pub patterns: Vec<Change>,
    /// By type, in the same order.
    pub types: Vec<Change>,
    /// By database, in the same order.
    pub databases: Vec<Change>,
}

impl Growth {
    /// Compares two snapshots, which must have been sized and grouped alike; `maxmemory` is the
    /// server's limit.
    #[must_use]
    pub fn between(old: Taken<'_>, new: Taken<'_>, maxmemory: Option<u64>) -> Self {
        Self::with_names(old, new, maxmemory).0
    }

    /// The same, and the patterns by which names are told.
    #[must_use]
    pub fn with_names(
        old: Taken<'_>,
        new: Taken<'_>,
        maxmemory: Option<u64>,
    ) -> (Self, Patterns, [Vec<Pattern>; 2]) {
        let (before, after) = (Moment::of(old.summary), Moment::of(new.summary));
        let span = before.ctime_ms.zip(after.ctime_ms).map(|(old, new)| new.saturating_sub(old));
        let span_ms = span.filter(|span| *span > 0);
        let (names, lists) = Groups::compared([old.groups, new.groups]);
        let [olds, news] = &lists;
        let amounts = |list: &[Pattern]| {
            let amount = |p: &Pattern| ((p.name.clone(), p.is_rule), Amount::of(p.mass()));
            list.iter().map(amount).collect::<Vec<_>>()
        };
        let patterns = paired(amounts(olds), amounts(news));
        let patterns = patterns.into_iter().map(|((name, is_rule), [old, new])| {
            let change = Change::between(name, old, new, span_ms);
            Change { is_rule, ..change }
        });
        let cells = [old.groups.cells(), new.groups.cells()];
        let [types, databases] = [type_name as fn(&Cell) -> String, database_name].map(|name| {
            let [old, new] = cells.each_ref().map(|cells| by_name(cells, name));
            let rows = paired(old, new).into_iter();
            sorted(rows.map(|(name, [old, new])| Change::between(name, old, new, span_ms)))
        });
        let all = (Amount::all(old.groups), Amount::all(new.groups));
        let growth = Self {
            memory: memory(&before, &after, all, span_ms, maxmemory),
            profile: new.summary.profile.to_string(),
            totals: Change::between(String::new(), all.0, all.1, span_ms),
            patterns: sorted(patterns),
            types,
            databases,
            old: before,
            new: after,
            span_ms,
        };
        (growth, names, lists)
    }
}

/// `new - old`.
const fn less(new: u64, old: u64) -> i64 {
    new.cast_signed().saturating_sub(old.cast_signed())
}

/// What a change in `span_ms` is in an hour, rounded.
fn per_hour(change: i64, span_ms: i64) -> i64 {
    let (change, span) = (i128::from(change) * HOUR_MS, i128::from(span_ms.max(1)));
    let half = if change < 0 { -span / 2 } else { span / 2 };
    i64::try_from((change + half) / span).unwrap_or(if change < 0 { i64::MIN } else { i64::MAX })
}

/// What two lists say of the same things; nothing where one of them does not have it.
fn paired<K: Ord>(old: Vec<(K, Amount)>, new: Vec<(K, Amount)>) -> Vec<(K, [Amount; 2])> {
    let mut rows: BTreeMap<K, [Amount; 2]> = BTreeMap::new();
    for (key, amount) in old {
        let [old, _] = rows.entry(key).or_default();
        *old = old.and(amount);
    }
    for (key, amount) in new {
        let [_, new] = rows.entry(key).or_default();
        *new = new.and(amount);
    }
    rows.into_iter().collect()
}

/// What grew the most first, of equals the larger one, then the lower name.
fn sorted(rows: impl Iterator<Item = Change>) -> Vec<Change> {
    let mut rows: Vec<Change> = rows.collect();
    rows.sort_by(|a, b| {
        let order = |row: &Change| (Reverse(row.change.bytes), Reverse(row.new.bytes));
        order(a).cmp(&order(b)).then_with(|| (&a.name, a.is_rule).cmp(&(&b.name, b.is_rule)))
    });
    rows
}

fn by_name(cells: &[Cell], name: impl Fn(&Cell) -> String) -> Vec<(String, Amount)> {
    let amount = |content: crate::groups::Content| {
        let (all, never) = (content.totals, content.totals.never);
        Amount::new(all.keys(), all.bytes().round(), never.keys, never.bytes().round())
    };
    by(cells, name).into_iter().map(|(name, content)| (name, amount(content))).collect()
}

fn type_name(cell: &Cell) -> String {
    match (cell.kind, cell.module) {
        (ValueKind::Module, Some(module)) => ModuleId::name(module),
        (kind, _) => kind.name().to_owned(),
    }
}

fn database_name(cell: &Cell) -> String {
    match cell.database {
        Database::Number(db) => db.to_string(),
        Database::Beyond => "others".to_owned(),
        Database::Unknown => "unknown".to_owned(),
    }
}

fn memory(
    old: &Moment,
    new: &Moment,
    all: (Amount, Amount),
    span_ms: Option<i64>,
    maxmemory: Option<u64>,
) -> Memory {
    let (measure, (before, after)) = [
        ("used_mem", old.used_mem.zip(new.used_mem)),
        ("total_bytes", old.total_bytes.zip(new.total_bytes)),
    ]
    .into_iter()
    .find_map(|(measure, both)| Some((measure, both?)))
    .unwrap_or(("keys", (all.0.bytes, all.1.bytes)));
    let change = less(after, before);
    let state = maxmemory.map(|limit| match change {
        _ if after >= limit => "over",
        _ if span_ms.is_none() => "unknown",
        1.. => "growing",
        0 => "steady",
        _ => "shrinking",
    });
    let full_at_ms = span_ms.zip(new.ctime_ms).zip(maxmemory).filter(|_| state == Some("growing"));
    let full_at_ms = full_at_ms.and_then(|((span, newest), limit)| {
        let left = i128::from(limit) - i128::from(after);
        let wait = (left * i128::from(span)).checked_div(i128::from(change))?;
        i64::try_from(i128::from(newest) + wait).ok()
    });
    Memory {
        measure,
        old: before,
        new: after,
        bytes_per_hour: span_ms.map(|span| per_hour(change, span)),
        maxmemory,
        full_at_ms,
        state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(hours: i64, used: u64) -> Moment {
        let ctime_ms = Some(1_790_000_000_000 + hours * 3_600_000);
        Moment { ctime_ms, used_mem: Some(used), ..Moment::default() }
    }

    fn of(old: u64, new: u64, span_ms: Option<i64>, limit: u64) -> Memory {
        let all = (Amount::default(), Amount::default());
        memory(&moment(0, old), &moment(10, new), all, span_ms, Some(limit))
    }

    #[test]
    fn memory_is_full_when_the_pace_says_so() {
        let ten = Some(36_000_000);
        let found = of(1_000, 2_000, ten, 5_000);
        assert_eq!((found.bytes_per_hour, found.state), (Some(100), Some("growing")));
        // 3,000 are left, at 100 an hour
        assert_eq!(found.full_at_ms, moment(40, 0).ctime_ms);
        for (old, new, span, limit, state) in [
            (1_000, 2_000, ten, 2_000, "over"),
            (2_000, 2_000, ten, 3_000, "steady"),
            (2_000, 1_000, ten, 3_000, "shrinking"),
            (1_000, 2_000, None, 3_000, "unknown"),
        ] {
            let found = of(old, new, span, limit);
            assert_eq!((found.state, found.full_at_ms), (Some(state), None));
        }
        assert_eq!(of(1, 2, ten, u64::MAX).full_at_ms, None, "beyond all time");
    }

    #[test]
    fn what_an_hour_brings_is_rounded_to_the_nearest() {
        assert_eq!(per_hour(100, 7_200_000), 50);
        assert_eq!((per_hour(1, 7_200_000), per_hour(-1, 7_200_000)), (1, -1));
        assert_eq!((per_hour(1, 7_200_001), per_hour(-1, 7_200_001)), (0, 0));
        assert_eq!((per_hour(i64::MAX, 1), per_hour(i64::MIN, 1)), (i64::MAX, i64::MIN));
    }

    #[test]
    fn rows_are_in_the_order_of_growth() {
        let row = |name: &str, old: u64, new: u64| {
            let amount = |bytes: u64| Amount::new(bytes.min(1), bytes, 0, 0);
            Change::between(name.to_owned(), amount(old), amount(new), None)
        };
        let rows = [row("b", 0, 5), row("a", 10, 15), row("c", 9, 0), row("d", 7, 7)];
        let rows = sorted(rows.into_iter());
        let shown: Vec<_> = rows.iter().map(|row| (&*row.name, row.standing)).collect();
        let expected = [
            ("a", Standing::Kept),
            ("b", Standing::New),
            ("d", Standing::Kept),
            ("c", Standing::Gone),
        ];
        assert_eq!(shown, expected);
        assert_eq!(
            rows.iter().map(Change::is_still).collect::<Vec<_>>(),
            [false, false, true, false]
        );
    }
}
