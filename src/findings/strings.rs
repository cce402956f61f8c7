//! Strings that would take less in another form.
//!
//! Whether they compress well the snapshot tells, which holds them compressed; where it does not,
//! it is tried.

mod json;
mod trial;

use super::again::{Again, Copied, float, whole};
use super::{Confidence, Context, Finding, Id, Least, Percent, Phrase, Saving, Subject};
use crate::bytes::lzf::Compressor;
use crate::entries::{Elements, Entry, Str, TypeCode, ValueKind};
use crate::footprint::{Footprinter, Size};
use crate::groups::{Class, Pattern, Patterns, Pick};
use std::collections::BTreeMap;

/// Longer strings are not read as JSON, and not decompressed.
const LONGEST: u64 = 1 << 20;
/// How many strings are put into one hash.
const BUCKET: usize = 100;
/// Fewer of a pattern's strings do not tell what a hash of them would take.
const FEWEST: usize = 20;
/// Longer values stand for themselves.
const TINY: u64 = 64;

/// What was seen of a pattern's strings.
#[derive(Default)]
struct Seen {
    looked: u64,
    keys: f64,
    bytes: f64,
    json: Less,
    packed: Less,
    /// What of those could be tried that the snapshot does not hold compressed, in bytes.
    plain: u64,
    names: Less,
    /// Names and values of tiny ones.
    tiny: Vec<(Vec<u8>, Vec<u8>)>,
    tiny_keys: f64,
    tiny_bytes: f64,
}

/// Those that would take less, and how much.
#[derive(Debug, Clone, Copy, Default)]
struct Less {
    keys: f64,
    bytes: f64,
    less: f64,
}

impl Seen {
    /// Takes in what another string told.
    fn add(&mut self, other: Self) {
        self.looked += other.looked;
        self.keys += other.keys;
        self.bytes += other.bytes;
        self.json.take_in(other.json);
        self.packed.take_in(other.packed);
        self.plain += other.plain;
        self.names.take_in(other.names);
        let room = BUCKET.saturating_sub(self.tiny.len());
        self.tiny.extend(other.tiny.into_iter().take(room));
        self.tiny_keys += other.tiny_keys;
        self.tiny_bytes += other.tiny_bytes;
    }
}

impl Less {
    fn take_in(&mut self, other: Self) {
        self.keys += other.keys;
        self.bytes += other.bytes;
        self.less += other.less;
    }

    fn add(&mut self, times: f64, now: f64, then: f64) {
        self.keys += times;
        self.bytes += times * now;
        self.less += times * (now - then);
    }
}

/// Strings of JSON, compressible ones, those with names longer than themselves, tiny ones.
pub(super) fn look(context: &Context<'_>) -> Vec<Finding> {
    let Some((again, picks)) = context.second_look(Class::String) else { return Vec::new() };
    let mut looks = Look::new(again);
    let finder = context.finder;
    let told = again.each(
        &picks.keys,
        || Look::new(again),
        |look, near, pick| look.at(finder, near, pick),
    );
    let found = by_pattern(told);
    let tried = trial::run(context, again, (&picks.keys, &found));
    let sure = if picks.complete { Confidence::Modelled } else { Confidence::Sampled };
    let mut findings = Vec::new();
    for pattern in context.patterns {
        if let Some(seen) = found.get(pattern.name.as_str()) {
            let told = Told { context, pattern, seen, sure };
            findings.extend(told.json());
            findings.extend(told.compressible());
            findings.extend(told.names());
            findings.extend(told.tiny(&mut looks));
        }
        if let Some(seen) = tried.get(pattern.name.as_str()) {
            let told = Told { context, pattern, seen, sure: Confidence::Sampled };
            findings.extend(told.compressible_if_tried());
        }
    }
    findings
}

fn by_pattern<'t, 'p>(
    told: impl Iterator<Item = (&'t Pick, (&'p str, Seen))>,
) -> BTreeMap<&'p str, Seen> {
    let mut found = BTreeMap::<&str, Seen>::new();
    for (_, (pattern, seen)) in told {
        found.entry(pattern).or_default().add(seen);
    }
    found
}

struct Look<'l, 'a> {
    again: &'l Again<'a>,
    footprinter: Footprinter,
    compressor: Compressor,
    scratch: Vec<u8>,
}

impl<'l, 'a> Look<'l, 'a> {
    fn new(again: &'l Again<'a>) -> Self {
        let footprinter = again.footprinter(&[again.server.limits]);
        Self { again, footprinter, compressor: Compressor::default(), scratch: Vec::new() }
    }

