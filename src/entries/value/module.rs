//! Modules' values: framed, so that they can be walked without knowing the module.

use crate::bytes::{Cursor, Kind, Stop};
use crate::entries::elements::{Elements, ModulePart};
use crate::entries::entry::ModuleId;
use crate::entries::{length, string};

/// A module's value that is being walked.
#[derive(Debug, Clone)]
pub(super) struct ModuleWalk {
    start: u64,
}

impl ModuleWalk {
    /// Reads the module type.
    pub(super) fn new<E: Elements>(cursor: &mut Cursor<'_>, out: &mut E) -> Result<Self, Stop> {
        let start = cursor.at();
        out.module(ModulePart::Type(ModuleId(length::plain(cursor)?)));
        Ok(Self { start })
    }

    pub(super) fn run<E: Elements>(
        &self,
        cursor: &mut Cursor<'_>,
        out: &mut E,
    ) -> Result<(), Stop> {
        while let Some(part) = cursor.whole(part)? {
            out.module(part);
        }
        out.module(ModulePart::End { bytes: cursor.at().saturating_sub(self.start) });
        Ok(())
    }
}

/// Reads one part; `None` at the end mark.
fn part<'a>(cursor: &mut Cursor<'a>) -> Result<Option<ModulePart<'a>>, Stop> {
    let at = cursor.at();
    Ok(Some(match length::plain(cursor)? {
        0 => return Ok(None),
        1 => ModulePart::Sint(length::plain(cursor)?.cast_signed()),
        2 => ModulePart::Uint(length::plain(cursor)?),
        3 => ModulePart::Float(f32::from_le_bytes(cursor.array()?)),
        4 => ModulePart::Double(f64::from_le_bytes(cursor.array()?)),
        5 => ModulePart::Text(string::read(cursor)?),
        _ => return Err(Cursor::fault(at, Kind::Value("a module's part is of an unknown kind"))),
    }))
}

/// Reads framed parts to their end mark without handing them on.
pub(in crate::entries) fn skip(cursor: &mut Cursor<'_>) -> Result<(), Stop> {
    while part(cursor)?.is_some() {}
    Ok(())
}
