//! What `trend`, `diff` and `check` do.

use super::{Host, TOP, Task, drawn, now, rows_of};
use crate::args;
use rdblens::report::{Bytes, Millis, Terminal, parse_size};
use std::path::PathBuf;

/// How a trend is made and shown.
#[derive(Debug, Clone, Copy)]
pub struct Trend {
    /// Its form.
    pub form: TrendForm,
    /// The server's limit.
    pub maxmemory: Option<Bytes>,
    /// How many patterns have rows of their own.
    pub top: usize,
}

/// A form of a trend.
#[derive(Debug, Clone, Copy)]
pub enum TrendForm {
    /// For a terminal.
    Text(Terminal),
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// How changes are told and shown.
#[derive(Debug, Clone, Copy)]
pub struct Diff {
    /// Their form.
    pub form: DiffForm,
    /// The server's limit.
    pub maxmemory: Option<Bytes>,
}

/// A form of changes.
#[derive(Debug, Clone, Copy)]
pub enum DiffForm {
    /// For a terminal.
    Text(Terminal),
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
}

/// What a check is about and how it is shown.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its form.
    pub form: CheckForm,
    /// The earlier snapshot, if there is one.
    pub baseline: Option<PathBuf>,
    /// The file with the budgets, if the user named one.
    pub config: Option<PathBuf>,
    /// The server's limit.
    pub maxmemory: Option<Bytes>,
    /// The time by which exceptions end.
    pub now: Millis,
}

/// A form of a check.
#[derive(Debug, Clone, Copy)]
pub enum CheckForm {
    /// For a terminal.
    Text(Terminal),
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
    /// For what shows tests.
    Junit,
    /// For GitHub Actions.
    Github,
    /// For GitLab's code quality.
    Gitlab,
}

pub(super) fn trend(wishes: &args::Trend, host: &Host) -> Result<Task, String> {
    let length = rows_of(wishes.top)?;
    let args::Trend { input, look, .. } = wishes;
    let form = match wishes.format {
        args::TrendFormat::Text => {
            TrendForm::Text(drawn(input.output.is_some(), *look, length, host))
        }
        args::TrendFormat::Csv => TrendForm::Csv,
        args::TrendFormat::Json => TrendForm::Json,
    };
    let maxmemory = maxmemory(wishes.maxmemory.as_deref())?;
    Ok(Task::Trend(Trend { form, maxmemory, top: wishes.top.unwrap_or(TOP) }))
}

pub(super) fn diff(wishes: &args::Diff, host: &Host) -> Result<Task, String> {
    let length = rows_of(wishes.top)?;
    let args::Diff { input, look, .. } = wishes;
    let form = match wishes.format {
        args::DiffFormat::Text => {
            DiffForm::Text(drawn(input.output.is_some(), *look, length, host))
        }
        args::DiffFormat::Json => DiffForm::Json,
        args::DiffFormat::Markdown => DiffForm::Markdown,
    };
    Ok(Task::Diff(Diff { form, maxmemory: maxmemory(wishes.maxmemory.as_deref())? }))
}

pub(super) fn check(wishes: &args::Check, host: &Host) -> Result<Task, String> {
    let length = rows_of(wishes.top)?;
    let args::Check { input, look, .. } = wishes;
    let form = match wishes.format {
        args::CheckFormat::Text => {
            CheckForm::Text(drawn(input.output.is_some(), *look, length, host))
        }
        args::CheckFormat::Json => CheckForm::Json,
        args::CheckFormat::Markdown => CheckForm::Markdown,
        args::CheckFormat::Junit => CheckForm::Junit,
        args::CheckFormat::Github => CheckForm::Github,
        args::CheckFormat::Gitlab => CheckForm::Gitlab,
    };
    Ok(Task::Check(Check {
        form,
        baseline: wishes.baseline.clone(),
        config: wishes.config.clone(),
        maxmemory: maxmemory(wishes.maxmemory.as_deref())?,
        now: now(input.now.as_deref())?.unwrap_or(host.clock),
    }))
}

fn maxmemory(given: Option<&str>) -> Result<Option<Bytes>, String> {
    let Some(text) = given else { return Ok(None) };
    parse_size(text).filter(|size| size.0 > 0).map(Some).ok_or_else(|| {
        format!("--maxmemory: \"{text}\" is no size; write 8gb, 512mb or a number of bytes")
    })
}
