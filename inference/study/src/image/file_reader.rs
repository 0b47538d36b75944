//! One file of any format that is read.

use crate::error::FileError;
use crate::file_format::FileFormat;
use crate::image::file_image::{FileImage, Origin};
use crate::image::nifti_slices::nifti_slices;

/// Reads the images of one file, which is no archive. A NIfTI file may have `max_nifti_voxels`.
///
/// # Errors
/// Where the file can't be used at all, and belongs to no series.
pub(crate) fn read_images(
    name: &str,
    bytes: Vec<u8>,
    origin: Origin,
    max_nifti_voxels: usize,
) -> Result<Vec<FileImage>, FileError> {
    let images = match FileFormat::of(&bytes) {
        Some(FileFormat::Nifti) => nifti_slices(name, bytes, origin, max_nifti_voxels)?,
        Some(FileFormat::OtherArchive(format)) => return Err(FileError::UnsupportedArchive(format)),
        Some(FileFormat::OtherImage(format)) => return Err(FileError::OtherFormat(format)),
        Some(FileFormat::Zip | FileFormat::Gzip | FileFormat::Tar) | None => FileImage::read(name, bytes)?,
    };
    Ok(numbered(images, origin))
}

/// Returns the images of one file with their origins.
pub(crate) fn numbered(mut images: Vec<FileImage>, origin: Origin) -> Vec<FileImage> {
    for (number, image) in images.iter_mut().enumerate() {
        image.origin = Origin { image: number, ..origin };
    }
    images
}
