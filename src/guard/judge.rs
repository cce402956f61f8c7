//! Whether a snapshot keeps to its budgets.

use super::config::{Budgets, Date, Exception, Limit, LongestTtl, Percent, Rule, Severity};
use super::growth::{Amount, Change, Growth, Standing};
use crate::findings::Id;
use crate::groups::{Glob, Groups, Lifetime, Pattern, Patterns};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What is judged.
#[derive(Clone, Copy)]
pub struct Evidence<'e> {
    /// The snapshot's groups, with the list of its largest keys.
    pub groups: &'e Groups,
    /// By what the patterns of its largest keys are told.
    pub names: &'e Patterns,
    /// Its patterns.
    pub patterns: &'e [Pattern],
    /// What changed from the baseline, where there is one.
    pub growth: Option<&'e Growth>,
    /// What was found, where rules are about that.
    pub findings: &'e [Found],
    /// Whether the snapshot is a summary, of which not all can be told.
    pub is_summary: bool,
}

/// Whether a limit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is passed.
    Over,
    /// It is passed, and an exception excuses that.
    Excused,
    /// It holds.
    Within,
}

/// A figure that a limit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Bytes.
    Bytes(u64),
    /// Keys.
    Keys(u64),
    /// A change in bytes.
    Change(i64),
    /// A percentage, in millionths of a percent.
    Percent(i64),
    /// A growth from nothing.
    FromNothing,
    /// A TTL.
    Ttl(&'static str),
}

/// What came of one limit for one pattern, or for several that keep to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The rule's name.
    pub rule: String,
    /// The rule's line in its file.
    pub line: Option<usize>,
    /// The limit's key in the file.
    pub limit: &'static str,
    /// The pattern, or what the rule is for where it is for several together. Empty for several
    /// patterns by themselves that keep to it.
    pub subject: String,
    /// How many patterns this is about.
    pub subjects: usize,
    /// What comes of it when it is broken.
    pub severity: Severity,
    /// Whether it holds.
    pub status: Status,
    /// What is allowed.
    pub allowed: Option<Figure>,
    /// What was found; nothing for several patterns.
    pub found: Option<Figure>,
    /// The name of the key that it is about.
    pub key: Option<Vec<u8>>,
    /// What the owner has to say.
    pub message: Option<String>,
    /// What excuses it.
    pub excuse: Option<Exception>,
    /// What is found in what is allowed, by which the worst stands first.
    weight: f64,
}

/// What came of all rules.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    /// Every limit: what fails first, then what warns, is excused, and holds; of each the one that
    /// is passed the furthest first.
    pub judged: Vec<Judged>,
    /// Exceptions that excuse no more: their day is over.
    pub ended: Vec<Exception>,
}

impl Verdict {
    /// How many limits are broken with this severity.
    #[must_use]
    pub fn broken(&self, severity: Severity) -> usize {
        self.of(Status::Over).filter(|judged| judged.severity == severity).count()
    }

    /// The limits with this status.
    pub fn of(&self, status: Status) -> impl Iterator<Item = &Judged> {
        self.judged.iter().filter(move |judged| judged.status == status)
    }

    /// Whether the check fails.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.broken(Severity::Fail) > 0
    }
}

/// Judges a snapshot on `today`.
///
/// # Errors
/// What cannot be told, a line each with the rule's line in its file: a rule that no pattern
/// matches, one that needs a baseline, a largest key that is not among those that are known.
pub fn judge(
    budgets: &Budgets,
    evidence: Evidence<'_>,
    today: Date,
) -> Result<Verdict, Vec<(Option<usize>, String)>> {
    let (valid, ended): (Vec<Exception>, Vec<Exception>) =
        budgets.exceptions.iter().cloned().partition(|exception| today <= exception.until);
    let court = Court { evidence, all: subjects(evidence), largest: Largest::of(evidence) };
    let (mut judged, mut untold) = (Vec::new(), Vec::new());
    for rule in &budgets.rules {
        match court.rule(rule) {
            Ok(found) => judged.extend(found),
            Err(what) => untold.push((rule.line, format!("rule {:?}: {what}", rule.name))),
        }
    }
    if !untold.is_empty() {
        return Err(untold);
    }
    for judged in judged.iter_mut().filter(|judged| judged.status == Status::Over) {
        judged.excuse = valid.iter().find(|exception| exception.is_for(judged)).cloned();
        if judged.excuse.is_some() {
            judged.status = Status::Excused;
        }
    }
    let mut judged = gathered(judged);
    judged.sort_by(|a, b| {
        let order = |judged: &Judged| (judged.status, Reverse(judged.severity == Severity::Fail));
        order(a).cmp(&order(b)).then_with(|| b.weight.total_cmp(&a.weight))
    });
    Ok(Verdict { judged, ended })
}

