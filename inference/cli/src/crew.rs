//! One analysis, worked on by several threads: each takes a job, computes it and hands back the answer.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use corsai_ensemble::{Analysis, Job, JobId};
use corsai_protocol::Stage;
use corsai_report::{Found, Issue, IssueCode};

/// Hears of an analysis while it runs.
pub trait Observer: Send {
    /// A job has an answer, which the analysis has not taken yet.
    fn answered(&mut self, _analysis: &Analysis, _job: JobId, _answer: &[f32]) {}

    /// How many runs of networks on slices are done in a stage.
    fn progress(&mut self, stage: Stage, done: usize, total: usize);
}

struct State<'a> {
    analysis: &'a mut Analysis,
    /// Why the crew stopped before the analysis was done.
    trouble: Option<Issue>,
    observer: &'a mut dyn Observer,
}

/// Brings an analysis to its end with `threads` threads, each of which computes jobs by `compute`.
///
/// # Errors
/// The first reason for which a job had no answer; the analysis then holds all that was answered, and can be gone on
/// with.
pub fn run(
    analysis: &mut Analysis,
    threads: usize,
    observer: &mut dyn Observer,
    compute: impl Fn(usize, Vec<f32>) -> Result<Vec<f32>, Issue> + Sync,
) -> Result<(), Issue> {
    let state = Mutex::new(State { analysis, trouble: None, observer });
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
    compute: &(impl Fn(usize, Vec<f32>) -> Result<Vec<f32>, Issue> + Sync),
) {
    while let Some(Job { id, network, input }) = next(lock(state), moved) {
        let answer = compute(network, input);
        let mut state = lock(state);
        let state = &mut *state;
        let refused =
            |error| Issue::new(IssueCode::InternalFault, [Found::detail(format!("taking an answer, {error}"))]);
        let taken = answer.and_then(|values| {
            state.observer.answered(state.analysis, id, &values);
            state.analysis.accept(id, &values).map_err(refused)
        });
        if let Err(issue) = taken {
            state.analysis.put_back(id);
            state.trouble.get_or_insert(issue);
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
        if let Some(stage) = self.analysis.stage() {
            let (done, total) = self.analysis.progress();
            self.observer.progress(stage, done, total);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use corsai_ensemble::Options;
    use corsai_manifest::Manifest;
    use corsai_networks::{Shape, read_manifest, shipped};
    use corsai_volume::label;
    use corsai_volume::{Grid, GridGeometry, HuVolume};

    use super::*;

    /// Two boxes of lung in soft tissue, the patient's right one first.
    fn chest() -> Arc<HuVolume> {
        let (slices, side) = (12, 32);
        let grid = Grid::try_new(GridGeometry {
            rows: side,
            columns: side,
            row_mm: 10.0,
            column_mm: 10.0,
            positions_mm: (0..slices).map(|z| z as f64 * 10.0).collect(),
            slab_mm: vec![10.0; slices],
            patient_from_voxel: [[10.0, 0.0, 0.0, 0.0], [0.0, 10.0, 0.0, 0.0], [0.0, 0.0, 10.0, 0.0]],
        })
        .unwrap();
        let lung = |z: usize, y: usize, x: usize| {
            (2..10).contains(&z) && (8..24).contains(&y) && ((4..14).contains(&x) || (18..28).contains(&x))
        };
        let places = (0..slices * side * side).map(|i| (i / (side * side), i / side % side, i % side));
        let voxels = places.map(|(z, y, x)| if lung(z, y, x) { -800 } else { 40 }).collect();
        Arc::new(HuVolume::try_new(grid, voxels).unwrap())
    }

    /// A network by hand: what is dark is lung, by its side; lesions are the lower half of what is dark.
    fn answer(shape: Shape, input: &[f32]) -> Vec<f32> {
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

    /// Nobody.
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
        let compute = |n: usize, input: Vec<f32>| Ok(answer(Shape::of(&manifest.networks[n]), &input));
        run(&mut analysis, threads, &mut Unobserved, compute).unwrap();
        analysis.all_labels().to_vec()
    }

    #[test]
    fn the_answer_does_not_depend_on_the_crew() {
        let alone = labelled(1);
        assert_eq!(alone, labelled(5));
        for kind in [label::RIGHT_LUNG, label::LEFT_LUNG, label::LESION] {
            assert!(alone.iter().any(|voxel| voxel & kind != 0));
        }
    }

    #[test]
    fn what_a_failing_device_leaves_is_done_by_the_next() {
        let manifest = manifest();
        let mut analysis = Analysis::new(chest(), &manifest, Options::default()).unwrap();
        let shape = |n: usize| Shape::of(&manifest.networks[n]);
        let calls = AtomicUsize::new(0);
        let failing = |n: usize, input: Vec<f32>| match calls.fetch_add(1, Ordering::Relaxed) {
            0..40 => Ok(answer(shape(n), &input)),
            _ => Err(Issue::new(IssueCode::DeviceLost, [])),
        };
        assert_eq!(run(&mut analysis, 3, &mut Unobserved, failing).unwrap_err().code, IssueCode::DeviceLost);
        assert_eq!(analysis.progress().0, 40);
        run(&mut analysis, 2, &mut Unobserved, |n, input| Ok(answer(shape(n), &input))).unwrap();
        assert_eq!(analysis.all_labels(), labelled(1));
    }

    #[test]
    fn an_answer_of_the_wrong_size_stops_the_crew() {
        let mut analysis = Analysis::new(chest(), &manifest(), Options::default()).unwrap();
        let issue = run(&mut analysis, 2, &mut Unobserved, |_, _| Ok(vec![0.5])).unwrap_err();
        assert_eq!(issue.code, IssueCode::InternalFault);
        let text = corsai_report::text::message(&issue);
        assert!(text.contains("taking an answer, an answer of 1 values"), "{text}");
    }
}
