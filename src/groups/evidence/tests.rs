use super::super::row::ROW;
use super::*;
use crate::footprint::FIELD_TIMES;

fn candidate(n: u64) -> (Candidate, Size) {
    let bytes = Size::bytes(50 + n % 1000 * (n % 7));
    let priority =
        (float(bytes) / Draw::of(n.wrapping_mul(0xd1b5_4a32_d192_ed03)).float()).to_bits();
    (Candidate { priority, at: Reverse(n), bytes, elements: 0, extent: 0 }, bytes)
}

#[test]
fn a_sample_is_the_same_however_it_is_split_and_tells_the_sum() {
    const MOST: Most = Most { all: 600, of_more: 500 };
    const CLASS: Class = Class::String;
    let mut whole = Reservoir::default();
    let mut parts = <[Reservoir; 3]>::default();
    let (mut all, mut odd) = (0, 0);
    for n in 0..20_000_u64 {
        let (key, bytes) = candidate(n);
        whole.add(key, MOST);
        parts[usize::try_from(n % 3).unwrap()].add(key, MOST);
        all += bytes.floor();
        odd += bytes.floor() * (n % 2);
    }
    let mut merged = Reservoir::default();
    parts.iter_mut().for_each(|part| merged.take_in(part, MOST));
    let picks = whole.picks(CLASS, MOST, u64::MAX);
    assert_eq!(merged.picks(CLASS, MOST, u64::MAX), picks);
    assert!(!picks.complete && picks.keys.len() == MOST.of_more);
    let few = Most { of_more: MOST.of_more / 5, ..MOST };
    let fewer = whole.picks(CLASS, few, u64::MAX);
    let same = fewer.keys.iter().zip(&picks.keys).all(|(one, other)| one.at == other.at);
    assert!(!fewer.complete && fewer.keys.len() == few.of_more && same);
    let sum = |of: fn(&Pick) -> bool| {
        let some = picks.keys.iter().filter(|pick| of(pick));
        some.map(|pick| pick.times * float(pick.bytes) / 65536.0).sum::<f64>()
    };
    for (estimate, truth) in [(sum(|_| true), all), (sum(|pick| pick.at % 2 == 1), odd)] {
        let off = estimate / truth as f64 - 1.0;
        assert!(off.abs() < 0.1, "{off}");
    }
    // of fewer bytes the first ones, which stand for more keys each
    let small = whole.picks(CLASS, MOST, 100_000);
    assert!(
        !small.complete && small.keys.iter().map(|key| key.bytes.floor()).sum::<u64>() <= 100_000
    );
    let estimate: f64 =
        small.keys.iter().map(|pick| pick.times * float(pick.bytes) / 65536.0).sum();
    assert!((estimate / all as f64 - 1.0).abs() < 0.2, "{estimate} {all}");
    assert_eq!(whole.picks(CLASS, MOST, 0).keys.len(), 1);
}

#[test]
fn what_whole_numbers_leave_out_has_too_low_a_priority() {
    let (mut left_out, mut low) = (0, 0);
    for n in 0..100_000_u64 {
        let draw = Draw::of(n.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let bytes = Size::from_raw((n % 7 * (n % 1000)) << (n % 30));
        let mut reservoir = Reservoir::default();
        reservoir.raise(float(Size::from_raw(n << (n % 40))).to_bits());
        let is_low = (float(bytes) / draw.float()).to_bits() < reservoir.floor;
        assert!(is_low || !reservoir.is_below(bytes, draw), "{n}");
        low += u32::from(is_low);
        left_out += u32::from(reservoir.is_below(bytes, draw));
    }
    // and that is nearly all that it could
    assert!(low > 10_000 && low - left_out < low / 100, "{low} {left_out}");
}

#[test]
fn a_key_lies_in_so_many_bytes_of_the_snapshot_and_few_more() {
    // a time, the type, the name with its length, and a length of five bytes
    let around = 9 + 1 + 1 + 7 + 5;
    let check = |class, (kind, encoding), elements: u64, [each, written]: [u64; 2], times| {
        let field_times = Some(&[0; FIELD_TIMES]).filter(|_| times);
        let data = 7 + elements.max(1) * each;
        let row = Row { key: b"name:17", kind, encoding, data, field_times, ..ROW };
        let (most, extent) = (around + elements.max(1) * written, extent(class, &row, elements));
        assert!(most <= extent && extent <= most + 32 + 2 * elements, "{kind:?} {most} {extent}");
    };
    check(Class::String, (ValueKind::String, Encoding::Raw), 0, [300, 300], false);
    let unpacked =
        |kind, encoding, lens| check(Class::Unpacked, (kind, encoding), 600, lens, false);
    unpacked(ValueKind::Hash, Encoding::Hashtable, [10 + 30, 1 + 10 + 1 + 30]);
    unpacked(ValueKind::Hash, Encoding::Hashtable, [10 + 300, 1 + 10 + 2 + 300]);
    unpacked(ValueKind::Set, Encoding::Hashtable, [100, 2 + 100]);
    unpacked(ValueKind::Zset, Encoding::Skiplist, [20 + 8, 1 + 20 + 8]);
    // each field with a time
    let lens = [10 + 30, 9 + 1 + 10 + 1 + 30];
    check(Class::Unpacked, (ValueKind::Hash, Encoding::Hashtable), 600, lens, true);
}

#[test]
fn up_to_so_many_keys_are_all_looked_at_however_they_are_split() {
    const MOST: Most = Most { all: 60, of_more: 20 };
    for (n, looked) in [(0, 0), (10, 10), (60, 60), (61, 20), (500, 20)] {
        for split in [1, 2, 7, 50] {
            let mut parts = vec![Reservoir::default(); 3];
            let mut all = Reservoir::default();
            for key in 0..n {
                // the same part takes others once it is taken in
                let part = &mut parts[usize::try_from(key / split % 3).unwrap()];
                part.add(candidate(key).0, MOST);
                if key % 9 == 0 {
                    all.take_in(part, MOST);
                }
            }
            parts.iter_mut().for_each(|part| all.take_in(part, MOST));
            let Picks { keys, complete } = all.picks(Class::String, MOST, u64::MAX);
            assert_eq!((keys.len(), complete), (looked, n <= 60), "{n} {split}");
            assert!(!complete || keys.iter().all(|pick| pick.times == 1.0));
        }
    }
}
