//! Bilinear enlargement.

/// Where a value of an enlarged axis lies between two of its source: the first, the second, and the latter's weight.
fn taps(from: usize, to: usize, aligned: bool) -> Vec<(usize, usize, f32)> {
    let last = from.saturating_sub(1);
    (0..to)
        .map(|at| {
            let place = if aligned {
                at as f64 * last as f64 / to.saturating_sub(1).max(1) as f64
            } else {
                ((at as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0)
            };
            let low = (place.floor() as usize).min(last);
            (low, (low + 1).min(last), (place - low as f64) as f32)
        })
        .collect()
}

/// Planes `[channels, rows, columns]` enlarged by a whole factor. With `aligned`, the corner pixels' centres stay where they
/// are; otherwise pixels are areas (PyTorch's `align_corners`).
#[must_use]
pub fn enlarged(planes: &[f32], [rows, columns]: [usize; 2], factor: usize, aligned: bool) -> Vec<f32> {
    let (down, across) = (taps(rows, rows * factor, aligned), taps(columns, columns * factor, aligned));
    let mut values = Vec::with_capacity(planes.len() * factor * factor);
    let mut mixed = vec![0.0; columns];
    for plane in planes.chunks_exact((rows * columns).max(1)) {
        for (above, below, weight) in &down {
            let [above, below] = [above, below].map(|row| &plane[row * columns..(row + 1) * columns]);
            mixed.iter_mut().zip(above).zip(below).for_each(|((to, a), b)| *to = a + (b - a) * weight);
            values.extend(across.iter().map(|(left, right, weight)| {
                let (a, b) = (mixed[*left], mixed[*right]);
                a + (b - a) * weight
            }));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_stay_or_pixels_are_areas() {
        let plane = [0.0, 3.0, 6.0, 9.0];
        for (at, value) in enlarged(&plane, [1, 4], 2, true)[..8].iter().enumerate() {
            assert!((value - 9.0 * at as f32 / 7.0).abs() < 1e-6, "{at}: {value}");
        }
        assert_eq!(enlarged(&plane, [1, 4], 2, false)[..8], [0.0, 0.75, 2.25, 3.75, 5.25, 6.75, 8.25, 9.0]);
        assert_eq!(enlarged(&plane, [4, 1], 2, false)[8..], [5.25, 5.25, 6.75, 6.75, 8.25, 8.25, 9.0, 9.0]);
    }

    #[test]
    fn a_plane_of_one_slope_keeps_it() {
        let (rows, columns) = (5, 7);
        let slope = |row: f64, column: f64| (3.0 * row - 2.0 * column) as f32;
        let plane: Vec<f32> =
            (0..rows * columns).map(|at| slope((at / columns) as f64, (at % columns) as f64)).collect();
        for factor in [1, 2, 4] {
            let large = enlarged(&[plane.clone(), plane.clone()].concat(), [rows, columns], factor, true);
            let (high, wide) = (rows * factor, columns * factor);
            assert_eq!(large.len(), 2 * high * wide);
            for (at, value) in large.iter().enumerate() {
                let (row, column) = (at / wide % high, at % wide);
                let by = |at: usize, last: usize, to: usize| at as f64 * (last - 1) as f64 / (to - 1).max(1) as f64;
                assert!((value - slope(by(row, rows, high), by(column, columns, wide))).abs() < 1e-5, "{factor} {at}");
            }
        }
    }
}
