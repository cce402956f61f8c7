//! What the user typed.

use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, FromArgMatches, Subcommand, ValueEnum};
use rdblens::footprint::Allocator;
use std::ffi::OsString;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  rdblens dump.rdb                             what fills this Redis, on one screen
  rdblens dump.rdb --match 'session:*' --full  the same for some keys, with every list
  rdblens dump.rdb --server valkey-9.1         what it would take on another server
  rdblens dump.rdb --format json | jq .instance
  rdblens keys dump.rdb --min-bytes 10mb       the large keys, a JSON object a line
  ssh db1 cat dump.rdb | rdblens -             from a pipe

Exit status: 0 when all was read; 2 when a part was not, or nothing could be done.";

const KEYS_EXAMPLES: &str = "\
Columns: db, key, type, encoding, bytes, elements, expires_at_ms, expired, idle_s, freq, slot;
more of them with --columns: largest_element, fields_with_ttl, spread, certainty, key_bytes,
object_bytes, structure_bytes, payload_bytes. A name that is no UTF-8 stands in key_base64.

Examples:
  rdblens keys dump.rdb | jq -r 'select(.expires_at_ms == null) | .key'
  rdblens keys dump.rdb --format csv -o keys.csv --columns +largest_element
  rdblens keys dump.rdb --type hash --no-ttl --columns db,key,bytes

Exit status: 0 when all was read; 2 when a part was not (the rows before it are there), or nothing
could be done.";

const SUMMARY_EXAMPLES: &str = "\
A summary is JSON of at most a megabyte, whatever the dump. It holds totals, patterns, types,
lifetimes, histograms and the largest keys, and what merging needs; names of patterns and of a few
keys are in it, values never. Every command that needs no more takes it in place of the dump.

Examples:
  rdblens summary dump.rdb -o base.json
  rdblens base.json                            the report again, in milliseconds
  rdblens summary shard-*.rdb -o cluster.json  several dumps as one

Exit status: 0 when all was read; 2 when a part was not (the summary says so), or nothing could be
done.";

