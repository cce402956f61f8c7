//! From groups to the report: rounds once, so that the rows of every list add up to the totals.

use super::model::*;
use super::patterns;
use super::units::{Bytes, Count, Millis, Tally, apportion};
use crate::bytes::Fault;
use crate::entries::{Head, ModuleId, ValueKind, Wrapper};
use crate::footprint::{Certainty, Size};
use crate::groups::{
    self, Big, Cell, Content, Database, Finish, Groups, Limits, Measure as Order, Outcome, Sample,
    Share, Subject, Sum,
};
use std::collections::BTreeMap;

/// What a snapshot holds beside its keys.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Whether all of it was read.
    pub completeness: Completeness,
    /// Bytes of modules that belong to no key.
    pub module_aux: BTreeMap<ModuleId, u64>,
    /// Function libraries.
    pub functions: Functions,
    /// Hash templates.
    pub templates: Templates,
}

impl Beside {
    /// What stands in a snapshot with this head, of which this came.
    #[must_use]
    pub fn of(head: &Head, outcome: &Outcome) -> Self {
        Self {
            completeness: completeness(outcome),
            module_aux: outcome.records.module_aux().collect(),
            functions: Functions {
                libraries: Count(outcome.records.functions.count()),
                source_bytes: Bytes(outcome.records.functions.bytes()),
            },
            templates: Templates {
                templates: Count(head.templates.len() as u64),
                fields: Count(head.templates.values().map(|t| t.fields.len() as u64).sum()),
            },
        }
    }
}

/// What a report is made of.
#[derive(Clone, Copy)]
pub struct Material<'m> {
    /// What there is beside the keys.
    pub beside: &'m Beside,
    /// The keys that count, grouped.
    pub groups: &'m Groups,
    /// Tells the names of samples.
    pub names: &'m (dyn Fn(Sample) -> Option<Box<[u8]>> + Sync),
}

/// How much of it is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Rows in each list, and below each prefix.
    pub top: usize,
    /// Levels of the prefix tree.
    pub depth: usize,
}

impl Report {
    /// The report on `material`; what concerns the file, the server and the filters is added by
    /// who knows it.
    #[must_use]
    pub fn of(material: Material<'_>, extent: Extent) -> Self {
        let Material { beside, groups, .. } = material;
        let cells = groups.cells();
        let all = groups.totals();
        let bytes = all.bytes().round();
        let found = groups.patterns().list();
        Self {
            patterns: patterns::rows(&found, extent, (bytes, groups.data().is_some())),
            ttl_leaks: patterns::leaks(&found, extent, material.names),
            usage: patterns::overall_usage(&found),
            field_ttls: field_ttls(groups),
            schema_version: SCHEMA_VERSION,
            completeness: beside.completeness.clone(),
            totals: totals(groups, bytes),
            databases: databases(&cells, bytes),
            types: types(&cells, groups, bytes),
            encodings: encodings(&cells, bytes),
            ttl: ttl(groups, bytes),
            lifetimes: lifetimes(groups, bytes),
            prefixes: prefixes(groups, extent, bytes),
            largest_by_bytes: keys(groups.largest(), extent),
            largest_by_elements: keys(groups.longest(), extent),
            modules: modules(&cells, &beside.module_aux),
            functions: beside.functions,
            templates: beside.templates,
            slots: slots(groups, extent),
            ..Self::default()
        }
    }
}

/// What the snapshot says of itself, and what was found of it.
impl Source {
    /// The source under `head`, which has `len` bytes in all.
    #[must_use]
    pub fn of(head: &Head, len: u64) -> Self {
        let valkey = head.aux("valkey-ver");
        let ctime = head.aux_number("ctime").and_then(|s| i64::try_from(s).ok());
        Self {
            bytes: Bytes(len),
            product: match (valkey, head.dialect) {
                (None, crate::entries::Dialect::Redis) => "redis".to_owned(),
                _ => "valkey".to_owned(),
            },
            version: valkey.or_else(|| head.aux("redis-ver")).map(str::to_owned),
            rdb_version: head.version,
            ctime_ms: ctime.and_then(|s| s.checked_mul(1000)).map(Millis),
            bits: head.aux_number("redis-bits"),
            wrapper: match head.wrapper {
                Wrapper::None => None,
                Wrapper::Mark(_) => Some("eof-mark"),
                Wrapper::Length(_) => Some("length"),
            },
            ..Self::default()
        }
    }
}

