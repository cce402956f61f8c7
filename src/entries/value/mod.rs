//! Values: each walked once, its elements handed to a visitor.
//!
//! A walk keeps its place between elements, so that over a window it can stop when the bytes end
//! and go on when more have come; no container has to fit.

mod array;
mod module;
mod stream;
mod template;

pub(super) use module::skip as skip_module;

use super::code::{Dialect, TypeCode};
use super::elements::Elements;
use super::head::Templates;
use super::length;
use super::lengths::{count_pairs, count_strings};
use super::packed::{Packed, Packing};
use super::string::{self, Str};
use crate::bytes::{Cursor, Kind, Stop};

/// A value that is being walked.
#[derive(Debug, Clone)]
pub(super) struct ValueWalk {
    code: TypeCode,
    dialect: Dialect,
    state: State,
}

/// Where a walk stands.
#[derive(Debug, Clone)]
enum State {
    Start,
    Members(u64),
    Scored(u64),
    Pairs { left: u64, ttl: FieldTtl },
    PathHash { paths: u64, left: u64 },
    Nodes(u64),
    Stream(stream::StreamWalk),
    Module(module::ModuleWalk),
    Array(u64),
    Template(template::TemplateWalk),
}

/// How a hash writes its fields' expiries.
#[derive(Debug, Clone, Copy)]
enum FieldTtl {
    /// Not at all.
    None,
    /// Before the field, absolute; zero for none.
    Before,
    /// Before the field, counted from a base (the first millisecond is 1); zero for none.
    Since(u64),
    /// Behind the value, absolute; -1 for none.
    Behind,
}

impl ValueWalk {
    pub(super) const fn new(code: TypeCode, dialect: Dialect) -> Self {
        Self { code, dialect, state: State::Start }
    }

    /// Walks on from where it stands to the end of the value.
    ///
    /// After [`Stop::More`] it can be called again; no element is handed over twice.
    pub(super) fn run<E: Elements>(
        &mut self,
        cursor: &mut Cursor<'_>,
        templates: &Templates,
        out: &mut E,
    ) -> Result<(), Stop> {
        if matches!(self.state, State::Start) {
            match self.start(cursor, out)? {
                Some(state) => self.state = state,
                None => return Ok(()),
            }
        }
        match &mut self.state {
            State::Start => Ok(()),
            State::Members(left) => members(cursor, left, out),
            State::Scored(left) if self.code == TypeCode::ZSET => each(cursor, left, |c| {
                let (member, score) = (string::read(c)?, text_score(c)?);
                out.scored(member, score);
                Ok(())
            }),
            State::Scored(left) => scored(cursor, left, out),
            State::Pairs { left, ttl } => pairs(cursor, left, *ttl, out),
            State::PathHash { paths, left } => path_hash(cursor, paths, left, out),
            State::Nodes(left) if self.code == TypeCode::LIST_QUICKLIST => {
                each(cursor, left, |c| {
                    out.packed_node(blob(c, Packing::Ziplist)?);
                    Ok(())
                })
            }
            State::Nodes(left) => each(cursor, left, |c| quicklist_node(c, out)),
            State::Stream(walk) => walk.run(cursor, self.code, out),
            State::Module(walk) => walk.run(cursor, out),
            State::Array(left) => each(cursor, left, |c| array::element(c, out)),
            State::Template(walk) => walk.run(cursor, templates, out),
        }
    }

    /// Reads what stands before the elements; `None` when that was all.
    fn start<E: Elements>(
        &self,
        cursor: &mut Cursor<'_>,
        out: &mut E,
    ) -> Result<Option<State>, Stop> {
        cursor.whole(|c| {
            let packing = match (self.code, self.dialect) {
                (TypeCode::STRING, _) => {
                    out.string(string::read(c)?);
                    return Ok(None);
                }
                (TypeCode::HASH_LISTPACK_EX_PRE_GA, Dialect::Redis) => Packing::Listpack,
                (TypeCode::HASH_LISTPACK_EX, _) => {
                    let _min_expiry = c.u64_le()?;
                    Packing::Listpack
                }
                (TypeCode::GCRA, _) => {
                    let _arrival = length::plain(c)?;
                    return Ok(None);
                }
                (code, _) => match code.packing() {
                    Some(packing) => packing,
                    None => return self.start_container(c, out).map(Some),
                },
            };
            out.packed(blob(c, packing)?);
            Ok(None)
        })
    }

