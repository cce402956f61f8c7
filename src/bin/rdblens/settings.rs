//! The configuration file: what a team keeps beside its snapshots.
//!
//! Each command owns a table. `findings` is that of reports, `check` that of `rdblens check`; any
//! other is an error, so that a typing error switches nothing off.

use rdblens::findings::Thresholds;
use rdblens::report::escape;
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::Path;

/// Where it is looked for.
const USUAL: &str = "rdblens.toml";

/// What stands in it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// From when on something is worth telling.
    pub findings: Thresholds,
    /// What belongs to `rdblens check`, unread.
    #[serde(rename = "check")]
    _check: Option<toml::Value>,
}

impl Settings {
    /// Reads the file that the user named, or `rdblens.toml` where there is one.
    ///
    /// # Errors
    /// One line with its name and what is wrong, and where, when it cannot be read or understood.
    pub fn load(path: Option<&Path>) -> Result<Self, String> {
        let file = path.unwrap_or(Path::new(USUAL));
        let name = escape::terminal(file.as_os_str().as_encoded_bytes(), escape::Charset::Utf8);
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&text).map_err(|error| format!("{name}: {error}")),
            Err(error) if path.is_none() && error.kind() == ErrorKind::NotFound => {
                Ok(Self::default())
            }
            Err(error) => Err(format!("{name}: {error}")),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            let message = error.message().lines().collect::<Vec<_>>().join(" ");
            format!("line {line}: {}", escape::terminal(message.as_bytes(), escape::Charset::Utf8))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdblens::findings::{Id, Least, Percent};

    #[test]
    fn what_the_documents_show_are_the_defaults() {
        let page = include_str!("../../../docs/findings.md");
        let blocks: Vec<&str> =
            page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        let [defaults, silence] = blocks.as_slice() else { panic!("two blocks") };
        let parsed = Settings::parse(defaults).unwrap();
        assert_eq!(parsed.findings, Thresholds::default());
        // every threshold stands there: once all that stand there are 9, all are
        let nines = Settings::parse(&defaults.replace("= ", "= 9 #")).unwrap().findings;
        let numbers = |thresholds: &Thresholds| {
            let text = format!("{thresholds:?}");
            let numbers = regex::Regex::new(r"\d+").unwrap();
            numbers.find_iter(&text).map(|found| found.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&nines), vec!["9"; numbers(&Thresholds::default()).len()]);
        let silence = Settings::parse(silence).unwrap().findings.silence;
        assert_eq!(silence[0].id, Id::NeverExpires);
    }

    #[test]
    fn what_means_nothing_is_an_error_with_its_line() {
        for (text, line, word) in [
            ("[findings.ttl-leak]\nkey = 3", 2, "key"),
            ("\n[findings.ttl-lek]\nkeys = 3", 2, "ttl-lek"),
            ("[finding]", 1, "finding"),
            ("[findings]\n\nbytes = 3", 3, "bytes"),
            ("[findings.big-key]\nbytes = \"10zb\"", 2, "10zb"),
            ("[findings.ttl-leak]\n\nexpiring_percent = 101", 3, "101"),
            ("[[findings.silence]]\nid = \"ttl\"\nreason = \"x\"", 2, "no finding"),
            ("[[findings.silence]]\nid = \"ttl-leak\"", 1, "reason"),
            ("a = \n", 1, ""),
        ] {
            let error = Settings::parse(text).unwrap_err();
            assert!(error.starts_with(&format!("line {line}: ")), "{text}: {error}");
            assert!(error.contains(word) && !error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn what_belongs_to_another_command_is_left_alone() {
        let text = "[check]\nanything = [1]\n[findings.big-key]\nbytes = \"1mb\"\n[findings.ttl-leak]\nexpiring_percent = 50";
        let findings = Settings::parse(text).unwrap().findings;
        assert_eq!(findings.big_key.bytes, Least(1 << 20));
        assert_eq!(findings.ttl_leak.expiring_percent, Percent(50));
        assert_eq!(findings.ttl_leak.keys, 20);
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let error = Settings::load(Some(Path::new("/nowhere/x.toml"))).unwrap_err();
        assert!(error.starts_with("/nowhere/x.toml: "), "{error}");
    }
}