impl Checksum {
    /// What `outcome` says of the checksum.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        match (&outcome.finish, outcome.checksum) {
            (Some(Finish::End { checksum: None, .. }), _) => Self::NotStored,
            (Some(Finish::End { .. }), Some(_)) if outcome.checksum_fault().is_some() => Self::Bad,
            (Some(Finish::End { .. }), Some(_)) => Self::Good,
            _ => Self::Skipped,
        }
    }
}

fn completeness(outcome: &Outcome) -> Completeness {
    let interruption = |fault: &Fault| Interruption {
        error: fault.kind.to_string(),
        advice: fault.kind.advice().to_owned(),
        at: fault.at,
        ..Interruption::default()
    };
    match (&outcome.finish, outcome.checksum_fault()) {
        (Some(Finish::Fault(error)), _) => Completeness::Incomplete(Interruption {
            db: error.db,
            inside_key: error.inside,
            key: error.key.as_ref().map(|key| Key(key.to_vec())),
            ..interruption(&error.fault)
        }),
        (_, Some(fault)) => Completeness::Incomplete(interruption(&fault)),
        _ => Completeness::Complete,
    }
}

/// `sizes` in whole bytes that add up to `total`.
pub(super) fn rounded(sizes: impl IntoIterator<Item = Size>, total: u64) -> Vec<u64> {
    let raw: Vec<u64> = sizes.into_iter().map(Size::raw).collect();
    apportion(&raw, total)
}

fn sum_size(sizes: impl IntoIterator<Item = Size>) -> u64 {
    sizes.into_iter().sum::<Size>().round()
}

fn totals(groups: &Groups, bytes: u64) -> Totals {
    let sure = [Certainty::Exact, Certainty::Expected, Certainty::Serialized];
    let split = rounded(sure.map(|certainty| groups.certainty(certainty).bytes), bytes);
    let part = |i: usize| Bytes(split.get(i).copied().unwrap_or_default());
    let all = groups.totals().all();
    Totals {
        all: Tally::new(all.keys, bytes),
        elements: Count(all.elements),
        data: Data::of(groups.data(), bytes),
        exact_bytes: part(0),
        expected_bytes: part(1),
        serialized_bytes: part(2),
    }
}

fn databases(cells: &[Cell], bytes: u64) -> Vec<DatabaseRow> {
    let found = groups::by(cells, |cell| cell.database);
    let split = rounded(found.iter().map(|(_, content)| content.totals.bytes()), bytes);
    let rows = found.iter().zip(split).filter_map(|((database, content), bytes)| {
        let db = match database {
            Database::Number(db) => Some(*db),
            Database::Beyond => None,
            Database::Unknown => return None,
        };
        Some(DatabaseRow {
            db,
            all: Tally::new(content.totals.keys(), bytes),
            no_ttl: within(content.totals.never, bytes),
        })
    });
    rows.collect()
}

/// A part of what was rounded to `bytes`: never more than that.
fn within(part: Sum, bytes: u64) -> Tally {
    Tally::new(part.keys, part.bytes().round().min(bytes))
}

/// The same of a share.
pub(super) fn share_within(part: Share, bytes: u64) -> Tally {
    Tally::new(part.keys, part.bytes.round().min(bytes))
}

/// The name of a cell's type.
pub(super) fn type_name(kind: ValueKind, module: Option<ModuleId>) -> String {
    module.map_or_else(|| kind.name().to_owned(), ModuleId::name)
}

