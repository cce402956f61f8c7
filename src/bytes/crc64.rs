//! The snapshot's checksum: CRC-64 with Jones' polynomial, as the servers use it.

#[cfg(target_arch = "x86_64")]
use super::folded::Folded;
use crc_fast::{CrcAlgorithm, Digest, checksum};

/// The checksum of `bytes`; to join with others by [`combine`].
#[must_use]
pub fn of(bytes: &[u8]) -> u64 {
    let mut crc = Running::new();
    crc.add(bytes);
    crc.value()
}

/// A checksum that grows with the bytes that it is given; soonest where all but the last ones come in
/// pieces of a multiple of [`BLOCK`].
#[derive(Debug, Clone, Default)]
pub struct Running {
    /// That of the bytes before those that are folded.
    crc: u64,
    #[cfg(target_arch = "x86_64")]
    folded: Option<Folded>,
}

/// What is summed in one go.
pub const BLOCK: usize = 256;

impl Running {
    /// Of no bytes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on with `bytes`.
    pub fn add(&mut self, bytes: &[u8]) {
        #[cfg(target_arch = "x86_64")]
        let bytes = match &mut self.folded {
            Some(folded) => folded.add(bytes),
            None => match Folded::of(self.crc, bytes) {
                Some((folded, rest)) => {
                    self.folded = Some(folded);
                    rest
                }
                None => bytes,
            },
        };
        if !bytes.is_empty() {
            let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc64Redis, self.value());
            digest.update(bytes);
            *self = Self { crc: digest.finalize(), ..Self::default() };
        }
    }

    /// The checksum of all bytes so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if let Some(folded) = &self.folded {
            return checksum(CrcAlgorithm::Crc64Redis, folded.bytes());
        }
        self.crc
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
const fn multiply(a: u64, b: u64) -> u64 {
    let (mut product, mut b, mut bit) = (0, b, 64);
    while bit > 0 {
        bit -= 1;
        if a >> bit & 1 == 1 {
            product ^= b;
        }
        b = b >> 1 ^ if b & 1 == 1 { JONES } else { 0 };
    }
    product
}

/// The remainder of x to the power of `n`.
#[cfg(target_arch = "x86_64")]
pub(super) const fn power(n: u64) -> u64 {
    let (mut power, mut left) = (1 << 63, n);
    while left > 0 {
        power = multiply(power, 1 << 62);
        left -= 1;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn long_runs_give_what_the_library_says(
            bytes in prop::collection::vec(any::<u8>(), 0..3000),
            cut in any::<prop::sample::Index>(),
        ) {
            let theirs = checksum(CrcAlgorithm::Crc64Redis, &bytes);
            let (head, tail) = bytes.split_at(cut.index(bytes.len() + 1));
            let mut running = Running::new();
            running.add(head);
            running.add(tail);
            prop_assert_eq!(running.value(), theirs);
            prop_assert_eq!(of(&bytes), theirs);
        }
    }
}
