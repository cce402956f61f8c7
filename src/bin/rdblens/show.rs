//! `rdblens show`: one key in full.

use crate::config::{Config, Form, Show as Wishes};
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::output::Output;
use crate::run;
use rdblens::bytes::Fault;
use rdblens::entries::slot_of;
use rdblens::groups::{Plan, Summary};
use rdblens::report::{Content, Shown, ShownKey, escape};
use rdblens::values::{Inside, Located, Place, Undecoded, decode, find};
use std::io::{self, Write};

/// How many keys of one name are shown: no server has more databases in use.
const MOST: usize = 1024;

/// Shows the key.
///
/// # Errors
/// One line, when there is no such key, or it cannot be read.
pub fn run(config: &Config, wishes: &Wishes) -> Result<Exit, String> {
    let snapshot = input::open(config)?;
    if Summary::is_one(snapshot.bytes()) {
        let name = input::name(config);
        return Err(format!("{name}: a summary has no single keys; give the dump itself"));
    }
    run::with_dump(config, &snapshot, |input, plan| found(input, plan, wishes))
}

fn found(input: &Input<'_>, plan: &Plan<'_>, wishes: &Wishes) -> Result<Exit, String> {
    let config = input.config;
    let (mut places, outcome) = find(input.source, &wishes.names, wishes.db, plan);
    let mut exit = input::judge(input, &outcome);
    if places.is_empty() {
        return Err(missing(config, wishes));
    }
    places.truncate(MOST);
    let mut keys = Vec::new();
    for place in places {
        let (key, shown) = key(input, place, wishes)?;
        keys.push(key);
        if shown == Exit::Incomplete {
            exit = shown;
        }
    }
    let server = &input.server;
    let profile = format!("{} with {}", server.name, server.allocator);
    let shown = Shown::new(profile, run::reference(config, input), keys);
    let mut output = Output::open(config)?;
    output.write(|out| match &wishes.form {
        Form::Text(terminal) => terminal.show(&shown, out),
        Form::Json => shown.json(out),
    })?;
    output.finish()?;
    Ok(exit)
}

/// One key, and whether all that was asked for is there.
fn key(input: &Input<'_>, place: Place, wishes: &Wishes) -> Result<(ShownKey, Exit), String> {
    let broken = |fault: Fault| input::fault_line(input.config, &fault);
    let located = Located::at(input.source, place.at, place.db).map_err(broken)?;
    let mut footprinter = input.footprinter(&[input.config.measure]);
    footprinter.look_inside(true);
    footprinter.begin(&located.entry, &located.name);
    located.value(&mut footprinter).map_err(broken)?;
    let footprint = *footprinter.finish().map_err(broken)?;
    let portions = footprinter.breakdown(located.entry.kind);
    let inside = Inside::of(&located, wishes.top).map_err(broken)?;
    let reference = run::reference(input.config, input);
    let mut key = ShownKey::new(&located, (&footprint, &portions), inside, reference);
    key.slot = input.server.cluster.then(|| slot_of(&located.name));
    if !wishes.value {
        return Ok((key, Exit::Complete));
    }
    match decode(&located) {
        Ok(decoded) => {
            key.value = Some(Content(decoded));
            Ok((key, Exit::Complete))
        }
        Err(why) => {
            let (name, why) = (input::printable(&located.name), reason(&why, &key.kind));
            // nobody is left to tell when standard error is closed
            let _ = writeln!(io::stderr(), "rdblens: \"{name}\": the content is not shown: {why}");
            Ok((key, Exit::Incomplete))
        }
    }
}

/// Why a value of type `kind` is not decoded, in words.
pub fn reason(why: &Undecoded, kind: &str) -> String {
    match why {
        Undecoded::Type => {
            let kind = escape::terminal(kind.as_bytes(), escape::Charset::Utf8);
            format!("values of type {kind} are not decoded")
        }
        Undecoded::Damaged(fault) => format!("{fault}; {}", fault.kind.advice()),
        Undecoded::Refused(words) => input::printable(words.as_bytes()),
    }
}

fn missing(config: &Config, wishes: &Wishes) -> String {
    let dump = input::name(config);
    let name = wishes.names.last().map_or_else(String::new, |name| input::printable(name));
    let place = wishes.db.map_or_else(String::new, |db| format!(" in database {db}"));
    format!(
        "{dump}: no key \"{name}\"{place}; `rdblens keys DUMP --match '*part*'` lists names, in any \
         database"
    )
}
