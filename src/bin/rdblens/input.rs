//! The snapshot that the user named.

use crate::config::Config;
use crate::exit::Exit;
use rdblens::bytes::{Cursor, Fault, Snapshot};
use rdblens::entries::Head;
use rdblens::footprint::{
    Footprinter, Lane, Measure, Overrides, Server, ServerName, TemplateShares,
};
use rdblens::groups::{Filter, Finish, Outcome, ReadError, Source};
use rdblens::report::escape;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

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
    escape::terminal(path.as_os_str().as_encoded_bytes(), escape::Charset::Utf8)
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

/// A snapshot, and the server that its keys are sized for.
pub struct Input<'a> {
    pub config: &'a Config,
    pub source: Source<'a>,
    /// Where its bytes lie.
    pub pages: &'a Snapshot,
    pub server: Arc<Server>,
    pub templates: Arc<TemplateShares>,
    /// When the run began.
    pub started: Instant,
    /// For how many nanoseconds threads looked at keys a second time, each thread's time by itself.
    pub together: AtomicU64,
}

impl<'a> Input<'a> {
    /// The keys that count, and whether they have slots.
    pub fn selection(&self) -> (&'a Filter, bool) {
        (&self.config.filter, self.server.cluster)
    }

    /// What sizes keys: as `measures` say, in as many lanes.
    pub fn footprinter(&self, measures: &[Measure]) -> Footprinter {
        let lane = |&measure: &Measure| Lane { server: Arc::clone(&self.server), measure };
        Footprinter::new(measures.iter().map(lane).collect(), Arc::clone(&self.templates))
    }
}

/// The server that the sizes are for: the snapshot's own, or as the user said.
///
/// # Errors
/// One line, when it is unknown or its settings cannot be read.
pub fn server(config: &Config, head: &Head) -> Result<Server, String> {
    let name = config.server.as_deref().map(str::parse::<ServerName>).transpose();
    let file = config.server_config.as_deref().unwrap_or(Path::new("")).display();
    let overrides = Overrides {
        server: name.map_err(|error| format!("--server: {error}"))?,
        config: server_config(config)?,
        settings: Vec::new(),
        allocator: Some(config.allocator),
    };
    Server::detect(head, &overrides).map_err(|error| format!("--server-config: {file}: {error}"))
}

/// The text of the file with the server's settings.
///
/// # Errors
/// One line, when it cannot be read.
pub fn server_config(config: &Config) -> Result<Option<String>, String> {
    if let Some(text) = &config.settings {
        return Ok(Some(text.clone()));
    }
    let Some(path) = &config.server_config else { return Ok(None) };
    let text = std::fs::read_to_string(path);
    text.map(Some).map_err(|error| format!("--server-config: {}: {error}", path.display()))
}

/// Says on standard error what was wrong with the snapshot, if anything was.
pub fn judge(input: &Input<'_>, outcome: &Outcome) -> Exit {
    let line = match &outcome.finish {
        Some(Finish::Fault(error)) => error_line(input.config, error),
        Some(Finish::End { .. }) => match outcome.checksum_fault() {
            Some(fault) => fault_line(input.config, &fault),
            None => return Exit::Complete,
        },
        None => return Exit::Complete,
    };
    // nobody is left to tell when standard error is closed
    let _ = writeln!(io::stderr(), "rdblens: {line}");
    Exit::Incomplete
}

/// A fault and the key that it concerns, in one line.
fn error_line(config: &Config, error: &ReadError) -> String {
    let fault = &error.fault;
    let key = match &error.key {
        Some(key) if error.inside => format!("in key \"{}\"", printable(key)),
        Some(key) => format!("after key \"{}\"", printable(key)),
        None => "before the first key".to_owned(),
    };
    let db = error.db.map(|db| format!(" of database {db}")).unwrap_or_default();
    let (name, at, kind) = (name(config), fault.at, &fault.kind);
    format!("{name}: byte {at}, {key}{db}: {kind}; {}", kind.advice())
}

/// A name, fit for a terminal and for one line.
pub fn printable(name: &[u8]) -> String {
    /// The rest of a longer name helps nobody.
    const LONGEST: usize = 200;
    let shown = escape::terminal(name.get(..LONGEST).unwrap_or(name), escape::Charset::Utf8);
    if name.len() > LONGEST { format!("{shown}...") } else { shown }
}
