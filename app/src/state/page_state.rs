//! All that the page knows, and how each event and each command changes it. Pure: no browser, no
//! clock.

use corsai_protocol::{
    Command, DeviceReport, Event, Progress, ReportStage, RunId, SeriesId, SeriesSummary, SliceAreas, Stage, StudySlot,
    VolumeSummary,
};
use corsai_report::{Dynamics, Issue, IssueCode, Report, Severity, Tier};
use reactive_stores::{Patch, Store};

use crate::state::{
    shared::Shared,
    study::{Phase, Study, Thumbnail, Work},
};

const SLOTS: [StudySlot; 2] = [StudySlot::Current, StudySlot::Previous];

/// Progress of a refinement before the worker's first progress event.
const REFINING: Progress = Progress { stage: Stage::Refining, done: 0, total: 0, seconds_left: None };

/// The state of the worker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WorkerStatus {
    /// It is being started.
    #[default]
    Starting,
    /// It takes commands.
    Ready,
    /// This browser can't start it.
    Unsupported,
    /// Its code could not be loaded from the host.
    LoadFailed,
}

/// Work for the controller after an event.
#[derive(Debug, Clone, PartialEq)]
pub enum SideEffect {
    /// Send these networks' weights to the worker.
    DeliverWeights(Vec<String>),
    /// The stored weights are corrupt: delete them, so that the next run loads them again.
    DropStoredWeights,
    /// The series of a drop are known, and the one that the worker measures.
    SeriesFound(StudySlot, Option<SeriesId>),
    /// Another volume is in this slot: drop its cached slices and show the middle one.
    NewVolume(StudySlot),
    /// These slices have changed; where the areas of lung and lesion are known, there is one per
    /// slice.
    SlicesChanged(StudySlot, Vec<u32>, Vec<SliceAreas>),
    /// The worker has to be replaced.
    WorkerDied(Issue),
}

/// The series of a drop.
struct SeriesFound {
    series: Vec<SeriesSummary>,
    thumbnails: Vec<Thumbnail>,
    chosen: Option<SeriesId>,
    /// Of the drop as a whole.
    issues: Vec<Issue>,
}

/// All that the page knows.
#[derive(Debug, Clone, Default, PartialEq, Store, Patch)]
pub struct PageState {
    /// The state of the worker.
    #[patch(|this, new| *this = new)]
    pub worker: WorkerStatus,
    /// The device that computes, once it is chosen.
    #[patch(|this, new| *this = new)]
    pub device: Option<DeviceReport>,
    /// The study under examination.
    pub current: Study,
    /// The earlier study that it is compared with.
    pub previous: Study,
    /// The last few issues that concern no study.
    #[patch(|this, new| *this = new)]
    pub notices: Vec<Issue>,
    #[patch(|this, new| *this = new)]
    last_run: u32,
}

impl PageState {
    /// Returns the study in a slot.
    pub const fn study(&self, slot: StudySlot) -> &Study {
        match slot {
            StudySlot::Current => &self.current,
            StudySlot::Previous => &self.previous,
        }
    }

    const fn study_mut(&mut self, slot: StudySlot) -> &mut Study {
        match slot {
            StudySlot::Current => &mut self.current,
            StudySlot::Previous => &mut self.previous,
        }
    }

    /// Returns the current study's report and every issue that is shown beside it. With a
    /// comparison these include the earlier study's.
    pub fn export_data(&self) -> Option<(Report, Vec<Issue>)> {
        let report = Report::clone(self.current.shown_report()?);
        let mut issues = self.current.issues();
        if report.dynamics.is_some() {
            let earlier = self.previous.issues().into_iter().filter(|i| i.severity >= Severity::Warning);
            issues.extend(earlier.map(Issue::of_earlier_study));
        }
        Some((report, issues))
    }

    /// Returns the measured series of the current and of the earlier study.
    pub fn measured_series(&self) -> [Option<SeriesId>; 2] {
        [self.current.chosen, self.previous.chosen]
    }

    /// Returns the slot whose first numbers the worker works for.
    pub fn busy_slot(&self) -> Option<StudySlot> {
        SLOTS.into_iter().find(|s| self.study(*s).phase.busy())
    }

