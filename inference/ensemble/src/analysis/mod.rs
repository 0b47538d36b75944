//! A study's way through the networks, as a state machine: its jobs may be computed by anyone, in
//! any order.
//!
//! ```text
//! FirstLungs ─► OtherLungs ─► Lesions ─► Done ─► Refining ─► Done
//!      └────────────┤                              │    ▲
//!                   └─► NoLung                     └► Stopped
//! ```

mod context;
mod jobs;
mod lesion_stage;
mod lung_stage;
mod networks;
mod probabilities;
mod segmentation;

use std::sync::Arc;

use corsai_manifest::Manifest;
use corsai_protocol::Stage;
use corsai_report::{NetworkRuns, Tier};
use corsai_volume::{HuVolume, RightLeft};

pub use context::Options;
pub use jobs::{Job, JobId};
pub use probabilities::LesionProbabilities;

use crate::{
    error::EnsembleError,
    lesion_vote::{LesionVote, MarkedBits},
    lung_extent::LungExtent,
    lung_probabilities::LungProbabilities,
};
use context::Context;
use jobs::JobQueue;
use lesion_stage::{AfterPass, Changed, Voting, begin_tier};
use lung_stage::{AfterFirst, FirstProjection, LungMask, OtherProjections};
use networks::Networks;
use segmentation::Segmentation;

/// A complete answer while a higher tier is computed.
#[derive(Debug)]
struct Answer {
    tier: Tier,
    marked: MarkedBits,
}

/// Where an analysis is; each state owns what it needs.
#[derive(Debug)]
enum State {
    /// The lungs' networks on the first projection.
    FirstLungs(FirstProjection),
    /// The lungs' networks on the other projections.
    OtherLungs(OtherProjections),
    /// Done: the study shows no lung.
    NoLung(LungMask),
    /// The lesion networks, for the first answer.
    Lesions(Voting),
    /// The lesion networks of a higher tier, after a complete answer.
    Refining { voting: Voting, previous: Answer },
    /// A refinement was stopped; the previous answer's lesions are shown.
    Stopped { voting: Voting, previous: Answer },
    /// Done: no network of the tier can change anything.
    Done(Segmentation),
}

impl State {
    /// The jobs that can be computed now.
    const fn jobs(&self) -> Option<&JobQueue> {
        match self {
            Self::FirstLungs(pass) => Some(&pass.jobs),
            Self::OtherLungs(pass) => Some(&pass.jobs),
            Self::Lesions(voting) | Self::Refining { voting, .. } => Some(&voting.jobs),
            Self::NoLung(_) | Self::Stopped { .. } | Self::Done(_) => None,
        }
    }

    /// As [`Self::jobs`].
    const fn jobs_mut(&mut self) -> Option<&mut JobQueue> {
        match self {
            Self::FirstLungs(pass) => Some(&mut pass.jobs),
            Self::OtherLungs(pass) => Some(&mut pass.jobs),
            Self::Lesions(voting) | Self::Refining { voting, .. } => Some(&mut voting.jobs),
            Self::NoLung(_) | Self::Stopped { .. } | Self::Done(_) => None,
        }
    }

    /// Lungs and lesions, from the lungs' end on where there is lung.
    const fn segmentation(&self) -> Option<&Segmentation> {
        match self {
            Self::FirstLungs(_) | Self::OtherLungs(_) | Self::NoLung(_) => None,
            Self::Lesions(voting) | Self::Refining { voting, .. } | Self::Stopped { voting, .. } => {
                Some(&voting.segmentation)
            }
            Self::Done(segmentation) => Some(segmentation),
        }
    }

    /// Label bytes of the whole volume.
    fn labels(&self) -> &[u8] {
        match self {
            Self::FirstLungs(pass) => &pass.labels,
            Self::OtherLungs(pass) => &pass.labels,
            Self::NoLung(mask) => &mask.labels,
            Self::Lesions(voting) | Self::Refining { voting, .. } | Self::Stopped { voting, .. } => {
                voting.segmentation.vote.labels()
            }
            Self::Done(segmentation) => segmentation.vote.labels(),
        }
    }

