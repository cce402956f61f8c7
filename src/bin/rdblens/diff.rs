//! `rdblens diff`: what changed between two snapshots.

use crate::config::{Config, Diff as Wishes, DiffForm};
use crate::exit::Exit;
use crate::output::Output;
use crate::pair::{self, One};
use rdblens::guard::{Growth, Taken};
use rdblens::report::{growth_json, growth_markdown};
use std::io::{self, Write};

/// Writes what changed.
///
/// # Errors
/// One line, when one of the snapshots cannot be read, they do not compare, or the result cannot be
/// written.
pub fn run(config: &Config, wishes: &Wishes) -> Result<Exit, String> {
    let new = config.more.first().cloned();
    let pair = pair::both(config, config.dump.clone(), new)?;
    let groups = |one: &One| one.summary.groups(0).map_err(|error| error.to_string());
    let ((old, _), (new, _)) = (groups(&pair.old)?, groups(&pair.new)?);
    let taken = [(&pair.old, &old), (&pair.new, &new)]
        .map(|(one, groups)| Taken { summary: &one.summary, groups });
    let [before, after] = taken;
    let growth = Growth::between(before, after, wishes.maxmemory.map(|limit| limit.0));
    let mut output = Output::open(config)?;
    output.write(|out| match &wishes.form {
        DiffForm::Text(terminal) => terminal.growth(&growth, out),
        DiffForm::Json => growth_json(&growth, out),
        DiffForm::Markdown => growth_markdown(&growth, out),
    })?;
    output.finish()?;
    let mut exit = Exit::Complete;
    for (one, which) in [(&pair.old, "old"), (&pair.new, "new")] {
        if one.exit == Exit::Incomplete {
            exit = Exit::Incomplete;
            // nobody is left to tell when standard error is closed
            let _ = writeln!(
                io::stderr(),
                "rdblens: the {which} snapshot was not read as a whole: the changes are not all or \
                 not sure"
            );
        }
    }
    Ok(exit)
}