/// Sorts by bytes, the heaviest first; of equals by name.
pub(super) fn heaviest<T>(rows: &mut [(T, Content)], name: impl Fn(&T) -> String) {
    rows.sort_by_cached_key(|(what, content)| {
        (std::cmp::Reverse(content.totals.bytes()), name(what))
    });
}

fn types(cells: &[Cell], groups: &Groups, bytes: u64) -> Vec<TypeRow> {
    let mut found = groups::by(cells, |cell| (cell.kind, cell.module));
    heaviest(&mut found, |&(kind, module)| type_name(kind, module));
    let split = rounded(found.iter().map(|(_, content)| content.totals.bytes()), bytes);
    let (spreads, tells_data) = (groups.types(), groups.data().is_some());
    let rows = found.iter().zip(split).map(|(&((kind, module), ref content), bytes)| {
        let of_type = spreads.iter().find(|(k, m, _)| (*k, *m) == (kind, module));
        let of_type = of_type.map(|(_, _, spread)| *spread);
        let data = of_type.filter(|_| tells_data).map(|spread| spread.data);
        TypeRow {
            name: type_name(kind, module),
            all: Tally::new(content.totals.keys(), bytes),
            elements: Count(content.totals.all().elements),
            data: Data::of(data, bytes).of_kind(Some(kind)),
            bytes_each: of_type.map(|spread| percentiles(&spread.bytes)).unwrap_or_default(),
            elements_each: of_type.map(|spread| percentiles(&spread.elements)).unwrap_or_default(),
            largest_element: of_type.and_then(|spread| spread.largest_element).map(Bytes),
            largest: of_type.and_then(|spread| spread.largest()).map(key),
        }
    });
    rows.collect()
}

fn percentiles(spread: &groups::Spread) -> Percentiles {
    let [p50, p99] = spread.percentiles([50.0, 99.0]).unwrap_or_default();
    Percentiles { p50, p99, max: spread.max().unwrap_or_default() }
}

fn encodings(cells: &[Cell], bytes: u64) -> Vec<EncodingRow> {
    let mut found = groups::by(cells, |cell| (cell.kind, cell.module, cell.encoding));
    heaviest(&mut found, |&(kind, module, encoding)| {
        format!("{} {}", type_name(kind, module), encoding.name())
    });
    let split = rounded(found.iter().map(|(_, content)| content.totals.bytes()), bytes);
    let rows = found.iter().zip(split).map(|(&((kind, module, encoding), ref content), bytes)| {
        EncodingRow {
            kind: type_name(kind, module),
            encoding: encoding.name().to_owned(),
            all: Tally::new(content.totals.keys(), bytes),
            elements: Count(content.totals.all().elements),
        }
    });
    rows.collect()
}

fn ttl(groups: &Groups, bytes: u64) -> Ttl {
    let (all, expired) = (groups.totals(), groups.expired());
    let (never, mut expires) = (all.never, all.expires);
    expires -= expired;
    let parts = [never, expires, expired];
    let split = rounded(parts.map(|part| part.bytes()), bytes);
    let mut tallies = parts.iter().zip(split).map(|(part, bytes)| Tally::new(part.keys, bytes));
    Ttl {
        never: tallies.next().unwrap_or_default(),
        expires: tallies.next().unwrap_or_default(),
        expired: tallies.next().unwrap_or_default(),
    }
}

fn lifetimes(groups: &Groups, bytes: u64) -> Vec<LifetimeRow> {
    let shares: Vec<Share> = groups.lifetimes().iter().map(|(_, share)| share).collect();
    let split = rounded(shares.iter().map(|share| share.bytes), bytes);
    let rows = Lifetime::ALL.into_iter().zip(shares).zip(split);
    rows.map(|((within, share), bytes)| LifetimeRow { within, all: Tally::new(share.keys, bytes) })
        .collect()
}

