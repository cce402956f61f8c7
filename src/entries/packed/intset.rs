//! Intset: `width:u32 count:u32 integer*`, sorted.

use super::{Header, Piece, Visit, array};

const HEADER: u64 = 8;

pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let mut rest = bytes;
    let width = u64::from(u32::from_le_bytes(array(&mut rest).ok()?));
    let count = u64::from(u32::from_le_bytes(array(&mut rest).ok()?));
    let bytes = if matches!(width, 2 | 4 | 8) { HEADER + width * count } else { 0 };
    Some(Header { bytes, pieces: Some(count), width })
}

pub(super) fn each(bytes: &[u8], visit: &mut Visit<'_>) -> Result<(), &'static str> {
    let mut rest = bytes;
    let width = u32::from_le_bytes(array(&mut rest)?);
    let count = u32::from_le_bytes(array(&mut rest)?);
    for _ in 0..count {
        visit(Piece::Int(match width {
            2 => i64::from(i16::from_le_bytes(array(&mut rest)?)),
            4 => i64::from(i32::from_le_bytes(array(&mut rest)?)),
            8 => i64::from_le_bytes(array(&mut rest)?),
            _ => return Err("its integers have an unknown width"),
        }));
    }
    if rest.is_empty() { Ok(()) } else { Err("it ends before its length") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_widths() {
        let of = |bytes: &[u8]| {
            let mut out = Vec::new();
            each(bytes, &mut |piece| out.push(piece.as_int().unwrap())).map(|()| out)
        };
        assert_eq!(of(b"\x02\0\0\0\x02\0\0\0\xff\xff\x01\0"), Ok(vec![-1, 1]));
        assert_eq!(of(b"\x04\0\0\0\x01\0\0\0\0\0\0\x80"), Ok(vec![i64::from(i32::MIN)]));
        assert_eq!(of(b"\x08\0\0\0\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f"), Ok(vec![i64::MAX]));
        assert!(of(b"\x08\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0").is_err());
        assert!(of(b"\x03\0\0\0\x01\0\0\0\0\0\0").is_err());
    }
}
