//! `rdblens analyze`: what fills it.

use crate::config::{Config, Form, Report as Wishes, Task};
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::load;
use crate::output::{self, Output};
use crate::run;
use crate::timings::Reading;
use rdblens::entries::Tail;
use rdblens::findings::{self, Again, ServerFacts, Thresholds};
use rdblens::footprint::{Measure, Product, ServerName, instance};
use rdblens::groups::{
    Finish, Groups, HEAVY_SLOT, Lifetime, Outcome, Patterns, Plan, Sample, Settings, Summary,
    Tally, fold,
};
use rdblens::report::{
    Beside, Bytes, Checksum, Eviction, Extent, FindingRow, Instance, Json, Material, Metrics,
    Millis, Path, Profile, Render, Report, Source,
};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How many levels of the prefix tree are in the report unless the user says so.
pub const DEPTH: usize = 16;

/// Writes the report on a dump, or on several snapshots together.
///
/// # Errors
/// One line, when something cannot be read or written.
pub fn run(config: &Config, wishes: &Wishes) -> Result<Exit, String> {
    let snapshot = input::open(config)?;
    if config.more.is_empty() && !Summary::is_one(snapshot.bytes()) {
        return run::with_dump(config, &snapshot, |input, plan| dump(input, plan, wishes));
    }
    let briefs = load::all(config, snapshot)?;
    let exit = briefs.exit;
    let summary = Summary::merge(briefs.summaries).map_err(|error| error.to_string())?;
    let (groups, names) = summary.groups(wishes.top).map_err(|error| error.to_string())?;
    let report = Report::brief(&summary, &groups, &names, extent(wishes));
    let report = limited(report, wishes, &groups);
    let age = |taken: Millis| wishes.now.map(|now| Millis(now.0.saturating_sub(taken.0)));
    let source = Source { age_ms: report.source.ctime_ms.and_then(age), ..report.source };
    let report = Report { source, filters: config.filters.clone(), ..report };
    let server = summary.profile.server.parse().ok();
    let name = |sample: Sample| names.get(&sample.hash).cloned();
    let material = findings::Material {
        groups: &groups,
        names: &name,
        tags: &summary.tags(&groups),
        server: facts(server.as_ref()),
        again: None,
        most: wishes.top,
    };
    let report = with_findings(|| report, wishes, material);
    let mut output = Output::open(config)?;
    show(&report, wishes, &mut output)?;
    output.finish()?;
    Ok(exit)
}

fn show(report: &Report, wishes: &Wishes, output: &mut Output) -> Result<bool, String> {
    if let Some(path) = &wishes.metrics {
        output::replace(path, |out| Metrics.render(report, out))?;
    }
    output.write(|out| match wishes.form {
        Form::Text(terminal) => terminal.render(report, out),
        Form::Json => Json { pretty: true }.render(report, out),
    })
}

/// The same with what the server's limit makes of it.
fn limited(report: Report, wishes: &Wishes, groups: &Groups) -> Report {
    let eviction = wishes.limit.as_ref().and_then(|limit| Eviction::of(limit, &report, groups));
    if wishes.limit.is_some() && !report.shards.is_empty() {
        // nobody is left to tell when standard error is closed
        let _ = writeln!(
            io::stderr(),
            "rdblens: maxmemory is one server's limit, and these are several: it is left out"
        );
    }
    Report { eviction, ..report }
}

fn dump(input: &Input<'_>, plan: &Plan<'_>, wishes: &Wishes) -> Result<Exit, String> {
    let mut output = Output::open(input.config)?;
    let found = group(input, plan, wishes.top, Passes::Report);
    let report = limited(report(input, wishes, &found), wishes, &found.groups);
    show(&report, wishes, &mut output)?;
    if input.config.timings {
        let timings = &found.outcome.timings;
        let threads = u32::try_from(timings.busy.len()).unwrap_or(1).max(1);
        let together = Duration::from_nanos(input.together.load(Ordering::Relaxed)) / threads;
        let reading = Reading {
            bytes: source_len(input),
            keys: found.groups.totals().keys(),
            timings,
            together,
            alone: input.started.elapsed().saturating_sub(timings.wall + together),
        };
        // nobody is left to tell when standard error is closed
        let _ = write!(io::stderr(), "{}", reading.text());
    }
    output.finish()?;
    Ok(input::judge(input, &found.outcome))
}

/// A report with what is worth doing, which is looked for while it is made.
fn with_findings(
    report: impl FnOnce() -> Report + Send,
    wishes: &Wishes,
    material: findings::Material<'_>,
) -> Report {
    let Some(thresholds) = &wishes.thresholds else { return report() };
    let (found, report) = rayon::join(|| findings::find(material, thresholds), report);
    let (told, silenced) = FindingRow::of(&found);
    Report { findings: told, silenced, ..report }
}

/// What a server's commands hang on.
pub fn facts(server: Option<&ServerName>) -> ServerFacts {
    server.map_or(ServerFacts::default(), |name| ServerFacts {
        valkey: name.product == Product::Valkey,
        version: (name.version.major, name.version.minor),
    })
}

/// Everything that is found in a dump.
pub fn findings(
    input: &Input<'_>,
    plan: &Plan<'_>,
    thresholds: &Thresholds,
) -> (findings::Found, Patterns) {
    let Found { groups, .. } = group(input, plan, load::TOP, Passes::Findings);
    let names = |sample: Sample| input.source.name_at(sample.at);
    let material = findings::Material {
        groups: &groups,
        names: &names,
        tags: &groups.tags(),
        server: facts(Some(&input.server.name)),
        again: Some(&again(input)),
        most: usize::MAX,
    };
    (findings::find(material, thresholds), groups.patterns())
}

