//! The settings that decide encodings, from lines of a configuration.

use std::fmt;

/// Up to where the loading server keeps collections packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `hash-max-listpack-entries`, before 7.0 `hash-max-ziplist-entries`.
    pub hash_entries: u64,
    /// `hash-max-listpack-value`: the longest field or value.
    pub hash_value: u64,
    /// `zset-max-listpack-entries`.
    pub zset_entries: u64,
    /// `zset-max-listpack-value`.
    pub zset_value: u64,
    /// `set-max-intset-entries`.
    pub intset_entries: u64,
    /// `set-max-listpack-entries`, from 7.2 on.
    pub set_entries: u64,
    /// `set-max-listpack-value`, from 7.2 on.
    pub set_value: u64,
    /// `list-max-listpack-size`: elements of a node, or where negative a class of bytes.
    pub list_size: i64,
    /// `list-compress-depth`: nodes at either end that stay uncompressed; 0 for all.
    pub list_depth: u64,
    /// `list-max-ziplist-entries`, before 3.2.
    pub list_entries: u64,
    /// `list-max-ziplist-value`, before 3.2.
    pub list_value: u64,
    /// `array-slice-size`, from 8.8 on.
    pub array_slice: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hash_entries: 512,
            hash_value: 64,
            zset_entries: 128,
            zset_value: 64,
            intset_entries: 512,
            set_entries: 128,
            set_value: 64,
            list_size: -2,
            list_depth: 0,
            list_entries: 512,
            list_value: 64,
            array_slice: 4096,
        }
    }
}

/// The settings that change what keys take, by their present names.
pub const SETTINGS: [&str; 14] = [
    "hash-max-listpack-entries",
    "hash-max-listpack-value",
    "zset-max-listpack-entries",
    "zset-max-listpack-value",
    "set-max-intset-entries",
    "set-max-listpack-entries",
    "set-max-listpack-value",
    "list-max-listpack-size",
    "list-compress-depth",
    "list-max-ziplist-entries",
    "list-max-ziplist-value",
    "array-slice-size",
    "maxmemory",
    "maxmemory-policy",
];

/// What `maxmemory-policy` can be.
pub const POLICIES: [&str; 10] = [
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    // since Redis 8.6
    "allkeys-lrm",
    "volatile-lrm",
];

/// The present name of a setting that changes what keys take, in whatever way it is written, when
/// it can have this value.
///
/// # Errors
/// When there is no such setting (`None`), or it cannot be that.
pub fn setting(name: &str, value: &str) -> Result<&'static str, Option<ConfigError>> {
    let lower = name.to_ascii_lowercase();
    let present = |lower: &str| SETTINGS.into_iter().find(|known| *known == lower);
    let known = present(&lower).or_else(|| present(&lower.replace("-ziplist-", "-listpack-")));
    let known = known.ok_or(None)?;
    let wrong = || Some(ConfigError { name: known.to_owned(), value: value.to_owned() });
    match known {
        "maxmemory-policy" if !POLICIES.contains(&value) => Err(wrong()),
        _ => Config::default().set(known, value).map(|()| known).ok_or_else(wrong),
    }
}

/// `maxmemory` and `maxmemory-policy`, where a configuration sets them.
///
/// # Errors
/// When a setting cannot be what it is set to.
pub fn memory_limit(text: &str) -> Result<(Option<u64>, Option<String>), ConfigError> {
    let maxmemory = Config::parse(text)?.maxmemory;
    // of several the last one counts
    let policy = pairs(text).into_iter().rfind(|(name, _)| name == "maxmemory-policy");
    Ok((maxmemory, policy.map(|(_, policy)| policy.to_ascii_lowercase())))
}

/// Most bytes of a node that is limited by its number of elements (`SIZE_SAFETY_LIMIT`).
const SAFE_NODE: u64 = 8192;

impl Limits {
    /// Those that are not the defaults, by their present names.
    pub(super) fn changed(&self) -> impl Iterator<Item = (String, String)> {
        let table = |limits: &Self| {
            [
                ("hash-max-listpack-entries", limits.hash_entries.cast_signed()),
                ("hash-max-listpack-value", limits.hash_value.cast_signed()),
                ("zset-max-listpack-entries", limits.zset_entries.cast_signed()),
                ("zset-max-listpack-value", limits.zset_value.cast_signed()),
                ("set-max-intset-entries", limits.intset_entries.cast_signed()),
                ("set-max-listpack-entries", limits.set_entries.cast_signed()),
                ("set-max-listpack-value", limits.set_value.cast_signed()),
                ("list-max-listpack-size", limits.list_size),
                ("list-compress-depth", limits.list_depth.cast_signed()),
                ("list-max-ziplist-entries", limits.list_entries.cast_signed()),
                ("list-max-ziplist-value", limits.list_value.cast_signed()),
                ("array-slice-size", limits.array_slice.cast_signed()),
            ]
        };
        let pairs = table(self).into_iter().zip(table(&Self::default()));
        let changed = pairs.filter(|(mine, default)| mine != default);
        changed.map(|((name, value), _)| (name.to_owned(), value.to_string()))
    }

