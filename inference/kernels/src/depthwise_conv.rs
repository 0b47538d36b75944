//! Depthwise convolution with its surroundings in an `EfficientNet` block, in one pass over the
//! planes: the activation before it, its bias, the activation behind it, and the planes' means for
//! squeeze and excitation.

use crate::{
    activation::silu,
    output_size::output_size,
    polyphase::{LANES, PolyphasePlanes},
    simd::axpy,
};

/// A depthwise convolution with square kernels of 3 or 5 and strides of 1 or 2, with `SiLU` behind
/// it. The output has the size [`output_size`](crate::output_size()).
#[derive(Debug, Clone)]
pub struct DepthwiseConv2d {
    /// `[channels, kernel, kernel]`.
    weight: Vec<f32>,
    /// `[channels]`.
    bias: Vec<f32>,
    kernel: usize,
    stride: usize,
    pad_begin: usize,
}

/// What a pass of [`DepthwiseConv2d`] writes.
#[derive(Debug)]
pub struct DepthwiseOutput<'a> {
    /// `[channels, rows, columns]`.
    pub planes: &'a mut [f32],
    /// The mean of each plane, `[channels]`.
    pub means: &'a mut [f32],
}

impl DepthwiseConv2d {
    /// Takes `weight`, `[channels, kernel, kernel]`, and `bias`, `[channels]`. The input is padded
    /// with `pad_begin` rows and columns of zeros at the beginning, and with as many at the end as
    /// the output's size needs. Returns `None` for another kernel or stride, or if a length does
    /// not fit.
    #[must_use]
    pub fn new(weight: Vec<f32>, bias: Vec<f32>, kernel: usize, stride: usize, pad_begin: usize) -> Option<Self> {
        let known = matches!((kernel, stride), (3 | 5, 1 | 2)) && pad_begin < kernel;
        (known && weight.len() == bias.len() * kernel * kernel).then_some(Self {
            weight,
            bias,
            kernel,
            stride,
            pad_begin,
        })
    }

    /// Rows and columns of the output for an input of `rows` × `columns`.
    #[must_use]
    pub const fn output_size(&self, rows: usize, columns: usize) -> [usize; 2] {
        output_size([rows, columns], self.stride)
    }

    /// Convolves `input`, `[channels, rows, columns]`, into planes of [`Self::output_size`]. With
    /// `silu_input`, `SiLU` is applied to the input first. Returns `None` if a length does not fit.
    #[must_use]
    pub fn run(&self, input: &[f32], size: [usize; 2], silu_input: bool, to: DepthwiseOutput<'_>) -> Option<()> {
        let channels = self.bias.len();
        let [out_rows, out_columns] = self.output_size(size[0], size[1]);
        let fits = input.len() == channels * size[0] * size[1] && to.planes.len() == channels * out_rows * out_columns;
        if !fits || to.means.len() != channels || input.is_empty() {
            return None;
        }
        match (self.kernel, self.stride) {
            (3, 1) => self.pass::<3, 1>(input, size, silu_input, to),
            (3, _) => self.pass::<3, 2>(input, size, silu_input, to),
            (_, 1) => self.pass::<5, 1>(input, size, silu_input, to),
            _ => self.pass::<5, 2>(input, size, silu_input, to),
        }
        Some(())
    }

    fn pass<const K: usize, const S: usize>(
        &self,
        input: &[f32],
        [rows, columns]: [usize; 2],
        silu_input: bool,
        to: DepthwiseOutput<'_>,
    ) {
        let size = self.output_size(rows, columns);
        let mut padded = PolyphasePlanes::<K, S>::new(1, rows, columns, self.pad_begin);
        let planes = input.chunks_exact(rows * columns).zip(to.planes.chunks_exact_mut(size[0] * size[1]));
        let channels = self.weight.chunks_exact(K * K).zip(&self.bias).zip(to.means);
        for ((from, to), ((weight, bias), mean)) in planes.zip(channels) {
            if silu_input {
                padded.fill(0, from, columns, silu);
            } else {
                padded.fill(0, from, columns, |_| {});
            }
            let mut sum = 0.0;
            for (row, line) in to.chunks_exact_mut(size[1]).enumerate() {
                sum += convolve_row(&padded, row, weight, *bias, line);
            }
            *mean = sum / (size[0] * size[1]) as f32;
        }
    }
}

