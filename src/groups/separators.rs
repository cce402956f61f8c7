//! Where a key's name is split.

use super::marks::Marks;

/// What splits a name by default: a `:` before all others; without one, the first of the strong
/// ones that stands in it; the rest only behind a word, because ids, dates and numbers contain
/// them as well. Of those a full stop comes first: `feature-flag.beta`.
const USUAL: &[u8] = b":/|#;,=.-_";
/// Which of the usual ones are strong, a bit for each; and the weak ones.
const STRONG: u16 = 0b000_1111_1100;
const STOP: u16 = 0b001_0000_0000;
const DASHES: u16 = 0b110_0000_0000;
/// How many separators there may be; in a class they are numbered from one.
const MOST: usize = 15;

/// The bytes at which names are split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Separators {
    /// Each separator's number, zero for other bytes.
    numbers: [u8; 256],
    bytes: Vec<u8>,
    /// Whether the separators are the usual ones, and a name is split at the one it does use.
    adapt: bool,
}

impl Default for Separators {
    /// `:`, and for names without one the separator that they do use.
    fn default() -> Self {
        Self { adapt: true, ..Self::numbered(USUAL) }
    }
}

/// What of a segment is known at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// It has no digits.
    Word,
    /// It has nothing else.
    Int,
    /// It has some.
    Other,
    /// Six pairs of hex digits with colons between them.
    Mac,
}

/// A part of a name, with the separator behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub bytes: &'a [u8],
    /// [`hash`] of the bytes: the same in every run and on every thread.
    pub hash: u64,
    /// The number of the separator behind it; zero at the end of a name.
    pub separator: u8,
    pub text: Text,
    /// A bit for each of the first 64 bytes that is a digit, the lowest for the first.
    pub digits: u64,
}

/// A bit for each of the first 64 bytes that is a digit.
pub(super) fn digits(bytes: &[u8]) -> u64 {
    let bits = bytes.iter().take(64).map(|byte| u64::from(byte.is_ascii_digit()));
    bits.zip(0..).fold(0, |all, (bit, at)| all | bit << at)
}

impl<'a> Segment<'a> {
    /// The bytes without the separator.
    #[inline]
    pub(super) fn core(&self) -> &'a [u8] {
        let without = self.bytes.split_last().map(|(_, core)| core);
        without.filter(|_| self.separator != 0).unwrap_or(self.bytes)
    }
}

/// A number for `bytes`, the last of eight at a time filled up with zeros.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let all = words.iter().fold(0, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    if rest.is_empty() { all } else { mix(all, short_word(rest)) }
}

/// Adds a word to a hash: both halves of a product, so that every bit counts everywhere.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the two halves of a product")]
pub(super) const fn mix(hash: u64, word: u64) -> u64 {
    let product = ((hash ^ word ^ 0x9e37_79b9_7f4a_7c15) as u128) * 0xd1b5_4a32_d192_ed03_u128;
    (product as u64) ^ (product >> 64) as u64
}

/// Less than eight bytes, filled up with zeros.
#[inline]
pub(super) fn short_word(bytes: &[u8]) -> u64 {
    let behind = |part: usize| 8 * (bytes.len() - part);
    // the ends of both parts overlap where they are the same bytes
    if let (Some(low), Some(high)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (low, high) = (u32::from_le_bytes(*low), u32::from_le_bytes(*high));
        return u64::from(low) | u64::from(high) << behind(4);
    }
    if let (Some(low), Some(high)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (low, high) = (u16::from_le_bytes(*low), u16::from_le_bytes(*high));
        return u64::from(low) | u64::from(high) << behind(2);
    }
    bytes.first().copied().map_or(0, u64::from)
}

/// What is left of a name, and how it is split.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    whole: &'a [u8],
    /// Where the rest begins.
    from: usize,
    at: At,
    /// The next segment's end, where it is known.
    known: Option<Reach>,
}

#[derive(Debug, Clone, Copy)]
enum At {
    /// Any of the separators.
    Any,
    /// This one.
    Strong(u8),
    /// This one, as long as words or numbers stand before it.
    Weak(u8),
    /// None.
    Nowhere,
}

/// A segment's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reach {
    /// Where it is, behind the separator.
    to: usize,
    separator: Option<u8>,
    text: Text,
    hash: u64,
}

impl Separators {
    /// The number of the colon, where it is one of the usual separators.
    pub(super) const COLON: u8 = 1;

