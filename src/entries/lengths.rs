//! Strings counted by their lengths, without being looked at.

use super::length::SHORT;
use crate::bytes::Cursor;
use std::mem;

/// Strings of fewer bytes are counted.
const MOST: usize = 256;
/// The first one of two bytes that are a length below [`MOST`].
const WIDE: u8 = SHORT;
/// So many strings in a row are looked at together.
const ROW: u64 = 4;
/// And so many one by one, at the most, before that is tried again.
const MOST_SINGLES: u64 = 256;

/// How many strings there are of each length, below 256 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lengths {
    counts: [u64; MOST],
    /// A bit for each length that occurs: to look for them would take longer than to count.
    occurring: [u64; MOST / 64],
}

impl Default for Lengths {
    fn default() -> Self {
        Self { counts: [0; MOST], occurring: [0; MOST / 64] }
    }
}

impl Lengths {
    /// Counts `n` strings of `len` bytes. `None`, and nothing is counted, where those are too long.
    #[inline(always)]
    pub fn add(&mut self, len: usize, n: u64) -> Option<()> {
        let count = self.counts.get_mut(len)?;
        let bits = self.occurring.get_mut(len / 64)?;
        *count += n;
        *bits |= 1 << (len % 64);
        Some(())
    }

    /// Tells each length that occurs, ascending, and how many strings are so long; then there are none.
    #[inline(always)]
    pub fn drain(&mut self, mut each: impl FnMut(u64, u64)) {
        for (first, bits) in (0..MOST).step_by(64).zip(&mut self.occurring) {
            let mut left = mem::take(bits);
            while left != 0 {
                let len = first + left.trailing_zeros() as usize;
                left &= left - 1;
                if let Some(count) = self.counts.get_mut(len) {
                    each(len as u64, mem::take(count));
                }
            }
        }
    }
}

/// Lengths to which strings are being added: that a short one occurs is noted when all have been, so that none
/// has to wait for the one before it to be in memory.
struct Adding<'l> {
    lengths: &'l mut Lengths,
    short: u64,
}

impl<'l> Adding<'l> {
    const fn to(lengths: &'l mut Lengths) -> Self {
        Self { lengths, short: 0 }
    }

    #[inline(always)]
    fn add(&mut self, len: u8, n: u64) {
        if len >= SHORT {
            self.lengths.add(usize::from(len), n);
        } else if let Some(count) = self.lengths.counts.get_mut(usize::from(len)) {
            *count += n;
            self.short |= 1 << len;
        }
    }

    fn end(self) {
        let [short, ..] = &mut self.lengths.occurring;
        *short |= self.short;
    }
}

/// Counts strings of fewer than 256 bytes by their lengths, each with `N` bytes behind it that are
/// passed over: `most` of them, or until something else is next; returns how many there were.
#[inline(always)]
pub(super) fn count_strings<const N: usize>(
    cursor: &mut Cursor<'_>,
    most: u64,
    lengths: &mut Lengths,
) -> u64 {
    let (mut rest, mut left, mut lengths) = (cursor.rest(), most, Adding::to(lengths));
    let mut singles = ROW;
    'all: while left > 0 {
        let (alike, behind) = rows::<N>(rest, left, &mut lengths);
        (rest, left) = (behind, left - alike);
        // where they differ, rows are looked for ever less often
        singles = if alike > 0 { ROW } else { (2 * singles).min(MOST_SINGLES) };
        for _ in 0..singles.min(left) {
            let Some((len, behind)) = length(rest) else { break 'all };
            let Some(behind) = behind.get(usize::from(len) + N..) else { break 'all };
            lengths.add(len, 1);
            (rest, left) = (behind, left - 1);
        }
    }
    lengths.end();
    cursor.pass(cursor.rest().len() - rest.len());
    most - left
}

/// Counts pairs of such strings by their lengths; returns how many pairs there were.
#[inline(always)]
pub(super) fn count_pairs(
    cursor: &mut Cursor<'_>,
    most: u64,
    [firsts, seconds]: [&mut Lengths; 2],
) -> u64 {
    let (mut rest, mut left) = (cursor.rest(), most);
    let (mut firsts, mut seconds) = (Adding::to(firsts), Adding::to(seconds));
    while left > 0 {
        let Some((first, behind)) = length(rest) else { break };
        let Some(behind) = behind.get(usize::from(first)..) else { break };
        let Some((second, behind)) = length(behind) else { break };
        let Some(behind) = behind.get(usize::from(second)..) else { break };
        firsts.add(first, 1);
        seconds.add(second, 1);
        (rest, left) = (behind, left - 1);
    }
    firsts.end();
    seconds.end();
    cursor.pass(cursor.rest().len() - rest.len());
    most - left
}

/// Counts rows of strings as long as the first one, with `N` bytes behind each; returns how many strings
/// that were, and what is behind them. Members of a collection mostly are as long as the one before, and
/// then where one begins is known before that one is read.
#[inline(always)]
fn rows<'a, const N: usize>(
    mut rest: &'a [u8],
    most: u64,
    lengths: &mut Adding<'_>,
) -> (u64, &'a [u8]) {
    let Some(&len) = rest.first().filter(|len| **len < SHORT) else { return (0, rest) };
    let step = 1 + usize::from(len) + N;
    let mut n = 0;
    while most - n >= ROW
        && let Some((row, behind)) = rest.split_at_checked(4 * step)
        && let (Some(a), Some(b), Some(c)) = (row.get(step), row.get(2 * step), row.get(3 * step))
        && (a ^ len) | (b ^ len) | (c ^ len) | (row.first().unwrap_or(&len) ^ len) == 0
    {
        (rest, n) = (behind, n + ROW);
    }
    if n > 0 {
        lengths.add(len, n);
    }
    (n, rest)
}

