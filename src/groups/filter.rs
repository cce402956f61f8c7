//! Which keys count.

use super::row::Row;
use crate::entries::ValueKind;
use crate::footprint::Size;
use regex::bytes::RegexSet;

/// What a key has to be like to count. The default accepts every key.
///
/// Conditions of different kinds have to hold together; of several of one kind, any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Databases.
    pub dbs: Vec<u64>,
    /// Types.
    pub types: Vec<TypeName>,
    /// Globs on names.
    pub globs: Vec<Glob>,
    /// Regular expressions on names; they need not match from end to end.
    pub regexes: Option<RegexSet>,
    /// The least size, in the first lane.
    pub least: Size,
    /// `Some(true)`: with a TTL; `Some(false)`: without one.
    pub ttl: Option<bool>,
}

impl Filter {
    /// Whether every key is accepted.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.dbs.is_empty()
            && self.types.is_empty()
            && self.globs.is_empty()
            && self.regexes.is_none()
            && self.least == Size::ZERO
            && self.ttl.is_none()
    }

    /// Whether `row` is accepted.
    ///
    /// A row whose database is not known yet is judged by all the rest: such rows are those before
    /// the first mark of a walk, they have one database, and [`Self::accepts_db`] tells of all of
    /// them at once when it is known.
    #[must_use]
    #[inline]
    pub fn accepts(&self, row: &Row<'_>) -> bool {
        row.db.is_none_or(|db| self.accepts_db(db))
            && self.accepts_name(row.key)
            && self.ttl.is_none_or(|wanted| wanted == row.expiry.is_set())
            && row.bytes >= self.least
            && (self.types.is_empty() || self.types.iter().any(|name| name.is_of(row)))
    }

    /// Whether keys of the database `db` are accepted.
    #[must_use]
    #[inline]
    pub fn accepts_db(&self, db: u64) -> bool {
        self.dbs.is_empty() || self.dbs.contains(&db)
    }

    /// Whether keys of this name are accepted: what can be told before a value is sized.
    #[must_use]
    #[inline]
    pub fn accepts_name(&self, key: &[u8]) -> bool {
        (self.globs.is_empty() || self.globs.iter().any(|glob| glob.matches(key)))
            && self.regexes.as_ref().is_none_or(|regexes| regexes.is_match(key))
    }
}

/// A type as users name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeName {
    /// One of the server's types; all types of modules are `module`.
    Kind(ValueKind),
    /// A module's type, such as `ReJSON-RL`.
    Module(String),
}

impl TypeName {
    /// Reads a name; `None` when no server and no module can have a type of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let kind = ValueKind::ALL.into_iter().find(|kind| kind.name() == name);
        let module = name.len() == 9
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        kind.map(Self::Kind).or_else(|| module.then(|| Self::Module(name.to_owned())))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Kind(kind) => kind.name(),
            Self::Module(name) => name,
        }
    }

    fn is_of(&self, row: &Row<'_>) -> bool {
        match self {
            Self::Kind(kind) => row.kind == *kind,
            Self::Module(name) => row.module.is_some_and(|id| id.name() == *name),
        }
    }
}

/// A pattern with the rules of the servers' `KEYS` and `SCAN … MATCH`, on bytes.
///
/// `*` is any bytes, `?` one byte, `[abc]`, `[a-z]` and `[^a]` one byte of a set, and a backslash
/// takes the next byte as it is. Like the servers, it forgives a set without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    source: Vec<u8>,
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// Any bytes, none too.
    Any,
    /// This byte.
    Byte(u8),
    /// One of these bytes.
    Set(Box<[bool; 256]>),
}

impl Glob {
    /// Reads a pattern; every one has a meaning.
    #[must_use]
    pub fn new(pattern: &[u8]) -> Self {
        let mut tokens = Vec::new();
        let mut rest = pattern;
        while let Some((&first, behind)) = rest.split_first() {
            rest = behind;
            tokens.push(match first {
                b'*' if tokens.last() == Some(&Token::Any) => continue,
                b'*' => Token::Any,
                b'?' => Token::Set(Box::new([true; 256])),
                b'[' => set(&mut rest),
                b'\\' => match rest.split_first() {
                    Some((&escaped, behind)) => {
                        rest = behind;
                        Token::Byte(escaped)
                    }
                    None => Token::Byte(b'\\'),
                },
                byte => Token::Byte(byte),
            });
        }
        Self { source: pattern.to_vec(), tokens }
    }

