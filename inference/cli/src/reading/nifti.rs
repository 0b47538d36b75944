//! Reads a CT or a mask from a NIfTI file. The file has neither patient nor date nor modality; that
//! its values are Hounsfield units has to show in the values.

use std::{fs::File, path::Path};

use corsai_evaluation::MaskError;
use corsai_nifti::{DataType, Image, NiftiError, Reader};
use corsai_protocol::{SeriesId, SeriesSummary};
use corsai_report::{Found, Issue, IssueCode, Severity};
use corsai_study::{DecodedVolume, HuArray, Limits, hounsfield};
use corsai_volume::Grid;

use crate::{arguments::StudyArgument, masks};

/// Largest distance of a mask's number from a whole one: rounding of a scale.
const ROUNDING: f64 = 1e-3;

/// Returns whether a path has the ending of a NIfTI file.
pub fn is_nifti(path: &Path) -> bool {
    let has_extension = |path: &Path, wanted| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(wanted));
    has_extension(path, "nii")
        || has_extension(path, "gz") && path.file_stem().is_some_and(|stem| has_extension(stem.as_ref(), "nii"))
}

/// Reads a CT.
///
/// # Errors
/// The issues that prevent the measurement, one of them of severity [`Severity::Stop`].
pub(super) fn read_study(study: &StudyArgument) -> Result<(SeriesSummary, DecodedVolume), Vec<Issue>> {
    if let Some(number) = study.series.filter(|number| *number != 1) {
        return Err(vec![Issue::new(
            IssueCode::SeriesNotThere,
            [Found::SeriesNumber { number: number as u64, total: 1 }],
        )]);
    }
    let image = read_image(&study.path).map_err(|issue| vec![issue])?;
    let known = image.orientation_known;
    let [columns, rows, slices] = image.geometry.size;
    tracing::info!(slices, rows, columns, "NIfTI file read");
    let patient_from_voxel = image.geometry.patient_from_voxel;
    let array = HuArray { columns, rows, slices, patient_from_voxel, voxels: image.voxels };
    let assumed = (!known).then(|| Issue::new(IssueCode::GeometryOrientationAssumed, []));
    match array.into_volume() {
        Ok(mut decoded) => {
            decoded.issues.extend(assumed);
            Ok((summary(decoded.volume.grid(), &decoded.issues), decoded))
        }
        Err(mut issues) => {
            issues.extend(assumed);
            Err(issues)
        }
    }
}

/// Returns the issues of the file, and its one series if it can be measured.
pub(super) fn list_series(path: &Path) -> (Vec<Issue>, Vec<SeriesSummary>) {
    match read_study(&StudyArgument { path: path.to_path_buf(), series: None }) {
        Ok((summary, _)) => (Vec::new(), vec![summary]),
        Err(issues) => (issues, Vec::new()),
    }
}

fn read_image(path: &Path) -> Result<Image<i16>, Issue> {
    let unusable = |error: &NiftiError| match error {
        NiftiError::TooLarge { .. } => Issue::new(IssueCode::InputTooLarge, [Found::detail(error)]),
        _ => Issue::new(IssueCode::NiftiUnusable, [Found::detail(error)]),
    };
    let file = open(path).map_err(|error| unusable(&error))?;
    let reader = Reader::new(file).map_err(|error| unusable(&error))?;
    if matches!(reader.data_type(), DataType::U8 | DataType::I8) {
        // The one file is the study.
        return Err(Issue::new(IssueCode::PixelsEightBit, []).with_severity(Severity::Stop));
    }
    reader.image(Limits::default().voxels, hounsfield).map_err(|error| unusable(&error))
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

fn summary(grid: &Grid, issues: &[Issue]) -> SeriesSummary {
    let count = |number: usize| u32::try_from(number).expect("invariant: sides and slices are fewer than 2³²");
    SeriesSummary {
        id: SeriesId(0),
        description: String::new(),
        modality: String::new(),
        slices: count(grid.slices()),
        rows: count(grid.rows()),
        columns: count(grid.columns()),
        thickness_mm: None,
        spacing_mm: Some(grid.slice_mm()),
        kernel_key: None,
        tube_voltage_kv: None,
        contrast: None,
        date: None,
        usable: true,
        patient_key: None,
        instances_key: None,
        issues: issues.to_vec(),
    }
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
