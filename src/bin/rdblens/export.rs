//! `rdblens export`: keys with their values.

use crate::config::{Config, Export as Wishes};
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::output::{self, Output};
use crate::progress;
use crate::run;
use crate::show::reason;
use rdblens::groups::{Outcome, Plan, Summary, fold};
use rdblens::report::{Count, escape};
use rdblens::values::{Located, Place, Select, Undecoded, Writer, decode};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

/// Exports the keys.
///
/// # Errors
/// One line, when the dump cannot be read or the result cannot be written.
pub fn run(config: &Config, wishes: &Wishes) -> Result<Exit, String> {
    let snapshot = input::open(config)?;
    if Summary::is_one(snapshot.bytes()) {
        let name = input::name(config);
        return Err(format!("{name}: a summary has no values; give the dump itself"));
    }
    run::with_dump(config, &snapshot, |input, plan| {
        let mut left_out = LeftOut::new(input, wishes);
        let mut outcome = None;
        let write = |out: &mut (dyn Write + Send)| {
            outcome = Some(keys(input, plan, out, (wishes, &mut left_out))?);
            Ok(())
        };
        match &config.output {
            Some(path) if is_plain(path) => {
                output::spare_the_dump(config, path)?;
                output::replace(path, write)?;
            }
            _ => Output::open(config)?.whole(write)?,
        }
        let exit = outcome.map_or(Exit::Complete, |outcome| input::judge(input, &outcome));
        Ok(if left_out.tell() { exit } else { Exit::Incomplete })
    })
}

/// Whether `path` is a file or will be one: a device or a pipe must not be replaced.
fn is_plain(path: &Path) -> bool {
    path.metadata().map_or(true, |known| known.is_file())
}

/// Writes the keys that the filter accepts, as they come.
fn keys(
    input: &Input<'_>,
    plan: &Plan<'_>,
    out: &mut (dyn Write + Send),
    (wishes, left_out): (&Wishes, &mut LeftOut<'_>),
) -> io::Result<Outcome> {
    let mut writer = Writer::new(wishes.form, out, escape::json)?;
    let (mut failed, mut left) = (None, wishes.limit.unwrap_or(u64::MAX));
    let each = |place: Place| {
        if left == 0 {
            return false;
        }
        left -= 1;
        failed = one(input, place, &mut writer, left_out).err();
        failed.is_none() && left > 0
    };
    let footprinter = || input.footprinter(&[input.config.measure]);
    let outcome = {
        let select = Select::new(input.selection(), &footprinter, each);
        fold(input.source, &select, plan)
    };
    match failed {
        Some(error) => Err(error),
        None => writer.finish().map(|()| outcome),
    }
}

fn one<W: Write>(
    input: &Input<'_>,
    Place { at, db }: Place,
    writer: &mut Writer<W>,
    left_out: &mut LeftOut<'_>,
) -> io::Result<()> {
    let located = match Located::at(input.source, at, db) {
        Ok(located) => located,
        Err(fault) => {
            left_out.add(None, Undecoded::Damaged(fault));
            return Ok(());
        }
    };
    match decode(&located) {
        Ok(decoded) => writer.key(db, &decoded),
        Err(why) => {
            left_out.add(Some(&located), why);
            Ok(())
        }
    }
}

/// Keys that cannot be exported.
struct LeftOut<'i> {
    input: &'i Input<'i>,
    skip: bool,
    by_type: BTreeMap<String, u64>,
    damaged: u64,
}

impl<'i> LeftOut<'i> {
    const fn new(input: &'i Input<'i>, wishes: &Wishes) -> Self {
        let skip = wishes.skip_undecodable;
        Self { input, skip, by_type: BTreeMap::new(), damaged: 0 }
    }

    /// Counts a key, and names it, unless it is one of those that the user wants skipped.
    fn add(&mut self, located: Option<&Located<'_>>, why: Undecoded) {
        let kind = located.map_or_else(|| "damaged".to_owned(), Located::type_name);
        let is_type = matches!(why, Undecoded::Type);
        if is_type {
            *self.by_type.entry(kind.clone()).or_default() += 1;
        } else {
            self.damaged += 1;
        }
        if is_type && self.skip {
            return;
        }
        let name = located.map_or_else(String::new, |located| {
            let db = located.entry.db.unwrap_or_default();
            format!(" \"{}\" of database {db}", input::printable(&located.name))
        });
        self.say(&format!("left out:{name}: {}", reason(&why, &kind)));
    }

    fn say(&self, line: &str) {
        // a bar may stand on the line
        let clear = if self.input.config.progress { progress::CLEAR } else { "" };
        let name = input::name(self.input.config);
        // nobody is left to tell when standard error is closed
        let _ = writeln!(io::stderr(), "{clear}rdblens: {name}: {line}");
    }

    /// Says how many keys were left out; the answer is whether that is all right.
    fn tell(&self) -> bool {
        let kinds = self.by_type.iter().map(|(kind, count)| {
            let kind = escape::terminal(kind.as_bytes(), escape::Charset::Utf8);
            format!("{} {kind}", Count(*count))
        });
        let damaged = (self.damaged > 0).then(|| format!("{} damaged", Count(self.damaged)));
        let all: Vec<String> = kinds.chain(damaged).collect();
        if all.is_empty() {
            return true;
        }
        let advice = if self.skip { "" } else { "; --skip-undecodable makes that no failure" };
        let advice = if self.by_type.is_empty() { "" } else { advice };
        self.say(&format!("keys left out: {}{advice}", all.join(", ")));
        self.skip && self.damaged == 0
    }
}