impl Exception {
    fn is_for(&self, judged: &Judged) -> bool {
        let is_rule = self.rule.as_ref().is_none_or(|rule| *rule == judged.rule);
        let is_pattern = |pattern: &String| {
            *pattern == judged.subject
                || Glob::new(pattern.as_bytes()).matches(judged.subject.as_bytes())
        };
        is_rule && self.pattern.as_ref().is_none_or(is_pattern)
    }
}

/// What keeps to a limit of a rule for each pattern is one line, whatever the number of patterns.
fn gathered(all: Vec<Judged>) -> Vec<Judged> {
    let mut kept: Vec<Judged> = Vec::new();
    let mut places: BTreeMap<(String, &'static str), usize> = BTreeMap::new();
    for judged in all {
        let key = (judged.rule.clone(), judged.limit);
        let place = match judged.status {
            Status::Within => places.get(&key).and_then(|place| kept.get_mut(*place)),
            _ => None,
        };
        match place {
            Some(other) => {
                other.subjects += 1;
                (other.found, other.key, other.weight) = (None, None, 0.0);
                other.subject = String::new();
            }
            None => {
                if judged.status == Status::Within {
                    places.insert(key, kept.len());
                }
                kept.push(judged);
            }
        }
    }
    kept
}

/// What limits can be for: a pattern, several together, or all keys.
#[derive(Clone, Default)]
struct Subject {
    name: String,
    /// In the baseline, where there is one.
    old: Option<Amount>,
    new: Amount,
    /// Keys that live longer than each of the TTLs that a limit can have.
    longer: BTreeMap<LongestTtl, u64>,
    /// The largest key that is known.
    largest: Option<(u64, Vec<u8>)>,
    standing: Option<Standing>,
}

impl Subject {
    fn and(mut self, other: &Self) -> Self {
        self.old = match (self.old, other.old) {
            (Some(one), Some(two)) => Some(one.and(two)),
            (one, two) => one.or(two),
        };
        self.new = self.new.and(other.new);
        for (ttl, keys) in &other.longer {
            let mine = self.longer.entry(*ttl).or_default();
            *mine = mine.saturating_add(*keys);
        }
        if other.largest.as_ref().map(|(bytes, _)| bytes) > self.largest.as_ref().map(|(n, _)| n) {
            self.largest.clone_from(&other.largest);
        }
        self
    }
}

/// Everything that limits can be for, by pattern.
fn subjects(evidence: Evidence<'_>) -> Vec<Subject> {
    let mut all: BTreeMap<&str, Subject> = BTreeMap::new();
    for pattern in evidence.patterns {
        let one = Subject {
            new: Amount::of(pattern.mass()),
            longer: longer(pattern),
            ..Subject::default()
        };
        let place = all.entry(&pattern.name).or_default();
        *place = std::mem::take(place).and(&one);
    }
    for Change { name, old, .. } in evidence.growth.iter().flat_map(|growth| &growth.patterns) {
        let place = all.entry(name).or_default();
        place.old = Some(place.old.unwrap_or_default().and(*old));
    }
    for big in evidence.groups.largest() {
        let Some(place) = all.get_mut(evidence.names.name(&big.key)) else { continue };
        let bytes = big.sizes.first().round();
        if place.largest.as_ref().is_none_or(|(largest, _)| bytes > *largest) {
            place.largest = Some((bytes, big.key.to_vec()));
        }
    }
    let named = all.into_iter().map(|(name, subject)| {
        let standing = subject.old.map(|old| match (old.keys, subject.new.keys) {
            (0, 1..) => Standing::New,
            (_, 0) => Standing::Gone,
            _ => Standing::Kept,
        });
        Subject { name: name.to_owned(), standing, ..subject }
    });
    named.collect()
}

/// How many keys of a pattern live longer than each TTL that a limit can have.
fn longer(pattern: &Pattern) -> BTreeMap<LongestTtl, u64> {
    let steps = [
        (LongestTtl::Hour, Lifetime::Hour),
        (LongestTtl::Hours4, Lifetime::Hours4),
        (LongestTtl::Hours12, Lifetime::Hours12),
        (LongestTtl::Day, Lifetime::Day),
        (LongestTtl::Week, Lifetime::Week),
        (LongestTtl::Month, Lifetime::Month),
    ];
    let keys_after = |last: Lifetime| {
        let later = pattern.lifetimes().iter().filter(|(lifetime, _)| *lifetime > last);
        later.map(|(_, share)| share.keys).fold(0, u64::saturating_add)
    };
    let known = steps.into_iter().map(|(ttl, last)| (ttl, keys_after(last)));
    known.chain([(LongestTtl::Year, pattern.absurd().keys)]).collect()
}

/// What is known of the largest keys.
struct Largest {
    /// Every key that is larger than this is among them.
    floor: u64,
}

impl Largest {
    fn of(evidence: Evidence<'_>) -> Self {
        let largest = evidence.groups.largest();
        let has_all = largest.len() as u64 >= evidence.groups.totals().keys();
        let least = largest.iter().map(|big| big.sizes.first().round()).min();
        Self { floor: if has_all { 0 } else { least.unwrap_or(u64::MAX) } }
    }
}

struct Court<'e> {
    evidence: Evidence<'e>,
    all: Vec<Subject>,
    largest: Largest,
}

