//! Strings: raw, a small integer, or LZF-compressed.

use super::length::{self, Length};
use crate::bytes::{Cursor, Fault, Kind, Stop, lzf};
use std::hint::select_unpredictable;

/// The bytes that begin a number of 8, 16 and 32 bits, and a compressed string.
const INT_8: u8 = 0xc0;
const INT_16: u8 = 0xc1;
const INT_32: u8 = 0xc2;
const COMPRESSED: u8 = 0xc3;

/// A string as it stands in the snapshot, not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Str<'a> {
    /// The bytes themselves.
    Raw(&'a [u8]),
    /// The decimal text of a number.
    Int(i32),
    /// Compressed.
    Lzf {
        /// The compressed bytes.
        packed: &'a [u8],
        /// How many bytes they stand for.
        len: u64,
        /// Absolute offset of the compressed bytes.
        at: u64,
    },
}

/// Reads a string.
///
/// # Errors
/// When the bytes end or are no string.
#[inline(always)]
pub fn read<'a>(cursor: &mut Cursor<'a>) -> Result<Str<'a>, Stop> {
    // nearly all strings are raw and short: their length is one byte
    match cursor.short_run() {
        Some(bytes) => Ok(Str::Raw(bytes)),
        None => {
            let (string, len) = read_any(cursor.rest(), cursor.at(), cursor.is_last())?;
            cursor.pass(len);
            Ok(string)
        }
    }
}

/// The same where most strings are longer or compressed: how most of those are written is read in the
/// midst of what calls it, and with them the short ones, since which comes next cannot be foretold.
///
/// # Errors
/// When the bytes end or are no string.
#[inline(always)]
pub(super) fn read_longer<'a>(cursor: &mut Cursor<'a>) -> Result<Str<'a>, Stop> {
    let rest = cursor.rest();
    let (string, len) = match usual(rest, cursor.at()) {
        Some((string, behind)) => (string, rest.len() - behind.len()),
        None => read_any(rest, cursor.at(), cursor.is_last())?,
    };
    cursor.pass(len);
    Ok(string)
}

/// The same of the bytes at the offset `at`, the last ones of the input or not, and how many of them
/// that was. By values, not by a cursor: one that had to lie in memory would be written in two steps and
/// be read in one, for which a processor waits until the writes are through.
fn read_any(rest: &[u8], at: u64, last: bool) -> Result<(Str<'_>, usize), Stop> {
    let (string, behind) = match usual(rest, at) {
        Some(usual) => usual,
        None => {
            let mut cursor = Cursor::window(rest, at, last);
            let string = any(&mut cursor)?;
            (string, cursor.rest())
        }
    };
    Ok((string, rest.len() - behind.len()))
}

fn any<'a>(cursor: &mut Cursor<'a>) -> Result<Str<'a>, Stop> {
    let at = cursor.at();
    match length::read(cursor)? {
        Length::Plain(n) => cursor.take(n).map(Str::Raw),
        Length::Special(0) => Ok(Str::Int(i32::from(i8::from_le_bytes(cursor.array()?)))),
        Length::Special(1) => Ok(Str::Int(i32::from(i16::from_le_bytes(cursor.array()?)))),
        Length::Special(2) => Ok(Str::Int(i32::from_le_bytes(cursor.array()?))),
        Length::Special(3) => compressed(cursor),
        Length::Special(code) => Err(Cursor::fault(at, Kind::StringEncoding(code))),
    }
}

/// A string as most longer ones are written: its length in two bytes, or a number, or compressed, with
/// lengths of up to two; and what is behind it. `None` for all others, and where something is wrong with it.
#[inline(always)]
fn usual(rest: &[u8], at: u64) -> Option<(Str<'_>, &[u8])> {
    let (&first, behind) = rest.split_first()?;
    if first < 2 * length::SHORT {
        let (len, behind) = near_length(rest)?;
        let (bytes, behind) = behind.split_at_checked(len)?;
        return Some((Str::Raw(bytes), behind));
    }
    let (number, len) = match first {
        COMPRESSED => return usual_compressed(behind, at + 1),
        INT_8 => (i32::from(i8::from_le_bytes(*behind.first_chunk()?)), 1),
        INT_16 => (i32::from(i16::from_le_bytes(*behind.first_chunk()?)), 2),
        INT_32 => (i32::from_le_bytes(*behind.first_chunk()?), 4),
        _ => return None,
    };
    Some((Str::Int(number), behind.get(len..)?))
}

