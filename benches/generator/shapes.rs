//! What each shape is full of.

use super::listpack::Listpack;
use super::saved::saved;
use super::{Dump, Recipe, Shape, generate, name, write};
use std::io::{self, Write};

/// Writes the keys of `recipe`.
pub(super) fn fill<W: Write>(dump: &mut Dump<W>, recipe: Recipe) -> io::Result<()> {
    let keys = |full: f64| ((full * recipe.scale) as u64).max(1);
    match recipe.shape {
        Shape::Small => small(dump, keys(7.5e6)),
        Shape::Mixed => mixed(dump, keys(1.4e6)),
        Shape::Saved => saved(dump, keys(1.42e6)),
        Shape::Huge => huge(dump, keys(14_000.0)),
        Shape::Giant => giant(dump, keys(5e6)),
        Shape::Hostile => hostile(dump, keys(240.0)),
        Shape::Prefixes => prefixes(dump, keys(1e8)),
    }
}

fn small<W: Write>(dump: &mut Dump<W>, keys: u64) -> io::Result<()> {
    let mut key = String::new();
    dump.select(0, keys, keys / 2);
    for n in 0..keys {
        let id = dump.random.below(keys * 4);
        match n % 5 {
            0 | 1 => name(&mut key, format_args!("session:{id:x}:{n}")),
            2 => name(&mut key, format_args!("user:{n}:profile")),
            3 => name(&mut key, format_args!("cache:page:{}:{n}", id % 1000)),
            _ => name(&mut key, format_args!("rate:10.{}.{}.7:{n}", id % 64, id / 64 % 256)),
        }
        dump.key(0, &key, n % 2 == 1)?;
        if n % 10 == 4 {
            write::int(&mut dump.buffer, (id % 100_000) as i32);
        } else {
            let len = dump.random.within(30, 60);
            dump.random.string(&mut dump.buffer, len);
        }
    }
    Ok(())
}

fn huge<W: Write>(dump: &mut Dump<W>, keys: u64) -> io::Result<()> {
    let (mut key, mut pool) = (String::new(), Vec::new());
    dump.random.text(&mut pool, 1 << 20);
    dump.select(0, keys, 0);
    for n in 0..keys {
        name(&mut key, format_args!("blob:{}:{n}", n % 17));
        dump.key(0, &key, false)?;
        // most are short: the average is near 71 KB
        let share = dump.random.within(0, 1000).pow(2) / 1000;
        let len = 20_000 + 180 * share - dump.random.within(0, 3000);
        let from = dump.random.within(0, (pool.len() - len) as u64);
        write::string(&mut dump.buffer, &pool[from..from + len]);
    }
    Ok(())
}

fn giant<W: Write>(dump: &mut Dump<W>, fields: u64) -> io::Result<()> {
    const AROUND: u64 = 1000;
    let mut key = String::new();
    dump.select(0, 2 * AROUND + 1, 0);
    let mut around = |dump: &mut Dump<W>, side: &str| {
        for n in 0..AROUND {
            name(&mut key, format_args!("{side}:{n}"));
            dump.key(0, &key, false)?;
            dump.random.string(&mut dump.buffer, 100);
        }
        Ok::<_, io::Error>(())
    };
    around(dump, "before")?;
    dump.key(4, "catalog:all", false)?;
    write::length(&mut dump.buffer, fields);
    for n in 0..fields {
        if dump.buffer.len() >= super::BUFFER {
            dump.flush()?;
        }
        let id = format!("item:{n}");
        write::string(&mut dump.buffer, id.as_bytes());
        let len = dump.random.within(10, 40);
        dump.random.string(&mut dump.buffer, len);
    }
    around(dump, "behind")
}

/// Each value is a dump of thousands of keys, so that from any offset in it entries parse in a row
/// as well as true ones do.
fn hostile<W: Write>(dump: &mut Dump<W>, keys: u64) -> io::Result<()> {
    let mut key = String::new();
    dump.select(0, 2 * keys, 0);
    for n in 0..keys {
        let (shape, scale) = match n % 3 {
            0 => (Shape::Small, 0.0002 + dump.random.within(0, 60) as f64 / 1e4),
            1 => (Shape::Mixed, 0.0005),
            _ => (Shape::Small, 0.004),
        };
        let mut inner = Vec::new();
        generate(Recipe { shape, scale, seed: dump.random.next() }, &mut inner)?;
        name(&mut key, format_args!("backup:{n}"));
        dump.key(0, &key, false)?;
        write::string(&mut dump.buffer, &inner);
        name(&mut key, format_args!("backup:{n}:at"));
        dump.key(0, &key, false)?;
        write::int(&mut dump.buffer, n as i32);
    }
    Ok(())
}

