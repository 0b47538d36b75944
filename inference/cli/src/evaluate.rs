//! `corsai evaluate`: measures many studies and compares them with masks and readings. Each study's
//! result is written at once: a stopped evaluation goes on with the studies that have none.

mod cohort;
mod store;

use std::{
    io::{self, Write as _},
    process::ExitCode,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use corsai_evaluation::{
    DynamicsComparison, Evaluation, Failure, LungLabels, MaskError, ReferenceMasks, Scores, StudyOutcome, StudyRow,
    reference_verdict, report,
};
use corsai_networks::shipped;
use corsai_protocol::Stage;
use corsai_report::{Issue, IssueCode, Severity, text};
use corsai_volume::Grid;
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};

use crate::{
    arguments::{Chosen, Evaluate},
    crew::Observer,
    engine::Engine,
    exit_status::{INTERRUPTED, REFUSED},
    measured::{Compared, compared, numbers},
    progress::{STEPS, bar, steps},
    reading,
};

use cohort::Entry;
use store::{MeasuredStudy, Store, StudyResult, hexadecimal, write_whole};

/// Reasons that lie in the machine and not in the study: such a study is tried again the next time.
const PASSING: [IssueCode; 5] = [
    IssueCode::FileUnreadable,
    IssueCode::InternalFault,
    IssueCode::ModelNonFinite,
    IssueCode::DeviceLost,
    IssueCode::WeightsCorrupt,
];

/// Evaluates a cohort, writes its reports and prints the summary.
///
/// # Errors
/// A cohort that can't be read, a device that can't be had, what can't be written.
pub fn run(asked: &Evaluate) -> io::Result<ExitCode> {
    let entries = cohort::read(&asked.cohort).map_err(io::Error::other)?;
    let (device, options) = (asked.method.device(), asked.method.options());
    let manifest = shipped::MANIFEST_JSON;
    let store = Store::open(&asked.out, manifest, options, device, asked.lung_labels)?;
    let keys: Vec<Option<String>> = entries.iter().map(|entry| store.key(entry).ok()).collect();
    let mut results: Vec<Option<StudyResult>> = keys.iter().map(|key| store.load(key.as_ref()?)).collect();
    let open: Vec<usize> = (0..entries.len()).filter(|nth| results[*nth].is_none()).collect();
    eprintln!("studies: {}, measured before: {}", entries.len(), entries.len() - open.len());
    if !open.is_empty() {
        let engine = Engine::new(device, options).map_err(|issue| io::Error::other(text::message(&issue)))?;
        let stop = Arc::new(AtomicBool::new(false));
        let asked_to_stop = Arc::clone(&stop);
        ctrlc::set_handler(move || {
            if asked_to_stop.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(INTERRUPTED));
            }
            eprintln!("no other study is begun; those in progress go on to their end. Ctrl-C again stops at once.");
        })
        .map_err(io::Error::other)?;
        let work = Work {
            entries: &entries,
            keys: &keys,
            open: &open,
            next: AtomicUsize::new(0),
            store: &store,
            engine: &engine,
            labels: asked.lung_labels,
            threads: (engine.threads() / asked.jobs).max(1),
            stop: &stop,
            bar: bar(open.len() as u64 * STEPS, "{wide_bar} {percent} %, {eta} left"),
            begun: Instant::now(),
            done: Mutex::new(Vec::new()),
        };
        for (nth, result) in work.run(asked.jobs)? {
            results[nth] = Some(result);
        }
    }
    let listed = entries.iter().filter(|entry| entry.listed).count();
    let rows: Vec<StudyRow> = (0..entries.len()).filter_map(|nth| row(&entries, &results, nth)).collect();
    let missing = listed - rows.len();
    let cohort = Evaluation {
        program: format!("corsai {}", env!("CARGO_PKG_VERSION")),
        manifest: hexadecimal(&Sha256::digest(manifest)),
        tier: options.tier,
        full_run: options.full_run,
        paper_vote: options.vote.is_some(),
        dpn_3d: options.dpn_3d,
        ..Evaluation::new(rows, missing)
    };
    write_whole(&asked.out.join("studies.csv"), report::csv(&cohort).as_bytes())?;
    write_whole(&asked.out.join("evaluation.html"), report::page(&cohort).as_bytes())?;
    let json = serde_json::to_vec_pretty(&cohort).map_err(io::Error::other)?;
    write_whole(&asked.out.join("evaluation.json"), &json)?;
    io::stdout().write_all(report::summary(&cohort).as_bytes())?;
    for row in &cohort.studies {
        if let StudyOutcome::Failed { reasons } = &row.outcome {
            for Failure { code, message } in reasons {
                eprintln!("{}: [{code}] {message}", row.study);
            }
        }
    }
    Ok(match (missing, cohort.sums.failed) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(REFUSED),
        _ => ExitCode::from(INTERRUPTED),
    })
}

