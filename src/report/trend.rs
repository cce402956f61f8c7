//! The trend of many snapshots: what grows, how fast, and when memory is full.

use super::units::{Bytes, Count, Millis, Tally};
use super::{Path, escape, time};
use crate::footprint::Size;
use crate::groups::{Groups, Pattern, Share, Summary};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

const DAY_MS: f64 = 86_400_000.0;

/// What many snapshots of one keyspace hold, in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Trend {
    /// The version of this form.
    pub schema_version: u32,
    /// What sizes are computed for.
    pub profile: String,
    /// The snapshots that count, the oldest first.
    pub snapshots: Vec<TrendPoint>,
    /// Those that do not, and why.
    pub left_out: Vec<LeftOut>,
    /// Where snapshots are missing: much more time than usual between two.
    pub gaps: Vec<Gap>,
    /// All keys.
    pub totals: TrendRow,
    /// The server's memory, and when it is full.
    pub memory: Course,
    /// By pattern, what grows the fastest first; the last row may stand for others.
    pub patterns: Vec<TrendRow>,
}

/// One snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct TrendPoint {
    /// Its file.
    #[serde(flatten)]
    pub path: Path,
    /// When it was taken.
    pub ctime_ms: Millis,
    /// Its keys.
    #[serde(flatten)]
    pub all: Tally,
    /// The sum of its keys, tables, start-up and functions.
    pub total_bytes: Option<Bytes>,
    /// What its server said that it used.
    pub used_mem: Option<Bytes>,
}

/// A snapshot that does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct LeftOut {
    /// Its file.
    #[serde(flatten)]
    pub path: Path,
    /// Why.
    pub reason: String,
}

/// A time without snapshots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Gap {
    /// The last one before.
    pub from_ms: Millis,
    /// The first one behind.
    pub to_ms: Millis,
}

/// How something went over time.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct TrendRow {
    /// The pattern; empty for all keys, and where the row stands for several.
    pub pattern: String,
    /// In the first snapshot.
    pub first: Tally,
    /// In the last one.
    pub last: Tally,
    /// Bytes that it grew by from the first to the last.
    pub change_bytes: i64,
    /// Keys that it grew by.
    pub change_keys: i64,
    /// Bytes that it grows by in a day: the slope of the line nearest to all snapshots.
    pub bytes_per_day: i64,
    /// The same of keys.
    pub keys_per_day: i64,
    /// In each snapshot.
    pub points: Vec<Tally>,
    /// How many patterns the row stands for, where it stands for several.
    pub more: Option<Count>,
}

/// Where the server's memory goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Course {
    /// What it is told by: `used_mem` where every snapshot has it, else `total_bytes`, else
    /// `keys`.
    pub measure: &'static str,
    /// In the first snapshot.
    pub first: Bytes,
    /// In the last one.
    pub last: Bytes,
    /// What it grows by in a day.
    pub bytes_per_day: i64,
    /// The limit that was given.
    pub maxmemory: Option<Bytes>,
    /// When it is reached at this pace, if it ever is.
    pub full_at_ms: Option<Millis>,
    /// `over` the limit already, `growing` towards it, `steady` or `shrinking`.
    pub state: Option<&'static str>,
}

/// A snapshot with its groups.
#[derive(Clone, Copy)]
pub struct Taken<'t> {
    /// When it was taken.
    pub at: Millis,
    /// The snapshot.
    pub summary: &'t Summary,
    /// Its groups.
    pub groups: &'t Groups,
}

