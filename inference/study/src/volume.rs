//! One study's Hounsfield units on the grid on which they were measured; nothing is resampled.

use corsai_protocol::VolumeSummary;

/// Where every voxel lies: axial slices as the house keeps them, slice 0 nearest the feet, rows from front to back,
/// columns from the patient's right to the left.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    pub slices: usize,
    pub rows: usize,
    pub columns: usize,
    /// Distance of neighbouring rows, mm.
    pub row_mm: f64,
    /// Distance of neighbouring columns, mm.
    pub column_mm: f64,
    /// Position of each slice along the normal, mm, rising.
    pub positions_mm: Vec<f64>,
    /// The thickness that each slice stands for in volumes, mm: half the way to each neighbour, whatever the header
    /// calls the slice's thickness.
    pub slab_mm: Vec<f64>,
    /// From (column, row, slice, 1) to patient coordinates (LPS), mm. Exact for evenly spaced slices, tilted or not;
    /// else the slices' mean step, and `positions_mm` is exact.
    pub patient_from_voxel: [[f64; 4]; 3],
}

impl Grid {
    /// Volume that one voxel of a slice stands for, mL.
    ///
    /// # Panics
    /// Beyond the last slice: a volume of 0 mL would be a wrong number.
    #[must_use]
    pub fn voxel_ml(&self, slice: usize) -> f64 {
        let slab_mm = self.slab_mm.get(slice).expect("invariant: a grid has a slab for each of its slices");
        self.row_mm * self.column_mm * slab_mm / 1000.0
    }

    /// Median distance of neighbouring slices, mm; 0 where there is one slice.
    #[must_use]
    pub fn slice_mm(&self) -> f64 {
        median_gap(&self.positions_mm)
    }

    /// Number of voxels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slices.saturating_mul(self.rows).saturating_mul(self.columns)
    }

    /// Whether there is no voxel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the page needs of it.
    #[must_use]
    pub fn summary(&self) -> VolumeSummary {
        let count = |number: usize| u32::try_from(number).expect("invariant: sides and slices are fewer than 2³²");
        VolumeSummary {
            slices: count(self.slices),
            rows: count(self.rows),
            columns: count(self.columns),
            row_mm: self.row_mm,
            column_mm: self.column_mm,
            slice_mm: self.slice_mm(),
            positions_mm: self.positions_mm.clone(),
        }
    }
}

/// Median distance of neighbours in rising positions; 0 where there are none.
pub(crate) fn median_gap(positions_mm: &[f64]) -> f64 {
    let mut gaps: Vec<f64> = positions_mm.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let middle = gaps.len() / 2;
    match gaps.len() {
        0 => 0.0,
        count if count % 2 == 0 => (gaps[middle - 1] + gaps[middle]) / 2.0,
        _ => gaps[middle],
    }
}

/// Hounsfield units, −1024 and above, on a [`Grid`]; slice by slice, row by row.
#[derive(Clone, PartialEq)]
pub struct HuVolume {
    grid: Grid,
    voxels: Vec<i16>,
}

impl std::fmt::Debug for HuVolume {
    /// Without the voxels, of which there are millions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HuVolume").field("grid", &self.grid).finish_non_exhaustive()
    }
}

impl HuVolume {
    /// `None` unless there is one voxel for each place of the grid, a position and a slab for each slice.
    #[must_use]
    pub fn new(grid: Grid, voxels: Vec<i16>) -> Option<Self> {
        let fits = !grid.is_empty()
            && voxels.len() == grid.len()
            && grid.positions_mm.len() == grid.slices
            && grid.slab_mm.len() == grid.slices;
        fits.then_some(Self { grid, voxels })
    }

    /// Where the voxels lie.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// One slice's `rows · columns` values; empty beyond the last slice.
    #[must_use]
    pub fn slice(&self, z: usize) -> &[i16] {
        let area = self.grid.rows * self.grid.columns;
        self.voxels.get(z.saturating_mul(area)..).and_then(|rest| rest.get(..area)).unwrap_or_default()
    }

    /// Returns a digest of the volume's sides and all its values: equal for the same pictures,
    /// whatever identifiers they bear.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let Grid { slices, rows, columns, .. } = self.grid;
        let sides = [slices, rows, columns].map(|side| side as u64);
        let word = |four: &[i16]| four.iter().fold(0, |word, value| word << 16 | u64::from(value.cast_unsigned()));
        let words = sides.into_iter().chain(self.voxels.chunks(4).map(word));
        // Each step is a bijection: volumes that differ in one word never have the same digest.
        words.fold(0, |hash: u64, word| (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31))
    }

    /// All values, slice by slice.
    #[must_use]
    pub fn voxels(&self) -> &[i16] {
        &self.voxels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(slices: usize, columns: usize, voxels: &[i16]) -> HuVolume {
        let grid = Grid {
            slices,
            rows: 1,
            columns,
            row_mm: 1.0,
            column_mm: 1.0,
            positions_mm: vec![0.0; slices],
            slab_mm: vec![1.0; slices],
            patient_from_voxel: [[0.0; 4]; 3],
        };
        HuVolume::new(grid, voxels.to_vec()).unwrap()
    }

    #[test]
    fn a_digest_tells_pictures_apart_and_nothing_else() {
        let voxels = [-1024, 0, 40, -850, 3, -1];
        let digest = volume(2, 3, &voxels).digest();
        assert_eq!(volume(2, 3, &voxels).digest(), digest);
        assert_ne!(volume(3, 2, &voxels).digest(), digest, "other sides");
        for place in 0..voxels.len() {
            for other in [voxels[place] + 1, -voxels[place] - 7] {
                let mut changed = voxels;
                changed[place] = other;
                assert_ne!(volume(2, 3, &changed).digest(), digest, "{changed:?}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "a slab for each of its slices")]
    fn a_slice_that_is_not_there_has_no_volume() {
        let _ = volume(1, 1, &[0]).grid().voxel_ml(1);
    }
}
