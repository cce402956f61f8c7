//! A snapshot read to its end, or to its fault, with every blob opened.

use rdblens::bytes::{Cursor, Fault, Kind, Stop, crc64};
use rdblens::entries::{
    ArrayValue, Elements, Entry, Head, Item, Meta, ModulePart, Packed, Str, StreamPart, TypeCode,
    ValueKind, Walk,
};

/// A key as the walk gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its database.
    pub db: u64,
    /// Its name.
    pub key: Vec<u8>,
    /// The value type.
    pub code: TypeCode,
    /// What `TYPE` answers, a module type's own name included.
    pub kind: String,
    /// What the server's command for the length answers; of an array the elements that it has.
    pub count: u64,
    /// Expiry and the like.
    pub meta: Meta,
    /// Where it begins.
    pub at: u64,
}

/// What was read.
#[derive(Debug)]
pub struct Reading {
    /// What stands before the keys.
    pub head: Head,
    /// The keys, those before the fault where there is one.
    pub rows: Vec<Row>,
    /// Records that are not keys, in words.
    pub records: Vec<String>,
    /// Why reading ended before the end mark.
    pub fault: Option<Fault>,
    /// Where the snapshot ends.
    pub end: Option<u64>,
    /// Whether the checksum is right; `None` where there is none, or zero.
    pub checksum: Option<bool>,
}

impl Reading {
    /// The keys' names as text.
    pub fn keys(&self) -> Vec<String> {
        self.rows.iter().map(|row| String::from_utf8_lossy(&row.key).into_owned()).collect()
    }
}

/// Reads all of `bytes`.
///
/// # Errors
/// When it does not begin as a snapshot does.
pub fn read(bytes: &[u8]) -> Result<Reading, Fault> {
    let mut cursor = Cursor::new(bytes);
    let head = Head::read(&mut cursor)?;
    let mut walk = Walk::new(&head);
    let start = head.start as usize;
    let mut all = Reading {
        head,
        rows: Vec::new(),
        records: Vec::new(),
        fault: None,
        end: None,
        checksum: None,
    };
    loop {
        match step(&mut walk, &mut cursor, &mut all.records) {
            Ok(Step::Row(row)) => all.rows.push(row),
            Ok(Step::Record) => {}
            Ok(Step::End { covered, stored }) => {
                all.end = Some(cursor.at());
                let computed = crc64::of(&bytes[start..covered as usize]);
                all.checksum = stored.filter(|sum| *sum != 0).map(|sum| sum == computed);
                return Ok(all);
            }
            Err(Stop::Fault(fault)) => {
                all.fault = Some(fault);
                return Ok(all);
            }
            Err(Stop::More) => panic!("the whole input is there"),
        }
    }
}

enum Step {
    Row(Row),
    Record,
    End { covered: u64, stored: Option<u64> },
}

fn step(walk: &mut Walk, cursor: &mut Cursor<'_>, records: &mut Vec<String>) -> Result<Step, Stop> {
    match walk.next(cursor)? {
        Item::Entry(entry) => {
            let mut counter = Counter::new(&entry);
            let key = entry.key.decode(&mut Vec::new())?.to_vec();
            walk.value(cursor, &mut counter)?;
            if let Some(fault) = counter.fault {
                return Err(fault.into());
            }
            Ok(Step::Row(Row {
                db: entry.db.expect("a walk from the start knows the database"),
                key,
                code: entry.code,
                kind: counter.module.unwrap_or_else(|| entry.kind.name().into()),
                count: counter.count,
                meta: entry.meta,
                at: entry.at,
            }))
        }
        Item::End { covered, checksum } => Ok(Step::End { covered, stored: checksum }),
        Item::Aux { name, value } => {
            let text = |s: Str<'_>| {
                s.decode(&mut Vec::new()).map(|t| String::from_utf8_lossy(t).into_owned())
            };
            records.push(format!("aux {}={}", text(name)?, text(value)?));
            Ok(Step::Record)
        }
        Item::ModuleAux { id, before_keys, .. } => {
            records.push(format!("module data {} before={before_keys}", id.name()));
            Ok(Step::Record)
        }
        Item::Function { code } => {
            records.push(format!("function of {} bytes", code.len()));
            Ok(Step::Record)
        }
        other => {
            records.push(format!("{other:?}"));
            Ok(Step::Record)
        }
    }
}

