//! What a snapshot says beside its keys, added up.

use super::lowest::{Lowest, Merge};
use crate::entries::{Item, ModuleId};

/// How many databases, lengths of sources and module types are told apart. A snapshot may claim any number;
/// what is beyond is added up together.
const DATABASES: usize = 1024;
const LENGTHS: usize = 1024;
const MODULES: usize = 1024;

/// Counts and lengths of the records between the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// What the server said that each database holds.
    hints: Lowest<u64, Hint>,
    /// The same of what stands before the first mark of a walk that began in the middle.
    unknown: Option<Hint>,
    /// Function libraries.
    pub functions: Sources,
    /// Cached scripts.
    pub scripts: Sources,
    /// Modules' data that belongs to no key: bytes in the snapshot.
    module_aux: Lowest<ModuleId, u64>,
    /// Whether keys are grouped by cluster slots.
    pub slots: bool,
}

/// How many keys a server says that a database holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hint {
    /// All keys.
    pub keys: u64,
    /// Those with an expiry.
    pub expires: u64,
}

impl Merge for Hint {
    fn merge(&mut self, other: Self) {
        self.keys = self.keys.saturating_add(other.keys);
        self.expires = self.expires.saturating_add(other.expires);
    }
}

/// Sources of function libraries or of scripts, by their length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources(Lowest<u64, Written>);

/// How many sources, and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Written {
    count: u64,
    bytes: u64,
}

impl Merge for Written {
    fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self(Lowest::new(LENGTHS))
    }
}

impl Sources {
    fn add(&mut self, bytes: u64) {
        self.0.entry(bytes).merge(Written { count: 1, bytes });
    }

    fn all(&self) -> impl Iterator<Item = Written> {
        self.0.iter().map(|(_, written)| *written).chain([*self.0.rest()])
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.all().map(|written| written.count).fold(0, u64::saturating_add)
    }

    /// Their bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.all().map(|written| written.bytes).fold(0, u64::saturating_add)
    }

    /// Lengths, ascending, and how many sources are so long; beyond the 1024 shortest that differ, all with
    /// their mean.
    #[must_use]
    pub fn lengths(&self) -> Vec<[u64; 2]> {
        let length =
            |written: Written| Some([written.bytes.checked_div(written.count)?, written.count]);
        self.all().filter_map(length).collect()
    }
}

impl Default for Records {
    fn default() -> Self {
        Self {
            hints: Lowest::new(DATABASES),
            unknown: None,
            functions: Sources::default(),
            scripts: Sources::default(),
            module_aux: Lowest::new(MODULES),
            slots: false,
        }
    }
}

impl Records {
    /// Notes a record that is no key, found while `db` was the database.
    pub fn add(&mut self, item: &Item<'_>, db: Option<u64>) {
        match item {
            Item::ResizeDb { keys, expires } => {
                let hint = match db {
                    Some(db) => self.hints.entry(db),
                    None => self.unknown.get_or_insert_default(),
                };
                hint.merge(Hint { keys: *keys, expires: *expires });
            }
            Item::Function { code } => self.functions.add(code.len()),
            Item::Aux { name, value }
                if name.len() == 3 && name.decode(&mut Vec::new()) == Ok(b"lua") =>
            {
                self.scripts.add(value.len());
            }
            Item::ModuleAux { id, bytes, .. } => self.module_aux.entry(*id).merge(*bytes),
            Item::Slot(_) => self.slots = true,
            _ => {}
        }
    }

    /// Tells that what stands before the first mark belongs to `db`.
    pub fn bind(&mut self, db: u64) {
        if let Some(hint) = self.unknown.take() {
            self.hints.entry(db).merge(hint);
        }
    }

    /// Adds what another part of the snapshot says.
    pub fn merge(&mut self, other: Self) {
        self.hints.merge(other.hints);
        if let Some(hint) = other.unknown {
            self.unknown.get_or_insert_default().merge(hint);
        }
        self.functions.0.merge(other.functions.0);
        self.scripts.0.merge(other.scripts.0);
        self.module_aux.merge(other.module_aux);
        self.slots |= other.slots;
    }

    /// What the server said that a database holds; of `None`, what all those hold together that are beyond
    /// the first 1024.
    #[must_use]
    pub fn hint(&self, db: Option<u64>) -> Option<Hint> {
        match db {
            Some(db) => self.hints.get(db).copied(),
            None => Some(*self.hints.rest()).filter(|hint| *hint != Hint::default()),
        }
    }

    /// Bytes of modules' data that belongs to no key, by module type; what is beyond the first 1024 is left out.
    pub fn module_aux(&self) -> impl Iterator<Item = (ModuleId, u64)> {
        self.module_aux.iter().map(|(id, bytes)| (id, *bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(records: &mut Records, length: usize) {
        let source = vec![b'x'; length];
        records.add(&Item::Function { code: crate::entries::Str::Raw(&source) }, None);
    }

    #[test]
    fn any_number_of_records_takes_bounded_memory_and_adds_up() {
        let mut parts = <[Records; 3]>::default();
        for n in 0..6000_u64 {
            let part = &mut parts[usize::try_from(n % 3).unwrap()];
            function(part, usize::try_from(n * 7 % 2000).unwrap());
            part.add(&Item::ResizeDb { keys: n, expires: 1 }, Some(n * 11 % 6007));
        }
        let [mut all, two, three] = parts;
        all.merge(three);
        all.merge(two);
        assert_eq!(all.functions.count(), 6000);
        assert_eq!(all.functions.bytes(), 3 * (0..2000).sum::<u64>());
        let lengths = all.functions.lengths();
        assert_eq!(lengths.len(), LENGTHS + 1);
        assert_eq!(lengths[..2], [[0, 3], [1, 3]]);
        let beyond = 3 * (2000 - LENGTHS as u64);
        assert_eq!(lengths.last(), Some(&[(1024 + 1999) / 2, beyond]));
        assert!(all.hint(Some(0)).is_some() && all.hint(Some(6006)).is_none());
        assert_eq!(all.hint(None).unwrap().expires, 6000 - DATABASES as u64);
    }

    #[test]
    fn what_stands_before_the_first_mark_is_told_later() {
        let mut records = Records::default();
        let resize = Item::ResizeDb { keys: 5, expires: 2 };
        records.add(&resize, None);
        let mut other = Records::default();
        other.add(&resize, Some(3));
        records.bind(3);
        records.merge(other);
        assert_eq!(records.hint(Some(3)), Some(Hint { keys: 10, expires: 4 }));
        assert_eq!(records.hint(None), None);
    }
}
