//! The header of a CT slice: everything needed to place and decode it, each number read strictly.

use dicom_dictionary_std::tags;

use crate::dataset::frames::Frame;
use crate::dataset::image_size::required_size;
use crate::dataset::value_parsing;
use crate::error::{CodecError, SliceError};
use crate::geometry::orientation::{SlicePlane, direction_cosines};
use crate::geometry::vector::Vector;
use crate::image::modality_lut::{FloatRescale, HuMapping, Padding, Rescale, StoredBits};
use crate::image::unit::is_hounsfield;
use crate::pixel_data::{EncodedFrame, PixelData, SampleFormat};
use crate::transfer_syntax::TransferSyntax;

/// Distances of pixels that a CT may have, mm.
const PIXEL_SPACING_MM: std::ops::RangeInclusive<f64> = 0.01..=100.0;
/// Bits Stored that a CT may have. Some 4,000 values need twelve bits; ten leave room for odd
/// scanners, eight are a screenshot.
const BITS_STORED: std::ops::RangeInclusive<u16> = 10..=16;

/// Where a slice is, how it is encoded, and how its stored values become Hounsfield units.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SliceHeader {
    pub rows: usize,
    pub columns: usize,
    /// Centre of the first pixel in patient coordinates (LPS), mm.
    pub corner_mm: Vector,
    /// Direction cosines of rising column index, then of rising row index.
    pub directions: [Vector; 2],
    /// Distance of neighbouring rows, of neighbouring columns, mm.
    pub spacing_mm: [f64; 2],
    pub encoded: EncodedFrame,
    pub rescale: HuMapping,
}

impl SliceHeader {
    /// Reads the header of a frame.
    ///
    /// # Errors
    /// The first attribute that is missing, unreadable or not a CT's.
    pub(crate) fn read(frame: &Frame) -> Result<Self, SliceError> {
        let (rows, columns) = required_size(frame.dataset)?;
        let rescale = rescale(frame)?;
        let corner_mm = frame.value(tags::IMAGE_POSITION_PATIENT).and_then(value_parsing::decimals::<3>);
        let cosines = frame.value(tags::IMAGE_ORIENTATION_PATIENT).and_then(value_parsing::decimals::<6>);
        let (Some(corner_mm), Some(cosines)) = (corner_mm.map(Vector), cosines) else {
            return Err(SliceError::NoPosition);
        };
        let directions = direction_cosines(cosines).ok_or(SliceError::NoRotation)?;
        let spacing = frame.value(tags::PIXEL_SPACING).and_then(value_parsing::decimals::<2>);
        let spacing = spacing.filter(|spacing| spacing.iter().all(|mm| PIXEL_SPACING_MM.contains(mm)));
        let spacing_mm = spacing.ok_or(SliceError::NoPixelSpacing)?;
        if frame.pixels == PixelData::Truncated {
            return Err(SliceError::Truncated);
        }
        let encoded = EncodedFrame::new(frame.dataset.syntax, frame.dataset.format, &frame.pixels, rows * columns)?;
        Ok(Self { rows, columns, corner_mm, directions, spacing_mm, encoded, rescale })
    }

    /// Returns the slice's plane in canonical orientation.
    pub(crate) fn plane(&self) -> SlicePlane {
        SlicePlane::new((self.rows, self.columns), self.spacing_mm, self.corner_mm, self.directions)
    }
}

fn rescale(frame: &Frame) -> Result<HuMapping, SliceError> {
    let bits = match frame.dataset.format {
        SampleFormat::Word => Some(stored_bits(frame)?),
        SampleFormat::Float | SampleFormat::Double => None,
    };
    if frame.dataset.has(tags::MODALITY_LUT_SEQUENCE) {
        return Err(SliceError::ModalityLutSequence);
    }
    let unit = value_parsing::identifier(frame.value(tags::RESCALE_TYPE));
    if !unit.is_empty() && !is_hounsfield(&unit) {
        return Err(SliceError::OtherUnit);
    }
    let number = |tag| frame.value(tag).and_then(value_parsing::decimal);
    let (slope, intercept) = (number(tags::RESCALE_SLOPE), number(tags::RESCALE_INTERCEPT));
    let (Some(slope), Some(intercept)) = (slope.filter(|slope| *slope > 0.0), intercept) else {
        return Err(SliceError::Rescale);
    };
    let Some(bits) = bits else { return Ok(HuMapping::Floats(float_rescale(frame, slope, intercept))) };
    let padding = frame
        .word(tags::PIXEL_PADDING_VALUE)
        .map(|value| Padding { value, limit: frame.word(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(value) });
    Ok(HuMapping::Words(Rescale { bits, slope, intercept, padding }))
}

fn float_rescale(frame: &Frame, slope: f64, intercept: f64) -> FloatRescale {
    let double = frame.dataset.format == SampleFormat::Double;
    let [value, limit] = if double {
        [tags::DOUBLE_FLOAT_PIXEL_PADDING_VALUE, tags::DOUBLE_FLOAT_PIXEL_PADDING_RANGE_LIMIT]
    } else {
        [tags::FLOAT_PIXEL_PADDING_VALUE, tags::FLOAT_PIXEL_PADDING_RANGE_LIMIT]
    };
    let padding = frame.float(value).map(|value| {
        let limit = frame.float(limit).unwrap_or(value);
        [value.min(limit), value.max(limit)]
    });
    let big_endian = frame.dataset.syntax == TransferSyntax::ExplicitBigEndian;
    FloatRescale { double, big_endian, slope, intercept, padding }
}

/// Reads which bits of a 16-bit word are the stored value.
///
/// # Errors
/// [`SliceError::BitDepth`] for bits that no CT has, [`CodecError::EightBit`] for JPEG Baseline.
pub(crate) fn stored_bits(frame: &Frame) -> Result<StoredBits, SliceError> {
    if frame.dataset.syntax == TransferSyntax::JpegBaseline {
        return Err(CodecError::EightBit.into());
    }
    let number = |tag| frame.word(tag).ok_or(SliceError::MissingNumber);
    let (allocated, stored) = (number(tags::BITS_ALLOCATED)?, number(tags::BITS_STORED)?);
    let (high, signed) = (number(tags::HIGH_BIT)?, number(tags::PIXEL_REPRESENTATION)?);
    if allocated != 16 || !BITS_STORED.contains(&stored) || high >= 16 || high + 1 < stored || signed > 1 {
        return Err(SliceError::BitDepth { stored, allocated });
    }
    // All of them were checked to be at most 16.
    Ok(StoredBits { count: stored as u8, shift: (high + 1 - stored) as u8, signed: signed == 1 })
}
