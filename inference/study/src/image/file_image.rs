//! The images of one file, each with its description and its header as a slice.

use std::sync::Arc;

use dicom_dictionary_std::tags;

use crate::dataset::frames::{Frame, frames};
use crate::dataset::reader::Dataset;
use crate::dataset::value_parsing;
use crate::error::{CodecError, FileError, SliceError};
use crate::image::description::{ImageDescription, ImageKind, ReconstructionKey, SeriesKey};
use crate::image::frame_decoder::DecodeJob;
use crate::image::slice_header::SliceHeader;
use crate::pixel_data::{EightBitImage, EncodedFrame, PixelData};

/// Where an image came from, so that its file can be read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    /// Number of the file among those that were added, from 0.
    pub file: usize,
    /// Number of the file within an archive, from 0; 0 outside of one.
    pub entry: usize,
    /// Number of the image within that file, from 0.
    pub image: usize,
}

/// What is known of the pixels of an image whose file's bytes aren't held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Released {
    /// The bytes were let go: a digest of the encoded pixels.
    Digest(u64),
    /// Only the first bytes of the file were read.
    Unread,
}

/// One image of a file.
#[derive(Debug)]
pub(crate) struct FileImage {
    /// The file's name, with the frame's number where there are several.
    pub name: String,
    /// The image's number among all that were added; the intake sets it.
    pub number: u32,
    pub origin: Origin,
    /// The file's bytes, shared by its images; empty where the pixels are never needed, or were
    /// released.
    pub bytes: Arc<Vec<u8>>,
    /// Present where the file has to be read again for its pixels.
    pub released: Option<Released>,
    pub series: SeriesKey,
    /// SOP Instance UID, with the frame's number where there are several; empty where the file has
    /// none.
    pub instance: String,
    pub kind: ImageKind,
    pub reconstruction: ReconstructionKey,
    pub description: ImageDescription,
    pub slice: Result<SliceHeader, SliceError>,
    /// The encoded frame of an 8-bit image, for the preview.
    eight_bit: Option<EncodedFrame>,
}

impl FileImage {
    /// Reads one DICOM file: its image, or one image for each frame. An error that all frames share
    /// is reported by one image.
    ///
    /// # Errors
    /// Where the file can't be used at all, and belongs to no series.
    pub(crate) fn read(name: &str, bytes: Vec<u8>) -> Result<Vec<Self>, FileError> {
        let size = bytes.len();
        Self::read_start(name, bytes, size)
    }

    /// Reads the images of a file of `size` bytes by its first ones.
    ///
    /// # Errors
    /// Those of [`Dataset::read_start`].
    pub(crate) fn read_start(name: &str, start: Vec<u8>, size: usize) -> Result<Vec<Self>, FileError> {
        let is_whole = start.len() >= size;
        let dataset = Dataset::read_start(start, size)?;
        let mut images: Vec<Self> = match frames(&dataset) {
            Ok(frames) => frames.iter().map(|frame| Self::new(name, frame, SliceHeader::read)).collect(),
            Err((first, error)) => vec![Self::new(name, &first, |_| Err(error.clone()))],
        };
        if let Some(error) = images.first().and_then(|first| first.slice.clone().err())
            && images.iter().all(|image| image.slice.as_ref().err() == Some(&error))
        {
            images.truncate(1);
            for image in &mut images {
                name.clone_into(&mut image.name);
            }
        }
        if !is_whole {
            for image in &mut images {
                image.released = image.slice.is_ok().then_some(Released::Unread);
                image.eight_bit = None;
            }
            return Ok(images);
        }
        let bytes = Arc::new(dataset.bytes);
        for image in images.iter_mut().filter(|image| image.slice.is_ok() || image.eight_bit.is_some()) {
            image.bytes = Arc::clone(&bytes);
        }
        Ok(images)
    }

    /// Returns an image that is a slice of Hounsfield units.
    pub(crate) fn of_slice(
        name: &str,
        bytes: Arc<Vec<u8>>,
        series: SeriesKey,
        description: ImageDescription,
        slice: Result<SliceHeader, SliceError>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            number: 0,
            origin: Origin::default(),
            bytes,
            released: None,
            series,
            instance: String::new(),
            kind: ImageKind::Slice,
            reconstruction: ReconstructionKey::default(),
            description,
            slice,
            eight_bit: None,
        }
    }

    /// Lets the file's bytes go; a digest of the pixels stays.
    pub(crate) fn release(&mut self) {
        if self.released.is_some() {
            return;
        }
        self.released = self.digest();
        self.bytes = Arc::default();
        self.eight_bit = None;
    }

    /// Returns a digest of the encoded pixels; `None` without a slice or its bytes.
    pub(crate) fn digest(&self) -> Option<Released> {
        self.slice.as_ref().ok().and_then(|slice| slice.encoded.digest(&self.bytes)).map(Released::Digest)
    }

    /// Takes the 8-bit image, if the image is one.
    pub(crate) fn take_eight_bit(&mut self) -> Option<EightBitImage> {
        let encoded = self.eight_bit.take()?;
        let ImageDescription { rows, columns, .. } = self.description;
        Some(EightBitImage { bytes: Arc::clone(&self.bytes), encoded, rows, columns })
    }

    /// Returns the slice as a job for another worker; `None` where there is no slice, or its pixel
    /// data are native.
    pub(crate) fn job(&self) -> Option<DecodeJob<'_>> {
        let slice = self.slice.as_ref().ok()?;
        DecodeJob::new(self.number, slice, &slice.plane(), &self.bytes)
    }

    fn new(name: &str, frame: &Frame, slice: impl FnOnce(&Frame) -> Result<SliceHeader, SliceError>) -> Self {
        let description = ImageDescription::of(frame);
        let kind = ImageKind::of(frame, description.lossy);
        let slice = match kind {
            ImageKind::Slice | ImageKind::DerivedSlice => slice(frame),
            _ => Err(SliceError::NotOriginal),
        };
        let mut instance = value_parsing::identifier(frame.value(tags::SOP_INSTANCE_UID));
        let mut name = name.to_owned();
        if let Some(index) = frame.index {
            name = format!("{name} #{}", index + 1);
            if !instance.is_empty() {
                instance = format!("{instance}#{index:05}");
            }
        }
        let eight_bit = match (&slice, &frame.pixels) {
            (Err(SliceError::Codec(CodecError::EightBit)), PixelData::Encapsulated(parts)) => {
                Some(EncodedFrame { syntax: frame.dataset.syntax, parts: parts.clone() })
            }
            _ => None,
        };
        Self {
            name,
            number: 0,
            origin: Origin::default(),
            bytes: Arc::default(),
            released: None,
            series: SeriesKey::of(frame),
            instance,
            kind,
            reconstruction: ReconstructionKey::of(frame),
            description,
            slice,
            eight_bit,
        }
    }
}
