//! Aggregates: what many keys take together.
//!
//! Partial results merge in any order and add up exactly.

mod filter;
mod row;

pub use filter::{Filter, Glob, TypeName};
pub use row::Row;
