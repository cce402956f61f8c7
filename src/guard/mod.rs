//! Growth between two snapshots, and budgets.
//!
//! Two snapshots are compared on the patterns that both have in common. Nothing here knows how
//! results are shown, or what time it is.

mod growth;

pub use growth::{Amount, Change, Difference, Growth, Memory, Moment, Standing, Taken};
