//! One study's way through the networks, as jobs that anyone may do in any order.
//!
//! Lungs first; then the lesion networks, one after the other, each over those slices that it can still change.

mod numbers;
mod probabilities;

use std::{collections::VecDeque, sync::Arc};

use corsai_manifest::{Family, Manifest, NetworkEntry, Projection, Region, Vote};
use corsai_protocol::Stage;
use corsai_report::Tier;
use corsai_volume::HuVolume;
use corsai_volume::label;

pub use probabilities::LesionProbabilities;

use crate::{
    EnsembleError,
    cross::{self, CrossStage},
    lesions::LesionStage,
    lungs::{LungCube, LungFilters, LungStage},
};

/// Names a job for as long as its analysis lasts; a lost one is handed out again under the same
/// name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId {
    /// Number of the pass that the job is of: an answer of an earlier pass is no answer of this
    /// one.
    pass: u32,
    /// Index among the tasks of its pass.
    index: usize,
}

/// One network on one input.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: JobId,
    /// Index in the manifest.
    pub network: usize,
    /// `[channels, size, size]`.
    pub input: Vec<f32>,
}

/// How an answer is sought.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Options {
    /// The first answer's tier; [`Analysis::refine`] goes on from there.
    pub tier: Tier,
    /// Every network on every slice with lung, also where nothing can change any more. The masks are the same.
    pub full_run: bool,
    /// Thresholds in place of the manifest's.
    pub vote: Option<Vote>,
    /// The DPNs of all three projections in place of the axial ones alone, where the tier has all three.
    pub dpn_3d: bool,
    /// [`Analysis::lung_probabilities`] has an answer once the lungs are in.
    pub keep_probabilities: bool,
}

/// Right and left lung.
pub type RightLeft<T> = [T; 2];

/// What runs before the vote is looked at again.
#[derive(Debug, Clone, Copy)]
enum Pass {
    /// One of the axial lesion networks over the slices that are open.
    Axial(usize),
    /// All coronal and sagittal DPNs over all sections.
    Cross,
}

#[derive(Debug, Clone, Copy)]
struct Task {
    /// Which of its stage's networks.
    member: usize,
    /// Of the study, or a section of the cube.
    slice: usize,
    answered: bool,
}

#[derive(Debug)]
enum Phase {
    Lungs(LungStage),
    Lesions,
    Done,
}

/// A complete answer.
#[derive(Debug)]
struct Before {
    tier: Tier,
    /// A bit a voxel.
    lesions: Vec<u8>,
    /// It is what there is to see: the refinement was stopped.
    shown: bool,
}

/// A study being analysed.
#[derive(Debug)]
pub struct Analysis {
    volume: Arc<HuVolume>,
    manifest: Manifest,
    options: Options,
    /// Networks of the manifest: of the lungs by projection, of the lesions in the order they run; those that see
    /// coronal and sagittal sections last.
    lungs: Vec<(Projection, usize)>,
    lesions: Vec<usize>,
    cross: Vec<(Projection, usize)>,
    filters: LungFilters,
    phase: Phase,
    /// From the lungs' end on, where there is lung.
    stage: Option<LesionStage>,
    /// While sections are computed.
    sections: Option<CrossStage>,
    /// They have been.
    crossed: bool,
    /// Lesion networks of this tier that have yet to run, and how many it began with.
    to_run: VecDeque<Pass>,
    tier_runs: usize,
    /// Tasks of the pass that is under way, its number, and how many aren't answered.
    tasks: Vec<Task>,
    pass: u32,
    open_tasks: usize,
    queue: VecDeque<JobId>,
    /// Runs for the lungs: of the first projection once that is through, and at most of the others until then.
    lungs_done: usize,
    lungs_ahead: usize,
    /// Lungs after the first projection, until all are there.
    preview: Option<LungCube>,
    /// What the lungs' networks said together, where it is kept.
    lung_cube: Option<LungCube>,
    labels: Vec<u8>,
    /// The last complete answer, while a higher tier is computed.
    before: Option<Before>,
    lesions_known: Vec<bool>,
    answered: Vec<u32>,
}

