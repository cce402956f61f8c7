//! What the run does: what the user typed and what the machine is like, settled once.

mod limit;
mod whatif;

use crate::args::{
    self, Analyze, Command, Explain, Grouping, Input, Keys, Look, Merge, ReportFormat, RowsFormat,
    Selection, Sizes, Sizing, Summarize, When,
};
use crate::settings::Settings;
use rdblens::findings::{Id, Thresholds};
use rdblens::footprint::{Allocator, Measure, ServerName, Size};
use rdblens::groups::{Filter, Glob, Rules, Separators, Settings as Grouped, TypeName};
use rdblens::report::{
    Bytes, Column, Drawing, Filters, Length, Limit, Millis, RowFormat, Terminal, escape,
    parse_size, time,
};
use rdblens::values::Form as ValueForm;
use regex::bytes::RegexSet;
use std::io::IsTerminal;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the machine is like. Nothing else asks it.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// Columns of the terminal on standard output; `None` where there is no terminal.
    pub stdout_columns: Option<usize>,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// Whether the locale speaks UTF-8.
    pub utf8: bool,
    /// Whether the user wants no colours anywhere (`NO_COLOR`, or a dumb terminal).
    pub no_color: bool,
    /// How many cores there are.
    pub cores: usize,
    /// The time.
    pub clock: Millis,
}

impl Host {
    /// Looks at the machine.
    pub fn probe() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let size = terminal_size::terminal_size_of(std::io::stdout());
        let columns = size.map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0));
        Self {
            stdout_columns: is_terminal.then_some(columns),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            utf8: speaks_utf8(|name| std::env::var(name).ok()),
            no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
                || std::env::var_os("TERM").is_some_and(|term| term == "dumb"),
            cores: std::thread::available_parallelism().map_or(1, NonZero::get),
            clock: clock(),
        }
    }
}

fn clock() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The first of these that is set decides. Where none is, as in many containers, the terminal
/// nearly always can.
fn speaks_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set);
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Columns where nobody says otherwise.
const DEFAULT_WIDTH: usize = 80;

/// What the run does.
#[derive(Debug, Clone)]
pub struct Config {
    /// The snapshot; `None` is standard input.
    pub dump: Option<PathBuf>,
    /// Others that are taken together with it.
    pub more: Vec<PathBuf>,
    /// Where the result goes; `None` is standard output.
    pub output: Option<PathBuf>,
    /// Whether the checksum is compared.
    pub checksum: bool,
    /// How many threads read, one at least.
    pub threads: usize,
    /// Whether a progress bar is shown on standard error.
    pub progress: bool,
    /// Whether standard error tells how long reading took.
    pub timings: bool,
    /// The time that the user gave as now.
    pub now: Option<Millis>,
    /// Which server the sizes are for, as the user named it.
    pub server: Option<String>,
    /// The file with its settings.
    pub server_config: Option<PathBuf>,
    /// The same settings as text, in the place of a file.
    pub settings: Option<String>,
    /// Its allocator.
    pub allocator: Allocator,
    /// What the bytes of a key are.
    pub measure: Measure,
    /// Which keys count.
    pub filter: Filter,
    /// The same, for the report to show.
    pub filters: Filters,
    /// How names are put together.
    pub names: Names,
    /// What comes out.
    pub task: Task,
}

/// How names are put together.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// What separates the parts of names, if not the usual.
    pub separators: Option<Separators>,
    /// The user's own patterns.
    pub rules: Option<Arc<Rules>>,
}

impl Names {
    /// How to group the keys of a snapshot taken at this time.
    pub fn settings(&self, taken_at: Millis) -> Grouped {
        let usual = Grouped::new(taken_at.0);
        let separators = self.separators.clone().unwrap_or_else(|| usual.separators.clone());
        Grouped { separators, rules: self.rules.clone(), ..usual }
    }
}

