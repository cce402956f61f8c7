//! Patterns that the user named.

use super::filter::Glob;

/// How many there may be.
const MOST: usize = 4096;

/// Globs in the user's order; the first one that fits a name claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules(Vec<Glob>);

impl Rules {
    /// Rules in this order; `None` when there are more than 4096.
    #[must_use]
    pub fn new(globs: Vec<Glob>) -> Option<Self> {
        (globs.len() <= MOST).then_some(Self(globs))
    }

    /// The rules' texts.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Glob::source)
    }

    pub(super) fn globs(&self) -> &[Glob] {
        &self.0
    }

    /// The number of the rule that claims `key`.
    #[cold]
    #[inline(never)]
    pub(super) fn claim(&self, key: &[u8]) -> Option<u16> {
        let place = self.0.iter().position(|glob| glob.matches(key))?;
        u16::try_from(place).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_claims_a_name() {
        let globs = ["cache:product:*", "cache:*", "*"].map(|glob| Glob::new(glob.as_bytes()));
        let rules = Rules::new(globs[..2].to_vec()).unwrap();
        assert_eq!(rules.claim(b"cache:product:7"), Some(0));
        assert_eq!(rules.claim(b"cache:page"), Some(1));
        assert_eq!(rules.claim(b"user:7"), None);
        assert_eq!(rules.iter().collect::<Vec<_>>(), [&b"cache:product:*"[..], b"cache:*"]);
        assert!(Rules::new(vec![globs[2].clone(); 4097]).is_none());
    }
}
