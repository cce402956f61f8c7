//! The server under its limit.

use super::paint::{Flow, Line, Style, Theme};
use crate::report::units::{Bytes, percent_of};
use crate::report::{Eviction, Relief, Report, escape};

/// Where text begins behind a label.
const INDENT: usize = 11;
/// How many patterns are named.
const NAMED: usize = 3;

/// How full, what may be evicted, and what would help.
pub(super) fn lines(report: &Report, theme: &Theme) -> Vec<Line> {
    let Some(eviction) = &report.eviction else { return Vec::new() };
    let mut flow = Flow::new(Line::new(Style::Bold, "Limit"), INDENT);
    full(eviction, theme, &mut flow);
    policy(eviction, theme, &mut flow);
    if let Some(relief) = &eviction.relief {
        self::relief(eviction, relief, theme, &mut flow);
    }
    flow.lines()
}

fn full(eviction: &Eviction, theme: &Theme, flow: &mut Flow) {
    let Eviction { maxmemory_bytes: most, bytes, alert_percent, .. } = eviction;
    let (limit, alert) = (eviction.over_limit_bytes, eviction.over_alert_bytes);
    let style = match (limit > 0, alert > 0) {
        (true, _) => Style::Alarm,
        (_, true) => Style::Warn,
        _ => Style::Good,
    };
    flow.add(theme, "  ", (Style::Bold, format!("{most},")));
    let percent = percent_of(bytes.0, most.0);
    flow.add(theme, " ", (style, format!("{percent} % full:")));
    let said = match eviction.measure {
        "used_mem" => "as the server counted",
        _ => "as computed",
    };
    flow.words(theme, Style::Plain, &format!("{bytes} {said},"));
    let distance = |over: i64| {
        let side = if over > 0 { "over" } else { "below" };
        format!("{} {side}", Bytes(over.unsigned_abs()))
    };
    let text = match limit > 0 {
        true => {
            format!("{} it, {} the alert at {alert_percent} %", distance(limit), distance(alert))
        }
        false => format!("{} the alert at {alert_percent} %", distance(alert)),
    };
    flow.words(theme, style, &text);
    flow.end_line();
}

fn policy(eviction: &Eviction, theme: &Theme, flow: &mut Flow) {
    let row = eviction.policies.iter().find(|row| row.in_force);
    let text = match (row, &eviction.policy) {
        (Some(row), Some(policy)) if row.policies == "noeviction" => {
            format!("{policy}: no key goes; at the limit writes fail")
        }
        (Some(row), Some(policy)) => {
            let bytes = row.evictable.bytes;
            let which = match row.policies {
                "volatile-*" => format!("{bytes} of keys with a TTL"),
                _ => format!("all keys, {bytes}"),
            };
            let rest = row.remaining_bytes;
            match row.is_enough {
                true => format!("{policy} may evict {which}; {rest} would stay"),
                false => format!(
                    "{policy} may evict {which}: {rest} would stay, which is over the limit: writes fail"
                ),
            }
        }
        _ => {
            let of = |names: &str| {
                let row = eviction.policies.iter().find(|row| row.policies == names);
                row.map(|row| row.evictable.bytes).unwrap_or_default()
            };
            format!(
                "policy unknown (--maxmemory-policy): allkeys-* may evict {}, volatile-* {} of keys with a TTL, noeviction nothing",
                of("allkeys-*"),
                of("volatile-*")
            )
        }
    };
    let is_enough = row.is_none_or(|row| row.is_enough);
    flow.words(theme, if is_enough { Style::Plain } else { Style::Alarm }, &text);
    flow.end_line();
}

fn relief(eviction: &Eviction, relief: &Relief, theme: &Theme, flow: &mut Flow) {
    let percent = percent_of(relief.remaining_bytes.0, eviction.maxmemory_bytes.0);
    if relief.patterns.is_empty() {
        let text = format!(
            "without any key it would still be {percent} % full: raise the limit, or look for buffers and modules"
        );
        return flow.words(theme, Style::Alarm, &text);
    }
    flow.words(theme, Style::Plain, &format!("{percent} % full without"));
    let shown = relief.patterns.iter().take(NAMED);
    let mut names: Vec<String> = shown
        .map(|row| {
            let name = escape::terminal(row.pattern.as_bytes(), theme.charset());
            format!("{name} ({})", row.all.bytes)
        })
        .collect();
    let others = relief.patterns.len().saturating_sub(NAMED);
    if others > 0 {
        names.push(format!("{others} more patterns"));
    }
    let count = names.len();
    for (i, name) in names.into_iter().enumerate() {
        let separator = match i {
            0 => " ",
            _ if i + 1 == count => " and ",
            _ => ", ",
        };
        flow.add(theme, separator, (Style::Bold, name));
    }
}
