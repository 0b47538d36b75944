//! Lungs from three projections (`networks.md` §4): each network sees every second slice of the volume resized to a
//! cube, with the voxel's coordinates as channels; the probabilities are interpolated along the projection's axis,
//! averaged over the projections and brought to the study's grid. Coronal and sagittal sections well beside the lungs that
//! the axial slices show are not computed and count as background.

use corsai_manifest::{Input, Projection};
use corsai_volume::label;
use corsai_volume::{Grid, HuVolume};

use crate::{
    EnsembleError,
    components::drop_islands,
    hysteresis::{WEAK, keep_connected},
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
/// The rim of a lung: voxels below this HU that the networks nearly call lung, near voxels that
/// they do. The networks' cube is several times coarser than the study, and at the rim the study's
/// own grey tells lung from chest wall. All three numbers were chosen on volumes with masks
/// (`models/cards/lungs.md`).
const AERATED_HU: i16 = -300;
/// The least probability of both sides together that counts as nearly.
const NEARLY: f32 = 0.3;
/// The longest way through the rim to its lung, mm. Without any, gas of the stomach and the bowel
/// and air beside the trunk would be lung.
const RIM_MM: f64 = 10.0;

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
        let (_, stored) = &mut self.answers[network];
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
        assert!(!used.is_empty(), "invariant: a mean is of one projection at least");
        let weight = 1.0 / used.len() as f32;
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
        let mut cube = LungCube { size, right, left };
        cube.drop_islands();
        cube
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
    /// Clears each side where a small piece of it won.
    fn drop_islands(&mut self) {
        let size = self.size;
        for (own, other) in [(0, 1), (1, 0)] {
            let sides = [&self.right, &self.left];
            let mask: Vec<bool> = sides[own].iter().zip(sides[other]).map(|(&p, &q)| is_side(p, q)).collect();
            let mut kept = mask.clone();
            drop_islands(&mut kept, size, ISLAND);
            let side = if own == 0 { &mut self.right } else { &mut self.left };
            for (p, (was, is)) in side.iter_mut().zip(mask.into_iter().zip(kept)) {
                if was && !is {
                    *p = 0.0;
                }
            }
        }
    }

    /// Right, then left, `[slice][row][column]` each.
    pub fn probabilities(&self) -> Vec<f32> {
        [&self.right[..], &self.left[..]].concat()
    }

    /// Fills `labels` with the label bytes of the whole study.
    pub fn label(&self, volume: &HuVolume, filters: &LungFilters, labels: &mut [u8]) {
        let grid = volume.grid();
        for (z, slice) in labels.chunks_exact_mut(grid.area()).enumerate() {
            slice.copy_from_slice(&self.mark(volume, filters, z));
        }
        keep_connected(labels, grid, RIM_MM);
    }

    /// Returns the probabilities of right and left on one slice of the study's grid.
    pub fn on_slice(&self, filters: &LungFilters, z: usize) -> [Vec<f32>; 2] {
        [&self.right, &self.left].map(|cube| {
            let area = self.size * self.size;
            let mut on_slice = vec![0.0; area];
            filters.along.row(z, area, |j| &cube[j * area..], &mut on_slice);
            plane(&on_slice, self.size, &filters.vertical, &filters.horizontal)
        })
    }

    /// Label bytes of one slice without the rim, which takes the whole study.
    pub fn core(&self, volume: &HuVolume, filters: &LungFilters, z: usize) -> Vec<u8> {
        let mut labels = self.mark(volume, filters, z);
        labels.iter_mut().filter(|label| **label & WEAK != 0).for_each(|label| *label = 0);
        labels
    }

    /// Label bytes of one slice; those of the rim are [`WEAK`].
    fn mark(&self, volume: &HuVolume, filters: &LungFilters, z: usize) -> Vec<u8> {
        let (size, columns) = (self.size, volume.grid().columns());
        let area = size * size;
        let planes = [&self.right, &self.left].map(|cube| {
            let mut plane = vec![0.0; area];
            filters.along.row(z, area, |j| &cube[j * area..], &mut plane);
            plane
        });
        let mut labels = vec![0; volume.slice(z).len()];
        // Where right and left together are no more than this, neither is lung, whatever lies
        // between.
        let [right, left] = &planes;
        let pairs = right.chunks_exact(size).zip(left.chunks_exact(size));
        let likely: Vec<bool> =
            pairs.map(|(right, left)| right.iter().zip(left).any(|(r, l)| r + l > NEARLY)).collect();
        if !likely.contains(&true) {
            return labels;
        }
        let wide = planes.map(|plane| {
            let mut wide = vec![0.0; size * columns];
            for (from, to) in plane.chunks_exact(size).zip(wide.chunks_exact_mut(columns)) {
                filters.horizontal.along(from, to);
            }
            wide
        });
        let mut lines = [vec![0.0; columns], vec![0.0; columns]];
        let rows = labels.chunks_exact_mut(columns).zip(volume.slice(z).chunks_exact(columns));
        for (row, (labels, hu)) in rows.enumerate() {
            let (first, weights) = filters.vertical.taps(row);
            if !likely[first..first + weights.len()].contains(&true) {
                continue;
            }
            for (wide, line) in wide.iter().zip(&mut lines) {
                filters.vertical.row(row, columns, |j| &wide[j * columns..], line);
            }
            let [right, left] = &lines;
            for (((label, hu), right), left) in labels.iter_mut().zip(hu).zip(right).zip(left) {
                *label = label_of(*right, *left, *hu);
            }
        }
        labels
    }
}

