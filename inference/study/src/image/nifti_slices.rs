//! The slices of a NIfTI file, as if each were an image in a file of its own.
//!
//! DICOM says in each slice's header that it is a CT, and how stored values become Hounsfield
//! units. A NIfTI file says neither; the values themselves have to show it once they are decoded.

use std::sync::Arc;

use corsai_nifti::{DataType, Geometry, Image, NiftiError, Reader};

use crate::allocation::empty_vec;
use crate::error::{FileError, SliceError};
use crate::geometry::vector::Vector;
use crate::image::description::{ImageDescription, ImageSource, SeriesKey};
use crate::image::file_image::{FileImage, Origin};
use crate::image::modality_lut::{HuMapping, Rescale, StoredBits, clamped_hu};
use crate::image::slice_header::SliceHeader;
use crate::pixel_data::EncodedFrame;
use crate::transfer_syntax::TransferSyntax;

/// Largest cosine of the angle between rows and columns: the rounding of f32 and of a registration.
const RIGHT_ANGLE: f64 = 0.01;
/// Stored words that are Hounsfield units.
const HU_WORDS: Rescale =
    Rescale { bits: StoredBits { count: 16, shift: 0, signed: true }, slope: 1.0, intercept: 0.0, padding: None };

/// Returns the file's slices from its first to its last, or one image with the reason why none can
/// be measured.
///
/// # Errors
/// Where the file can't be used; [`FileError::NiftiTooLarge`] beyond `max_voxels`.
pub(crate) fn nifti_slices(
    name: &str,
    bytes: Vec<u8>,
    origin: Origin,
    max_voxels: usize,
) -> Result<Vec<FileImage>, FileError> {
    let Image { geometry, orientation_known, voxels } = read(&bytes, max_voxels)?;
    drop(bytes);
    let Geometry { size: [columns, rows, slices], patient_from_voxel } = geometry;
    let series = SeriesKey { series: format!("NIfTI {} {}", origin.file, origin.entry), ..SeriesKey::default() };
    let description = ImageDescription {
        rows,
        columns,
        source: if orientation_known { ImageSource::Nifti } else { ImageSource::NiftiWithoutOrientation },
        ..ImageDescription::default()
    };
    let image = |name: &str, bytes, slice| FileImage::of_slice(name, bytes, series.clone(), description.clone(), slice);
    let [column, row, step, corner] = [0, 1, 2, 3].map(|at| Vector(patient_from_voxel.map(|line| line[at])));
    let spacing_mm = [row, column].map(Vector::length);
    let skewed = column.dot(row).abs() > RIGHT_ANGLE * spacing_mm[0] * spacing_mm[1];
    if skewed {
        return Ok(vec![image(name, Arc::default(), Err(SliceError::SkewedAxes))]);
    }
    let directions = [column.scaled(1.0 / spacing_mm[1]), row.scaled(1.0 / spacing_mm[0])];
    let mut words = empty_vec(voxels.len() * 2).map_err(|error| FileError::NiftiTooLarge(error.to_string()))?;
    words.extend(voxels.iter().flat_map(|hu| hu.to_le_bytes()));
    drop(voxels);
    let words = Arc::new(words);
    let slice_bytes = rows * columns * 2;
    let slice = |z: usize| {
        let part = z * slice_bytes..(z + 1) * slice_bytes;
        let header = SliceHeader {
            rows,
            columns,
            corner_mm: corner.plus(step.scaled(z as f64)),
            directions,
            spacing_mm,
            encoded: EncodedFrame { syntax: TransferSyntax::LittleEndian, parts: vec![part] },
            rescale: HuMapping::Words(HU_WORDS),
        };
        image(&format!("{name} #{}", z + 1), Arc::clone(&words), Ok(header))
    };
    Ok((0..slices).map(slice).collect())
}

fn read(bytes: &[u8], max_voxels: usize) -> Result<Image<i16>, FileError> {
    let unusable = |error: NiftiError| match error {
        NiftiError::TooLarge { .. } => FileError::NiftiTooLarge(error.to_string()),
        _ => FileError::Nifti(error.to_string()),
    };
    let reader = Reader::new(bytes).map_err(unusable)?;
    if matches!(reader.data_type(), DataType::U8 | DataType::I8) {
        return Err(FileError::NiftiEightBit);
    }
    reader.image(max_voxels, |value| value.is_finite().then(|| clamped_hu(value))).map_err(unusable)
}