    /// Whether a worker is there or is being started.
    pub const fn can_compute(&self) -> bool {
        matches!(self.worker, WorkerStatus::Starting | WorkerStatus::Ready)
    }

    /// Whether the worker works for any study: for first numbers, better ones or lost pictures.
    pub fn is_working(&self) -> bool {
        SLOTS.into_iter().any(|s| self.study(s).phase.work().is_some())
    }

    /// Whether the person has asked for a stop that the worker has not confirmed.
    pub fn is_stopping(&self) -> bool {
        SLOTS.into_iter().filter_map(|s| self.study(s).phase.work()).any(|w| w.stopping)
    }

    /// Returns the study that most likely crashed the worker: one without numbers, the earlier
    /// study first, since the current one had been measured before; else one that was refined.
    pub fn crash_suspect(&self) -> Option<StudySlot> {
        let without_numbers =
            [StudySlot::Previous, StudySlot::Current].into_iter().find(|s| self.study(*s).phase.busy());
        without_numbers.or_else(|| SLOTS.into_iter().find(|s| self.study(*s).phase.work().is_some()))
    }

    /// Whether a study is opened again in a new worker when the last one is lost.
    pub fn survives_restart(&self, slot: StudySlot) -> bool {
        let study = self.study(slot);
        match study.phase {
            Phase::Reading(work) | Phase::Measuring(work) | Phase::Restoring(work) => !work.stopping,
            Phase::Choosing | Phase::Measured { .. } => !study.worker_lost,
            Phase::Empty | Phase::Refused | Phase::Stopped => false,
        }
    }

    /// Whether an event shows progress. The worker repeats its last progress event while its event
    /// loop runs, even where its networks hang.
    pub fn advances(&self, event: &Event) -> bool {
        match event {
            Event::Progress { slot, progress, .. } => {
                let last = self.study(*slot).phase.work().and_then(|w| w.progress);
                let position = |p: &Progress| (p.stage, p.done, p.total);
                last.is_none_or(|last| position(&last) != position(progress))
            }
            Event::Slice { .. } | Event::Diagnostics { .. } => false,
            _ => true,
        }
    }

    fn next_run(&mut self) -> RunId {
        self.last_run += 1;
        RunId(self.last_run)
    }

    /// Opens a study in a slot in place of the one that is there. With the current study the
    /// earlier one, which belonged to it, closes too. Returns the commands to send first, and the
    /// new run.
    pub fn open(&mut self, slot: StudySlot, synthetic: bool) -> (Vec<Command>, RunId) {
        let mut commands = self.close(slot);
        let run = self.next_run();
        *self.study_mut(slot) = Study { run, phase: Phase::Reading(Work::default()), synthetic, ..Study::default() };
        commands.retain(|c| !matches!(c, Command::Close { slot: s } if *s == slot));
        (commands, run)
    }

    /// Closes a study, and with the current one the earlier one.
    pub fn close(&mut self, slot: StudySlot) -> Vec<Command> {
        let mut commands = Vec::new();
        let slots: &[StudySlot] = if slot == StudySlot::Current {
            &[StudySlot::Previous, StudySlot::Current]
        } else {
            &[StudySlot::Previous]
        };
        for slot in slots {
            if self.study(*slot).phase.work().is_some() {
                commands.push(Command::Cancel { run: self.study(*slot).run });
            }
            if self.study(*slot).phase != Phase::Empty {
                commands.push(Command::Close { slot: *slot });
            }
            let run = self.next_run();
            *self.study_mut(*slot) = Study { run, ..Study::default() };
        }
        if slot == StudySlot::Previous {
            self.forget_comparison();
        }
        self.notices.clear();
        commands
    }

    /// Sets or drops the comparison in the current study's report.
    fn set_comparison(&mut self, dynamics: Option<Dynamics>) {
        if let Some(report) = &mut self.current.report
            && report.dynamics != dynamics
        {
            report.make_mut().dynamics = dynamics;
        }
    }

    /// Drops the comparison: the earlier study is no longer there.
    fn forget_comparison(&mut self) {
        self.set_comparison(None);
    }

