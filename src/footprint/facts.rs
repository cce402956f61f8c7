//! What each version of each server does: the one place where behaviour hangs on a version.
//!
//! Facts are figures and switches, named for what the server does. Those of
//! Redis 8.4 and 8.8 are read from their sources; no answer of such a server was at hand.

use super::keyspace::SHORT;
use super::server::{Product, ServerName, Version};

/// How `MEMORY USAGE` counts a key's name and its place in the keyspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCount {
    /// The command's own copy of the name, which is short where it fits beside an object header:
    /// 4.0 measures the argument, not the key (object.c, `memoryCommand`).
    Argument,
    /// What was requested for the name, and a table entry.
    Requested,
    /// What was allocated for the name, and a table entry.
    Rounded,
    /// The name lies in the table entry (Valkey 8.0).
    InEntry,
    /// The name lies in the value's object.
    InObject,
}

/// How `MEMORY USAGE` counts an object that holds its key and has its value elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectCount {
    /// Its allocation.
    Rounded,
    /// What was requested for it.
    Requested,
    /// What was requested, and the room for an expiry where the allocator left that much: the
    /// object then says that it can expire (Redis 8.4).
    RequestedWithRoom,
    /// The bare object without the key in it: Redis up to 8.2.1, Valkey up to 8.1.3.
    Bare,
}

/// Which strings lie beside their object's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Embedding {
    /// None.
    Never,
    /// Those of up to 44 bytes. `undercounted`: two bytes of the string's header are left out.
    Short {
        /// Whether `MEMORY USAGE` leaves them out.
        undercounted: bool,
    },
    /// Those of up to 44 bytes that fit one cache line together with their key.
    CacheLine {
        /// Whether the expiry has to fit too.
        with_expiry: bool,
        /// Whether room that the allocator left counts as fitting.
        in_slack: bool,
        /// Whether each key is reckoned as if it had the shortest header.
        short_header: bool,
    },
    /// Those that fit two cache lines together with their key (Valkey 9.1).
    TwoCacheLines,
}

impl Embedding {
    /// From this length on no string lies there, whatever its key.
    pub(super) const fn far(self) -> u64 {
        match self {
            Self::Never => 0,
            Self::Short { .. } | Self::CacheLine { .. } => SHORT + 1,
            Self::TwoCacheLines => 128,
        }
    }
}

/// How `MEMORY USAGE` counts a string that is an allocation of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StringCount {
    /// What was requested (`sdsAllocSize`).
    Requested,
    /// What was allocated.
    Rounded,
    /// What was allocated, but what was requested for those with the smallest header: that has
    /// no room to note the allocation's size.
    ShortestRequested,
}

/// Which list elements get a node of their own that is not packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainNodes {
    /// None.
    Never,
    /// Those of a gigabyte and more.
    Gigabyte,
    /// Those beyond a node's limit.
    NodeLimit,
}

/// How collections are indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// Chained entries (dict.c).
    Dict,
    /// Buckets of seven entries (hashtable.c).
    Buckets,
}

/// How a hash table's field and value lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashEntry {
    /// Two strings.
    Strings,
    /// A string with room for metadata (mstr.c), and a string.
    Mstr,
    /// One allocation for both where they are short, else the field with a link to the value.
    /// `expiry` bytes more where the field expires.
    Joined {
        /// Bytes of the expiry.
        expiry: u64,
        /// Whether `MEMORY USAGE` counts the allocation; else the request.
        rounded: bool,
    },
}

/// How `MEMORY USAGE` counts a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamCount {
    /// Radix trees by a rule of thumb, 244 bytes a node; names of groups left out.
    Estimated,
    /// Radix trees by their allocations; names of groups left out.
    Trees,
    /// Everything by its allocation, the nodes' entries by their length.
    All,
}

