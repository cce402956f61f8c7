//! What a segment of a name looks like: a word that somebody chose, or one of many ids.

use super::marks;
use super::separators::{self, Segment, Text};
use crate::bytes::flags;

/// Segments longer than this are folded away in any case.
pub(super) const LONG: usize = 96;
/// From this length on, what has hex digits only is no word and no short code.
const HEX: usize = 8;

/// What a segment looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Shape {
    /// No digits: mostly words that a program chooses from.
    Word,
    /// Anything else with digits: codes, base64 and other ids, words with a number in them.
    Mixed,
    /// A word, and an id behind it: `order-AB12-7`, `host42`.
    Headed,
    /// A number.
    Int,
    /// Too long to be of use in a report.
    Long,
    /// Eight hex digits or more.
    Hex,
    /// A UUID with its dashes.
    Uuid,
    /// A ULID.
    Ulid,
    /// A day, a month, a week, with or without a time behind it.
    Date,
    /// An IPv4 address.
    Ip,
    /// An e-mail address.
    Email,
    /// A MAC address, whose colons are not counted as separators.
    Mac,
}

impl Shape {
    /// The shape with this number.
    pub(super) fn of(number: u8) -> Option<Self> {
        const ALL: [Shape; 12] = [
            Shape::Word,
            Shape::Mixed,
            Shape::Headed,
            Shape::Int,
            Shape::Long,
            Shape::Hex,
            Shape::Uuid,
            Shape::Ulid,
            Shape::Date,
            Shape::Ip,
            Shape::Email,
            Shape::Mac,
        ];
        ALL.get(usize::from(number)).copied()
    }

    /// The shape that stands for all that are folded together with this one.
    #[inline]
    pub(super) fn fold(self) -> Self {
        /// By number: looked up rather than asked, since shapes follow no rule.
        const FOLDS: [Shape; 12] = [
            Shape::Word,
            Shape::Word,
            Shape::Word,
            Shape::Int,
            Shape::Word,
            Shape::Hex,
            Shape::Uuid,
            Shape::Ulid,
            Shape::Date,
            Shape::Ip,
            Shape::Email,
            Shape::Mac,
        ];
        FOLDS.get(self as usize).copied().unwrap_or(self)
    }

    /// Whether segments of this shape have no names of their own from the first one on.
    #[inline]
    pub(super) const fn is_folded(self) -> bool {
        !matches!(self, Self::Word | Self::Mixed | Self::Headed | Self::Int)
    }

    /// What stands in a pattern for any segment of this shape.
    pub(super) const fn placeholder(self) -> &'static str {
        match self {
            Self::Word | Self::Long => "{*}",
            Self::Mixed | Self::Headed => "{id}",
            Self::Int => "{int}",
            Self::Hex => "{hex}",
            Self::Uuid => "{uuid}",
            Self::Ulid => "{ulid}",
            Self::Date => "{date}",
            Self::Ip => "{ip}",
            Self::Email => "{email}",
            Self::Mac => "{mac}",
        }
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

/// A segment, looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    /// What tells it from its siblings: all of it, or the word before an id.
    pub bytes: &'a [u8],
    /// All of it.
    pub whole: &'a [u8],
    /// The same in every run and on every thread.
    pub hash: u64,
    pub class: Class,
    /// The shape of the id behind a word; else that of a word.
    pub tail: Shape,
}

impl<'a> Token<'a> {
    /// `segment` as a name of its own, whatever it looks like.
    #[inline(always)]
    pub(super) const fn plain(segment: Segment<'a>, shape: Shape) -> Self {
        let class = Class { separator: segment.separator, shape };
        let (bytes, hash) = (segment.bytes, segment.hash);
        Self { bytes, whole: bytes, hash, class, tail: Shape::Word }
    }

