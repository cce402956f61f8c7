//! Flags of `whatif`.

use super::{Grouping, Input, Look, ReportFormat, Selection, Sizes, allocators};
use clap::{Args, ValueEnum};
use rdblens::footprint::Allocator;
use std::path::PathBuf;

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
    /// What the rows of names are in text; JSON has both
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = By::Pattern)]
    #[arg(help_heading = "Output")]
    pub by: By,
    /// Patterns with rows of their own, and prefixes: below each prefix in JSON, all together in
    /// text [default: 15 in text, else 100]
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

/// What rows of names stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Patterns: names that look alike
    Pattern,
    /// Prefixes, as a tree
    Prefix,
}
