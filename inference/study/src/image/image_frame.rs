//! The stored values of one frame, neither rescaled nor in canonical order, whatever it shows.
//!
//! A study is measured through [`crate::Intake`]. Conformance tests, fuzz targets and benchmarks
//! look at this instead, so that decoders are compared on magnetic resonance images too and without
//! a volume around them.

use dicom_dictionary_std::tags;

use crate::codec::decode::decode;
use crate::dataset::frames::{Frame, split};
use crate::dataset::image_size::required_size;
use crate::dataset::reader::Dataset;
use crate::dataset::value_parsing;
use crate::error::{SliceError, StudyError};
use crate::image::slice_header::stored_bits;
use crate::pixel_data::{EncodedFrame, PixelData, SampleFormat};

/// Stored values of one frame, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFrame {
    /// Height, pixels.
    pub rows: usize,
    /// Width, pixels.
    pub columns: usize,
    /// With their sign, without the bits beside the stored ones.
    pub values: Vec<i32>,
    /// Whether the transfer syntax may be lossy.
    pub lossy: bool,
}

impl ImageFrame {
    /// Reads the first frame of a file of grey images.
    ///
    /// # Errors
    /// Why the file or its frame would be left out of a study.
    pub fn read(bytes: Vec<u8>) -> Result<Self, StudyError> {
        let dataset = Dataset::read(bytes)?;
        Ok(first_frame(&dataset)?)
    }
}

fn first_frame(dataset: &Dataset) -> Result<ImageFrame, SliceError> {
    let (rows, columns) = required_size(dataset)?;
    if dataset.format != SampleFormat::Word {
        let bits = 8 * dataset.format.bytes() as u16;
        return Err(SliceError::BitDepth { stored: bits, allocated: bits });
    }
    let whole = Frame { dataset, index: None, pixels: dataset.pixels.clone() };
    let bits = stored_bits(&whole)?;
    if whole.word(tags::SAMPLES_PER_PIXEL).is_some_and(|samples| samples != 1) {
        return Err(SliceError::SeveralSamples);
    }
    if dataset.pixels == PixelData::Truncated {
        return Err(SliceError::Truncated);
    }
    let declared = dataset.value(tags::NUMBER_OF_FRAMES);
    let count = declared.map_or(Some(1), value_parsing::integer).and_then(|count| usize::try_from(count).ok());
    let pixels = match count {
        Some(0 | 1) => whole.pixels,
        Some(count) => split(dataset, count)?.into_iter().next().ok_or(SliceError::NoPixelData)?,
        None => return Err(SliceError::MissingNumber),
    };
    let encoded = EncodedFrame::new(dataset.syntax, dataset.format, &pixels, rows * columns)?;
    let words = decode(dataset.syntax, encoded.bytes(&dataset.bytes)?, rows, columns, bits.signed)?;
    let bits = bits.with_codec(words.codec_depth);
    let read = if words.big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
    let (pairs, _) = words.bytes.as_chunks::<2>();
    let values = pairs.iter().take(rows * columns).map(|word| bits.value(read(*word))).collect();
    Ok(ImageFrame { rows, columns, values, lossy: dataset.syntax.is_lossy() })
}
