//! `rdblens trend`: many snapshots in the order of time.

use crate::config::{Config, Trend as Wishes, TrendForm};
use crate::exit::Exit;
use crate::input;
use crate::load;
use crate::output::Output;
use rdblens::groups::{Groups, Names, Summary};
use rdblens::report::{LeftOut, Millis, Path, Taken, Trend, time};
use std::io::{self, Write};

/// A snapshot that may count.
struct Point {
    path: Vec<u8>,
    at: Millis,
    summary: Summary,
}

/// Writes the trend.
///
/// # Errors
/// One line, when fewer than two snapshots count, or the trend cannot be written.
pub fn run(config: &Config, wishes: &Wishes) -> Result<Exit, String> {
    let mut left_out = Vec::new();
    let mut points = read(config, &mut left_out);
    points.sort_by(|a, b| (a.at, &a.path).cmp(&(b.at, &b.path)));
    let points = alike(points, &mut left_out);
    for LeftOut { path, reason } in &left_out {
        // nobody is left to tell when standard error is closed
        let _ = writeln!(io::stderr(), "rdblens: {} is left out: {reason}", shown(&path.0));
    }
    let loaded: Vec<(Groups, Names)> = points
        .iter()
        .map(|point| point.summary.groups(0).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    if points.len() < 2 {
        let count = points.len();
        return Err(format!("trend: two are needed at least, and {count} can be used"));
    }
    let taken: Vec<Taken<'_>> = points
        .iter()
        .zip(&loaded)
        .map(|(point, (groups, _))| Taken { at: point.at, summary: &point.summary, groups })
        .collect();
    let exit = if left_out.is_empty() { Exit::Complete } else { Exit::Incomplete };
    let trend = Trend::of(&taken, left_out, wishes.maxmemory, wishes.top);
    let mut output = Output::open(config)?;
    output.write(|out| match &wishes.form {
        TrendForm::Text(terminal) => terminal.trend(&trend, out),
        TrendForm::Csv => trend.csv(out),
        TrendForm::Json => trend.json(out),
    })?;
    output.finish()?;
    Ok(exit)
}

fn shown(path: &[u8]) -> String {
    rdblens::report::escape::terminal(path, rdblens::report::escape::Charset::Utf8)
}

/// All snapshots that can be read, are whole, and know when they were taken.
fn read(config: &Config, left_out: &mut Vec<LeftOut>) -> Vec<Point> {
    let first = config.dump.iter().chain(&config.more);
    let mut points = Vec::new();
    for path in first {
        let path_bytes = path.as_os_str().as_encoded_bytes().to_vec();
        let mut leave = |reason: String| {
            left_out.push(LeftOut { path: Path(path_bytes.clone()), reason });
        };
        let config = config.of_dump(path.clone());
        let read = input::open(&config).and_then(|snapshot| load::one(&config, &snapshot));
        match read {
            Err(reason) => leave(reason),
            Ok((_, Exit::Incomplete)) => leave("it was not read to its end".to_owned()),
            Ok((summary, _)) => match newest(&summary) {
                None => leave("it does not say when it was taken".to_owned()),
                Some(at) => points.push(Point { path: path_bytes, at, summary }),
            },
        }
    }
    points
}

fn newest(summary: &Summary) -> Option<Millis> {
    summary.origins.iter().map(|origin| origin.ctime_ms.map(Millis)).max().flatten()
}

/// Those that compare with the newest one, each moment once.
fn alike(points: Vec<Point>, left_out: &mut Vec<LeftOut>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for point in points.into_iter().rev() {
        let newest = kept.first().map(|first| first.summary.fits(&point.summary));
        let same = kept.last().filter(|last| last.at == point.at);
        let reason = match (newest, same) {
            (Some(Err(error)), _) => error.to_string(),
            (_, Some(same)) => {
                format!("{} is of the same moment, {}", shown(&same.path), time::utc(point.at))
            }
            _ => {
                kept.push(point);
                continue;
            }
        };
        left_out.push(LeftOut { path: Path(point.path), reason });
    }
    kept.reverse();
    kept
}
