//! What servers take before they have any data, as they said themselves (`used_memory_startup`).
//!
//! Nothing in a snapshot tells this, and build options shift it by a tenth: these are figures of
//! default builds with default settings and 16 databases, and the only figures here that are not
//! computed.

use super::alloc::Allocator;
use super::server::{Product, Server, Version};

/// A version, and what it takes with bundled jemalloc, alone and as a cluster's node; and how much
/// more with the allocator of the system.
struct Row {
    since: Version,
    alone: u64,
    node: u64,
    libc: u64,
}

const fn row(since: [u16; 2], alone: u64, node: u64, libc: u64) -> Row {
    let [major, minor] = since;
    Row { since: Version::new(major, minor, 0), alone, node, libc }
}

/// Redis, newest first.
const REDIS: [Row; 12] = [
    row([8, 10], 717_500, 2_100_000, 22_900),
    row([8, 6], 706_400, 2_082_400, 22_900),
    row([8, 2], 653_800, 2_403_500, 22_900),
    row([8, 0], 656_500, 1_900_000, 22_900),
    row([7, 4], 946_300, 2_279_100, 75_000),
    row([7, 2], 865_900, 1_582_900, 75_000),
    row([7, 0], 866_200, 1_583_000, 75_000),
    row([6, 2], 812_000, 1_490_000, 75_300),
    row([6, 0], 803_000, 1_480_000, 75_000),
    row([5, 0], 791_500, 1_450_000, 75_000),
    row([4, 0], 786_700, 1_440_000, 75_000),
    row([0, 0], 750_000, 1_400_000, 75_000),
];

/// Valkey, newest first.
const VALKEY: [Row; 4] = [
    row([9, 0], 911_700, 2_246_600, 86_900),
    row([8, 1], 882_000, 2_678_000, 76_600),
    row([8, 0], 912_100, 2_700_000, 75_000),
    row([0, 0], 880_500, 1_597_400, 75_000),
];

/// What classes 16 bytes apart add.
const QUANTUM_16: u64 = 10_000;

/// What `server` takes before it has any data.
pub(super) fn bytes(server: &Server) -> u64 {
    let rows: &[Row] = match server.name.product {
        Product::Redis => &REDIS,
        Product::Valkey => &VALKEY,
    };
    let Some(row) = rows.iter().find(|row| server.name.version >= row.since) else { return 0 };
    let bytes = if server.cluster { row.node } else { row.alone };
    bytes
        + match server.allocator {
            Allocator::Jemalloc => 0,
            Allocator::SystemJemalloc | Allocator::SystemJemalloc531 => QUANTUM_16,
            Allocator::Libc => row.libc,
        }
}
