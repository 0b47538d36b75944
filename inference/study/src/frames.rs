//! One file's pictures: which bytes and which elements are each one's.
//!
//! A classic CT file is one picture. An enhanced or legacy-converted one holds many, each described by the functional
//! groups that are its own or shared (PS3.3 C.7.6.16), and its bytes lie one after the other or in fragments that a
//! table, their number or their first marker assigns (PS3.5 A.4). Where any of that is left open, none is read.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use corsai_report::IssueCode;

use crate::codec::CodecError;
use crate::image::{Fault, codec_fault, required_size};
use crate::value;
use crate::walk::{Dataset, Encoding, PixelData};

/// The top-level elements that are read; every other one is stepped over.
pub(crate) const WANTED: &[Tag] = &[
    tags::SPECIFIC_CHARACTER_SET,
    tags::IMAGE_TYPE,
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::SERIES_DATE,
    tags::ACQUISITION_DATE,
    tags::ACQUISITION_DATE_TIME,
    tags::MODALITY,
    tags::SERIES_DESCRIPTION,
    tags::PATIENT_ID,
    tags::CONTRAST_BOLUS_AGENT,
    tags::SLICE_THICKNESS,
    tags::KVP,
    tags::CONVOLUTION_KERNEL,
    tags::PATIENT_POSITION,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::ACQUISITION_NUMBER,
    tags::IMAGE_POSITION_PATIENT,
    tags::IMAGE_ORIENTATION_PATIENT,
    tags::FRAME_OF_REFERENCE_UID,
    tags::TEMPORAL_POSITION_IDENTIFIER,
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::NUMBER_OF_FRAMES,
    tags::ROWS,
    tags::COLUMNS,
    tags::PIXEL_SPACING,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::HIGH_BIT,
    tags::PIXEL_REPRESENTATION,
    tags::PIXEL_PADDING_VALUE,
    tags::PIXEL_PADDING_RANGE_LIMIT,
    tags::MODALITY_LUT_SEQUENCE,
    tags::RESCALE_INTERCEPT,
    tags::RESCALE_SLOPE,
    tags::RESCALE_TYPE,
    tags::LOSSY_IMAGE_COMPRESSION,
    tags::EXTENDED_OFFSET_TABLE,
];

/// The elements that are read of functional groups (PS3.3 C.7.6.16.2, C.8.15.3) and of codes, each with its sequence.
pub(crate) const GROUPED: &[(Tag, Tag)] = &[
    (tags::PLANE_POSITION_SEQUENCE, tags::IMAGE_POSITION_PATIENT),
    (tags::PLANE_ORIENTATION_SEQUENCE, tags::IMAGE_ORIENTATION_PATIENT),
    (tags::PIXEL_MEASURES_SEQUENCE, tags::PIXEL_SPACING),
    (tags::PIXEL_MEASURES_SEQUENCE, tags::SLICE_THICKNESS),
    (tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tags::RESCALE_INTERCEPT),
    (tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tags::RESCALE_SLOPE),
    (tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tags::RESCALE_TYPE),
    (tags::FRAME_CONTENT_SEQUENCE, tags::FRAME_ACQUISITION_NUMBER),
    (tags::FRAME_CONTENT_SEQUENCE, tags::TEMPORAL_POSITION_INDEX),
    (tags::FRAME_CONTENT_SEQUENCE, tags::STACK_ID),
    (tags::CT_IMAGE_FRAME_TYPE_SEQUENCE, tags::FRAME_TYPE),
    (tags::CT_RECONSTRUCTION_SEQUENCE, tags::CONVOLUTION_KERNEL),
    (tags::CTX_RAY_DETAILS_SEQUENCE, tags::KVP),
    (tags::PATIENT_ORIENTATION_MODIFIER_CODE_SEQUENCE, tags::CODE_VALUE),
];

/// One picture of a file.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub dataset: &'a Dataset,
    /// Its number from 0, where the file describes its pictures one by one.
    pub index: Option<usize>,
    pub pixels: PixelData,
}

impl Frame<'_> {
    /// The raw value of an element: the frame's own, else the shared one, else the file's.
    pub(crate) fn value(&self, tag: Tag) -> Option<&[u8]> {
        let grouped = self.index.and_then(|index| self.dataset.grouped(index, tag));
        grouped.or_else(|| self.dataset.value(tag))
    }

    /// The bits of a 16-bit number.
    pub(crate) fn word(&self, tag: Tag) -> Option<u16> {
        value::word(self.value(tag)?, self.dataset.encoding == Encoding::ExplicitBig)
    }
}

