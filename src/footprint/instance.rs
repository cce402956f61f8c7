//! What a server takes besides its keys: tables, start-up, functions. Always allocated bytes.

use super::buckets::{BUCKET, buckets_for};
use super::chance::{self, Drawn, child_buckets};
use super::dict::{SLOT, slots_for};
use super::facts::Tables;
use super::profile::Profile;
use super::sds;
use super::server::{Product, Server, Version};
use super::size::Size;
use super::startup;
use super::template::TemplateShares;
use super::{Lane, Measure};
use std::sync::Arc;

/// An entry of the table of expiries: key, value, next.
const ENTRY: u64 = 24;
/// An entry without a value, for a key whose slot is taken.
const ENTRY_NO_VALUE: u64 = 16;

/// A database of the snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Database {
    /// Its number; `None` for all those beyond the ones that are told apart, together.
    pub db: Option<u64>,
    /// Its keys.
    pub keys: u64,
    /// Those with an expiry.
    pub expires: u64,
    /// The length of all its keys' names.
    pub names: u64,
    /// How many keys, and keys with an expiry, the snapshot says that it has.
    pub hint: Option<[u64; 2]>,
    /// In a cluster: keys, and keys with an expiry, of each slot that has any.
    pub slots: Vec<[u64; 2]>,
}

/// What of a snapshot takes memory beside its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its databases.
    pub databases: Vec<Database>,
    /// Lengths of function libraries' sources, and how many are so long.
    pub functions: Vec<[u64; 2]>,
    /// The same of cached scripts.
    pub scripts: Vec<[u64; 2]>,
}

/// The tables of one database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DatabaseTables {
    /// The database's number; `None` for several together.
    pub db: Option<u64>,
    /// The table of its keys.
    pub main: Size,
    /// The table of its expiries.
    pub expires: Size,
    /// What a cluster's node adds to find the keys of a slot.
    pub slots: Size,
}

/// A whole server, in rows that add up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instance {
    /// All keys.
    pub keys: Size,
    /// The tables of each database.
    pub tables: Vec<DatabaseTables>,
    /// Hash templates, each once.
    pub templates: Size,
    /// What the server takes before it has any data.
    pub startup: Size,
    /// Function libraries and cached scripts.
    pub functions: Size,
}

impl Instance {
    /// The tables of all databases.
    #[must_use]
    pub fn tables_total(&self) -> Size {
        self.tables.iter().map(|tables| tables.main + tables.expires + tables.slots).sum()
    }

    /// Everything.
    #[must_use]
    pub fn total(&self) -> Size {
        self.keys + self.tables_total() + self.templates + self.startup + self.functions
    }
}

/// The whole of `server` with `keys` bytes of allocated keys and `contents` beside them.
#[must_use]
pub fn instance(
    server: &Arc<Server>,
    keys: Size,
    contents: &Contents,
    templates: &TemplateShares,
) -> Instance {
    let lane = Lane { server: Arc::clone(server), measure: Measure::Allocated };
    let space = Space { server, profile: Profile::new(&lane) };
    Instance {
        keys,
        tables: contents.databases.iter().map(|database| space.tables(database)).collect(),
        templates: space.templates(templates),
        startup: Size::bytes(startup::bytes(server)),
        functions: space.functions(contents),
    }
}

/// A server's keyspace.
struct Space<'s> {
    server: &'s Server,
    profile: Profile,
}

