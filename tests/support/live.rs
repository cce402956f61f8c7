//! Real servers, each a process on a free port of this machine's loopback, ended with the test.

use super::fixture::Server;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The folder where `.ci/servers` installs them.
pub fn folder() -> PathBuf {
    let dir = std::env::var_os("RDBLENS_SERVERS");
    dir.expect("RDBLENS_SERVERS names the folder; `.ci/run live` sets it").into()
}

/// An answer of a server.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A word or a string.
    Text(Vec<u8>),
    /// A number.
    Int(i64),
    /// Nothing.
    Null,
    /// Several answers.
    Array(Vec<Reply>),
    /// A refusal.
    Error(String),
}

impl Reply {
    /// The number; a refusal or anything else fails the test.
    pub fn int(&self) -> i64 {
        match self {
            Self::Int(n) => *n,
            other => panic!("a number was expected: {other:?}"),
        }
    }

    /// The text.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => panic!("a text was expected: {other:?}"),
        }
    }

    /// The answers in it.
    pub fn array(self) -> Vec<Self> {
        match self {
            Self::Array(all) => all,
            other => panic!("several answers were expected: {other:?}"),
        }
    }
}

/// The words of a command.
pub type Words = Vec<Vec<u8>>;

/// A command from words separated by spaces.
pub fn words(line: &str) -> Words {
    line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

/// A connection to a server.
pub struct Link {
    input: BufReader<TcpStream>,
}

impl Link {
    fn open(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_nodelay(true)?;
        Ok(Self { input: BufReader::with_capacity(1 << 16, stream) })
    }

    /// Whether somebody answers; one that could not start hangs up.
    fn pongs(&mut self) -> bool {
        let mut line = String::new();
        let sent = self.input.get_mut().write_all(b"*1\r\n$4\r\nPING\r\n");
        sent.and_then(|()| self.input.read_line(&mut line)).is_ok() && line == "+PONG\r\n"
    }

    /// Sends the command and waits for the answer.
    pub fn ask(&mut self, command: &str) -> Reply {
        self.ask_all(&[words(command)]).remove(0)
    }

    /// Sends many commands at once and collects the answers.
    pub fn ask_all(&mut self, commands: &[Words]) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(commands.len());
        // a few at a time, so that neither side waits for the other to read
        for some in commands.chunks(64) {
            let mut out = Vec::new();
            for command in some {
                let _ = write!(out, "*{}\r\n", command.len());
                for word in command {
                    let _ = write!(out, "${}\r\n", word.len());
                    out.extend_from_slice(word);
                    out.extend_from_slice(b"\r\n");
                }
            }
            self.input.get_mut().write_all(&out).expect("the server listens");
            replies.extend(some.iter().map(|_| self.reply()));
        }
        replies
    }

    /// Sends commands that must all be carried out.
    pub fn must(&mut self, commands: &[Words]) {
        for (command, reply) in commands.iter().zip(self.ask_all(commands)) {
            if let Reply::Error(why) = reply {
                let start: Vec<_> = command.iter().take(4).map(|w| w.escape_ascii()).collect();
                let start: Vec<_> = start.iter().map(|w| w.to_string()).collect();
                panic!("{}: {why}", start.join(" ").chars().take(200).collect::<String>());
            }
        }
    }

    fn reply(&mut self) -> Reply {
        let mut line = String::new();
        self.input.read_line(&mut line).expect("the server answers");
        let (kind, rest) = line.trim_end().split_at(1);
        match kind {
            "+" => Reply::Text(rest.into()),
            "-" => Reply::Error(rest.into()),
            ":" => Reply::Int(rest.parse().expect("a number")),
            "$" => match rest.parse::<i64>().expect("a length") {
                -1 => Reply::Null,
                len => {
                    let mut text = vec![0; len as usize + 2];
                    self.input.read_exact(&mut text).expect("the server answers");
                    text.truncate(len as usize);
                    Reply::Text(text)
                }
            },
            "*" => match rest.parse::<i64>().expect("a length") {
                -1 => Reply::Null,
                len => Reply::Array((0..len).map(|_| self.reply()).collect()),
            },
            _ => panic!("an answer of a kind that is not known: {line:?}"),
        }
    }

    /// A section of `INFO` as names and values.
    pub fn info(&mut self, section: &str) -> BTreeMap<String, String> {
        let text = self.ask(&format!("INFO {section}")).text();
        let pairs = text.lines().filter_map(|line| line.split_once(':'));
        pairs.map(|(name, value)| (name.into(), value.into())).collect()
    }
}

/// A server that runs until this is dropped, also when the test fails.
pub struct Live {
    process: Child,
    port: u16,
    dir: TempDir,
}

impl Live {
    /// Starts the server installed in `folder` with these options; with `dump` it loads that.
    pub fn start(folder: &Path, options: &[String], dump: Option<&Path>) -> Self {
        // another process may take the free port first
        for _ in 0..5 {
            let dir = tempfile::tempdir().expect("a folder");
            if let Some(dump) = dump {
                fs::copy(dump, dir.path().join("dump.rdb")).expect("the dump is there");
            }
            if let Some(live) = Self::try_start(folder, options, dir) {
                return live;
            }
        }
        panic!("{} does not start", folder.display());
    }

    fn try_start(folder: &Path, options: &[String], dir: TempDir) -> Option<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let log = fs::File::create(dir.path().join("log")).expect("writable");
        let process = Command::new(folder.join("server"))
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &port.to_string(), "--dir"])
            .arg(dir.path())
            .args(options)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut live = Self { process, port, dir };
        live.answers().then_some(live)
    }

    /// Waits until it has loaded its dump.
    fn answers(&mut self) -> bool {
        let give_up = Instant::now() + Duration::from_secs(60);
        while Instant::now() < give_up && matches!(self.process.try_wait(), Ok(None)) {
            if let Ok(mut link) = Link::open(self.port)
                && link.pongs()
            {
                // somebody else's server on the port would have another process id
                let id = link.info("server").remove("process_id");
                return id == Some(self.process.id().to_string());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection.
    pub fn link(&self) -> Link {
        Link::open(self.port).expect("the server listens")
    }

    /// Has it write a snapshot; the path, valid as long as the server.
    pub fn save(&self) -> PathBuf {
        assert_eq!(self.link().ask("SAVE"), Reply::Text(b"OK".into()));
        self.dir.path().join("dump.rdb")
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is known of the server installed in `folder`.
pub fn facts(folder: &Path) -> Server {
    let facts = fs::read(folder.join("facts.json"));
    let facts = facts.unwrap_or_else(|_| panic!("{} is not installed", folder.display()));
    serde_json::from_slice(&facts).expect("facts")
}
