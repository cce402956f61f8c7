//! A sorted set's score as the text or number that a packed set holds (util.c, `d2string`).

use crate::entries::canonical_int;
use std::fmt::{self, Write};

/// The length of a score's text, and the number that it is stored as.
pub(super) type Score = (u64, Option<i64>);

/// A score in a listpack: a number where it has no fraction, else text.
pub(super) fn in_listpack(score: f64, long: bool) -> Score {
    match whole(score) {
        Some(n) => (0, Some(n)),
        None => text(score, long),
    }
}

/// A score in a ziplist: text, which is stored as a number where it reads as one.
pub(super) fn in_ziplist(score: f64) -> Score {
    match whole(score) {
        // a zero with a sign is not a number's canonical text
        Some(0) if score.is_sign_negative() => (2, None),
        Some(n) if n.unsigned_abs() < 1 << 52 => (0, Some(n)),
        _ => text(score, true),
    }
}

/// The integer that a score is, within half of the range of 64 bits (`double2ll`).
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn whole(score: f64) -> Option<i64> {
    const MOST: f64 = (i64::MAX / 2) as f64;
    // the cast saturates, and what it cuts off shows in the comparison
    let n = score as i64;
    (score.abs() <= MOST && n as f64 == score).then_some(n)
}

fn text(score: f64, long: bool) -> Score {
    if score.is_infinite() {
        return (if score < 0.0 { 4 } else { 3 }, None);
    }
    if let Some(parsed) = few_digits(score).or_else(|| seventeen(score).filter(|_| long)) {
        return if long { fixed_or_exponent(&parsed) } else { shortest(&parsed) };
    }
    let mut digits = Digits::default();
    // 17 digits, or as many as it takes to read the same number back
    let written = if long { write!(digits, "{score:.16e}") } else { write!(digits, "{score:e}") };
    if written.is_err() {
        return (0, None);
    }
    let parsed = digits.parse();
    if long { fixed_or_exponent(&parsed) } else { shortest(&parsed) }
}

/// The digits of a score that is a whole number of halves, quarters and so on and has 15 of them at the
/// most: then they are all that it has, in either notation, since no two texts of up to 15 digits are
/// the same number.
fn few_digits(score: f64) -> Option<Parsed> {
    const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = score.abs().to_bits();
    let biased = u32::try_from(bits >> MANTISSA).ok()?;
    let mantissa = bits & ((1 << MANTISSA) - 1) | 1 << MANTISSA;
    let zeros = mantissa.trailing_zeros();
    // so many binary places are as many decimal ones, of which the last is a five
    let places = 1075_u32.checked_sub(biased + zeros).filter(|places| (1..=20).contains(places))?;
    let value = (mantissa >> zeros).checked_mul(5_u64.pow(places))?;
    if value >= 10_u64.pow(15) {
        return None;
    }
    let digits = value.ilog10() + 1;
    let exponent = i64::from(digits) - 1 - i64::from(places);
    let is_negative = score.is_sign_negative();
    let value = if is_negative { -value.cast_signed() } else { value.cast_signed() };
    Some(Parsed { negative: u64::from(is_negative), digits: u64::from(digits), exponent, value })
}

/// The powers of ten that 53 bits can be multiplied by.
const POWERS: [u128; 23] = {
    let mut all = [1; 23];
    let mut i = 1;
    while i < all.len() {
        #[allow(clippy::indexing_slicing, reason = "while compiling")]
        {
            all[i] = 10 * all[i - 1];
        }
        i += 1;
    }
    all
};

