//! The server that is to load the snapshot, as plain facts.

use super::alloc::Allocator;
use super::facts::Facts;
use super::limits::{Config, ConfigError, Limits};
use crate::entries::{Dialect, Head};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Which family a server is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Product {
    /// Redis, and what calls itself so.
    Redis,
    /// Valkey.
    Valkey,
}

impl Product {
    const fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        }
    }
}

/// A version with its patch level; orders as versions do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number; the largest there is where nothing is said, for the latest release.
    pub patch: u16,
}

impl Version {
    /// The patch level of a version that was given without one: the latest.
    pub const LATEST: u16 = u16::MAX;

    /// A version.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch == Self::LATEST { Ok(()) } else { write!(f, ".{}", self.patch) }
    }
}

impl FromStr for Version {
    type Err = ServerError;

    /// Takes `7.2`, `7.2.6`, and what stands behind a third number (`7.4.0-rc1`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ServerError::Version(text.to_owned());
        let number = |part: &str| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part.get(..end).and_then(|digits| digits.parse().ok())
        };
        let mut parts = text.splitn(3, '.');
        let major = parts.next().and_then(number).ok_or_else(wrong)?;
        let minor = parts.next().and_then(number).ok_or_else(wrong)?;
        let patch = match parts.next() {
            Some(part) => number(part).ok_or_else(wrong)?,
            None => Self::LATEST,
        };
        Ok(Self { major, minor, patch })
    }
}

/// What a server is called: `redis-7.2.6`, `valkey-8.1`, or `7.2` for a Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServerName {
    /// Its family.
    pub product: Product,
    /// Its version.
    pub version: Version,
}

impl ServerName {
    /// The newest version of the format that it reads. From 9.0 on Valkey has a format of its own,
    /// too, which no Redis reads.
    #[must_use]
    pub fn newest_rdb(self) -> u32 {
        const REDIS: [((u16, u16), u32); 10] = [
            ((8, 10), 15),
            ((8, 8), 14),
            ((8, 6), 13),
            ((7, 4), 12),
            ((7, 2), 11),
            ((7, 0), 10),
            ((5, 0), 9),
            ((4, 0), 8),
            ((3, 2), 7),
            ((0, 0), 6),
        ];
        let version = (self.version.major, self.version.minor);
        let found = REDIS.iter().find(|(first, _)| version >= *first).map_or(6, |(_, rdb)| *rdb);
        // Valkey left Redis behind 7.2
        if self.product == Product::Valkey { found.min(11) } else { found }
    }

    /// Whether it loads a snapshot with this head, as it is set up by default.
    #[must_use]
    pub fn loads(self, head: &Head) -> bool {
        match head.dialect {
            Dialect::Redis => head.version <= self.newest_rdb(),
            Dialect::Valkey => self.product == Product::Valkey && self.version.major >= 9,
        }
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.product.name(), self.version)
    }
}

impl FromStr for ServerName {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.trim().to_ascii_lowercase();
        let (product, version) = match lower.split_once('-') {
            Some(("redis", version)) => (Product::Redis, version),
            Some(("valkey", version)) => (Product::Valkey, version),
            _ if lower.starts_with(|c: char| c.is_ascii_digit()) => (Product::Redis, &*lower),
            _ => return Err(ServerError::Name(text.to_owned())),
        };
        Ok(Self { product, version: version.parse()? })
    }
}

/// What can be wrong with what was said of the loading server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerError {
    /// No family is called so.
    Name(String),
    /// That is no version.
    Version(String),
    /// A setting that means nothing.
    Config(ConfigError),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(text) => {
                write!(f, "server `{text}` is unknown, expected such as redis-7.2 or valkey-8.1")
            }
            Self::Version(text) => {
                write!(f, "`{text}` is no version, expected such as 7.2 or 7.2.6")
            }
            Self::Config(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ServerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::Name(_) | Self::Version(_) => None,
        }
    }
}

