//! What an analysis can say in numbers at any time: bounds of the vote, the members one by one, and
//! what ran.

use corsai_report::NetworkRuns;

use super::{Analysis, RightLeft};
use crate::lesions::LesionStage;

impl Analysis {
    /// The least and the most lesion volume, mL, that the vote can still come to in each lung;
    /// equal when it is done.
    #[must_use]
    pub fn bounds_ml(&self) -> Option<RightLeft<[f64; 2]>> {
        let stage = self.stage.as_ref()?;
        Some([0, 1].map(|side| {
            let least = self.sum_ml(stage, |z| stage.bounds(z).0[side]);
            [least, least + self.sum_ml(stage, |z| stage.bounds(z).1[side])]
        }))
    }

    /// Lesion volume, mL, by each network's own mask, the vote's where it wasn't needed; of those
    /// that ran.
    #[must_use]
    pub fn members_ml(&self) -> Vec<RightLeft<f64>> {
        let Some(stage) = &self.stage else { return Vec::new() };
        let ran = (0..self.lesions.len()).filter(|&m| self.answered[self.lesions[m]] > 0);
        let own = |m: usize, side: usize| self.sum_ml(stage, |z| stage.own_mask(m, z)[side]);
        ran.map(|m| [own(m, 0), own(m, 1)]).collect()
    }

    fn sum_ml(&self, stage: &LesionStage, voxels: impl Fn(usize) -> u32) -> f64 {
        let grid = self.volume.grid();
        stage.slices.iter().map(|&z| f64::from(voxels(z)) * grid.voxel_ml(z)).sum()
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
}
