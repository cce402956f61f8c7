//! What the integration tests share: builders of snapshots, the fixtures, the program's rows, and
//! live servers.

// each test program uses its part of it
#![allow(dead_code)]
// tests may panic, and builders write what is broken
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

pub mod dump;
pub mod fixture;
pub mod judge;
pub mod live;
pub mod packed;
pub mod program;
pub mod read;
pub mod shapes;
pub mod stream;
pub mod values;
pub mod write;
pub mod zoo;
