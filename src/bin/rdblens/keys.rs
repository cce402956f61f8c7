//! `rdblens keys`: a row a key.

use crate::config::Config;
use crate::exit::Exit;
use crate::input::{self, Input};
use crate::output::Output;
use crate::run;
use rdblens::groups::{Plan, Summary, fold, patterns};
use rdblens::report::{Column, Listing, Millis, RowFormat, Rows};

/// How many bytes of the snapshot a thread takes at a time: their rows wait in memory.
const CHUNK: u64 = 1 << 20;

/// Lists the keys.
///
/// # Errors
/// One line, when the dump cannot be read or the rows cannot be written.
pub fn run(config: &Config, format: RowFormat, columns: &[Column]) -> Result<Exit, String> {
    let snapshot = input::open(config)?;
    if Summary::is_one(snapshot.bytes()) {
        let name = input::name(config);
        return Err(format!("{name}: a summary has no rows of keys; give the dump itself"));
    }
    run::with_dump(config, &snapshot, |input, plan| {
        let mut output = Output::open(config)?;
        let mut rows = Rows::new(format, columns.to_vec(), run::reference(config, input));
        if rows.tell_patterns() {
            let settings = config.names.settings(Millis(0));
            rows = rows.with_patterns(patterns(input.source, plan, &settings));
        }
        let exit = list(input, plan, &rows, &mut output)?;
        output.finish()?;
        Ok(exit)
    })
}

fn list(
    input: &Input<'_>,
    plan: &Plan<'_>,
    rows: &Rows,
    output: &mut Output,
) -> Result<Exit, String> {
    let mut header = Vec::new();
    rows.header(&mut header);
    output.write(|out| out.write_all(&header))?;
    let footprinter = || {
        let mut footprinter = input.footprinter(&[input.config.measure]);
        footprinter.look_inside(rows.looks_inside());
        footprinter
    };
    let mut broken = None;
    let write = |text: &[u8]| {
        output.write(|out| out.write_all(text)).unwrap_or_else(|error| {
            broken = Some(error);
            false
        })
    };
    let chunk = plan.chunk.or(Some(CHUNK));
    let outcome = {
        let listing = Listing::new(rows, input.selection(), &footprinter, write);
        fold(input.source, &listing, &Plan { chunk, ..*plan })
    };
    match broken {
        Some(error) => Err(error),
        None => Ok(input::judge(input, &outcome)),
    }
}
