//! The tree against its own definition, on the complete set of names.

use super::super::prefixes::{Prefix, What, build, push_placeholder};
use super::super::ttl::Lifetime;
use super::*;
use crate::entries::ValueKind;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SMALL: Bounds = Bounds {
    words: 3,
    words_below: 2,
    words_beside_codes: 1,
    codes: 2,
    heads: 2,
    numbers: 2,
    weight: 60,
    depth: 4,
};

type Key = (String, u64);

fn kept((name, bytes): &Key) -> Kept {
    let at = usize::try_from(*bytes).unwrap();
    Kept {
        kind: ValueKind::ALL[(name.len() / 3 + at) % 3],
        bytes: Size::bytes(*bytes),
        elements: bytes % 7,
        data: bytes / 2,
        largest_element: (bytes % 4 != 0).then_some(*bytes),
        lifetime: Lifetime::ALL[(name.len() + at) % 9],
        is_absurd: false,
        at: *bytes,
        idle_s: bytes.is_multiple_of(3).then_some(bytes * 40_000),
        freq: None,
    }
}

/// Some are claimed by a rule.
fn rule(key: &Key) -> Option<u16> {
    key.1.is_multiple_of(5).then_some(u16::try_from(key.1 % 3).unwrap())
}

fn tree(keys: &[Key], exempt: Option<&Arc<Exempt>>) -> Tree {
    let mut tree = Tree::new(Separators::default(), SMALL, exempt.cloned());
    for key in keys {
        tree.add(key.0.as_bytes(), &kept(key), rule(key));
    }
    tree
}

fn finish(tree: Tree, least: u64) -> Prefix {
    build(tree, &[], Size::bytes(least), 0)
}

/// A name, split: what tells a segment from others, and whether a second pass keeps it apart.
#[derive(Clone)]
struct Split {
    segments: Vec<Part>,
    held: Held,
}

#[derive(Clone)]
struct Part {
    name: String,
    whole: String,
    class: Class,
    tail: Shape,
    facts: u8,
    kept: bool,
}

fn split_all(keys: &[Key], exempt: Option<&Arc<Exempt>>) -> Vec<Split> {
    let separators = Separators::default();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let split = |key: &Key| {
        let segments = (1..).zip(separators.split(key.0.as_bytes())).map(|(depth, segment)| {
            let token = Token::of(segment);
            Part {
                name: text(token.bytes),
                whole: text(segment.bytes),
                class: token.class,
                tail: token.tail,
                facts: shape::facts(segment),
                kept: exempt.is_some_and(|e| e.has(depth, token.hash)),
            }
        });
        let mut held = Held::default();
        held.add(&kept(key), 0);
        Split { segments: segments.collect(), held }
    };
    keys.iter().map(split).collect()
}

