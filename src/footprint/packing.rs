//! How many bytes an element takes in a packed blob that the loader writes anew.

use crate::entries::Piece;

/// Bytes of an empty listpack: its header and its end mark.
pub(super) const LISTPACK: u64 = 7;
/// Bytes of an empty ziplist: its header and its end mark.
pub(super) const ZIPLIST: u64 = 11;
/// From this entry on, the next one stores the length before it in five bytes instead of one.
const ZIPLIST_LONG: u64 = 254;

/// Bytes of a text of `len` bytes in a listpack; `int` where it is a number's canonical text.
#[inline]
pub(super) const fn listpack(len: u64, int: Option<i64>) -> u64 {
    let body = match int {
        Some(n) => listpack_int_body(n),
        None => match len {
            0..64 => 1 + len,
            64..4096 => 2 + len,
            _ => len.saturating_add(5),
        },
    };
    body.saturating_add(backlen(body))
}

/// Bytes of a number in a listpack.
#[inline]
pub(super) const fn listpack_int(n: i64) -> u64 {
    listpack_int_body(n) + 1
}

/// Bytes that are asked for at first for a listpack of `count` integers between two bounds
/// (`setTypeConvertAndExpand`): as if all were like the longer bound.
pub(super) const fn listpack_estimate(least: i64, most: i64, count: u64) -> u64 {
    let (low, high) = (listpack_int(least), listpack_int(most));
    LISTPACK + count * if low > high { low } else { high }
}

const fn listpack_int_body(n: i64) -> u64 {
    match n {
        0..=127 => 1,
        -4096..=4095 => 2,
        -32_768..=32_767 => 3,
        -8_388_608..=8_388_607 => 4,
        -2_147_483_648..=2_147_483_647 => 5,
        _ => 9,
    }
}

/// Bytes of the length behind a body of `body` bytes (`lpEncodeBacklenBytes`).
const fn backlen(body: u64) -> u64 {
    match body {
        0..=127 => 1,
        128..16_383 => 2,
        16_383..2_097_151 => 3,
        2_097_151..268_435_455 => 4,
        _ => 5,
    }
}

/// Bytes of a text in a ziplist, less what it takes to say how long the entry before is. Texts of
/// 32 bytes and more are never tried as numbers (`zipTryEncoding`); no number is that long.
#[inline]
pub(super) const fn ziplist_body(len: u64, int: Option<i64>) -> u64 {
    match int {
        Some(n) => match n {
            0..=12 => 1,
            -128..=127 => 2,
            -32_768..=32_767 => 3,
            -8_388_608..=8_388_607 => 4,
            -2_147_483_648..=2_147_483_647 => 5,
            _ => 9,
        },
        None => match len {
            0..64 => 1 + len,
            64..16_384 => 2 + len,
            _ => len.saturating_add(5),
        },
    }
}

/// A ziplist that grows at its end: an entry's size depends on the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ziplist {
    /// Bytes so far, header and end mark included.
    pub bytes: u64,
    last: u64,
}

impl Ziplist {
    pub const EMPTY: Self = Self { bytes: ZIPLIST, last: 0 };

    #[inline]
    pub const fn push(&mut self, len: u64, int: Option<i64>) {
        let before = if self.last < ZIPLIST_LONG { 1 } else { 5 };
        self.last = ziplist_body(len, int).saturating_add(before);
        self.bytes = self.bytes.saturating_add(self.last);
    }
}

/// Bytes of a piece in a listpack.
pub(super) fn listpack_piece(piece: Piece<'_>) -> u64 {
    listpack(piece.len(), piece.as_int())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listpack_entry_carries_its_own_length_behind_it() {
        for (n, bytes) in [(0, 2), (127, 2), (-1, 3), (4096, 4), (1 << 20, 5), (1 << 40, 10)] {
            assert_eq!(listpack_int(n), bytes, "{n}");
        }
        for (len, bytes) in [(0, 2), (63, 65), (64, 67), (126, 130), (4096, 4103)] {
            assert_eq!(listpack(len, None), bytes, "{len}");
        }
    }

    #[test]
    fn a_ziplist_entry_carries_the_length_before_it() {
        let mut ziplist = Ziplist::EMPTY;
        ziplist.push(300, None);
        assert_eq!(ziplist.bytes, 11 + 1 + 2 + 300);
        ziplist.push(1, Some(7));
        assert_eq!(ziplist.bytes, 11 + 303 + 5 + 1);
        ziplist.push(1, None);
        assert_eq!(ziplist.bytes, 11 + 303 + 6 + 1 + 1 + 1);
    }
}
