//! The report as OpenMetrics, for node_exporter's textfile collector: gauges, and never many.

use super::{Completeness, Measure, PatternRow, Render, Report, ShardRow, Tally, escape};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::io::{self, Write};

/// So many patterns have series of their own, the heaviest; the others are one together.
const PATTERNS: usize = 200;
/// So many shards, databases and types.
const SHARDS: usize = 100;
const DATABASES: usize = 64;
const TYPES: usize = 32;

/// OpenMetrics.
#[derive(Debug, Clone, Copy, Default)]
pub struct Metrics;

impl Render for Metrics {
    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut registry = Registry::with_prefix("rdblens");
        registry.register_collector(Box::new(Gauges(report.clone())));
        let mut written = String::new();
        text::encode(&mut written, &registry).map_err(io::Error::other)?;
        out.write_all(written.as_bytes())
    }
}

#[derive(Debug)]
struct Gauges(Report);

/// A value with its labels.
type Series = (Vec<(&'static str, String)>, i64);

impl Collector for Gauges {
    fn encode(&self, encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let mut sheet = Sheet { encoder, dump: dump(&self.0) };
        self.whole(&mut sheet)?;
        self.memory(&mut sheet)?;
        self.lists(&mut sheet)
    }
}

impl Gauges {
    fn whole(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let report = &self.0;
        let is_complete = report.completeness == Completeness::Complete;
        let one = |value: u64| vec![(Vec::new(), number(value))];
        sheet.plain(
            "snapshot_complete",
            "Whether all of the snapshot was read",
            vec![(Vec::new(), i64::from(is_complete))],
        )?;
        if let Some(taken) = report.source.ctime_ms {
            let seconds = vec![(Vec::new(), taken.0.div_euclid(1000))];
            let help = "When the snapshot was taken, in Unix time";
            sheet.gauge("snapshot_timestamp", help, Some(Unit::Seconds), seconds)?;
        }
        sheet.bytes("snapshot_size", "Size of the snapshot's file", one(report.source.bytes.0))?;
        let (all, never) = (report.totals.all, report.ttl.never);
        sheet.plain("keys", "Keys", one(all.keys.0))?;
        sheet.plain("keys_without_ttl", "Keys that never expire", one(never.keys.0))?;
        let which = match report.profile.sizes {
            Measure::Allocated => "What keys take in memory, as allocated",
            Measure::Reported => "What keys take in memory, as MEMORY USAGE reports it",
        };
        sheet.bytes("keys_memory", which, one(all.bytes.0))?;
        let help = "What keys that never expire take in memory";
        sheet.bytes("keys_without_ttl_memory", help, one(never.bytes.0))?;
        let largest = report.largest_by_bytes.first().map_or(0, |key| key.bytes.0);
        sheet.bytes("largest_key_memory", "What the largest key takes in memory", one(largest))
    }

    fn memory(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let Some(instance) = &self.0.instance else { return Ok(()) };
        let parts = [
            ("keys", instance.keys_bytes),
            ("tables", instance.tables_bytes),
            ("startup", instance.startup_bytes),
            ("functions", instance.functions_bytes),
        ];
        let parts = parts.map(|(name, bytes)| (vec![("part", name.to_owned())], number(bytes.0)));
        let help = "What the server as a whole takes in memory, part by part";
        sheet.bytes("instance_memory", help, parts.to_vec())?;
        let Some(used) = instance.used_mem else { return Ok(()) };
        let help = "What the server said that it used when it wrote the snapshot";
        sheet.bytes("used_memory", help, vec![(Vec::new(), number(used.0))])
    }

    fn lists(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let report = &self.0;
        let databases =
            report.databases.iter().take(DATABASES).map(|row| {
                (row.db.map_or_else(|| "others".to_owned(), |db| db.to_string()), row.all)
            });
        sheet.tallies("database", "by database", "db", databases.collect())?;
        let types =
            report.types.iter().take(TYPES).map(|row| (shown(row.name.as_bytes()), row.all));
        sheet.tallies("type", "by type", "type", types.collect())?;
        let lifetimes = report.lifetimes.iter().map(|row| (row.within.name().to_owned(), row.all));
        sheet.tallies(
            "lifetime",
            "by the time left at the snapshot",
            "within",
            lifetimes.collect(),
        )?;
        let patterns = patterns(report);
        let all = patterns.iter().map(|(name, all, _)| (name.clone(), *all)).collect();
        sheet.tallies("pattern", "by pattern of their names, the heaviest", "pattern", all)?;
        let never = patterns.into_iter().map(|(name, _, never)| (name, never)).collect();
        let what = "that never expire, by pattern of their names, the heaviest";
        sheet.tallies("pattern_without_ttl", what, "pattern", never)?;
        let shards = report.shards.iter().take(SHARDS).map(shard).collect();
        sheet.tallies("shard", "by shard", "shard", shards)
    }
}

fn shard(row: &ShardRow) -> (String, Tally) {
    (shown(base(&row.path.0)), row.all)
}

/// The heaviest patterns with all keys and with those that never expire, and the others as one.
fn patterns(report: &Report) -> Vec<(String, Tally, Tally)> {
    let (named, rest): (Vec<&PatternRow>, Vec<&PatternRow>) =
        report.patterns.iter().partition(|row| row.more.is_none());
    let (shown_rows, more) = named.split_at(PATTERNS.min(named.len()));
    let others: Vec<&&PatternRow> = more.iter().chain(&rest).collect();
    let row = |row: &&PatternRow| (shown(row.pattern.as_bytes()), row.all, row.no_ttl);
    let mut rows: Vec<_> = shown_rows.iter().map(row).collect();
    if !others.is_empty() {
        let all = others.iter().map(|row| row.all).sum();
        let never = others.iter().map(|row| row.no_ttl).sum();
        rows.push(("others".to_owned(), all, never));
    }
    rows
}

/// Where all gauges are written, each series with the snapshot's name.
struct Sheet<'s> {
    encoder: DescriptorEncoder<'s>,
    dump: String,
}

impl Sheet<'_> {
    fn plain(&mut self, name: &str, help: &str, series: Vec<Series>) -> fmt::Result {
        self.gauge(name, help, None, series)
    }

    fn bytes(&mut self, name: &str, help: &str, series: Vec<Series>) -> fmt::Result {
        self.gauge(name, help, Some(Unit::Bytes), series)
    }

    /// Keys and bytes of some rows under the same label; nothing without rows.
    fn tallies(
        &mut self,
        name: &str,
        by: &str,
        label: &'static str,
        rows: Vec<(String, Tally)>,
    ) -> fmt::Result {
        if rows.is_empty() {
            return Ok(());
        }
        let of = |value: fn(&Tally) -> u64| -> Vec<Series> {
            let series = |(name, tally): &(String, Tally)| {
                (vec![(label, name.clone())], number(value(tally)))
            };
            rows.iter().map(series).collect()
        };
        let (keys, bytes) = (of(|tally| tally.keys.0), of(|tally| tally.bytes.0));
        self.plain(&format!("{name}_keys"), &format!("Keys {by}"), keys)?;
        self.bytes(&format!("{name}_memory"), &format!("What keys take in memory {by}"), bytes)
    }

    fn gauge(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        series: Vec<Series>,
    ) -> fmt::Result {
        let mut metric =
            self.encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
        for (labels, value) in series {
            let mut labels: Vec<(&str, String)> = labels;
            labels.push(("dump", self.dump.clone()));
            ConstGauge::new(value).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// The snapshot's file, without its folder.
fn dump(report: &Report) -> String {
    shown(base(&report.source.path.0))
}

fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// A name in which nothing is but text.
fn shown(name: &[u8]) -> String {
    escape::terminal(name, escape::Charset::Utf8)
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Count, sample};

    fn metrics(report: &Report) -> String {
        let mut out = Vec::new();
        Metrics.render(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn value(text: &str, series: &str) -> i64 {
        let line = text.lines().find(|line| line.starts_with(series));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_else(|| {
            panic!("no {series} in\n{text}");
        })
    }

    #[test]
    fn the_gauges_are_the_reports_figures() {
        let report = sample::report();
        let text = metrics(&report);
        assert!(text.ends_with("# EOF\n"));
        assert!(text.contains("# TYPE rdblens_keys_memory_bytes gauge"), "{text}");
        let bytes = report.totals.all.bytes.0.cast_signed();
        assert_eq!(value(&text, "rdblens_keys_memory_bytes{dump=\"dump.rdb\"}"), bytes);
        let sum = |name: &str| -> i64 {
            let rows = text.lines().filter(|line| line.starts_with(&format!("{name}{{")));
            rows.map(|line| line.rsplit(' ').next().unwrap().parse::<i64>().unwrap()).sum()
        };
        for name in ["database", "type", "lifetime", "pattern"] {
            assert_eq!(sum(&format!("rdblens_{name}_memory_bytes")), bytes, "{name}");
            let keys = report.totals.all.keys.0.cast_signed();
            assert_eq!(sum(&format!("rdblens_{name}_keys")), keys, "{name}");
        }
        assert_eq!(value(&text, "rdblens_snapshot_complete"), 1);
        assert_eq!(value(&text, "rdblens_snapshot_timestamp_seconds"), 1_795_143_600);
    }

    #[test]
    fn there_are_never_many_series_and_names_stay_text() {
        let mut report = sample::report();
        let row = |n: u64| PatternRow {
            pattern: format!("p{n}:\"}}\n\\\u{1b}[2J{{int}}"),
            all: Tally::new(n, n),
            ..PatternRow::default()
        };
        report.patterns = (0..5000).map(row).collect();
        report.patterns.push(PatternRow { more: Some(Count(9)), ..row(5000) });
        report.databases = (0..1025)
            .map(|db| super::super::DatabaseRow { db: Some(db), ..Default::default() })
            .collect();
        report.types = vec![report.types[0].clone(); 300];
        report.shards = vec![ShardRow::default(); 1000];
        let text = metrics(&report);
        let series = text.lines().filter(|line| !line.starts_with('#'));
        assert!((1000..2000).contains(&series.count()));
        for line in text.lines() {
            assert!(line.starts_with('#') || line.starts_with("rdblens_"), "{line}");
            assert!(!line.contains('\u{1b}'));
        }
        assert_eq!(
            value(&text, "rdblens_pattern_keys{pattern=\"others\""),
            (200..=5000_i64).sum::<i64>()
        );
    }
}
