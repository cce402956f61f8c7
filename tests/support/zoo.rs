//! Random data of every type, around every boundary where a server changes how it stores it.

use super::fixture::Server;
use super::live::Words;

/// A small generator of random numbers, the same on every machine (splitmix64).
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.0;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    /// One below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Whether one chance in `n` came true.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of `choices`.
    pub fn one<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// `len` letters and digits; a server makes no number of them.
    pub fn text(&mut self, len: usize) -> Vec<u8> {
        const LETTERS: &[u8; 64] =
            b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
        let mut text: Vec<u8> = (0..len).map(|_| LETTERS[self.below(64) as usize]).collect();
        if let Some(first) = text.first_mut() {
            *first = b'x';
        }
        text
    }

    /// A length near `limit`: on it, next to it, or a few away.
    pub fn near(&mut self, limit: usize) -> usize {
        (limit + 2).saturating_sub(self.below(5) as usize)
    }
}

/// What a server of this version can do.
struct Abilities {
    field_ttl: bool,
    functions: bool,
    arrays: bool,
    templates: bool,
    vectors: bool,
    producers: bool,
}

impl Abilities {
    fn of(server: &Server) -> Self {
        let mut parts = server.version.split('.').map(|part| part.parse::<u64>().unwrap_or(0));
        let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        let redis = server.product == "redis";
        Self {
            field_ttl: version >= if redis { (7, 4) } else { (9, 0) },
            functions: version >= (7, 0),
            arrays: redis && version >= (8, 8),
            templates: redis && version >= (8, 10),
            vectors: redis && version >= (8, 0),
            producers: redis && version >= (8, 6),
        }
    }
}

/// The commands that fill a server, and what they will have made.
pub struct Zoo {
    random: Random,
    can: Abilities,
    /// Whether the server has one database only.
    one_db: bool,
    db: u64,
    /// The commands.
    pub commands: Vec<Words>,
    /// When keys expire, by database and name: servers before 7.0 cannot be asked.
    pub expiries: Vec<(u64, Vec<u8>, i64)>,
    names: u64,
}

/// Sizes of allocations around which an allocator's next class begins.
const CLASSES: [usize; 40] = [
    8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640,
    768, 896, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192, 10240,
    16384, 32768, 65536,
];
/// Lengths where a string's header grows, or a packed element's does.
const HEADERS: [usize; 12] = [0, 12, 31, 44, 63, 64, 127, 128, 253, 255, 4095, 65535];
/// Elements at which containers change their encoding, and powers of two at which tables grow.
const COUNTS: [usize; 14] = [1, 2, 4, 8, 16, 64, 127, 128, 129, 255, 256, 511, 512, 513];
/// More, with the encoding surely changed.
const MANY: [usize; 7] = [514, 700, 1023, 1024, 1025, 2048, 3000];
/// The first moment at which a key expires: in 2033.
const FAR: u64 = 2_000_000_000_000;

impl Zoo {
    /// All of it, for `server`, from `seed`.
    pub fn new(server: &Server, seed: u64, one_db: bool) -> Self {
        let mut zoo = Self {
            random: Random(seed),
            can: Abilities::of(server),
            one_db,
            db: 0,
            commands: Vec::new(),
            expiries: Vec::new(),
            names: 0,
        };
        zoo.grid();
        zoo.strings();
        for (db, round) in [(0, 60), (1, 25), (5, 10)] {
            zoo.select(db);
            (0..round).for_each(|_| zoo.containers());
        }
        zoo.select(0);
        zoo.specials();
        zoo
    }

    fn select(&mut self, db: u64) {
        if !self.one_db && self.db != db {
            self.db = db;
            self.push(&[b"SELECT", db.to_string().as_bytes()]);
        }
    }

    fn push(&mut self, command: &[&[u8]]) {
        self.commands.push(command.iter().map(|word| word.to_vec()).collect());
    }

    /// Sends `command key` with many words behind, some at a time.
    fn push_many(&mut self, command: &str, key: &[u8], words: &[Vec<u8>], at_once: usize) {
        for some in words.chunks(at_once) {
            let start = [command.as_bytes().to_vec(), key.to_vec()];
            self.commands.push(start.iter().chain(some).cloned().collect());
        }
    }

    /// A name of `len` bytes that no other key has, but for the shortest.
    fn name_of(&mut self, len: usize) -> Vec<u8> {
        self.names += 1;
        let mut name = format!("{:x}", self.names).into_bytes();
        if len > name.len() {
            name.push(b':');
            name.extend(self.random.text(len.saturating_sub(name.len())));
            name.truncate(len);
        }
        name
    }