/// The studies that are still to be measured, and who measures them.
struct Work<'a> {
    entries: &'a [Entry],
    keys: &'a [Option<String>],
    /// Those to measure, in the order of the list.
    open: &'a [usize],
    /// How many of them are begun.
    next: AtomicUsize,
    store: &'a Store,
    engine: &'a Engine,
    labels: LungLabels,
    /// Of the CPU, for each study.
    threads: usize,
    stop: &'a AtomicBool,
    bar: ProgressBar,
    begun: Instant,
    done: Mutex<Vec<(usize, StudyResult)>>,
}

impl Work<'_> {
    /// Measures studies, so many at once, until there is none left or somebody stops it.
    ///
    /// # Errors
    /// The first result that could not be kept.
    fn run(self, jobs: usize) -> io::Result<Vec<(usize, StudyResult)>> {
        let ended: Vec<io::Result<()>> = thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| self.worker())).collect();
            let joined = workers.into_iter().map(|worker| worker.join());
            joined.map(|ended| ended.unwrap_or_else(|_| Err(io::Error::other("a study's thread has died")))).collect()
        });
        self.bar.finish_and_clear();
        ended.into_iter().collect::<io::Result<()>>()?;
        Ok(self.done.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn worker(&self) -> io::Result<()> {
        while !self.stop.load(Ordering::Relaxed) {
            let Some(&nth) = self.open.get(self.next.fetch_add(1, Ordering::Relaxed)) else { break };
            let mut progress = OfMany { bar: &self.bar, shown: 0 };
            let (mut result, lasting) =
                measured(&self.entries[nth], self.engine, self.threads, self.labels, &mut progress);
            progress.show(STEPS);
            if let Some(key) = self.keys[nth].as_ref().filter(|_| lasting) {
                result = self.store.save(key, &result)?;
            }
            let mut done = self.done();
            done.push((nth, result));
            let left = self.open.len() - done.len();
            let each = self.begun.elapsed() / u32::try_from(done.len()).unwrap_or(u32::MAX);
            let words = line(&self.entries[nth].name, &done[done.len() - 1].1);
            let time = minutes(each * u32::try_from(left).unwrap_or(u32::MAX));
            let line = format!("{words} ({} of {}, about {time} left)", done.len(), self.open.len());
            drop(done);
            if self.bar.is_hidden() { eprintln!("{line}") } else { self.bar.println(line) }
        }
        Ok(())
    }

    fn done(&self) -> MutexGuard<'_, Vec<(usize, StudyResult)>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One study's part of the bar over all.
struct OfMany<'a> {
    bar: &'a ProgressBar,
    shown: u64,
}

impl OfMany<'_> {
    fn show(&mut self, steps: u64) {
        self.bar.inc(steps.saturating_sub(self.shown));
        self.shown = self.shown.max(steps);
    }
}

impl Observer for OfMany<'_> {
    fn progress(&mut self, stage: Stage, done: usize, total: usize) {
        self.show(steps(stage, done, total));
    }
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 90 { format!("{seconds} s") } else { format!("{} min", (seconds + 30) / 60) }
}

/// What came of a study, in a line.
fn line(name: &str, result: &StudyResult) -> String {
    match result {
        StudyResult::Failed { reasons } => {
            let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
            format!("{name}: not measured, {}", codes.join(", "))
        }
        StudyResult::Measured(study) => {
            let dice = study.scores.as_ref().and_then(|scores| scores.lesion?.dice());
            let dice = dice.map_or_else(String::new, |dice| format!(", lesion Dice {dice:.3}"));
            format!("{name}: measured in {:.0} s{dice}", study.report.runs.seconds)
        }
    }
}

