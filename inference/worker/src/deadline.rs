//! How long a compute worker may work without an answer before it counts as hung. Pure: the caller
//! gives the time.

use std::collections::{BTreeMap, VecDeque};

use web_time::{Duration, Instant};

/// A job may take this many times the median of its kind.
const FACTOR: u32 = 10;
/// And always this long: on a busy computer one job may take much longer than the others.
const LEAST: Duration = Duration::from_mins(1);
/// The limit for a kind of job of which none has ended yet; a slow phone takes less for a network's
/// weights and one slice.
const FIRST: Duration = Duration::from_mins(5);
/// Durations that the median is taken of.
const RECENT: usize = 31;
/// The most that counts between two readings of the clock.
const LONGEST_STEP: Duration = Duration::from_secs(10);

/// Time that this worker was awake. It is read at least once a second while an answer is awaited;
/// what goes beyond [`LONGEST_STEP`] between two readings is a computer that slept, or a tab that
/// was frozen, and its compute workers with it.
#[derive(Debug)]
pub struct AwakeClock {
    last: Instant,
    awake: Duration,
}

impl AwakeClock {
    pub const fn new(now: Instant) -> Self {
        Self { last: now, awake: Duration::ZERO }
    }

    /// Time awake since the clock was made.
    pub fn read(&mut self, now: Instant) -> Duration {
        self.awake += now.saturating_duration_since(self.last).min(LONGEST_STEP);
        self.last = now;
        self.awake
    }
}

/// How the limit of a job's time is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLimit {
    /// A multiple of the median of its kind.
    Median,
    /// Always the same.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "the GPU's"))]
    Fixed(Duration),
}

/// How long the last jobs of each kind took.
#[derive(Debug)]
pub struct JobTimes {
    limit: TimeLimit,
    times: BTreeMap<usize, VecDeque<Duration>>,
}

impl JobTimes {
    /// Without any job.
    pub const fn new(limit: TimeLimit) -> Self {
        Self { limit, times: BTreeMap::new() }
    }

    /// A job of this kind took this long.
    pub fn add(&mut self, kind: usize, took: Duration) {
        let times = self.times.entry(kind).or_default();
        times.push_back(took);
        if times.len() > RECENT {
            times.pop_front();
        }
    }

    /// How long a job of this kind may take.
    pub fn limit(&self, kind: usize) -> Duration {
        if let TimeLimit::Fixed(limit) = self.limit {
            return limit;
        }
        let mut times: Vec<Duration> = self.times.get(&kind).into_iter().flatten().copied().collect();
        times.sort_unstable();
        times.get(times.len() / 2).map_or(FIRST, |median| LEAST.max(*median * FACTOR))
    }

    /// How long a compute worker may take to start.
    pub const fn start_limit() -> Duration {
        FIRST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn the_limit_is_a_multiple_of_the_median_but_never_short() {
        let mut times = JobTimes::new(TimeLimit::Median);
        assert_eq!(times.limit(0), seconds(300));
        times.add(0, Duration::from_millis(200));
        assert_eq!(times.limit(0), seconds(60));
        assert_eq!(times.limit(1), seconds(300), "of this kind none has ended");
        times.add(1, seconds(20));
        times.add(1, seconds(500));
        times.add(1, seconds(30));
        assert_eq!(times.limit(1), seconds(300));
        times.add(2, seconds(40));
        assert_eq!(times.limit(2), seconds(400));
    }

    #[test]
    fn the_median_is_of_the_last_ones() {
        let mut times = JobTimes::new(TimeLimit::Median);
        (0..40).for_each(|_| times.add(0, seconds(100)));
        assert_eq!(times.limit(0), seconds(1000));
        (0..20).for_each(|_| times.add(0, seconds(1)));
        assert_eq!(times.limit(0), seconds(60));
    }

    #[test]
    fn a_computer_that_sleeps_lets_no_time_pass() {
        let begun = Instant::now();
        let mut clock = AwakeClock::new(begun);
        assert_eq!(clock.read(begun + seconds(1)), seconds(1));
        assert_eq!(clock.read(begun + seconds(36_001)), seconds(11));
        assert_eq!(clock.read(begun + seconds(36_002)), seconds(12));
        assert_eq!(clock.read(begun), seconds(12), "nor one whose clock goes back");
    }
}
