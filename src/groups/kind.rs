//! Cells: keys by database, type and encoding.

use super::lowest::{Lowest, Merge};
use super::records::Records;
use super::row::Row;
use super::slot::BySlot;
use super::totals::{Share, Sum, Totals};
use super::ttl::{Lifetime, Lifetimes};
use crate::entries::{ModuleId, ValueKind};
use crate::footprint::{Encoding, OTHERS, Size, Sizes, instance};
use std::mem;

/// How many databases are told apart; servers start with 16.
const DATABASES: usize = 1024;
/// And for how many the keys of each slot are counted: 256 KB for each.
const CLUSTERED: usize = 16;
/// How many module types are told apart in one database.
const MODULES: usize = 64;
const KINDS: usize = ValueKind::ALL.len();
const ENCODINGS: usize = Encoding::ALL.len();

/// A database, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Database {
    /// This one.
    Number(u64),
    /// One of those beyond the first 1024 that hold keys, all together.
    Beyond,
    /// The one before the first mark of a walk that began in the middle.
    Unknown,
}

/// Keys that have everything in common that cells tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Where they are.
    pub database: Database,
    /// What their values are.
    pub kind: ValueKind,
    /// The module type; `None` for other kinds, and for module types beyond the first 64.
    pub module: Option<ModuleId>,
    /// How the loading server holds them.
    pub encoding: Encoding,
    /// How many, and what they take.
    pub content: Content,
}

/// The content of a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Content {
    /// All keys.
    pub totals: Totals,
    /// Those whose time was over when the snapshot was taken; among those that expire.
    pub expired: Sum,
}

impl Merge for Content {
    fn merge(&mut self, other: Self) {
        self.totals += other.totals;
        self.expired += other.expired;
    }
}

const LIVES: usize = Lifetime::ALL.len();

/// A sum for each lifetime, in the order of [`Lifetime::ALL`]: all that is counted of a cell's
/// keys, so that a key is added in one place only.
#[derive(Debug, Clone, Default)]
pub(super) struct Lives {
    sums: [First; LIVES],
    /// What they take in the lanes behind the first, if there are any: apart, so that what is touched for
    /// every key lies together.
    others: Option<Box<[[Size; OTHERS]; LIVES]>>,
}

/// A sum, as far as there is but one lane.
#[derive(Debug, Clone, Copy, Default)]
struct First {
    keys: u64,
    elements: u64,
    bytes: Size,
}

impl Lives {
    #[inline(always)]
    fn add(&mut self, lifetime: Lifetime, elements: u64, row: &Row<'_>) {
        if let Some(mine) = self.sums.get_mut(lifetime as usize) {
            // keys are fewer than bytes, so they cannot overflow one by one
            mine.keys += 1;
            mine.elements = mine.elements.saturating_add(elements);
            mine.bytes += row.bytes;
        }
        if let Some(others) = row.others {
            self.add_others(lifetime, others);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_others(&mut self, lifetime: Lifetime, others: &[Size; OTHERS]) {
        let mine = self.others.get_or_insert_default().get_mut(lifetime as usize);
        for (mine, theirs) in mine.into_iter().flatten().zip(others) {
            *mine += *theirs;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Lifetime, Sum)> {
        let others = |lifetime: Lifetime| self.others.as_ref()?.get(lifetime as usize);
        let sum = move |(lifetime, first): (Lifetime, &First)| {
            let First { keys, elements, bytes } = *first;
            (lifetime, Sum { keys, elements, sizes: Sizes::of(bytes, others(lifetime)) })
        };
        Lifetime::ALL.into_iter().zip(&self.sums).map(sum)
    }

    /// Puts in a sum that was read from a summary, or of others.
    pub(super) fn restore(&mut self, lifetime: Lifetime, sum: &Sum) {
        if let Some(mine) = self.sums.get_mut(lifetime as usize) {
            mine.keys = mine.keys.saturating_add(sum.keys);
            mine.elements = mine.elements.saturating_add(sum.elements);
            mine.bytes += sum.bytes();
        }
        let others = sum.sizes.others();
        if *others != [Size::ZERO; OTHERS] {
            self.add_others(lifetime, others);
        }
    }

    fn content(&self) -> Content {
        let mut content = Content::default();
        for (lifetime, sum) in self.iter() {
            match lifetime {
                Lifetime::Never => content.totals.never += sum,
                Lifetime::Expired => content.expired += sum,
                _ => {}
            }
            if lifetime != Lifetime::Never {
                content.totals.expires += sum;
            }
        }
        content
    }
}

impl Merge for Lives {
    fn merge(&mut self, other: Self) {
        for (lifetime, sum) in other.iter() {
            self.restore(lifetime, &sum);
        }
    }
}

/// Cells of one database.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    /// For each kind and encoding the place of its content in `contents`, counted from one.
    index: [u8; KINDS * ENCODINGS],
    pub(super) contents: Vec<(ValueKind, Encoding, Lives)>,
    pub(super) modules: Lowest<(ModuleId, Encoding), Lives>,
    /// The length of all keys' names.
    names: u64,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            index: [0; KINDS * ENCODINGS],
            contents: Vec::new(),
            modules: Lowest::new(MODULES),
            names: 0,
        }
    }
}

