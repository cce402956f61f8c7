//! Our figures beside a server's answers, and how far apart they may be.

use super::fixture::{Answer, Answers, Server};
use super::program::{Listing, Row};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How far figures may be from a server's.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The least share of keys in fixed encodings that must be exact.
    pub exact: f64,
    /// How far the sum of those may be off, as a share.
    pub fixed_sum: f64,
    /// How far the sum may be off of what the server draws at random.
    pub random_sum: f64,
    /// How far the sum of all may be off.
    pub all_sum: f64,
}

impl Limits {
    /// Of a server that uses `allocator`. With glibc, chunks that border on each other share what is
    /// left over, so the same key takes one step more or less from load to load.
    pub fn of(allocator: &str) -> Self {
        if allocator == "libc" {
            Self { exact: 0.97, fixed_sum: 0.003, random_sum: 0.012, all_sum: 0.01 }
        } else {
            Self { exact: 0.995, fixed_sum: 0.0005, random_sum: 0.005, all_sum: 0.003 }
        }
    }
}

/// Below so many keys, a sum over what is drawn at random says little.
const FEW: usize = 30;

/// Sizes of many keys: how many there are, how many are exact, and the two sums.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sizes {
    /// Keys.
    pub keys: usize,
    /// Of those, keys whose size is the server's.
    pub exact: usize,
    /// Bytes by our count.
    pub ours: u64,
    /// Bytes by the server's.
    pub servers: u64,
}

impl Sizes {
    fn add(&mut self, ours: u64, servers: u64, slack: u64) {
        self.keys += 1;
        self.exact += usize::from(ours.abs_diff(servers) <= slack);
        self.ours += ours;
        self.servers += servers;
    }

    fn plus(self, other: Self) -> Self {
        Self {
            keys: self.keys + other.keys,
            exact: self.exact + other.exact,
            ours: self.ours + other.ours,
            servers: self.servers + other.servers,
        }
    }

    /// How far the sum is off, as a share.
    pub fn off(&self) -> f64 {
        if self.servers == 0 { 0.0 } else { self.ours as f64 / self.servers as f64 - 1.0 }
    }

    /// The share of keys that are exact.
    pub fn share(&self) -> f64 {
        if self.keys == 0 { 1.0 } else { self.exact as f64 / self.keys as f64 }
    }
}

/// A comparison of one dump's keys.
#[derive(Debug, Default)]
pub struct Comparison {
    /// What is wrong beside sizes, in words.
    pub wrong: Vec<String>,
    /// Sizes by type and encoding.
    pub groups: BTreeMap<(String, String), Sizes>,
    /// Sizes of keys that always take the same.
    pub fixed: Sizes,
    /// Sizes of keys of which the server draws a part at random.
    pub random: Sizes,
    /// The keys that are furthest off, in words.
    pub worst: Vec<(u64, String)>,
}

/// Compares a listing with a server's answers.
pub fn compare(
    listing: &Listing,
    truth: &Answers,
    server: &Server,
    expired: impl Fn(&[u8]) -> bool,
) -> Comparison {
    let mut all = Comparison::default();
    if listing.code != Some(0) || listing.double > 0 {
        let (code, double, said) = (listing.code, listing.double, &listing.said);
        all.wrong.push(format!("exit code {code:?}, {double} rows double: {said}"));
    }
    for (key, answer) in truth {
        match listing.rows.get(key) {
            None => all.wrong.push(format!("missing: {}", name(key))),
            Some(row) => all.add(row, answer, server),
        }
    }
    for key in listing.rows.keys().filter(|key| !truth.contains_key(*key) && !expired(&key.1)) {
        all.wrong.push(format!("extra: {}", name(key)));
    }
    all.worst.sort_by(|a, b| b.cmp(a));
    all.worst.truncate(10);
    all
}

