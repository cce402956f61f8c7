//! A builder of snapshots: whatever the format allows, of any version, and what it does not.
//!
//! ```ignore
//! let bytes = dump().aux("redis-ver", "7.2.0").string("k", "v").hash("h", listpack().text("f").int(1)).end();
//! ```

use super::write;
use rdblens::bytes::crc64;

/// A string as the snapshot holds it: `"text"` is written as it is, a number as an integer.
#[derive(Clone)]
pub struct Text(pub Vec<u8>);

impl Text {
    /// The bytes as they are.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self::with(|out| write::string(out, bytes.as_ref()))
    }

    fn with(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut out = Vec::new();
        write(&mut out);
        Self(out)
    }
}

/// The bytes compressed.
pub fn lzf(bytes: impl AsRef<[u8]>) -> Text {
    Text::with(|out| write::compressed(out, bytes.as_ref()))
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::raw(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::raw(text)
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self::raw(bytes)
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self::raw(bytes)
    }
}

impl From<i32> for Text {
    fn from(n: i32) -> Self {
        Self::with(|out| write::int(out, n))
    }
}

/// What a value is to its user; with a [`Shape`] it decides the value type.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Family {
    /// `list`
    List,
    /// `set`
    Set,
    /// `zset`
    Zset,
    /// `hash`
    Hash,
}

/// A way to write a value.
pub trait Shape {
    /// The value type, and the bytes behind the key.
    fn encode(self, family: Family) -> (u8, Vec<u8>);
}

/// Members written one by one: a list of the first versions, or a set.
impl<T: Into<Text>, const N: usize> Shape for [T; N] {
    fn encode(self, family: Family) -> (u8, Vec<u8>) {
        Vec::from(self).encode(family)
    }
}

impl<T: Into<Text>> Shape for Vec<T> {
    fn encode(self, family: Family) -> (u8, Vec<u8>) {
        let code = match family {
            Family::List => 1,
            Family::Set => 2,
            _ => panic!("a {family:?} has pairs"),
        };
        (code, counted(self.into_iter().map(|member| member.into().0)))
    }
}

/// Parts one by one behind their number.
pub fn counted(parts: impl ExactSizeIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    write::length(&mut out, parts.len() as u64);
    parts.for_each(|part| out.extend_from_slice(&part));
    out
}

/// A snapshot under construction.
#[derive(Clone)]
pub struct Dump {
    bytes: Vec<u8>,
    version: u32,
    /// Where each entry begins: what belongs to the key, prefixes included.
    starts: Vec<usize>,
    prefixed: bool,
}

/// A snapshot of version 11 under `REDIS`, which most servers read.
pub fn dump() -> Dump {
    redis(11)
}

/// A snapshot of `version` under `REDIS`.
pub fn redis(version: u32) -> Dump {
    Dump::new(format!("REDIS{version:04}"), version)
}

/// A snapshot of `version` under `VALKEY`.
pub fn valkey(version: u32) -> Dump {
    Dump::new(format!("VALKEY{version:03}"), version)
}

impl Dump {
    fn new(header: String, version: u32) -> Self {
        Self { bytes: header.into_bytes(), version, starts: Vec::new(), prefixed: false }
    }

