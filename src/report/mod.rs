//! The report: what a snapshot holds, as data and then as text.
//!
//! Pure: renderers take a [`Report`] and a `Write`. None computes, reads the clock, or asks whether
//! it writes to a terminal.

mod brief;
mod build;
pub mod escape;
mod eviction;
mod findings;
mod growth;
mod json;
mod listing;
mod metrics;
mod model;
mod patterns;
mod rows;
#[cfg(test)]
mod sample;
mod show;
mod terminal;
pub mod time;
mod trend;
mod units;
mod verdict;
mod whatif;

pub use build::{Beside, Extent, Material};
pub use eviction::{Eviction, Limit, PolicyRow, Relief, ReliefRow};
pub use growth::growth_json;
pub use json::Json;
pub use listing::Listing;
pub use metrics::Metrics;
pub use model::*;
pub use rows::{Column, RowFormat, Rows};
pub use show::{Content, Shown, ShownElement, ShownKey, ShownPart, Text};
pub use terminal::{Drawing, Length, Terminal};
pub use trend::{Course, Gap, LeftOut, Taken, Trend, TrendPoint, TrendRow};
pub use units::{Bytes, Count, Millis, Tally, apportion, parse_size, signed, signed_percent};
pub use verdict::{
    Checked, growth_markdown, verdict_github, verdict_gitlab, verdict_json, verdict_junit,
    verdict_markdown,
};
pub use whatif::{By, Lane, Side, Unknown, WhatIf, WhatIfPrefix, WhatIfRow};

use std::io::{self, Write};

/// A form of the report.
pub trait Render {
    /// Writes `report` in this form.
    ///
    /// # Errors
    /// Those of `out`.
    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()>;
}
