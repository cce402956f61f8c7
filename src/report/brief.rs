//! The report on a summary: of one snapshot, or of several together.

use super::build::{Beside, Extent, Material};
use super::model::*;
use super::units::{Bytes, Count, Millis, Tally};
use crate::entries::ModuleId;
use crate::groups::{Groups, Names, Origin, OriginInstance, Summary, Text};
use std::cmp::Reverse;
use std::collections::BTreeMap;

impl Report {
    /// The report on `summary`, whose groups these are. The filters are left to who knows them.
    #[must_use]
    pub fn brief(summary: &Summary, groups: &Groups, names: &Names, extent: Extent) -> Self {
        let beside = beside(&summary.origins);
        let name = |sample: crate::groups::Sample| names.get(&sample.hash).cloned();
        let material = Material { beside: &beside, groups, names: &name };
        let origins = summary.origins.as_slice();
        // allocated bytes are in the last lane, whatever the first one shows
        let lane = usize::from(summary.profile.sizes == "reported");
        let keys = groups.totals().all().sizes.lane(lane);
        let whole = Self::of(material, extent);
        let tags = summary.tags(groups).into_iter().take(extent.top).map(TagRow::from).collect();
        Self {
            source: source(origins),
            profile: Profile {
                server: summary.profile.server.clone(),
                server_given: false,
                allocator: summary.profile.allocator.clone(),
                settings: summary.profile.settings.clone(),
                sizes: match summary.profile.sizes.as_str() {
                    "reported" => Measure::Reported,
                    _ => Measure::Allocated,
                },
            },
            instance: instance(origins, keys.round()),
            shards: if origins.len() > 1 { shards(origins) } else { Vec::new() },
            slots: whole.slots.map(|slots| Slots { tags, ..slots }),
            ..whole
        }
    }
}

impl Instance {
    /// The same as a summary keeps it.
    #[must_use]
    pub fn origin(&self) -> OriginInstance {
        let row =
            |row: &TablesRow| (row.db, row.main_bytes.0, row.expires_bytes.0, row.slots_bytes.0);
        OriginInstance {
            keys: self.keys_bytes.0,
            tables: self.tables_bytes.0,
            startup: self.startup_bytes.0,
            functions: self.functions_bytes.0,
            of_db: self.tables.iter().map(row).collect(),
        }
    }
}

impl Checksum {
    const ALL: [Self; 4] = [Self::Good, Self::NotStored, Self::Skipped, Self::Bad];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NotStored => "not_stored",
            Self::Skipped => "skipped",
            Self::Bad => "bad",
        }
    }

    fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|checksum| checksum.name() == name).unwrap_or_default()
    }
}

/// What all origins have in common, or the first where there is but one.
fn source(origins: &[Origin]) -> Source {
    let same = |of: &dyn Fn(&Origin) -> Option<String>| {
        let mut all = origins.iter().map(of);
        let first = all.next().flatten();
        if all.all(|other| other == first) { first } else { None }
    };
    let newest = origins.iter().filter_map(|origin| origin.ctime_ms).max();
    let checksums: Vec<Checksum> = origins.iter().map(|o| Checksum::named(&o.checksum)).collect();
    // of several the worst counts
    let checksum = Checksum::ALL.into_iter().rev().find(|checksum| checksums.contains(checksum));
    Source {
        path: Path(match origins {
            [one] => one.name.bytes(),
            _ => format!("{} snapshots", origins.len()).into_bytes(),
        }),
        bytes: Bytes(sum(origins, |origin| origin.file_bytes)),
        product: same(&|origin| Some(origin.product.clone())).unwrap_or_default(),
        version: same(&|origin| origin.version.clone()),
        rdb_version: origins.iter().map(|origin| origin.rdb_version).max().unwrap_or_default(),
        ctime_ms: newest.map(Millis),
        reference_ms: origins.iter().filter_map(|origin| origin.reference_ms).max().map(Millis),
        bits: same(&|origin| origin.bits.map(|bits| bits.to_string()))
            .and_then(|bits| bits.parse().ok()),
        checksum: checksum.unwrap_or_default(),
        ..Source::default()
    }
}

fn sum(origins: &[Origin], of: impl Fn(&Origin) -> u64) -> u64 {
    origins.iter().map(of).fold(0, u64::saturating_add)
}