/// The label byte of a voxel of `hu` with these probabilities of right and left; [`WEAK`] where it
/// depends on its neighbours.
fn label_of(right: f32, left: f32, hu: i16) -> u8 {
    let side = if right > left { label::RIGHT_LUNG } else { label::LEFT_LUNG };
    if is_side(right, left) || is_side(left, right) {
        side
    } else if hu < AERATED_HU && right + left > NEARLY {
        side | WEAK
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
            along: Filter::new(size, grid.slices()),
            vertical: Filter::new(size, grid.rows()),
            horizontal: Filter::new(size, grid.columns()),
        }
    }
}

#[cfg(test)]
mod tests {
    use corsai_manifest::{Normalisation, Region};
    use corsai_volume::GridGeometry;

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

    /// Right and left probability of a voxel of the cube, and its HU.
    type Voxel = (f32, f32, i16);

    const SIZE: usize = 24;
    const TISSUE: Voxel = (0.02, 0.02, 40);

    /// A study on the cube's own grid, 3 mm a voxel, and its label bytes.
    fn labelled(voxel: impl Fn(usize, usize, usize) -> Voxel) -> Vec<u8> {
        let mm = 3.0;
        let grid = Grid::try_new(GridGeometry {
            rows: SIZE,
            columns: SIZE,
            row_mm: mm,
            column_mm: mm,
            positions_mm: (0..SIZE).map(|z| z as f64 * mm).collect(),
            slab_mm: vec![mm; SIZE],
            patient_from_voxel: [[mm, 0.0, 0.0, 0.0], [0.0, mm, 0.0, 0.0], [0.0, 0.0, mm, 0.0]],
        })
        .unwrap();
        let places = (0..SIZE.pow(3)).map(|at| (at / SIZE / SIZE, at / SIZE % SIZE, at % SIZE));
        let voxels: Vec<Voxel> = places.map(|(z, y, x)| voxel(z, y, x)).collect();
        let mut cube = LungCube {
            size: SIZE,
            right: voxels.iter().map(|v| v.0).collect(),
            left: voxels.iter().map(|v| v.1).collect(),
        };
        cube.drop_islands();
        let volume = HuVolume::try_new(grid.clone(), voxels.iter().map(|v| v.2).collect()).unwrap();
        let filters = LungFilters::new(&grid, SIZE);
        let mut labels = vec![0; grid.voxel_count()];
        cube.label(&volume, &filters, &mut labels);
        labels
    }

