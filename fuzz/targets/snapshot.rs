//! Any bytes are read to their end or to a fault, every blob opened and every string decoded.
#![no_main]

#[allow(dead_code, reason = "tests use more of it")]
#[path = "../../tests/support/read.rs"]
mod read;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(reading) = read::read(input) {
        assert!(reading.end.is_some() != reading.fault.is_some());
        assert!(reading.end.is_none_or(|end| end <= input.len() as u64));
        assert!(reading.fault.is_none_or(|fault| fault.at <= input.len() as u64));
    }
});
