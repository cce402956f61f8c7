//! The door to the crate `rdb`.
//!
//! It gets a snapshot of one entry: a header that it knows, of a version without checksums, the
//! key, the value and the end mark. The value is handed over as it stands where the crate knows its
//! type, else in plain form: Valkey's and Redis' hashes with field TTLs (which it would drop) and
//! template hashes are hashes like any other then.

use super::located::Located;
use super::plain::{self, Plain};
use crate::bytes::Fault;
use crate::entries::{TypeCode, opcode};
use rdb::{RdbDecoder, RdbValue, filter::Simple};
use std::collections::BTreeMap;
use std::io::Read;

/// A decoded value.
#[derive(Debug)]
pub struct Decoded {
    /// The key with its value, and when it expires.
    pub value: RdbValue,
    /// The fields of a hash that expire, and when, in Unix milliseconds.
    pub field_ttls: FieldTtls,
}

/// When fields expire, in Unix milliseconds.
pub type FieldTtls = BTreeMap<Vec<u8>, u64>;

/// Why a value is not decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undecoded {
    /// Nothing decodes values of its type.
    Type,
    /// It is damaged.
    Damaged(Fault),
    /// The crate `rdb` refused it, with these words, which may quote the value.
    Refused(String),
}

/// A version whose snapshots have no checksum.
const HEADER: &[u8] = b"REDIS0003";

/// Decodes the value of `located`.
///
/// # Errors
/// When nothing decodes its type, or it is damaged.
pub fn decode(located: &Located<'_>) -> Result<Decoded, Undecoded> {
    let as_it_is = is_known(located.entry.code);
    let plain = open(located, !as_it_is)?;
    let value = if as_it_is {
        // a count that its header cannot hold, of a ziplist, is one that the crate believes
        feed(located, located.entry.code, located.value_bytes())
            .or_else(|_| open(located, true).and_then(|p| feed(located, p.code, &p.body)))?
    } else {
        feed(located, plain.code, &plain.body)?
    };
    Ok(Decoded { value, field_ttls: plain.ttls })
}

fn open(located: &Located<'_>, keep: bool) -> Result<Plain, Undecoded> {
    plain::open(located, keep).map_err(|fault| fault.map_or(Undecoded::Type, Undecoded::Damaged))
}

/// Whether the crate decodes values of this type with all that they say.
const fn is_known(code: TypeCode) -> bool {
    matches!(code.0, 0..=5 | 9..=14 | 16..=18 | 20)
}

/// Hands the crate one entry.
fn feed(located: &Located<'_>, code: TypeCode, body: &[u8]) -> Result<RdbValue, Undecoded> {
    let mut head = HEADER.to_vec();
    if let Some(at) = located.entry.meta.expiry.at_ms() {
        head.push(opcode::EXPIRETIME_MS);
        head.extend_from_slice(&at.max(0).to_le_bytes());
    }
    head.push(code.0);
    plain::string(&mut head, &located.name);
    let input = head.as_slice().chain(body).chain(&[opcode::EOF][..]);
    let refused = |error: rdb::RdbError| Undecoded::Refused(error.to_string());
    let mut decoder = RdbDecoder::new(input, Simple::new()).map_err(refused)?;
    match decoder.next() {
        Some(Err(error)) => Err(refused(error)),
        Some(Ok(
            value @ (RdbValue::String { .. }
            | RdbValue::List { .. }
            | RdbValue::Set { .. }
            | RdbValue::SortedSet { .. }
            | RdbValue::Hash { .. }),
        )) => Ok(value),
        _ => Err(Undecoded::Refused("it found no value".to_owned())),
    }
}
