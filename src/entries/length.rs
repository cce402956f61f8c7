//! Lengths: one to nine bytes, the first two bits tell.

use crate::bytes::{Cursor, Kind, Stop};

/// A first byte below this is the length itself.
pub(super) const SHORT: u8 = 64;

/// What stands where a length or a string begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// A length.
    Plain(u64),
    /// An encoding of a string that is not raw bytes.
    Special(u8),
}

/// Reads a length or a string's encoding.
///
/// # Errors
/// When the bytes end or are no length.
#[inline]
pub fn read(cursor: &mut Cursor<'_>) -> Result<Length, Stop> {
    cursor.whole(|cursor| {
        let at = cursor.at();
        let first = cursor.byte()?;
        let low = first & 0x3f;
        Ok(match first >> 6 {
            0 => Length::Plain(u64::from(low)),
            1 => Length::Plain(u64::from(low) << 8 | u64::from(cursor.byte()?)),
            2 => match first {
                0x80 => Length::Plain(u64::from(u32::from_be_bytes(cursor.array()?))),
                0x81 => Length::Plain(u64::from_be_bytes(cursor.array()?)),
                _ => return Err(Cursor::fault(at, Kind::Length(first))),
            },
            _ => Length::Special(low),
        })
    })
}

/// Reads a length where nothing else may stand.
///
/// # Errors
/// When the bytes end or are no length.
#[inline]
pub fn plain(cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
    match cursor.peek() {
        Some(short) if short < SHORT => {
            cursor.pass(1);
            Ok(u64::from(short))
        }
        _ => plain_any(cursor),
    }
}

#[inline(never)]
fn plain_any(cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
    let at = cursor.at();
    cursor.whole(|cursor| match read(cursor)? {
        Length::Plain(n) => Ok(n),
        Length::Special(code) => Err(Cursor::fault(at, Kind::Length(0xc0 | code))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Fault;

    #[test]
    fn every_form() {
        let of = |bytes: &[u8]| read(&mut Cursor::new(bytes));
        assert_eq!(of(&[63]), Ok(Length::Plain(63)));
        assert_eq!(of(&[0x40 | 1, 2]), Ok(Length::Plain(258)));
        assert_eq!(of(&[0x80, 0, 1, 0, 0]), Ok(Length::Plain(65536)));
        assert_eq!(of(&[0x81, 0, 0, 0, 1, 0, 0, 0, 0]), Ok(Length::Plain(1 << 32)));
        assert_eq!(of(&[0xc3]), Ok(Length::Special(3)));
        assert_eq!(of(&[0x82]), Err(Stop::Fault(Fault::new(0, Kind::Length(0x82)))));
    }
}
