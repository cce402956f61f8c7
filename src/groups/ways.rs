//! Ways through the tree of names that many names share, so that they need not be walked again.
//!
//! Once numbers are folded, `user:17:profile` and `user:23:profile` lead to the same node: a way is
//! told by a name's *template*, which is the name without its numbers and ids; of ids the shape is
//! kept. Names of the same template are split at the same places, and their segments have the same
//! shapes. A way is kept where what the template leaves open makes no difference; it holds until
//! the tree is folded once more or cut. What is kept is a matter of speed alone: a name ends at
//! the same node with and without it.

use super::arena::Id;
use super::separators::{self, Segment, Text};
use super::shape::{Shape, Token};

/// How many ways are kept: as many as lie in the processor's cache beside the rest.
const WAYS: usize = 1024;
/// The longest name that may have one.
const LONGEST: usize = 63;
const WORDS: usize = (LONGEST + 1) / 8;
/// How many of a way's segments may be folded ones that are noted.
const NOTES: usize = 4;
/// Shorter segments with letters and digits are hardly ids: `v2`.
const SHORTEST_ID: usize = 5;
/// After so many names without a way one of them is looked at, and after how many at the most:
/// where looking was in vain, the next look is twice as far away.
const FIRST_LOOK: u32 = 4;
const LAST_LOOK: u32 = 256;

/// What is left of a name without its numbers and ids: where they were, and where its way would be.
/// The bytes that are left belong to it as well, but only a [`Way`] holds them: to write them down
/// for each name would take as long as all the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Template {
    /// Which bytes were left out.
    open: u64,
    /// Where ids were left out, and the shape of each.
    ids: Ids,
    len: usize,
    place: usize,
}

impl Template {
    /// That of no name.
    const NONE: Self = Self { open: 0, ids: Ids(0), len: usize::MAX, place: 0 };

    /// The template of a name that is split at `ends` and has `digits`, which is none where the name
    /// is too long, and a hash of the whole name.
    #[inline(always)]
    pub(super) fn of(name: &[u8], ends: u64, digits: u64) -> (Self, u64) {
        if name.len() > LONGEST {
            return (Self::NONE, separators::hash(name));
        }
        let (open, ids) = open(name, ends, digits);
        // what is left of `user:17` and of `user:176` is the same
        let (mut hash, mut place) = (0, ids.0 ^ open);
        each_word(name, open, |word, kept| {
            hash = separators::mix(hash, word);
            place = place.rotate_left(23) ^ kept;
            true
        });
        let place = place.wrapping_mul(MULTIPLIER) >> (64 - WAYS.ilog2());
        let place = usize::try_from(place).unwrap_or_default();
        (Self { open, ids, len: name.len(), place }, hash)
    }

    /// Whether it is that of a name.
    pub(super) const fn is_some(&self) -> bool {
        self.len != usize::MAX
    }

    /// Whether the byte at `from` is left out.
    pub(super) const fn leaves_out(&self, from: usize) -> bool {
        self.open >> from & 1 != 0
    }
}

/// Hands over a name's bytes, eight at a time, filled up with zeros, and the same without those in
/// `open`; until a `false`, or whether there was none.
#[inline(always)]
fn each_word(name: &[u8], mut open: u64, mut see: impl FnMut(u64, u64) -> bool) -> bool {
    let (chunks, rest) = name.as_chunks::<8>();
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk);
        if !see(word, word & !spread(open)) {
            return false;
        }
        open >>= 8;
    }
    if rest.is_empty() {
        return true;
    }
    let word = match name.last_chunk() {
        Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        None => separators::short_word(rest),
    };
    see(word, word & !spread(open))
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A byte of ones for each of the eight lowest bits.
#[inline(always)]
fn spread(bits: u64) -> u64 {
    SPREAD.get((bits & 0xff) as usize).copied().unwrap_or_default()
}

const SPREAD: [u64; 256] = {
    let mut all = [0; 256];
    let mut bits = 0;
    while bits < 256 {
        let mut bit = 0;
        while bit < 8 {
            if bits >> bit & 1 != 0 {
                #[allow(clippy::indexing_slicing, reason = "while compiling")]
                {
                    all[bits] |= 0xff << (8 * bit);
                }
            }
            bit += 1;
        }
        bits += 1;
    }
    all
};

/// Up to four ids, each by where it begins and its shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ids(u64);

