//! Dumps and summaries alike, in brief.

use crate::analyze::{self, Found, Passes};
use crate::config::Config;
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::run;
use rdblens::bytes::Snapshot;
use rdblens::footprint::{Allocator, Measure};
use rdblens::groups::{
    Groups, Origin, OriginFault, Plan, Sample, SizedFor, Summary, SummaryError, Tag, Text,
};
use rdblens::report::{Beside, Checksum, Completeness, Filters, Source};
use std::path::{Path, PathBuf};

/// The largest keys of a dump that is summed up.
pub const TOP: usize = 100;

/// Several snapshots, in brief.
pub struct Briefs {
    /// Each of them.
    pub summaries: Vec<Summary>,
    /// Whether all was read.
    pub exit: Exit,
}

/// One snapshot, in brief: `snapshot` is a dump, which is read, or a summary.
///
/// # Errors
/// One line that names it, when it is neither.
pub fn one(config: &Config, snapshot: &Snapshot) -> Result<(Summary, Exit), String> {
    if !Summary::is_one(snapshot.bytes()) {
        return run::with_dump(config, snapshot, of_dump);
    }
    let named = |error: SummaryError| format!("{}: {error}", input::name(config));
    let summary = Summary::parse(snapshot.bytes()).map_err(named)?;
    // so that whoever takes it on need not fear what it says
    summary.groups(0).map_err(named)?;
    asked(config, &summary).map_err(|what| format!("{}: {what}", input::name(config)))?;
    let is_whole = summary.origins.iter().all(|origin| origin.fault.is_none());
    Ok((summary, if is_whole { Exit::Complete } else { Exit::Incomplete }))
}

/// All snapshots that the user named. The first one is open.
///
/// # Errors
/// One line, when one of them cannot be read.
pub fn all(config: &Config, first: Snapshot) -> Result<Briefs, String> {
    let (summary, exit) = one(config, &first)?;
    drop(first);
    let mut briefs = Briefs { summaries: vec![summary], exit };
    for path in &config.more {
        let config = config.of_dump(path.clone());
        let (summary, exit) = one(&config, &input::open(&config)?)?;
        briefs.summaries.push(summary);
        if exit == Exit::Incomplete {
            briefs.exit = exit;
        }
    }
    Ok(briefs)
}

/// The same with all dumps and summaries in the place of a folder that has some.
pub fn unfolded(config: &Config) -> Config {
    let given = config.dump.iter().chain(&config.more);
    let mut all = given.flat_map(|path| match folder(path) {
        found if found.is_empty() => vec![path.clone()],
        found => found,
    });
    let dump = all.next();
    let more = all.collect();
    Config { dump, more, ..config.clone() }
}

/// The dumps and summaries in a folder, by name.
pub fn folder(path: &Path) -> Vec<PathBuf> {
    let is_snapshot = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("rdb") => true,
            Some("json") => is_summary(path),
            _ => false,
        }
    };
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.retain(|path| path.is_file() && is_snapshot(path));
    found.sort();
    found
}

/// Whether the file begins as a summary does.
fn is_summary(path: &Path) -> bool {
    use std::io::Read;
    let mut head = [0; 64];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut head));
    read.is_ok_and(|n| head.get(..n).is_some_and(Summary::is_one))
}

/// What flags ask of a summary that it cannot give any more.
fn asked(config: &Config, summary: &Summary) -> Result<(), String> {
    let profile = &summary.profile;
    let is_other = config.server.as_ref().is_some_and(|server| *server != profile.server)
        || config.server_config.is_some()
        || (config.allocator != Allocator::default()
            && config.allocator.to_string() != profile.allocator)
        || (config.measure == Measure::Reported && profile.sizes != "reported");
    if is_other {
        return Err(format!("a summary is sized already, as {profile}; give the dump itself"));
    }
    if !config.filters.is_empty() && flags(&config.filters) != summary.filters {
        return Err("a summary cannot be filtered any more; give the dump itself".to_owned());
    }
    if config.names.separators.is_some() || config.names.rules.is_some() {
        return Err("the names of a summary are grouped already; give the dump itself".to_owned());
    }
    Ok(())
}

