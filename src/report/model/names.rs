//! Names that may be any bytes.

use crate::report::escape;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A key's name. In JSON `key`, or `key_base64` when it is no UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub Vec<u8>);

/// What names begin with. In JSON `prefix`, or `prefix_base64` when it is no UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(pub Vec<u8>);

/// A file's path. In JSON `path`, or `path_base64` when it is no UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<u8>);

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bytes(serializer, ["key", "key_base64"], &self.0)
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bytes(serializer, ["prefix", "prefix_base64"], &self.0)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bytes(serializer, ["path", "path_base64"], &self.0)
    }
}

/// A map of one field: named by the first of `names` when `bytes` are UTF-8, else by the second.
fn bytes<S: Serializer>(
    serializer: S,
    [text, base64]: [&'static str; 2],
    bytes: &[u8],
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    match std::str::from_utf8(bytes) {
        Ok(utf8) => map.serialize_entry(text, utf8)?,
        Err(_) => {
            let mut encoded = Vec::new();
            escape::base64(bytes, &mut encoded);
            map.serialize_entry(base64, &String::from_utf8_lossy(&encoded))?;
        }
    }
    map.end()
}
