//! `rdblens analyze`: what fills it.

use crate::config::{Form, Report as Wishes};
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::output::Output;
use crate::run;
use crate::timings::Reading;
use rdblens::entries::Tail;
use rdblens::footprint::{Measure, instance};
use rdblens::groups::{
    Census, Finish, Groups, Lifetime, Outcome, Plan, Sample, Separators, Settings, Tally, fold,
};
use rdblens::report::{
    Bytes, Checksum, Extent, Instance, Json, Material, Millis, Path, Profile, Render, Report,
    Source,
};
use std::io::{self, Write};
use std::sync::Arc;

/// How many levels of the prefix tree are in the report unless the user says so.
const DEPTH: usize = 16;

/// Writes the report.
///
/// # Errors
/// One line, when it cannot be written.
pub fn run(
    input: &Input<'_>,
    plan: &Plan<'_>,
    wishes: &Wishes,
    output: &mut Output,
) -> Result<Exit, String> {
    let found = group(input, plan, wishes)?;
    let report = report(input, wishes, &found);
    output.write(|out| match wishes.form {
        Form::Text(terminal) => terminal.render(&report, out),
        Form::Json => Json { pretty: true }.render(&report, out),
    })?;
    if input.config.timings {
        let timings = &found.outcome.timings;
        let reading = Reading {
            bytes: source_len(input),
            keys: found.groups.totals().keys(),
            timings,
            alone: input.started.elapsed().saturating_sub(timings.wall),
        };
        // nobody is left to tell when standard error is closed
        let _ = write!(io::stderr(), "{}", reading.text());
    }
    Ok(input::judge(input, &found.outcome))
}

fn source_len(input: &Input<'_>) -> u64 {
    input.source.bytes.len() as u64
}

/// What came of reading.
struct Found {
    outcome: Outcome,
    groups: Groups,
    census: Census,
}

/// Groups the keys; a second time when a heavy prefix may be hidden among many light ones.
fn group(input: &Input<'_>, plan: &Plan<'_>, wishes: &Wishes) -> Result<Found, String> {
    let taken_at = run::reference(input.config, input).unwrap_or(Millis(0));
    let mut settings = Settings { top: wishes.top, ..Settings::new(taken_at.0) };
    if !wishes.separators.is_empty() {
        settings.separators = Separators::new(&wishes.separators)
            .ok_or("--separator: too many, or the same one twice")?;
    }
    // the instance is always a matter of allocated bytes
    let measures = match input.config.measure {
        Measure::Allocated => &[Measure::Allocated][..],
        Measure::Reported => &[Measure::Reported, Measure::Allocated],
    };
    let footprinter = || {
        let mut footprinter = input.footprinter(measures);
        footprinter.count_field_times(Lifetime::bounds(taken_at.0));
        footprinter
    };
    let once = |settings: &Settings| {
        let tally = Tally::new(settings, input.selection(), &footprinter);
        let outcome = fold(input.source, &tally, plan);
        let (groups, census) = tally.finish();
        Found { outcome, groups, census }
    };
    let mut found = once(&settings);
    settings.exempt = found.groups.suspects().map(Arc::new);
    settings.slots = found.groups.heavy_slots().unwrap_or_default();
    if settings.exempt.is_some() || !settings.slots.is_empty() {
        found = once(&settings);
    }
    Ok(found)
}

fn report(input: &Input<'_>, wishes: &Wishes, found: &Found) -> Report {
    let (config, source) = (input.config, input.source);
    let names = |sample: Sample| source.name_at(sample.at);
    let Found { outcome, groups, .. } = found;
    let material = Material { head: source.head, outcome, groups, names: &names };
    let extent = Extent { top: wishes.top, depth: wishes.depth.unwrap_or(DEPTH) };
    let own = Source::of(source.head, source_len(input));
    let age = |taken: Millis| wishes.now.map(|now| Millis(now.0.saturating_sub(taken.0)));
    Report {
        source: Source {
            path: Path(config.dump.as_ref().map_or_else(
                || b"-".to_vec(),
                |path| path.as_os_str().as_encoded_bytes().to_vec(),
            )),
            age_ms: own.ctime_ms.and_then(age),
            reference_ms: run::reference(config, input),
            tail_bytes: tail(input, &found.outcome).map(Bytes),
            checksum: if config.checksum {
                Checksum::of(&found.outcome)
            } else {
                Checksum::Skipped
            },
            ..own
        },
        profile: Profile {
            server: input.server.name.to_string(),
            server_given: config.server.is_some(),
            allocator: input.server.allocator.to_string(),
            settings: input.server.settings(),
            sizes: config.measure,
        },
        filters: config.filters.clone(),
        instance: config.filter.is_open().then(|| instance(input, found)),
        ..Report::of(material, extent)
    }
}

/// How many bytes follow the snapshot that do not belong to it.
fn tail(input: &Input<'_>, outcome: &Outcome) -> Option<u64> {
    let Some(Finish::End { behind, .. }) = outcome.finish else { return None };
    match Tail::of(input.source.cursor(behind).rest(), &input.source.head.wrapper) {
        Tail::None => None,
        Tail::Aof(bytes) | Tail::Unknown(bytes) => Some(bytes),
    }
}

/// The server as a whole.
fn instance(input: &Input<'_>, found: &Found) -> Instance {
    // allocated bytes are in the last lane, whatever the first one shows
    let lane = usize::from(input.config.measure == Measure::Reported);
    let keys = found.groups.totals().all().sizes.lane(lane);
    let contents = found.census.clone().contents(&found.outcome.records);
    let whole = instance::instance(&input.server, keys, &contents, &input.templates);
    Instance::of(&whole, input.source.head.aux_number("used-mem"))
}