/// Sizes of a stream's structures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamStructs {
    /// `stream`.
    pub stream: u64,
    /// `streamCG`, a consumer group.
    pub group: u64,
    /// `streamConsumer`.
    pub consumer: u64,
    /// `streamNACK`, a pending entry.
    pub pending: u64,
    /// `rax`, a radix tree's header.
    pub rax: u64,
}

/// The place of a slot's table in the list of those that are growing.
const REHASHING: u64 = 8;
/// The histograms of a slot's sizes: 60 classes of each of five types.
const HISTOGRAMS: u64 = 8 * 60 * 5;

/// What a server of one version does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Objects hold their keys and their expiries.
    pub kvobj: bool,
    /// How a key's name is counted.
    pub key: KeyCount,
    /// How an object with its value elsewhere is counted.
    pub object: ObjectCount,
    /// How the object of a module's value is counted; not at all where there is none.
    pub module_object: Option<ObjectCount>,
    /// Bytes that a cluster node counts for a key's links to the others of its slot, and the bytes
    /// that those take.
    pub slot_links: [u64; 2],
    /// In a cluster: metadata behind the headers of a slot's tables of keys and of expiries.
    pub slot_metadata: [u64; 2],
    /// In a cluster: a slot's table of expiries is made with that of its keys, needed or not.
    pub pairs_slot_tables: bool,
    /// Which strings are embedded.
    pub embedding: Embedding,
    /// What the snapshot says of a database's size does not size its tables: they are only made
    /// when the first key comes. A cluster's node heeds it.
    pub forgets_hints: bool,
    /// How strings are counted.
    pub strings: StringCount,
    /// Small integers are shared objects.
    pub shared_integers: bool,

    /// Packed collections are ziplists.
    pub ziplists: bool,
    /// Packed blobs are counted by their allocation; else by their length.
    pub rounds_blobs: bool,
    /// Lists are linked lists or ziplists: before 3.2.
    pub linked_lists: bool,
    /// A short list is a listpack without a quicklist around it.
    pub list_listpacks: bool,
    /// Sets may be listpacks.
    pub set_listpacks: bool,
    /// Which elements get plain nodes.
    pub plain_nodes: PlainNodes,
    /// `quicklist`.
    pub quicklist: u64,
    /// `quicklistNode`.
    pub quicklist_node: u64,
    /// A quicklist's structures and a skiplist are counted by their allocations.
    pub rounds_structs: bool,
    /// How collections are indexed.
    pub tables: Tables,
    /// A dict's header, or a hashtable's.
    pub table_header: u64,
    /// What is requested for a set's or a hash's dict with the metadata that it carries.
    pub dict_with_metadata: u64,
    /// What is requested for the dict of a hash with field TTLs.
    pub dict_with_expiries: u64,
    /// Metadata behind the header of a hash's table (Valkey 9).
    pub hash_metadata: u64,
    /// Bytes counted for an entry of a set's dict; `None` for what really collides.
    pub set_entry: Option<u64>,
    /// Bytes counted for an entry of a sorted set's dict.
    pub zset_entry: u64,
    /// Bytes counted for an entry of a hash's dict.
    pub hash_entry: u64,
    /// A set's dict has no values: only keys that collide take an entry.
    pub set_no_value: bool,
    /// The same for sorted sets.
    pub zset_no_value: bool,
    /// The same for hashes: field and value are one key.
    pub hash_no_value: bool,

    /// `zskiplist`.
    pub skiplist: u64,
    /// The node in front of a skiplist, with all levels; 0 where it is part of the skiplist.
    pub skiplist_header: u64,
    /// A sorted set's dict, skiplist and header are counted.
    pub counts_skiplist: bool,
    /// Members lie in the skiplist's nodes; then the bytes of a node without level and member.
    pub embedded_members: Option<u64>,

    /// How a hash's pairs lie in memory.
    pub pairs: HashEntry,
    /// Bytes of the structure around a packed hash with field TTLs; `None` where there is none.
    pub listpack_ex: Option<u64>,
    /// Hashes with field TTLs are tables always (Valkey 9).
    pub vset: bool,

    /// A sorted set's dict is made for its size before members are loaded.
    pub presizes_zsets: bool,
    /// The same where a packed one is unpacked.
    pub presizes_unpacked_zsets: bool,
    /// A hash's dict is made for its size before fields are loaded.
    pub presizes_hashes: bool,
    /// The same where a packed one is unpacked.
    pub presizes_unpacked_hashes: bool,
    /// A hash that turns out too large to be packed asks for a dict for all its fields; else for
    /// those that are left, which is refused where more are in it already.
    pub asks_for_whole_hash: bool,
    /// A set that turns out not to be packed gets a dict for all its members at once.
    pub presizes_whole_sets: bool,
    /// Scores are written with 17 digits; else with as many as they need.
    pub long_scores: bool,

    /// How streams are counted.
    pub streams: StreamCount,
    /// Sizes of their structures.
    pub stream: StreamStructs,
    /// `stream` itself is counted.
    pub counts_stream: bool,
    /// A stream's listpacks are counted by their allocation; else by their length.
    pub rounds_stream_blobs: bool,
    /// Radix trees of ids have no nodes for their ends.
    pub leafless: bool,
    /// The tree of a stream's idempotent producers is counted.
    pub counts_producers: bool,
    /// Streams index all their pending entries by id, over all groups.
    pub pending_index: bool,
    /// Groups index their pending entries by the time of their delivery, in a tree (Redis 8.4).
    pub pending_by_time: bool,
}

