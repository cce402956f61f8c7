//! Keys of all types as a server saves them: small collections packed, numbers as numbers, and
//! compressed what that makes shorter.

use super::listpack::Listpack;
use super::{Dump, name, write};
use rdblens::bytes::lzf::Compressor;
use std::io::{self, Write};

const WORDS: [&str; 48] = [
    "account",
    "active",
    "address",
    "alpha",
    "amount",
    "bravo",
    "category",
    "city",
    "comment",
    "copper",
    "country",
    "created",
    "currency",
    "description",
    "email",
    "error",
    "example",
    "green",
    "image",
    "item",
    "message",
    "name",
    "order",
    "payload",
    "pending",
    "phone",
    "price",
    "product",
    "quantity",
    "queue",
    "rating",
    "retry",
    "review",
    "shipped",
    "silver",
    "state",
    "status",
    "street",
    "summary",
    "tag",
    "total",
    "updated",
    "url",
    "user",
    "value",
    "vendor",
    "worker",
    "zone",
];
const FIELDS: [&str; 16] = [
    "name",
    "email",
    "city",
    "country",
    "created_at",
    "updated_at",
    "status",
    "plan",
    "login_count",
    "last_ip",
    "locale",
    "avatar",
    "phone",
    "balance",
    "score",
    "referrer",
];
/// From a key to the next one.
const STRIDE: u64 = 1_000_003;
/// Large hashes at the end of the dump.
const CATALOGS: u64 = 3;
/// And the share of all keys that each has as fields.
const CATALOG: u64 = 284;

