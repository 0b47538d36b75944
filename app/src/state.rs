//! What the page knows, and how each event of the worker changes it. Pure: no browser, no clock.

use std::collections::BTreeSet;

use corsai_protocol::{
    Command, DeviceReport, Event, Progress, ReportStage, RunId, SeriesId, SeriesSummary, SliceAreas, Slot, Stage,
    VolumeSummary,
};
use corsai_report::{Issue, IssueCode, Possible, Report, Severity, Tier};

const SLOTS: [Slot; 2] = [Slot::Current, Slot::Previous];

/// Progress of a refinement before the worker's first report of it.
const REFINING: Progress = Progress { stage: Stage::Refining, done: 0, total: 0, seconds_left: None };

/// What the worker does for a study, as far as it has told.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Work {
    pub progress: Option<Progress>,
    /// What the vote that goes on can still come to.
    pub possible: Option<Possible>,
    /// The person asked to stop and the worker has not answered yet.
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
    /// A tier's numbers are in; further networks may be running for better ones.
    Measured { refining: Option<Work> },
    /// Numbers are in, and another worker measures the study again for what the one before it took
    /// along: its pictures and masks.
    Restoring(Work),
    /// There is no number; the issues say why.
    Refused,
    /// The person stopped it before there was a tier's answer; what was finished stays.
    Stopped,
}

impl Phase {
    /// What the worker is doing; `None` where it does nothing for this study.
    pub const fn work(&self) -> Option<&Work> {
        match self {
            Self::Reading(work) | Self::Measuring(work) | Self::Restoring(work) => Some(work),
            Self::Measured { refining } => refining.as_ref(),
            Self::Empty | Self::Choosing | Self::Refused | Self::Stopped => None,
        }
    }

    const fn work_mut(&mut self) -> Option<&mut Work> {
        match self {
            Self::Reading(work) | Self::Measuring(work) | Self::Restoring(work) => Some(work),
            Self::Measured { refining } => refining.as_mut(),
            Self::Empty | Self::Choosing | Self::Refused | Self::Stopped => None,
        }
    }

    /// Whether the first numbers are being worked for.
    pub const fn busy(self) -> bool {
        matches!(self, Self::Reading(_) | Self::Measuring(_))
    }

    /// Whether a tier's numbers are in.
    pub const fn measured(self) -> bool {
        matches!(self, Self::Measured { .. } | Self::Restoring(_))
    }
}

/// A series' thumbnail, 8 bits a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    pub series: SeriesId,
    pub columns: u32,
    pub rows: u32,
    pub grey: Vec<u8>,
}

/// One of the two studies.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Study {
    /// The latest run; events of older ones are stale.
    pub run: RunId,
    pub phase: Phase,
    /// The worker that held the study is gone: its numbers stay, its slices can't be asked for.
    pub gone: bool,
    pub synthetic: bool,
    pub series: Vec<SeriesSummary>,
    pub thumbnails: Vec<Thumbnail>,
    pub chosen: Option<SeriesId>,
    /// Of what was dropped and never reached the worker.
    pub missing: Option<Issue>,
    /// Of the drop as a whole.
    pub drop_issues: Vec<Issue>,
    pub volume: Option<VolumeSummary>,
    /// The slices that have been decoded.
    pub decoded: BTreeSet<u32>,
    pub report: Option<Report>,
    /// Why there is no number.
    pub refusal: Vec<Issue>,
}

impl Study {
    pub fn chosen_series(&self) -> Option<&SeriesSummary> {
        self.series.iter().find(|s| Some(s.id) == self.chosen)
    }

    /// The series that a person may pick: all at first and after a stop, those other than the
    /// chosen one else.
    pub fn choices(&self) -> impl Iterator<Item = &SeriesSummary> {
        let all = matches!(self.phase, Phase::Choosing | Phase::Stopped);
        self.series.iter().filter(move |s| all || Some(s.id) != self.chosen)
    }

    /// The series other than the chosen one.
    pub fn others(&self) -> impl Iterator<Item = &SeriesSummary> {
        self.series.iter().filter(|s| Some(s.id) != self.chosen)
    }

    /// Whether there is a series to pick.
    pub fn may_choose(&self) -> bool {
        self.choices().any(|s| s.usable)
    }

    /// The series to measure once more, where the person or a lost worker ended it.
    pub fn again(&self) -> Option<SeriesId> {
        let ended = self.phase == Phase::Stopped || (self.gone && self.phase.measured());
        self.chosen.filter(|_| ended)
    }

