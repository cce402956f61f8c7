//! The report as JSON: integers only, fields in a fixed order.

use super::{Render, Report, escape};
use std::io::{self, Write};

/// JSON, for machines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json {
    /// Indented; otherwise on one line.
    pub pretty: bool,
}

impl Render for Json {
    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let text = if self.pretty {
            serde_json::to_string_pretty(report)
        } else {
            serde_json::to_string(report)
        };
        out.write_all(&escape::json_text(&text.map_err(io::Error::other)?))?;
        out.write_all(b"\n")
    }
}
