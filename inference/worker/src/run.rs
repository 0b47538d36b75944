//! One series' way from its files' bytes to numbers, told step by step to the page.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use corsai_ensemble::Analysis;
use corsai_findings::{doubts, measure, record, report};
use corsai_protocol::{Event, Issue, IssueCode, Report, RunId, Runs, SeriesId, SeriesSummary, Severity, Slot, Stage};
use corsai_study::{Decoded, Opened, Series};
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use web_time::Instant;

use crate::{
    device,
    engine::{Engine, Kind, Outcome},
    outbox,
    owner::{Numbers, Owner, Pixels},
    pace::Pace,
    pause::Pause,
};

/// The page is told at least this often that the run goes on.
const HEARTBEAT_MS: u32 = 1000;

/// Analyses a series of what was opened; `begun` is when the person asked for it.
///
/// # Errors
/// Why there are no numbers.
pub async fn analyse(
    owner: &Owner,
    at: (RunId, Slot),
    opened: &Opened,
    id: SeriesId,
    begun: Instant,
) -> Result<(), Vec<Issue>> {
    let (run, slot) = at;
    let series = opened.series.iter().find(|s| s.summary().id == id).ok_or_else(|| vec![withheld()])?;
    if owner.other_study_key(slot) == Some(series.summary().study_key) {
        return Err(vec![Issue::new(IssueCode::DynamicsSameStudy, "")]);
    }
    let Decoded { volume, mut issues } = decode(owner, at, series).await?;
    let skipped = opened.issues.iter().filter(|i| i.severity != Severity::Stop);
    issues.extend(skipped.cloned());
    let manifest = device::manifest().map_err(|issue| vec![issue])?;
    let analysis = Analysis::new(Arc::new(volume), &manifest).map_err(|_| vec![withheld()])?;
    let analysis = Rc::new(RefCell::new(analysis));
    owner.study(slot).borrow_mut().pixels = Pixels::Analysis(Rc::clone(&analysis));

    let mut ready = Box::pin(owner.engine());
    let mut engine = loop {
        Pace::begin(run, slot, owner.waits_for()).reached(0, 1);
        match select(&mut ready, TimeoutFuture::new(HEARTBEAT_MS / 2)).await {
            Either::Left((engine, _)) => break engine.map_err(|issue| vec![issue])?,
            Either::Right(_) => {}
        }
    };
    engine.abandon();
    let run = Run { owner, run, slot, summary: series.summary(), analysis: &analysis, issues, begun };
    run.compute(&mut engine).await?;
    let numbers = run.report(&engine, true);
    drop(engine);
    owner.publish(slot, Numbers { run: run.run, series: run.summary.clone(), report: numbers });
    Ok(())
}

/// Decodes the middle slice first, and tells the page of each as it comes.
async fn decode(owner: &Owner, (run, slot): (RunId, Slot), series: &Series) -> Result<Decoded, Vec<Issue>> {
    let decoding = series.begin()?;
    let order = decoding.order();
    let grid = decoding.grid().clone();
    outbox::post(&Event::Volume { run, slot, volume: grid.summary() });
    let decoding = Rc::new(RefCell::new(Some(decoding)));
    owner.study(slot).borrow_mut().pixels = Pixels::Decoding(Rc::clone(&decoding));
    let mut pace = Pace::begin(run, slot, Stage::Decoding);
    let mut pause = Pause::new();
    let mut fresh: Vec<u32> = Vec::new();
    for (done, z) in order.iter().enumerate() {
        let decoded = decoding.borrow_mut().as_mut().is_some_and(|d| d.decode(*z).is_ok());
        fresh.extend(decoded.then_some(*z as u32));
        // The first is shown at once; the page need not hear of each of the others on its own.
        if done == 0 || pause.due() || done + 1 == order.len() {
            outbox::post(&Event::Changed { run, slot, indices: std::mem::take(&mut fresh) });
            pace.reached(done + 1, order.len());
            pause.now().await;
        }
    }
    let decoding = decoding.borrow_mut().take().ok_or_else(|| vec![withheld()])?;
    let decoded = decoding.finish()?;
    if *decoded.volume.grid() != grid {
        // Damaged slices were left out, so that others have their numbers now.
        outbox::post(&Event::Volume { run, slot, volume: decoded.volume.grid().summary() });
    }
    Ok(decoded)
}

