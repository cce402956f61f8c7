//! Where a key's name is split.

use rustc_hash::FxHasher;
use std::hash::Hasher;

/// Separators that split a name without a `:`; the first that stands in it does.
const STRONG: &[u8] = b"/|#;,=";
/// Those that do so only behind a word, because ids, dates and numbers contain them as well. A
/// full stop comes before the others: `feature-flag.beta`.
const WEAK: &[u8] = b".-_";
/// How many separators there may be; in a class they are numbered from one.
const MOST: usize = 15;
/// Segments longer than this are folded away in any case.
const LONG: usize = 96;

/// The bytes at which names are split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Separators {
    /// Each separator's number, zero for other bytes.
    numbers: [u8; 256],
    bytes: Vec<u8>,
    /// Whether a name is split at the separator that it does use.
    adapt: bool,
}

impl Default for Separators {
    /// `:`, and for names without one the separator that they do use.
    fn default() -> Self {
        Self { adapt: true, ..Self::numbered(b":/|#;,=.-_") }
    }
}

/// What a segment's siblings must share with it to be counted and folded together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Class {
    /// The number of the separator behind it; zero at the end of a name.
    pub separator: u8,
    /// What it looks like.
    pub shape: Shape,
}

/// What a segment looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Shape {
    /// No digits: mostly words that a program chooses from.
    Word,
    /// With digits: mostly ids, dates, hashes, which are many.
    Number,
    /// Too long to be of use in a report.
    Long,
}

/// A part of a name, with the separator behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub bytes: &'a [u8],
    pub class: Class,
}

impl Segment<'_> {
    /// The same in every run and on every thread.
    #[inline]
    pub(super) fn hash(&self) -> u64 {
        let mut hasher = FxHasher::default();
        hasher.write(self.bytes);
        hasher.finish()
    }
}

/// What is left of a name, and how it is split.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    rest: &'a [u8],
    at: At,
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

impl Separators {
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

    /// The separator with this number.
    pub(super) fn byte(&self, number: u8) -> Option<u8> {
        self.bytes.get(usize::from(number).checked_sub(1)?).copied()
    }

    #[inline]
    fn number(&self, byte: u8) -> u8 {
        self.numbers.get(usize::from(byte)).copied().unwrap_or_default()
    }

    /// Begins to split a name.
    #[inline]
    pub(super) fn split<'a>(&self, name: &'a [u8]) -> Name<'a> {
        let at = match self.adapt {
            true if name.contains(&b':') => At::Strong(b':'),
            true => used(name),
            false => At::Any,
        };
        Name { rest: name, at }
    }

    /// Takes the next segment off `name`.
    #[inline]
    pub(super) fn next<'a>(&self, name: &mut Name<'a>) -> Option<Segment<'a>> {
        if name.rest.is_empty() {
            return None;
        }
        let reached = match name.at {
            At::Any => reach(name.rest, |byte| self.number(byte) != 0),
            At::Strong(separator) => reach(name.rest, |byte| byte == separator),
            At::Weak(separator) => match reach(name.rest, |byte| byte == separator) {
                reached if is_plain(name.rest, reached.length) => reached,
                _ => reach(name.rest, |_| false),
            },
            At::Nowhere => reach(name.rest, |_| false),
        };
        let (bytes, rest) = name.rest.split_at_checked(reached.length)?;
        name.rest = rest;
        let separator = reached.separator.map_or(0, |byte| self.number(byte));
        let shape = match reached.has_digit {
            _ if reached.length > LONG => Shape::Long,
            true => Shape::Number,
            false => Shape::Word,
        };
        Some(Segment { bytes, class: Class { separator, shape } })
    }
}

/// A segment's end.
struct Reach {
    /// Its length, with the separator.
    length: usize,
    separator: Option<u8>,
    has_digit: bool,
}

/// Looks for the first separator.
#[inline]
fn reach(bytes: &[u8], is_separator: impl Fn(u8) -> bool) -> Reach {
    let mut has_digit = false;
    for (&byte, length) in bytes.iter().zip(1..) {
        if is_separator(byte) {
            return Reach { length, separator: Some(byte), has_digit };
        }
        has_digit |= byte.is_ascii_digit();
    }
    Reach { length: bytes.len(), separator: None, has_digit }
}

/// The separator that a name without a `:` does use.
fn used(name: &[u8]) -> At {
    if let Some(strong) = name.iter().find(|byte| STRONG.contains(byte)) {
        return At::Strong(*strong);
    }
    let begins_with_word = |separators: &[u8]| {
        let at = name.iter().position(|byte| separators.contains(byte))?;
        let separator = name.get(at).copied()?;
        is_word(name.get(..at)?).then_some(At::Weak(separator))
    };
    let (stop, others) = WEAK.split_at_checked(1).unwrap_or_default();
    begins_with_word(stop).or_else(|| begins_with_word(others)).unwrap_or(At::Nowhere)
}

/// Whether the segment of `length`, its separator with it, is a word or a number.
fn is_plain(bytes: &[u8], length: usize) -> bool {
    let segment = bytes.get(..length.saturating_sub(1)).unwrap_or_default();
    is_word(segment) || (!segment.is_empty() && segment.iter().all(u8::is_ascii_digit))
}

/// A word begins with two letters and ends with three digits at most: `app`, `order-line`, `v12`
/// is none, `db12` is.
fn is_word(segment: &[u8]) -> bool {
    let letters = segment.iter().take_while(|byte| !byte.is_ascii_digit()).count();
    let begins = segment.iter().take_while(|byte| byte.is_ascii_alphabetic()).count() >= 2;
    let digits = segment.len() - letters;
    begins
        && digits <= 3
        && segment.iter().skip(letters).all(u8::is_ascii_digit)
        && segment.iter().all(|byte| byte.is_ascii_alphanumeric() || WEAK.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(separators: &Separators, name: &str) -> Vec<String> {
        let mut rest = separators.split(name.as_bytes());
        let next = || separators.next(&mut rest);
        let segments: Vec<_> = std::iter::from_fn(next).collect();
        let text = |s: &Segment<'_>| {
            let ends = segments.last().is_some_and(|last| last.bytes.as_ptr() == s.bytes.as_ptr());
            assert!(ends || s.class.separator != 0, "{name}");
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
            ("order-2024-01-02", "order- 2024- 01- 02"),
            ("b046186c-b7a6-457f-aa52-ab1ce26ce8f7", "b046186c-b7a6-457f-aa52-ab1ce26ce8f7"),
            ("sess-b046186c-b7a6-457f", "sess- b046186c-b7a6-457f"),
            ("2024-01-02", "2024-01-02"),
            ("3.14", "3.14"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(split(&separators, name).join(" "), segments, "{name}");
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
    fn classes_tell_words_from_numbers() {
        let separators = Separators::default();
        let classes = |name: &str| {
            let mut rest = separators.split(name.as_bytes());
            let next = || separators.next(&mut rest);
            std::iter::from_fn(next).map(|s| s.class).collect::<Vec<_>>()
        };
        let class = |separator, shape| Class { separator, shape };
        assert_eq!(classes("user:7"), [class(1, Shape::Word), class(0, Shape::Number)]);
        assert_eq!(classes("a/b"), [class(2, Shape::Word), class(0, Shape::Word)]);
        assert_eq!(classes(&"x".repeat(97)), [class(0, Shape::Long)]);
        assert_eq!(separators.byte(1), Some(b':'));
        assert_eq!(separators.byte(0), None);
    }
}