    /// The pattern as it was given.
    #[must_use]
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    /// What all names begin with that it fits.
    #[must_use]
    pub fn prefix(&self) -> Vec<u8> {
        let byte = |token: &Token| match token {
            Token::Byte(byte) => Some(*byte),
            Token::Any | Token::Set(_) => None,
        };
        self.tokens.iter().map_while(byte).collect()
    }

    /// The same as an extended regular expression in plain ASCII, for `grep` in the C locale. Of
    /// bytes that are none, any fits.
    #[must_use]
    pub fn regex(&self) -> String {
        self.tokens.iter().map(Token::regex).collect()
    }

    /// Whether all of `name` is as the pattern says.
    ///
    /// Takes time in proportion to the product of the two lengths at the worst: when it fails
    /// behind a `*`, only the last one has to try another length, since an earlier one could only
    /// lead to the same place later in the name.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        let (mut tokens, mut rest) = (self.tokens.as_slice(), name);
        let mut retry: Option<(&[Token], &[u8])> = None;
        loop {
            match (tokens.split_first(), rest.split_first()) {
                (Some((Token::Any, behind)), _) => {
                    if behind.is_empty() {
                        return true;
                    }
                    tokens = behind;
                    retry = Some((behind, rest));
                }
                (None, None) => return true,
                (Some((token, behind)), Some((&byte, left))) if token.takes(byte) => {
                    (tokens, rest) = (behind, left);
                }
                _ => {
                    let Some((behind, from)) = retry else { return false };
                    let Some((_, later)) = from.split_first() else { return false };
                    (tokens, rest) = (behind, later);
                    retry = Some((behind, later));
                }
            }
        }
    }
}

impl Token {
    #[inline]
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Byte(own) => *own == byte,
            Self::Set(set) => set.get(usize::from(byte)).copied().unwrap_or_default(),
        }
    }
}

impl Token {
    fn regex(&self) -> String {
        match self {
            Self::Any => ".*".to_owned(),
            Self::Byte(byte) => of_byte(*byte),
            Self::Set(set) => of_set(set),
        }
    }
}

/// A regular expression for one byte.
fn of_byte(byte: u8) -> String {
    match byte {
        b'.' | b'*' | b'?' | b'+' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|' | b'^'
        | b'$' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => ".".to_owned(),
    }
}

/// A regular expression for one of several bytes.
fn of_set(set: &[bool; 256]) -> String {
    let bytes = |wanted: bool| -> Vec<u8> {
        let members = (0..=u8::MAX).zip(set).filter(|(_, is_in)| **is_in == wanted);
        members.map(|(byte, _)| byte).collect()
    };
    let (members, others) = (bytes(true), bytes(false));
    let is_plain = |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    match (members.as_slice(), others.as_slice()) {
        ([], _) => "$.".to_owned(),
        (_, []) => ".".to_owned(),
        ([one], _) => of_byte(*one),
        // nothing would be in it that may stand at its beginning
        ([b'-', b'^'], _) => "[-^]".to_owned(),
        (few, _) if is_plain(few) => format!("[{}]", in_brackets(few)),
        (_, few) if is_plain(few) => format!("[^{}]", in_brackets(few)),
        _ => ".".to_owned(),
    }
}

/// Bytes in an order in which none of them means anything in brackets.
fn in_brackets(bytes: &[u8]) -> String {
    let order = |byte: &u8| match byte {
        b']' => 0,
        b'[' => 2,
        b'^' => 3,
        b'-' => 4,
        _ => 1,
    };
    let mut bytes = bytes.to_vec();
    bytes.sort_by_key(order);
    bytes.into_iter().map(char::from).collect()
}

/// Reads a set up to and with its `]`, or to the end of the pattern.
fn set(rest: &mut &[u8]) -> Token {
    let negated = rest.first() == Some(&b'^');
    if negated {
        *rest = rest.get(1..).unwrap_or_default();
    }
    let mut members = [false; 256];
    let mut add = |low: u8, high: u8| {
        for byte in low.min(high)..=low.max(high) {
            if let Some(member) = members.get_mut(usize::from(byte)) {
                *member = true;
            }
        }
    };
    loop {
        // The order of the cases is the servers' (util.c, stringmatchlen): a range takes whatever
        // byte ends it, `]` too, and its ends are never escaped.
        let (taken, end) = match rest {
            [] => break,
            [b'\\', byte, ..] => {
                add(*byte, *byte);
                (2, false)
            }
            [b']', ..] => (1, true),
            [low, b'-', high, ..] => {
                add(*low, *high);
                (3, false)
            }
            [byte, ..] => {
                add(*byte, *byte);
                (1, false)
            }
        };
        *rest = rest.get(taken..).unwrap_or_default();
        if end {
            break;
        }
    }
    Token::Set(Box::new(members.map(|member| member != negated)))
}

