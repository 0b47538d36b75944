//! The square crop around the lungs that lesion networks see (`docs/method.md`, "Input").

use corsai_manifest::Input;
use corsai_volume::HuVolume;

use crate::{
    preprocessing::normalise,
    resize::{Filter, resize_plane},
};

/// What a crop has beside the picture, HU: air, as the picture's own border.
pub const PADDING_HU: f32 = -1024.0;

/// A square of pixels, the same on every slice; it may reach past the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CropBox {
    /// First row; negative above the picture.
    pub row: isize,
    /// First column; negative beside the picture.
    pub column: isize,
    /// Rows and columns.
    pub side: usize,
}

impl CropBox {
    /// The square around `rows` and `columns` (first and last), widened at each side by `margin`, a
    /// fraction of the longer side.
    pub fn around((top, bottom): (usize, usize), (left, right): (usize, usize), margin: f64) -> Self {
        let longer = (bottom - top + 1).max(right - left + 1) as f64;
        let side = (longer * (1.0 + 2.0 * margin)).round().max(1.0);
        let start = |a: usize, b: usize| ((a + b + 1) as f64 / 2.0 - side / 2.0).round() as isize;
        Self { row: start(top, bottom), column: start(left, right), side: side as usize }
    }

    /// Returns every lung voxel of a slice of label bytes, row by row, with the value that `crop`
    /// (`side × side` values of this box) has at its place; the default value outside the box.
    pub fn at_lung_voxels<T: Copy + Default>(
        self,
        crop: &[T],
        labels: &[u8],
        columns: usize,
    ) -> impl Iterator<Item = (u8, T)> {
        labels.chunks_exact(columns).enumerate().flat_map(move |(row, line)| {
            // Empty above and below the box.
            let start = row.checked_add_signed(-self.row).filter(|i| *i < self.side).map(|i| i * self.side);
            let crop_row = start.map_or(&[][..], |at| &crop[at..at + self.side]);
            let value = move |column: usize| {
                let inside = column.checked_add_signed(-self.column).and_then(|j| crop_row.get(j)).copied();
                inside.unwrap_or_default() // Outside the box: the documented default.
            };
            line.iter().enumerate().filter(|(_, l)| **l != 0).map(move |(column, l)| (*l, value(column)))
        })
    }

    /// Returns a slice's crop, resized to `input.size` and normalised: a lesion network's input.
    pub fn crop(self, volume: &HuVolume, z: usize, input: &Input) -> Vec<f32> {
        let mut out = self.crop_hu(volume, z, input);
        normalise(&mut out, input);
        out
    }

    /// Returns a slice's crop in clipped HU, resized to `input.size`.
    pub fn crop_hu(self, volume: &HuVolume, z: usize, input: &Input) -> Vec<f32> {
        let grid = volume.grid();
        let [low, high] = input.clip_hu;
        let slice = volume.slice(z);
        let mut picture = vec![PADDING_HU.clamp(low, high); self.side * self.side];
        // Columns of the box beside the picture, and columns of the picture beside the box.
        let [padded, skipped] = [self.column.min(0).unsigned_abs(), self.column.max(0).unsigned_abs()];
        for (i, line) in picture.chunks_exact_mut(self.side).enumerate() {
            // Rows above and below the picture keep the padding.
            let row = self.row.checked_add_unsigned(i).and_then(|row| usize::try_from(row).ok());
            let Some(row) = row.filter(|row| *row < grid.rows()) else { continue };
            let source = slice[row * grid.columns()..(row + 1) * grid.columns()].iter().skip(skipped);
            let line = line.iter_mut().skip(padded);
            line.zip(source).for_each(|(value, hu)| *value = f32::from(*hu).clamp(low, high));
        }
        let filter = Filter::new(self.side, input.size);
        resize_plane(&picture, self.side, &filter, &filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_box_is_square_centred_and_widened() {
        let crop_box = CropBox::around((100, 199), (50, 249), 0.1);
        assert_eq!(crop_box, CropBox { row: 30, column: 30, side: 240 });
        let small = CropBox::around((0, 0), (0, 0), 0.1);
        assert_eq!(small, CropBox { row: 0, column: 0, side: 1 });
    }

    #[test]
    fn lung_voxels_get_the_crops_value_at_their_place_and_the_default_outside() {
        let labels = [1, 0, 2, 1, 1, 0, 0, 2, 2];
        // The box begins a row above the slice and a column inside it.
        let crop_box = CropBox { row: -1, column: 1, side: 3 };
        let picture = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        let found: Vec<(u8, i32)> = crop_box.at_lung_voxels(&picture, &labels, 3).collect();
        assert_eq!(found, [(1, 0), (2, 5), (1, 0), (1, 7), (2, 0), (2, 0)]);
    }
}
