//! What an allocator really hands out for a request.

use std::fmt;
use std::str::FromStr;

/// The allocator that a server was built with; a dump does not name it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Allocator {
    /// jemalloc as the servers bundle it: classes 8 bytes apart up to 64, four a doubling above.
    #[default]
    Jemalloc,
    /// jemalloc of a distribution, up to 5.3.0: classes 16 bytes apart up to 128.
    SystemJemalloc,
    /// jemalloc of a distribution from 5.3.1 on: requests above 14 KiB are rounded to pages only.
    SystemJemalloc531,
    /// malloc of glibc.
    Libc,
}

/// The largest class that jemalloc cuts out of shared pages.
const SMALL_MAX: u64 = 14_336;
const PAGE: u64 = 4096;
/// From this chunk size on glibc maps memory for a block of its own (`DEFAULT_MMAP_THRESHOLD`).
const MMAP_THRESHOLD: u64 = 128 * 1024;

impl Allocator {
    /// All allocators.
    pub const ALL: [Self; 4] =
        [Self::Jemalloc, Self::SystemJemalloc, Self::SystemJemalloc531, Self::Libc];

    /// The name that `--allocator` takes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jemalloc => "jemalloc",
            Self::SystemJemalloc => "system-jemalloc",
            Self::SystemJemalloc531 => "system-jemalloc-5.3.1",
            Self::Libc => "libc",
        }
    }

    /// The usable size of an allocation of `n` bytes: what `used_memory` counts for it.
    #[must_use]
    #[inline]
    pub const fn usable(self, n: u64) -> u64 {
        match self {
            Self::Jemalloc if n <= 64 => round_up(if n == 0 { 1 } else { n }, 8),
            Self::Jemalloc => quarter_class(n),
            Self::SystemJemalloc | Self::SystemJemalloc531 if n <= 128 => quantum_16(n),
            Self::SystemJemalloc531 if n > SMALL_MAX => round_up(n, PAGE),
            Self::SystemJemalloc | Self::SystemJemalloc531 => quarter_class(n),
            Self::Libc => chunk(n),
        }
    }
}

impl fmt::Display for Allocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Allocator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|allocator| allocator.name() == text);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("allocator `{text}` is unknown, expected one of {names}")
        })
    }
}

/// `n` rounded up to a multiple of `step`, a power of two.
#[inline]
pub(super) const fn round_up(n: u64, step: u64) -> u64 {
    n.saturating_add(step - 1) & !(step - 1)
}

/// The smallest power of two that is not below `n`.
#[inline]
pub(super) const fn power_of_two(n: u64) -> u64 {
    match n.checked_next_power_of_two() {
        Some(power) => power,
        None => 1 << 63,
    }
}

/// Four classes between one power of two and the next.
#[inline]
const fn quarter_class(n: u64) -> u64 {
    let doubling = 64 - (n - 1).leading_zeros();
    round_up(n, 1 << (doubling - 3))
}

#[inline]
const fn quantum_16(n: u64) -> u64 {
    if n <= 8 { 8 } else { round_up(n, 16) }
}

/// A chunk has eight bytes of header, is a multiple of 16 and 32 at the least (malloc.c,
/// `request2size`). A block mapped for itself fills whole pages.
#[inline]
const fn chunk(n: u64) -> u64 {
    let chunk = round_up(n.saturating_add(8), 16);
    if chunk >= MMAP_THRESHOLD {
        return round_up(n.saturating_add(16), PAGE) - 16;
    }
    if chunk < 32 { 24 } else { chunk - 8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_jemalloc_has_classes_8_apart_then_four_a_doubling() {
        let classes = [
            8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448,
            512, 640, 768, 896, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144,
            7168, 8192, 10240, 12288, 14336, 16384, 20480,
        ];
        let mut below = 0;
        for class in classes {
            assert_eq!(Allocator::Jemalloc.usable(class), class);
            assert_eq!(Allocator::Jemalloc.usable(below + 1), class);
            below = class;
        }
        assert_eq!(Allocator::Jemalloc.usable(0), 8);
        assert_eq!(Allocator::Jemalloc.usable(65_541), 81_920);
    }

    #[test]
    fn distributions_round_to_16_and_later_to_pages() {
        for (n, small) in [(1, 8), (9, 16), (24, 32), (40, 48), (129, 160), (14_337, 16_384)] {
            assert_eq!(Allocator::SystemJemalloc.usable(n), small);
            assert_eq!(Allocator::SystemJemalloc531.usable(n), small);
        }
        assert_eq!(Allocator::SystemJemalloc.usable(65_541), 81_920);
        assert_eq!(Allocator::SystemJemalloc531.usable(65_541), 69_632);
    }

    #[test]
    fn glibc_has_a_header_in_each_chunk() {
        for (n, usable) in [(0, 24), (24, 24), (25, 40), (40, 40), (41, 56), (1000, 1000)] {
            assert_eq!(Allocator::Libc.usable(n), usable, "{n}");
        }
        assert_eq!(Allocator::Libc.usable(131_072), 135_152);
    }

    #[test]
    fn names_parse() {
        for allocator in Allocator::ALL {
            assert_eq!(allocator.name().parse(), Ok(allocator));
        }
        assert!("tcmalloc".parse::<Allocator>().is_err());
    }
}
