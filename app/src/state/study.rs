//! One of the two studies on the page, and how far it has come.

use std::collections::BTreeSet;

use corsai_protocol::{Progress, RunId, SeriesId, SeriesSummary, VolumeSummary};
use corsai_report::{Issue, Report, Severity, ShareBounds};
use reactive_stores::{Patch, Store};

use crate::state::shared::Shared;

/// The worker's activity for a study, as far as its events show.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Work {
    /// The stage and how far it has come; absent before the worker's first progress event.
    pub progress: Option<Progress>,
    /// The least and the most that the running vote can still come to.
    pub possible: Option<ShareBounds>,
    /// The person asked to stop, and the worker has not answered yet.
    pub stopping: bool,
}

/// How far a study has come.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Phase {
    /// No study.
    #[default]
    Empty,
    /// Files are being read; nothing is chosen yet.
    Reading(Work),
    /// The person has to pick a series.
    Choosing,
    /// A series is being measured: there are no numbers, or only the lungs'.
    Measuring(Work),
    /// A tier's numbers are in.
    Measured {
        /// Present while further networks run for better numbers.
        refining: Option<Work>,
    },
    /// Numbers are in, and a new worker measures the study again to restore the pictures and masks
    /// that were lost with the last worker.
    Restoring(Work),
    /// There are no numbers; the issues give the reasons.
    Refused,
    /// The person stopped the run before a tier's answer; what was finished stays.
    Stopped,
}

impl Phase {
    /// Returns the worker's activity; `None` where it does nothing for this study.
    pub const fn work(&self) -> Option<&Work> {
        match self {
            Self::Reading(work) | Self::Measuring(work) | Self::Restoring(work) => Some(work),
            Self::Measured { refining } => refining.as_ref(),
            Self::Empty | Self::Choosing | Self::Refused | Self::Stopped => None,
        }
    }

    /// As [`Self::work`], for a change.
    pub const fn work_mut(&mut self) -> Option<&mut Work> {
        match self {
            Self::Reading(work) | Self::Measuring(work) | Self::Restoring(work) => Some(work),
            Self::Measured { refining } => refining.as_mut(),
            Self::Empty | Self::Choosing | Self::Refused | Self::Stopped => None,
        }
    }

    /// Whether the worker works for the study's first numbers.
    pub const fn busy(self) -> bool {
        matches!(self, Self::Reading(_) | Self::Measuring(_))
    }

    /// Whether a tier's numbers are in.
    pub const fn measured(self) -> bool {
        matches!(self, Self::Measured { .. } | Self::Restoring(_))
    }
}

/// A series' preview image, 8 bits a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// The series that it shows.
    pub series: SeriesId,
    /// Pixels per row.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
    /// `rows · columns` grey values.
    pub grey: Vec<u8>,
}

/// One of the two studies.
#[derive(Debug, Clone, Default, PartialEq, Store, Patch)]
pub struct Study {
    /// The latest run; events of older runs are stale.
    #[patch(|this, new| *this = new)]
    pub run: RunId,
    /// How far it has come.
    #[patch(|this, new| *this = new)]
    pub phase: Phase,
    /// The worker that held the study has ended: the numbers stay, slices can't be requested.
    #[patch(|this, new| *this = new)]
    pub worker_lost: bool,
    /// It is the synthetic study.
    #[patch(|this, new| *this = new)]
    pub synthetic: bool,
    /// The series that were found.
    #[patch(|this, new| *this = new)]
    pub series: Shared<Vec<SeriesSummary>>,
    /// Their preview images, where the worker sent some.
    #[patch(|this, new| *this = new)]
    pub thumbnails: Shared<Vec<Thumbnail>>,
    /// The series that is measured.
    #[patch(|this, new| *this = new)]
    pub chosen: Option<SeriesId>,
    /// Files and folders of the drop that the browser could not hand out.
    #[patch(|this, new| *this = new)]
    pub missing_files: Option<Issue>,
    /// Issues of the drop as a whole.
    #[patch(|this, new| *this = new)]
    pub drop_issues: Shared<Vec<Issue>>,
    /// The grid of the measured series.
    #[patch(|this, new| *this = new)]
    pub volume: Option<Shared<VolumeSummary>>,
    /// Indices of the slices that have been decoded.
    #[patch(|this, new| *this = new)]
    pub decoded: Shared<BTreeSet<u32>>,
    /// The last numbers.
    #[patch(|this, new| *this = new)]
    pub report: Option<Shared<Report>>,
    /// Why there are no numbers.
    #[patch(|this, new| *this = new)]
    pub refusal: Shared<Vec<Issue>>,
}

