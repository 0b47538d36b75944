//! Orientation: how an image's axes are permuted and mirrored to the canonical orientation.
//!
//! Patient coordinates are DICOM's (PS3.3 C.7.6.2.1.1): x rises to the patient's left, y to the
//! back, z to the head. A canonical axial image has rows from front to back and columns from the
//! patient's right to the left. Turns by right angles and mirrors bring every axial image there
//! without resampling.

use serde::{Deserialize, Serialize};

use crate::geometry::vector::Vector;

/// Largest deviation from unit length of direction cosines as written: one digit after the point
/// makes 0.05.
const LENGTH_ROUNDING: f64 = 0.05;
/// Largest cosine of the angle between two directions as written: two digits make 0.02.
const ANGLE_ROUNDING: f64 = 0.02;

/// Direction cosines that differ by less are those of parallel slices.
const PARALLEL: f64 = 5e-3;
/// Pixel spacings that differ by less than this share are equal.
const SAME_SPACING: f64 = 1e-3;

/// Returns the two directions of Image Orientation (0020,0037), with unit length and at a right
/// angle; `None` where they are no rotation of the patient's axes that was written with few digits.
pub(crate) fn direction_cosines(cosines: [f64; 6]) -> Option<[Vector; 2]> {
    let [a, b, c, d, e, f] = cosines;
    let pair = [Vector([a, b, c]), Vector([d, e, f])];
    let unit = |direction: Vector| direction.scaled(1.0 / direction.length());
    let [first, second] = pair.map(unit);
    let dot = first.dot(second);
    let is_rotation =
        pair.iter().all(|direction| (direction.length() - 1.0).abs() <= LENGTH_ROUNDING) && dot.abs() <= ANGLE_ROUNDING;
    // Each gives up half of the deviation; what is left of it is below the last digits of an f64
    // after the second step.
    let second_step = |[first, second]: [Vector; 2]| {
        let half = first.dot(second) / 2.0;
        [unit(first.minus(second.scaled(half))), unit(second.minus(first.scaled(half)))]
    };
    is_rotation.then(|| if dot == 0.0 { [first, second] } else { second_step(second_step([first, second])) })
}

/// From canonical to stored pixels: the stored index of canonical pixel (0, 0), and its steps with
/// the canonical row and column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AxisPermutation {
    start: isize,
    row_step: isize,
    column_step: isize,
}

impl AxisPermutation {
    /// Returns the stored index of a canonical pixel.
    pub(crate) fn stored_index(&self, row: usize, column: usize) -> Option<usize> {
        let (row, column) = (isize::try_from(row).ok()?, isize::try_from(column).ok()?);
        usize::try_from(self.start + row * self.row_step + column * self.column_step).ok()
    }
}

/// A slice's plane in canonical orientation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SlicePlane {
    pub rows: usize,
    pub columns: usize,
    /// Distance of neighbouring rows, of neighbouring columns, mm.
    pub spacing_mm: [f64; 2],
    /// Centre of canonical pixel (0, 0).
    pub corner_mm: Vector,
    /// Direction of rising canonical column, then of rising canonical row.
    pub directions: [Vector; 2],
    pub permutation: AxisPermutation,
}

impl SlicePlane {
    /// `rows`, `columns`, `spacing_mm` (rows first), `corner_mm` and `directions` (along a row
    /// first) as stored.
    pub(crate) fn new(
        (rows, columns): (usize, usize),
        [row_mm, column_mm]: [f64; 2],
        corner_mm: Vector,
        [along_row, along_column]: [Vector; 2],
    ) -> Self {
        let signed = |index: usize| isize::try_from(index).expect("invariant: an image's sides are at most 4,096");
        // Each axis of the stored image: direction, pixel distance, count, and step in the stored
        // pixels.
        let across = (along_row, column_mm, columns, 1_isize);
        let down = (along_column, row_mm, rows, signed(columns));
        let [x, y] = [0, 1].map(|axis| move |direction: Vector| direction.0[axis].abs());
        let keeps = x(along_row) + y(along_column) >= y(along_row) + x(along_column);
        let (mut horizontal, mut vertical) = if keeps { (across, down) } else { (down, across) };
        let (mut start, mut corner_mm) = (0, corner_mm);
        for (axis, (direction, mm, count, step)) in [(0, &mut horizontal), (1, &mut vertical)] {
            if direction.0[axis] < 0.0 {
                let last = count.saturating_sub(1);
                start += signed(last) * *step;
                corner_mm = corner_mm.plus(direction.scaled(*mm * last as f64));
                (*direction, *step) = (direction.scaled(-1.0), -*step);
            }
        }
        Self {
            rows: vertical.2,
            columns: horizontal.2,
            spacing_mm: [vertical.1, horizontal.1],
            corner_mm,
            directions: [horizontal.0, vertical.0],
            permutation: AxisPermutation { start, row_step: vertical.3, column_step: horizontal.3 },
        }
    }

