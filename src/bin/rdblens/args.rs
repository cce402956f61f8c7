//! What the user typed.

mod examples;
mod growth;
mod values;
mod whatif;

pub use growth::{Check, CheckFormat, Diff, DiffFormat, Init, Trend, TrendFormat};
pub use values::{Export, ExportFormat, Show};
pub use whatif::{By, WhatIf};

use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, FromArgMatches, Subcommand, ValueEnum};
use rdblens::footprint::Allocator;
use std::ffi::OsString;
use std::path::PathBuf;

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

/// The names of all commands.
const NAMES: [&str; 13] = [
    "analyze", "keys", "show", "export", "summary", "trend", "whatif", "explain", "diff", "check",
    "init", "merge", "help",
];

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
        let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
        let names_one = args.iter().skip(1).any(|arg| NAMES.iter().any(|name| arg == name));
        // to put together the flags of all commands takes longer than a small dump; what is wrong, and help, is
        // told with all of them
        if !names_one && let Ok(matches) = Self::plain().try_get_matches_from(&args) {
            return Analyze::from_arg_matches(&matches).map(Self::Analyze);
        }
        let matches = Self::command().try_get_matches_from(args)?;
        if matches.subcommand().is_some() {
            Self::from_arg_matches(&matches)
        } else {
            Analyze::from_arg_matches(&matches).map(Self::Analyze)
        }
    }

    /// `analyze` without its name.
    fn plain() -> clap::Command {
        let plain = clap::Command::new("rdblens")
            .version(env!("CARGO_PKG_VERSION"))
            .styles(STYLES)
            .max_term_width(100);
        Analyze::augment_args(plain).arg_required_else_help(true)
    }

    /// All commands, and beside them the flags of `analyze`, whose name may be left out.
    fn command() -> clap::Command {
        let plain =
            Self::plain().args_conflicts_with_subcommands(true).subcommand_negates_reqs(true);
        Self::augment_subcommands(plain)
            .subcommand_required(false)
            .about(ABOUT)
            .long_about(LONG_ABOUT)
            .after_help(examples::ANALYZE)
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what fills it, on one screen (the default)
    #[command(after_help = examples::ANALYZE)]
    Analyze(Analyze),
    /// List every key with its size, as JSON lines or CSV
    #[command(after_help = examples::KEYS)]
    Keys(Keys),
    /// Show one key: where it lies, why it takes what it takes, what is in it
    #[command(after_help = examples::SHOW)]
    Show(Show),
    /// Write keys with their values, as commands for another server or as JSON
    #[command(after_help = examples::EXPORT)]
    Export(Export),
    /// Write a small file that stands for a dump: to compare, to merge, to keep
    #[command(after_help = examples::SUMMARY)]
    Summary(Summarize),
    /// Show how many snapshots went over time, and when memory is full
    #[command(after_help = examples::TREND)]
    Trend(Trend),
    /// Show what it would take on other servers, with other settings, or another allocator
    #[command(name = "whatif", after_help = examples::WHATIF)]
    WhatIf(WhatIf),
    /// Tell more about a finding: why it matters, what to do
    Explain(Explain),
    /// Show what changed between two snapshots: by pattern, type and database
    #[command(after_help = examples::DIFF)]
    Diff(Diff),
    /// Check a snapshot against budgets, and fail when it is over
    #[command(after_help = examples::CHECK)]
    Check(Check),
    /// Propose budgets from a snapshot, as a commented rdblens.toml
    #[command(after_help = examples::INIT)]
    Init(Init),
    /// Join summaries: of a cluster's shards, of many servers
    #[command(after_help = examples::MERGE)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_all_commands_are_known() {
        let mut command = Command::command();
        command.build();
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, NAMES);
        let aliases = command.get_subcommands().flat_map(clap::Command::get_all_aliases);
        assert_eq!(aliases.count(), 0);
    }
}
