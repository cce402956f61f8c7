//! Bytes in a summary: text where they are some.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

/// Bytes: text where they are some.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// UTF-8 without control characters.
    Plain(String),
    /// Anything else.
    Coded {
        /// In base64.
        b64: String,
    },
}

impl Text {
    /// `bytes` as text, or in base64.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains(char::is_control) => Self::Plain(text.to_owned()),
            _ => Self::Coded { b64: BASE64_STANDARD.encode(bytes) },
        }
    }

    /// The bytes; none where the base64 is none.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Plain(text) => text.as_bytes().to_vec(),
            Self::Coded { b64 } => BASE64_STANDARD.decode(b64).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back() {
        for bytes in [&b"user:1"[..], b"", b"\x1b[2J", b"\xff\xfe", "größte".as_bytes()] {
            let json = serde_json::to_string(&Text::of(bytes)).unwrap();
            assert!(!json.contains('\u{1b}'));
            assert_eq!(serde_json::from_str::<Text>(&json).unwrap().bytes(), bytes);
        }
    }
}