    /// Measures a series. Numbers stay where its pictures are being restored. Returns the commands
    /// to send; none where the series can't be measured.
    pub fn choose(&mut self, slot: StudySlot, series: SeriesId) -> Vec<Command> {
        let mut commands = Vec::new();
        let study = self.study(slot);
        if study.worker_lost || !study.series.iter().any(|s| s.id == series && s.usable) {
            return commands;
        }
        if study.phase.work().is_some() {
            commands.push(Command::Cancel { run: study.run });
        }
        let run = self.next_run();
        let study = self.study_mut(slot);
        study.run = run;
        if !matches!(study.phase, Phase::Restoring(_)) || study.chosen != Some(series) {
            study.phase = Phase::Measuring(Work::default());
            study.volume = None;
            study.report = None;
            study.decoded = Shared::default();
            study.refusal = Shared::default();
            if slot == StudySlot::Previous {
                self.forget_comparison();
            }
        }
        self.study_mut(slot).chosen = Some(series);
        commands.push(Command::Choose { run, slot, series });
        commands
    }

    /// Returns the command that stops a study's run, the first time that the person asks.
    pub const fn stop(&mut self, slot: StudySlot) -> Option<Command> {
        let study = self.study_mut(slot);
        match study.phase.work_mut() {
            Some(work) if !work.stopping => {
                work.stopping = true;
                Some(Command::Cancel { run: study.run })
            }
            _ => None,
        }
    }

    /// Refines both studies to a tier with more networks, since only answers of one tier are
    /// compared. Returns the commands to send.
    pub fn refine(&mut self, tier: Tier) -> Vec<Command> {
        SLOTS.into_iter().filter_map(|slot| self.refine_one(slot, tier)).collect()
    }

    fn refine_one(&mut self, slot: StudySlot, tier: Tier) -> Option<Command> {
        let study = self.study_mut(slot);
        if study.worker_lost {
            return None;
        }
        match study.phase {
            Phase::Measured { refining: None } if study.report.as_ref().is_some_and(|r| r.runs.tier < tier) => {
                study.phase = Phase::Measured { refining: Some(Work { progress: Some(REFINING), ..Work::default() }) };
            }
            // The earlier study's run continues to this tier after its own.
            Phase::Measuring(work) | Phase::Measured { refining: Some(work) }
                if slot == StudySlot::Previous && !work.stopping => {}
            _ => return None,
        }
        Some(Command::Refine { run: study.run, slot, tier })
    }

    /// Takes in that the worker has ended. Without an `issue`, the person asked for it. The studies
    /// in `again` get new runs, which are returned. The other studies keep their finished numbers.
    pub fn lost_worker(&mut self, issue: Option<Issue>, again: &[StudySlot]) -> Vec<(StudySlot, RunId)> {
        self.worker = WorkerStatus::Starting;
        self.device = None;
        let mut runs = Vec::new();
        let mut shown = false;
        for slot in SLOTS {
            let run = self.next_run();
            let study = self.study_mut(slot);
            study.run = run;
            if again.contains(&slot) {
                study.restart();
                runs.push((slot, run));
                continue;
            }
            study.worker_lost = study.phase != Phase::Empty;
            match (study.phase, &issue) {
                (Phase::Reading(work) | Phase::Measuring(work), _) if work.stopping => study.end_stopped_run(),
                (Phase::Reading(_) | Phase::Measuring(_) | Phase::Choosing, Some(issue)) => {
                    study.refuse(vec![issue.clone()]);
                    shown = true;
                }
                (Phase::Reading(_) | Phase::Measuring(_) | Phase::Choosing, None) => {
                    *study = Study { run, ..Study::default() };
                }
                (Phase::Measured { .. } | Phase::Restoring(_), _) => study.fail_restoring(),
                (Phase::Empty | Phase::Refused | Phase::Stopped, _) => {}
            }
        }
        match issue {
            Some(_) if !runs.is_empty() => self.add_notice(Issue::new(IssueCode::WorkerRestarted, [])),
            Some(issue) if !shown => self.add_notice(issue),
            _ => {}
        }
        runs
    }

    /// Reads a study again that was lost with a worker, for this series. Returns the new run.
    pub fn read_again(&mut self, slot: StudySlot, series: SeriesId) -> RunId {
        let run = self.next_run();
        let study = self.study_mut(slot);
        study.run = run;
        let stays = study.keeps_numbers(series);
        if !stays {
            study.phase = Phase::Choosing;
        }
        study.restart();
        if !stays && slot == StudySlot::Previous {
            self.forget_comparison();
        }
        run
    }

