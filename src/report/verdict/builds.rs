//! A check for the machines that build: JUnit XML, annotations of GitHub, code quality of GitLab.

use super::{Checked, tally, words};
use crate::guard::{Judged, Severity, Status};
use crate::report::escape::{Charset, json_text, terminal};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;
use std::hash::Hasher;
use std::io::{self, Write};

/// GitHub shows so many of each severity in a step, and drops the rest.
const ANNOTATIONS: usize = 10;

fn shown(name: &[u8]) -> String {
    terminal(name, Charset::Utf8)
}

/// A limit and how it was kept, in one line.
fn sentence(judged: &Judged) -> String {
    let (subject, kept) = words(judged, &shown);
    format!("{subject}: {kept}")
}

/// The same, with what the owner has to say.
fn with_message(judged: &Judged) -> String {
    let message = judged.message.as_ref().map(|text| format!(". {}", shown(text.as_bytes())));
    format!("{} ({}){}", sentence(judged), judged.limit, message.unwrap_or_default())
}

/// Writes a check as JUnit XML: each limit is a test. What only warns succeeds and says so; what an
/// exception excuses is skipped.
///
/// # Errors
/// Those of `out`.
pub fn verdict_junit(checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut suite = TestSuite::new(shown(checked.snapshot));
    for judged in &checked.verdict.judged {
        let status = match (judged.status, judged.severity) {
            (Status::Over, Severity::Fail) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(sentence(judged)).set_type(judged.limit);
                if let Some(message) = &judged.message {
                    status.set_description(shown(message.as_bytes()));
                }
                status
            }
            (Status::Excused, _) => {
                let mut status = TestCaseStatus::skipped();
                let excuse = judged.excuse.as_ref().map(|excuse| {
                    format!(" (until {}: {})", excuse.until, shown(excuse.reason.as_bytes()))
                });
                status.set_message(format!("{}{}", sentence(judged), excuse.unwrap_or_default()));
                status
            }
            _ => TestCaseStatus::success(),
        };
        let (subject, _) = words(judged, &shown);
        let mut case = TestCase::new(format!("{subject} {}", judged.limit), status);
        case.set_classname(format!("rdblens.{}", shown(judged.rule.as_bytes())));
        if let (Status::Over, Severity::Warn) = (judged.status, judged.severity) {
            case.set_system_out(format!("warning: {}", with_message(judged)));
        }
        suite.add_test_case(case);
    }
    let mut report = Report::new("rdblens check");
    report.add_test_suite(suite);
    report.serialize(out).map_err(io::Error::other)
}

/// Writes a check as workflow commands of GitHub Actions, which become annotations: ten errors and
/// ten warnings, the worst of each, and in one more line what there is in all.
///
/// # Errors
/// Those of `out`.
pub fn verdict_github(checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()> {
    let verdict = checked.verdict;
    let mut dropped = 0;
    for (severity, command) in [(Severity::Fail, "error"), (Severity::Warn, "warning")] {
        let broken = verdict.of(Status::Over).filter(|judged| judged.severity == severity);
        for (i, judged) in broken.enumerate() {
            if i >= ANNOTATIONS {
                dropped += 1;
                continue;
            }
            let (subject, _) = words(judged, &shown);
            let mut properties = Vec::new();
            if let Some((path, line)) = checked.config.zip(judged.line) {
                properties.push(format!("file={},line={line}", property(&shown(path))));
            }
            properties.push(format!("title={}", property(&format!("{subject} {}", judged.limit))));
            writeln!(out, "::{command} {}::{}", properties.join(","), data(&with_message(judged)))?;
        }
    }
    let more = match dropped {
        0 => String::new(),
        n => format!("; {n} more are not shown here"),
    };
    let line = format!("{}: {}{more}", shown(checked.snapshot), tally(verdict));
    writeln!(out, "::notice title=rdblens check::{}", data(&line))
}

/// A command's text, in which nothing ends the line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A command's property, in which nothing ends that either.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// Writes a check as a code quality report of GitLab: an issue for each limit that is broken. It is
/// about the rule's line, or about the snapshot where there is no file with rules.
///
/// # Errors
/// Those of `out`.
pub fn verdict_gitlab(checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()> {
    let path = shown(checked.config.unwrap_or(checked.snapshot));
    let path = path.strip_prefix("./").unwrap_or(&path);
    let issue = |judged: &Judged| Issue {
        description: with_message(judged),
        check_name: format!("rdblens/{}", judged.limit),
        fingerprint: fingerprint(judged),
        severity: match judged.severity {
            Severity::Fail => "major",
            Severity::Warn => "minor",
        },
        location: Location {
            path: path.to_owned(),
            lines: Lines { begin: judged.line.unwrap_or(1) },
        },
    };
    let issues: Vec<Issue> = checked.verdict.of(Status::Over).map(issue).collect();
    let text = serde_json::to_string_pretty(&issues).map_err(io::Error::other)?;
    out.write_all(&json_text(&text))?;
    out.write_all(b"\n")
}

/// The same for the same rule, limit and subject, whatever the figures: GitLab tells by it what is
/// new in a merge request.
fn fingerprint(judged: &Judged) -> String {
    let half = |salt: u8| {
        let mut hasher = rustc_hash::FxHasher::default();
        for part in [&*judged.rule, judged.limit, &*judged.subject] {
            hasher.write_u8(salt);
            hasher.write_usize(part.len());
            hasher.write(part.as_bytes());
        }
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(1), half(2))
}
