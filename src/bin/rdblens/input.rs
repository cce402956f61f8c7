//! The snapshot that the user named.

use crate::config::Config;
use rdblens::bytes::{Cursor, Fault, Snapshot};
use rdblens::entries::Head;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Opens the snapshot.
///
/// # Errors
/// One line with its name, what is wrong, and what to try.
pub fn open(config: &Config) -> Result<Snapshot, String> {
    let opened = match &config.dump {
        Some(path) => Snapshot::open(path),
        None => Snapshot::read(io::stdin().lock()),
    };
    opened.map_err(|error| format!("{}: {error}{}", name(config), advice(&error, config)))
}

/// Reads the head of `snapshot`.
///
/// # Errors
/// One line, when it does not begin as a snapshot does.
pub fn head(config: &Config, snapshot: &Snapshot) -> Result<Head, String> {
    Head::read(&mut Cursor::new(snapshot.bytes())).map_err(|fault| fault_line(config, &fault))
}

/// A fault of the input, in one line.
pub fn fault_line(config: &Config, fault: &Fault) -> String {
    format!("{}: {fault}; {}", name(config), fault.kind.advice())
}

/// The snapshot's name, fit for a terminal.
pub fn name(config: &Config) -> String {
    let Some(path) = &config.dump else { return "standard input".to_owned() };
    rdblens::report::escape::terminal(
        path.as_os_str().as_encoded_bytes(),
        rdblens::report::escape::Charset::Utf8,
    )
}

fn advice(error: &io::Error, config: &Config) -> String {
    let path = config.dump.as_deref().unwrap_or(Path::new("-"));
    match error.kind() {
        ErrorKind::IsADirectory if path.join("dump.rdb").is_file() => {
            "; there is a dump.rdb in it: name that".to_owned()
        }
        ErrorKind::IsADirectory => {
            "; name a file in it: dump.rdb, or the .base.rdb of an appendonlydir".to_owned()
        }
        ErrorKind::NotFound => {
            "; CONFIG GET dir and CONFIG GET dbfilename tell where a server saves".to_owned()
        }
        ErrorKind::PermissionDenied => "; copy it to a place where you may read it".to_owned(),
        _ => String::new(),
    }
}
