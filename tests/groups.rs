//! Aggregates are the same in any order, from any split, and add up.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;
use proptest::sample::Index;
use rdblens::entries::{ModuleId, ValueKind};
use rdblens::footprint::{Certainty, Encoding, Size};
use rdblens::groups::{
    Big, Bounds, Cell, FieldTtls, Glob, Groups, Lifetime, Limits, Mass, Measure, Pattern, Prefix,
    Row, Rules, Settings, Share, Subject, Sum, Totals, What, by, lines,
};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

const TAKEN: i64 = 1_700_000_000_000;

/// A row that owns its name.
#[derive(Debug, Clone)]
struct Key {
    db: u64,
    name: String,
    bytes: u64,
    kind: ValueKind,
    elements: Option<u64>,
    expires_in: Option<i64>,
    others: [Size; 3],
}

impl Key {
    fn row(&self, db: Option<u64>) -> Row<'_> {
        let is_module = self.kind == ValueKind::Module;
        Row {
            db,
            slot: u16::try_from(self.bytes * 7).ok().filter(|slot| slot % 3 > 0 && *slot < 16_384),
            at: self.bytes,
            key: self.name.as_bytes(),
            kind: self.kind,
            module: is_module.then_some(ModuleId(self.bytes % 20)),
            encoding: Encoding::ALL[self.name.len() % Encoding::ALL.len()],
            elements: self.elements,
            largest_element: None,
            data: self.bytes * 2 / 3,
            field_times: (self.kind == ValueKind::Hash).then_some(&[1, 0, 2, 0, 0, 0, 0, 3]),
            bytes: Size::bytes(self.bytes) + Size::ratio(1, 3),
            others: Some(&self.others),
            certainty: if is_module { Certainty::Serialized } else { Certainty::Exact },
            expiry: self.expires_in.map(|left| TAKEN + left).into(),
            idle_s: self.bytes.is_multiple_of(2).then_some(self.bytes * 9000),
            freq: u8::try_from(self.bytes).ok().filter(|freq| freq % 2 == 1),
        }
    }
}

/// What such a key takes in the lanes behind the first.
fn others(bytes: u64) -> [Size; 3] {
    [Size::bytes(bytes / 2), Size::ZERO, Size::ZERO]
}

fn keys() -> impl Strategy<Value = Vec<Key>> {
    let name = prop_oneof![
        "[ab]:([0-5]|[a-d]):([0-3]|x|y)(:[0-9]:[a-c])?",
        "[a-f]:[0-9]{1,2}",
        "(no|yes|if)[-_.][0-9]{1,2}",
        "[ab]:(v[0-9]|id[0-9]|[0-9a-f]{8}|2026-1[0-2]|[a-z]{2})(:[xyz])?",
    ];
    let bytes = prop_oneof![9 => 1..60_u64, 1 => 1000..9000_u64];
    let expires_in = prop::option::of(prop_oneof![-100..100_i64, 0..100_000_000_i64]);
    let kind = (0..ValueKind::ALL.len()).prop_map(|kind| ValueKind::ALL[kind]);
    let key = (0..3_u64, name, bytes, kind, prop::option::of(0..50_u64), expires_in).prop_map(
        |(db, name, bytes, kind, elements, expires_in)| Key {
            others: others(bytes),
            db,
            name,
            bytes,
            kind,
            elements,
            expires_in,
        },
    );
    prop::collection::vec(key, 0..120)
}

fn settings() -> Settings {
    let bounds = Bounds {
        words: 3,
        words_below: 2,
        words_beside_codes: 1,
        codes: 2,
        heads: 2,
        numbers: 2,
        weight: 60,
        depth: 4,
    };
    let rules = ["f:*", "a:1:*"].map(|glob| Glob::new(glob.as_bytes()));
    let rules = Rules::new(rules.to_vec()).map(Arc::new);
    Settings { bounds, rules, top: 5, ..Settings::new(TAKEN) }
}

fn whole(keys: &[Key], settings: &Settings) -> Groups {
    let mut groups = Groups::new(settings);
    keys.iter().for_each(|key| groups.add(&key.row(Some(key.db))));
    groups
}