    /// Splits at each of `bytes`, and nowhere else; `None` if there are more than 15.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let separators = Self::numbered(bytes);
        (separators.bytes.len() <= MOST).then_some(separators)
    }

    fn numbered(list: &[u8]) -> Self {
        let (mut numbers, mut bytes) = ([0; 256], Vec::new());
        for &byte in list {
            if !bytes.contains(&byte) {
                bytes.push(byte);
                if let Some(number) = numbers.get_mut(usize::from(byte)) {
                    *number = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
                }
            }
        }
        Self { numbers, bytes, adapt: false }
    }

    /// The separators, if they are not the usual ones.
    pub(super) fn list(&self) -> Option<Vec<u8>> {
        (!self.adapt).then(|| self.bytes.clone())
    }

    /// The separator with this number.
    pub(super) fn byte(&self, number: u8) -> Option<u8> {
        self.bytes.get(usize::from(number).checked_sub(1)?).copied()
    }

    #[inline]
    fn number(&self, byte: u8) -> u8 {
        self.numbers.get(usize::from(byte)).copied().unwrap_or_default()
    }

    /// A short name that has a colon, where a colon counts before all others.
    #[inline(always)]
    pub(super) fn marks<'a>(&self, name: &'a [u8]) -> Option<Marks<'a>> {
        if self.adapt { Marks::of(name, b':') } else { None }
    }

    /// The segments of a name.
    pub(super) fn split<'a>(&self, name: &'a [u8]) -> impl Iterator<Item = Segment<'a>> {
        let mut rest = self.begin(name);
        std::iter::from_fn(move || self.next(&mut rest))
    }

    /// Begins to split a name.
    pub(super) fn begin<'a>(&self, name: &'a [u8]) -> Name<'a> {
        let mut rest = Name { whole: name, from: 0, at: At::Any, known: None };
        if self.adapt {
            let mut reached = rest.reach_one(b':');
            rest.at = reached.separator.map_or_else(|| self.used(name), At::Strong);
            if let (At::Strong(other) | At::Weak(other), None) = (rest.at, reached.separator) {
                // what stands before the first one was looked at to choose it
                reached = rest.reach_one(other);
            }
            rest.known = Some(reached);
        }
        rest
    }

    /// Takes the next segment off `name`.
    pub(super) fn next<'a>(&self, name: &mut Name<'a>) -> Option<Segment<'a>> {
        let known = name.known.take();
        let rest = name.whole.get(name.from..)?;
        let reached = match mac(rest).filter(|_| self.has_colon(name.at)) {
            Some(length) => name.reach_mac(length),
            None => known.unwrap_or_else(|| name.reach(self)),
        };
        let bytes = name.whole.get(name.from..reached.to).filter(|bytes| !bytes.is_empty())?;
        name.from = reached.to;
        let separator = reached.separator.map_or(0, |byte| self.number(byte));
        let Reach { hash, text, .. } = reached;
        Some(Segment { bytes, hash, separator, text, digits: digits(bytes) })
    }

    /// Whether a name that is split at `at` is split at colons.
    fn has_colon(&self, at: At) -> bool {
        match at {
            At::Strong(byte) => byte == b':',
            At::Any => self.number(b':') != 0,
            At::Weak(_) | At::Nowhere => false,
        }
    }

    /// The separator that `name`, which has no colon, does use.
    fn used(&self, name: &[u8]) -> At {
        let seen = name.iter().fold(0, |seen, &byte| seen | self.bit(byte));
        let first_of = |bits: u16| {
            let at = name.iter().position(|&byte| self.bit(byte) & bits != 0)?;
            Some((name.get(..at)?, name.get(at).copied()?))
        };
        if seen & STRONG != 0 {
            return first_of(STRONG).map_or(At::Nowhere, |(_, byte)| At::Strong(byte));
        }
        if let Some(behind) = behind_tag(name).filter(|byte| self.number(*byte) != 0) {
            return At::Weak(behind);
        }
        for weak in [STOP, DASHES] {
            let first = if seen & weak == 0 { None } else { first_of(weak) };
            if let Some((_, byte)) = first.filter(|(before, _)| is_word(before)) {
                return At::Weak(byte);
            }
        }
        At::Nowhere
    }

    /// A bit for each separator; the lowest for all other bytes.
    #[inline]
    fn bit(&self, byte: u8) -> u16 {
        1 << self.number(byte)
    }
}

