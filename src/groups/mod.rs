//! Aggregates: what many keys take together.
//!
//! Partial results merge in any order and add up exactly.

mod arena;
mod census;
mod filter;
mod fold;
mod held;
mod histogram;
mod kind;
mod lines;
mod lowest;
mod marks;
mod partial;
mod prefixes;
mod records;
mod row;
mod separators;
mod sizing;
mod sketch;
mod slot;
mod stretch;
mod sum;
mod tally;
mod template_use;
mod top;
mod totals;
mod tree;
mod ttl;
mod types;

pub use census::Census;
pub use filter::{Filter, Glob, TypeName};
pub use fold::{Outcome, Plan, Task, Timings, fold};
pub use histogram::Spread;
pub use kind::{Cell, Content, Database, by};
pub use lines::{Limits, Line, Measure, Subject, lines};
pub use partial::{Groups, Settings};
pub use prefixes::{Prefix, What};
pub use records::{Hint, Records};
pub use row::Row;
pub use separators::Separators;
pub use sizing::{Sizer, Take};
pub use sketch::Exempt;
pub use slot::Slots;
pub use stretch::{Finish, ReadError, Source, Worker};
pub use tally::Tally;
pub use template_use::template_uses;
pub use top::Big;
pub use totals::{Share, Sum, Totals};
pub use tree::Bounds;
pub use ttl::{Lifetime, Lifetimes};
pub use types::TypeSpread;
