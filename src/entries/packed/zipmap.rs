//! Zipmap: `count:u8 (length key length free value)* 0xFF`, the small hash of Redis 2.2 to 2.4.

use super::{Header, Piece, Visit, array, take};

/// The count from which only a scan can tell.
const UNKNOWN: u8 = 254;
const LONG: u8 = 254;
const END: u8 = 0xff;

/// A zipmap does not store its length, so `bytes` is taken for it.
pub(super) fn header(head: &[u8], bytes: u64) -> Option<Header> {
    let count = *head.first()?;
    let pieces = (count < UNKNOWN).then_some(2 * u64::from(count));
    (bytes >= 2).then_some(Header { bytes, pieces, width: 0 })
}

pub(super) fn each(bytes: &[u8], visit: &mut Visit<'_>) -> Result<(), &'static str> {
    let mut rest = bytes;
    take(&mut rest, 1)?;
    while let Some(len) = length(&mut rest)? {
        visit(Piece::Text(take(&mut rest, len)?));
        let len = length(&mut rest)?.ok_or("a key has no value")?;
        let [free] = array(&mut rest)?;
        visit(Piece::Text(take(&mut rest, len)?));
        take(&mut rest, usize::from(free))?;
    }
    if rest.is_empty() { Ok(()) } else { Err("it ends before its length") }
}

/// A length, or `None` at the end mark.
fn length(rest: &mut &[u8]) -> Result<Option<usize>, &'static str> {
    match array(rest)? {
        [END] => Ok(None),
        [LONG] => usize::try_from(u32::from_le_bytes(array(rest)?))
            .map(Some)
            .map_err(|_| "an element is too long"),
        [short] => Ok(Some(usize::from(short))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_with_free_bytes() {
        let blob = b"\x02\x01a\x02\x01bc_\xfe\x01\0\0\0d\x00\x00\xff";
        let mut out = Vec::new();
        each(blob, &mut |piece| piece.write(&mut out)).unwrap();
        assert_eq!(out, b"abcd");
        assert!(each(b"\x01\x01a\xff", &mut |_| {}).is_err());
        assert!(each(b"\x01\x05a", &mut |_| {}).is_err());
    }
}