/// The length that is next, if it is below [`MOST`], and what is behind it.
#[inline(always)]
fn length(rest: &[u8]) -> Option<(u8, &[u8])> {
    match rest.split_first()? {
        (&len, behind) if len < SHORT => Some((len, behind)),
        _ => wide(rest),
    }
}

/// The same of one that is written as two bytes.
#[cold]
#[inline(always)]
fn wide(rest: &[u8]) -> Option<(u8, &[u8])> {
    match rest {
        [WIDE, len, behind @ ..] => Some((*len, behind)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::string::{self, Str};
    use super::*;
    use crate::bytes::Stop;

    /// Reads what is counted, one by one.
    fn read<const N: usize>(c: &mut Cursor<'_>) -> Result<u64, Stop> {
        if c.peek().is_some_and(|first| first > WIDE) {
            return Err(Stop::More);
        }
        c.whole(|c| {
            let string = string::read(c)?;
            c.take(N as u64)?;
            match string {
                Str::Raw(bytes) if bytes.len() < MOST => Ok(bytes.len() as u64),
                _ => Err(Stop::More),
            }
        })
    }

    /// Strings of these lengths, each with `tail` bytes behind it.
    fn strings(lens: &[u16], tail: u16) -> Vec<u8> {
        let mut out = Vec::new();
        for &len in lens {
            let [high, low] = len.to_be_bytes();
            match len {
                0..64 => out.push(low),
                _ => out.extend([WIDE | high, low]),
            }
            // what looks like lengths
            out.extend((0..len + tail).map(|n| (n * 37).to_le_bytes()[0]));
        }
        out
    }

    const MIXES: [&[u16]; 8] = [
        &[],
        &[0; 9],
        &[11; 23],
        &[5, 5, 5, 6, 6, 5, 5, 5, 5, 5, 5, 5, 5, 63, 63, 63, 63, 63, 64, 64, 64, 64, 64, 7],
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0],
        &[9, 9, 9, 9, 9, 9, 9, 9, 256, 9, 9, 9, 9],
        &[70, 3, 70, 3, 70, 3, 70, 3, 3, 3, 3, 3, 300],
        &[12, 12, 12, 12, 13, 12, 12, 12, 12, 12, 12, 13],
    ];

    /// Inputs that end anywhere within the last bytes, or go on with something else.
    fn inputs(lens: &[u16], tail: u16) -> Vec<Vec<u8>> {
        let whole = strings(lens, tail);
        let ends = (0..whole.len().min(60)).map(|cut| whole[..whole.len() - cut].to_vec());
        let others = [&b"\x80\0\0\0\x05abcde"[..], b"\xc0\x05", b"\x40\x03abc"];
        let others = others.into_iter().map(|other| [&whole, other, &whole].concat());
        ends.chain(others).collect()
    }

    fn drained(mut lengths: Lengths) -> Vec<u64> {
        let mut all = Vec::new();
        lengths.drain(|len, n| all.extend((0..n).map(|_| len)));
        assert_eq!(lengths, Lengths::default());
        all
    }

    fn sorted(lens: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut lens: Vec<u64> = lens.collect();
        lens.sort_unstable();
        lens
    }

    fn strings_as_read<const N: usize>(input: &[u8], most: u64) {
        let (mut one_by_one, mut counted) = (Cursor::new(input), Cursor::new(input));
        let lens = sorted((0..most).map_while(|_| read::<N>(&mut one_by_one).ok()));
        let mut lengths = Lengths::default();
        let n = count_strings::<N>(&mut counted, most, &mut lengths);
        assert_eq!((n, counted.at()), (lens.len() as u64, one_by_one.at()), "{input:?} {most}");
        assert_eq!(drained(lengths), lens);
    }

    #[test]
    fn strings_are_counted_as_they_are_read() {
        for lens in MIXES {
            for most in (0..lens.len() as u64 + 2).chain([u64::MAX]) {
                inputs(lens, 0).iter().for_each(|input| strings_as_read::<0>(input, most));
                inputs(lens, 8).iter().for_each(|input| strings_as_read::<8>(input, most));
            }
        }
    }

    fn pairs_as_read(input: &[u8], most: u64) {
        let (mut one_by_one, mut counted) = (Cursor::new(input), Cursor::new(input));
        let pair = |c: &mut Cursor<'_>| Ok([read::<0>(c)?, read::<0>(c)?]);
        let pairs: Vec<_> = (0..most).map_while(|_| one_by_one.whole(pair).ok()).collect();
        let mut lengths = [Lengths::default(), Lengths::default()];
        let n = count_pairs(&mut counted, most, lengths.each_mut());
        assert_eq!((n, counted.at()), (pairs.len() as u64, one_by_one.at()), "{input:?} {most}");
        let [firsts, seconds] = lengths.map(drained);
        assert_eq!(firsts, sorted(pairs.iter().map(|[first, _]| *first)));
        assert_eq!(seconds, sorted(pairs.iter().map(|[_, second]| *second)));
    }

    #[test]
    fn pairs_are_counted_as_they_are_read() {
        for lens in MIXES {
            for most in (0..lens.len() as u64).chain([u64::MAX]) {
                inputs(lens, 0).iter().for_each(|input| pairs_as_read(input, most));
            }
        }
    }
}
