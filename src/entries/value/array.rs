//! Arrays (Redis 8.8): elements with their indexes, ascending.

use crate::bytes::{Cursor, Kind, Stop};
use crate::entries::elements::{ArrayValue, Elements};
use crate::entries::{length, string};

/// Reads the place of the last insertion, if the array has one.
pub(super) fn insert_cursor(cursor: &mut Cursor<'_>) -> Result<(), Stop> {
    let at = cursor.at();
    match length::plain(cursor)? {
        0 => Ok(()),
        1 => length::plain(cursor).map(drop),
        _ => Err(Cursor::fault(at, Kind::Value("an array's cursor is neither there nor absent"))),
    }
}

/// Reads one element.
pub(super) fn element<E: Elements>(cursor: &mut Cursor<'_>, out: &mut E) -> Result<(), Stop> {
    let index = length::plain(cursor)?;
    let at = cursor.at();
    let value = match length::plain(cursor)? {
        0 => ArrayValue::Heap(string::read(cursor)?),
        1 => ArrayValue::Int(cursor.i64_le()?),
        2 => ArrayValue::Double(f64::from_le_bytes(cursor.array()?)),
        3 => ArrayValue::Short(string::read(cursor)?),
        _ => {
            return Err(Cursor::fault(at, Kind::Value("an array's element is of an unknown kind")));
        }
    };
    out.indexed(index, value);
    Ok(())
}