/// What comes out.
#[derive(Debug, Clone)]
pub enum Task {
    /// A summary.
    Summary,
    /// Summaries, joined.
    Merge,
    /// What a finding means, or which there are.
    Explain(Option<Id>),
    /// Many snapshots in the order of time.
    Trend(Trend),
    /// Other servers and settings beside today's.
    WhatIf(WhatIf),
    /// What changed between two snapshots.
    Diff(Diff),
    /// Whether a snapshot keeps to its budgets.
    Check(Check),
    /// Budgets that a snapshot keeps to.
    Init,
    /// A report.
    Report(Report),
    /// Single keys in full.
    Show(Show),
    /// Keys with their values.
    Export(Export),
    /// A row a key.
    Rows {
        /// Their form.
        format: RowFormat,
        /// Their columns.
        columns: Vec<Column>,
    },
}

/// How a report is made and shown.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its form.
    pub form: Form,
    /// The time against which the snapshot's age is told. A form that programs compare has none
    /// unless the user gave it.
    pub now: Option<Millis>,
    /// How many rows the lists have.
    pub top: usize,
    /// The deepest level of the prefix tree, if the user set one.
    pub depth: Option<usize>,
    /// The server's limit, where it is known.
    pub limit: Option<Limit>,
    /// From when on something is worth telling; `None` where nothing is looked for.
    pub thresholds: Option<Box<Thresholds>>,
    /// Where metrics go, if anywhere.
    pub metrics: Option<PathBuf>,
}

/// What is set beside today's size, and how it is shown.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// What it may be instead, one at least.
    pub alternatives: Vec<Alternative>,
    /// Its form.
    pub form: Form,
    /// The time against which the snapshot's age is told.
    pub now: Option<Millis>,
    /// How many patterns have rows of their own.
    pub top: usize,
}

/// What may hold instead of what holds today.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alternative {
    /// Another server.
    pub server: Option<ServerName>,
    /// Other values of settings.
    pub settings: Vec<(String, String)>,
    /// Another allocator.
    pub allocator: Option<Allocator>,
}

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

/// Which key is shown, and how.
#[derive(Debug, Clone)]
pub struct Show {
    /// Its name, in every way in which what was typed can be meant.
    pub names: Vec<Vec<u8>>,
    /// Its database, if not all.
    pub db: Option<u64>,
    /// Whether its content is shown.
    pub value: bool,
    /// How many of its largest elements are listed.
    pub top: usize,
    /// The form.
    pub form: Form,
}

/// How keys are exported.
#[derive(Debug, Clone, Copy)]
pub struct Export {
    /// The form.
    pub form: ValueForm,
    /// How many are wanted at the most.
    pub limit: Option<u64>,
    /// Whether it is no failure when some cannot be.
    pub skip_undecodable: bool,
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

/// A form of the report.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// For a terminal.
    Text(Terminal),
    /// For programs.
    Json,
}

/// How many rows lists have unless the user says so: more than any screen.
const TOP: usize = 100;
/// How many they have at the most: memory grows with them.
const TOP_LIMIT: usize = 1_000_000;
/// How many separators there may be; those of a name are told apart by four bits.
const MOST_SEPARATORS: usize = 15;
/// How many they have with `--full` alone.
const FULL: usize = 20;

