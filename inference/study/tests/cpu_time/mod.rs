//! CPU time of the current thread, for tests with a time limit.

use std::{
    fs,
    sync::LazyLock,
    time::{Duration, Instant},
};

/// Returns the CPU time of this thread where the system counts it, else the time since the first
/// call: other programs on a busy machine don't count.
pub fn computed() -> Duration {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next().and_then(|number| number.parse().ok()));
    nanoseconds.map_or_else(|| BEGUN.elapsed(), Duration::from_nanos)
}
