//! `rdblens explain`: what a finding means.

use crate::config::Config;
use crate::exit::Exit;
use crate::output::Output;
use rdblens::findings::Id;

/// Writes the page of a finding, or the list of all.
///
/// # Errors
/// One line, when it cannot be written.
pub fn run(config: &Config, id: Option<Id>) -> Result<Exit, String> {
    let mut output = Output::open(config)?;
    output.write(|out| match id {
        Some(id) => writeln!(out, "{}: {}\n\n{}", id.name(), id.title(), id.page()),
        None => {
            for id in Id::ALL {
                writeln!(out, "{:<16}{}", id.name(), id.title())?;
            }
            Ok(())
        }
    })?;
    output.finish()?;
    Ok(Exit::Complete)
}
