//! `corsai evaluate`: measures many studies and compares them with masks and readings. Each study's
//! result is written at once: an interrupted evaluation continues with the studies that have none.

mod cohort;
mod comparison;
mod result_store;
mod study;

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

use corsai_evaluation::{Evaluation, Failure, LungLabels, Provenance, StudyOutcome, StudyRow, report};
use corsai_language::{Argument, message};
use corsai_networks::shipped;
use corsai_protocol::Stage;
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};

use crate::{
    arguments::EvaluateArguments,
    console::{STUDY_STEPS, message, progress_bar, study_steps},
    error::CliError,
    exit_status::{INTERRUPTED, REFUSED},
    inference_session::InferenceSession,
    locale::language,
    thread_pool::Observer,
};

use cohort::{Entry, read_cohort};
use comparison::study_row;
use result_store::{ResultStore, StudyResult, hexadecimal, write_atomically};
use study::measure_entry;

/// Evaluates a cohort, writes its reports and prints the summary.
///
/// # Errors
/// Those of [`read_cohort`], of [`InferenceSession::new`] and of [`ResultStore`];
/// [`CliError::Signal`], [`CliError::Write`], [`CliError::Output`].
pub fn run(arguments: &EvaluateArguments) -> Result<ExitCode, CliError> {
    let entries = read_cohort(&arguments.cohort)?;
    let (device, options) = (arguments.method.device(), arguments.method.options());
    let manifest = shipped::MANIFEST_JSON;
    let store = ResultStore::open(&arguments.out, manifest, options, device, arguments.lung_labels)?;
    let keys: Vec<Option<String>> = entries.iter().map(|entry| store.key(entry).ok()).collect();
    let mut results: Vec<Option<StudyResult>> = keys.iter().map(|key| store.load(key.as_ref()?)).collect();
    let pending: Vec<usize> = (0..entries.len()).filter(|index| results[*index].is_none()).collect();
    let before = entries.len() - pending.len();
    message(message!(language(), "studies-begun", studies = entries.len(), before = before));
    if !pending.is_empty() {
        let session = InferenceSession::new(device, options)?;
        let stop = stop_on_ctrl_c()?;
        let queue = StudyQueue {
            entries: &entries,
            keys: &keys,
            pending: &pending,
            begun: AtomicUsize::new(0),
            store: &store,
            session: &session,
            labels: arguments.lung_labels,
            threads: (session.threads() / arguments.jobs).max(1),
            stop: &stop,
            bar: progress_bar(pending.len() as u64 * STUDY_STEPS, "{wide_bar} {percent} %, {eta}"),
            started: Instant::now(),
            completed: Mutex::new(Vec::new()),
        };
        for (index, result) in queue.run(arguments.jobs)? {
            results[index] = Some(result);
        }
    }
    let expected = entries.iter().filter(|entry| entry.evaluated).count();
    let rows: Vec<StudyRow> = (0..entries.len()).filter_map(|index| study_row(&entries, &results, index)).collect();
    let missing = expected - rows.len();
    let provenance = Provenance {
        program: format!("corsai {}", env!("CARGO_PKG_VERSION")),
        manifest: hexadecimal(&Sha256::digest(manifest)),
        tier: options.tier,
        full_run: options.full_run,
        paper_vote: options.vote.is_some(),
        dpn_3d: options.dpn_3d,
    };
    let evaluation = Evaluation::new(language().disclaimer(), provenance, rows, missing);
    let file = |name: &str| arguments.out.join(name);
    write_atomically(&file("studies.csv"), report::csv(&evaluation).as_bytes())?;
    write_atomically(&file("evaluation.html"), report::page(&evaluation, language()).as_bytes())?;
    write_atomically(&file("evaluation.json"), &serde_json::to_vec_pretty(&evaluation)?)?;
    io::stdout().write_all(report::summary(&evaluation, language()).as_bytes())?;
    for row in &evaluation.studies {
        if let StudyOutcome::Failed { reasons } = &row.outcome {
            for Failure { code, message: text } in reasons {
                message(format_args!("{}: [{code}] {text}", row.study));
            }
        }
    }
    Ok(match (missing, evaluation.sums.failed) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(REFUSED),
        _ => ExitCode::from(INTERRUPTED),
    })
}

