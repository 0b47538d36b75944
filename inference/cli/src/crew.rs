//! One analysis, worked on by several threads: each takes a job, computes it and hands back the answer.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use corsai_ensemble::{Analysis, Job};
use corsai_protocol::{IssueCode, Stage};

/// How often progress is told.
const PACE: Duration = Duration::from_secs(2);

struct State<'a> {
    analysis: &'a mut Analysis,
    /// Why the crew stopped before the analysis was done.
    trouble: Option<IssueCode>,
    told: Option<(Stage, Instant)>,
}

/// Brings an analysis to its end with `threads` threads, each of which computes jobs by `compute`.
///
/// # Errors
/// The first reason for which a job had no answer; the analysis then holds all that was answered, and can be gone on
/// with.
pub fn run(
    analysis: &mut Analysis,
    threads: usize,
    compute: impl Fn(usize, Vec<f32>) -> Result<Vec<f32>, IssueCode> + Sync,
) -> Result<(), IssueCode> {
    let state = Mutex::new(State { analysis, trouble: None, told: None });
    let moved = Condvar::new();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(&state, &moved, &compute));
        }
    });
    let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.trouble.map_or(Ok(()), Err)
}

fn work(
    state: &Mutex<State<'_>>,
    moved: &Condvar,
    compute: &(impl Fn(usize, Vec<f32>) -> Result<Vec<f32>, IssueCode> + Sync),
) {
    while let Some(Job { id, network, input }) = next(lock(state), moved) {
        let answer = compute(network, input);
        let mut state = lock(state);
        let taken = answer.and_then(|values| state.analysis.accept(id, values).map_err(|_| IssueCode::ResultWithheld));
        if let Err(code) = taken {
            state.analysis.put_back(id);
            state.trouble.get_or_insert(code);
        }
        state.tell();
        moved.notify_all();
    }
}

/// Waits for a job: a stage's first ones come only when all of the stage before are answered.
fn next<'s>(mut state: MutexGuard<'s, State<'_>>, moved: &Condvar) -> Option<Job> {
    loop {
        if state.trouble.is_some() || state.analysis.stage().is_none() {
            return None;
        }
        if let Some(job) = state.analysis.next_job() {
            return Some(job);
        }
        state = moved.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

fn lock<'s, 'a>(state: &'s Mutex<State<'a>>) -> MutexGuard<'s, State<'a>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State<'_> {
    fn tell(&mut self) {
        let Some(stage) = self.analysis.stage() else { return };
        if self.told.is_some_and(|(told, when)| told == stage && when.elapsed() < PACE) {
            return;
        }
        let what = if stage == Stage::Lungs { "lungs" } else { "lesions" };
        let (done, total) = self.analysis.progress();
        eprintln!("{what}: {done} of {total}");
        self.told = Some((stage, Instant::now()));
    }
}
