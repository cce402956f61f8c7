//! The stages, in order.

use crate::analyze;
use crate::check;
use crate::config::{Config, Task};
use crate::diff;
use crate::exit::Exit;
use crate::explain;
use crate::export;
use crate::input::{self, Input};
use crate::keys;
use crate::load;
use crate::progress;
use crate::show;
use crate::summary;
use crate::trend;
use crate::whatif;
use rdblens::bytes::Snapshot;
use rdblens::footprint::TemplateShares;
use rdblens::groups::{Plan, Source, template_uses};
use rdblens::report::Millis;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

/// Does what `config` says.
///
/// # Errors
/// One line, when nothing could be done.
pub fn run(config: &Config) -> Result<Exit, String> {
    match &config.task {
        Task::Report(report) => analyze::run(&load::unfolded(config), report),
        Task::Rows { format, columns } => keys::run(config, *format, columns),
        Task::Show(wishes) => show::run(config, wishes),
        Task::Export(wishes) => export::run(config, wishes),
        Task::Explain(id) => explain::run(config, *id),
        Task::Summary => summary::summary(&load::unfolded(config)),
        Task::Trend(wishes) => trend::run(&load::unfolded(config), wishes),
        Task::WhatIf(wishes) => whatif::run(config, wishes),
        Task::Diff(wishes) => diff::run(config, wishes),
        Task::Check(wishes) => check::run(config, wishes),
        Task::Init => check::init(config),
        Task::Merge => summary::merge(&load::unfolded(config)),
    }
}

/// Reads the head of a dump, settles which server its sizes are for, and lets `work` read the rest.
///
/// # Errors
/// One line, when it is no dump, or those of `work`.
pub fn with_dump<T: Send>(
    config: &Config,
    snapshot: &Snapshot,
    work: impl FnOnce(&Input<'_>, &Plan<'_>) -> Result<T, String> + Send,
) -> Result<T, String> {
    let started = Instant::now();
    let head = input::head(config, snapshot)?;
    let server = Arc::new(input::server(config, &head)?);
    let source = Source { bytes: snapshot.bytes(), head: &head };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(config.threads).build();
    let pool = pool.map_err(|error| format!("cannot start {} threads: {error}", config.threads))?;
    progress::with(config.progress, snapshot.len(), |done| {
        pool.install(|| {
            let plan = Plan {
                threads: config.threads,
                checksum: config.checksum,
                chunk: None,
                progress: done,
                pages: Some(snapshot),
            };
            let uses = template_uses(source, &plan);
            let templates = Arc::new(TemplateShares::new(&head.templates, &uses));
            let (pages, together) = (snapshot, AtomicU64::new(0));
            let input = Input { config, source, pages, server, templates, started, together };
            work(&input, &plan)
        })
    })
}

/// The time against which keys count as expired: the snapshot's own, else what the user gave.
pub fn reference(config: &Config, input: &Input<'_>) -> Option<Millis> {
    let seconds = input.source.head.aux_number("ctime");
    let own = seconds.and_then(|s| i64::try_from(s).ok()).and_then(|s| s.checked_mul(1000));
    own.map(Millis).or(config.now)
}
