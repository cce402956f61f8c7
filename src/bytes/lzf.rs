//! LZF, the compression of strings in a snapshot.

/// The most bytes that one compressed byte can stand for: a three-byte reference copies 264.
const MAX_RATIO: u64 = 88;

/// Whether `packed` compressed bytes can stand for `len` bytes at all.
///
/// Checked before a buffer of `len` bytes is reserved, so that a claim costs nothing.
#[must_use]
pub const fn plausible(packed: u64, len: u64) -> bool {
    len <= packed.saturating_mul(MAX_RATIO).saturating_add(MAX_RATIO)
}

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