impl Space<'_> {
    fn tables(&self, database: &Database) -> DatabaseTables {
        let hint = if self.server.facts.forgets_hints { None } else { database.hint };
        let [hinted, hinted_expires] = hint.unwrap_or_default();
        let (main, expires, slots) = if self.server.cluster && self.by_slot() {
            self.slots(database)
        } else {
            let main = self.main(database.keys, hinted);
            let expires = self.expires(database.expires, hinted_expires);
            (main, expires, Drawn::certain(self.slots_to_keys(database)))
        };
        DatabaseTables {
            db: database.db,
            main: main.mean,
            expires: expires.mean,
            slots: slots.mean,
        }
    }

    /// Whether a cluster's node has a table for each slot.
    fn by_slot(&self) -> bool {
        let Server { name, .. } = self.server;
        let first = match name.product {
            Product::Redis => Version::new(7, 4, 0),
            Product::Valkey => Version::new(8, 0, 0),
        };
        name.version >= first
    }

    /// Tables by slot: headers with their metadata, on top of what the tables themselves take.
    fn slots(&self, database: &Database) -> (Drawn, Drawn, Drawn) {
        let (mut main, mut expires, mut around) =
            (Drawn::default(), Drawn::default(), Drawn::default());
        let facts = &self.profile.facts;
        let header = |metadata| Drawn::certain(self.profile.a(facts.table_header + metadata));
        let [of_keys, of_expiries] = facts.slot_metadata.map(header);
        for [keys, expiring] in &database.slots {
            main += self.main(*keys, *keys);
            expires += self.expires(*expiring, *expiring);
            around += of_keys;
            if *expiring > 0 || facts.pairs_slot_tables {
                around += of_expiries;
            }
        }
        (main, expires, around)
    }

    /// The table of `keys`, made for `hinted`.
    fn main(&self, keys: u64, hinted: u64) -> Drawn {
        match self.profile.facts.tables {
            Tables::Buckets => self.buckets(keys, hinted),
            Tables::Dict => {
                let slots = self.dict_slots(keys, hinted);
                let table = Drawn::certain(self.profile.a(SLOT * slots));
                if !self.profile.facts.kvobj {
                    // entries are counted with their keys
                    return table;
                }
                let entry = self.profile.a(ENTRY_NO_VALUE);
                table + Drawn::each(chance::colliding(keys, slots), entry)
            }
        }
    }

    /// The table of `expires` expiries, made for `hinted`.
    fn expires(&self, expires: u64, hinted: u64) -> Drawn {
        if expires == 0 && hinted == 0 {
            return Drawn::default();
        }
        if self.profile.facts.kvobj {
            return self.main(expires, hinted);
        }
        let slots = self.dict_slots(expires, hinted);
        let entries = self.profile.a(ENTRY).saturating_mul(expires);
        Drawn::certain(self.profile.a(SLOT * slots) + entries)
    }

    /// A table is made for what the snapshot says, grows with what it gets, and shrinks in the
    /// background where it is nearly empty.
    fn dict_slots(&self, n: u64, hinted: u64) -> u64 {
        let (made, needed) = (slots_for(hinted), slots_for(n));
        let sparse = match self.server.name.version < Version::new(7, 4, 0) {
            true => n.saturating_mul(10) < made,
            false => n.saturating_mul(8) <= made,
        };
        if made <= needed || sparse { needed } else { made }
    }

    fn buckets(&self, n: u64, hinted: u64) -> Drawn {
        if n == 0 {
            return Drawn::default();
        }
        let (made, needed) = (buckets_for(hinted), buckets_for(n));
        let sparse = n.saturating_mul(100) < made.saturating_mul(7 * 13);
        let top = if made <= needed || sparse { needed } else { made };
        let children = Drawn::each(child_buckets(n, top), self.profile.a(BUCKET));
        Drawn::certain(self.profile.a(BUCKET * top)) + children
    }

    /// Up to 6.2 a cluster's node has a radix tree of all names behind their slots' numbers.
    fn slots_to_keys(&self, database: &Database) -> u64 {
        let old = self.server.name.product == Product::Redis
            && self.server.name.version < Version::new(7, 0, 0);
        if self.server.cluster && old { database.names + 30 * database.keys } else { 0 }
    }

    fn templates(&self, templates: &TemplateShares) -> Size {
        /// A block of ids, and how many it has.
        const CHUNK: [u64; 2] = [1032, 128];
        /// The registry's own structures.
        const REGISTRY: u64 = 72 + 32;
        let count = templates.all().count() as u64;
        if count == 0 {
            return Size::ZERO;
        }
        let [chunk, ids] = CHUNK;
        let each: u64 = templates.all().map(|share| share.bytes(&self.profile)).sum();
        let table = self.profile.a(ENTRY) * count + self.profile.a(SLOT * slots_for(count));
        let chunks = self.profile.a(chunk) * count.div_ceil(ids);
        Size::bytes(each + table + chunks + REGISTRY)
    }

    /// Libraries and scripts: their sources, and the structures around them.
    fn functions(&self, contents: &Contents) -> Size {
        /// `functionLibInfo`, its name, its table of functions and one function in it.
        const LIBRARY: u64 = 480;
        /// The entry of a script, the digest that is its key, its object.
        const SCRIPT: u64 = 24 + 48 + 16;
        let all = |sources: &[[u64; 2]], around: u64| {
            let of_length = |[len, count]: &[u64; 2]| {
                let each = self.profile.a(sds::request(*len)).saturating_add(around);
                each.saturating_mul(*count)
            };
            sources.iter().map(of_length).fold(0, u64::saturating_add)
        };
        let libraries = all(&contents.functions, LIBRARY);
        Size::bytes(libraries.saturating_add(all(&contents.scripts, SCRIPT)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footprint::Allocator;

    fn of(name: &str, database: Database) -> Instance {
        let server = Server::with_defaults(name.parse().unwrap(), Allocator::Jemalloc);
        let contents = Contents { databases: vec![database], ..Contents::default() };
        instance(&Arc::new(server), Size::bytes(1000), &contents, &TemplateShares::default())
    }

    fn database(keys: u64, expires: u64) -> Database {
        Database { keys, expires, hint: Some([keys, expires]), ..Database::default() }
    }

    #[test]
    fn rows_add_up() {
        let instance = of("redis-7.2", database(100_000, 29_912));
        let [tables] = instance.tables[..] else { panic!("one database") };
        assert_eq!(tables.main, Size::bytes(8 * 131_072));
        assert_eq!(tables.expires, Size::bytes(8 * 32_768 + 24 * 29_912));
        let sum = instance.keys + tables.main + tables.expires + instance.startup;
        assert_eq!(instance.total(), sum);
    }

    #[test]
    fn an_object_with_its_key_needs_an_entry_only_where_keys_collide() {
        let instance = of("redis-8.2", database(100_000, 0));
        let [tables] = instance.tables[..] else { panic!("one database") };
        let colliding = chance::colliding(100_000, 131_072).mean;
        assert_eq!(tables.main.round(), 8 * 131_072 + chance::ceil(16.0 * colliding - 0.5));
        assert_eq!(tables.expires, Size::ZERO);
    }

    #[test]
    fn a_table_made_for_many_shrinks_when_few_come() {
        let few = Database { keys: 100, hint: Some([10_000, 0]), ..Database::default() };
        let [tables] = of("redis-7.2", few).tables[..] else { panic!("one database") };
        assert_eq!(tables.main, Size::bytes(8 * 128));
    }
}