    /// What one string tells, and its pattern.
    fn at<'f>(
        &mut self,
        finder: &'f Patterns,
        near: &mut Copied,
        pick: &Pick,
    ) -> Option<(&'f str, Seen)> {
        let again = self.again;
        again.key(near, pick, |key| {
            let pattern = finder.name(key.name);
            let mut seen = Seen::default();
            let (entry, name) = (key.entry, key.name.to_vec());
            let value = key.string()?;
            let (times, now) = (pick.times, float(pick.bytes));
            seen.looked += 1;
            seen.keys += times;
            seen.bytes += times * now;
            let len = value.len();
            if name.len() as u64 > len {
                let half = self.string(&entry, name.get(..name.len() / 2)?, value)?;
                seen.names.add(times, now, half);
            }
            if let Str::Lzf { packed, .. } = value {
                let then = self.string(&entry, &name, Str::Raw(packed))?;
                seen.packed.add(times, now, then);
            }
            seen.plain += trial::tried_bytes(&value);
            if len > LONGEST {
                return Some((pattern, seen));
            }
            let mut scratch = std::mem::take(&mut self.scratch);
            if let Ok(text) = value.decode(&mut scratch) {
                if len <= TINY {
                    seen.tiny_keys += times;
                    seen.tiny_bytes += times * now;
                    seen.tiny.push((name.clone(), text.to_vec()));
                }
                if let Some(then) = self.json(&entry, &name, text) {
                    seen.json.add(times, now, then);
                }
            }
            self.scratch = scratch;
            Some((pattern, seen))
        })
    }

    fn string(&mut self, entry: &Entry<'_>, name: &[u8], value: Str<'_>) -> Option<f64> {
        self.footprinter.begin(entry, name);
        self.footprinter.string(value);
        self.footprinter.finish().ok().map(|footprint| float(footprint.sizes.first()))
    }

    /// What the fields of a JSON object take as those of a hash; nested ones stay text.
    fn json(&mut self, entry: &Entry<'_>, name: &[u8], text: &[u8]) -> Option<f64> {
        let text = text.trim_ascii();
        if text.first() != Some(&b'{') {
            return None;
        }
        let json::Object(fields) = serde_json::from_slice(text).ok()?;
        let pairs = fields.iter().map(|(field, value)| (field.as_bytes(), value.as_bytes()));
        if fields.is_empty() { None } else { self.hash(entry, name, pairs) }
    }

    /// What a hash takes.
    fn hash<'p>(
        &mut self,
        entry: &Entry<'_>,
        name: &[u8],
        pairs: impl ExactSizeIterator<Item = (&'p [u8], &'p [u8])>,
    ) -> Option<f64> {
        let entry = Entry { code: TypeCode::HASH, kind: ValueKind::Hash, ..*entry };
        self.footprinter.begin(&entry, name);
        Elements::begin(&mut self.footprinter, pairs.len() as u64);
        for (field, value) in pairs {
            self.footprinter.field(Str::Raw(field), Str::Raw(value), None);
        }
        self.footprinter.finish().ok().map(|footprint| float(footprint.sizes.first()))
    }
}

struct Told<'t> {
    context: &'t Context<'t>,
    pattern: &'t Pattern,
    seen: &'t Seen,
    sure: Confidence,
}

