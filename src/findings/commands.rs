//! Lines for a shell, that a person can paste: nothing here runs any.
//!
//! Names are hostile bytes: they are quoted for the shell and for the server's client, and what a
//! terminal would obey never stands in a line.

use super::ServerFacts;
use super::names::Wanted;
use std::fmt::Write;

/// More databases than this are not named one by one.
const DATABASES: usize = 8;

/// Whom lines are for.
#[derive(Debug, Clone)]
pub(super) struct Shell {
    pub server: ServerFacts,
    /// The databases that hold keys.
    pub dbs: Vec<u64>,
    /// Keys are spread over a cluster's nodes.
    pub clustered: bool,
}

impl Shell {
    /// The client's name.
    pub const fn client(&self) -> &'static str {
        if self.server.valkey { "valkey-cli" } else { "redis-cli" }
    }

    pub fn is_from(&self, major: u16, minor: u16) -> bool {
        self.server.version >= (major, minor)
    }

    /// What deletes without holding up others.
    pub fn unlink(&self) -> &'static str {
        if self.is_from(4, 0) { "UNLINK" } else { "DEL" }
    }

    /// A paced walk over the names that `wanted` means, in the databases they may be in.
    ///
    /// `each` is the command for a key, in which `&` stands for its name in double quotes. The glob
    /// of a walk fits more names than are meant, so they are filtered once more.
    pub fn for_each(&self, wanted: &Wanted, each: &str) -> Vec<String> {
        let grep = |how: &str, regex: &str| {
            format!("| LC_ALL=C grep {how} {} ", quoted(&format!("^{regex}$")))
        };
        let mut filter = grep("-aE", &wanted.regex);
        if let Some(others) = &wanted.others {
            filter += &grep("-avE", others);
        }
        let glob = quoted(&wanted.glob);
        let sed =
            format!("LC_ALL=C sed -e 's/[\\\\\"]/\\\\&/g' -e 's/.*/{}/'", each.replace('/', "\\/"));
        let line = |db: &str| {
            format!(
                "{client}{db} --scan --pattern {glob} -i 0.01 {filter}| {sed} | {client}{db}",
                client = self.client(),
            )
        };
        let mut lines = Vec::new();
        if wanted.is_vague {
            lines.push(
                "# names of other patterns fit it, too: see first what it would do".to_owned(),
            );
        }
        lines.extend(self.in_databases(line));
        lines
    }

    /// A line for each database, or for a loop over them.
    pub fn in_databases(&self, line: impl Fn(&str) -> String) -> Vec<String> {
        let mut lines = Vec::new();
        if self.clustered {
            lines.push("# on each node of the cluster, with -h and -p".to_owned());
        }
        match self.dbs.as_slice() {
            [] | [0] => lines.push(line("")),
            [db] => lines.push(line(&format!(" -n {db}"))),
            dbs if dbs.len() <= DATABASES => {
                let numbers: Vec<String> = dbs.iter().map(u64::to_string).collect();
                let line = line(" -n $db");
                lines.push(format!("for db in {}; do {line}; done", numbers.join(" ")));
            }
            _ => {
                lines.push(
                    "# in each database that holds keys, as INFO keyspace lists them".to_owned(),
                );
                lines.push(line(" -n $db"));
            }
        }
        lines
    }

    /// A command on one key, in its database. The name goes in on standard input, where it can be
    /// written with escapes.
    pub fn on_key(&self, db: u64, before: &str, name: &[u8], behind: &str) -> String {
        let db = if db == 0 { String::new() } else { format!(" -n {db}") };
        let command = format!("{before} {}{behind}", escaped(name));
        format!("printf '%s\\n' {} | {}{db}", quoted(&command), self.client())
    }

    /// A command that names no key.
    pub fn plain(&self, command: &str) -> String {
        format!("{} {command}", self.client())
    }
}

/// `text` in single quotes, as shells have them.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A name in double quotes, as the client reads its standard input: what is not plain ASCII stands
/// as `\xff`.
fn escaped(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    text.push('"');
    for &byte in name {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => {
                // writing to a string cannot fail
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(version: (u16, u16), dbs: &[u64]) -> Shell {
        let server = ServerFacts { valkey: false, version };
        Shell { server, dbs: dbs.to_vec(), clustered: false }
    }

    #[test]
    fn lines_are_quoted_for_whoever_reads_them() {
        let of = |name: &str| Wanted::of_names(name, [].into_iter(), &[]);
        let lines = shell((7, 2), &[0]).for_each(&of("it's:{int}"), "UNLINK \"&\"");
        assert_eq!(
            lines,
            [
                r#"redis-cli --scan --pattern 'it'\''s:*' -i 0.01 | LC_ALL=C grep -aE '^it'\''s:-?[0-9]+$' | LC_ALL=C sed -e 's/[\\"]/\\&/g' -e 's/.*/UNLINK "&"/' | redis-cli"#
            ]
        );
        let lines = shell((7, 2), &[0, 3]).for_each(&of("a{*}"), "UNLINK \"&\"");
        assert!(
            lines.concat().starts_with("for db in 0 3; do redis-cli -n $db --scan --pattern 'a*'")
        );
        let line = shell((3, 2), &[3]).on_key(3, "DEL", b"a\x1b'\"\xff", "");
        assert_eq!(line, r#"printf '%s\n' 'DEL "a\x1b'\''\"\xff"' | redis-cli -n 3"#);
        assert!(line.is_ascii());
    }
}