impl Facts {
    /// The facts of the server called `name`, as a cluster's node or alone.
    #[must_use]
    pub fn new(name: ServerName, cluster: bool) -> Self {
        let mut facts = match name.product {
            Product::Redis => Self::redis(name.version),
            Product::Valkey => Self::valkey(name.version),
        };
        if cluster {
            facts.forgets_hints = false;
        } else {
            facts.slot_links = [0, 0];
        }
        facts
    }

    fn redis(version: Version) -> Self {
        let since = |major, minor| version >= Version::new(major, minor, 0);
        let patch = |patch| version >= Version::new(6, 2, patch);
        let mut facts = Self::first();
        if since(3, 2) {
            facts.linked_lists = false;
            facts.embedding = Embedding::Short { undercounted: true };
        }
        if since(5, 0) {
            facts.key = KeyCount::Requested;
            facts.counts_skiplist = true;
            facts.presizes_zsets = true;
            facts.presizes_hashes = true;
            // 64 levels, in this version only
            facts.skiplist_header = 24 + 16 * if since(6, 0) { 32 } else { 64 };
        }
        if since(6, 0) {
            facts.key = KeyCount::Rounded;
            facts.strings = StringCount::Rounded;
        }
        facts.counts_stream = patch(5);
        facts.rounds_stream_blobs = patch(12);
        if since(7, 0) {
            facts.seven_zero();
        }
        if since(7, 2) {
            facts.seven_two();
        }
        if since(7, 4) {
            facts.slot_links = [0, 0];
            facts.slot_metadata = [REHASHING; 2];
            facts.plain_nodes = PlainNodes::NodeLimit;
            facts.pairs = HashEntry::Mstr;
            facts.listpack_ex = Some(32);
        }
        if since(8, 0) {
            facts.slot_metadata = [REHASHING + HISTOGRAMS, REHASHING];
        }
        if since(8, 2) {
            facts.eight_two();
        }
        if version >= Version::new(8, 2, 2) {
            // the key in the object was forgotten until then (pull request 14288)
            facts.object = ObjectCount::Rounded;
            facts.module_object = Some(ObjectCount::Rounded);
        }
        if since(8, 4) {
            facts.eight_four();
        }
        if since(8, 6) {
            facts.eight_six();
        }
        if since(8, 8) {
            facts.eight_eight();
        }
        if since(8, 10) {
            facts.eight_ten();
        }
        // pull requests 12822 and 14789
        facts.forgets_hints = since(7, 4) && version < Version::new(8, 6, 1);
        facts
    }