/// Returns a flag that the first Ctrl-C sets; the second one ends the program.
fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>, CliError> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        message(language().text("studies-stopping"));
    })?;
    Ok(stop)
}

/// The studies that have no result yet, and what measures them.
struct StudyQueue<'a> {
    entries: &'a [Entry],
    /// Keys of the entries in the store; `None` where a file can't be read.
    keys: &'a [Option<String>],
    /// Indices of the entries to measure, in the cohort's order.
    pending: &'a [usize],
    /// Number of pending entries that are begun.
    begun: AtomicUsize,
    store: &'a ResultStore,
    session: &'a InferenceSession,
    labels: LungLabels,
    /// Threads of the CPU for each study.
    threads: usize,
    stop: &'a AtomicBool,
    bar: ProgressBar,
    started: Instant,
    completed: Mutex<Vec<(usize, StudyResult)>>,
}

impl StudyQueue<'_> {
    /// Measures studies, `jobs` at once, until none is left or Ctrl-C stops it.
    ///
    /// # Errors
    /// The first result that could not be written.
    ///
    /// # Panics
    /// If a study's thread does.
    fn run(self, jobs: usize) -> Result<Vec<(usize, StudyResult)>, CliError> {
        let ended: Vec<Result<(), CliError>> = thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| self.work())).collect();
            workers.into_iter().map(|worker| worker.join().expect("invariant: no study panics")).collect()
        });
        self.bar.finish_and_clear();
        ended.into_iter().collect::<Result<(), _>>()?;
        Ok(self.completed.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn work(&self) -> Result<(), CliError> {
        while !self.stop.load(Ordering::Relaxed) {
            let Some(&index) = self.pending.get(self.begun.fetch_add(1, Ordering::Relaxed)) else { break };
            let mut progress = BarPart { bar: &self.bar, shown: 0 };
            let (mut result, repeatable) =
                measure_entry(&self.entries[index], self.session, self.threads, self.labels, &mut progress);
            progress.show(STUDY_STEPS);
            if let Some(key) = self.keys[index].as_ref().filter(|_| repeatable) {
                result = self.store.save(key, &result)?;
            }
            let summary = describe(&self.entries[index].name, &result);
            let mut completed = self.completed();
            completed.push((index, result));
            let (count, total) = (completed.len(), self.pending.len());
            drop(completed);
            let part = (total - count) as f64 / count as f64;
            let left = duration_text(self.started.elapsed().mul_f64(part));
            message(message!(
                language(),
                "studies-progress",
                study = summary,
                count = count,
                total = total,
                left = left
            ));
        }
        Ok(())
    }

    fn completed(&self) -> MutexGuard<'_, Vec<(usize, StudyResult)>> {
        self.completed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One study's part of the bar over all.
struct BarPart<'a> {
    bar: &'a ProgressBar,
    shown: u64,
}

impl BarPart<'_> {
    fn show(&mut self, steps: u64) {
        self.bar.inc(steps.saturating_sub(self.shown));
        self.shown = self.shown.max(steps);
    }
}

impl Observer for BarPart<'_> {
    fn progress(&mut self, stage: Stage, completed: usize, total: usize) {
        self.show(study_steps(stage, completed, total));
    }
}

fn duration_text(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 90 {
        message!(language(), "time-seconds", seconds = seconds)
    } else {
        message!(language(), "time-minutes", minutes = (seconds + 30) / 60)
    }
}

/// Describes a study's result in one line.
fn describe(name: &str, result: &StudyResult) -> String {
    match result {
        StudyResult::Failed { reasons } => {
            let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
            message!(language(), "study-not-measured", study = name, codes = codes.join(", "))
        }
        StudyResult::Measured(study) => {
            let dice = study.scores.as_ref().and_then(|scores| scores.lesion?.dice());
            let seconds = Argument::decimal(study.report.runs.seconds, 0);
            match dice {
                Some(dice) => message!(
                    language(),
                    "study-measured-dice",
                    study = name,
                    seconds = seconds,
                    dice = Argument::decimal(dice, 3)
                ),
                None => message!(language(), "study-measured", study = name, seconds = seconds),
            }
        }
    }
}