/// The 17 digits of a score of a usual magnitude, by whole numbers: many times as fast as formatting
/// it. Nothing for others, and where it lies halfway between two texts.
fn seventeen(score: f64) -> Option<Parsed> {
    const LEAST: u64 = 10_u64.pow(16);
    const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = score.abs().to_bits();
    let biased = u32::try_from(bits >> MANTISSA).ok()?;
    let mantissa = u128::from(bits & ((1 << MANTISSA) - 1) | 1 << MANTISSA);
    // the score is the mantissa over two to the `shift`
    let shift = 1075_u32.checked_sub(biased).filter(|shift| (1..=90).contains(shift))?;
    // what it must be multiplied by for 17 digits, give or take one
    let mut scale = 16 - magnitude(biased)?;
    loop {
        // 53 bits by 22 digits fit 128 bits
        let power = POWERS.get(usize::try_from(scale).ok()?)?;
        let scaled = mantissa * power;
        let (value, rest, half) = (scaled >> shift, scaled & ((1 << shift) - 1), 1 << (shift - 1));
        if rest == half {
            return None;
        }
        let value = u64::try_from(value + u128::from(rest > half)).ok()?;
        if value < LEAST {
            scale += 1;
        } else if value >= 10 * LEAST {
            scale -= 1;
        } else {
            return Some(stripped(value, 16 - i64::from(scale), score.is_sign_negative()));
        }
    }
}

/// About the exponent of the first decimal digit, by that of the first binary one; off by one at the
/// most.
fn magnitude(biased: u32) -> Option<i32> {
    /// The logarithm of two, in parts of 2^18.
    const LOG: i32 = 78_913;
    let exponent = ((i32::try_from(biased).ok()? - 1023) * LOG) >> 18;
    (-6..17).contains(&exponent).then_some(exponent)
}

/// Seventeen digits without zeros at the end.
fn stripped(mut value: u64, exponent: i64, is_negative: bool) -> Parsed {
    let mut digits = 17;
    while value.is_multiple_of(10) && digits > 1 {
        (value, digits) = (value / 10, digits - 1);
    }
    let value = value.cast_signed();
    let value = if is_negative { -value } else { value };
    Parsed { negative: u64::from(is_negative), digits, exponent, value }
}

/// A number's text in scientific notation, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    negative: u64,
    /// Significant digits, zeros at the end left out.
    digits: u64,
    /// The exponent of the first digit.
    exponent: i64,
    /// The digits as a number.
    value: i64,
}

/// `%.17g`.
fn fixed_or_exponent(number: &Parsed) -> Score {
    let &Parsed { negative, digits, exponent, value } = number;
    let places = exponent.unsigned_abs();
    match exponent {
        0..17 if places + 1 >= digits => {
            let zeros = u32::try_from(places + 1 - digits).unwrap_or_default();
            let n = 10_i64.checked_pow(zeros).and_then(|scale| scale.checked_mul(value));
            (negative + places + 1, n)
        }
        0..17 => (negative + digits + 1, None),
        -4..0 => (negative + 1 + places + digits, None),
        _ => {
            let point = u64::from(digits > 1);
            let exponent = if places < 100 { 2 } else { 3 };
            (negative + digits + point + 2 + exponent, None)
        }
    }
}

/// The notation of fpconv_dtoa.c, since 7.2.
fn shortest(number: &Parsed) -> Score {
    let &Parsed { negative, digits, exponent, .. } = number;
    let places = exponent.unsigned_abs();
    let last = exponent - i64::try_from(digits).unwrap_or_default() + 1;
    if last >= 0 && places < digits + 7 {
        return (negative + places + 1, None);
    }
    if last < 0 && (last > -7 || places < 4) {
        let len = if exponent < 0 { 1 + places + digits } else { digits + 1 };
        return (negative + len, None);
    }
    let point = u64::from(digits > 1);
    let exponent = match places {
        0..10 => 1,
        10..100 => 2,
        _ => 3,
    };
    (negative + digits + point + 2 + exponent, None)
}

