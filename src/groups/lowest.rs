//! A bounded table whose outcome does not depend on the order.

use std::mem;

/// Values that take each other in.
pub trait Merge: Default {
    /// Takes in `other`.
    fn merge(&mut self, other: Self);
}

impl Merge for u64 {
    fn merge(&mut self, other: Self) {
        *self = self.saturating_add(other);
    }
}

/// A value for each of the lowest keys, and one for all others together.
///
/// A snapshot may claim any number of databases or module types; only so many get a place of
/// their own. Which ones is a matter of the keys alone: the lowest seen. A key that once was
/// pushed out can never come back, so early and late rows of it end in the same place.
#[derive(Debug, Clone)]
pub struct Lowest<K, V> {
    /// The lowest keys, ascending, each with the place of its value. Those stay where they are: keys may come in
    /// any order, and there may be as many as bytes in a file.
    kept: Vec<(K, usize)>,
    values: Vec<V>,
    rest: V,
    last: Option<(K, usize)>,
    limit: usize,
}

impl<K: Copy + Ord, V: Merge + PartialEq> PartialEq for Lowest<K, V> {
    /// Which key came when does not count.
    fn eq(&self, other: &Self) -> bool {
        self.rest == other.rest && self.iter().eq(other.iter())
    }
}

impl<K: Copy + Ord, V: Merge + Eq> Eq for Lowest<K, V> {}

impl<K: Copy + Ord, V: Merge> Lowest<K, V> {
    /// An empty table that tells `limit` keys apart.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { kept: Vec::new(), values: Vec::new(), rest: V::default(), last: None, limit }
    }

    /// The value of `key`, or that of the rest. Runs of the same key are found at once.
    #[inline(always)]
    pub fn entry(&mut self, key: K) -> &mut V {
        let place = match self.last {
            Some((last, place)) if last == key => place,
            _ => self.place(key),
        };
        match self.values.get_mut(place) {
            Some(value) => value,
            None => &mut self.rest,
        }
    }

    /// Where the value of `key` is, after making room for it; behind the end if it has no place. Seldom
    /// asked, so it stays out of what is done for every key.
    #[cold]
    #[inline(never)]
    fn place(&mut self, key: K) -> usize {
        let place = match self.find(key) {
            Ok(place) => place,
            Err(at) if at >= self.limit => usize::MAX,
            Err(at) => {
                let place = self.room();
                self.kept.insert(at, (key, place));
                place
            }
        };
        self.last = Some((key, place));
        place
    }

    /// A place for one more value: where all are taken, that of the highest key.
    fn room(&mut self) -> usize {
        if self.kept.len() >= self.limit
            && let Some((_, place)) = self.kept.pop()
            && let Some(value) = self.values.get_mut(place)
        {
            self.rest.merge(mem::take(value));
            return place;
        }
        self.values.push(V::default());
        self.values.len() - 1
    }

    /// Where the value of `key` is, or where the key would stand.
    fn find(&self, key: K) -> Result<usize, usize> {
        let at = self.kept.binary_search_by(|(other, _)| other.cmp(&key))?;
        Ok(self.kept.get(at).map_or(usize::MAX, |(_, place)| *place))
    }

    /// The value of `key`, where it has a place of its own.
    pub fn get(&self, key: K) -> Option<&V> {
        self.values.get(self.find(key).ok()?)
    }

    /// The keys with a place of their own, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.kept.iter().filter_map(|(key, place)| Some((*key, self.values.get(*place)?)))
    }

    /// The values of all of them and of the rest.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.iter_mut().chain(std::iter::once(&mut self.rest))
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
    pub fn merge(&mut self, mut other: Self) {
        for (key, place) in mem::take(&mut other.kept) {
            if let Some(value) = other.values.get_mut(place) {
                self.entry(key).merge(mem::take(value));
            }
        }
        self.rest.merge(other.rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
