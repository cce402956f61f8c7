//! Budgets, as a TOML file states them: everything under `[check]`.

use crate::findings::Id;
use crate::footprint::parse_bytes;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, Visitor};
use std::fmt;
use std::str::FromStr;
use toml::Spanned;

/// What must hold of a snapshot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Budgets {
    /// The rules, in the file's order.
    pub rules: Vec<Rule>,
    /// What is known and borne with for a time.
    pub exceptions: Vec<Exception>,
}

/// Limits for some keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What it is called: its own name, else its pattern, else `all keys`.
    pub name: String,
    /// Which patterns: a pattern's name, or a glob over such names. Nothing for all keys.
    pub pattern: Option<String>,
    /// Whether the limits hold for each pattern by itself, instead of for all together.
    pub each: bool,
    /// Whether there may be no such pattern.
    pub optional: bool,
    /// Whether patterns may be new; where nothing is said, only a limit in percent minds.
    pub allow_new: Option<bool>,
    /// What must hold.
    pub limits: Vec<Limit>,
    /// What growth is too little to matter.
    pub floor: Floor,
    /// What comes of it when a limit is broken.
    pub severity: Severity,
    /// What the owner has to say then.
    pub message: Option<String>,
    /// Its line in the file, from 1.
    pub line: Option<usize>,
}

/// What comes of a broken limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It is said, and the check passes.
    Warn,
    /// The check fails.
    #[default]
    Fail,
}

/// Growth matters only when it passes both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Floor {
    /// Bytes.
    pub bytes: u64,
    /// Of what was there before.
    pub percent: Percent,
}

/// A limit. It is broken when it is passed, not when it is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `max_bytes`: what the keys take together.
    Bytes(u64),
    /// `max_keys`: how many there are.
    Keys(u64),
    /// `max_growth_bytes`: what they take more than in the baseline.
    GrowthBytes(u64),
    /// `max_growth_percent`: the same, of what they took there.
    GrowthPercent(Percent),
    /// `max_share_percent`: their bytes, of those of all keys.
    Share(Percent),
    /// `max_key_bytes`: the largest of them.
    KeyBytes(u64),
    /// `max_no_ttl_keys`: how many never expire.
    NoTtlKeys(u64),
    /// `max_no_ttl_bytes`: what those take.
    NoTtlBytes(u64),
    /// `require_ttl`: every one expires.
    RequireTtl,
    /// `max_ttl`: none of those that expire does so later.
    Ttl(LongestTtl),
    /// `forbidden`: there is none.
    Forbidden,
    /// `allow_new = false`: no pattern that the baseline does not have.
    NoNew,
    /// `finding`: there is no such finding.
    Finding(Id),
}

impl Limit {
    /// Its key in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes(_) => "max_bytes",
            Self::Keys(_) => "max_keys",
            Self::GrowthBytes(_) => "max_growth_bytes",
            Self::GrowthPercent(_) => "max_growth_percent",
            Self::Share(_) => "max_share_percent",
            Self::KeyBytes(_) => "max_key_bytes",
            Self::NoTtlKeys(_) => "max_no_ttl_keys",
            Self::NoTtlBytes(_) => "max_no_ttl_bytes",
            Self::RequireTtl => "require_ttl",
            Self::Ttl(_) => "max_ttl",
            Self::Forbidden => "forbidden",
            Self::NoNew => "allow_new",
            Self::Finding(_) => "finding",
        }
    }

    /// Whether it is about what was there before.
    #[must_use]
    pub const fn needs_baseline(self) -> bool {
        matches!(self, Self::GrowthBytes(_) | Self::GrowthPercent(_) | Self::NoNew)
    }
}

/// A percentage, in millionths of a percent: what is written in decimals is compared exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub u64);

impl Percent {
    /// Millionths.
    pub const UNIT: u64 = 1_000_000;

    /// `n` percent.
    #[must_use]
    pub const fn whole(n: u64) -> Self {
        Self(n.saturating_mul(Self::UNIT))
    }

