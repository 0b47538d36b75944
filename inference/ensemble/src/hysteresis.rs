//! Hysteresis thresholding in three dimensions: a weak voxel stays only where it is connected to a
//! strong one.

use corsai_volume::Grid;

/// Bit of a weak voxel's label byte, until [`keep_connected`] decides whether the voxel stays.
pub(crate) const WEAK: u8 = 1 << 7;

/// Distances are counted in whole steps of 10 µm, which is finer than any CT's voxel.
const STEPS_PER_MM: f64 = 100.0;

/// Keeps every weak voxel of `labels` (`[slice][row][column]`, 0 for background) that a path of
/// weak voxels, from face to face and at most `reach_mm` long, joins to a strong one. Every other
/// weak voxel becomes background.
///
/// Dial's algorithm for shortest paths: every voxel is settled once, so the time is linear in the
/// number of voxels, and memory is that of the voxels on the way.
pub(crate) fn keep_connected(labels: &mut [u8], grid: &Grid, reach_mm: f64) {
    let neighbours = Neighbours::new(grid);
    let is_weak = |label: u8| label & WEAK != 0;
    // Voxels to settle, by their distance from the nearest strong voxel.
    let mut buckets: Vec<Vec<usize>> = vec![Vec::new(); to_steps(reach_mm) + 1];
    for (at, _) in labels.iter().enumerate().filter(|(_, label)| is_weak(**label)) {
        for (next, step) in neighbours.around(at) {
            if let Some(voxels) = buckets.get_mut(step).filter(|_| labels[next] != 0 && !is_weak(labels[next])) {
                voxels.push(at);
            }
        }
    }
    for distance in 0..buckets.len() {
        for at in std::mem::take(&mut buckets[distance]) {
            if !is_weak(labels[at]) {
                continue;
            }
            labels[at] &= !WEAK;
            for (next, step) in neighbours.around(at) {
                if let Some(voxels) = buckets.get_mut(distance + step).filter(|_| is_weak(labels[next])) {
                    voxels.push(next);
                }
            }
        }
    }
    labels.iter_mut().filter(|label| is_weak(**label)).for_each(|label| *label = 0);
}

fn to_steps(mm: f64) -> usize {
    (mm * STEPS_PER_MM).round() as usize
}

/// The six face neighbours of a voxel, and the distances of their centres in steps.
struct Neighbours {
    columns: usize,
    rows: usize,
    column_step: usize,
    row_step: usize,
    /// From each slice to the next one.
    slice_steps: Vec<usize>,
}

impl Neighbours {
    fn new(grid: &Grid) -> Self {
        // At least one step, however fine the grid: so every path ends.
        let step = |mm| to_steps(mm).max(1);
        Self {
            columns: grid.columns(),
            rows: grid.rows(),
            column_step: step(grid.column_mm()),
            row_step: step(grid.row_mm()),
            slice_steps: grid.positions_mm().windows(2).map(|pair| step(pair[1] - pair[0])).collect(),
        }
    }

    fn around(&self, at: usize) -> impl Iterator<Item = (usize, usize)> {
        let area = self.rows * self.columns;
        let (column, row, slice) = (at % self.columns, at / self.columns % self.rows, at / area);
        let below = slice.checked_sub(1).map(|below| (at - area, self.slice_steps[below]));
        [
            (column > 0).then(|| (at - 1, self.column_step)),
            (column + 1 < self.columns).then(|| (at + 1, self.column_step)),
            (row > 0).then(|| (at - self.columns, self.row_step)),
            (row + 1 < self.rows).then(|| (at + self.columns, self.row_step)),
            below,
            self.slice_steps.get(slice).map(|step| (at + area, *step)),
        ]
        .into_iter()
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use corsai_volume::GridGeometry;

    use super::*;

    /// Slices 2.5 mm apart but for the last, which is 5 mm away; 1.5 mm between rows, 1 mm between
    /// columns.
    fn grid(slices: usize, rows: usize, columns: usize) -> Grid {
        let mut positions_mm: Vec<f64> = (0..slices).map(|z| z as f64 * 2.5).collect();
        if let Some(last) = positions_mm.last_mut().filter(|_| slices > 1) {
            *last += 2.5;
        }
        Grid::try_new(GridGeometry {
            rows,
            columns,
            row_mm: 1.5,
            column_mm: 1.0,
            positions_mm,
            slab_mm: vec![2.5; slices],
            patient_from_voxel: [[1.0, 0.0, 0.0, 0.0], [0.0, 1.5, 0.0, 0.0], [0.0, 0.0, 2.5, 0.0]],
        })
        .unwrap()
    }

    fn kept(labels: &[u8], grid: &Grid, reach_mm: f64) -> Vec<u8> {
        let mut labels = labels.to_vec();
        keep_connected(&mut labels, grid, reach_mm);
        labels
    }

    #[test]
    fn a_weak_voxel_stays_as_far_as_the_reach_and_keeps_its_own_label() {
        let labels = [1, WEAK | 1, WEAK | 2, WEAK | 1, 0, WEAK | 1];
        assert_eq!(kept(&labels, &grid(1, 1, 6), 2.0), [1, 1, 2, 0, 0, 0]);
        assert_eq!(kept(&labels, &grid(1, 1, 6), 10.0), [1, 1, 2, 1, 0, 0], "a gap is no path");
        assert_eq!(kept(&labels, &grid(1, 6, 1), 2.0), [1, 1, 0, 0, 0, 0], "rows are further apart");
    }

    #[test]
    fn slices_are_as_far_apart_as_their_positions_say() {
        let labels = [WEAK | 2, 2, WEAK | 2];
        assert_eq!(kept(&labels, &grid(3, 1, 1), 2.5), [2, 2, 0]);
        assert_eq!(kept(&labels, &grid(3, 1, 1), 5.0), [2, 2, 2]);
    }

    #[test]
    fn the_shortest_path_counts_whichever_way_it_goes() {
        // Two rows; along the upper one the voxel at the end is 4 mm away from the left strong one,
        // 1.5 mm from the lower.
        let labels = [1, WEAK | 1, WEAK | 1, WEAK | 1, 0, 0, 0, 1];
        assert_eq!(kept(&labels, &grid(1, 2, 4), 1.5), [1, 1, 0, 1, 0, 0, 0, 1]);
    }

    #[test]
    fn without_a_strong_voxel_nothing_stays() {
        assert_eq!(kept(&[WEAK | 1; 8], &grid(2, 2, 2), 1e3), [0; 8]);
        assert_eq!(kept(&[2; 8], &grid(2, 2, 2), 0.0), [2; 8]);
    }
}
