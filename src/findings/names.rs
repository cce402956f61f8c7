//! Which names a pattern means, as servers and `grep` are told.

use crate::groups::{Glob, Pattern, Patterns};
use regex::Regex;
use std::cell::LazyCell;

/// What stands for ids in patterns.
struct Placeholder {
    name: &'static str,
    /// What fits it, as an extended regular expression.
    fits: &'static str,
    /// One that does.
    example: &'static str,
}

const fn placeholder(name: &'static str, fits: &'static str, example: &'static str) -> Placeholder {
    Placeholder { name, fits, example }
}

const PLACEHOLDERS: [Placeholder; 11] = [
    placeholder("{int}", "-?[0-9]+", "17"),
    placeholder("{time}", "[0-9]+", "1700000000"),
    placeholder("{date}", "[0-9][0-9A-Za-z:._+ -]+", "2026-11-23"),
    placeholder("{uuid}", "[0-9a-fA-F-]{32,36}", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"),
    placeholder("{ulid}", "[0-9A-Za-z]{26}", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    placeholder("{hex}", "(0x)?[0-9a-fA-F]+", "00c0ffee"),
    placeholder("{ip}", "[0-9.]+", "10.0.0.1"),
    placeholder("{mac}", "[0-9a-fA-F:-]+", "00:1b:63:84:45:e6"),
    placeholder("{email}", "[^:]+@[^:]+", "a@b.c"),
    placeholder("{id}", "[^:]+", "word"),
    placeholder("{*}", "[^:]+", "word"),
];
/// What is deeper than is told apart.
const DEEPER: &str = "{...}";
/// So many other patterns are left out one by one.
const OTHERS: usize = 24;

/// The names that a line is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// A glob that fits all of them, and more.
    pub glob: String,
    /// An extended regular expression that fits them, line by line.
    pub regex: String,
    /// One for those among them that are other patterns'.
    pub others: Option<String>,
    /// Those would be too many to be left out.
    pub is_vague: bool,
}

impl Wanted {
    /// The names of one of all `patterns`.
    pub fn of(pattern: &Pattern, finder: &Patterns, patterns: &[Pattern]) -> Self {
        let (own, before) = finder.rules(pattern);
        match own {
            Some(rule) => Self::of_rule(rule, before),
            None => {
                let found = patterns.iter().filter(|other| !other.is_rule);
                Self::of_names(&pattern.name, found.map(|other| other.name.as_str()), before)
            }
        }
    }

    /// The names that a rule of the user's claims: those before it have taken theirs.
    fn of_rule(rule: &Glob, before: &[Glob]) -> Self {
        let others = before.iter().filter(|other| overlap(&rule.prefix(), &other.prefix()));
        let text = String::from_utf8_lossy(rule.source());
        Self::without(plain_glob(&text), rule.regex(), others.map(Glob::regex).collect())
    }

    /// The names of a pattern that was found, among those that were found and the rules.
    pub fn of_names<'p>(
        pattern: &str,
        found: impl Iterator<Item = &'p str>,
        rules: &[Glob],
    ) -> Self {
        let beginning = literal(pattern);
        let mut others: Vec<String> = rules
            .iter()
            .filter(|rule| overlap(&rule.prefix(), beginning.as_bytes()))
            .map(Glob::regex)
            .collect();
        // to build a matcher takes longer than all the rest, and nearly no pattern needs one
        let own = LazyCell::new(|| matcher(&regex(pattern)));
        let narrower = |other: &&str| {
            *other != pattern
                && may_overlap(other, beginning)
                && fits(own.as_ref(), other)
                && !fits(matcher(&regex(other)).as_ref(), pattern)
        };
        others.extend(found.filter(narrower).map(regex));
        Self::without(glob(pattern), regex(pattern), others)
    }

    fn without(glob: String, regex: String, others: Vec<String>) -> Self {
        let is_vague = others.len() > OTHERS;
        let others = match others.as_slice() {
            [] => None,
            _ if is_vague => None,
            [other] => Some(other.clone()),
            several => Some(format!("({})", several.join("|"))),
        };
        Self { glob, regex, others, is_vague }
    }
}

