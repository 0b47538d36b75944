//! What the page knows, and how each event of the worker changes it. Pure: no browser, no clock.

use corsai_protocol::{
    Command, DeviceReport, Event, Issue, IssueCode, Possible, Progress, Report, RunId, SeriesId, SeriesSummary,
    Severity, Slot, Stage, Tier, VolumeSummary,
};

/// How far a study has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// No study.
    #[default]
    Empty,
    /// Files are being read; nothing is chosen yet.
    Reading,
    /// The person has to pick a series.
    Choosing,
    /// A series is being analysed.
    Computing,
    /// All numbers are in.
    Done,
    /// There is no number; the issues say why.
    Refused,
    /// The person stopped it; what was finished stays.
    Cancelled,
}

impl Phase {
    /// Whether the worker is at it.
    pub const fn busy(self) -> bool {
        matches!(self, Self::Reading | Self::Computing)
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
    /// The person asked to stop and the worker has not answered yet.
    pub stopping: bool,
    /// The worker that held the study is gone: its numbers stay, its slices can't be asked for.
    pub gone: bool,
    pub synthetic: bool,
    pub series: Vec<SeriesSummary>,
    pub thumbnails: Vec<Thumbnail>,
    pub chosen: Option<SeriesId>,
    /// Of the drop as a whole.
    pub drop_issues: Vec<Issue>,
    pub volume: Option<VolumeSummary>,
    pub progress: Option<Progress>,
    /// An answer is there and further networks are running for a better one.
    pub refining: Option<Progress>,
    /// What the vote that goes on can still come to.
    pub possible: Option<Possible>,
    pub report: Option<Report>,
    /// Why there is no number.
    pub refusal: Vec<Issue>,
}

impl Study {
    pub fn chosen_series(&self) -> Option<&SeriesSummary> {
        self.series.iter().find(|s| Some(s.id) == self.chosen)
    }

    /// The series that a person may pick: all at first, those other than the chosen one later.
    pub fn choices(&self) -> impl Iterator<Item = &SeriesSummary> {
        self.series.iter().filter(|s| self.phase == Phase::Choosing || Some(s.id) != self.chosen)
    }

    /// Whether there is a series to pick.
    pub fn may_choose(&self) -> bool {
        !self.gone && self.choices().any(|s| s.usable)
    }

    /// The report if it may be shown as numbers: not where anything forbids one.
    pub fn numbers(&self) -> Option<&Report> {
        let stopped = self.phase == Phase::Refused;
        self.report.as_ref().filter(|r| !stopped && r.issues.iter().all(|i| i.severity != Severity::Stop))
    }

    /// Every doubt about this study, gravest first, each once.
    pub fn issues(&self) -> Vec<Issue> {
        let chosen = self.chosen_series().into_iter().flat_map(|s| &s.issues);
        let report = self.report.iter().flat_map(|r| &r.issues);
        let mut all: Vec<Issue> = Vec::new();
        for issue in self.refusal.iter().chain(report).chain(chosen).chain(&self.drop_issues) {
            match all.iter_mut().find(|i| i.code == issue.code && i.message == issue.message) {
                Some(known) if known.files.is_empty() => known.files.clone_from(&issue.files),
                Some(_) => {}
                None => all.push(issue.clone()),
            }
        }
        all.sort_by_key(|i| std::cmp::Reverse(i.severity));
        all
    }

    /// No network runs for it any more.
    fn rest(&mut self) {
        self.refining = None;
        self.possible = None;
    }