impl Analysis {
    /// # Errors
    /// [`EnsembleError::NoNetwork`] without at least one lung network and one lesion network of the tier,
    /// [`EnsembleError::Unfit`] when one expects what its family doesn't have,
    /// [`EnsembleError::Oversized`] for a family that the vote can't count.
    pub fn new(volume: Arc<HuVolume>, manifest: &Manifest, options: Options) -> Result<Self, EnsembleError> {
        if let Some(family) = manifest.oversized_family() {
            return Err(EnsembleError::Oversized(family));
        }
        let (mut lungs, mut lesions, mut cross) = (Vec::new(), Vec::new(), Vec::new());
        for (i, entry) in manifest.networks.iter().enumerate() {
            let unfit = || EnsembleError::Unfit(entry.name.clone());
            let lung = entry.family == Family::Lungs;
            let region = if lung { Region::WholeVolume } else { Region::LungBox };
            if entry.input.region != region || entry.projections.is_empty() {
                return Err(unfit());
            }
            for &projection in &entry.projections {
                match (entry.family, projection) {
                    (Family::Lungs, _) => lungs.push((projection, i)),
                    (_, Projection::Axial) => lesions.push(i),
                    (Family::Dpn, _) => cross.push((projection, i)),
                    _ => return Err(unfit()),
                }
            }
        }
        lungs.sort();
        let (_, first) = *lungs.first().ok_or(EnsembleError::NoNetwork("lungs"))?;
        let input = &manifest.networks[first].input;
        let input_of = |&(_, i): &(Projection, usize)| &manifest.networks[i].input;
        let odd_one = |of: &[(Projection, usize)]| of.iter().find(|i| input_of(i) != input_of(&of[0])).copied();
        if let Some((_, other)) = odd_one(&lungs).or_else(|| odd_one(&cross)) {
            return Err(EnsembleError::Unfit(manifest.networks[other].name.clone()));
        }
        if !lesions.iter().any(|&i| manifest.networks[i].tier <= options.tier) {
            return Err(EnsembleError::NoNetwork("lesion"));
        }
        let projections: Vec<Projection> = lungs.iter().map(|(projection, _)| *projection).collect();
        let stage = LungStage::new(&volume, input, &projections);
        let grid = volume.grid();
        let mut analysis = Self {
            filters: LungFilters::new(grid, input.size),
            labels: vec![0; grid.voxel_count()],
            lesions_known: vec![false; grid.slices()],
            answered: vec![0; manifest.networks.len()],
            manifest: manifest.clone(),
            options,
            phase: Phase::Done,
            stage: None,
            sections: None,
            crossed: false,
            to_run: VecDeque::new(),
            tier_runs: 0,
            tasks: Vec::new(),
            pass: 0,
            open_tasks: 0,
            queue: VecDeque::new(),
            lungs_done: 0,
            lungs_ahead: 0,
            preview: None,
            lung_cube: None,
            before: None,
            volume,
            lungs,
            lesions,
            cross,
        };
        analysis.begin_lungs(&stage, |projection| projection == projections[0]);
        analysis.lungs_ahead = projections.len() * stage.slices(Projection::Axial).count() - analysis.tasks.len();
        analysis.phase = Phase::Lungs(stage);
        Ok(analysis)
    }

    /// The lungs' networks on those projections.
    fn begin_lungs(&mut self, stage: &LungStage, which: impl Fn(Projection) -> bool) {
        let networks = self.lungs.iter().enumerate().filter(|(_, (projection, _))| which(*projection));
        let tasks: Vec<_> = networks.flat_map(|(m, (of, _))| stage.slices(*of).map(move |s| (m, s))).collect();
        self.begin(tasks.into_iter());
    }

    fn begin(&mut self, tasks: impl Iterator<Item = (usize, usize)>) {
        self.tasks = tasks.map(|(member, slice)| Task { member, slice, answered: false }).collect();
        self.pass += 1;
        self.open_tasks = self.tasks.len();
        self.queue = self.unanswered();
    }

    /// Names of the pass's jobs that have no answer.
    fn unanswered(&self) -> VecDeque<JobId> {
        let open = self.tasks.iter().enumerate().filter(|(_, task)| !task.answered);
        open.map(|(index, _)| JobId { pass: self.pass, index }).collect()
    }