    /// Looks at `segment`.
    #[inline(always)]
    pub(super) fn of(segment: Segment<'a>) -> Self {
        if segment.text == Text::Other {
            let core = segment.core();
            if is_code(core, segment.digits) {
                return Self::plain(segment, Shape::Mixed);
            }
            if is_ip(core, segment.digits) {
                return Self::plain(segment, Shape::Ip);
            }
            if is_plain_hex(core) {
                return Self::plain(segment, Shape::Hex);
            }
        }
        Self::of_any(segment)
    }

    #[inline(never)]
    fn of_any(segment: Segment<'a>) -> Self {
        let core = bare(segment.core());
        let shape = match segment.text {
            Text::Int => Shape::Int,
            Text::Mac => Shape::Mac,
            _ if segment.bytes.len() > LONG => Shape::Long,
            Text::Word if !(core.len() >= HEX || core.contains(&b'@')) => Shape::Word,
            Text::Word | Text::Other => shape(core),
        };
        match (shape, core.len() == segment.core().len()) {
            (Shape::Mixed, true) => Self::headed(segment, core),
            _ => Self::plain(segment, shape),
        }
    }

    /// The hash of a word with an id of shape `tail` behind it.
    pub(super) fn head_hash(head: &[u8], class: Class, tail: Shape) -> u64 {
        let kind = u64::from(tail as u8) << 8 | u64::from(class.separator);
        separators::mix(separators::hash(head), kind)
    }

    /// The token of a segment that may be a word with an id behind it.
    fn headed(segment: Segment<'a>, core: &'a [u8]) -> Self {
        let Some((head, tail)) = head(core) else { return Self::plain(segment, Shape::Mixed) };
        let class = Class { separator: segment.separator, shape: Shape::Headed };
        let hash = Self::head_hash(head, class, tail);
        Self { bytes: head, whole: segment.bytes, hash, class, tail }
    }
}

/// What a number's digits may mean besides; a bit for each.
pub(super) mod fact {
    /// All of them.
    pub const ALL: u8 = 0b1_1111;
    /// A brace before it, as around the hash tag of a cluster's key.
    pub const OPEN: u8 = 1;
    /// A brace behind it.
    pub const CLOSE: u8 = 2;
    /// Year, month and day without dashes.
    pub const DAY: u8 = 4;
    /// Seconds since 1970, of the years 2001 to 2065.
    pub const SECONDS: u8 = 8;
    /// Milliseconds, of the same.
    pub const MILLIS: u8 = 16;
}

/// The facts that hold for `segment`.
#[inline(never)]
pub(super) fn facts(segment: Segment<'_>) -> u8 {
    let core = segment.core();
    let mut facts = 0;
    if core.first() == Some(&b'{') {
        facts |= fact::OPEN;
    }
    if core.last() == Some(&b'}') {
        facts |= fact::CLOSE;
    }
    let digits = bare(core);
    if !digits.iter().all(u8::is_ascii_digit) {
        return facts;
    }
    let is_time = matches!(digits.first(), Some(b'1' | b'2'));
    facts
        | match digits.len() {
            8 if is_day(digits) => fact::DAY,
            10 if is_time => fact::SECONDS,
            13 if is_time => fact::MILLIS,
            _ => 0,
        }
}

/// A segment without the braces of a hash tag around it or at one side.
fn bare(core: &[u8]) -> &[u8] {
    let inner = core.strip_prefix(b"{").unwrap_or(core);
    inner.strip_suffix(b"}").filter(|inner| !inner.is_empty()).unwrap_or(inner)
}

const DIGIT: u16 = 1;
const HEX_LOW: u16 = 1 << 1;
const HEX_UP: u16 = 1 << 2;
const LOW: u16 = 1 << 3;
const UP: u16 = 1 << 4;
const DASH: u16 = 1 << 5;
const STOP: u16 = 1 << 6;
const AT: u16 = 1 << 7;
const UNDER: u16 = 1 << 8;
const OTHER: u16 = 1 << 9;

