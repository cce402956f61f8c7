//! Keys as they were added to the tree of names, where there are few: a second pass adds them once more, and
//! need not read them again.

use super::held::Kept;

/// So many keys are kept at the most, and so many bytes of their names: 20 MB together.
const KEYS: usize = 1 << 17;
const NAMES: usize = 4 << 20;
/// Keys are few where so many bytes of the snapshot lie between one and the next; that is asked from so many
/// on.
const APART: u64 = 8 << 10;
const SOME: usize = 256;

/// A key that was added.
#[derive(Debug, Clone, Copy)]
struct Logged {
    /// Where its name ends among those of all.
    end: usize,
    kept: Kept,
    rule: Option<u16>,
}

/// Keys that were added.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    names: Vec<u8>,
    keys: Vec<Logged>,
}

impl Log {
    /// Keeps a key, unless there are too many.
    #[cold]
    #[inline(never)]
    pub(super) fn add(&mut self, name: &[u8], kept: Kept, rule: Option<u16>) -> bool {
        let first = self.keys.first().map_or(kept.at, |first| first.kept.at);
        let are_few = kept.at.saturating_sub(first) / APART >= self.keys.len() as u64;
        let has_room = self.keys.len() < KEYS && name.len() <= NAMES - self.names.len();
        if !has_room || (self.keys.len() >= SOME && !are_few) {
            return false;
        }
        self.names.extend_from_slice(name);
        self.keys.push(Logged { end: self.names.len(), kept, rule });
        true
    }

    /// How many keys there are.
    pub(super) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Takes the keys of `other`, unless there are too many.
    pub(super) fn take_in(&mut self, other: &mut Self) -> bool {
        let before = self.names.len();
        if other.keys.len() > KEYS - self.keys.len() || other.names.len() > NAMES - before {
            return false;
        }
        self.names.append(&mut other.names);
        let moved = other.keys.drain(..).map(|key| Logged { end: before + key.end, ..key });
        self.keys.extend(moved);
        true
    }

    /// The keys in parts of up to so many, each with its name and the rule that claims it.
    pub(super) fn parts(
        &self,
        most: usize,
    ) -> Vec<impl Iterator<Item = (&[u8], &Kept, Option<u16>)>> {
        let mut from = 0;
        let parts = self.keys.chunks(most.max(1)).map(|part| {
            let mut start = from;
            from = part.last().map_or(from, |last| last.end);
            part.iter().map(move |key| {
                let name = self.names.get(start..key.end).unwrap_or_default();
                start = key.end;
                (name, &key.kept, key.rule)
            })
        });
        parts.collect()
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
        assert!(log.take_in(&mut other) && other.keys.is_empty());
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
