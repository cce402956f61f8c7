//! Quantities, and the only place that rounds them.
//!
//! Bytes are shown in binary units with their binary names: a GiB is 2^30 bytes. That is how the
//! servers count (`used_memory_human`, `maxmemory 10gb`), spelled so that nobody takes it for 10^9.

use serde::Serialize;
use std::fmt;

/// A number of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// A number of things: keys, elements, databases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Count(pub u64);

/// A point in time in Unix milliseconds, or a span of milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// Keys, and what they take together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Tally {
    /// How many.
    pub keys: Count,
    /// What they take.
    pub bytes: Bytes,
}

impl Tally {
    /// `keys` keys that take `bytes` bytes.
    #[must_use]
    pub const fn new(keys: u64, bytes: u64) -> Self {
        Self { keys: Count(keys), bytes: Bytes(bytes) }
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.keys.0 = self.keys.0.saturating_add(other.keys.0);
        self.bytes.0 = self.bytes.0.saturating_add(other.bytes.0);
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |mut sum, tally| {
            sum += tally;
            sum
        })
    }
}

/// A unit and a number of decimals, for figures that are read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    unit: u64,
    name: &'static str,
    decimals: u32,
}

impl Scale {
    const UNITS: [(u64, &'static str); 6] = [
        (1 << 10, "KiB"),
        (1 << 20, "MiB"),
        (1 << 30, "GiB"),
        (1 << 40, "TiB"),
        (1 << 50, "PiB"),
        (1 << 60, "EiB"),
    ];

    /// The scale that shows `bytes` in three digits, four at the most.
    #[must_use]
    pub fn of(bytes: Bytes) -> Self {
        let with = |&(unit, name): &(u64, &'static str)| {
            // 9.995 has one decimal, as 10.0 has, and 999.5 KiB none.
            let mut decimals = [2, 1, 0].into_iter().map(|decimals| Self { unit, name, decimals });
            decimals
                .find(|scale| scale.steps(bytes) < if scale.decimals == 0 { 1024 } else { 1000 })
        };
        let plain = Self { unit: 1, name: "B", decimals: 0 };
        let large = Self::UNITS.iter().find_map(with).filter(|_| bytes.0 >= 1024);
        large.unwrap_or(plain)
    }

    /// The name of the unit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// How many of the smallest steps that this scale shows `bytes` are.
    #[must_use]
    pub fn steps(self, bytes: Bytes) -> u64 {
        let scaled = u128::from(bytes.0) * 10_u128.pow(self.decimals);
        let rounded = (scaled + u128::from(self.unit) / 2) / u128::from(self.unit);
        u64::try_from(rounded).unwrap_or(u64::MAX)
    }

    /// `steps` of the smallest steps, without the unit's name.
    #[must_use]
    pub fn show(self, steps: u64) -> String {
        let ten = 10_u64.pow(self.decimals);
        let (whole, rest) = (steps / ten, steps % ten);
        match usize::try_from(self.decimals) {
            Ok(0) | Err(_) => whole.to_string(),
            Ok(places) => format!("{whole}.{rest:0places$}"),
        }
    }
}

/// `a / b`, rounded to the nearest.
const fn divide(a: u64, b: u64) -> u64 {
    a / b + (a % b >= b.div_ceil(2)) as u64
}

impl fmt::Display for Bytes {
    /// Three digits and a unit: `9.84 GiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = Scale::of(*self);
        f.pad(&format!("{} {}", scale.show(scale.steps(*self)), scale.name))
    }
}

