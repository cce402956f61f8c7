//! Keys as they were added to the tree of names, where there are few: a second pass adds them once more, and
//! need not read them again.

use super::held::Kept;
use std::mem;
use std::ops::Range;

/// So many keys are kept at the most, and so many bytes of their names: 20 MB together.
const KEYS: usize = 1 << 17;
const NAMES: usize = 4 << 20;
/// Keys are few where so many bytes of the snapshot lie between one and the next; that is asked from so many
/// on.
const APART: u64 = 8 << 10;
const SOME: usize = 256;

/// A key that was added.
#[derive(Debug, Clone)]
struct Logged {
    /// Where its name is among those of its piece.
    name: Range<usize>,
    kept: Kept,
    rule: Option<u16>,
}

/// Keys that were added one after another.
#[derive(Debug, Clone, Default)]
struct Piece {
    names: Vec<u8>,
    keys: Vec<Logged>,
}

impl Piece {
    fn keys(&self) -> impl Iterator<Item = (&[u8], &Kept, Option<u16>)> {
        let name = |key: &Logged| self.names.get(key.name.clone()).unwrap_or_default();
        self.keys.iter().map(move |key| (name(key), &key.kept, key.rule))
    }
}

/// Keys that were added.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    /// What is added goes here.
    open: Piece,
    /// Those of other logs. They stay as they are: to copy them would cost more than to add them did, most
    /// of it for new memory.
    taken: Vec<Piece>,
    /// Keys and bytes of names in all of them.
    len: usize,
    bytes: usize,
}

impl Log {
    /// Keeps a key, unless there are too many.
    #[cold]
    #[inline(never)]
    pub(super) fn add(&mut self, name: &[u8], kept: Kept, rule: Option<u16>) -> bool {
        let Piece { names, keys } = &mut self.open;
        let first = keys.first().map_or(kept.at, |first| first.kept.at);
        let are_few = kept.at.saturating_sub(first) / APART >= keys.len() as u64;
        let has_room = self.len < KEYS && name.len() <= NAMES - self.bytes;
        if !has_room || (keys.len() >= SOME && !are_few) {
            return false;
        }
        let from = names.len();
        names.extend_from_slice(name);
        keys.push(Logged { name: from..names.len(), kept, rule });
        self.len += 1;
        self.bytes += name.len();
        true
    }

    /// How many keys there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Takes the keys of `other`, unless there are too many.
    pub(super) fn take_in(&mut self, other: &mut Self) -> bool {
        if other.len > KEYS - self.len || other.bytes > NAMES - self.bytes {
            return false;
        }
        let Self { open, taken, len, bytes } = mem::take(other);
        self.taken.extend(taken);
        self.taken.push(open);
        self.len += len;
        self.bytes += bytes;
        true
    }

    /// The keys in parts of up to so many, each with its name and the rule that claims it.
    pub(super) fn parts(
        &self,
        most: usize,
    ) -> Vec<impl Iterator<Item = (&[u8], &Kept, Option<u16>)>> {
        let most = most.max(1);
        (0..self.len).step_by(most).map(|from| self.keys().skip(from).take(most)).collect()
    }

    fn keys(&self) -> impl Iterator<Item = (&[u8], &Kept, Option<u16>)> {
        [&self.open].into_iter().chain(&self.taken).flat_map(Piece::keys)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ttl::Lifetime;
    use super::*;
    use crate::entries::ValueKind;
    use crate::footprint::Size;

    fn kept(at: u64) -> Kept {
        Kept {
            kind: ValueKind::String,
            bytes: Size::bytes(at),
            elements: 0,
            data: 0,
            largest_element: None,
            lifetime: Lifetime::Never,
            is_absurd: false,
            at,
            idle_s: None,
            freq: None,
        }
    }

    #[test]
    fn keys_come_back_in_parts() {
        let (mut log, mut other) = (Log::default(), Log::default());
        for n in 0..5_u16 {
            let log = if n < 3 { &mut log } else { &mut other };
            assert!(log.add(format!("name:{n}").as_bytes(), kept(n.into()), Some(n)));
        }
        assert!(log.take_in(&mut other) && other.len() == 0 && log.len() == 5);
        for most in 0..7 {
            let all = log.parts(most).into_iter().flatten();
            let all = all.map(|(name, kept, rule)| (name.to_vec(), kept.at, rule));
            let expected =
                (0..5_u16).map(|n| (format!("name:{n}").into_bytes(), n.into(), Some(n)));
            assert!(all.eq(expected), "{most}");
        }
    }

    #[test]
    fn many_keys_are_not_kept() {
        let mut near = Log::default();
        let kept_of = |log: &mut Log, step: u64| {
            (0..).take_while(|n| log.add(b"n", kept(n * step), None)).count()
        };
        assert_eq!(kept_of(&mut near, 500), SOME);
        assert_eq!(kept_of(&mut Log::default(), APART), KEYS);
    }
}
