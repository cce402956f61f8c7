//! A bit for each of sixteen bytes.

/// A bit for each of the bytes that is `wanted`, and for each that is a decimal digit; the first
/// byte's is the lowest.
#[must_use]
#[inline(always)]
pub fn of(bytes: &[u8; 16], wanted: u8) -> [u16; 2] {
    #[cfg(target_arch = "x86_64")]
    return sse2(bytes, wanted);
    #[cfg(not(target_arch = "x86_64"))]
    return one_by_one(bytes, wanted);
}

/// The same of bytes that are at hand as two words, the first byte the lowest of the first word.
#[must_use]
#[inline(always)]
pub fn of_words(words: [u64; 2], wanted: u8) -> [u16; 2] {
    #[cfg(target_arch = "x86_64")]
    {
        let [low, high] = words.map(u64::cast_signed);
        // SAFETY: every x86-64 has SSE2.
        unsafe { compare(std::arch::x86_64::_mm_set_epi64x(high, low), wanted) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let mut bytes = [0; 16];
        let all = words.iter().flat_map(|word| word.to_le_bytes());
        bytes.iter_mut().zip(all).for_each(|(place, byte)| *place = byte);
        one_by_one(&bytes, wanted)
    }
}

/// Whether all bytes are decimal digits or letters from `a` to `f`.
#[must_use]
#[inline(always)]
pub fn are_hex(bytes: &[u8; 16]) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: every x86-64 has SSE2, and sixteen bytes are there to be loaded.
        unsafe { compare_hex(std::arch::x86_64::_mm_loadu_si128(bytes.as_ptr().cast())) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// # Safety
/// The processor must have SSE2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn compare_hex(bytes: std::arch::x86_64::__m128i) -> bool {
    use std::arch::x86_64::{
        _mm_add_epi8, _mm_cmplt_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };
    // SAFETY: the caller says that it has it.
    let hex = unsafe {
        // moved so that those that are meant are the lowest of signed bytes
        let moved = |from: u8| {
            let lowest = i8::MIN.wrapping_sub(from.cast_signed());
            _mm_add_epi8(bytes, _mm_set1_epi8(lowest))
        };
        let digits = _mm_cmplt_epi8(moved(b'0'), _mm_set1_epi8(i8::MIN + 10));
        let letters = _mm_cmplt_epi8(moved(b'a'), _mm_set1_epi8(i8::MIN + 6));
        _mm_movemask_epi8(_mm_or_si128(digits, letters))
    };
    hex == 0xffff
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn sse2(bytes: &[u8; 16], wanted: u8) -> [u16; 2] {
    // SAFETY: every x86-64 has SSE2, and sixteen bytes are there to be loaded.
    unsafe { compare(std::arch::x86_64::_mm_loadu_si128(bytes.as_ptr().cast()), wanted) }
}

/// # Safety
/// The processor must have SSE2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn compare(bytes: std::arch::x86_64::__m128i, wanted: u8) -> [u16; 2] {
    use std::arch::x86_64::{
        _mm_add_epi8, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_movemask_epi8, _mm_set1_epi8,
    };
    // SAFETY: the caller says that it has it.
    let [equal, digits] = unsafe {
        let equal = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted.cast_signed()));
        // moved so that the ten digits are the ten lowest of signed bytes
        let lowest = i8::MIN.wrapping_sub(b'0'.cast_signed());
        let moved = _mm_add_epi8(bytes, _mm_set1_epi8(lowest));
        let digits = _mm_cmplt_epi8(moved, _mm_set1_epi8(i8::MIN + 10));
        [_mm_movemask_epi8(equal), _mm_movemask_epi8(digits)]
    };
    // there are sixteen bits
    [equal, digits].map(|bits| u16::try_from(bits).unwrap_or_default())
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn one_by_one(bytes: &[u8; 16], wanted: u8) -> [u16; 2] {
    let bits = |is: &dyn Fn(u8) -> bool| {
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u16::from(is(*byte)))
    };
    [bits(&|byte| byte == wanted), bits(&|byte| byte.is_ascii_digit())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_in_every_place() {
        for byte in 0..=255 {
            for place in 0..16 {
                let mut bytes = *b"a:7/b0:9z@:8`:12";
                bytes[place] = byte;
                for wanted in [b':', byte] {
                    assert_eq!(of(&bytes, wanted), one_by_one(&bytes, wanted));
                    let word = |at: usize| u64::from_le_bytes(*bytes[at..].first_chunk().unwrap());
                    assert_eq!(of_words([word(0), word(8)], wanted), of(&bytes, wanted));
                }
            }
        }
    }

    #[test]
    fn hex_digits_are_lower_case() {
        for byte in 0..=255_u8 {
            for place in 0..16 {
                let mut bytes = *b"0123456789abcdef";
                bytes[place] = byte;
                let is_hex = byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                assert_eq!(are_hex(&bytes), is_hex, "{byte} at {place}");
            }
        }
    }
}
