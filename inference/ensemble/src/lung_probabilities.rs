//! The lungs' probabilities on the cube, and the lung mask that they make on the study's grid
//! (`docs/method.md`, "Lung mask").

use std::ops::RangeInclusive;

use corsai_volume::{AERATED_HU, Grid, HuVolume, RightLeft, label};

use crate::{
    connected_components::remove_small_components,
    hysteresis::{WEAK, keep_connected},
    resize::{Filter, resize_plane},
    slice_axis::SliceAxis,
};

/// Components of a side smaller than this fraction of its largest one are stray pieces and not
/// lung, such as gas of the stomach or the bowel (`docs/method.md`, "Lung mask").
const MIN_COMPONENT_FRACTION: f64 = 0.1;
/// The lower probability threshold, of right and left together: voxels below [`AERATED_HU`] near a
/// lung join it. The networks' cube is several times coarser than the study, and at the rim the
/// study's own grey tells lung from chest wall. [`AERATED_HU`], this number and [`RIM_REACH_MM`]
/// were chosen on volumes with masks (`models/cards/lungs.md`).
const RIM_PROBABILITY: f32 = 0.3;
/// The longest path from a voxel at the rim to its lung, mm. With no limit, gas of the stomach and
/// the bowel and air beside the trunk would be lung.
const RIM_REACH_MM: f64 = 10.0;

/// Returns whether the side of probability `own` wins over the other side and the background, whose
/// probability is 1 − own − other.
fn is_side(own: f32, other: f32) -> bool {
    own > other && own > 1.0 - own - other
}

/// Lung probabilities on the cube, `[z][y][x]`, `size` voxels a side.
#[derive(Debug)]
pub(crate) struct LungProbabilities {
    size: usize,
    right: Vec<f32>,
    left: Vec<f32>,
}

impl LungProbabilities {
    /// Of two cubes; small components of either side are removed.
    pub fn new(size: usize, right: Vec<f32>, left: Vec<f32>) -> Self {
        let mut cube = Self { size, right, left };
        cube.remove_small_components();
        cube
    }

    /// Clears each side's probability in the small components where that side wins.
    fn remove_small_components(&mut self) {
        let size = self.size;
        for (own, other) in [(0, 1), (1, 0)] {
            let sides = [&self.right, &self.left];
            let mask: Vec<bool> = sides[own].iter().zip(sides[other]).map(|(&p, &q)| is_side(p, q)).collect();
            let mut kept = mask.clone();
            remove_small_components(&mut kept, size, MIN_COMPONENT_FRACTION);
            let side = if own == 0 { &mut self.right } else { &mut self.left };
            for (p, (was, is)) in side.iter_mut().zip(mask.into_iter().zip(kept)) {
                if was && !is {
                    *p = 0.0;
                }
            }
        }
    }

    /// Returns right, then left, `[z][y][x]` each.
    pub fn concatenated(&self) -> Vec<f32> {
        [&self.right[..], &self.left[..]].concat()
    }

    /// Fills `labels` with the label bytes of the whole study: the lung mask.
    pub fn write_mask(&self, volume: &HuVolume, resampler: &LungResampler, labels: &mut [u8]) {
        let grid = volume.grid();
        for (z, slice) in labels.chunks_exact_mut(grid.area()).enumerate() {
            slice.copy_from_slice(&self.mask_candidates(volume, resampler, z));
        }
        keep_connected(labels, grid, RIM_REACH_MM);
    }

    /// Returns the probabilities of right and left on one slice of the study's grid.
    pub fn on_slice(&self, resampler: &LungResampler, z: usize) -> RightLeft<Vec<f32>> {
        [&self.right, &self.left].map(|cube| {
            let area = self.size * self.size;
            let mut on_slice = vec![0.0; area];
            if let Some(z) = resampler.slice(z) {
                resampler.along.weighted_row(z, area, |j| &cube[j * area..], &mut on_slice);
            }
            resize_plane(&on_slice, self.size, &resampler.vertical, &resampler.horizontal)
        })
    }