impl Court<'_> {
    fn rule(&self, rule: &Rule) -> Result<Vec<Judged>, String> {
        let needing = rule.limits.iter().find(|limit| limit.needs_baseline());
        if let (Some(limit), None) = (needing, self.evidence.growth) {
            return Err(format!("{} needs a baseline; give one with --baseline", limit.name()));
        }
        let matching = self.matching(rule);
        let may_be_none = rule.optional
            || rule
                .limits
                .iter()
                .all(|limit| matches!(limit, Limit::Forbidden | Limit::NoNew | Limit::Finding(_)));
        if let (Some(pattern), true) = (&rule.pattern, matching.is_empty() && !may_be_none) {
            return Err(format!(
                "no pattern is called {pattern:?} or fits it as a glob; `rdblens --top 50 DUMP` \
                 lists the patterns; write optional = true where it may be missing"
            ));
        }
        let mut judged = Vec::new();
        let together = self.together(rule, &matching);
        for limit in &rule.limits {
            if let Limit::Finding(id) = limit {
                judged.extend(self.finding(rule, *id, &together)?);
                continue;
            }
            // what is new or forbidden is always a matter of each pattern
            let by_itself = rule.each || matches!(limit, Limit::NoNew | Limit::Forbidden);
            let of_limit: Vec<&Subject> = match by_itself {
                true => matching.clone(),
                false => vec![&together],
            };
            if of_limit.is_empty() {
                let none = Subject { name: together.name.clone(), ..Subject::default() };
                judged.push(self.within(rule, *limit, &none));
            }
            for subject in of_limit {
                judged.push(self.limit(rule, *limit, subject)?);
            }
        }
        Ok(judged)
    }

    /// That nothing like this was found: a judgement for each thing that was.
    fn finding(&self, rule: &Rule, id: Id, all: &Subject) -> Result<Vec<Judged>, String> {
        if id.needs_keys() && self.evidence.is_summary {
            let name = id.name();
            return Err(format!(
                "whether there is a finding {name} is told from the keys themselves, and this is a \
                 summary; give the dump itself"
            ));
        }
        let like = self.within(rule, Limit::Finding(id), all);
        let glob = rule.pattern.as_ref().map(|pattern| (pattern, Glob::new(pattern.as_bytes())));
        let is_meant = |found: &&Found| {
            found.id == id
                && glob.as_ref().is_none_or(|(name, glob)| {
                    **name == *found.pattern || glob.matches(found.pattern.as_bytes())
                })
        };
        let found: Vec<Judged> = self
            .evidence
            .findings
            .iter()
            .filter(is_meant)
            .map(|found| Judged {
                subject: found.subject.clone(),
                status: Status::Over,
                found: Some(Figure::Bytes(found.bytes)),
                weight: found.bytes as f64,
                ..like.clone()
            })
            .collect();
        Ok(if found.is_empty() { vec![like] } else { found })
    }

    fn matching(&self, rule: &Rule) -> Vec<&Subject> {
        let Some(pattern) = &rule.pattern else { return self.all.iter().collect() };
        // a name may have characters that mean something else in a glob
        if let Some(same) = self.all.iter().find(|subject| subject.name == *pattern) {
            return vec![same];
        }
        let glob = Glob::new(pattern.as_bytes());
        self.all.iter().filter(|subject| glob.matches(subject.name.as_bytes())).collect()
    }

    fn together(&self, rule: &Rule, matching: &[&Subject]) -> Subject {
        let name = rule.pattern.clone().unwrap_or_else(|| "all keys".to_owned());
        let sum = matching.iter().fold(Subject::default(), |sum, subject| sum.and(subject));
        let growth = self.evidence.growth;
        let (old, new) = match (&rule.pattern, growth) {
            // sums of rounded figures would differ from the report's
            (None, Some(growth)) => (Some(growth.totals.old), growth.totals.new),
            (None, None) => (None, Amount::all(self.evidence.groups)),
            (Some(_), Some(_)) => (Some(sum.old.unwrap_or_default()), sum.new),
            (Some(_), None) => (None, sum.new),
        };
        Subject { name, old, new, ..sum }
    }

    fn within(&self, rule: &Rule, limit: Limit, subject: &Subject) -> Judged {
        Judged {
            rule: rule.name.clone(),
            line: rule.line,
            limit: limit.name(),
            subject: subject.name.clone(),
            subjects: 1,
            severity: rule.severity,
            status: Status::Within,
            allowed: allowed(limit),
            found: None,
            key: None,
            message: rule.message.clone(),
            excuse: None,
            weight: 0.0,
        }
    }

    fn limit(&self, rule: &Rule, limit: Limit, subject: &Subject) -> Result<Judged, String> {
        let Subject { new, .. } = subject;
        let whole = Amount::all(self.evidence.groups).bytes;
        let old = subject.old.unwrap_or_default();
        let grown = new.bytes.saturating_sub(old.bytes);
        let change = new.bytes.cast_signed().saturating_sub(old.bytes.cast_signed());
        let matters = grown > rule.floor.bytes && rule.floor.percent.is_passed(grown, old.bytes);
        let (found, is_over, weight) = match limit {
            Limit::Bytes(most) => figure(Figure::Bytes, new.bytes, most),
            Limit::Keys(most) => figure(Figure::Keys, new.keys, most),
            Limit::NoTtlKeys(most) => figure(Figure::Keys, new.no_ttl_keys, most),
            Limit::NoTtlBytes(most) => figure(Figure::Bytes, new.no_ttl_bytes, most),
            Limit::RequireTtl => figure(Figure::Keys, new.no_ttl_keys, 0),
            Limit::Forbidden => figure(Figure::Keys, new.keys, 0),
            Limit::Ttl(ttl) => {
                figure(Figure::Keys, subject.longer.get(&ttl).copied().unwrap_or_default(), 0)
            }
            Limit::NoNew => {
                let is_new = subject.standing == Some(Standing::New) && matters;
                (Figure::Bytes(new.bytes), is_new, new.bytes as f64)
            }
            Limit::GrowthBytes(most) => {
                (Figure::Change(change), grown > most && matters, ratio(grown, most))
            }
            Limit::GrowthPercent(most) => {
                let allows_new = rule.allow_new == Some(true) && old.bytes == 0;
                let is_over = most.is_passed(grown, old.bytes) && matters && !allows_new;
                let found = percent(change, old.bytes).map_or(
                    if change == 0 { Figure::Percent(0) } else { Figure::FromNothing },
                    Figure::Percent,
                );
                (found, is_over, ratio(grown, old.bytes) * 100.0 / (most.0 as f64 / 1e6).max(1e-6))
            }
            Limit::Share(most) => {
                let found = percent(new.bytes.cast_signed(), whole).unwrap_or_default();
                let share = ratio(new.bytes, whole) * 100.0;
                let is_over = most.is_passed(new.bytes, whole);
                (Figure::Percent(found), is_over, share / (most.0 as f64 / 1e6).max(1e-6))
            }
            // judged by itself
            Limit::Finding(_) => (Figure::Bytes(0), false, 0.0),
            Limit::KeyBytes(most) => {
                let largest = subject.largest.as_ref().map_or(0, |(bytes, _)| *bytes);
                // a key that is not in the list may be as large as the smallest in it
                let is_sure = largest > most || self.largest.floor <= most || new.bytes <= most;
                if !is_sure {
                    return Err(format!(
                        "whether a key of {} has more than {most} bytes cannot be told: of all keys \
                         only the largest ones are known, those from {} bytes on",
                        quoted(&subject.name),
                        self.largest.floor
                    ));
                }
                figure(Figure::Bytes, largest, most)
            }
        };
        let key = subject.largest.as_ref().filter(|_| matches!(limit, Limit::KeyBytes(_)));
        Ok(Judged {
            status: if is_over { Status::Over } else { Status::Within },
            found: Some(found),
            key: key.map(|(_, key)| key.clone()),
            weight,
            ..self.within(rule, limit, subject)
        })
    }
}