    /// Whether numbers stay while this series is measured: they are of it, and only its pictures
    /// are lost.
    pub fn stays_measured(&self, series: SeriesId) -> bool {
        self.gone && self.phase.measured() && self.chosen == Some(series)
    }

    /// The report if it may be shown as numbers: not where anything forbids one.
    pub fn numbers(&self) -> Option<&Report> {
        let refused = self.phase == Phase::Refused;
        self.report.as_ref().filter(|r| !refused && r.issues.iter().all(|i| i.severity != Severity::Stop))
    }

    /// Every doubt about this study, gravest first, each once.
    pub fn issues(&self) -> Vec<Issue> {
        let chosen = self.chosen_series().into_iter().flat_map(|s| &s.issues);
        let report = self.report.iter().flat_map(|r| &r.issues);
        let mut all: Vec<Issue> = Vec::new();
        for issue in self.refusal.iter().chain(&self.missing).chain(report).chain(chosen).chain(&self.drop_issues) {
            match all.iter_mut().find(|i| i.code == issue.code && i.message == issue.message) {
                Some(known) if known.files.is_empty() => known.files.clone_from(&issue.files),
                Some(_) => {}
                None => all.push(issue.clone()),
            }
        }
        all.sort_by_key(|i| std::cmp::Reverse(i.severity));
        all
    }

    /// The person has stopped it before there was a tier's answer.
    fn stopped(&mut self) {
        if self.series.is_empty() {
            *self = Self { run: self.run, ..Self::default() };
        } else {
            self.phase = if self.chosen.is_none() { Phase::Choosing } else { Phase::Stopped };
        }
    }

    fn refuse(&mut self, issues: Vec<Issue>) {
        self.phase = Phase::Refused;
        self.report = None;
        self.refusal = issues;
    }

    /// It is opened anew in another worker. Numbers stay where a tier's were in.
    fn begin_anew(&mut self) {
        if self.phase.measured() {
            self.gone = false;
            self.phase = Phase::Restoring(Work::default());
        } else {
            let missing = self.missing.take();
            let (run, synthetic) = (self.run, self.synthetic);
            *self = Self { run, phase: Phase::Reading(Work::default()), synthetic, missing, ..Self::default() };
        }
    }

    /// The worker can't bring back what another one took along. The numbers stay.
    const fn not_restored(&mut self) {
        self.gone = true;
        self.phase = Phase::Measured { refining: None };
    }
}

/// How the connection to the worker stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Link {
    #[default]
    Starting,
    Ready,
    /// It can't be started in this browser.
    Impossible,
    /// Its code can't be had from the host.
    Unloaded,
}

/// What the shell has to do after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Hand these networks' weights to the worker.
    DeliverWeights(Vec<String>),
    /// The stored weights are not the right ones: load them afresh next time.
    DropStoredWeights,
    /// What a drop holds is known, and which of its series the worker measures.
    SeriesFound(Slot, Option<SeriesId>),
    /// Another volume is in this slot: forget its slices and show the middle.
    NewVolume(Slot),
    /// These slices have a newer state, and these areas of lung and lesion where they are known.
    SlicesChanged(Slot, Vec<u32>, Vec<SliceAreas>),
    /// The worker has to be replaced.
    WorkerDied(Issue),
}

/// All that the page knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    pub link: Link,
    pub device: Option<DeviceReport>,
    pub current: Study,
    pub previous: Study,
    /// Doubts that concern no study, the last few.
    pub notices: Vec<Issue>,
    last_run: u32,
}

impl Model {
    pub const fn study(&self, slot: Slot) -> &Study {
        match slot {
            Slot::Current => &self.current,
            Slot::Previous => &self.previous,
        }
    }

    const fn study_mut(&mut self, slot: Slot) -> &mut Study {
        match slot {
            Slot::Current => &mut self.current,
            Slot::Previous => &mut self.previous,
        }
    }

    /// Returns the current study's numbers and every issue that stands beside them; with a
    /// comparison these are the earlier study's, too.
    pub fn exportable(&self) -> Option<(Report, Vec<Issue>)> {
        let report = self.current.numbers()?.clone();
        let mut issues = self.current.issues();
        if report.dynamics.is_some() {
            let earlier = self.previous.issues().into_iter().filter(|i| i.severity >= Severity::Warning);
            issues.extend(earlier.map(Issue::of_earlier_study));
        }
        Some((report, issues))
    }

