//! What the integration tests share: builders of snapshots, the fixtures, the program's rows, and
//! live servers.

// each test program uses its part of it
#![allow(dead_code, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

pub mod dump;
pub mod packed;
pub mod shapes;
pub mod stream;
pub mod write;
