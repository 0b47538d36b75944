//! One series' way from its files' bytes to numbers, told step by step to the page.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
};

use corsai_ensemble::{Analysis, Job, JobId, Options};
use corsai_findings::{check_quality, measure, report, set_member_range, share_bounds, study_record};
use corsai_manifest::{Manifest, Vote};
use corsai_protocol::{
    AnalysisOptions, AnswerKey, Event, ReportStage, RunId, SeriesId, SeriesSummary, Stage, StudySlot,
};
use corsai_report::{Issue, IssueCode, Lungs, Report, Runs, Severity, Tier};
use corsai_study::{DecodedVolume, SeriesList};
use futures_util::{
    future::{Either, select},
    lock::MappedMutexGuard,
};
use gloo_timers::future::TimeoutFuture;
use js_sys::Float32Array;
use web_time::{Duration, Instant};

use crate::{
    answer_cache::question,
    coordinator::{Coordinator, Pixels},
    decode::{DecodeResources, decode},
    device_selection,
    engine::{Engine, Kind, Outcome, fault},
    page_events,
    progress::ProgressReporter,
    slice_areas,
    yield_now::Yielder,
};

/// How often a run that waits looks at what else there is to do.
const HEARTBEAT_MS: u32 = 1000;
/// And not more often than this what the vote can still come to.
const BETWEEN_BOUNDS: Duration = Duration::from_millis(400);

/// Decodes a series of what was opened by these `means`, and analyses it; `begun` is when the person asked for it.
///
/// # Errors
/// Why there are no numbers.
pub async fn analyse(
    owner: &Coordinator,
    at: (RunId, StudySlot),
    opened: &SeriesList,
    id: SeriesId,
    means: DecodeResources,
    begun: Instant,
) -> Result<(), Vec<Issue>> {
    let (run, slot) = at;
    let series = opened.series.iter().find(|s| s.summary().id == id);
    let series = series.ok_or_else(|| vec![fault("the choice of a series")])?;
    let same_study = |voxels_key| match owner.is_current_study(slot, series.summary(), voxels_key) {
        true => Err(vec![Issue::new(IssueCode::DynamicsSameStudy, [])]),
        false => Ok(()),
    };
    same_study(None)?;
    let DecodedVolume { volume, mut issues } = decode(owner, at, series, means).await?;
    let voxels_key = volume.digest();
    same_study(Some(voxels_key))?;
    let skipped = opened.issues.iter().filter(|i| i.severity != Severity::Stop);
    issues.extend(skipped.cloned());
    let manifest = device_selection::manifest().map_err(|issue| vec![issue])?;
    let depth = owner.depth_of(slot);
    owner.set_goal(at, depth.tier);
    let options = Options {
        tier: Tier::Quick,
        full_run: depth.full_run,
        vote: depth.paper_vote.then_some(Vote::PAPER),
        dpn_3d: depth.dpn_3d,
        keep_probabilities: false,
    };
    let analysis = Analysis::new(Arc::new(volume), &manifest, options)
        .map_err(|error| vec![fault(&format!("the analysis' beginning: {error}"))])?;
    let course = Rc::new(AnalysisSession {
        manifest,
        summary: series.summary().clone(),
        analysis: RefCell::new(analysis),
        voxels_key,
        depth,
        issues,
        seconds: Cell::new(0.0),
    });
    owner.study(slot).borrow_mut().pixels = Pixels::Analysis(Rc::clone(&course));
    let run = AnalysisRun { owner, run, slot, course: &course, begun };
    run.compute().await?;
    refine(owner, at, &course).await;
    Ok(())
}

/// Goes on from a finished answer to the run's goal, one tier after the other; each one's answer is
/// published. Where it can't go on, the answer there is stays, and says why.
pub async fn refine(owner: &Coordinator, (run, slot): (RunId, StudySlot), course: &Rc<AnalysisSession>) {
    for next in Tier::ALL {
        // The goal may have been raised meanwhile.
        if Some(next) > owner.goal(slot) {
            break;
        }
        let goes_on = {
            let mut analysis = course.analysis.borrow_mut();
            analysis.resume(next) || analysis.refine(next)
        };
        if !goes_on {
            continue;
        }
        let run = AnalysisRun { owner, run, slot, course, begun: Instant::now() };
        if let Err(issues) = run.compute().await {
            owner.set_back((run.run, slot));
            owner.doubt(slot, issues.into_iter().map(|i| i.with_severity(Severity::Warning)).collect());
            return;
        }
    }
}

