//! Lungs from three projections (`networks.md` §4): each network sees every second slice of the volume resized to a
//! cube, with the voxel's coordinates as channels; the probabilities are interpolated along the projection's axis,
//! averaged over the projections and brought to the study's grid. Coronal and sagittal sections well beside the lungs that
//! the axial slices show are not computed and count as background.

use corsai_protocol::{Input, Projection, label};
use corsai_study::{Grid, HuVolume};

use crate::{
    EnsembleError,
    components::drop_islands,
    prepare::whole_volume,
    resize::{Filter, plane},
};

/// Every how many slices of a projection are computed.
pub(crate) const STEP: usize = 2;
/// Sections of the cube that are computed beside what the axial slices show.
const BESIDE: usize = 4;
/// Pieces of a lung mask smaller than this fraction of its largest are dropped.
const ISLAND: f64 = 0.1;
/// Classes of a lung network's answer: background, right, left.
const CLASSES: usize = 3;
/// What is lighter than this, in HU, is lung where the networks only nearly say so: their cube is several times coarser
/// than the study, and at its rim the study's own grey tells lung from chest wall. Both numbers were chosen on five volumes
/// (`models/cards/lungs.md`).
const AERATED_HU: i16 = -300;
/// The least probability of both sides together that counts as nearly.
const NEARLY: f32 = 0.3;

/// The lungs' stage of an analysis.
#[derive(Debug)]
pub(crate) struct LungStage {
    input: Input,
    cube: Vec<f32>,
    /// What each projection answered, `[right, left][slice][row][column]`.
    answers: Vec<(Projection, Vec<f32>)>,
}

impl LungStage {
    pub fn new(volume: &HuVolume, input: &Input, projections: &[Projection]) -> Self {
        let size = input.size;
        let slices = size.div_ceil(STEP);
        let answers = projections.iter().map(|p| (*p, vec![0.0; 2 * slices * size * size])).collect();
        Self { input: input.clone(), cube: whole_volume(volume, input), answers }
    }

    /// Slices of a projection to compute, by their index in the cube: all, until the axial ones are there and show where
    /// the others have to look.
    pub fn slices(&self, projection: Projection) -> impl Iterator<Item = usize> + use<> {
        let seen = if projection == Projection::Axial { None } else { self.extent(projection) };
        let (first, last) = seen.unwrap_or((0, self.input.size));
        (0..self.input.size).step_by(STEP).filter(move |s| (first..=last).contains(s))
    }

    /// The first and the last section of a projection that the axial answers reach, with a margin; `None` where they show
    /// no lung or aren't there.
    fn extent(&self, across: Projection) -> Option<(usize, usize)> {
        let (_, answers) = self.answers.iter().find(|(projection, _)| *projection == Projection::Axial)?;
        let size = self.input.size;
        let lung = answers.iter().enumerate().filter(|(_, p)| **p > 0.5);
        let sections = lung.map(|(at, _)| if across == Projection::Coronal { at / size % size } else { at % size });
        let (first, last) = sections.fold((size, 0), |(first, last), s| (first.min(s), last.max(s)));
        (first <= last).then_some((first.saturating_sub(BESIDE), last + BESIDE))
    }

    /// Four channels: grey, then x, y and z in [−1, 1] at the voxels' centres.
    pub fn network_input(&self, projection: Projection, slice: usize) -> Vec<f32> {
        let size = self.input.size;
        let area = size * size;
        let mut values = vec![0.0; 4 * area];
        let coordinate = |i: usize| ((i as f32 + 0.5) / size as f32) * 2.0 - 1.0;
        for row in 0..size {
            for column in 0..size {
                let [x, y, z] = voxel(projection, slice, row, column);
                let at = row * size + column;
                values[at] = self.cube[z * area + y * size + x];
                values[area + at] = coordinate(x);
                values[2 * area + at] = coordinate(y);
                values[3 * area + at] = coordinate(z);
            }
        }
        values
    }

    /// Takes the probabilities `[3, size, size]` of one slice.
    pub fn accept(&mut self, network: usize, slice: usize, answer: &[f32]) -> Result<(), EnsembleError> {
        let size = self.input.size;
        let area = size * size;
        if answer.len() != CLASSES * area {
            return Err(EnsembleError::Answer { found: answer.len(), expected: CLASSES * area });
        }
        let Some((_, stored)) = self.answers.get_mut(network) else { return Err(EnsembleError::UnknownJob) };
        let slices = size.div_ceil(STEP);
        for class in 0..2 {
            let from = &answer[(class + 1) * area..(class + 2) * area];
            let at = (class * slices + slice / STEP) * area;
            stored[at..at + area].copy_from_slice(from);
        }
        Ok(())
    }

    /// The mean over those projections that `complete` names, islands dropped.
    pub fn mean(&self, complete: &[bool]) -> LungCube {
        let size = self.input.size;
        let area = size * size;
        let used: Vec<_> = self.answers.iter().zip(complete).filter(|(_, c)| **c).map(|(a, _)| a).collect();
        let weight = 1.0 / used.len().max(1) as f32;
        let slices = size.div_ceil(STEP);
        let [mut right, mut left] = [vec![0.0f32; area * size], vec![0.0f32; area * size]];
        for (projection, answers) in used {
            for (class, sum) in [&mut right, &mut left].into_iter().enumerate() {
                let stored = &answers[class * slices * area..(class + 1) * slices * area];
                for slice in 0..size {
                    let before = slice / STEP;
                    let after = (before + 1).min(slices - 1);
                    let t = (slice % STEP) as f32 / STEP as f32;
                    for row in 0..size {
                        for column in 0..size {
                            let [x, y, z] = voxel(*projection, slice, row, column);
                            let at = row * size + column;
                            let p = stored[before * area + at] * (1.0 - t) + stored[after * area + at] * t;
                            sum[z * area + y * size + x] += p * weight;
                        }
                    }
                }
            }
        }
        for (own, other) in [(0, 1), (1, 0)] {
            let sides = [&right, &left];
            let mask: Vec<bool> = sides[own].iter().zip(sides[other]).map(|(&p, &q)| is_side(p, q)).collect();
            let mut kept = mask.clone();
            drop_islands(&mut kept, size, ISLAND);
            let side = if own == 0 { &mut right } else { &mut left };
            for (p, (was, is)) in side.iter_mut().zip(mask.into_iter().zip(kept)) {
                if was && !is {
                    *p = 0.0;
                }
            }
        }
        LungCube { size, right, left }
    }
}

