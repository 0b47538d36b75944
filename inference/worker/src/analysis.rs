//! One series' way from its files' bytes to numbers, told step by step to the page.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
};

use corsai_ensemble::{Analysis, Job, JobId, Options};
use corsai_findings::{
    check_disagreement, check_domain, check_quality, measure, report, set_member_range, share_bounds, study_record,
};
use corsai_manifest::Vote;
use corsai_protocol::{AnswerKey, BackendKind, Event, ReportStage, RunId, SeriesId, Stage, StudySlot};
use corsai_report::{Issue, Lungs, Report, Runs, Severity, Tier};
use corsai_study::{DecodedVolume, SeriesList};
use futures_util::future::{Either, select};
use js_sys::Float32Array;
use tracing::{Span, info_span};
use web_time::{Duration, Instant};

use crate::{
    answer_cache::answer_key,
    backend::NetworkWeights,
    buffer::Buffer,
    context::{Context, EngineGuard},
    decode::{DecodeResources, decode},
    device_selection,
    engine::{Engine, EngineEvent},
    error::WorkerError,
    page_events,
    progress::ProgressReporter,
    session::{AnalysisSession, RunKey, SlicePixels},
    slice_areas,
    timer::sleep,
    yield_now::Yielder,
};

/// Interval at which a waiting run looks whether another run waits for the engine.
const HEARTBEAT_MS: u32 = 1000;
/// Shortest interval between two bounds of the shares.
const BOUNDS_INTERVAL: Duration = Duration::from_millis(400);

/// Decodes a series of a drop and analyses it; `begun` is when the person asked for it.
///
/// # Errors
/// Why there are no numbers.
pub async fn analyse(
    context: &Context,
    key: RunKey,
    opened: &SeriesList,
    id: SeriesId,
    resources: DecodeResources,
    begun: Instant,
) -> Result<(), Vec<Issue>> {
    let (run, slot) = key;
    let series = opened.series.iter().find(|s| s.summary().id == id).ok_or(WorkerError::UnknownSeries)?;
    let refuse_current = |voxels_key| {
        if context.studies.is_current_study(slot, series.summary(), voxels_key) {
            Err(WorkerError::SameStudy)
        } else {
            Ok(())
        }
    };
    refuse_current(None)?;
    let DecodedVolume { volume, mut issues } = decode(&context.studies, key, series, resources).await?;
    let voxels_key = volume.digest();
    refuse_current(Some(voxels_key))?;
    issues.extend(opened.issues.iter().filter(|i| i.severity != Severity::Stop).cloned());
    let manifest = device_selection::manifest()?;
    let options = context.studies.options_for(slot, context.options.get());
    context.studies.set_target(key, options.tier);
    let analysis = Analysis::new(
        Arc::new(volume),
        &manifest,
        Options {
            tier: Tier::Quick,
            full_run: options.full_run,
            vote: options.paper_vote.then_some(Vote::PAPER),
            dpn_3d: options.dpn_3d,
            keep_probabilities: false,
        },
    )
    .map_err(|source| WorkerError::Analysis { step: "the beginning of the analysis".into(), source })?;
    let session = Rc::new(AnalysisSession {
        manifest,
        series: series.summary().clone(),
        analysis: RefCell::new(analysis),
        voxels_key,
        options,
        issues,
        seconds: Cell::new(0.0),
    });
    context.studies.of(slot).borrow_mut().pixels = SlicePixels::Analysis(Rc::clone(&session));
    AnalysisRun { context, run, slot, session: &session, begun }.compute().await?;
    refine(context, key, &session).await;
    Ok(())
}

/// Goes on from a finished answer to the run's target, one tier after the other; each tier's answer
/// is published. Where a tier fails, the answer before stays, with the reasons.
pub async fn refine(context: &Context, key: RunKey, session: &AnalysisSession) {
    let (run, slot) = key;
    for next in Tier::ALL {
        // The target may have been raised meanwhile.
        if Some(next) > context.studies.target(slot) {
            break;
        }
        let goes_on = {
            let mut analysis = session.analysis.borrow_mut();
            analysis.resume(next) || analysis.refine(next)
        };
        if !goes_on {
            continue;
        }
        let run = AnalysisRun { context, run, slot, session, begun: Instant::now() };
        if let Err(issues) = run.compute().await {
            context.stop_refinement(key);
            let issues = issues.into_iter().map(|i| i.with_severity(Severity::Warning)).collect();
            context.publish_with_issues(slot, issues);
            return;
        }
    }
}