/// The same of what is behind the mark of a compressed string, which is at the offset `at`.
#[inline(always)]
fn usual_compressed(rest: &[u8], at: u64) -> Option<(Str<'_>, &[u8])> {
    let (packed_len, behind) = near_length(rest)?;
    let (len, behind) = near_length(behind)?;
    let at = at + (rest.len() - behind.len()) as u64;
    let (packed, behind) = behind.split_at_checked(packed_len)?;
    let len = len as u64;
    let is_plausible = lzf::plausible(packed_len as u64, len);
    is_plausible.then_some((Str::Lzf { packed, len, at }, behind))
}

/// A length of one or two bytes, and what is behind it.
#[inline(always)]
fn near_length(rest: &[u8]) -> Option<(usize, &[u8])> {
    let &[first, second] = rest.first_chunk()?;
    let [high, low] = [usize::from(first), usize::from(second)];
    // which of the two it is cannot be foretold: a choice of values, not of code
    let is_short = first < length::SHORT;
    let len = select_unpredictable(is_short, high, (high & 0x3f) << 8 | low);
    let behind = rest.get(select_unpredictable(is_short, 1, 2)..)?;
    (first < 2 * length::SHORT).then_some((len, behind))
}

fn compressed<'a>(cursor: &mut Cursor<'a>) -> Result<Str<'a>, Stop> {
    let start = cursor.at();
    let (packed_len, len) = (length::plain(cursor)?, length::plain(cursor)?);
    if !lzf::plausible(packed_len, len) {
        let why = "it claims more bytes than its own can hold";
        return Err(Cursor::fault(start, Kind::Lzf(why)));
    }
    let at = cursor.at();
    Ok(Str::Lzf { packed: cursor.take(packed_len)?, len, at })
}

impl<'a> Str<'a> {
    /// The length of the decoded string; costs nothing.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> u64 {
        match self {
            Self::Raw(bytes) => bytes.len() as u64,
            // of 32 bits, which takes a fraction of the time
            Self::Int(n) => match n.unsigned_abs().checked_ilog10() {
                Some(log) => (*n < 0) as u64 + 1 + log as u64,
                None => 1,
            },
            Self::Lzf { len, .. } => *len,
        }
    }

    /// Whether the decoded string is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number that the string is the canonical decimal text of, if it is one: no sign but
    /// `-`, no leading zero, within 64 bits. This is what servers store as integers.
    #[must_use]
    #[inline]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(i64::from(*n)),
            Self::Raw(bytes) => canonical_int(bytes),
            // Shorter strings than 21 bytes are never compressed by a server; a number has 20 at
            // most, and a longer one is none.
            Self::Lzf { .. } => None,
        }
    }

    /// The decoded bytes: borrowed where they stand so in the input, else decoded into `scratch`.
    ///
    /// # Errors
    /// When a compressed string is damaged.
    #[inline]
    pub fn decode<'s>(&self, scratch: &'s mut Vec<u8>) -> Result<&'s [u8], Fault>
    where
        'a: 's,
    {
        match *self {
            Self::Raw(bytes) => Ok(bytes),
            Self::Int(n) => {
                scratch.clear();
                let mut buffer = [0; 11];
                scratch.extend_from_slice(decimal(n, &mut buffer));
                Ok(scratch)
            }
            Self::Lzf { packed, len, at } => {
                lzf::decompress(packed, len, scratch)
                    .map_err(|why| Fault::new(at, Kind::Lzf(why)))?;
                Ok(scratch)
            }
        }
    }

    /// The first `want` decoded bytes, fewer where there are no more.
    ///
    /// # Errors
    /// When a compressed string is damaged before that.
    pub fn prefix<'s>(&self, want: usize, scratch: &'s mut Vec<u8>) -> Result<&'s [u8], Fault>
    where
        'a: 's,
    {
        match *self {
            Self::Raw(bytes) => Ok(bytes.get(..want).unwrap_or(bytes)),
            Self::Int(_) => self.decode(scratch).map(|all| all.get(..want).unwrap_or(all)),
            Self::Lzf { packed, at, .. } => {
                if let Some(literals) = lzf::literals(packed, want) {
                    return Ok(literals);
                }
                lzf::prefix(packed, want, scratch).map_err(|why| Fault::new(at, Kind::Lzf(why)))?;
                Ok(scratch)
            }
        }
    }
}

