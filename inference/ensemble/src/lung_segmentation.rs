//! Segmentation of the lungs on three projections (`docs/method.md`, "Lung mask").
//!
//! The volume is resized to a cube; a network sees every second section of the cube, with the
//! voxels' coordinates as channels. The probabilities are interpolated between the sections and
//! averaged over the projections. Coronal and sagittal sections far from the lungs of the axial
//! answers are not computed and count as background.

use std::ops::RangeInclusive;

use corsai_manifest::{Input, Projection};
use corsai_volume::HuVolume;

use crate::{
    error::{EnsembleError, check_length},
    lung_probabilities::LungProbabilities,
    preprocessing::slices_to_cube,
    projection::{SECTION_STEP, SectionInterpolation, section_count, sections, voxel},
};

/// Sections of the cube that are computed on either side of the lungs that the axial answers show.
/// Sections further away change no figure (`docs/method.md`, "Lung mask").
const SECTION_MARGIN: usize = 4;
/// Above this probability a side has the majority over all else.
const MAJORITY: f32 = 0.5;
/// Where the lungs fill at most this part of the scan's length, they are segmented once more on a
/// cube of that part alone.
const SMALL_PART: f64 = 0.5;
/// Margin of that part on either side, as a share of the lungs' height.
const PART_MARGIN: f64 = 0.1;
/// A section with less lung than this share of the largest one's is beyond the lungs.
const LUNG_SECTION: f64 = 0.05;
/// Classes of a lung network's answer: background, right, left.
const CLASSES: usize = 3;

/// Inputs and answers of the lungs' networks.
#[derive(Debug)]
pub(crate) struct LungSegmentation {
    input: Input,
    /// The normalised volume, `[z][y][x]`.
    cube: Vec<f32>,
    /// Probabilities by projection, `[right, left][computed section][row][column]`.
    answers: Vec<(Projection, Vec<f32>)>,
}

impl LungSegmentation {
    /// Of some slices of a volume. `projections` has one item for each network and projection, in
    /// the order in which [`Self::accept`] counts them.
    pub fn new(volume: &HuVolume, slices: RangeInclusive<usize>, input: &Input, projections: &[Projection]) -> Self {
        let size = input.size;
        let values = 2 * section_count(size) * size * size;
        let answers = projections.iter().map(|p| (*p, vec![0.0; values])).collect();
        Self { input: input.clone(), cube: slices_to_cube(volume, slices, input), answers }
    }

    /// Sections of a projection to compute, by their index in the cube. Until the axial answers are
    /// in, all; afterwards those near the lungs that the axial answers show.
    pub fn sections(&self, projection: Projection) -> impl Iterator<Item = usize> + use<> {
        let extent = if projection == Projection::Axial { None } else { self.axial_extent(projection) };
        let (first, last) = extent.unwrap_or((0, self.input.size)); // No lung is seen yet: every section.
        sections(self.input.size).filter(move |s| (first..=last).contains(s))
    }

    /// The first and the last section across `projection` that the axial answers show lung on,
    /// with a margin; `None` where they show no lung or aren't in.
    fn axial_extent(&self, projection: Projection) -> Option<(usize, usize)> {
        let (_, answers) = self.answers.iter().find(|(of, _)| *of == Projection::Axial)?;
        let size = self.input.size;
        let lung = answers.iter().enumerate().filter(|(_, p)| **p > MAJORITY);
        let across = lung.map(|(at, _)| if projection == Projection::Coronal { at / size % size } else { at % size });
        let (first, last) = across.fold((size, 0), |(first, last), s| (first.min(s), last.max(s)));
        (first <= last).then_some((first.saturating_sub(SECTION_MARGIN), last + SECTION_MARGIN))
    }

    /// Returns the part of the cube along the body, from 0 to 1, that the lungs of the axial
    /// answers fill, with a margin, where that is a small part; `None` where it isn't, or there is
    /// no lung.
    pub fn small_part(&self) -> Option<[f64; 2]> {
        let (_, answers) = self.answers.iter().find(|(of, _)| *of == Projection::Axial)?;
        let (area, sections) = (self.input.size * self.input.size, section_count(self.input.size));
        let (right, left) = answers.split_at(answers.len() / 2);
        let count = |plane: &[f32]| plane.iter().filter(|p| **p > MAJORITY).count();
        let planes = right.chunks_exact(area).zip(left.chunks_exact(area));
        let areas: Vec<usize> = planes.map(|(right, left)| count(right) + count(left)).collect();
        // A pocket of gas elsewhere that looks like lung is small.
        let least = LUNG_SECTION * areas.iter().copied().max()? as f64;
        let first = areas.iter().position(|area| *area as f64 > least)?;
        let last = areas.iter().rposition(|area| *area as f64 > least)?;
        let margin = PART_MARGIN * (last + 1 - first) as f64 + 1.0;
        let part =
            [first as f64 - margin, (last + 1) as f64 + margin].map(|end| (end / sections as f64).clamp(0.0, 1.0));
        (part[1] - part[0] <= SMALL_PART).then_some(part)
    }