impl Config {
    /// Settles what the run does.
    ///
    /// # Errors
    /// When flags contradict each other or have no meaning: one line that names the flag.
    pub fn resolve(command: Command, host: &Host) -> Result<Self, String> {
        match command {
            Command::Keys(keys) => {
                let task = rows(&keys)?;
                let names = names(&keys.grouping)?;
                let config = Self::with(task, keys.input, (keys.sizing, keys.selection), host)?;
                Ok(Self { names, ..config })
            }
            Command::Summary(summarize) => {
                let Summarize { input, more, grouping, sizing, selection } = summarize;
                let names = names(&grouping)?;
                let config = Self::with(Task::Summary, input, (sizing, selection), host)?;
                Ok(Self { names, more: more.more, ..config })
            }
            Command::Trend(wishes) => {
                let task = trend(&wishes, host)?;
                let args::Trend { input, more, sizing, .. } = wishes;
                let config = Self::with(task, input, (sizing, Selection::default()), host)?;
                Ok(Self { more: more.more, ..config })
            }
            Command::WhatIf(wishes) => {
                let task = whatif::task(&wishes, host)?;
                let names = names(&wishes.grouping)?;
                let args::WhatIf { input, selection, .. } = wishes;
                let sizing = Sizing {
                    server: wishes.today_server,
                    server_config: wishes.server_config,
                    allocator: wishes.today_allocator,
                    sizes: wishes.sizes,
                };
                let config = Self::with(task, input, (sizing, selection), host)?;
                Ok(Self { names, ..config })
            }
            Command::Explain(Explain { id }) => {
                let id = id.map(|id| id.parse::<Id>()).transpose()?;
                Self::with(Task::Explain(id), Input::default(), Default::default(), host)
            }
            Command::Diff(wishes) => {
                let task = diff(&wishes, host)?;
                let names = names(&wishes.grouping)?;
                let args::Diff { input, new, sizing, selection, .. } = wishes;
                let config = Self::with(task, input, (sizing, selection), host)?;
                if config.output.as_ref() == Some(&new) {
                    return Err("--output would overwrite the dump".to_owned());
                }
                Ok(Self { names, more: vec![new], ..config })
            }
            Command::Check(wishes) => {
                let task = check(&wishes, host)?;
                let names = names(&wishes.grouping)?;
                let args::Check { input, sizing, baseline, .. } = wishes;
                let config = Self::with(task, input, (sizing, Selection::default()), host)?;
                if baseline.is_some() && config.output == baseline {
                    return Err("--output would overwrite the baseline".to_owned());
                }
                Ok(Self { names, ..config })
            }
            Command::Init(wishes) => {
                let names = names(&wishes.grouping)?;
                let args::Init { input, sizing, .. } = wishes;
                let config = Self::with(Task::Init, input, (sizing, Selection::default()), host)?;
                Ok(Self { names, ..config })
            }
            Command::Merge(merge) => Self::merging(merge, host),
            Command::Show(wishes) => {
                let task = show(&wishes, host)?;
                let args::Show { input, sizing, .. } = wishes;
                Self::with(task, input, (sizing, Selection::default()), host)
            }
            Command::Export(wishes) => {
                let task = export(&wishes, host)?;
                let args::Export { input, sizing, selection, .. } = wishes;
                Self::with(task, input, (sizing, selection), host)
            }
            Command::Analyze(analyze) => {
                let task = report(&analyze, host)?;
                let names = names(&analyze.grouping)?;
                let Analyze { input, more, sizing, selection, .. } = analyze;
                let config = Self::with(task, input, (sizing, selection), host)?;
                Ok(Self { names, more: more.more, ..config })
            }
        }
    }

    /// The same with another snapshot.
    pub fn of_dump(&self, dump: PathBuf) -> Self {
        Self { dump: Some(dump), more: Vec::new(), ..self.clone() }
    }

    fn merging(merge: Merge, host: &Host) -> Result<Self, String> {
        let mut summaries = merge.summaries.into_iter();
        let first = summaries.next().ok_or("merge: no summary")?;
        let input = Input { dump: first, output: merge.output, ..Input::default() };
        let config = Self::with(Task::Merge, input, Default::default(), host)?;
        Ok(Self { more: summaries.collect(), ..config })
    }

    fn with(
        task: Task,
        input: Input,
        (sizing, selection): (Sizing, Selection),
        host: &Host,
    ) -> Result<Self, String> {
        if input.output.as_ref() == Some(&input.dump) {
            return Err("--output would overwrite the dump".to_owned());
        }
        let (filter, filters) = filter(selection)?;
        let from_stdin = input.dump.as_os_str() == "-";
        Ok(Self {
            dump: (!from_stdin).then_some(input.dump),
            checksum: !input.no_checksum,
            threads: threads(input.threads, host)?,
            // Rows on a terminal would run into the bar.
            progress: host.stderr_is_terminal
                && !input.no_progress
                && (input.output.is_some()
                    || host.stdout_columns.is_none()
                    || matches!(task, Task::Report(_) | Task::WhatIf(_) | Task::Show(_))),
            output: input.output,
            timings: input.timings,
            now: now(input.now.as_deref())?,
            server: sizing.server,
            server_config: sizing.server_config,
            settings: None,
            allocator: sizing.allocator,
            measure: match sizing.sizes {
                Sizes::Allocated => Measure::Allocated,
                Sizes::Reported => Measure::Reported,
            },
            filter,
            filters,
            more: Vec::new(),
            names: Names::default(),
            task,
        })
    }
}

