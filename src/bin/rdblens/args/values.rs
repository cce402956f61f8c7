//! Flags of `show` and `export`.

use super::{Input, Look, ReportFormat, Selection, Sizing};
use clap::{Args, ValueEnum};
use std::ffi::OsString;

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