/// For each byte the bit of what it is.
const KINDS: [u16; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        #[allow(clippy::indexing_slicing, reason = "while compiling, and a byte has a place")]
        let place = &mut kinds[byte as usize];
        *place = match byte {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' => HEX_LOW,
            b'A'..=b'F' => HEX_UP,
            b'g'..=b'z' => LOW,
            b'G'..=b'Z' => UP,
            b'-' => DASH,
            b'.' => STOP,
            b'@' => AT,
            b'_' => UNDER,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};

/// Whether a segment with digits is short, has letters and digits only, and is no word with a
/// number behind it: a code at first sight.
#[inline(always)]
fn is_code(core: &[u8], digits: u64) -> bool {
    // what begins with a year may be a week or a quarter: `2026w48`
    if core.len() >= HEX || digits & 0b1_1111 == 0b1111 {
        return false;
    }
    // what is filled up is made a digit
    let unused = u64::MAX << (8 * core.len());
    let word = marks::word(core, 0) | (unused & (EACH * u64::from(b'0')));
    let letters = digits.trailing_zeros();
    let rest = digits >> (letters & 63);
    let is_number = rest & rest.wrapping_add(1) == 0;
    let is_to_end = digits >> core.len().saturating_sub(1) & 1 != 0;
    are_alphanumeric(word) && !(letters >= 2 && is_number && is_to_end)
}

const EACH: u64 = u64::MAX / 0xff;
const HIGH: u64 = EACH << 7;

/// Whether all eight bytes are ASCII letters or digits.
#[inline(always)]
const fn are_alphanumeric(word: u64) -> bool {
    // of seven bits, so that nothing is carried into the next byte
    let low = word & !HIGH;
    let letters = low | (EACH * 0x20);
    let is_letter = from(letters, b'a') & !from(letters, b'z' + 1);
    let is_digit = from(low, b'0') & !from(low, b'9' + 1);
    (is_letter | is_digit) & !word & HIGH == HIGH
}

/// A flag in the high bit of each byte that is `least` or more.
#[inline(always)]
const fn from(word: u64, least: u8) -> u64 {
    word + EACH * (0x80 - least as u64)
}

/// Whether a segment with digits is hexadecimal at first sight, as most long ids are: in lower case, of
/// sixteen digits or more.
#[inline(always)]
fn is_plain_hex(core: &[u8]) -> bool {
    if core.len() >= LONG {
        return false;
    }
    let (chunks, _) = core.as_chunks::<16>();
    core.last_chunk().is_some_and(flags::are_hex) && chunks.iter().all(flags::are_hex)
}

fn kinds(bytes: &[u8]) -> u16 {
    let kind = |byte: &u8| KINDS.get(usize::from(*byte)).copied().unwrap_or(OTHER);
    bytes.iter().fold(0, |all, byte| all | kind(byte))
}

/// What `core` looks like; [`Shape::Word`] or [`Shape::Mixed`] where nothing else is known.
fn shape(core: &[u8]) -> Shape {
    let kinds = kinds(core);
    let has_only = |allowed: u16| kinds & !allowed == 0;
    if is_hex(core, kinds) {
        return Shape::Hex;
    }
    if core.len() == 36 && has_only(DIGIT | HEX_LOW | HEX_UP | DASH) && is_uuid(core) {
        return Shape::Uuid;
    }
    if core.len() == 26 && has_only(DIGIT | HEX_UP | UP) && is_ulid(core) {
        return Shape::Ulid;
    }
    if kinds & AT != 0 && is_email(core) {
        return Shape::Email;
    }
    if kinds & DIGIT == 0 {
        return Shape::Word;
    }
    if kinds == DIGIT || has_only(DIGIT | DASH) && is_negative(core) {
        return Shape::Int;
    }
    if has_only(DIGIT | STOP) && is_ip(core, separators::digits(core)) {
        return Shape::Ip;
    }
    if core.first().is_some_and(u8::is_ascii_digit) && is_date(core) {
        return Shape::Date;
    }
    Shape::Mixed
}

fn is_hex(core: &[u8], kinds: u16) -> bool {
    let one_case = |kinds: u16| {
        kinds & !(DIGIT | HEX_LOW) == 0 && kinds != DIGIT || kinds & !(DIGIT | HEX_UP) == 0
    };
    match core.strip_prefix(b"0x") {
        Some(rest) => rest.len() >= HEX && rest.iter().all(u8::is_ascii_hexdigit),
        None => core.len() >= HEX && one_case(kinds) && kinds != DIGIT,
    }
}

/// Hex digits and dashes are all that is in it.
fn is_uuid(core: &[u8]) -> bool {
    core.iter().zip(0..).all(|(byte, at)| (*byte == b'-') == matches!(at, 8 | 13 | 18 | 23))
}

/// Digits and capital letters are all that is in it.
fn is_ulid(core: &[u8]) -> bool {
    matches!(core.first(), Some(b'0'..=b'7'))
        && !core.iter().any(|byte| matches!(byte, b'I' | b'L' | b'O' | b'U'))
}

fn is_email(core: &[u8]) -> bool {
    let mut parts = core.split(|byte| *byte == b'@');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(user), Some(host), None) => {
            let stop = host.iter().position(|byte| *byte == b'.');
            !user.is_empty() && stop.is_some_and(|at| at > 0 && at + 1 < host.len())
        }
        _ => false,
    }
}