/// The tree of prefixes. Rows directly below a row add up to it.
fn prefixes(groups: &Groups, extent: Extent, bytes: u64) -> Vec<PrefixRow> {
    prefixes_in_lanes(groups, extent, &[bytes]).into_iter().map(|(row, _)| row).collect()
}

/// The same, and beside each row what it takes in the lanes behind the first; `totals` are those of
/// all lanes.
pub(super) fn prefixes_in_lanes(
    groups: &Groups,
    extent: Extent,
    totals: &[u64],
) -> Vec<(PrefixRow, Vec<Bytes>)> {
    let root = groups.prefixes();
    let limits =
        Limits { measure: Order::Bytes, depth: extent.depth, top: extent.top, least: Size::ZERO };
    let lines = groups::lines(&root, &limits);
    let split = |(lane, total): (usize, &u64)| round_tree(&lines, lane, *total).into_iter();
    let mut columns: Vec<std::vec::IntoIter<u64>> = totals.iter().enumerate().map(split).collect();
    let rows = lines.iter().map(|line| {
        let mut bytes = columns.iter_mut().map(|column| column.next().unwrap_or_default());
        let today = bytes.next().unwrap_or_default();
        (prefix_row(line, today), bytes.map(Bytes).collect())
    });
    rows.collect()
}

fn prefix_row(line: &groups::Line<'_>, bytes: u64) -> PrefixRow {
    let (name, kind) = match line.subject {
        Subject::Prefix(prefix) => (prefix.name.clone(), prefix_kind(prefix.what)),
        Subject::Own(prefix) => (prefix.name.clone(), PrefixKind::Rest),
        Subject::More(_) => (Vec::new(), PrefixKind::Rest),
    };
    PrefixRow {
        depth: u32::try_from(line.level).unwrap_or(u32::MAX),
        prefix: Prefix(name),
        kind,
        more: match line.subject {
            Subject::More(n) => Some(Count(n as u64)),
            _ => None,
        },
        all: Tally::new(line.totals.keys(), bytes),
        no_ttl: share_within(line.totals.never, bytes),
        elements: Count(line.totals.elements),
        types: match line.subject {
            Subject::Prefix(prefix) => {
                prefix.kinds().into_iter().map(|(kind, _)| kind.name()).collect()
            }
            _ => Vec::new(),
        },
    }
}

const fn prefix_kind(what: groups::What) -> PrefixKind {
    match what {
        groups::What::Prefix => PrefixKind::Prefix,
        groups::What::Folded => PrefixKind::Folded,
        groups::What::Name | groups::What::Key => PrefixKind::Name,
    }
}

/// The lines' sizes in one lane in whole bytes: those below a line add up to it, the outermost to
/// `total`.
fn round_tree(lines: &[groups::Line<'_>], lane: usize, total: u64) -> Vec<u64> {
    let mut bytes = vec![0; lines.len()];
    let mut below: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    let mut path: Vec<usize> = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        path.truncate(line.level);
        below.entry(path.last().copied()).or_default().push(i);
        path.push(i);
    }
    // parents stand before their children, and `None` before all
    for (parent, children) in below {
        let whole = parent.map_or(Some(&total), |i| bytes.get(i)).copied().unwrap_or_default();
        let sizes = children.iter().filter_map(|&i| lines.get(i)).map(|l| l.sizes.lane(lane));
        for (i, share) in children.iter().zip(rounded(sizes, whole)) {
            if let Some(place) = bytes.get_mut(*i) {
                *place = share;
            }
        }
    }
    bytes
}

fn field_ttls(groups: &Groups) -> Option<FieldTtls> {
    let found = groups.field_ttls();
    let lifetimes = Lifetime::ALL.into_iter().filter(|within| *within != Lifetime::Never);
    let lifetimes = lifetimes.zip(found.fields);
    (found.hashes.keys > 0).then(|| FieldTtls {
        hashes: tally(found.hashes),
        fields: Count(found.fields.iter().fold(0, |sum, n| sum.saturating_add(*n))),
        lifetimes: lifetimes
            .map(|(within, fields)| FieldLifetime { within, fields: Count(fields) })
            .collect(),
    })
}

