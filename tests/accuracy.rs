//! What the program says of each fixture is what the server said that had loaded it.

// tests may panic
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::fixture::{self, Fixture};
use support::judge::{Limits, compare};
use support::program::{flags, keys, report};

/// Runs `check` on each fixture and collects what it finds; all of it is shown at once.
fn each(mut check: impl FnMut(&Fixture, &[std::ffi::OsString]) -> Option<String>) {
    let dir = tempfile::tempdir().expect("a folder");
    let config = dir.path().join("server.conf");
    let found = fixture::all().into_iter().filter_map(|fixture| {
        let flags = flags(&fixture.server, fixture.crossed, &config);
        Some(format!("{}: {}", fixture.name, check(&fixture, &flags)?))
    });
    let found: Vec<_> = found.collect();
    assert!(found.is_empty(), "{} fixtures:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_key_is_missing_or_extra_and_none_has_a_wrong_type_encoding_length_or_expiry() {
    each(|fixture, flags| {
        let (truth, listing) = (fixture.truth()?, keys(&fixture.dump, flags));
        let expired = |key: &[u8]| fixture.had_expired(key);
        let wrong = compare(&listing, &truth, &fixture.server, expired).wrong;
        let some = wrong[..wrong.len().min(5)].join("\n  ");
        (!wrong.is_empty()).then(|| format!("{} wrong\n  {some}", wrong.len()))
    });
}

#[test]
fn sizes_are_those_that_the_servers_answer() {
    each(|fixture, flags| {
        let (truth, listing) = (fixture.truth()?, keys(&fixture.dump, flags));
        let comparison = compare(&listing, &truth, &fixture.server, |key| fixture.had_expired(key));
        let faults = comparison.faults(Limits::of(&fixture.server.allocator));
        (!faults.is_empty()).then(|| format!("{}\n{}", faults.join(", "), comparison.table()))
    });
}

/// Within 1 % or 64 KB of what the server used, less what an idle one holds for its clients.
#[test]
fn the_whole_instance_takes_what_the_server_used() {
    each(|fixture, flags| {
        let memory = fixture.server.memory.as_ref()?;
        if fixture.name.contains("modules-") || fixture.truth().is_none() {
            return None;
        }
        let total = report(&fixture.dump, flags)["instance"]["total_bytes"].as_u64();
        let total = total.expect("a total");
        let used = memory.used - memory.idle;
        let off = total.abs_diff(used);
        let share = off as f64 / used as f64 * 100.0;
        (off > (used / 100).max(64 << 10)).then(|| format!("{total} for {used}: {share:.2} %"))
    });
}