impl From<ConfigError> for ServerError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// What a snapshot does not say, or what shall hold instead of what it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The loading server, where it is not the one that wrote the snapshot.
    pub server: Option<ServerName>,
    /// Its settings, where they are not the defaults: lines of a configuration file, or the
    /// output of `CONFIG GET`.
    pub config: Option<String>,
    /// More settings, each with its value, which count before those.
    pub settings: Vec<(String, String)>,
    /// Its allocator, where it is not the bundled jemalloc.
    pub allocator: Option<Allocator>,
}

/// The server that is to load the snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Its family and version.
    pub name: ServerName,
    /// Its allocator.
    pub allocator: Allocator,
    /// Its encoding limits.
    pub limits: Limits,
    /// Whether it is a node of a cluster.
    pub cluster: bool,
    /// Whether small integers are shared objects, as far as its version does that.
    pub shares_integers: bool,
    /// How many databases it has.
    pub databases: u64,
    /// What its version does.
    pub facts: Facts,
}

impl Server {
    /// The server that wrote the snapshot, as far as its head tells, with what `overrides` say.
    ///
    /// # Errors
    /// When a setting means nothing.
    pub fn detect(head: &Head, overrides: &Overrides) -> Result<Self, ServerError> {
        let name = overrides.server.unwrap_or_else(|| writer(head));
        let mut config = match &overrides.config {
            Some(text) => Config::parse(text)?,
            None => Config::default(),
        };
        for (name, value) in &overrides.settings {
            let wrong = || ConfigError { name: name.clone(), value: value.clone() };
            config.set(name, value).ok_or_else(wrong)?;
        }
        let cluster = config.cluster.unwrap_or(head.slot.is_some());
        Ok(Self {
            name,
            allocator: overrides.allocator.unwrap_or_default(),
            limits: config.limits,
            cluster,
            shares_integers: config.shares_integers(head.idle || head.freq),
            databases: if cluster { 1 } else { config.databases },
            facts: Facts::new(name, cluster),
        })
    }

    /// Its settings that are not the defaults, by name.
    #[must_use]
    pub fn settings(&self) -> BTreeMap<String, String> {
        let mut settings: BTreeMap<_, _> = self.limits.changed().collect();
        if self.cluster {
            settings.insert("cluster-enabled".to_owned(), "yes".to_owned());
        }
        settings
    }

    /// A server of that name with default settings.
    #[must_use]
    pub fn with_defaults(name: ServerName, allocator: Allocator) -> Self {
        let config = Config::default();
        Self {
            name,
            allocator,
            limits: config.limits,
            cluster: false,
            shares_integers: true,
            databases: config.databases,
            facts: Facts::new(name, false),
        }
    }
}

/// Who wrote a snapshot: what it says, else the oldest server that writes its version.
fn writer(head: &Head) -> ServerName {
    let named = |field: &str| head.aux(field).and_then(|text| text.parse::<Version>().ok());
    if let Some(version) = named("valkey-ver") {
        return ServerName { product: Product::Valkey, version };
    }
    match named("redis-ver") {
        // development builds call themselves 255.255.255
        Some(version) if version.major < 255 => ServerName { product: Product::Redis, version },
        _ => by_rdb_version(head),
    }
}