    /// The series measured, of the current and of the earlier study.
    pub fn chosen(&self) -> [Option<SeriesId>; 2] {
        [self.current.chosen, self.previous.chosen]
    }

    /// The slot whose first numbers the worker works for.
    pub fn busy_slot(&self) -> Option<Slot> {
        SLOTS.into_iter().find(|s| self.study(*s).phase.busy())
    }

    /// Whether a worker is there or on its way.
    pub const fn can_compute(&self) -> bool {
        matches!(self.link, Link::Starting | Link::Ready)
    }

    /// Whether the worker works for any study, be it for first numbers, for better ones or for lost
    /// pictures.
    pub fn working(&self) -> bool {
        SLOTS.into_iter().any(|s| self.study(s).phase.work().is_some())
    }

    /// Whether the person waits for a stop.
    pub fn stopping(&self) -> bool {
        SLOTS.into_iter().filter_map(|s| self.study(s).phase.work()).any(|w| w.stopping)
    }

    /// The study that a worker most likely died of: the one without numbers, the earlier one first,
    /// for the other had come through before; else the one that was refined.
    pub fn blamed(&self) -> Option<Slot> {
        let without_numbers = [Slot::Previous, Slot::Current].into_iter().find(|s| self.study(*s).phase.busy());
        without_numbers.or_else(|| SLOTS.into_iter().find(|s| self.study(*s).phase.work().is_some()))
    }

    /// Whether a study goes on in another worker by itself when one is lost.
    pub fn goes_on(&self, slot: Slot) -> bool {
        let study = self.study(slot);
        match study.phase {
            Phase::Reading(work) | Phase::Measuring(work) | Phase::Restoring(work) => !work.stopping,
            Phase::Choosing | Phase::Measured { .. } => !study.gone,
            Phase::Empty | Phase::Refused | Phase::Stopped => false,
        }
    }

    /// Whether an event shows that the work goes on. The worker repeats its progress for as long as
    /// its loop turns, which says nothing of the networks.
    pub fn gets_on(&self, event: &Event) -> bool {
        match event {
            Event::Progress { slot, progress, .. } => {
                let last = self.study(*slot).phase.work().and_then(|w| w.progress);
                let place = |p: &Progress| (p.stage, p.done, p.total);
                last.is_none_or(|last| place(&last) != place(progress))
            }
            Event::Slice { .. } => false,
            _ => true,
        }
    }

    fn next_run(&mut self) -> RunId {
        self.last_run += 1;
        RunId(self.last_run)
    }

    /// A study is being opened in this slot: what was there is forgotten. Opening the study under examination also
    /// closes the earlier one, which belonged to the one that is gone. Gives what has to be told to the worker first,
    /// and the new run.
    pub fn open(&mut self, slot: Slot, synthetic: bool) -> (Vec<Command>, RunId) {
        let mut commands = self.close(slot);
        let run = self.next_run();
        *self.study_mut(slot) = Study { run, phase: Phase::Reading(Work::default()), synthetic, ..Study::default() };
        commands.retain(|c| !matches!(c, Command::Close { slot: s } if *s == slot));
        (commands, run)
    }

    /// Forgets a study, and with the current one the earlier one.
    pub fn close(&mut self, slot: Slot) -> Vec<Command> {
        let mut commands = Vec::new();
        let slots: &[Slot] = if slot == Slot::Current { &[Slot::Previous, Slot::Current] } else { &[Slot::Previous] };
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
        if slot == Slot::Previous {
            self.forget_comparison();
        }
        self.notices.clear();
        commands
    }

    /// The earlier study that the current one was compared with isn't there any more.
    fn forget_comparison(&mut self) {
        if let Some(report) = &mut self.current.report {
            report.dynamics = None;
        }
    }

    /// A series is to be measured. Numbers stay where it is the one whose pictures are being
    /// restored.
    pub fn choose(&mut self, slot: Slot, series: SeriesId) -> Vec<Command> {
        let mut commands = Vec::new();
        let study = self.study(slot);
        if study.gone || !study.series.iter().any(|s| s.id == series && s.usable) {
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
            study.decoded.clear();
            study.refusal.clear();
            if slot == Slot::Previous {
                self.forget_comparison();
            }
        }
        self.study_mut(slot).chosen = Some(series);
        commands.push(Command::Choose { run, slot, series });
        commands
    }