impl Ids {
    /// Adds one; whether there is room for it.
    const fn add(&mut self, from: usize, shape: u64) -> bool {
        let has_room = self.0 >> 48 == 0;
        if has_room {
            self.0 = self.0 << 16 | 1 << 15 | (from as u64) << 8 | shape;
        }
        has_room
    }
}

/// The bytes of those segments that are numbers or ids.
#[inline(always)]
fn open(name: &[u8], ends: u64, digits: u64) -> (u64, Ids) {
    let stops = ends | 1 << name.len();
    // runs of digits at the beginning of a segment; a carry goes through each to where it ends
    let starts = digits & !(digits << 1) & (ends << 1 | 1);
    let behind = digits.wrapping_add(starts) & !digits;
    let numbers = behind.wrapping_sub(starts);
    // there something else than the segment's end follows, or other digits stand
    let others = (behind & !stops) | (digits & !numbers);
    if others == 0 { (numbers, Ids(0)) } else { open_any(name, stops, digits, numbers, others) }
}

/// The same where some segments have digits and others: those with a bit in `others`.
#[inline(never)]
fn open_any(name: &[u8], stops: u64, digits: u64, numbers: u64, mut others: u64) -> (u64, Ids) {
    let (mut open, mut ids) = (numbers, Ids(0));
    while others != 0 {
        let at = others.trailing_zeros();
        let from = (u64::BITS - (stops & ((1 << at) - 1)).leading_zeros()) as usize;
        let to = (at + (stops >> at).trailing_zeros()) as usize;
        let these = (1_u64 << to) - (1_u64 << from);
        others &= !these;
        open &= !these;
        if to - from >= SHORTEST_ID {
            let bytes = name.get(from..to).unwrap_or_default();
            let digits = (digits & these) >> from;
            let segment = Segment { bytes, hash: 0, separator: 0, text: Text::Other, digits };
            let shape = Token::of(segment).class.shape;
            // a word before an id counts
            if shape != Shape::Headed && ids.add(from, shape as u64) {
                open |= these;
            }
        }
    }
    (open, ids)
}

/// A folded segment of a way that has to be noted, whatever its digits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Note {
    pub depth: u8,
    pub from: u8,
    pub len: u8,
}

/// A way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    template: Template,
    /// The bytes that are left, eight at a time, those left out and those behind the end zero.
    words: [u64; WORDS],
    /// How often the tree had been changed when it was found.
    changes: u64,
    pub node: Id,
    notes: [Note; NOTES],
    count: u8,
}

impl Way {
    /// None. No tree is changed so often, so that a name without a template does not find it.
    const NONE: Self = Self {
        template: Template::NONE,
        words: [0; WORDS],
        changes: u64::MAX,
        node: Id::ROOT,
        notes: [Note { depth: 0, from: 0, len: 0 }; NOTES],
        count: 0,
    };

    /// That of all names like `name`, which has this template, to `node`; `None` where there is no
    /// room for all notes.
    pub(super) fn new(
        (name, template): (&[u8], Template),
        (node, changes): (Id, u64),
        notes: &[Note],
    ) -> Option<Self> {
        let mut way = Self { template, node, changes, ..Self::NONE };
        let mut words = way.words.iter_mut();
        each_word(name, template.open, |_, kept| words.next().map(|word| *word = kept).is_some());
        way.notes.get_mut(..notes.len())?.copy_from_slice(notes);
        way.count = u8::try_from(notes.len()).ok()?;
        Some(way)
    }

    /// Whether what is left of `name` is what is left of its names. The template is the same.
    #[inline(always)]
    fn fits(&self, name: &[u8]) -> bool {
        let mut words = self.words.iter();
        each_word(name, self.template.open, |_, kept| words.next() == Some(&kept))
    }

    /// Its folded segments that are to be noted.
    #[inline(always)]
    pub(super) fn notes(&self) -> &[Note] {
        self.notes.get(..usize::from(self.count)).unwrap_or_default()
    }
}

/// The ways that are known, each at the place of its template.
#[derive(Debug, Default)]
pub(super) struct Ways {
    all: Vec<Way>,
    /// How many names until one is looked at, and how many then.
    until: u32,
    every: u32,
}

/// Another tree finds its own.
impl Clone for Ways {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Ways {
    /// The way of `name`, which has this template, in a tree that has been changed so often; in
    /// its own place, where nearly all are.
    #[inline(always)]
    pub(super) fn find(&self, name: &[u8], template: Template, changes: u64) -> Option<&Way> {
        self.at(template.place, name, template, changes)
    }

