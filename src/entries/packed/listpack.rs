//! Listpack: `total:u32 count:u16 element* 0xFF`, each element followed by its own length.

use super::{Header, Piece, Visit, array, i24, take};

/// Bytes before the first element.
const HEADER: usize = 6;
/// The count that says: more than can be counted here.
const UNKNOWN: u16 = u16::MAX;
const END: u8 = 0xff;

pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let mut rest = bytes;
    let total = u32::from_le_bytes(array(&mut rest).ok()?);
    let count = u16::from_le_bytes(array(&mut rest).ok()?);
    let pieces = (count != UNKNOWN).then_some(u64::from(count));
    Some(Header { bytes: u64::from(total), pieces, width: 0 })
}

pub(super) fn each(bytes: &[u8], visit: &mut Visit<'_>) -> Result<(), &'static str> {
    let mut rest = bytes;
    take(&mut rest, HEADER)?;
    while let Some(piece) = next(&mut rest)? {
        visit(piece);
    }
    if rest.is_empty() { Ok(()) } else { Err("it ends before its length") }
}

/// The first element of the listpack that begins with `bytes`.
pub(super) fn first(bytes: &[u8]) -> Result<Option<Piece<'_>>, &'static str> {
    let mut rest = bytes;
    take(&mut rest, HEADER)?;
    next(&mut rest)
}

/// Reads one element; `None` at the end mark.
fn next<'a>(rest: &mut &'a [u8]) -> Result<Option<Piece<'a>>, &'static str> {
    let start = rest.len();
    let [code] = array(rest)?;
    let piece = match code {
        0x00..=0x7f => Piece::Int(i64::from(code)),
        0x80..=0xbf => Piece::Text(take(rest, usize::from(code & 0x3f))?),
        0xc0..=0xdf => {
            let [low] = array(rest)?;
            let n = i16::from_be_bytes([code & 0x1f, low]);
            Piece::Int(i64::from(if n >= 1 << 12 { n - (1 << 13) } else { n }))
        }
        0xe0..=0xef => {
            let [low] = array(rest)?;
            let len = u16::from_be_bytes([code & 0x0f, low]);
            Piece::Text(take(rest, usize::from(len))?)
        }
        0xf0 => {
            let len = u32::from_le_bytes(array(rest)?);
            let len = usize::try_from(len).map_err(|_| "an element is too long")?;
            Piece::Text(take(rest, len)?)
        }
        0xf1 => Piece::Int(i64::from(i16::from_le_bytes(array(rest)?))),
        0xf2 => Piece::Int(i24(array(rest)?)),
        0xf3 => Piece::Int(i64::from(i32::from_le_bytes(array(rest)?))),
        0xf4 => Piece::Int(i64::from_le_bytes(array(rest)?)),
        END => return Ok(None),
        _ => return Err("an element has an unknown encoding"),
    };
    let len = start - rest.len();
    let back = take(rest, backlen(len as u64))?;
    if decode_back(back) != len as u64 {
        return Err("an element's two lengths differ");
    }
    Ok(Some(piece))
}

/// How many bytes the length behind an element of `len` bytes takes (`lpEncodeBacklenBytes`).
const fn backlen(len: u64) -> usize {
    match len {
        0..=127 => 1,
        128..16_383 => 2,
        16_383..2_097_151 => 3,
        2_097_151..268_435_455 => 4,
        _ => 5,
    }
}

/// The length behind an element: seven bits a byte, the most significant first.
fn decode_back(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, byte| n << 7 | u64::from(byte & 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(body: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
        let mut blob = vec![0; HEADER];
        blob.extend_from_slice(body);
        blob.push(END);
        let mut out = Vec::new();
        each(&blob, &mut |piece| {
            let mut text = Vec::new();
            piece.write(&mut text);
            out.push(text);
        })?;
        Ok(out)
    }

    #[test]
    fn every_encoding() {
        let body = [
            &[0x7f, 1][..],
            &[0x82, b'a', b'b', 3],
            &[0xdf, 0xff, 2],
            &[0xcf, 0xff, 2],
            &[0xe0, 1, b'c', 3],
            &[0xf0, 1, 0, 0, 0, b'd', 6],
            &[0xf1, 0, 0x80, 3],
            &[0xf2, 0x40, 0xe2, 0x01, 4],
            &[0xf2, 0xff, 0xff, 0xff, 4],
            &[0xf3, 0, 0, 0, 0x80, 5],
            &[0xf4, 0, 0, 0, 0, 0, 0, 0, 0x80, 9],
        ]
        .concat();
        let want: [&[u8]; 11] = [
            b"127",
            b"ab",
            b"-1",
            b"4095",
            b"c",
            b"d",
            b"-32768",
            b"123456",
            b"-1",
            b"-2147483648",
            b"-9223372036854775808",
        ];
        assert_eq!(pieces(&body).unwrap(), want);
    }

    #[test]
    fn damage_is_found() {
        assert!(pieces(&[0x82, b'a', b'b', 4]).is_err());
        assert!(pieces(&[0xf5, 1]).is_err());
        assert!(pieces(&[0xbf]).is_err());
        assert!(pieces(&[0xff]).is_err());
    }
}