    /// The person wants the run stopped.
    pub const fn stop(&mut self, slot: Slot) -> Option<Command> {
        let study = self.study_mut(slot);
        match study.phase.work_mut() {
            Some(work) if !work.stopping => {
                work.stopping = true;
                Some(Command::Cancel { run: study.run })
            }
            _ => None,
        }
    }

    /// The person wants more networks to vote: on both studies, since only answers of one tier are
    /// compared.
    pub fn refine(&mut self, tier: Tier) -> Vec<Command> {
        SLOTS.into_iter().filter_map(|slot| self.refine_one(slot, tier)).collect()
    }

    fn refine_one(&mut self, slot: Slot, tier: Tier) -> Option<Command> {
        let study = self.study_mut(slot);
        if study.gone {
            return None;
        }
        match study.phase {
            Phase::Measured { refining: None } if study.report.as_ref().is_some_and(|r| r.runs.tier < tier) => {
                study.phase = Phase::Measured { refining: Some(Work { progress: Some(REFINING), ..Work::default() }) };
            }
            // The earlier study's run goes on to the tier when it has come through its own.
            Phase::Measuring(work) | Phase::Measured { refining: Some(work) }
                if slot == Slot::Previous && !work.stopping => {}
            _ => return None,
        }
        Some(Command::Refine { run: study.run, slot, tier })
    }

    /// The worker is gone, and with it what it held; `issue` says why, none where the person wanted
    /// it. The studies in `again` are opened anew, in the runs that are given. Of the others,
    /// finished numbers stay.
    pub fn lost_worker(&mut self, issue: Option<Issue>, again: &[Slot]) -> Vec<(Slot, RunId)> {
        self.link = Link::Starting;
        self.device = None;
        let mut runs = Vec::new();
        let mut told = false;
        for slot in SLOTS {
            let run = self.next_run();
            let study = self.study_mut(slot);
            study.run = run;
            if again.contains(&slot) {
                study.begin_anew();
                runs.push((slot, run));
                continue;
            }
            study.gone = study.phase != Phase::Empty;
            match (study.phase, &issue) {
                (Phase::Reading(work) | Phase::Measuring(work), _) if work.stopping => study.stopped(),
                (Phase::Reading(_) | Phase::Measuring(_) | Phase::Choosing, Some(issue)) => {
                    study.refuse(vec![issue.clone()]);
                    told = true;
                }
                (Phase::Reading(_) | Phase::Measuring(_) | Phase::Choosing, None) => {
                    *study = Study { run, ..Study::default() };
                }
                (Phase::Measured { .. } | Phase::Restoring(_), _) => study.not_restored(),
                (Phase::Empty | Phase::Refused | Phase::Stopped, _) => {}
            }
        }
        match issue {
            Some(_) if !runs.is_empty() => self.notice(Issue::new(IssueCode::WorkerRestarted, "")),
            Some(issue) if !told => self.notice(issue),
            _ => {}
        }
        runs
    }

    /// A study that a worker has lost is read once more, for this series. Gives the new run.
    pub fn read_again(&mut self, slot: Slot, series: SeriesId) -> RunId {
        let run = self.next_run();
        let study = self.study_mut(slot);
        study.run = run;
        let stays = study.stays_measured(series);
        if !stays {
            study.phase = Phase::Choosing;
        }
        study.begin_anew();
        if !stays && slot == Slot::Previous {
            self.forget_comparison();
        }
        run
    }

    /// What of a drop never reached the worker.
    pub fn take_in(&mut self, slot: Slot, missing: Option<Issue>) {
        self.study_mut(slot).missing = missing;
    }

    /// Says something that concerns no study.
    pub fn notice(&mut self, issue: Issue) {
        self.notices.retain(|i| i != &issue);
        self.notices.push(issue);
        let surplus = self.notices.len().saturating_sub(4);
        self.notices.drain(..surplus);
    }

    /// The study of an event, unless the event is stale.
    fn live(&mut self, run: RunId, slot: Slot) -> Option<&mut Study> {
        self.is_live(run, slot).then(|| self.study_mut(slot))
    }

    /// Whether an event of this run is of the study that is there now.
    pub fn is_live(&self, run: RunId, slot: Slot) -> bool {
        let study = self.study(slot);
        run >= study.run && study.phase != Phase::Empty
    }