    fn name(&mut self) -> Vec<u8> {
        let len = self.random.one(&[4, 8, 11, 15, 16, 20, 24, 30, 31, 32, 40, 50, 64, 120, 260]);
        self.name_of(len)
    }

    /// Gives `key` an expiry.
    fn expire(&mut self, key: &[u8]) {
        let at = FAR + self.random.below(1 << 38);
        self.push(&[&b"PEXPIREAT"[..], key, at.to_string().as_bytes()]);
        self.expiries.push((self.db, key.to_vec(), at as i64));
    }

    fn maybe_expire(&mut self, key: &[u8]) {
        if self.random.once_in(3) {
            self.expire(key);
        }
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        self.push(&[b"SET", key, value]);
    }

    /// Lengths of names, lengths of values and expiries, crossed.
    fn grid(&mut self) {
        for key_len in [4, 5, 7, 8, 12, 15, 16, 20, 24, 31, 32, 48, 63, 64, 100, 128, 255, 256, 300]
        {
            for len in [0, 1, 5, 8, 12, 20, 28, 29, 36, 44, 45, 52, 60, 64, 92, 100, 124, 128, 256]
            {
                for expires in [false, true] {
                    let (key, value) = (self.name_of(key_len), self.random.text(len));
                    self.set(&key, &value);
                    if expires {
                        self.expire(&key);
                    }
                }
            }
        }
    }

    /// Strings around each class and header, and numbers.
    fn strings(&mut self) {
        for around in CLASSES.iter().chain(&HEADERS) {
            for _ in 0..8 {
                let len = (around + 4).saturating_sub(self.random.below(24) as usize);
                let (key, value) = (self.name(), self.random.text(len));
                self.set(&key, &value);
                self.maybe_expire(&key);
            }
        }
        let numbers = ["0", "7", "9999", "10000", "-1", "2147483648", "9223372036854775807"];
        let almost = ["-9223372036854775808", "9223372036854775808", "007", "-0", "1.5", "1e3", ""];
        for text in numbers.iter().chain(&almost) {
            for _ in 0..4 {
                let key = self.name();
                self.set(&key, text.as_bytes());
                self.maybe_expire(&key);
            }
        }
        // one that grew, one that was counted up, one that compresses well
        for n in 0..20 {
            let key = self.name();
            let (head, tail) = (self.random.text(n * 7), self.random.text(30 + n));
            self.push(&[b"APPEND", &key[..], &head]);
            self.push(&[b"APPEND", &key[..], &tail]);
            let key = self.name();
            self.push(&[b"INCRBY", &key[..], (n * 1111).to_string().as_bytes()]);
            let key = self.name();
            self.set(&key, &b"compressible ".repeat(n * 20));
        }
    }

    /// How many elements a container gets, and how long each is.
    fn shape(&mut self) -> (usize, usize) {
        let count = self.random.one(&COUNTS);
        let len = self.random.one(&[1, 3, 8, 20, 30, 63, 64, 65, 66, 100, 130, 300]);
        // long ones only in small numbers
        if count > 200 && len > 66 { (count / 8, len) } else { (count, len) }
    }

    /// `n` different words, most of about `len` bytes, some numbers.
    fn members(&mut self, n: usize, len: usize) -> Vec<Vec<u8>> {
        let numbers = self.random.below(3);
        let mut member = |i: usize| {
            if numbers > 0 && self.random.below(3) < numbers {
                return (i as u64 * 977 + self.random.below(900)).to_string().into_bytes();
            }
            let long = self.random.near(len.max(1)).max(1);
            [self.random.text(long), i.to_string().into_bytes()].concat()
        };
        (0..n).map(&mut member).collect()
    }

    /// One container of each type and kind.
    fn containers(&mut self) {
        self.list();
        self.large_elements();
        self.integer_set();
        self.member_set();
        self.large_set();
        self.hash();
        self.large_hash();
        self.sorted_set();
        self.large_sorted_set();
        self.stream();
        if self.can.field_ttl {
            self.hash_with_field_ttls();
        }
    }

    fn list(&mut self) {
        let (count, len) = self.shape();
        let (key, values) = (self.name(), self.members(count, len));
        self.push_many("RPUSH", &key, &values, 500);
        self.maybe_expire(&key);
    }

