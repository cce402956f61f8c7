//! How fast the program reads dumps of several shapes, and in how much memory.
//!
//!     cargo bench --bench pipeline -- [--smoke] [--scale F] [--runs N] [--threads 1,2] [SHAPE ...]
//!
//! Runs the program as a person does, on dumps that the generator makes in `target/bench`, and
//! prints the median of the runs. Beside each shape stands what the checksum alone takes over the
//! same file on one thread. `--smoke` takes small dumps and one run, and checks the count of keys.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a tool for developers, whose input is its own"
)]

mod generator;

use generator::{Made, Recipe, Shape, generate};
use rdblens::bytes::{Snapshot, crc64};
use std::fs::{self, File};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What to measure.
struct Config {
    shapes: Vec<Shape>,
    scale: f64,
    runs: usize,
    threads: Vec<usize>,
    smoke: bool,
}

fn main() {
    let config = config(std::env::args().skip(1));
    println!(
        "{:<10}{:>9}{:>12}{:>9}{:>10}{:>10}{:>10}{:>10}",
        "shape", "MB", "keys", "threads", "seconds", "MB/s", "Mkeys/s", "peak MB"
    );
    for &shape in &config.shapes {
        let (path, made) = dump(Recipe { shape, scale: config.scale, seed: 1 });
        row(shape, made, "crc", &median(config.runs, || (checksum(&path), 0)));
        for &threads in &config.threads {
            let run = || analyze(&path, threads);
            row(shape, made, &threads.to_string(), &median(config.runs, run));
        }
        if config.smoke {
            assert_eq!(count(&path), made.keys, "keys in {}", path.display());
        }
    }
}

fn config(mut args: impl Iterator<Item = String>) -> Config {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if cores > 1 { vec![1, cores] } else { vec![1] };
    let mut config = Config { shapes: Vec::new(), scale: 1.0, runs: 5, threads, smoke: false };
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_else(|| panic!("{arg} wants a value"));
        match arg.as_str() {
            "--bench" => {} // cargo's
            "--smoke" => {
                (config.scale, config.runs, config.smoke) = (0.01, 1, true);
            }
            "--scale" => config.scale = value().parse().expect("a number"),
            "--runs" => config.runs = value().parse().expect("a number"),
            "--threads" => {
                let all = value();
                config.threads = all.split(',').map(|n| n.parse().expect("a number")).collect();
            }
            name => config.shapes.push(name.parse().expect("a shape")),
        }
    }
    if config.shapes.is_empty() {
        // 100 million prefixes only when asked for
        let all = Shape::ALL.into_iter().filter(|shape| config.smoke || *shape != Shape::Prefixes);
        config.shapes = all.collect();
    }
    config
}

/// The dump of `recipe`, made unless it is there.
fn dump(recipe: Recipe) -> (PathBuf, Made) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    fs::create_dir_all(&dir).expect("a folder");
    let name = format!("{}-{}-{}", recipe.shape.name(), recipe.scale, recipe.seed);
    let (path, note) = (dir.join(format!("{name}.rdb")), dir.join(format!("{name}.keys")));
    let known = fs::read_to_string(&note).ok().and_then(|keys| keys.trim().parse().ok());
    if let (Some(keys), Ok(file)) = (known, fs::metadata(&path)) {
        return (path, Made { bytes: file.len(), keys });
    }
    let made = generate(recipe, File::create(&path).expect("writable")).expect("writable");
    fs::write(note, made.keys.to_string()).expect("writable");
    (path, made)
}

/// Median time and largest memory of `runs` runs.
fn median(runs: usize, mut run: impl FnMut() -> (Duration, u64)) -> (Duration, u64) {
    let all: Vec<_> = (0..runs.max(1)).map(|_| run()).collect();
    let mut times: Vec<_> = all.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    (times[times.len() / 2], all.iter().map(|(_, memory)| *memory).max().unwrap_or(0))
}

fn row(shape: Shape, made: Made, threads: &str, (time, memory): &(Duration, u64)) {
    let (seconds, megabytes) = (time.as_secs_f64(), made.bytes as f64 / 1e6);
    println!(
        "{:<10}{:>9.0}{:>12}{:>9}{:>10.3}{:>10.0}{:>10.2}{:>10.0}",
        shape.name(),
        megabytes,
        made.keys,
        threads,
        seconds,
        megabytes / seconds,
        made.keys as f64 / 1e6 / seconds,
        *memory as f64 / 1e6,
    );
}

/// How long the checksum takes over the mapped file, on one thread.
fn checksum(path: &Path) -> Duration {
    let started = Instant::now();
    let snapshot = Snapshot::open(path).expect("a dump");
    black_box(crc64::of(snapshot.bytes()));
    started.elapsed()
}

/// Time of the default report, and the most memory that it held beside the mapped file.
fn analyze(path: &Path, threads: usize) -> (Duration, u64) {
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rdblens"))
        .args(["--no-progress", "--threads", &threads.to_string()])
        .arg(path)
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut peak = 0;
    let status = loop {
        peak = peak.max(own_memory(&child));
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        sleep(Duration::from_millis(1));
    };
    let time = started.elapsed();
    assert!(status.success(), "{}: {status}", path.display());
    (time, peak)
}

/// Bytes of memory that a process holds and no file backs; 0 where the system does not tell.
fn own_memory(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// How many keys the report counts.
fn count(path: &Path) -> u64 {
    let output = Command::new(env!("CARGO_BIN_EXE_rdblens"))
        .args(["analyze", "--format", "json"])
        .arg(path)
        .output()
        .expect("the program starts");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    report["totals"]["keys"].as_u64().expect("a count")
}