    /// Goes on once all jobs of the state are answered.
    fn finish(self, context: &mut Context) -> (Self, Changed) {
        match self {
            Self::FirstLungs(pass) => match pass.finish(context) {
                AfterFirst::Again(first) => (Self::FirstLungs(first), Changed::Nothing),
                AfterFirst::Others(others) => (Self::OtherLungs(others), Changed::Nothing),
                AfterFirst::Complete(mask) => (Self::after_lungs(mask, context), Changed::All),
            },
            Self::OtherLungs(pass) => (Self::after_lungs(pass.finish(context), context), Changed::All),
            Self::Lesions(voting) => {
                let (next, changed) = voting.finish(context);
                (Self::after_pass(next), changed)
            }
            Self::Refining { voting, previous } => {
                let (next, changed) = voting.finish(context);
                (Self::after_refining_pass(next, previous), changed)
            }
            Self::NoLung(_) | Self::Stopped { .. } | Self::Done(_) => {
                unreachable!("invariant: only a state with jobs ends by an answer")
            }
        }
    }

    fn after_lungs(mask: LungMask, context: &mut Context) -> Self {
        let grid = context.volume.grid();
        let Some(extent) = LungExtent::of(grid, &mask.labels) else {
            tracing::info!("no lung found");
            return Self::NoLung(mask);
        };
        tracing::info!(slices = extent.slices.len(), rows = ?extent.rows, columns = ?extent.columns, "lungs found");
        let networks = &context.networks;
        let entries: Vec<_> = networks.axial.iter().map(|&i| networks.entry(i)).collect();
        let thresholds = context.options.vote.unwrap_or(networks.vote());
        let vote = LesionVote::new(grid, mask.labels, extent, &entries, thresholds);
        Self::after_pass(begin_tier(Segmentation { vote, lung_probabilities: mask.probabilities }, context))
    }

    fn after_pass(next: AfterPass) -> Self {
        match next {
            AfterPass::Voting(voting) => Self::Lesions(voting),
            AfterPass::Decided(segmentation) => Self::Done(segmentation),
        }
    }

    fn after_refining_pass(next: AfterPass, previous: Answer) -> Self {
        match next {
            AfterPass::Voting(voting) => Self::Refining { voting, previous },
            AfterPass::Decided(segmentation) => Self::Done(segmentation),
        }
    }
}

/// A study being analysed.
#[derive(Debug)]
pub struct Analysis {
    context: Context,
    /// Absent only while one state becomes the next.
    state: Option<State>,
}

impl Analysis {
    /// Begins an analysis with the lungs' networks.
    ///
    /// # Errors
    /// [`EnsembleError::NoNetwork`] without at least one lung network and one lesion network of the
    /// tier, [`EnsembleError::UnsupportedNetwork`] when a network expects what its family doesn't
    /// have, [`EnsembleError::TooManyMembers`] for a family that the vote can't count.
    pub fn new(volume: Arc<HuVolume>, manifest: &Manifest, options: Options) -> Result<Self, EnsembleError> {
        let networks = Networks::new(manifest, options.tier)?;
        let mut context = Context::new(volume, networks, options);
        let state = State::FirstLungs(FirstProjection::new(&mut context));
        Ok(Self { context, state: Some(state) })
    }

    const fn state(&self) -> &State {
        self.state.as_ref().expect("invariant: every transition ends in a state")
    }

    /// Makes of the state the next one; returns `transition`'s second value.
    fn replace_state<T>(&mut self, transition: impl FnOnce(State, &mut Context) -> (State, T)) -> T {
        let state = self.state.take().expect("invariant: every transition ends in a state");
        let (state, value) = transition(state, &mut self.context);
        self.state = Some(state);
        value
    }

    /// What the analysis is busy with; `None` when it is done.
    #[must_use]
    pub const fn stage(&self) -> Option<Stage> {
        match self.state() {
            State::FirstLungs(_) | State::OtherLungs(_) => Some(Stage::Lungs),
            State::Lesions(_) | State::Refining { .. } | State::Stopped { .. } => Some(Stage::Lesions),
            State::NoLung(_) | State::Done(_) => None,
        }
    }

