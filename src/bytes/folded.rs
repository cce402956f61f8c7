//! Long runs of bytes made short, with the same remainder.
//!
//! Some processors multiply two pairs of polynomials at once, but have none of the wider registers that
//! the library for the checksum asks for: AMD's Zen 3, Intel's for desktops since the twelfth generation.

use std::arch::x86_64::{
    __m256i, _MM_HINT_T0, _mm_prefetch, _mm256_clmulepi64_epi128, _mm256_loadu_si256,
    _mm256_set_epi64x, _mm256_storeu_si256, _mm256_xor_si256,
};

/// How many bytes are left.
pub(super) const LEFT: usize = LANES * LANE;
const LANE: usize = size_of::<__m256i>();
/// As many as it takes until a product is there to go on with.
const LANES: usize = 8;

/// A line of the processor's cache.
const LINE: usize = 64;
/// So far ahead bytes are asked for: by itself the processor does not look behind the end of a page.
const AHEAD: usize = 2048;

/// What a half of 16 bytes is multiplied with to stand [`LEFT`] bytes further on: first the one with the
/// higher powers.
const FURTHER: [u64; 2] =
    [super::crc64::power(8 * LEFT as u64 + 63), super::crc64::power(8 * LEFT as u64 - 1)];

/// [`LEFT`] bytes that have the remainder of all that were folded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folded([u8; LEFT]);

impl Folded {
    /// Folds `bytes` behind others that have the remainder `before`, up to those that are returned as
    /// well; `None` where this processor cannot do it, others are faster, or there are too few.
    pub(super) fn of(before: u64, bytes: &[u8]) -> Option<(Self, &[u8])> {
        let can = is_x86_feature_detected!("vpclmulqdq")
            && is_x86_feature_detected!("avx2")
            && !is_x86_feature_detected!("avx512vl");
        let (first, rest) =
            bytes.split_first_chunk().filter(|(_, rest)| can && rest.len() >= LEFT)?;
        let mut folded = Self(*first);
        // what stands before is added to where it would have come to
        folded.0.iter_mut().zip(before.to_le_bytes()).for_each(|(byte, before)| *byte ^= before);
        let rest = folded.add(rest);
        Some((folded, rest))
    }

    /// Folds more bytes, but for the last ones, which are returned.
    pub(super) fn add<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let (blocks, rest) = bytes.as_chunks();
        // SAFETY: the processor has what it takes, which was asked when this was made.
        unsafe { fold_blocks(&mut self.0, blocks) };
        rest
    }

    /// The bytes that are left.
    pub(super) const fn bytes(&self) -> &[u8; LEFT] {
        &self.0
    }
}

#[target_feature(enable = "avx2,vpclmulqdq")]
fn fold_blocks(left: &mut [u8; LEFT], blocks: &[[u8; LEFT]]) {
    let mut sums = load(left);
    let [high, low] = FURTHER.map(u64::cast_signed);
    let further = _mm256_set_epi64x(low, high, low, high);
    for block in blocks {
        for line in block.as_chunks::<LINE>().0 {
            let ahead = line.as_ptr().wrapping_add(AHEAD);
            // SAFETY: it is a hint; what lies there is not read, even if nothing does.
            #[allow(unused_unsafe, reason = "it is unsafe in the oldest Rust that is promised")]
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(ahead.cast());
            }
        }
        for (sum, next) in sums.iter_mut().zip(load(block)) {
            let highs = _mm256_clmulepi64_epi128::<0x00>(*sum, further);
            let lows = _mm256_clmulepi64_epi128::<0x11>(*sum, further);
            *sum = _mm256_xor_si256(_mm256_xor_si256(highs, lows), next);
        }
    }
    for (lane, sum) in left.as_chunks_mut::<LANE>().0.iter_mut().zip(sums) {
        // SAFETY: `lane` has as many bytes as are stored; they may lie anywhere.
        unsafe { _mm256_storeu_si256(lane.as_mut_ptr().cast(), sum) };
    }
}

#[target_feature(enable = "avx2")]
fn load(block: &[u8; LEFT]) -> [__m256i; LANES] {
    let mut lanes = [_mm256_set_epi64x(0, 0, 0, 0); LANES];
    for (lane, bytes) in lanes.iter_mut().zip(block.as_chunks::<LANE>().0) {
        // SAFETY: `bytes` are as many as are loaded; they may lie anywhere.
        *lane = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
    }
    lanes
}