fn quoted(name: &str) -> String {
    format!("{name:?}")
}

fn allowed(limit: Limit) -> Option<Figure> {
    let percent = |n: Percent| Figure::Percent(i64::try_from(n.0).unwrap_or(i64::MAX));
    Some(match limit {
        Limit::Bytes(n) | Limit::KeyBytes(n) | Limit::NoTtlBytes(n) => Figure::Bytes(n),
        Limit::GrowthBytes(n) => Figure::Change(i64::try_from(n).unwrap_or(i64::MAX)),
        Limit::Keys(n) | Limit::NoTtlKeys(n) => Figure::Keys(n),
        Limit::GrowthPercent(n) | Limit::Share(n) => percent(n),
        Limit::Ttl(ttl) => Figure::Ttl(ttl.name()),
        Limit::RequireTtl | Limit::Forbidden | Limit::NoNew | Limit::Finding(_) => return None,
    })
}

/// What is found and whether it passes `most`.
fn figure(unit: fn(u64) -> Figure, found: u64, most: u64) -> (Figure, bool, f64) {
    (unit(found), found > most, ratio(found, most))
}

fn ratio(found: u64, most: u64) -> f64 {
    found as f64 / (most as f64).max(0.5)
}

/// `part` of `whole` in millionths of a percent, rounded; nothing where there is nothing.
fn percent(part: i64, whole: u64) -> Option<i64> {
    let scaled = i128::from(part) * 100 * i128::from(Percent::UNIT);
    let half = i128::from(whole) / 2 * i128::from(part.signum());
    let found = (scaled + half).checked_div(i128::from(whole))?;
    Some(i64::try_from(found).unwrap_or(i64::MAX))
}

/// A finding, as far as a rule can be about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What kind of thing it is.
    pub id: Id,
    /// What it is about, in words.
    pub subject: String,
    /// The pattern that it is about, or that of its key; empty where it is about the server.
    pub pattern: String,
    /// The bytes at stake.
    pub bytes: u64,
}
