//! Reading numbers and names of a summary: all of them are claims.

use super::StateError;
use crate::entries::ValueKind;
use crate::footprint::{Encoding, LANES, Size, Sizes};
use crate::groups::totals::Share;
use crate::groups::ttl::Lifetime;

/// No count is larger: that many keys have room nowhere.
const MOST: u64 = 1 << 48;

pub(super) fn wrong(what: impl Into<String>) -> StateError {
    StateError(what.into())
}

pub(super) fn kind(name: &str) -> Result<ValueKind, StateError> {
    let found = ValueKind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| wrong(format!("there is no type \"{}\"", name.escape_default())))
}

pub(super) fn encoding(name: &str) -> Result<Encoding, StateError> {
    let found = Encoding::ALL.into_iter().find(|encoding| encoding.name() == name);
    found.ok_or_else(|| wrong(format!("there is no encoding \"{}\"", name.escape_default())))
}

pub(super) fn lifetime(number: u8) -> Result<Lifetime, StateError> {
    let found = Lifetime::ALL.get(usize::from(number)).copied();
    found.ok_or_else(|| wrong(format!("there is no lifetime {number}")))
}

pub(super) fn count(n: u64) -> Result<u64, StateError> {
    if n > MOST { Err(wrong(format!("{n} is more than there can be"))) } else { Ok(n) }
}

pub(super) fn share((keys, raw): (u64, u64)) -> Result<Share, StateError> {
    Ok(Share { keys: count(keys)?, bytes: Size::from_raw(raw) })
}

/// A share as it is written: keys and 65536ths of bytes.
pub(super) const fn pair(share: Share) -> (u64, u64) {
    (share.keys, share.bytes.raw())
}

pub(super) fn sizes(raw: &[u64]) -> Result<Sizes, StateError> {
    if raw.len() > LANES {
        return Err(wrong("a size has too many lanes"));
    }
    let mut sizes = Sizes::default();
    for (place, raw) in sizes.0.iter_mut().zip(raw) {
        *place = Size::from_raw(*raw);
    }
    Ok(sizes)
}

/// The lanes up to the last that is not empty.
pub(super) fn lanes(sizes: &Sizes) -> Vec<u64> {
    let mut raw: Vec<u64> = sizes.0.iter().map(|size| size.raw()).collect();
    while raw.len() > 1 && raw.last() == Some(&0) {
        raw.pop();
    }
    raw
}
