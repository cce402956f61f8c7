//! Template hashes (Redis 8.10): field names stand once for many hashes, values with each.

use super::{blob, each};
use crate::bytes::{Cursor, Fault, Kind, Stop};
use crate::entries::code::TypeCode;
use crate::entries::elements::{Elements, TemplateUse};
use crate::entries::head::Templates;
use crate::entries::packed::{Packed, Packing};
use crate::entries::{length, string};

/// A template hash that is being walked.
#[derive(Debug, Clone)]
pub(super) struct TemplateWalk {
    code: TypeCode,
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    Start,
    /// Field names of a template of its own, one by one.
    Names {
        left: u64,
        fields: u64,
    },
    /// Behind the names: the values come next.
    Values {
        fields: u64,
    },
    /// Values one by one.
    Each(u64),
}

impl TemplateWalk {
    pub(super) const fn new(code: TypeCode) -> Self {
        Self { code, state: State::Start }
    }

    pub(super) fn run<E: Elements>(
        &mut self,
        cursor: &mut Cursor<'_>,
        templates: &Templates,
        out: &mut E,
    ) -> Result<(), Stop> {
        loop {
            match &mut self.state {
                State::Start => match self.code {
                    TypeCode::HASH_TEMPLATE_LISTPACK_REF => {
                        return cursor.whole(|c| packed_reference(c, templates, out));
                    }
                    TypeCode::HASH_TEMPLATE_ARRAY_REF => {
                        let used = cursor.whole(|c| reference(c, templates))?;
                        out.template(used);
                        let TemplateUse::Defined { fields, .. } = used else { return Ok(()) };
                        out.begin(fields);
                        self.state = State::Each(fields);
                    }
                    _ => self.state = cursor.whole(|c| own_names(c, out))?,
                },
                State::Names { left, fields } => {
                    each(cursor, left, |c| {
                        out.member(string::read(c)?);
                        Ok(())
                    })?;
                    self.state = State::Values { fields: *fields };
                }
                State::Values { fields } => {
                    let fields = *fields;
                    let used = TemplateUse::Own { fields };
                    if self.code == TypeCode::HASH_TEMPLATE_LISTPACK {
                        return cursor.whole(|c| {
                            let values = blob(c, Packing::Listpack)?;
                            out.template(used);
                            out.packed(values);
                            Ok(())
                        });
                    }
                    out.template(used);
                    out.begin(fields);
                    self.state = State::Each(fields);
                }
                State::Each(left) => {
                    return each(cursor, left, |c| {
                        out.template_value(string::read(c)?);
                        Ok(())
                    });
                }
            }
        }
    }
}

/// Reads packed values whose first piece is the id of a template that the snapshot defined.
fn packed_reference<E: Elements>(
    cursor: &mut Cursor<'_>,
    templates: &Templates,
    out: &mut E,
) -> Result<(), Stop> {
    let at = cursor.at();
    let values = blob(cursor, Packing::Listpack)?;
    let id = first_int(&values)?;
    out.template(defined(at, id, templates)?);
    out.packed(values);
    Ok(())
}

/// Reads the id of a template that the snapshot defined.
fn reference(cursor: &mut Cursor<'_>, templates: &Templates) -> Result<TemplateUse, Stop> {
    let at = cursor.at();
    let id = length::plain(cursor)?;
    Ok(defined(at, id, templates)?)
}

fn defined(at: u64, id: u64, templates: &Templates) -> Result<TemplateUse, Fault> {
    let template = templates.get(&id).ok_or_else(|| Fault::new(at, Kind::Template(id)))?;
    Ok(TemplateUse::Defined { id, fields: template.fields.len() as u64 })
}

/// Reads the form of a template that stands with its hash, and its names where they are packed.
fn own_names<E: Elements>(cursor: &mut Cursor<'_>, out: &mut E) -> Result<State, Stop> {
    let at = cursor.at();
    match length::plain(cursor)? {
        0 => {
            let names = blob(cursor, Packing::Listpack)?;
            let fields = names.count(&mut Vec::new())?;
            out.packed(names);
            Ok(State::Values { fields })
        }
        1 => {
            let fields = length::plain(cursor)?;
            Ok(State::Names { left: fields, fields })
        }
        _ => Err(Cursor::fault(at, Kind::Value("a template's names are of an unknown form"))),
    }
}

/// The number that a listpack begins with.
fn first_int(blob: &Packed<'_>) -> Result<u64, Fault> {
    let why = "it does not begin with a template's id";
    let fail = || Fault::new(blob.at, Kind::Blob { blob: blob.packing.name(), why });
    let mut scratch = Vec::new();
    let first = blob.first(&mut scratch)?.and_then(|piece| piece.as_int());
    first.and_then(|id| u64::try_from(id).ok()).ok_or_else(fail)
}
