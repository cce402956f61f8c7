//! What the user typed.

mod command;
mod examples;
mod growth;
mod values;
mod whatif;

pub use command::Command;
pub use growth::{Check, CheckFormat, Diff, DiffFormat, Init, Trend, TrendFormat};
pub use values::{Export, ExportFormat, Show};
pub use whatif::{By, WhatIf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use rdblens::footprint::Allocator;
use std::path::PathBuf;

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
    /// All lists: sizes and overhead by pattern, databases, encodings, most elements, slots, modules
    /// too
    #[arg(long, help_heading = "Output")]
    pub full: bool,
    /// Tell the largest element of each type and pattern, too: what is packed is opened for it, which
    /// takes longer. Summaries do not tell it
    #[arg(long, help_heading = "Output")]
    pub largest_elements: bool,
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
    #[arg(value_name = "MORE", help_heading = None::<&str>)]
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
