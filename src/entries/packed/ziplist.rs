//! Ziplist: `bytes:u32 tail:u32 count:u16 element* 0xFF`, each element preceded by the length of
//! the one before it.

use super::{Header, Piece, Visit, array, i24, take};

const HEADER: usize = 10;
const UNKNOWN: u16 = u16::MAX;
const END: u8 = 0xff;
/// The length of the element before takes five bytes and starts with this.
const LONG: u8 = 0xfe;

pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let mut rest = bytes;
    let total = u32::from_le_bytes(array(&mut rest).ok()?);
    let _tail: [u8; 4] = array(&mut rest).ok()?;
    let count = u16::from_le_bytes(array(&mut rest).ok()?);
    let pieces = (count != UNKNOWN).then_some(u64::from(count));
    Some(Header { bytes: u64::from(total), pieces, width: 0 })
}

pub(super) fn each(bytes: &[u8], visit: &mut Visit<'_>) -> Result<(), &'static str> {
    let mut rest = bytes;
    take(&mut rest, HEADER)?;
    loop {
        match array(&mut rest)? {
            [END] => {
                return if rest.is_empty() { Ok(()) } else { Err("it ends before its length") };
            }
            [LONG] => {
                take(&mut rest, 4)?;
            }
            _ => {}
        }
        let [code] = array(&mut rest)?;
        visit(match code {
            0x00..=0x3f => Piece::Text(take(&mut rest, usize::from(code))?),
            0x40..=0x7f => {
                let [low] = array(&mut rest)?;
                let len = u16::from_be_bytes([code & 0x3f, low]);
                Piece::Text(take(&mut rest, usize::from(len))?)
            }
            0x80..=0xbf => {
                let len = u32::from_be_bytes(array(&mut rest)?);
                let len = usize::try_from(len).map_err(|_| "an element is too long")?;
                Piece::Text(take(&mut rest, len)?)
            }
            0xc0 => Piece::Int(i64::from(i16::from_le_bytes(array(&mut rest)?))),
            0xd0 => Piece::Int(i64::from(i32::from_le_bytes(array(&mut rest)?))),
            0xe0 => Piece::Int(i64::from_le_bytes(array(&mut rest)?)),
            0xf0 => Piece::Int(i24(array(&mut rest)?)),
            0xfe => Piece::Int(i64::from(i8::from_le_bytes(array(&mut rest)?))),
            0xf1..=0xfd => Piece::Int(i64::from(code & 0x0f) - 1),
            _ => return Err("an element has an unknown encoding"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding() {
        let body = [
            &[0, 1, b'a'][..],
            &[3, 0x40, 1, b'b'],
            &[4, 0x80, 0, 0, 0, 1, b'c'],
            &[LONG, 7, 0, 0, 0, 0xc0, 0, 0x80],
            &[8, 0xd0, 0, 0, 0, 0x80],
            &[6, 0xe0, 1, 0, 0, 0, 0, 0, 0, 0],
            &[10, 0xf0, 0x40, 0xe2, 0x01],
            &[5, 0xfe, 0xff],
            &[3, 0xf1],
            &[2, 0xfd],
            &[END],
        ]
        .concat();
        let blob = [&[0; HEADER][..], &body].concat();
        let mut out = Vec::new();
        each(&blob, &mut |piece| {
            let mut text = Vec::new();
            piece.write(&mut text);
            out.push(String::from_utf8(text).unwrap());
        })
        .unwrap();
        let want = ["a", "b", "c", "-32768", "-2147483648", "1", "123456", "-1", "0", "12"];
        assert_eq!(out, want);
    }

    #[test]
    fn damage_is_found() {
        let of = |body: &[u8]| each(&[&[0; HEADER][..], body].concat(), &mut |_| {});
        assert!(of(&[]).is_err());
        assert!(of(&[0, 0xff, END]).is_err());
        assert!(of(&[0, 5, b'a', END]).is_err());
        assert!(of(&[END, END]).is_err());
    }
}