    /// The same in the place beside it, where another one has moved it to. It moves back, so that
    /// of two the one that more names have is mostly in its own place.
    #[inline(always)]
    pub(super) fn find_beside(
        &mut self,
        name: &[u8],
        template: Template,
        changes: u64,
    ) -> Option<&Way> {
        let beside = template.place ^ 1;
        self.at(beside, name, template, changes)?;
        self.all.swap(beside, template.place);
        self.all.get(template.place)
    }

    #[inline(always)]
    fn at(&self, place: usize, name: &[u8], template: Template, changes: u64) -> Option<&Way> {
        let way = self.all.get(place)?;
        (way.changes == changes && way.template == template && way.fits(name)).then_some(way)
    }

    /// Whether a name without a way should be looked at now.
    #[inline(always)]
    pub(super) fn is_time(&mut self) -> bool {
        let is_time = self.until == 0;
        self.until = self.until.wrapping_sub(1);
        is_time
    }

    /// Has the next name looked at that has no way.
    #[cfg(test)]
    pub(super) const fn hurry(&mut self) {
        self.until = 0;
    }

    /// How many ways are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.iter().filter(|way| way.template.is_some()).count()
    }

    /// Keeps what a look has found.
    pub(super) fn keep(&mut self, found: Option<Way>) {
        self.every = match found {
            Some(_) => FIRST_LOOK,
            None => (2 * self.every).clamp(FIRST_LOOK, LAST_LOOK),
        };
        self.until = self.every;
        let Some(way) = found else { return };
        if self.all.is_empty() {
            self.all = vec![Way::NONE; WAYS];
        }
        let place = way.template.place;
        if let Some(kept) = self.all.get_mut(place) {
            let other = std::mem::replace(kept, way);
            // one that holds no more gives up its place
            let holds = other.changes == way.changes;
            if let Some(beside) = self.all.get_mut(place ^ 1).filter(|_| holds) {
                *beside = other;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::marks::Marks;
    use super::super::separators::Separators;
    use super::*;
    use proptest::prelude::*;

    fn left_out(name: &str) -> String {
        let marks = Marks::of(name.as_bytes(), b':').unwrap();
        let (template, hash) = marks.template();
        assert_eq!(hash, separators::hash(name.as_bytes()));
        assert!(template.is_some());
        let char =
            |(byte, at): (u8, usize)| if template.leaves_out(at) { '#' } else { byte.into() };
        name.bytes().zip(0..).map(char).collect()
    }

    #[test]
    fn numbers_and_ids_are_left_out() {
        for (name, template) in [
            ("user:17:profile", "user:##:profile"),
            ("17:5:", "##:#:"),
            (":1:2", ":#:#"),
            ("a:5m:7", "a:5m:#"),
            ("a:v2:7b:12", "a:v2:7b:##"),
            ("rate:10.1.200.7:31", "rate:##########:##"),
            ("v:1.2:9", "v:1.2:#"),
            ("session:ab12cd:x", "session:######:x"),
            ("session:12abcd:34", "session:######:##"),
            ("2026-11-25:1", "##########:#"),
            ("o:order-AB12-7:host42:1", "o:order-AB12-7:host42:#"),
            ("a:b", "a:b"),
        ] {
            assert_eq!(left_out(name), template);
        }
    }

    proptest! {
        #[test]
        fn what_is_left_out_is_what_segments_say(
            name in "([0-9a.]{0,6}|[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}):[0-9b:._]{0,12}:[0-9]{0,3}(:[0-9xyz:-]{0,9})?"
        ) {
            let separators = Separators::new(b":").unwrap();
            let marks = Marks::of(name.as_bytes(), b':').unwrap();
            let (template, _) = marks.template();
            let mut at = 0;
            for segment in separators.split(name.as_bytes()) {
                let shape = Token::of(segment).class.shape;
                let is_open = match shape {
                    Shape::Int if segment.text == Text::Int => true,
                    Shape::Word | Shape::Headed => false,
                    _ => segment.core().len() >= SHORTEST_ID,
                };
                for _ in segment.core() {
                    prop_assert_eq!(template.leaves_out(at), is_open, "{} at {}", name, at);
                    at += 1;
                }
                at += segment.bytes.len() - segment.core().len();
            }
        }
    }
}