fn is_negative(core: &[u8]) -> bool {
    core.strip_prefix(b"-").is_some_and(|rest| rest.iter().all(u8::is_ascii_digit))
}

/// Whether three bits are set. Not all processors can count them at once.
#[inline(always)]
pub(super) const fn are_three(bits: u64) -> bool {
    let two = bits & bits.wrapping_sub(1);
    let one = two & two.wrapping_sub(1);
    one != 0 && one & one.wrapping_sub(1) == 0
}

/// Whether four numbers of up to three digits have full stops between them. `digits` has a bit for
/// each byte that is one.
#[inline(always)]
fn is_ip(core: &[u8], digits: u64) -> bool {
    if core.len() < 7 || core.len() > 15 {
        return false;
    }
    let mut others = !digits & !(u64::MAX << core.len());
    if !are_three(others) {
        return false;
    }
    let (mut from, mut is_ip) = (0, true);
    for _ in 0..3 {
        let at = others.trailing_zeros() as usize;
        is_ip &= (1..=3).contains(&(at - from)) && core.get(at) == Some(&b'.');
        from = at + 1;
        others &= others - 1;
    }
    is_ip && (1..=3).contains(&(core.len() - from))
}

/// The number that a few digits are.
fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0')))
}

fn is_within(digits: Option<&[u8]>, range: std::ops::RangeInclusive<u32>) -> bool {
    digits.and_then(number).is_some_and(|n| range.contains(&n))
}

const YEARS: std::ops::RangeInclusive<u32> = 1900..=2199;

/// Whether eight digits are a year, a month and a day.
fn is_day(digits: &[u8]) -> bool {
    is_within(digits.get(..4), YEARS)
        && is_within(digits.get(4..6), 1..=12)
        && is_within(digits.get(6..8), 1..=31)
}

/// `2026-11-23`, `2026-11`, `2026w48`, `2026-Q4`, `23-11-2026`, `20261123T101500Z`, with `.` or
/// `_` in place of dashes; a time of day may follow.
fn is_date(core: &[u8]) -> bool {
    let is_gap = |at: usize| matches!(core.get(at), Some(b'-' | b'.' | b'_'));
    if is_gap(2) && is_gap(5) && core.len() == 10 {
        return is_within(core.get(6..10), YEARS)
            && is_within(core.get(..2), 1..=31)
            && is_within(core.get(3..5), 1..=31);
    }
    if !is_within(core.get(..4), YEARS) {
        return false;
    }
    let rest = core.get(4..).unwrap_or_default();
    let after = rest.strip_prefix(b"-").unwrap_or(rest);
    if let [b'w' | b'W', week @ ..] = after {
        return week.len() <= 2 && is_within(Some(week), 1..=53);
    }
    if let [b'q' | b'Q', quarter @ ..] = after {
        return quarter.len() == 1 && is_within(Some(quarter), 1..=4);
    }
    if is_gap(4) {
        let is_month = is_within(core.get(5..7), 1..=12);
        let is_day = is_gap(7) && is_within(core.get(8..10), 1..=31);
        return is_month && (core.len() == 7 || is_day && is_time(core.get(10..)));
    }
    core.len() > 8 && core.get(..8).is_some_and(is_day) && is_time(core.get(8..))
}

