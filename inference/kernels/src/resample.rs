//! Upsampling and pooling of planes, `[channels, rows, columns]`.

use crate::output_size::output_size;

/// For each of `to` positions of an upsampled axis of `from` values: the index of the value before
/// it, and the weight of the value after that.
fn interpolation_taps(from: usize, to: usize, align_corners: bool) -> Vec<(u32, f32)> {
    let last = from.saturating_sub(1);
    (0..to)
        .map(|at| {
            let position = if align_corners {
                at as f64 * last as f64 / to.saturating_sub(1).max(1) as f64
            } else {
                ((at as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0)
            };
            let low = (position.floor() as usize).min(last);
            (low as u32, (position - low as f64) as f32)
        })
        .collect()
}

/// Upsamples planes `[channels, rows, columns]` bilinearly by a whole `factor` into `to`,
/// `[channels, rows · factor, columns · factor]`. `align_corners` is `PyTorch`'s: with it the
/// centres of the corner pixels stay in place, without it the corners of the planes do.
pub fn upsample_bilinear(
    planes: &[f32],
    [rows, columns]: [usize; 2],
    factor: usize,
    align_corners: bool,
    to: &mut [f32],
) {
    let down = interpolation_taps(rows, rows * factor, align_corners);
    let across = interpolation_taps(columns, columns * factor, align_corners);
    let (area, out_columns) = ((rows * columns).max(1), (columns * factor).max(1));
    // The last value is repeated, so that every value has one after it.
    let mut mixed = vec![0.0; columns + 1];
    for (plane, to) in planes.chunks_exact(area).zip(to.chunks_exact_mut((area * factor * factor).max(1))) {
        for ((above, weight), line) in down.iter().zip(to.chunks_exact_mut(out_columns)) {
            let [above, below] = [*above as usize, (*above as usize + 1).min(rows - 1)];
            let [above, below] = [above, below].map(|row| &plane[row * columns..(row + 1) * columns]);
            mixed.iter_mut().zip(above).zip(below).for_each(|((to, a), b)| *to = a + (b - a) * weight);
            mixed[columns] = mixed[columns - 1];
            for ((left, weight), to) in across.iter().zip(line) {
                let (a, b) = (mixed[*left as usize], mixed[*left as usize + 1]);
                *to = a + (b - a) * weight;
            }
        }
    }
}

/// Upsamples planes with rows of `columns` values to twice their rows and columns by repetition
/// (nearest neighbour) into `to`, `[channels, 2 · rows, 2 · columns]`.
pub fn upsample_nearest_2x(planes: &[f32], columns: usize, to: &mut [f32]) {
    for (line, to) in planes.chunks_exact(columns.max(1)).zip(to.chunks_exact_mut((4 * columns).max(1))) {
        let (first, second) = to.split_at_mut(2 * columns);
        first.as_chunks_mut::<2>().0.iter_mut().zip(line).for_each(|(to, value)| *to = [*value; 2]);
        second.copy_from_slice(first);
    }
}

/// Max-pools planes `[channels, rows, columns]` with a 3×3 kernel, stride 2 and a padding of 1 into
/// `to`, planes of half the size, rounded up. NaN is kept.
pub fn max_pool_3x3(planes: &[f32], [rows, columns]: [usize; 2], to: &mut [f32]) {
    let [out_rows, out_columns] = output_size([rows, columns], 2).map(|side| side.max(1));
    for (plane, to) in planes.chunks_exact((rows * columns).max(1)).zip(to.chunks_exact_mut(out_rows * out_columns)) {
        for (row, line) in to.chunks_exact_mut(out_columns).enumerate() {
            line.fill(f32::NEG_INFINITY);
            for from in plane.chunks_exact(columns).take((2 * row + 2).min(rows)).skip((2 * row).saturating_sub(1)) {
                for (column, max) in line.iter_mut().enumerate() {
                    let window = &from[(2 * column).saturating_sub(1)..(2 * column + 2).min(columns)];
                    *max = window.iter().copied().fold(*max, |a, b| if b > a || b.is_nan() { b } else { a });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::noise;

    fn upsampled(planes: &[f32], size: [usize; 2], factor: usize, align_corners: bool) -> Vec<f32> {
        let mut to = vec![f32::NAN; planes.len() * factor * factor];
        upsample_bilinear(planes, size, factor, align_corners, &mut to);
        to
    }

    #[test]
    fn align_corners_keeps_the_corners() {
        let plane = [0.0, 3.0, 6.0, 9.0];
        for (at, value) in upsampled(&plane, [1, 4], 2, true)[..8].iter().enumerate() {
            assert!((value - 9.0 * at as f32 / 7.0).abs() < 1e-6, "{at}: {value}");
        }
        assert_eq!(upsampled(&plane, [1, 4], 2, false)[..8], [0.0, 0.75, 2.25, 3.75, 5.25, 6.75, 8.25, 9.0]);
        assert_eq!(upsampled(&plane, [4, 1], 2, false)[8..], [5.25, 5.25, 6.75, 6.75, 8.25, 8.25, 9.0, 9.0]);
    }

    #[test]
    fn a_linear_plane_stays_linear() {
        let (rows, columns) = (5, 7);
        let slope = |row: f64, column: f64| (3.0 * row - 2.0 * column) as f32;
        let plane: Vec<f32> =
            (0..rows * columns).map(|at| slope((at / columns) as f64, (at % columns) as f64)).collect();
        for factor in [1, 2, 4] {
            let large = upsampled(&[plane.clone(), plane.clone()].concat(), [rows, columns], factor, true);
            let (out_rows, out_columns) = (rows * factor, columns * factor);
            assert_eq!(large.len(), 2 * out_rows * out_columns);
            for (at, value) in large.iter().enumerate() {
                let (row, column) = (at / out_columns % out_rows, at % out_columns);
                let by = |at: usize, last: usize, to: usize| at as f64 * (last - 1) as f64 / (to - 1).max(1) as f64;
                assert!(
                    (value - slope(by(row, rows, out_rows), by(column, columns, out_columns))).abs() < 1e-5,
                    "{factor} {at}"
                );
            }
        }
    }

    #[test]
    fn nearest_upsampling_is_repeated_down_and_across() {
        let mut to = [f32::NAN; 24];
        upsample_nearest_2x(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, &mut to);
        let lines = [[1.0, 1.0, 2.0, 2.0, 3.0, 3.0], [4.0, 4.0, 5.0, 5.0, 6.0, 6.0]];
        assert_eq!(to.as_slice(), [lines[0], lines[0], lines[1], lines[1]].concat());
    }

    #[test]
    fn max_pooling_is_the_maximum_around_every_second_pixel() {
        for (rows, columns) in [(1, 1), (2, 3), (8, 8), (9, 6)] {
            let planes = noise(2 * rows * columns, 3);
            let [out_rows, out_columns] = [rows, columns].map(|side: usize| side.div_ceil(2));
            let mut to = vec![f32::NAN; 2 * out_rows * out_columns];
            max_pool_3x3(&planes, [rows, columns], &mut to);
            for (at, found) in to.iter().enumerate() {
                let (channel, row, column) =
                    (at / (out_rows * out_columns), at / out_columns % out_rows * 2, at % out_columns * 2);
                let near = |at: usize, value: usize| at.abs_diff(value) <= 1;
                let inside = (0..rows * columns).filter(|at| near(at / columns, row) && near(at % columns, column));
                let values = inside.map(|at| planes[channel * rows * columns + at]);
                assert_eq!(*found, values.fold(f32::MIN, f32::max), "{rows} {columns} {at}");
            }
        }
        let mut to = [0.0];
        max_pool_3x3(&[1.0, f32::NAN, 2.0, 0.0], [2, 2], &mut to);
        assert!(to[0].is_nan());
    }
}
