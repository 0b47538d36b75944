//! Lungs and lesions of a study, with the numbers that follow from the vote at any time.

use corsai_volume::{Grid, RightLeft};

use crate::{lesion_vote::LesionVote, lung_probabilities::LungProbabilities};

/// A study in which there is lung.
#[derive(Debug)]
pub(super) struct Segmentation {
    pub vote: LesionVote,
    /// Kept where [`super::context::Options::keep_probabilities`] asks for it.
    pub lung_probabilities: Option<LungProbabilities>,
}

impl Segmentation {
    /// Returns the least and the most lesion volume, mL, that the vote can still come to in each
    /// lung.
    pub fn bounds_ml(&self, grid: &Grid) -> RightLeft<[f64; 2]> {
        [0, 1].map(|side| {
            let least = self.sum_ml(grid, |z| self.vote.bounds(z).0[side]);
            [least, least + self.sum_ml(grid, |z| self.vote.bounds(z).1[side])]
        })
    }

    /// Returns the lesion volume, mL, in a member's own mask.
    pub fn member_ml(&self, grid: &Grid, member: usize) -> RightLeft<f64> {
        let lesions = self.vote.member_lesions(member);
        [0, 1].map(|side| lesions.iter().map(|(z, voxels)| f64::from(voxels[side]) * grid.voxel_ml(*z)).sum())
    }

    fn sum_ml(&self, grid: &Grid, voxels: impl Fn(usize) -> u32) -> f64 {
        self.vote.lung_slices().map(|z| f64::from(voxels(z)) * grid.voxel_ml(z)).sum()
    }
}