    /// Returns the label bytes of one slice without the rim, which depends on the other slices.
    pub fn mask_without_rim(&self, volume: &HuVolume, resampler: &LungResampler, z: usize) -> Vec<u8> {
        let mut labels = self.mask_candidates(volume, resampler, z);
        labels.iter_mut().filter(|label| **label & WEAK != 0).for_each(|label| *label = 0);
        labels
    }

    /// Returns the label bytes of one slice; those of the rim are [`WEAK`].
    fn mask_candidates(&self, volume: &HuVolume, resampler: &LungResampler, z: usize) -> Vec<u8> {
        let (size, columns) = (self.size, volume.grid().columns());
        let area = size * size;
        let mut labels = vec![0; volume.slice(z).len()];
        let Some(z_of_cube) = resampler.slice(z) else { return labels };
        let planes = [&self.right, &self.left].map(|cube| {
            let mut plane = vec![0.0; area];
            resampler.along.weighted_row(z_of_cube, area, |j| &cube[j * area..], &mut plane);
            plane
        });
        // Where right and left together are nowhere above the lower threshold, interpolation makes
        // no lung either: these rows are skipped.
        let [right, left] = &planes;
        let pairs = right.chunks_exact(size).zip(left.chunks_exact(size));
        let likely: Vec<bool> =
            pairs.map(|(right, left)| right.iter().zip(left).any(|(r, l)| r + l > RIM_PROBABILITY)).collect();
        if !likely.contains(&true) {
            return labels;
        }
        let widened = planes.map(|plane| {
            let mut widened = vec![0.0; size * columns];
            for (from, to) in plane.chunks_exact(size).zip(widened.chunks_exact_mut(columns)) {
                resampler.horizontal.resize_row(from, to);
            }
            widened
        });
        let mut lines = [vec![0.0; columns], vec![0.0; columns]];
        let rows = labels.chunks_exact_mut(columns).zip(volume.slice(z).chunks_exact(columns));
        for (row, (labels, hu)) in rows.enumerate() {
            let (first, weights) = resampler.vertical.taps(row);
            if !likely[first..first + weights.len()].contains(&true) {
                continue;
            }
            for (plane, line) in widened.iter().zip(&mut lines) {
                resampler.vertical.weighted_row(row, columns, |j| &plane[j * columns..], line);
            }
            let [right, left] = &lines;
            for (((label, hu), right), left) in labels.iter_mut().zip(hu).zip(right).zip(left) {
                *label = label_of(*right, *left, *hu);
            }
        }
        labels
    }
}

/// Returns the label byte of a voxel of `hu` with these probabilities of right and left; with
/// [`WEAK`] where it depends on its neighbours.
fn label_of(right: f32, left: f32, hu: i16) -> u8 {
    let side = if right > left { label::RIGHT_LUNG } else { label::LEFT_LUNG };
    if is_side(right, left) || is_side(left, right) {
        side
    } else if hu < AERATED_HU && right + left > RIM_PROBABILITY {
        side | WEAK
    } else {
        0
    }
}

/// Filters from the cube to the study's grid.
#[derive(Debug)]
pub(crate) struct LungResampler {
    /// Slices that the cube shows.
    slices: RangeInclusive<usize>,
    along: Filter,
    vertical: Filter,
    horizontal: Filter,
}

impl LungResampler {
    /// From a cube of `size` voxels a side that shows these slices of the grid.
    pub fn new(grid: &Grid, slices: RangeInclusive<usize>, size: usize) -> Self {
        Self {
            along: SliceAxis::of_range(grid, slices.clone()).to_slices(size),
            slices,
            vertical: Filter::new(size, grid.rows()),
            horizontal: Filter::new(size, grid.columns()),
        }
    }

