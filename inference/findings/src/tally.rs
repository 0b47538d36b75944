//! Voxels of each kind on each slice: what every number here is made of.

use corsai_volume::Grid;
use corsai_volume::label;

/// Counts of one slice; lesions are counted in their lung as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub right: Side,
    pub left: Side,
}

/// Voxels of one lung on one slice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Side {
    pub lung: u32,
    pub lesion: u32,
}

/// One tally a slice of the grid, which has one label a voxel.
pub(crate) fn tallies(grid: &Grid, labels: &[u8]) -> Vec<Tally> {
    assert_eq!(labels.len(), grid.voxel_count(), "invariant: one label a voxel");
    labels.chunks_exact(grid.area()).map(tally).collect()
}

fn tally(slice: &[u8]) -> Tally {
    let mut tally = Tally::default();
    for voxel in slice {
        let side = if voxel & label::RIGHT_LUNG != 0 {
            &mut tally.right
        } else if voxel & label::LEFT_LUNG != 0 {
            &mut tally.left
        } else {
            continue;
        };
        side.lung += 1;
        side.lesion += u32::from(voxel & label::LESION != 0);
    }
    tally
}

/// What a count of voxels on each slice stands for, mL.
pub(crate) fn volume_ml(grid: &Grid, tallies: &[Tally], count: impl Fn(&Tally) -> u32) -> f64 {
    tallies.iter().enumerate().map(|(z, tally)| f64::from(count(tally)) * grid.voxel_ml(z)).sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use corsai_volume::GridGeometry;

    use super::*;

    /// Slices of one row, 10 × 10 mm a pixel, each standing for `slab_mm`: a voxel of 10 mm is 1 mL.
    pub(crate) fn grid(columns: usize, slab_mm: &[f64]) -> Grid {
        let positions_mm = (0..slab_mm.len()).map(|z| z as f64 * 10.0).collect();
        Grid::try_new(GridGeometry {
            rows: 1,
            columns,
            row_mm: 10.0,
            column_mm: 10.0,
            positions_mm,
            slab_mm: slab_mm.to_vec(),
            patient_from_voxel: [[10.0, 0.0, 0.0, 0.0], [0.0, 10.0, 0.0, 0.0], [0.0, 0.0, 10.0, 0.0]],
        })
        .unwrap()
    }

    #[test]
    fn lesions_count_in_their_lung_and_nowhere_else() {
        let labels = [label::RIGHT_LUNG, label::RIGHT_LUNG | label::LESION, label::LEFT_LUNG, label::LESION, 0];
        let found = tallies(&grid(5, &[10.0]), &labels);
        let expected = Tally { right: Side { lung: 2, lesion: 1 }, left: Side { lung: 1, lesion: 0 } };
        assert_eq!(found, [expected]);
    }

    #[test]
    #[should_panic(expected = "one label a voxel")]
    fn labels_that_end_early_are_no_smaller_lung() {
        tallies(&grid(2, &[10.0, 10.0]), &[label::LEFT_LUNG]);
    }
}