/// The computation of one tier's answer.
struct AnalysisRun<'a> {
    context: &'a Context,
    run: RunId,
    slot: StudySlot,
    session: &'a AnalysisSession,
    begun: Instant,
}

/// The engine while a run has it, and the jobs that it computes. An answer under a key goes to the
/// page, for a next worker.
struct EngineLease<'a> {
    engine: EngineGuard<'a>,
    in_flight: BTreeMap<JobId, Option<AnswerKey>>,
}

/// What was told last: to the page, and to the diagnostics.
struct RunProgress {
    reporter: ProgressReporter,
    /// When the bounds of the shares were told.
    bounds_told: Instant,
    /// The lungs' volumes, which are measured once.
    lungs: Option<Lungs>,
}

impl AnalysisRun<'_> {
    /// Does all jobs, tells the page what each changed, and publishes the answer.
    async fn compute(&self) -> Result<(), Vec<Issue>> {
        let analysis = &self.session.analysis;
        let refining = analysis.borrow().stage() == Some(Stage::Lesions);
        let mut lease = self.lease(refining).await?;
        let stage = if refining { Stage::Refining } else { Stage::Lungs };
        let mut progress = RunProgress { reporter: self.reporter(stage), bounds_told: Instant::now(), lungs: None };
        let mut stage_span = self.stage_span(stage);
        let mut yielder = Yielder::new();
        if refining {
            self.context.request_weights(self.missing_networks(&lease.engine).into_iter());
        }
        loop {
            if refining && self.context.is_engine_awaited() {
                // A person waits for another study's first answer.
                self.put_back(&mut lease);
                lease.engine.cancel_jobs();
                drop(lease);
                lease = self.lease(refining).await?;
            }
            while lease.engine.backend.has_capacity() {
                let Some(job) = analysis.borrow_mut().next_job() else { break };
                let key = self.answer_key(&job, refining);
                if let Some(values) = key.as_ref().and_then(|key| self.context.answers.take(key)) {
                    self.accept(job.id, &Float32Array::new(&values).to_vec(), &mut progress)?;
                    yielder.yield_if_due().await;
                    continue;
                }
                if !lease.engine.backend.has_network(job.network) {
                    analysis.borrow_mut().put_back(job.id);
                    if self.load(&mut lease, job.network, &mut progress.reporter).await? {
                        continue;
                    }
                    break;
                }
                lease.in_flight.insert(job.id, key);
                lease.engine.submit(job);
            }
            // While every compute worker has a job, since measuring takes a while.
            if progress.reporter.stage() == Stage::Lungs && analysis.borrow().stage() != Some(Stage::Lungs) {
                drop(stage_span);
                self.publish_lungs(&lease.engine)?;
                progress.reporter = self.reporter(Stage::Lesions);
                stage_span = self.stage_span(Stage::Lesions);
            }
            if analysis.borrow().stage().is_none() {
                break;
            }
            if refining && self.context.is_engine_awaited() {
                continue;
            }
            if !lease.engine.backend.is_busy() {
                return Err(WorkerError::Stalled.into());
            }
            let (done, total) = analysis.borrow().progress();
            progress.reporter.report(done, total);
            let event = match select(Box::pin(lease.engine.next_event()), sleep(HEARTBEAT_MS)).await {
                Either::Left((event, _)) => event,
                Either::Right(_) => continue,
            };
            self.on_event(event, &mut lease, &mut progress).await?;
        }
        drop(stage_span);
        self.publish_answer(lease);
        Ok(())
    }

    async fn on_event(
        &self,
        event: EngineEvent,
        lease: &mut EngineLease<'_>,
        progress: &mut RunProgress,
    ) -> Result<(), Vec<Issue>> {
        match event {
            EngineEvent::Answer { job, values } => {
                // Without an entry the answer is late: the job was put back.
                let Some(key) = lease.in_flight.remove(&job) else { return Ok(()) };
                if let Some(key) = key {
                    page_events::post_with(&Event::Answer { run: self.run, key }, &[Buffer::F32(&values)]);
                }
                self.accept(job, &values, progress)?;
            }
            EngineEvent::Lost { jobs } => {
                for job in jobs {
                    lease.in_flight.remove(&job);
                    self.session.analysis.borrow_mut().put_back(job);
                }
            }
            EngineEvent::Dead if lease.engine.backend.kind() == BackendKind::Cpu => {
                tracing::error!("the compute workers died");
                page_events::fatal();
                // The page ends this worker.
                std::future::pending::<()>().await;
            }
            EngineEvent::Dead => self.fail_over(lease, &WorkerError::DeviceLost).await?,
            EngineEvent::Failed(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Goes on with another engine after the GPU failed.
    async fn fail_over(&self, lease: &mut EngineLease<'_>, cause: &WorkerError) -> Result<(), WorkerError> {
        self.put_back(lease);
        *lease.engine = self.context.replace_engine(cause, lease.engine.backend.precision()).await?;
        Ok(())
    }

    fn reporter(&self, stage: Stage) -> ProgressReporter {
        ProgressReporter::new((self.run, self.slot), stage)
    }

    fn stage_span(&self, stage: Stage) -> Span {
        let analysis = self.session.analysis.borrow();
        let tier = analysis.tier().as_str();
        info_span!("stage", run = self.run.0, stage = ?stage, tier, slices = analysis.volume().grid().slices())
    }

    /// Returns the key of a job's answer, if the page would go on from the answer with another
    /// worker: before there are numbers of the study under examination.
    fn answer_key(&self, job: &Job, refining: bool) -> Option<AnswerKey> {
        let entry = self.session.manifest.networks.get(job.network)?;
        (self.slot == StudySlot::Current && !refining).then(|| answer_key(&entry.name, &job.input))
    }

    /// Takes a job's answer, and tells the page what it changed.
    fn accept(&self, job: JobId, values: &[f32], progress: &mut RunProgress) -> Result<(), WorkerError> {
        let analysis = &self.session.analysis;
        let changed = analysis.borrow_mut().accept(job, values).map_err(|source| {
            // Only answers to jobs that are in flight come here: a stale one is a fault, too.
            WorkerError::Analysis { step: format!("an answer in the stage {:?}", progress.reporter.stage()), source }
        })?;
        if !changed.is_empty() {
            slice_areas::post((self.run, self.slot), &analysis.borrow(), changed);
        }
        if progress.reporter.stage() != Stage::Lungs && progress.bounds_told.elapsed() >= BOUNDS_INTERVAL {
            self.post_bounds(&mut progress.lungs);
            progress.bounds_told = Instant::now();
        }
        Ok(())
    }

    /// Waits for the engine.
    async fn lease(&self, refining: bool) -> Result<EngineLease<'_>, WorkerError> {
        let mut ready = Box::pin(self.context.engine(refining));
        let mut reporter: Option<ProgressReporter> = None;
        let mut engine = loop {
            let stage = if refining { Stage::Refining } else { self.context.device_stage() };
            let reporter = match &mut reporter {
                Some(reporter) if reporter.stage() == stage => reporter,
                other => other.insert(self.reporter(stage)),
            };
            reporter.report(0, 1);
            match select(&mut ready, sleep(HEARTBEAT_MS / 2)).await {
                Either::Left((engine, _)) => break engine?,
                Either::Right(_) => {}
            }
        };
        engine.cancel_jobs();
        Ok(EngineLease { engine, in_flight: BTreeMap::new() })
    }

    fn put_back(&self, lease: &mut EngineLease<'_>) {
        for job in std::mem::take(&mut lease.in_flight).into_keys() {
            self.session.analysis.borrow_mut().put_back(job);
        }
    }

    /// Returns the tier's networks that the engine doesn't have, in the order in which they run.
    fn missing_networks(&self, engine: &Engine) -> Vec<&String> {
        let tier = self.session.analysis.borrow().tier();
        let networks = self.session.manifest.networks.iter().enumerate();
        networks
            .filter(|(i, entry)| entry.tier <= tier && !engine.backend.has_network(*i))
            .map(|(_, entry)| &entry.name)
            .collect()
    }

    /// Gets a network's weights and loads the network. `false` where another run waits for the
    /// engine meanwhile.
    async fn load(
        &self,
        lease: &mut EngineLease<'_>,
        network: usize,
        reporter: &mut ProgressReporter,
    ) -> Result<bool, WorkerError> {
        let entry = self.session.manifest.networks.get(network);
        let entry = entry.expect("invariant: jobs are of the manifest's networks").clone();
        let span = info_span!("weights", network = entry.name, bytes = tracing::field::Empty);
        let mut weights = Box::pin(self.context.weights_of(&entry.name));
        let missing = self.missing_networks(&lease.engine);
        let mut loading = self.reporter(Stage::Weights);
        let parts = loop {
            if !self.context.weights.has(&entry.name) {
                let here = missing.iter().filter(|name| self.context.weights.has(name)).count();
                loading.report(here, missing.len());
                reporter.report_again();
            }
            match select(&mut weights, sleep(HEARTBEAT_MS)).await {
                Either::Left((parts, _)) => break parts?,
                Either::Right(_) if reporter.stage() == Stage::Refining && self.context.is_engine_awaited() => {
                    return Ok(false);
                }
                Either::Right(_) => {}
            }
        };
        drop(weights);
        span.record("bytes", parts.iter().map(Vec::len).sum::<usize>());
        match lease.engine.load(NetworkWeights { network, entry, parts }).await {
            Err(error @ WorkerError::GpuSelfTest { .. }) => self.fail_over(lease, &error).await?,
            loaded => loaded?,
        }
        Ok(true)
    }

    /// Publishes the lungs' volumes.
    ///
    /// # Errors
    /// Issues that stop the analysis, "no lungs" among them.
    fn publish_lungs(&self, engine: &Engine) -> Result<(), Vec<Issue>> {
        let report = self.report(engine, false);
        if report.issues.iter().any(|i| i.severity == Severity::Stop) {
            return Err(report.issues);
        }
        page_events::report(self.run, self.slot, report, ReportStage::Lungs);
        Ok(())
    }

    /// Publishes the tier's answer, and lets the next run have the engine.
    fn publish_answer(&self, lease: EngineLease<'_>) {
        let session = self.session;
        session.seconds.set(session.seconds.get() + self.begun.elapsed().as_secs_f64());
        let report = {
            let _span = info_span!("findings", run = self.run.0).entered();
            self.report(&lease.engine, true)
        };
        tracing::info!(
            run = self.run.0,
            tier = report.runs.tier.as_str(),
            networks = report.runs.networks.len(),
            slices = report.runs.slices,
            memory_mb = report.runs.memory_bytes.map(|bytes| bytes >> 20),
            issues = report.issues.len(),
            "answer"
        );
        drop(lease);
        // A vote of more networks may have changed slices that none of them had to see again.
        slice_areas::post_all((self.run, self.slot), &session.analysis.borrow());
        let goes_on = self.context.studies.target(self.slot) > Some(report.runs.tier);
        let stage = if goes_on { ReportStage::Interim } else { ReportStage::Final };
        self.context.publish((self.run, self.slot), &session.series, session.voxels_key, report, stage);
    }

    /// Posts what the shares can still come to. The lungs' volumes are measured once.
    fn post_bounds(&self, lungs: &mut Option<Lungs>) {
        let analysis = self.session.analysis.borrow();
        let Some(bounds) = analysis.bounds_ml() else { return };
        let lungs = lungs.get_or_insert_with(|| measure(analysis.volume().grid(), analysis.all_labels(), false));
        let bounds = share_bounds(lungs, bounds);
        page_events::post(&Event::ShareBounds { run: self.run, slot: self.slot, bounds });
    }

    fn report(&self, engine: &Engine, complete: bool) -> Report {
        let analysis = self.session.analysis.borrow();
        let grid = analysis.volume().grid();
        let labels = analysis.all_labels();
        let mut issues = self.session.issues.clone();
        issues.extend(check_quality(analysis.volume(), labels));
        if let Some(validated) = &self.session.manifest.validated {
            issues.extend(check_domain(analysis.volume(), labels, validated));
        }
        issues.extend(engine.issues.iter().cloned());
        let slices = analysis.lung_slices();
        let options = self.session.options;
        let runs = Runs {
            device: engine.name(),
            tier: analysis.tier(),
            full_run: options.full_run,
            paper_vote: options.paper_vote,
            dpn_3d: options.dpn_3d,
            slices,
            slices_without_lung: (grid.slices() as u32).saturating_sub(slices),
            networks: analysis.runs(),
            seconds: self.session.seconds.get(),
            memory_bytes: Some(engine.memory_bytes()),
        };
        let mut lungs = measure(grid, labels, complete);
        if complete {
            set_member_range(&mut lungs, &analysis.members_ml());
            let validated = self.session.manifest.validated.as_ref();
            issues.extend(validated.and_then(|validated| check_disagreement(&lungs, analysis.tier(), validated)));
        }
        report(study_record(self.session.series.date.clone(), grid), lungs, None, issues, runs)
    }
}

#[cfg(test)]
#[path = "analysis_tests.rs"]
mod tests;
