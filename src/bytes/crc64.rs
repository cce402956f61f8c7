//! The snapshot's checksum: CRC-64 with Jones' polynomial, as the servers use it.

use crc_fast::{CrcAlgorithm, Digest, checksum};

/// The checksum of `bytes`; to join with others by [`combine`].
#[must_use]
pub fn of(bytes: &[u8]) -> u64 {
    checksum(CrcAlgorithm::Crc64Redis, bytes)
}

/// A checksum that grows with the bytes that it is given.
#[derive(Debug, Clone)]
pub struct Running(Digest);

impl Running {
    /// Of no bytes yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc64Redis))
    }

    /// Goes on with `bytes`.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all bytes so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.finalize()
    }
}

impl Default for Running {
    fn default() -> Self {
        Self::new()
    }
}

/// The checksum of two runs of bytes, from theirs and the length of the second.
///
/// A checksum is a remainder, so more bytes behind the first run are a power of x to multiply with.
#[must_use]
pub fn combine(first: u64, second: u64, second_len: u64) -> u64 {
    let (mut shifted, mut power, mut len) = (first, X_8, second_len);
    while len > 0 {
        if len & 1 == 1 {
            shifted = multiply(shifted, power);
        }
        power = multiply(power, power);
        len >>= 1;
    }
    shifted ^ second
}

/// Jones' polynomial, its highest power in the lowest bit, as all polynomials here.
const JONES: u64 = 0x95ac_9329_ac4b_c9b5;
/// x to the power of 8: one byte.
const X_8: u64 = 1 << 55;

/// The remainder of a product.
fn multiply(a: u64, b: u64) -> u64 {
    let (mut product, mut b) = (0, b);
    for bit in (0..64).rev() {
        if a >> bit & 1 == 1 {
            product ^= b;
        }
        b = b >> 1 ^ if b & 1 == 1 { JONES } else { 0 };
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_value_and_combination() {
        assert_eq!(of(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(combine(of(b"1234"), of(b"56789"), 5), of(b"123456789"));
        assert_eq!(combine(0, of(b"1"), 1), of(b"1"));
        for len in [0, 1, 255, 256, 1 << 33, u64::MAX / 8] {
            let theirs = crc_fast::checksum_combine(CrcAlgorithm::Crc64Redis, 77, 99, len);
            assert_eq!(combine(77, 99, len), theirs, "{len}");
        }
        let mut running = Running::new();
        running.add(b"1234");
        running.add(b"56789");
        assert_eq!(running.value(), of(b"123456789"));
    }
}
