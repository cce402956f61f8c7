//! What reading a file costs at the least: `limits touch|checksum THREADS FILE`.
//!
//! Beside these times stand those of the program, in `benches/versus` and docs/performance.md.
#![allow(clippy::print_stdout, reason = "a tool for developers")]

use rdblens::bytes::{Snapshot, crc64};
use std::error::Error;
use std::path::Path;
use std::thread;
use std::time::Instant;

/// How many bytes a thread takes at a time.
const CHUNK: usize = 4 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, threads, path] = args.as_slice() else {
        return Err("usage: limits touch|checksum THREADS FILE".into());
    };
    let work: fn(&[u8]) -> u64 = match what.as_str() {
        "touch" => |bytes| bytes.iter().step_by(64).map(|byte| u64::from(*byte)).sum(),
        "checksum" => crc64::of,
        _ => return Err("touch, or checksum".into()),
    };
    let threads = threads.parse::<usize>()?.max(1);
    let started = Instant::now();
    let snapshot = Snapshot::open(Path::new(path))?;
    let sum = thread::scope(|scope| {
        let share = |first| {
            let chunks = snapshot.bytes().chunks(CHUNK).skip(first).step_by(threads);
            chunks.map(work).fold(0, u64::wrapping_add)
        };
        let all: Vec<_> = (0..threads).map(|first| scope.spawn(move || share(first))).collect();
        all.into_iter().filter_map(|one| one.join().ok()).fold(0, u64::wrapping_add)
    });
    println!("{sum:x} in {:.3} s", started.elapsed().as_secs_f64());
    Ok(())
}