    /// Whether a list's node may have `bytes` and `count` elements.
    #[inline]
    pub(super) fn node_fits(&self, bytes: u64, count: u64) -> bool {
        match self.node_bytes() {
            Some(most) => bytes <= most,
            None => bytes <= SAFE_NODE && count <= self.list_size.unsigned_abs().max(1),
        }
    }

    /// Whether one node with `bytes` and `count` elements may be the whole list, without a
    /// quicklist around it.
    pub(super) fn node_is_a_list(&self, bytes: u64, count: u64) -> bool {
        match self.node_bytes() {
            Some(most) => bytes <= most,
            None => count <= self.list_size.unsigned_abs().max(1),
        }
    }

    /// Whether an element of `len` bytes is too long for any packed node.
    #[inline]
    pub(super) fn is_large_element(&self, len: u64) -> bool {
        len > self.node_bytes().unwrap_or(SAFE_NODE)
    }

    /// Most bytes of a list's node, unless elements are counted (`optimization_level`).
    #[inline]
    const fn node_bytes(&self) -> Option<u64> {
        Some(match self.list_size {
            0.. => return None,
            -1 => 4096,
            -2 => 8192,
            -3 => 16_384,
            -4 => 32_768,
            _ => 65_536,
        })
    }
}

/// What a configuration says of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Config {
    pub limits: Limits,
    pub cluster: Option<bool>,
    pub maxmemory: Option<u64>,
    /// Whether the policy looks at each object's age or use.
    pub ages_objects: Option<bool>,
    pub databases: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            cluster: None,
            maxmemory: None,
            ages_objects: None,
            databases: 16,
        }
    }
}

/// A setting with a value that it cannot have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The setting.
    pub name: String,
    /// What it was set to.
    pub value: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting `{}` cannot be `{}`", self.name, self.value)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads lines of a configuration file, or the output of `CONFIG GET` as `redis-cli` prints
    /// it to a terminal or to a file. Settings that have nothing to do with memory are skipped.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for (name, value) in pairs(text) {
            config.set(&name, &value).ok_or(ConfigError { name, value })?;
        }
        Ok(config)
    }

    /// Whether integers from 0 to 9999 are shared objects; `aged` where the snapshot carries what
    /// only a policy that looks at single objects writes.
    pub const fn shares_integers(&self, aged: bool) -> bool {
        match (self.maxmemory, self.ages_objects) {
            (Some(0), _) | (_, Some(false)) => true,
            (Some(_), Some(true)) => false,
            _ => !aged,
        }
    }

    /// Sets one setting; `None` when it cannot have this value.
    pub fn set(&mut self, name: &str, value: &str) -> Option<()> {
        let Self { limits, .. } = self;
        let place = match &*name.replace("-ziplist-", "-listpack-") {
            "hash-max-listpack-entries" => &mut limits.hash_entries,
            "hash-max-listpack-value" => &mut limits.hash_value,
            "zset-max-listpack-entries" => &mut limits.zset_entries,
            "zset-max-listpack-value" => &mut limits.zset_value,
            "set-max-intset-entries" => &mut limits.intset_entries,
            "set-max-listpack-entries" => &mut limits.set_entries,
            "set-max-listpack-value" => &mut limits.set_value,
            "list-max-listpack-entries" => &mut limits.list_entries,
            "list-max-listpack-value" => &mut limits.list_value,
            "list-compress-depth" => &mut limits.list_depth,
            "array-slice-size" => &mut limits.array_slice,
            "databases" => &mut self.databases,
            other => return self.set_other(other, value),
        };
        *place = server_bytes(value)?;
        Some(())
    }

    fn set_other(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "list-max-listpack-size" => self.limits.list_size = value.parse().ok()?,
            "maxmemory" => self.maxmemory = Some(server_bytes(value)?),
            "maxmemory-policy" => {
                self.ages_objects = Some(value.ends_with("lru") || value.ends_with("lfu"));
            }
            "cluster-enabled" => {
                self.cluster = Some(match value {
                    "yes" => true,
                    "no" => false,
                    _ => return None,
                });
            }
            _ => {}
        }
        Some(())
    }
}