    /// Returns the number of a slice among those that the cube shows; `None` for another slice.
    fn slice(&self, z: usize) -> Option<usize> {
        self.slices.contains(&z).then(|| z - self.slices.start())
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    /// Right and left probability of a voxel of the cube, and its HU.
    type Voxel = (f32, f32, i16);

    const SIZE: usize = 24;
    const TISSUE: Voxel = (0.02, 0.02, 40);

    /// A study on the cube's own grid, 3 mm a voxel, and its label bytes.
    fn labelled(voxel: impl Fn(usize, usize, usize) -> Voxel) -> Vec<u8> {
        let grid = Grid::evenly_spaced([SIZE; 3], [3.0; 3]).unwrap();
        let positions = (0..SIZE.pow(3)).map(|at| (at / SIZE / SIZE, at / SIZE % SIZE, at % SIZE));
        let voxels: Vec<Voxel> = positions.map(|(z, y, x)| voxel(z, y, x)).collect();
        let [right, left] = [|v: &Voxel| v.0, |v: &Voxel| v.1].map(|of| voxels.iter().map(of).collect());
        let cube = LungProbabilities::new(SIZE, right, left);
        let volume = HuVolume::try_new(grid.clone(), voxels.iter().map(|v| v.2).collect()).unwrap();
        let resampler = LungResampler::new(&grid, 0..=SIZE - 1, SIZE);
        let mut labels = vec![0; grid.voxel_count()];
        cube.write_mask(&volume, &resampler, &mut labels);
        labels
    }

    fn index(z: usize, y: usize, x: usize) -> usize {
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
    fn gas_of_the_stomach_and_its_rim_are_not_lung() {
        // Below the left lung, .9 in its middle, falling off to 0: the middle is a small component,
        // the rest is above the lower threshold.
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
    fn gas_of_the_bowel_and_air_beside_the_trunk_are_not_lung() {
        let labels = labelled(|z, y, x| match (z, y, x) {
            (2..7, 10..14, 10..14) => (0.2, 0.15, -950),
            (.., 22..) => (0.17, 0.17, -1000),
            _ => lung(z, y, x).unwrap_or(TISSUE),
        });
        assert_eq!(labels.iter().filter(|l| **l != 0).count(), 2 * 9 * 12 * 7);
    }

    #[test]
    fn aerated_tissue_beside_the_lung_is_lung_at_the_lower_threshold() {
        let labels = labelled(|z, y, x| match (z, y, x) {
            // A voxel before the right lung, and two above the left one's apex. Dense tissue of the
            // same probability isn't lung.
            (16, 5, 6) => (0.35, 0.01, -600),
            (16, 18, 6) => (0.35, 0.01, AERATED_HU),
            (22..24, 10, 16) => (0.05, 0.3, -850),
            _ => lung(z, y, x).unwrap_or(TISSUE),
        });
        assert_eq!(labels[index(16, 5, 6)], label::RIGHT_LUNG);
        assert_eq!(labels[index(16, 18, 6)], 0);
        assert_eq!([22, 23].map(|z| labels[index(z, 10, 16)]), [label::LEFT_LUNG; 2]);
    }

    #[test]
    fn a_side_that_is_faint_on_the_whole_slice_still_counts() {
        // On a slice of its own above the left lung, and nowhere is right as much as .05.
        let labels = labelled(|z, y, x| match (z, y, x) {
            (22, 10, 16) => (0.04, 0.27, -850),
            _ => lung(z, y, x)
                .map_or((0.0, 0.0, 40), |(right, left, hu)| if z > 20 { (0.04, left, hu) } else { (right, left, hu) }),
        });
        assert_eq!(labels[index(22, 10, 16)], label::LEFT_LUNG);
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
    fn aerated_tissue_above_the_lower_threshold_depends_on_its_neighbours() {
        assert_eq!(label_of(0.35, 0.0, -850), WEAK | label::RIGHT_LUNG);
        assert_eq!(label_of(0.1, 0.25, -850), WEAK | label::LEFT_LUNG);
        assert_eq!(label_of(0.04, 0.27, -850), WEAK | label::LEFT_LUNG);
        assert_eq!(label_of(0.35, 0.0, 40), 0);
        assert_eq!(label_of(0.35, 0.0, AERATED_HU), 0);
    }
}
