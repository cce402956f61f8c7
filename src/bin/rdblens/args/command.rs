//! Which command, and with which flags.

use super::{
    Analyze, Check, Diff, Explain, Export, Init, Keys, Merge, Show, Summarize, Trend, WhatIf,
    examples,
};
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, FromArgMatches, Subcommand};
use std::ffi::OsString;

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
    pub fn parse_from<T: Into<OsString>>(
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
