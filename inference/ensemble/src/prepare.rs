//! What every input goes through (`networks.md` §2): clip to the training data's range of grey, then normalisation A or
//! B.

use corsai_manifest::{Input, Normalisation};
use corsai_volume::HuVolume;

use crate::resize::{Filter, plane};

/// Clipped HU of a slice.
pub(crate) fn clipped(slice: &[i16], [low, high]: [f32; 2]) -> Vec<f32> {
    slice.iter().map(|&hu| f32::from(hu).clamp(low, high)).collect()
}

/// From clipped HU to what the network expects, in place.
pub(crate) fn normalise(values: &mut [f32], input: &Input) {
    match input.normalisation {
        Normalisation::Range { divisor, limit } => {
            for v in values {
                *v = (*v / divisor).clamp(-limit, limit);
            }
        }
        Normalisation::Standard { mean_hu, deviation_hu } => {
            for v in values {
                *v = (*v - mean_hu) / deviation_hu;
            }
        }
    }
}

/// The whole volume at `size` along every axis, normalised: `[z][y][x]`.
pub(crate) fn whole_volume(volume: &HuVolume, input: &Input) -> Vec<f32> {
    let grid = volume.grid();
    let size = input.size;
    let vertical = Filter::new(grid.rows(), size);
    let horizontal = Filter::new(grid.columns(), size);
    let planes: Vec<Vec<f32>> = (0..grid.slices())
        .map(|z| plane(&clipped(volume.slice(z), input.clip_hu), grid.columns(), &vertical, &horizontal))
        .collect();
    let along = Filter::new(grid.slices(), size);
    let area = size * size;
    let mut out = vec![0.0; area * size];
    for (z, to) in out.chunks_exact_mut(area).enumerate() {
        along.row(z, area, |j| &planes[j], to);
    }
    normalise(&mut out, input);
    out
}

/// A square box of pixels, the same on every slice; it may reach past the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Square {
    pub row: isize,
    pub column: isize,
    pub side: usize,
}

/// What lies outside the picture, HU.
const OUTSIDE_HU: f32 = -1024.0;

impl Square {
    /// Around `rows` and `columns` (first and last), widened by `margin` of its side at each side.
    pub fn around((top, bottom): (usize, usize), (left, right): (usize, usize), margin: f64) -> Self {
        let longer = (bottom - top + 1).max(right - left + 1) as f64;
        let side = (longer * (1.0 + 2.0 * margin)).round().max(1.0);
        let start = |a: usize, b: usize| ((a + b + 1) as f64 / 2.0 - side / 2.0).round() as isize;
        Self { row: start(top, bottom), column: start(left, right), side: side as usize }
    }

    /// Every lung voxel of a slice of label bytes, row by row, with what a picture of the box, `side × side`, has there; 0
    /// outside.
    pub fn on<T: Copy + Default>(self, picture: &[T], labels: &[u8], columns: usize) -> impl Iterator<Item = (u8, T)> {
        labels.chunks_exact(columns).enumerate().flat_map(move |(row, line)| {
            // Empty above and below the box.
            let start = row.checked_add_signed(-self.row).filter(|i| *i < self.side).map(|i| i * self.side);
            let seen = start.map_or(&[][..], |at| &picture[at..at + self.side]);
            // Nothing beside the box.
            let value = move |column: usize| {
                column.checked_add_signed(-self.column).and_then(|j| seen.get(j)).copied().unwrap_or_default()
            };
            line.iter().enumerate().filter(|(_, l)| **l != 0).map(move |(column, l)| (*l, value(column)))
        })
    }

    /// The box cut out of one slice and resized to the input's size, normalised.
    pub fn cut(self, volume: &HuVolume, z: usize, input: &Input) -> Vec<f32> {
        let mut out = self.cut_hu(volume, z, input);
        normalise(&mut out, input);
        out
    }

    /// The same in clipped HU.
    pub fn cut_hu(self, volume: &HuVolume, z: usize, input: &Input) -> Vec<f32> {
        let grid = volume.grid();
        let [low, high] = input.clip_hu;
        let slice = volume.slice(z);
        let mut picture = vec![OUTSIDE_HU.clamp(low, high); self.side * self.side];
        // Columns of the box that lie beside the picture, and of the picture that lie beside the box.
        let [beside, skipped] = [self.column.min(0).unsigned_abs(), self.column.max(0).unsigned_abs()];
        for (i, line) in picture.chunks_exact_mut(self.side).enumerate() {
            // Rows above and below the picture stay as they are, and so does what is beside it.
            let row = self.row.checked_add_unsigned(i).and_then(|row| usize::try_from(row).ok());
            let Some(row) = row.filter(|row| *row < grid.rows()) else { continue };
            let source = slice[row * grid.columns()..(row + 1) * grid.columns()].iter().skip(skipped);
            let line = line.iter_mut().skip(beside);
            line.zip(source).for_each(|(value, hu)| *value = f32::from(*hu).clamp(low, high));
        }
        let filter = Filter::new(self.side, input.size);
        plane(&picture, self.side, &filter, &filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_square_centred_and_widened() {
        let square = Square::around((100, 199), (50, 249), 0.1);
        assert_eq!(square, Square { row: 30, column: 30, side: 240 });
        let small = Square::around((0, 0), (0, 0), 0.1);
        assert_eq!(small, Square { row: 0, column: 0, side: 1 });
    }

    #[test]
    fn lung_voxels_meet_what_the_box_has_there() {
        let labels = [1, 0, 2, 1, 1, 0, 0, 2, 2];
        // It begins a row above the slice and a column inside it.
        let square = Square { row: -1, column: 1, side: 3 };
        let picture = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        let found: Vec<(u8, i32)> = square.on(&picture, &labels, 3).collect();
        assert_eq!(found, [(1, 0), (2, 5), (1, 0), (1, 7), (2, 0), (2, 0)]);
    }
}
