//! Short names, all bytes looked at at once: a bit for each, where they are split and where their
//! digits are.

use super::separators::{self, Segment, Text};
use super::ways::{Template, Way, Ways};
use crate::bytes::flags;

/// The longest name that has a bit for each byte.
const LONGEST: usize = 64;

/// Where a MAC address is split, of the bytes from its beginning on.
const MAC: u64 = (1 << 17) - 1;
const MAC_ENDS: u64 = 0b100_1001_0010_0100;

/// A short name that is split at one byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks<'n> {
    name: &'n [u8],
    /// Where the bytes are at which it is split.
    ends: u64,
    /// Where its digits are.
    digits: u64,
    from: usize,
}

impl<'n> Marks<'n> {
    /// The marks of a name that has `separator` in it, which is no digit and not zero; `None` if
    /// it has not, or is too long.
    #[inline(always)]
    pub(super) fn of(name: &'n [u8], separator: u8) -> Option<Self> {
        if name.len() > LONGEST {
            return None;
        }
        let [ends, digits] = flags(name, separator);
        (ends != 0).then_some(Self { name, ends, digits, from: 0 })
    }

    /// The name's template, its hash, and its way among `ways`, as [`Ways::find`] has them.
    #[inline(always)]
    pub(super) fn find<'w>(
        &self,
        ways: &'w Ways,
        changes: u64,
    ) -> (Template, u64, Option<&'w Way>) {
        ways.find(self.name, [self.ends, self.digits], changes)
    }

    /// The hash of a segment: so many bytes, its separator among them.
    #[inline(always)]
    pub(super) fn hash(&self, from: usize, len: usize) -> u64 {
        hash(self.name, from, len)
    }

    /// Takes the next segment; `number` is that of the separator in its class.
    #[inline(always)]
    pub(super) fn next(&mut self, number: u8) -> Option<Segment<'n>> {
        let from = self.from;
        if from >= self.name.len() {
            return None;
        }
        let ends = self.ends >> from;
        let mut has_end = ends != 0;
        let mut len =
            if has_end { ends.trailing_zeros() as usize + 1 } else { self.name.len() - from };
        // a segment has a bit at the least, so the shifts are below 64
        let digits = (self.digits >> from) << (64 - len);
        let all = (u64::MAX << (64 - len)) & (u64::MAX >> u32::from(has_end));
        let mut text = match digits {
            0 => Text::Word,
            _ if digits == all => Text::Int,
            _ => Text::Other,
        };
        if ends & MAC == MAC_ENDS
            && let Some(length) = mac(self.name, from)
        {
            has_end = self.name.len() > from + length;
            (len, text) = (length + usize::from(has_end), Text::Mac);
        }
        self.from = from + len;
        let bytes = self.name.get(from..self.from)?;
        let hash = hash(self.name, from, len);
        let separator = if has_end { number } else { 0 };
        let digits = (self.digits >> from) & (u64::MAX >> (64 - len));
        Some(Segment { bytes, hash, separator, text, digits })
    }
}

/// A bit for each byte of a name that is `wanted`, and for each that is a digit.
///
/// Sixteen bytes at a time, the last ones from the name's end: a loop whose end hangs on the length of
/// a name is guessed wrong as often as neighbouring names differ in length.
#[inline(always)]
fn flags(name: &[u8], wanted: u8) -> [u64; 2] {
    let from = |at: usize| {
        let chunk = name.get(at..).and_then(<[u8]>::first_chunk);
        let flags = chunk.map(|chunk| flags::of(chunk, wanted)).unwrap_or_default();
        flags.map(|flags| u64::from(flags) << at)
    };
    let both = |[a, b]: [u64; 2], [c, d]: [u64; 2]| [a | c, b | d];
    match name.len().checked_sub(16) {
        None => flags::of_words([word(name, 0), word(name, 8)], wanted).map(u64::from),
        Some(last @ 0..=16) => both(from(0), from(last)),
        Some(last) => both(both(from(0), from(16)), both(from(last.min(32)), from(last))),
    }
}

#[cold]
fn mac(name: &[u8], from: usize) -> Option<usize> {
    separators::mac(name.get(from..)?)
}

/// The hash of a segment.
#[inline(always)]
fn hash(name: &[u8], from: usize, len: usize) -> u64 {
    let mut hash = 0;
    let mut at = 0;
    loop {
        let word = word(name, from + at);
        let left = len - at;
        if left <= 8 {
            // what stands behind the segment does not count
            return separators::mix(hash, word << (64 - 8 * left) >> (64 - 8 * left));
        }
        hash = separators::mix(hash, word);
        at += 8;
    }
}

/// Eight bytes of `name` from `at` on, filled up with zeros.
#[inline(always)]
pub(super) fn word(name: &[u8], at: usize) -> u64 {
    let Some(rest) = name.get(at..) else { return 0 };
    match (rest.first_chunk(), name.last_chunk()) {
        (Some(word), _) => u64::from_le_bytes(*word),
        (None, _) if rest.is_empty() => 0,
        (None, Some(last)) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        (None, None) => separators::short_word(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::super::separators::Separators;
    use super::*;

    #[test]
    fn all_bytes_at_once_are_the_same_as_one_by_one() {
        let separators = Separators::new(b":").unwrap();
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes.extend(b"user:1234:a:b9:ccccccc:ddddddddd1:0:::/x:0123456789abcdefghijklmnopqr");
        bytes.extend(b"x:00:1b:44:11:3a:b7:up:00:1b:44:11:3a:b7");
        for start in 0..bytes.len() {
            for end in start..bytes.len().min(start + 70) {
                let name = &bytes[start..end];
                let Some(mut marks) = Marks::of(name, b':') else {
                    assert!(name.len() > 64 || !name.contains(&b':'));
                    continue;
                };
                for segment in separators.split(name) {
                    let same = marks.next(1).unwrap();
                    assert_eq!(same.bytes, segment.bytes);
                    assert_eq!(same.hash, segment.hash);
                    assert_eq!((same.separator, same.text), (segment.separator, segment.text));
                    assert_eq!(same.digits, segment.digits);
                }
                assert!(marks.next(1).is_none());
            }
        }
    }
}
