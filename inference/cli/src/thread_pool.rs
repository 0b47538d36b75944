//! One analysis on several threads: each takes a job, computes it and returns the answer.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use corsai_ensemble::{Analysis, Job, JobId};
use corsai_protocol::Stage;

use crate::{console::stage_name, error::CliError};

/// Observes an analysis while it runs.
pub trait Observer: Send {
    /// Takes the answer to a job before the analysis does.
    fn answered(&mut self, _analysis: &Analysis, _job: JobId, _answer: &[f32]) {}

    /// Takes the number of completed network runs in a stage, where a run is one network on one
    /// slice.
    fn progress(&mut self, stage: Stage, completed: usize, total: usize);
}

struct State<'a> {
    analysis: &'a mut Analysis,
    /// The first error; no further job is begun.
    error: Option<CliError>,
    /// A thread has panicked; no further job is begun.
    panicked: bool,
    observer: &'a mut dyn Observer,
    stage_log: StageLog,
}

/// Logs each stage when it is complete.
struct StageLog {
    stage: Option<Stage>,
    begun: Instant,
    /// Completed runs and all runs of the stage, as of the last answer.
    runs: (usize, usize),
}

impl StageLog {
    fn new(analysis: &Analysis) -> Self {
        Self { stage: analysis.stage(), begun: Instant::now(), runs: analysis.progress() }
    }

    fn update(&mut self, analysis: &Analysis) {
        if analysis.stage() != self.stage {
            if let Some(stage) = self.stage {
                let (seconds, (runs, planned)) = (self.begun.elapsed().as_secs_f64(), self.runs);
                tracing::info!(stage = stage_name(stage), runs = runs + 1, planned, seconds, "stage complete");
            }
            *self = Self::new(analysis);
        }
        self.runs = analysis.progress();
    }
}

/// Completes an analysis with `threads` threads, which compute jobs by `compute`: the index of a
/// network and its input give its answer.
///
/// # Errors
/// The first error of a job. The analysis keeps all other answers and can be continued.
pub fn run(
    analysis: &mut Analysis,
    threads: usize,
    observer: &mut dyn Observer,
    compute: impl Fn(usize, Vec<f32>) -> Result<Vec<f32>, CliError> + Sync,
) -> Result<(), CliError> {
    let stage_log = StageLog::new(analysis);
    let state = Mutex::new(State { analysis, error: None, panicked: false, observer, stage_log });
    let changed = Condvar::new();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let _stop = StopOnPanic { state: &state, changed: &changed };
                work(&state, &changed, &compute);
            });
        }
    });
    let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.error.map_or(Ok(()), Err)
}

/// Stops the other threads when this one panics; the panic then ends the scope.
struct StopOnPanic<'s, 'a> {
    state: &'s Mutex<State<'a>>,
    changed: &'s Condvar,
}

impl Drop for StopOnPanic<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(self.state).panicked = true;
            self.changed.notify_all();
        }
    }
}

fn work(
    state: &Mutex<State<'_>>,
    changed: &Condvar,
    compute: &(impl Fn(usize, Vec<f32>) -> Result<Vec<f32>, CliError> + Sync),
) {
    while let Some(Job { id, network, input }) = next_job(lock(state), changed) {
        let answer = compute(network, input);
        let mut state = lock(state);
        let state = &mut *state;
        let accepted = answer.and_then(|values| {
            state.observer.answered(state.analysis, id, &values);
            Ok(state.analysis.accept(id, &values)?)
        });
        if let Err(error) = accepted {
            state.analysis.put_back(id);
            state.error.get_or_insert(error);
        }
        state.stage_log.update(state.analysis);
        if let Some(stage) = state.analysis.stage() {
            let (completed, total) = state.analysis.progress();
            state.observer.progress(stage, completed, total);
        }
        changed.notify_all();
    }
}