    fn place(z: usize, y: usize, x: usize) -> usize {
        (z * SIZE + y) * SIZE + x
    }

    /// The two lungs of a chest, in its upper half.
    fn lung(z: usize, y: usize, x: usize) -> Option<Voxel> {
        let inside = (13..22).contains(&z) && (6..18).contains(&y);
        match x {
            3..10 if inside => Some((0.95, 0.01, -850)),
            14..21 if inside => Some((0.01, 0.95, -850)),
            _ => None,
        }
    }

    #[test]
    fn gas_in_the_stomach_is_no_lung_and_neither_is_its_rim() {
        // Below the left lung, .9 in its middle, falling off to 0: the middle is an island, the
        // rest is nearly lung.
        let labels = labelled(|z, y, x| {
            let centre = [(z, 7.0), (y, 12.0), (x, 17.0)];
            let distance = centre.map(|(at, of)| (at as f32 - of).powi(2)).iter().sum::<f32>().sqrt();
            lung(z, y, x).unwrap_or(if distance < 4.5 { (0.0, 0.9 - 0.2 * distance, -950) } else { TISSUE })
        });
        let marked = |slices: std::ops::Range<usize>| {
            labels[slices.start * SIZE * SIZE..slices.end * SIZE * SIZE].iter().filter(|l| **l != 0).count()
        };
        assert_eq!(marked(0..12), 0);
        assert_eq!(marked(12..SIZE), 2 * 9 * 12 * 7);
    }

    #[test]
    fn gas_in_the_bowel_and_air_beside_the_trunk_are_no_lung() {
        let labels = labelled(|z, y, x| match (z, y, x) {
            (2..7, 10..14, 10..14) => (0.2, 0.15, -950),
            (.., 22..) => (0.17, 0.17, -1000),
            _ => lung(z, y, x).unwrap_or(TISSUE),
        });
        assert_eq!(labels.iter().filter(|l| **l != 0).count(), 2 * 9 * 12 * 7);
    }

    #[test]
    fn aerated_tissue_beside_the_lungs_core_is_lung() {
        let labels = labelled(|z, y, x| match (z, y, x) {
            // A voxel before the right lung, and two beyond the left one's apex: of the same
            // probability dense tissue isn't.
            (16, 5, 6) => (0.35, 0.01, -600),
            (16, 18, 6) => (0.35, 0.01, AERATED_HU),
            (22..24, 10, 16) => (0.05, 0.3, -850),
            _ => lung(z, y, x).unwrap_or(TISSUE),
        });
        assert_eq!(labels[place(16, 5, 6)], label::RIGHT_LUNG);
        assert_eq!(labels[place(16, 18, 6)], 0);
        assert_eq!([22, 23].map(|z| labels[place(z, 10, 16)]), [label::LEFT_LUNG; 2]);
    }

    #[test]
    fn a_side_that_is_faint_on_the_whole_slice_still_counts() {
        // On a slice of its own above the left lung, and nowhere is right as much as .05.
        let labels = labelled(|z, y, x| match (z, y, x) {
            (22, 10, 16) => (0.04, 0.27, -850),
            _ => lung(z, y, x)
                .map_or((0.0, 0.0, 40), |(right, left, hu)| if z > 20 { (0.04, left, hu) } else { (right, left, hu) }),
        });
        assert_eq!(labels[place(22, 10, 16)], label::LEFT_LUNG);
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
    fn aerated_tissue_that_is_nearly_lung_depends_on_its_neighbours() {
        assert_eq!(label_of(0.35, 0.0, -850), WEAK | label::RIGHT_LUNG);
        assert_eq!(label_of(0.1, 0.25, -850), WEAK | label::LEFT_LUNG);
        assert_eq!(label_of(0.04, 0.27, -850), WEAK | label::LEFT_LUNG);
        assert_eq!(label_of(0.35, 0.0, 40), 0);
        assert_eq!(label_of(0.35, 0.0, AERATED_HU), 0);
    }
}