/// What may stand behind a day: nothing, or a time that begins with a mark of its own.
fn is_time(rest: Option<&[u8]>) -> bool {
    let is_part = |byte: &u8| {
        matches!(
            byte,
            b'0'..=b'9' | b':' | b'-' | b'.' | b'+' | b'_' | b'T' | b't' | b'Z' | b'z' | b'h'
        )
    };
    match rest {
        Some([]) => true,
        Some([b'T' | b't' | b'_' | b'-' | b' ' | b'.', time @ ..]) => {
            time.len() <= 24 && time.iter().all(is_part)
        }
        _ => false,
    }
}

/// The word before an id, with what stands between, and the id's shape.
fn head(core: &[u8]) -> Option<(&[u8], Shape)> {
    let digit = core.iter().position(u8::is_ascii_digit)?;
    let before = core.get(..digit)?;
    let gap =
        before.iter().rposition(|byte| matches!(byte, b'_' | b'-' | b'.' | b'=' | b'#' | b'/'));
    let (head, rest) = match gap {
        Some(gap) => core.split_at_checked(gap + 1)?,
        None => core.split_at_checked(digit)?,
    };
    let words = head.strip_suffix(b"_").unwrap_or(head);
    if gap.is_none() {
        let is_word = head.len() >= 2 && head.iter().all(u8::is_ascii_alphabetic);
        let is_number = rest.iter().all(u8::is_ascii_digit);
        return (is_word && is_number).then_some((head, Shape::Int));
    }
    let is_gap = |byte: &u8| matches!(byte, b'_' | b'-' | b'.' | b'=' | b'#' | b'/');
    let mut parts = words.split(is_gap).filter(|part| !part.is_empty());
    let is_first = head.iter().take_while(|byte| byte.is_ascii_alphabetic()).count() >= 2;
    (is_first && parts.all(is_plain)).then(|| {
        let tail = match rest.iter().all(u8::is_ascii_digit) {
            true => Shape::Int,
            false => shape(rest),
        };
        (head, if tail == Shape::Word { Shape::Mixed } else { tail })
    })
}

/// Letters of one case, the first apart: others are parts of ids.
fn is_plain(part: &[u8]) -> bool {
    let rest = part.get(1..).unwrap_or_default();
    part.iter().all(u8::is_ascii_alphabetic)
        && (rest.iter().all(u8::is_ascii_lowercase) || part.iter().all(u8::is_ascii_uppercase))
}

#[cfg(test)]
mod tests {
    use super::super::separators::Separators;
    use super::*;