impl Study {
    /// Returns the series that is measured.
    pub fn chosen_series(&self) -> Option<&SeriesSummary> {
        self.series.iter().find(|s| Some(s.id) == self.chosen)
    }

    /// Returns the series that a person may pick: all at first and after a stop, later those other
    /// than the measured one.
    pub fn selectable_series(&self) -> impl Iterator<Item = &SeriesSummary> {
        let all = matches!(self.phase, Phase::Choosing | Phase::Stopped);
        self.series.iter().filter(move |s| all || Some(s.id) != self.chosen)
    }

    /// Returns the series other than the measured one.
    pub fn other_series(&self) -> impl Iterator<Item = &SeriesSummary> {
        self.series.iter().filter(|s| Some(s.id) != self.chosen)
    }

    /// Whether there is a usable series to pick.
    pub fn has_choice(&self) -> bool {
        self.selectable_series().any(|s| s.usable)
    }

    /// Returns the series that can be measured once more, where the person or a lost worker ended
    /// the run.
    pub fn remeasurable(&self) -> Option<SeriesId> {
        let ended = self.phase == Phase::Stopped || (self.worker_lost && self.phase.measured());
        self.chosen.filter(|_| ended)
    }

    /// Whether the numbers stay while `series` is measured again: they are of this series, and only
    /// its pictures are lost.
    pub fn keeps_numbers(&self, series: SeriesId) -> bool {
        self.worker_lost && self.phase.measured() && self.chosen == Some(series)
    }

    /// Returns the report if its numbers may be shown: not where an issue forbids it.
    pub fn shown_report(&self) -> Option<&Shared<Report>> {
        let refused = self.phase == Phase::Refused;
        self.report.as_ref().filter(|r| !refused && r.issues.iter().all(|i| i.severity != Severity::Stop))
    }

    /// Returns every issue of this study, gravest first, each once.
    pub fn issues(&self) -> Vec<Issue> {
        let chosen = self.chosen_series().into_iter().flat_map(|s| &s.issues);
        let report = self.report.iter().flat_map(|r| &r.issues);
        let refusal = self.refusal.iter().chain(&self.missing_files);
        let mut all: Vec<Issue> = Vec::new();
        for issue in refusal.chain(report).chain(chosen).chain(self.drop_issues.iter()) {
            match all
                .iter_mut()
                .find(|i| (i.code, &i.found, i.earlier_study) == (issue.code, &issue.found, issue.earlier_study))
            {
                Some(known) if known.files.is_empty() => known.files.clone_from(&issue.files),
                Some(_) => {}
                None => all.push(issue.clone()),
            }
        }
        all.sort_by_key(|i| std::cmp::Reverse(i.severity));
        all
    }

    /// Ends a run that the person stopped before a tier's answer.
    pub fn end_stopped_run(&mut self) {
        if self.series.is_empty() {
            *self = Self { run: self.run, ..Self::default() };
        } else {
            self.phase = if self.chosen.is_none() { Phase::Choosing } else { Phase::Stopped };
        }
    }

    /// Ends a run without numbers, for these reasons.
    pub fn refuse(&mut self, issues: Vec<Issue>) {
        self.phase = Phase::Refused;
        self.report = None;
        self.refusal = issues.into();
    }

    /// Opens the study again in a new worker. Numbers stay where a tier's were in.
    pub fn restart(&mut self) {
        if self.phase.measured() {
            self.worker_lost = false;
            self.phase = Phase::Restoring(Work::default());
        } else {
            let missing_files = self.missing_files.take();
            let (run, synthetic) = (self.run, self.synthetic);
            let phase = Phase::Reading(Work::default());
            *self = Self { run, phase, synthetic, missing_files, ..Self::default() };
        }
    }

    /// Ends an attempt to restore the pictures without them. The numbers stay.
    pub const fn fail_restoring(&mut self) {
        self.worker_lost = true;
        self.phase = Phase::Measured { refining: None };
    }
}