impl Name<'_> {
    fn reach(&self, separators: &Separators) -> Reach {
        match self.at {
            At::Strong(separator) => self.reach_one(separator),
            At::Any => self.reach_any(separators),
            At::Weak(separator) => self.reach_weak(separator),
            At::Nowhere => self.reach_end(),
        }
    }

    fn reach_weak(&self, separator: u8) -> Reach {
        match (self.dashed().filter(|_| separator == b'-'), self.reach_one(separator)) {
            (Some(length), _) => self.reach_behind(length),
            (None, reached) if reached.separator.is_none() => reached,
            (None, reached)
                if is_plain(self.whole.get(self.from..reached.to))
                    && self.is_readable(separator) =>
            {
                reached
            }
            _ => self.reach_end(),
        }
    }

    /// The length of a UUID or a day at the beginning of the rest, which has dashes of its own.
    fn dashed(&self) -> Option<usize> {
        let rest = self.whole.get(self.from..)?;
        let is_whole = |length: &usize| rest.get(*length).is_none_or(|byte| *byte == b'-');
        [(UUID, is_uuid as fn(&[u8]) -> bool), (DAY, is_day)]
            .into_iter()
            .find_map(|(length, is)| rest.get(..length).filter(|head| is(head)).map(<[u8]>::len))
            .filter(is_whole)
    }

    /// Goes behind so many bytes, and behind the separator after them.
    fn reach_behind(&self, length: usize) -> Reach {
        let separator = self.whole.get(self.from + length).copied();
        self.reach_to(self.from + length + usize::from(separator.is_some()), separator)
    }

    /// Whether no part of the rest is drawn at random: else `JG-uf05uhACCDY9S` is one id.
    fn is_readable(&self, separator: u8) -> bool {
        let rest = self.whole.get(self.from..).unwrap_or_default();
        separator == b'.' || !rest.split(|byte| *byte == separator).any(is_random)
    }

    /// Looks for one separator, eight bytes at a time.
    fn reach_one(&self, separator: u8) -> Reach {
        let (mut at, mut hash) = (self.from, 0);
        while let Some((word, length)) = self.word(at) {
            let ends = zeros(word ^ LOW.wrapping_mul(separator.into()));
            // of the flags the lowest is sure, and it is the one that counts; a word that is not
            // full is filled up with zeros
            let before = ends.trailing_zeros() as usize / 8;
            if before < length {
                let end = ends & ends.wrapping_neg();
                // the bits up to and with the separator's
                let hash = mix(hash, word & (end ^ end.wrapping_sub(1)));
                let text = self.text(at + before);
                return Reach { to: at + before + 1, separator: Some(separator), text, hash };
            }
            hash = mix(hash, word);
            at += length;
        }
        Reach { to: at, separator: None, text: self.text(at), hash }
    }

    /// What the bytes up to `to` look like.
    fn text(&self, to: usize) -> Text {
        let bytes = self.whole.get(self.from..to).unwrap_or_default();
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
        match digits {
            0 => Text::Word,
            _ if digits == bytes.len() => Text::Int,
            _ => Text::Other,
        }
    }

    /// Goes behind a MAC address, and behind the colon after it.
    fn reach_mac(&self, length: usize) -> Reach {
        Reach { text: Text::Mac, ..self.reach_behind(length) }
    }

    /// Eight bytes from `at` on, or as many as there are.
    #[inline(always)]
    fn word(&self, at: usize) -> Option<(u64, usize)> {
        let rest = self.whole.get(at..)?;
        if let Some(word) = rest.first_chunk() {
            return Some((u64::from_le_bytes(*word), 8));
        }
        let word = match self.whole.last_chunk() {
            _ if rest.is_empty() => return None,
            Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
            None => short_word(rest),
        };
        Some((word, rest.len()))
    }

    /// Looks for any separator.
    fn reach_any(&self, separators: &Separators) -> Reach {
        let rest = self.whole.iter().skip(self.from);
        let found = rest.zip(self.from + 1..).find(|(byte, _)| separators.number(**byte) != 0);
        match found {
            Some((byte, to)) => Reach { text: self.text(to - 1), ..self.reach_to(to, Some(*byte)) },
            None => self.reach_end(),
        }
    }

    /// Goes to the end of the name.
    fn reach_end(&self) -> Reach {
        self.reach_to(self.whole.len(), None)
    }

    fn reach_to(&self, to: usize, separator: Option<u8>) -> Reach {
        let bytes = self.whole.get(self.from..to).unwrap_or_default();
        Reach { to, separator, text: self.text(to), hash: hash(bytes) }
    }
}

