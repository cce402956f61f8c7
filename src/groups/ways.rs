//! Ways through the tree of names that many names share, so that they need not be walked again.
//!
//! Once numbers are folded, `user:17:profile` and `user:23:profile` lead to the same node: a way is
//! told by a name's *template*, which is the name without its numbers and ids; of ids the shape is
//! kept. Names of the same template are split at the same places, and their segments have the same
//! shapes. A way is kept where what the template leaves open makes no difference; it holds until
//! the tree is folded once more or cut. What is kept is a matter of speed alone: a name ends at
//! the same node with and without it.

use super::arena::Id;
use super::marks;
use super::separators::{Segment, Text};
use super::shape::{Shape, Token};

/// How many ways are kept: as many as lie in the processor's cache beside the rest.
const WAYS: usize = 1024;
/// The longest name that may have one: there is a bit for each of its bytes, and one for its end.
const LONGEST: usize = 63;
/// The longest name of which all [`Words`] are looked at in one go, and how many those may be.
const MOST: usize = 64;
const WORDS: usize = MOST / 8;
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

    /// Whether it is that of a name.
    pub(super) const fn is_some(&self) -> bool {
        self.len != usize::MAX
    }

    /// Whether the byte at `from` is left out.
    pub(super) const fn leaves_out(&self, from: usize) -> bool {
        self.open >> from & 1 != 0
    }

    /// Whether all is the same but the place.
    #[inline(always)]
    const fn is_like(&self, other: &Self) -> bool {
        let differs = (self.open ^ other.open) | (self.ids.0 ^ other.ids.0);
        differs | (self.len ^ other.len) as u64 == 0
    }
}

/// All bytes of a short name, eight at a time, and where they stand: in one go, so that there is no loop
/// whose end hangs on the length of the name and is guessed wrong. Some bytes may be there twice.
#[derive(Debug, Clone, Copy)]
struct Words<const N: usize> {
    words: [u64; N],
    froms: [usize; N],
}

/// Does the same with the words of a short name, however many they are.
macro_rules! with_words {
    (|$words:ident of $name:ident| $do:expr) => {
        match $name.len() {
            0..=16 => {
                let $words = Words::short($name);
                $do
            }
            17..=32 => {
                let $words = Words::<4>::of($name);
                $do
            }
            _ => {
                let $words = Words::<8>::of($name);
                $do
            }
        }
    };
}

impl Words<2> {
    /// Those of a name of up to 16 bytes; filled up with zeros.
    #[inline(always)]
    fn short(name: &[u8]) -> Self {
        Self { words: [marks::word(name, 0), marks::word(name, 8)], froms: [0, 8] }
    }
}

impl<const N: usize> Words<N> {
    /// Those of a name of more than 16 bytes; the last ones from its end.
    #[inline(always)]
    fn of(name: &[u8]) -> Self {
        let last = name.len() - 16;
        let froms = std::array::from_fn(|n| match n / 2 {
            pair if pair + 1 < N / 2 => last.min(16 * pair) + 8 * (n % 2),
            _ => last + 8 * (n % 2),
        });
        let word = |from: usize| name.get(from..).and_then(<[u8]>::first_chunk).copied();
        let words = froms.map(|from| u64::from_le_bytes(word(from).unwrap_or_default()));
        Self { words, froms }
    }

    /// What is left of them without the bytes in `open`.
    #[inline(always)]
    fn without(&self, open: u64) -> [u64; N] {
        let mut kept = self.words;
        for (word, from) in kept.iter_mut().zip(self.froms) {
            *word &= !spread(open >> from);
        }
        kept
    }

    /// A hash of all of them.
    #[inline(always)]
    fn hash(&self, len: usize) -> u64 {
        let (pairs, _) = self.words.as_chunks::<2>();
        pairs.iter().fold(len as u64, |hash, [one, other]| mix(hash, *one, *other))
    }

