//! A volume that comes as one array, from another file format than DICOM.
//!
//! DICOM says in each slice's header that it is a CT, that it is axial, and how stored values
//! become Hounsfield units. Such a file doesn't say so; the values themselves have to show it.

use corsai_report::Issue;
use corsai_volume::{Grid, GridGeometry, HuVolume};

use crate::error::GeometryError;
use crate::geometry::slice_spacing::assess;
use crate::geometry::vector::Vector;
use crate::image::modality_lut::clamped_hu;
use crate::issues::ToIssue;
use crate::series::decoded_volume::{DecodedVolume, blank_slices, is_blank};
use crate::series::hu_check;
use crate::series::stack_geometry::{AXIAL, gantry_tilt};

/// Largest cosine of the angle between rows and columns: the rounding of f32 and of a registration.
const RIGHT_ANGLE: f64 = 0.01;

/// Hounsfield units in canonical order: columns from the patient's right to the left, rows from
/// front to back, slices from the feet to the head; columns fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct HuArray {
    /// Number of columns.
    pub columns: usize,
    /// Number of rows.
    pub rows: usize,
    /// Number of slices.
    pub slices: usize,
    /// From (column, row, slice, 1) to patient coordinates (LPS), mm.
    pub patient_from_voxel: [[f64; 4]; 3],
    /// One value for each voxel, HU.
    pub voxels: Vec<i16>,
}

/// Returns a value as Hounsfield units, rounded and not below −1024, as a slice's rescale does;
/// `None` where it isn't finite.
#[must_use]
pub fn hounsfield(value: f64) -> Option<i16> {
    value.is_finite().then(|| clamped_hu(value))
}

impl HuArray {
    /// Makes a volume of the array, after the checks of a DICOM series: number and distance of
    /// slices, orientation, values.
    ///
    /// # Errors
    /// Why there is no volume; one of the issues is of severity [`corsai_report::Severity::Stop`].
    ///
    /// # Panics
    /// Where the number of voxels is not the product of the sides.
    pub fn into_volume(self) -> Result<DecodedVolume, Vec<Issue>> {
        let Self { columns, rows, slices, patient_from_voxel, voxels } = self;
        assert_eq!(voxels.len(), columns * rows * slices, "invariant: an array has a value for each voxel");
        let (grid, mut issues) =
            grid([columns, rows, slices], patient_from_voxel).map_err(|error| vec![error.to_issue()])?;
        let blank = voxels.chunks_exact(rows * columns).filter(|slice| is_blank(slice)).count();
        issues.extend(blank_slices(blank, slices));
        if let Some(issue) = hu_check::check_derived(&voxels) {
            issues.push(issue);
            return Err(issues);
        }
        let volume = HuVolume::try_new(grid, voxels).expect("invariant: the array's voxels fill its grid");
        Ok(DecodedVolume { volume, issues })
    }
}

/// Returns the grid of an array, and its warnings as issues.
fn grid(
    [columns, rows, slices]: [usize; 3],
    patient_from_voxel: [[f64; 4]; 3],
) -> Result<(Grid, Vec<Issue>), GeometryError> {
    let [column, row, step, corner] = [0, 1, 2, 3].map(|at| Vector(patient_from_voxel.map(|line| line[at])));
    let [column_mm, row_mm] = [column, row].map(Vector::length);
    let across = column.cross(row);
    let normal = across.scaled(1.0 / across.length());
    if normal.0[2] < AXIAL {
        return Err(GeometryError::NotAxial);
    }
    if column.dot(row).abs() > RIGHT_ANGLE * column_mm * row_mm {
        return Err(GeometryError::NotRectangular);
    }
    let slice_mm = step.dot(normal);
    let first = corner.dot(normal);
    let positions_mm: Vec<f64> = (0..slices).map(|z| first + slice_mm * z as f64).collect();
    let spacing = assess(&positions_mm)?;
    let tilt = gantry_tilt(step.scaled(1.0 / slice_mm), normal);
    let issues = spacing.warnings.iter().chain(&tilt).map(ToIssue::to_issue).collect();
    let slab_mm = spacing.slab_mm;
    let geometry = GridGeometry { rows, columns, row_mm, column_mm, positions_mm, slab_mm, patient_from_voxel };
    Ok((Grid::try_new(geometry)?, issues))
}

#[cfg(test)]
mod tests {
    use corsai_report::IssueCode;

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
        let DecodedVolume { volume, issues } = array(12).into_volume().unwrap();
        assert_eq!(issues, []);
        let grid = volume.grid();
        assert_eq!((grid.columns(), grid.rows(), grid.slices()), (20, 10, 12));
        assert_eq!((grid.column_mm(), grid.row_mm(), grid.slice_mm()), (0.75, 0.5, 2.5));
        assert_eq!((grid.positions_mm()[0], grid.positions_mm()[11]), (30.0, 57.5));
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
