//! What can be found. The long texts are those of `docs/findings.md`.

use std::str::FromStr;

const PAGES: &str = include_str!("../../docs/findings.md");

/// A kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// Most keys of a pattern expire, and some do not.
    TtlLeak,
    /// No key of a heavy pattern expires.
    NeverExpires,
    /// Keys have TTLs of more than a year.
    LongTtl,
    /// Keys are over their time and in memory still.
    ExpiredHeld,
    /// Keys that nobody has used for a month.
    IdleKeys,
    /// A single key is very large.
    BigKey,
    /// A cluster slot holds many times what others hold.
    HotSlot,
    /// Databases other than the first one hold keys.
    ManyDatabases,
    /// Collections just over a listpack limit.
    ListpackLimit,
    /// Sets of integers just over the intset limit.
    IntsetLimit,
    /// Strings hold JSON objects.
    JsonStrings,
    /// Many tiny strings would take less in hashes.
    TinyStrings,
    /// Strings that compress well.
    Compressible,
    /// Names are longer than their values.
    HeavyNames,
    /// Stream entries that nobody acknowledged.
    StreamPending,
    /// Stream entries that are deleted and still held.
    StreamDeleted,
}

impl Id {
    /// All of them, in the order of the documents.
    pub const ALL: [Self; 16] = [
        Self::TtlLeak,
        Self::NeverExpires,
        Self::LongTtl,
        Self::ExpiredHeld,
        Self::IdleKeys,
        Self::BigKey,
        Self::HotSlot,
        Self::ManyDatabases,
        Self::ListpackLimit,
        Self::IntsetLimit,
        Self::JsonStrings,
        Self::TinyStrings,
        Self::Compressible,
        Self::HeavyNames,
        Self::StreamPending,
        Self::StreamDeleted,
    ];

    /// Its name, as it is typed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TtlLeak => "ttl-leak",
            Self::NeverExpires => "never-expires",
            Self::LongTtl => "long-ttl",
            Self::ExpiredHeld => "expired-held",
            Self::IdleKeys => "idle-keys",
            Self::BigKey => "big-key",
            Self::HotSlot => "hot-slot",
            Self::ManyDatabases => "many-databases",
            Self::ListpackLimit => "listpack-limit",
            Self::IntsetLimit => "intset-limit",
            Self::JsonStrings => "json-strings",
            Self::TinyStrings => "tiny-strings",
            Self::Compressible => "compressible",
            Self::HeavyNames => "heavy-names",
            Self::StreamPending => "stream-pending",
            Self::StreamDeleted => "stream-deleted",
        }
    }

    /// Whether it is told from the keys themselves, so that a summary cannot tell.
    #[must_use]
    pub const fn needs_keys(self) -> bool {
        matches!(
            self,
            Self::ListpackLimit
                | Self::IntsetLimit
                | Self::JsonStrings
                | Self::TinyStrings
                | Self::Compressible
                | Self::HeavyNames
                | Self::StreamPending
                | Self::StreamDeleted
        )
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.section().map_or("", |(title, _)| title)
    }

    /// Why it matters, in a sentence or two: the first paragraph of [`Self::page`], in one line.
    #[must_use]
    pub fn why(self) -> String {
        let first = self.page().split("\n\n").next().unwrap_or_default();
        first.lines().map(str::trim).collect::<Vec<_>>().join(" ")
    }

    /// All that there is to say of it.
    #[must_use]
    pub fn page(self) -> &'static str {
        self.section().map_or("", |(_, page)| page)
    }

    /// Its heading behind the name, and what stands below.
    fn section(self) -> Option<(&'static str, &'static str)> {
        let sections = PAGES.split("\n## ").skip(1);
        let mut named = sections.filter_map(|section| {
            let (heading, text) = section.split_once('\n')?;
            let (name, title) = heading.split_once(": ")?;
            (name == self.name()).then_some((title.trim(), text.trim()))
        });
        named.next()
    }
}

impl FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|id| id.name() == text).ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            format!("no finding \"{text}\"; there are {}", all.join(", "))
        })
    }
}

impl<'de> serde::Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_section_in_the_order_of_all_and_no_section_is_of_another() {
        let headings = PAGES.split("\n## ").skip(1).filter_map(|section| {
            let (name, _) = section.lines().next()?.split_once(": ")?;
            Some(name)
        });
        let names: Vec<&str> = Id::ALL.into_iter().map(Id::name).collect();
        assert_eq!(headings.collect::<Vec<_>>(), names);
        for id in Id::ALL {
            assert_eq!(id.name().parse(), Ok(id));
            assert!(!id.title().is_empty() && id.title().len() <= 60, "{id:?}");
            assert!((40..300).contains(&id.why().len()), "{}", id.why());
            assert!(id.page().contains("```text"), "{id:?} shows no command");
        }
        assert!("ttl".parse::<Id>().unwrap_err().starts_with("no finding \"ttl\"; there are ttl-"));
    }
}
