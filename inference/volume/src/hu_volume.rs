//! Hounsfield units on a grid.

use crate::{Grid, VolumeError};

/// One study's Hounsfield units, −1024 and above, on the grid on which they were measured; slice
/// by slice, row by row.
#[derive(Clone, PartialEq)]
pub struct HuVolume {
    grid: Grid,
    voxels: Vec<i16>,
}

impl std::fmt::Debug for HuVolume {
    /// Formats the grid, without the millions of voxels.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HuVolume").field("grid", &self.grid).finish_non_exhaustive()
    }
}

impl HuVolume {
    /// Joins a grid and its voxels.
    ///
    /// # Errors
    /// [`VolumeError::Voxels`] unless there is one voxel for each place of the grid.
    pub fn try_new(grid: Grid, voxels: Vec<i16>) -> Result<Self, VolumeError> {
        let expected = grid.voxel_count();
        if voxels.len() != expected {
            return Err(VolumeError::Voxels { expected, found: voxels.len() });
        }
        Ok(Self { grid, voxels })
    }

    /// Returns the grid of the voxels.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Returns one slice's `rows · columns` values, HU; none beyond the last slice.
    #[must_use]
    pub fn slice(&self, z: usize) -> &[i16] {
        let area = self.grid.area();
        self.voxels.get(z.saturating_mul(area)..).and_then(|rest| rest.get(..area)).unwrap_or_default()
    }

    /// Returns all values, HU, slice by slice.
    #[must_use]
    pub fn voxels(&self) -> &[i16] {
        &self.voxels
    }

    /// Returns a digest of the volume's sizes and all its values: equal for the same pictures,
    /// whatever identifiers they bear.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let sizes = [self.grid.slices(), self.grid.rows(), self.grid.columns()].map(|size| size as u64);
        let word = |four: &[i16]| four.iter().fold(0, |word, value| word << 16 | u64::from(value.cast_unsigned()));
        let words = sizes.into_iter().chain(self.voxels.chunks(4).map(word));
        // Each step is a bijection: volumes that differ in one word never have the same digest.
        words.fold(0, |hash: u64, word| (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(slices: usize, columns: usize, voxels: &[i16]) -> HuVolume {
        let grid = Grid::evenly_spaced([slices, 1, columns], [1.0; 3]);
        HuVolume::try_new(grid.unwrap(), voxels.to_vec()).unwrap()
    }

    #[test]
    fn a_digest_tells_pictures_apart_and_nothing_else() {
        let voxels = [-1024, 0, 40, -850, 3, -1];
        let digest = volume(2, 3, &voxels).digest();
        assert_eq!(volume(2, 3, &voxels).digest(), digest);
        assert_ne!(volume(3, 2, &voxels).digest(), digest, "other sizes");
        for place in 0..voxels.len() {
            for other in [voxels[place] + 1, -voxels[place] - 7] {
                let mut changed = voxels;
                changed[place] = other;
                assert_ne!(volume(2, 3, &changed).digest(), digest, "{changed:?}");
            }
        }
    }

    #[test]
    fn rejects_another_number_of_voxels() {
        let grid = volume(1, 2, &[0, 0]).grid().clone();
        assert_eq!(HuVolume::try_new(grid, vec![0]), Err(VolumeError::Voxels { expected: 2, found: 1 }));
    }
}
