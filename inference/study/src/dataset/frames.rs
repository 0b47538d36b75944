//! One file's frames: which bytes and which attributes belong to each.
//!
//! A classic CT file is one image. An enhanced or legacy-converted one has many frames. Each frame
//! is described by functional groups of its own and by shared ones (PS3.3 C.7.6.16). The pixel data
//! of frames follow one another, or are in fragments, which an offset table, their number or their
//! first marker assigns to frames (PS3.5 A.4). Where any of that is open, no frame is read.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::dataset::image_size::required_size;
use crate::dataset::reader::{Dataset, ElementEncoding};
use crate::dataset::value_parsing;
use crate::error::{CodecError, SliceError};
use crate::pixel_data::PixelData;

/// First bytes of a JPEG stream, a JPEG 2000 codestream and its file, a JPEG XL codestream and its
/// file.
const STREAM_STARTS: [&[u8]; 5] = [
    &[0xFF, 0xD8, 0xFF],
    &[0xFF, 0x4F, 0xFF, 0x51],
    &[0, 0, 0, 12, b'j', b'P', b' ', b' '],
    &[0xFF, 0x0A],
    &[0, 0, 0, 12, b'J', b'X', b'L', b' '],
];

/// One frame of a file.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub dataset: &'a Dataset,
    /// The frame's number from 0, where the file describes its frames one by one.
    pub index: Option<usize>,
    pub pixels: PixelData,
}

impl Frame<'_> {
    /// Returns the raw value of an attribute: the frame's own, else the shared one, else the
    /// file's.
    pub(crate) fn value(&self, tag: Tag) -> Option<&[u8]> {
        let own = self.index.and_then(|index| self.dataset.frame_value(index, tag));
        own.or_else(|| self.dataset.value(tag))
    }

    /// Returns a number of floating point: single precision, or double.
    pub(crate) fn float(&self, tag: Tag) -> Option<f64> {
        value_parsing::float(self.value(tag)?, self.dataset.encoding == ElementEncoding::ExplicitBig)
    }

    /// Returns the bits of a 16-bit number.
    pub(crate) fn word(&self, tag: Tag) -> Option<u16> {
        value_parsing::word(self.value(tag)?, self.dataset.encoding == ElementEncoding::ExplicitBig)
    }
}

/// Returns a file's frames.
///
/// # Errors
/// Why none of several frames is read, and the first of them for its description.
pub(crate) fn frames(dataset: &Dataset) -> Result<Vec<Frame<'_>>, (Frame<'_>, SliceError)> {
    let declared = dataset.value(tags::NUMBER_OF_FRAMES);
    let described = dataset.described_frames();
    // Some writers count the only frame from 0.
    if described == 0 && declared.is_none_or(|value| matches!(value_parsing::integer(value), Some(0 | 1))) {
        return Ok(vec![Frame { dataset, index: None, pixels: dataset.pixels.clone() }]);
    }
    let count = declared.map_or(Some(1), value_parsing::integer).and_then(|count| usize::try_from(count).ok());
    let pixels = match count {
        Some(count) if count == described => split(dataset, count),
        _ => Err(SliceError::FramesNotDescribed { described }),
    };
    let frame = |(index, pixels)| Frame { dataset, index: Some(index), pixels };
    match pixels {
        Ok(pixels) => Ok(pixels.into_iter().enumerate().map(frame).collect()),
        Err(error) => Err((frame((0, PixelData::Truncated)), error)),
    }
}

/// Returns the pixel data of each of `count` frames.
///
/// # Errors
/// Where the pixel data are not those of `count` frames.
pub(crate) fn split(dataset: &Dataset, count: usize) -> Result<Vec<PixelData>, SliceError> {
    match &dataset.pixels {
        PixelData::Truncated => Err(SliceError::Truncated),
        PixelData::Native(range) => {
            let (rows, columns) = required_size(dataset)?;
            let bytes = rows * columns * dataset.format.bytes();
            let whole = bytes.checked_mul(count).ok_or(CodecError::Size)?;
            // Samples need no padding; some writers add it all the same.
            if range.len() < whole || range.len() - whole > 2 {
                return Err(CodecError::Size.into());
            }
            let start = |frame: usize| range.start + frame * bytes;
            Ok((0..count).map(|frame| PixelData::Native(start(frame)..start(frame) + bytes)).collect())
        }
        PixelData::Encapsulated(fragments) => {
            // Offsets count from the end of the table to a fragment's item, whose header has eight
            // bytes.
            let origin = dataset.offsets.end + 8;
            let offsets: Vec<usize> = fragments.iter().map(|fragment| fragment.start.saturating_sub(origin)).collect();
            let first = first_fragments(dataset, &offsets, count).ok_or(CodecError::Damaged)?;
            let ends = first.iter().skip(1).copied().chain([fragments.len()]);
            let parts = first.iter().zip(ends).map(|(begin, end)| &fragments[*begin..end]);
            Ok(parts.map(|parts| PixelData::Encapsulated(parts.to_vec())).collect())
        }
    }
}

/// Returns the index of each frame's first fragment.
fn first_fragments(dataset: &Dataset, offsets: &[usize], count: usize) -> Option<Vec<usize>> {
    let basic = dataset.bytes.get(dataset.offsets.clone()).unwrap_or_default().as_chunks::<4>().0;
    let basic: Vec<u64> = basic.iter().map(|bytes| u64::from(u32::from_le_bytes(*bytes))).collect();
    let extended = dataset.value(tags::EXTENDED_OFFSET_TABLE).unwrap_or_default().as_chunks::<8>().0;
    let extended: Vec<u64> = extended.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
    let by_table = |table: &[u64]| -> Option<Vec<usize>> {
        let find = |offset: &u64| offsets.binary_search(&usize::try_from(*offset).ok()?).ok();
        let first: Vec<usize> = table.iter().map(find).collect::<Option<_>>()?;
        is_complete(&first, count).then_some(first)
    };
    let one_each = || (offsets.len() == count).then(|| (0..count).collect());
    by_table(&basic).or_else(|| by_table(&extended)).or_else(one_each).or_else(|| by_marker(dataset, count))
}

/// Returns the index of each fragment that begins a JPEG, JPEG 2000 or JPEG XL stream, if there is
/// one for each frame.
fn by_marker(dataset: &Dataset, count: usize) -> Option<Vec<usize>> {
    let PixelData::Encapsulated(fragments) = &dataset.pixels else { return None };
    let opens = |start: usize| {
        let bytes = dataset.bytes.get(start..).unwrap_or_default();
        STREAM_STARTS.iter().any(|start| bytes.starts_with(start))
    };
    let first: Vec<usize> =
        fragments.iter().enumerate().filter(|(_, fragment)| opens(fragment.start)).map(|(index, _)| index).collect();
    is_complete(&first, count).then_some(first)
}

/// Returns whether there is a first fragment for each frame, fragment 0 the first, none twice.
fn is_complete(first: &[usize], count: usize) -> bool {
    first.len() == count && first.first() == Some(&0) && first.is_sorted_by(|a, b| a < b)
}