/// A study's analysis and what its numbers rest on besides.
#[derive(Debug)]
pub struct AnalysisSession {
    manifest: Manifest,
    summary: SeriesSummary,
    pub analysis: RefCell<Analysis>,
    /// Digest of the volume's voxels.
    voxels_key: u64,
    /// What it was begun with.
    pub depth: AnalysisOptions,
    /// Of the series and of the drop.
    issues: Vec<Issue>,
    /// What was spent on it so far.
    seconds: Cell<f64>,
}

/// Computing in the course of a run.
struct AnalysisRun<'a> {
    owner: &'a Coordinator,
    run: RunId,
    slot: StudySlot,
    course: &'a AnalysisSession,
    begun: Instant,
}

/// What a job asks, where its answer is to outlive this worker.
type Question = Option<AnswerKey>;

/// The engine while a run has it, and the jobs it is at.
struct EngineLease<'a> {
    engine: MappedMutexGuard<'a, Option<Engine>, Engine>,
    in_flight: BTreeMap<JobId, Question>,
}

/// What the page was told last, and when.
struct RunProgress {
    pace: ProgressReporter,
    /// When it was told what the shares can still come to.
    bounds: Instant,
    lungs: Option<Lungs>,
}

impl AnalysisRun<'_> {
    /// Does all jobs, tells the page what each changed, and publishes the answer.
    async fn compute(&self) -> Result<(), Vec<Issue>> {
        let analysis = &self.course.analysis;
        let refining = analysis.borrow().stage() == Some(Stage::Lesions);
        let mut hold = self.hold(refining).await?;
        let pace = ProgressReporter::begin(self.run, self.slot, if refining { Stage::Refining } else { Stage::Lungs });
        let mut telling = RunProgress { pace, bounds: Instant::now(), lungs: None };
        let mut pause = Yielder::new();
        if refining {
            self.owner.ask_for_weights(self.missing(&hold.engine).into_iter());
        }
        loop {
            if refining && self.owner.is_waited_for() {
                // A person waits for another study's first answer.
                self.put_back(&mut hold);
                hold.engine.abandon();
                drop(hold);
                hold = self.hold(refining).await?;
            }
            while hold.engine.has_room() {
                let Some(job) = analysis.borrow_mut().next_job() else { break };
                let question = self.question(&job, refining);
                if let Some(values) = question.as_ref().and_then(|of| self.owner.kept.take(of)) {
                    self.accept(job.id, &Float32Array::new(&values).to_vec(), &mut telling)?;
                    pause.if_due().await;
                    continue;
                }
                if !hold.engine.has(job.network) {
                    analysis.borrow_mut().put_back(job.id);
                    if self.provide(&mut hold, job.network, &mut telling.pace).await? {
                        continue;
                    }
                    break;
                }
                hold.in_flight.insert(job.id, question);
                hold.engine.start(job);
            }
            // Now that everyone has work: it takes a while.
            if telling.pace.stage() == Stage::Lungs && analysis.borrow().stage() != Some(Stage::Lungs) {
                self.after_lungs(&hold.engine)?;
                telling.pace = ProgressReporter::begin(self.run, self.slot, Stage::Lesions);
            }
            if analysis.borrow().stage().is_none() {
                break;
            }
            if refining && self.owner.is_waited_for() {
                continue;
            }
            if !hold.engine.busy() {
                return Err(vec![fault("the networks' jobs: nobody computes them")]);
            }
            let (done, total) = analysis.borrow().progress();
            telling.pace.reached(done, total);
            let outcome = match select(Box::pin(hold.engine.next()), TimeoutFuture::new(HEARTBEAT_MS)).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(_) => continue,
            };
            match outcome {
                Outcome::Answer { job, values } => {
                    // Else it is late: the job was put back, or its run had the engine before.
                    let Some(question) = hold.in_flight.remove(&job) else { continue };
                    if let Some(key) = question {
                        let event = Event::Answer { run: self.run, key };
                        page_events::post_with(&event, &[page_events::buffer_of_f32(&values)]);
                    }
                    self.accept(job, &values, &mut telling)?;
                }
                Outcome::Lost { jobs } => jobs.into_iter().for_each(|job| {
                    hold.in_flight.remove(&job);
                    analysis.borrow_mut().put_back(job);
                }),
                Outcome::Dead => {
                    if matches!(hold.engine.kind, Kind::Cpu(_)) {
                        page_events::fatal();
                        // The page ends this worker.
                        std::future::pending::<()>().await;
                    }
                    self.put_back(&mut hold);
                    let lost = Issue::new(IssueCode::DeviceLost, []);
                    *hold.engine =
                        self.owner.replace_engine(lost, hold.engine.precision()).await.map_err(|issue| vec![issue])?;
                }
                Outcome::Failed { issue } => return Err(vec![issue]),
            }
        }
        let course = self.course;
        course.seconds.set(course.seconds.get() + self.begun.elapsed().as_secs_f64());
        let report = self.report(&hold.engine, true);
        drop(hold);
        // A vote of more networks may have changed slices that none of them had to see again.
        slice_areas::tell_all_changed((self.run, self.slot), &analysis.borrow());
        let goes_on = self.owner.goal(self.slot) > Some(report.runs.tier);
        let stage = if goes_on { ReportStage::Interim } else { ReportStage::Final };
        self.owner.publish((self.run, self.slot), &course.summary, course.voxels_key, report, stage);
        Ok(())
    }

    /// What is asked, if the page would go on from its answer with another worker: before there are numbers of the
    /// study under examination.
    fn question(&self, job: &Job, refining: bool) -> Question {
        let entry = self.course.manifest.networks.get(job.network)?;
        (self.slot == StudySlot::Current && !refining).then(|| question(&entry.name, &job.input))
    }

    /// Takes a job's answer, and tells the page what it changed.
    fn accept(&self, job: JobId, values: &[f32], telling: &mut RunProgress) -> Result<(), Vec<Issue>> {
        let analysis = &self.course.analysis;
        let changed = analysis.borrow_mut().accept(job, values).map_err(|error| {
            // Only answers to jobs that are in flight come here, so that a stale one is a fault,
            // too.
            let stage = telling.pace.stage();
            vec![fault(&format!("an answer in the stage {stage:?}: {error}"))]
        })?;
        if !changed.is_empty() {
            slice_areas::tell_changed((self.run, self.slot), &analysis.borrow(), changed);
        }
        if telling.pace.stage() != Stage::Lungs && telling.bounds.elapsed() >= BETWEEN_BOUNDS {
            self.tell_possible(&mut telling.lungs);
            telling.bounds = Instant::now();
        }
        Ok(())
    }

    /// Waits for the engine.
    async fn hold(&self, refining: bool) -> Result<EngineLease<'_>, Vec<Issue>> {
        let mut ready = Box::pin(self.owner.engine(refining));
        let mut pace: Option<ProgressReporter> = None;
        let mut engine = loop {
            let stage = if refining { Stage::Refining } else { self.owner.waits_for() };
            let pace = match &mut pace {
                Some(pace) if pace.stage() == stage => pace,
                other => other.insert(ProgressReporter::begin(self.run, self.slot, stage)),
            };
            pace.reached(0, 1);
            match select(&mut ready, TimeoutFuture::new(HEARTBEAT_MS / 2)).await {
                Either::Left((engine, _)) => break engine.map_err(|issue| vec![issue])?,
                Either::Right(_) => {}
            }
        };
        engine.abandon();
        Ok(EngineLease { engine, in_flight: BTreeMap::new() })
    }

    fn put_back(&self, hold: &mut EngineLease<'_>) {
        for job in std::mem::take(&mut hold.in_flight).into_keys() {
            self.course.analysis.borrow_mut().put_back(job);
        }
    }

    /// Networks of the tier that may run and that the engine doesn't have, in the order they run.
    fn missing(&self, engine: &Engine) -> Vec<&String> {
        let tier = self.course.analysis.borrow().tier();
        let networks = self.course.manifest.networks.iter().enumerate();
        networks.filter(|(i, entry)| entry.tier <= tier && !engine.has(*i)).map(|(_, entry)| &entry.name).collect()
    }

    /// Gets a network's weights and gives them to the engine. `false` where a person waits for the
    /// engine meanwhile.
    async fn provide(
        &self,
        hold: &mut EngineLease<'_>,
        network: usize,
        pace: &mut ProgressReporter,
    ) -> Result<bool, Vec<Issue>> {
        let entry = self.course.manifest.networks.get(network).expect("invariant: jobs are of the manifest's networks");
        let mut weights = Box::pin(self.owner.weights_of(&entry.name));
        let missing = self.missing(&hold.engine);
        let mut loading = ProgressReporter::begin(self.run, self.slot, Stage::Weights);
        let parts = loop {
            if !self.owner.has_weights(&entry.name) {
                let here = missing.iter().filter(|name| self.owner.has_weights(name)).count();
                loading.reached(here, missing.len());
                pace.tell_again();
            }
            match select(&mut weights, TimeoutFuture::new(HEARTBEAT_MS)).await {
                Either::Left((parts, _)) => break parts.map_err(|issue| vec![issue])?,
                Either::Right(_) if pace.stage() == Stage::Refining && self.owner.is_waited_for() => return Ok(false),
                Either::Right(_) => {}
            }
        };
        match hold.engine.give(network, entry, parts).await {
            Ok(()) => Ok(true),
            Err(issue) if issue.code == IssueCode::DeviceSelfTest => {
                self.put_back(hold);
                *hold.engine =
                    self.owner.replace_engine(issue, hold.engine.precision()).await.map_err(|issue| vec![issue])?;
                Ok(true)
            }
            Err(issue) => Err(vec![issue]),
        }
    }

    /// The lungs are in: no number without them, else the first ones.
    fn after_lungs(&self, engine: &Engine) -> Result<(), Vec<Issue>> {
        let report = self.report(engine, false);
        if report.issues.iter().any(|i| i.severity == Severity::Stop) {
            return Err(report.issues);
        }
        page_events::report(self.run, self.slot, report, ReportStage::Lungs);
        Ok(())
    }

    /// What the shares can still come to. The lungs' volumes stay as they are: they are measured once.
    fn tell_possible(&self, lungs: &mut Option<Lungs>) {
        let analysis = self.course.analysis.borrow();
        let Some(bounds) = analysis.bounds_ml() else { return };
        let lungs = lungs.get_or_insert_with(|| measure(analysis.volume().grid(), analysis.all_labels(), false));
        let bounds = share_bounds(lungs, bounds);
        page_events::post(&Event::ShareBounds { run: self.run, slot: self.slot, bounds });
    }

    fn report(&self, engine: &Engine, complete: bool) -> Report {
        let analysis = self.course.analysis.borrow();
        let grid = analysis.volume().grid();
        let labels = analysis.all_labels();
        let mut issues = self.course.issues.clone();
        issues.extend(check_quality(analysis.volume(), labels));
        issues.extend(engine.issues.iter().cloned());
        let slices = analysis.lung_slices();
        let runs = Runs {
            device: engine.name(),
            tier: analysis.tier(),
            full_run: self.course.depth.full_run,
            paper_vote: self.course.depth.paper_vote,
            dpn_3d: self.course.depth.dpn_3d,
            slices,
            slices_without_lung: (grid.slices() as u32).saturating_sub(slices),
            networks: analysis.runs(),
            seconds: self.course.seconds.get(),
            memory_bytes: Some(engine.memory_bytes()),
        };
        let mut lungs = measure(grid, labels, complete);
        if complete {
            set_member_range(&mut lungs, &analysis.members_ml());
        }
        report(study_record(self.course.summary.date.clone(), grid), lungs, None, issues, runs)
    }
}
