//! Aggregates: what many keys take together.
//!
//! Partial results merge in any order and add up exactly.

mod arena;
mod evidence;
mod filter;
mod fold;
mod held;
mod histogram;
mod kind;
mod leave;
mod lines;
mod log;
mod lowest;
mod marks;
mod naming;
mod octaves;
mod pages;
mod partial;
mod patterns;
mod prefixes;
mod records;
mod row;
mod rules;
mod separators;
mod shape;
mod sizing;
mod sketch;
mod slot;
mod state;
mod stretch;
mod sum;
mod summary;
mod tags;
mod tally;
mod template_use;
mod top;
mod totals;
mod tree;
mod ttl;
mod types;
mod usage;
mod ways;

pub use evidence::{Class, Near, Pick, Picks};
pub use filter::{Filter, Glob, TypeName};
pub use fold::{Outcome, Plan, Task, Timings, fold};
pub use held::Sample;
pub use histogram::Spread;
pub use kind::{Cell, Content, Database, by};
pub use lines::{Limits, Line, Measure, Subject, lines};
pub use naming::patterns;
pub use octaves::Octaves;
pub use partial::{Groups, Settings};
pub use patterns::{Pattern, Patterns};
pub use prefixes::{Prefix, What};
pub use records::{Hint, Records, Sources};
pub use row::Row;
pub use rules::Rules;
pub use separators::Separators;
pub use sizing::{Sizer, Take};
pub use sketch::Exempt;
pub use slot::Slots;
pub use state::{Names, State, StateError, Text};
pub use stretch::{Finish, ReadError, Source, Worker};
pub use summary::{
    Origin, OriginFault, OriginInstance, SUMMARY_BYTES, SUMMARY_SCHEMA, SizedFor, Summary,
    SummaryError,
};
pub use tags::{HEAVY_SLOT, Tag};
pub use tally::Tally;
pub use template_use::template_uses;
pub use top::Big;
pub use totals::{Mass, Share, Sum, Totals};
pub use tree::Bounds;
pub use ttl::{FieldTtls, Lifetime, Lifetimes};
pub use types::TypeSpread;
pub use usage::Usage;
