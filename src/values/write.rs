//! Decoded values written out.
//!
//! The layouts are those of the crate `rdb`'s formatters, `Protocol` and `JSON`; `tests/values.rs`
//! compares. Those write to a path or to standard output alone, with a system call for every word,
//! pass over a full disk, and panic when the reader of a pipe has gone. This writes to what it is
//! given and hands on its error. RESP also sets what the crate has no place for, the TTLs of
//! fields; JSON escapes what could harm a terminal.

use super::decode::{Decoded, FieldTtls};
use rdb::RdbValue;
use std::io::{self, Write};

/// A form of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An array with an object for each stretch of a database: names and values.
    Json,
    /// Commands that make the keys, as clients send them.
    Resp,
}

/// Writes keys with their values.
#[derive(Debug)]
pub struct Writer<W: Write> {
    form: Form,
    out: W,
    db: Option<u64>,
    /// Whether a key of the database was written.
    has_key: bool,
    /// Appends the inside of a JSON string.
    escape: fn(&str, &mut Vec<u8>),
    scratch: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes to `out`, in small pieces. `escape` appends the inside of a JSON string.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(form: Form, mut out: W, escape: fn(&str, &mut Vec<u8>)) -> io::Result<Self> {
        if form == Form::Json {
            out.write_all(b"[")?;
        }
        Ok(Self { form, out, db: None, has_key: false, escape, scratch: Vec::new() })
    }

    /// Writes one key of database `db`.
    ///
    /// # Errors
    /// Those of what is written to.
    pub fn key(&mut self, db: u64, key: &Decoded) -> io::Result<()> {
        if self.db != Some(db) {
            self.select(db)?;
        }
        match self.form {
            Form::Json => self.json(&key.value),
            Form::Resp => self.resp(&key.value, &key.field_ttls),
        }
    }

    /// Writes what stands behind the last key.
    ///
    /// # Errors
    /// Those of what is written to.
    pub fn finish(mut self) -> io::Result<()> {
        match (self.form, self.db) {
            (Form::Resp, _) => {}
            (Form::Json, None) => self.out.write_all(b"]\n")?,
            (Form::Json, Some(_)) => self.out.write_all(b"}]\n")?,
        }
        self.out.flush()
    }

    fn select(&mut self, db: u64) -> io::Result<()> {
        match self.form {
            Form::Resp => self.command(&[b"SELECT", db.to_string().as_bytes()])?,
            Form::Json if self.db.is_none() => self.out.write_all(b"{")?,
            Form::Json => self.out.write_all(b"},{")?,
        }
        self.db = Some(db);
        self.has_key = false;
        Ok(())
    }

    fn resp(&mut self, value: &RdbValue, ttls: &FieldTtls) -> io::Result<()> {
        let (key, expiry) = match value {
            RdbValue::String { key, value, expiry } => {
                self.command(&[b"SET", key, value])?;
                (key, expiry)
            }
            RdbValue::Hash { key, values, expiry } => {
                for (field, value) in values {
                    self.command(&[b"HSET", key, field, value])?;
                }
                (key, expiry)
            }
            RdbValue::Set { key, members, expiry } => {
                for member in members {
                    self.command(&[b"SADD", key, member])?;
                }
                (key, expiry)
            }
            RdbValue::List { key, values, expiry } => {
                for value in values {
                    self.command(&[b"RPUSH", key, value])?;
                }
                (key, expiry)
            }
            RdbValue::SortedSet { key, values, expiry } => {
                for (score, member) in values {
                    self.command(&[b"ZADD", key, score.to_string().as_bytes(), member])?;
                }
                (key, expiry)
            }
            _ => return Ok(()),
        };
        for (field, expires_at_ms) in ttls {
            let at = expires_at_ms.to_string();
            self.command(&[b"HPEXPIREAT", key, at.as_bytes(), b"FIELDS", b"1", field])?;
        }
        match expiry {
            Some(at) => self.command(&[b"PEXPIREAT", key, at.to_string().as_bytes()]),
            None => Ok(()),
        }
    }

    fn json(&mut self, value: &RdbValue) -> io::Result<()> {
        match value {
            RdbValue::String { key, value, .. } => {
                self.name(key)?;
                self.text(value)
            }
            RdbValue::Hash { key, values, .. } => self.object(key, values.iter()),
            RdbValue::Set { key, members: values, .. } | RdbValue::List { key, values, .. } => {
                self.array(key, values)
            }
            RdbValue::SortedSet { key, values, .. } => {
                let score = |score: &f64| score.to_string().into_bytes();
                let pairs = values.iter().map(|(number, member)| (member, score(number)));
                self.object(key, pairs)
            }
            _ => Ok(()),
        }
    }

    /// Writes a command.
    fn command(&mut self, words: &[&[u8]]) -> io::Result<()> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        head(&mut text, b'*', words.len());
        for word in words {
            head(&mut text, b'$', word.len());
            text.extend_from_slice(word);
            text.extend_from_slice(b"\r\n");
        }
        let written = self.out.write_all(&text);
        self.scratch = text;
        written
    }

    /// Writes a JSON string. Bytes that are no UTF-8 stand each for the character of its number.
    fn text(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        text.push(b'"');
        match std::str::from_utf8(bytes) {
            Ok(utf8) => (self.escape)(utf8, &mut text),
            Err(_) => {
                let latin: String = bytes.iter().copied().map(char::from).collect();
                (self.escape)(&latin, &mut text);
            }
        }
        text.push(b'"');
        let written = self.out.write_all(&text);
        self.scratch = text;
        written
    }

    /// Begins with a key in JSON.
    fn name(&mut self, key: &[u8]) -> io::Result<()> {
        if std::mem::replace(&mut self.has_key, true) {
            self.out.write_all(b",")?;
        }
        self.text(key)?;
        self.out.write_all(b":")
    }

    fn array(&mut self, key: &[u8], values: &[Vec<u8>]) -> io::Result<()> {
        self.name(key)?;
        let mut before: &[u8] = b"[";
        for value in values {
            self.out.write_all(std::mem::replace(&mut before, b","))?;
            self.text(value)?;
        }
        self.out.write_all(if values.is_empty() { b"[]" } else { b"]" })
    }

    fn object<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        &mut self,
        key: &[u8],
        pairs: impl Iterator<Item = (N, V)>,
    ) -> io::Result<()> {
        self.name(key)?;
        self.out.write_all(b"{")?;
        for (i, (name, value)) in pairs.enumerate() {
            if i > 0 {
                self.out.write_all(b",")?;
            }
            self.text(name.as_ref())?;
            self.out.write_all(b":")?;
            self.text(value.as_ref())?;
        }
        self.out.write_all(b"}")
    }
}

/// Appends the line before a command or a word.
fn head(out: &mut Vec<u8>, sign: u8, n: usize) {
    out.push(sign);
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
    out.extend_from_slice(b"\r\n");
}
