//! Resizing by a triangle filter with half-pixel centres: bilinear when enlarging, area-weighted
//! when reducing. The networks were trained with the same rule, `torch.nn.functional.interpolate`
//! with `mode="bilinear"`, `antialias=True` and `align_corners=False`.

/// The first input sample and the weights of every output sample.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter {
    first: Vec<usize>,
    /// `max_taps` for every output sample; where an output sample has fewer, zeros follow.
    weights: Vec<f32>,
    /// The largest number of weights that an output sample has.
    max_taps: usize,
    /// Number of input samples.
    source: usize,
}

impl Filter {
    /// From `source` to `target` samples over the same extent; both at least 1.
    pub fn new(source: usize, target: usize) -> Self {
        let scale = source as f64 / target as f64;
        let reach = scale.max(1.0);
        let taps: Vec<_> = (0..target).map(|i| triangle(source, scale * (i as f64 + 0.5), reach)).collect();
        Self::from_taps(source, &taps)
    }

    /// `taps` has the first input sample and the weights of each output sample.
    pub fn from_taps(source: usize, taps: &[(usize, Vec<f64>)]) -> Self {
        let most = taps.iter().map(|(_, weights)| weights.len()).max().expect("invariant: a target has samples");
        let mut weights = vec![0.0; taps.len() * most];
        // At the end all weights begin sooner, so that none reaches past the source.
        let moved = |first: usize| first.min(source.saturating_sub(most));
        for ((first, from), to) in taps.iter().zip(weights.chunks_exact_mut(most)) {
            to.iter_mut().skip(first - moved(*first)).zip(from).for_each(|(to, weight)| *to = *weight as f32);
        }
        Self { first: taps.iter().map(|(first, _)| moved(*first)).collect(), weights, max_taps: most, source }
    }

    /// Number of output samples.
    pub fn len(&self) -> usize {
        self.first.len()
    }

    /// The first input sample of output sample `i`, and its weights.
    pub fn taps(&self, i: usize) -> (usize, &[f32]) {
        (self.first[i], &self.weights[i * self.max_taps..(i + 1) * self.max_taps])
    }

    /// Resizes `row` (`source` samples) into `out` (`target` samples).
    pub fn resize_row(&self, row: &[f32], out: &mut [f32]) {
        assert_eq!(
            (row.len(), out.len()),
            (self.source, self.len()),
            "invariant: a row is as long as its filter's source"
        );
        match self.max_taps {
            2 => self.resize_row_n::<2>(row, out),
            3 => self.resize_row_n::<3>(row, out),
            4 => self.resize_row_n::<4>(row, out),
            5 => self.resize_row_n::<5>(row, out),
            most => {
                for ((first, weights), out) in self.first.iter().zip(self.weights.chunks_exact(most)).zip(out) {
                    *out = row[*first..].iter().zip(weights).map(|(v, w)| v * w).sum();
                }
            }
        }
    }

    /// [`Self::resize_row`] for filters of `N` weights.
    fn resize_row_n<const N: usize>(&self, row: &[f32], out: &mut [f32]) {
        for ((first, weights), out) in self.first.iter().zip(self.weights.as_chunks::<N>().0).zip(out) {
            let values: &[f32; N] = row[*first..].first_chunk().expect("invariant: no filter reaches past its source");
            *out = values.iter().zip(weights).map(|(v, w)| v * w).sum();
        }
    }

    /// Writes output row `i`, a weighted sum of whole input rows of `width` samples. `source`
    /// returns an input row, which may be longer.
    pub fn weighted_row<'a>(&self, i: usize, width: usize, source: impl Fn(usize) -> &'a [f32], out: &mut [f32]) {
        let (first, weights) = self.taps(i);
        out.fill(0.0);
        for (j, w) in weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            for (o, v) in out.iter_mut().zip(&source(first + j)[..width]) {
                *o += v * w;
            }
        }
    }
}

/// Returns the first of `source` samples, sample `j` at `j + 0.5`, and the weights of a triangle
/// around `centre` that falls to 0 at the distance `reach`, at least 1.
pub(crate) fn triangle(source: usize, centre: f64, reach: f64) -> (usize, Vec<f64>) {
    let first = (centre - reach + 0.5).max(0.0) as usize;
    let last = ((centre + reach + 0.5) as usize).min(source);
    let raw: Vec<f64> = (first..last).map(|j| (1.0 - ((j as f64 + 0.5 - centre) / reach).abs()).max(0.0)).collect();
    let sum: f64 = raw.iter().sum();
    (first, raw.into_iter().map(|w| w / sum).collect())
}

/// Resizes a `rows × columns` picture, rows first in memory.
pub(crate) fn resize_plane(picture: &[f32], columns: usize, vertical: &Filter, horizontal: &Filter) -> Vec<f32> {
    let rows = picture.len() / columns;
    let width = horizontal.len();
    let mut resized_rows = vec![0.0; rows * width];
    for (from, to) in picture.chunks_exact(columns).zip(resized_rows.chunks_exact_mut(width)) {
        horizontal.resize_row(from, to);
    }
    let mut out = vec![0.0; vertical.len() * width];
    for (i, to) in out.chunks_exact_mut(width).enumerate() {
        vertical.weighted_row(i, width, |j| &resized_rows[j * width..], to);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enlarging_interpolates_between_centres() {
        let mut out = vec![0.0; 4];
        Filter::new(2, 4).resize_row(&[0.0, 1.0], &mut out);
        assert_eq!(out, [0.0, 0.25, 0.75, 1.0]);
    }

    #[test]
    fn reducing_weights_by_area() {
        // PyTorch 2.15: interpolate([[0..8]], size=4, mode="bilinear", antialias=True) of 0,1,…,7.
        let mut out = [0.0; 4];
        Filter::new(8, 4).resize_row(&[0., 1., 2., 3., 4., 5., 6., 7.], &mut out);
        for (found, expected) in out.iter().zip([0.714_285_7, 2.5, 4.5, 6.285_714]) {
            assert!((found - expected).abs() < 1e-5, "{out:?}");
        }
    }

    #[test]
    fn keeps_a_constant_and_the_identity() {
        for (source, target) in [(5, 5), (7, 3), (3, 11), (1, 4), (148, 128)] {
            let mut out = vec![0.0; target];
            Filter::new(source, target).resize_row(&vec![2.5; source], &mut out);
            assert!(out.iter().all(|v| (v - 2.5).abs() < 1e-5));
        }
        let row: Vec<f32> = (0..6).map(|v| v as f32).collect();
        let mut out = vec![0.0; 6];
        Filter::new(6, 6).resize_row(&row, &mut out);
        assert_eq!(out, row);
    }

    #[test]
    fn a_plane_is_resized_along_both_axes() {
        let picture = [0.0, 1.0, 2.0, 3.0];
        let out = resize_plane(&picture, 2, &Filter::new(2, 4), &Filter::new(2, 2));
        assert_eq!(out, [0.0, 1.0, 0.5, 1.5, 1.5, 2.5, 2.0, 3.0]);
    }
}