/// Counts the elements of one value, and looks at each.
struct Counter {
    kind: ValueKind,
    code: TypeCode,
    count: u64,
    module: Option<String>,
    numbers: u64,
    fault: Option<Fault>,
}

impl Counter {
    fn new(entry: &Entry<'_>) -> Self {
        Self { kind: entry.kind, code: entry.code, count: 0, module: None, numbers: 0, fault: None }
    }

    /// Decodes a string, so that damage inside shows.
    fn see(&mut self, text: Str<'_>) {
        if let Err(fault) = text.decode(&mut Vec::new()) {
            self.fault.get_or_insert(fault);
        }
    }

    /// Opens a blob; how many pieces it has.
    fn open(&mut self, blob: &Packed<'_>) -> u64 {
        let mut pieces = 0;
        let mut text = Vec::new();
        let opened = blob.each(&mut Vec::new(), |piece| {
            text.clear();
            piece.write(&mut text);
            assert_eq!(text.len() as u64, piece.len());
            pieces += 1;
        });
        if let Err(fault) = opened {
            self.fault.get_or_insert(fault);
        } else if blob.pieces.is_some_and(|says| says != pieces) {
            let kind = Kind::Blob { blob: blob.packing.name(), why: "its header counts otherwise" };
            self.fault.get_or_insert(Fault::new(blob.at, kind));
        }
        pieces
    }
}

impl Elements for Counter {
    fn string(&mut self, value: Str<'_>) {
        self.see(value);
        self.count = value.len();
    }

    fn member(&mut self, member: Str<'_>) {
        self.see(member);
        // of a template hash these are the names of fields
        self.count += u64::from(self.kind != ValueKind::Hash);
    }

    fn scored(&mut self, member: Str<'_>, _score: f64) {
        self.see(member);
        self.count += 1;
    }

    fn field(&mut self, field: Str<'_>, value: Str<'_>, _expires_at_ms: Option<u64>) {
        self.see(field);
        self.see(value);
        self.count += 1;
    }

    fn packed(&mut self, blob: Packed<'_>) {
        let pieces = self.open(&blob);
        self.count = match (self.kind, self.code) {
            (ValueKind::Hash, TypeCode::HASH_LISTPACK_EX | TypeCode::HASH_LISTPACK_EX_PRE_GA) => {
                pieces / 3
            }
            (
                ValueKind::Hash,
                TypeCode::HASH_TEMPLATE_LISTPACK | TypeCode::HASH_TEMPLATE_LISTPACK_REF,
            ) => pieces.saturating_sub(1),
            (ValueKind::Hash, TypeCode::HASH_TEMPLATE_ARRAY) => 0,
            (ValueKind::Hash | ValueKind::Zset, _) => pieces / 2,
            _ => pieces,
        };
    }

    fn packed_node(&mut self, blob: Packed<'_>) {
        self.count += self.open(&blob);
    }

    fn plain_node(&mut self, element: Str<'_>) {
        self.see(element);
        self.count += 1;
    }

    fn stream(&mut self, part: StreamPart<'_>) {
        match part {
            StreamPart::Node { listpack, .. } => {
                self.open(&listpack);
            }
            StreamPart::Facts { length, .. } => self.count = length,
            StreamPart::Group { name, .. } | StreamPart::Consumer { name, .. } => self.see(name),
            _ => {}
        }
    }

    fn module(&mut self, part: ModulePart<'_>) {
        match part {
            ModulePart::Type(id) => self.module = Some(id.name()),
            ModulePart::Uint(n) => {
                self.numbers += 1;
                // vector sets: the dimension, then the number of elements
                if self.numbers == 2 && self.module.as_deref() == Some("vectorset") {
                    self.count = n;
                }
            }
            ModulePart::Text(text) => self.see(text),
            _ => {}
        }
    }

    fn template_value(&mut self, value: Str<'_>) {
        self.see(value);
        self.count += 1;
    }

    fn indexed(&mut self, _index: u64, value: ArrayValue<'_>) {
        if let ArrayValue::Heap(text) | ArrayValue::Short(text) = value {
            self.see(text);
        }
        self.count += 1;
    }
}
