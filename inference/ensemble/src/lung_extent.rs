//! Where the lungs are on the study's grid.

use corsai_volume::Grid;

/// Rows, columns and slices that show lung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LungExtent {
    /// First and last row with lung on any slice.
    pub rows: (usize, usize),
    /// First and last column with lung on any slice.
    pub columns: (usize, usize),
    /// Lung voxels and index of each slice with lung, the largest lung area first.
    pub slices: Vec<(usize, usize)>,
}

impl LungExtent {
    /// Of the label bytes of a whole volume; `None` where no voxel is lung.
    pub fn of(grid: &Grid, labels: &[u8]) -> Option<Self> {
        let [mut top, mut bottom, mut left, mut right] = [usize::MAX, 0, usize::MAX, 0];
        let mut slices = Vec::new();
        for (z, slice) in labels.chunks_exact(grid.area()).enumerate() {
            let mut area = 0usize;
            for (row, line) in slice.chunks_exact(grid.columns()).enumerate() {
                let count = line.iter().filter(|l| **l != 0).count();
                let ends = [line.iter().position(|l| *l != 0), line.iter().rposition(|l| *l != 0)];
                let [Some(first), Some(last)] = ends else { continue };
                area += count;
                (top, bottom) = (top.min(row), bottom.max(row));
                (left, right) = (left.min(first), right.max(last));
            }
            if area > 0 {
                slices.push((area, z));
            }
        }
        slices.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        (!slices.is_empty()).then_some(Self { rows: (top, bottom), columns: (left, right), slices })
    }
}
