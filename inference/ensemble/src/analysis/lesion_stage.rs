//! The lesion networks of a tier: one pass after the other, each over the slices that it can still
//! change.

use std::collections::VecDeque;

use corsai_manifest::Projection;

use super::{
    context::Context,
    jobs::{JobQueue, Task},
    networks::Voters,
    probabilities::LesionProbabilities,
    segmentation::Segmentation,
};
use crate::{
    error::EnsembleError,
    multi_planar::{MultiPlanarStage, PROJECTIONS},
};

/// A pass that may be needed.
#[derive(Debug, Clone, Copy)]
enum Candidate {
    /// An axial network, by its index among the axial ones.
    Axial(usize),
    /// All DPNs on coronal and sagittal sections.
    MultiPlanar,
}

/// The pass that is under way.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "moved once a pass, never stored in numbers")]
enum Pass {
    /// One network over the slices that are open.
    Axial,
    /// All DPNs on coronal and sagittal sections.
    MultiPlanar(MultiPlanarStage),
}

/// A vote that is under way.
#[derive(Debug)]
pub(super) struct Voting {
    pub segmentation: Segmentation,
    pub jobs: JobQueue,
    pass: Pass,
    voters: Voters,
    /// Passes of the tier after this one, and how many the tier began with.
    candidates: VecDeque<Candidate>,
    tier_passes: usize,
}

/// What follows a pass.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "moved once a pass, never stored in numbers")]
pub(super) enum AfterPass {
    /// Another pass.
    Voting(Voting),
    /// Nothing: no network of the tier can change anything.
    Decided(Segmentation),
}

/// The slices that an answer changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    Nothing,
    Slice(usize),
    All,
}

/// Begins the vote of the context's tier; earlier answers count.
pub(super) fn begin_tier(mut segmentation: Segmentation, context: &mut Context) -> AfterPass {
    let _span = tracing::info_span!("begin_tier", tier = context.options.tier.as_str()).entered();
    let voters = context.voters();
    let with_multi_planar = !voters.multi_planar.is_empty();
    segmentation.vote.set_members(&voters.axial, voters.single_family_threshold, with_multi_planar);
    let vote = &segmentation.vote;
    // A lower tier may have skipped some of its members where they couldn't change its answer.
    let unanswered = |m: &usize| vote.lung_slices().any(|z| !vote.has_answered(*m, z));
    let mut candidates: VecDeque<_> = voters.axial.iter().copied().filter(unanswered).map(Candidate::Axial).collect();
    if with_multi_planar && !vote.has_multi_planar_answers() {
        candidates.push_back(Candidate::MultiPlanar);
    }
    let tier_passes = candidates.len();
    begin_pass(segmentation, voters, candidates, tier_passes, context)
}

/// Begins the first of the candidates that can change something.
fn begin_pass(
    segmentation: Segmentation,
    voters: Voters,
    mut candidates: VecDeque<Candidate>,
    tier_passes: usize,
    context: &mut Context,
) -> AfterPass {
    let full_run = context.options.full_run;
    while let Some(candidate) = candidates.pop_front() {
        let vote = &segmentation.vote;
        let (pass, tasks): (Pass, Vec<Task>) = match candidate {
            Candidate::Axial(member) => {
                let open = |z: &usize| !vote.has_answered(member, *z) && (full_run || !vote.is_decided(*z));
                (Pass::Axial, vote.lung_slices().filter(open).map(|slice| Task { member, slice }).collect())
            }
            Candidate::MultiPlanar if full_run || vote.lung_slices().any(|z| !vote.is_decided(z)) => {
                let stage = multi_planar_stage(&segmentation, &voters, context);
                let members = 0..voters.multi_planar.len();
                let tasks = members.flat_map(|member| stage.sections().map(move |slice| Task { member, slice }));
                let tasks = tasks.collect();
                (Pass::MultiPlanar(stage), tasks)
            }
            Candidate::MultiPlanar => continue,
        };
        if !tasks.is_empty() {
            let name = match candidate {
                Candidate::Axial(member) => context.networks.entry(context.networks.axial[member]).name.clone(),
                Candidate::MultiPlanar => "dpn, coronal and sagittal".into(),
            };
            let jobs = JobQueue::new(context.begin_pass(), &name, tasks);
            return AfterPass::Voting(Voting { segmentation, jobs, pass, voters, candidates, tier_passes });
        }
    }
    tracing::info!("the vote is decided");
    AfterPass::Decided(segmentation)
}