impl Trend {
    /// The trend of snapshots, which are in the order of time and of which no two are of the same
    /// moment; `top` patterns have rows of their own.
    #[must_use]
    pub fn of(
        taken: &[Taken<'_>],
        left_out: Vec<LeftOut>,
        maxmemory: Option<Bytes>,
        top: usize,
    ) -> Self {
        let times: Vec<Millis> = taken.iter().map(|taken| taken.at).collect();
        let snapshots: Vec<TrendPoint> = taken.iter().map(point).collect();
        let all: Vec<Tally> = snapshots.iter().map(|point| point.all).collect();
        let profile = taken.last().map(|taken| taken.summary.profile.to_string());
        Self {
            schema_version: 1,
            profile: profile.unwrap_or_default(),
            left_out,
            gaps: gaps(&times),
            totals: row(String::new(), all, &times),
            memory: course(&snapshots, &times, maxmemory),
            patterns: patterns(taken, &times, top),
            snapshots,
        }
    }

    /// A record for each pattern in each snapshot (RFC 4180, line feeds).
    ///
    /// # Errors
    /// Those of `out`.
    pub fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"taken,path,pattern,keys,bytes\n")?;
        for (i, point) in self.snapshots.iter().enumerate() {
            for row in &self.patterns {
                let mut line = format!("{},", time::utc(point.ctime_ms)).into_bytes();
                escape::csv(&point.path.0, &mut line);
                line.push(b',');
                let name = match row.more {
                    Some(_) => "(others)",
                    None => &row.pattern,
                };
                escape::csv(name.as_bytes(), &mut line);
                let tally = row.points.get(i).copied().unwrap_or_default();
                out.write_all(&line)?;
                writeln!(out, ",{},{}", tally.keys.0, tally.bytes.0)?;
            }
        }
        Ok(())
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

fn point(taken: &Taken<'_>) -> TrendPoint {
    let origins = &taken.summary.origins;
    let sum = |of: fn(&crate::groups::Origin) -> Option<u64>| {
        let all: Option<Vec<u64>> = origins.iter().map(of).collect();
        all.map(|all| Bytes(all.into_iter().fold(0, u64::saturating_add)))
    };
    let totals = taken.groups.totals();
    TrendPoint {
        path: Path(match origins.as_slice() {
            [one] => one.name.bytes(),
            several => format!("{} snapshots", several.len()).into_bytes(),
        }),
        ctime_ms: taken.at,
        all: Tally::new(totals.keys(), totals.bytes().round()),
        total_bytes: sum(|origin| {
            let whole = origin.instance.as_ref()?;
            let parts = [whole.keys, whole.tables, whole.startup, whole.functions];
            Some(parts.into_iter().fold(0, u64::saturating_add))
        }),
        used_mem: sum(|origin| origin.used_mem),
    }
}

/// Times of more than two and a half the usual distance.
fn gaps(times: &[Millis]) -> Vec<Gap> {
    let between = |pair: &[Millis]| match pair {
        [from, to] => to.0.saturating_sub(from.0),
        _ => 0,
    };
    let mut distances: Vec<i64> = times.windows(2).map(between).collect();
    distances.sort_unstable();
    let Some(usual) = distances.get(distances.len().saturating_sub(1) / 2).copied() else {
        return Vec::new();
    };
    let most = usual.saturating_mul(5) / 2;
    let wide = times.windows(2).filter(|pair| between(pair) > most);
    wide.filter_map(|pair| match pair {
        [from, to] => Some(Gap { from_ms: *from, to_ms: *to }),
        _ => None,
    })
    .collect()
}

/// What a series grows by in a day: the slope of the line with the least squares. Zero where
/// there is no time between the first and the last.
#[must_use]
pub fn slope(times: &[Millis], values: &[u64]) -> f64 {
    let first = times.first().map_or(0, |time| time.0);
    let days = times.iter().map(|time| time.0.saturating_sub(first) as f64 / DAY_MS);
    let points: Vec<(f64, f64)> = days.zip(values.iter().map(|value| *value as f64)).collect();
    let n = points.len() as f64;
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x) * (x - mean_x)).sum();
    let both: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    if spread > 0.0 { both / spread } else { 0.0 }
}

/// The nearest whole number.
#[allow(clippy::cast_possible_truncation, reason = "what is larger becomes the largest")]
fn whole(n: f64) -> i64 {
    n.round() as i64
}

fn row(pattern: String, points: Vec<Tally>, times: &[Millis]) -> TrendRow {
    let (first, last) =
        (points.first().copied().unwrap_or_default(), points.last().copied().unwrap_or_default());
    let values = |of: fn(&Tally) -> u64| points.iter().map(of).collect::<Vec<u64>>();
    let change = |to: u64, from: u64| to.cast_signed().saturating_sub(from.cast_signed());
    TrendRow {
        pattern,
        first,
        last,
        change_bytes: change(last.bytes.0, first.bytes.0),
        change_keys: change(last.keys.0, first.keys.0),
        bytes_per_day: whole(slope(times, &values(|tally| tally.bytes.0))),
        keys_per_day: whole(slope(times, &values(|tally| tally.keys.0))),
        points,
        more: None,
    }
}

fn patterns(taken: &[Taken<'_>], times: &[Millis], top: usize) -> Vec<TrendRow> {
    let groups: Vec<&Groups> = taken.iter().map(|taken| taken.groups).collect();
    let mut series: BTreeMap<(String, bool), Vec<Share>> = BTreeMap::new();
    for (at, list) in Groups::common_patterns(&groups).iter().enumerate() {
        for pattern in list {
            let key = (pattern.name.clone(), pattern.is_rule);
            let shares = series.entry(key).or_insert_with(|| vec![Share::default(); times.len()]);
            if let Some(share) = shares.get_mut(at) {
                *share = held(pattern);
            }
        }
    }
    let tallies = |shares: &[Share]| {
        shares.iter().map(|share| Tally::new(share.keys, share.bytes.round())).collect::<Vec<_>>()
    };
    let mut rows: Vec<(TrendRow, Vec<Share>)> = series
        .into_iter()
        .map(|((name, _), shares)| (row(name, tallies(&shares), times), shares))
        .collect();
    rows.sort_by(|(a, _), (b, _)| {
        let order = |row: &TrendRow| (Reverse(row.bytes_per_day), Reverse(row.last.bytes));
        order(a).cmp(&order(b)).then_with(|| a.pattern.cmp(&b.pattern))
    });
    let others = rows.split_off(top.min(rows.len()));
    let mut rows: Vec<TrendRow> = rows.into_iter().map(|(row, _)| row).collect();
    if !others.is_empty() {
        let mut sums = vec![Share::default(); times.len()];
        for (sum, share) in others.iter().flat_map(|(_, shares)| sums_of(shares)) {
            if let Some(place) = sums.get_mut(sum) {
                *place += share;
            }
        }
        let more = Some(Count(others.len() as u64));
        rows.push(TrendRow { more, ..row(String::new(), tallies(&sums), times) });
    }
    rows
}

fn sums_of(shares: &[Share]) -> impl Iterator<Item = (usize, Share)> + '_ {
    shares.iter().copied().enumerate()
}