    /// Adds bytes that need not make sense.
    pub fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.bytes.extend_from_slice(bytes.as_ref());
        self
    }

    fn opcode(mut self, code: u8, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        self.bytes.push(code);
        write(&mut self.bytes);
        self
    }

    fn prefix(mut self, code: u8, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        if !self.prefixed {
            self.starts.push(self.bytes.len());
        }
        self.prefixed = true;
        self.opcode(code, write)
    }

    /// Something the server says of itself.
    pub fn aux(self, name: &str, value: impl Into<Text>) -> Self {
        self.opcode(250, |out| {
            write::string(out, name.as_bytes());
            out.extend_from_slice(&value.into().0);
        })
    }

    /// The database of the keys that follow.
    pub fn select(self, db: u64) -> Self {
        self.opcode(254, |out| write::length(out, db))
    }

    /// How many keys, and keys with an expiry, the database has.
    pub fn resize(self, keys: u64, expires: u64) -> Self {
        self.opcode(251, |out| {
            write::length(out, keys);
            write::length(out, expires);
        })
    }

    /// The slot of the keys that follow.
    pub fn slot(self, slot: u64, keys: u64, expires: u64) -> Self {
        self.opcode(244, |out| [slot, keys, expires].iter().for_each(|n| write::length(out, *n)))
    }

    /// A function library.
    pub fn function(self, source: &str) -> Self {
        self.opcode(245, |out| write::string(out, source.as_bytes()))
    }

    /// A function library as release candidates of 7.0 wrote it.
    pub fn early_function(self, name: &str, description: Option<&str>, source: &str) -> Self {
        self.opcode(246, |out| {
            write::string(out, name.as_bytes());
            write::string(out, b"LUA");
            write::length(out, description.is_some().into());
            description.into_iter().chain([source]).for_each(|t| write::string(out, t.as_bytes()));
        })
    }

    /// Data of a module that belongs to no key.
    pub fn module_aux(self, module: Module, before_keys: bool) -> Self {
        self.opcode(247, |out| {
            write::length(out, module.id);
            write::length(out, 2);
            write::length(out, if before_keys { 1 } else { 2 });
            out.extend_from_slice(&module.stream);
            out.push(0);
        })
    }

    /// Valkey's note of a slot import under way.
    pub fn slot_import(self, job: &str, ranges: &[(u64, u64)]) -> Self {
        self.opcode(243, |out| {
            write::string(out, job.as_bytes());
            write::length(out, ranges.len() as u64);
            for (from, to) in ranges {
                write::length(out, *from);
                write::length(out, *to);
            }
        })
    }

    /// A hash template.
    pub fn template(self, id: u64, fields: &[&str]) -> Self {
        self.opcode(242, |out| {
            write::length(out, id);
            out.extend(counted(fields.iter().map(|field| Text::from(*field).0)));
        })
    }

    /// Redis Enterprise's slot of the keys that follow.
    pub fn enterprise_slot(self, slot: u64) -> Self {
        self.opcode(121, |out| write::length(out, slot))
    }

    /// The next key expires at `ms`.
    pub fn expires_ms(self, ms: i64) -> Self {
        self.prefix(252, |out| out.extend_from_slice(&ms.to_le_bytes()))
    }

    /// The next key expires at `s`.
    pub fn expires_s(self, s: i32) -> Self {
        self.prefix(253, |out| out.extend_from_slice(&s.to_le_bytes()))
    }

    /// The next key was used `s` seconds ago.
    pub fn idle(self, s: u64) -> Self {
        self.prefix(248, |out| write::length(out, s))
    }

    /// The next key has this LFU counter.
    pub fn freq(self, counter: u8) -> Self {
        self.prefix(249, |out| out.push(counter))
    }

    /// The next key has metadata of these classes.
    pub fn key_meta(self, classes: &[(u32, Module)]) -> Self {
        self.prefix(243, |out| {
            write::length(out, classes.len() as u64);
            for (class, data) in classes {
                out.extend_from_slice(&class.to_le_bytes());
                out.extend_from_slice(&data.stream);
                out.push(0);
            }
        })
    }

    /// Redis Enterprise's access time of the next key.
    pub fn enterprise_access(self, time: u64) -> Self {
        self.prefix(107, |out| write::length(out, time))
    }

    /// A key whose value is of type `code` and takes these bytes.
    pub fn value(mut self, key: impl Into<Text>, code: u8, body: impl AsRef<[u8]>) -> Self {
        if !std::mem::take(&mut self.prefixed) {
            self.starts.push(self.bytes.len());
        }
        self.raw([code]).raw(key.into().0).raw(body)
    }

    /// A string.
    pub fn string(self, key: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.value(key, 0, value.into().0)
    }

    /// A list.
    pub fn list(self, key: impl Into<Text>, value: impl Shape) -> Self {
        self.shaped(key, value.encode(Family::List))
    }

    /// A set.
    pub fn set(self, key: impl Into<Text>, value: impl Shape) -> Self {
        self.shaped(key, value.encode(Family::Set))
    }

    /// A sorted set.
    pub fn zset(self, key: impl Into<Text>, value: impl Shape) -> Self {
        self.shaped(key, value.encode(Family::Zset))
    }

    /// A hash.
    pub fn hash(self, key: impl Into<Text>, value: impl Shape) -> Self {
        self.shaped(key, value.encode(Family::Hash))
    }

    fn shaped(self, key: impl Into<Text>, (code, body): (u8, Vec<u8>)) -> Self {
        self.value(key, code, body)
    }

    /// A stream.
    pub fn stream(self, key: impl Into<Text>, value: super::stream::Stream) -> Self {
        let (code, body) = value.encode();
        self.value(key, code, body)
    }

    /// A module's value.
    pub fn module(self, key: impl Into<Text>, value: Module) -> Self {
        self.value(key, 7, value.encode())
    }

    /// Where each entry begins, and where the last one ends.
    pub fn boundaries(&self) -> Vec<usize> {
        self.starts.iter().copied().chain([self.bytes.len()]).collect()
    }

    /// The snapshot, with the end mark and, where the version has one, the right checksum.
    pub fn end(self) -> Vec<u8> {
        let mut bytes = self.raw_end();
        let sum = crc64::of(&bytes.0);
        bytes.close(sum)
    }

    /// The snapshot with this checksum.
    pub fn end_with(self, checksum: u64) -> Vec<u8> {
        self.raw_end().close(checksum)
    }

    /// The snapshot without an end.
    pub fn cut(self) -> Vec<u8> {
        self.bytes
    }

    fn raw_end(self) -> Ended {
        let version = self.version;
        Ended(self.raw([255]).bytes, version)
    }
}

