//! The small image beside a series in the list.

use corsai_protocol::{Preview, SeriesId};

use crate::codec::decode::decode_eight_bit;
use crate::error::SliceError;
use crate::pixel_data::EightBitImage;
use crate::series::slice::SeriesSlice;

/// Longest side of a preview, pixels.
const SIDE: usize = 128;
/// Lung window: −600 ± 750 HU.
const LUNG_WINDOW: Window = Window { lowest: -1350.0, width: 1500.0 };
/// All values of an 8-bit image, whose unit is unknown.
const EIGHT_BIT_WINDOW: Window = Window { lowest: 0.0, width: 255.0 };

/// The range of values that is shown from black to white.
#[derive(Clone, Copy)]
struct Window {
    lowest: f64,
    width: f64,
}

/// The image of a series that can't be measured.
#[derive(Debug)]
pub(crate) enum PreviewSource {
    Slice(Box<SeriesSlice>),
    EightBit(EightBitImage),
}

impl PreviewSource {
    /// Takes the middle one of some slices.
    pub(crate) fn middle_slice(slices: Vec<SeriesSlice>) -> Option<Self> {
        middle(slices).map(|slice| Self::Slice(Box::new(slice)))
    }

    /// Takes the middle one of some 8-bit images.
    pub(crate) fn middle_eight_bit(images: Vec<EightBitImage>) -> Option<Self> {
        middle(images).map(Self::EightBit)
    }
}

fn middle<T>(mut all: Vec<T>) -> Option<T> {
    let middle = all.len() / 2;
    (middle < all.len()).then(|| all.swap_remove(middle))
}

/// Decodes a slice, shrinks it and windows it: one byte for each pixel, row by row.
///
/// # Errors
/// Where the slice can't be decoded.
pub(crate) fn preview_of_slice(slice: &SeriesSlice, series: SeriesId) -> Result<(Preview, Vec<u8>), SliceError> {
    let (rows, columns) = (slice.plane.rows, slice.plane.columns);
    let mut hu = vec![0_i16; rows * columns];
    slice.decode(&mut None, &mut hu)?;
    Ok(preview_of_hu(&hu, slice, series))
}

/// Shrinks and windows the Hounsfield units of a slice.
pub(crate) fn preview_of_hu(hu: &[i16], slice: &SeriesSlice, series: SeriesId) -> (Preview, Vec<u8>) {
    preview(hu, slice.plane.columns, LUNG_WINDOW, series)
}

/// As [`preview_of_slice`], of a series that can't be measured.
///
/// # Errors
/// Where the image can't be decoded.
pub(crate) fn preview_of_source(source: &PreviewSource, series: SeriesId) -> Result<(Preview, Vec<u8>), SliceError> {
    match source {
        PreviewSource::Slice(slice) => preview_of_slice(slice, series),
        PreviewSource::EightBit(EightBitImage { bytes, encoded, rows, columns }) => {
            let grey = decode_eight_bit(&encoded.bytes(bytes)?, *rows, *columns)?;
            Ok(preview(&grey, *columns, EIGHT_BIT_WINDOW, series))
        }
    }
}

fn preview(values: &[i16], columns: usize, window: Window, series: SeriesId) -> (Preview, Vec<u8>) {
    let (pixels, [rows, columns]) = shrink(values, columns, window);
    let side = |pixels: usize| u32::try_from(pixels).expect("invariant: a preview has at most 128 pixels a side");
    (Preview { series, columns: side(columns), rows: side(rows) }, pixels)
}

/// Averages squares of pixels until the longest side fits, and windows the means. Returns the
/// pixels with their rows and columns.
fn shrink(values: &[i16], columns: usize, window: Window) -> (Vec<u8>, [usize; 2]) {
    let rows = values.len() / columns.max(1);
    let factor = rows.max(columns).div_ceil(SIDE).max(1);
    let size = [rows.div_ceil(factor), columns.div_ceil(factor)];
    let mut sums = vec![(0_i64, 0_i64); size[0] * size[1]];
    for (row, line) in values.chunks_exact(columns.max(1)).enumerate() {
        let target = &mut sums[row / factor * size[1]..];
        for (square, (sum, count)) in line.chunks(factor).zip(target) {
            *sum += square.iter().map(|value| i64::from(*value)).sum::<i64>();
            *count += square.len() as i64;
        }
    }
    let grey = |(sum, count): (i64, i64)| {
        let mean = sum as f64 / count.max(1) as f64;
        ((mean - window.lowest) / window.width * 255.0).round().clamp(0.0, 255.0) as u8
    };
    (sums.into_iter().map(grey).collect(), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_shrinks_to_means_in_the_lung_window() {
        let hu: Vec<i16> = (0..300 * 200).map(|i| if i % 200 < 100 { -1350 } else { 150 }).collect();
        let (pixels, size) = shrink(&hu, 200, LUNG_WINDOW);
        assert_eq!(size, [100, 67]);
        assert_eq!((pixels.len(), pixels[0], pixels[66]), (6700, 0, 255));
        // Columns 99, 100 and 101 share a square.
        assert_eq!(pixels[33], 170);
        assert_eq!(shrink(&[-600, -600], 2, LUNG_WINDOW), (vec![128, 128], [1, 2]));
    }
}