    /// Lists of which some elements fill a node of 8 KiB by themselves.
    fn large_elements(&mut self) {
        let (key, n) = (self.name(), 1 + self.random.below(12));
        for _ in 0..n {
            let len = self.random.one(&[10, 200, 2000, 4000, 8000, 8160, 8190, 8192, 9000, 20000]);
            let len = self.random.near(len);
            let value = self.random.text(len);
            self.push(&[b"RPUSH", &key[..], &value]);
        }
        self.maybe_expire(&key);
    }

    fn integer_set(&mut self) {
        let (key, count) = (self.name(), self.random.one(&COUNTS));
        let step = self.random.one(&[1_i64, 100, 100_000, 1 << 40]);
        let start = self.random.one(&[0, -5, 32000]);
        let values: Vec<_> =
            (0..count as i64).map(|n| (start + n * step).to_string().into_bytes()).collect();
        self.push_many("SADD", &key, &values, 500);
        self.maybe_expire(&key);
    }

    fn member_set(&mut self) {
        let (count, len) = self.shape();
        let (key, values) = (self.name(), self.members(count, len));
        self.push_many("SADD", &key, &values, 500);
        if self.random.once_in(4) {
            self.push(&[b"SREM", &key[..], &values[0], &values[count / 2]]);
            self.push(&[b"SADD", &key[..], b"never empty"]);
        }
        self.maybe_expire(&key);
    }

    fn large_set(&mut self) {
        let count = self.random.one(&MANY);
        let len = self.random.one(&[2, 12, 25, 70]);
        let (key, values) = (self.name(), self.members(count, len));
        self.push_many("SADD", &key, &values, 500);
    }

    fn pairs(&mut self, count: usize, field: usize, value: usize) -> Vec<Vec<u8>> {
        let fields = self.members(count, field);
        let values = self.members(count, value);
        fields.into_iter().zip(values).flat_map(|(field, value)| [field, value]).collect()
    }

    fn hash(&mut self) {
        let (count, len) = self.shape();
        let field = self.random.one(&[1, 7, 15, 30, 62, 64, 65]);
        let (key, pairs) = (self.name(), self.pairs(count, field, len));
        self.push_many("HSET", &key, &pairs, 500);
        self.maybe_expire(&key);
    }

    fn large_hash(&mut self) {
        let count = self.random.one(&MANY);
        let (field, value) = (self.random.one(&[2, 10, 31, 40]), self.random.one(&[1, 9, 60, 130]));
        let (key, pairs) = (self.name(), self.pairs(count, field, value));
        self.push_many("HSET", &key, &pairs, 500);
    }

    fn hash_with_field_ttls(&mut self) {
        let (count, len) = self.shape();
        let (key, pairs) = (self.name(), self.pairs(count, 12, len));
        self.push_many("HSET", &key, &pairs, 500);
        let share = self.random.one(&[1, 2, 5]);
        let fields: Vec<_> = pairs.iter().step_by(2 * share).cloned().collect();
        for some in fields.chunks(200) {
            let at = (FAR + self.random.below(1 << 36)).to_string();
            let head = [&b"HPEXPIREAT"[..], &key, at.as_bytes(), b"FIELDS"];
            let number = some.len().to_string().into_bytes();
            let head = head.iter().map(|word| word.to_vec()).chain([number]);
            self.commands.push(head.chain(some.iter().cloned()).collect());
        }
        self.maybe_expire(&key);
    }

    fn scores(&mut self, members: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let kind = self.random.below(3);
        let score = |random: &mut Random| match kind {
            0 => random.below(5000).to_string(),
            1 => format!("{}.{}", random.below(1000), 1 + random.below(99_999)),
            _ => random.one(&["inf", "-inf", "1e300", "-17", "0.1", "12345678901"]).to_owned(),
        };
        let random = &mut self.random;
        members.iter().flat_map(|m| [score(random).into_bytes(), m.clone()]).collect()
    }

    fn sorted_set(&mut self) {
        let (count, len) = self.shape();
        let (key, members) = (self.name(), self.members(count, len));
        let pairs = self.scores(&members);
        self.push_many("ZADD", &key, &pairs, 500);
        self.maybe_expire(&key);
    }

    fn large_sorted_set(&mut self) {
        let count = self.random.one(&MANY);
        let len = self.random.one(&[2, 12, 40]);
        let (key, members) = (self.name(), self.members(count, len));
        let pairs = self.scores(&members);
        self.push_many("ZADD", &key, &pairs, 500);
    }