    /// Reads the count of a value that is written element by element.
    fn start_container<E: Elements>(&self, c: &mut Cursor<'_>, out: &mut E) -> Result<State, Stop> {
        let at = c.at();
        Ok(match (self.code, self.dialect) {
            (TypeCode::LIST | TypeCode::SET, _) => State::Members(count(c, out)?),
            (TypeCode::ZSET | TypeCode::ZSET_2, _) => State::Scored(count(c, out)?),
            (TypeCode::HASH, _) => State::Pairs { left: count(c, out)?, ttl: FieldTtl::None },
            (TypeCode::LIST_QUICKLIST | TypeCode::LIST_QUICKLIST_2, _) => {
                State::Nodes(count(c, out)?)
            }
            (TypeCode::HASH_METADATA_PRE_GA, Dialect::Redis) => {
                State::Pairs { left: count(c, out)?, ttl: FieldTtl::Before }
            }
            (TypeCode::HASH_METADATA_PRE_GA, Dialect::Valkey) => {
                State::Pairs { left: count(c, out)?, ttl: FieldTtl::Behind }
            }
            (TypeCode::HASH_LISTPACK_EX_PRE_GA, Dialect::Valkey) => {
                State::PathHash { paths: count(c, out)?, left: 0 }
            }
            (TypeCode::HASH_METADATA, _) => {
                let base = c.u64_le()?;
                State::Pairs { left: count(c, out)?, ttl: FieldTtl::Since(base) }
            }
            (
                TypeCode::STREAM_LISTPACKS
                | TypeCode::STREAM_LISTPACKS_2
                | TypeCode::STREAM_LISTPACKS_3
                | TypeCode::STREAM_LISTPACKS_4
                | TypeCode::STREAM_LISTPACKS_5,
                _,
            ) => State::Stream(stream::StreamWalk::new(count(c, out)?)),
            (TypeCode::MODULE_2, _) => State::Module(module::ModuleWalk::new(c, out)?),
            (TypeCode::ARRAY, _) => {
                // the count is told last: what fails before it is read again
                let n = length::plain(c)?;
                array::insert_cursor(c)?;
                out.begin(n);
                State::Array(n)
            }
            (
                TypeCode::HASH_TEMPLATE_LISTPACK
                | TypeCode::HASH_TEMPLATE_LISTPACK_REF
                | TypeCode::HASH_TEMPLATE_ARRAY
                | TypeCode::HASH_TEMPLATE_ARRAY_REF,
                _,
            ) => State::Template(template::TemplateWalk::new(self.code)),
            (TypeCode::MODULE_PRE_GA, _) => {
                let what = "a module's value from a release candidate of Redis 4.0";
                return Err(Cursor::fault(at, Kind::Unskippable(what)));
            }
            (TypeCode(code), _) => return Err(Cursor::fault(at, Kind::ValueType(code))),
        })
    }
}

/// Reads how many parts follow.
fn count<E: Elements>(cursor: &mut Cursor<'_>, out: &mut E) -> Result<u64, Stop> {
    let n = length::plain(cursor)?;
    out.begin(n);
    Ok(n)
}

/// Runs `one` for each of the elements that are `left`; one that does not fit stays unread.
#[inline]
fn each<'a>(
    cursor: &mut Cursor<'a>,
    left: &mut u64,
    mut one: impl FnMut(&mut Cursor<'a>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    while *left > 0 {
        cursor.whole(&mut one)?;
        *left -= 1;
    }
    Ok(())
}

/// So many members are handed over before asking whether their lengths would do, once they did not.
const FEW: u64 = 64;

fn members<E: Elements>(c: &mut Cursor<'_>, left: &mut u64, out: &mut E) -> Result<(), Stop> {
    // mostly it hangs on the first one
    let mut few = 1;
    loop {
        let short = match out.lengths() {
            Some(lengths) => count_strings::<0>(c, *left, lengths),
            None => c.short_runs(few.min(*left), |member, []| out.member(Str::Raw(member))),
        };
        *left -= short;
        if *left == 0 {
            return Ok(());
        }
        if short < few {
            out.member(string::read(c)?);
            *left -= 1;
        }
        few = FEW;
    }
}

fn scored<E: Elements>(c: &mut Cursor<'_>, left: &mut u64, out: &mut E) -> Result<(), Stop> {
    let score = f64::from_le_bytes;
    loop {
        let short = match out.lengths() {
            Some(lengths) => count_strings::<8>(c, *left, lengths),
            None => c.short_runs(FEW.min(*left), |member, at| {
                out.scored(Str::Raw(member), score(at));
            }),
        };
        *left -= short;
        if *left == 0 {
            return Ok(());
        }
        if short < FEW {
            let (member, at) = c.whole(|c| Ok((string::read(c)?, c.array()?)))?;
            out.scored(member, score(at));
            *left -= 1;
        }
    }
}

