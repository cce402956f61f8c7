//! An entry at a known offset.

use crate::bytes::{Cursor, Fault, Kind, Stop};
use crate::entries::{Elements, Entry, Item, ModuleId, ModulePart, TypeCode, ValueKind, Walk};
use crate::groups::Source;

/// A key whose place in the snapshot is known, its value readable any number of times.
#[derive(Debug, Clone)]
pub struct Located<'a> {
    /// The key and what its prefixes say, with its database.
    pub entry: Entry<'a>,
    /// Its decoded name.
    pub name: Vec<u8>,
    /// Absolute offset behind its value.
    pub end: u64,
    pub(super) source: Source<'a>,
    walk: Walk,
    /// At the value's first byte.
    cursor: Cursor<'a>,
}

impl<'a> Located<'a> {
    /// The entry that begins at `at`, in database `db`.
    ///
    /// # Errors
    /// When there is none, or its value is damaged.
    pub fn at(source: Source<'a>, at: u64, db: u64) -> Result<Self, Fault> {
        let mut cursor = source.cursor(at);
        let mut walk = Walk::from_middle(source.head);
        let entry = loop {
            match walk.next(&mut cursor).map_err(|stop| fault(at, stop))? {
                Item::Entry(entry) => break entry,
                // a field that stands between a key's prefixes and its type
                Item::Aux { .. } => {}
                _ => return Err(Fault::new(at, Kind::Value("no key begins here"))),
            }
        };
        let mut name = Vec::new();
        let decoded = entry.key.decode(&mut name)?.to_vec();
        let entry = Entry { db: Some(db), ..entry };
        let mut located = Self { entry, name: decoded, end: 0, source, walk, cursor };
        located.end = located.value(&mut Nothing)?;
        Ok(located)
    }

    /// Walks the value, handing its elements to `out`; returns the offset behind it.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn value<E: Elements>(&self, out: &mut E) -> Result<u64, Fault> {
        let mut cursor = self.cursor.clone();
        let walked = self.walk.clone().value(&mut cursor, out);
        walked.map_err(|stop| fault(self.entry.at, stop))?;
        Ok(cursor.at())
    }

    /// The value as it stands in the snapshot.
    pub(super) fn value_bytes(&self) -> &'a [u8] {
        let len = usize::try_from(self.end.saturating_sub(self.cursor.at())).unwrap_or_default();
        self.cursor.rest().get(..len).unwrap_or_default()
    }

    /// What `TYPE` answers: of a module's value the module type's own name.
    #[must_use]
    pub fn type_name(&self) -> String {
        #[derive(Default)]
        struct Type(Option<ModuleId>);
        impl Elements for Type {
            fn module(&mut self, part: ModulePart<'_>) {
                if let ModulePart::Type(id) = part {
                    self.0 = Some(id);
                }
            }
        }
        let mut module = Type::default();
        if self.entry.code == TypeCode::MODULE_2 {
            // it was walked before, and without a fault
            let _ = self.value(&mut module);
        }
        match module.0 {
            Some(id) if self.entry.kind == ValueKind::Module => id.name(),
            _ => self.entry.kind.name().to_owned(),
        }
    }
}

/// What a value is skipped with.
#[derive(Debug, Default)]
pub(super) struct Nothing;

impl Elements for Nothing {}

/// The cursor reaches to the input's end, so that more bytes are never to be had.
fn fault(at: u64, stop: Stop) -> Fault {
    match stop {
        Stop::Fault(fault) => fault,
        Stop::More => Fault::new(at, Kind::Truncated { want: 1, left: 0 }),
    }
}
