//! One study's way through the networks, as jobs that anyone may do in any order.

use std::{collections::VecDeque, sync::Arc};

use corsai_protocol::{Manifest, NetworkRuns, Projection, Region, Stage, label};
use corsai_study::HuVolume;

use crate::{
    EnsembleError,
    lesions::LesionStage,
    lungs::{LungCube, LungFilters, LungStage},
};

/// Names a job; a lost one is handed out again under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(u32);

/// One network on one input.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: JobId,
    /// Index in the manifest.
    pub network: usize,
    /// `[channels, size, size]`.
    pub input: Vec<f32>,
}

#[derive(Debug, Clone, Copy)]
struct Task {
    /// Which of its family's networks.
    member: usize,
    slice: usize,
    answered: bool,
}

#[derive(Debug)]
enum Phase {
    Lungs(LungStage),
    Lesions(LesionStage),
    Done,
}

/// A study being analysed.
#[derive(Debug)]
pub struct Analysis {
    volume: Arc<HuVolume>,
    manifest: Manifest,
    lungs: Vec<usize>,
    lesions: Vec<usize>,
    filters: LungFilters,
    phase: Phase,
    tasks: Vec<Task>,
    queue: VecDeque<JobId>,
    /// Lungs after the first projection, until all are there.
    preview: Option<LungCube>,
    labels: Vec<u8>,
    lesions_known: Vec<bool>,
    answered: Vec<u32>,
}