fn prefixes<W: Write>(dump: &mut Dump<W>, keys: u64) -> io::Result<()> {
    let mut key = String::new();
    dump.select(0, keys, 0);
    for n in 0..keys {
        name(&mut key, format_args!("{:x}:{n}", dump.random.next() >> 24));
        dump.key(0, &key, false)?;
        write::int(&mut dump.buffer, (n % 50_000) as i32);
    }
    Ok(())
}

fn mixed<W: Write>(dump: &mut Dump<W>, keys: u64) -> io::Result<()> {
    let (mut key, mut mix) = (String::new(), Mix::new(dump));
    let second = keys / 10;
    for (db, from, to) in [(0, 0, keys - second), (3, keys - second, keys)] {
        if to > from {
            dump.select(db, to - from, (from..to).filter(|n| n.is_multiple_of(3)).count() as u64);
        }
        for n in from..to {
            mix.value(dump, &mut key, n)?;
        }
    }
    Ok(())
}

/// What keys of all types are made of.
struct Mix {
    listpack: Listpack,
    /// Text that compresses, as JSON does, ready compressed.
    compressed: Vec<Vec<u8>>,
}

impl Mix {
    fn new<W: Write>(dump: &mut Dump<W>) -> Self {
        let compressed = (0..64).map(|n| {
            let (mut text, mut out) = (Vec::new(), Vec::new());
            for field in 0..4 + n % 16 {
                text.extend_from_slice(b"{\"name\": \"item\", \"enabled\": true, \"value\": \"");
                dump.random.text(&mut text, 6);
                text.extend_from_slice(format!("\", \"field\": {field}}}, ").as_bytes());
            }
            write::compressed(&mut out, &text);
            out
        });
        Self { listpack: Listpack::default(), compressed: compressed.collect() }
    }

    fn value<W: Write>(&mut self, dump: &mut Dump<W>, key: &mut String, n: u64) -> io::Result<()> {
        let expires = n.is_multiple_of(3);
        match dump.random.below(100) {
            0..30 => {
                name(key, format_args!("cache:product:{n}:v2"));
                dump.key(0, key, expires)?;
                let len = dump.random.within(20, 200);
                dump.random.string(&mut dump.buffer, len);
            }
            30..45 => {
                name(key, format_args!("json:{n}"));
                dump.key(0, key, expires)?;
                let which = dump.random.within(0, self.compressed.len() as u64);
                dump.buffer.extend_from_slice(&self.compressed[which]);
            }
            45..55 => {
                name(key, format_args!("counter:{n}"));
                dump.key(0, key, expires)?;
                write::int(&mut dump.buffer, dump.random.below(1 << 31) as i32);
            }
            55..77 => self.hash(dump, key, expires, n)?,
            77..84 => self.scores(dump, key, expires, n)?,
            84..90 => self.list(dump, key, expires, n)?,
            90 => self.stream(dump, key, expires, n)?,
            91..94 => integers(dump, key, expires, n)?,
            94..96 => hash(dump, key, expires, n)?,
            96..98 => tags(dump, key, expires, n)?,
            98 => set(dump, key, expires, n)?,
            _ => sorted_set(dump, key, expires, n)?,
        }
        Ok(())
    }

    fn hash<W: Write>(
        &mut self,
        dump: &mut Dump<W>,
        key: &mut String,
        expires: bool,
        n: u64,
    ) -> io::Result<()> {
        name(key, format_args!("user:{n}"));
        dump.key(16, key, expires)?;
        self.listpack.clear();
        for field in 0..dump.random.within(1, 12) {
            let id = 0x100 + field as u64;
            self.listpack.text(8, |out| out.extend_from_slice(format!("field{id:x}").as_bytes()));
            let len = dump.random.within(4, 40);
            self.listpack.text(len, |out| dump.random.text(out, len));
        }
        self.listpack.append(&mut dump.buffer);
        Ok(())
    }

    /// One node whose entries have the same two fields, and no groups.
    fn stream<W: Write>(
        &mut self,
        dump: &mut Dump<W>,
        key: &mut String,
        expires: bool,
        n: u64,
    ) -> io::Result<()> {
        const FIRST_MS: u64 = 1_690_000_000_000;
        name(key, format_args!("events:{n}"));
        dump.key(19, key, expires)?;
        let entries = dump.random.within(1, 60) as u64;
        self.listpack.clear();
        [entries, 0, 2].into_iter().for_each(|number| self.listpack.number(number));
        self.listpack.text(4, |out| out.extend_from_slice(b"kind"));
        self.listpack.text(4, |out| out.extend_from_slice(b"data"));
        self.listpack.number(0);
        for entry in 0..entries {
            // flag 2: the fields of the node; five pieces before the one that counts them
            [2, entry, 0].into_iter().for_each(|number| self.listpack.number(number));
            self.listpack.text(5, |out| out.extend_from_slice(b"click"));
            let len = dump.random.within(10, 40);
            self.listpack.text(len, |out| dump.random.text(out, len));
            self.listpack.number(5);
        }
        let out = &mut dump.buffer;
        write::length(out, 1);
        write::string(out, &[FIRST_MS.to_be_bytes(), [0; 8]].concat());
        self.listpack.append(out);
        let last = FIRST_MS + entries - 1;
        let facts = [entries, last, 0, FIRST_MS, 0, 0, 0, entries, 0];
        facts.into_iter().for_each(|number| write::length(out, number));
        Ok(())
    }