fn by_rdb_version(head: &Head) -> ServerName {
    let latest = |major, minor| Version::new(major, minor, Version::LATEST);
    if head.dialect == Dialect::Valkey {
        return ServerName { product: Product::Valkey, version: latest(9, 0) };
    }
    let version = match head.version {
        0..=6 => latest(2, 8),
        7 => latest(3, 2),
        8 => latest(4, 0),
        9 => latest(5, 0),
        10 => latest(7, 0),
        11 => latest(7, 2),
        12 => latest(7, 4),
        13 => latest(8, 6),
        14 => latest(8, 8),
        _ => latest(8, 10),
    };
    ServerName { product: Product::Redis, version }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::{Templates, Wrapper};
    use std::sync::Arc;

    fn head(version: u32, aux: &[(&str, &str)]) -> Head {
        let pair = |(name, value): &(&str, &str)| (name.as_bytes().into(), value.as_bytes().into());
        Head {
            dialect: Dialect::Redis,
            version,
            start: 0,
            body: 9,
            wrapper: Wrapper::None,
            aux: aux.iter().map(pair).collect(),
            templates: Arc::new(Templates::new()),
            idle: false,
            freq: false,
            slot: None,
        }
    }

    fn detected(head: &Head, overrides: &Overrides) -> Server {
        Server::detect(head, overrides).unwrap()
    }

    #[test]
    fn a_name_is_a_family_and_a_version() {
        for (text, shown) in [
            ("redis-7.2", "redis-7.2"),
            ("Valkey-8.1.1", "valkey-8.1.1"),
            ("6.2.5", "redis-6.2.5"),
            ("redis-7.4.0-rc1", "redis-7.4.0"),
        ] {
            assert_eq!(text.parse::<ServerName>().unwrap().to_string(), shown);
        }
        for text in ["", "redis", "keydb-6.3", "redis-7", "redis-x.y", "7"] {
            assert!(text.parse::<ServerName>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_writer_is_the_loader_unless_told_otherwise() {
        let none = Overrides::default();
        let of = |version, aux: &[_]| detected(&head(version, aux), &none).name.to_string();
        assert_eq!(of(11, &[("redis-ver", "7.2.6")]), "redis-7.2.6");
        assert_eq!(of(11, &[("valkey-ver", "8.1.1")]), "valkey-8.1.1");
        assert_eq!(of(6, &[]), "redis-2.8");
        assert_eq!(of(15, &[("redis-ver", "255.255.255")]), "redis-8.10");
        let other = Overrides { server: "redis-8.2".parse().ok(), ..none };
        assert_eq!(detected(&head(6, &[]), &other).name.to_string(), "redis-8.2");
    }

    #[test]
    fn a_server_loads_what_is_not_newer_than_it() {
        let loads = |name: &str, head: &Head| name.parse::<ServerName>().unwrap().loads(head);
        let own = Head { dialect: Dialect::Valkey, ..head(80, &[]) };
        for (name, newest) in [
            ("redis-2.8", 6),
            ("redis-6.2", 9),
            ("redis-7.2", 11),
            ("redis-8.4", 12),
            ("redis-8.10", 15),
            ("valkey-7.2", 11),
            ("valkey-8.1", 11),
            ("valkey-9.1", 11),
        ] {
            assert!(loads(name, &head(newest, &[])), "{name}");
            assert!(!loads(name, &head(newest + 1, &[])), "{name}");
            assert_eq!(loads(name, &own), name == "valkey-9.1", "{name}");
        }
    }

    #[test]
    fn settings_of_their_own_count_before_the_files() {
        let of = |overrides: &Overrides| Server::detect(&head(11, &[]), overrides);
        let told = Overrides {
            config: Some("hash-max-listpack-entries\n40\nset-max-intset-entries\n7\n".into()),
            settings: vec![("hash-max-listpack-entries".to_owned(), "50".to_owned())],
            ..Overrides::default()
        };
        let limits = of(&told).unwrap().limits;
        assert_eq!((limits.hash_entries, limits.intset_entries), (50, 7));
        let wrong = vec![("hash-max-listpack-entries".to_owned(), "x".to_owned())];
        assert!(of(&Overrides { settings: wrong, ..told }).is_err());
    }

    #[test]
    fn integers_are_shared_unless_a_policy_needs_their_objects() {
        let mut lru = head(11, &[("redis-ver", "7.2.6")]);
        assert!(detected(&lru, &Overrides::default()).shares_integers);
        lru.idle = true;
        assert!(!detected(&lru, &Overrides::default()).shares_integers);
        let told = Overrides { config: Some("maxmemory 0".into()), ..Overrides::default() };
        assert!(detected(&lru, &told).shares_integers);
    }
}
