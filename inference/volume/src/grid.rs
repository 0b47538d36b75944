//! The grid of a volume: sizes, spacings, positions.

use thiserror::Error;

/// Why sizes, spacings or voxels make no grid or no volume.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum VolumeError {
    /// No slice, row or column.
    #[error("a grid of {slices} slices, {rows} rows and {columns} columns is empty")]
    Empty {
        /// Number of slices.
        slices: usize,
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// More voxels than memory can hold.
    #[error("the grid has more voxels than can be counted")]
    TooLarge,
    /// A distance that isn't finite or isn't above 0.
    #[error("{name} of {value} mm: a distance is finite and above 0")]
    Distance {
        /// What the distance is.
        name: &'static str,
        /// The refused value, mm.
        value: f64,
    },
    /// Another number of slabs than of slices.
    #[error("{found} slabs for {slices} slices")]
    Slabs {
        /// Number of slices.
        slices: usize,
        /// Number of slabs given.
        found: usize,
    },
    /// A position that isn't finite, or isn't above the one before.
    #[error("slice {slice} is not above the one before it")]
    Position {
        /// Index of the slice.
        slice: usize,
    },
    /// A matrix with values that aren't finite.
    #[error("the matrix from voxels to patient coordinates holds values that are not finite")]
    Matrix,
    /// Another number of voxels than the grid has.
    #[error("{found} voxels for a grid of {expected}")]
    Voxels {
        /// Number of voxels of the grid.
        expected: usize,
        /// Number of voxels given.
        found: usize,
    },
}

/// The parts of a [`Grid`], not yet checked. The number of slices is that of the positions.
#[derive(Debug, Clone, PartialEq)]
pub struct GridGeometry {
    /// Number of rows of a slice.
    pub rows: usize,
    /// Number of columns of a slice.
    pub columns: usize,
    /// Distance of neighbouring rows, mm.
    pub row_mm: f64,
    /// Distance of neighbouring columns, mm.
    pub column_mm: f64,
    /// Position of each slice along the normal, mm, rising.
    pub positions_mm: Vec<f64>,
    /// Thickness of each slice in volumes, mm: half the distance to each neighbour, whatever the
    /// header's slice thickness.
    pub slab_mm: Vec<f64>,
    /// From (column, row, slice, 1) to patient coordinates (LPS), mm.
    pub patient_from_voxel: [[f64; 4]; 3],
}

/// The voxel grid of one study: axial slices in canonical order. Slice 0 is nearest the feet, rows
/// run from front to back, columns from the patient's right to the left.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid(GridGeometry);

impl Grid {
    /// Checks sizes and distances.
    ///
    /// # Errors
    /// [`VolumeError`], unless there is a voxel, every distance is finite and above 0, positions
    /// rise, there is a slab for each slice, and the matrix is finite.
    pub fn try_new(geometry: GridGeometry) -> Result<Self, VolumeError> {
        let GridGeometry { rows, columns, row_mm, column_mm, ref positions_mm, ref slab_mm, .. } = geometry;
        let slices = positions_mm.len();
        if slices == 0 || rows == 0 || columns == 0 {
            return Err(VolumeError::Empty { slices, rows, columns });
        }
        slices.checked_mul(rows).and_then(|some| some.checked_mul(columns)).ok_or(VolumeError::TooLarge)?;
        if slab_mm.len() != slices {
            return Err(VolumeError::Slabs { slices, found: slab_mm.len() });
        }
        let slabs = slab_mm.iter().map(|&value| ("a slab", value));
        for (name, value) in
            [("a distance of rows", row_mm), ("a distance of columns", column_mm)].into_iter().chain(slabs)
        {
            if !(value.is_finite() && value > 0.0) {
                return Err(VolumeError::Distance { name, value });
            }
        }
        let rises = |slice: usize| slice == 0 || positions_mm[slice] > positions_mm[slice - 1];
        if let Some(slice) = (0..slices).find(|&slice| !(positions_mm[slice].is_finite() && rises(slice))) {
            return Err(VolumeError::Position { slice });
        }
        if !geometry.patient_from_voxel.iter().flatten().all(|value| value.is_finite()) {
            return Err(VolumeError::Matrix);
        }
        Ok(Self(geometry))
    }

    /// Returns a grid of `[slices, rows, columns]` voxels, evenly spaced by `[slice, row, column]`
    /// mm. Its first voxel is at the origin, its axes are the patient's.
    ///
    /// # Errors
    /// As [`Self::try_new`].
    pub fn evenly_spaced([slices, rows, columns]: [usize; 3], spacing_mm: [f64; 3]) -> Result<Self, VolumeError> {
        let [slice_mm, row_mm, column_mm] = spacing_mm;
        Self::try_new(GridGeometry {
            rows,
            columns,
            row_mm,
            column_mm,
            positions_mm: (0..slices).map(|z| z as f64 * slice_mm).collect(),
            slab_mm: vec![slice_mm; slices],
            patient_from_voxel: [[column_mm, 0.0, 0.0, 0.0], [0.0, row_mm, 0.0, 0.0], [0.0, 0.0, slice_mm, 0.0]],
        })
    }

    /// Returns the number of slices, at least 1.
    #[must_use]
    pub fn slices(&self) -> usize {
        self.0.positions_mm.len()
    }

