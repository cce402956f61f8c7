//! How many keys each database and slot has: what the server's own tables hang on.

use super::records::Records;
use super::row::Row;
use crate::entries::SLOTS;
use crate::footprint::instance::{Contents, Database};
use std::collections::BTreeMap;

/// Keys counted by database and slot. Two merge in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    databases: BTreeMap<Option<u64>, Count>,
    /// The database that is being counted, kept apart: keys come in runs of one database.
    db: Option<u64>,
    count: Count,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Count {
    keys: u64,
    expires: u64,
    names: u64,
    /// Keys, and keys with an expiry, by slot; empty where keys have none.
    slots: Vec<[u64; 2]>,
}

impl Count {
    fn merge(&mut self, other: Self) {
        self.keys += other.keys;
        self.expires += other.expires;
        self.names = self.names.saturating_add(other.names);
        if self.slots.is_empty() {
            self.slots = other.slots;
            return;
        }
        for (mine, theirs) in self.slots.iter_mut().flatten().zip(other.slots.iter().flatten()) {
            *mine += theirs;
        }
    }
}

impl Census {
    /// Counts a key.
    #[inline(always)]
    pub fn add(&mut self, row: &Row<'_>) {
        if row.db != self.db {
            self.settle();
            self.db = row.db;
        }
        let expires = u64::from(row.expires_at_ms.is_some());
        self.count.keys += 1;
        self.count.expires += expires;
        self.count.names += row.key.len() as u64;
        if let Some(slot) = row.slot {
            self.count_slot(slot, expires);
        }
    }

    #[cold]
    #[inline(never)]
    fn count_slot(&mut self, slot: u16, expires: u64) {
        self.count.slots.resize(SLOTS, [0; 2]);
        if let Some([all, expiring]) = self.count.slots.get_mut(usize::from(slot)) {
            *all += 1;
            *expiring += expires;
        }
    }

    /// Puts the database that is being counted with the others.
    #[cold]
    #[inline(never)]
    fn settle(&mut self) {
        let count = std::mem::take(&mut self.count);
        if count.keys > 0 {
            self.databases.entry(self.db).or_default().merge(count);
        }
    }

    /// Tells that keys without a database are in `db`.
    pub fn bind(&mut self, db: u64) {
        self.settle();
        if let Some(count) = self.databases.remove(&None) {
            self.databases.entry(Some(db)).or_default().merge(count);
        }
    }

    /// Takes in what `other` counted.
    pub fn merge(&mut self, mut other: Self) {
        self.settle();
        other.settle();
        for (db, count) in other.databases {
            self.databases.entry(db).or_default().merge(count);
        }
    }

    /// What takes memory beside the keys, together with what the records say.
    #[must_use]
    pub fn contents(mut self, records: &Records) -> Contents {
        self.settle();
        let databases = self.databases.into_iter().filter_map(|(db, count)| {
            let hint = records.hints.get(&db);
            Some(Database {
                db: db?,
                keys: count.keys,
                expires: count.expires,
                names: count.names,
                hint: hint.map(|hint| [hint.keys, hint.expires]),
                slots: count.slots.into_iter().filter(|[keys, _]| *keys > 0).collect(),
            })
        });
        Contents {
            databases: databases.collect(),
            functions: records.functions.clone(),
            scripts: records.scripts.clone(),
        }
    }
}
