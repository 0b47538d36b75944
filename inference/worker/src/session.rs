//! The data of a session: the two studies, their slices, analyses and numbers.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use corsai_ensemble::Analysis;
use corsai_findings::{ComparedStudy, same_instances};
use corsai_manifest::Manifest;
use corsai_protocol::{AnalysisOptions, RunId, SeriesSummary, StudySlot};
use corsai_report::{Issue, Report, Tier};
use corsai_study::{SeriesList, VolumeDecoder};
use futures_channel::oneshot;
use wasm_bindgen::JsValue;

/// A run, and the study that it works on.
pub type RunKey = (RunId, StudySlot);

/// A study's analysis and the rest of what its numbers rest on.
#[derive(Debug)]
pub struct AnalysisSession {
    /// The networks.
    pub manifest: Manifest,
    /// The series.
    pub series: SeriesSummary,
    /// The volume, the masks and the jobs.
    pub analysis: RefCell<Analysis>,
    /// Digest of the volume's voxels.
    pub voxels_key: u64,
    /// The options that the analysis began with.
    pub options: AnalysisOptions,
    /// Issues of the series and of the drop.
    pub issues: Vec<Issue>,
    /// Time spent on the analysis so far.
    pub seconds: Cell<f64>,
}

/// Where a study's slices are.
#[derive(Debug, Default)]
pub enum SlicePixels {
    /// No slice is decoded.
    #[default]
    None,
    /// Some slices are decoded; `None` inside once the volume was taken.
    Decoding(Rc<RefCell<Option<VolumeDecoder>>>),
    /// All slices, with their masks.
    Analysis(Rc<AnalysisSession>),
}

/// A study's numbers and the series that was measured.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// The run that measured.
    pub run: RunId,
    /// The series.
    pub series: SeriesSummary,
    /// Digest of the volume's voxels.
    pub voxels_key: u64,
    /// Complete answers by tier, without dynamics; at least one.
    pub answers: BTreeMap<Tier, Report>,
}

/// One of the two studies.
#[derive(Debug, Default)]
pub struct Study {
    /// The run that works on the study, or did so last.
    pub run: RunId,
    /// Ends the run: as cancelled when a message is sent, silently when dropped.
    pub stop: Option<oneshot::Sender<()>>,
    /// The tier that the run goes on to, once that is known and until the run ends.
    pub target: Option<Tier>,
    /// A person has confirmed that the earlier study is of the current one's patient.
    pub same_patient: bool,
    /// The series of the drop.
    pub opened: Option<Rc<SeriesList>>,
    /// The files of the drop, in the order in which they were read.
    pub files: Rc<Vec<JsValue>>,
    /// The slices.
    pub pixels: SlicePixels,
    /// The numbers.
    pub measurement: Option<Measurement>,
}

impl Study {
    /// Returns the analysis, once there is one.
    pub fn analysis(&self) -> Option<Rc<AnalysisSession>> {
        match &self.pixels {
            SlicePixels::Analysis(session) => Some(Rc::clone(session)),
            _ => None,
        }
    }

    /// Returns the highest tier that has answered.
    pub fn highest_tier(&self) -> Option<Tier> {
        self.measurement.as_ref()?.answers.keys().next_back().copied()
    }

    /// Returns the numbers for a comparison.
    pub fn compared(&self) -> Option<ComparedStudy<'_>> {
        let Measurement { series, voxels_key, answers, .. } = self.measurement.as_ref()?;
        let refines = self.target > self.highest_tier();
        Some(ComparedStudy { series, voxels_key: *voxels_key, answers, refines })
    }

    /// Cancels this run of the study while it goes on. What was opened, decoded and measured stays.
    pub fn cancel(&mut self, run: RunId) {
        if self.run == run
            && let Some(stop) = self.stop.take()
        {
            let _ = stop.send(());
        }
    }
}

/// The study under examination and the earlier one.
#[derive(Debug, Default)]
pub struct Studies {
    current: RefCell<Study>,
    previous: RefCell<Study>,
}

impl Studies {
    /// Returns a slot's study.
    pub const fn of(&self, slot: StudySlot) -> &RefCell<Study> {
        match slot {
            StudySlot::Current => &self.current,
            StudySlot::Previous => &self.previous,
        }
    }

    /// Begins a run on another study. Returns the receiver of the run's stop.
    pub fn begin(&self, (run, slot): RunKey, study: Study) -> oneshot::Receiver<()> {
        let (stop, stopped) = oneshot::channel();
        *self.of(slot).borrow_mut() = Study { run, stop: Some(stop), ..study };
        // A confirmation holds for the two studies that were there.
        self.previous.borrow_mut().same_patient = false;
        stopped
    }

    /// Begins a run that goes on with the slot's study, in place of the run before. Returns the
    /// receiver of the run's stop.
    pub fn resume(&self, (run, slot): RunKey) -> oneshot::Receiver<()> {
        let (stop, stopped) = oneshot::channel();
        let mut study = self.of(slot).borrow_mut();
        (study.run, study.stop) = (run, Some(stop));
        if let Some(measurement) = &mut study.measurement {
            measurement.run = run;
        }
        stopped
    }

    /// Cancels a run.
    pub fn cancel(&self, run: RunId) {
        for study in [&self.current, &self.previous] {
            study.borrow_mut().cancel(run);
        }
    }

    /// Returns the options for a slot's analysis: the settings, but for an earlier study those of
    /// the current one's analysis, since only answers of the same options are compared.
    pub fn options_for(&self, slot: StudySlot, settings: AnalysisOptions) -> AnalysisOptions {
        let current = self.current.borrow();
        match current.analysis().filter(|_| slot == StudySlot::Previous) {
            Some(session) => AnalysisOptions {
                tier: current.target.max(current.highest_tier()).unwrap_or(settings.tier),
                ..session.options
            },
            None => settings,
        }
    }

    /// Returns the tier that a slot's run goes on to.
    pub fn target(&self, slot: StudySlot) -> Option<Tier> {
        self.of(slot).borrow().target
    }

    /// Sets the tier that a run goes on to, if the run is still the study's.
    pub fn set_target(&self, (run, slot): RunKey, tier: Tier) {
        let mut study = self.of(slot).borrow_mut();
        if study.run == run {
            study.target = Some(tier);
        }
    }

    /// Whether a series of the earlier study is the one under examination: made of the same
    /// instances or, once it is decoded, of the same voxels.
    pub fn is_current_study(&self, slot: StudySlot, series: &SeriesSummary, voxels_key: Option<u64>) -> bool {
        let current = self.current.borrow();
        let same = |m: &Measurement| same_instances(&m.series, series) || voxels_key == Some(m.voxels_key);
        slot == StudySlot::Previous && current.measurement.as_ref().is_some_and(same)
    }
}