fn of_dump(input: &Input<'_>, plan: &Plan<'_>) -> Result<(Summary, Exit), String> {
    let found = analyze::group(input, plan, TOP, Passes::Summary);
    let source = input.source;
    let names = |sample: Sample| source.name_at(sample.at);
    let state = found.groups.state(&names);
    let profile = SizedFor {
        server: input.server.name.to_string(),
        allocator: input.server.allocator.to_string(),
        settings: input.server.settings(),
        shares_integers: input.server.shares_integers,
        sizes: match input.config.measure {
            Measure::Allocated => "allocated",
            Measure::Reported => "reported",
        }
        .to_owned(),
    };
    let filters = flags(&input.config.filters);
    let summary = Summary::new(profile, filters, vec![origin(input, &found)], state);
    Ok((summary, input::judge(input, &found.outcome)))
}

/// The filters, as they are typed.
fn flags(filters: &Filters) -> Vec<String> {
    let Filters { db, types, globs, regex, min_bytes, ttl } = filters;
    let mut flags: Vec<String> = db.iter().map(|db| format!("--db {db}")).collect();
    flags.extend(types.iter().map(|name| format!("--type {name}")));
    flags.extend(globs.iter().map(|glob| format!("--match {glob}")));
    flags.extend(regex.iter().map(|regex| format!("--regex {regex}")));
    flags.extend(min_bytes.map(|least| format!("--min-bytes {}", least.0)));
    flags.extend(ttl.map(|ttl| if ttl { "--with-ttl" } else { "--no-ttl" }.to_owned()));
    flags
}

fn origin(input: &Input<'_>, found: &Found) -> Origin {
    let (config, head) = (input.config, input.source.head);
    let Source { bytes, product, version, rdb_version, ctime_ms, bits, .. } =
        Source::of(head, analyze::source_len(input));
    let beside = Beside::of(head, &found.outcome);
    let checksum = if config.checksum { Checksum::of(&found.outcome) } else { Checksum::Skipped };
    let all = found.groups.totals();
    Origin {
        name: Text::of(
            config.dump.as_ref().map_or(b"-", |path| path.as_os_str().as_encoded_bytes()),
        ),
        file_bytes: bytes.0,
        product,
        version,
        rdb_version,
        bits,
        ctime_ms: ctime_ms.map(|time| time.0),
        reference_ms: run::reference(config, input).map(|time| time.0),
        checksum: checksum.name().to_owned(),
        fault: match beside.completeness {
            Completeness::Complete => None,
            Completeness::Incomplete(interruption) => Some(OriginFault {
                error: interruption.error,
                advice: interruption.advice,
                at: interruption.at,
            }),
        },
        keys: all.keys(),
        bytes: all.bytes().round(),
        no_ttl_keys: all.never.keys,
        no_ttl_bytes: all.never.bytes().round(),
        heaviest: heaviest(&found.groups),
        heaviest_slots: heaviest_slots(&found.groups),
        tags: tags(&found.groups),
        used_mem: head.aux_number("used-mem"),
        instance: config.filter.is_open().then(|| analyze::instance(input, found).origin()),
        functions: (beside.functions.libraries.0, beside.functions.source_bytes.0),
        templates: (beside.templates.templates.0, beside.templates.fields.0),
        module_aux: beside.module_aux.into_iter().map(|(id, bytes)| (id.0, bytes)).collect(),
    }
}

/// In a cluster, the slots that hold the most.
fn heaviest_slots(groups: &Groups) -> Vec<(u16, u64)> {
    const SLOTS: usize = 3;
    let heaviest = groups.slots().heaviest().into_iter().take(SLOTS);
    heaviest.map(|(slot, share)| (slot, share.bytes.round())).collect()
}

/// In a cluster, the hash tags that fill heavy slots.
fn tags(groups: &Groups) -> Vec<(u16, Text, u64, u64)> {
    const TAGS: usize = 20;
    let tags = groups.tags().into_iter().take(TAGS);
    let row = |tag: Tag| (tag.slot, Text::of(&tag.tag), tag.share.keys, tag.share.bytes.raw());
    tags.map(row).collect()
}

fn heaviest(groups: &Groups) -> Option<(String, u64)> {
    let first = groups.patterns().list().into_iter().next()?;
    Some((first.name.clone(), first.mass().bytes().round()))
}
