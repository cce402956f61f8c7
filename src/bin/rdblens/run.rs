//! The stages, in order.

use crate::analyze;
use crate::config::{Config, Task};
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::keys;
use crate::output::Output;
use crate::progress;
use rdblens::footprint::TemplateShares;
use rdblens::groups::{Plan, Settings, Source, patterns, template_uses};
use rdblens::report::{Millis, Rows};
use std::sync::Arc;
use std::time::Instant;

/// Does what `config` says.
///
/// # Errors
/// One line, when nothing could be done.
pub fn run(config: &Config) -> Result<Exit, String> {
    let started = Instant::now();
    let snapshot = input::open(config)?;
    let head = input::head(config, &snapshot)?;
    let server = Arc::new(input::server(config, &head)?);
    let mut output = Output::open(config)?;
    let source = Source { bytes: snapshot.bytes(), head: &head };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(config.threads).build();
    let pool = pool.map_err(|error| format!("cannot start {} threads: {error}", config.threads))?;
    let exit = progress::with(config.progress, snapshot.len(), |done| {
        pool.install(|| {
            let plan = Plan {
                threads: config.threads,
                checksum: config.checksum,
                chunk: None,
                progress: done,
                snapshot: Some(&snapshot),
            };
            let uses = template_uses(source, &plan);
            let templates = Arc::new(TemplateShares::new(&head.templates, &uses));
            let input = Input { config, source, server, templates, started };
            match &config.task {
                Task::Rows { format, columns } => {
                    let mut rows = Rows::new(*format, columns.clone(), reference(config, &input));
                    if rows.tell_patterns() {
                        let settings = Settings::new(0);
                        rows = rows.with_patterns(patterns(source, &plan, &settings));
                    }
                    keys::run(&input, &plan, &rows, &mut output)
                }
                Task::Report(report) => analyze::run(&input, &plan, report, &mut output),
            }
        })
    })?;
    output.finish()?;
    Ok(exit)
}

/// The time against which keys count as expired: the snapshot's own, else what the user gave.
pub fn reference(config: &Config, input: &Input<'_>) -> Option<Millis> {
    let seconds = input.source.head.aux_number("ctime");
    let own = seconds.and_then(|s| i64::try_from(s).ok()).and_then(|s| s.checked_mul(1000));
    own.map(Millis).or(config.now)
}
