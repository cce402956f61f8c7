//! A bounded table whose outcome does not depend on the order.

/// Values that take each other in.
pub trait Merge: Default {
    /// Takes in `other`.
    fn merge(&mut self, other: Self);
}

/// A value for each of the lowest keys, and one for all others together.
///
/// A snapshot may claim any number of databases or module types; only so many get a place of
/// their own. Which ones is a matter of the keys alone: the lowest seen. A key that once was
/// pushed out can never come back, so early and late rows of it end in the same place.
#[derive(Debug, Clone)]
pub struct Lowest<K, V> {
    kept: Vec<(K, V)>,
    rest: V,
    last: usize,
    limit: usize,
}

impl<K: Copy + Ord, V: Merge> Lowest<K, V> {
    /// An empty table that tells `limit` keys apart.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { kept: Vec::new(), rest: V::default(), last: 0, limit }
    }

    /// The value of `key`, or that of the rest. Runs of the same key are found at once.
    #[inline(always)]
    pub fn entry(&mut self, key: K) -> &mut V {
        if self.kept.get(self.last).is_none_or(|(last, _)| *last != key) {
            self.last = self.place(key);
        }
        match self.kept.get_mut(self.last) {
            Some((_, value)) => value,
            None => &mut self.rest,
        }
    }

    /// Where `key` stands, after making room for it; behind the end if it has no place. Seldom asked,
    /// so it stays out of what is done for every key.
    #[cold]
    #[inline(never)]
    fn place(&mut self, key: K) -> usize {
        match self.kept.binary_search_by(|(other, _)| other.cmp(&key)) {
            Ok(at) => at,
            Err(at) if at >= self.limit => usize::MAX,
            Err(at) => {
                self.kept.insert(at, (key, V::default()));
                if self.kept.len() > self.limit
                    && let Some((_, pushed_out)) = self.kept.pop()
                {
                    self.rest.merge(pushed_out);
                }
                at
            }
        }
    }

    /// The keys with a place of their own, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.kept.iter().map(|(key, value)| (*key, value))
    }

    /// The values of all of them and of the rest.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.kept.iter_mut().map(|(_, value)| value).chain(std::iter::once(&mut self.rest))
    }

    /// All others together.
    pub const fn rest(&self) -> &V {
        &self.rest
    }

    /// The same, to be changed.
    pub const fn rest_mut(&mut self) -> &mut V {
        &mut self.rest
    }

    /// Takes in another table.
    pub fn merge(&mut self, other: Self) {
        for (key, value) in other.kept {
            self.entry(key).merge(value);
        }
        self.rest.merge(other.rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Merge for u64 {
        fn merge(&mut self, other: Self) {
            *self += other;
        }
    }

    fn table(keys: &[u32]) -> Lowest<u32, u64> {
        let mut table = Lowest::new(3);
        for key in keys {
            *table.entry(*key) += 1;
        }
        table
    }

    #[test]
    fn the_lowest_stay_in_any_order() {
        let rows = [9, 5, 7, 1, 9, 5, 3, 7, 7, 1];
        let mut backwards = rows;
        backwards.reverse();
        let mut merged = table(&rows[4..]);
        merged.merge(table(&rows[..4]));
        for table in [table(&rows), table(&backwards), merged] {
            let kept: Vec<_> = table.iter().map(|(key, count)| (key, *count)).collect();
            assert_eq!(kept, [(1, 2), (3, 1), (5, 2)]);
            assert_eq!(*table.rest(), 5);
        }
    }
}