const TREND_EXAMPLES: &str = "\
Takes summaries, dumps, and folders of them, in any order. What cannot be compared with the newest
one (another server's sizes, a snapshot that is not whole, one that does not say when it was taken)
is left out and named on standard error.

Examples:
  rdblens trend /var/lib/rdblens/ --maxmemory 8gb
  rdblens trend base-*.json --format csv -o trend.csv

Exit status: 0 when all snapshots count; 2 when some are left out, or nothing could be done.";

const WHATIF_EXAMPLES: &str = "\
Every combination of what is named is an alternative, three at the most: two servers with --set once
are two, one server with --set for the same setting twice is two as well. All are computed in one
pass over the dump, beside today's size.

Examples:
  rdblens whatif dump.rdb --server valkey-8.1 --server redis-8.6
  rdblens whatif dump.rdb --set hash-max-listpack-entries=1024
  rdblens whatif dump.rdb --allocator libc --format json

Exit status: 0 when all was read; 2 when a part was not, or nothing could be done.";
const DIFF_EXAMPLES: &str = "\
Takes dumps and summaries. Both must be sized alike: a dump is sized as the summary beside it was,
and of two dumps the old one as the new one; two summaries that were sized differently are refused.

Examples:
  rdblens diff yesterday.json dump.rdb
  rdblens diff old.rdb new.rdb --maxmemory 8gb
  rdblens diff base.json new.json --format json | jq '.patterns[:3]'

Exit status: 0 when both were read; 2 when a part was not, or nothing could be done.";

const CHECK_EXAMPLES: &str = "\
Budgets stand in rdblens.toml under [check] (docs/growth.md); `rdblens init DUMP` proposes some. A
limit is broken when it is passed, not when it is met. With a baseline and without budgets a default
growth limit holds: all keys together may take 10 % more than in the baseline, growth of 1 MiB and
less aside.

Examples:
  rdblens init dump.rdb -o rdblens.toml
  rdblens check dump.rdb
  rdblens check dump.rdb --baseline base.json --format json

Exit status: 0 when all limits hold, or only warnings are broken; 1 when a limit is broken; 2 when
that cannot be told: a snapshot that was not read as a whole, a rule that no pattern fits, budgets
with a mistake, neither budgets nor a baseline.";

const INIT_EXAMPLES: &str = "\
The limits are a quarter above what the snapshot holds, so that it keeps to them.

Examples:
  rdblens init dump.rdb -o rdblens.toml
  rdblens check dump.rdb

Exit status: 0 when the budgets were written; 2 when not.";

const MERGE_EXAMPLES: &str = "\
All must have been made with the same server, allocator and settings, and the same patterns and
filters: give --server to `rdblens summary` where the shards' versions differ.

Examples:
  rdblens merge node-1.json node-2.json -o cluster.json
  rdblens merge nodes/*.json | rdblens -

Exit status: 0 when all was merged; 2 when not.";

const SHOW_EXAMPLES: &str = "\
KEY is the name as it is, or as rdblens shows it: \\x00 and \\u{200b} stand for one byte and one
character, \\\\ for a backslash, \"\" for the empty name.

Examples:
  rdblens show dump.rdb session:42             where it lies, and why it takes what it takes
  rdblens show dump.rdb 'cart:\\xff' --value    with its content
  rdblens show dump.rdb session:42 --format json | jq '.keys[].parts'

Exit status: 0 when the key was found and shown; 2 when there is none, or not all could be read.";

const EXPORT_EXAMPLES: &str = "\
RESP sets every key from nothing: load it into an empty server. JSON has neither databases' numbers
nor TTLs. Streams, arrays and modules' values cannot be exported: each is named on standard error.

Examples:
  rdblens export dump.rdb --match 'user:*' --format resp | redis-cli -p 7777 --pipe
  rdblens export dump.rdb --match 'user:*' --limit 10 --format json
  rdblens export dump.rdb --type hash --format resp -o hashes.resp --skip-undecodable

Exit status: 0 when all keys were written; 2 when some are left out (unless --skip-undecodable), a
part of the dump was not read, or nothing could be done.";

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default());

const ABOUT: &str = "What fills this Redis? Memory by prefix, type and TTL, from an RDB snapshot";

const LONG_ABOUT: &str = "\
What fills this Redis? Memory by prefix, type and TTL, from an RDB snapshot.

Reads a copied dump.rdb (or the base file of an appendonlydir) of any Redis or Valkey, offline, and
computes what its keys take in the memory of the server that loads it. Sizes are in binary units:
1 GiB is 2^30 bytes.";

impl Command {
    /// Reads the command line; ends the process when it makes no sense or asks for help.
    pub fn parse() -> Self {
        Self::parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// Reads `args`, the first of which is the program's name.
    ///
    /// # Errors
    /// When they make no sense, or ask for help.
    pub fn parse_from<T: Into<OsString> + Clone>(
        args: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches_from(args)?;
        if matches.subcommand().is_some() {
            Self::from_arg_matches(&matches)
        } else {
            Analyze::from_arg_matches(&matches).map(Self::Analyze)
        }
    }

    /// All commands, and beside them the flags of `analyze`, whose name may be left out.
    fn command() -> clap::Command {
        let plain = clap::Command::new("rdblens")
            .version(env!("CARGO_PKG_VERSION"))
            .styles(STYLES)
            .max_term_width(100)
            .args_conflicts_with_subcommands(true)
            .subcommand_negates_reqs(true);
        Self::augment_subcommands(Analyze::augment_args(plain))
            .subcommand_required(false)
            .arg_required_else_help(true)
            .about(ABOUT)
            .long_about(LONG_ABOUT)
            .after_help(EXAMPLES)
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what fills it, on one screen (the default)
    #[command(after_help = EXAMPLES)]
    Analyze(Analyze),
    /// List every key with its size, as JSON lines or CSV
    #[command(after_help = KEYS_EXAMPLES)]
    Keys(Keys),
    /// Show one key: where it lies, why it takes what it takes, what is in it
    #[command(after_help = SHOW_EXAMPLES)]
    Show(Show),
    /// Write keys with their values, as commands for another server or as JSON
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Export),
    /// Write a small file that stands for a dump: to compare, to merge, to keep
    #[command(after_help = SUMMARY_EXAMPLES)]
    Summary(Summarize),
    /// Show how many snapshots went over time, and when memory is full
    #[command(after_help = TREND_EXAMPLES)]
    Trend(Trend),
    /// Show what it would take on other servers, with other settings, or another allocator
    #[command(name = "whatif", after_help = WHATIF_EXAMPLES)]
    WhatIf(WhatIf),
    /// Tell more about a finding: why it matters, what to do
    Explain(Explain),
    /// Show what changed between two snapshots: by pattern, type and database
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(Diff),
    /// Check a snapshot against budgets, and fail when it is over
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Propose budgets from a snapshot, as a commented rdblens.toml
    #[command(after_help = INIT_EXAMPLES)]
    Init(Init),
    /// Join summaries: of a cluster's shards, of many servers
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(Merge),
}

/// Flags of `analyze`.
#[derive(Debug, Args)]
pub struct Analyze {
    /// See there.
    #[command(flatten)]
    pub input: Input,
    /// How the report is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text)]
    #[arg(help_heading = "Output")]
    pub format: ReportFormat,
    /// Rows in each list, instead of as many as fit on a screen
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub top: Option<usize>,
    /// All lists: databases, encodings, most elements, slots, modules too
    #[arg(long, help_heading = "Output")]
    pub full: bool,
    /// Deepest level of the prefix tree
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub depth: Option<usize>,
    /// See there.
    #[command(flatten)]
    pub look: Look,
    /// Write the figures as OpenMetrics to this file too, for node_exporter's textfile collector
    /// (a name that ends with .prom). The file is there as a whole or as it was
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub metrics: Option<PathBuf>,
    /// See there.
    #[command(flatten)]
    pub limit: Limit,
    /// See there.
    #[command(flatten)]
    pub seek: Seek,
    /// See there.
    #[command(flatten)]
    pub more: More,
    /// See there.
    #[command(flatten)]
    pub grouping: Grouping,
    /// See there.
    #[command(flatten)]
    pub sizing: Sizing,
    /// See there.
    #[command(flatten)]
    pub selection: Selection,
}

/// The server's limit.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Limit")]
pub struct Limit {
    /// The server's limit, such as 8gb or 512MiB: tells how full it is, what can be evicted, and
    /// what would bring it under [default: that of --server-config]
    #[arg(long, value_name = "SIZE")]
    pub maxmemory: Option<String>,
    /// What it evicts at the limit, such as volatile-lru [default: that of --server-config]
    #[arg(long, value_name = "POLICY")]
    pub maxmemory_policy: Option<String>,
    /// From how full on somebody is called [default: 90]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub alert_percent: Option<u8>,
}

/// What is looked for.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Findings")]
pub struct Seek {
    /// Thresholds of findings, and findings that are not to be told [default: rdblens.toml, where
    /// there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Look for nothing
    #[arg(long)]
    pub no_findings: bool,
}

/// Flags of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The finding, such as ttl-leak; without it all are listed
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// What the text looks like.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub struct Look {
    /// When to colour [NO_COLOR counts too]
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub color: When,
    /// Draw with ASCII only
    #[arg(long)]
    pub ascii: bool,
    /// Columns of the text [default: the terminal's, else 80]
    #[arg(long, value_name = "N")]
    pub width: Option<usize>,
}

/// Further inputs.
#[derive(Debug, Args)]
pub struct More {
    /// Further dumps or summaries, to be taken together: the shards of a cluster
    #[arg(value_name = "MORE")]
    pub more: Vec<PathBuf>,
}

/// How names are put together.
#[derive(Debug, Args)]
#[command(next_help_heading = "Names")]
pub struct Grouping {
    /// A pattern of your own: names like this (with the rules of KEYS: * ? [a-z]) count for it, and
    /// the rest for patterns that are found. Given several times, the first that fits counts
    #[arg(long, value_name = "GLOB")]
    pub pattern: Vec<String>,
    /// More such patterns, one a line; lines that begin with # say nothing
    #[arg(long, value_name = "FILE")]
    pub patterns_file: Option<PathBuf>,
    /// What separates the parts of names; can be given several times [default: ':', and for names
    /// without one what they do use]
    #[arg(long, value_name = "CHAR")]
    pub separator: Vec<String>,
}

/// Flags of `summary`.
#[derive(Debug, Args)]
pub struct Summarize {
    /// See there.
    #[command(flatten)]
    pub input: Input,
    /// See there.
    #[command(flatten)]
    pub more: More,
    /// See there.
    #[command(flatten)]
    pub grouping: Grouping,
    /// See there.
    #[command(flatten)]
    pub sizing: Sizing,
    /// See there.
    #[command(flatten)]
    pub selection: Selection,
}

/// Flags of `trend`.
#[derive(Debug, Args)]
pub struct Trend {
    /// See there.
    #[command(flatten)]
    pub input: Input,
    /// See there.
    #[command(flatten)]
    pub more: More,
    /// How the trend is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = TrendFormat::Text)]
    #[arg(help_heading = "Output")]
    pub format: TrendFormat,
    /// The server's limit, such as 8gb: tells when it is reached
    #[arg(long, value_name = "SIZE")]
    pub maxmemory: Option<String>,
    /// Patterns with rows of their own [default: 15 in text, else 100]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub top: Option<usize>,
    /// See there.
    #[command(flatten)]
    pub look: Look,
    /// See there.
    #[command(flatten)]
    pub sizing: Sizing,
}

/// Flags of `whatif`.
#[derive(Debug, Args)]
pub struct WhatIf {
    /// See there.
    #[command(flatten)]
    pub input: Input,
    /// Another server that would load the dump, such as valkey-8.1; can be given several times
    #[arg(long, value_name = "SERVER", help_heading = "What if")]
    pub server: Vec<String>,
    /// Another value of a setting, such as hash-max-listpack-entries=1024; can be given several
    /// times
    #[arg(long, value_name = "NAME=VALUE", help_heading = "What if")]
    pub set: Vec<String>,
    /// Another allocator; can be given several times
    #[arg(long, value_name = "NAME", value_parser = allocators(), help_heading = "What if")]
    pub allocator: Vec<Allocator>,
    /// The server that it is today [default: the one that wrote the dump]
    #[arg(long, value_name = "SERVER", help_heading = "Today")]
    pub today_server: Option<String>,
    /// Its allocator
    #[arg(long, value_name = "NAME", default_value_t = Allocator::Jemalloc, help_heading = "Today")]
    #[arg(value_parser = allocators())]
    pub today_allocator: Allocator,
    /// Its settings, which the alternatives keep: lines of redis.conf, or what CONFIG GET * answered
    #[arg(long, value_name = "FILE", help_heading = "Today")]
    pub server_config: Option<PathBuf>,
    /// What the bytes of a key are; the server as a whole is shown with allocated ones only
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = Sizes::Allocated)]
    #[arg(help_heading = "Today")]
    pub sizes: Sizes,
    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text)]
    #[arg(help_heading = "Output")]
    pub format: ReportFormat,
    /// Patterns with rows of their own [default: 15 in text, else 100]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub top: Option<usize>,
    /// See there.
    #[command(flatten)]
    pub look: Look,
    /// See there.
    #[command(flatten)]
    pub grouping: Grouping,
    /// See there.
    #[command(flatten)]
    pub selection: Selection,
}

/// Flags of `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// See there.
    #[command(flatten)]
    pub input: Input,
    /// The later snapshot
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// How the changes are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = DiffFormat::Text)]
    #[arg(help_heading = "Output")]
    pub format: DiffFormat,
    /// The server's limit, such as 8gb: tells when it is reached at the pace between the two
    #[arg(long, value_name = "SIZE")]
    pub maxmemory: Option<String>,
    /// Rows in each list of the text [default: 15]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub top: Option<usize>,
    /// See there.
    #[command(flatten)]
    pub look: Look,
    /// See there.
    #[command(flatten)]
    pub grouping: Grouping,
    /// See there.
    #[command(flatten)]
    pub sizing: Sizing,
    /// See there.
    #[command(flatten)]
    pub selection: Selection,
}

/// Flags of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// See there.
    #[command(flatten)]
    pub input: Input,
    /// An earlier snapshot, a dump or a summary, to tell growth by
    #[arg(long, value_name = "OLD")]
    pub baseline: Option<PathBuf>,
    /// The file with the budgets [default: rdblens.toml, where it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The server's limit, such as 8gb: with a baseline tells when it is reached
    #[arg(long, value_name = "SIZE")]
    pub maxmemory: Option<String>,
    /// How the result is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = CheckFormat::Text)]
    #[arg(help_heading = "Output")]
    pub format: CheckFormat,
    /// Limits that the text shows [default: 25]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub top: Option<usize>,
    /// See there.
    #[command(flatten)]
    pub look: Look,
    /// See there.
    #[command(flatten)]
    pub grouping: Grouping,
    /// See there.
    #[command(flatten)]
    pub sizing: Sizing,
}

/// A form of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people
    Text,
    /// Everything, for programs
    Json,
    /// For a pull request, under 60 KB
    Markdown,
    /// JUnit XML, for what shows tests
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// A code quality report of GitLab
    Gitlab,
}

/// Flags of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// See there.
    #[command(flatten)]
    pub input: Input,
    /// See there.
    #[command(flatten)]
    pub grouping: Grouping,
    /// See there.
    #[command(flatten)]
    pub sizing: Sizing,
}

/// A form of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// One screen, for people
    Text,
    /// Everything, for programs
    Json,
    /// For a pull request, under 60 KB
    Markdown,
}

/// A form of a trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TrendFormat {
    /// One screen, for people
    Text,
    /// A record for each pattern in each snapshot
    Csv,
    /// Everything, for programs
    Json,
}

/// Flags of `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// Summaries
    #[arg(value_name = "SUMMARY", required = true)]
    pub summaries: Vec<PathBuf>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Flags of `keys`.
#[derive(Debug, Args)]
pub struct Keys {
    /// See there.
    #[command(flatten)]
    pub grouping: Grouping,
    /// See there.
    #[command(flatten)]
    pub input: Input,
    /// How the rows are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = RowsFormat::Jsonl)]
    #[arg(help_heading = "Output")]
    pub format: RowsFormat,
    /// Columns in this order, or with a + in front besides the usual ones
    #[arg(long, value_name = "NAMES", help_heading = "Output")]
    pub columns: Option<String>,
    /// See there.
    #[command(flatten)]
    pub sizing: Sizing,
    /// See there.
    #[command(flatten)]
    pub selection: Selection,
}

/// Flags of `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// See there.
    #[command(flatten)]
    pub input: Input,
    /// The key's name
    #[arg(value_name = "KEY")]
    pub key: OsString,
    /// Only in this database [default: in all]
    #[arg(long, value_name = "N")]
    pub db: Option<u64>,
    /// Show the content too
    #[arg(long)]
    pub value: bool,
    /// How the key is shown
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text)]
    #[arg(help_heading = "Output")]
    pub format: ReportFormat,
    /// How many of the largest elements are listed
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    pub top: usize,
    /// See there.
    #[command(flatten)]
    pub look: Look,
    /// See there.
    #[command(flatten)]
    pub sizing: Sizing,
}

/// Flags of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// See there.
    #[command(flatten)]
    pub input: Input,
    /// How the keys are written
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub format: ExportFormat,
    /// Write the first N keys that match, in the order of the dump
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub limit: Option<u64>,
    /// Do not fail when values cannot be exported, only count them
    #[arg(long, help_heading = "Output")]
    pub skip_undecodable: bool,
    /// See there.
    #[command(flatten)]
    pub sizing: Sizing,
    /// See there.
    #[command(flatten)]
    pub selection: Selection,
}

/// A form of keys with their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Names and values, an object for each database
    Json,
    /// Commands, as clients send them (the protocol RESP)
    Resp,
}

/// What is read and where the result goes.
#[derive(Debug, Default, Args)]
pub struct Input {
    /// An RDB file, or a summary; - for standard input
    #[arg(value_name = "DUMP")]
    pub dump: PathBuf,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Do not compare the checksum
    #[arg(long, help_heading = "Reading")]
    pub no_checksum: bool,
    /// How many threads read [default: one a core]
    #[arg(long, value_name = "N", help_heading = "Reading")]
    pub threads: Option<usize>,
    /// Show no progress bar
    #[arg(long, help_heading = "Reading")]
    pub no_progress: bool,
    /// Say on standard error how long reading took, thread by thread
    #[arg(long, help_heading = "Reading")]
    pub timings: bool,
    /// The time that counts as now, for the snapshot's age: RFC 3339, Unix seconds or milliseconds
    #[arg(long, value_name = "TIME", help_heading = "Reading")]
    pub now: Option<String>,
}

/// What sizes are computed for.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Sizing")]
pub struct Sizing {
    /// The server that loads the dump, such as redis-7.2 or valkey-8.1.2 [default: the one that
    /// wrote it]
    #[arg(long, value_name = "SERVER")]
    pub server: Option<String>,
    /// The server's settings: lines of redis.conf, or what CONFIG GET * answered
    #[arg(long, value_name = "FILE")]
    pub server_config: Option<PathBuf>,
    /// The server's allocator
    ///
    /// jemalloc is the one that servers are built with unless told otherwise; system-jemalloc is
    /// that of a distribution's packages up to 5.3.0, system-jemalloc-5.3.1 from there on; libc is
    /// glibc's malloc. INFO memory names it (mem_allocator).
    #[arg(long, value_name = "NAME", default_value_t = Allocator::Jemalloc)]
    #[arg(value_parser = allocators())]
    pub allocator: Allocator,
    /// What the bytes of a key are
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = Sizes::Allocated)]
    pub sizes: Sizes,
}

/// Which keys count.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which keys")]
pub struct Selection {
    /// Only these databases
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub db: Vec<u64>,
    /// Only these types: string, list, set, zset, hash, stream, array, module, or the name of a
    /// module's type
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub types: Vec<String>,
    /// Only names like this, with the rules of KEYS: * ? [a-z]. Given several times, any will do
    #[arg(long = "match", value_name = "GLOB")]
    pub globs: Vec<String>,
    /// Only names in which this regular expression is found
    #[arg(long, value_name = "REGEX")]
    pub regex: Vec<String>,
    /// Only keys of this size and more, such as 10kb or 1mb
    #[arg(long, value_name = "SIZE")]
    pub min_bytes: Option<String>,
    /// Only keys that never expire
    #[arg(long)]
    pub no_ttl: bool,
    /// Only keys with a TTL
    #[arg(long)]
    pub with_ttl: bool,
}

/// A form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// One screen, for people
    Text,
    /// Everything, for programs
    Json,
}

/// A form of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowsFormat {
    /// A JSON object a line
    Jsonl,
    /// Comma-separated values under a header (RFC 4180)
    Csv,
}

/// Reads an allocator's name.
fn allocators() -> impl TypedValueParser<Value = Allocator> {
    let names = PossibleValuesParser::new(Allocator::ALL.map(Allocator::name));
    names.try_map(|name| name.parse::<Allocator>())
}

/// When to do what suits a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// When standard output is a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What the bytes of a key are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Sizes {
    /// What its allocations really take; adds up to used_memory
    #[default]
    Allocated,
    /// What MEMORY USAGE key SAMPLES 0 answers
    Reported,
}
