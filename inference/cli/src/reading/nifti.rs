//! A CT or a mask from a NIfTI file. It bears neither patient nor date nor modality; the numbers
//! have to show that they are Hounsfield units.

use std::{fs::File, path::Path};

use corsai_evaluation::MaskError;
use corsai_nifti::{DataType, Image, NiftiError, Reader};
use corsai_protocol::{SeriesId, SeriesSummary};
use corsai_report::{Found, Issue, IssueCode, Severity};
use corsai_study::{DecodedVolume, HuArray, Limits, hounsfield};
use corsai_volume::Grid;

use crate::{arguments::Chosen, masks};

/// How far a mask's number may be from a whole one: a scale's rounding.
const WHOLE: f64 = 1e-3;

/// Returns whether a path is named as a NIfTI file is.
pub fn is_nifti(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    name.is_some_and(|name| name.ends_with(".nii") || name.ends_with(".nii.gz"))
}

/// Reads a CT.
///
/// # Errors
/// Why it can't be measured; one of the issues is of severity [`Severity::Stop`].
pub(super) fn study(chosen: &Chosen) -> Result<(SeriesSummary, DecodedVolume), Vec<Issue>> {
    if let Some(number) = chosen.series.filter(|number| *number != 1) {
        return Err(vec![Issue::new(
            IssueCode::SeriesNotThere,
            [Found::SeriesNumber { number: number as u64, total: 1 }],
        )]);
    }
    let image = image(&chosen.path).map_err(|issue| vec![issue])?;
    let known = image.orientation_known;
    let [columns, rows, slices] = image.geometry.size;
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

/// Returns what is wrong with the file as a whole, or the one series in it.
pub(super) fn listed(path: &Path) -> (Vec<Issue>, Vec<SeriesSummary>) {
    match study(&Chosen { path: path.to_path_buf(), series: None }) {
        Ok((summary, _)) => (Vec::new(), vec![summary]),
        Err(issues) => (issues, Vec::new()),
    }
}

fn image(path: &Path) -> Result<Image<i16>, Issue> {
    let unusable = |error: &NiftiError| match error {
        NiftiError::TooLarge { .. } => Issue::new(IssueCode::InputTooLarge, [Found::detail(error)]),
        _ => Issue::new(IssueCode::NiftiUnusable, [Found::detail(error)]),
    };
    let file = open(path).map_err(|error| unusable(&error))?;
    let reader = Reader::new(file).map_err(|error| unusable(&error))?;
    if matches!(reader.data_type(), DataType::U8 | DataType::I8) {
        // What is said of a picture counts for the study.
        return Err(Issue::new(IssueCode::PixelsEightBit, []).with_severity(Severity::Stop));
    }
    reader.image(Limits::default().voxels, hounsfield).map_err(|error| unusable(&error))
}

/// # Errors
/// Also for what is no plain file.
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
        date: None,
        usable: true,
        patient_key: None,
        instances_key: None,
        issues: issues.to_vec(),
    }
}

/// Reads a mask's numbers on a study's grid; `name` says which one it is.
///
/// # Errors
/// A file that can't be read, another grid, numbers that are none of a mask.
pub fn mask(path: &Path, name: &'static str, grid: &Grid) -> Result<Vec<u8>, MaskError> {
    let unreadable = |error: NiftiError| MaskError::Unreadable { mask: name, why: error.to_string() };
    let reader = Reader::new(open(path).map_err(unreadable)?).map_err(unreadable)?;
    let (own, study) = (reader.geometry().clone(), masks::geometry(grid));
    if !own.agrees_with(&study) {
        let words = |[columns, rows, slices]: [usize; 3]| format!("{slices} slices of {columns} × {rows} voxels");
        let found = if own.size == study.size {
            "it has the CT's size, and its voxels lie elsewhere or are of another size".into()
        } else {
            format!("it has {}, and the CT has {}", words(own.size), words(study.size))
        };
        return Err(MaskError::Grid { mask: name, found });
    }
    let whole = |value: f64| {
        let number = value.round();
        let fits = (value - number).abs() <= WHOLE && (0.0..=255.0).contains(&number);
        fits.then_some(number as u8)
    };
    Ok(reader.image(grid.voxel_count(), whole).map_err(unreadable)?.voxels)
}
