//! Sums by database, type and encoding, histograms, and the largest keys.

use super::StateError;
use super::read::{count, encoding, kind, lanes, lifetime, sizes, wrong};
use super::text::Text;
use crate::entries::{ModuleId, ValueKind};
use crate::footprint::Encoding;
use crate::groups::histogram::Spread;
use crate::groups::kind::{Cells, Shelf};
use crate::groups::lowest::{Lowest, Merge};
use crate::groups::top::{self, Big, Ranked, Top};
use crate::groups::totals::Sum;
use crate::groups::ttl::Lifetime;
use crate::groups::types::{TypeSpread, Types};
use serde::{Deserialize, Serialize};

/// So many databases are told apart in a summary, those with the lowest numbers.
const DATABASES: usize = 64;

/// A sum by lifetime: its number, keys, elements, and 65536ths of bytes in every lane.
type Life = (u8, u64, u64, Vec<u64>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CellState {
    /// `None` for databases beyond the first ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    db: Option<u64>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    module: Option<u64>,
    encoding: String,
    lives: Vec<Life>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypeState {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    module: Option<u64>,
    bytes: SpreadState,
    elements: SpreadState,
    /// Bytes of names and of what was put into them; older summaries do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<u64>,
    largest: Option<BigState>,
}

/// The largest value, and the ranges that occur by their lowest value, with how many are in each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpreadState {
    max: u64,
    counts: Vec<(u64, u64)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BigState {
    measure: u64,
    db: u64,
    key: Text,
    key_len: u64,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    module: Option<u64>,
    encoding: String,
    sizes: Vec<u64>,
    elements: Option<u64>,
    expires_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<u16>,
    hash: u64,
}

impl Cells {
    pub(super) fn state(&self) -> Vec<CellState> {
        let mut few: Lowest<u64, Shelf> = Lowest::new(DATABASES);
        for (db, shelf) in self.known.iter() {
            few.entry(db).merge(shelf.clone());
        }
        few.rest_mut().merge(self.known.rest().clone());
        let mut all = Vec::new();
        let known = few.iter().map(|(db, shelf)| (Some(db), shelf));
        // what no mark of a database stands before is bound to one before anybody asks
        for (db, shelf) in known.chain([(None, few.rest())]) {
            shelf.state(db, &mut all);
        }
        all
    }

    pub(super) fn restore(&mut self, cell: &CellState) -> Result<(), StateError> {
        let shelf = match cell.db {
            Some(db) => self.known.entry(db),
            None => self.known.rest_mut(),
        };
        let (kind, encoding) = (kind(&cell.kind)?, encoding(&cell.encoding)?);
        let lives = match (cell.module, kind) {
            (Some(id), ValueKind::Module) => Some(shelf.modules.entry((ModuleId(id), encoding))),
            (None, ValueKind::Module) => Some(shelf.modules.rest_mut()),
            (None, _) => shelf.content(kind, encoding),
            (Some(_), _) => None,
        };
        let lives = lives.ok_or_else(|| wrong("a cell of no kind"))?;
        for (life, keys, elements, raw) in &cell.lives {
            let sum = Sum { keys: count(*keys)?, elements: *elements, sizes: sizes(raw)? };
            lives.restore(lifetime(*life)?, &sum);
        }
        Ok(())
    }
}

impl Shelf {
    fn state(&self, db: Option<u64>, out: &mut Vec<CellState>) {
        let mut add = |kind: ValueKind,
                       module: Option<ModuleId>,
                       encoding: Encoding,
                       lives: Vec<Life>| {
            if !lives.is_empty() {
                let (kind, encoding) = (kind.name().to_owned(), encoding.name().to_owned());
                out.push(CellState { db, kind, module: module.map(|id| id.0), encoding, lives });
            }
        };
        let mut plain: Vec<_> = self.contents.iter().collect();
        plain.sort_by_key(|(kind, encoding, _)| (*kind, *encoding));
        for (kind, encoding, lives) in plain {
            add(*kind, None, *encoding, life_states(lives.iter()));
        }
        for ((id, encoding), lives) in self.modules.iter() {
            add(ValueKind::Module, Some(id), encoding, life_states(lives.iter()));
        }
        add(ValueKind::Module, None, Encoding::Raw, life_states(self.modules.rest().iter()));
    }
}

fn life_states(lives: impl Iterator<Item = (Lifetime, Sum)>) -> Vec<Life> {
    let some = lives.filter(|(_, sum)| sum.keys > 0);
    some.map(|(life, sum)| (life as u8, sum.keys, sum.elements, lanes(&sum.sizes))).collect()
}

impl Types {
    pub(super) fn state(&self, tells_data: bool) -> Vec<TypeState> {
        let own = self.list().into_iter();
        own.map(|(kind, id, spread)| TypeState {
            kind: kind.name().to_owned(),
            module: id.map(|id| id.0),
            bytes: SpreadState::of(&spread.bytes),
            elements: SpreadState::of(&spread.elements),
            data: tells_data.then_some(spread.data),
            largest: spread.largest.state(1).pop(),
        })
        .collect()
    }

    pub(super) fn restore(&mut self, state: &TypeState) -> Result<(), StateError> {
        let spread: &mut TypeSpread = match (kind(&state.kind)?, state.module) {
            (ValueKind::Module, Some(id)) => self.modules.entry(ModuleId(id)),
            (ValueKind::Module, None) => self.modules.rest_mut(),
            (kind, _) => self.kinds.get_mut(kind as usize).ok_or_else(|| wrong("no such type"))?,
        };
        state.bytes.restore(&mut spread.bytes)?;
        state.elements.restore(&mut spread.elements)?;
        spread.data = spread.data.saturating_add(state.data.unwrap_or_default());
        spread.largest.restore(state.largest.as_slice())
    }
}

impl TypeState {
    /// Whether it tells what was put into its keys.
    pub(super) const fn tells_data(&self) -> bool {
        self.data.is_some()
    }
}

impl SpreadState {
    fn of(spread: &Spread) -> Self {
        Self { max: spread.max().unwrap_or_default(), counts: spread.counts().collect() }
    }

    fn restore(&self, spread: &mut Spread) -> Result<(), StateError> {
        for (value, times) in &self.counts {
            spread.restore(*value, count(*times)?);
        }
        spread.restore_max(self.max);
        Ok(())
    }
}

impl Top {
    /// The first `most` of them.
    pub(super) fn state(&self, most: usize) -> Vec<BigState> {
        let mut ranked: Vec<&Ranked> = self.heap.iter().collect();
        ranked.sort_unstable();
        ranked.into_iter().take(most).map(BigState::of).collect()
    }

    pub(super) fn restore(&mut self, states: &[BigState]) -> Result<(), StateError> {
        states.iter().try_for_each(|state| {
            self.put(state.ranked()?);
            Ok(())
        })
    }
}

impl BigState {
    /// Whether its name is much longer than most.
    pub(super) const fn is_long(&self) -> bool {
        self.key_len > 128
    }

    fn of(Ranked { measure, big }: &Ranked) -> Self {
        Self {
            measure: *measure,
            db: big.db.unwrap_or_default(),
            key: Text::of(&big.key),
            key_len: big.key_len as u64,
            kind: big.kind.name().to_owned(),
            module: big.module.map(|id| id.0),
            encoding: big.encoding.name().to_owned(),
            sizes: lanes(&big.sizes),
            elements: big.elements,
            expires_at_ms: big.expires_at_ms,
            slot: big.slot,
            hash: big.name_hash,
        }
    }

    fn ranked(&self) -> Result<Ranked, StateError> {
        let key = self.key.bytes();
        let key_len = usize::try_from(self.key_len).map_err(|_| wrong("a name is too long"))?;
        if key.len() > top::NAME || key_len < key.len() {
            return Err(wrong("the name of a large key is not as long as it says"));
        }
        let big = Big {
            db: Some(self.db),
            key: key.into(),
            key_len,
            kind: kind(&self.kind)?,
            module: self.module.map(ModuleId),
            encoding: encoding(&self.encoding)?,
            sizes: sizes(&self.sizes)?,
            elements: self.elements,
            expires_at_ms: self.expires_at_ms,
            slot: self.slot,
            name_hash: self.hash,
        };
        Ok(Ranked { measure: self.measure, big })
    }
}
