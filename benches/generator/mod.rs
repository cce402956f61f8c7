//! Dumps of any size, the same bytes for the same recipe on every machine.
//!
//! Written as Redis 7.0 would write them (version 10), so that other programs read them too, with the right checksum, at several hundred
//! megabytes a second, holding one buffer in memory.

mod listpack;
mod saved;
mod shapes;

#[path = "../../tests/support/write.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod write;

use rdblens::bytes::crc64;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::str::FromStr;

/// What a dump is full of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// 7.5 million short strings, half of them with an expiry: 530 MB.
    Small,
    /// 1.4 million keys of all types, many of their collections too large to be packed: 440 MB.
    Mixed,
    /// 1.4 million keys of all types as a server saves them: most collections packed, and compressed
    /// what that makes shorter: 430 MB.
    Saved,
    /// 14,000 strings of 20 to 200 KB: 1 GB.
    Huge,
    /// One hash of 5 million fields, and a few keys around it: 200 MB.
    Giant,
    /// Strings that are dumps themselves, full of entries that are none: 310 MB.
    Hostile,
    /// 100 million keys, each with a prefix of its own: 2.3 GB.
    Prefixes,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Small,
        Self::Mixed,
        Self::Saved,
        Self::Huge,
        Self::Giant,
        Self::Hostile,
        Self::Prefixes,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Mixed => "mixed",
            Self::Saved => "saved",
            Self::Huge => "huge",
            Self::Giant => "giant",
            Self::Hostile => "hostile",
            Self::Prefixes => "prefixes",
        }
    }
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|shape| shape.name() == name);
        known.ok_or_else(|| format!("no shape {name}"))
    }
}

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// What it is full of.
    pub shape: Shape,
    /// How large it is: 1 gives the size that the shape's description says.
    pub scale: f64,
    /// Another number gives other keys and values.
    pub seed: u64,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// Bytes.
    pub bytes: u64,
    /// Keys.
    pub keys: u64,
}

/// Writes a dump.
///
/// # Errors
/// Those of `out`.
pub fn generate(recipe: Recipe, out: impl Write) -> io::Result<Made> {
    let mut dump = Dump {
        out,
        buffer: Vec::with_capacity(BUFFER + (1 << 18)),
        written: 0,
        checksum: 0,
        keys: 0,
        random: Random(recipe.seed),
    };
    dump.header();
    shapes::fill(&mut dump, recipe)?;
    dump.end()
}

/// How much is written at a time.
const BUFFER: usize = 1 << 20;
/// The time at which it was saved, as far as it says: in November 2023.
const SAVED_S: i32 = 1_700_000_000;
/// Keys live up to a year longer.
const YEAR_MS: u64 = 31_536_000_000;

/// A dump that is being written.
struct Dump<W> {
    out: W,
    buffer: Vec<u8>,
    written: u64,
    checksum: u64,
    keys: u64,
    random: Random,
}

impl<W: Write> Dump<W> {
    fn header(&mut self) {
        self.buffer.extend_from_slice(b"REDIS0010");
        self.aux("redis-ver", |out| write::string(out, b"7.0.15"));
        self.aux("redis-bits", |out| write::int(out, 64));
        self.aux("ctime", |out| write::int(out, SAVED_S));
    }

    fn aux(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        self.buffer.push(250);
        write::string(&mut self.buffer, name.as_bytes());
        value(&mut self.buffer);
    }

    /// Names a database and how much is in it.
    fn select(&mut self, db: u64, keys: u64, expires: u64) {
        self.buffer.push(254);
        write::length(&mut self.buffer, db);
        self.buffer.push(251);
        write::length(&mut self.buffer, keys);
        write::length(&mut self.buffer, expires);
    }

    /// Begins a key: what comes next is its value.
    fn key(&mut self, code: u8, name: &str, expires: bool) -> io::Result<()> {
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        if expires {
            let at = u64::from(SAVED_S.unsigned_abs()) * 1000 + self.random.below(YEAR_MS);
            self.buffer.push(252);
            self.buffer.extend_from_slice(&at.to_le_bytes());
        }
        self.buffer.push(code);
        write::string(&mut self.buffer, name.as_bytes());
        self.keys += 1;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let len = self.buffer.len() as u64;
        self.checksum = crc64::combine(self.checksum, crc64::of(&self.buffer), len);
        self.written += len;
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn end(mut self) -> io::Result<Made> {
        self.buffer.push(255);
        self.flush()?;
        self.out.write_all(&self.checksum.to_le_bytes())?;
        self.out.flush()?;
        Ok(Made { bytes: self.written + 8, keys: self.keys })
    }
}

/// A small generator of random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.0;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    /// One below `n`.
    fn below(&mut self, n: u64) -> u64 {
        // the high half of the product is as even as needed, and quicker than a remainder
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// One of `from..to`.
    fn within(&mut self, from: u64, to: u64) -> usize {
        (from + self.below(to - from)) as usize
    }

    /// Appends `len` letters and digits.
    fn text(&mut self, out: &mut Vec<u8>, len: usize) {
        const LETTERS: &[u8; 64] =
            b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
        let mut left = len;
        while left > 0 {
            let mut bits = self.next();
            for _ in 0..left.min(10) {
                out.push(LETTERS[(bits & 63) as usize]);
                bits >>= 6;
            }
            left = left.saturating_sub(10);
        }
    }

    /// Appends a string of `len` letters and digits, behind its length.
    fn string(&mut self, out: &mut Vec<u8>, len: usize) {
        write::length(out, len as u64);
        self.text(out, len);
    }
}

/// Writes a name into `name`, in place of what was there.
fn name(name: &mut String, text: std::fmt::Arguments<'_>) {
    name.clear();
    // writing into a string does not fail
    let _ = name.write_fmt(text);
}
