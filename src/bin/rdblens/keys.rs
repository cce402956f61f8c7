//! `rdblens keys`: a row a key.

use crate::exit::Exit;
use crate::input::{self, Input};
use crate::output::Output;
use rdblens::groups::{Plan, fold};
use rdblens::report::{Listing, Rows};

/// How many bytes of the snapshot a thread takes at a time: their rows wait in memory.
const CHUNK: u64 = 1 << 20;

/// Lists the keys.
///
/// # Errors
/// One line, when the rows cannot be written.
pub fn run(
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
