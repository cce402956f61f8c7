//! The walk: records and keys in file order.

use super::code::{Dialect, TypeCode, opcode};
use super::elements::Elements;
use super::entry::{Entry, Expiry, Item, Meta, ModuleId, SlotMark};
use super::head::{Template, Templates};
use super::packed::{Packed, Packing};
use super::string::Str;
use super::value::{ValueWalk, blob, only_node, skip_module};
use super::{length, string};
use crate::bytes::{Cursor, Kind, Stop};
use std::hint::select_unpredictable;
use std::sync::Arc;

/// A walk over a snapshot, from its first record or from any boundary between two.
///
/// It holds no input: each call reads from the cursor that it is given, and after [`Stop::More`]
/// goes on where it was with a cursor that has more.
///
/// ```
/// use rdblens::bytes::Cursor;
/// use rdblens::entries::{Elements, Head, Item, Str, Walk};
///
/// struct Longest(u64);
/// impl Elements for Longest {
///     fn string(&mut self, value: Str<'_>) {
///         self.0 = self.0.max(value.len());
///     }
/// }
///
/// let dump = b"REDIS0003\x00\x03key\x05value\xff";
/// let head = Head::read(&mut Cursor::new(dump))?;
/// let mut cursor = Cursor::window(&dump[9..], 9, true);
/// let (mut walk, mut longest) = (Walk::new(&head), Longest(0));
/// while let Item::Entry(_) = walk.next(&mut cursor)? {
///     walk.value(&mut cursor, &mut longest)?;
/// }
/// assert_eq!(longest.0, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Walk {
    dialect: Dialect,
    version: u32,
    templates: Arc<Templates>,
    db: Option<u64>,
    /// What the prefixes before the next key said, and where the first of them stands.
    pending: Meta,
    pending_at: Option<u64>,
    /// The value of the last key, while it is not read to its end.
    value: Option<ValueWalk>,
}

/// What one record was.
enum Step<'a> {
    /// It belongs to the key that follows.
    Prefix,
    Item(Item<'a>),
}

impl Walk {
    /// A walk from the first record behind the header. Servers start with database 0.
    #[must_use]
    pub fn new(head: &super::Head) -> Self {
        Self { db: Some(0), ..Self::from_middle(head) }
    }

    /// A walk from a boundary in the middle: the database is not known until a record names it.
    #[must_use]
    pub fn from_middle(head: &super::Head) -> Self {
        Self {
            dialect: head.dialect,
            version: head.version,
            templates: Arc::clone(&head.templates),
            db: None,
            pending: Meta::default(),
            pending_at: None,
            value: None,
        }
    }

    /// The database of the next key, as far as it is known.
    #[must_use]
    pub const fn db(&self) -> Option<u64> {
        self.db
    }

    /// Whether the walk is between two keys: no value unread, no prefix waiting for its key.
    #[must_use]
    pub const fn at_boundary(&self) -> bool {
        self.value.is_none() && self.pending_at.is_none()
    }

