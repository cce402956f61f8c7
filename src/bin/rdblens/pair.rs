//! Two snapshots that are to be compared: sized alike, whatever they are.

use crate::config::Config;
use crate::exit::Exit;
use crate::input;
use crate::load;
use rdblens::bytes::Snapshot;
use rdblens::footprint::{Allocator, Measure};
use rdblens::groups::{SizedFor, Summary};
use rdblens::report::escape;
use std::path::PathBuf;

/// A snapshot, in brief.
pub struct One {
    pub summary: Summary,
    /// Whether all of it was read.
    pub exit: Exit,
    /// Whether it was one already, so that its keys cannot be read.
    pub is_summary: bool,
}

/// Both snapshots, the earlier one first.
pub struct Pair {
    pub old: One,
    pub new: One,
}

/// A snapshot that is open, and how it is to be read.
struct Opened {
    config: Config,
    snapshot: Snapshot,
}

impl Opened {
    fn open(config: Config) -> Result<Self, String> {
        let snapshot = input::open(&config)?;
        Ok(Self { config, snapshot })
    }

    fn is_dump(&self) -> bool {
        !Summary::is_one(self.snapshot.bytes())
    }

    fn read(&self) -> Result<One, String> {
        let (summary, exit) = load::one(&self.config, &self.snapshot)?;
        // a summary keeps what the checksum said
        let is_bad = summary.origins.iter().any(|origin| origin.checksum == "bad");
        let exit = if is_bad { Exit::Incomplete } else { exit };
        Ok(One { summary, exit, is_summary: !self.is_dump() })
    }

    /// The same, sized as `profile` says where it is a dump.
    fn read_as(mut self, profile: &SizedFor) -> Result<One, String> {
        if self.is_dump() {
            self.config = sized_as(&self.config, profile)?;
        }
        self.read()
    }
}

/// Reads one snapshot.
///
/// # Errors
/// One line, when it cannot be read.
pub fn one(config: &Config) -> Result<One, String> {
    Opened::open(config.clone())?.read()
}

/// Reads both snapshots. A dump is sized as the summary beside it, and of two dumps the old one as
/// the new one, which tells what the server is now.
///
/// # Errors
/// One line, when one cannot be read, or they do not compare.
pub fn both(config: &Config, old: Option<PathBuf>, new: Option<PathBuf>) -> Result<Pair, String> {
    let of = |dump: Option<PathBuf>| Config { dump, more: Vec::new(), ..config.clone() };
    let (first, second) = (Opened::open(of(old))?, Opened::open(of(new))?);
    let names = [&first, &second].map(|opened| input::name(&opened.config));
    let (old, new) = if !first.is_dump() && second.is_dump() {
        let old = first.read()?;
        let new = second.read_as(&old.summary.profile)?;
        (old, new)
    } else {
        let new = second.read()?;
        (first.read_as(&new.summary.profile)?, new)
    };
    old.summary.fits(&new.summary).map_err(|error| {
        let [before, after] = &names;
        let error = error.to_string();
        let advice = match old.summary.profile != new.summary.profile {
            true => "; give the dump of one of them, which is sized anew",
            false => "",
        };
        let error = escape::terminal(error.as_bytes(), escape::Charset::Utf8);
        format!("{before} and {after} do not compare: {error}{advice}")
    })?;
    Ok(Pair { old, new })
}

/// A configuration by which a dump is sized as `profile` says. Where flags say otherwise, reading the
/// summary that it is the profile of has failed already.
pub fn sized_as(config: &Config, profile: &SizedFor) -> Result<Config, String> {
    let SizedFor { server, allocator, settings, shares_integers, sizes } = profile;
    let allocator: Allocator = allocator.parse().map_err(|_| {
        format!("the snapshot beside it is sized for an allocator that is not known: {allocator:?}")
    })?;
    let mut text: String =
        settings.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
    if !settings.contains_key("cluster-enabled") {
        text.push_str("cluster-enabled no\n");
    }
    text.push_str(match shares_integers {
        true => "maxmemory 0\n",
        false => "maxmemory 1\nmaxmemory-policy allkeys-lru\n",
    });
    Ok(Config {
        server: Some(server.clone()),
        settings: Some(text),
        allocator,
        measure: if sizes == "reported" { Measure::Reported } else { Measure::Allocated },
        ..config.clone()
    })
}