fn beside(origins: &[Origin]) -> Beside {
    let mut module_aux = BTreeMap::<ModuleId, u64>::new();
    for (id, bytes) in origins.iter().flat_map(|origin| &origin.module_aux) {
        let sum = module_aux.entry(ModuleId(*id)).or_default();
        *sum = sum.saturating_add(*bytes);
    }
    let broken = origins.iter().find_map(|origin| Some((&origin.name, origin.fault.as_ref()?)));
    Beside {
        completeness: match broken {
            None => Completeness::Complete,
            Some((name, fault)) => Completeness::Incomplete(Interruption {
                error: match origins {
                    [_] => fault.error.clone(),
                    _ => format!("{}: {}", shown(name), fault.error),
                },
                advice: fault.advice.clone(),
                at: fault.at,
                ..Interruption::default()
            }),
        },
        module_aux,
        functions: Functions {
            libraries: Count(sum(origins, |origin| origin.functions.0)),
            source_bytes: Bytes(sum(origins, |origin| origin.functions.1)),
        },
        templates: Templates {
            templates: Count(sum(origins, |origin| origin.templates.0)),
            fields: Count(sum(origins, |origin| origin.templates.1)),
        },
    }
}

/// A file's name, fit for any text.
fn shown(name: &Text) -> String {
    super::escape::terminal(&name.bytes(), super::escape::Charset::Utf8)
}

/// All servers together with what all keys take, rounded once; none where one of them is not known
/// as a whole.
fn instance(origins: &[Origin], keys: u64) -> Option<Instance> {
    let all: Vec<&OriginInstance> =
        origins.iter().map(|origin| origin.instance.as_ref()).collect::<Option<_>>()?;
    let sum = |of: fn(&OriginInstance) -> u64| {
        all.iter().map(|instance| of(instance)).fold(0, u64::saturating_add)
    };
    // alone, it was rounded so that the parts add up
    let keys = if all.len() > 1 { keys } else { sum(|i| i.keys) };
    let parts = [keys, sum(|i| i.tables), sum(|i| i.startup), sum(|i| i.functions)];
    let total = parts.into_iter().fold(0, u64::saturating_add);
    let [keys, tables, startup, functions] = parts.map(Bytes);
    let used = origins.iter().map(|origin| origin.used_mem).collect::<Option<Vec<u64>>>();
    let used = used.map(|used| used.into_iter().fold(0, u64::saturating_add));
    // those together that have no number stand last
    let mut of_db = BTreeMap::<(bool, Option<u64>), [u64; 3]>::new();
    for (db, main, expires, slots) in all.iter().flat_map(|instance| &instance.of_db) {
        let sums = of_db.entry((db.is_none(), *db)).or_default();
        for (sum, more) in sums.iter_mut().zip([main, expires, slots]) {
            *sum = sum.saturating_add(*more);
        }
    }
    let rows = of_db.into_iter().map(|((_, db), sums)| {
        let [main_bytes, expires_bytes, slots_bytes] = sums.map(Bytes);
        TablesRow { db, main_bytes, expires_bytes, slots_bytes }
    });
    Some(Instance {
        keys_bytes: keys,
        tables_bytes: tables,
        startup_bytes: startup,
        functions_bytes: functions,
        total_bytes: Bytes(total),
        used_mem: used.map(Bytes),
        unexplained_bytes: used.map(|used| used.cast_signed().saturating_sub(total.cast_signed())),
        tables: rows.collect(),
    })
}

fn shards(origins: &[Origin]) -> Vec<ShardRow> {
    let count = origins.len() as u64;
    let mean = sum(origins, |origin| origin.bytes) / count.max(1);
    let row = |origin: &Origin| ShardRow {
        path: Path(origin.name.bytes()),
        product: origin.product.clone(),
        version: origin.version.clone(),
        ctime_ms: origin.ctime_ms.map(Millis),
        all: Tally::new(origin.keys, origin.bytes),
        no_ttl: Tally::new(origin.no_ttl_keys, origin.no_ttl_bytes),
        above_mean_bytes: origin.bytes.cast_signed().saturating_sub(mean.cast_signed()),
        heaviest_pattern: origin.heaviest.as_ref().map(|(pattern, _)| pattern.clone()),
        heaviest_bytes: origin.heaviest.as_ref().map(|(_, bytes)| Bytes(*bytes)),
        heaviest_slots: origin
            .heaviest_slots
            .iter()
            .map(|(slot, bytes)| ShardSlot { slot: *slot, bytes: Bytes(*bytes) })
            .collect(),
        used_mem: origin.used_mem.map(Bytes),
        total_bytes: origin.instance.as_ref().map(|whole| {
            let parts = [whole.keys, whole.tables, whole.startup, whole.functions];
            Bytes(parts.into_iter().fold(0, u64::saturating_add))
        }),
        fault: origin.fault.as_ref().map(|fault| fault.error.clone()),
    };
    let mut rows: Vec<ShardRow> = origins.iter().map(row).collect();
    rows.sort_by(|a, b| (Reverse(a.all.bytes), &a.path).cmp(&(Reverse(b.all.bytes), &b.path)));
    rows
}