    /// Returns the plane of every second row and column, from the first ones on.
    pub(crate) fn thinned(self) -> Self {
        let AxisPermutation { start, row_step, column_step } = self.permutation;
        Self {
            rows: self.rows.div_ceil(2),
            columns: self.columns.div_ceil(2),
            spacing_mm: self.spacing_mm.map(|mm| 2.0 * mm),
            permutation: AxisPermutation { start, row_step: 2 * row_step, column_step: 2 * column_step },
            ..self
        }
    }

    /// Returns whether both have the same rows, columns and pixel spacing.
    pub(crate) fn has_size_of(&self, other: &Self) -> bool {
        let close = |(a, b): (f64, f64)| (a - b).abs() <= SAME_SPACING * a;
        (self.rows, self.columns) == (other.rows, other.columns)
            && self.spacing_mm.into_iter().zip(other.spacing_mm).all(close)
    }

    /// Returns whether both are parallel.
    pub(crate) fn is_parallel_to(&self, other: &Self) -> bool {
        let mut pairs = self.directions.into_iter().zip(other.directions);
        pairs.all(|(a, b)| a.minus(b).0.iter().all(|difference| difference.abs() <= PARALLEL))
    }

    /// Returns the unit normal; towards the head where the slice is axial.
    pub(crate) fn normal(&self) -> Vector {
        let [horizontal, vertical] = self.directions;
        let normal = horizontal.cross(vertical);
        normal.scaled(1.0 / normal.length())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn directions_are_rounded_but_not_guessed() {
        let [first, second] = direction_cosines([0.8, 0.5996, 0.0, -0.6, 0.8, 0.0]).unwrap();
        assert!((first.length() - 1.0).abs() < 1e-12 && (second.length() - 1.0).abs() < 1e-12);
        assert_eq!(direction_cosines([1.0, 0.0, 0.0, 0.0, 0.9, 0.0]), None);
        assert_eq!(direction_cosines([1.0, 0.0, 0.0, 0.1, 1.0, 0.0]), None);
        assert_eq!(direction_cosines([0.0; 6]), None);
    }

    proptest! {
        /// Directions that are written with two digits are within a degree of the true ones, of
        /// unit length and at a right angle.
        #[test]
        fn few_digits_are_enough(turn in -0.3_f64..0.3, tilt in -0.34_f64..0.34) {
            let ((st, ct), (sp, cp)) = (turn.sin_cos(), tilt.sin_cos());
            let exact = [Vector([ct, st, 0.0]), Vector([-st * cp, ct * cp, sp])];
            let written = |Vector(axis): Vector| axis.map(|cosine| (cosine * 100.0).round() / 100.0);
            let ([a, b, c], [d, e, f]) = (written(exact[0]), written(exact[1]));
            let found = direction_cosines([a, b, c, d, e, f]).unwrap();
            prop_assert!(found[0].dot(found[1]).abs() < 1e-12);
            for (found, exact) in found.into_iter().zip(exact) {
                prop_assert!((found.length() - 1.0).abs() < 1e-12 && found.minus(exact).length() < 0.0175);
            }
        }
    }

    proptest! {
        /// In each of the eight ways to store an axial image, a canonical pixel is the pixel at its
        /// place.
        #[test]
        fn a_turned_picture_shows_the_same_places(
            rows in 2_usize..7, columns in 2_usize..7, transposed: bool, left: bool, up: bool, tilt in -0.3_f64..0.3,
        ) {
            let (x, y) = (Vector([1.0, 0.0, 0.0]), Vector([0.0, tilt.cos(), tilt.sin()]));
            let along_row = if transposed { y } else { x }.scaled(if left { -1.0 } else { 1.0 });
            let along_column = if transposed { x } else { y }.scaled(if up { -1.0 } else { 1.0 });
            let (row_mm, column_mm, corner) = (0.5, 0.75, Vector([3.0, -4.0, 5.0]));
            let plane = SlicePlane::new((rows, columns), [row_mm, column_mm], corner, [along_row, along_column]);
            prop_assert!(plane.directions[0].0[0] > 0.9 && plane.directions[1].0[1] > 0.9);
            prop_assert!(plane.normal().0[2] > 0.9);
            prop_assert_eq!(plane.rows * plane.columns, rows * columns);
            for row in 0..plane.rows {
                for column in 0..plane.columns {
                    let [horizontal, vertical] = plane.directions;
                    let here = plane.corner_mm
                        .plus(vertical.scaled(row as f64 * plane.spacing_mm[0]))
                        .plus(horizontal.scaled(column as f64 * plane.spacing_mm[1]));
                    let index = plane.permutation.stored_index(row, column).unwrap();
                    prop_assert!(index < rows * columns);
                    let there = corner
                        .plus(along_column.scaled((index / columns) as f64 * row_mm))
                        .plus(along_row.scaled((index % columns) as f64 * column_mm));
                    prop_assert!(here.minus(there).length() < 1e-9);
                }
            }
        }
    }
}
