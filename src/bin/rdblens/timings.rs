//! `--timings`: how long reading took, and what more cores would give.

use rdblens::groups::Timings;
use std::fmt::Write as _;
use std::time::Duration;

/// Numbers of cores for which the time is derived.
const CORES: [u32; 4] = [1, 8, 32, 64];

/// What was read, and how long each part of it took.
#[derive(Debug)]
pub struct Reading<'r> {
    /// Bytes of the snapshot.
    pub bytes: u64,
    /// Keys that were counted.
    pub keys: u64,
    /// The threads' times.
    pub timings: &'r Timings,
    /// How long all threads looked at keys a second time, had they shared that evenly.
    pub together: Duration,
    /// All else: what one thread did, the head, the report, and what others waited for meanwhile.
    pub alone: Duration,
}

impl Reading<'_> {
    /// The text for standard error.
    pub fn text(&self) -> String {
        let Timings { wall, busy, read, closed, dropped, redone, serial } = self.timings;
        let mut text = String::new();
        let mut line = |line: std::fmt::Arguments<'_>| {
            // writing to a String does not fail
            let _ = writeln!(text, "{line}");
        };
        let all = *wall + self.together + self.alone;
        let rate = |n: u64| n as f64 / all.as_secs_f64().max(1e-9) / 1e6;
        line(format_args!(
            "read {} bytes, {} keys in {:.3} s: {:.0} MB/s, {:.2} million keys/s",
            self.bytes,
            self.keys,
            all.as_secs_f64(),
            rate(self.bytes),
            rate(self.keys)
        ));
        for (i, (busy, read)) in busy.iter().zip(read).enumerate() {
            let waiting = wall.saturating_sub(*busy);
            line(format_args!(
                "thread {i}: busy {:.3} s, waiting {:.3} s, {read} bytes",
                busy.as_secs_f64(),
                waiting.as_secs_f64()
            ));
        }
        line(format_args!("stretches: {closed} counted, {dropped} dropped, {redone} bytes redone"));
        line(format_args!("second look: {:.4} s, all threads", self.together.as_secs_f64()));
        let serial = *serial + self.alone;
        line(format_args!("serial: {:.4} s", serial.as_secs_f64()));
        let threads = u32::try_from(busy.len()).unwrap_or(1);
        let work = busy.iter().sum::<Duration>() + self.together * threads;
        for cores in CORES {
            let time = serial + work / cores;
            line(format_args!("{cores} cores: {:.4} s, if memory keeps up", time.as_secs_f64()));
        }
        text
    }
}
