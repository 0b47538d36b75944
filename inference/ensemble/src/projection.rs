//! Sections of a cube along the three projections. Networks see every [`SECTION_STEP`]-th section;
//! the sections between are interpolated.

use corsai_manifest::Projection;

/// Distance between the sections that are computed, in voxels of the cube. Two halves the work;
/// three would cost .002 to .003 of the mask's overlap (`docs/method.md`, "Lung mask").
pub const SECTION_STEP: usize = 2;

/// Number of sections computed of a cube with `size` voxels a side.
pub(crate) const fn section_count(size: usize) -> usize {
    size.div_ceil(SECTION_STEP)
}

/// Sections computed of a cube with `size` voxels a side, by their index in the cube.
pub(crate) fn sections(size: usize) -> impl Iterator<Item = usize> + use<> {
    (0..size).step_by(SECTION_STEP)
}

/// Column, row and slice in the cube of a section's pixel.
pub(crate) fn voxel(projection: Projection, section: usize, row: usize, column: usize) -> [usize; 3] {
    match projection {
        Projection::Axial => [column, row, section],
        Projection::Coronal => [column, section, row],
        Projection::Sagittal => [section, column, row],
    }
}

/// Linear interpolation of a section between the two nearest computed ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SectionInterpolation {
    /// Indices among the computed sections.
    before: usize,
    after: usize,
    /// Weight of `after`.
    fraction: f32,
}

impl SectionInterpolation {
    /// For the section of this index in a cube with `size` voxels a side. Behind the last computed
    /// section its values are repeated.
    pub const fn new(section: usize, size: usize) -> Self {
        let before = section / SECTION_STEP;
        let next = before + 1;
        let after = if next < section_count(size) { next } else { before };
        Self { before, after, fraction: (section % SECTION_STEP) as f32 / SECTION_STEP as f32 }
    }

    /// The interpolated value; `value` returns that of a computed section.
    pub fn at(self, value: impl Fn(usize) -> f32) -> f32 {
        value(self.before) * (1.0 - self.fraction) + value(self.after) * self.fraction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_between_two_computed_ones_are_their_mean_and_the_last_is_repeated() {
        let values = [2.0, 4.0, 10.0];
        let interpolated = |size: usize| -> Vec<f32> {
            (0..size).map(|section| SectionInterpolation::new(section, size).at(|s| values[s])).collect()
        };
        assert_eq!(interpolated(6), [2.0, 3.0, 4.0, 7.0, 10.0, 10.0]);
        assert_eq!(interpolated(5), [2.0, 3.0, 4.0, 7.0, 10.0]);
    }
}
