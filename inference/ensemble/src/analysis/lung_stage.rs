//! The lungs' networks: the first projection, then the others where the first shows lung. Where the
//! lungs are a small part of the scan, both are computed on that part alone.

use std::ops::RangeInclusive;

use corsai_manifest::Projection;

use super::{
    context::Context,
    jobs::{JobQueue, Task},
};
use crate::{
    error::EnsembleError,
    lung_probabilities::{LungProbabilities, LungResampler},
    lung_segmentation::LungSegmentation,
};

/// The lungs of a study.
#[derive(Debug)]
pub(super) struct LungMask {
    /// One label byte a voxel.
    pub labels: Vec<u8>,
    /// Kept where [`super::context::Options::keep_probabilities`] asks for it.
    pub probabilities: Option<LungProbabilities>,
}

impl LungMask {
    fn new(segmentation: &LungSegmentation, mut labels: Vec<u8>, context: &Context) -> Self {
        let _span = tracing::info_span!("lung_mask", slices = context.volume.grid().slices()).entered();
        let probabilities = segmentation.mean(|_| true);
        probabilities.write_mask(&context.volume, &context.resampler, &mut labels);
        Self { labels, probabilities: context.options.keep_probabilities.then_some(probabilities) }
    }
}

/// The first projection is computed.
#[derive(Debug)]
pub(super) struct FirstProjection {
    segmentation: LungSegmentation,
    pub jobs: JobQueue,
    /// Slices that the cube shows.
    slices: RangeInclusive<usize>,
    /// Runs on a larger part of the scan.
    runs_before: usize,
    /// The most runs that the other projections can need.
    most_later: usize,
    /// No lung is known: one 0 a voxel.
    pub labels: Vec<u8>,
}

/// The other projections are computed.
#[derive(Debug)]
pub(super) struct OtherProjections {
    segmentation: LungSegmentation,
    pub jobs: JobQueue,
    /// Runs of the first projection.
    runs_before: usize,
    /// The lungs by the first projection. Computed with the first answer of this pass, while the
    /// networks are busy.
    preview: Option<LungProbabilities>,
    /// No lung is certain: one 0 a voxel.
    pub labels: Vec<u8>,
}

/// What follows the first projection.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "moved once a pass, never stored in numbers")]
pub(super) enum AfterFirst {
    /// The first projection of the part of the scan that shows the lungs.
    Again(FirstProjection),
    /// The networks on the other projections.
    Others(OtherProjections),
    /// Nothing: there are no other projections.
    Complete(LungMask),
}

impl FirstProjection {
    /// Begins an analysis.
    pub fn new(context: &mut Context) -> Self {
        let labels = vec![0; context.volume.grid().voxel_count()];
        Self::of_slices(0..=context.volume.grid().slices() - 1, 0, labels, context)
    }

    /// Begins with a cube of some slices.
    fn of_slices(slices: RangeInclusive<usize>, runs_before: usize, labels: Vec<u8>, context: &mut Context) -> Self {
        let lungs = &context.networks.lungs;
        let (first, network) = lungs[0];
        let projections: Vec<Projection> = lungs.iter().map(|(projection, _)| *projection).collect();
        let grid = context.volume.grid();
        let input = &context.networks.entry(network).input;
        let segmentation =
            tracing::info_span!("resample_volume", ?slices, rows = grid.rows(), columns = grid.columns())
                .in_scope(|| LungSegmentation::new(&context.volume, slices.clone(), input, &projections));
        context.resampler = LungResampler::new(grid, slices.clone(), input.size);
        let tasks = tasks(&segmentation, lungs, |projection| projection == first);
        let most_later = projections.len() * segmentation.sections(Projection::Axial).count() - tasks.len();
        Self {
            segmentation,
            jobs: JobQueue::new(context.begin_pass(), "lungs, first projection", tasks),
            slices,
            runs_before,
            most_later,
            labels,
        }
    }

    /// Done and all runs.
    pub fn progress(&self) -> (usize, usize) {
        let done = self.runs_before + self.jobs.len() - self.jobs.open();
        (done, self.runs_before + self.jobs.len() + self.most_later)
    }

