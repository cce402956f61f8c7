//! What a snapshot says beside its keys, added up.

use crate::entries::{Item, ModuleId};
use std::collections::BTreeMap;

/// Counts and lengths of the records between the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    /// What the server said that each database holds; under `None` what stands before the first
    /// mark of a walk that began in the middle.
    pub hints: BTreeMap<Option<u64>, Hint>,
    /// The length of each function library's source, ascending.
    pub functions: Vec<u64>,
    /// The length of each cached script, ascending.
    pub scripts: Vec<u64>,
    /// Modules' data that belongs to no key: bytes in the snapshot.
    pub module_aux: BTreeMap<ModuleId, u64>,
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

impl Hint {
    const fn add(&mut self, other: Self) {
        self.keys = self.keys.saturating_add(other.keys);
        self.expires = self.expires.saturating_add(other.expires);
    }
}

impl Records {
    /// Notes a record that is no key, found while `db` was the database.
    pub fn add(&mut self, item: &Item<'_>, db: Option<u64>) {
        match item {
            Item::ResizeDb { keys, expires } => {
                let hint = Hint { keys: *keys, expires: *expires };
                self.hints.entry(db).or_default().add(hint);
            }
            Item::Function { code } => insert(&mut self.functions, code.len()),
            Item::Aux { name, value } if name.decode(&mut Vec::new()) == Ok(b"lua") => {
                insert(&mut self.scripts, value.len());
            }
            Item::ModuleAux { id, bytes, .. } => {
                *self.module_aux.entry(*id).or_default() += bytes;
            }
            Item::Slot(_) => self.slots = true,
            _ => {}
        }
    }

    /// Tells that what stands before the first mark belongs to `db`.
    pub fn bind(&mut self, db: u64) {
        if let Some(hint) = self.hints.remove(&None) {
            self.hints.entry(Some(db)).or_default().add(hint);
        }
    }

    /// Adds what another part of the snapshot says.
    pub fn merge(&mut self, other: Self) {
        for (db, hint) in other.hints {
            self.hints.entry(db).or_default().add(hint);
        }
        other.functions.into_iter().for_each(|length| insert(&mut self.functions, length));
        other.scripts.into_iter().for_each(|length| insert(&mut self.scripts, length));
        for (id, bytes) in other.module_aux {
            *self.module_aux.entry(id).or_default() += bytes;
        }
        self.slots |= other.slots;
    }
}

fn insert(lengths: &mut Vec<u64>, length: u64) {
    let place = lengths.partition_point(|&known| known < length);
    lengths.insert(place, length);
}
