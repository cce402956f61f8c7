//! Strings as servers hold them (sds.c): a header, the bytes, a zero byte.

/// The header of a string of `len` bytes: its length, what is allocated, its type.
#[inline]
pub(super) const fn header(len: u64) -> u64 {
    match len {
        0..32 => 1,
        32..256 => 3,
        256..65_536 => 5,
        65_536..0x1_0000_0000 => 9,
        _ => 17,
    }
}

/// What a string takes inside another allocation.
#[inline]
pub(super) const fn embedded(len: u64) -> u64 {
    header(len).saturating_add(len).saturating_add(1)
}

/// What servers count for a string inside another allocation where they count requests: since 8.2
/// they keep the lengths at a header's limit for the next one, so that it can tell what the
/// allocator may add (`sdsReqType`).
#[inline]
pub(super) const fn embedded_counted(len: u64) -> u64 {
    let spare = match len {
        253..256 => 2,
        65_531..65_536 => 4,
        _ => 0,
    };
    embedded(len) + spare
}

/// What a string takes inside another allocation where the smallest header is not used.
#[inline]
pub(super) const fn embedded_8(len: u64) -> u64 {
    if len < 32 { len + 4 } else { embedded(len) }
}

/// What is requested for a string of its own. An empty one gets the second header, since empty
/// strings are mostly made to grow (`sdsnewlen`).
#[inline]
pub(super) const fn request(len: u64) -> u64 {
    if len == 0 { 4 } else { embedded(len) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_grow_with_the_length() {
        assert_eq!([0, 31, 32, 255, 256, 65_535, 65_536].map(header), [1, 1, 3, 3, 5, 5, 9]);
        assert_eq!([0, 1, 31, 32].map(request), [4, 3, 33, 36]);
        assert_eq!([0, 31, 32].map(embedded_8), [4, 35, 36]);
        assert_eq!(embedded(0), 2);
    }
}
