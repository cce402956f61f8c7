//! States come back as they were, merge as what they are of, and are not believed.

use super::*;
use crate::entries::{ModuleId, ValueKind};
use crate::footprint::{Certainty, Encoding};
use crate::groups::{Lifetime, Row, ways};
use proptest::prelude::*;
use proptest::sample::Index;

const TAKEN: i64 = 1_700_000_000_000;

#[derive(Debug, Clone)]
struct Key {
    db: u64,
    name: Vec<u8>,
    bytes: u64,
    kind: ValueKind,
    expires_in: Option<i64>,
}

impl Key {
    fn row(&self) -> Row<'_> {
        let is_module = self.kind == ValueKind::Module;
        Row {
            db: Some(self.db),
            slot: u16::try_from(self.bytes * 7).ok().filter(|slot| *slot < 16_384),
            at: self.bytes,
            key: &self.name,
            kind: self.kind,
            module: is_module.then_some(ModuleId(self.bytes % 20)),
            encoding: Encoding::ALL[self.name.len() % Encoding::ALL.len()],
            elements: Some(self.bytes % 50),
            largest_element: None,
            data: self.bytes / 2,
            field_times: (self.kind == ValueKind::Hash).then_some(&[1, 0, 2, 0, 0, 0, 0, 3]),
            bytes: Size::bytes(self.bytes) + Size::ratio(1, 3),
            others: None,
            certainty: if is_module { Certainty::Serialized } else { Certainty::Exact },
            expiry: self.expires_in.map(|left| TAKEN + left).into(),
            idle_s: self.bytes.is_multiple_of(2).then_some(self.bytes * 9000),
            freq: u8::try_from(self.bytes).ok().filter(|freq| freq % 2 == 1),
        }
    }
}