    fn scores<W: Write>(
        &mut self,
        dump: &mut Dump<W>,
        key: &mut String,
        expires: bool,
        n: u64,
    ) -> io::Result<()> {
        name(key, format_args!("leaderboard:{}:{n}", n % 50));
        dump.key(17, key, expires)?;
        self.listpack.clear();
        let mut score = 0;
        for member in 0..dump.random.within(1, 40) {
            score = (score + dump.random.below(40)).min(4095);
            self.listpack.text(11, |out| {
                out.extend_from_slice(format!("player{member:05}").as_bytes());
            });
            self.listpack.number(score);
        }
        self.listpack.append(&mut dump.buffer);
        Ok(())
    }

    fn list<W: Write>(
        &mut self,
        dump: &mut Dump<W>,
        key: &mut String,
        expires: bool,
        n: u64,
    ) -> io::Result<()> {
        name(key, format_args!("feed:{n}"));
        dump.key(18, key, expires)?;
        let nodes = 1 + dump.random.below(20) / 18 * 3;
        write::length(&mut dump.buffer, nodes);
        for _ in 0..nodes {
            self.listpack.clear();
            for _ in 0..dump.random.within(1, 20) {
                let len = dump.random.within(5, 60);
                self.listpack.text(len, |out| dump.random.text(out, len));
            }
            write::length(&mut dump.buffer, 2);
            self.listpack.append(&mut dump.buffer);
        }
        Ok(())
    }
}

fn integers<W: Write>(
    dump: &mut Dump<W>,
    key: &mut String,
    expires: bool,
    n: u64,
) -> io::Result<()> {
    name(key, format_args!("seen:{n}"));
    dump.key(11, key, expires)?;
    let count = dump.random.within(1, 300) as u32;
    write::length(&mut dump.buffer, u64::from(8 + 4 * count));
    dump.buffer.extend_from_slice(&4_u32.to_le_bytes());
    dump.buffer.extend_from_slice(&count.to_le_bytes());
    let mut member = 100_000_i32;
    for _ in 0..count {
        member += 1 + dump.random.below(1000) as i32;
        dump.buffer.extend_from_slice(&member.to_le_bytes());
    }
    Ok(())
}

fn hash<W: Write>(dump: &mut Dump<W>, key: &mut String, expires: bool, n: u64) -> io::Result<()> {
    name(key, format_args!("profile:{n}"));
    dump.key(4, key, expires)?;
    let fields = dump.random.within(3, 30);
    write::length(&mut dump.buffer, fields as u64);
    for field in 0..fields {
        write::string(&mut dump.buffer, format!("attribute{field}").as_bytes());
        let len = dump.random.within(50, 100);
        dump.random.string(&mut dump.buffer, len);
    }
    Ok(())
}

fn tags<W: Write>(dump: &mut Dump<W>, key: &mut String, expires: bool, n: u64) -> io::Result<()> {
    name(key, format_args!("tags:{n}"));
    dump.key(2, key, expires)?;
    let members = dump.random.within(1, 30);
    write::length(&mut dump.buffer, members as u64);
    for member in 0..members {
        write::string(&mut dump.buffer, format!("tag-{member}").as_bytes());
    }
    Ok(())
}

fn set<W: Write>(dump: &mut Dump<W>, key: &mut String, expires: bool, n: u64) -> io::Result<()> {
    name(key, format_args!("followers:{n}"));
    dump.key(2, key, expires)?;
    let members = dump.random.within(129, 400);
    write::length(&mut dump.buffer, members as u64);
    for member in 0..members {
        write::string(&mut dump.buffer, format!("user:{member:06}").as_bytes());
    }
    Ok(())
}

fn sorted_set<W: Write>(
    dump: &mut Dump<W>,
    key: &mut String,
    expires: bool,
    n: u64,
) -> io::Result<()> {
    name(key, format_args!("ranking:{n}"));
    dump.key(5, key, expires)?;
    let members = dump.random.within(129, 200);
    write::length(&mut dump.buffer, members as u64);
    for member in (0..members).rev() {
        write::string(&mut dump.buffer, format!("player:{member:06}").as_bytes());
        dump.buffer.extend_from_slice(&(member as f64 * 1.5).to_le_bytes());
    }
    Ok(())
}
