//! What should be gone and is not: TTLs that are missing, far too long, or over; keys nobody uses.

use super::{Confidence, Context, Finding, Id, Phrase, Saving, Subject};
use crate::entries::ValueKind;
use crate::groups::{Lifetime, Pattern, Share};

const DAY_S: u64 = 24 * 3600;
/// A list or stream that is cut is cut to this.
const SHORTENED: u64 = 10_000;

/// Patterns most keys of which expire, and some do not.
pub(super) fn leaks(context: &Context<'_>) -> Vec<Finding> {
    let least = context.thresholds.ttl_leak;
    let found = context.patterns.iter().filter_map(|pattern| {
        let mass = pattern.mass();
        let (keys, never) = (mass.keys(), mass.never);
        let is_leak = never.keys > 0
            && mass.expires.keys > 0
            && keys >= least.keys
            && least.expiring_percent.is_in(mass.expires.keys, keys)
            && never.bytes.round() >= least.bytes.0;
        is_leak.then(|| leak(context, pattern, never))
    });
    found.collect()
}

fn leak(context: &Context<'_>, pattern: &Pattern, never: Share) -> Finding {
    let keys = pattern.mass().keys();
    let ttl = usual_ttl(pattern);
    let seen = Phrase::default()
        .name(pattern.name.as_bytes())
        .text(": ")
        .keys(never.keys)
        .text(" (")
        .percent(never.keys, keys)
        .text(") never expire, all others do");
    let mut samples = pattern.samples().filter_map(context.material.names);
    let such = samples.next().map(|name| Phrase::new(", such as ").name(&name));
    let mut commands = vec![format!("# those of them without a TTL get one of {ttl} s")];
    commands.extend(expire(context, pattern, ttl));
    Finding {
        seen: joined(seen, such),
        advice: Phrase::new("give them the TTL of the others, and mend what writes them without"),
        commands,
        ..finding(Id::TtlLeak, pattern, never)
    }
}

/// Heavy patterns of which nothing ever expires.
pub(super) fn never(context: &Context<'_>) -> Vec<Finding> {
    let least = context.thresholds.never_expires;
    let whole = context.all.bytes.round();
    let found = context.patterns.iter().filter_map(|pattern| {
        let mass = pattern.mass();
        let bytes = mass.never.bytes.round();
        let is_heavy = bytes >= least.bytes.0 && least.percent.is_in(bytes, whole);
        (mass.expires.keys == 0 && is_heavy).then(|| lasting(context, pattern, mass.never))
    });
    found.collect()
}

fn lasting(context: &Context<'_>, pattern: &Pattern, never: Share) -> Finding {
    let seen = Phrase::default()
        .name(pattern.name.as_bytes())
        .text(" never expires: ")
        .keys(never.keys)
        .text(", ")
        .percent(never.bytes.raw(), context.all.bytes.raw())
        .text(" of all bytes");
    let heaviest = pattern.kinds().first().map(|(kind, _)| *kind);
    let each = |command: &str| context.for_each(pattern, command);
    let (advice, commands) = match heaviest {
        Some(ValueKind::Stream) => (
            "cut the streams with XTRIM, and write with XADD ... MAXLEN ~",
            each(&format!("XTRIM \"&\" MAXLEN ~ {SHORTENED}")),
        ),
        Some(ValueKind::List) => (
            "cut the lists with LTRIM, and see whether anybody still reads them",
            each(&format!("LTRIM \"&\" -{SHORTENED} -1")),
        ),
        _ => (
            "if it is a cache, give its keys a TTL, here of 30 days",
            expire(context, pattern, 30 * DAY_S),
        ),
    };
    Finding {
        seen,
        advice: Phrase::new(advice),
        commands,
        ..finding(Id::NeverExpires, pattern, never)
    }
}

/// Keys with TTLs that hardly are any.
pub(super) fn long(context: &Context<'_>) -> Vec<Finding> {
    let least = context.thresholds.long_ttl;
    let heavy = |pattern: &&Pattern| pattern.absurd().bytes.round() >= least.bytes.0;
    let found = context.patterns.iter().filter(heavy).filter(|p| p.absurd().keys > 0);
    found.map(|pattern| far(context, pattern, pattern.absurd())).collect()
}

fn far(context: &Context<'_>, pattern: &Pattern, absurd: Share) -> Finding {
    let seen = Phrase::default()
        .name(pattern.name.as_bytes())
        .text(": ")
        .keys(absurd.keys)
        .text(" of ")
        .count(pattern.mass().keys())
        .text(" expire in more than a year");
    let ttl = 30 * DAY_S;
    // `EXPIRE ... LT` would also give one to keys without
    let each = format!(
        "EVAL \"if redis.call([[TTL]],KEYS[1])>{ttl} then redis.call([[EXPIRE]],KEYS[1],{ttl}) end\" 1 \"&\""
    );
    let mut commands =
        vec!["# only those that would live longer than 30 days are changed".to_owned()];
    commands.extend(context.for_each(pattern, &each));
    Finding {
        seen,
        advice: Phrase::new("see whether seconds were given as milliseconds; shorten the TTL"),
        commands,
        ..finding(Id::LongTtl, pattern, absurd)
    }
}