/// A file's pictures.
///
/// # Errors
/// The reason why none of several is read, and the first of them to say what they are.
pub(crate) fn frames(dataset: &Dataset) -> Result<Vec<Frame<'_>>, (Frame<'_>, Fault)> {
    let declared = dataset.value(tags::NUMBER_OF_FRAMES);
    let described = dataset.described_frames();
    if described == 0 && declared.is_none_or(|value| value::integer(value) == Some(1)) {
        return Ok(vec![Frame { dataset, index: None, pixels: dataset.pixels.clone() }]);
    }
    let count = declared.map_or(Some(1), value::integer).and_then(|count| usize::try_from(count).ok());
    let pictures = match count {
        Some(count) if count == described => split(dataset, count),
        _ => Err(Fault::new(IssueCode::SeriesEnhanced, &format!("{described} frames described"))),
    };
    let frame = |(index, pixels)| Frame { dataset, index: Some(index), pixels };
    match pictures {
        Ok(pictures) => Ok(pictures.into_iter().enumerate().map(frame).collect()),
        Err(fault) => Err((frame((0, PixelData::Truncated)), fault)),
    }
}

/// The pixel data of each of `count` frames.
pub(crate) fn split(dataset: &Dataset, count: usize) -> Result<Vec<PixelData>, Fault> {
    let fault = |error| codec_fault(error, dataset.syntax);
    match &dataset.pixels {
        PixelData::Truncated => Err(Fault::new(IssueCode::FileTruncated, "")),
        PixelData::Native(range) => {
            let (rows, columns) = required_size(dataset)?;
            let bytes = rows * columns * 2;
            let whole = bytes.checked_mul(count).ok_or_else(|| fault(CodecError::Size))?;
            // Words need no padding, which some writers add all the same.
            if range.len() < whole || range.len() - whole > 2 {
                return Err(fault(CodecError::Size));
            }
            let start = |frame: usize| range.start + frame * bytes;
            Ok((0..count).map(|frame| PixelData::Native(start(frame)..start(frame) + bytes)).collect())
        }
        PixelData::Encapsulated(fragments) => {
            // Offsets count from the end of the table to a fragment's item, whose header has eight bytes.
            let origin = dataset.offsets.end + 8;
            let offsets: Vec<usize> = fragments.iter().map(|fragment| fragment.start.saturating_sub(origin)).collect();
            let begins = begins(dataset, &offsets, count).ok_or_else(|| fault(CodecError::Damaged))?;
            let ends = begins.iter().skip(1).copied().chain([fragments.len()]);
            let parts = begins.iter().zip(ends).map(|(begin, end)| &fragments[*begin..end]);
            Ok(parts.map(|parts| PixelData::Encapsulated(parts.to_vec())).collect())
        }
    }
}

/// The number of the fragment with which each frame begins.
fn begins(dataset: &Dataset, offsets: &[usize], count: usize) -> Option<Vec<usize>> {
    let basic = dataset.bytes.get(dataset.offsets.clone()).unwrap_or_default().as_chunks::<4>().0;
    let basic: Vec<u64> = basic.iter().map(|bytes| u64::from(u32::from_le_bytes(*bytes))).collect();
    let extended = dataset.value(tags::EXTENDED_OFFSET_TABLE).unwrap_or_default().as_chunks::<8>().0;
    let extended: Vec<u64> = extended.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
    let by_table = |table: &[u64]| -> Option<Vec<usize>> {
        let find = |offset: &u64| offsets.binary_search(&usize::try_from(*offset).ok()?).ok();
        let begins: Vec<usize> = table.iter().map(find).collect::<Option<_>>()?;
        is_cover(&begins, count).then_some(begins)
    };
    let one_each = || (offsets.len() == count).then(|| (0..count).collect());
    by_table(&basic).or_else(|| by_table(&extended)).or_else(one_each).or_else(|| by_marker(dataset, count))
}

/// Fragments that open a JPEG or a JPEG 2000 code stream begin a frame.
fn by_marker(dataset: &Dataset, count: usize) -> Option<Vec<usize>> {
    let PixelData::Encapsulated(fragments) = &dataset.pixels else { return None };
    let opens = |start: usize| {
        let bytes = dataset.bytes.get(start..).unwrap_or_default();
        bytes.starts_with(&[0xFF, 0xD8, 0xFF]) || bytes.starts_with(&[0xFF, 0x4F, 0xFF, 0x51])
    };
    let begins: Vec<usize> =
        fragments.iter().enumerate().filter(|(_, fragment)| opens(fragment.start)).map(|(index, _)| index).collect();
    is_cover(&begins, count).then_some(begins)
}

/// Whether there is a beginning for each frame, the first at the first fragment, and none twice.
fn is_cover(begins: &[usize], count: usize) -> bool {
    begins.len() == count && begins.first() == Some(&0) && begins.is_sorted_by(|a, b| a < b)
}
