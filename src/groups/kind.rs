//! Cells: keys by database, type and encoding.

use super::lowest::{Lowest, Merge};
use super::records::Records;
use super::row::Row;
use super::slot::BySlot;
use super::totals::{Share, Sum, Totals};
use super::ttl::{Lifetime, Lifetimes};
use crate::entries::{ModuleId, ValueKind};
use crate::footprint::{Encoding, instance};
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

/// A sum for each lifetime, in the order of [`Lifetime::ALL`]: all that is counted of a cell's
/// keys, so that a key is added in one place only.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lives([Sum; Lifetime::ALL.len()]);

impl Lives {
    #[inline(always)]
    fn add(&mut self, lifetime: Lifetime, sum: &Sum) {
        if let Some(mine) = self.0.get_mut(lifetime as usize) {
            mine.add_one(sum);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Lifetime, &Sum)> {
        Lifetime::ALL.into_iter().zip(&self.0)
    }

    /// Puts in a sum that was read from a summary.
    pub(super) fn restore(&mut self, lifetime: Lifetime, sum: Sum) {
        if let Some(mine) = self.0.get_mut(lifetime as usize) {
            *mine += sum;
        }
    }

    fn content(&self) -> Content {
        let mut content = Content::default();
        for (lifetime, sum) in self.iter() {
            match lifetime {
                Lifetime::Never => content.totals.never += *sum,
                Lifetime::Expired => content.expired += *sum,
                _ => {}
            }
            if lifetime != Lifetime::Never {
                content.totals.expires += *sum;
            }
        }
        content
    }
}

impl Merge for Lives {
    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
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
    fn add(&mut self, row: &Row<'_>, sum: &Sum, lifetime: Lifetime) {
        let content = match row.module {
            Some(id) => Some(self.module(id, row.encoding)),
            None => self.content(row.kind, row.encoding),
        };
        if let Some(content) = content {
            content.add(lifetime, sum);
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
    pub(super) fn add(&mut self, row: &Row<'_>, sum: &Sum, lifetime: Lifetime) {
        let shelf = match row.db {
            Some(db) => self.known.entry(db),
            None => &mut self.unknown,
        };
        shelf.add(row, sum, lifetime);
    }

    /// Counts a key that has a slot, beside [`add`](Self::add).
    pub(super) fn add_slot(&mut self, row: &Row<'_>, slot: u16) {
        let slots = match row.db {
            Some(db) => self.slots.entry(db),
            None => &mut self.unknown_slots,
        };
        slots.add(slot, row.expires_at_ms.is_some());
    }

    /// How many keys each database and each slot has, beside what the records say of it.
    pub(super) fn databases(&self, records: &Records) -> Vec<instance::Database> {
        let row = |db: Option<u64>, shelf: &Shelf, slots: Option<&BySlot>| {
            let sums = || shelf.lives().flat_map(Lives::iter);
            let keys = |sum: (Lifetime, &Sum)| sum.1.keys;
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
