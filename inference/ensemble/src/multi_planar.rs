//! DPN on three projections (`docs/method.md`, "Vote"): the DPNs that see coronal and sagittal
//! sections of the lungs' box, and their share in the axial DPNs' mean.
//!
//! The box, from the first slice with lung to the last, is resized to a cube; each network sees
//! every second section of the cube. Every projection weighs as much as the axial networks
//! together: the mean of its members, resampled to the voxel, is counted once for each axial
//! network, so that the mean over all is the mean over three projections.

use corsai_manifest::{Input, Projection};
use corsai_volume::HuVolume;

use crate::{
    crop::CropBox,
    error::{EnsembleError, check_length},
    preprocessing::stack_to_cube,
    projection::{SECTION_STEP, SectionInterpolation, section_count, sections, voxel},
    resize::{Filter, resize_plane},
    slice_axis::SliceAxis,
    vote::quantize,
};

/// The projections beside the axial one.
pub(crate) const PROJECTIONS: [Projection; 2] = [Projection::Coronal, Projection::Sagittal];

/// Inputs and answers of the networks on coronal and sagittal sections.
#[derive(Debug)]
pub(crate) struct MultiPlanarStage {
    input: Input,
    crop_box: CropBox,
    /// The first slice with lung.
    first_slice: usize,
    /// The normalised box, `[z][y][x]`.
    cube: Vec<f32>,
    /// By projection: the sum of its members' answers, `[computed section][row][column]`, and the
    /// number of members.
    sums: Vec<(Projection, Vec<f32>, usize)>,
    /// From the cube to the slices of the box.
    to_slices: Filter,
    /// From the cube to the pixels of the crop box.
    to_pixels: Filter,
}

impl MultiPlanarStage {
    /// `slices` are the first and the last slice with lung; `members` counts the networks of each
    /// of [`PROJECTIONS`].
    pub fn new(
        volume: &HuVolume,
        input: &Input,
        crop_box: CropBox,
        (first, last): (usize, usize),
        members: [usize; 2],
    ) -> Self {
        let size = input.size;
        let planes: Vec<Vec<f32>> = (first..=last).map(|z| crop_box.crop_hu(volume, z, input)).collect();
        let axis = SliceAxis::of_range(volume.grid(), first..=last);
        let values = section_count(size) * size * size;
        let sums = PROJECTIONS.into_iter().zip(members);
        Self {
            input: input.clone(),
            crop_box,
            first_slice: first,
            cube: stack_to_cube(&planes, &axis, input),
            sums: sums.map(|(projection, count)| (projection, vec![0.0; values], count)).collect(),
            to_slices: axis.to_slices(size),
            to_pixels: Filter::new(size, crop_box.side),
        }
    }

    /// Sections of each projection to compute, by their index in the cube.
    pub fn sections(&self) -> impl Iterator<Item = usize> + use<> {
        sections(self.input.size)
    }

    /// The box whose pixels [`Self::probabilities`] returns.
    pub const fn crop_box(&self) -> CropBox {
        self.crop_box
    }

    /// Returns a network's input, `[size, size]`.
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
        check_length(answer, area)?;
        let (_, sums, _) =
            self.sums.iter_mut().find(|(p, ..)| *p == projection).expect("invariant: sections are coronal or sagittal");
        let at = section / SECTION_STEP * area;
        for (sum, p) in sums[at..at + area].iter_mut().zip(answer) {
            *sum += p;
        }
        Ok(())
    }

    /// Returns the sum of both projections' mean probabilities at slice `z`, quantized: one value
    /// for each pixel of the crop box, `[side, side]`.
    pub fn probabilities(&self, z: usize) -> Vec<u16> {
        let size = self.input.size;
        let slice = z.checked_sub(self.first_slice).expect("invariant: the box begins at the first slice with lung");
        let (first, weights) = self.to_slices.taps(slice);
        let mut quantized = vec![0u16; self.crop_box.side * self.crop_box.side];
        for (projection, stored, members) in &self.sums {
            let mut plane = vec![0.0f32; size * size];
            for (nth, weight) in weights.iter().enumerate() {
                let scale = weight / *members as f32;
                for (pixel, sum) in plane.iter_mut().enumerate() {
                    *sum += scale * self.summed_at(*projection, stored, [pixel % size, pixel / size, first + nth]);
                }
            }
            for (sum, p) in quantized.iter_mut().zip(resize_plane(&plane, size, &self.to_pixels, &self.to_pixels)) {
                *sum += quantize(p);
            }
        }
        quantized
    }

    /// The sum of a projection's members at a voxel of the cube, interpolated between the two
    /// nearest computed sections.
    fn summed_at(&self, projection: Projection, stored: &[f32], [x, y, z]: [usize; 3]) -> f32 {
        let size = self.input.size;
        let (section, column) = if projection == Projection::Sagittal { (x, y) } else { (y, x) };
        SectionInterpolation::new(section, size).at(|computed| stored[(computed * size + z) * size + column])
    }
}
