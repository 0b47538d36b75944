//! Reads a mask from a NIfTI file.

use std::{fs::File, path::Path};

use corsai_evaluation::MaskError;
use corsai_nifti::{NiftiError, Reader};
use corsai_volume::Grid;

use crate::masks;

/// Largest distance of a mask's number from a whole one: rounding of a scale.
const ROUNDING: f64 = 1e-3;

/// Returns whether a path has the ending of a NIfTI file.
pub fn is_nifti(path: &Path) -> bool {
    let has_extension = |path: &Path, wanted| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(wanted));
    has_extension(path, "nii")
        || has_extension(path, "gz") && path.file_stem().is_some_and(|stem| has_extension(stem.as_ref(), "nii"))
}

/// Opens a plain file.
///
/// # Errors
/// [`NiftiError::Io`]; [`NiftiError::NotNifti`] of anything but a plain file.
fn open(path: &Path) -> Result<File, NiftiError> {
    let failed = |error: std::io::Error| NiftiError::Io(error.kind());
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_file() { Ok(file) } else { Err(NiftiError::NotNifti) }
}

/// Reads a mask: a number 0..=255 for each voxel of the study's grid. `name` is lung or lesion.
///
/// # Errors
/// [`MaskError::Unreadable`] and [`MaskError::Grid`].
pub fn read_mask(path: &Path, name: &'static str, grid: &Grid) -> Result<Vec<u8>, MaskError> {
    let unreadable = |error: NiftiError| MaskError::Unreadable { mask: name, why: error.to_string() };
    let reader = Reader::new(open(path).map_err(unreadable)?).map_err(unreadable)?;
    let (own, study) = (reader.geometry().clone(), masks::geometry(grid));
    if !own.agrees_with(&study) {
        let words = |[columns, rows, slices]: [usize; 3]| format!("{slices} slices of {columns} × {rows} voxels");
        let found = if own.size == study.size {
            "it has as many voxels as the CT, at other positions or of another size".into()
        } else {
            format!("it has {}, and the CT has {}", words(own.size), words(study.size))
        };
        return Err(MaskError::Grid { mask: name, found });
    }
    let whole = |value: f64| {
        let number = value.round();
        let fits = (value - number).abs() <= ROUNDING && (0.0..=255.0).contains(&number);
        fits.then_some(number as u8)
    };
    Ok(reader.image(grid.voxel_count(), whole).map_err(unreadable)?.voxels)
}