/// Sorts the keys by database, as a snapshot has them, and cuts them into parts of which none
/// knows the database at its beginning; merges those in the order of `picks`.
fn parts(keys: &[Key], cuts: &[Index], picks: &[Index], settings: &Settings) -> Groups {
    let mut keys = keys.to_vec();
    keys.sort_by_key(|key| key.db);
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(keys.len() + 1)).collect();
    at.extend([0, keys.len()]);
    at.sort_unstable();
    let part = |range: &[usize]| {
        let keys = &keys[range[0]..range[1]];
        let first = keys.first().map_or(0, |key| key.db);
        let mut part = Groups::new(settings);
        keys.iter().for_each(|key| part.add(&key.row((key.db != first).then_some(key.db))));
        part.bind(first);
        part
    };
    let mut parts: Vec<_> = at.windows(2).map(part).collect();
    for pick in picks.iter().cycle() {
        if parts.len() == 1 {
            break;
        }
        let part = parts.swap_remove(pick.index(parts.len()));
        let into = pick.index(parts.len());
        parts[into].merge(part);
    }
    parts.remove(0)
}

type Percentiles = Option<[u64; 3]>;

/// A type with its percentiles of bytes and elements, and its largest key.
type Type = (ValueKind, Option<ModuleId>, [Percentiles; 2], Option<Big>);

/// All that a report can read.
#[derive(Debug, PartialEq)]
struct Seen {
    cells: Vec<Cell>,
    totals: Totals,
    expired: Sum,
    largest: Vec<Big>,
    longest: Vec<Big>,
    types: Vec<Type>,
    certainty: [Share; 3],
    lifetimes: Vec<(Lifetime, Share)>,
    slots: Vec<(u16, Share)>,
    prefixes: Prefix,
    patterns: Vec<Pattern>,
    fields: FieldTtls,
}

fn see(groups: &Groups) -> Seen {
    let percents = [50.0, 99.0, 100.0];
    let own = |keys: Vec<&Big>| keys.into_iter().cloned().collect();
    let types = groups.types().into_iter().map(|(kind, id, t)| {
        let spreads = [&t.bytes, &t.elements].map(|spread| spread.percentiles(percents));
        (kind, id, spreads, t.largest().cloned())
    });
    Seen {
        cells: groups.cells(),
        totals: groups.totals(),
        expired: groups.expired(),
        largest: own(groups.largest()),
        longest: own(groups.longest()),
        types: types.collect(),
        certainty: [Certainty::Exact, Certainty::Expected, Certainty::Serialized]
            .map(|certainty| groups.certainty(certainty)),
        lifetimes: groups.lifetimes().iter().collect(),
        slots: groups.slots().iter().collect(),
        prefixes: groups.prefixes(),
        patterns: groups.patterns().list(),
        fields: groups.field_ttls().clone(),
    }
}

fn adds_up(prefix: &Prefix) {
    let mut totals = prefix.own;
    for child in &prefix.children {
        adds_up(child);
        totals += child.totals;
    }
    assert_eq!(totals, prefix.totals);
    let kinds = prefix.kinds().into_iter().fold(Share::default(), |mut sum, (_, share)| {
        sum += share;
        sum
    });
    assert_eq!(kinds, Share { keys: totals.keys(), bytes: totals.bytes() });
}

