//! LZF, the compression of strings in a snapshot, both ways.

/// The most bytes that one compressed byte can stand for: a three-byte reference copies 264.
const MAX_RATIO: u64 = 88;

/// Whether `packed` compressed bytes can stand for `len` bytes at all.
///
/// Checked before a buffer of `len` bytes is reserved, so that a claim costs nothing.
#[must_use]
pub const fn plausible(packed: u64, len: u64) -> bool {
    len <= packed.saturating_mul(MAX_RATIO).saturating_add(MAX_RATIO)
}

/// A reference goes back at most so far.
const FURTHEST: usize = 1 << 13;
/// And copies at most so much.
const LONGEST: usize = 264;
/// The most bytes of a run that are not found earlier.
const LITERALS: usize = 32;
/// Places in which is remembered where three bytes were seen, as many as a server has.
const PLACES: usize = 1 << 16;

/// Decompresses `packed` into `out`, which holds exactly `len` bytes afterwards.
///
/// # Errors
/// When the stream is damaged or does not give `len` bytes; `out` is unspecified then.
pub fn decompress(packed: &[u8], len: u64, out: &mut Vec<u8>) -> Result<(), &'static str> {
    out.clear();
    if !plausible(packed.len() as u64, len) {
        return Err("it claims more than its bytes can hold");
    }
    let len = usize::try_from(len).map_err(|_| "it claims more than fits in memory")?;
    out.reserve(len);
    run(packed, out, len)?;
    if out.len() == len { Ok(()) } else { Err("it gives another length than it claims") }
}

/// Decompresses the first `want` bytes into `out`, fewer where there are no more.
///
/// # Errors
/// When the stream is damaged before that.
pub fn prefix(packed: &[u8], want: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
    out.clear();
    match run(packed, out, want) {
        Ok(()) => Ok(()),
        Err(_) if out.len() >= want => Ok(()),
        Err(why) => Err(why),
    }?;
    out.truncate(want);
    Ok(())
}

/// The first `want` bytes, where they stand in the stream as they are: so do those of nearly all,
/// since nothing is behind a beginning yet that could be referred to.
#[inline]
pub fn literals(packed: &[u8], want: usize) -> Option<&[u8]> {
    let (&control, rest) = packed.split_first()?;
    let run = rest.get(..usize::from(control) + 1).filter(|_| control < 32)?;
    run.get(..want)
}

/// Runs the stream until it ends or `limit` bytes are out; a last token may pass the limit.
fn run(mut input: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), &'static str> {
    const CUT: &str = "it ends inside a token";
    while let Some((&control, rest)) = input.split_first() {
        if out.len() >= limit {
            return Err("it gives more bytes than it claims");
        }
        if control < 32 {
            let (literal, rest) = rest.split_at_checked(usize::from(control) + 1).ok_or(CUT)?;
            out.extend_from_slice(literal);
            input = rest;
            continue;
        }
        let (mut length, mut rest) = (usize::from(control >> 5), rest);
        if length == 7 {
            let (&more, after) = rest.split_first().ok_or(CUT)?;
            length += usize::from(more);
            rest = after;
        }
        let (&low, rest) = rest.split_first().ok_or(CUT)?;
        let back = (usize::from(control & 0x1f) << 8 | usize::from(low)) + 1;
        let from = out.len().checked_sub(back).ok_or("it refers to bytes before its start")?;
        copy(out, from, length + 2);
        input = rest;
    }
    Ok(())
}

/// Appends `length` bytes of `out` from `from` on; the two may overlap, which repeats them.
fn copy(out: &mut Vec<u8>, from: usize, length: usize) {
    let mut left = length;
    while left > 0 {
        let run = left.min(out.len() - from);
        out.extend_from_within(from..from + run);
        left -= run;
    }
}

