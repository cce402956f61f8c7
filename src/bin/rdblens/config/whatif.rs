//! What `rdblens whatif` compares.

use super::{Form, Host, TOP, Task, drawn, now, rows_of};
use crate::args::{self, ReportFormat};
use rdblens::footprint::{Allocator, LANES, SETTINGS, ServerName, setting};
use rdblens::report::{By, Millis};

/// How many alternatives there may be: today has a lane, and so has each of them.
const MOST: usize = LANES - 1;

/// What is set beside today's size, and how it is shown.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// What it may be instead, one at least.
    pub alternatives: Vec<Alternative>,
    /// Its form.
    pub form: Form,
    /// The time against which the snapshot's age is told.
    pub now: Option<Millis>,
    /// What the rows of names are in text.
    pub by: By,
    /// How many patterns have rows of their own, and how many prefixes below each.
    pub top: usize,
}

/// What may hold instead of what holds today.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alternative {
    /// Another server.
    pub server: Option<ServerName>,
    /// Other values of settings.
    pub settings: Vec<(String, String)>,
    /// Another allocator.
    pub allocator: Option<Allocator>,
}

/// Settles what is compared and how it is shown.
pub(super) fn task(wishes: &args::WhatIf, host: &Host) -> Result<Task, String> {
    let length = rows_of(wishes.top)?;
    let given = now(wishes.input.now.as_deref())?;
    let args::WhatIf { input, look, .. } = wishes;
    let (form, now) = match wishes.format {
        ReportFormat::Text => {
            let form = drawn(input.output.is_some(), *look, length, host);
            (Form::Text(form), given.or(Some(host.clock)))
        }
        ReportFormat::Json => (Form::Json, given),
    };
    let alternatives = alternatives(wishes)?;
    let by = match wishes.by {
        args::By::Pattern => By::Pattern,
        args::By::Prefix => By::Prefix,
    };
    Ok(Task::WhatIf(WhatIf { alternatives, form, now, by, top: wishes.top.unwrap_or(TOP) }))
}

/// Every combination of the servers, the values of each setting, and the allocators.
fn alternatives(wishes: &args::WhatIf) -> Result<Vec<Alternative>, String> {
    let server = |name: &String| {
        name.parse::<ServerName>().map(Some).map_err(|error| format!("--server: {error}"))
    };
    let mut servers: Vec<Option<ServerName>> =
        wishes.server.iter().map(server).collect::<Result<_, _>>()?;
    let mut allocators: Vec<Option<Allocator>> =
        wishes.allocator.iter().copied().map(Some).collect();
    let settings = settings(&wishes.set)?;
    if servers.is_empty() && allocators.is_empty() && settings.is_empty() {
        return Err("whatif: compared with what? Give --server, --set or --allocator".to_owned());
    }
    if servers.is_empty() {
        servers.push(None);
    }
    if allocators.is_empty() {
        allocators.push(None);
    }
    let lists = [servers.len(), allocators.len()].into_iter();
    let values = settings.iter().map(|(_, values)| values.len());
    let count = lists.chain(values).fold(1, usize::saturating_mul);
    if count > MOST {
        return Err(format!(
            "whatif: {count} combinations of --server, --set and --allocator; one run compares \
             {MOST} at the most"
        ));
    }
    let mut all = Vec::new();
    for server in &servers {
        for allocator in &allocators {
            let plain =
                Alternative { server: *server, allocator: *allocator, settings: Vec::new() };
            let with_settings = settings.iter().fold(vec![plain], |all, (name, values)| {
                let with = |one: Alternative| {
                    values.iter().map(move |value| {
                        let mut one = one.clone();
                        one.settings.push(((*name).to_owned(), value.clone()));
                        one
                    })
                };
                all.into_iter().flat_map(with).collect()
            });
            all.extend(with_settings);
        }
    }
    let is_double = |(i, one): (usize, &Alternative)| all.iter().take(i).any(|other| other == one);
    match all.iter().enumerate().any(is_double) {
        true => Err("whatif: an alternative is there twice".to_owned()),
        false => Ok(all),
    }
}

/// The settings by name, each with its values.
fn settings(given: &[String]) -> Result<Vec<(&'static str, Vec<String>)>, String> {
    let mut settings: Vec<(&'static str, Vec<String>)> = Vec::new();
    for text in given {
        let (name, value) =
            text.split_once('=').ok_or_else(|| format!("--set: \"{text}\" is no NAME=VALUE"))?;
        let (name, value) = (name.trim(), value.trim());
        let known = setting(name, value).map_err(|error| match error {
            Some(error) => format!("--set: {error}"),
            None => format!(
                "--set: \"{name}\" is no setting that changes sizes; there are {}",
                SETTINGS.join(", ")
            ),
        })?;
        match settings.iter_mut().find(|(name, _)| *name == known) {
            Some((_, values)) => values.push(value.to_owned()),
            None => settings.push((known, vec![value.to_owned()])),
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Command;
    use crate::config::Config;

    fn resolve(line: &str) -> Result<Vec<Alternative>, String> {
        let args = ["rdblens", "whatif", "d"].into_iter().chain(line.split_whitespace());
        let command = Command::parse_from(args).unwrap();
        match Config::resolve(command, &Host { cores: 1, ..Host::default() })?.task {
            Task::WhatIf(wishes) => Ok(wishes.alternatives),
            _ => panic!("another task"),
        }
    }

    #[test]
    fn every_combination_is_an_alternative() {
        let found = resolve("--server valkey-8.1 --server redis-8.6 --allocator libc").unwrap();
        let [valkey, redis] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(valkey.server.unwrap().to_string(), "valkey-8.1");
        assert_eq!(redis.server.unwrap().to_string(), "redis-8.6");
        assert!(found.iter().all(|one| one.allocator == Some(Allocator::Libc)));
        let found = resolve(
            "--set hash-max-ziplist-entries=1 --set hash-max-listpack-entries=2 --set set-max-intset-entries=3",
        )
        .unwrap();
        let settings: Vec<_> = found.iter().map(|one| one.settings.clone()).collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let of = |value| {
            vec![pair("hash-max-listpack-entries", value), pair("set-max-intset-entries", "3")]
        };
        assert_eq!(settings, [of("1"), of("2")]);
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        for (line, says) in [
            ("", "compared with what"),
            ("--server redis", "--server"),
            ("--set hash-max-listpack-entries", "NAME=VALUE"),
            ("--set appendonly=yes", "no setting that changes sizes"),
            ("--set hash-max-listpack-entries=many", "cannot be `many`"),
            ("--set maxmemory-policy=lru", "cannot be `lru`"),
            ("--server redis-8.2 --server redis-8.2", "twice"),
            (
                "--server redis-8.2 --server redis-8.6 --allocator libc --allocator jemalloc",
                "4 combinations",
            ),
            ("--server redis-8.2 --top 0", "--top"),
        ] {
            let error = resolve(line).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
    }
}