impl Analysis {
    /// # Errors
    /// [`EnsembleError::NoNetwork`] without at least one lung and one lesion network, [`EnsembleError::Unfit`] when
    /// one expects what its family doesn't have.
    pub fn new(volume: Arc<HuVolume>, manifest: &Manifest) -> Result<Self, EnsembleError> {
        let family = |name: &'static str, region: Region| -> Result<Vec<usize>, EnsembleError> {
            let found: Vec<usize> =
                (0..manifest.networks.len()).filter(|&i| manifest.networks[i].family == name).collect();
            let first = found.first().map(|&i| &manifest.networks[i].input).ok_or(EnsembleError::NoNetwork(name))?;
            for &i in &found {
                let entry = &manifest.networks[i];
                let axial = name == "lungs" || entry.projection == Projection::Axial;
                if entry.input.region != region || entry.input != *first || !axial {
                    return Err(EnsembleError::Unfit(entry.name.clone()));
                }
            }
            Ok(found)
        };
        let mut lungs = family("lungs", Region::WholeVolume)?;
        lungs.sort_by_key(|&i| manifest.networks[i].projection);
        let lesions = family("fpn", Region::LungBox)?;
        let projections: Vec<Projection> = lungs.iter().map(|&i| manifest.networks[i].projection).collect();
        let input = &manifest.networks[lungs[0]].input;
        let stage = LungStage::new(&volume, input, &projections);
        let grid = volume.grid();
        let mut analysis = Self {
            filters: LungFilters::new(grid, input.size),
            labels: vec![0; grid.slices * grid.rows * grid.columns],
            lesions_known: vec![false; grid.slices],
            answered: vec![0; manifest.networks.len()],
            manifest: manifest.clone(),
            phase: Phase::Done,
            tasks: Vec::new(),
            queue: VecDeque::new(),
            preview: None,
            volume,
            lungs,
            lesions,
        };
        let slices: Vec<usize> = stage.slices().collect();
        analysis.begin(Phase::Lungs(stage), (0..projections.len()).flat_map(|m| slices.iter().map(move |s| (m, *s))));
        Ok(analysis)
    }

    fn begin(&mut self, phase: Phase, tasks: impl Iterator<Item = (usize, usize)>) {
        self.phase = phase;
        self.tasks = tasks.map(|(member, slice)| Task { member, slice, answered: false }).collect();
        self.queue = (0..self.tasks.len() as u32).map(JobId).collect();
    }

    /// What the analysis is busy with; `None` when it is done.
    #[must_use]
    pub const fn stage(&self) -> Option<Stage> {
        match self.phase {
            Phase::Lungs(_) => Some(Stage::Lungs),
            Phase::Lesions(_) => Some(Stage::Lesions),
            Phase::Done => None,
        }
    }

    /// Answered and all jobs of this stage.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.tasks.iter().filter(|t| t.answered).count(), self.tasks.len())
    }

    /// The next job to do. `None` when all of this stage's are handed out, or the analysis is done.
    pub fn next_job(&mut self) -> Option<Job> {
        let id = self.queue.pop_front()?;
        let task = *self.tasks.get(id.0 as usize)?;
        let (network, input) = match &self.phase {
            Phase::Lungs(stage) => {
                let network = self.lungs[task.member];
                (network, stage.network_input(self.manifest.networks[network].projection, task.slice))
            }
            Phase::Lesions(stage) => (self.lesions[task.member], stage.network_input(&self.volume, task.slice)),
            Phase::Done => return None,
        };
        Some(Job { id, network, input })
    }

    /// A job that nobody will answer is to be handed out again, first.
    pub fn put_back(&mut self, id: JobId) {
        if self.tasks.get(id.0 as usize).is_some_and(|t| !t.answered) && !self.queue.contains(&id) {
            self.queue.push_front(id);
        }
    }

    /// Takes a job's probabilities, `[classes, size, size]`, and returns the slices whose labels changed. The stage may
    /// have moved on afterwards.
    ///
    /// # Errors
    /// [`EnsembleError::Answer`] for a wrong length, [`EnsembleError::UnknownJob`]; the analysis is as it was.
    pub fn accept(&mut self, id: JobId, answer: Vec<f32>) -> Result<Vec<usize>, EnsembleError> {
        let task = *self.tasks.get(id.0 as usize).filter(|t| !t.answered).ok_or(EnsembleError::UnknownJob)?;
        let slices = self.volume.grid().slices;
        let mut changed = Vec::new();
        let network = match &mut self.phase {
            Phase::Lungs(stage) => {
                stage.accept(task.member, task.slice, &answer)?;
                self.lungs[task.member]
            }
            Phase::Lesions(stage) => {
                let grid = self.volume.grid();
                let area = grid.rows * grid.columns;
                let labels = &mut self.labels[task.slice * area..(task.slice + 1) * area];
                if stage.accept((task.member, task.slice), answer, grid.columns, labels)? {
                    self.lesions_known[task.slice] = true;
                    changed.push(task.slice);
                }
                self.lesions[task.member]
            }
            Phase::Done => return Err(EnsembleError::UnknownJob),
        };
        self.tasks[id.0 as usize].answered = true;
        self.answered[network] += 1;
        let complete = self.tasks.iter().all(|t| t.answered);
        match &self.phase {
            Phase::Lungs(stage) if complete => {
                let cube = stage.mean(&vec![true; self.lungs.len()]);
                self.preview = None;
                self.finish_lungs(&cube);
                changed = (0..slices).collect();
            }
            Phase::Lungs(stage) if self.preview.is_none() => {
                let done: Vec<bool> =
                    (0..self.lungs.len()).map(|m| self.tasks.iter().all(|t| t.member != m || t.answered)).collect();
                if done.contains(&true) {
                    self.preview = Some(stage.mean(&done));
                    changed = (0..slices).collect();
                }
            }
            Phase::Lesions(_) if complete => self.phase = Phase::Done,
            _ => {}
        }
        Ok(changed)
    }

    fn finish_lungs(&mut self, cube: &LungCube) {
        let grid = self.volume.grid();
        let area = grid.rows * grid.columns;
        for (z, labels) in self.labels.chunks_exact_mut(area).enumerate() {
            labels.copy_from_slice(&cube.labels(grid, &self.filters, z));
        }
        let entry = &self.manifest.networks[self.lesions[0]];
        let members = self.lesions.len();
        let stage = LesionStage::new(&self.volume, &self.labels, &entry.input, entry.threshold, members);
        match stage {
            Some(stage) => {
                let slices = stage.slices.clone();
                for (z, known) in self.lesions_known.iter_mut().enumerate() {
                    *known = !slices.contains(&z);
                }
                let tasks = slices.into_iter().flat_map(move |s| (0..members).map(move |m| (m, s)));
                self.begin(Phase::Lesions(stage), tasks);
            }
            None => {
                self.lesions_known.fill(true);
                self.begin(Phase::Done, std::iter::empty());
            }
        }
    }

    /// Label bytes of a slice as far as they are known, and whether lungs and lesions are in.
    #[must_use]
    pub fn labels(&self, z: usize) -> (Vec<u8>, bool, bool) {
        let grid = self.volume.grid();
        let area = grid.rows * grid.columns;
        if matches!(self.phase, Phase::Lungs(_)) {
            return match &self.preview {
                Some(cube) => (cube.labels(grid, &self.filters, z), true, false),
                None => (vec![0; area], false, false),
            };
        }
        let labels = self.labels.get(z * area..(z + 1) * area).map_or_else(Vec::new, <[u8]>::to_vec);
        (labels, true, self.lesions_known.get(z).copied().unwrap_or(false))
    }

    /// Label bytes of the whole volume; lungs are in once [`Self::stage`] is past the lungs, lesions once it is done.
    #[must_use]
    pub fn all_labels(&self) -> &[u8] {
        &self.labels
    }

    /// Whether any voxel is lung; meaningless before the lungs are in.
    #[must_use]
    pub fn has_lung(&self) -> bool {
        self.labels.iter().any(|l| l & (label::LEFT_LUNG | label::RIGHT_LUNG) != 0)
    }

    /// Slices that the lesion networks see.
    #[must_use]
    pub fn lesion_slices(&self) -> u32 {
        let members = self.lesions.len().max(1) as u32;
        self.lesions.iter().map(|&i| self.answered[i]).sum::<u32>() / members
    }

    /// How often each network ran.
    #[must_use]
    pub fn runs(&self) -> Vec<NetworkRuns> {
        self.manifest
            .networks
            .iter()
            .zip(&self.answered)
            .filter(|(_, n)| **n > 0)
            .map(|(entry, n)| NetworkRuns {
                name: entry.name.clone(),
                slices: *n,
                weights: entry.parts.first().map_or_else(String::new, |p| p.sha256.chars().take(8).collect()),
            })
            .collect()
    }

    /// The volume under analysis.
    #[must_use]
    pub fn volume(&self) -> &Arc<HuVolume> {
        &self.volume
    }
}