impl Shelf {
    #[inline]
    pub(super) fn content(&mut self, kind: ValueKind, encoding: Encoding) -> Option<&mut Lives> {
        let mut place = *self.index.get(kind as usize * ENCODINGS + encoding as usize)?;
        if place == 0 {
            place = self.new_content(kind, encoding)?;
        }
        let (_, _, content) = self.contents.get_mut(usize::from(place) - 1)?;
        Some(content)
    }

    /// Makes a content, and answers with its place.
    #[cold]
    #[inline(never)]
    fn new_content(&mut self, kind: ValueKind, encoding: Encoding) -> Option<u8> {
        let place = self.index.get_mut(kind as usize * ENCODINGS + encoding as usize)?;
        self.contents.push((kind, encoding, Lives::default()));
        // there are fewer kinds times encodings than a byte can count
        *place = u8::try_from(self.contents.len()).ok()?;
        Some(*place)
    }

    #[cold]
    #[inline(never)]
    fn module(&mut self, id: ModuleId, encoding: Encoding) -> &mut Lives {
        self.modules.entry((id, encoding))
    }

    #[inline(always)]
    fn add(&mut self, row: &Row<'_>, elements: u64, lifetime: Lifetime) {
        let content = match row.module {
            Some(id) => Some(self.module(id, row.encoding)),
            None => self.content(row.kind, row.encoding),
        };
        if let Some(content) = content {
            content.add(lifetime, elements, row);
        }
        self.names = self.names.wrapping_add(row.key.len() as u64);
    }

    fn lives(&self) -> impl Iterator<Item = &Lives> {
        let modules = self.modules.iter().map(|(_, lives)| lives);
        let rest = std::iter::once(self.modules.rest());
        self.contents.iter().map(|(_, _, lives)| lives).chain(modules).chain(rest)
    }

    fn cells(&self, database: Database) -> impl Iterator<Item = Cell> {
        let plain = self.contents.iter().map(move |(kind, encoding, lives)| Cell {
            database,
            kind: *kind,
            module: None,
            encoding: *encoding,
            content: lives.content(),
        });
        let module = move |(key, lives): (Option<(ModuleId, Encoding)>, &Lives)| Cell {
            database,
            kind: ValueKind::Module,
            module: key.map(|(id, _)| id),
            encoding: key.map_or(Encoding::Raw, |(_, encoding)| encoding),
            content: lives.content(),
        };
        let rest = std::iter::once((None, self.modules.rest()));
        let modules = self.modules.iter().map(|(key, lives)| (Some(key), lives));
        plain.chain(modules.chain(rest).map(module)).filter(|c| !c.content.totals.is_empty())
    }
}

impl Merge for Shelf {
    fn merge(&mut self, other: Self) {
        for (kind, encoding, content) in other.contents {
            if let Some(mine) = self.content(kind, encoding) {
                mine.merge(content);
            }
        }
        self.modules.merge(other.modules);
        self.names = self.names.wrapping_add(other.names);
    }
}

/// Cells of all databases.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    pub(super) known: Lowest<u64, Shelf>,
    unknown: Shelf,
    /// Keys by slot, where they have any.
    slots: Lowest<u64, BySlot>,
    unknown_slots: BySlot,
}