impl Told<'_> {
    /// What an estimate must be multiplied by, so that all strings of the pattern take what they do.
    fn scale(&self) -> f64 {
        let strings = self.pattern.kinds().into_iter().find(|(kind, _)| *kind == ValueKind::String);
        let bytes = strings.map_or(Size::ZERO, |(_, share)| share.bytes);
        if self.sure == Confidence::Modelled || self.seen.bytes <= 0.0 {
            return 1.0;
        }
        float(bytes) / self.seen.bytes
    }

    /// The finding, where what is saved is `least` and so much of what the keys take.
    fn finding(&self, id: Id, less: Less, (least, part): (Least, Percent)) -> Option<Finding> {
        let scale = self.scale();
        let [keys, bytes, saved] = [less.keys, less.bytes, less.less].map(|n| whole(n * scale));
        if saved == 0 || saved < least.0 || !part.is_in(saved, bytes) {
            return None;
        }
        Some(Finding {
            id,
            subject: Subject::Pattern(self.pattern.name.clone()),
            keys,
            bytes: saved,
            saving: Saving::Smaller,
            confidence: self.sure,
            seen: Phrase::default().name(self.pattern.name.as_bytes()).text(": "),
            advice: Phrase::default(),
            commands: Vec::new(),
        })
    }

    /// `seen` with how many were looked at, where not all were.
    fn sampled(&self, seen: Phrase) -> Phrase {
        match self.sure {
            Confidence::Sampled => seen.text(" (").count(self.seen.looked).text(" looked at)"),
            _ => seen,
        }
    }

    fn scaled(&self, n: f64) -> u64 {
        whole(n * self.scale())
    }

    fn json(&self) -> Option<Finding> {
        let least = self.context.thresholds.json_strings;
        let less = self.seen.json;
        let found = self.finding(Id::JsonStrings, less, (least.bytes, least.percent))?;
        let now = self.scaled(less.bytes);
        let seen = found.seen.clone().keys(found.keys).text(" of JSON in strings, ").bytes(now);
        Some(Finding {
            seen: self.sampled(seen),
            advice: Phrase::new("the same fields as hashes take ")
                .bytes(now.saturating_sub(found.bytes)),
            commands: vec![
                "# in the application: a field each, read together or one by one".to_owned(),
                self.context.shell.plain("HSET <key> <field> <value> <field> <value>"),
                self.context.shell.plain("HGETALL <key>"),
            ],
            ..found
        })
    }

    /// The snapshot itself shows it.
    fn compressible(&self) -> Option<Finding> {
        self.compressed(|seen| self.sampled(seen))
    }

    /// It was tried.
    fn compressible_if_tried(&self) -> Option<Finding> {
        let looked = self.seen.looked;
        self.compressed(|seen| {
            seen.text(" (tried on ").count(looked).text(", as the snapshot is not compressed)")
        })
    }

    fn compressed(&self, told: impl FnOnce(Phrase) -> Phrase) -> Option<Finding> {
        let least = self.context.thresholds.compressible;
        let less = self.seen.packed;
        let found = self.finding(Id::Compressible, less, (least.bytes, least.percent))?;
        let now = self.scaled(less.bytes);
        let then = now.saturating_sub(found.bytes);
        let seen = found.seen.clone().bytes(now).text(", as LZF ").bytes(then);
        Some(Finding {
            seen: told(seen),
            advice: Phrase::new("compress in the client; zstd and the like do better than LZF"),
            commands: vec![
                "# nothing to type: the server does not compress, clients do".to_owned(),
            ],
            ..found
        })
    }

    fn names(&self) -> Option<Finding> {
        let least = self.context.thresholds.heavy_names;
        let less = self.seen.names;
        let found = self.finding(Id::HeavyNames, less, (least.bytes, least.percent))?;
        let seen = found.seen.clone().keys(found.keys).text(" with names longer than their values");
        Some(Finding {
            seen: self.sampled(seen),
            advice: Phrase::new("shorten what all names have in common; half as long saves ")
                .bytes(found.bytes),
            commands: vec!["# in the application; RENAME moves a key that is there".to_owned()],
            ..found
        })
    }

    /// Many tiny strings, as hashes of a hundred each.
    fn tiny(&self, looks: &mut Look<'_, '_>) -> Option<Finding> {
        let (seen, least) = (self.seen, self.context.thresholds.tiny_strings);
        let only_lasting = self.pattern.mass().expires.keys == 0;
        if !only_lasting || seen.tiny.len() < FEWEST || self.scaled(seen.tiny_keys) < least.keys {
            return None;
        }
        // what all names have in common is the name of the hashes
        let common = self.pattern.name.find('{').unwrap_or_default();
        let name = self.pattern.name.as_bytes().get(..common).unwrap_or_default();
        let field = |name: &'_ [u8]| name.get(common..).unwrap_or(name).to_vec();
        let pairs: Vec<(Vec<u8>, Vec<u8>)> =
            seen.tiny.iter().map(|(name, value)| (field(name), value.clone())).collect();
        let entry = Entry {
            at: 0,
            key: Str::Raw(name),
            code: TypeCode::HASH,
            kind: ValueKind::Hash,
            db: None,
            meta: Default::default(),
        };
        let of = pairs.iter().map(|(field, value)| (field.as_slice(), value.as_slice()));
        // a number of the bucket stands behind the name
        let hash = looks.hash(&entry, &[name, b"12345"].concat(), of)?;
        let then = hash * seen.tiny_keys / float(Size::bytes(pairs.len() as u64));
        let less =
            Less { keys: seen.tiny_keys, bytes: seen.tiny_bytes, less: seen.tiny_bytes - then };
        let found = self.finding(Id::TinyStrings, less, (least.bytes, least.percent))?;
        let phrase = found
            .seen
            .clone()
            .keys(found.keys)
            .text(" of at most 64 B, ")
            .bytes(self.scaled(less.bytes));
        Some(Finding {
            seen: self.sampled(phrase),
            advice: Phrase::new("in hashes of 100 fields each they take ").bytes(self.scaled(then)),
            // the hash is built of a few of them
            confidence: Confidence::Sampled,
            commands: vec![
                "# in the application: the last digits of the id become the field".to_owned(),
                self.context.shell.plain("HSET <name>:<id / 100> <id % 100> <value>"),
            ],
            ..found
        })
    }
}