/// A snapshot that lacks only its checksum.
struct Ended(Vec<u8>, u32);

impl Ended {
    fn close(&mut self, checksum: u64) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.0);
        if self.1 >= 5 {
            bytes.extend_from_slice(&checksum.to_le_bytes());
        }
        bytes
    }
}

/// A module's data: its type and a stream of tagged parts.
#[derive(Clone)]
pub struct Module {
    id: u64,
    stream: Vec<u8>,
}

/// Data of the module type `name` (nine characters), encoded as of `version`.
pub fn module(name: &str, version: u64) -> Module {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = |byte| ALPHABET.iter().position(|known| *known == byte).expect("a name") as u64;
    let id = name.bytes().fold(0, |id, byte| id << 6 | place(byte));
    Module { id: id << 10 | version, stream: Vec::new() }
}

impl Module {
    /// Adds bytes that need not be a part.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.stream.extend_from_slice(bytes);
        self
    }

    /// Adds a signed number.
    pub fn sint(mut self, n: i64) -> Self {
        self.stream.push(1);
        write::length(&mut self.stream, n as u64);
        self
    }

    /// Adds an unsigned number.
    pub fn uint(mut self, n: u64) -> Self {
        self.stream.push(2);
        write::length(&mut self.stream, n);
        self
    }

    /// Adds a single-precision number.
    pub fn float(self, n: f32) -> Self {
        self.raw(&[3]).raw(&n.to_le_bytes())
    }

    /// Adds a double-precision number.
    pub fn double(self, n: f64) -> Self {
        self.raw(&[4]).raw(&n.to_le_bytes())
    }

    /// Adds a string.
    pub fn text(self, text: impl Into<Text>) -> Self {
        self.raw(&[5]).raw(&text.into().0)
    }

    fn encode(self) -> Vec<u8> {
        let mut out = Vec::new();
        write::length(&mut out, self.id);
        out.extend_from_slice(&self.stream);
        out.push(0);
        out
    }
}
