//! What fills this Redis? Memory by key pattern, type and TTL, from a snapshot.
//!
//! The stages, each using only those before it:
//!
//! ```text
//! bytes → entries → footprint → groups → findings → guard → values → report
//! ```

pub mod bytes;
pub mod entries;
pub mod findings;
pub mod footprint;
pub mod groups;
pub mod guard;
pub mod report;
pub mod values;
