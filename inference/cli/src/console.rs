//! Standard error: messages, progress bars and log lines, none of which garbles another.

use std::{
    env,
    fmt::Display,
    io::{self, Write},
    sync::LazyLock,
    time::{Duration, Instant},
};

use corsai_language::message;
use corsai_protocol::Stage;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer,
    filter::{ParseError, Targets},
    fmt::{self, format::FmtSpan, time::uptime},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::locale::language;

/// Time between two progress lines where standard error is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(2);

/// Steps of one study in a bar over many.
pub const STUDY_STEPS: u64 = 1000;

/// Approximate part of a study's time that its lungs take: half of a quick answer's, little of a
/// full one's.
const LUNG_PART: f64 = 0.3;

/// All bars that are drawn.
static BARS: LazyLock<MultiProgress> = LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));

/// Writes a line; bars are redrawn below it.
pub fn message(text: impl Display) {
    BARS.suspend(|| eprintln!("{text}"));
}

/// Begins logging as `RUST_LOG` asks, for example `corsai=debug`; without it only warnings and
/// errors of CoRSAI's own crates are logged.
pub fn start_logging() {
    let default = || Targets::new().with_target("corsai", LevelFilter::WARN);
    let filter = match env::var("RUST_LOG") {
        Ok(text) if !text.is_empty() => text.parse().unwrap_or_else(|error: ParseError| {
            message(message!(language(), "log-not-understood", error = error.to_string()));
            default()
        }),
        _ => default(),
    };
    // A span's end is logged with its fields and its time.
    let lines = fmt::layer().with_writer(|| LogWriter).with_timer(uptime()).with_ansi(false);
    let lines = lines.with_span_events(FmtSpan::CLOSE).with_filter(filter);
    tracing_subscriber::registry().with(lines).init();
}

/// Writes log lines above the bars.
#[derive(Debug)]
struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| io::stderr().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Returns a progress bar; hidden where standard error is no terminal.
pub fn progress_bar(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("invariant: the template is valid");
    BARS.add(ProgressBar::new(length).with_style(style))
}

/// Progress of one study that is measured by itself.
#[derive(Debug)]
pub struct StudyProgress {
    bar: ProgressBar,
    /// The stage that was shown last, and when.
    shown: Option<(Stage, Instant)>,
}

impl StudyProgress {
    /// Returns progress that nothing has been shown of.
    pub fn new() -> Self {
        Self { bar: progress_bar(0, "{msg:9} {wide_bar} {pos} / {len}, {eta}"), shown: None }
    }

    /// Shows the number of completed network runs in a stage, where a run is one network on one
    /// slice.
    pub fn show(&mut self, stage: Stage, completed: usize, total: usize) {
        let same_stage = self.shown.filter(|(shown, _)| *shown == stage);
        if !self.bar.is_hidden() {
            if same_stage.is_none() {
                self.bar.reset();
                self.shown = Some((stage, Instant::now()));
            }
            self.bar.set_message(stage_name(stage));
            self.bar.set_length(total as u64);
            self.bar.set_position(completed as u64);
        } else if same_stage.is_none_or(|(_, when)| when.elapsed() >= LINE_INTERVAL) {
            message(message!(
                language(),
                "stage-progress",
                stage = stage_name(stage),
                completed = completed,
                total = total
            ));
            self.shown = Some((stage, Instant::now()));
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Returns the name of a stage.
pub fn stage_name(stage: Stage) -> String {
    language().text(match stage {
        Stage::Lungs => "stage-lungs",
        _ => "stage-lesions",
    })
}

/// Returns the number of completed steps of a study, 0..=[`STUDY_STEPS`].
pub fn study_steps(stage: Stage, completed: usize, total: usize) -> u64 {
    let part = if total == 0 { 0.0 } else { completed as f64 / total as f64 };
    let of_study = match stage {
        Stage::Lungs => LUNG_PART * part,
        _ => LUNG_PART + (1.0 - LUNG_PART) * part,
    };
    (of_study * STUDY_STEPS as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_goes_from_no_step_to_all() {
        let all =
            [study_steps(Stage::Lungs, 0, 10), study_steps(Stage::Lungs, 10, 10), study_steps(Stage::Lesions, 0, 4)];
        assert_eq!(all, [0, 300, 300]);
        assert_eq!(study_steps(Stage::Lesions, 4, 4), STUDY_STEPS);
        assert_eq!(study_steps(Stage::Lungs, 0, 0), 0);
    }
}