    /// Redis 2.8, with the counting of 4.0: before that there was no `MEMORY USAGE`.
    const fn first() -> Self {
        Self {
            kvobj: false,
            key: KeyCount::Argument,
            object: ObjectCount::Bare,
            module_object: None,
            slot_links: [0, 0],
            slot_metadata: [0, 0],
            pairs_slot_tables: false,
            embedding: Embedding::Never,
            forgets_hints: false,
            strings: StringCount::Requested,
            shared_integers: true,
            ziplists: true,
            rounds_blobs: false,
            linked_lists: true,
            list_listpacks: false,
            set_listpacks: false,
            plain_nodes: PlainNodes::Never,
            quicklist: 40,
            quicklist_node: 32,
            rounds_structs: false,
            tables: Tables::Dict,
            table_header: 96,
            dict_with_metadata: 96,
            dict_with_expiries: 96,
            hash_metadata: 0,
            set_entry: Some(24),
            zset_entry: 24,
            hash_entry: 24,
            set_no_value: false,
            zset_no_value: false,
            hash_no_value: false,
            skiplist: 32,
            skiplist_header: 24 + 16 * 32,
            counts_skiplist: false,
            embedded_members: None,
            pairs: HashEntry::Strings,
            listpack_ex: None,
            vset: false,
            presizes_zsets: false,
            presizes_unpacked_zsets: false,
            presizes_hashes: false,
            presizes_unpacked_hashes: false,
            asks_for_whole_hash: false,
            presizes_whole_sets: false,
            long_scores: true,
            streams: StreamCount::Estimated,
            stream: StreamStructs { stream: 40, group: 32, consumer: 24, pending: 24, rax: 24 },
            counts_stream: false,
            rounds_stream_blobs: false,
            leafless: false,
            counts_producers: false,
            pending_index: false,
            pending_by_time: false,
        }
    }

    const fn seven_zero(&mut self) {
        self.slot_links = [16, 16];
        self.embedding = Embedding::Short { undercounted: false };
        self.ziplists = false;
        self.rounds_blobs = true;
        self.plain_nodes = PlainNodes::Gigabyte;
        self.quicklist_node = 40;
        self.table_header = 56;
        self.dict_with_metadata = 56;
        self.dict_with_expiries = 56;
        self.presizes_unpacked_hashes = true;
        self.stream.stream = 80;
        self.stream.group = 40;
    }

    const fn seven_two(&mut self) {
        self.slot_links = [8, 16];
        self.list_listpacks = true;
        self.set_listpacks = true;
        self.set_no_value = true;
        self.presizes_unpacked_zsets = true;
        self.presizes_whole_sets = true;
        self.long_scores = false;
        self.dict_with_expiries = 88;
        self.stream.consumer = 32;
    }

    const fn eight_two(&mut self) {
        self.kvobj = true;
        self.key = KeyCount::InObject;
        self.embedding =
            Embedding::CacheLine { with_expiry: true, in_slack: false, short_header: true };
        self.shared_integers = false;
        self.listpack_ex = Some(24);
        // the key's name is no longer linked from there
        self.dict_with_expiries = 80;
        self.zset_entry = 16;
        self.stream.stream = 112;
        self.stream.pending = 32;
        self.pending_index = true;
    }

    /// Each structure keeps count of its own bytes (pull request 14363), and `MEMORY USAGE` answers
    /// that count.
    const fn eight_four(&mut self) {
        self.object = ObjectCount::RequestedWithRoom;
        // the slot's bytes (pull request 14451), and where a slot's table is asked to grow it is
        // made (`kvstoreDictExpand`), also for no expiries
        self.slot_metadata = [REHASHING + 8 + HISTOGRAMS, REHASHING];
        self.pairs_slot_tables = true;
        self.strings = StringCount::ShortestRequested;
        self.rounds_blobs = false;
        self.rounds_structs = true;
        self.rounds_stream_blobs = false;
        self.streams = StreamCount::All;
        // room for that count
        self.quicklist = 48;
        self.skiplist = 40;
        self.dict_with_metadata = 64;
        self.dict_with_expiries = 88;
        self.stream.stream = 120;
        self.stream.rax = 32;
        self.zset_entry = 24;
        // XREADGROUP with CLAIM (pull request 14402)
        self.stream.group = 48;
        self.pending_by_time = true;
    }