/// Whether a name may begin with both.
fn overlap(one: &[u8], other: &[u8]) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// Whether a name of the pattern may begin as those do that begin with `beginning`.
fn may_overlap(pattern: &str, beginning: &str) -> bool {
    // most differ in a byte that is no placeholder's: then what they begin with need not be known
    let mut both = pattern.bytes().zip(beginning.bytes());
    let same = both.find(|(one, other)| one != other || matches!(one, b'{' | b'\\'));
    match same {
        Some((one, _)) if !matches!(one, b'{' | b'\\') => false,
        _ => overlap(literal(pattern).as_bytes(), beginning.as_bytes()),
    }
}

/// What all names of a pattern begin with.
fn literal(pattern: &str) -> &str {
    let open = |(at, _): &(usize, char)| {
        let rest = pattern.get(*at..).unwrap_or_default();
        let is_open = PLACEHOLDERS.iter().any(|place| rest.starts_with(place.name));
        is_open || rest.starts_with(DEEPER) || byte(rest).is_some()
    };
    let end = pattern.char_indices().find(open).map_or(pattern.len(), |(at, _)| at);
    pattern.get(..end).unwrap_or_default()
}

/// What tells names of a pattern apart, as `grep` does.
fn matcher(regex: &str) -> Option<Regex> {
    Regex::new(&format!("^({regex})$")).ok()
}

/// Whether names of a pattern are among those that `own` fits.
fn fits(own: Option<&Regex>, pattern: &str) -> bool {
    own.is_some_and(|own| own.is_match(&example(pattern)))
}

/// A name as those of a pattern are.
fn example(pattern: &str) -> String {
    let mut name = String::new();
    for part in parts(pattern) {
        match part {
            Part::Open(place) => name.push_str(place.example),
            Part::Rest => name.push_str("x:y"),
            Part::Byte => name.push('?'),
            Part::Sign(text, _) => name.push_str(text),
        }
    }
    name
}