    /// Done and all runs of networks on slices in this stage; runs that turned out not to be needed
    /// are done. Both are 0 when the analysis is done.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        match self.state() {
            State::FirstLungs(pass) => pass.progress(),
            State::OtherLungs(pass) => pass.progress(),
            State::Lesions(voting) | State::Refining { voting, .. } | State::Stopped { voting, .. } => {
                voting.progress()
            }
            State::NoLung(_) | State::Done(_) => (0, 0),
        }
    }

    /// The next job to do. `None` when all that can be done now are handed out, or the analysis is
    /// done or stopped.
    pub fn next_job(&mut self) -> Option<Job> {
        let Self { context, state } = self;
        let state = state.as_mut()?;
        let (id, task) = state.jobs_mut()?.next()?;
        let (network, input) = match state {
            State::FirstLungs(pass) => (context.networks.lungs[task.member].1, pass.network_input(task, context)),
            State::OtherLungs(pass) => (context.networks.lungs[task.member].1, pass.network_input(task, context)),
            State::Lesions(voting) | State::Refining { voting, .. } => {
                (voting.network(task, context), voting.network_input(task, context))
            }
            State::NoLung(_) | State::Stopped { .. } | State::Done(_) => {
                unreachable!("invariant: a job is of a state with jobs")
            }
        };
        Some(Job { id, network, input })
    }

    /// Hands a job that will get no answer out again, before all others.
    pub fn put_back(&mut self, id: JobId) {
        if let Some(jobs) = self.state.as_mut().and_then(State::jobs_mut) {
            jobs.put_back(id);
        }
    }

    /// Takes a job's probabilities, `[classes, size, size]`, and returns the slices whose labels
    /// changed. The stage may have moved on afterwards.
    ///
    /// # Errors
    /// [`EnsembleError::AnswerLength`] for a wrong length, [`EnsembleError::UnknownJob`] for a job
    /// that isn't open; the analysis is as it was.
    pub fn accept(&mut self, id: JobId, answer: &[f32]) -> Result<Vec<usize>, EnsembleError> {
        let task = self.state().jobs().and_then(|jobs| jobs.open_task(id)).ok_or(EnsembleError::UnknownJob)?;
        let Self { context, state } = self;
        let state = state.as_mut().expect("invariant: every transition ends in a state");
        let (network, mut changed) = match state {
            State::FirstLungs(pass) => {
                pass.accept(task, answer)?;
                (context.networks.lungs[task.member].1, Changed::Nothing)
            }
            State::OtherLungs(pass) => {
                let previewed = pass.accept(task, answer, context)?;
                let changed = if previewed { Changed::All } else { Changed::Nothing };
                (context.networks.lungs[task.member].1, changed)
            }
            State::Lesions(voting) | State::Refining { voting, .. } => {
                (voting.network(task, context), voting.accept(task, answer)?)
            }
            State::NoLung(_) | State::Stopped { .. } | State::Done(_) => {
                unreachable!("invariant: a task is of a state with jobs")
            }
        };
        context.runs[network] += 1;
        let jobs = state.jobs_mut().expect("invariant: a task is of a state with jobs");
        jobs.close(id);
        if jobs.open() == 0 {
            let by_transition = self.replace_state(State::finish);
            if by_transition != Changed::Nothing {
                changed = by_transition;
            }
        }
        Ok(match changed {
            Changed::Nothing => Vec::new(),
            Changed::Slice(z) => vec![z],
            Changed::All => (0..self.context.volume.grid().slices()).collect(),
        })
    }

    /// Goes on to a higher tier once the analysis is done; whether that has any network more.
    pub fn refine(&mut self, tier: Tier) -> bool {
        if !self.context.networks.has_more(self.context.options.tier, tier) {
            return false;
        }
        self.replace_state(|state, context| match state {
            State::Done(segmentation) => {
                let previous = Answer { tier: context.options.tier, marked: segmentation.vote.marked_bits() };
                context.options.tier = tier;
                (State::after_refining_pass(begin_tier(segmentation, context), previous), true)
            }
            other => (other, false),
        })
    }

    /// Stops a refinement: lesions are those of the previous answer, until [`Self::resume`], and no
    /// job is open. Whether there was a refinement.
    pub fn stop_refinement(&mut self) -> bool {
        self.replace_state(|state, _| match state {
            State::Refining { mut voting, previous } => {
                voting.segmentation.vote.show_marked(&previous.marked);
                (State::Stopped { voting, previous }, true)
            }
            other => {
                let stopped = matches!(other, State::Stopped { .. });
                (other, stopped)
            }
        })
    }

    /// Goes on with a refinement to `tier` that isn't complete, stopped or not, and hands all of
    /// its open jobs out again; whether there was one.
    pub fn resume(&mut self, tier: Tier) -> bool {
        self.replace_state(|state, context| match state {
            State::Refining { mut voting, previous } | State::Stopped { mut voting, previous }
                if context.options.tier == tier =>
            {
                voting.segmentation.vote.show_this_vote();
                voting.jobs.put_all_back();
                (State::Refining { voting, previous }, true)
            }
            other => (other, false),
        })
    }

    /// The tier whose networks vote.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        self.context.options.tier
    }

    /// Label bytes of a slice as far as they are known, and whether lungs and lesions are in.
    ///
    /// # Panics
    /// Beyond the last slice.
    #[must_use]
    pub fn labels(&self, z: usize) -> (Vec<u8>, bool, bool) {
        let grid = self.context.volume.grid();
        let area = grid.area();
        let labels = || self.state().labels()[z * area..(z + 1) * area].to_vec();
        match self.state() {
            State::FirstLungs(_) => (labels(), false, false),
            State::OtherLungs(pass) => match pass.preview(z, &self.context) {
                Some(preview) => (preview, true, false),
                None => (labels(), false, false),
            },
            State::Lesions(voting) | State::Refining { voting, .. } | State::Stopped { voting, .. } => {
                (labels(), true, voting.segmentation.vote.has_lesion_labels(z))
            }
            State::NoLung(_) | State::Done(_) => (labels(), true, true),
        }
    }

    /// Label bytes of the whole volume; lungs are in once [`Self::stage`] is past the lungs,
    /// lesions once it is done.
    #[must_use]
    pub fn all_labels(&self) -> &[u8] {
        self.state().labels()
    }

    /// For every voxel of a slice the share of the networks that marked it as lesion, in per cent;
    /// `None` before two networks of the tier that is shown have seen the slice, and on a slice
    /// without lung.
    ///
    /// # Panics
    /// Beyond the last slice.
    #[must_use]
    pub fn agreement(&self, z: usize) -> Option<Vec<u8>> {
        let tier = match self.state() {
            State::Stopped { previous, .. } => previous.tier,
            _ => self.context.options.tier,
        };
        self.state().segmentation()?.vote.agreement(&self.context.networks.axial_members(tier), z)
    }

    /// Number of slices that show lung; the others need no lesion network.
    #[must_use]
    pub fn lung_slices(&self) -> u32 {
        self.state().segmentation().map_or(0, |found| found.vote.lung_slices().len() as u32)
    }

    /// The least and the most lesion volume, mL, that the vote can still come to in each lung;
    /// equal when it is done. `None` where no lung is known.
    #[must_use]
    pub fn bounds_ml(&self) -> Option<RightLeft<[f64; 2]>> {
        Some(self.state().segmentation()?.bounds_ml(self.context.volume.grid()))
    }

    /// Lesion volume, mL, by the own mask of each network that ran; by the vote's mask on slices
    /// where the network wasn't needed.
    #[must_use]
    pub fn members_ml(&self) -> Vec<RightLeft<f64>> {
        let Some(segmentation) = self.state().segmentation() else { return Vec::new() }; // No lung, no member.
        let Context { volume, networks, runs, .. } = &self.context;
        let ran = (0..networks.axial.len()).filter(|&m| runs[networks.axial[m]] > 0);
        ran.map(|m| segmentation.member_ml(volume.grid(), m)).collect()
    }

    /// How often each network ran.
    #[must_use]
    pub fn runs(&self) -> Vec<NetworkRuns> {
        self.context.network_runs()
    }

    /// Returns the probabilities of right and left lung on slice `z`, without the rule for the rim;
    /// `None` before the lungs are in, beyond the last slice, and unless
    /// [`Options::keep_probabilities`] asks for them.
    #[must_use]
    pub fn lung_probabilities(&self, z: usize) -> Option<RightLeft<Vec<f32>>> {
        let kept: Option<&LungProbabilities> = match self.state() {
            State::NoLung(mask) => mask.probabilities.as_ref(),
            state => state.segmentation()?.lung_probabilities.as_ref(),
        };
        let inside = z < self.context.volume.grid().slices();
        kept.filter(|_| inside).map(|kept| kept.on_slice(&self.context.resampler, z))
    }

    /// Returns an open job's answer on the study's grid; `None` for a job of the lungs and for one
    /// on coronal or sagittal sections. The job stays open until [`Self::accept`].
    ///
    /// # Errors
    /// [`EnsembleError::AnswerLength`] and [`EnsembleError::UnknownJob`], as [`Self::accept`].
    pub fn lesion_probabilities(
        &self,
        id: JobId,
        answer: &[f32],
    ) -> Result<Option<LesionProbabilities>, EnsembleError> {
        let task = self.state().jobs().and_then(|jobs| jobs.open_task(id)).ok_or(EnsembleError::UnknownJob)?;
        match self.state() {
            State::Lesions(voting) | State::Refining { voting, .. } => {
                voting.lesion_probabilities(task, answer, &self.context)
            }
            _ => Ok(None),
        }
    }

    /// The volume under analysis.
    #[must_use]
    pub const fn volume(&self) -> &Arc<HuVolume> {
        &self.context.volume
    }
}