/// The definition. Answers with the prefix and its weight.
fn define(
    name: &str,
    what: What,
    names: Vec<Split>,
    at: (usize, usize),
    light: Option<u64>,
) -> (Prefix, usize) {
    let (depth, cut) = at;
    let [mut own, mut all] = <[Held; 2]>::default();
    names.iter().for_each(|n| all.merge(&n.held));
    let mut groups = BTreeMap::<(Class, Shape, String, bool), Vec<Split>>::new();
    for n in names {
        match n.segments.get(depth) {
            Some(part) if depth < cut => {
                let key = (part.class, part.tail, part.name.clone(), part.kept);
                groups.entry(key).or_default().push(n);
            }
            _ => own.merge(&n.held),
        }
    }
    let counted = |class: Class| groups.keys().filter(|(c, .., kept)| *c == class && !kept).count();
    let limit = |class: Class| SMALL.of(class.shape, u8::try_from(depth).unwrap());
    let is_folded = |class: Class| {
        let codes = Class { shape: Shape::Mixed, ..class };
        class.shape.is_folded()
            || counted(class) > limit(class)
            || class.shape == Shape::Word
                && counted(codes) > limit(codes)
                && counted(class) > SMALL.words_beside_codes
    };
    let (mut children, mut weight) = (Vec::new(), 1);
    let mut many = BTreeMap::<Class, (Vec<Split>, usize)>::new();
    let fold = |class: Class| Class { shape: class.shape.fold(), ..class };
    for class in groups.keys().map(|key| key.0).collect::<std::collections::BTreeSet<_>>() {
        if is_folded(class) {
            many.entry(fold(class)).or_default().1 += limit(class);
        }
    }
    for ((class, tail, text, kept), names) in &groups {
        let bytes: u64 = names.iter().map(|n| n.held.bytes().floor()).sum();
        let is_light = light.is_some_and(|least| bytes < least);
        if is_folded(*class) && (!kept || is_light) {
            many.get_mut(&fold(*class)).unwrap().0.extend(names.clone());
            continue;
        }
        let wholes: std::collections::BTreeSet<_> =
            names.iter().map(|n| &n.segments[depth].whole).collect();
        let end = Separators::default().byte(class.separator).map(char::from);
        let end = end.map(String::from).unwrap_or_default();
        let (text, what) = match class.shape {
            Shape::Headed if wholes.len() > 1 => {
                (format!("{text}{}{end}", tail.placeholder()), What::Folded)
            }
            Shape::Headed => (wholes.first().unwrap().to_string(), What::Name),
            _ => (text.clone(), What::Name),
        };
        let what = match what {
            What::Name if class.separator != 0 => What::Prefix,
            what => what,
        };
        let child = define(&format!("{name}{text}"), what, names.clone(), (depth + 1, cut), light);
        children.push(child.0);
        weight += child.1;
    }
    for (class, (names, times)) in many {
        let end = Separators::default().byte(class.separator).map(char::from);
        let facts = |n: &Split| match n.segments[depth].class.shape {
            Shape::Headed => 0,
            _ => n.segments[depth].facts,
        };
        let facts = names.iter().map(facts).fold(shape::fact::ALL, |all, one| all & one);
        let mut name = name.as_bytes().to_vec();
        let is_code = groups.keys().any(|(c, ..)| {
            matches!(c.shape, Shape::Mixed | Shape::Headed)
                && c.separator == class.separator
                && is_folded(*c)
        });
        let shape = if class.shape == Shape::Word && is_code { Shape::Mixed } else { class.shape };
        push_placeholder(&mut name, shape, facts);
        let name = String::from_utf8(name).unwrap();
        let name = format!("{name}{}", end.map(String::from).unwrap_or_default());
        let child = define(&name, What::Folded, names, (depth + 1, cut), light);
        if child.0.totals.is_empty() {
            continue;
        }
        children.push(child.0);
        weight += child.1 * (times + 1);
    }
    children.sort_by(|a, b| {
        let order = |p: &Prefix| (std::cmp::Reverse(p.totals.bytes()), p.what, p.name.clone());
        order(a).cmp(&order(b))
    });
    (Prefix::new(name, what, (&all, own.mass()), children), weight)
}

fn definition(keys: &[Key], exempt: Option<&Arc<Exempt>>, least: u64) -> Prefix {
    let names = split_all(keys, exempt);
    let at = |cut, light| define("", What::Prefix, names.clone(), (0, cut), light);
    let deepest = usize::from(SMALL.depth);
    let cut = (2..=deepest).rev().find(|&cut| at(cut, None).1 <= SMALL.weight).unwrap_or(1);
    at(cut, Some(least)).0
}

fn keys() -> impl Strategy<Value = Vec<Key>> {
    let name = prop_oneof![
        4 => "[ab]:([0-5]|[a-d]):([0-3]|x|y|)(:[0-9]:[a-c])?",
        2 => "[a-f]:[0-9]",
        2 => "[ab]:(v[0-3]|(no|yes|or)-?[0-9]|[a-c]):([0-9]|x)?",
        1 => "a:(2026-1[0-2]|[{]?[0-9]{1,2}[}]?|1\\.1\\.1\\.[0-9]):[ab]",
        1 => "([0-9]|[a-e])/[ab]/([0-9]|)",
        1 => "(no|yes|or|and|if)[-_.][0-9]{1,2}",
        1 => "[a-z0-9]{0,2}",
    ];
    let bytes = prop_oneof![8 => 1..50_u64, 1 => 500..2000_u64];
    prop::collection::vec((name, bytes), 0..150)
}

