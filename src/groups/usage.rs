//! How keys are used, where the snapshot tells: idle time under LRU policies, a counter under LFU.

use super::totals::Share;
use crate::footprint::Size;

const DAY_S: u64 = 24 * 3600;
/// From how many seconds on a key counts as idle for a day, a week, a month.
const IDLE_S: [u64; 3] = [DAY_S, 7 * DAY_S, 30 * DAY_S];

/// Use of many keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Keys with an idle time: less than a day, less than a week, less than a month, more.
    pub idle: [Share; 4],
    /// The sum of the idle times in seconds.
    pub idle_s: u64,
    /// Keys with an LFU counter.
    pub counted: Share,
    /// The sum of the counters.
    pub freq: u64,
    /// Keys whose counter says that they were hardly used: up to 5, with which a new key begins.
    pub cold: Share,
}

/// With this counter a new key begins.
const NEW: u8 = 5;

impl Usage {
    /// Adds a key.
    #[inline(never)]
    pub(super) fn add(&mut self, bytes: Size, idle_s: Option<u64>, freq: Option<u8>) {
        if let Some(idle_s) = idle_s {
            let place = IDLE_S.iter().filter(|least| idle_s >= **least).count();
            if let Some(share) = self.idle.get_mut(place) {
                share.add(bytes);
            }
            self.idle_s = self.idle_s.saturating_add(idle_s);
        }
        if let Some(freq) = freq {
            self.counted.add(bytes);
            self.freq = self.freq.saturating_add(u64::from(freq));
            if freq <= NEW {
                self.cold.add(bytes);
            }
        }
    }

    /// Adds what others do.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.idle.iter_mut().zip(other.idle) {
            *mine += theirs;
        }
        self.idle_s = self.idle_s.saturating_add(other.idle_s);
        self.counted += other.counted;
        self.freq = self.freq.saturating_add(other.freq);
        self.cold += other.cold;
    }

    /// Keys with an idle time.
    #[must_use]
    pub fn timed(&self) -> Share {
        self.idle.iter().fold(Share::default(), |mut all, share| {
            all += *share;
            all
        })
    }

    /// What was idle for a day, a week, a month and longer, each with what follows.
    #[must_use]
    pub fn idle_from(&self) -> [Share; 3] {
        let [_, day, week, month] = self.idle;
        let mut from_week = month;
        from_week += week;
        let mut from_day = from_week;
        from_day += day;
        [from_day, from_week, month]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_idle_time_has_its_place() {
        let mut usage = Usage::default();
        for (idle_s, bytes) in [(0, 1), (DAY_S - 1, 2), (DAY_S, 4), (7 * DAY_S, 8), (u64::MAX, 16)]
        {
            usage.add(Size::bytes(bytes), Some(idle_s), None);
        }
        usage.add(Size::bytes(32), None, Some(5));
        usage.add(Size::bytes(64), None, Some(255));
        assert_eq!(usage.idle.map(|share| share.bytes.floor()), [3, 4, 8, 16]);
        assert_eq!(usage.idle_from().map(|share| share.bytes.floor()), [28, 24, 16]);
        assert_eq!(usage.timed(), Share { keys: 5, bytes: Size::bytes(31) });
        assert_eq!((usage.counted.keys, usage.freq, usage.cold.bytes), (2, 260, Size::bytes(32)));
        let mut twice = usage;
        twice.merge(&usage);
        assert_eq!((twice.timed().keys, twice.freq, twice.idle_s), (10, 520, u64::MAX));
    }
}