#[cfg(test)]
mod tests {
    use super::super::row::ROW;
    use super::*;
    use crate::entries::ModuleId;
    use crate::footprint::Size;

    fn matches(pattern: &str, name: &str) -> bool {
        Glob::new(pattern.as_bytes()).matches(name.as_bytes())
    }

    #[test]
    fn globs_have_the_servers_rules() {
        for (pattern, name) in [
            ("user:*", "user:"),
            ("*:profile", "user:1:profile"),
            ("h?llo", "hallo"),
            ("h[ae]llo", "hello"),
            ("h[^e]llo", "hallo"),
            ("h[a-c]llo", "hbllo"),
            ("h[c-a]llo", "hbllo"),
            (r"a\*b", "a*b"),
            (r"[\]]", "]"),
            ("[a", "a"),
            ("[^]", "x"),
            ("[a-]]", "_"),
            ("\\", "\\"),
            ("***a", "bba"),
            ("", ""),
            ("*", ""),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("user:*", "users:1"),
            ("user", "user:1"),
            ("h?llo", "hllo"),
            ("h[^e]llo", "hello"),
            (r"a\*b", "axb"),
            ("[]", "]"),
            ("", "a"),
            ("*a", "ab"),
            ("USER:*", "user:1"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(Glob::new(b"\xff?").matches(b"\xff\xfe"));
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "a*".repeat(2000) + "b";
        let name = "a".repeat(4000);
        let start = std::time::Instant::now();
        assert!(!matches(&pattern, &name));
        assert!(start.elapsed().as_secs() < 10);
    }

    proptest::proptest! {
        #[test]
        fn globs_agree_with_a_plain_recursion(pattern in "[ab*?]{0,8}", name in "[abc]{0,10}") {
            fn plain(pattern: &[u8], name: &[u8]) -> bool {
                match (pattern, name) {
                    ([], []) => true,
                    ([b'*', rest @ ..], _) => (0..=name.len()).any(|n| plain(rest, &name[n..])),
                    ([b'?', rest @ ..], [_, left @ ..]) => plain(rest, left),
                    ([byte, rest @ ..], [own, left @ ..]) if byte == own => plain(rest, left),
                    _ => false,
                }
            }
            proptest::prop_assert_eq!(matches(&pattern, &name), plain(pattern.as_bytes(), name.as_bytes()));
        }
    }

    #[test]
    fn every_condition_has_to_hold() {
        let accepts = |filter: Filter| filter.accepts(&ROW);
        assert!(accepts(Filter::default()));
        assert!(Filter::default().is_open());
        assert!(accepts(Filter { dbs: vec![0, 3], ..Filter::default() }));
        assert!(!accepts(Filter { dbs: vec![0], ..Filter::default() }));
        assert!(accepts(Filter { ttl: Some(false), ..Filter::default() }));
        assert!(!accepts(Filter { ttl: Some(true), ..Filter::default() }));
        assert!(!accepts(Filter { least: Size::bytes(1), ..Filter::default() }));
        let globs = vec![Glob::new(b"x*"), Glob::new(b"user:*")];
        assert!(accepts(Filter { globs: globs.clone(), ..Filter::default() }));
        let regexes = RegexSet::new([r"^user:\D"]).ok();
        assert!(!accepts(Filter { globs, regexes, ..Filter::default() }));
    }

    #[test]
    fn a_row_of_an_unknown_database_is_judged_by_the_rest() {
        let filter = Filter { dbs: vec![7], ..Filter::default() };
        assert!(filter.accepts(&Row { db: None, ..ROW }));
        assert!(!filter.accepts_db(3));
    }

    #[test]
    fn types_go_by_the_servers_names_or_the_modules() {
        let hash = TypeName::parse("hash").unwrap();
        let json = TypeName::parse("ReJSON-RL").unwrap();
        assert!(Filter { types: vec![hash, json.clone()], ..Filter::default() }.accepts(&ROW));
        let id = ModuleId(0x45e2_5238_df91_2c03);
        let row = Row { kind: ValueKind::Module, module: Some(id), ..ROW };
        assert!(Filter { types: vec![json], ..Filter::default() }.accepts(&row));
        let other = TypeName::parse("vectorset").unwrap();
        assert!(!Filter { types: vec![other], ..Filter::default() }.accepts(&row));
        assert_eq!(TypeName::parse("hashes"), None);
    }
}
