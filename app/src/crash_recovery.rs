//! What it takes to continue when a worker crashes. Over a study: its file handles, while it is
//! open, and the networks' answers, while they compute. Without a study, at its start: a count, so
//! that it isn't restarted for ever.

use corsai_protocol::{AnalysisOptions, AnswerKey, Command, PhantomRequest, RunId, SeriesId, StudySlot};
use corsai_report::Issue;
use js_sys::ArrayBuffer;
use wasm_bindgen::JsValue;

/// Crashes over one study after which it is given up. After the last but one the CPU computes.
const CRASHES_MAX: u32 = 3;

/// Most bytes of answers that are stored for a next worker: the quick answer of about 600 slices.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// The source of a study.
#[derive(Debug, Clone)]
pub enum StudySource {
    /// Files of this computer. Nothing of them is read here.
    Files {
        /// Their paths within the drop.
        names: Vec<String>,
        /// A `File` for each name.
        files: Vec<JsValue>,
        /// The issue of files and folders that the browser could not hand out.
        missing: Option<Issue>,
    },
    /// The synthetic patient.
    Phantom(PhantomRequest),
}

impl StudySource {
    /// Returns the command that opens the study, and the objects beside it.
    pub fn command(self, run: RunId, slot: StudySlot) -> (Command, Vec<JsValue>) {
        match self {
            Self::Files { names, files, .. } => (Command::Open { run, slot, names }, files),
            Self::Phantom(date) => (Command::OpenPhantom { run, slot, date }, Vec::new()),
        }
    }

    /// Returns the issue to show beside the study's numbers, where not all of it could be opened.
    pub fn missing_files(&self) -> Option<Issue> {
        match self {
            Self::Files { missing, .. } => missing.clone(),
            Self::Phantom(_) => None,
        }
    }
}

/// What it takes to open one study again.
#[derive(Debug)]
pub struct RecoveryPlan {
    source: StudySource,
    /// How much to compute.
    pub options: AnalysisOptions,
    /// The series to measure, where one was being measured.
    series: Option<SeriesId>,
    crashes: u32,
    /// The networks' answers so far.
    answers: Vec<(AnswerKey, ArrayBuffer)>,
    bytes: u64,
}

impl RecoveryPlan {
    /// Returns a plan without a series or answers.
    pub const fn new(source: StudySource, options: AnalysisOptions) -> Self {
        Self { source, options, series: None, crashes: 0, answers: Vec::new(), bytes: 0 }
    }

    /// Returns the study's source.
    pub fn source(&self) -> StudySource {
        self.source.clone()
    }

    /// Stores an answer while there is room.
    pub fn store_answer(&mut self, answered: AnswerKey, answer: ArrayBuffer) {
        let bytes = self.bytes + u64::from(answer.byte_length());
        if bytes <= ANSWER_BYTES_MAX {
            self.bytes = bytes;
            self.answers.push((answered, answer));
        }
    }

    /// Returns the command that hands the stored answers to the next worker, and the buffers beside
    /// it.
    pub fn answers(&self) -> (Command, Vec<JsValue>) {
        let of = self.answers.iter().map(|(of, _)| of.clone()).collect();
        (Command::Answers { keys: of }, self.answers.iter().map(|(_, answer)| answer.into()).collect())
    }
}

/// The plans of the open studies.
#[derive(Debug, Default)]
pub struct RecoveryPlans {
    current: Option<RecoveryPlan>,
    previous: Option<RecoveryPlan>,
}

impl RecoveryPlans {
    /// Returns a study's plan.
    pub const fn plan(&mut self, slot: StudySlot) -> &mut Option<RecoveryPlan> {
        match slot {
            StudySlot::Current => &mut self.current,
            StudySlot::Previous => &mut self.previous,
        }
    }