    /// Returns a network's input, `[4, size, size]`: the normalised grey, then x, y and z at the
    /// voxels' centres, from −1 to 1.
    pub fn network_input(&self, projection: Projection, section: usize) -> Vec<f32> {
        let size = self.input.size;
        let area = size * size;
        let mut values = vec![0.0; 4 * area];
        let coordinate = |i: usize| ((i as f32 + 0.5) / size as f32) * 2.0 - 1.0;
        for row in 0..size {
            for column in 0..size {
                let [x, y, z] = voxel(projection, section, row, column);
                let at = row * size + column;
                values[at] = self.cube[z * area + y * size + x];
                values[area + at] = coordinate(x);
                values[2 * area + at] = coordinate(y);
                values[3 * area + at] = coordinate(z);
            }
        }
        values
    }

    /// Takes the probabilities `[3, size, size]` of one section; `network` is an index among the
    /// projections of [`Self::new`].
    pub fn accept(&mut self, network: usize, section: usize, answer: &[f32]) -> Result<(), EnsembleError> {
        let area = self.input.size * self.input.size;
        check_length(answer, CLASSES * area)?;
        let (_, stored) = &mut self.answers[network];
        let count = section_count(self.input.size);
        for class in 0..2 {
            let from = &answer[(class + 1) * area..(class + 2) * area];
            let at = (class * count + section / SECTION_STEP) * area;
            stored[at..at + area].copy_from_slice(from);
        }
        Ok(())
    }

    /// Returns the mean over the networks for whose projection `complete` is true, small components
    /// removed.
    pub fn mean(&self, complete: impl Fn(Projection) -> bool) -> LungProbabilities {
        let size = self.input.size;
        let used: Vec<_> = self.answers.iter().filter(|(projection, _)| complete(*projection)).collect();
        assert!(!used.is_empty(), "invariant: a mean is of one projection at least");
        let weight = 1.0 / used.len() as f32;
        let [mut right, mut left] = [vec![0.0; size.pow(3)], vec![0.0; size.pow(3)]];
        for (projection, answers) in used {
            let (of_right, of_left) = answers.split_at(answers.len() / 2);
            add_projection(&mut right, of_right, *projection, size, weight);
            add_projection(&mut left, of_left, *projection, size, weight);
        }
        LungProbabilities::new(size, right, left)
    }
}

/// Adds a projection's probabilities `[computed section][row][column]`, times `weight`, to a cube.
fn add_projection(cube: &mut [f32], answers: &[f32], projection: Projection, size: usize, weight: f32) {
    let area = size * size;
    for section in 0..size {
        let interpolation = SectionInterpolation::new(section, size);
        for row in 0..size {
            for column in 0..size {
                let [x, y, z] = voxel(projection, section, row, column);
                let p = interpolation.at(|computed| answers[computed * area + row * size + column]);
                cube[z * area + y * size + x] += p * weight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use corsai_manifest::{Normalisation, Region};

    use super::*;

    fn input(size: usize) -> Input {
        Input {
            size,
            region: Region::WholeVolume,
            clip_hu: [-1350.0, 150.0],
            normalisation: Normalisation::Range { divisor: 2048.0, limit: 0.505 },
            box_margin: 0.0,
        }
    }

    #[test]
    fn coronal_and_sagittal_sections_far_from_the_axial_lungs_are_not_computed() {
        let (size, slices) = (16, 8);
        let input = input(size);
        let projections = [Projection::Axial, Projection::Coronal, Projection::Sagittal];
        let answers = projections.map(|p| (p, vec![0.0; 2 * slices * size * size])).into();
        let mut stage = LungSegmentation { input, cube: Vec::new(), answers };
        let sections = |stage: &LungSegmentation| projections.map(|p| stage.sections(p).collect::<Vec<_>>());
        let all: Vec<_> = (0..size).step_by(SECTION_STEP).collect();
        assert_eq!(
            sections(&stage),
            [all.clone(), all.clone(), all.clone()],
            "no lung is seen: every section is computed"
        );
        let mut answer = vec![0.0; CLASSES * size * size];
        // Right lung in row 7, columns 2 and 3.
        answer[size * size + 7 * size + 2..][..2].fill(0.9);
        stage.accept(0, 4, &answer).unwrap();
        assert_eq!(sections(&stage), [all, vec![4, 6, 8, 10], vec![0, 2, 4, 6]]);
    }

    #[test]
    fn lungs_that_fill_a_small_part_are_found() {
        let (size, sections) = (64, 32);
        let input = input(size);
        let part = |lungs: std::ops::Range<usize>, gas: usize| {
            let answers = vec![(Projection::Axial, vec![0.0; 2 * sections * size * size])];
            let mut stage = LungSegmentation { input: input.clone(), cube: Vec::new(), answers };
            for section in 0..sections {
                let mut answer = vec![0.0; CLASSES * size * size];
                let pixels = if lungs.contains(&section) {
                    400
                } else if section == gas {
                    10
                } else {
                    0
                };
                answer[size * size..size * size + pixels].fill(0.9);
                stage.accept(0, section * SECTION_STEP, &answer).unwrap();
            }
            stage.small_part()
        };
        assert_eq!(part(20..30, 3), Some([18.0 / 32.0, 1.0]));
        assert_eq!(part(10..20, 3), Some([8.0 / 32.0, 22.0 / 32.0]));
        assert_eq!(part(10..25, 3), None, "a large part");
        assert_eq!(part(0..0, 40), None, "no lung");
    }
}
