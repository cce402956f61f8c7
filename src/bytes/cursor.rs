//! Bounded reads that know where they are.

use super::error::{Fault, Kind, Stop};

/// A window on the input, read from front to back.
///
/// Offsets are absolute, whatever the window. A read that the window cannot satisfy leaves the
/// cursor where it was and says [`Stop::More`], or a [`Kind::Truncated`] fault where the window's
/// end is the input's end. No method panics.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    end: u64,
    last: bool,
}

impl<'a> Cursor<'a> {
    /// A cursor over all of an input.
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self::window(input, 0, true)
    }

    /// A cursor over the part of an input that starts at the absolute offset `base`; `last` when
    /// nothing follows it.
    #[must_use]
    pub const fn window(bytes: &'a [u8], base: u64, last: bool) -> Self {
        // beyond the highest offset there is 0, and the sums come out right all the same
        Self { rest: bytes, end: base.wrapping_add(bytes.len() as u64), last }
    }

    /// The absolute offset of the next byte.
    #[must_use]
    #[inline]
    pub const fn at(&self) -> u64 {
        self.end.wrapping_sub(self.rest.len() as u64)
    }

    /// The bytes of the window that are still to be read.
    #[must_use]
    #[inline]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether the window's end is the input's end.
    #[must_use]
    #[inline]
    pub const fn is_last(&self) -> bool {
        self.last
    }

    /// The same place with a window that ends after `n` bytes at the most.
    #[must_use]
    pub fn narrow(&self, n: usize) -> Self {
        match self.rest.split_at_checked(n) {
            Some((near, [_, ..])) => Self::window(near, self.at(), false),
            _ => self.clone(),
        }
    }

    /// The next `n` bytes.
    ///
    /// # Errors
    /// When the window holds fewer.
    #[inline]
    pub fn take(&mut self, n: u64) -> Result<&'a [u8], Stop> {
        match usize::try_from(n).ok().and_then(|n| self.rest.split_at_checked(n)) {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(head)
            }
            None => Err(self.clone().short(n)),
        }
    }

    /// Passes over `n` bytes, or over all where the window holds fewer.
    #[inline(always)]
    pub fn pass(&mut self, n: usize) {
        self.rest = self.rest.get(n..).unwrap_or_default();
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// When the window holds fewer.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(*head)
            }
            None => Err(self.clone().short(N as u64)),
        }
    }

    /// The next byte.
    ///
    /// # Errors
    /// When the window is at its end.
    #[inline]
    pub fn byte(&mut self) -> Result<u8, Stop> {
        match self.rest.split_first() {
            Some((byte, rest)) => {
                self.rest = rest;
                Ok(*byte)
            }
            None => Err(self.clone().short(1)),
        }
    }

    /// The bytes behind a byte below 64, as many as it says; `None`, and nothing is read, where no
    /// such byte is next or the window holds fewer.
    #[inline(always)]
    pub fn short_run(&mut self) -> Option<&'a [u8]> {
        let (&len, rest) = self.rest.split_first()?;
        if len >= 64 {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(usize::from(len))?;
        self.rest = rest;
        Some(bytes)
    }

    /// Hands over short runs as [`short_run`](Self::short_run) reads them, each with the `N` bytes
    /// behind it, `most` of them or until something else is next; returns how many there were.
    #[inline(always)]
    pub fn short_runs<const N: usize>(
        &mut self,
        most: u64,
        mut each: impl FnMut(&'a [u8], [u8; N]),
    ) -> u64 {
        let (mut rest, mut left) = (self.rest, most);
        while left > 0 {
            let Some((&len, behind)) = rest.split_first() else { break };
            if len >= 64 {
                break;
            }
            let Some((run, behind)) = behind.split_at_checked(usize::from(len)) else { break };
            let Some((tail, behind)) = behind.split_first_chunk() else { break };
            each(run, *tail);
            rest = behind;
            left -= 1;
        }
        self.rest = rest;
        most - left
    }

    /// The next byte, which stays unread.
    #[must_use]
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next eight bytes, little-endian.
    ///
    /// # Errors
    /// When the window holds fewer.
    #[inline]
    pub fn u64_le(&mut self) -> Result<u64, Stop> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next eight bytes, little-endian.
    ///
    /// # Errors
    /// When the window holds fewer.
    #[inline]
    pub fn i64_le(&mut self) -> Result<i64, Stop> {
        self.array().map(i64::from_le_bytes)
    }

    /// The next four bytes, little-endian.
    ///
    /// # Errors
    /// When the window holds fewer.
    #[inline]
    pub fn u32_le(&mut self) -> Result<u32, Stop> {
        self.array().map(u32::from_le_bytes)
    }

    /// Runs `read`; where it fails, the cursor is where it was before.
    ///
    /// # Errors
    /// Those of `read`.
    #[inline(always)]
    pub fn whole<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        let before = self.rest;
        let got = read(self);
        if got.is_err() {
            self.rest = before;
        }
        got
    }

    /// A fault at the absolute offset `at`.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub const fn fault(at: u64, kind: Kind) -> Stop {
        Stop::Fault(Fault { at, kind })
    }

    /// Takes a copy, so that a cursor that nobody else points to can live in registers.
    #[cold]
    #[inline(never)]
    fn short(self, want: u64) -> Stop {
        if self.last {
            Self::fault(self.at(), Kind::Truncated { want, left: self.rest.len() as u64 })
        } else {
            Stop::More
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_knows_its_offset_and_asks_for_more() {
        let mut cursor = Cursor::window(b"abcdef", 100, false);
        assert_eq!(cursor.take(4), Ok(&b"abcd"[..]));
        assert_eq!(cursor.at(), 104);
        assert_eq!(cursor.u64_le(), Err(Stop::More));
        assert_eq!(cursor.at(), 104);
        assert_eq!(cursor.take(u64::MAX), Err(Stop::More));
    }

    #[test]
    fn the_last_window_ends_the_input() {
        let mut cursor = Cursor::window(b"ab", 7, true);
        let truncated = Fault::new(7, Kind::Truncated { want: 8, left: 2 });
        assert_eq!(cursor.u64_le(), Err(Stop::Fault(truncated)));
        assert_eq!(cursor.array::<2>(), Ok(*b"ab"));
        assert_eq!(cursor.peek(), None);
    }

    #[test]
    fn short_runs_end_where_something_else_is_next() {
        let mut cursor = Cursor::window(b"\x01ax\x00y\x02bcz\x40rest", 0, false);
        let mut seen = Vec::new();
        assert_eq!(cursor.short_runs(2, |run, [tail]| seen.push((run, tail))), 2);
        assert_eq!(cursor.at(), 5);
        assert_eq!(cursor.short_runs(9, |run, [tail]| seen.push((run, tail))), 1);
        assert_eq!(seen, [(&b"a"[..], b'x'), (b"", b'y'), (b"bc", b'z')]);
        assert_eq!((cursor.at(), cursor.peek()), (9, Some(0x40)));
        let mut short = Cursor::new(b"\x03ab");
        assert_eq!(short.short_runs(1, |_, []| ()), 0);
        assert_eq!(short.at(), 0);
    }

    #[test]
    fn a_failed_whole_read_leaves_the_cursor() {
        let mut cursor = Cursor::window(b"abc", 0, false);
        assert_eq!(
            cursor.whole(|c| {
                c.byte()?;
                c.u32_le()
            }),
            Err(Stop::More)
        );
        assert_eq!(cursor.at(), 0);
    }
}
