//! The server's limit, from flags or its settings.

use crate::args;
use rdblens::footprint::{POLICIES, memory_limit};
use rdblens::report::{Bytes, Limit, parse_size};
use std::path::Path;

/// From how many percent on somebody is called, unless the user says so.
const ALERT: u8 = 90;

/// Settles the limit; flags count before the file with the server's settings.
pub(super) fn limit(
    given: &args::Limit,
    server_config: Option<&Path>,
) -> Result<Option<Limit>, String> {
    // who reads the settings for the sizes says what is wrong with the file
    let text = server_config.and_then(|path| std::fs::read_to_string(path).ok());
    let set = text.and_then(|text| memory_limit(&text).ok()).unwrap_or_default();
    let maxmemory = given.maxmemory.as_deref().map(maxmemory).transpose()?;
    let policy = given.maxmemory_policy.as_deref().map(policy).transpose()?;
    let Some(maxmemory) = maxmemory.or(set.0.filter(|bytes| *bytes > 0).map(Bytes)) else {
        let lonely = [
            (policy.is_some(), "--maxmemory-policy"),
            (given.alert_percent.is_some(), "--alert-percent"),
        ];
        return match lonely.iter().find(|(is_given, _)| *is_given) {
            Some((_, flag)) => {
                Err(format!("{flag}: of which limit? Give --maxmemory, or --server-config with it"))
            }
            None => Ok(None),
        };
    };
    Ok(Some(Limit {
        maxmemory,
        policy: policy.or(set.1),
        alert_percent: given.alert_percent.unwrap_or(ALERT),
    }))
}

fn maxmemory(text: &str) -> Result<Bytes, String> {
    parse_size(text).filter(|size| size.0 > 0).ok_or_else(|| {
        format!(
            "--maxmemory: \"{text}\" is no limit; write 8gb (2^30 each), 8g (10^9 each) or a number of bytes"
        )
    })
}

fn policy(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    match POLICIES.contains(&lower.as_str()) {
        true => Ok(lower),
        false => Err(format!(
            "--maxmemory-policy: \"{text}\" is none; there are {}",
            POLICIES.join(", ")
        )),
    }
}