    /// Reads up to the next record or key. A value that was not read is skipped first.
    ///
    /// # Errors
    /// When the bytes end or are not a snapshot's.
    pub fn next<'a>(&mut self, cursor: &mut Cursor<'a>) -> Result<Item<'a>, Stop> {
        if self.value.is_some() {
            self.skip(cursor)?;
        }
        loop {
            let before = cursor.clone();
            match self.step(cursor) {
                Ok(Step::Item(item)) => return Ok(item),
                Ok(Step::Prefix) => {}
                Err(stop) => {
                    *cursor = before;
                    return Err(stop);
                }
            }
        }
    }

    /// Reads the next key, if it is written as nearly all are: a short name, before it an expiry or
    /// nothing. Else `None`, and nothing is read: [`next`](Self::next) reads everything.
    ///
    /// Only [at a boundary](Self::at_boundary), which it leaves: the value is read by
    /// [`string`](Self::string), [`packed`](Self::packed) or [`only_node`](Self::only_node), or by any other
    /// way after [`expect`](Self::expect), and then the walk is at one again.
    #[inline(always)]
    pub(crate) fn short_key<'a>(&self, cursor: &mut Cursor<'a>) -> Option<Entry<'a>> {
        debug_assert!(self.at_boundary(), "a value is to be read first");
        let (at, rest) = (cursor.at(), cursor.rest());
        let &[first, ms @ .., behind] = rest.first_chunk::<10>()?;
        // whether there is an expiry cannot be foretold: a choice of values, not of code
        let expires = first == opcode::EXPIRETIME_MS;
        let (code, before) = select_unpredictable(expires, (behind, 10), (first, 1));
        let kind = TypeCode(code).kind(self.dialect)?;
        let len = rest.get(before).copied().filter(|len| *len < length::SHORT)?;
        let end = before + 1 + usize::from(len);
        let key = Str::Raw(rest.get(before + 1..end)?);
        cursor.take(end as u64).ok()?;
        let expiry = Expiry::when(expires, i64::from_le_bytes(ms));
        let meta = Meta { expiry, ..Meta::default() };
        Some(Entry { at, key, code: TypeCode(code), kind, db: self.db, meta })
    }

    /// The value of `entry`, the key that was read last, is read or skipped next.
    #[inline]
    pub const fn expect(&mut self, entry: &Entry<'_>) {
        self.value = Some(ValueWalk::new(entry.code, self.dialect));
    }

    /// Reads the value of the key that was read last, which is one string.
    ///
    /// # Errors
    /// When the bytes end or are not a string.
    #[inline(always)]
    pub fn string<'a>(&mut self, cursor: &mut Cursor<'a>) -> Result<Str<'a>, Stop> {
        let value = string::read_longer(cursor)?;
        self.value = None;
        Ok(value)
    }

    /// Reads the value of the key that was read last, which is one blob, packed like this.
    ///
    /// # Errors
    /// When the bytes end or are not such a blob.
    #[inline(always)]
    pub fn packed<'a>(
        &mut self,
        cursor: &mut Cursor<'a>,
        packing: Packing,
    ) -> Result<Packed<'a>, Stop> {
        let blob = cursor.whole(|cursor| blob(cursor, packing));
        if blob.is_ok() {
            self.value = None;
        }
        blob
    }

    /// Reads the value of `entry`, the key that was read last, if it is a list of one packed node. Else
    /// `None`, and nothing is read: [`value`](Self::value) reads everything, and tells what is wrong.
    #[inline(always)]
    pub fn only_node<'a>(
        &mut self,
        entry: &Entry<'_>,
        cursor: &mut Cursor<'a>,
    ) -> Option<Packed<'a>> {
        let node = only_node(cursor, entry.code)?;
        self.value = None;
        Some(node)
    }

    /// Reads the value of the key that [`next`](Self::next) gave, handing its elements to `out`.
    ///
    /// # Errors
    /// When the bytes end or are not a value.
    pub fn value<E: Elements>(&mut self, cursor: &mut Cursor<'_>, out: &mut E) -> Result<(), Stop> {
        if let Some(value) = &mut self.value {
            value.run(cursor, &self.templates, out)?;
            self.value = None;
        }
        Ok(())
    }

    /// Skips the value of the key that [`next`](Self::next) gave.
    ///
    /// # Errors
    /// When the bytes end or are not a value.
    pub fn skip(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        struct Nothing;
        impl Elements for Nothing {}
        self.value(cursor, &mut Nothing)
    }

    #[inline]
    fn step<'a>(&mut self, c: &mut Cursor<'a>) -> Result<Step<'a>, Stop> {
        let at = c.at();
        match c.byte()? {
            opcode::EXPIRETIME_MS => {
                // version 8 and older hold what a big-endian host wrote as it was; none is known
                self.pending.expiry = Expiry::at(c.i64_le()?);
            }
            opcode::EXPIRETIME => {
                let seconds = i32::from_le_bytes(c.array()?);
                self.pending.expiry = Expiry::at(i64::from(seconds) * 1000);
            }
            opcode::IDLE => self.pending.idle_s = Some(length::plain(c)?),
            opcode::FREQ => self.pending.freq = Some(c.byte()?),
            opcode::KEY_META if self.dialect == Dialect::Redis => {
                self.pending.classes = key_meta(c)?;
            }
            opcode::ENTERPRISE_RAM_LRU if self.dialect == Dialect::Redis => {
                length::plain(c)?;
            }
            code if code < opcode::HASH_TEMPLATE && code != opcode::ENTERPRISE_SLOT => {
                return self.entry(at, TypeCode(code), c).map(Step::Item);
            }
            code => return self.record(at, code, c).map(Step::Item),
        }
        self.pending_at.get_or_insert(at);
        Ok(Step::Prefix)
    }

    #[inline]
    fn entry<'a>(&mut self, at: u64, code: TypeCode, c: &mut Cursor<'a>) -> Result<Item<'a>, Stop> {
        let kind = code.kind(self.dialect);
        let kind = kind.ok_or_else(|| Cursor::fault(at, Kind::ValueType(code.0)))?;
        let key = string::read(c)?;
        self.value = Some(ValueWalk::new(code, self.dialect));
        let at = self.pending_at.take().unwrap_or(at);
        let meta = std::mem::take(&mut self.pending);
        Ok(Item::Entry(Entry { at, key, code, kind, db: self.db, meta }))
    }

    /// Reads a record that is not about one key.
    #[cold]
    fn record<'a>(&mut self, at: u64, code: u8, c: &mut Cursor<'a>) -> Result<Item<'a>, Stop> {
        Ok(match (code, self.dialect) {
            (opcode::EOF, _) => {
                let covered = c.at();
                let checksum = if self.version >= 5 { Some(c.u64_le()?) } else { None };
                Item::End { covered, checksum }
            }
            (opcode::SELECTDB, _) => {
                let db = length::plain(c)?;
                self.db = Some(db);
                Item::SelectDb(db)
            }
            (opcode::RESIZEDB, _) => {
                Item::ResizeDb { keys: length::plain(c)?, expires: length::plain(c)? }
            }
            (opcode::AUX, _) => aux(string::read(c)?, string::read(c)?),
            (opcode::FUNCTION2, _) => Item::Function { code: string::read(c)? },
            (opcode::FUNCTION_PRE_GA, _) => early_function(c)?,
            (opcode::MODULE_AUX, _) => module_aux(at, c)?,
            (opcode::SLOT_INFO, _) => Item::Slot(SlotMark {
                slot: length::plain(c)?,
                keys: length::plain(c)?,
                expires: length::plain(c)?,
            }),
            (opcode::ENTERPRISE_SLOT, Dialect::Redis) => {
                length::plain(c)?;
                Item::Other
            }
            (opcode::KEY_META, Dialect::Valkey) => slot_import(c)?,
            (opcode::HASH_TEMPLATE, Dialect::Redis) => self.template(at, c)?,
            _ => return Err(Cursor::fault(at, Kind::Opcode(code))),
        })
    }

    /// Reads a template's record and keeps it for the hashes that name it.
    fn template(&mut self, at: u64, c: &mut Cursor<'_>) -> Result<Item<'static>, Stop> {
        let (id, count) = (length::plain(c)?, length::plain(c)?);
        let mut fields = Vec::new();
        for _ in 0..count {
            fields.push(u32::try_from(string::read(c)?.len()).unwrap_or(u32::MAX));
        }
        match self.templates.get(&id) {
            None => {
                let order = self.templates.len() as u64;
                let template = Template { order, at, fields };
                Arc::make_mut(&mut self.templates).insert(id, template);
            }
            // read before, with the head
            Some(known) if known.at == at => {}
            Some(_) => {
                return Err(Cursor::fault(at, Kind::Value("a hash template is defined twice")));
            }
        }
        Ok(Item::Template(id))
    }

    /// The templates that were defined so far.
    #[must_use]
    pub const fn templates(&self) -> &Arc<Templates> {
        &self.templates
    }
}

