//! One readable slice of a series.

use std::sync::Arc;

use crate::error::SliceError;
use crate::geometry::orientation::SlicePlane;
use crate::geometry::vector::Vector;
use crate::image::description::{ImageDescription, ReconstructionKey};
use crate::image::file_image::{FileImage, Origin};
use crate::image::frame_decoder::{DecodeJob, FrameDecoder};
use crate::image::modality_lut::ModalityLut;
use crate::image::slice_header::SliceHeader;

/// Direction cosines that differ by less are those of parallel slices.
const PARALLEL: f64 = 5e-3;
/// Pixel spacings that differ by less than this share are equal.
const SAME_SPACING: f64 = 1e-3;

/// A slice whose header was read.
pub(crate) struct SeriesSlice {
    /// The file's name for the screen.
    pub name: String,
    /// The image's number among all that were added.
    pub number: u32,
    /// SOP Instance UID, with the frame's number where there are several; empty where the file has
    /// none.
    pub instance: String,
    pub reconstruction: ReconstructionKey,
    pub description: ImageDescription,
    pub origin: Origin,
    bytes: Arc<Vec<u8>>,
    /// Digest of the encoded pixels, where the bytes were released.
    released: Option<u64>,
    header: SliceHeader,
    pub plane: SlicePlane,
}

impl std::fmt::Debug for SeriesSlice {
    /// Formats the plane: neither the file's bytes nor a text of its header.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeriesSlice").field("plane", &self.plane).finish_non_exhaustive()
    }
}

impl SeriesSlice {
    /// # Errors
    /// The image's own error, and the file's name.
    pub(crate) fn new(image: FileImage) -> Result<Self, (SliceError, String)> {
        let FileImage { name, number, origin, bytes, released, instance, reconstruction, description, slice, .. } =
            image;
        let header = match slice {
            Ok(header) => header,
            Err(error) => return Err((error, name)),
        };
        let plane = header.plane();
        Ok(Self { name, number, instance, reconstruction, description, origin, bytes, released, header, plane })
    }

    /// Returns the position of the slice's corner along a normal, mm.
    pub(crate) fn position_mm(&self, normal: Vector) -> f64 {
        self.plane.corner_mm.dot(normal)
    }

    /// Returns whether both are the same image in the same place, byte for byte.
    pub(crate) fn is_copy_of(&self, other: &Self) -> bool {
        let (a, b) = (&self.header, &other.header);
        self.plane == other.plane
            && a.rescale == b.rescale
            && a.encoded.syntax == b.encoded.syntax
            && match (self.released, other.released) {
                (None, None) => {
                    matches!((a.encoded.bytes(&self.bytes), b.encoded.bytes(&other.bytes)), (Ok(a), Ok(b)) if a == b)
                }
                (a, b) => a == b,
            }
    }

    /// Returns whether the slice's file has to be read again before the slice can be decoded.
    pub(crate) fn is_released(&self) -> bool {
        self.released.is_some()
    }

    /// Keeps every second row and column.
    pub(crate) fn thin(&mut self) {
        self.plane = self.plane.thinned();
    }

    /// Decodes the slice from its file, which was read again.
    ///
    /// # Errors
    /// [`SliceError::FileNotRead`] where the file isn't the one that was read before; where the
    /// frame can't be decoded.
    pub(crate) fn decode_again(&self, image: &FileImage) -> Result<Vec<i16>, SliceError> {
        let same =
            image.slice.as_ref() == Ok(&self.header) && self.header.encoded.digest(&image.bytes) == self.released;
        if !same {
            return Err(SliceError::FileNotRead);
        }
        FrameDecoder::new(&self.header, &self.plane).decode(&self.header.encoded.bytes(&image.bytes)?)
    }

    /// Returns whether both have the same rows, columns and pixel spacing.
    pub(crate) fn has_size_of(&self, other: &Self) -> bool {
        let (a, b) = (&self.plane, &other.plane);
        let close = |(a, b): (f64, f64)| (a - b).abs() <= SAME_SPACING * a;
        (a.rows, a.columns) == (b.rows, b.columns) && a.spacing_mm.into_iter().zip(b.spacing_mm).all(close)
    }

    /// Returns whether both slices are parallel.
    pub(crate) fn is_parallel_to(&self, other: &Self) -> bool {
        let pairs = self.plane.directions.into_iter().zip(other.plane.directions);
        pairs.into_iter().all(|(a, b)| a.minus(b).0.iter().all(|difference| difference.abs() <= PARALLEL))
    }

    /// Decodes the slice into `rows · columns` HU in canonical order. `lut` is kept for the next
    /// slice.
    ///
    /// # Errors
    /// Where the frame can't be decoded.
    pub(crate) fn decode(&self, lut: &mut Option<ModalityLut>, hu: &mut [i16]) -> Result<(), SliceError> {
        if self.is_released() {
            return Err(SliceError::FileNotRead);
        }
        let bytes = self.header.encoded.bytes(&self.bytes)?;
        FrameDecoder::new(&self.header, &self.plane).decode_into(bytes, lut, hu)
    }

    /// Returns the slice as a job for another worker; `None` where its pixel data are native.
    pub(crate) fn job(&self) -> Option<DecodeJob<'_>> {
        DecodeJob::new(self.number, &self.header, &self.plane, &self.bytes)
    }
}