    fn tokens(name: &str) -> Vec<String> {
        let separators = Separators::default();
        let text = |segment: Segment<'_>| {
            let token = Token::of(segment);
            let text = String::from_utf8_lossy(token.bytes).into_owned();
            match token.class.shape {
                Shape::Word => text,
                Shape::Mixed => format!("<{text}>"),
                Shape::Headed => format!("{text}{}", token.tail.placeholder()),
                other => other.placeholder().to_owned(),
            }
        };
        separators.split(name.as_bytes()).map(text).collect()
    }

    #[test]
    fn ids_are_told_from_words() {
        for (name, expected) in [
            ("user:3518919804:profile", "user:|{int}|profile"),
            ("chat:-1001234567:x", "chat:|{int}|x"),
            ("session:b046186c-b7a6-457f-aa52-ab1ce26ce8f7", "session:|{uuid}"),
            ("session:b046186cb7a6457faa52ab1ce26ce8f7", "session:|{hex}"),
            ("idx:deadbeef:A0B1C2D3E4", "idx:|{hex}|{hex}"),
            ("eth:0x52908400098527886E0F7030069857D2E4169EE7", "eth:|{hex}"),
            ("a:beef", "a:|beef"),
            ("evt_01J0J0EC4HEET6P6026HMHTHRZ", "evt_|{ulid}"),
            ("stats:2026-11-23:api.157", "stats:|{date}|api.{int}"),
            ("w:2026w48:2026-W07:2026-Q4", "w:|{date}|{date}|{date}"),
            ("d:2026-11:23-11-2026:2026.11.23", "d:|{date}|{date}|{date}"),
            ("t:2026-11-23T10", "t:|{date}"),
            ("t:20261123T101500Z", "t:|{date}"),
            ("rate:153.40.29.53:29800034", "rate:|{ip}|{int}"),
            ("w:2026q4:2026w4:1234a6", "w:|{date}|{date}|<1234a6>"),
            ("v:1.2.3", "v:|<1.2.3>"),
            ("v:1.2..3", "v:|<1.2..3>"),
            ("v:1.2.3.4.5:1.2.3.:0001.2.3.4", "v:|<1.2.3.4.5:>|<1.2.3.:>|<0001.2.3.4>"),
            ("mail:active.friday996@corp.net:x", "mail:|{email}|x"),
            ("acct|a.b@example.com", "acct||{email}"),
            ("o:order-AB12-7", "o:|order-{id}"),
            ("cache:user_123", "cache:|user_{int}"),
            ("web:host42:db-7.eu", "web:|host{int}|db-{id}"),
            ("img-OFBV1y2CrwrebmTe", "img-|<OFBV1y2CrwrebmTe>"),
            ("cache:product:9:v2", "cache:|product:|{int}|<v2>"),
            ("temp:81vsrd3dv9q8404m8jg", "temp:|<81vsrd3dv9q8404m8jg>"),
            ("dev:00:1b:44:11:3a:b7:up", "dev:|{mac}|up"),
            ("dev:00:1b:44:11:3a:b7", "dev:|{mac}"),
            ("dev:00:1b:44:11:3a:x", "dev:|{int}|<1b:>|{int}|{int}|<3a:>|x"),
            ("{1234}:cart", "{int}|cart"),
            ("{user:1234}:cart", "{user:|{int}|cart"),
            ("{user1000}.following", "<{user1000}.>|following"),
            ("views/users/12-20260101", "views/|users/|<12-20260101>"),
        ] {
            assert_eq!(tokens(name).join("|"), expected, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn codes_at_first_sight_are_codes(name in "([a-f0-9xwqQTZ.@_-]{1,8}|2026[wqQx0]?[0-9]{1,3}|[0-9]{0,4}[.][0-9]{0,4}[.][0-9]{0,4}[.][0-9]{0,4})") {
            let separators = Separators::new(b":").unwrap();
            for segment in separators.split(name.as_bytes()) {
                let (quick, slow) = (Token::of(segment), Token::of_any(segment));
                proptest::prop_assert_eq!((quick.class, quick.bytes), (slow.class, slow.bytes));
            }
        }
    }

    #[test]
    fn digits_may_mean_more() {
        let of = |name: &str| {
            let separators = Separators::default();
            separators.split(name.as_bytes()).last().map(facts)
        };
        assert_eq!(of("a:20261123"), Some(fact::DAY));
        assert_eq!(of("a:20261323"), Some(0));
        assert_eq!(of("a:{20261123}"), Some(fact::DAY | fact::OPEN | fact::CLOSE));
        assert_eq!(of("a:1798000000"), Some(fact::SECONDS));
        assert_eq!(of("a:1798000000123"), Some(fact::MILLIS));
        assert_eq!(of("a:3798000000"), Some(0));
        assert_eq!(of("a:7}"), Some(fact::CLOSE));
    }
}
