//! What a snapshot says before its first key: enough to know the server that wrote it.

use super::code::Dialect;
use super::entry::SlotMark;
use std::collections::BTreeMap;

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
    /// The names and values that the server wrote about itself, in order.
    pub aux: Vec<(Vec<u8>, Vec<u8>)>,
    /// The length of each function library's source.
    pub functions: Vec<u64>,
    /// Hash templates by their id in the file.
    pub templates: Templates,
    /// Whether the first entries carry idle times: the server evicts by LRU.
    pub idle: bool,
    /// Whether the first entries carry LFU counters: the server evicts by LFU.
    pub freq: bool,
    /// The first mark of a cluster slot, if the keys are grouped by slots.
    pub slot: Option<SlotMark>,
}

impl Head {
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
