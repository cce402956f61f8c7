//! The dumps of real servers under `fixtures/`, with the servers' own answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A dump and a server that loaded it.
pub struct Fixture {
    /// `redis-7.2.6/zoo`, or `redis-7.2.6/zoo-on-valkey-9.1.2` where another server loaded it.
    pub name: String,
    /// The dump.
    pub dump: PathBuf,
    /// The server that loaded it.
    pub server: Server,
    /// Whether the server that loaded it is not the one that wrote it.
    pub crossed: bool,
    truth: Option<PathBuf>,
}

/// The server that loaded a dump, and its memory.
#[derive(Debug, Clone, Deserialize)]
pub struct Server {
    /// `redis` or `valkey`.
    pub product: String,
    /// Its version.
    pub version: String,
    /// Its allocator, as `--allocator` takes it.
    pub allocator: String,
    /// What it was started with and what changes memory.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Its memory as a whole, where it was asked.
    pub memory: Option<Memory>,
    /// Keys in the file that had expired when it was taken.
    #[serde(default)]
    pub expired: Vec<String>,
    /// Entries by value type, as another reader counted them.
    pub types: Option<BTreeMap<String, u64>>,
}

/// The memory of a server that has loaded a dump.
#[derive(Debug, Clone, Deserialize)]
pub struct Memory {
    /// `used_memory`.
    pub used: u64,
    /// `used_memory_startup` of an empty instance.
    pub startup: u64,
    /// What an empty instance holds beyond that.
    pub idle: u64,
}

/// What a server answers about one key.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    /// The database.
    pub db: u64,
    /// The key's name, in base64.
    pub key_b64: String,
    /// `TYPE`
    #[serde(rename = "type")]
    pub kind: String,
    /// `OBJECT ENCODING`
    pub encoding: String,
    /// `MEMORY USAGE key SAMPLES 0`
    pub memory_usage: Option<u64>,
    /// The same after a second load, where that is not the same.
    pub memory_usage_again: Option<u64>,
    /// When it expires, in Unix milliseconds.
    pub expires: Option<i64>,
    /// Its length.
    pub len: Option<u64>,
    /// Its LFU counter.
    pub freq: Option<u64>,
}

impl Answer {
    /// The key's name.
    pub fn key(&self) -> Vec<u8> {
        STANDARD.decode(&self.key_b64).expect("base64")
    }
}

/// The answers by database and key.
pub type Answers = BTreeMap<(u64, Vec<u8>), Answer>;

impl Fixture {
    /// The dump's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        fs::read(&self.dump).expect("the dump is there")
    }

    /// What the server answered, key by key; `None` where it was not asked.
    pub fn truth(&self) -> Option<Answers> {
        let file = fs::File::open(self.truth.as_ref()?).expect("the truth is there");
        let mut text = String::new();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
        let rows = text.lines().map(|line| serde_json::from_str::<Answer>(line).expect("a row"));
        Some(rows.map(|row| ((row.db, row.key()), row)).collect())
    }

    /// Whether `key` is in the file but not in the truth, because it had expired.
    pub fn had_expired(&self, key: &[u8]) -> bool {
        self.server.expired.iter().any(|known| known.as_bytes() == key)
    }
}

/// The folder of the fixtures.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The dump `name`, such as `redis-7.2.6/cluster`, as its own server loaded it.
pub fn fixture(name: &str) -> Fixture {
    all().into_iter().find(|known| known.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// All of them, in the order of their names.
pub fn all() -> Vec<Fixture> {
    let mut found: Vec<_> = files(&folder()).iter().flat_map(|dir| files(dir)).collect();
    found.retain(|path| path.to_string_lossy().ends_with(".server.json"));
    found.sort();
    assert!(found.len() > 50, "fixtures are missing");
    found.iter().map(|path| one(path)).collect()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = if dir.is_dir() { fs::read_dir(dir).expect("readable") } else { return vec![] };
    entries.map(|entry| entry.expect("readable").path()).collect()
}

fn one(server: &Path) -> Fixture {
    let dir = server.parent().expect("a folder");
    let case = server.file_name().and_then(|name| name.to_str()).expect("a name");
    let case = case.trim_end_matches(".server.json");
    let written = case.split("-on-").next().expect("a name");
    let dump = ["rdb", "aof"].map(|end| dir.join(format!("{written}.{end}")));
    let truth = dir.join(format!("{case}.truth.jsonl.gz"));
    let writer = dir.file_name().and_then(|name| name.to_str()).expect("a name");
    Fixture {
        name: format!("{writer}/{case}"),
        dump: dump.into_iter().find(|path| path.exists()).expect("the dump is there"),
        server: serde_json::from_slice(&fs::read(server).expect("readable")).expect("facts"),
        crossed: case != written,
        truth: truth.exists().then_some(truth),
    }
}

/// The dumps alone, each once.
pub fn dumps() -> Vec<Fixture> {
    all().into_iter().filter(|fixture| !fixture.crossed).collect()
}