    const fn eight_six(&mut self) {
        self.embedding =
            Embedding::CacheLine { with_expiry: false, in_slack: false, short_header: true };
        // the slot's time and network bytes
        self.slot_metadata = [REHASHING + 4 * 8 + HISTOGRAMS, REHASHING];
        // metadata of keys (pull request 14445)
        self.object = ObjectCount::Rounded;
        // pull requests 14701 and 14595
        self.zset_no_value = true;
        self.hash_no_value = true;
        self.skiplist_header = 16 + 16 * 32;
        self.embedded_members = Some(16);
        self.pairs = HashEntry::Joined { expiry: 16, rounded: false };
        self.asks_for_whole_hash = true;
        // idempotent producers (pull request 14615); pending entries linked by time (14726)
        self.stream.stream = 160;
        self.stream.group = 56;
        self.stream.pending = 64;
        self.pending_by_time = false;
    }

    const fn eight_eight(&mut self) {
        // histograms are no longer kept for each slot (pull request 14877)
        self.slot_metadata = [REHASHING + 4 * 8, REHASHING];
        // XNACK (pull request 14797)
        self.stream.group = 64;
        // pull requests 14730 and 14897
        self.counts_producers = true;
    }

    const fn eight_ten(&mut self) {
        self.object = ObjectCount::Requested;
        self.set_entry = Some(16);
        self.zset_entry = 16;
        self.hash_entry = 16;
        self.stream.rax = 40;
        self.leafless = true;
    }

    fn valkey(version: Version) -> Self {
        let since = |major, minor, patch| version >= Version::new(major, minor, patch);
        // Valkey 7.2 is Redis 7.2.4 under another name
        let mut facts = Self::redis(Version::new(7, 2, 4));
        if since(8, 0, 0) {
            facts.slot_links = [0, 0];
            facts.slot_metadata = [REHASHING; 2];
            facts.key = KeyCount::InEntry;
            facts.plain_nodes = PlainNodes::NodeLimit;
            facts.set_entry = None;
            // pull request 1199
            facts.forgets_hints = !since(8, 0, 3);
        }
        if since(8, 1, 0) {
            facts.valkey_eight_one();
        }
        // the key in the object was forgotten until then (pull requests 2290 and 2661)
        if since(8, 1, 4) || version.minor == 0 && since(8, 0, 6) {
            facts.object = ObjectCount::Rounded;
        }
        if since(9, 0, 0) {
            facts.valkey_nine();
        }
        if since(9, 1, 0) {
            facts.valkey_nine_one();
        }
        facts
    }

    const fn valkey_eight_one(&mut self) {
        self.kvobj = true;
        self.key = KeyCount::InObject;
        self.embedding =
            Embedding::CacheLine { with_expiry: true, in_slack: true, short_header: true };
        self.shared_integers = false;
        self.tables = Tables::Buckets;
        self.table_header = 72;
        // and a link to the keyspace
        self.slot_metadata = [REHASHING + 8; 2];
        self.pairs = HashEntry::Joined { expiry: 0, rounded: true };
        self.streams = StreamCount::Trees;
        self.stream.rax = 32;
    }

    const fn valkey_nine(&mut self) {
        self.module_object = Some(ObjectCount::Rounded);
        // pull request 2087
        self.embedding =
            Embedding::CacheLine { with_expiry: true, in_slack: true, short_header: false };
        self.table_header = 80;
        self.hash_metadata = 8;
        self.pairs = HashEntry::Joined { expiry: 8, rounded: true };
        self.vset = true;
    }

