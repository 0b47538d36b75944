//! One readable slice of a series.

use std::sync::Arc;

use crate::allocation::zeroed_vec;
use crate::error::SliceError;
use crate::geometry::orientation::SlicePlane;
use crate::geometry::vector::Vector;
use crate::image::description::{ImageDescription, ReconstructionKey};
use crate::image::file_image::{FileImage, Origin, Released};
use crate::image::frame_decoder::{DecodeJob, FrameDecoder};
use crate::image::modality_lut::ModalityLut;
use crate::image::slice_header::SliceHeader;

/// Largest mean difference of an image to its copy that was compressed with loss, HU.
const MAX_LOSS_HU: u64 = 25;

/// What one image is to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Different,
    /// The same picture.
    Copy,
    /// The same picture, to be used in place of the other one: without loss, uncompressed, or not
    /// damaged.
    BetterCopy,
}

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
    released: Option<Released>,
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

    /// Compares two images that may be the same one: byte for byte, or decoded where they are
    /// encoded in two ways and `decode` says so. If it doesn't, the latter count as copies.
    pub(crate) fn compare(&self, other: &Self, decode: impl FnOnce() -> bool) -> Comparison {
        if self.plane != other.plane {
            return Comparison::Different;
        }
        if self.is_released() || other.is_released() {
            // Without their pixels, two encodings of one image can't be told from two images.
            let digests = (self.released, other.released);
            let same = matches!(digests, (Some(Released::Digest(one)), Some(Released::Digest(other))) if one == other);
            return if same && self.is_encoded_as(other) { Comparison::Copy } else { Comparison::Different };
        }
        if self.is_encoded_as(other) {
            let stored = (self.header.encoded.bytes(&self.bytes), other.header.encoded.bytes(&other.bytes));
            return if matches!(stored, (Ok(a), Ok(b)) if a == b) { Comparison::Copy } else { Comparison::Different };
        }
        let quality = |slice: &Self| (!slice.description.lossy, !slice.header.encoded.syntax.is_encapsulated());
        let mut better = quality(self) > quality(other);
        if decode() {
            match (self.decoded(), other.decoded()) {
                (Ok(a), Ok(b)) if !is_same_picture(&a, &b, self.description.lossy || other.description.lossy) => {
                    return Comparison::Different;
                }
                (Ok(_), Ok(_)) => {}
                // A copy that can't be decoded shows nothing else.
                (one, _) => better = one.is_ok(),
            }
        }
        if better { Comparison::BetterCopy } else { Comparison::Copy }
    }

    /// Returns whether the stored values of both have the same encoding and meaning.
    pub(crate) fn is_encoded_as(&self, other: &Self) -> bool {
        let (a, b) = (&self.header, &other.header);
        a.rescale == b.rescale && a.encoded.syntax == b.encoded.syntax
    }

    /// Decodes the slice, HU in canonical order.
    ///
    /// # Errors
    /// Where the frame can't be decoded.
    pub(crate) fn decoded(&self) -> Result<Vec<i16>, SliceError> {
        let mut hu = zeroed_vec(self.plane.rows.saturating_mul(self.plane.columns))?;
        self.decode(&mut None, &mut hu)?;
        Ok(hu)
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
        let digest = self.header.encoded.digest(&image.bytes);
        let same_pixels = match self.released {
            Some(Released::Digest(before)) => digest == Some(before),
            Some(Released::Unread) => digest.is_some(),
            None => false,
        };
        if image.slice.as_ref() != Ok(&self.header) || !same_pixels {
            return Err(SliceError::FileNotRead);
        }
        FrameDecoder::new(&self.header, &self.plane).decode(&self.header.encoded.bytes(&image.bytes)?)
    }

    /// Returns whether both have the same rows, columns and pixel spacing.
    pub(crate) fn has_size_of(&self, other: &Self) -> bool {
        self.plane.has_size_of(&other.plane)
    }

    /// Returns whether both slices are parallel.
    pub(crate) fn is_parallel_to(&self, other: &Self) -> bool {
        self.plane.is_parallel_to(&other.plane)
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

/// Returns whether values are those of one picture, up to the loss of a compression.
fn is_same_picture(one: &[i16], other: &[i16], lossy: bool) -> bool {
    let differences: u64 = one.iter().zip(other).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    let allowed = if lossy { MAX_LOSS_HU * one.len() as u64 } else { 0 };
    one.len() == other.len() && differences <= allowed
}