/// Computes one row of the output and returns its sum.
#[inline]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed"), target_feature(enable = "relaxed-simd"))]
fn convolve_row<const K: usize, const S: usize>(
    padded: &PolyphasePlanes<K, S>,
    row: usize,
    weight: &[f32],
    bias: f32,
    line: &mut [f32],
) -> f32 {
    let rows = padded.rows(0, row);
    let mut sums = [0.0; LANES];
    for (chunk, to) in line.chunks_mut(LANES).enumerate() {
        let mut lanes = [bias; LANES];
        for (ky, weights) in weight.chunks_exact(K).enumerate() {
            for (kx, weight) in weights.iter().enumerate() {
                let taps = padded.taps(rows, chunk, ky, kx);
                axpy(&mut lanes, *weight, taps);
            }
        }
        silu(&mut lanes);
        match to.first_chunk_mut::<LANES>() {
            Some(whole) => {
                *whole = lanes;
                sums.iter_mut().zip(lanes).for_each(|(sum, lane)| *sum += lane);
            }
            None => {
                to.iter_mut().zip(lanes).zip(&mut sums).for_each(|((to, lane), sum)| (*to, *sum) = (lane, *sum + lane));
            }
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::noise;

    fn silu(x: f64) -> f64 {
        x / (1.0 + (-x).exp())
    }

    /// The convolution by its definition, in f64.
    fn conv2d_reference(
        of: &DepthwiseConv2d,
        input: &[f32],
        rows: usize,
        columns: usize,
        silu_input: bool,
    ) -> Vec<f64> {
        let [out_rows, out_columns] = [rows, columns].map(|side| side.div_ceil(of.stride));
        let mut values = Vec::new();
        for channel in 0..of.bias.len() {
            for (row, column) in (0..out_rows).flat_map(|row| (0..out_columns).map(move |column| (row, column))) {
                let mut sum = f64::from(of.bias[channel]);
                for (ky, kx) in (0..of.kernel).flat_map(|ky| (0..of.kernel).map(move |kx| (ky, kx))) {
                    let (y, x) = (row * of.stride + ky, column * of.stride + kx);
                    let inside = (of.pad_begin..of.pad_begin + rows).contains(&y)
                        && (of.pad_begin..of.pad_begin + columns).contains(&x);
                    if inside {
                        let at = (channel * rows + y - of.pad_begin) * columns + x - of.pad_begin;
                        let value = f64::from(input[at]);
                        let weight = of.weight[(channel * of.kernel + ky) * of.kernel + kx];
                        sum += f64::from(weight) * if silu_input { silu(value) } else { value };
                    }
                }
                values.push(silu(sum));
            }
        }
        values
    }

    #[test]
    fn every_size_kernel_stride_and_padding_matches_the_definition() {
        for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
            for pad_begin in 0..kernel {
                for (rows, columns) in [(1, 1), (2, 3), (4, 4), (5, 8), (7, 9), (8, 8), (16, 17), (12, 24), (33, 31)] {
                    for silu_input in [false, true] {
                        let channels = 3;
                        let weight = noise(channels * kernel * kernel, 7);
                        let conv = DepthwiseConv2d::new(weight, noise(channels, 9), kernel, stride, pad_begin).unwrap();
                        let input = noise(channels * rows * columns, 11);
                        let expected = conv2d_reference(&conv, &input, rows, columns, silu_input);
                        let [mut planes, mut means] = [vec![f32::NAN; expected.len()], vec![f32::NAN; channels]];
                        let to = DepthwiseOutput { planes: &mut planes, means: &mut means };
                        conv.run(&input, [rows, columns], silu_input, to).unwrap();
                        let case = format!("{kernel} {stride} {pad_begin} {rows} {columns} {silu_input}");
                        let [out_rows, out_columns] = conv.output_size(rows, columns);
                        assert_eq!(out_rows * out_columns * channels, expected.len(), "{case}");
                        for (a, b) in planes.iter().zip(&expected) {
                            assert!((f64::from(*a) - b).abs() < 1e-5, "{case}: {a} {b}");
                        }
                        for (mean, plane) in means.iter().zip(expected.chunks(out_rows * out_columns)) {
                            let exact = plane.iter().sum::<f64>() / plane.len() as f64;
                            assert!((f64::from(*mean) - exact).abs() < 1e-5, "{case}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn arguments_that_do_not_fit_are_refused() {
        assert!(DepthwiseConv2d::new(vec![0.0; 49], vec![0.0], 7, 1, 3).is_none());
        assert!(DepthwiseConv2d::new(vec![0.0; 9], vec![0.0], 3, 3, 1).is_none());
        assert!(DepthwiseConv2d::new(vec![0.0; 9], vec![0.0; 2], 3, 1, 1).is_none());
        let conv = DepthwiseConv2d::new(vec![0.0; 18], vec![0.0; 2], 3, 1, 1).unwrap();
        let run = |input: &[f32], size, planes: &mut [f32], means: &mut [f32]| {
            conv.run(input, size, false, DepthwiseOutput { planes, means })
        };
        assert!(run(&[0.0; 18], [3, 3], &mut [0.0; 18], &mut [0.0; 2]).is_some());
        assert!(run(&[0.0; 9], [3, 3], &mut [0.0; 18], &mut [0.0; 2]).is_none());
        assert!(run(&[0.0; 18], [3, 3], &mut [0.0; 9], &mut [0.0; 2]).is_none());
        assert!(run(&[0.0; 18], [3, 3], &mut [0.0; 18], &mut [0.0; 1]).is_none());
        assert!(run(&[], [0, 3], &mut [], &mut [0.0; 2]).is_none());
    }
}
