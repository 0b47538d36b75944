//! How far a stage has come, and how long it will take; told to the page often enough to move and not more often.

use corsai_protocol::{Event, Progress, RunId, Slot, Stage};
use web_time::{Duration, Instant};

use crate::outbox;

const BETWEEN: Duration = Duration::from_millis(100);
/// No guess before a stage has run this long.
const GUESS: Duration = Duration::from_millis(500);

/// One stage's progress.
#[derive(Debug)]
pub struct Pace {
    run: RunId,
    slot: Slot,
    stage: Stage,
    begun: Instant,
    told: Option<Instant>,
}

impl Pace {
    pub fn begin(run: RunId, slot: Slot, stage: Stage) -> Self {
        Self { run, slot, stage, begun: Instant::now(), told: None }
    }

    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Tells the page, unless it was just told; the end is always told.
    pub fn reached(&mut self, done: usize, total: usize) {
        let now = Instant::now();
        if self.told.is_some_and(|told| now - told < BETWEEN) && done < total {
            return;
        }
        self.told = Some(now);
        let elapsed = now - self.begun;
        let seconds_left = (done > 0 && elapsed >= GUESS)
            .then(|| elapsed.as_secs_f64() / done as f64 * total.saturating_sub(done) as f64);
        let progress = Progress { stage: self.stage, done: count(done), total: count(total), seconds_left };
        outbox::post(&Event::Progress { run: self.run, slot: self.slot, progress });
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
