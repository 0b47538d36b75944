//! Between slices and the third axis of a cube, by millimetres (`docs/method.md`, "Input").
//!
//! A cube is evenly spaced from the lower edge of the first slab to the upper edge of the last.
//! Slices are at their positions. Where they are evenly spaced, too, both directions are plain
//! resizing.

use std::ops::RangeInclusive;

use corsai_volume::Grid;

use crate::resize::{Filter, triangle};

/// The slices of a cube.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SliceAxis {
    /// As many evenly spaced slices.
    Even(usize),
    Uneven {
        /// Lower edge of the first slab, mm.
        lower_mm: f64,
        /// From the lower edge of the first slab to the upper edge of the last, mm.
        length_mm: f64,
        positions_mm: Vec<f64>,
        slab_mm: Vec<f64>,
    },
}

impl SliceAxis {
    /// Of some slices of a grid, at least one.
    pub fn of_range(grid: &Grid, slices: RangeInclusive<usize>) -> Self {
        let positions_mm = grid.positions_mm()[slices.clone()].to_vec();
        let slab_mm = grid.slab_mm()[slices].to_vec();
        if grid.is_evenly_spaced() || positions_mm.len() < 2 {
            return Self::Even(positions_mm.len());
        }
        let upper_edge_of_first = f64::midpoint(positions_mm[0], positions_mm[1]);
        let length_mm = slab_mm.iter().sum();
        Self::Uneven { lower_mm: upper_edge_of_first - slab_mm[0], length_mm, positions_mm, slab_mm }
    }

    /// Returns the filter from the slices to a cube of `size` voxels a side. Between slices that
    /// are further apart than the cube's, it interpolates; else it weighs slabs by a triangle.
    pub fn to_cube(&self, size: usize) -> Filter {
        match self {
            Self::Even(slices) => Filter::new(*slices, size),
            Self::Uneven { lower_mm, length_mm, positions_mm, slab_mm } => {
                let step = length_mm / size as f64;
                let taps = |i: usize| weights_at(positions_mm, slab_mm, lower_mm + (i as f64 + 0.5) * step, step);
                Filter::from_taps(positions_mm.len(), &(0..size).map(taps).collect::<Vec<_>>())
            }
        }
    }

    /// Returns the filter from a cube of `size` voxels a side to the slices.
    pub fn to_slices(&self, size: usize) -> Filter {
        match self {
            Self::Even(slices) => Filter::new(size, *slices),
            Self::Uneven { lower_mm, length_mm, positions_mm, slab_mm } => {
                let step = length_mm / size as f64;
                let slices = positions_mm.iter().zip(slab_mm);
                let taps = slices.map(|(at, slab)| triangle(size, (at - lower_mm) / step, (slab / step).max(1.0)));
                Filter::from_taps(size, &taps.collect::<Vec<_>>())
            }
        }
    }
}

/// Returns the first slice and the weights of a cube's slice at `centre`, mm; the cube's slices are
/// `step` mm apart.
fn weights_at(positions_mm: &[f64], slab_mm: &[f64], centre: f64, step: f64) -> (usize, Vec<f64>) {
    let above = positions_mm.partition_point(|at| *at <= centre);
    let around = above.checked_sub(1).and_then(|below| Some((positions_mm[below], *positions_mm.get(above)?)));
    match around {
        Some((below, next)) if next - below >= step => {
            let fraction = (centre - below) / (next - below);
            (above - 1, vec![1.0 - fraction, fraction])
        }
        None if slab_mm[above.min(slab_mm.len() - 1)] >= step => (above.min(slab_mm.len() - 1), vec![1.0]),
        _ => {
            let weight = |j: usize| slab_mm[j] * (1.0 - (positions_mm[j] - centre).abs() / step).max(0.0);
            let first = positions_mm.partition_point(|at| *at <= centre - step);
            let raw: Vec<f64> = (first..positions_mm.len()).map(weight).take_while(|weight| *weight > 0.0).collect();
            let sum: f64 = raw.iter().sum();
            (first, raw.into_iter().map(|weight| weight / sum).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use corsai_volume::GridGeometry;

    use super::*;

    fn axis(positions_mm: &[f64]) -> SliceAxis {
        let last = positions_mm.len() - 1;
        let gap = |z: usize| positions_mm[z + 1] - positions_mm[z];
        let below = |z: usize| if z == 0 { gap(0) } else { gap(z - 1) };
        let above = |z: usize| if z == last { gap(last - 1) } else { gap(z) };
        let geometry = GridGeometry {
            rows: 1,
            columns: 1,
            row_mm: 1.0,
            column_mm: 1.0,
            positions_mm: positions_mm.to_vec(),
            slab_mm: (0..=last).map(|z| f64::midpoint(below(z), above(z))).collect(),
            patient_from_voxel: [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]],
        };
        SliceAxis::of_range(&Grid::try_new(geometry).unwrap(), 0..=last)
    }

    /// 20 slices of 5 mm, 10 of 10 mm and 20 of 5 mm.
    fn stretch() -> Vec<f64> {
        let mut at = 0.0;
        let gaps = [vec![5.0; 20], vec![10.0; 10], vec![5.0; 20]].concat();
        [0.0]
            .into_iter()
            .chain(gaps.into_iter().map(|gap| {
                at += gap;
                at
            }))
            .collect()
    }

    fn resized(filter: &Filter, row: &[f64]) -> Vec<f64> {
        let row: Vec<f32> = row.iter().map(|value| *value as f32).collect();
        let mut out = vec![0.0; filter.len()];
        filter.resize_row(&row, &mut out);
        out.into_iter().map(f64::from).collect()
    }

    #[test]
    fn evenly_spaced_slices_are_resized_by_their_number() {
        let even: Vec<f64> = (0..40).map(|z| f64::from(z) * 2.5).collect();
        assert_eq!(axis(&even), SliceAxis::Even(40));
        assert_eq!(axis(&even).to_cube(128), Filter::new(40, 128));
        assert_eq!(axis(&even).to_slices(128), Filter::new(128, 40));
    }

    #[test]
    fn a_height_is_at_its_place_in_the_cube_and_comes_back() {
        let positions = stretch();
        // Cubes that enlarge everywhere, in the wide stretch alone, and nowhere.
        for size in [128, 48, 16] {
            let axis = axis(&positions);
            let step = 305.0 / size as f64;
            let cube = resized(&axis.to_cube(size), &positions);
            for (i, found) in cube.iter().enumerate() {
                let height = -2.5 + (i as f64 + 0.5) * step;
                // The ends are repeated.
                let inside = (0.0..=300.0).contains(&(height - step)) && (0.0..=300.0).contains(&(height + step));
                assert!(!inside || (found - height).abs() < 0.3 * step.max(2.0), "{size}: {found} at {height}");
            }
            let back = resized(&axis.to_slices(size), &cube);
            for (found, height) in back.iter().zip(&positions).filter(|(_, at)| (25.0..=275.0).contains(*at)) {
                assert!((found - height).abs() < 0.5 * step, "{size}: {found} at {height}");
            }
        }
    }

    #[test]
    fn every_slice_counts_with_its_slab() {
        for size in [128, 48, 16] {
            let to_cube = axis(&stretch()).to_cube(size);
            assert!(resized(&to_cube, &[2.5; 51]).iter().all(|value| (value - 2.5).abs() < 1e-5));
        }
    }
}
