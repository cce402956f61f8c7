//! What a snapshot says before its first key: enough to know the server that wrote it.

use super::code::Dialect;
use super::entry::{Item, SlotMark};
use super::header;
use super::length;
use super::string::{self, Str};
use super::walk::Walk;
use crate::bytes::{Cursor, Fault, Kind, Stop};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many keys are looked at for what their prefixes show of the server's settings.
const SAMPLE: usize = 16;
/// How far that goes at the most: the first value may be all of the snapshot.
const SAMPLE_BYTES: usize = 1 << 20;
/// How many fields about the server are kept, and how long they may be, names and values together.
const FIELDS: usize = 256;
const FIELD_BYTES: u64 = 1024;

/// The head of a snapshot, and what its first entries show of the server's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which family wrote it.
    pub dialect: Dialect,
    /// The RDB version in the header.
    pub version: u32,
    /// Absolute offset of the header: behind a replication wrapper, where there is one.
    pub start: u64,
    /// Absolute offset of the first record after the header.
    pub body: u64,
    /// What stands before the header.
    pub wrapper: Wrapper,
    /// The names and values that the server wrote about itself, in order: the first 256 that are of at most
    /// 1024 bytes.
    pub aux: Vec<(Vec<u8>, Vec<u8>)>,
    /// Hash templates by their id in the file.
    pub templates: Arc<Templates>,
    /// Whether the first entries carry idle times: the server evicts by LRU.
    pub idle: bool,
    /// Whether the first entries carry LFU counters: the server evicts by LFU.
    pub freq: bool,
    /// The first mark of a cluster slot, if the keys are grouped by slots.
    pub slot: Option<SlotMark>,
}

impl Head {
    /// Reads the head of the snapshot under `cursor`, which stays at the first record.
    ///
    /// A fault behind the header is not reported here: the walk meets it again.
    ///
    /// # Errors
    /// When the input does not begin as a snapshot does.
    pub fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let header = header::read(cursor)?;
        let mut head = Self {
            dialect: header.dialect,
            version: header.version,
            start: header.start,
            body: cursor.at(),
            wrapper: header.wrapper,
            aux: Vec::new(),
            templates: Arc::default(),
            idle: false,
            freq: false,
            slot: None,
        };
        let mut walk = Walk::new(&head);
        head.look_ahead(&mut walk, cursor);
        head.templates = Arc::clone(walk.templates());
        Ok(head)
    }

    /// Collects what stands before the first key, and what the first keys show.
    fn look_ahead(&mut self, walk: &mut Walk, cursor: &Cursor<'_>) {
        let mut entries = 0;
        let mut cursor = cursor.clone();
        while entries < SAMPLE
            && let Ok(item) = walk.next(&mut cursor)
        {
            match item {
                Item::Entry(entry) => {
                    if entries == 0 {
                        cursor = cursor.narrow(SAMPLE_BYTES);
                    }
                    entries += 1;
                    self.idle |= entry.meta.idle_s.is_some();
                    self.freq |= entry.meta.freq.is_some();
                }
                Item::Slot(mark) => self.slot = self.slot.or(Some(mark)),
                Item::Aux { name, value } if entries == 0 => self.note(name, value),
                Item::End { .. } => break,
                _ => {}
            }
        }
    }

    /// Keeps what the server wrote about itself. A file may hold any number of fields, and scripts of any
    /// length among them.
    fn note(&mut self, name: Str<'_>, value: Str<'_>) {
        if self.aux.len() >= FIELDS || name.len().saturating_add(value.len()) > FIELD_BYTES {
            return;
        }
        let (mut name_text, mut value_text) = (Vec::new(), Vec::new());
        if let (Ok(name), Ok(value)) = (name.decode(&mut name_text), value.decode(&mut value_text))
        {
            self.aux.push((name.to_vec(), value.to_vec()));
        }
    }

    /// The value that the server wrote under `name`, as text.
    #[must_use]
    pub fn aux(&self, name: &str) -> Option<&str> {
        let (_, value) = self.aux.iter().find(|(known, _)| known == name.as_bytes())?;
        std::str::from_utf8(value).ok()
    }

    /// The value that the server wrote under `name`, as a number.
    #[must_use]
    pub fn aux_number(&self, name: &str) -> Option<u64> {
        self.aux(name)?.parse().ok()
    }
}

/// What stands before the header of a captured replication stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrapper {
    /// Nothing: a file.
    None,
    /// `$EOF:` and the mark that ends the stream.
    Mark([u8; 40]),
    /// `$` and the number of bytes that follow.
    Length(u64),
}

/// The hash templates that a snapshot defines before its keys, by id.
pub type Templates = BTreeMap<u64, Template>;

/// A hash template: the field names that many hashes share. Redis 8.10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Which record it is, from zero: the id that the loading server gives it.
    pub order: u64,
    /// Absolute offset of its record.
    pub at: u64,
    /// The length of each field name.
    pub fields: Vec<u32>,
}

impl Template {
    /// The field names, read again from its record in `bytes`, which are all of the input.
    ///
    /// # Errors
    /// When there is no such record.
    pub fn names<'a>(&self, bytes: &'a [u8]) -> Result<Vec<Str<'a>>, Fault> {
        let from = usize::try_from(self.at).unwrap_or(usize::MAX);
        let mut cursor = Cursor::window(bytes.get(from..).unwrap_or_default(), self.at, true);
        let mut read = || {
            let _record = cursor.byte()?;
            let (_id, count) = (length::plain(&mut cursor)?, length::plain(&mut cursor)?);
            (0..count).map(|_| string::read(&mut cursor)).collect::<Result<Vec<_>, Stop>>()
        };
        read().map_err(|stop| match stop {
            Stop::Fault(fault) => fault,
            Stop::More => Fault::new(self.at, Kind::Value("a hash template is cut short")),
        })
    }
}
