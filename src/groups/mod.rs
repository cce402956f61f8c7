//! Aggregates: what many keys take together.
//!
//! Partial results merge in any order and add up exactly.

mod row;

pub use row::Row;