fn multi_planar_stage(segmentation: &Segmentation, voters: &Voters, context: &Context) -> MultiPlanarStage {
    let (_, first) = *voters.multi_planar.first().expect("invariant: a pass over sections has networks");
    let input = &context.networks.entry(first).input;
    let (crop_box, slices) = segmentation.vote.lung_box(input);
    let _span =
        tracing::info_span!("resample_lung_box", side = crop_box.side, slices = slices.1 - slices.0 + 1).entered();
    let count = |projection: Projection| voters.multi_planar.iter().filter(|(of, _)| *of == projection).count();
    MultiPlanarStage::new(&context.volume, input, crop_box, slices, PROJECTIONS.map(count))
}

impl Voting {
    /// Done and all runs of the tier; runs that turned out not to be needed are done.
    pub fn progress(&self) -> (usize, usize) {
        let slices = self.segmentation.vote.lung_slices().len();
        let total = slices * self.tier_passes;
        // A pass over sections has more runs than slices.
        (total.saturating_sub(slices * self.candidates.len() + self.jobs.open()), total)
    }

    /// Returns the network of a task by its index in the manifest.
    pub fn network(&self, task: Task, context: &Context) -> usize {
        match &self.pass {
            Pass::Axial => context.networks.axial[task.member],
            Pass::MultiPlanar(_) => self.voters.multi_planar[task.member].1,
        }
    }

    /// Returns a task's input.
    pub fn network_input(&self, task: Task, context: &Context) -> Vec<f32> {
        match &self.pass {
            Pass::Axial => self.segmentation.vote.network_input(&context.volume, task.member, task.slice),
            Pass::MultiPlanar(stage) => stage.network_input(self.voters.multi_planar[task.member].0, task.slice),
        }
    }

    /// Takes an answer.
    pub fn accept(&mut self, task: Task, answer: &[f32]) -> Result<Changed, EnsembleError> {
        match &mut self.pass {
            Pass::Axial => {
                self.segmentation.vote.accept(task.member, task.slice, answer)?;
                Ok(Changed::Slice(task.slice))
            }
            Pass::MultiPlanar(stage) => {
                stage.accept(self.voters.multi_planar[task.member].0, task.slice, answer)?;
                Ok(Changed::Nothing)
            }
        }
    }

    /// Returns a task's answer on the study's grid; `None` for coronal and sagittal sections.
    pub fn lesion_probabilities(
        &self,
        task: Task,
        answer: &[f32],
        context: &Context,
    ) -> Result<Option<LesionProbabilities>, EnsembleError> {
        match self.pass {
            Pass::Axial => {
                let quantized = self.segmentation.vote.quantized_on_slice(task.member, answer)?;
                Ok(Some(LesionProbabilities { network: self.network(task, context), slice: task.slice, quantized }))
            }
            Pass::MultiPlanar(_) => Ok(None),
        }
    }

    /// Goes on once all jobs of the pass are answered.
    pub fn finish(mut self, context: &mut Context) -> (AfterPass, Changed) {
        let changed = match &self.pass {
            // Each answer told its slice, unless components depend on several.
            Pass::Axial if self.segmentation.vote.settle() => Changed::All,
            Pass::Axial => Changed::Nothing,
            Pass::MultiPlanar(stage) => {
                let times = self.voters.axial_dpns;
                let slices = self.segmentation.vote.lung_slices().len();
                let _span = tracing::info_span!("count_multi_planar", slices).entered();
                self.segmentation.vote.add_multi_planar(stage.crop_box(), times, |z| stage.probabilities(z));
                self.segmentation.vote.settle();
                Changed::All
            }
        };
        (begin_pass(self.segmentation, self.voters, self.candidates, self.tier_passes, context), changed)
    }
}