/// Reads a string that holds a packed blob.
#[inline(always)]
pub(super) fn blob<'a>(cursor: &mut Cursor<'a>, packing: Packing) -> Result<Packed<'a>, Stop> {
    let at = cursor.at();
    Ok(Packed::new(packing, string::read_longer(cursor)?, at)?)
}

/// Reads a list that is one packed node; nothing where it is another value, or there is anything
/// wrong with it.
#[inline(always)]
pub(super) fn only_node<'a>(cursor: &mut Cursor<'a>, code: TypeCode) -> Option<Packed<'a>> {
    let (packing, rest) = (code.node_packing()?, cursor.rest());
    let (before, behind) = match (packing, rest) {
        (Packing::Listpack, [1, PACKED_NODE, behind @ ..]) => (2, behind),
        (Packing::Ziplist, [1, behind @ ..]) => (1, behind),
        _ => return None,
    };
    let mut behind = Cursor::window(behind, cursor.at() + before, cursor.is_last());
    let node = blob(&mut behind, packing).ok()?;
    cursor.pass(rest.len() - behind.rest().len());
    Some(node)
}

/// Reads a score that is written as text.
fn text_score(cursor: &mut Cursor<'_>) -> Result<f64, Stop> {
    let at = cursor.at();
    match cursor.byte()? {
        253 => Ok(f64::NAN),
        254 => Ok(f64::INFINITY),
        255 => Ok(f64::NEG_INFINITY),
        n => {
            let text = std::str::from_utf8(cursor.take(u64::from(n))?).ok();
            let score = text.and_then(|text| text.trim().parse().ok());
            score.ok_or_else(|| Cursor::fault(at, Kind::Value("a score is no number")))
        }
    }
}

fn pairs<E: Elements>(
    cursor: &mut Cursor<'_>,
    left: &mut u64,
    ttl: FieldTtl,
    out: &mut E,
) -> Result<(), Stop> {
    if matches!(ttl, FieldTtl::None) {
        return plain_pairs(cursor, left, out);
    }
    each(cursor, left, |c| {
        let before = match ttl {
            FieldTtl::Before => Some(length::plain(c)?).filter(|&at| at != 0),
            FieldTtl::Since(base) => {
                let ttl = length::plain(c)?;
                (ttl != 0).then(|| base.wrapping_add(ttl).wrapping_sub(1))
            }
            FieldTtl::None | FieldTtl::Behind => None,
        };
        let (field, value) = (string::read(c)?, string::read(c)?);
        let expires = match ttl {
            FieldTtl::Behind => u64::try_from(c.i64_le()?).ok(),
            _ => before,
        };
        out.field(field, value, expires);
        Ok(())
    })
}

/// Pairs without TTLs. Where only lengths matter, runs of short ones are counted.
fn plain_pairs<E: Elements>(c: &mut Cursor<'_>, left: &mut u64, out: &mut E) -> Result<(), Stop> {
    while *left > 0 {
        if let Some(lengths) = out.pair_lengths() {
            *left -= count_pairs(c, *left, lengths);
            if *left == 0 {
                break;
            }
        }
        let (field, value) = c.whole(|c| Ok((string::read(c)?, string::read(c)?)))?;
        out.field(field, value, None);
        *left -= 1;
    }
    Ok(())
}

/// Valkey's path hash: a hash a path.
fn path_hash<E: Elements>(
    cursor: &mut Cursor<'_>,
    paths: &mut u64,
    left: &mut u64,
    out: &mut E,
) -> Result<(), Stop> {
    loop {
        pairs(cursor, left, FieldTtl::None, out)?;
        if *paths == 0 {
            return Ok(());
        }
        let (path, fields) = cursor.whole(|c| Ok((string::read(c)?, length::plain(c)?)))?;
        out.member(path);
        *paths -= 1;
        *left = fields;
    }
}

/// What stands before a node, since RDB 10.
const PLAIN_NODE: u8 = 1;
const PACKED_NODE: u8 = 2;

fn quicklist_node<E: Elements>(cursor: &mut Cursor<'_>, out: &mut E) -> Result<(), Stop> {
    let at = cursor.at();
    match u8::try_from(length::plain(cursor)?).unwrap_or_default() {
        PLAIN_NODE => out.plain_node(string::read(cursor)?),
        PACKED_NODE => out.packed_node(blob(cursor, Packing::Listpack)?),
        _ => return Err(Cursor::fault(at, Kind::Value("a list node is of an unknown kind"))),
    }
    Ok(())
}