/// A part of a pattern.
enum Part<'p> {
    /// A placeholder.
    Open(&'static Placeholder),
    /// Anything.
    Rest,
    /// A byte that was no UTF-8, written as `\xff`.
    Byte,
    /// Itself.
    Sign(&'p str, char),
}

fn parts(pattern: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some(sign) = rest.chars().next() {
        let open =
            PLACEHOLDERS.iter().find_map(|place| Some((rest.strip_prefix(place.name)?, place)));
        if let Some((behind, place)) = open {
            parts.push(Part::Open(place));
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix(DEEPER) {
            parts.push(Part::Rest);
            rest = behind;
        } else if let Some(behind) = byte(rest) {
            parts.push(Part::Byte);
            rest = behind;
        } else {
            let (this, behind) = rest.split_at_checked(sign.len_utf8()).unwrap_or((rest, ""));
            parts.push(Part::Sign(this, sign));
            rest = behind;
        }
    }
    parts
}

/// What stands behind a byte that is written as `\xff`.
fn byte(text: &str) -> Option<&str> {
    let (digits, behind) = text.strip_prefix("\\x")?.split_at_checked(2)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(behind)
}

/// Whether a sign may stand in a line: letters and digits of any script, and visible ASCII.
fn is_harmless(sign: char) -> bool {
    matches!(sign, ' '..='~') || sign.is_alphanumeric()
}

/// A glob that fits all names of a pattern.
fn glob(pattern: &str) -> String {
    let mut glob = String::new();
    for part in parts(pattern) {
        match part {
            Part::Open(_) | Part::Rest => {
                if !glob.ends_with('*') {
                    glob.push('*');
                }
            }
            Part::Byte => glob.push('?'),
            Part::Sign(text, '*' | '?' | '[' | ']' | '^' | '\\') => {
                glob.push('\\');
                glob.push_str(text);
            }
            Part::Sign(text, sign) if is_harmless(sign) => glob.push_str(text),
            // servers match byte by byte
            Part::Sign(text, _) => glob.extend(text.bytes().map(|_| '?')),
        }
    }
    glob
}

/// A user's glob, without what a terminal would obey.
fn plain_glob(glob: &str) -> String {
    let harmless = |sign: char| if is_harmless(sign) { sign } else { '?' };
    glob.chars().map(harmless).collect()
}

/// An extended regular expression that fits all names of a pattern.
fn regex(pattern: &str) -> String {
    let mut regex = String::new();
    for part in parts(pattern) {
        match part {
            Part::Open(place) => regex.push_str(place.fits),
            Part::Rest => regex.push_str(".*"),
            Part::Byte => regex.push('.'),
            Part::Sign(
                text,
                '.' | '*' | '?' | '+' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' | '\\',
            ) => {
                regex.push('\\');
                regex.push_str(text);
            }
            Part::Sign(text, sign) if is_harmless(sign) => regex.push_str(text),
            Part::Sign(..) => regex.push_str(".+"),
        }
    }
    regex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_becomes_a_glob_and_a_filter_that_fits_no_other_names() {
        assert_eq!(glob("session:{uuid}"), "session:*");
        assert_eq!(glob("a[1]*:{int}{...}"), r"a\[1\]\*:*");
        assert_eq!(glob("x\u{1b}\\xff"), "x??");
        let of = |pattern: &str, name: &str| matcher(&regex(pattern)).unwrap().is_match(name);
        assert!(of("user:{int}:profile", "user:17:profile"));
        assert!(!of("user:{int}:profile", "user:17:profile:x"));
        assert!(!of("user:{int}", "user:17:cart"));
        assert!(of("session:{uuid}", "session:6f9619ff-8b86-d011-b42d-00cf4fc964ff"));
        assert!(!of("session:{uuid}", "session:guest"));
        assert!(of("a.b({*}", "a.b(x") && !of("a.b({*}", "aXb(x"));
        assert!(of("deep:{...}", "deep:a:b:c"));
        assert!(of("key:{hex}", "key:0xdeadbeef"));
    }

    #[test]
    fn every_placeholder_fits_its_example() {
        for place in &PLACEHOLDERS {
            assert!(fits(matcher(place.fits).as_ref(), place.example), "{}", place.name);
        }
    }

    #[test]
    fn names_of_narrower_patterns_are_left_out() {
        let found = ["user:{*}", "user:{int}", "user:{date}", "user:{*}:cart", "user:me", "{*}"];
        let of = |pattern| Wanted::of_names(pattern, found.into_iter(), &[]).others;
        let others = of("user:{*}").unwrap();
        assert_eq!(others, "(user:-?[0-9]+|user:[0-9][0-9A-Za-z:._+ -]+|user:me)");
        assert_eq!(of("user:{date}").as_deref(), Some("user:-?[0-9]+"));
        assert_eq!(of("user:{int}"), None);
        assert_eq!(of("{*}"), None);
        let many: Vec<String> = (0..100).map(|n| format!("word{n}x")).collect();
        let vague = Wanted::of_names("{*}", many.iter().map(String::as_str), &[]);
        assert!(vague.is_vague && vague.others.is_none());
    }

    #[test]
    fn a_rule_leaves_out_what_those_before_it_claim() {
        let rules = ["cache:p*", "user:*", "c?che:*"].map(|glob| Glob::new(glob.as_bytes()));
        let wanted = Wanted::of_rule(&rules[2], &rules[..2]);
        assert_eq!((wanted.glob.as_str(), wanted.regex.as_str()), ("c?che:*", "c.che:.*"));
        assert_eq!(wanted.others.as_deref(), Some("cache:p.*"));
        let found = Wanted::of_names("user:{int}", [].into_iter(), &rules);
        assert_eq!(found.others.as_deref(), Some("user:.*"));
    }
}