    /// Takes an answer.
    pub fn accept(&mut self, task: Task, answer: &[f32]) -> Result<(), EnsembleError> {
        self.segmentation.accept(task.member, task.slice, answer)
    }

    /// Returns a task's input.
    pub fn network_input(&self, task: Task, context: &Context) -> Vec<f32> {
        self.segmentation.network_input(context.networks.lungs[task.member].0, task.slice)
    }

    /// Goes on once all jobs are answered.
    pub fn finish(self, context: &mut Context) -> AfterFirst {
        let runs_before = self.runs_before + self.jobs.len();
        if let Some(slices) = self.small_part(context).filter(|_| self.runs_before == 0) {
            return AfterFirst::Again(Self::of_slices(slices, runs_before, self.labels, context));
        }
        let lungs = &context.networks.lungs;
        let first = lungs[0].0;
        let tasks = tasks(&self.segmentation, lungs, |projection| projection != first);
        if tasks.is_empty() {
            return AfterFirst::Complete(LungMask::new(&self.segmentation, self.labels, context));
        }
        AfterFirst::Others(OtherProjections {
            segmentation: self.segmentation,
            jobs: JobQueue::new(context.begin_pass(), "lungs, other projections", tasks),
            runs_before,
            preview: None,
            labels: self.labels,
        })
    }

    /// Returns the slices with the lungs where they are a small part of the cube's.
    fn small_part(&self, context: &Context) -> Option<RangeInclusive<usize>> {
        let part = self.segmentation.small_part()?;
        let grid = context.volume.grid();
        let (positions_mm, slab_mm) = (grid.positions_mm(), grid.slab_mm());
        let (first, last) = (*self.slices.start(), *self.slices.end());
        let (lower, upper) = (positions_mm[first] - slab_mm[first] / 2.0, positions_mm[last] + slab_mm[last] / 2.0);
        let [from, to] = part.map(|end| lower + end * (upper - lower));
        let from = positions_mm.partition_point(|at| *at < from).max(first);
        let to = positions_mm.partition_point(|at| *at <= to).min(last + 1).checked_sub(1)?;
        (from < to && to - from < last - first).then_some(from..=to)
    }
}

impl OtherProjections {
    /// Done and all runs.
    pub fn progress(&self) -> (usize, usize) {
        let all = self.runs_before + self.jobs.len();
        (all - self.jobs.open(), all)
    }

    /// Takes an answer; whether there is a new preview.
    pub fn accept(&mut self, task: Task, answer: &[f32], context: &Context) -> Result<bool, EnsembleError> {
        self.segmentation.accept(task.member, task.slice, answer)?;
        if self.preview.is_some() || self.jobs.open() == 1 {
            return Ok(false); // The last answer makes the whole mask.
        }
        let first = context.networks.lungs[0].0;
        self.preview = Some(self.segmentation.mean(|projection| projection == first));
        Ok(true)
    }

    /// Returns a task's input.
    pub fn network_input(&self, task: Task, context: &Context) -> Vec<f32> {
        self.segmentation.network_input(context.networks.lungs[task.member].0, task.slice)
    }

    /// Returns the label bytes of slice `z` by the first projection alone; `None` before there is a
    /// preview.
    pub fn preview(&self, z: usize, context: &Context) -> Option<Vec<u8>> {
        let probabilities = self.preview.as_ref()?;
        Some(probabilities.mask_without_rim(&context.volume, &context.resampler, z))
    }

    /// Makes the lung mask once all jobs are answered.
    pub fn finish(self, context: &Context) -> LungMask {
        drop(self.preview); // Two cubes less while the mask is made.
        LungMask::new(&self.segmentation, self.labels, context)
    }
}

/// The sections to compute of those projections.
fn tasks(
    segmentation: &LungSegmentation,
    lungs: &[(Projection, usize)],
    which: impl Fn(Projection) -> bool,
) -> Vec<Task> {
    let networks = lungs.iter().enumerate().filter(|(_, (projection, _))| which(*projection));
    let tasks = networks.flat_map(|(member, (projection, _))| {
        segmentation.sections(*projection).map(move |slice| Task { member, slice })
    });
    tasks.collect()
}
