//! Points in time: as people write them, as Unix milliseconds. UTC only.

use super::units::Millis;

const DAY_MS: i64 = 86_400_000;

/// The minute that `at` falls into: `2026-11-20 03:00 UTC`.
#[must_use]
pub fn utc(at: Millis) -> String {
    let (year, month, day) = civil(at.0.div_euclid(DAY_MS));
    let minutes = at.0.rem_euclid(DAY_MS) / 60_000;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// Reads a point in time: RFC 3339 (`2026-11-20T03:00:00Z`, an offset, a space for the `T`, or a
/// bare date), Unix seconds, or Unix milliseconds (from 10^11 on, which as seconds would be the
/// year 5138).
#[must_use]
pub fn parse(text: &str) -> Option<Millis> {
    if let Ok(number) = text.parse::<i64>() {
        let seconds = number.unsigned_abs() < 100_000_000_000;
        return if seconds { number.checked_mul(1000) } else { Some(number) }.map(Millis);
    }
    let (date, clock) = match text.split_once(['T', 't', ' ']) {
        Some((date, clock)) => (date, clock),
        None => (text, "00:00:00Z"),
    };
    let day = parse_date(date)?;
    parse_clock(clock).map(|ms| Millis(day * DAY_MS + ms))
}

/// Days since 1970 of `YYYY-MM-DD`.
fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let days = days(year, month, day);
    // A day that the month does not have comes back as another date.
    ((1..=12).contains(&month) && civil(days) == (year, month, day)).then_some(days)
}

/// Milliseconds since midnight UTC of `HH:MM[:SS[.fff]]` and `Z` or an offset.
fn parse_clock(text: &str) -> Option<i64> {
    let zone = text.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = (text.get(..zone)?, text.get(zone..)?);
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(seconds) => match seconds.split_once('.') {
            None => (digits(seconds, 2)?, 0),
            Some((whole, fraction)) => (digits(whole, 2)?, millis(fraction)?),
        },
    };
    // 60 is a leap second.
    let valid = hour < 24 && minute < 60 && second <= 60;
    valid
        .then(|| ((hour * 60 + minute) * 60 + second) * 1000 + fraction)?
        .checked_sub(offset(zone)?)
}

fn offset(text: &str) -> Option<i64> {
    let sign = match text.as_bytes() {
        [b'Z' | b'z'] => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

/// A number of exactly `len` digits.
fn digits(text: &str, len: usize) -> Option<i64> {
    let plain = text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

/// The first three digits of a fraction of a second.
fn millis(fraction: &str) -> Option<i64> {
    digits(fraction, fraction.len())?;
    let padded: String = fraction.chars().chain("000".chars()).take(3).collect();
    padded.parse().ok()
}

/// Year, month and day of the day `days` after 1970-01-01, in the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of its year, in eras of 400
/// years of equal length.
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year + era * 400 + (month <= 2) as i64, month, day)
}

/// The inverse of [`civil`].
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let from_march_year = year - (month <= 2) as i64;
    let era = from_march_year.div_euclid(400);
    let of_era = from_march_year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_points() {
        assert_eq!(utc(Millis(0)), "1970-01-01 00:00 UTC");
        assert_eq!(utc(Millis(-1)), "1969-12-31 23:59 UTC");
        assert_eq!(utc(Millis(951_782_400_000)), "2000-02-29 00:00 UTC");
        assert_eq!(utc(Millis(1_795_143_600_000)), "2026-11-20 03:00 UTC");
    }

    #[test]
    fn the_forms_of_a_point() {
        let at = Some(Millis(1_795_143_600_000));
        for text in [
            "2026-11-20T03:00:00Z",
            "2026-11-20 03:00Z",
            "2026-11-20T05:30:00.000+02:30",
            "2026-11-19T22:00:00-05:00",
            "1795143600",
            "1795143600000",
        ] {
            assert_eq!(parse(text), at, "{text}");
        }
        assert_eq!(parse("1970-01-02"), Some(Millis(DAY_MS)));
        assert_eq!(parse("1970-01-01T00:00:01.5Z"), Some(Millis(1500)));
    }

    #[test]
    fn what_is_no_point() {
        for text in [
            "",
            "now",
            "2026-11",
            "2026-13-01",
            "2026-02-30",
            "2026-11-20T03:00",
            "26-11-20",
            "2026-11-20T24:00Z",
            "2026-11-20T03:00:00+9",
            "2026-11-20T03:00:.Z",
            "9223372036854775808",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn days_and_dates_are_each_others_inverse(day in -4_000_000_i64..4_000_000) {
            let (year, month, date) = civil(day);
            proptest::prop_assert_eq!(days(year, month, date), day);
        }
    }
}
