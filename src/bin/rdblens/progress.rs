//! A bar on standard error while a large snapshot is read.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// What takes less needs no bar.
const PATIENCE: Duration = Duration::from_millis(400);
const STEP: Duration = Duration::from_millis(100);

/// Takes a bar off the line that it may stand on. It is there as long as the work is, of which the result that is
/// written is a part.
pub const CLEAR: &str = "\r\x1b[2K";

/// Does `work`, which counts the bytes that are done, and meanwhile shows how many of `total` they
/// are, if `shown`. Nothing of the bar is left behind.
pub fn with<T>(shown: bool, total: u64, work: impl FnOnce(&AtomicU64) -> T) -> T {
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    if !shown {
        return work(&done);
    }
    thread::scope(|scope| {
        let bar = scope.spawn(|| watch(total, &done, &over));
        let result = work(&done);
        over.store(true, Ordering::Release);
        bar.thread().unpark();
        result
    })
}

fn watch(total: u64, done: &AtomicU64, over: &AtomicBool) {
    thread::park_timeout(PATIENCE);
    if over.load(Ordering::Acquire) {
        return;
    }
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = "{wide_bar} {percent} %  {binary_bytes_per_sec}  {eta} left ";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style.progress_chars("=> "));
    }
    while !over.load(Ordering::Acquire) {
        bar.set_position(done.load(Ordering::Relaxed));
        thread::park_timeout(STEP);
    }
    bar.finish_and_clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_done_with_and_without_a_bar() {
        for shown in [false, true] {
            let count = |done: &AtomicU64| done.fetch_add(7, Ordering::Relaxed) + 7;
            assert_eq!(with(shown, 10, count), 7);
        }
    }
}