const UUID: usize = 36;
const DAY: usize = 10;

fn is_uuid(text: &[u8]) -> bool {
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.iter().zip(0..).all(|(byte, at)| match is_dash(at) {
        true => *byte == b'-',
        false => byte.is_ascii_hexdigit(),
    })
}

/// A day of this century or the last: `2026-11-25`.
fn is_day(text: &[u8]) -> bool {
    let is_dash = |at: usize| matches!(at, 4 | 7);
    let fits = text.iter().zip(0..).all(|(byte, at)| match is_dash(at) {
        true => *byte == b'-',
        false => byte.is_ascii_digit(),
    });
    fits && matches!(text, [b'1', b'9', ..] | [b'2', b'0', ..])
        && matches!(text.get(5), Some(b'0' | b'1'))
}

/// The length of a MAC address at the beginning of `rest`, where a colon or nothing follows it.
#[inline]
pub(super) fn mac(rest: &[u8]) -> Option<usize> {
    const LENGTH: usize = 17;
    let address = rest.get(..LENGTH)?;
    let is_pair =
        |byte: &u8, at: usize| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_hexdigit() };
    let is_mac = address.iter().zip(0..).all(|(byte, at)| is_pair(byte, at));
    (is_mac && rest.get(LENGTH).is_none_or(|byte| *byte == b':')).then_some(LENGTH)
}

const LOW: u64 = u64::MAX / 0xff;
const HIGH: u64 = LOW << 7;

/// Flags in the high bits of bytes that are zero; above the lowest there may be false ones.
#[inline]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

/// What follows the hash tag at the beginning of a cluster's key: `{user1000}.following`.
fn behind_tag(name: &[u8]) -> Option<u8> {
    let rest = name.strip_prefix(b"{")?;
    let end = rest.iter().position(|byte| *byte == b'}')?;
    rest.get(end + 1).copied()
}

/// Whether a segment that ends with a separator is a word or a number. A word in mixed case is
/// none here: in `img-fDer-u6M` it is part of an id.
fn is_plain(segment: Option<&[u8]>) -> bool {
    let Some((_, segment)) = segment.and_then(<[u8]>::split_last) else { return false };
    let has = |is: fn(&u8) -> bool| segment.iter().any(is);
    let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    (is_word(segment) && !is_mixed)
        || (!segment.is_empty() && segment.iter().all(u8::is_ascii_digit))
}

/// Whether a part of a name has letters and digits as only an id has them: both cases and digits,
/// or cases that change more often than in a name like `lastLogin`.
fn is_random(part: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| part.iter().any(is);
    if !has(u8::is_ascii_lowercase) || !has(u8::is_ascii_uppercase) {
        return false;
    }
    let rises = part.windows(2).filter(
        |two| matches!(two, [low, up] if low.is_ascii_lowercase() && up.is_ascii_uppercase()),
    );
    let begins_high =
        matches!(part, [low, up, ..] if low.is_ascii_lowercase() && up.is_ascii_uppercase());
    has(u8::is_ascii_digit) || begins_high || rises.count() > 2
}