fn sum(shares: impl Iterator<Item = Share>) -> Share {
    shares.fold(Share::default(), |mut sum, share| {
        sum += share;
        sum
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn parts_in_any_order_are_the_whole(
        keys in keys().prop_shuffle(),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
        picks in prop::collection::vec(any::<Index>(), 1..6),
    ) {
        let settings = Settings { keeps: true, ..settings() };
        let (mut one, mut many) =
            (whole(&keys, &settings), parts(&keys, &cuts, &picks, &settings));
        prop_assert_eq!(see(&many), see(&one));
        let suspects = one.suspects();
        prop_assert_eq!(&many.suspects(), &suspects);
        let second = Settings { exempt: suspects.map(Arc::new), keeps: false, ..settings };
        // what was kept tells the same as reading again
        prop_assert!(many.again(&second, &AtomicU64::new(0)));
        prop_assert!(!many.again(&second, &AtomicU64::new(0)));
        let (one, read) = (whole(&keys, &second), parts(&keys, &cuts, &picks, &second));
        prop_assert_eq!(see(&read), see(&one));
        prop_assert_eq!(see(&many), see(&one));
    }

    #[test]
    fn all_views_add_up_to_the_same(keys in keys()) {
        let groups = whole(&keys, &settings());
        let seen = see(&groups);
        let all = Share { keys: seen.totals.keys(), bytes: seen.totals.bytes() };
        prop_assert_eq!(all.keys, keys.len() as u64);
        adds_up(&seen.prefixes);
        let root = &seen.prefixes.totals;
        prop_assert_eq!((root.keys(), root.bytes()), (all.keys, all.bytes));
        prop_assert_eq!(root.never.bytes, seen.totals.never.bytes());
        let mut patterns = Mass::default();
        seen.patterns.iter().for_each(|pattern| patterns += pattern.mass());
        prop_assert_eq!(&patterns, root);
        let lives = seen.patterns.iter().flat_map(|pattern| pattern.lifetimes().iter());
        let never = lives.filter(|(life, _)| *life == Lifetime::Never).map(|(_, share)| share);
        prop_assert_eq!(sum(never), root.never);
        // each key's own pattern is the one that counted it
        let patterns = groups.patterns();
        for pattern in &seen.patterns {
            let its = keys.iter().filter(|key| patterns.name(key.name.as_bytes()) == pattern.name);
            prop_assert_eq!(its.count() as u64, pattern.mass().keys(), "{}", pattern.name);
        }
        prop_assert_eq!(sum(seen.certainty.into_iter()), all);
        prop_assert_eq!(sum(seen.lifetimes.iter().map(|(_, share)| *share)), all);
        let expired = groups.lifetimes().share(Lifetime::Expired);
        prop_assert_eq!(expired, Share { keys: seen.expired.keys, bytes: seen.expired.bytes() });
        let never = groups.lifetimes().share(Lifetime::Never);
        prop_assert_eq!(never.bytes, seen.totals.never.bytes());
        for key in [|c: &Cell| c.kind as u64, |c: &Cell| c.encoding as u64] {
            let mut totals = Totals::default();
            by(&seen.cells, key).into_iter().for_each(|(_, content)| totals += content.totals);
            prop_assert_eq!(totals, seen.totals);
        }
        let typed: u64 = groups.types().iter().map(|(_, _, t)| t.bytes.len()).sum();
        prop_assert_eq!(typed, all.keys);
        let with_slots = keys.iter().filter(|key| key.row(None).slot.is_some()).count();
        prop_assert_eq!(seen.slots.iter().map(|(_, s)| s.keys).sum::<u64>(), with_slots as u64);
    }

    #[test]
    fn the_largest_keys_are_the_largest(keys in keys().prop_shuffle()) {
        let groups = whole(&keys, &settings());
        let mut sorted = keys.clone();
        sorted.sort_by_key(|k| (std::cmp::Reverse(k.bytes), k.db, k.name.clone()));
        let expected: Vec<_> = sorted.iter().map(|k| (k.bytes, k.db, k.name.as_bytes())).collect();
        let found: Vec<_> = groups
            .largest()
            .into_iter()
            .map(|b| (b.sizes.first().floor(), b.db.unwrap(), b.name().unwrap()))
            .collect();
        prop_assert_eq!(&found[..], &expected[..expected.len().min(5)]);
        let elements = |k: &Key| if k.kind == ValueKind::String { None } else { k.elements };
        sorted.sort_by_key(|k| (std::cmp::Reverse(elements(k)), k.db, k.name.clone()));
        let most: Vec<_> = sorted.iter().filter_map(elements).filter(|&n| n > 0).take(5).collect();
        let longest = groups.longest();
        prop_assert_eq!(longest.iter().filter_map(|b| b.elements).collect::<Vec<_>>(), most);
    }

    #[test]
    fn lines_add_up_to_the_prefix_above(keys in keys(), depth in 1..4_usize, top in 1..4_usize) {
        let root = whole(&keys, &settings()).prefixes();
        for measure in [Measure::Bytes, Measure::Never] {
            let limits = Limits { measure, depth, top, least: Size::bytes(20) };
            let lines = lines(&root, &limits);
            let outermost = lines.iter().filter(|line| line.level == 0);
            let mut totals = Mass::default();
            outermost.for_each(|line| totals += line.totals);
            prop_assert_eq!(totals, root.totals);
            for (at, line) in lines.iter().enumerate() {
                let below: Vec<_> = lines[at + 1..]
                    .iter()
                    .take_while(|below| below.level > line.level)
                    .filter(|below| below.level == line.level + 1)
                    .collect();
                prop_assert!(line.level < depth);
                if !below.is_empty() {
                    let mut totals = Mass::default();
                    below.iter().for_each(|line| totals += line.totals);
                    prop_assert_eq!(totals, line.totals);
                    let shown = below.iter().filter(|l| matches!(l.subject, Subject::Prefix(_)));
                    prop_assert!((1..=top).contains(&shown.count()));
                }
            }
        }
    }
}

fn key(name: String, bytes: u64) -> Key {
    let (kind, elements, others) = (ValueKind::Hash, Some(1), others(bytes));
    Key { db: 0, name, bytes, kind, elements, expires_in: None, others }
}

fn find<'p>(prefix: &'p Prefix, name: &str) -> Option<&'p Prefix> {
    if prefix.name == name.as_bytes() {
        return Some(prefix);
    }
    prefix.children.iter().find_map(|child| find(child, name))
}