impl fmt::Display for Count {
    /// All digits, in groups of three: `38,104,220`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

impl Count {
    /// All digits up to 9,999,999, then three digits and `M`, `G` or `T` (powers of a thousand).
    #[must_use]
    pub fn short(self) -> String {
        const UNITS: [(u64, &str); 3] =
            [(1_000_000, "M"), (1_000_000_000, "G"), (1_000_000_000_000, "T")];
        if self.0 < 10_000_000 {
            return self.to_string();
        }
        let large = UNITS.iter().find(|(unit, _)| divide(self.0, *unit) < 1000);
        let Some(&(unit, name)) = large else { return self.to_string() };
        let tenths = divide(self.0, unit / 10);
        if tenths < 1000 {
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        } else {
            format!("{} {name}", divide(self.0, unit))
        }
    }
}

impl Millis {
    /// The two largest units of a span: `2 d 4 h`.
    #[must_use]
    pub fn span(self) -> String {
        const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
        let seconds = self.0.unsigned_abs() / 1000;
        let large = UNITS.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(3);
        let mut rest = seconds;
        let mut text = String::new();
        for (i, (unit, name)) in UNITS.iter().skip(large).take(2).enumerate() {
            let n = rest / unit;
            rest %= unit;
            if i > 0 && n == 0 {
                break;
            }
            let gap = if i == 0 { "" } else { " " };
            text.push_str(&format!("{gap}{n} {name}"));
        }
        text
    }
}

/// Splits `steps` over `parts` in proportion, so that the result adds up to `steps`: those with the
/// largest remainders get what rounding down leaves, the earlier ones first. All zero when the
/// parts are.
#[must_use]
pub fn apportion(parts: &[u64], steps: u64) -> Vec<u64> {
    let whole: u128 = parts.iter().map(|&part| u128::from(part)).sum();
    if whole == 0 {
        return vec![0; parts.len()];
    }
    let exact = parts.iter().map(|&part| u128::from(part) * u128::from(steps));
    let mut split: Vec<(u128, u128)> = exact.map(|n| (n / whole, n % whole)).collect();
    let given: u128 = split.iter().map(|(n, _)| n).sum();
    let left = usize::try_from(u128::from(steps) - given).unwrap_or_default();
    let mut order: Vec<usize> = (0..split.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(split.get(i).map_or(0, |(_, rest)| *rest)));
    for i in order.into_iter().take(left) {
        if let Some((n, _)) = split.get_mut(i) {
            *n += 1;
        }
    }
    split.into_iter().map(|(n, _)| u64::try_from(n).unwrap_or(u64::MAX)).collect()
}

/// `permille` as a percentage with one decimal. What is small is not shown as nothing, and what is
/// not all is not shown as all.
#[must_use]
pub fn percent(permille: u64, part: u64, whole: u64) -> String {
    match permille {
        _ if part == 0 => "0".to_owned(),
        _ if part == whole => "100".to_owned(),
        0 => "<0.1".to_owned(),
        1000.. if part < whole => ">99.9".to_owned(),
        n => format!("{}.{}", n / 10, n % 10),
    }
}

/// `part` of `whole` as a percentage with one decimal.
#[must_use]
pub fn percent_of(part: u64, whole: u64) -> String {
    percent(ratio(part, whole, 1000), part, whole)
}

/// `part` of `whole` as a whole percentage.
#[must_use]
pub fn whole_percent_of(part: u64, whole: u64) -> String {
    match ratio(part, whole, 100) {
        _ if part == 0 => "0 %".to_owned(),
        _ if part >= whole => "100 %".to_owned(),
        0 => "<1 %".to_owned(),
        100.. => ">99 %".to_owned(),
        n => format!("{n} %"),
    }
}

/// A change in bytes, with its sign.
#[must_use]
pub fn signed(bytes: i64) -> String {
    let sign = match bytes {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", Bytes(bytes.unsigned_abs()))
}

/// A change of `change` from `old`, as a percentage with its sign; `new` where there was nothing.
#[must_use]
pub fn signed_percent(change: i64, old: u64) -> String {
    let sign = if change < 0 { "-" } else { "+" };
    let part = change.unsigned_abs();
    if part == 0 {
        return "0 %".to_owned();
    }
    if old == 0 {
        return "new".to_owned();
    }
    let permille = ratio(part, old, 1000);
    match permille {
        0 => format!("{sign}<0.1 %"),
        10_000.. => format!("{sign}{} %", Count(permille / 10)),
        _ => format!("{sign}{}.{} %", permille / 10, permille % 10),
    }
}

/// `part / whole` in `steps`ths, rounded; zero where there is nothing to divide.
fn ratio(part: u64, whole: u64, steps: u64) -> u64 {
    let scaled = u128::from(part) * u128::from(steps) + u128::from(whole) / 2;
    let ratio = scaled.checked_div(u128::from(whole)).unwrap_or_default();
    u64::try_from(ratio).unwrap_or(u64::MAX)
}

/// A size as servers' configurations write it: a number of bytes, or one with `k`, `m`, `g`, `t`
/// (powers of 1000) or `kb`, `mb`, `gb`, `tb` (powers of 1024), in either case.
#[must_use]
pub fn parse_size(text: &str) -> Option<Bytes> {
    crate::footprint::parse_bytes(text).map(Bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_configurations_write_them() {
        assert_eq!(parse_size("10kb"), Some(Bytes(10_240)));
        assert_eq!(parse_size("10K"), Some(Bytes(10_000)));
        assert_eq!(parse_size("2 GiB"), Some(Bytes(2 << 30)));
        assert_eq!(parse_size("512"), Some(Bytes(512)));
        for text in ["", "kb", "-1", "1.5gb", "10 bananas", "99999999999999999999", "16777216tb"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn bytes_have_three_digits_and_never_a_false_carry() {
        let shown = |n| Bytes(n).to_string();
        assert_eq!(shown(0), "0 B");
        assert_eq!(shown(1023), "1023 B");
        assert_eq!(shown(1024), "1.00 KiB");
        assert_eq!(shown(10 * 1024 - 1), "10.0 KiB");
        assert_eq!(shown(100 * 1024 - 1), "100 KiB");
        assert_eq!(shown(1024 * 1024 - 1), "1.00 MiB");
        assert_eq!(shown(1023 * 1024), "1023 KiB");
        assert_eq!(shown(10_565_849_743), "9.84 GiB");
        assert_eq!(shown(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(Count(0).to_string(), "0");
        assert_eq!(Count(999).to_string(), "999");
        assert_eq!(Count(38_104_220).to_string(), "38,104,220");
        assert_eq!(format!("{:>9}", Count(1234)), "    1,234");
        assert_eq!(Count(9_999_999).short(), "9,999,999");
        assert_eq!(Count(38_104_220).short(), "38.1 M");
        assert_eq!(Count(999_960_000).short(), "1.0 G");
        assert_eq!(Count(u64::MAX).short(), "18,446,744,073,709,551,615");
    }

    #[test]
    fn spans_have_two_units() {
        assert_eq!(Millis(0).span(), "0 s");
        assert_eq!(Millis(59_999).span(), "59 s");
        assert_eq!(Millis(3_600_000).span(), "1 h");
        assert_eq!(Millis(187_260_000).span(), "2 d 4 h");
        assert_eq!(Millis(-61_000).span(), "1 min 1 s");
        assert_eq!(Millis(i64::MIN).span(), "106751991167 d 7 h");
    }

    #[test]
    fn changes_have_signs() {
        let shown = [0, 1, -1024, i64::MIN].map(signed);
        assert_eq!(shown, ["0 B", "+1 B", "-1.00 KiB", "-8.00 EiB"]);
        for (change, old, text) in [
            (0, 0, "0 %"),
            (5, 0, "new"),
            (5, 100, "+5.0 %"),
            (-25, 1000, "-2.5 %"),
            (1, 1_000_000, "+<0.1 %"),
            (-100, 100, "-100.0 %"),
            (123_456, 1, "+12,345,600 %"),
        ] {
            assert_eq!(signed_percent(change, old), text);
        }
    }

    #[test]
    fn parts_add_up_to_the_steps() {
        assert_eq!(apportion(&[1, 1, 1], 100), [34, 33, 33]);
        assert_eq!(apportion(&[0, 0], 100), [0, 0]);
        assert_eq!(apportion(&[], 100), [0; 0]);
        assert_eq!(apportion(&[u64::MAX, u64::MAX], 3), [2, 1]);
    }

    #[test]
    fn little_is_not_nothing_and_most_is_not_all() {
        assert_eq!(percent_of(0, 10), "0");
        assert_eq!(percent_of(1, 1_000_000), "<0.1");
        assert_eq!(percent_of(999_999, 1_000_000), ">99.9");
        assert_eq!(percent_of(10, 10), "100");
        assert_eq!(percent_of(259, 1000), "25.9");
        assert_eq!(percent_of(1011, 1000), "101.1");
        assert_eq!(percent_of(0, 0), "0");
        assert_eq!(whole_percent_of(1, 1000), "<1 %");
        assert_eq!(whole_percent_of(999, 1000), ">99 %");
    }

    proptest::proptest! {
        #[test]
        fn apportioned_steps_are_all_given(parts: Vec<u64>, steps in 0_u64..100_000) {
            let split = apportion(&parts, steps);
            let given: u64 = split.iter().sum();
            let nothing = parts.iter().all(|&part| part == 0);
            proptest::prop_assert_eq!(given, if nothing { 0 } else { steps });
        }
    }
}
