//! The size of a file's images.

use dicom_dictionary_std::tags;

use crate::dataset::reader::{Dataset, ElementEncoding};
use crate::dataset::value_parsing;
use crate::error::SliceError;

/// Rows and columns that a CT may have, pixels.
const SIDES: std::ops::RangeInclusive<usize> = 2..=4096;

/// Returns the rows and columns of a file's images.
///
/// # Errors
/// [`SliceError::MissingNumber`], and [`SliceError::Size`] for a size that no CT has.
pub(crate) fn required_size(dataset: &Dataset) -> Result<(usize, usize), SliceError> {
    let big_endian = dataset.encoding == ElementEncoding::ExplicitBig;
    let side = |tag| {
        let word = dataset.value(tag).and_then(|value| value_parsing::word(value, big_endian));
        word.map(usize::from).ok_or(SliceError::MissingNumber)
    };
    let (rows, columns) = (side(tags::ROWS)?, side(tags::COLUMNS)?);
    if !SIDES.contains(&rows) || !SIDES.contains(&columns) {
        return Err(SliceError::Size { rows, columns });
    }
    Ok((rows, columns))
}