fn held(pattern: &Pattern) -> Share {
    let mass = pattern.mass();
    let bytes: Size = mass.bytes();
    Share { keys: mass.keys(), bytes }
}

fn course(points: &[TrendPoint], times: &[Millis], maxmemory: Option<Bytes>) -> Course {
    let series = |of: fn(&TrendPoint) -> Option<Bytes>| -> Option<Vec<u64>> {
        points.iter().map(|point| of(point).map(|bytes| bytes.0)).collect()
    };
    let (measure, values) = [
        ("used_mem", series(|point| point.used_mem)),
        ("total_bytes", series(|point| point.total_bytes)),
        ("keys", series(|point| Some(point.all.bytes))),
    ]
    .into_iter()
    .find_map(|(measure, values)| Some((measure, values?)))
    .unwrap_or_default();
    let (first, last) =
        (values.first().copied().unwrap_or_default(), values.last().copied().unwrap_or_default());
    let pace = slope(times, &values);
    let newest = times.last().copied().unwrap_or_default();
    let state = maxmemory.map(|limit| match whole(pace) {
        _ if last >= limit.0 => "over",
        1.. => "growing",
        0 => "steady",
        _ => "shrinking",
    });
    let full_at = maxmemory.filter(|_| state == Some("growing")).map(|limit| {
        let days = limit.0.saturating_sub(last) as f64 / pace;
        Millis(newest.0.saturating_add(whole(days * DAY_MS)))
    });
    Course {
        measure,
        first: Bytes(first),
        last: Bytes(last),
        bytes_per_day: whole(pace),
        maxmemory,
        full_at_ms: full_at,
        state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: &[i64]) -> Vec<Millis> {
        days.iter().map(|day| Millis(1_790_000_000_000 + day * 86_400_000)).collect()
    }

    fn course_of(values: &[u64], limit: u64) -> Course {
        let times = days(&(0..).take(values.len()).collect::<Vec<i64>>());
        let points = values.iter().zip(&times).map(|(value, time)| TrendPoint {
            ctime_ms: *time,
            used_mem: Some(Bytes(*value)),
            ..TrendPoint::default()
        });
        course(&points.collect::<Vec<_>>(), &times, Some(Bytes(limit)))
    }

    #[test]
    fn a_known_growth_gives_the_known_slope_and_date() {
        let values: Vec<u64> = (0..60).map(|day| 1_000_000 + day * 5_000).collect();
        let found = course_of(&values, 1_395_000);
        assert_eq!((found.bytes_per_day, found.measure), (5_000, "used_mem"));
        // 100,000 bytes are left behind the last day, the 59th
        assert_eq!(found.full_at_ms, Some(days(&[79])[0]));
        assert_eq!(found.state, Some("growing"));
        let mut noisy = values;
        noisy.iter_mut().step_by(2).for_each(|value| *value += 1_000);
        assert!((course_of(&noisy, 2_000_000).bytes_per_day - 5_000).abs() < 20);
    }

    #[test]
    fn what_does_not_grow_is_never_full() {
        let states = |values: &[u64]| {
            let found = course_of(values, 1_000);
            (found.state, found.full_at_ms.is_some())
        };
        assert_eq!(states(&[900, 800, 700]), (Some("shrinking"), false));
        assert_eq!(states(&[900, 900, 900]), (Some("steady"), false));
        assert_eq!(states(&[900, 950, 1_000]), (Some("over"), false));
        assert_eq!(states(&[900]), (Some("steady"), false));
        assert_eq!(states(&[]), (Some("steady"), false));
        assert!(course_of(&[1, 2], u64::MAX).full_at_ms.unwrap().0 > 0);
    }

    #[test]
    fn gaps_do_not_bend_the_slope_and_are_named() {
        let times = days(&[0, 1, 2, 9, 10]);
        let values = [100, 110, 120, 190, 200];
        assert!((slope(&times, &values) - 10.0).abs() < 1e-9);
        assert_eq!(gaps(&times), [Gap { from_ms: times[2], to_ms: times[3] }]);
        assert_eq!(gaps(&days(&[0, 1, 3, 4])), []);
        assert_eq!(gaps(&[]), []);
    }
}
