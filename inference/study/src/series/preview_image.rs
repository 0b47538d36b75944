//! The small picture beside a series in the list.

use corsai_protocol::{Preview, SeriesId};

use crate::codec::decode::eight_bit;
use crate::stack::{Member, Sample, Viewable};

/// Longest side, pixels.
const SIDE: usize = 128;
/// Values shown as black, and how many are between it and white.
type Window = (f64, f64);
/// In HU: −600 ± 750.
const LUNG: Window = (-1350.0, 1500.0);
/// What the grey of an 8-bit picture stands for isn't known.
const WHOLE: Window = (0.0, 255.0);

/// Decodes a slice and shrinks it; `None` where it is damaged.
pub(crate) fn of(member: &Member, series: SeriesId) -> Option<(Preview, Vec<u8>)> {
    let (rows, columns) = (member.placed.rows, member.placed.columns);
    let mut hu = vec![0_i16; rows.checked_mul(columns)?];
    member.decode(&mut None, &mut hu).ok()?;
    shrunk(&hu, columns, LUNG, series)
}

/// The picture of a series that can't be used.
pub(crate) fn of_sample(sample: &Sample, series: SeriesId) -> Option<(Preview, Vec<u8>)> {
    match sample {
        Sample::Slice(member) => of(member, series),
        Sample::EightBit(Viewable { bytes, encoded, rows, columns }) => {
            let grey = eight_bit(&encoded.bytes(bytes).ok()?, *rows, *columns).ok()?;
            shrunk(&grey, *columns, WHOLE, series)
        }
    }
}

fn shrunk(values: &[i16], columns: usize, window: Window, series: SeriesId) -> Option<(Preview, Vec<u8>)> {
    let (pixels, size) = shrink(values, columns, window);
    let preview = Preview { series, columns: u32::try_from(size.1).ok()?, rows: u32::try_from(size.0).ok()? };
    Some((preview, pixels))
}

/// Averages squares of pixels, so that the longest side fits, and windows the means. Gives the new (rows, columns).
fn shrink(values: &[i16], columns: usize, (lowest, width): Window) -> (Vec<u8>, (usize, usize)) {
    let rows = values.len() / columns.max(1);
    let by = rows.max(columns).div_ceil(SIDE).max(1);
    let size = (rows.div_ceil(by), columns.div_ceil(by));
    let mut sums = vec![(0_i64, 0_i64); size.0 * size.1];
    for (row, line) in values.chunks_exact(columns.max(1)).enumerate() {
        let target = &mut sums[row / by * size.1..];
        for (square, (sum, count)) in line.chunks(by).zip(target) {
            *sum += square.iter().map(|value| i64::from(*value)).sum::<i64>();
            *count += square.len() as i64;
        }
    }
    let grey = |(sum, count): (i64, i64)| {
        let mean = sum as f64 / count.max(1) as f64;
        ((mean - lowest) / width * 255.0).round().clamp(0.0, 255.0) as u8
    };
    (sums.into_iter().map(grey).collect(), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_shrinks_to_means_in_the_lung_window() {
        let hu: Vec<i16> = (0..300 * 200).map(|i| if i % 200 < 100 { -1350 } else { 150 }).collect();
        let (pixels, size) = shrink(&hu, 200, LUNG);
        assert_eq!(size, (100, 67));
        assert_eq!((pixels.len(), pixels[0], pixels[66]), (6700, 0, 255));
        // Columns 99, 100 and 101 share a square.
        assert_eq!(pixels[33], 170);
        assert_eq!(shrink(&[-600, -600], 2, LUNG), (vec![128, 128], (1, 2)));
    }
}
