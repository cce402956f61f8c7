//! Strings compressed for trial, where the snapshot does not hold them so.

use super::super::Context;
use super::super::again::{Again, Copied, float};
use super::{Look, Seen, by_pattern};
use crate::entries::Str;
use crate::groups::{Patterns, Pick};
use std::collections::BTreeMap;

/// Shorter strings are not compressed by a server when it saves.
const COMPRESSED: usize = 21;
/// What compression must save, so that a server takes it.
const WORTH: usize = 4;
/// How much of a string is tried.
const PIECE: usize = 16 << 10;
/// How much of one at first: where that does not become less, no more of it is tried. What is compressed
/// or encrypted already is told by that.
const GLANCE: usize = 4 << 10;
/// And of all together.
const TRIED: u64 = 4 << 20;

/// Where no string of the snapshot is compressed, what those of every so manieth pick take less if
/// they are.
pub(super) fn run<'c>(
    context: &Context<'c>,
    again: &Again<'_>,
    (picks, found): (&[Pick], &BTreeMap<&str, Seen>),
) -> BTreeMap<&'c str, Seen> {
    let plain: u64 = found.values().map(|seen| seen.plain).sum();
    if plain == 0 || found.values().any(|seen| seen.packed.keys > 0.0) {
        return BTreeMap::new();
    }
    // whichever they are, of all strings alike: so they stand for the others
    let step = usize::try_from(plain.div_ceil(TRIED)).unwrap_or(usize::MAX);
    let few: Vec<Pick> = picks.iter().copied().step_by(step).collect();
    let finder = context.finder;
    by_pattern(again.each(
        &few,
        || Look::new(again),
        |look, near, pick| look.compressed(finder, near, pick),
    ))
}

/// How much of a string of a snapshot is tried: nothing where a server that compresses would not.
pub(super) fn tried_bytes(value: &Str<'_>) -> u64 {
    match value {
        Str::Raw(bytes) if bytes.len() >= COMPRESSED => bytes.len().min(PIECE) as u64,
        _ => 0,
    }
}

impl Look<'_, '_> {
    /// What one string would take compressed, and its pattern.
    fn compressed<'f>(
        &mut self,
        finder: &'f Patterns,
        near: &mut Copied,
        pick: &Pick,
    ) -> Option<(&'f str, Seen)> {
        let again = self.again;
        again.key(near, pick, |key| {
            let pattern = finder.name(key.name);
            let (entry, name) = (key.entry, key.name.to_vec());
            let value = key.string()?;
            let (times, now) = (pick.times, float(pick.bytes));
            let mut seen = Seen { keys: times, bytes: times * now, ..Seen::default() };
            if let Str::Raw(bytes) = value
                && tried_bytes(&value) > 0
            {
                seen.looked = 1;
                if let Some(len) = self.compressed_len(bytes) {
                    // of a string that is compressed, the length alone counts
                    let packed = Str::Lzf { packed: &[], len, at: 0 };
                    let then = self.string(&entry, &name, packed)?;
                    seen.packed.add(times, now, then);
                }
            }
            Some((pattern, seen))
        })
    }

    /// How long a string is once it is compressed, as far as one can tell from its beginning; `None`
    /// where a server would leave it as it is.
    fn compressed_len(&mut self, bytes: &[u8]) -> Option<u64> {
        if let Some(glance) = bytes.get(..GLANCE) {
            self.compressor.compress(glance, &mut self.scratch);
            if self.scratch.len() >= glance.len() {
                return None;
            }
        }
        let piece = bytes.get(..PIECE).unwrap_or(bytes);
        self.compressor.compress(piece, &mut self.scratch);
        let packed = self.scratch.len();
        if packed + WORTH > piece.len() {
            return None;
        }
        let [packed, piece, all] = [packed, piece.len(), bytes.len()].map(|len| len as u128);
        u64::try_from((packed * all).div_ceil(piece)).ok()
    }
}
