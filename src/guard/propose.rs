//! Budgets proposed from what a snapshot holds.

use super::growth::Amount;
use crate::groups::{Groups, Pattern};
use std::fmt::Write;

/// What stands above the present size.
const ROOM_PERCENT: u64 = 25;
/// Patterns that get a rule.
const PATTERNS: usize = 12;
/// From this share on, in hundredths.
const SHARE: u64 = 1;

/// A configuration with limits a quarter above what the snapshot holds, which it so keeps to.
/// Names are written as TOML strings only: they may be anything.
#[must_use]
pub fn propose(groups: &Groups, patterns: &[Pattern]) -> String {
    let all = Amount::all(groups);
    let mut text = String::from(HEAD);
    let mut say = |line: std::fmt::Arguments<'_>| {
        // writing to a string does not fail
        let _ = text.write_fmt(line);
    };
    say(format_args!("[[check.rule]]\nname = \"all keys\"\n"));
    say(format_args!("max_bytes = {}\n", size(with_room(all.bytes))));
    say(format_args!("max_keys = {}\n", with_room(all.keys)));
    if let Some(largest) = groups.largest().first() {
        let most = with_room(largest.sizes.first().round());
        say(format_args!("max_key_bytes = {}\n", size(most)));
    }
    say(format_args!("max_no_ttl_bytes = {}\n", size(with_room(all.no_ttl_bytes))));
    say(format_args!("# max_growth_percent = 10  # needs --baseline\n"));
    let mut heavy: Vec<(&Pattern, Amount)> =
        patterns.iter().map(|pattern| (pattern, Amount::of(pattern.mass()))).collect();
    heavy.retain(|(_, held)| held.bytes.saturating_mul(100) >= all.bytes.saturating_mul(SHARE));
    for (pattern, held) in heavy.into_iter().take(PATTERNS) {
        let name = quoted(&pattern.name);
        say(format_args!("\n[[check.rule]]\npattern = {name}\n"));
        say(format_args!("max_bytes = {}\n", size(with_room(held.bytes))));
        if held.no_ttl_keys == 0 {
            say(format_args!("require_ttl = true\n"));
        } else if held.no_ttl_keys < held.keys {
            say(format_args!("max_no_ttl_keys = {}\n", with_room(held.no_ttl_keys)));
        }
    }
    text.push_str(TAIL);
    text
}

/// A quarter more, rounded up.
const fn with_room(n: u64) -> u64 {
    n.saturating_add(n.div_ceil(100 / ROOM_PERCENT))
}

/// A size that reads well and is no smaller, fit for TOML.
fn size(bytes: u64) -> String {
    let units = [(1_u64 << 30, "gb"), (1 << 20, "mb"), (1 << 10, "kb")];
    // with two digits the step up is less than a tenth
    let unit = units.into_iter().find(|(unit, _)| bytes / unit >= 10);
    match unit {
        Some((unit, name)) => format!("\"{}{name}\"", bytes.div_ceil(unit)),
        None => bytes.to_string(),
    }
}

/// A TOML string that shows nothing but what can be seen.
fn quoted(name: &str) -> String {
    let mut text = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            ' '..='~' => text.push(c),
            _ if c.is_alphanumeric() => text.push(c),
            _ => text.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    text.push('"');
    text
}

const HEAD: &str = "\
# Budgets for `rdblens check`. A limit is broken when it is passed, not when it is met.
# Proposed from a snapshot, a quarter above what it holds: change what does not suit.
# All that there is: docs/growth.md.

[check.defaults]
severity = \"fail\"          # or \"warn\": said, and the check passes
# growth that does not pass both of these is nobody's business
noise_floor_bytes = \"64kb\"
noise_floor_percent = 1

";

const TAIL: &str = "
# Any pattern may be new, or grow, by so much (needs --baseline):
# [[check.rule]]
# name = \"each pattern\"
# each = true
# max_growth_percent = 50
# allow_new = false

# What is known and borne with for a time:
# [[check.exception]]
# rule = \"all keys\"
# reason = \"the import of the autumn\"
# until = 2026-12-31
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposed_size_is_never_smaller() {
        for bytes in [0, 1, 10_239, 10_240, 10_241, 123_456_789, 10 << 30, u64::MAX / 2] {
            let text = size(with_room(bytes));
            let read = crate::footprint::parse_bytes(text.trim_matches('"')).unwrap();
            assert!(read >= with_room(bytes) && read / 12 * 10 <= with_room(bytes), "{text}");
        }
        let name = "a\"\\\u{1b}\u{202e}\nü:{int}";
        let read: toml::Table = toml::from_str(&format!("x = {}", quoted(name))).unwrap();
        assert_eq!(read["x"].as_str(), Some(name));
        assert!(!quoted(name).contains(['\u{1b}', '\n', '\u{202e}']));
        assert_eq!((with_room(4), with_room(5), with_room(u64::MAX)), (5, 7, u64::MAX));
    }
}
