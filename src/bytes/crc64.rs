//! The snapshot's checksum: CRC-64 with Jones' polynomial, as the servers use it.

use crc_fast::{CrcAlgorithm, Digest, checksum, checksum_combine};

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
/// Costs some 100 microseconds, so it is for long runs.
#[must_use]
pub fn combine(first: u64, second: u64, second_len: u64) -> u64 {
    checksum_combine(CrcAlgorithm::Crc64Redis, first, second, second_len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_value_and_combination() {
        assert_eq!(of(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(combine(of(b"1234"), of(b"56789"), 5), of(b"123456789"));
        assert_eq!(combine(0, of(b"1"), 1), of(b"1"));
        let mut running = Running::new();
        running.add(b"1234");
        running.add(b"56789");
        assert_eq!(running.value(), of(b"123456789"));
    }
}
