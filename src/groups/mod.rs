//! Aggregates: what many keys take together.
//!
//! Partial results merge in any order and add up exactly.

mod filter;
mod fold;
mod records;
mod row;
mod stretch;
mod sum;

pub use filter::{Filter, Glob, TypeName};
pub use fold::{Outcome, Plan, Task, Timings, fold};
pub use records::{Hint, Records};
pub use row::Row;
pub use stretch::{Finish, ReadError, Source, Worker};
