//! How far a stage has come, and how long it will take; told to the page often enough to move and not more often.
//!
//! The page takes progress for life: what has not advanced isn't told again.

use corsai_protocol::{Event, Progress, RunId, Stage, StudySlot};
use web_time::{Duration, Instant};

use crate::page_events;

const BETWEEN: Duration = Duration::from_millis(100);
/// No guess before a stage has run this long.
const GUESS: Duration = Duration::from_millis(500);

/// One stage's progress.
#[derive(Debug)]
pub struct ProgressReporter {
    run: RunId,
    slot: StudySlot,
    stage: Stage,
    begun: Instant,
    told: Option<Told>,
}

/// What the page was told last, and when.
#[derive(Debug, Clone, Copy)]
struct Told {
    at: Instant,
    done: usize,
    total: usize,
}

impl ProgressReporter {
    pub fn begin(run: RunId, slot: StudySlot, stage: Stage) -> Self {
        Self { run, slot, stage, begun: Instant::now(), told: None }
    }

    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// The page was told of another stage meanwhile: the next progress is told even where nothing
    /// has advanced.
    pub fn tell_again(&mut self) {
        self.told = None;
    }

    /// Tells the page, unless nothing has advanced or it was just told; the end is always told.
    pub fn reached(&mut self, done: usize, total: usize) {
        if let Some(progress) = self.news(done, total, Instant::now()) {
            page_events::post(&Event::Progress { run: self.run, slot: self.slot, progress });
        }
    }

    fn news(&mut self, done: usize, total: usize, now: Instant) -> Option<Progress> {
        if let Some(told) = self.told {
            let soon = now.saturating_duration_since(told.at) < BETWEEN && done < total;
            if soon || (told.done, told.total) == (done, total) {
                return None;
            }
        }
        self.told = Some(Told { at: now, done, total });
        let elapsed = now.saturating_duration_since(self.begun);
        let seconds_left = (done > 0 && elapsed >= GUESS)
            .then(|| elapsed.as_secs_f64() / done as f64 * total.saturating_sub(done) as f64);
        Some(Progress { stage: self.stage, done: count(done), total: count(total), seconds_left })
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> (ProgressReporter, Instant) {
        let pace = ProgressReporter::begin(RunId(1), StudySlot::Current, Stage::Lesions);
        let begun = pace.begun;
        (pace, begun)
    }

    #[test]
    fn what_has_not_advanced_is_not_told_again() {
        let (mut pace, begun) = pace();
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert!(pace.news(3, 10, at(1)).is_some());
        assert!((2..100).all(|second| pace.news(3, 10, at(second)).is_none()), "it would pass for life");
        assert!(pace.news(4, 10, at(100)).is_some());
        assert!(pace.news(4, 12, at(101)).is_some(), "there is more to do");
        pace.tell_again();
        assert!(pace.news(4, 12, at(102)).is_some());
    }

    #[test]
    fn not_every_step_is_told_but_the_end_is() {
        let (mut pace, begun) = pace();
        let told = (0..=1000).filter(|done| {
            let now = begun + Duration::from_millis(*done as u64);
            pace.news(*done, 1000, now).is_some()
        });
        assert_eq!(told.collect::<Vec<_>>(), [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    }

    #[test]
    fn the_time_left_follows_from_the_pace() {
        let (mut pace, begun) = pace();
        assert_eq!(pace.news(1, 100, begun + Duration::from_millis(400)).unwrap().seconds_left, None);
        let progress = pace.news(10, 100, begun + Duration::from_secs(20)).unwrap();
        assert_eq!((progress.done, progress.total, progress.seconds_left), (10, 100, Some(180.0)));
        assert_eq!(pace.news(100, 100, begun + Duration::from_secs(200)).unwrap().seconds_left, Some(0.0));
    }
}
