//! Flags of the commands that compare: `trend`, `diff`, `check`, and `init`.

use super::{Grouping, Input, Look, More, Selection, Sizing};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

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