/// A segment of one of a dozen kinds.
fn segment(kind: u8, n: u32) -> String {
    match kind {
        0 => (n % 1000).to_string(),
        1 => char::from(b'a' + u8::try_from(n % 3).unwrap()).to_string(),
        2 => format!("{}.1.0.{}", n % 100, n / 100 % 10),
        3 => format!("{:x}", n % 0x100_0000),
        4 => format!("{n:08x}a"),
        5 if n.is_multiple_of(60) => "3798000000".to_owned(),
        5 => (1_700_000_000 + n % 1000).to_string(),
        6 => format!("v{}", n % 10),
        7 => format!("db{}", n % 1000),
        8 => format!("00:1{}:4a:11:3{:x}:b7", n % 10, n / 10 % 16),
        9 => format!("2026-11-{:02}", n % 40),
        10 => format!("{{{}}}", n % 1000),
        11 => char::from(u8::try_from(n % 3).unwrap()).to_string(),
        _ => String::new(),
    }
}

/// Names of few templates, so that most of them go a way that is known.
fn alike() -> impl Strategy<Value = Vec<Key>> {
    let kinds = prop::collection::vec([0..13_u8, 0..13_u8, 0..13_u8], 1..4);
    kinds.prop_flat_map(|kinds| {
        let name = (prop::sample::select(kinds), any::<[u32; 3]>()).prop_map(|(kinds, numbers)| {
            let segments = kinds.into_iter().zip(numbers).map(|(kind, n)| segment(kind, n));
            segments.collect::<Vec<_>>().join(":")
        });
        prop::collection::vec((name, 1..50_u64), 0..300)
    })
}

/// Cuts the keys into parts, and merges the parts in the order of `picks`.
fn by_parts(
    keys: &[Key],
    cuts: &[prop::sample::Index],
    picks: &[prop::sample::Index],
    exempt: Option<&Arc<Exempt>>,
) -> Tree {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(keys.len() + 1)).collect();
    at.extend([0, keys.len()]);
    at.sort_unstable();
    let mut parts: Vec<_> = at.windows(2).map(|w| tree(&keys[w[0]..w[1]], exempt)).collect();
    for pick in picks.iter().cycle() {
        if parts.len() == 1 {
            break;
        }
        let mut part = parts.swap_remove(pick.index(parts.len()));
        let into = pick.index(parts.len());
        parts[into].take_in(&mut part);
    }
    parts.remove(0)
}

fn adds_up(prefix: &Prefix) {
    let mut sum = prefix.own;
    for child in &prefix.children {
        adds_up(child);
        sum += child.totals;
        assert!(child.name.len() >= prefix.name.len());
        assert!(!child.totals.is_empty());
    }
    assert_eq!(sum, prefix.totals);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_order_gives_what_is_defined(keys in keys().prop_shuffle()) {
        let tree = tree(&keys, None);
        prop_assert!(tree.arena.len() <= SMALL.weight + 2 * usize::from(SMALL.depth));
        let prefix = finish(tree, 1);
        adds_up(&prefix);
        prop_assert_eq!(&prefix, &definition(&keys, None, 1));
        let keys_in_all: u64 = keys.iter().map(|_| 1).sum();
        prop_assert_eq!(prefix.totals.keys(), keys_in_all);
    }

    #[test]
    fn any_split_gives_the_whole(
        keys in keys().prop_shuffle(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..8),
    ) {
        let (mut whole, mut parts) = (tree(&keys, None), by_parts(&keys, &cuts, &picks, None));
        let total = finish(whole.clone(), 1).totals.bytes();
        let least = Size::from_raw(total.raw().div_ceil(10).max(1));
        let suspects = whole.suspects(least, std::iter::empty());
        prop_assert_eq!(&parts.suspects(least, std::iter::empty()), &suspects);
        prop_assert_eq!(finish(parts, 1), finish(whole, 1));

        let Some(exempt) = suspects.map(Arc::new) else { return Ok(()) };
        let least = least.floor().max(1);
        let parts = by_parts(&keys, &cuts, &picks, Some(&exempt));
        let whole = finish(tree(&keys, Some(&exempt)), least);
        adds_up(&whole);
        prop_assert_eq!(&finish(parts, least), &whole);
        prop_assert_eq!(whole, definition(&keys, Some(&exempt), least));
    }

    #[test]
    fn ways_lead_to_where_walking_leads(
        names in alike(),
        cut in any::<prop::sample::Index>(),
        bounds in prop_oneof![Just(SMALL), Just(Bounds::default())],
    ) {
        let trees = || [0; 2].map(|_| Tree::new(Separators::default(), bounds, None));
        let [mut known, mut walked] = trees();
        let sums = trees();
        let cut = cut.index(names.len() + 1);
        for (n, key) in names.iter().enumerate() {
            if n == cut {
                let [mut one, mut other] = sums.clone();
                one.take_in(&mut known);
                other.take_in(&mut walked);
            }
            known.ways.hurry();
            walked.ways = Ways::default();
            let name = key.0.as_bytes();
            let places = [&mut known, &mut walked].map(|tree| tree.add(name, &kept(key), rule(key)));
            prop_assert_eq!(places[0], places[1], "{}", key.0);
        }
        prop_assert_eq!(&known.sketch, &walked.sketch);
        for id in known.arena.all() {
            let [one, other] = [&known, &walked].map(|tree| tree.arena.node(id));
            prop_assert_eq!((&one.label, one.facts), (&other.label, other.facts));
            prop_assert_eq!((&one.own, &one.claimed), (&other.own, &other.claimed));
            prop_assert_eq!((one.folds, &one.only), (other.folds, &other.only));
        }
    }

    #[test]
    fn a_used_tree_serves_again(
        keys in keys().prop_shuffle(),
        parts in prop::collection::vec(0..20_usize, 0..20),
    ) {
        let (mut sum, mut part) = (tree(&[], None), tree(&[], None));
        let mut rest = keys.as_slice();
        for length in parts.into_iter().chain([usize::MAX]) {
            let (head, tail) = rest.split_at(length.min(rest.len()));
            for k in head {
                part.add(k.0.as_bytes(), &kept(k), rule(k));
            }
            sum.take_in(&mut part);
            rest = tail;
        }
        prop_assert_eq!(finish(sum, 1), finish(tree(&keys, None), 1));
    }
}

