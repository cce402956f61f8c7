//! `rdblens check` and `rdblens init`: whether a snapshot keeps to its budgets, and which.

use crate::analyze;
use crate::config::{Check as Wishes, CheckForm, Config};
use crate::exit::Exit;
use crate::input;
use crate::output::Output;
use crate::pair::{self, One, Pair};
use crate::run;
use crate::settings::Settings;
use rdblens::findings::{Finding, Material, Subject, find};
use rdblens::footprint::ServerName;
use rdblens::groups::{Groups, Pattern, Patterns, Summary};
use rdblens::guard::{Budgets, Date, Evidence, Found, Growth, Taken, Verdict, judge, propose};
use rdblens::report::{
    Checked, escape, time, verdict_github, verdict_gitlab, verdict_json, verdict_junit,
    verdict_markdown,
};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file with the budgets, unless the user names another.
const USUAL: &str = "rdblens.toml";
/// How many of the largest keys a summary holds.
const LARGEST: usize = 100;

/// The budgets, and where they come from.
struct Stated {
    budgets: Budgets,
    path: Option<PathBuf>,
}

/// Checks a snapshot.
///
/// # Errors
/// One line or more, when it cannot be told whether it keeps to its budgets, or not be written.
pub fn run(config: &Config, wishes: &Wishes) -> Result<Exit, String> {
    // what costs nothing to find wrong is found before a dump is read
    let Stated { budgets, path } = stated(wishes)?;
    let today: Date = time::utc(wishes.now).parse().map_err(|()| "the clock is wrong")?;
    let loaded = match &wishes.baseline {
        Some(baseline) => {
            let pair = pair::both(config, Some(baseline.clone()), config.dump.clone())?;
            compared(pair, wishes)?
        }
        None => alone(pair::one(config)?)?,
    };
    let found = match budgets.findings().next() {
        Some(_) => findings(config, &loaded, wishes)?,
        None => Vec::new(),
    };
    let evidence = Evidence {
        findings: &found,
        is_summary: loaded.is_summary,
        groups: &loaded.groups,
        names: &loaded.names,
        patterns: &loaded.patterns,
        growth: loaded.growth.as_ref(),
    };
    let verdict: Verdict = judge(&budgets, evidence, today).map_err(|untold| {
        let file = path.as_deref().map(shown);
        let line = |(line, what): (Option<usize>, String)| {
            let what = escape::terminal(what.as_bytes(), escape::Charset::Utf8);
            match (&file, line) {
                (Some(file), Some(line)) => format!("{file}:{line}: {what}"),
                _ => what,
            }
        };
        untold.into_iter().map(line).collect::<Vec<_>>().join("\nrdblens: ")
    })?;
    let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_vec();
    let snapshot = config.dump.as_deref().map_or_else(|| b"-".to_vec(), bytes);
    let stated_in = path.as_deref().map(bytes);
    let checked = Checked {
        snapshot: &snapshot,
        config: stated_in.as_deref(),
        verdict: &verdict,
        growth: loaded.growth.as_ref(),
    };
    let mut output = Output::open(config)?;
    output.write(|out| match &wishes.form {
        CheckForm::Text(terminal) => terminal.verdict(&checked, out),
        CheckForm::Json => verdict_json(&checked, out),
        CheckForm::Markdown => verdict_markdown(&checked, out),
        CheckForm::Junit => verdict_junit(&checked, out),
        CheckForm::Github => verdict_github(&checked, out),
        CheckForm::Gitlab => verdict_gitlab(&checked, out),
    })?;
    output.finish()?;
    Ok(if verdict.fails() { Exit::Over } else { Exit::Complete })
}

/// Writes budgets that a snapshot keeps to.
///
/// # Errors
/// One line, when it cannot be read as a whole, or they cannot be written.
pub fn init(config: &Config) -> Result<Exit, String> {
    let loaded = alone(pair::one(config)?)?;
    let text = propose(&loaded.groups, &loaded.patterns);
    let mut output = Output::open(config)?;
    output.write(|out| out.write_all(text.as_bytes()))?;
    output.finish()?;
    Ok(Exit::Complete)
}

/// What is judged.
struct Loaded {
    groups: Groups,
    names: Patterns,
    patterns: Vec<Pattern>,
    growth: Option<Growth>,
    summary: Summary,
    is_summary: bool,
}