/// A share, rounded alone.
pub(super) fn tally(share: Share) -> Tally {
    Tally::new(share.keys, share.bytes.round())
}

fn keys(found: Vec<&Big>, extent: Extent) -> Vec<KeyRow> {
    found.into_iter().take(extent.top).map(key).collect()
}

fn key(big: &Big) -> KeyRow {
    KeyRow {
        db: big.db.unwrap_or_default(),
        key: Key(big.key.to_vec()),
        kind: type_name(big.kind, big.module),
        encoding: big.encoding.name().to_owned(),
        bytes: Bytes(big.sizes.first().round()),
        elements: big.elements.map(Count),
        expires_at_ms: big.expires_at_ms.map(Millis),
    }
}

fn modules(cells: &[Cell], aux: &BTreeMap<ModuleId, u64>) -> Vec<ModuleRow> {
    let mut rows: BTreeMap<String, ModuleRow> = BTreeMap::new();
    let row =
        |id: ModuleId| ModuleRow { name: id.name(), version: id.version(), ..ModuleRow::default() };
    for cell in cells {
        let Some(id) = cell.module else { continue };
        let row = rows.entry(id.name()).or_insert_with(|| row(id));
        row.keys.0 += cell.content.totals.keys();
        row.bytes.0 += sum_size([cell.content.totals.bytes()]);
    }
    for (&id, &bytes) in aux {
        rows.entry(id.name()).or_insert_with(|| row(id)).aux_bytes.0 += bytes;
    }
    rows.into_values().collect()
}

fn slots(groups: &Groups, extent: Extent) -> Option<Slots> {
    let slots = groups.slots();
    if slots.is_empty() {
        return None;
    }
    let heaviest = slots.heaviest();
    let used = heaviest.len() as u64;
    let all: Size = heaviest.iter().map(|(_, share)| share.bytes).sum();
    let tags = groups.tags().into_iter().take(extent.top).map(TagRow::from);
    Some(Slots {
        used: Count(used),
        mean_bytes: Bytes(all.round() / used.max(1)),
        heaviest: heaviest
            .into_iter()
            .take(extent.top)
            .map(|(slot, share)| SlotRow { slot, all: tally(share) })
            .collect(),
        tags: tags.collect(),
    })
}

impl From<groups::Tag> for TagRow {
    fn from(tag: groups::Tag) -> Self {
        Self { tag: Key(tag.tag), slot: tag.slot, all: tally(tag.share) }
    }
}

impl Instance {
    /// The rows of `whole`, beside what the server said that it used.
    #[must_use]
    pub fn of(whole: &crate::footprint::instance::Instance, used_mem: Option<u64>) -> Self {
        let parts =
            [whole.keys, whole.tables_total() + whole.templates, whole.startup, whole.functions];
        let total = whole.total().round();
        let split = rounded(parts, total);
        let part = |i: usize| Bytes(split.get(i).copied().unwrap_or_default());
        let unexplained =
            used_mem.map(|used| used.cast_signed().saturating_sub(total.cast_signed()));
        Self {
            keys_bytes: part(0),
            tables_bytes: part(1),
            startup_bytes: part(2),
            functions_bytes: part(3),
            total_bytes: Bytes(total),
            used_mem: used_mem.map(Bytes),
            unexplained_bytes: unexplained,
            tables: whole.tables.iter().map(TablesRow::of).collect(),
        }
    }
}

impl TablesRow {
    fn of(tables: &crate::footprint::instance::DatabaseTables) -> Self {
        Self {
            db: tables.db,
            main_bytes: Bytes(tables.main.round()),
            expires_bytes: Bytes(tables.expires.round()),
            slots_bytes: Bytes(tables.slots.round()),
        }
    }
}