    const fn valkey_nine_one(&mut self) {
        self.embedding = Embedding::TwoCacheLines;
        self.skiplist = 16 + 16 * 32;
        self.skiplist_header = 0;
        self.embedded_members = Some(17);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(name: &str) -> Facts {
        Facts::new(name.parse().unwrap(), false)
    }

    #[test]
    fn behaviour_of_patch_releases() {
        assert!(!facts("redis-6.2.4").counts_stream && facts("redis-6.2.5").counts_stream);
        assert!(!facts("redis-6.2.11").rounds_stream_blobs);
        assert!(facts("redis-6.2").rounds_stream_blobs);
        for (forgets, counts) in [("valkey-8.1.3", "valkey-8.1.4"), ("redis-8.2.1", "redis-8.2.2")]
        {
            assert_eq!(facts(forgets).object, ObjectCount::Bare);
            assert_eq!(facts(counts).object, ObjectCount::Rounded);
        }
    }

    #[test]
    fn families_part_after_7_2() {
        assert_eq!(facts("valkey-7.2.7"), facts("redis-7.2.4"));
        assert!(facts("valkey-8.1").kvobj && !facts("redis-8.0").kvobj);
        assert!(facts("valkey-9.0").vset && facts("valkey-9.0").embedded_members.is_none());
    }

    #[test]
    fn redis_8_4_counts_as_8_6_with_the_structures_of_8_2() {
        let (before, it, after) = (facts("redis-8.2"), facts("redis-8.4"), facts("redis-8.6"));
        assert_eq!(it.streams, StreamCount::All);
        assert_eq!(it.strings, after.strings);
        assert_eq!(it.object, ObjectCount::RequestedWithRoom);
        assert_eq!((it.quicklist, it.skiplist, it.dict_with_expiries), (48, 40, 88));
        assert_eq!((it.stream.stream, it.stream.group, it.stream.pending), (120, 48, 32));
        assert!(it.pending_by_time && !before.pending_by_time && !after.pending_by_time);
        assert_eq!((it.pairs, it.embedding), (before.pairs, before.embedding));
        assert!(it.embedded_members.is_none() && !it.hash_no_value && !it.zset_no_value);
        assert_eq!((after.object, after.stream.group), (ObjectCount::Rounded, 56));
    }

    #[test]
    fn redis_8_8_has_the_groups_of_8_10_and_the_trees_of_8_6() {
        let (before, it, after) = (facts("redis-8.6"), facts("redis-8.8"), facts("redis-8.10"));
        assert_eq!((it.stream.group, it.counts_producers), (64, true));
        assert_eq!((it.stream.rax, it.leafless), (before.stream.rax, false));
        assert_eq!((it.object, it.hash_entry), (before.object, before.hash_entry));
        assert_eq!((after.stream.group, after.stream.rax), (64, 40));
    }

    #[test]
    fn a_slot_of_a_cluster_has_more_than_its_tables() {
        for (name, of_keys) in [
            ("redis-7.2", 0),
            ("redis-7.4", 8),
            ("redis-8.2", 2408),
            ("redis-8.4", 2416),
            ("redis-8.6", 2440),
            ("redis-8.8", 40),
            ("valkey-8.0", 8),
            ("valkey-9.1", 16),
        ] {
            assert_eq!(facts(name).slot_metadata[0], of_keys, "{name}");
        }
        assert!(facts("redis-8.4").pairs_slot_tables && !facts("redis-8.2").pairs_slot_tables);
        assert!(!facts("valkey-9.1").pairs_slot_tables);
    }

    #[test]
    fn a_cluster_links_the_keys_of_a_slot() {
        let links = |name: &str| Facts::new(name.parse().unwrap(), true).slot_links;
        assert_eq!(links("redis-7.0.15"), [16, 16]);
        assert_eq!(links("redis-7.2.6"), [8, 16]);
        assert_eq!(links("redis-7.4.1"), [0, 0]);
        assert_eq!(facts("redis-7.2.6").slot_links, [0, 0]);
    }
}
