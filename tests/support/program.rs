//! The program itself, run as a person runs it.

use super::fixture::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A row of `rdblens keys`.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// The database.
    pub db: u64,
    key: Option<String>,
    key_base64: Option<String>,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The encoding on the loading server.
    pub encoding: String,
    /// The size.
    pub bytes: u64,
    /// How many elements; of a string its length.
    pub elements: Option<u64>,
    /// When it expires.
    pub expires_at_ms: Option<i64>,
    /// Its LFU counter.
    pub freq: Option<u64>,
}

impl Row {
    /// The key's name.
    pub fn key(&self) -> Vec<u8> {
        match (&self.key, &self.key_base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(text)) => STANDARD.decode(text).expect("base64"),
            _ => panic!("one of key and key_base64: {self:?}"),
        }
    }
}

/// The program, not yet started.
pub fn rdblens<I: IntoIterator<Item: Into<OsString>>>(args: I) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rdblens"));
    command.args(args.into_iter().map(Into::into)).stdin(Stdio::null());
    command.env_remove("NO_COLOR").env_remove("COLUMNS");
    command
}

/// Runs the program to its end.
pub fn run<I: IntoIterator<Item: Into<OsString>>>(args: I) -> Output {
    rdblens(args).output().expect("the program starts")
}

/// What came of a run that lists keys.
pub struct Listing {
    /// The rows by database and name.
    pub rows: BTreeMap<(u64, Vec<u8>), Row>,
    /// How many rows had a database and name that was there before.
    pub double: usize,
    /// The exit code.
    pub code: Option<i32>,
    /// What it said on standard error.
    pub said: String,
}

/// What a dump does not say of `server`, as flags. `config` is a file to write settings to.
pub fn flags(server: &Server, name_it: bool, config: &Path) -> Vec<OsString> {
    let mut flags: Vec<OsString> = vec!["--allocator".into(), server.allocator.clone().into()];
    if name_it {
        flags.extend(["--server".into(), format!("{}-{}", server.product, server.version).into()]);
    }
    if !server.settings.is_empty() {
        let mut settings = server.settings.clone();
        settings.entry("maxmemory".into()).or_insert_with(|| "0".into());
        let lines = settings.iter().map(|(name, value)| format!("{name} {value}\n"));
        std::fs::write(config, lines.collect::<String>()).expect("writable");
        flags.extend(["--server-config".into(), config.into()]);
    }
    flags
}

/// Lists the keys of `dump` with the sizes that a server would answer.
pub fn keys(dump: &Path, flags: &[OsString]) -> Listing {
    let fixed = ["keys", "--format", "jsonl", "--sizes", "reported"].map(OsString::from);
    let output = run(fixed.into_iter().chain(flags.iter().cloned()).chain([dump.into()]));
    let (mut rows, mut double) = (BTreeMap::new(), 0);
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let row: Row = serde_json::from_slice(line).expect("a row");
        double += usize::from(rows.insert((row.db, row.key()), row).is_some());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Listing { rows, double, code: output.status.code(), said }
}

/// The report on `dump` as JSON.
pub fn report(dump: &Path, flags: &[OsString]) -> Value {
    let fixed = ["analyze", "--format", "json"].map(OsString::from);
    let output = run(fixed.into_iter().chain(flags.iter().cloned()).chain([dump.into()]));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).expect("a report")
}
