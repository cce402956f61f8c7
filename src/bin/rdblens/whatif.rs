//! `rdblens whatif`: today's size and others beside it, out of one pass.

use crate::analyze::{self, Found};
use crate::config::{Alternative, Config, Form, WhatIf as Wishes};
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::output::Output;
use crate::run;
use rdblens::footprint::{Footprinter, Lane, Measure, Overrides, Server};
use rdblens::groups::{Groups, Lifetime, Plan, Sample, Settings, Summary, Tally, fold};
use rdblens::report::{self, Beside, Extent, Instance, Material, Millis, Report, WhatIf};
use std::sync::Arc;

/// Writes what the dump's keys would take elsewhere.
///
/// # Errors
/// One line, when something cannot be read or written.
pub fn run(config: &Config, wishes: &Wishes) -> Result<Exit, String> {
    let snapshot = input::open(config)?;
    if Summary::is_one(snapshot.bytes()) {
        let name = input::name(config);
        return Err(format!("{name}: a summary is sized already; give the dump itself"));
    }
    run::with_dump(config, &snapshot, |input, plan| compare(input, plan, wishes))
}

fn compare(input: &Input<'_>, plan: &Plan<'_>, wishes: &Wishes) -> Result<Exit, String> {
    let mut output = Output::open(input.config)?;
    let mut servers = vec![(name_of(&Alternative::default(), input), Arc::clone(&input.server))];
    for one in &wishes.alternatives {
        servers.push((name_of(one, input), Arc::new(server(one, input)?)));
    }
    let found = group(input, plan, &servers);
    let (whatif, report) = results(input, wishes, &servers, &found);
    output.write(|out| match wishes.form {
        Form::Text(terminal) => terminal.whatif(&report, (&whatif, wishes.by), out),
        Form::Json => whatif.json(out),
    })?;
    output.finish()?;
    Ok(input::judge(input, &found.outcome))
}

/// Today's server as an alternative would have it.
fn server(one: &Alternative, input: &Input<'_>) -> Result<Server, String> {
    let overrides = Overrides {
        server: Some(one.server.unwrap_or(input.server.name)),
        config: input::server_config(input.config)?,
        settings: one.settings.clone(),
        allocator: Some(one.allocator.unwrap_or(input.server.allocator)),
    };
    Server::detect(input.source.head, &overrides).map_err(|error| format!("--set: {error}"))
}

/// What an alternative has that today has not, in words.
fn name_of(one: &Alternative, input: &Input<'_>) -> String {
    let server = one.server.unwrap_or(input.server.name);
    let settings: Vec<String> =
        one.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let settings = match settings.is_empty() {
        true => String::new(),
        false => format!(" with {}", settings.join(", ")),
    };
    let allocator = one.allocator.map_or(String::new(), |allocator| format!(" on {allocator}"));
    format!("{server}{settings}{allocator}")
}

type Named = (String, Arc<Server>);

fn group(input: &Input<'_>, plan: &Plan<'_>, servers: &[Named]) -> Found {
    let taken_at = run::reference(input.config, input).unwrap_or(Millis(0));
    let settings = Settings { lanes: true, ..input.config.names.settings(taken_at) };
    let measure = input.config.measure;
    let footprinter = || {
        let lane = |(_, server): &Named| Lane { server: Arc::clone(server), measure };
        let lanes = servers.iter().map(lane).collect();
        let mut footprinter = Footprinter::new(lanes, Arc::clone(&input.templates));
        footprinter.count_field_times(Lifetime::bounds(taken_at.0));
        footprinter
    };
    let tally = Tally::new(&settings, input.selection(), &footprinter);
    let outcome = fold(input.source, &tally, plan);
    Found { outcome, groups: tally.finish() }
}

/// What is compared, and today's report for its head.
fn results(
    input: &Input<'_>,
    wishes: &Wishes,
    servers: &[Named],
    found: &Found,
) -> (WhatIf, Report) {
    let (config, head) = (input.config, input.source.head);
    let Found { outcome, groups, .. } = found;
    let is_whole = config.filter.is_open() && config.measure == Measure::Allocated;
    let lane = |(lane, (name, server)): (usize, &Named)| report::Lane {
        name: name.clone(),
        server: Arc::clone(server),
        loads: server.name.loads(head),
        instance: is_whole.then(|| instance(input, found, (lane, server))),
    };
    let lanes = servers.iter().enumerate().map(lane).collect();
    let beside = Beside::of(head, outcome);
    let source = analyze::source(input, outcome, wishes.now);
    let names = |sample: Sample| input.source.name_at(sample.at);
    let material = Material { beside: &beside, groups, names: &names };
    let report = Report {
        source: source.clone(),
        filters: config.filters.clone(),
        ..Report::of(material, Extent { top: 1, depth: 1 })
    };
    let extent = Extent { top: wishes.top, depth: analyze::DEPTH };
    let whatif = WhatIf {
        source,
        filters: config.filters.clone(),
        ..WhatIf::of(groups, lanes, &beside.completeness, (config.measure, extent))
    };
    (whatif, report)
}

/// The whole of the server in `lane`; only today's is the one of which the dump tells.
fn instance(input: &Input<'_>, found: &Found, (lane, server): (usize, &Arc<Server>)) -> Instance {
    let groups: &Groups = &found.groups;
    let keys = groups.totals().all().sizes.lane(lane);
    let contents = groups.contents(&found.outcome.records);
    let whole = rdblens::footprint::instance::instance(server, keys, &contents, &input.templates);
    let used = input.source.head.aux_number("used-mem").filter(|_| lane == 0);
    Instance::of(&whole, used)
}
