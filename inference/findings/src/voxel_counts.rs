//! Voxels of lung and lesion on each slice, from which every number follows.

use corsai_volume::Grid;
use corsai_volume::label;

/// Voxels of one slice. Lesion voxels are lung voxels, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SliceCounts {
    pub right: LungCounts,
    pub left: LungCounts,
}

/// Voxels of one lung on one slice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LungCounts {
    pub lung: u32,
    pub lesion: u32,
    /// Marked, but too faint or too small to count as lesion.
    pub trace: u32,
}

/// A lung with less than this is a stray part of a mask and not a lung, mL: a hundredth of an
/// adult's lung, less than a healthy lung has on two slices of 5 mm. It has no share and no class,
/// so that noise can't raise the study's class (`docs/method.md`, "Lung mask").
pub(crate) const MIN_LUNG_ML: f64 = 50.0;

/// Counts the voxels of each slice. `labels` holds one byte a voxel of `grid`, in its order.
pub(crate) fn count_voxels(grid: &Grid, labels: &[u8]) -> Vec<SliceCounts> {
    assert_eq!(labels.len(), grid.voxel_count(), "invariant: one label a voxel");
    labels.chunks_exact(grid.area()).map(count_slice).collect()
}

fn count_slice(slice: &[u8]) -> SliceCounts {
    let mut counts = SliceCounts::default();
    for voxel in slice {
        let side = if voxel & label::RIGHT_LUNG != 0 {
            &mut counts.right
        } else if voxel & label::LEFT_LUNG != 0 {
            &mut counts.left
        } else {
            continue;
        };
        side.lung += 1;
        side.lesion += u32::from(voxel & label::LESION != 0);
        side.trace += u32::from(voxel & label::TRACE != 0);
    }
    counts
}

/// Returns the volume, mL, of the voxels that `count` selects on each slice.
pub(crate) fn volume_ml(grid: &Grid, counts: &[SliceCounts], count: impl Fn(&SliceCounts) -> u32) -> f64 {
    counts.iter().enumerate().map(|(z, slice)| f64::from(count(slice)) * grid.voxel_ml(z)).sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use corsai_volume::GridGeometry;

    use super::*;

    /// Slices of one row, 10 × 10 mm a pixel, each standing for `slab_mm`: a voxel of 10 mm is 1
    /// mL.
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
    fn lesion_voxels_count_in_their_lung_only() {
        let left_trace = label::LEFT_LUNG | label::TRACE;
        let labels = [label::RIGHT_LUNG, label::RIGHT_LUNG | label::LESION, left_trace, label::LESION, 0];
        let found = count_voxels(&grid(5, &[10.0]), &labels);
        let right = LungCounts { lung: 2, lesion: 1, trace: 0 };
        let expected = SliceCounts { right, left: LungCounts { lung: 1, lesion: 0, trace: 1 } };
        assert_eq!(found, [expected]);
    }

    #[test]
    #[should_panic(expected = "one label a voxel")]
    fn panics_when_labels_are_missing() {
        count_voxels(&grid(2, &[10.0, 10.0]), &[label::LEFT_LUNG]);
    }
}