/// Reads a key's module metadata; returns how many classes there are.
fn key_meta(c: &mut Cursor<'_>) -> Result<u8, Stop> {
    /// A key carries no more (`KEY_META_MAX` in the server).
    const MOST: u64 = 7;
    let at = c.at();
    let classes = length::plain(c)?;
    if classes > MOST {
        return Err(Cursor::fault(at, Kind::Value("a key has more than 7 classes of metadata")));
    }
    for _ in 0..classes {
        let _class = c.u32_le()?;
        skip_module(c)?;
    }
    Ok(u8::try_from(classes).unwrap_or(u8::MAX))
}

/// Valkey marks a slot by a field; every other field is handed on.
fn aux<'a>(name: string::Str<'a>, value: string::Str<'a>) -> Item<'a> {
    if let (string::Str::Raw(b"slot-info"), string::Str::Raw(text)) = (name, value)
        && let Some(mark) = slot_mark(text)
    {
        return Item::Slot(mark);
    }
    Item::Aux { name, value }
}

/// Reads `slot,keys,expires` and what more there may be.
fn slot_mark(text: &[u8]) -> Option<SlotMark> {
    let mut numbers = std::str::from_utf8(text).ok()?.split(',').map(|n| n.parse().ok());
    Some(SlotMark { slot: numbers.next()??, keys: numbers.next()??, expires: numbers.next()?? })
}

/// Reads a function library as release candidates of 7.0 wrote it.
fn early_function<'a>(c: &mut Cursor<'a>) -> Result<Item<'a>, Stop> {
    let (_name, _engine) = (string::read(c)?, string::read(c)?);
    if length::plain(c)? != 0 {
        let _description = string::read(c)?;
    }
    Ok(Item::Function { code: string::read(c)? })
}

fn module_aux(at: u64, c: &mut Cursor<'_>) -> Result<Item<'static>, Stop> {
    /// What stands before the keys says so.
    const BEFORE: u64 = 1;
    let id = ModuleId(length::plain(c)?);
    let (_unsigned, when) = (length::plain(c)?, length::plain(c)?);
    skip_module(c)?;
    let bytes = c.at().saturating_sub(at);
    Ok(Item::ModuleAux { id, before_keys: when == BEFORE, bytes })
}

/// Reads Valkey's note of a slot import under way.
fn slot_import(c: &mut Cursor<'_>) -> Result<Item<'static>, Stop> {
    let _job = string::read(c)?;
    for _ in 0..length::plain(c)? {
        let (_start, _end) = (length::plain(c)?, length::plain(c)?);
    }
    Ok(Item::Other)
}
