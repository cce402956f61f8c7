//! Growth between two snapshots, and budgets.
//!
//! Two snapshots are compared on the patterns that both have in common. Nothing here knows how
//! results are shown, or what time it is.

mod config;
mod growth;
mod judge;
mod propose;

pub use config::{
    Budgets, ConfigError, Date, Exception, Floor, Limit, LongestTtl, Percent, Rule, Severity,
};
pub use growth::{Amount, Change, Difference, Growth, Memory, Moment, Standing, Taken};
pub use judge::{Evidence, Figure, Found, Judged, Status, Verdict, judge};
pub use propose::propose;
