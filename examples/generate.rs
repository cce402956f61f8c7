//! Writes a dump for benchmarks: `generate SHAPE SCALE SEED FILE`.
//!
//! The shapes are small, mixed, saved, huge, giant, hostile and prefixes; scale 1 is the full size.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool for developers, whose input is its own"
)]

#[path = "../benches/generator/mod.rs"]
mod generator;

use generator::{Recipe, generate};
use std::error::Error;
use std::fs::File;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [shape, scale, seed, path] = args.as_slice() else {
        return Err("usage: generate SHAPE SCALE SEED FILE".into());
    };
    let recipe = Recipe { shape: shape.parse()?, scale: scale.parse()?, seed: seed.parse()? };
    let started = Instant::now();
    let made = generate(recipe, File::create(path)?)?;
    let seconds = started.elapsed().as_secs_f64();
    let speed = made.bytes as f64 / 1e6 / seconds;
    println!("{path}: {} keys, {} bytes, {seconds:.1} s, {speed:.0} MB/s", made.keys, made.bytes);
    Ok(())
}