/// An analysis in the course of a run.
struct Run<'a> {
    owner: &'a Owner,
    run: RunId,
    slot: Slot,
    summary: &'a SeriesSummary,
    analysis: &'a RefCell<Analysis>,
    /// Of the series and of the drop.
    issues: Vec<Issue>,
    begun: Instant,
}

impl Run<'_> {
    /// Does all jobs, and tells the page what each changed.
    async fn compute(&self, engine: &mut Engine) -> Result<(), Vec<Issue>> {
        let mut pace = Pace::begin(self.run, self.slot, Stage::Lungs);
        while self.analysis.borrow().stage().is_some() {
            while engine.has_room() {
                let Some(job) = self.analysis.borrow_mut().next_job() else { break };
                engine.start(job);
            }
            if !engine.busy() {
                return Err(vec![withheld()]);
            }
            let (done, total) = self.analysis.borrow().progress();
            pace.reached(done, total);
            let outcome = match select(Box::pin(engine.next()), TimeoutFuture::new(HEARTBEAT_MS)).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(_) => continue,
            };
            match outcome {
                Outcome::Answer { job, values } => {
                    let changed = self.analysis.borrow_mut().accept(job, values).map_err(|_| vec![withheld()])?;
                    if !changed.is_empty() {
                        let indices = changed.into_iter().map(|z| z as u32).collect();
                        outbox::post(&Event::Changed { run: self.run, slot: self.slot, indices });
                    }
                    let stage = self.analysis.borrow().stage();
                    if pace.stage() == Stage::Lungs && stage != Some(Stage::Lungs) {
                        self.after_lungs(engine)?;
                        pace = Pace::begin(self.run, self.slot, Stage::Lesions);
                    }
                }
                Outcome::Lost { jobs } => jobs.into_iter().for_each(|job| self.analysis.borrow_mut().put_back(job)),
                Outcome::Dead { jobs } => {
                    if matches!(engine.kind, Kind::Cpu(_)) {
                        outbox::fatal();
                        // The page ends this worker.
                        std::future::pending::<()>().await;
                    }
                    jobs.into_iter().for_each(|job| self.analysis.borrow_mut().put_back(job));
                    *engine = self.owner.fall_back().await.map_err(|issue| vec![issue])?;
                }
                Outcome::Failed { issue } => return Err(vec![issue]),
            }
        }
        Ok(())
    }

    /// The lungs are in: no number without them, else the first ones.
    fn after_lungs(&self, engine: &Engine) -> Result<(), Vec<Issue>> {
        let report = self.report(engine, false);
        if report.issues.iter().any(|i| i.severity == Severity::Stop) {
            return Err(report.issues);
        }
        outbox::report(self.run, self.slot, report, false);
        Ok(())
    }

    fn report(&self, engine: &Engine, complete: bool) -> Report {
        let analysis = self.analysis.borrow();
        let grid = analysis.volume().grid();
        let labels = analysis.all_labels();
        let mut issues = self.issues.clone();
        issues.extend(doubts(grid, labels));
        issues.extend(engine.issues.iter().cloned());
        let runs = Runs {
            device: engine.name(),
            slices: analysis.lesion_slices(),
            networks: analysis.runs(),
            seconds: self.begun.elapsed().as_secs_f64(),
        };
        report(record(self.summary.date.clone(), grid), measure(grid, labels, complete), None, issues, runs)
    }
}

fn withheld() -> Issue {
    Issue::new(IssueCode::ResultWithheld, "")
}