    fn stream(&mut self) {
        let key = self.name();
        let count = self.random.one(&[1, 2, 50, 99, 100, 101, 250, 600]);
        let (fields, len) = (1 + self.random.below(5), self.random.one(&[3, 20, 70, 200]));
        let same = self.random.once_in(2);
        for id in 0..count {
            let id = format!("{}-{}", 1_700_000_000_000_u64 + id * 40, id % 3);
            let mut entry = vec![b"XADD".to_vec(), key.clone(), id.into_bytes()];
            for field in 0..fields {
                let name = if same { field } else { self.random.below(100) };
                entry.push(format!("field{name}").into_bytes());
                let len = self.random.near(len);
                entry.push(self.random.text(len));
            }
            self.commands.push(entry);
        }
        if self.random.once_in(3) {
            let last = format!("{}-{}", 1_700_000_000_000_u64 + count / 2 * 40, count / 2 % 3);
            self.push(&[b"XDEL", &key[..], last.as_bytes()]);
        }
        for group in 0..self.random.below(3) {
            self.group(&key, group, count);
        }
        self.maybe_expire(&key);
    }

    fn group(&mut self, key: &[u8], group: u64, count: u64) {
        let name = format!("group{group}");
        self.push(&[b"XGROUP", b"CREATE", key, name.as_bytes(), b"0"]);
        for consumer in 0..self.random.below(4) {
            let read = self.random.below(count + 1).max(1).to_string();
            let consumer = format!("consumer-{consumer}");
            self.commands.push(
                [b"XREADGROUP", &b"GROUP"[..], name.as_bytes(), consumer.as_bytes(), b"COUNT"]
                    .into_iter()
                    .chain([read.as_bytes(), b"STREAMS", key, b">"])
                    .map(<[u8]>::to_vec)
                    .collect(),
            );
        }
    }

    /// What only some servers have, and what is stored as something else.
    fn specials(&mut self) {
        for n in [1, 50, 3000] {
            let (key, words) = (self.name(), self.members(n, 9));
            self.push_many("PFADD", &key, &words, 500);
            let key = self.name();
            self.push(&[b"SETBIT", &key[..], (n * 977).to_string().as_bytes(), b"1"]);
            let key = self.name();
            self.push(&[b"GEOADD", &key[..], b"13.361389", b"38.115556", b"Palermo"]);
        }
        if self.can.functions {
            let code = "#!lua name=zoo\nredis.register_function('f', function() return 1 end)";
            self.push(&[b"FUNCTION", b"LOAD", code.as_bytes()]);
        }
        if self.can.vectors {
            let key = self.name();
            self.push(&[b"VADD", &key[..], b"VALUES", b"3", b"0.1", b"0.2", b"0.3", b"a"]);
        }
        if self.can.arrays {
            (0..20).for_each(|_| self.array());
        }
        if self.can.templates {
            self.templates();
        }
        if self.can.producers {
            let key = self.name();
            for n in 0..10 {
                let id = format!("message{n}");
                let head = [&b"XADD"[..], &key, b"IDMP", b"producer", id.as_bytes(), b"*"];
                let words = head.into_iter().chain([&b"f"[..], b"v"]);
                self.commands.push(words.map(<[u8]>::to_vec).collect());
            }
        }
    }

    fn array(&mut self) {
        let key = self.name();
        let (mut index, spread) = (self.random.below(100), self.random.one(&[1, 1, 3, 50, 5000]));
        for _ in 0..1 + self.random.below(200) {
            let len = self.random.one(&[1, 5, 7, 8, 20, 100]);
            let text = self.random.text(len);
            let number = self.random.below(1 << 40).to_string().into_bytes();
            let value = if self.random.once_in(2) { text } else { number };
            self.push(&[b"ARSET", &key[..], index.to_string().as_bytes(), &value]);
            index += 1 + self.random.below(spread);
        }
        self.maybe_expire(&key);
    }

    fn templates(&mut self) {
        for (set, fields) in [("small", 4), ("large", 700)] {
            let names: Vec<_> = (0..fields).map(|n| format!("field{n}").into_bytes()).collect();
            self.push_many("HIMPORT", b"PREPARE", &[vec![set.into()], names].concat(), 10_000);
            for _ in 0..5 {
                let (key, values) = (self.name(), self.members(fields, 12));
                self.push_many(
                    "HIMPORT",
                    b"SET",
                    &[vec![key, set.into()], values].concat(),
                    10_000,
                );
            }
        }
    }
}