    /// The template of the name whose words these are.
    #[inline(always)]
    fn template(&self, name: &[u8], ends: u64, digits: u64) -> (Template, [u64; N]) {
        let (open, ids) = open(name, ends, digits);
        let kept = self.without(open);
        // what is left of `user:17` and of `user:176` is the same
        let place = kept.iter().fold(ids.0 ^ open, |place, kept| place.rotate_left(23) ^ kept);
        let place = place.wrapping_mul(MULTIPLIER) >> (64 - WAYS.ilog2());
        let place = usize::try_from(place).unwrap_or_default();
        (Template { open, ids, len: name.len(), place }, kept)
    }
}

/// Adds two words to a hash.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "the two halves of a product")]
const fn mix(hash: u64, one: u64, other: u64) -> u64 {
    let one = one ^ hash ^ MULTIPLIER;
    let product = (one as u128) * ((other ^ 0xd1b5_4a32_d192_ed03) as u128);
    (product as u64) ^ (product >> 64) as u64
}

/// A number for a whole name.
pub(super) fn hash(name: &[u8]) -> u64 {
    let len = name.len();
    if len <= MOST {
        return with_words!(|words of name| words.hash(len));
    }
    let (chunks, _) = name.as_chunks::<16>();
    chunks.iter().chain(name.last_chunk()).fold(len as u64, |hash, chunk| {
        let [one, other] = Words::short(chunk).words;
        mix(hash, one, other)
    })
}

/// What is left of a name that may have a template without the bytes in `open`.
fn kept(name: &[u8], open: u64) -> [u64; WORDS] {
    let mut all = [0; WORDS];
    let mut places = all.iter_mut();
    with_words!(|words of name| {
        places.by_ref().zip(words.without(open)).for_each(|(place, word)| *place = word);
    });
    all
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
        let words = kept(name, template.open);
        let mut way = Self { template, words, node, changes, ..Self::NONE };
        way.notes.get_mut(..notes.len())?.copy_from_slice(notes);
        way.count = u8::try_from(notes.len()).ok()?;
        Some(way)
    }

    /// Whether it is that of names with this template of which this is left.
    #[inline(always)]
    fn fits<const N: usize>(&self, template: &Template, kept: &[u64; N], changes: u64) -> bool {
        let is_like = self.changes == changes && self.template.is_like(template);
        let differs = |(mine, theirs): (&u64, &u64)| mine ^ theirs;
        is_like && self.words.iter().zip(kept).map(differs).fold(0, |all, bits| all | bits) == 0
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
    /// The template of a short name that is split at `ends` and has `digits`, which is none where the
    /// name is too long; a hash of the whole name; and its way in a tree that has been changed so often,
    /// if it is in its own place, where nearly all are.
    #[inline(always)]
    pub(super) fn find(
        &self,
        name: &[u8],
        [ends, digits]: [u64; 2],
        changes: u64,
    ) -> (Template, u64, Option<&Way>) {
        if name.len() > LONGEST {
            return (Template::NONE, hash(name), None);
        }
        with_words!(|words of name| {
            let (template, kept) = words.template(name, ends, digits);
            let way = self.all.get(template.place);
            let way = way.filter(|way| way.fits(&template, &kept, changes));
            (template, words.hash(name.len()), way)
        })
    }

    /// The way of `name` in the place beside its own, where another one has moved it to. It moves back,
    /// so that of two the one that more names have is mostly in its own place.
    pub(super) fn find_beside(
        &mut self,
        name: &[u8],
        template: Template,
        changes: u64,
    ) -> Option<&Way> {
        let beside = template.place ^ 1;
        let kept = kept(name, template.open);
        self.all.get(beside).filter(|way| way.fits(&template, &kept, changes))?;
        self.all.swap(beside, template.place);
        self.all.get(template.place)
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

    /// The template of a name with colons.
    fn template(name: &str) -> Template {
        let marks = Marks::of(name.as_bytes(), b':').unwrap();
        let (template, found, _) = marks.find(&Ways::default(), 0);
        assert_eq!(found, hash(name.as_bytes()));
        template
    }

    fn left_out(name: &str) -> String {
        let template = template(name);
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
            let template = template(&name);
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