/// Waits for a job: a stage has none until all of the stage before are answered.
fn next_job<'s>(mut state: MutexGuard<'s, State<'_>>, changed: &Condvar) -> Option<Job> {
    loop {
        if state.panicked || state.error.is_some() || state.analysis.stage().is_none() {
            return None;
        }
        if let Some(job) = state.analysis.next_job() {
            return Some(job);
        }
        state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Locks the state; a panic elsewhere is told by [`State::panicked`].
fn lock<'s, 'a>(state: &'s Mutex<State<'a>>) -> MutexGuard<'s, State<'a>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use corsai_ensemble::{EnsembleError, Options};
    use corsai_manifest::Manifest;
    use corsai_networks::{NetworkShape, read_manifest, shipped};
    use corsai_report::IssueCode;
    use corsai_volume::{Grid, HuVolume, label};

    use super::*;

    /// Two boxes of lung in soft tissue, the patient's right one first.
    fn chest() -> Arc<HuVolume> {
        let (slices, side) = (12, 32);
        let grid = Grid::evenly_spaced([slices, side, side], [10.0; 3]).unwrap();
        let lung = |z: usize, y: usize, x: usize| {
            (2..10).contains(&z) && (8..24).contains(&y) && ((4..14).contains(&x) || (18..28).contains(&x))
        };
        let places = (0..slices * side * side).map(|i| (i / (side * side), i / side % side, i % side));
        let voxels = places.map(|(z, y, x)| if lung(z, y, x) { -800 } else { 40 }).collect();
        Arc::new(HuVolume::try_new(grid, voxels).unwrap())
    }

    /// Answers as a network would: dark pixels are lung, those of the lower half lesion.
    fn answer(shape: NetworkShape, input: &[f32]) -> Vec<f32> {
        let area = shape.size * shape.size;
        let dark = |i: usize| input[i] < -0.2;
        let share = |yes: bool| if yes { 0.9 } else { 0.05 };
        match shape.classes {
            1 => (0..area).map(|i| share(dark(i) && i > area / 2)).collect(),
            _ => (0..3 * area)
                .map(|at| {
                    let i = at % area;
                    let side = if input[area + i] < 0.0 { 1 } else { 2 };
                    share(at / area == if dark(i) { side } else { 0 })
                })
                .collect(),
        }
    }

    /// Observes nothing.
    struct Unobserved;

    impl Observer for Unobserved {
        fn progress(&mut self, _: Stage, _: usize, _: usize) {}
    }

    fn manifest() -> Manifest {
        read_manifest(shipped::MANIFEST_JSON).unwrap()
    }

    fn labelled(threads: usize) -> Vec<u8> {
        let manifest = manifest();
        let mut analysis = Analysis::new(chest(), &manifest, Options::default()).unwrap();
        let compute = |n: usize, input: Vec<f32>| Ok(answer(NetworkShape::from_entry(&manifest.networks[n]), &input));
        run(&mut analysis, threads, &mut Unobserved, compute).unwrap();
        analysis.all_labels().to_vec()
    }

    #[test]
    fn the_masks_do_not_depend_on_the_number_of_threads() {
        let alone = labelled(1);
        assert_eq!(alone, labelled(5));
        for kind in [label::RIGHT_LUNG, label::LEFT_LUNG, label::LESION] {
            assert!(alone.iter().any(|voxel| voxel & kind != 0));
        }
    }

    #[test]
    fn an_analysis_continues_after_a_lost_device() {
        let manifest = manifest();
        let mut analysis = Analysis::new(chest(), &manifest, Options::default()).unwrap();
        let shape = |n: usize| NetworkShape::from_entry(&manifest.networks[n]);
        let calls = AtomicUsize::new(0);
        let failing = |n: usize, input: Vec<f32>| match calls.fetch_add(1, Ordering::Relaxed) {
            0..40 => Ok(answer(shape(n), &input)),
            _ => Err(CliError::DeviceLost),
        };
        let error = run(&mut analysis, 3, &mut Unobserved, failing).unwrap_err();
        assert!(matches!(error, CliError::DeviceLost), "{error}");
        assert_eq!(analysis.progress().0, 40);
        run(&mut analysis, 2, &mut Unobserved, |n, input| Ok(answer(shape(n), &input))).unwrap();
        assert_eq!(analysis.all_labels(), labelled(1));
    }

    #[test]
    fn an_answer_of_the_wrong_size_ends_the_run_with_its_cause() {
        let mut analysis = Analysis::new(chest(), &manifest(), Options::default()).unwrap();
        let error = run(&mut analysis, 2, &mut Unobserved, |_, _| Ok(vec![0.5])).unwrap_err();
        assert!(matches!(error, CliError::Ensemble(EnsembleError::AnswerLength { found: 1, .. })), "{error}");
        let issue = error.issue();
        assert_eq!(issue.code, IssueCode::InternalFault);
        let text = corsai_language::Language::english().issue(&issue);
        assert!(text.contains("an answer of 1 values"), "{text}");
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_ends_all_threads() {
        let mut analysis = Analysis::new(chest(), &manifest(), Options::default()).unwrap();
        let _ = run(&mut analysis, 3, &mut Unobserved, |_, _| panic!("a fault"));
    }
}
