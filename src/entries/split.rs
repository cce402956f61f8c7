//! Guessing where an entry begins, so that many can read one file.
//!
//! The format has no marks between entries: a guess is one until a reader that came from the
//! front arrives exactly there. See `docs/architecture.md`, "Splitting".

use super::code::{Dialect, TypeCode, opcode};
use super::entry::Item;
use super::head::Head;
use super::length::{self, Length};
use super::walk::Walk;
use crate::bytes::{Cursor, Stop};

/// How many entries in a row must look right.
const RUN: usize = 16;
/// How many records in a row may come without an entry among them.
const RECORDS: usize = 4 * RUN;
/// How far those entries may reach.
const REACH: usize = 4 << 20;
/// The longest name that is taken for one; longer ones are legal and rare.
const LONGEST_KEY: u64 = 64 << 10;
/// Expiries in milliseconds that are taken for one: the years 2001 to 2100.
const EXPIRES: std::ops::Range<i64> = 1_000_000_000_000..4_102_444_800_000;

/// Looks for a boundary between entries at or behind `from`, trying `tries` offsets.
///
/// The answer is where `RUN` entries end that begin at one of them: chains that start wrong
/// usually fall in step within a few entries. It may be wrong all the same.
#[must_use]
pub fn guess(bytes: &[u8], head: &Head, from: u64, tries: usize) -> Option<u64> {
    let first = usize::try_from(from).ok()?;
    let end = bytes.len().min(first.saturating_add(tries));
    // most offsets are in the middle of text, where no byte can begin anything
    let begins: [bool; 256] = std::array::from_fn(|byte| {
        u8::try_from(byte).is_ok_and(|code| {
            code >= opcode::HASH_TEMPLATE || since(TypeCode(code), head.dialect) <= head.version
        })
    });
    let may_begin = |byte: u8| begins.get(usize::from(byte)).is_some_and(|&begins| begins);
    let offsets = (first..end).zip(bytes.get(first..end)?);
    offsets.filter(|&(_, &byte)| may_begin(byte)).find_map(|(start, _)| {
        let rest = bytes.get(start..)?;
        plausible(&mut Cursor::new(rest), head).ok().filter(|&fits| fits)?;
        run(rest, head, start as u64)
    })
}

/// Where a run of plausible entries that begins with `rest` ends.
fn run(rest: &[u8], head: &Head, at: u64) -> Option<u64> {
    let mut cursor = Cursor::window(rest, at, true).narrow(REACH);
    let mut walk = Walk::from_middle(head);
    let (mut entries, mut records) = (0, 0);
    while entries < RUN {
        if walk.at_boundary() && !plausible(&mut cursor.clone(), head).ok()? {
            return None;
        }
        match walk.next(&mut cursor).ok()? {
            Item::Entry(_) => {
                walk.skip(&mut cursor).ok()?;
                entries += 1;
            }
            Item::End { .. } => return None,
            _ => records += 1,
        }
        if records > RECORDS {
            return None;
        }
    }
    Some(cursor.at())
}

/// Whether what begins here can be an entry or record of this snapshot. Stricter than the format:
/// what no server writes is refused.
fn plausible(c: &mut Cursor<'_>, head: &Head) -> Result<bool, Stop> {
    let (mut idle, mut freq) = (false, false);
    loop {
        match c.byte()? {
            opcode::EXPIRETIME_MS => {
                if !EXPIRES.contains(&c.i64_le()?) {
                    return Ok(false);
                }
            }
            opcode::EXPIRETIME if head.version < 3 => {
                if i32::from_le_bytes(c.array()?) < 0 {
                    return Ok(false);
                }
            }
            opcode::IDLE if head.idle => {
                if minimal(c)?.is_none() {
                    return Ok(false);
                }
                idle = true;
            }
            opcode::FREQ if head.freq => {
                c.byte()?;
                freq = true;
            }
            opcode::KEY_META if head.version >= 13 && head.dialect == Dialect::Redis => {
                return Ok(true);
            }
            opcode::AUX => return name(c),
            opcode::SELECTDB => return Ok(minimal(c)?.is_some()),
            opcode::RESIZEDB => {
                let (keys, expires) = (minimal(c)?, minimal(c)?);
                return Ok(keys.is_some() && expires.is_some() && expires <= keys);
            }
            opcode::SLOT_INFO if head.version >= 12 => return Ok(minimal(c)? < Some(1 << 14)),
            code if code < opcode::HASH_TEMPLATE => {
                let shaped = idle == head.idle && freq == head.freq;
                let known = since(TypeCode(code), head.dialect) <= head.version;
                return Ok(shaped && known && key(c)? && (code != 0 || text(c, u64::MAX)?));
            }
            _ => return Ok(false),
        }
    }
}

/// The first version that has a value type.
const fn since(code: TypeCode, dialect: Dialect) -> u32 {
    match (code.0, dialect) {
        (0..=4, _) => 1,
        (9..=12, _) => 2,
        (13, _) => 4,
        (14, _) => 7,
        (5 | 7, _) => 8,
        (15, _) => 9,
        (16..=19, _) => 10,
        (20 | 21, _) => 11,
        (22..=25, Dialect::Redis) => 12,
        (26, Dialect::Redis) => 13,
        (27 | 28, Dialect::Redis) => 14,
        (29..=33, Dialect::Redis) => 15,
        (22, Dialect::Valkey) => 80,
        (23, Dialect::Valkey) => 81,
        _ => u32::MAX,
    }
}

fn key(c: &mut Cursor<'_>) -> Result<bool, Stop> {
    text(c, LONGEST_KEY)
}

/// Whether a string of `most` bytes at the most begins here, written as servers write it.
fn text(c: &mut Cursor<'_>, most: u64) -> Result<bool, Stop> {
    let before = c.clone();
    Ok(match length::read(c)? {
        Length::Plain(n) => {
            *c = before;
            minimal(c)?.is_some() && n <= most && c.take(n).is_ok()
        }
        Length::Special(0) => c.byte().is_ok(),
        Length::Special(1) => i8::try_from(i16::from_le_bytes(c.array()?)).is_err(),
        Length::Special(2) => i16::try_from(i32::from_le_bytes(c.array()?)).is_err(),
        Length::Special(3) => match (minimal(c)?, minimal(c)?) {
            (Some(packed), Some(len)) => packed < len && len <= most && c.take(packed).is_ok(),
            _ => false,
        },
        Length::Special(_) => false,
    })
}

/// A field's name: short and printable.
fn name(c: &mut Cursor<'_>) -> Result<bool, Stop> {
    const LONGEST: u64 = 40;
    let Some(n) = minimal(c)?.filter(|n| (1..=LONGEST).contains(n)) else { return Ok(false) };
    Ok(c.take(n)?.iter().all(u8::is_ascii_graphic))
}

/// A length, if it is written in the shortest form, as every server does.
fn minimal(c: &mut Cursor<'_>) -> Result<Option<u64>, Stop> {
    let before = c.at();
    let Length::Plain(n) = length::read(c)? else { return Ok(None) };
    let shortest = match n {
        0..64 => 1,
        64..16384 => 2,
        16384..=0xffff_ffff => 5,
        _ => 9,
    };
    Ok((c.at() - before == shortest).then_some(n))
}
