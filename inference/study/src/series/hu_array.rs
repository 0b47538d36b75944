//! A volume that comes as one array, from a file format other than DICOM.
//!
//! What DICOM says in each slice's header (that it is a CT, that it is axial, how stored numbers
//! become Hounsfield units) such a file doesn't say, so that the numbers have to show it.

use corsai_protocol::{Issue, IssueCode};

use crate::geometry::orientation::Vector;
use crate::geometry::slice_spacing::assess;
use crate::hu_check as plausible;
use crate::modality_lut::AIR_HU;
use crate::stack::{AXIAL, TILT};
use crate::volume::{Grid, HuVolume};
use crate::volume_decoder::{Decoded, is_blank};

/// Cosine of the least angle between rows and columns: what f32 and a registration's rounding leave
/// of a right one.
const RIGHT_ANGLE: f64 = 0.01;
/// A chest shows air somewhere: values that were shifted, windowed or made 8-bit may not. HU.
const LIGHTEST_HU: i16 = -500;

/// Hounsfield units in canonical order: columns from the patient's right to the left, rows from
/// front to back, slices from the feet to the head; columns fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct HuArray {
    pub columns: usize,
    pub rows: usize,
    pub slices: usize,
    /// From (column, row, slice, 1) to patient coordinates (LPS), mm.
    pub patient_from_voxel: [[f64; 4]; 3],
    pub voxels: Vec<i16>,
}

/// Returns the Hounsfield units that a number stands for, as a picture's rescale gives them: none
/// below air. `None` where it is no finite number.
#[must_use]
pub fn hounsfield(value: f64) -> Option<i16> {
    let hu = value.round().clamp(f64::from(AIR_HU), f64::from(i16::MAX));
    value.is_finite().then_some(hu as i16)
}

impl HuArray {
    /// Makes a volume of it, after what a DICOM series is checked for as well: number and distance
    /// of slices, orientation, values.
    ///
    /// # Errors
    /// Why there is none; one of the issues is of severity [`corsai_protocol::Severity::Stop`].
    ///
    /// # Panics
    /// Where the number of voxels is not the product of the sides.
    pub fn into_volume(self) -> Result<Decoded, Vec<Issue>> {
        let Self { columns, rows, slices, patient_from_voxel, voxels } = self;
        assert_eq!(voxels.len(), columns * rows * slices, "invariant: an array has a value for each voxel");
        let [column, row, step, corner] = [0, 1, 2, 3].map(|at| Vector(patient_from_voxel.map(|line| line[at])));
        let [column_mm, row_mm] = [column, row].map(Vector::length);
        let across = column.cross(row);
        let normal = across.scaled(1.0 / across.length());
        if normal.0[2] < AXIAL {
            return Err(vec![Issue::new(IssueCode::GeometryNotAxial, "")]);
        }
        if column.dot(row).abs() > RIGHT_ANGLE * column_mm * row_mm {
            let found = "rows and columns are not at right angles";
            return Err(vec![Issue::new(IssueCode::GeometryOrientation, found)]);
        }
        let slice_mm = step.dot(normal);
        let first = corner.dot(normal);
        let positions_mm: Vec<f64> = (0..slices).map(|z| first + slice_mm * z as f64).collect();
        let spacing = assess(&positions_mm).map_err(|trouble| vec![trouble.issue()])?;
        let mut issues = spacing.issues;
        let tilt = step.scaled(1.0 / slice_mm).minus(normal).length();
        if tilt > TILT {
            issues.push(Issue::new(IssueCode::GeometryGantryTilt, &format!("{:.1}°", tilt.atan().to_degrees())));
        }
        let blank = voxels.chunks_exact(rows * columns).filter(|slice| is_blank(slice)).count();
        if blank > 0 {
            issues.push(Issue::new(IssueCode::PixelsBlank, &format!("{blank} of {slices}")));
        }
        if let Some(issue) = plausible::doubt(&voxels).or_else(|| without_air(&voxels)) {
            issues.push(issue);
            return Err(issues);
        }
        let slab_mm = spacing.slab_mm;
        let grid = Grid { slices, rows, columns, row_mm, column_mm, positions_mm, slab_mm, patient_from_voxel };
        let volume = HuVolume::new(grid, voxels).expect("invariant: the array's voxels fill its grid");
        Ok(Decoded { volume, issues })
    }
}

