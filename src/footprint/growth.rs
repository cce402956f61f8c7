//! How a collection's table comes to its size while the collection is loaded.

/// A table as it is made and grows.
pub(super) trait Growth: Sized {
    /// A table made for the `n` elements that it has got.
    fn presized(n: u64) -> Self;

    /// A table that grew from nothing to `n` elements.
    fn grown(n: u64) -> Self;

    /// Asks for room for `n` elements in all, which is refused while elements are being moved or
    /// where there are more already.
    fn expand(&mut self, n: u64);

    /// Takes `n` more elements. Each moves a part of the old table, if there is any left to move;
    /// a full table doubles before the next one.
    fn add(&mut self, n: u64);
}