/// A number of bytes with one of the units that servers take: `10mb` is 10 * 1024 * 1024, `10m` is
/// 10,000,000. `None` for what is no such number.
#[must_use]
pub fn server_bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = match unit {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// Names and values, whatever way they were printed.
fn pairs(text: &str) -> Vec<(String, String)> {
    let first = text.lines().map(str::trim).find(|line| !is_blank(line));
    let plain = |line: &str| unquoted(unnumbered(line.trim())).to_owned();
    match first {
        // a line of a configuration file has a name and a value
        Some(line) if unnumbered(line).split_whitespace().count() > 1 => {
            let lines = text.lines().map(str::trim).filter(|line| !is_blank(line));
            lines
                .filter_map(|line| unnumbered(line).split_once(char::is_whitespace))
                .map(named)
                .collect()
        }
        // else names and values take turns, and a value may be empty
        Some(_) => {
            let mut lines = text.lines().skip_while(|line| is_blank(line.trim()));
            let mut pairs = Vec::new();
            while let Some(name) = lines.next() {
                let value = lines.next().unwrap_or_default();
                pairs.push((plain(name).to_ascii_lowercase(), plain(value)));
            }
            pairs
        }
        None => Vec::new(),
    }
}

fn named((name, value): (&str, &str)) -> (String, String) {
    (unquoted(name).to_ascii_lowercase(), unquoted(value.trim()).to_owned())
}

fn is_blank(line: &str) -> bool {
    line.is_empty() || line.starts_with('#')
}

/// A line of an array's printout without its number: `12) "maxmemory"`.
fn unnumbered(line: &str) -> &str {
    match line.split_once(')') {
        Some((number, rest))
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            rest.trim_start()
        }
        _ => line,
    }
}

fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_print_a_configuration_read_the_same() {
        let file = "# a comment\n\nmaxmemory 100mb\nmaxmemory-policy \"allkeys-lru\"\nsave 3600 1\nhash-max-ziplist-entries 40\n";
        let raw = "save\n\nmaxmemory\n104857600\nmaxmemory-policy\nallkeys-lru\nhash-max-ziplist-entries\n40\n";
        let terminal = "1) \"maxmemory\"\n2) \"104857600\"\n3) \"maxmemory-policy\"\n4) \"allkeys-lru\"\n5) \"hash-max-listpack-entries\"\n6) \"40\"\n";
        let of = |text| Config::parse(text).unwrap();
        assert_eq!(of(file), of(raw));
        assert_eq!(of(file), of(terminal));
        assert_eq!(of(file).maxmemory, Some(100 << 20));
        assert_eq!(of(file).limits.hash_entries, 40);
        assert!(!of(file).shares_integers(false));
        assert_eq!(of(""), Config::default());
        let limit = Ok((Some(100 << 20), Some("allkeys-lru".to_owned())));
        assert_eq!([file, raw, terminal].map(memory_limit), [limit.clone(), limit.clone(), limit]);
        assert_eq!(memory_limit("save 1"), Ok((None, None)));
    }

    #[test]
    fn a_value_that_means_nothing_is_named() {
        let error = Config::parse("hash-max-listpack-entries many").unwrap_err();
        assert_eq!(error.to_string(), "setting `hash-max-listpack-entries` cannot be `many`");
        assert!(Config::parse("cluster-enabled maybe").is_err());
    }

    #[test]
    fn settings_are_known_by_either_name() {
        assert_eq!(setting("hash-max-ziplist-entries", "9"), Ok("hash-max-listpack-entries"));
        assert_eq!(setting("List-Max-Ziplist-Size", "-5"), Ok("list-max-listpack-size"));
        assert_eq!(setting("list-max-ziplist-entries", "5"), Ok("list-max-ziplist-entries"));
        assert_eq!(setting("maxmemory-policy", "volatile-ttl"), Ok("maxmemory-policy"));
        assert_eq!(setting("appendonly", "yes"), Err(None));
        for (name, value) in [("maxmemory-policy", "lru"), ("zset-max-listpack-value", "-1")] {
            assert!(setting(name, value).is_err_and(|error| error.is_some()), "{name}");
        }
        for name in SETTINGS.into_iter().filter(|name| *name != "maxmemory-policy") {
            assert_eq!(setting(name, "7"), Ok(name));
        }
    }

    #[test]
    fn nodes_are_limited_by_bytes_or_by_elements() {
        let limits = Limits::default();
        assert!(limits.node_fits(8192, u64::MAX) && !limits.node_fits(8193, 1));
        let counted = Limits { list_size: 3, ..limits };
        assert!(counted.node_fits(100, 3) && !counted.node_fits(100, 4));
        assert!(!counted.node_fits(8193, 1) && counted.node_is_a_list(9000, 3));
    }
}