/// A place on the stack for a number's text.
#[derive(Default)]
struct Digits {
    text: [u8; 32],
    len: usize,
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.text.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl Digits {
    fn parse(&self) -> Parsed {
        let text = self.text.get(..self.len).unwrap_or_default();
        let mut parts = text.splitn(2, |byte| *byte == b'e');
        let mantissa = parts.next().unwrap_or_default();
        let exponent = parts.next().and_then(canonical_int).unwrap_or_default();
        let (mut digits, mut value, mut zeros) = (0, 0_i64, 0);
        for digit in mantissa.iter().filter(|byte| byte.is_ascii_digit()) {
            if *digit == b'0' {
                zeros += 1;
                continue;
            }
            for _ in 0..zeros {
                value = value.saturating_mul(10);
            }
            digits += zeros + 1;
            zeros = 0;
            value = value.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
        }
        let negative = mantissa.first() == Some(&b'-');
        let value = if negative { -value } else { value };
        Parsed { negative: u64::from(negative), digits, exponent, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_by_whole_numbers_are_those_of_the_text() {
        let mut state = 7_u64;
        let mut fast = 0;
        for n in 0..200_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n | 1);
            let random = (state >> 11) as f64 / (1_u64 << 53) as f64;
            let scale = 10_f64.powi(i32::try_from(n % 30).unwrap() - 10);
            let score = match n % 4 {
                0 => random * scale,
                1 => -(random * 1e6).round() / 100.0,
                2 => f64::from_bits(state),
                _ => 10_f64.powi(i32::try_from(n % 40).unwrap() - 20) * (1.0 - random / 1e15),
            };
            let Some(parsed) = seventeen(score) else { continue };
            let mut text = Digits::default();
            write!(text, "{score:.16e}").unwrap();
            assert_eq!(parsed, text.parse(), "{score:e}");
            fast += 1;
        }
        assert!(fast > 80_000, "{fast}");
        assert_eq!(seventeen(0.0), None);
        assert_eq!(seventeen(f64::NAN), None);
        assert_eq!(seventeen(5e-324), None);
    }

    #[test]
    fn few_digits_are_those_of_both_texts() {
        let mut state = 5_u64;
        let mut fast = 0;
        for n in 0..200_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n | 1);
            let numerator = (state >> (12 + n % 52)) as f64;
            let score =
                numerator / (1_u64 << (n % 24)) as f64 * if n % 3 == 0 { -1.0 } else { 1.0 };
            let Some(parsed) = few_digits(score) else { continue };
            for form in [format!("{score:.16e}"), format!("{score:e}")] {
                let mut text = Digits::default();
                text.write_str(&form).unwrap();
                assert_eq!(parsed, text.parse(), "{score:e}");
            }
            fast += 1;
        }
        assert!(fast > 60_000, "{fast}");
        for none in [0.0, 3.0, -1e15, 0.1, f64::NAN, f64::INFINITY, 5e-324, 1e300] {
            assert_eq!(few_digits(none), None, "{none}");
        }
    }

    #[test]
    fn whole_scores_are_numbers() {
        for (score, n) in [(0.0, 0), (-0.0, 0), (3.0, 3), (-1e15, -1_000_000_000_000_000)] {
            assert_eq!(in_listpack(score, false).1, Some(n));
        }
        assert_eq!(in_ziplist(-0.0), (2, None));
        assert_eq!(in_ziplist(1e16).1, Some(10_000_000_000_000_000));
    }

    #[test]
    fn the_old_text_has_17_digits() {
        for (score, text) in [
            (0.1, "0.10000000000000001"),
            (1.5, "1.5"),
            (-2.25, "-2.25"),
            (1e-5, "1.0000000000000001e-05"),
            (0.00012, "0.00012"),
            (1e17, "1e+17"),
            (1.5e300, "1.5000000000000001e+300"),
            (123_456.789, "123456.789"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(in_ziplist(score), (text.len() as u64, None), "{text}");
        }
    }

    #[test]
    fn the_new_text_is_the_shortest() {
        for (score, text) in [
            (0.1, "0.1"),
            (-2.25, "-2.25"),
            (1e-5, "0.00001"),
            (1.5e-9, "1.5e-9"),
            (0.000_123_456_789, "1.23456789e-4"),
            (1e19, "1e+19"),
            (1.5e300, "1.5e+300"),
            (123_456.789, "123456.789"),
            (12_345_678_901_234_567_890.0, "12345678901234567000"),
        ] {
            assert_eq!(in_listpack(score, false), (text.len() as u64, None), "{text}");
        }
    }
}