/// Where keys can be read again.
fn again<'i>(input: &'i Input<'_>) -> Again<'i> {
    Again {
        source: input.source,
        pages: Some(input.pages),
        server: Arc::clone(&input.server),
        templates: Arc::clone(&input.templates),
        measure: input.config.measure,
        together: &input.together,
    }
}

fn extent(wishes: &Wishes) -> Extent {
    Extent { top: wishes.top, depth: wishes.depth.unwrap_or(DEPTH) }
}

pub fn source_len(input: &Input<'_>) -> u64 {
    input.source.bytes.len() as u64
}

/// What came of reading.
pub struct Found {
    pub outcome: Outcome,
    pub groups: Groups,
}

/// How often a dump may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passes {
    /// Once, as what a second pass keeps apart is folded again in a summary; a second time in a
    /// cluster where a slot may turn out heavy beside those of other shards.
    Summary,
    /// A second time when a heavy prefix may be hidden among many light ones.
    Report,
    /// The same for findings alone.
    Findings,
}

/// Groups the keys.
pub fn group(input: &Input<'_>, plan: &Plan<'_>, top: usize, passes: Passes) -> Found {
    let taken_at = run::reference(input.config, input).unwrap_or(Millis(0));
    let evidence = match (passes, &input.config.task) {
        (Passes::Report, Task::Report(wishes)) => wishes.thresholds.is_some(),
        (passes, _) => passes == Passes::Findings,
    };
    let looks_inside =
        matches!(&input.config.task, Task::Report(wishes) if wishes.largest_elements);
    let usual = input.config.names.settings(taken_at);
    let evidence = evidence.then(|| findings::near(&input.server.limits));
    let keeps = passes != Passes::Summary;
    let mut settings = Settings { top, evidence, keeps, ..usual };
    // the instance is always a matter of allocated bytes
    let measures = match input.config.measure {
        Measure::Allocated => &[Measure::Allocated][..],
        Measure::Reported => &[Measure::Reported, Measure::Allocated],
    };
    let footprinter = || {
        let mut footprinter = input.footprinter(measures);
        footprinter.count_field_times(Lifetime::bounds(taken_at.0));
        footprinter.look_inside(looks_inside);
        footprinter
    };
    let once = |settings: &Settings, plan: &Plan<'_>| {
        let (outcome, groups) = if looks_inside {
            let tally = Tally::inside(settings, input.selection(), &footprinter);
            (fold(input.source, &tally, plan), tally.finish())
        } else {
            let tally = Tally::new(settings, input.selection(), &footprinter);
            (fold(input.source, &tally, plan), tally.finish())
        };
        Found { outcome, groups }
    };
    let mut found = once(&settings, plan);
    let heavy = match passes {
        Passes::Report | Passes::Findings => {
            settings.exempt = found.groups.suspects().map(Arc::new);
            HEAVY_SLOT
        }
        // the mean of all shards may be less than that of this one
        Passes::Summary => HEAVY_SLOT / 2,
    };
    settings.slots = found.groups.heavy_slots(heavy).unwrap_or_default();
    settings.keeps = false;
    let is_wanted = settings.exempt.is_some() || !settings.slots.is_empty();
    if is_wanted && !found.groups.again(&settings, &input.together) {
        let first = found.outcome;
        found = once(&settings, &Plan { checksum: false, ..*plan });
        found.outcome.checksum = first.checksum;
        found.outcome.timings += &first.timings;
    }
    found
}

fn report(input: &Input<'_>, wishes: &Wishes, found: &Found) -> Report {
    let (config, source) = (input.config, input.source);
    let names = |sample: Sample| source.name_at(sample.at);
    let Found { outcome, groups, .. } = found;
    let beside = Beside::of(source.head, outcome);
    let material = Material { beside: &beside, groups, names: &names };
    let report = || Report {
        source: self::source(input, outcome, wishes.now),
        profile: Profile {
            server: input.server.name.to_string(),
            server_given: config.server.is_some(),
            allocator: input.server.allocator.to_string(),
            settings: input.server.settings(),
            sizes: config.measure,
        },
        filters: config.filters.clone(),
        instance: config.filter.is_open().then(|| instance(input, found)),
        ..Report::of(material, extent(wishes))
    };
    let material = findings::Material {
        groups,
        names: &names,
        tags: &groups.tags(),
        server: facts(Some(&input.server.name)),
        again: Some(&again(input)),
        most: wishes.top,
    };
    with_findings(report, wishes, material)
}

/// The file, and what it says of itself.
pub fn source(input: &Input<'_>, outcome: &Outcome, now: Option<Millis>) -> Source {
    let config = input.config;
    let own = Source::of(input.source.head, source_len(input));
    let age = |taken: Millis| now.map(|now| Millis(now.0.saturating_sub(taken.0)));
    Source {
        path: Path(
            config
                .dump
                .as_ref()
                .map_or_else(|| b"-".to_vec(), |path| path.as_os_str().as_encoded_bytes().to_vec()),
        ),
        age_ms: own.ctime_ms.and_then(age),
        reference_ms: run::reference(config, input),
        tail_bytes: tail(input, outcome).map(Bytes),
        checksum: if config.checksum { Checksum::of(outcome) } else { Checksum::Skipped },
        ..own
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
pub fn instance(input: &Input<'_>, found: &Found) -> Instance {
    // allocated bytes are in the last lane, whatever the first one shows
    let lane = usize::from(input.config.measure == Measure::Reported);
    let keys = found.groups.totals().all().sizes.lane(lane);
    let contents = found.groups.contents(&found.outcome.records);
    let whole = instance::instance(&input.server, keys, &contents, &input.templates);
    Instance::of(&whole, input.source.head.aux_number("used-mem"))
}