impl Comparison {
    fn add(&mut self, row: &Row, answer: &Answer, server: &Server) {
        let key = name(&(row.db, row.key()));
        let mut differ = |what: &str, ours: String, servers: String| {
            if ours != servers {
                self.wrong.push(format!("{what} of {key}: {ours}, the server says {servers}"));
            }
        };
        differ("type", row.kind.clone(), answer.kind.clone());
        // 5.0 answers `unknown` for streams, and every server `raw` for modules' values
        if answer.encoding != "unknown" && builtin(&answer.kind) {
            differ("encoding", row.encoding.clone(), answer.encoding.clone());
        }
        if answer.len.is_some() {
            differ("length", format!("{:?}", row.elements), format!("{:?}", answer.len));
        }
        differ("expiry", format!("{:?}", row.expires_at_ms), format!("{:?}", answer.expires));
        if let (Some(usage), true) = (answer.memory_usage, measured(&answer.kind)) {
            self.size(row, answer, usage, server);
        }
    }

    fn size(&mut self, row: &Row, answer: &Answer, usage: u64, server: &Server) {
        let again = answer.memory_usage_again.unwrap_or(usage);
        let usage = [usage, again].into_iter().min_by_key(|u| u.abs_diff(row.bytes));
        let usage = usage.expect("two answers");
        // servers average the elements of lists and hashes in floating point
        let slack = u64::from(["list", "hash"].contains(&answer.kind.as_str()));
        let group = self.groups.entry((answer.kind.clone(), answer.encoding.clone()));
        group.or_default().add(row.bytes, usage, slack);
        let random = is_random(server, &answer.kind, &answer.encoding);
        let sizes = if random { &mut self.random } else { &mut self.fixed };
        sizes.add(row.bytes, usage, slack);
        if !random && row.bytes.abs_diff(usage) > slack {
            let key = name(&(row.db, row.key()));
            let (kind, encoding, len) = (&answer.kind, &answer.encoding, answer.len);
            let what = format!("{} for {usage}: {kind} {encoding} {len:?} {key}", row.bytes);
            self.worst.push((row.bytes.abs_diff(usage), what));
        }
    }

    /// What exceeds `limits`, in words; empty when nothing does.
    pub fn faults(&self, limits: Limits) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |bad: bool, what: String| faults.extend(bad.then_some(what));
        let all = self.fixed.plus(self.random);
        let (share, off) = (self.fixed.share(), self.fixed.off());
        check(share < limits.exact, format!("only {:.2} % exact", share * 100.0));
        check(off.abs() > limits.fixed_sum, format!("fixed sum off by {:+.3} %", off * 100.0));
        let off = self.random.off() * 100.0;
        let enough = self.random.keys >= FEW;
        check(
            enough && off.abs() > limits.random_sum * 100.0,
            format!("random sum off by {off:+.3} %"),
        );
        let off = all.off();
        check(
            (self.random.keys == 0 || enough) && off.abs() > limits.all_sum,
            format!("sum off by {:+.3} %", off * 100.0),
        );
        faults
    }

    /// A table of the sizes, and the keys that are furthest off.
    pub fn table(&self) -> String {
        let mut out = String::new();
        for ((kind, encoding), sizes) in &self.groups {
            let (exact, off) = (sizes.share() * 100.0, sizes.off() * 100.0);
            let what = format!("{kind}, {encoding}");
            let _ = writeln!(out, "  {what:<28} {:>6} {exact:>7.2} % {off:>+8.3} %", sizes.keys);
        }
        for (_, what) in &self.worst {
            let _ = writeln!(out, "    {what}");
        }
        out
    }
}

/// A database and a name, for people.
fn name((db, key): &(u64, Vec<u8>)) -> String {
    let key = key.get(..60).unwrap_or(key);
    format!("db {db} \"{}\"", key.escape_ascii())
}

fn builtin(kind: &str) -> bool {
    ["string", "list", "set", "zset", "hash", "stream"].contains(&kind)
}

/// Whether the size of a value of this type can be told: not of modules' values.
fn measured(kind: &str) -> bool {
    builtin(kind) || kind == "array"
}

/// Whether a server draws a part of such a value's memory at random: levels of skiplists, and
/// overflow buckets of Valkey's hash tables.
fn is_random(server: &Server, kind: &str, encoding: &str) -> bool {
    let mut parts = server.version.split('.').map(|part| part.parse::<u64>().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    match (kind, encoding) {
        ("zset", "skiplist") => true,
        (_, "hashtable") if server.product == "valkey" => {
            version >= if kind == "set" { (8, 0) } else { (8, 1) }
        }
        _ => false,
    }
}
