//! Lines for a shell, that a person can paste: nothing here runs any.
//!
//! Names are hostile bytes: they are quoted for the shell and for the server's client, and what a
//! terminal would obey never stands in a line.

use super::ServerFacts;
use std::fmt::Write;

/// More databases than this are not named one by one.
const DATABASES: usize = 8;

/// What stands for ids in patterns, as extended regular expressions.
const PLACEHOLDERS: [(&str, &str); 11] = [
    ("{int}", "-?[0-9]+"),
    ("{time}", "[0-9]+"),
    ("{date}", "[^:]+"),
    ("{uuid}", "[0-9a-fA-F-]{32,36}"),
    ("{ulid}", "[0-9A-Za-z]{26}"),
    ("{hex}", "[0-9a-fA-F]+"),
    ("{ip}", "[0-9a-fA-F.:]+"),
    ("{mac}", "[0-9a-fA-F:-]+"),
    ("{email}", "[^:]+@[^:]+"),
    ("{id}", "[^:]+"),
    ("{*}", "[^:]+"),
];
/// What is deeper than is told apart.
const DEEPER: &str = "{...}";

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

    /// Which keys a pattern's are: the databases they may be in, and a paced walk over their names.
    ///
    /// `each` is the command for a key, in which `&` stands for its name in double quotes. The glob
    /// of a walk fits more names than the pattern means, so they are filtered once more.
    pub fn for_each(&self, pattern: &str, is_rule: bool, each: &str) -> Vec<String> {
        let glob = quoted(&if is_rule { plain_glob(pattern) } else { glob(pattern) });
        let filter = if is_rule { String::new() } else { filter(pattern) };
        let sed =
            format!("LC_ALL=C sed -e 's/[\\\\\"]/\\\\&/g' -e 's/.*/{}/'", each.replace('/', "\\/"));
        let line = |db: &str| {
            format!(
                "{client}{db} --scan --pattern {glob} -i 0.01 {filter}| {sed} | {client}{db}",
                client = self.client(),
            )
        };
        self.in_databases(line)
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

/// A part of a pattern.
enum Part<'p> {
    /// A placeholder, and what fits it.
    Open(&'static str),
    /// Anything.
    Rest,
    /// A byte that was no UTF-8, written as `\xff`.
    Byte,
    /// Itself.
    Sign(&'p str, char),
}

fn parts(pattern: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some(sign) = rest.chars().next() {
        let open =
            PLACEHOLDERS.iter().find_map(|(name, fits)| Some((rest.strip_prefix(name)?, *fits)));
        if let Some((behind, fits)) = open {
            parts.push(Part::Open(fits));
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix(DEEPER) {
            parts.push(Part::Rest);
            rest = behind;
        } else if let Some(behind) = byte(rest) {
            parts.push(Part::Byte);
            rest = behind;
        } else {
            let (this, behind) = rest.split_at_checked(sign.len_utf8()).unwrap_or((rest, ""));
            parts.push(Part::Sign(this, sign));
            rest = behind;
        }
    }
    parts
}

/// What stands behind a byte that is written as `\xff`.
fn byte(text: &str) -> Option<&str> {
    let (digits, behind) = text.strip_prefix("\\x")?.split_at_checked(2)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(behind)
}

/// Whether a sign may stand in a line: letters and digits of any script, and visible ASCII.
fn is_harmless(sign: char) -> bool {
    matches!(sign, ' '..='~') || sign.is_alphanumeric()
}

/// A glob that fits all names of a pattern.
fn glob(pattern: &str) -> String {
    let mut glob = String::new();
    for part in parts(pattern) {
        match part {
            Part::Open(_) | Part::Rest => {
                if !glob.ends_with('*') {
                    glob.push('*');
                }
            }
            Part::Byte => glob.push('?'),
            Part::Sign(text, '*' | '?' | '[' | ']' | '^' | '\\') => {
                glob.push('\\');
                glob.push_str(text);
            }
            Part::Sign(text, sign) if is_harmless(sign) => glob.push_str(text),
            // servers match byte by byte
            Part::Sign(text, _) => glob.extend(text.bytes().map(|_| '?')),
        }
    }
    glob
}

/// A user's glob, without what a terminal would obey.
fn plain_glob(glob: &str) -> String {
    let harmless = |sign: char| if is_harmless(sign) { sign } else { '?' };
    glob.chars().map(harmless).collect()
}

/// Lets only names of the pattern pass.
fn filter(pattern: &str) -> String {
    let mut regex = String::new();
    for part in parts(pattern) {
        match part {
            Part::Open(fits) => regex.push_str(fits),
            Part::Rest => regex.push_str(".*"),
            Part::Byte => regex.push('.'),
            Part::Sign(
                text,
                '.' | '*' | '?' | '+' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' | '\\',
            ) => {
                regex.push('\\');
                regex.push_str(text);
            }
            Part::Sign(text, sign) if is_harmless(sign) => regex.push_str(text),
            Part::Sign(..) => regex.push_str(".+"),
        }
    }
    format!("| LC_ALL=C grep -aE {} ", quoted(&format!("^{regex}$")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(version: (u16, u16), dbs: &[u64]) -> Shell {
        let server = ServerFacts { valkey: false, version };
        Shell { server, dbs: dbs.to_vec(), clustered: false }
    }

    #[test]
    fn a_pattern_becomes_a_glob_and_a_filter_that_fits_no_other_names() {
        assert_eq!(glob("session:{uuid}"), "session:*");
        assert_eq!(glob("a[1]*:{int}{...}"), r"a\[1\]\*:*");
        assert_eq!(glob("x\u{1b}\\xff"), "x??");
        let of = |pattern: &str, name: &str| {
            let filter = filter(pattern);
            let regex = filter.trim().strip_prefix("| LC_ALL=C grep -aE '").unwrap();
            regex::Regex::new(regex.strip_suffix('\'').unwrap()).unwrap().is_match(name)
        };
        assert!(of("user:{int}:profile", "user:17:profile"));
        assert!(!of("user:{int}:profile", "user:17:profile:x"));
        assert!(!of("user:{int}", "user:17:cart"));
        assert!(of("session:{uuid}", "session:6f9619ff-8b86-d011-b42d-00cf4fc964ff"));
        assert!(!of("session:{uuid}", "session:guest"));
        assert!(of("a.b({*}", "a.b(x") && !of("a.b({*}", "aXb(x"));
        assert!(of("deep:{...}", "deep:a:b:c"));
    }

    #[test]
    fn lines_are_quoted_for_whoever_reads_them() {
        let lines = shell((7, 2), &[0]).for_each("it's:{int}", false, "UNLINK \"&\"");
        assert_eq!(
            lines,
            [
                r#"redis-cli --scan --pattern 'it'\''s:*' -i 0.01 | LC_ALL=C grep -aE '^it'\''s:-?[0-9]+$' | LC_ALL=C sed -e 's/[\\"]/\\&/g' -e 's/.*/UNLINK "&"/' | redis-cli"#
            ]
        );
        let lines = shell((7, 2), &[0, 3]).for_each("a*", true, "UNLINK \"&\"");
        assert!(
            lines.concat().starts_with("for db in 0 3; do redis-cli -n $db --scan --pattern 'a*'")
        );
        let line = shell((3, 2), &[3]).on_key(3, "DEL", b"a\x1b'\"\xff", "");
        assert_eq!(line, r#"printf '%s\n' 'DEL "a\x1b'\''\"\xff"' | redis-cli -n 3"#);
        assert!(line.is_ascii());
    }
}
