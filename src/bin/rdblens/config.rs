//! What the run does: what the user typed and what the machine is like, settled once.

mod growth;
mod limit;
mod values;
mod whatif;

pub use growth::{Check, CheckForm, Diff, DiffForm, Trend, TrendForm};
pub use values::{Export, Show};
pub use whatif::{Alternative, WhatIf};

use crate::args::{
    self, Analyze, Command, Explain, Grouping, Input, Keys, Look, Merge, ReportFormat, RowsFormat,
    Selection, Sizes, Sizing, Summarize, When,
};
use crate::settings::Settings;
use rdblens::findings::{Id, Thresholds};
use rdblens::footprint::{Allocator, Measure, Size};
use rdblens::groups::{Filter, Glob, Rules, Separators, Settings as Grouped, TypeName};
use rdblens::report::{
    Bytes, Column, Drawing, Filters, Length, Limit, Millis, RowFormat, Terminal, parse_size, time,
};
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
    /// Whether the largest elements are told.
    pub largest_elements: bool,
    /// The server's limit, where it is known.
    pub limit: Option<Limit>,
    /// From when on something is worth telling; `None` where nothing is looked for.
    pub thresholds: Option<Box<Thresholds>>,
    /// Where metrics go, if anywhere.
    pub metrics: Option<PathBuf>,
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
                let task = growth::trend(&wishes, host)?;
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
                let task = growth::diff(&wishes, host)?;
                let names = names(&wishes.grouping)?;
                let args::Diff { input, new, sizing, selection, .. } = wishes;
                let config = Self::with(task, input, (sizing, selection), host)?;
                if config.output.as_ref() == Some(&new) {
                    return Err("--output would overwrite the dump".to_owned());
                }
                Ok(Self { names, more: vec![new], ..config })
            }
            Command::Check(wishes) => {
                let task = growth::check(&wishes, host)?;
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
                let task = values::show(&wishes, host)?;
                let args::Show { input, sizing, .. } = wishes;
                Self::with(task, input, (sizing, Selection::default()), host)
            }
            Command::Export(wishes) => {
                let task = values::export(&wishes, host)?;
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
        largest_elements: analyze.largest_elements,
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

/// As many rows as the user asked for.
fn rows_of(top: Option<usize>) -> Result<Length, String> {
    if top.is_some_and(|n| n == 0 || n > TOP_LIMIT) {
        return Err(format!("--top: from 1 to {TOP_LIMIT}"));
    }
    Ok(top.map_or(Length::Screen, Length::Top))
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
mod tests;