/// The decimal text of `n`, written into `buffer` from its end.
fn decimal(n: i32, buffer: &mut [u8; 11]) -> &[u8] {
    let mut left = n.unsigned_abs();
    let mut start = buffer.len();
    for (i, place) in buffer.iter_mut().enumerate().rev() {
        // the remainder of a division by ten fits a byte
        *place = b'0' + (left % 10).to_le_bytes()[0];
        left /= 10;
        start = i;
        if left == 0 {
            break;
        }
    }
    if n < 0
        && let Some(place) = start.checked_sub(1)
        && let Some(byte) = buffer.get_mut(place)
    {
        *byte = b'-';
        start = place;
    }
    buffer.get(start..).unwrap_or_default()
}

/// How many characters the decimal text of `n` has.
#[must_use]
pub const fn digits(n: i64) -> u64 {
    let sign = (n < 0) as u64;
    match n.unsigned_abs().checked_ilog10() {
        Some(log) => sign + 1 + log as u64,
        None => 1,
    }
}

/// The number that `text` is the canonical decimal text of.
#[must_use]
#[inline(always)]
pub fn canonical_int(text: &[u8]) -> Option<i64> {
    /// The text of the smallest 64-bit number.
    const LONGEST: usize = 20;
    // nearly all texts are none at first sight
    match text.first() {
        Some(b'-' | b'0'..=b'9') if text.len() <= LONGEST => number(text),
        _ => None,
    }
}

/// The same of what may be one.
#[inline(never)]
fn number(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, text),
    };
    match digits.split_first()? {
        (b'0', []) if !negative => return Some(0),
        (b'1'..=b'9', _) => {}
        _ => return None,
    }
    let mut n = 0_i64;
    for byte in digits {
        let digit = i64::from(byte.wrapping_sub(b'0'));
        if digit > 9 {
            return None;
        }
        n = n.checked_mul(10)?;
        n = if negative { n.checked_sub(digit)? } else { n.checked_add(digit)? };
    }
    Some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_forms() {
        let of = |bytes: &[u8]| {
            let mut scratch = Vec::new();
            let string = read(&mut Cursor::new(bytes)).unwrap();
            let text = string.decode(&mut scratch).unwrap().to_vec();
            assert_eq!(string.len(), text.len() as u64);
            text
        };
        assert_eq!(of(b"\x03abc"), b"abc");
        assert_eq!(of(b"\xc0\xff"), b"-1");
        assert_eq!(of(b"\xc1\x00\x80"), b"-32768");
        assert_eq!(of(b"\xc2\x00\x00\x00\x80"), b"-2147483648");
        assert_eq!(of(b"\xc0\x00"), b"0");
        assert_eq!(of(b"\xc3\x05\x14\x00x\xe0\x0a\x00"), [b'x'; 20]);
    }

    #[test]
    fn a_claim_without_bytes_is_refused() {
        let read = |bytes: &[u8]| read(&mut Cursor::new(bytes)).unwrap_err();
        assert!(matches!(
            read(b"\xc3\x01\x81\0\0\0\xff\0\0\0\0x"),
            Stop::Fault(Fault { at: 1, .. })
        ));
        assert!(matches!(read(b"\xc4"), Stop::Fault(Fault { at: 0, .. })));
        assert!(matches!(read(b"\x05abc"), Stop::Fault(Fault { at: 1, .. })));
    }

    #[test]
    fn integers_are_canonical_or_none() {
        for n in [0, 7, -7, i64::MAX, i64::MIN] {
            assert_eq!(canonical_int(n.to_string().as_bytes()), Some(n));
            assert_eq!(digits(n), n.to_string().len() as u64);
        }
        for text in ["", "-", "-0", "+1", "01", "1a", "9223372036854775808", " 1"] {
            assert_eq!(canonical_int(text.as_bytes()), None, "{text}");
        }
    }
}
