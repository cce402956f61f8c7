//! `rdblens summary` and `rdblens merge`.

use crate::config::Config;
use crate::exit::Exit;
use crate::input;
use crate::load::{self, Briefs};
use crate::output::Output;
use rdblens::groups::Summary;

/// Writes the summary of a dump, or of several together.
///
/// # Errors
/// One line, when something cannot be read or written.
pub fn summary(config: &Config) -> Result<Exit, String> {
    write(config, load::all(config, input::open(config)?)?)
}

/// Joins summaries.
///
/// # Errors
/// One line, when one is none, they do not go together, or the result cannot be written.
pub fn merge(config: &Config) -> Result<Exit, String> {
    let first = input::open(config)?;
    let check = |config: &Config, bytes: &[u8]| match Summary::is_one(bytes) {
        true => Ok(()),
        false => {
            Err(format!("{}: no summary; make one with `rdblens summary`", input::name(config)))
        }
    };
    check(config, first.bytes())?;
    for path in &config.more {
        let config = config.of_dump(path.clone());
        check(&config, input::open(&config)?.bytes())?;
    }
    write(config, load::all(config, first)?)
}

fn write(config: &Config, briefs: Briefs) -> Result<Exit, String> {
    let Briefs { summaries, exit } = briefs;
    let merged = Summary::merge(summaries).map_err(|error| error.to_string())?;
    let text = merged.write().map_err(|error| error.to_string())?;
    let mut output = Output::open(config)?;
    output.write(|out| out.write_all(&text))?;
    output.finish()?;
    Ok(exit)
}
