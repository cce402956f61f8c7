//! Values: single keys found in a snapshot, looked into, decoded and written out.
//!
//! The crate `rdb` decodes values and stands behind one door, `decode`. It is given one entry at a
//! time, and only after our own reader has walked it to its end with every blob opened: it believes
//! lengths that ours checks.

mod decode;
mod find;
mod inside;
mod located;
mod plain;
mod select;
mod write;

pub use decode::{Decoded, FieldTtls, Undecoded, decode};
pub use find::{Place, find};
pub use inside::{Element, Inside};
pub use located::Located;
pub use rdb::RdbValue;
pub use select::Select;
pub use write::{Form, Writer};