impl Default for Cells {
    fn default() -> Self {
        Self {
            known: Lowest::new(DATABASES),
            unknown: Shelf::default(),
            slots: Lowest::new(CLUSTERED),
            unknown_slots: BySlot::default(),
        }
    }
}

impl Cells {
    #[inline(always)]
    pub(super) fn add(&mut self, row: &Row<'_>, elements: u64, lifetime: Lifetime) {
        let shelf = match row.db {
            Some(db) => self.known.entry(db),
            None => &mut self.unknown,
        };
        shelf.add(row, elements, lifetime);
    }

    /// Counts a key that has a slot, beside [`add`](Self::add).
    pub(super) fn add_slot(&mut self, row: &Row<'_>, slot: u16) {
        let slots = match row.db {
            Some(db) => self.slots.entry(db),
            None => &mut self.unknown_slots,
        };
        slots.add(slot, row.expiry.is_set());
    }

    /// How many keys each database and each slot has, beside what the records say of it.
    pub(super) fn databases(&self, records: &Records) -> Vec<instance::Database> {
        let row = |db: Option<u64>, shelf: &Shelf, slots: Option<&BySlot>| {
            let sums = || shelf.lives().flat_map(Lives::iter);
            let keys = |sum: (Lifetime, Sum)| sum.1.keys;
            instance::Database {
                db,
                keys: sums().map(keys).sum(),
                expires: sums()
                    .filter(|(lifetime, _)| *lifetime != Lifetime::Never)
                    .map(keys)
                    .sum(),
                names: shelf.names,
                hint: records.hint(db).map(|hint| [hint.keys, hint.expires]),
                slots: slots.map(BySlot::list).unwrap_or_default(),
            }
        };
        let known = self.known.iter().map(|(db, shelf)| row(Some(db), shelf, self.slots.get(db)));
        let beyond = row(None, self.known.rest(), Some(self.slots.rest()));
        known.chain([beyond]).filter(|of| of.keys > 0 || !of.slots.is_empty()).collect()
    }

    /// Tells which database the keys without one are in.
    pub(super) fn bind(&mut self, db: u64) {
        // only what has keys may take a place: where a thread begins is no matter of the keys
        if !self.unknown_slots.is_empty() {
            self.slots.entry(db).merge(mem::take(&mut self.unknown_slots));
        }
        if !self.unknown.contents.is_empty() || self.unknown.modules.iter().next().is_some() {
            self.known.entry(db).merge(mem::take(&mut self.unknown));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.known.merge(other.known);
        self.unknown.merge(other.unknown);
        self.slots.merge(other.slots);
        self.unknown_slots.merge(other.unknown_slots);
    }

    /// What frees itself by when.
    pub(super) fn lifetimes(&self) -> Lifetimes {
        let known = self.known.iter().map(|(_, shelf)| shelf);
        let shelves = known.chain([self.known.rest(), &self.unknown]);
        let mut all = Lifetimes::default();
        for (lifetime, sum) in shelves.flat_map(Shelf::lives).flat_map(Lives::iter) {
            all.add(lifetime, Share { keys: sum.keys, bytes: sum.bytes() });
        }
        all
    }

    /// All cells that hold keys, in order.
    pub(super) fn list(&self) -> Vec<Cell> {
        let known = self.known.iter().map(|(db, shelf)| (Database::Number(db), shelf));
        let beyond = std::iter::once((Database::Beyond, self.known.rest()));
        let unknown = std::iter::once((Database::Unknown, &self.unknown));
        let shelves = known.chain(beyond).chain(unknown);
        let mut cells: Vec<_> = shelves.flat_map(|(db, shelf)| shelf.cells(db)).collect();
        cells.sort_by_key(|c| (c.database, c.kind, c.module.is_none(), c.module, c.encoding));
        cells
    }
}

/// Cells added up by what `key` says of each, in the order of that.
pub fn by<K: Ord>(cells: &[Cell], key: impl Fn(&Cell) -> K) -> Vec<(K, Content)> {
    let mut sums = std::collections::BTreeMap::<K, Content>::new();
    for cell in cells {
        sums.entry(key(cell)).or_default().merge(cell.content);
    }
    sums.into_iter().collect()
}