#[test]
fn many_names_take_bounded_memory() {
    let mut tree = Tree::new(Separators::default(), Bounds::default(), None);
    let limit = Bounds::default().weight + 16;
    for n in 0..200_000_u64 {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (a, b, c) = (n % 50, n / 50 % 50, n / 2500 % 50);
        for name in [
            format!("a{a}:b{b}:c{c}:d{n}"),
            format!("{mixed:x}:{n}:{mixed}"),
            format!("t{a}:u{mixed:x}:v{b}"),
        ] {
            tree.add(name.as_bytes(), &kept(&(name.clone(), 10)), None);
        }
        assert!(tree.arena.len() <= limit);
    }
    let prefix = finish(tree, 1);
    adds_up(&prefix);
    assert_eq!(prefix.totals.keys(), 600_000);
}

#[test]
fn names_that_look_alike_go_one_way() {
    let mut tree = Tree::new(Separators::default(), Bounds::default(), None);
    for n in 0..10_000_u64 {
        for name in [
            format!("user:{}:profile", 10_000 + n),
            format!("rate:10.0.{}.7:{}", n % 90 + 10, n % 9000 + 1000),
            format!("session:a{:07x}:x", n),
            format!("cache:product:{}:v2", 10_000 + n),
        ] {
            tree.add(name.as_bytes(), &kept(&(name.clone(), 10)), None);
        }
    }
    assert_eq!(tree.ways.len(), 4);
}

#[test]
fn numbers_of_other_lengths_have_ways_of_their_own() {
    let mut tree = Tree::new(Separators::default(), Bounds::default(), None);
    for (n, least) in
        (0..900_u64).flat_map(|n| [100, 1000, 10_000, 100_000].map(|least| (n, least)))
    {
        let name = format!("counter:{}", least + n);
        tree.add(name.as_bytes(), &kept(&(name.clone(), 10)), None);
    }
    assert_eq!(tree.ways.len(), 4);
}

#[test]
fn a_name_too_long_for_a_template_is_walked() {
    let mut tree = Tree::new(Separators::default(), Bounds::default(), None);
    let add =
        |tree: &mut Tree, name: &str| tree.add(name.as_bytes(), &kept(&(name.into(), 1)), None);
    // a way is kept, and nothing is folded yet
    for _ in 0..10 {
        add(&mut tree, "a:b");
    }
    assert_eq!((tree.ways.len(), tree.arena.changes()), (1, 0));
    for len in 60..70 {
        let name = format!("c:{}", "x".repeat(len - 2));
        let (place, _) = add(&mut tree, &name);
        assert_eq!(place, tree.find(name.as_bytes()), "{len}");
        assert_ne!(place, Id::ROOT, "{len}");
    }
}