/// What is found in the snapshot, by the thresholds of the same file. What that silences does not
/// count.
fn findings(config: &Config, loaded: &Loaded, wishes: &Wishes) -> Result<Vec<Found>, String> {
    let thresholds = Settings::load(wishes.config.as_deref())?.findings;
    let (found, patterns) = if loaded.is_summary {
        let summary = &loaded.summary;
        let (groups, names) = summary.groups(LARGEST).map_err(|error| error.to_string())?;
        let server: Option<ServerName> = summary.profile.server.parse().ok();
        let material = Material {
            groups: &groups,
            names: &|sample| names.get(&sample.hash).cloned(),
            tags: &summary.tags(&groups),
            server: analyze::facts(server.as_ref()),
            again: None,
            most: usize::MAX,
        };
        (find(material, &thresholds), groups.patterns())
    } else {
        if config.dump.is_none() {
            return Err("a rule about a finding reads the dump twice, which a pipe cannot; write \
                        it to a file"
                .to_owned());
        }
        let config = pair::sized_as(config, &loaded.summary.profile)?;
        let snapshot = input::open(&config)?;
        run::with_dump(&config, &snapshot, |input, plan| {
            Ok(analyze::findings(input, plan, &thresholds))
        })?
    };
    let row = |finding: &Finding| {
        let shown = |name: &[u8]| escape::terminal(name, escape::Charset::Utf8);
        let (subject, pattern) = match &finding.subject {
            Subject::Pattern(pattern) => (pattern.clone(), pattern.clone()),
            Subject::Key { db, name } => {
                (format!("{} (db {db})", shown(name)), patterns.name(name).to_owned())
            }
            Subject::Slot(slot) => (format!("slot {slot}"), String::new()),
            Subject::Server => ("the server".to_owned(), String::new()),
        };
        Found { id: finding.id, subject, pattern, bytes: finding.bytes }
    };
    Ok(found.told.iter().map(row).collect())
}

fn whole(one: &One, which: &str) -> Result<(), String> {
    match one.exit {
        Exit::Incomplete => Err(format!(
            "{which} was not read as a whole, so nothing can be told of it: take the dump again"
        )),
        _ => Ok(()),
    }
}

fn groups(one: &One) -> Result<Groups, String> {
    let (groups, _) = one.summary.groups(LARGEST).map_err(|error| error.to_string())?;
    Ok(groups)
}

fn alone(one: One) -> Result<Loaded, String> {
    whole(&one, "the snapshot")?;
    let groups = groups(&one)?;
    let names = groups.patterns();
    Ok(Loaded {
        patterns: names.list(),
        names,
        groups,
        growth: None,
        is_summary: one.is_summary,
        summary: one.summary,
    })
}

fn compared(pair: Pair, wishes: &Wishes) -> Result<Loaded, String> {
    whole(&pair.old, "the baseline")?;
    whole(&pair.new, "the snapshot")?;
    let (old, new) = (groups(&pair.old)?, groups(&pair.new)?);
    let maxmemory = wishes.maxmemory.map(|limit| limit.0);
    let (growth, names, [_, patterns]) = Growth::with_names(
        Taken { summary: &pair.old.summary, groups: &old },
        Taken { summary: &pair.new.summary, groups: &new },
        maxmemory,
    );
    Ok(Loaded {
        groups: new,
        names,
        patterns,
        growth: Some(growth),
        is_summary: pair.new.is_summary,
        summary: pair.new.summary,
    })
}

/// The budgets that the user stated, else what is usual where there is a baseline.
fn stated(wishes: &Wishes) -> Result<Stated, String> {
    let path = wishes.config.as_deref().unwrap_or(Path::new(USUAL));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound && wishes.config.is_none() => None,
        Err(error) => return Err(format!("{}: {error}", shown(path))),
    };
    let parsed = text.as_deref().map(Budgets::parse).transpose().map_err(|error| {
        let what = escape::terminal(error.what.as_bytes(), escape::Charset::Utf8);
        match error.line {
            Some(line) => format!("{}:{line}: {what}", shown(path)),
            None => format!("{}: {what}", shown(path)),
        }
    })?;
    match (parsed.flatten(), &wishes.baseline) {
        (Some(budgets), _) => Ok(Stated { budgets, path: Some(path.to_owned()) }),
        (None, _) if wishes.config.is_some() => Err(format!(
            "{}: no budgets: it has no table [check]; `rdblens init DUMP` proposes some",
            shown(path)
        )),
        (None, Some(_)) => Ok(Stated { budgets: Budgets::usual(), path: None }),
        (None, None) => Err(format!(
            "check: neither budgets nor a baseline: write {USUAL} (`rdblens init DUMP -o {USUAL}` \
             proposes one), or give --baseline with an earlier snapshot"
        )),
    }
}

fn shown(path: &Path) -> String {
    escape::terminal(path.as_os_str().as_encoded_bytes(), escape::Charset::Utf8)
}