    /// Sets the issue of the files that never reached the worker.
    pub fn set_missing_files(&mut self, slot: StudySlot, missing_files: Option<Issue>) {
        self.study_mut(slot).missing_files = missing_files;
    }

    /// Adds an issue that concerns no study, and drops the oldest beyond four.
    pub fn add_notice(&mut self, issue: Issue) {
        self.notices.retain(|i| i != &issue);
        self.notices.push(issue);
        let surplus = self.notices.len().saturating_sub(4);
        self.notices.drain(..surplus);
    }

    /// Returns the study of an event; `None` where the event is stale.
    fn live_study(&mut self, run: RunId, slot: StudySlot) -> Option<&mut Study> {
        self.is_live(run, slot).then(|| self.study_mut(slot))
    }

    /// Whether an event of this run belongs to the study that is open now.
    pub fn is_live(&self, run: RunId, slot: StudySlot) -> bool {
        let study = self.study(slot);
        run >= study.run && study.phase != Phase::Empty
    }

    /// Takes in an event of the worker. Slices and answers don't concern the state; the previews of
    /// [`Event::Series`] come decoded, in `thumbnails`.
    pub fn apply(&mut self, event: Event, thumbnails: Vec<Thumbnail>) -> Vec<SideEffect> {
        match event {
            Event::Ready { .. } => self.worker = WorkerStatus::Ready,
            Event::Device { device } => self.device = Some(device),
            Event::WeightsRequested { networks } => return vec![SideEffect::DeliverWeights(networks)],
            Event::Progress { run, slot, progress } => self.on_progress(run, slot, progress),
            Event::Series { run, slot, series, chosen, issues, .. } => {
                return self.on_series(run, slot, SeriesFound { series, thumbnails, chosen, issues });
            }
            Event::Volume { run, slot, volume } => return self.on_volume(run, slot, volume),
            Event::Slice { .. } | Event::Answer { .. } | Event::Diagnostics { .. } => {}
            Event::Changed { run, slot, indices, areas } => {
                let Some(study) = self.live_study(run, slot) else { return Vec::new() };
                study.decoded.make_mut().extend(&indices);
                return vec![SideEffect::SlicesChanged(slot, indices, areas)];
            }
            Event::ShareBounds { run, slot, bounds: possible } => {
                if let Some(study) = self.live_study(run, slot)
                    // The bounds are of a lower tier than the numbers that stay.
                    && !matches!(study.phase, Phase::Restoring(_))
                    && let Some(work) = study.phase.work_mut()
                {
                    work.possible = Some(possible);
                }
            }
            Event::Report { run, slot, report, stage } => self.on_report(run, slot, *report, stage),
            Event::Finished { run, slot } => self.on_finished(run, slot),
            Event::Compared { run, dynamics } => self.on_compared(run, *dynamics),
            Event::Refused { run, slot, issues } => return self.on_refused(run, slot, issues),
            Event::Cancelled { run, slot } => self.on_cancelled(run, slot),
            Event::Fatal { issue } => return vec![SideEffect::WorkerDied(issue)],
        }
        Vec::new()
    }

    /// Takes in how far a run has come.
    fn on_progress(&mut self, run: RunId, slot: StudySlot, progress: Progress) {
        let Some(study) = self.live_study(run, slot) else { return };
        match &mut study.phase {
            Phase::Measured { refining: refining @ None } => {
                *refining = Some(Work { progress: Some(progress), ..Work::default() });
            }
            phase => {
                if let Some(work) = phase.work_mut() {
                    work.progress = Some(progress);
                }
            }
        }
    }

    /// Takes in the series of a drop.
    fn on_series(&mut self, run: RunId, slot: StudySlot, found: SeriesFound) -> Vec<SideEffect> {
        let Some(study) = self.live_study(run, slot) else { return Vec::new() };
        study.series = found.series.into();
        study.thumbnails = found.thumbnails.into();
        study.drop_issues = found.issues.into();
        if matches!(study.phase, Phase::Restoring(_)) {
            if study.chosen_series().is_none_or(|s| !s.usable) {
                // The files have changed: their series are not this study's.
                study.fail_restoring();
                let stale = self.next_run();
                self.study_mut(slot).run = stale;
                return Vec::new();
            }
        } else {
            study.chosen = found.chosen;
            study.phase = if found.chosen.is_some() {
                Phase::Measuring(Work::default())
            } else if study.series.iter().any(|s| s.usable) {
                Phase::Choosing
            } else {
                Phase::Refused
            };
        }
        vec![SideEffect::SeriesFound(slot, found.chosen)]
    }

