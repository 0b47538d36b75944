//! Progress on standard error: bars where a person looks on, and else a line now and then.

use std::time::{Duration, Instant};

use corsai_protocol::Stage;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a line is written where there is no terminal.
const PACE: Duration = Duration::from_secs(2);

/// Steps of one study in a bar over many.
pub const STEPS: u64 = 1000;
/// What part of a study's time its lungs take, about: half of a quick answer's, little of a full
/// one's.
const LUNGS_PART: f64 = 0.3;

/// Returns the name of a stage.
const fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Lungs => "lungs",
        _ => "lesions",
    }
}

/// Returns a bar with a template; hidden where standard error is no terminal.
pub fn bar(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("invariant: the template is written here");
    ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr()).with_style(style)
}

/// Progress of one study that is measured by itself.
#[derive(Debug)]
pub struct StudyProgress {
    bar: ProgressBar,
    told: Option<(Stage, Instant)>,
}

impl StudyProgress {
    pub fn new() -> Self {
        Self { bar: bar(0, "{msg:8} {wide_bar} {pos} of {len}, {eta} left"), told: None }
    }

    /// Shows how many runs of networks on slices are done in a stage.
    pub fn show(&mut self, stage: Stage, done: usize, total: usize) {
        if !self.bar.is_hidden() {
            if self.told.is_none_or(|(told, _)| told != stage) {
                self.bar.reset();
                self.told = Some((stage, Instant::now()));
            }
            self.bar.set_message(name(stage));
            self.bar.set_length(total as u64);
            self.bar.set_position(done as u64);
            return;
        }
        if self.told.is_some_and(|(told, when)| told == stage && when.elapsed() < PACE) {
            return;
        }
        eprintln!("{}: {done} of {total}", name(stage));
        self.told = Some((stage, Instant::now()));
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Returns how many of a study's [`STEPS`] are done.
pub fn steps(stage: Stage, done: usize, total: usize) -> u64 {
    let part = if total == 0 { 0.0 } else { done as f64 / total as f64 };
    let of_study = match stage {
        Stage::Lungs => LUNGS_PART * part,
        _ => LUNGS_PART + (1.0 - LUNGS_PART) * part,
    };
    (of_study * STEPS as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_goes_from_no_step_to_all() {
        let all = [steps(Stage::Lungs, 0, 10), steps(Stage::Lungs, 10, 10), steps(Stage::Lesions, 0, 4)];
        assert_eq!(all, [0, 300, 300]);
        assert_eq!(steps(Stage::Lesions, 4, 4), STEPS);
        assert_eq!(steps(Stage::Lungs, 0, 0), 0);
    }
}
