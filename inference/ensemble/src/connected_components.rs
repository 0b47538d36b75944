//! The large components of a cube.

use crate::component_runs::ComponentRuns;

/// Flag of the mask's voxels.
const MASK: u8 = 1;

/// Clears every voxel of `mask` (`[z][y][x]`, `size` voxels a side) whose 6-connected component is
/// smaller than `min_fraction` of the largest one.
pub(crate) fn remove_small_components(mask: &mut [bool], size: usize, min_fraction: f64) {
    let area = size * size;
    let mut runs = ComponentRuns::new(size);
    for (z, slice) in mask.chunks_exact(area).enumerate() {
        let flags: Vec<u8> = slice.iter().map(|voxel| if *voxel { MASK } else { 0 }).collect();
        runs.add_slice(z, 1, &flags, 0..size, [MASK, MASK]);
    }
    let least = (runs.largest_volume() as f64 * min_fraction).ceil() as u64;
    for slice in runs.into_accepted(least) {
        let voxels = &mut mask[slice.z * area..(slice.z + 1) * area];
        slice.runs.into_iter().filter(|run| !run.accepted).for_each(|run| voxels[run.voxels].fill(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_components_are_removed_and_large_ones_stay() {
        let size = 4;
        let mut mask = vec![false; 64];
        mask[..16].fill(true);
        mask[63] = true;
        mask[47] = true;
        remove_small_components(&mut mask, size, 0.25);
        assert_eq!(mask.iter().filter(|v| **v).count(), 16);
        assert!(!mask[63]);
    }
}
