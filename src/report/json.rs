//! The report as JSON: integers only, fields in a fixed order.

use super::{Render, Report, escape};
use std::io::{self, Write};

/// JSON, for machines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json {
    /// Indented; otherwise on one line.
    pub pretty: bool,
}

impl Render for Json {
    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let text = if self.pretty {
            serde_json::to_string_pretty(report)
        } else {
            serde_json::to_string(report)
        };
        out.write_all(&escape::json_text(&text.map_err(io::Error::other)?))?;
        out.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Completeness, Interruption, Key, Lifetime, Tally, sample};
    use serde_json::Value;

    fn json(report: &Report, pretty: bool) -> String {
        let mut out = Vec::new();
        Json { pretty }.render(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn value(report: &Report) -> Value {
        serde_json::from_str(&json(report, true)).unwrap()
    }

    #[test]
    fn the_instance_has_the_names_that_others_rely_on() {
        let report = sample::report();
        let instance = &value(&report)["instance"];
        let names: Vec<&String> = instance.as_object().unwrap().keys().collect();
        let expected = [
            "functions_bytes",
            "keys_bytes",
            "startup_bytes",
            "tables",
            "tables_bytes",
            "total_bytes",
            "unexplained_bytes",
            "used_mem",
        ];
        assert_eq!(names, expected);
        let parts = ["keys_bytes", "tables_bytes", "startup_bytes", "functions_bytes"];
        let sum: u64 = parts.iter().map(|part| instance[part].as_u64().unwrap()).sum();
        assert_eq!(instance["total_bytes"], sum);
    }

    #[test]
    fn names_are_text_or_base64() {
        let report = value(&sample::report());
        assert_eq!(report["largest_by_bytes"][0]["key"], "catalog:all");
        assert_eq!(report["largest_by_bytes"][1]["key_base64"], "cXVldWU6bWFpbDr//g==");
        assert_eq!(report["largest_by_bytes"][1]["key"], Value::Null);
        assert_eq!(report["prefixes"][0]["prefix"], "cache:");
        assert_eq!(report["source"]["path"], "/backup/dump.rdb");
    }

    #[test]
    fn there_are_only_whole_numbers_and_every_list_adds_up() {
        let report = sample::report();
        assert!(!regex::Regex::new(r":\s*-?\d+[.eE]").unwrap().is_match(&json(&report, true)));
        let report = value(&report);
        let sum = |list: &str, name: &str| -> u64 {
            report[list].as_array().unwrap().iter().map(|row| row[name].as_u64().unwrap()).sum()
        };
        for list in ["databases", "types", "encodings", "lifetimes"] {
            for name in ["keys", "bytes"] {
                assert_eq!(report["totals"][name], sum(list, name), "{list} {name}");
            }
        }
    }

    #[test]
    fn what_is_incomplete_says_so() {
        let mut report = sample::report();
        assert_eq!(value(&report)["completeness"]["state"], "complete");
        report.completeness = Completeness::Incomplete(Interruption {
            error: "the input ends here".to_owned(),
            at: 77,
            db: Some(3),
            key: Some(Key(b"\xff".to_vec())),
            ..Interruption::default()
        });
        let completeness = &value(&report)["completeness"];
        assert_eq!(completeness["state"], "incomplete");
        assert_eq!((&completeness["at"], &completeness["db"]), (&77.into(), &3.into()));
        assert_eq!(completeness["key_base64"], "/w==");
    }

    #[test]
    fn the_compact_form_is_the_same_on_one_line() {
        let report = sample::report();
        let compact = json(&report, false);
        assert_eq!(compact.lines().count(), 1);
        assert_eq!(serde_json::from_str::<Value>(&compact).unwrap(), value(&report));
        assert!(!compact.contains('\u{202e}'));
    }

    #[test]
    fn lifetimes_are_named_for_people_who_query_them() {
        let mut report = Report::default();
        let all = Tally::new(1, 2);
        report.lifetimes.push(crate::report::LifetimeRow { within: Lifetime::Day, all });
        let row = &value(&report)["lifetimes"][0];
        assert_eq!(row.to_string(), r#"{"bytes":2,"keys":1,"within":"24h"}"#);
    }
}