    /// Takes in the grid of the measured series.
    fn on_volume(&mut self, run: RunId, slot: StudySlot, volume: VolumeSummary) -> Vec<SideEffect> {
        let Some(study) = self.live_study(run, slot) else { return Vec::new() };
        let last = study.volume.replace(volume.into());
        study.decoded = Shared::default();
        match study.phase {
            // The cached pictures are of the same volume.
            Phase::Restoring(_) if last == study.volume => return Vec::new(),
            Phase::Restoring(_) | Phase::Measuring(_) => {}
            _ => study.phase = Phase::Measuring(Work::default()),
        }
        vec![SideEffect::NewVolume(slot)]
    }

    /// Takes in numbers.
    fn on_report(&mut self, run: RunId, slot: StudySlot, report: Report, stage: ReportStage) {
        let Some(study) = self.live_study(run, slot) else { return };
        if matches!(study.phase, Phase::Restoring(_)) {
            let below = study.report.as_ref().is_some_and(|r| report.runs.tier < r.runs.tier);
            // Where the run ends here, the masks are this report's, even of a lower tier.
            if stage == ReportStage::Lungs || (stage == ReportStage::Interim && below) {
                return;
            }
        }
        // The comparison is an event of its own.
        let dynamics = study.report.take().and_then(|r| r.dynamics.clone());
        study.report = Some(Report { dynamics, ..report }.into());
        let work = study.phase.work().copied().unwrap_or_default();
        match stage {
            ReportStage::Lungs => {}
            ReportStage::Interim => {
                let refining = Some(Work { progress: Some(REFINING), possible: None, ..work });
                study.phase = Phase::Measured { refining };
            }
            ReportStage::Final => study.phase = Phase::Measured { refining: None },
        }
    }

    /// Takes in that a run has ended by itself.
    fn on_finished(&mut self, run: RunId, slot: StudySlot) {
        let Some(study) = self.live_study(run, slot) else { return };
        match study.phase {
            Phase::Measured { .. } => study.phase = Phase::Measured { refining: None },
            Phase::Restoring(_) => study.fail_restoring(),
            _ => {}
        }
    }

    /// Takes in the comparison of both studies.
    fn on_compared(&mut self, run: RunId, dynamics: Dynamics) {
        // While a new worker repeats the answers, its comparisons are of lower tiers than
        // the one that is shown.
        let restoring = SLOTS.iter().any(|s| matches!(self.study(*s).phase, Phase::Restoring(_)));
        if self.live_study(run, StudySlot::Previous).is_some() && !restoring {
            self.set_comparison(Some(dynamics));
        }
    }

    /// Takes in that a run has ended without numbers.
    fn on_refused(&mut self, run: RunId, slot: StudySlot, issues: Vec<Issue>) -> Vec<SideEffect> {
        let corrupt = issues.iter().any(|i| i.code == IssueCode::WeightsCorrupt);
        let Some(study) = self.live_study(run, slot) else { return Vec::new() };
        if matches!(study.phase, Phase::Restoring(_)) {
            study.fail_restoring();
            for issue in issues {
                self.add_notice(issue.with_severity(Severity::Warning));
            }
        } else {
            study.refuse(issues);
            if slot == StudySlot::Previous {
                self.forget_comparison();
            }
        }
        if corrupt {
            return vec![SideEffect::DropStoredWeights];
        }
        Vec::new()
    }

    /// Takes in that a run was cancelled.
    fn on_cancelled(&mut self, run: RunId, slot: StudySlot) {
        let Some(study) = self.live_study(run, slot) else { return };
        match study.phase {
            Phase::Reading(_) | Phase::Measuring(_) => study.end_stopped_run(),
            Phase::Measured { .. } => study.phase = Phase::Measured { refining: None },
            Phase::Restoring(_) => study.fail_restoring(),
            Phase::Empty | Phase::Choosing | Phase::Refused | Phase::Stopped => {}
        }
    }
}