    /// The task of a job that has no answer; `None` for every other name, those of earlier passes
    /// among them.
    fn open_task(&self, id: JobId) -> Option<Task> {
        let task = self.tasks.get(id.index).filter(|_| id.pass == self.pass)?;
        (!task.answered).then_some(*task)
    }

    /// What the analysis is busy with; `None` when it is done.
    #[must_use]
    pub const fn stage(&self) -> Option<Stage> {
        match self.phase {
            Phase::Lungs(_) => Some(Stage::Lungs),
            Phase::Lesions => Some(Stage::Lesions),
            Phase::Done => None,
        }
    }

    /// Done and all runs of networks on slices in this stage; runs that turned out not to be needed are done.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        match (&self.phase, &self.stage) {
            (Phase::Lesions, Some(stage)) => {
                let slices = stage.slices.len();
                let total = slices * self.tier_runs;
                (total.saturating_sub(slices * self.to_run.len() + self.open_tasks), total)
            }
            _ => {
                let done = self.lungs_done + self.tasks.len() - self.open_tasks;
                (done, done + self.open_tasks + self.lungs_ahead)
            }
        }
    }

    /// The next job to do. `None` when all that can be done now are handed out, or the analysis is done.
    pub fn next_job(&mut self) -> Option<Job> {
        let id = self.queue.pop_front()?;
        let task = self.open_task(id).expect("invariant: a queued job is one of this pass that has no answer");
        let (network, input) = match (&self.phase, &self.stage) {
            (Phase::Lungs(stage), _) => {
                let (projection, network) = self.lungs[task.member];
                (network, stage.network_input(projection, task.slice))
            }
            (Phase::Lesions, Some(stage)) => match &self.sections {
                Some(sections) => {
                    let (projection, network) = self.cross[task.member];
                    (network, sections.network_input(projection, task.slice))
                }
                None => (self.lesions[task.member], stage.network_input(&self.volume, task.member, task.slice)),
            },
            (Phase::Lesions, None) | (Phase::Done, _) => {
                unreachable!("invariant: jobs are of the lungs' stage or of the lesions'")
            }
        };
        Some(Job { id, network, input })
    }

    /// A job that nobody will answer is to be handed out again, first.
    pub fn put_back(&mut self, id: JobId) {
        if self.open_task(id).is_some() && !self.queue.contains(&id) {
            self.queue.push_front(id);
        }
    }

    /// Takes a job's probabilities, `[classes, size, size]`, and returns the slices whose labels changed. The stage may
    /// have moved on afterwards.
    ///
    /// # Errors
    /// [`EnsembleError::Answer`] for a wrong length, [`EnsembleError::UnknownJob`] for a job that
    /// isn't open (any more);
    /// the analysis is as it was.
    pub fn accept(&mut self, id: JobId, answer: &[f32]) -> Result<Vec<usize>, EnsembleError> {
        let task = self.open_task(id).ok_or(EnsembleError::UnknownJob)?;
        let (columns, area) = (self.volume.grid().columns(), self.area());
        let mut changed = Vec::new();
        let network = match (&mut self.phase, &mut self.stage) {
            (Phase::Lungs(stage), _) => {
                stage.accept(task.member, task.slice, answer)?;
                self.lungs[task.member].1
            }
            (Phase::Lesions, Some(stage)) => match &mut self.sections {
                Some(sections) => {
                    let (projection, network) = self.cross[task.member];
                    sections.accept(projection, task.slice, answer)?;
                    network
                }
                None => {
                    let labels = &mut self.labels[task.slice * area..(task.slice + 1) * area];
                    stage.accept((task.member, task.slice), answer, columns, labels)?;
                    if stage.judge(task.slice, labels) {
                        self.lesions_known[task.slice] = true;
                    }
                    changed.push(task.slice);
                    self.lesions[task.member]
                }
            },
            (Phase::Lesions, None) | (Phase::Done, _) => {
                unreachable!("invariant: tasks are of the lungs' stage or of the lesions'")
            }
        };
        self.tasks[id.index].answered = true;
        // It may have been queued again while its answer was on the way.
        self.queue.retain(|queued| *queued != id);
        self.open_tasks -= 1;
        self.answered[network] += 1;
        let complete = self.open_tasks == 0;
        match &self.phase {
            Phase::Lungs(_) if complete => {
                self.next_lungs();
                if self.stage() != Some(Stage::Lungs) {
                    changed = (0..self.volume.grid().slices()).collect();
                }
            }
            // Not before the next projection has begun: by then nobody waits for this.
            Phase::Lungs(stage) if self.lungs_done > 0 && self.preview.is_none() => {
                let done: Vec<bool> = self.lungs.iter().map(|(projection, _)| *projection == self.lungs[0].0).collect();
                self.preview = Some(stage.mean(&done));
                changed = (0..self.volume.grid().slices()).collect();
            }
            Phase::Lesions if complete => {
                if let Some(sections) = self.sections.take() {
                    self.add_sections(&sections);
                    changed = (0..self.volume.grid().slices()).collect();
                }
                self.next_network();
            }
            _ => {}
        }
        Ok(changed)
    }

    fn area(&self) -> usize {
        self.volume.grid().area()
    }

    /// After the first projection the others, where it shows that there is something to see; then the lesions.
    fn next_lungs(&mut self) {
        let Phase::Lungs(stage) = std::mem::replace(&mut self.phase, Phase::Done) else {
            unreachable!("invariant: only the lungs' stage ends in lungs")
        };
        if self.lungs_done == 0 {
            self.lungs_done = self.tasks.len();
            let first = self.lungs[0].0;
            self.begin_lungs(&stage, |projection| projection != first);
            self.lungs_ahead = 0;
        }
        if self.open_tasks > 0 {
            self.phase = Phase::Lungs(stage);
        } else {
            self.preview = None;
            let cube = stage.mean(&vec![true; self.lungs.len()]);
            self.finish_lungs(&cube);
            self.lung_cube = self.options.keep_probabilities.then_some(cube);
        }
    }

    fn finish_lungs(&mut self, cube: &LungCube) {
        let grid = self.volume.grid();
        cube.label(&self.volume, &self.filters, &mut self.labels);
        let entries: Vec<&NetworkEntry> = self.lesions.iter().map(|&i| &self.manifest.networks[i]).collect();
        let vote = self.options.vote.unwrap_or(self.manifest.vote);
        self.stage = LesionStage::new(grid, &self.labels, &entries, vote);
        let with_lung = self.stage.as_ref().map_or(&[][..], |stage| &stage.slices);
        for (z, known) in self.lesions_known.iter_mut().enumerate() {
            *known = !with_lung.contains(&z);
        }
        self.begin_tier();
    }

    /// A tier's lesion networks on axial slices, by their place among all of them.
    fn members(&self, tier: Tier) -> Vec<usize> {
        (0..self.lesions.len()).filter(|&m| self.manifest.networks[self.lesions[m]].tier <= tier).collect()
    }

    /// The vote among the tier's members, from what they have said already.
    fn begin_tier(&mut self) {
        let (tier, networks) = (self.options.tier, &self.manifest.networks);
        let members = self.members(tier);
        self.phase = Phase::Lesions;
        let axial_dpns = members.iter().filter(|&&m| networks[self.lesions[m]].family == Family::Dpn).count();
        // The projections weigh as much as the axial DPNs, so all of these must be there.
        let all_dpns = networks.iter().filter(|n| n.family == Family::Dpn).all(|n| n.tier <= tier);
        let with_cross =
            all_dpns && axial_dpns > 0 && cross::PROJECTIONS.iter().all(|of| !self.cross_members(*of).is_empty());
        self.to_run.clear();
        let alone = self.mean_threshold(&members, with_cross);
        if let Some(stage) = &mut self.stage {
            stage.convene(&members, alone, with_cross);
            // A lower tier may have left some of its own members out where they couldn't change its answer.
            let missing = |m: &usize| stage.slices.iter().any(|&z| !stage.spoke(*m, z));
            self.to_run.extend(members.iter().copied().filter(missing).map(Pass::Axial));
            self.to_run.extend((with_cross && !self.crossed).then_some(Pass::Cross));
        }
        self.judge_all();
        self.tier_runs = self.to_run.len();
        self.next_network();
    }

    /// The threshold on the mean probability of a family that votes by itself: the mean of its
    /// members' thresholds, so that a voxel is lesion where the members are above theirs on
    /// average. As in the mean of probabilities, coronal and sagittal networks weigh as much as the
    /// axial ones each.
    fn mean_threshold(&self, axial: &[usize], with_cross: bool) -> f64 {
        let mean = |networks: &[usize]| {
            let thresholds = networks.iter().map(|&i| self.manifest.networks[i].threshold);
            thresholds.sum::<f64>() / networks.len() as f64
        };
        let axial = mean(&axial.iter().map(|&m| self.lesions[m]).collect::<Vec<_>>());
        if !with_cross {
            return axial;
        }
        let [coronal, sagittal] = cross::PROJECTIONS.map(|of| mean(&self.cross_members(of)));
        (axial + coronal + sagittal) / 3.0
    }

    fn judge_all(&mut self) {
        let area = self.area();
        let Some(stage) = &mut self.stage else { return }; // No lung, no vote.
        for z in stage.slices.clone() {
            if stage.judge(z, &mut self.labels[z * area..(z + 1) * area]) {
                self.lesions_known[z] = true;
            }
        }
    }

    /// DPNs of the tier that see sections of this projection; none unless they shall vote.
    fn cross_members(&self, projection: Projection) -> Vec<usize> {
        let votes = |&&(of, i): &&(Projection, usize)| {
            self.options.dpn_3d && of == projection && self.manifest.networks[i].tier <= self.options.tier
        };
        self.cross.iter().filter(votes).map(|&(_, i)| i).collect()
    }

    fn begin_sections(&mut self) {
        let stage = self.stage.as_ref().expect("invariant: sections are of lungs");
        let (_, first) = *self.cross.first().expect("invariant: a pass over sections has networks");
        let input = &self.manifest.networks[first].input;
        let (square, ends) = stage.frame(input);
        let counts = cross::PROJECTIONS.map(|projection| self.cross_members(projection).len());
        self.sections = Some(CrossStage::new(&self.volume, input, square, ends, counts));
        let tier = self.options.tier;
        let networks = &self.manifest.networks;
        let members = (0..self.cross.len()).filter(|&m| networks[self.cross[m].1].tier <= tier);
        let tasks: Vec<_> = members.flat_map(|m| CrossStage::sections(input).map(move |s| (m, s))).collect();
        self.begin(tasks.into_iter());
    }

    /// Both projections have spoken.
    fn add_sections(&mut self, sections: &CrossStage) {
        let (area, columns) = (self.area(), self.volume.grid().columns());
        let networks = &self.manifest.networks;
        let votes = |i: &&usize| networks[**i].family == Family::Dpn && networks[**i].tier <= self.options.tier;
        self.crossed = true;
        let times = u8::try_from(self.lesions.iter().filter(votes).count()).expect("invariant: at most 31 members");
        let stage = self.stage.as_mut().expect("invariant: sections are of lungs");
        for z in stage.slices.clone() {
            let said = sections.said(z);
            let labels = &mut self.labels[z * area..(z + 1) * area];
            stage.add_cross(z, sections.square, &said, times, columns, labels);
            if stage.judge(z, labels) {
                self.lesions_known[z] = true;
            }
        }
    }

    /// On to the next network that can change something.
    fn next_network(&mut self) {
        let area = self.area();
        while let Some(pass) = self.to_run.pop_front() {
            let stage = self.stage.as_mut().expect("invariant: only lungs have passes to run");
            let Pass::Axial(member) = pass else {
                let slices = stage.slices.clone();
                let mut open = slices.iter().filter(|&&z| !stage.judge(z, &mut self.labels[z * area..(z + 1) * area]));
                if self.options.full_run || open.next().is_some() {
                    self.begin_sections();
                    return;
                }
                continue;
            };
            let mut slices = stage.slices.clone();
            slices.retain(|&z| {
                let decided = stage.judge(z, &mut self.labels[z * area..(z + 1) * area]);
                !stage.spoke(member, z) && (self.options.full_run || !decided)
            });
            if !slices.is_empty() {
                self.begin(slices.into_iter().map(|z| (member, z)));
                return;
            }
        }
        self.to_run.clear();
        self.begin(std::iter::empty());
        self.before = None;
        self.phase = Phase::Done;
    }

    /// Goes on to a higher tier once the analysis is done; whether that has any network more.
    pub fn refine(&mut self, tier: Tier) -> bool {
        let more = self
            .lesions
            .iter()
            .map(|&i| self.manifest.networks[i].tier)
            .any(|needed| needed > self.options.tier && needed <= tier);
        if !more || !matches!(self.phase, Phase::Done) || self.stage.is_none() {
            return false;
        }
        self.before = Some(Before { tier: self.options.tier, lesions: bits(&self.labels), shown: false });
        self.options.tier = tier;
        self.begin_tier();
        true
    }

    /// A refinement was stopped: lesions are those of the last complete answer, until [`Self::resume`]. Whether there
    /// was any refinement.
    pub fn set_back(&mut self) -> bool {
        let Some(before) = &mut self.before else { return false };
        before.shown = true;
        for (labels, bits) in self.labels.chunks_mut(8).zip(&before.lesions) {
            for (nth, l) in labels.iter_mut().enumerate() {
                *l = *l & !label::LESION | if bits >> nth & 1 == 1 { label::LESION } else { 0 };
            }
        }
        true
    }

    /// Goes on with a refinement to `tier` that was stopped; whether there was one.
    pub fn resume(&mut self, tier: Tier) -> bool {
        let (Some(before), Some(stage)) = (&mut self.before, &mut self.stage) else { return false };
        if self.options.tier != tier {
            return false;
        }
        before.shown = false;
        stage.reconsider();
        self.judge_all();
        self.queue = self.unanswered();
        true
    }

    /// The tier whose networks vote.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        self.options.tier
    }

    /// Label bytes of a slice as far as they are known, and whether lungs and lesions are in.
    #[must_use]
    pub fn labels(&self, z: usize) -> (Vec<u8>, bool, bool) {
        let area = self.area();
        if matches!(self.phase, Phase::Lungs(_)) {
            return match &self.preview {
                Some(cube) => (cube.core(&self.volume, &self.filters, z), true, false),
                None => (vec![0; area], false, false),
            };
        }
        let labels = self.labels.get(z * area..(z + 1) * area).map_or_else(Vec::new, <[u8]>::to_vec);
        (labels, true, self.lesions_known.get(z).copied().unwrap_or(false))
    }

    /// For every voxel of a slice the share of the networks that marked it as lesion, in per cent; `None` before two
    /// networks of the tier that is shown have seen the slice.
    #[must_use]
    pub fn agreement(&self, z: usize) -> Option<Vec<u8>> {
        let area = self.area();
        let tier = self.before.as_ref().filter(|before| before.shown).map_or(self.options.tier, |before| before.tier);
        self.stage.as_ref()?.agreement(&self.members(tier), z, self.labels.get(z * area..(z + 1) * area)?)
    }

    /// Label bytes of the whole volume; lungs are in once [`Self::stage`] is past the lungs, lesions once it is done.
    #[must_use]
    pub fn all_labels(&self) -> &[u8] {
        &self.labels
    }

    /// Slices that show lung; the others need no lesion network.
    #[must_use]
    pub fn lesion_slices(&self) -> u32 {
        self.stage.as_ref().map_or(0, |stage| stage.slices.len() as u32)
    }

    /// The volume under analysis.
    #[must_use]
    pub fn volume(&self) -> &Arc<HuVolume> {
        &self.volume
    }
}

/// Which voxels are lesion, eight a byte.
fn bits(labels: &[u8]) -> Vec<u8> {
    let byte = |eight: &[u8]| (0..).zip(eight).fold(0, |byte, (nth, l)| byte | u8::from(l & label::LESION != 0) << nth);
    labels.chunks(8).map(byte).collect()
}