    /// Whether `part` is more than this of `whole`.
    #[must_use]
    pub fn is_passed(self, part: u64, whole: u64) -> bool {
        u128::from(part) * 100 * u128::from(Self::UNIT) > u128::from(self.0) * u128::from(whole)
    }
}

/// The longest TTL, as snapshots' summaries can tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LongestTtl {
    /// One hour.
    Hour,
    /// Four hours.
    Hours4,
    /// Twelve hours.
    Hours12,
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
    /// 365 days.
    Year,
}

impl LongestTtl {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Hour, "1h"),
        (Self::Hours4, "4h"),
        (Self::Hours12, "12h"),
        (Self::Day, "24h"),
        (Self::Week, "7d"),
        (Self::Month, "30d"),
        (Self::Year, "365d"),
    ];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(ttl, _)| *ttl == self).map_or("", |(_, name)| name)
    }
}

/// What is known and borne with for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The rule that it is an exception of; nothing for any.
    pub rule: Option<String>,
    /// The patterns that it is for; nothing for any.
    pub pattern: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it excuses, in UTC.
    pub until: Date,
    /// Its line in the file, from 1.
    pub line: Option<usize>,
}

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl FromStr for Date {
    type Err = ();

    /// Takes `2026-11-20`, and what stands behind it.
    fn from_str(text: &str) -> Result<Self, ()> {
        let parsed: toml::value::Datetime = text.get(..10).ok_or(())?.parse().map_err(|_| ())?;
        Self::of(parsed).ok_or(())
    }
}