fn without_air(voxels: &[i16]) -> Option<Issue> {
    let lightest = voxels.iter().min().copied().unwrap_or(0);
    let found = || format!("the lowest value is {lightest}, and air is −1000");
    (lightest > LIGHTEST_HU).then(|| Issue::new(IssueCode::HuImplausible, &found()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body of soft tissue in air with lungs of 5 × 5 voxels a slice.
    fn array(slices: usize) -> HuArray {
        let (columns, rows) = (20, 10);
        let hu = |at: usize| match (at / columns % rows, at % columns) {
            (3..=7, 3..=7 | 12..=16) => -850,
            (0 | 9, _) => -1000,
            _ => 40,
        };
        HuArray {
            columns,
            rows,
            slices,
            patient_from_voxel: [[0.75, 0.0, 0.0, -10.0], [0.0, 0.5, 0.0, -20.0], [0.0, 0.0, 2.5, 30.0]],
            voxels: (0..columns * rows * slices).map(hu).collect(),
        }
    }

    fn codes(array: HuArray) -> Vec<IssueCode> {
        let issues = array.into_volume().map_or_else(|issues| issues, |decoded| decoded.issues);
        issues.iter().map(|issue| issue.code).collect()
    }

    #[test]
    fn an_array_becomes_a_volume_on_its_grid() {
        let Decoded { volume, issues } = array(12).into_volume().unwrap();
        assert_eq!(issues, []);
        let grid = volume.grid();
        assert_eq!((grid.columns, grid.rows, grid.slices), (20, 10, 12));
        assert_eq!((grid.column_mm, grid.row_mm, grid.slice_mm()), (0.75, 0.5, 2.5));
        assert_eq!((grid.positions_mm[0], grid.positions_mm[11]), (30.0, 57.5));
        assert!((0..12).all(|z| (grid.voxel_ml(z) - 0.75 * 0.5 * 2.5 / 1000.0).abs() < 1e-12));
    }

    #[test]
    fn what_dicom_is_checked_for_an_array_is_checked_for() {
        assert_eq!(codes(array(7)), [IssueCode::SeriesTooFew]);
        let changed = |change: &dyn Fn(&mut HuArray)| {
            let mut array = array(12);
            change(&mut array);
            codes(array)
        };
        assert_eq!(changed(&|a| a.patient_from_voxel[2][2] = 8.0), [IssueCode::GeometryThickSlices]);
        // A gantry tilted by 10 degrees.
        assert_eq!(changed(&|a| a.patient_from_voxel[1][2] = 0.44), [IssueCode::GeometryGantryTilt]);
        // Columns that rise to the head by 30 degrees.
        assert_eq!(changed(&|a| a.patient_from_voxel[2][0] = 0.43), [IssueCode::GeometryNotAxial]);
        assert_eq!(changed(&|a| a.patient_from_voxel[0][1] = 0.05), [IssueCode::GeometryOrientation]);
        assert_eq!(changed(&|a| a.voxels[..200].fill(-1024)), [IssueCode::PixelsBlank]);
    }

    #[test]
    fn numbers_that_are_no_hounsfield_units_are_refused() {
        let changed = |change: &dyn Fn(i16) -> i16| {
            let mut array = array(12);
            array.voxels.iter_mut().for_each(|hu| *hu = change(*hu));
            codes(array)
        };
        assert_eq!(changed(&|hu| hu + 1024), [IssueCode::HuImplausible], "without its intercept");
        assert_eq!(changed(&|hu| hu - 1024), [IssueCode::HuImplausible], "with its intercept twice");
        assert_eq!(changed(&|hu| (hu + 1024) / 8), [IssueCode::HuImplausible], "grey of 8 bits");
        assert_eq!(changed(&|hu| hu.max(-160)), [IssueCode::HuImplausible], "a window of soft tissue");
        assert_eq!(changed(&|hu| hu), []);
    }

    #[test]
    fn a_number_is_rounded_and_no_lighter_than_air() {
        assert_eq!([-3024.0, -850.4, 0.5, 1e9].map(hounsfield), [Some(-1024), Some(-850), Some(1), Some(i16::MAX)]);
        assert_eq!([f64::NAN, f64::INFINITY].map(hounsfield), [None, None]);
    }
}