/// Writes so many keys, and a few large ones.
pub(super) fn saved<W: Write>(dump: &mut Dump<W>, keys: u64) -> io::Result<()> {
    let mut saved = Saved::default();
    dump.select(0, keys + CATALOGS, keys * 2 / 5);
    for n in 0..keys {
        // in no order, as they come out of a hash table: a prime that keys are no multiple of
        // leads to each of them once
        saved.value(dump, n * STRIDE % keys)?;
    }
    let fields = (keys * 100 / CATALOG).max(1);
    for catalog in 0..CATALOGS {
        saved.key(dump, 4, format_args!("catalog:{catalog}"), false)?;
        write::length(&mut dump.buffer, fields);
        for field in 0..fields {
            saved.string(dump, |_, out| push(out, format_args!("item:{field}")));
            saved.string(dump, |dump, out| dump.hex(out, 16));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Saved {
    key: String,
    listpack: Listpack,
    text: Vec<u8>,
    packed: Vec<u8>,
    compressor: Compressor,
}

impl Saved {
    fn value<W: Write>(&mut self, dump: &mut Dump<W>, n: u64) -> io::Result<()> {
        match dump.random.below(1000) {
            0..220 => self.session(dump, n),
            220..340 => self.json(dump, n),
            340..440 => {
                self.key(dump, 0, format_args!("counter:{n}"), false)?;
                write::int(&mut dump.buffer, dump.random.below(1 << 31) as i32);
                Ok(())
            }
            440..520 => {
                let word = word(dump);
                self.key(dump, 0, format_args!("lock:{word}:{n}"), true)?;
                self.string(dump, |dump, out| dump.hex(out, 32));
                Ok(())
            }
            520..760 => self.profile(dump, n),
            760..830 => self.feed(dump, n),
            830..890 => self.leaderboard(dump, n),
            890..930 => self.integers(dump, n),
            930..960 => self.members(dump, (2, "tags"), n, (1, 20)),
            960..980 => self.document(dump, n),
            980..985 => self.members(dump, (2, "followers"), n, (129, 300)),
            985..990 => self.members(dump, (5, "ranking"), n, (129, 200)),
            _ => self.stream(dump, n),
        }
    }

    fn key<W: Write>(
        &mut self,
        dump: &mut Dump<W>,
        code: u8,
        text: std::fmt::Arguments<'_>,
        expires: bool,
    ) -> io::Result<()> {
        name(&mut self.key, text);
        dump.key(code, &self.key, expires)
    }

    /// Appends the string that `text` writes as a server does.
    fn string<W: Write>(
        &mut self,
        dump: &mut Dump<W>,
        text: impl FnOnce(&mut Dump<W>, &mut Vec<u8>),
    ) {
        self.text.clear();
        text(dump, &mut self.text);
        put(&mut dump.buffer, &self.text, (&mut self.compressor, &mut self.packed));
    }

    /// Appends the listpack as a server does.
    fn pack<W: Write>(&mut self, dump: &mut Dump<W>) {
        let blob = self.listpack.finish();
        put(&mut dump.buffer, blob, (&mut self.compressor, &mut self.packed));
    }

    fn session<W: Write>(&mut self, dump: &mut Dump<W>, n: u64) -> io::Result<()> {
        let id = [dump.random.next(), dump.random.next()];
        let expires = dump.random.below(200) > 2;
        self.key(dump, 0, format_args!("session:{:016x}{:016x}", id[0], id[1]), expires)?;
        self.string(dump, |dump, out| {
            push(out, format_args!("{{\"user\": {n}, \"token\": \""));
            dump.hex(out, 32);
            let ip = dump.random.next().to_le_bytes();
            push(out, format_args!("\", \"roles\": [\"{}\", \"{}\"]", word(dump), word(dump)));
            push(
                out,
                format_args!(", \"ip\": \"10.{}.{}.{}\", \"agent\": \"", ip[0], ip[1], ip[2]),
            );
            out.extend_from_slice(b"Mozilla/5.0 (X11; Linux x86_64)");
            words(dump, out, 6);
            out.extend_from_slice(b"\"}");
        });
        Ok(())
    }

    fn json<W: Write>(&mut self, dump: &mut Dump<W>, n: u64) -> io::Result<()> {
        let expires = dump.random.below(20) > 0;
        self.key(dump, 0, format_args!("cache:product:{n}:v2"), expires)?;
        self.string(dump, |dump, out| {
            for field in 0..dump.random.within(1, 12) {
                out.extend_from_slice(if field == 0 {
                    b"[{\"name\": \""
                } else {
                    b", {\"name\": \""
                });
                words(dump, out, 2);
                let price = dump.random.below(1_000_000);
                push(
                    out,
                    format_args!("\", \"price\": {price}, \"enabled\": true, \"field\": {field}}}"),
                );
            }
            out.push(b']');
        });
        Ok(())
    }

    fn profile<W: Write>(&mut self, dump: &mut Dump<W>, n: u64) -> io::Result<()> {
        self.key(dump, 16, format_args!("user:{n}:profile"), false)?;
        self.listpack.clear();
        let fields = dump.random.within(4, 15);
        let first = dump.random.within(0, FIELDS.len() as u64);
        for field in FIELDS.iter().cycle().skip(first).take(fields) {
            self.element(dump, |_, out| out.extend_from_slice(field.as_bytes()));
            match dump.random.below(10) {
                0..5 => self.element(dump, |dump, out| words(dump, out, 2)),
                5..8 => {
                    let bits = dump.random.within(8, 40);
                    self.listpack.number(dump.random.below(1 << bits));
                }
                _ => {
                    let len = dump.random.within(6, 30);
                    self.element(dump, |dump, out| dump.hex(out, len));
                }
            }
        }
        self.pack(dump);
        Ok(())
    }

    /// Adds an element of a listpack.
    fn element<W: Write>(
        &mut self,
        dump: &mut Dump<W>,
        text: impl FnOnce(&mut Dump<W>, &mut Vec<u8>),
    ) {
        self.text.clear();
        text(dump, &mut self.text);
        self.listpack.text(self.text.len(), |out| out.extend_from_slice(&self.text));
    }

    fn feed<W: Write>(&mut self, dump: &mut Dump<W>, n: u64) -> io::Result<()> {
        self.key(dump, 18, format_args!("feed:{n}"), false)?;
        self.listpack.clear();
        for _ in 0..dump.random.within(1, 60) {
            if dump.random.below(2) == 0 {
                self.listpack.number(dump.random.below(1 << 30));
            } else {
                self.element(dump, |dump, out| {
                    push(out, format_args!("post:{}:", dump.random.below(1 << 24)));
                    dump.hex(out, 8);
                });
            }
        }
        dump.buffer.extend_from_slice(&[1, 2]);
        self.pack(dump);
        Ok(())
    }

    fn leaderboard<W: Write>(&mut self, dump: &mut Dump<W>, n: u64) -> io::Result<()> {
        self.key(dump, 17, format_args!("leaderboard:{}:{n}", n % 50), false)?;
        self.listpack.clear();
        let mut score = 0;
        for member in 0..dump.random.within(1, 60) as u64 {
            self.element(dump, |dump, out| {
                let id = member * 70_000 + dump.random.below(70_000);
                push(out, format_args!("player:{id}"));
            });
            score += dump.random.below(4000);
            self.listpack.number(score);
        }
        self.pack(dump);
        Ok(())
    }

    fn integers<W: Write>(&mut self, dump: &mut Dump<W>, n: u64) -> io::Result<()> {
        self.key(dump, 11, format_args!("seen:{n}"), false)?;
        let count = dump.random.within(1, 100) as u32;
        let mut member = 100_000;
        self.string(dump, |dump, out| {
            out.extend_from_slice(&4_u32.to_le_bytes());
            out.extend_from_slice(&count.to_le_bytes());
            for _ in 0..count {
                member += 1 + dump.random.below(300_000) as i32;
                out.extend_from_slice(&member.to_le_bytes());
            }
        });
        Ok(())
    }

    /// A set, or a sorted set, written member by member.
    fn members<W: Write>(
        &mut self,
        dump: &mut Dump<W>,
        (code, what): (u8, &str),
        n: u64,
        (from, to): (u64, u64),
    ) -> io::Result<()> {
        self.key(dump, code, format_args!("{what}:{n}"), false)?;
        let members = dump.random.within(from, to) as u64;
        write::length(&mut dump.buffer, members);
        for member in 0..members {
            self.string(dump, |dump, out| {
                let id = member * 20_000 + dump.random.below(20_000);
                push(out, format_args!("{}:{id}", word(dump)));
            });
            if code == 5 {
                let score = (members - member) as f64 + dump.random.below(1000) as f64 / 1024.0;
                dump.buffer.extend_from_slice(&score.to_le_bytes());
            }
        }
        Ok(())
    }

    fn document<W: Write>(&mut self, dump: &mut Dump<W>, n: u64) -> io::Result<()> {
        self.key(dump, 4, format_args!("doc:{n}"), false)?;
        let fields = dump.random.within(3, 20);
        write::length(&mut dump.buffer, fields as u64);
        for field in 0..fields {
            self.string(dump, |_, out| push(out, format_args!("attribute{field}")));
            self.string(dump, |dump, out| words(dump, out, 12));
        }
        Ok(())
    }

    /// One node whose entries have the same two fields, and no groups.
    fn stream<W: Write>(&mut self, dump: &mut Dump<W>, n: u64) -> io::Result<()> {
        const FIRST_MS: u64 = 1_690_000_000_000;
        self.key(dump, 19, format_args!("events:{n}"), false)?;
        let entries = dump.random.within(1, 30) as u64;
        self.listpack.clear();
        [entries, 0, 2].into_iter().for_each(|number| self.listpack.number(number));
        self.element(dump, |_, out| out.extend_from_slice(b"kind"));
        self.element(dump, |_, out| out.extend_from_slice(b"data"));
        self.listpack.number(0);
        for entry in 0..entries {
            // flag 2: the fields of the node; five pieces before the one that counts them
            [2, entry, 0].into_iter().for_each(|number| self.listpack.number(number));
            self.element(dump, |_, out| out.extend_from_slice(b"click"));
            self.element(dump, |dump, out| words(dump, out, 4));
            self.listpack.number(5);
        }
        write::length(&mut dump.buffer, 1);
        write::string(&mut dump.buffer, &[FIRST_MS.to_be_bytes(), [0; 8]].concat());
        self.pack(dump);
        let last = FIRST_MS + entries - 1;
        let facts = [entries, last, 0, FIRST_MS, 0, 0, 0, entries, 0];
        facts.into_iter().for_each(|number| write::length(&mut dump.buffer, number));
        Ok(())
    }
}

impl<W> Dump<W> {
    /// Appends so many hexadecimal digits.
    fn hex(&mut self, out: &mut Vec<u8>, len: usize) {
        let mut left = len;
        while left > 0 {
            let these = left.min(16);
            let text = format!("{:016x}", self.random.next());
            out.extend_from_slice(&text.as_bytes()[..these]);
            left -= these;
        }
    }
}

fn word<W>(dump: &mut Dump<W>) -> &'static str {
    WORDS[dump.random.within(0, WORDS.len() as u64)]
}

fn words<W>(dump: &mut Dump<W>, out: &mut Vec<u8>, count: usize) {
    for n in 0..count {
        if n > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word(dump).as_bytes());
    }
}

fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // writing into memory does not fail
    let _ = out.write_fmt(text);
}

/// Appends a string: compressed where a server would compress it, if that saves four bytes.
fn put(out: &mut Vec<u8>, text: &[u8], (compressor, packed): (&mut Compressor, &mut Vec<u8>)) {
    if text.len() > 20 {
        compressor.compress(text, packed);
        if packed.len() + 4 <= text.len() {
            out.push(0xc3);
            write::length(out, packed.len() as u64);
            write::length(out, text.len() as u64);
            out.extend_from_slice(packed);
            return;
        }
    }
    write::string(out, text);
}
