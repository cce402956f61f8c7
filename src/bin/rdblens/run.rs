//! The stages, in order.

use crate::config::Config;
use crate::exit::Exit;
use crate::input;
use crate::output::Output;

/// Does what `config` says.
///
/// # Errors
/// One line, when nothing could be done.
pub fn run(config: &Config) -> Result<Exit, String> {
    let snapshot = input::open(config)?;
    let _head = input::head(config, &snapshot)?;
    let output = Output::open(config)?;
    output.finish()?;
    Ok(Exit::Complete)
}