/// Compresses as a server does when it saves: of the places where three bytes were seen it knows the
/// last one only, and takes what it finds there.
///
/// The result has nearly the length that a server's has, whose hash collides for other bytes.
#[derive(Debug, Clone, Default)]
pub struct Compressor {
    /// Where three bytes were seen last. Places are counted on from input to input, so that those
    /// of earlier ones need not be wiped out.
    seen: Vec<u32>,
    /// Where this input begins, and where it ends.
    begin: u32,
    end: u32,
}

impl Compressor {
    /// Compresses `bytes` into `out`, which holds exactly the result afterwards. Where nothing is
    /// there twice, that is a 32nd longer than they are.
    pub fn compress(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.clear();
        self.start(bytes.len());
        let (mut at, mut literals) = (0, 0);
        while at + 2 < bytes.len() {
            let earlier = self.remember(bytes, at);
            let Some((before, length)) = earlier.and_then(|before| repeated(bytes, before, at))
            else {
                at += 1;
                continue;
            };
            put_literals(out, bytes.get(literals..at).unwrap_or_default());
            put_reference(out, at - before, length);
            at += length;
            literals = at;
            // as servers do: of what was repeated, the end alone is found again
            self.remember(bytes, at - 2);
            self.remember(bytes, at - 1);
        }
        put_literals(out, bytes.get(literals..).unwrap_or_default());
    }

    fn start(&mut self, len: usize) {
        // of an input that is longer, what is behind is not remembered
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        if self.seen.is_empty() || self.end.checked_add(len).is_none() {
            self.seen.clear();
            self.seen.resize(PLACES, 0);
            self.end = 0;
        }
        self.begin = self.end;
        self.end = self.begin.saturating_add(len);
    }

    /// Where the three bytes that begin at `at` were seen before, perhaps; they are seen there now.
    fn remember(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let &[one, two, three] = bytes.get(at..)?.first_chunk()?;
        let hash = u32::from_le_bytes([one, two, three, 0]).wrapping_mul(0x9e37_79b1);
        let place = self.seen.get_mut((hash >> 16) as usize)?;
        let now = self.begin.checked_add(u32::try_from(at).ok()?)?;
        let before = std::mem::replace(place, now);
        // as servers do, the very first place counts as none
        let before = before.checked_sub(self.begin).filter(|&before| before > 0)?;
        Some(before as usize)
    }
}

/// How much of what stands at `at` stands at `before` already, if that is worth a reference.
fn repeated(bytes: &[u8], before: usize, at: usize) -> Option<(usize, usize)> {
    if at - before > FURTHEST {
        return None;
    }
    // servers leave the last two bytes alone
    let here = bytes.get(at..bytes.len().checked_sub(2)?)?;
    let pairs = here.iter().zip(bytes.get(before..)?).take(LONGEST);
    let length = pairs.take_while(|(here, there)| here == there).count();
    (length >= 3).then_some((before, length))
}

fn put_literals(out: &mut Vec<u8>, bytes: &[u8]) {
    for run in bytes.chunks(LITERALS) {
        // no run is empty
        out.push(low(run.len() - 1));
        out.extend_from_slice(run);
    }
}

/// A reference `back`, which copies three bytes or more.
fn put_reference(out: &mut Vec<u8>, back: usize, length: usize) {
    let (back, length) = (back - 1, length - 2);
    let high = low(back >> 8);
    if length < 7 {
        out.extend([low(length << 5) | high, low(back)]);
    } else {
        out.extend([7 << 5 | high, low(length - 7), low(back)]);
    }
}