fn threads(given: Option<usize>, host: &Host) -> Result<usize, String> {
    /// More would only cost memory.
    const MOST: usize = 1024;
    match given {
        Some(0) => Err("--threads: one at least".to_owned()),
        Some(n) => Ok(n.min(MOST)),
        None => Ok(host.cores.clamp(1, MOST)),
    }
}

fn now(given: Option<&str>) -> Result<Option<Millis>, String> {
    let Some(text) = given else { return Ok(None) };
    let parsed = time::parse(text).ok_or_else(|| {
        format!(
            "--now: \"{text}\" is no time; write 2026-11-20T03:00:00Z, or Unix seconds or milliseconds"
        )
    });
    parsed.map(Some)
}

fn rows(keys: &Keys) -> Result<Task, String> {
    let format = match keys.format {
        RowsFormat::Jsonl => RowFormat::Jsonl,
        RowsFormat::Csv => RowFormat::Csv,
    };
    let columns = columns(keys.columns.as_deref())?;
    Ok(Task::Rows { format, columns })
}

fn columns(given: Option<&str>) -> Result<Vec<Column>, String> {
    let Some(given) = given else { return Ok(Column::DEFAULT.to_vec()) };
    let (mut columns, names) = match given.strip_prefix('+') {
        Some(names) => (Column::DEFAULT.to_vec(), names),
        None => (Vec::new(), given),
    };
    for name in names.split(',') {
        let name = name.trim().trim_start_matches('+');
        let column = Column::named(name).ok_or_else(|| {
            let all = Column::DEFAULT.into_iter().chain(Column::MORE);
            let all: Vec<&str> = all.map(Column::name).collect();
            format!("--columns: no column \"{name}\"; there are {}", all.join(", "))
        })?;
        if columns.contains(&column) {
            return Err(format!("--columns: \"{name}\" is there twice"));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn report(analyze: &Analyze, host: &Host) -> Result<Task, String> {
    if analyze.top.is_some_and(|n| n == 0 || n > TOP_LIMIT) {
        return Err(format!("--top: from 1 to {TOP_LIMIT}"));
    }
    if analyze.depth == Some(0) {
        return Err("--depth: one at least".to_owned());
    }
    let given = now(analyze.input.now.as_deref())?;
    let (form, now) = match analyze.format {
        ReportFormat::Text => (Form::Text(terminal(analyze, host)), given.or(Some(host.clock))),
        ReportFormat::Json => (Form::Json, given),
    };
    let full = if analyze.full { FULL } else { 0 };
    let thresholds = match analyze.seek.no_findings {
        true => None,
        false => Some(Box::new(Settings::load(analyze.seek.config.as_deref())?.findings)),
    };
    Ok(Task::Report(Report {
        thresholds,
        form,
        now,
        top: analyze.top.unwrap_or(TOP).max(full),
        depth: analyze.depth,
        limit: limit(analyze)?,
        metrics: analyze.metrics.clone(),
    }))
}

/// The server's limit. It is that of one server with all its keys.
fn limit(analyze: &Analyze) -> Result<Option<Limit>, String> {
    let found = limit::limit(&analyze.limit, analyze.sizing.server_config.as_deref())?;
    if analyze.limit.maxmemory.is_none() {
        return Ok(found);
    }
    let Selection { db, types, globs, regex, min_bytes, no_ttl, with_ttl } = &analyze.selection;
    let is_filtered = !db.is_empty()
        || [types, globs, regex].iter().any(|list| !list.is_empty())
        || min_bytes.is_some()
        || *no_ttl
        || *with_ttl;
    match (analyze.more.more.is_empty(), is_filtered) {
        (false, _) => Err("--maxmemory is one server's limit: give one snapshot".to_owned()),
        (_, true) => Err("--maxmemory needs all keys: leave the filters out".to_owned()),
        _ => Ok(found),
    }
}

fn names(grouping: &Grouping) -> Result<Names, String> {
    let separators = separators(&grouping.separator)?;
    let separators = match separators.is_empty() {
        true => None,
        false => Some(
            Separators::new(&separators).ok_or("--separator: too many, or the same one twice")?,
        ),
    };
    let mut globs: Vec<Glob> =
        grouping.pattern.iter().map(|glob| Glob::new(glob.as_bytes())).collect();
    if let Some(file) = &grouping.patterns_file {
        let text = std::fs::read(file)
            .map_err(|error| format!("--patterns-file: {}: {error}", file.display()))?;
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
        globs.extend(lines.map(Glob::new));
    }
    let rules = match globs.is_empty() {
        true => None,
        false => Some(Arc::new(Rules::new(globs).ok_or("--pattern: too many patterns")?)),
    };
    Ok(Names { separators, rules })
}

fn separators(given: &[String]) -> Result<Vec<u8>, String> {
    let single = |text: &String| match text.as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(format!("--separator: \"{text}\" is not one ASCII character")),
    };
    if given.len() > MOST_SEPARATORS {
        return Err(format!("--separator: {MOST_SEPARATORS} at the most"));
    }
    given.iter().map(single).collect()
}

fn terminal(analyze: &Analyze, host: &Host) -> Terminal {
    let length = match (analyze.full, analyze.top) {
        (true, top) => Length::Full(top.unwrap_or(FULL)),
        (false, Some(top)) => Length::Top(top),
        (false, None) => Length::Screen,
    };
    let Analyze { input, look, .. } = analyze;
    drawn(input.output.is_some(), *look, length, host)
}

/// How text is drawn for this host, unless flags say otherwise.
fn drawn(
    into_file: bool,
    Look { color, ascii, width }: Look,
    length: Length,
    host: &Host,
) -> Terminal {
    /// Narrower than that no figure has room.
    const NARROWEST: usize = 40;
    // A file is no terminal, even when standard output is one.
    let columns = host.stdout_columns.filter(|_| !into_file);
    Terminal {
        width: width.or(columns).unwrap_or(DEFAULT_WIDTH).max(NARROWEST),
        color: match color {
            When::Always => true,
            When::Never => false,
            When::Auto => columns.is_some() && !host.no_color,
        },
        drawing: if ascii || !host.utf8 { Drawing::Ascii } else { Drawing::Utf8 },
        length,
    }
}

fn trend(wishes: &args::Trend, host: &Host) -> Result<Task, String> {
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

fn show(wishes: &args::Show, host: &Host) -> Result<Task, String> {
    if wishes.top > TOP_LIMIT {
        return Err(format!("--top: {TOP_LIMIT} at the most"));
    }
    let typed = wishes.key.as_encoded_bytes().to_vec();
    let meant = escape::unescape(&typed).filter(|meant| *meant != typed);
    let args::Show { input, db, value, top, format, look, .. } = wishes;
    let form = match format {
        ReportFormat::Json => Form::Json,
        ReportFormat::Text => {
            Form::Text(drawn(input.output.is_some(), *look, Length::Screen, host))
        }
    };
    let names = std::iter::once(typed).chain(meant).collect();
    Ok(Task::Show(Show { names, db: *db, value: *value, top: *top, form }))
}

fn export(wishes: &args::Export, host: &Host) -> Result<Task, String> {
    let form = match wishes.format {
        args::ExportFormat::Json => ValueForm::Json,
        args::ExportFormat::Resp => ValueForm::Resp,
    };
    let to_terminal = host.stdout_columns.is_some() && wishes.input.output.is_none();
    if form == ValueForm::Resp && to_terminal {
        let what = "values as they are could harm a terminal";
        return Err(format!("--format resp: {what}; pipe them, or name a file with -o"));
    }
    let args::Export { limit, skip_undecodable, .. } = *wishes;
    Ok(Task::Export(Export { form, limit, skip_undecodable }))
}

fn diff(wishes: &args::Diff, host: &Host) -> Result<Task, String> {
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

fn check(wishes: &args::Check, host: &Host) -> Result<Task, String> {
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

/// As many rows as the user asked for.
fn rows_of(top: Option<usize>) -> Result<Length, String> {
    if top.is_some_and(|n| n == 0 || n > TOP_LIMIT) {
        return Err(format!("--top: from 1 to {TOP_LIMIT}"));
    }
    Ok(top.map_or(Length::Screen, Length::Top))
}

fn maxmemory(given: Option<&str>) -> Result<Option<Bytes>, String> {
    let Some(text) = given else { return Ok(None) };
    parse_size(text).filter(|size| size.0 > 0).map(Some).ok_or_else(|| {
        format!("--maxmemory: \"{text}\" is no size; write 8gb, 512mb or a number of bytes")
    })
}

fn filter(selection: Selection) -> Result<(Filter, Filters), String> {
    if selection.no_ttl && selection.with_ttl {
        return Err("--no-ttl and --with-ttl leave no key".to_owned());
    }
    let type_name = |name: &String| {
        TypeName::parse(name).ok_or_else(|| {
            format!(
                "--type: no type \"{name}\"; there are string, list, set, zset, hash, stream, array, \
                 module, and the names of modules' types (nine characters)"
            )
        })
    };
    let least = selection.min_bytes.as_deref().map(min_bytes).transpose()?;
    let ttl = match (selection.no_ttl, selection.with_ttl) {
        (true, _) => Some(false),
        (_, true) => Some(true),
        _ => None,
    };
    let filter = Filter {
        types: selection.types.iter().map(type_name).collect::<Result<_, _>>()?,
        globs: selection.globs.iter().map(|glob| Glob::new(glob.as_bytes())).collect(),
        regexes: regexes(&selection.regex)?,
        least: Size::bytes(least.unwrap_or_default().0),
        ttl,
        dbs: selection.db.clone(),
    };
    let filters = Filters {
        db: selection.db,
        types: selection.types,
        globs: selection.globs,
        regex: selection.regex,
        min_bytes: least,
        ttl,
    };
    Ok((filter, filters))
}

fn min_bytes(text: &str) -> Result<Bytes, String> {
    parse_size(text).ok_or_else(|| {
        format!(
            "--min-bytes: \"{text}\" is no size; write 4096, 10kb (10 * 1024) or 10k (10 * 1000)"
        )
    })
}

fn regexes(patterns: &[String]) -> Result<Option<RegexSet>, String> {
    if patterns.is_empty() {
        return Ok(None);
    }
    RegexSet::new(patterns).map(Some).map_err(|error| format!("--regex: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal_host() -> Host {
        Host {
            stdout_columns: Some(132),
            stderr_is_terminal: true,
            utf8: true,
            no_color: false,
            cores: 6,
            clock: Millis(1_000),
        }
    }

    fn resolve(line: &str, host: &Host) -> Result<Config, String> {
        let args = std::iter::once("rdblens").chain(line.split(' '));
        Config::resolve(Command::parse_from(args).unwrap(), host)
    }

    fn error(line: &str) -> String {
        resolve(line, &terminal_host()).unwrap_err()
    }

    fn report(line: &str, host: &Host) -> Report {
        match resolve(line, host).unwrap().task {
            Task::Report(report) => report,
            _ => panic!("no report"),
        }
    }

    fn text(line: &str, host: &Host) -> Terminal {
        match report(line, host).form {
            Form::Text(terminal) => terminal,
            Form::Json => panic!("no text"),
        }
    }

    #[test]
    fn analyze_is_what_is_done_by_default() {
        for line in ["d.rdb --db 1,2 --db 3", "analyze --db 1,2 --db 3 d.rdb"] {
            let config = resolve(line, &terminal_host()).unwrap();
            assert_eq!(config.dump, Some(PathBuf::from("d.rdb")));
            assert_eq!(config.filter.dbs, [1, 2, 3]);
            assert_eq!((config.threads, config.checksum, config.progress), (6, true, true));
            assert!(matches!(config.task, Task::Report(_)));
        }
        assert_eq!(resolve("-", &terminal_host()).unwrap().dump, None);
    }

    #[test]
    fn the_terminal_decides_what_is_drawn_unless_flags_do() {
        let drawn = |line: &str, host: &Host| {
            let Terminal { width, color, drawing, .. } = text(line, host);
            (width, color, drawing)
        };
        let (host, pipe) = (terminal_host(), Host { utf8: true, ..Host::default() });
        assert_eq!(drawn("d", &host), (132, true, Drawing::Utf8));
        assert_eq!(drawn("d", &pipe), (80, false, Drawing::Utf8));
        assert_eq!(drawn("d -o f", &host), (80, false, Drawing::Utf8));
        assert_eq!(drawn("d --color never --ascii --width 60", &host), (60, false, Drawing::Ascii));
        assert_eq!(drawn("d --color always --width 1", &pipe), (40, true, Drawing::Utf8));
        let plain = Host { no_color: true, utf8: false, ..terminal_host() };
        assert_eq!(drawn("d", &plain), (132, false, Drawing::Ascii));
        assert_eq!(drawn("d --color always", &plain), (132, true, Drawing::Ascii));
    }

    #[test]
    fn lists_are_as_long_as_asked_for() {
        let host = terminal_host();
        assert_eq!(text("d", &host).length, Length::Screen);
        assert_eq!(text("d --top 7", &host).length, Length::Top(7));
        assert_eq!(text("d --full", &host).length, Length::Full(20));
        assert_eq!(text("d --full --top 300", &host).length, Length::Full(300));
        assert_eq!(report("d --top 300", &host).top, 300);
        assert_eq!(report("d", &host).top, 100);
    }

    #[test]
    fn only_text_asks_the_clock() {
        let host = terminal_host();
        assert_eq!(report("d", &host).now, Some(Millis(1_000)));
        assert_eq!(report("d --format json", &host).now, None);
        assert_eq!(report("d --format json --now 5", &host).now, Some(Millis(5_000)));
        assert_eq!(report("d --now 1970-01-01T00:00:07Z", &host).now, Some(Millis(7_000)));
    }

    #[test]
    fn a_bar_does_not_run_into_rows() {
        let progress = |line: &str, host: &Host| resolve(line, host).unwrap().progress;
        let to_file = Host { stdout_columns: None, ..terminal_host() };
        assert!(!progress("keys d", &terminal_host()));
        assert!(progress("keys d", &to_file));
        assert!(progress("keys d -o f", &terminal_host()));
        assert!(!progress("keys d --no-progress", &to_file));
        assert!(!progress("d", &Host { stderr_is_terminal: false, ..terminal_host() }));
    }

    #[test]
    fn columns_replace_the_usual_ones_or_follow_them() {
        let columns = |line: &str| match resolve(line, &terminal_host()).unwrap().task {
            Task::Rows { columns, .. } => columns,
            _ => panic!("no rows"),
        };
        assert_eq!(columns("keys d"), Column::DEFAULT);
        assert_eq!(columns("keys d --columns bytes,key"), [Column::Bytes, Column::Key]);
        let more = columns("keys d --columns +spread,certainty");
        assert_eq!(
            more.get(Column::DEFAULT.len()..),
            Some(&[Column::Spread, Column::Certainty][..])
        );
        assert!(error("keys d --columns colour").starts_with("--columns: no column \"colour\""));
        assert!(error("keys d --columns +key").contains("twice"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_flags_name() {
        for (line, flag) in [
            ("d --no-ttl --with-ttl", "--no-ttl"),
            ("d --type hashes", "--type"),
            ("d --regex [", "--regex"),
            ("d --min-bytes 10zb", "--min-bytes"),
            ("d --min-bytes 99999999999gb", "--min-bytes"),
            ("d --now then", "--now"),
            ("keys d --now then", "--now"),
            ("d --threads 0", "--threads"),
            ("d --top 0", "--top"),
            ("d --top 99999999999", "--top"),
            ("d --depth 0", "--depth"),
            ("d --separator ::", "--separator"),
            ("d --separator ö", "--separator"),
            ("d -o d", "--output"),
        ] {
            assert!(error(line).starts_with(flag), "{line}: {}", error(line));
        }
    }

    #[test]
    fn filters_are_what_the_report_shows() {
        let line = "d --type hash --match a* --regex b --min-bytes 1kb --with-ttl --db 0";
        let Config { filter, filters, .. } = resolve(line, &terminal_host()).unwrap();
        assert_eq!((filter.least, filter.ttl), (Size::bytes(1024), Some(true)));
        assert!(!filter.is_open() && !filters.is_empty());
        assert!(filter.accepts_name(b"ab") && !filter.accepts_name(b"ac"));
        assert!(resolve("d", &terminal_host()).unwrap().filter.is_open());
        assert!(resolve("d", &terminal_host()).unwrap().filters.is_empty());
    }

    #[test]
    fn the_locale_tells_the_charset() {
        let speaks = |set: &[(&str, &str)]| {
            speaks_utf8(|name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(speaks(&[]));
        assert!(speaks(&[("LANG", "de_DE.UTF-8")]));
        assert!(!speaks(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]));
        assert!(speaks(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
    }
}