#[test]
fn a_heavy_key_stands_beside_the_many_it_belongs_to() {
    let mut keys: Vec<_> = (0..5000).map(|n| key(format!("user:{n}:cart"), 100)).collect();
    keys.push(key("user:77:cart".into(), 50_000));
    keys[77].db = 1;
    let mut groups = whole(&keys, &Settings::new(TAKEN));
    assert_eq!(groups.suspects(), None);
    let root = groups.prefixes();
    let heavy = find(&root, "user:77:cart").unwrap();
    assert_eq!((heavy.what, heavy.totals.keys()), (What::Key, 1));
    assert_eq!(find(&root, "user:{int}:cart").unwrap().totals.keys(), 5000);
    assert_eq!(find(&root, "user:").unwrap().totals.keys(), 5001);
    adds_up(&root);
}

#[test]
fn a_heavy_prefix_among_many_is_found_in_a_second_pass() {
    let mut keys: Vec<_> = (0..20_000).map(|n| key(format!("t:{}:{n}", n % 5000), 100)).collect();
    keys.extend((0..500).map(|n| key(format!("t:77:x{n}"), 200)));
    let settings = Settings::new(TAKEN);
    let mut first = whole(&keys, &settings);
    assert!(find(&first.prefixes(), "t:77:").is_none());
    let suspects = first.suspects().unwrap();
    let second = Settings { exempt: Some(Arc::new(suspects)), ..settings };
    let mut second = whole(&keys, &second);
    assert_eq!(second.suspects(), None);
    let root = second.prefixes();
    assert_eq!(find(&root, "t:77:").unwrap().totals.keys(), 504);
    assert_eq!(find(&root, "t:{int}:").unwrap().totals.keys(), 20_000 - 4);
    assert_eq!(find(&root, "t:").unwrap().children.len(), 2);
    adds_up(&root);
}

#[test]
fn hostile_rows_neither_overflow_nor_fill_the_memory() {
    let mut groups = Groups::new(&Settings::new(TAKEN));
    let long = vec![b'x'; 1 << 20];
    for n in 0..3000_u64 {
        let size = Size::from_raw(u64::MAX - n);
        let mut name = n.to_be_bytes().to_vec();
        name.extend_from_slice(if n % 100 == 0 { &long } else { b"short" });
        let row = Row {
            db: Some(n),
            slot: Some(u16::MAX),
            at: u64::MAX,
            key: &name,
            kind: ValueKind::Module,
            module: Some(ModuleId(n)),
            encoding: Encoding::Raw,
            elements: Some(u64::MAX),
            largest_element: None,
            data: u64::MAX,
            field_times: Some(&[u64::MAX; 8]),
            bytes: size,
            others: Some(&[size; 3]),
            certainty: Certainty::Serialized,
            expiry: Some(i64::MIN).into(),
            idle_s: Some(u64::MAX),
            freq: Some(u8::MAX),
        };
        groups.add(&row);
    }
    assert_eq!(groups.totals().keys(), 3000);
    assert_eq!(groups.cells().iter().map(|c| c.content.totals.keys()).sum::<u64>(), 3000);
    assert!(groups.largest().iter().all(|big| big.key.len() <= 1024));
    assert!(groups.largest()[0].name().is_none());
    assert_eq!(groups.expired().keys, 3000);
    let mut other = groups.clone();
    other.merge(groups);
    assert_eq!(other.prefixes().totals.keys(), 6000);
}