    /// Returns the number of rows of a slice, at least 1.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.0.rows
    }

    /// Returns the number of columns of a slice, at least 1.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.0.columns
    }

    /// Returns the number of voxels of a slice: rows · columns.
    #[must_use]
    pub fn area(&self) -> usize {
        self.0.rows * self.0.columns
    }

    /// Returns the number of voxels: slices · rows · columns.
    #[must_use]
    pub fn voxel_count(&self) -> usize {
        self.slices() * self.area()
    }

    /// Returns the distance of neighbouring rows, mm, above 0.
    #[must_use]
    pub fn row_mm(&self) -> f64 {
        self.0.row_mm
    }

    /// Returns the distance of neighbouring columns, mm, above 0.
    #[must_use]
    pub fn column_mm(&self) -> f64 {
        self.0.column_mm
    }

    /// Returns the position of each slice along the normal, mm, rising.
    #[must_use]
    pub fn positions_mm(&self) -> &[f64] {
        &self.0.positions_mm
    }

    /// Returns the thickness of each slice in volumes, mm: half the distance to each neighbour.
    #[must_use]
    pub fn slab_mm(&self) -> &[f64] {
        &self.0.slab_mm
    }

    /// Returns the matrix from (column, row, slice, 1) to patient coordinates (LPS), mm. It is
    /// exact for evenly spaced slices, tilted or not; else it has the slices' mean step, and
    /// [`Self::positions_mm`] is exact.
    #[must_use]
    pub fn patient_from_voxel(&self) -> [[f64; 4]; 3] {
        self.0.patient_from_voxel
    }

    /// Returns the volume of one voxel of a slice, mL.
    ///
    /// # Panics
    /// Beyond the last slice: a volume of 0 mL would be a wrong number.
    #[must_use]
    pub fn voxel_ml(&self, slice: usize) -> f64 {
        let slab_mm = self.0.slab_mm.get(slice).expect("invariant: a grid has a slab for each of its slices");
        self.0.row_mm * self.0.column_mm * slab_mm / 1000.0
    }

    /// Returns whether all neighbouring slices are as far apart as the median tells, up to
    /// [`spacing_tolerance`].
    #[must_use]
    pub fn is_evenly_spaced(&self) -> bool {
        let median = self.slice_mm();
        let deviates = |pair: &[f64]| (pair[1] - pair[0] - median).abs() > spacing_tolerance(median);
        !self.0.positions_mm.windows(2).any(deviates)
    }

    /// Returns the median distance of neighbouring slices, mm; 0 where there is one slice.
    #[must_use]
    pub fn slice_mm(&self) -> f64 {
        median_gap(&self.0.positions_mm)
    }
}

/// Returns the deviation from a distance of slices, mm, up to which slices count as evenly spaced:
/// a tenth of it. Positions rounded to 0.1 mm alone make 0.1 mm.
#[must_use]
pub fn spacing_tolerance(slice_mm: f64) -> f64 {
    (0.10 * slice_mm).max(0.101)
}

/// Returns the median distance of neighbours in rising positions, mm; 0 where there are fewer than
/// two.
#[must_use]
pub fn median_gap(positions_mm: &[f64]) -> f64 {
    let mut gaps: Vec<f64> = positions_mm.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let middle = gaps.len() / 2;
    match gaps.len() {
        0 => 0.0,
        count if count % 2 == 0 => f64::midpoint(gaps[middle - 1], gaps[middle]),
        _ => gaps[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry() -> GridGeometry {
        GridGeometry {
            rows: 2,
            columns: 3,
            row_mm: 0.5,
            column_mm: 0.75,
            positions_mm: vec![-5.0, 0.0, 7.5],
            slab_mm: vec![5.0, 6.25, 7.5],
            patient_from_voxel: [[0.75, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 6.25, -5.0]],
        }
    }

    #[test]
    fn a_grid_measures_voxels_and_slices() {
        let grid = Grid::try_new(geometry()).unwrap();
        assert_eq!((grid.slices(), grid.area(), grid.voxel_count()), (3, 6, 18));
        assert_eq!((grid.slice_mm(), grid.voxel_ml(1)), (6.25, 0.5 * 0.75 * 6.25 / 1000.0));
        assert!(!grid.is_evenly_spaced());
        let rounded = GridGeometry { positions_mm: vec![-5.0, 0.1, 5.0], ..geometry() };
        assert!(Grid::try_new(rounded).unwrap().is_evenly_spaced());
    }

    #[test]
    fn rejects_what_is_no_grid() {
        let refused = |change: fn(&mut GridGeometry)| {
            let mut geometry = geometry();
            change(&mut geometry);
            Grid::try_new(geometry).unwrap_err()
        };
        assert_eq!(refused(|g| g.rows = 0), VolumeError::Empty { slices: 3, rows: 0, columns: 3 });
        assert_eq!(refused(|g| g.rows = usize::MAX), VolumeError::TooLarge);
        assert!(matches!(refused(|g| g.row_mm = f64::NAN), VolumeError::Distance { .. }));
        assert!(matches!(refused(|g| g.column_mm = 0.0), VolumeError::Distance { .. }));
        assert!(matches!(refused(|g| g.slab_mm[1] = f64::INFINITY), VolumeError::Distance { .. }));
        assert_eq!(refused(|g| g.slab_mm.truncate(2)), VolumeError::Slabs { slices: 3, found: 2 });
        assert_eq!(refused(|g| g.positions_mm[1] = -5.0), VolumeError::Position { slice: 1 });
        assert_eq!(refused(|g| g.positions_mm[2] = f64::NAN), VolumeError::Position { slice: 2 });
        assert_eq!(refused(|g| g.patient_from_voxel[0][3] = f64::NAN), VolumeError::Matrix);
    }

    #[test]
    #[should_panic(expected = "a slab for each of its slices")]
    fn a_slice_beyond_the_grid_has_no_volume() {
        let _ = Grid::try_new(geometry()).unwrap().voxel_ml(3);
    }
}
