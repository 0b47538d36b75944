//! A stage's progress and the time that is left, throttled.
//!
//! The page takes progress for a sign of life: progress that has not advanced isn't posted again.

use corsai_protocol::{Event, Progress, Stage};
use web_time::{Duration, Instant};

use crate::{page_events, session::RunKey};

/// Shortest interval between two posts.
const INTERVAL: Duration = Duration::from_millis(100);
/// The time left is estimated once a stage has run this long.
const MIN_ELAPSED: Duration = Duration::from_millis(500);

/// Posts one stage's progress to the page.
#[derive(Debug)]
pub struct ProgressReporter {
    key: RunKey,
    stage: Stage,
    begun: Instant,
    posted: Option<Posted>,
}

/// The last post.
#[derive(Debug, Clone, Copy)]
struct Posted {
    at: Instant,
    done: usize,
    total: usize,
}

impl ProgressReporter {
    /// Begins a stage now.
    pub fn new(key: RunKey, stage: Stage) -> Self {
        Self { key, stage, begun: Instant::now(), posted: None }
    }

    /// Returns the stage.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Posts the next progress even where nothing has advanced: the page was told of another stage
    /// meanwhile.
    pub fn report_again(&mut self) {
        self.posted = None;
    }

    /// Posts progress, unless nothing has advanced or the last post was just now; the end is always
    /// posted.
    pub fn report(&mut self, done: usize, total: usize) {
        if let Some(progress) = self.next(done, total, Instant::now()) {
            let (run, slot) = self.key;
            page_events::post(&Event::Progress { run, slot, progress });
        }
    }

    fn next(&mut self, done: usize, total: usize, now: Instant) -> Option<Progress> {
        if let Some(posted) = self.posted {
            let soon = now.saturating_duration_since(posted.at) < INTERVAL && done < total;
            if soon || (posted.done, posted.total) == (done, total) {
                return None;
            }
        }
        self.posted = Some(Posted { at: now, done, total });
        let elapsed = now.saturating_duration_since(self.begun);
        let seconds_left = (done > 0 && elapsed >= MIN_ELAPSED)
            .then(|| elapsed.as_secs_f64() / done as f64 * total.saturating_sub(done) as f64);
        Some(Progress { stage: self.stage, done: count(done), total: count(total), seconds_left })
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use corsai_protocol::{RunId, StudySlot};

    use super::*;

    fn reporter() -> (ProgressReporter, Instant) {
        let reporter = ProgressReporter::new((RunId(1), StudySlot::Current), Stage::Lesions);
        let begun = reporter.begun;
        (reporter, begun)
    }

    #[test]
    fn what_has_not_advanced_is_not_told_again() {
        let (mut reporter, begun) = reporter();
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert!(reporter.next(3, 10, at(1)).is_some());
        assert!((2..100).all(|second| reporter.next(3, 10, at(second)).is_none()), "it would pass for life");
        assert!(reporter.next(4, 10, at(100)).is_some());
        assert!(reporter.next(4, 12, at(101)).is_some(), "there is more to do");
        reporter.report_again();
        assert!(reporter.next(4, 12, at(102)).is_some());
    }

    #[test]
    fn not_every_step_is_told_but_the_end_is() {
        let (mut reporter, begun) = reporter();
        let told = (0..=1000).filter(|done| {
            let now = begun + Duration::from_millis(*done as u64);
            reporter.next(*done, 1000, now).is_some()
        });
        assert_eq!(told.collect::<Vec<_>>(), [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    }

    #[test]
    fn the_time_left_follows_from_the_pace() {
        let (mut reporter, begun) = reporter();
        assert_eq!(reporter.next(1, 100, begun + Duration::from_millis(400)).unwrap().seconds_left, None);
        let progress = reporter.next(10, 100, begun + Duration::from_secs(20)).unwrap();
        assert_eq!((progress.done, progress.total, progress.seconds_left), (10, 100, Some(180.0)));
        assert_eq!(reporter.next(100, 100, begun + Duration::from_secs(200)).unwrap().seconds_left, Some(0.0));
    }
}