fn keys() -> impl Strategy<Value = Vec<Key>> {
    let name = prop_oneof![
        "[ab]:([0-5]|[a-d]):([0-3]|x|y)(:[0-9]:[a-c])?",
        "[a-f]:[0-9]{1,2}",
        "(no|yes|if)[-_.][0-9]{1,2}",
        "[ab]:(v[0-9]|id[0-9]|[0-9a-f]{8}|2026-1[0-2]|[a-z]{2})(:[xyz\"\u{7}])?",
    ];
    let expires_in = prop::option::of(prop_oneof![-100..100_i64, 0..90_000_000_000_i64]);
    let kind = (0..ValueKind::ALL.len()).prop_map(|kind| ValueKind::ALL[kind]);
    let key = (0..100_u64, name, 1..3000_u64, kind, expires_in).prop_map(
        |(db, name, bytes, kind, expires_in)| Key {
            db,
            name: name.into_bytes(),
            bytes,
            kind,
            expires_in,
        },
    );
    prop::collection::vec(key, 0..150)
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

fn groups(keys: &[Key]) -> Groups {
    let mut groups = Groups::new(&settings());
    keys.iter().for_each(|key| groups.add(&key.row()));
    groups
}

/// The state of `keys`, with the names of its samples.
fn state(keys: &[Key]) -> State {
    let names = |sample: Sample| {
        let is_it = |key: &&Key| ways::hash(&key.name) == sample.hash;
        keys.iter().find(is_it).map(|key| key.name.clone().into_boxed_slice())
    };
    groups(keys).state(&names)
}

fn again(groups: &Groups, names: &Names) -> State {
    groups.state(&|sample| names.get(&sample.hash).cloned())
}

/// What patterns hold, whichever keys are their samples.
fn patterns(groups: &Groups) -> Vec<(String, bool, crate::groups::Mass, Vec<u64>)> {
    let patterns = groups.patterns().list();
    let keys = |lives: &crate::groups::Lifetimes| lives.iter().map(|(_, s)| s.keys).collect();
    patterns.iter().map(|p| (p.name.clone(), p.is_rule, p.mass(), keys(p.lifetimes()))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_state_comes_back_as_it_was(keys in keys()) {
        let before = state(&keys);
        let text = serde_json::to_string(&before).unwrap();
        let read: State = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &before);
        let (found, names) = read.groups(5).unwrap();
        prop_assert_eq!(&again(&found, &names), &before);
        let whole = groups(&keys);
        prop_assert_eq!(patterns(&found), patterns(&whole));
        prop_assert_eq!(found.largest(), whole.largest());
        prop_assert_eq!(found.longest(), whole.longest());
        prop_assert_eq!(found.totals(), whole.totals());
        prop_assert_eq!(found.lifetimes(), whole.lifetimes());
        prop_assert_eq!(found.field_ttls(), whole.field_ttls());
        prop_assert_eq!(found.slots(), whole.slots());
        prop_assert_eq!(found.prefixes(), whole.prefixes());
    }

    #[test]
    fn states_of_parts_merge_to_that_of_the_whole(
        keys in keys(),
        owners in prop::collection::vec(0..4_usize, 150),
        picks in prop::collection::vec(any::<Index>(), 4),
    ) {
        let part = |n: usize| {
            let its = keys.iter().zip(&owners).filter(|(_, owner)| **owner == n);
            state(&its.map(|(key, _)| key.clone()).collect::<Vec<_>>()).groups(5).unwrap()
        };
        let mut parts: Vec<_> = (0..4).map(part).collect();
        let (mut all, mut names) = parts.swap_remove(picks[0].index(4));
        for pick in &picks[1..] {
            let (other, others) = parts.swap_remove(pick.index(parts.len()));
            // on the way it may be written to a file and read again
            let (mut merged, mut known) = other.state(&|s| others.get(&s.hash).cloned())
                .groups(5)
                .unwrap();
            merged.merge(all);
            known.extend(names);
            (all, names) = again(&merged, &known).groups(5).unwrap();
        }
        prop_assert_eq!(again(&all, &names), state(&keys));
    }

    #[test]
    fn what_two_have_in_common_adds_up_in_each(keys in keys(), cut in any::<Index>()) {
        let (old, new) = keys.split_at(cut.index(keys.len() + 1));
        let (old, new, both) = (groups(old), groups(new), groups(&keys));
        let [old_rows, new_rows] = Groups::common_patterns(&[&old, &new]).try_into().unwrap();
        for (rows, groups) in [(&old_rows, &old), (&new_rows, &new)] {
            let keys: u64 = rows.iter().map(|row| row.mass().keys()).sum();
            prop_assert_eq!(keys, groups.totals().keys());
        }
        // both together are the patterns of all keys
        let mut sums: std::collections::BTreeMap<_, crate::groups::Mass> = Default::default();
        for row in old_rows.iter().chain(&new_rows) {
            *sums.entry((row.name.clone(), row.is_rule)).or_default() += row.mass();
        }
        let whole = both.patterns().list();
        let whole = whole.iter().map(|row| ((row.name.clone(), row.is_rule), row.mass()));
        prop_assert_eq!(sums, whole.collect::<std::collections::BTreeMap<_, _>>());
    }

    #[test]
    fn a_damaged_state_is_refused_or_harmless(
        keys in keys(),
        at in any::<Index>(),
        with in prop_oneof!["[0-9]{1,20}", "\"x\"", "-1", "null", "\\[\\]", "1e999"],
    ) {
        let text = serde_json::to_string(&state(&keys)).unwrap();
        let numbers = regex::Regex::new(r#"-?\b[0-9]+\b|"[^"]*"|null|\[\]"#).unwrap();
        let found: Vec<_> = numbers.find_iter(&text).collect();
        let found = found[at.index(found.len())];
        let damaged = [&text[..found.start()], &with, &text[found.end()..]].concat();
        let Ok(state) = serde_json::from_str::<State>(&damaged) else { return Ok(()) };
        if let Ok((groups, names)) = state.groups(5) {
            let _ = patterns(&groups);
            let _ = groups.prefixes();
            let mut twice = groups.clone();
            twice.merge(groups);
            again(&twice, &names);
        }
    }
}

#[test]
fn sums_that_do_not_add_up_are_refused() {
    let key = |bytes| Key {
        db: 0,
        name: b"user:1".to_vec(),
        bytes,
        kind: ValueKind::Hash,
        expires_in: None,
    };
    let (one, other) = (state(&[key(100)]), state(&[key(101)]));
    let mixed = State { tree: other.tree, ..one };
    assert_eq!(
        mixed.groups(5).map(|_| ()).unwrap_err().to_string(),
        "its names do not add up to its totals"
    );
}

#[test]
fn what_is_made_smaller_still_adds_up() {
    let key = |n: u64| Key {
        db: 0,
        name: format!("a{}:b{}:c{}:x", n % 2, n % 3, n % 5).into_bytes(),
        bytes: n,
        kind: ValueKind::String,
        expires_in: Some(5),
    };
    let mut state = state(&(0..60).map(key).collect::<Vec<_>>());
    let mut depths = vec![state.depth];
    while state.shrink() {
        let (groups, _) = state.groups(5).unwrap();
        assert_eq!(groups.totals().keys(), 60);
        assert_eq!(groups.lifetimes().share(Lifetime::Hour).keys, 60);
        depths.push(state.depth);
    }
    assert!(depths.len() > 2 && depths.is_sorted_by(|a, b| a >= b), "{depths:?}");
}