    /// Takes an event in. Slices and previews are bulk data: previews come as `thumbnails`, slices go elsewhere.
    pub fn apply(&mut self, event: Event, thumbnails: Vec<Thumbnail>) -> Vec<Effect> {
        match event {
            Event::Ready { .. } => self.link = Link::Ready,
            Event::Device { device } => self.device = Some(device),
            Event::WeightsWanted { networks } => return vec![Effect::DeliverWeights(networks)],
            Event::Progress { run, slot, progress } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
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
            Event::Series { run, slot, series, chosen, issues, .. } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                study.series = series;
                study.thumbnails = thumbnails;
                study.drop_issues = issues;
                if matches!(study.phase, Phase::Restoring(_)) {
                    if study.chosen_series().is_none_or(|s| !s.usable) {
                        // The files are others by now: what comes of them is not of this study.
                        study.not_restored();
                        let stale = self.next_run();
                        self.study_mut(slot).run = stale;
                        return Vec::new();
                    }
                } else {
                    study.chosen = chosen;
                    study.phase = if chosen.is_some() {
                        Phase::Measuring(Work::default())
                    } else if study.series.iter().any(|s| s.usable) {
                        Phase::Choosing
                    } else {
                        Phase::Refused
                    };
                }
                return vec![Effect::SeriesFound(slot, chosen)];
            }
            Event::Volume { run, slot, volume } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                let known = study.volume.replace(volume);
                study.decoded.clear();
                match study.phase {
                    // Pictures that are at hand are of the same volume.
                    Phase::Restoring(_) if known == study.volume => return Vec::new(),
                    Phase::Restoring(_) | Phase::Measuring(_) => {}
                    _ => study.phase = Phase::Measuring(Work::default()),
                }
                return vec![Effect::NewVolume(slot)];
            }
            Event::Slice { .. } | Event::Answered { .. } => {}
            Event::Changed { run, slot, indices, areas } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                study.decoded.extend(&indices);
                return vec![Effect::SlicesChanged(slot, indices, areas)];
            }
            Event::Possible { run, slot, possible } => {
                if let Some(study) = self.live(run, slot)
                    // Beside numbers that stay, what a tier below them can come to says nothing.
                    && !matches!(study.phase, Phase::Restoring(_))
                    && let Some(work) = study.phase.work_mut()
                {
                    work.possible = Some(possible);
                }
            }
            Event::Report { run, slot, report, stage } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                if matches!(study.phase, Phase::Restoring(_)) {
                    let below = study.report.as_ref().is_some_and(|r| report.runs.tier < r.runs.tier);
                    // Where the run ends here, its masks are those of this report, even of a lower tier.
                    if stage == ReportStage::Lungs || (stage == ReportStage::Interim && below) {
                        return Vec::new();
                    }
                }
                // Its comparison comes after it.
                let dynamics = study.report.take().and_then(|r| r.dynamics);
                study.report = Some(Report { dynamics, ..*report });
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
            Event::Finished { run, slot } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                match study.phase {
                    Phase::Measured { .. } => study.phase = Phase::Measured { refining: None },
                    Phase::Restoring(_) => study.not_restored(),
                    _ => {}
                }
            }
            Event::Compared { run, dynamics } => {
                // While a worker comes to the answers anew, what it compares on the way is below
                // what is shown.
                let restoring = SLOTS.iter().any(|s| matches!(self.study(*s).phase, Phase::Restoring(_)));
                if self.live(run, Slot::Previous).is_some()
                    && !restoring
                    && let Some(report) = &mut self.current.report
                {
                    report.dynamics = Some(*dynamics);
                }
            }
            Event::Refused { run, slot, issues } => {
                let corrupt = issues.iter().any(|i| i.code == IssueCode::WeightsCorrupt);
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                if matches!(study.phase, Phase::Restoring(_)) {
                    study.not_restored();
                    issues.into_iter().for_each(|issue| self.notice(issue.with_severity(Severity::Warning)));
                } else {
                    study.refuse(issues);
                    if slot == Slot::Previous {
                        self.forget_comparison();
                    }
                }
                if corrupt {
                    return vec![Effect::DropStoredWeights];
                }
            }
            Event::Cancelled { run, slot } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                match study.phase {
                    Phase::Reading(_) | Phase::Measuring(_) => study.stopped(),
                    Phase::Measured { .. } => study.phase = Phase::Measured { refining: None },
                    Phase::Restoring(_) => study.not_restored(),
                    Phase::Empty | Phase::Choosing | Phase::Refused | Phase::Stopped => {}
                }
            }
            Event::Fatal { issue } => return vec![Effect::WorkerDied(issue)],
        }
        Vec::new()
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
