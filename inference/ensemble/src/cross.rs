//! DPN-3D (`networks.md` §3): the DPNs that see coronal and sagittal sections of the lungs' box, and what they add to
//! the axial ones' mean.
//!
//! The box, from the first slice with lung to the last, is resized to a cube; each network sees every second section of
//! it. Every projection counts as much as the axial networks together: its members' mean, brought to the voxel, is
//! counted once for each of them, so that the mean over all is the mean over three projections.

use corsai_manifest::{Input, Projection};
use corsai_volume::HuVolume;

use crate::{
    EnsembleError,
    lungs::{STEP, voxel},
    prepare::{Square, normalise},
    resize::{Filter, plane},
    vote::steps,
};

/// The projections beside the axial one.
pub(crate) const PROJECTIONS: [Projection; 2] = [Projection::Coronal, Projection::Sagittal];

#[derive(Debug)]
pub(crate) struct CrossStage {
    input: Input,
    pub square: Square,
    /// First slice of the box.
    first: usize,
    cube: Vec<f32>,
    /// Sums of a projection's members' answers `[section][row][column]`, and how many members there are.
    sums: Vec<(Projection, Vec<f32>, usize)>,
    /// From the cube to the box.
    along: Filter,
    back: Filter,
}

impl CrossStage {
    /// `members` counts the networks of each of [`PROJECTIONS`]; `slices` is the box's first and last.
    pub fn new(
        volume: &HuVolume,
        input: &Input,
        square: Square,
        (first, last): (usize, usize),
        members: [usize; 2],
    ) -> Self {
        let size = input.size;
        let area = size * size;
        let planes: Vec<Vec<f32>> = (first..=last).map(|z| square.cut_hu(volume, z, input)).collect();
        let along = Filter::new(planes.len(), size);
        let mut cube = vec![0.0; area * size];
        for (z, to) in cube.chunks_exact_mut(area).enumerate() {
            along.row(z, area, |j| &planes[j], to);
        }
        normalise(&mut cube, input);
        let sums = PROJECTIONS
            .into_iter()
            .zip(members)
            .map(|(projection, count)| (projection, vec![0.0; size.div_ceil(STEP) * area], count))
            .collect();
        Self {
            input: input.clone(),
            square,
            first,
            cube,
            sums,
            along: Filter::new(size, last - first + 1),
            back: Filter::new(size, square.side),
        }
    }

    /// Sections of each projection to compute, by their index in the cube.
    pub fn sections(input: &Input) -> impl Iterator<Item = usize> + use<> {
        (0..input.size).step_by(STEP)
    }

    pub fn network_input(&self, projection: Projection, section: usize) -> Vec<f32> {
        let size = self.input.size;
        let mut values = vec![0.0; size * size];
        for (at, value) in values.iter_mut().enumerate() {
            let [x, y, z] = voxel(projection, section, at / size, at % size);
            *value = self.cube[(z * size + y) * size + x];
        }
        values
    }

    /// Takes one network's probabilities `[size, size]` of one section.
    pub fn accept(&mut self, projection: Projection, section: usize, answer: &[f32]) -> Result<(), EnsembleError> {
        let area = self.input.size * self.input.size;
        if answer.len() != area {
            return Err(EnsembleError::Answer { found: answer.len(), expected: area });
        }
        let (_, sums, _) =
            self.sums.iter_mut().find(|(p, ..)| *p == projection).expect("invariant: sections are coronal or sagittal");
        let at = section / STEP * area;
        for (sum, p) in sums[at..at + area].iter_mut().zip(answer) {
            *sum += p;
        }
        Ok(())
    }

    /// What both projections say of slice `z`'s voxels, as a sum in steps, at the box's `side × side` pixels.
    pub fn said(&self, z: usize) -> Vec<u16> {
        let size = self.input.size;
        let at = z.checked_sub(self.first).expect("invariant: the box begins at the first slice with lung");
        let (first, weights) = self.along.taps(at);
        let mut sums = vec![0u16; self.square.side * self.square.side];
        for (projection, stored, members) in &self.sums {
            let mut between = vec![0.0f32; size * size];
            for (nth, weight) in weights.iter().enumerate() {
                let scale = weight / *members as f32;
                for (pixel, sum) in between.iter_mut().enumerate() {
                    *sum += scale * self.answer(*projection, stored, [pixel % size, pixel / size, first + nth]);
                }
            }
            for (sum, p) in sums.iter_mut().zip(plane(&between, size, &self.back, &self.back)) {
                *sum += steps(p);
            }
        }
        sums
    }

    /// The members' sum at a voxel of the cube, between the two sections computed.
    fn answer(&self, projection: Projection, stored: &[f32], [x, y, z]: [usize; 3]) -> f32 {
        let size = self.input.size;
        let (section, column) = if projection == Projection::Sagittal { (x, y) } else { (y, x) };
        let before = section / STEP;
        let after = (before + 1).min(size.div_ceil(STEP) - 1);
        let t = (section % STEP) as f32 / STEP as f32;
        let of = |section: usize| stored[(section * size + z) * size + column];
        of(before) * (1.0 - t) + of(after) * t
    }
}