impl Date {
    fn of(parsed: toml::value::Datetime) -> Option<Self> {
        let date = parsed.date.filter(|_| parsed.time.is_none())?;
        Some(Self { year: date.year, month: date.month, day: date.day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl serde::Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a file states no budgets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Budgets {
    /// The findings that its rules are about.
    pub fn findings(&self) -> impl Iterator<Item = Id> + '_ {
        let limits = self.rules.iter().flat_map(|rule| &rule.limits);
        limits.filter_map(|limit| match limit {
            Limit::Finding(id) => Some(*id),
            _ => None,
        })
    }

    /// What holds where only a baseline is given: all keys together may take 10 % more, growth of a
    /// mebibyte and less aside.
    #[must_use]
    pub fn usual() -> Self {
        let rule = Rule {
            name: "default growth".to_owned(),
            pattern: None,
            each: false,
            optional: false,
            allow_new: None,
            limits: vec![Limit::GrowthPercent(Percent::whole(10))],
            floor: Floor { bytes: 1 << 20, percent: Percent::default() },
            severity: Severity::Fail,
            message: None,
            line: None,
        };
        Self { rules: vec![rule], exceptions: Vec::new() }
    }

    /// Reads a file; nothing where it has no table `[check]`.
    ///
    /// # Errors
    /// When it is no TOML, has keys that mean nothing, or rules that do.
    pub fn parse(text: &str) -> Result<Option<Self>, ConfigError> {
        let line = |at: usize| {
            let head = text.as_bytes().get(..at).unwrap_or_default();
            head.iter().filter(|byte| **byte == b'\n').count() + 1
        };
        let file: File = toml::from_str(text).map_err(|error| ConfigError {
            line: error.span().map(|span| line(span.start)),
            what: one_line(error.message()),
        })?;
        let Some(check) = file.check else { return Ok(None) };
        let defaults = check.defaults;
        let mut rules: Vec<Rule> = Vec::new();
        for raw in check.rule {
            let line = line(raw.span().start);
            let wrong = |what: String| ConfigError { line: Some(line), what };
            let rule = raw.into_inner().rule(&defaults, line).map_err(wrong)?;
            if rules.iter().any(|other| other.name == rule.name) {
                return Err(wrong(format!(
                    "there is a rule {:?} already; give this one another name",
                    rule.name
                )));
            }
            rules.push(rule);
        }
        if rules.is_empty() {
            let what = "[check] has no rule; write [[check.rule]] with a limit in it".to_owned();
            return Err(ConfigError { line: None, what });
        }
        let mut exceptions = Vec::new();
        for raw in check.exception {
            let line = line(raw.span().start);
            let wrong = |what: String| ConfigError { line: Some(line), what };
            let RawException { rule, pattern, reason, until } = raw.into_inner();
            if rule.is_none() && pattern.is_none() {
                return Err(wrong("an exception of what? Name its rule, pattern, or both".into()));
            }
            if let Some(rule) = rule.as_ref().filter(|rule| !rules.iter().any(|r| r.name == **rule))
            {
                return Err(wrong(format!("there is no rule {rule:?} for an exception")));
            }
            let until = Date::of(until)
                .ok_or_else(|| wrong("until is a day, such as 2026-12-31".to_owned()))?;
            exceptions.push(Exception { rule, pattern, reason, until, line: Some(line) });
        }
        Ok(Some(Self { rules, exceptions }))
    }
}

fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join("; ")
}

/// The file. What other commands read of it is theirs to judge.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    check: Option<Check>,
    #[serde(rename = "findings")]
    _findings: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    #[serde(default)]
    defaults: Defaults,
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
    #[serde(default)]
    exception: Vec<Spanned<RawException>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    severity: Option<Severity>,
    noise_floor_bytes: Option<RawBytes>,
    noise_floor_percent: Option<RawPercent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: Option<String>,
    pattern: Option<String>,
    #[serde(default)]
    each: bool,
    #[serde(default)]
    optional: bool,
    severity: Option<Severity>,
    message: Option<String>,
    noise_floor_bytes: Option<RawBytes>,
    noise_floor_percent: Option<RawPercent>,
    max_bytes: Option<RawBytes>,
    max_keys: Option<u64>,
    max_growth_bytes: Option<RawBytes>,
    max_growth_percent: Option<RawPercent>,
    max_share_percent: Option<RawPercent>,
    max_key_bytes: Option<RawBytes>,
    max_no_ttl_keys: Option<u64>,
    max_no_ttl_bytes: Option<RawBytes>,
    require_ttl: Option<bool>,
    max_ttl: Option<RawTtl>,
    forbidden: Option<bool>,
    allow_new: Option<bool>,
    finding: Option<RawId>,
}

impl RawRule {
    fn rule(self, defaults: &Defaults, line: usize) -> Result<Rule, String> {
        let is_set = |flag: Option<bool>, limit: Limit| flag.filter(|set| *set).map(|_| limit);
        let forbids_new = self.allow_new.map(|allow| !allow);
        let limits = [
            self.max_bytes.map(|n| Limit::Bytes(n.0)),
            self.max_keys.map(Limit::Keys),
            self.max_growth_bytes.map(|n| Limit::GrowthBytes(n.0)),
            self.max_growth_percent.map(|n| Limit::GrowthPercent(n.0)),
            self.max_share_percent.map(|n| Limit::Share(n.0)),
            self.max_key_bytes.map(|n| Limit::KeyBytes(n.0)),
            self.max_no_ttl_keys.map(Limit::NoTtlKeys),
            self.max_no_ttl_bytes.map(|n| Limit::NoTtlBytes(n.0)),
            is_set(self.require_ttl, Limit::RequireTtl),
            self.max_ttl.map(|ttl| Limit::Ttl(ttl.0)),
            is_set(self.forbidden, Limit::Forbidden),
            is_set(forbids_new, Limit::NoNew),
            self.finding.map(|id| Limit::Finding(id.0)),
        ];
        let limits: Vec<Limit> = limits.into_iter().flatten().collect();
        if limits.is_empty() {
            return Err("the rule has no limit, such as max_bytes = \"10mb\"".to_owned());
        }
        if self.pattern.is_none() && !self.each && limits.contains(&Limit::Forbidden) {
            return Err("forbidden needs a pattern".to_owned());
        }
        let named = self.name.or_else(|| self.pattern.clone());
        let floor = |own: Option<RawBytes>, usual: &Option<RawBytes>| {
            own.map(|n| n.0).or(usual.as_ref().map(|n| n.0)).unwrap_or_default()
        };
        let percent = |own: Option<RawPercent>, usual: &Option<RawPercent>| {
            own.map(|n| n.0).or(usual.as_ref().map(|n| n.0)).unwrap_or_default()
        };
        Ok(Rule {
            name: named
                .unwrap_or_else(|| if self.each { "each pattern" } else { "all keys" }.to_owned()),
            pattern: self.pattern,
            each: self.each,
            optional: self.optional,
            allow_new: self.allow_new,
            limits,
            floor: Floor {
                bytes: floor(self.noise_floor_bytes, &defaults.noise_floor_bytes),
                percent: percent(self.noise_floor_percent, &defaults.noise_floor_percent),
            },
            severity: self.severity.or(defaults.severity).unwrap_or_default(),
            message: self.message,
            line: Some(line),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawException {
    rule: Option<String>,
    pattern: Option<String>,
    reason: String,
    until: toml::value::Datetime,
}

/// `4096`, or `"10mb"`.
struct RawBytes(u64);

impl<'de> Deserialize<'de> for RawBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Size;
        impl Visitor<'_> for Size {
            type Value = RawBytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size, such as 4096 or \"10mb\"")
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<RawBytes, E> {
                u64::try_from(n).map(RawBytes).map_err(|_| E::custom("a size is not negative"))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RawBytes, E> {
                parse_bytes(text).map(RawBytes).ok_or_else(|| {
                    let what =
                        "is no size; write 4096, \"10kb\" (10 * 1024) or \"10k\" (10 * 1000)";
                    E::custom(format!("{text:?} {what}"))
                })
            }
        }
        deserializer.deserialize_any(Size)
    }
}

/// `10`, or `2.5`.
struct RawPercent(Percent);

impl<'de> Deserialize<'de> for RawPercent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// More than anything grows.
        const MOST: f64 = 1e9;
        struct Number;
        impl Visitor<'_> for Number {
            type Value = RawPercent;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a percentage, such as 10 or 2.5")
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<RawPercent, E> {
                self.visit_f64(n as f64)
            }
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it was compared to both ends"
            )]
            fn visit_f64<E: serde::de::Error>(self, n: f64) -> Result<RawPercent, E> {
                if !(0.0..=MOST).contains(&n) {
                    return Err(E::custom(format!("{n} is no percentage from 0 to {MOST}")));
                }
                Ok(RawPercent(Percent((n * Percent::UNIT as f64).round() as u64)))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// `"ttl-leak"`.
struct RawId(Id);

impl<'de> Deserialize<'de> for RawId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

/// `"7d"`.
struct RawTtl(LongestTtl);

impl<'de> Deserialize<'de> for RawTtl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = LongestTtl::ALL.iter().find(|(_, name)| *name == text);
        known.map(|(ttl, _)| Self(*ttl)).ok_or_else(|| {
            D::Error::custom(format!(
                "max_ttl is one of 1h, 4h, 12h, 24h, 7d, 30d, 365d, by which lifetimes are told, \
                 not {text:?}"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Budgets::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_says_all_there_is() {
        let text = r#"
[findings]
whatever = [1, 2]

[check.defaults]
severity = "warn"
noise_floor_bytes = "64kb"
noise_floor_percent = 0.5

[[check.rule]]
max_bytes = "1gb"
max_growth_percent = 10

[[check.rule]]
name = "sessions"
pattern = "session:*"
each = true
severity = "fail"
message = "ask the owner"
noise_floor_bytes = 0
max_ttl = "7d"
require_ttl = true
allow_new = false
forbidden = false

[[check.exception]]
rule = "sessions"
pattern = "session:old:*"
reason = "moves next month"
until = 2026-12-31
"#;
        let budgets = Budgets::parse(text).unwrap().unwrap();
        let [all, sessions] = budgets.rules.as_slice() else { panic!("two rules") };
        assert_eq!((all.name.as_str(), all.line), ("all keys", Some(10)));
        assert_eq!(all.limits, [Limit::Bytes(1 << 30), Limit::GrowthPercent(Percent::whole(10))]);
        assert_eq!(all.floor, Floor { bytes: 65_536, percent: Percent(500_000) });
        assert_eq!((all.severity, sessions.severity), (Severity::Warn, Severity::Fail));
        assert_eq!((sessions.line, sessions.floor.bytes), (Some(14), 0));
        let expected = [Limit::RequireTtl, Limit::Ttl(LongestTtl::Week), Limit::NoNew];
        assert_eq!(sessions.limits, expected);
        let [exception] = budgets.exceptions.as_slice() else { panic!("one exception") };
        assert_eq!(
            (exception.line, exception.until.to_string().as_str()),
            (Some(26), "2026-12-31")
        );
        assert!(exception.until < "2027-01-01 03:00 UTC".parse().unwrap());
        assert_eq!(Budgets::parse("[findings]\nx = 1\n").unwrap(), None);
        assert_eq!(Budgets::parse("").unwrap(), None);
    }

    #[test]
    fn what_means_nothing_is_refused_with_its_line() {
        for (text, line, words) in [
            ("[check]\n", "", "no rule"),
            ("[checks]\n", "line 1", "unknown field `checks`"),
            ("[check]\nrules = 1\n", "line 2", "unknown field `rules`"),
            ("[[check.rule]]\nmax_bytes = 1\nmax_byte = 2\n", "line 3", "unknown field `max_byte`"),
            ("\n[[check.rule]]\npattern = \"a\"\n", "line 2", "no limit"),
            ("[[check.rule]]\nmax_bytes = \"10 apples\"\n", "line 2", "is no size"),
            ("[[check.rule]]\nmax_bytes = -1\n", "line 2", "negative"),
            ("[[check.rule]]\nmax_keys = -1\n", "line 2", ""),
            ("[[check.rule]]\nmax_growth_percent = -1\n", "line 2", "is no percentage"),
            ("[[check.rule]]\nmax_growth_percent = nan\n", "line 2", "is no percentage"),
            ("[[check.rule]]\nmax_growth_percent = \"10%\"\n", "line 2", "a percentage"),
            ("[[check.rule]]\nmax_ttl = \"8d\"\n", "line 2", "max_ttl is one of"),
            ("[[check.rule]]\nfinding = \"big-keys\"\n", "line 2", "big-keys"),
            ("[[check.rule]]\nforbidden = true\n", "line 1", "forbidden needs a pattern"),
            ("[[check.rule]]\nmax_bytes = 1\nseverity = \"no\"\n", "line 3", "unknown variant"),
            ("[[check.rule]]\nmax_bytes = 1\n[[check.rule]]\nmax_keys = 1\n", "line 3", "already"),
            (
                "[[check.rule]]\nmax_bytes = 1\n[[check.exception]]\nreason = \"x\"\nuntil = 2026-01-01\n",
                "line 3",
                "of what",
            ),
            (
                "[[check.rule]]\nmax_bytes = 1\n[[check.exception]]\nrule = \"x\"\nreason = \"x\"\nuntil = 2026-01-01\n",
                "line 3",
                "no rule \"x\"",
            ),
            (
                "[[check.rule]]\nmax_bytes = 1\n[[check.exception]]\npattern = \"x\"\nreason = \"x\"\nuntil = 2026-01-01T00:00:00Z\n",
                "line 3",
                "a day",
            ),
            (
                "[[check.rule]]\nmax_bytes = 1\n[[check.exception]]\npattern = \"x\"\nuntil = 2026-01-01\n",
                "line 3",
                "missing field `reason`",
            ),
            ("= 1", "line 1", ""),
        ] {
            let said = error(text);
            assert!(said.starts_with(line) && said.contains(words), "{text}: {said}");
        }
    }

    #[test]
    fn percentages_are_compared_exactly() {
        assert!(
            !Percent::whole(10).is_passed(100, 1_000) && Percent::whole(10).is_passed(101, 1_000)
        );
        assert!(!Percent(100_000).is_passed(1, 1_000) && Percent(100_000).is_passed(2, 1_000));
        assert!(!Percent::whole(0).is_passed(0, 0) && Percent::whole(0).is_passed(1, 0));
        assert!(Percent::whole(99).is_passed(u64::MAX, u64::MAX));
    }
}