/// Column, row and slice in the cube of a projection's pixel.
pub(crate) fn voxel(projection: Projection, slice: usize, row: usize, column: usize) -> [usize; 3] {
    match projection {
        Projection::Axial => [column, row, slice],
        Projection::Coronal => [column, slice, row],
        Projection::Sagittal => [slice, column, row],
    }
}

/// Whether the side of probability `own` wins over the other side and the background, 1 − own − other.
fn is_side(own: f32, other: f32) -> bool {
    own > other && own > 1.0 - own - other
}

/// Lung probabilities on the cube.
#[derive(Debug)]
pub(crate) struct LungCube {
    size: usize,
    right: Vec<f32>,
    left: Vec<f32>,
}

impl LungCube {
    /// Label bytes of one slice of the study's grid.
    pub fn labels(&self, volume: &HuVolume, filters: &LungFilters, z: usize) -> Vec<u8> {
        let area = self.size * self.size;
        let mut between = vec![0.0; area];
        let [right, left] = [&self.right, &self.left].map(|cube| {
            filters.along.row(z, area, |j| &cube[j * area..], &mut between);
            if between.iter().all(|p| *p < 0.05) {
                return None;
            }
            Some(plane(&between, self.size, &filters.vertical, &filters.horizontal))
        });
        let slice = volume.slice(z);
        let none = || vec![0.0; slice.len()];
        match (right, left) {
            (None, None) => vec![0; slice.len()],
            (right, left) => {
                let (right, left) = (right.unwrap_or_else(none), left.unwrap_or_else(none));
                right.iter().zip(&left).zip(slice).map(|((&r, &l), &hu)| label_of(r, l, hu)).collect()
            }
        }
    }
}

/// The label byte of a voxel of `hu` with these probabilities of right and left.
fn label_of(right: f32, left: f32, hu: i16) -> u8 {
    let nearly = hu < AERATED_HU && right + left > NEARLY;
    if is_side(right, left) || (nearly && right > left) {
        label::RIGHT_LUNG
    } else if is_side(left, right) || (nearly && left > right) {
        label::LEFT_LUNG
    } else {
        0
    }
}

/// From the cube to the study's grid.
#[derive(Debug)]
pub(crate) struct LungFilters {
    along: Filter,
    vertical: Filter,
    horizontal: Filter,
}

impl LungFilters {
    pub fn new(grid: &Grid, size: usize) -> Self {
        Self {
            along: Filter::new(size, grid.slices),
            vertical: Filter::new(size, grid.rows),
            horizontal: Filter::new(size, grid.columns),
        }
    }
}

#[cfg(test)]
mod tests {
    use corsai_protocol::{Normalisation, Region};

    use super::*;

    #[test]
    fn the_axial_answers_show_where_the_other_projections_look() {
        let (size, slices) = (16, 8);
        let input = Input {
            size,
            region: Region::WholeVolume,
            clip_hu: [-1350.0, 150.0],
            normalisation: Normalisation::Range { divisor: 2048.0, limit: 0.505 },
            box_margin: 0.0,
        };
        let projections = [Projection::Axial, Projection::Coronal, Projection::Sagittal];
        let answers = projections.map(|p| (p, vec![0.0; 2 * slices * size * size])).into();
        let mut stage = LungStage { input, cube: Vec::new(), answers };
        let sections = |stage: &LungStage| projections.map(|p| stage.slices(p).collect::<Vec<_>>());
        let all: Vec<_> = (0..size).step_by(STEP).collect();
        assert_eq!(
            sections(&stage),
            [all.clone(), all.clone(), all.clone()],
            "no lung is seen: everything is looked at"
        );
        let mut answer = vec![0.0; CLASSES * size * size];
        // Right lung in row 7, columns 2 and 3.
        answer[size * size + 7 * size + 2..][..2].fill(0.9);
        stage.accept(0, 4, &answer).unwrap();
        assert_eq!(sections(&stage), [all, vec![4, 6, 8, 10], vec![0, 2, 4, 6]]);
    }

    #[test]
    fn a_side_wins_over_the_other_and_the_background() {
        for hu in [-850, 40] {
            assert_eq!(label_of(0.6, 0.1, hu), label::RIGHT_LUNG);
            assert_eq!(label_of(0.1, 0.6, hu), label::LEFT_LUNG);
            assert_eq!(label_of(0.2, 0.05, hu), 0);
        }
    }

    #[test]
    fn at_the_rim_aerated_tissue_is_lung_and_the_chest_wall_is_not() {
        assert_eq!(label_of(0.35, 0.0, -850), label::RIGHT_LUNG);
        assert_eq!(label_of(0.1, 0.25, -850), label::LEFT_LUNG);
        assert_eq!(label_of(0.35, 0.0, 40), 0);
        assert_eq!(label_of(0.35, 0.0, AERATED_HU), 0);
    }
}