/// The lowest byte.
const fn low(n: usize) -> u8 {
    n.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_that_stands_in_the_stream_is_what_is_decompressed() {
        let text = b"0123456789".repeat(9);
        let (mut packed, mut out) = (Vec::new(), Vec::new());
        Compressor::default().compress(&text, &mut packed);
        for want in 0..text.len() {
            prefix(&packed, want, &mut out).unwrap();
            let literals = literals(&packed, want);
            assert_eq!(literals.is_some(), want <= usize::from(packed[0]) + 1, "{want}");
            assert!(literals.is_none_or(|literals| literals == out));
        }
        assert_eq!(literals(&[4, b'a', b'b'], 1), None);
        assert_eq!(literals(&[32, 0], 0), None);
        assert_eq!(literals(&[], 0), None);
    }

    #[test]
    fn literals_and_overlapping_references() {
        // "ab", then 7 bytes from 2 back: "abababa"
        let packed = [1, b'a', b'b', (5 << 5), 1];
        let mut out = Vec::new();
        decompress(&packed, 9, &mut out).unwrap();
        assert_eq!(out, b"ababababa");
        prefix(&packed, 3, &mut out).unwrap();
        assert_eq!(out, b"aba");
    }

    #[test]
    fn long_references_take_their_length_first() {
        let packed = [0, b'x', 7 << 5, 10, 0];
        let mut out = Vec::new();
        decompress(&packed, 20, &mut out).unwrap();
        assert_eq!(out, [b'x'; 20]);
    }

    #[test]
    fn damage_is_an_error_and_a_claim_reserves_nothing() {
        let mut out = Vec::new();
        assert!(decompress(&[1, b'a'], 2, &mut out).is_err());
        assert!(decompress(&[1 << 5, 0], 3, &mut out).is_err());
        assert!(decompress(&[0, b'a'], 2, &mut out).is_err());
        assert!(decompress(&[1, b'a', b'b', 0, b'c'], 2, &mut out).is_err());
        let mut fresh = Vec::new();
        assert!(decompress(&[0, b'a'], 1 << 40, &mut fresh).is_err());
        assert_eq!(fresh.capacity(), 0);
    }

    /// What comes out, which must come back to what went in, with the same table as before.
    fn again(compressor: &mut Compressor, bytes: &[u8]) -> usize {
        let (mut packed, mut back) = (Vec::new(), Vec::new());
        compressor.compress(bytes, &mut packed);
        assert!(packed.len() <= bytes.len() + bytes.len().div_ceil(LITERALS));
        decompress(&packed, bytes.len() as u64, &mut back).unwrap();
        assert_eq!(back, bytes);
        packed.len()
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let mut compressor = Compressor::default();
        for len in 0..700 {
            again(&mut compressor, &vec![b'x'; len]);
            let words: Vec<u8> = (0..len).map(|i| b"some words "[i * i % 11]).collect();
            again(&mut compressor, &words);
        }
        // what a Redis has made of it
        let mut packed = Vec::new();
        compressor.compress(&[b'a'; 200], &mut packed);
        assert_eq!(packed, [1, b'a', b'a', 224, 187, 0, 1, b'a', b'a']);
        // a repetition that is too far away
        let noise: Vec<u8> = (0..1_u32 << 13).flat_map(|i| (i * i).to_le_bytes()).collect();
        for gap in [FURTHEST - 20, FURTHEST - 3, FURTHEST, FURTHEST + 1] {
            let text = [b"abcdefghijk", &noise[..gap], b"abcdefghijk.."].concat();
            again(&mut compressor, &text);
        }
    }

    #[test]
    fn a_table_that_is_full_begins_anew() {
        let text = "the quick brown fox ".repeat(50);
        let mut fresh = Compressor::default();
        let len = again(&mut fresh, text.as_bytes());
        let mut old = Compressor::default();
        again(&mut old, b"the quick brown fox jumps");
        old.end = u32::MAX - 500;
        for _ in 0..3 {
            assert_eq!(again(&mut old, text.as_bytes()), len);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_come_back(
            parts in proptest::collection::vec(
                (proptest::collection::vec(0_u8..4, 0..40), 1_usize..9), 0..60,
            ),
            noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..3000),
        ) {
            let repeats = parts.iter().flat_map(|(part, times)| part.repeat(*times));
            let mut compressor = Compressor::default();
            again(&mut compressor, &noise);
            again(&mut compressor, &repeats.chain(noise).collect::<Vec<u8>>());
        }
    }
}