    /// Counts a crash over this study. Returns whether the next worker has to compute on the CPU,
    /// or `None` after too many crashes: the study is given up.
    pub fn on_crash(&mut self, slot: StudySlot) -> Option<bool> {
        let plan = self.plan(slot).as_mut()?;
        plan.crashes += 1;
        (plan.crashes < CRASHES_MAX).then_some(plan.crashes + 1 >= CRASHES_MAX)
    }

    /// Forgets the crashes, since the person asks for the study again; with `options`, these
    /// replace the earlier ones.
    pub fn reset_crashes(&mut self, slot: StudySlot, options: Option<AnalysisOptions>) {
        if let Some(plan) = self.plan(slot) {
            plan.crashes = 0;
            plan.options = options.unwrap_or(plan.options);
        }
    }

    /// Sets the series to measure when the study is opened again. `None` keeps the last one.
    pub fn set_series(&mut self, slot: StudySlot, series: Option<SeriesId>) {
        if let Some(plan) = self.plan(slot) {
            plan.series = series.or(plan.series);
        }
    }

    /// Returns the series to measure after the study was opened again, and forgets it.
    pub fn take_series(&mut self, slot: StudySlot) -> Option<SeriesId> {
        self.plan(slot).as_mut()?.series.take()
    }

    /// Drops the answers: nothing is being computed that a next worker could continue.
    pub fn forget_answers(&mut self) {
        for plan in [&mut self.current, &mut self.previous].into_iter().flatten() {
            plan.answers = Vec::new();
            plan.bytes = 0;
        }
    }
}

/// Counts the workers that crashed one after another without a study, before they had chosen a
/// device.
#[derive(Debug, Default)]
pub struct RestartBudget {
    crashes: u32,
}

impl RestartBudget {
    /// Counts a crash. Returns whether the next worker has to compute on the CPU, or `None` after
    /// too many crashes: no further worker starts.
    pub fn on_crash(&mut self) -> Option<bool> {
        self.crashes += 1;
        (self.crashes < CRASHES_MAX).then_some(self.crashes + 1 >= CRASHES_MAX)
    }

    /// Forgets the crashes: a worker has chosen a device.
    pub const fn reset(&mut self) {
        self.crashes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans() -> RecoveryPlans {
        let date = PhantomRequest { yyyymmdd: 20_200_406, share_left: 0.1, share_right: 0.2 };
        let plan = || Some(RecoveryPlan::new(StudySource::Phantom(date), AnalysisOptions::default()));
        RecoveryPlans { current: plan(), previous: plan() }
    }

    #[test]
    fn after_two_crashes_the_cpu_computes_and_after_three_the_study_is_given_up() {
        let mut plans = plans();
        let crashes = [
            plans.on_crash(StudySlot::Current),
            plans.on_crash(StudySlot::Current),
            plans.on_crash(StudySlot::Current),
        ];
        assert_eq!(crashes, [Some(false), Some(true), None]);
        assert_eq!(plans.on_crash(StudySlot::Previous), Some(false), "the other study isn't crash_suspect");
        plans.reset_crashes(StudySlot::Current, None);
        assert_eq!(plans.on_crash(StudySlot::Current), Some(false), "the person has asked for it again");
    }

    #[test]
    fn the_measured_series_is_restored_once() {
        let mut plans = plans();
        plans.set_series(StudySlot::Current, Some(SeriesId(4)));
        plans.set_series(StudySlot::Current, None);
        assert_eq!(plans.take_series(StudySlot::Previous), None);
        assert_eq!(plans.take_series(StudySlot::Current), Some(SeriesId(4)), "a second crash finds none chosen yet");
        assert_eq!(plans.take_series(StudySlot::Current), None);
    }

    #[test]
    fn a_worker_that_can_choose_no_device_is_not_restarted_for_ever() {
        let mut budget = RestartBudget::default();
        assert_eq!([budget.on_crash(), budget.on_crash(), budget.on_crash()], [Some(false), Some(true), None]);
        budget.reset();
        assert_eq!(budget.on_crash(), Some(false));
    }
}