/// Measures a study, and says whether the same would come of it again.
fn measured(
    entry: &Entry,
    engine: &Engine,
    threads: usize,
    labels: LungLabels,
    progress: &mut OfMany<'_>,
) -> (StudyResult, bool) {
    let refused = |issues: &[Issue]| {
        let stops = issues.iter().filter(|issue| issue.severity == Severity::Stop);
        let reasons = stops.map(|issue| Failure { code: issue.code.as_str().into(), message: text::message(issue) });
        let lasting = !issues.iter().any(|issue| PASSING.contains(&issue.code));
        (StudyResult::Failed { reasons: reasons.collect() }, lasting)
    };
    let study = match reading::open(&Chosen { path: entry.path.clone(), series: None }) {
        Ok(study) => study,
        Err(issues) => return refused(&issues),
    };
    let truth = match truth(entry, study.volume.grid(), labels) {
        Ok(truth) => truth,
        Err(error) => {
            let reasons = vec![Failure { code: error.code().into(), message: error.to_string() }];
            return (StudyResult::Failed { reasons }, true);
        }
    };
    let found = match numbers(study, engine, threads, progress) {
        Ok(found) => found,
        Err(report) => return refused(&report.issues),
    };
    let scores = Scores::new(found.study.volume.grid(), found.analysis.all_labels(), &truth);
    let mut series = found.study.series.clone();
    // The results are no place for what a header says, nor for keys of identifiers.
    (series.description, series.patient_key, series.instances_key) = (String::new(), None, None);
    series.issues.clear();
    let study = MeasuredStudy {
        series,
        voxels_key: found.study.volume.digest(),
        report: found.report.for_file(),
        scores: (!truth.is_empty()).then_some(scores),
    };
    (StudyResult::Measured(Box::new(study)), true)
}

fn truth(entry: &Entry, grid: &Grid, labels: LungLabels) -> Result<ReferenceMasks, MaskError> {
    let mask =
        |path: &Option<std::path::PathBuf>, name| path.as_ref().map(|path| reading::mask(path, name, grid)).transpose();
    ReferenceMasks::new(grid, mask(&entry.lung_mask, "lung")?, mask(&entry.lesion_mask, "lesion")?, labels)
}

/// Returns a study's row; `None` for one that isn't measured yet, or is there to be compared with.
fn row(entries: &[Entry], results: &[Option<StudyResult>], nth: usize) -> Option<StudyRow> {
    let entry = entries.get(nth).filter(|entry| entry.listed)?;
    let result = results[nth].as_ref()?;
    let scores = |result: &StudyResult| match result {
        StudyResult::Measured(study) => study.scores,
        StudyResult::Failed { .. } => None,
    };
    let own = scores(result);
    let outcome = match result {
        StudyResult::Failed { reasons } => StudyOutcome::Failed { reasons: reasons.clone() },
        StudyResult::Measured(study) => StudyOutcome::Measured {
            lungs: Box::new(study.report.lungs.clone().expect("invariant: a measured study has lungs")),
            scores: own.map(Box::new),
            warnings: codes(&study.report.issues),
            slices: study.report.study.slices,
            seconds: study.report.runs.seconds,
        },
    };
    let previous = entry.previous.and_then(|previous| results[previous].as_ref());
    Some(StudyRow {
        study: entry.name.clone(),
        outcome,
        true_class: entry.class.or(own.and_then(|scores| scores.truth.ct_class)),
        dynamics: previous.map(|previous| dynamics(entry, previous, result)),
    })
}

fn codes(issues: &[Issue]) -> Vec<String> {
    issues.iter().filter(|issue| issue.severity >= Severity::Warning).map(|issue| issue.code.as_str().into()).collect()
}

/// Compares a study with its earlier one. That both are of one patient is the cohort's word.
fn dynamics(entry: &Entry, previous: &StudyResult, current: &StudyResult) -> DynamicsComparison {
    let mut outcome = DynamicsComparison {
        truth: entry.verdict,
        found: None,
        no_verdict: None,
        failed: Vec::new(),
        true_points: None,
        found_points: None,
    };
    let (StudyResult::Measured(previous), StudyResult::Measured(current)) = (previous, current) else {
        for (result, which) in [(previous, "earlier"), (current, "later")] {
            if let StudyResult::Failed { reasons } = result {
                outcome.failed.extend(reasons.iter().map(|reason| format!("{which}: {}", reason.code)));
            }
        }
        return outcome;
    };
    fn of(study: &MeasuredStudy) -> Compared<'_> {
        Compared { series: &study.series, voxels_key: study.voxels_key, report: &study.report }
    }
    // The dates decide, in the reference as in the comparison.
    let dates = [previous, current].map(|study| study.series.date.as_deref());
    let swapped = dates[0].zip(dates[1]).is_some_and(|(previous, current)| previous > current);
    let (earlier, later) = if swapped { (current, previous) } else { (previous, current) };
    let truths = earlier.scores.zip(later.scores);
    if let Some((points, verdict)) = truths.and_then(|(a, b)| reference_verdict(&a.truth, &b.truth)) {
        outcome.true_points = Some(points);
        outcome.truth = outcome.truth.or(Some(verdict));
    }
    match compared(of(previous), of(current), true) {
        Ok(dynamics) => {
            (outcome.found, outcome.no_verdict) = (dynamics.verdict, dynamics.no_verdict);
            outcome.found_points = dynamics.both.map(|change| change.points);
        }
        Err(issues) => outcome.failed = codes(&issues),
    }
    outcome
}
