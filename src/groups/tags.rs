//! Which hash tags pull much into one cluster slot: in a second pass, for the heaviest slots only.

use super::slot::Slots;
use super::totals::Share;
use crate::entries::hash_tag;
use crate::footprint::Size;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// How many slots are looked into.
const SLOTS: usize = 16;
/// A slot is heavy from so many times the mean on.
pub const HEAVY_SLOT: u64 = 8;
/// Among fewer slots none is looked into.
const FEWEST: u64 = 8;
/// How many tags of a slot are told apart. Where there are more, each of them is light.
const TAGS: usize = 10_000;
/// A longer tag is not kept.
const LONGEST: usize = 256;

type ByTag = FxHashMap<Box<[u8]>, Share>;

/// Keys by hash tag, in the slots that are looked into.
#[derive(Debug, Clone, Default)]
pub(super) struct Tags {
    /// Under `None` a slot with too many tags.
    slots: BTreeMap<u16, Option<ByTag>>,
}

/// A hash tag that fills a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// What stands in braces.
    pub tag: Vec<u8>,
    /// The slot.
    pub slot: u16,
    /// Its keys.
    pub share: Share,
}

/// The slots to look into in a second pass: those with so many times the mean. `None` if there are
/// none, as in most clusters.
pub(super) fn heavy(slots: &Slots, times: u64) -> Option<Vec<u16>> {
    let all: Size = slots.iter().map(|(_, share)| share.bytes).sum();
    let used = u64::try_from(slots.iter().count()).unwrap_or(u64::MAX).max(1);
    let least = (all.raw() / used).saturating_mul(times);
    let heaviest = slots.heaviest();
    let heavy = heaviest.iter().take_while(|(_, share)| share.bytes.raw() >= least).take(SLOTS);
    let heavy: Vec<u16> = heavy.map(|(slot, _)| *slot).collect();
    (!heavy.is_empty() && used >= FEWEST).then_some(heavy)
}

impl Tags {
    pub(super) fn of(slots: &[u16]) -> Self {
        Self { slots: slots.iter().map(|slot| (*slot, Some(FxHashMap::default()))).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn add(&mut self, slot: u16, key: &[u8], bytes: Size) {
        let Some(tags) = self.slots.get_mut(&slot) else { return };
        let tag = hash_tag(key).filter(|tag| tag.len() <= LONGEST);
        let (Some(found), Some(tag)) = (tags.as_mut(), tag) else { return };
        match found.get_mut(tag) {
            Some(share) => share.add(bytes),
            None => {
                found.insert(tag.into(), Share { keys: 1, bytes });
            }
        }
        if found.len() > TAGS {
            *tags = None;
        }
    }

    /// Takes in those of other keys, and forgets them there.
    pub(super) fn take_in(&mut self, other: &mut Self) {
        for (slot, theirs) in &mut other.slots {
            let Some(mine) = self.slots.get_mut(slot) else { continue };
            match (mine.as_mut(), theirs.as_mut()) {
                (Some(tags), Some(theirs)) => {
                    for (tag, share) in theirs.drain() {
                        *tags.entry(tag).or_default() += share;
                    }
                    if tags.len() > TAGS {
                        *mine = None;
                    }
                }
                _ => *mine = None,
            }
        }
    }

    /// The tags that hold half of their slot and more, the heaviest first.
    pub(super) fn list(&self, slots: &Slots) -> Vec<Tag> {
        let found = self.slots.iter().flat_map(|(slot, tags)| {
            tags.iter().flatten().map(|(tag, share)| (*slot, tag, *share))
        });
        filling(found.map(|(slot, tag, share)| Tag { tag: tag.to_vec(), slot, share }), slots)
    }
}

/// Of these tags those that hold half of their slot and more, the heaviest first.
pub(super) fn filling(tags: impl Iterator<Item = Tag>, slots: &Slots) -> Vec<Tag> {
    let slots: BTreeMap<u16, Size> = slots.iter().map(|(slot, all)| (slot, all.bytes)).collect();
    let whole = |tag: &Tag| slots.get(&tag.slot).map_or(0, |bytes| bytes.raw());
    let mut found: Vec<Tag> = tags.filter(|tag| tag.share.bytes.raw() >= whole(tag) / 2).collect();
    found.sort_by(|a, b| {
        b.share.bytes.cmp(&a.share.bytes).then_with(|| (a.slot, &a.tag).cmp(&(b.slot, &b.tag)))
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::slot_of;

    #[test]
    fn the_tag_that_fills_a_slot_is_found() {
        let names: Vec<String> = (0..400)
            .map(|n| match n % 2 {
                0 => format!("{{hot}}:{n}"),
                _ => format!("user:{n}"),
            })
            .collect();
        let mut slots = Slots::default();
        let add = |slots: &mut Slots| {
            names.iter().for_each(|n| slots.add(slot_of(n.as_bytes()), Size::bytes(10)));
        };
        add(&mut slots);
        let heavy = heavy(&slots, HEAVY_SLOT).unwrap();
        assert_eq!(heavy, [slot_of(b"hot")]);
        let (mut one, mut other) = (Tags::of(&heavy), Tags::of(&heavy));
        for (n, name) in names.iter().enumerate() {
            let tags = if n % 3 == 0 { &mut one } else { &mut other };
            tags.add(slot_of(name.as_bytes()), name.as_bytes(), Size::bytes(10));
        }
        one.take_in(&mut other);
        let share = Share { keys: 200, bytes: Size::bytes(2000) };
        assert_eq!(one.list(&slots), [Tag { tag: b"hot".to_vec(), slot: heavy[0], share }]);
    }

    #[test]
    fn even_slots_need_no_second_look() {
        let mut slots = Slots::default();
        assert_eq!(heavy(&slots, HEAVY_SLOT), None);
        (0..1000).for_each(|slot| slots.add(slot, Size::bytes(u64::from(slot % 5) + 5)));
        assert_eq!(heavy(&slots, HEAVY_SLOT), None);
    }

    #[test]
    fn too_many_tags_are_light_ones() {
        let mut tags = Tags::of(&[7]);
        (0..=TAGS).for_each(|n| tags.add(7, format!("{{{n}}}").as_bytes(), Size::bytes(1)));
        assert!(tags.list(&Slots::default()).is_empty());
    }
}