/// Keys that are over their time and in memory still.
pub(super) fn expired(context: &Context<'_>) -> Vec<Finding> {
    let least = context.thresholds.expired_held;
    let sum = context.material.groups.expired();
    let expired = Share { keys: sum.keys, bytes: sum.bytes() };
    let (bytes, whole) = (expired.bytes.round(), context.all.bytes.round());
    if expired.keys == 0 || bytes < least.bytes.0 || !least.percent.is_in(bytes, whole) {
        return Vec::new();
    }
    let of = |pattern: &&Pattern| pattern.lifetimes().share(Lifetime::Expired).bytes;
    let heaviest = context.patterns.iter().max_by_key(|pattern| (of(pattern), &pattern.name));
    let most = heaviest.map(|pattern| Phrase::new(", most of them ").name(pattern.name.as_bytes()));
    let seen = Phrase::default()
        .keys(expired.keys)
        .text(" had expired (")
        .percent(bytes, whole)
        .text(" of all bytes) and were held");
    let mut commands = vec!["# a walk over all names removes what is over its time".to_owned()];
    let client = context.shell.client();
    commands.extend(
        context.shell.in_databases(|db| format!("{client}{db} --scan -i 0.01 > /dev/null")),
    );
    if context.shell.is_from(6, 0) {
        commands.push("# and the server looks for them more often, at some cost of CPU".to_owned());
        commands.push(context.shell.plain("CONFIG SET active-expire-effort 4"));
    }
    vec![Finding {
        subject: Subject::Server,
        seen: joined(seen, most),
        advice: Phrase::new("walk over all keys once, and raise active-expire-effort"),
        commands,
        id: Id::ExpiredHeld,
        keys: expired.keys,
        bytes,
        saving: Saving::Freed,
        confidence: Confidence::Exact,
    }]
}

/// Keys that nobody has used for a month.
pub(super) fn idle(context: &Context<'_>) -> Vec<Finding> {
    let least = context.thresholds.idle_keys;
    let found = context.patterns.iter().filter_map(|pattern| {
        let [_, _, month] = pattern.usage()?.idle_from();
        let is_heavy = month.keys > 0 && month.bytes.round() >= least.bytes.0;
        is_heavy.then(|| unused(context, pattern, month))
    });
    found.collect()
}

fn unused(context: &Context<'_>, pattern: &Pattern, month: Share) -> Finding {
    let mass = pattern.mass();
    let seen = Phrase::default()
        .name(pattern.name.as_bytes())
        .text(": ")
        .percent(month.bytes.raw(), mass.bytes().raw())
        .text(" of its bytes (")
        .keys(month.keys)
        .text(") unused for 30 days");
    let each = format!(
        "EVAL \"if redis.call([[OBJECT]],[[IDLETIME]],KEYS[1])>{} then return redis.call([[{}]],KEYS[1]) end\" 1 \"&\"",
        30 * DAY_S,
        context.shell.unlink()
    );
    let mut commands =
        vec!["# deletes what has been idle for 30 days: be sure that it can go".to_owned()];
    commands.extend(context.for_each(pattern, &each));
    Finding {
        seen,
        advice: Phrase::new(
            "give its keys a TTL that each use renews (GETEX, EXPIRE), or delete them",
        ),
        commands,
        ..finding(Id::IdleKeys, pattern, month)
    }
}

/// Gives a TTL to those keys of a pattern that have none.
fn expire(context: &Context<'_>, pattern: &Pattern, ttl: u64) -> Vec<String> {
    let each = if context.shell.is_from(7, 0) {
        format!("EXPIRE \"&\" {ttl} NX")
    } else {
        format!(
            "EVAL \"if redis.call([[TTL]],KEYS[1])==-1 then redis.call([[EXPIRE]],KEYS[1],{ttl}) end\" 1 \"&\""
        )
    };
    context.for_each(pattern, &each)
}

/// Within what time nine of ten of a pattern's expiring keys expire, in seconds.
fn usual_ttl(pattern: &Pattern) -> u64 {
    let spans = [
        (Lifetime::Hour, DAY_S / 24),
        (Lifetime::Hours4, DAY_S / 6),
        (Lifetime::Hours12, DAY_S / 2),
        (Lifetime::Day, DAY_S),
        (Lifetime::Week, 7 * DAY_S),
        (Lifetime::Month, 30 * DAY_S),
    ];
    let lives = pattern.lifetimes();
    let living = pattern.mass().expires.keys - lives.share(Lifetime::Expired).keys;
    let mut sum = 0;
    let usual = spans.into_iter().find(|(lifetime, _)| {
        sum += lives.share(*lifetime).keys;
        sum * 10 >= living * 9
    });
    usual.map_or(90 * DAY_S, |(_, seconds)| seconds)
}

/// A finding on keys of a pattern that would be gone.
fn finding(id: Id, pattern: &Pattern, share: Share) -> Finding {
    Finding {
        id,
        subject: Subject::Pattern(pattern.name.clone()),
        keys: share.keys,
        bytes: share.bytes.round(),
        saving: Saving::Freed,
        confidence: Confidence::Exact,
        seen: Phrase::default(),
        advice: Phrase::default(),
        commands: Vec::new(),
    }
}

fn joined(mut phrase: Phrase, more: Option<Phrase>) -> Phrase {
    for piece in more.into_iter().flat_map(|more| more.0) {
        phrase = match piece {
            super::Piece::Text(text) => phrase.text(&text),
            other => {
                phrase.0.push(other);
                phrase
            }
        };
    }
    phrase
}