/// A word begins with two letters and ends with three digits at most: `app`, `order-line` and
/// `db12` are words, `v12` is none.
fn is_word(segment: &[u8]) -> bool {
    let begins = segment.first_chunk::<2>();
    if !begins.is_some_and(|two| two.iter().all(u8::is_ascii_alphabetic)) {
        return false;
    }
    let mut digits = 0;
    for byte in segment {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'-' | b'_' if digits == 0 => {}
            _ => return false,
        }
    }
    digits <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(separators: &Separators, name: &str) -> Vec<String> {
        let segments: Vec<_> = separators.split(name.as_bytes()).collect();
        let text = |s: &Segment<'_>| {
            let ends = segments.last().is_some_and(|last| last.bytes.as_ptr() == s.bytes.as_ptr());
            assert!(ends || s.separator != 0, "{name}");
            String::from_utf8(s.bytes.to_vec()).unwrap()
        };
        segments.iter().map(text).collect()
    }

    #[test]
    fn names_are_split_where_people_meant_it() {
        let separators = Separators::default();
        for (name, segments) in [
            ("user:12:profile", "user: 12: profile"),
            ("user:12:", "user: 12:"),
            (":1:views", ": 1: views"),
            ("a::b", "a: : b"),
            ("cache:page:/a/b.html", "cache: page: /a/b.html"),
            ("hits/2026/03/05/summer", "hits/ 2026/ 03/ 05/ summer"),
            ("acct|red.click722@corp.com", "acct| red.click722@corp.com"),
            ("feature-flag.beta_blue", "feature-flag. beta_blue"),
            ("metrics.disk.io.host-45.1h_avg", "metrics. disk. io. host-45. 1h_avg"),
            ("evt_01JK5WRXWD0CPGB7H7W55NN9G1", "evt_ 01JK5WRXWD0CPGB7H7W55NN9G1"),
            ("img-fDer5Fu6M3VKx25I", "img- fDer5Fu6M3VKx25I"),
            ("user_123_profile", "user_ 123_ profile"),
            ("session_aB-c9", "session_ aB-c9"),
            ("order-2024-01-02", "order- 2024-01-02"),
            ("order-2024-01-02-7", "order- 2024-01-02- 7"),
            ("order-2024-81-02", "order- 2024- 81- 02"),
            (
                "celery-task-meta-12345678-1234-4dc1-9b7f-000000000001",
                "celery- task- meta- 12345678-1234-4dc1-9b7f-000000000001",
            ),
            ("b046186c-b7a6-457f-aa52-ab1ce26ce8f7", "b046186c-b7a6-457f-aa52-ab1ce26ce8f7"),
            ("sess-b046186c-b7a6-457f", "sess- b046186c-b7a6-457f"),
            ("2024-01-02", "2024-01-02"),
            ("3.14", "3.14"),
            ("userSession_web_12", "userSession_ web_ 12"),
            ("img-fDer-u6M", "img- fDer-u6M"),
            ("img-JG-uf05uhACCDY9S", "img- JG-uf05uhACCDY9S"),
            ("img-57-tXskpexwKEpixe", "img- 57-tXskpexwKEpixe"),
            ("user_7_lastLogin", "user_ 7_ lastLogin"),
            ("{user1000}.following", "{user1000}. following"),
            ("{a.b}", "{a.b}"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(split(&separators, name).join(" "), segments, "{name}");
        }
    }

    #[test]
    fn eight_bytes_at_a_time_are_the_same_as_one() {
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes.extend(b"user:1234:a:b9:ccccccc:ddddddddd1:0:::/x");
        for (start, separator) in (0..bytes.len()).flat_map(|start| [(start, b':'), (start, 0)]) {
            for end in start..bytes.len().min(start + 40) {
                let whole = &bytes[start..end];
                let mut name = Name { whole, from: 0, at: At::Nowhere, known: None };
                while name.from < whole.len() {
                    let rest = &whole[name.from..];
                    let at = rest.iter().position(|&byte| byte == separator);
                    let before = &rest[..at.unwrap_or(rest.len())];
                    let reached = name.reach_one(separator);
                    assert_eq!(reached.to, at.map_or(whole.len(), |at| name.from + at + 1));
                    assert_eq!(reached.separator, at.map(|_| separator));
                    let digits = before.iter().filter(|byte| byte.is_ascii_digit()).count();
                    let text = match digits {
                        0 => Text::Word,
                        n if n == before.len() => Text::Int,
                        _ => Text::Other,
                    };
                    assert_eq!(reached.text, text);
                    assert_eq!(reached.hash, hash(&whole[name.from..reached.to]));
                    name.from = reached.to;
                }
            }
        }
    }

    #[test]
    fn a_list_is_taken_at_its_word() {
        let separators = Separators::new(b"/:").unwrap();
        assert_eq!(split(&separators, "a:b/c-d"), ["a:", "b/", "c-d"]);
        assert_eq!(split(&separators, "a_b"), ["a_b"]);
        assert!(Separators::new(b"0123456789abcdef").is_none());
        assert!(Separators::new(b"0123456789abcdd").is_some());
        assert_eq!(split(&Separators::new(b"").unwrap(), "a:b"), ["a:b"]);
    }

    #[test]
    fn segments_say_what_is_behind_them() {
        let separators = Separators::default();
        let known = |name: &str| -> Vec<_> {
            separators.split(name.as_bytes()).map(|s| (s.separator, s.text)).collect()
        };
        assert_eq!(known("user:7"), [(1, Text::Word), (0, Text::Int)]);
        assert_eq!(known("a/b7"), [(2, Text::Word), (0, Text::Other)]);
        assert_eq!(separators.byte(1), Some(b':'));
        assert_eq!(separators.byte(0), None);
    }
}
