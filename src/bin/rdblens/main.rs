//! The command line: parse, run, exit code.

mod analyze;
mod args;
mod check;
mod config;
mod diff;
mod exit;
mod explain;
mod export;
mod input;
mod keys;
mod load;
mod output;
mod pair;
mod progress;
mod run;
mod settings;
mod show;
mod summary;
mod timings;
mod trend;
mod whatif;

use args::Command;
use config::{Config, Host};
use exit::Exit;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome =
        Config::resolve(Command::parse(), &Host::probe()).and_then(|config| run::run(&config));
    let exit = outcome.unwrap_or_else(|message| {
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(std::io::stderr(), "rdblens: {message}");
        Exit::Incomplete
    });
    exit.into()
}
