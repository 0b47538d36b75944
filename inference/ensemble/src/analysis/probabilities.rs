//! What the networks say on the study's grid, for those who choose thresholds outside the program.

use super::{Analysis, JobId, Phase, RightLeft};
use crate::{EnsembleError, vote::UNIT};

/// One lesion network's answer for one slice, on the study's grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LesionProbabilities {
    /// Index in the manifest.
    pub network: usize,
    pub slice: usize,
    /// `rows · columns` probabilities in steps of 1/[`Self::ONE`], as the vote counts them; 0
    /// outside the network's box.
    pub steps: Vec<u16>,
}

impl LesionProbabilities {
    /// Steps of a probability of 1.
    pub const ONE: u16 = UNIT;
}

impl Analysis {
    /// Returns the probabilities of right and left lung on slice `z`, before the rim's rule; `None`
    /// before the lungs are in, and unless [`super::Options::keep_probabilities`] asks for them.
    #[must_use]
    pub fn lung_probabilities(&self, z: usize) -> Option<RightLeft<Vec<f32>>> {
        let inside = z < self.volume.grid().slices();
        self.lung_cube.as_ref().filter(|_| inside).map(|cube| cube.on_slice(&self.filters, z))
    }

    /// Returns what the answer to an open job says of its slice; `None` for a job of the lungs and
    /// for one on coronal or sagittal sections. Nothing is taken: that is [`Self::accept`]'s.
    ///
    /// # Errors
    /// [`EnsembleError::Answer`] and [`EnsembleError::UnknownJob`], as [`Self::accept`].
    pub fn lesion_probabilities(
        &self,
        id: JobId,
        answer: &[f32],
    ) -> Result<Option<LesionProbabilities>, EnsembleError> {
        let task = self.open_task(id).ok_or(EnsembleError::UnknownJob)?;
        let (Phase::Lesions, Some(stage), None) = (&self.phase, &self.stage, &self.sections) else {
            return Ok(None);
        };
        let grid = self.volume.grid();
        let steps = stage.on_slice(task.member, answer, grid.rows(), grid.columns())?;
        Ok(Some(LesionProbabilities { network: self.lesions[task.member], slice: task.slice, steps }))
    }
}
