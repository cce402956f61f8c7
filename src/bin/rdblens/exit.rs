//! Exit codes.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All was read, and nothing was wrong.
    Complete,
    /// A limit is broken: `check` alone tells so.
    Over,
    /// A fault ended reading or a checksum was wrong: what is shown is not all or not sure. Also
    /// when nothing could be done at all: a wrong flag, an unreadable file.
    Incomplete,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Complete => Self::from(0),
            Exit::Over => Self::from(1),
            Exit::Incomplete => Self::from(2),
        }
    }
}