    fn refuse(&mut self, issues: Vec<Issue>) {
        self.phase = Phase::Refused;
        self.stopping = false;
        self.progress = None;
        self.rest();
        self.report = None;
        self.refusal = issues;
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
    /// Another volume is in this slot: forget its slices and show the middle.
    NewVolume(Slot),
    /// These slices have a newer state.
    SlicesChanged(Slot, Vec<u32>),
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

    fn study_mut(&mut self, slot: Slot) -> &mut Study {
        match slot {
            Slot::Current => &mut self.current,
            Slot::Previous => &mut self.previous,
        }
    }

    /// The series measured, of the current and of the earlier study.
    pub fn chosen(&self) -> [Option<SeriesId>; 2] {
        [self.current.chosen, self.previous.chosen]
    }

    /// The slot the worker is busy with.
    pub fn busy_slot(&self) -> Option<Slot> {
        [Slot::Current, Slot::Previous].into_iter().find(|s| self.study(*s).phase.busy())
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
        *self.study_mut(slot) = Study { run, phase: Phase::Reading, synthetic, ..Study::default() };
        commands.retain(|c| !matches!(c, Command::Close { slot: s } if *s == slot));
        (commands, run)
    }

    /// Forgets a study, and with the current one the earlier one.
    pub fn close(&mut self, slot: Slot) -> Vec<Command> {
        let mut commands = Vec::new();
        let slots: &[Slot] = if slot == Slot::Current { &[Slot::Previous, Slot::Current] } else { &[Slot::Previous] };
        for slot in slots {
            if self.study(*slot).phase.busy() {
                commands.push(Command::Cancel { run: self.study(*slot).run });
            }
            if self.study(*slot).phase != Phase::Empty {
                commands.push(Command::Close { slot: *slot });
            }
            let run = self.next_run();
            *self.study_mut(*slot) = Study { run, ..Study::default() };
        }
        if slot == Slot::Previous
            && let Some(report) = &mut self.current.report
        {
            report.dynamics = None;
        }
        self.notices.clear();
        commands
    }

    /// The person picked a series.
    pub fn choose(&mut self, slot: Slot, series: SeriesId) -> Vec<Command> {
        let mut commands = Vec::new();
        let study = self.study(slot);
        if study.gone || !study.series.iter().any(|s| s.id == series && s.usable) {
            return commands;
        }
        if study.phase.busy() {
            commands.push(Command::Cancel { run: study.run });
        }
        let run = self.next_run();
        let study = self.study_mut(slot);
        study.run = run;
        study.phase = Phase::Computing;
        study.stopping = false;
        study.chosen = Some(series);
        study.volume = None;
        study.progress = None;
        study.rest();
        study.report = None;
        study.refusal.clear();
        commands.push(Command::Choose { run, slot, series });
        commands
    }

    /// The person wants the run stopped.
    pub fn stop(&mut self, slot: Slot) -> Option<Command> {
        let study = self.study_mut(slot);
        if !(study.phase.busy() || study.refining.is_some()) || study.stopping {
            return None;
        }
        study.stopping = true;
        Some(Command::Cancel { run: study.run })
    }

    /// The person wants more networks to vote on a finished study.
    pub fn refine(&mut self, slot: Slot, tier: Tier) -> Option<Command> {
        let study = self.study_mut(slot);
        if study.phase != Phase::Done || study.gone || study.refining.is_some() {
            return None;
        }
        study.refining = Some(Progress { stage: Stage::Refining, done: 0, total: 0, seconds_left: None });
        Some(Command::Refine { run: study.run, slot, tier })
    }

    /// The worker is gone; `issue` says why, none where the person wanted it. Finished numbers stay.
    pub fn lost_worker(&mut self, issue: Option<Issue>) {
        self.link = Link::Starting;
        self.device = None;
        for slot in [Slot::Current, Slot::Previous] {
            let run = self.next_run();
            let study = self.study_mut(slot);
            study.run = run;
            study.gone = study.phase != Phase::Empty;
            if study.phase.busy() && study.stopping {
                study.phase = Phase::Cancelled;
                study.progress = None;
            } else if study.phase.busy() || study.phase == Phase::Choosing {
                match &issue {
                    Some(issue) => study.refuse(vec![issue.clone()]),
                    None => *study = Study { run, ..Study::default() },
                }
            }
            study.stopping = false;
            study.rest();
        }
        let told = [&self.current, &self.previous].iter().any(|s| s.phase == Phase::Refused);
        if let Some(issue) = issue.filter(|_| !told) {
            self.notice(issue);
        }
    }

    /// The worker died over the study under examination, which is to be opened again in a new run. `None` where nothing was running, or where an earlier study's numbers would be lost by it.
    pub fn begin_anew(&mut self) -> Option<RunId> {
        let running = self.current.phase.busy() && !self.current.stopping;
        if !running || self.previous.phase != Phase::Empty {
            return None;
        }
        let run = self.next_run();
        self.link = Link::Starting;
        self.device = None;
        self.current = Study { run, phase: Phase::Reading, synthetic: self.current.synthetic, ..Study::default() };
        self.notice(Issue::new(IssueCode::WorkerRestarted, ""));
        Some(run)
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
        let study = self.study_mut(slot);
        (run >= study.run && study.phase != Phase::Empty).then_some(study)
    }

    /// Takes an event in. Slices and previews are bulk data: previews come as `thumbnails`, slices go elsewhere.
    pub fn apply(&mut self, event: Event, thumbnails: Vec<Thumbnail>) -> Vec<Effect> {
        match event {
            Event::Ready { .. } => self.link = Link::Ready,
            Event::Device { device } => self.device = Some(device),
            Event::WeightsWanted { networks } => return vec![Effect::DeliverWeights(networks)],
            Event::Progress { run, slot, progress } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                if study.phase.busy() {
                    study.progress = Some(progress);
                } else if study.phase == Phase::Done && progress.stage == Stage::Refining {
                    study.refining = Some(progress);
                }
            }
            Event::Series { run, slot, series, chosen, issues, .. } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                study.series = series;
                study.thumbnails = thumbnails;
                study.drop_issues = issues;
                study.chosen = chosen;
                study.progress = None;
                study.phase = if chosen.is_some() {
                    Phase::Computing
                } else if study.series.iter().any(|s| s.usable) {
                    Phase::Choosing
                } else {
                    Phase::Refused
                };
            }
            Event::Volume { run, slot, volume } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                study.phase = Phase::Computing;
                study.volume = Some(volume);
                return vec![Effect::NewVolume(slot)];
            }
            Event::Slice { .. } | Event::Answered { .. } => {}
            Event::Changed { run, slot, indices } => {
                if self.live(run, slot).is_some() {
                    return vec![Effect::SlicesChanged(slot, indices)];
                }
            }
            Event::Possible { run, slot, possible } => {
                if let Some(study) = self.live(run, slot) {
                    study.possible = Some(possible);
                }
            }
            Event::Report { run, slot, report, complete } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                study.report = Some(*report);
                if complete {
                    study.phase = Phase::Done;
                    study.progress = None;
                    study.rest();
                    study.stopping = false;
                }
            }
            Event::Refused { run, slot, issues } => {
                let corrupt = issues.iter().any(|i| i.code == IssueCode::WeightsCorrupt);
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                study.refuse(issues);
                if corrupt {
                    return vec![Effect::DropStoredWeights];
                }
            }
            Event::Cancelled { run, slot } => {
                let Some(study) = self.live(run, slot) else { return Vec::new() };
                study.stopping = false;
                study.progress = None;
                study.rest();
                if study.phase == Phase::Done {
                    return Vec::new();
                }
                study.phase = match (study.series.is_empty(), study.chosen) {
                    (true, _) => Phase::Empty,
                    (false, None) => Phase::Choosing,
                    (false, Some(_)) => Phase::Cancelled,
                };
            }
            Event::Fatal { issue } => return vec![Effect::WorkerDied(issue)],
        }
        Vec::new()
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
