//! Depthwise convolution with everything that surrounds it in an EfficientNet's block, in one pass over the picture:
//! the activation before it, its bias, the activation behind it, and the planes' means for squeeze and excitation.

use crate::{
    activation::silu,
    output_size::output_size,
    scratch::{LANES, Scratch},
    simd::add_product,
};

/// One plane's convolution a channel: square kernels of 3 or 5, strides of 1 or 2, SiLU behind it.
#[derive(Debug, Clone)]
pub struct Depthwise {
    /// `[channels, kernel, kernel]`.
    weight: Vec<f32>,
    /// `[channels]`.
    bias: Vec<f32>,
    kernel: usize,
    stride: usize,
    /// Rows and columns of zeros before a plane.
    before: usize,
}

/// What a pass writes.
#[derive(Debug)]
pub struct Gathered<'a> {
    /// `[channels, rows, columns]`.
    pub planes: &'a mut [f32],
    /// Of each plane.
    pub means: &'a mut [f32],
}

impl Depthwise {
    /// `None` for another kernel or stride than there is code for, or weights of another size.
    #[must_use]
    pub fn new(weight: Vec<f32>, bias: Vec<f32>, kernel: usize, stride: usize, before: usize) -> Option<Self> {
        let known = matches!((kernel, stride), (3 | 5, 1 | 2)) && before < kernel;
        (known && weight.len() == bias.len() * kernel * kernel).then_some(Self { weight, bias, kernel, stride, before })
    }

    /// Rows and columns of what comes of planes of `rows` × `columns`.
    #[must_use]
    pub const fn size(&self, rows: usize, columns: usize) -> [usize; 2] {
        output_size([rows, columns], self.stride)
    }

    /// Convolves planes of `rows` × `columns`, which are put through SiLU first if they are `raw`, into planes of
    /// [`Self::size`]. `None` where the values don't fit.
    #[must_use]
    pub fn run(&self, input: &[f32], size: [usize; 2], raw: bool, to: Gathered<'_>) -> Option<()> {
        let channels = self.bias.len();
        let [high, wide] = self.size(size[0], size[1]);
        let fits = input.len() == channels * size[0] * size[1] && to.planes.len() == channels * high * wide;
        if !fits || to.means.len() != channels || input.is_empty() {
            return None;
        }
        match (self.kernel, self.stride) {
            (3, 1) => self.pass::<3, 1>(input, size, raw, to),
            (3, _) => self.pass::<3, 2>(input, size, raw, to),
            (_, 1) => self.pass::<5, 1>(input, size, raw, to),
            _ => self.pass::<5, 2>(input, size, raw, to),
        }
        Some(())
    }

    fn pass<const K: usize, const S: usize>(
        &self,
        input: &[f32],
        [rows, columns]: [usize; 2],
        raw: bool,
        to: Gathered<'_>,
    ) {
        let size = self.size(rows, columns);
        let mut scratch = Scratch::<K, S>::new(1, rows, columns, self.before);
        let planes = input.chunks_exact(rows * columns).zip(to.planes.chunks_exact_mut(size[0] * size[1]));
        let channels = self.weight.chunks_exact(K * K).zip(&self.bias).zip(to.means);
        for ((from, to), ((weight, bias), mean)) in planes.zip(channels) {
            if raw {
                scratch.fill(0, from, columns, silu);
            } else {
                scratch.fill(0, from, columns, |_| {});
            }
            let mut sum = 0.0;
            for (row, line) in to.chunks_exact_mut(size[1]).enumerate() {
                sum += convolve(&scratch, row, weight, *bias, line);
            }
            *mean = sum / (size[0] * size[1]) as f32;
        }
    }
}

/// One row of the result; gives its sum.
#[inline]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed"), target_feature(enable = "relaxed-simd"))]
fn convolve<const K: usize, const S: usize>(
    scratch: &Scratch<K, S>,
    row: usize,
    weight: &[f32],
    bias: f32,
    line: &mut [f32],
) -> f32 {
    let rows = scratch.rows(0, row);
    let mut sums = [0.0; LANES];
    for (chunk, to) in line.chunks_mut(LANES).enumerate() {
        let mut lanes = [bias; LANES];
        for (ky, weights) in weight.chunks_exact(K).enumerate() {
            for (kx, weight) in weights.iter().enumerate() {
                let taps = scratch.taps(rows, chunk, ky, kx);
                add_product(&mut lanes, *weight, taps);
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
    use crate::tests::noise;

    fn silu(x: f64) -> f64 {
        x / (1.0 + (-x).exp())
    }

    /// By the definition, in f64.
    fn plain(of: &Depthwise, input: &[f32], rows: usize, columns: usize, raw: bool) -> Vec<f64> {
        let [high, wide] = [rows, columns].map(|side| side.div_ceil(of.stride));
        let mut values = Vec::new();
        for channel in 0..of.bias.len() {
            for (row, column) in (0..high).flat_map(|row| (0..wide).map(move |column| (row, column))) {
                let mut sum = f64::from(of.bias[channel]);
                for (ky, kx) in (0..of.kernel).flat_map(|ky| (0..of.kernel).map(move |kx| (ky, kx))) {
                    let (y, x) = (row * of.stride + ky, column * of.stride + kx);
                    let inside =
                        (of.before..of.before + rows).contains(&y) && (of.before..of.before + columns).contains(&x);
                    if inside {
                        let at = (channel * rows + y - of.before) * columns + x - of.before;
                        let value = f64::from(input[at]);
                        let weight = of.weight[(channel * of.kernel + ky) * of.kernel + kx];
                        sum += f64::from(weight) * if raw { silu(value) } else { value };
                    }
                }
                values.push(silu(sum));
            }
        }
        values
    }

    #[test]
    fn every_size_kernel_stride_and_border_is_the_definition() {
        for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
            for before in 0..kernel {
                for (rows, columns) in [(1, 1), (2, 3), (4, 4), (5, 8), (7, 9), (8, 8), (16, 17), (12, 24), (33, 31)] {
                    for raw in [false, true] {
                        let channels = 3;
                        let weight = noise(channels * kernel * kernel, 7);
                        let of = Depthwise::new(weight, noise(channels, 9), kernel, stride, before).unwrap();
                        let input = noise(channels * rows * columns, 11);
                        let expected = plain(&of, &input, rows, columns, raw);
                        let [mut planes, mut means] = [vec![f32::NAN; expected.len()], vec![f32::NAN; channels]];
                        let to = Gathered { planes: &mut planes, means: &mut means };
                        of.run(&input, [rows, columns], raw, to).unwrap();
                        let case = format!("{kernel} {stride} {before} {rows} {columns} {raw}");
                        let [high, wide] = of.size(rows, columns);
                        assert_eq!(high * wide * channels, expected.len(), "{case}");
                        for (a, b) in planes.iter().zip(&expected) {
                            assert!((f64::from(*a) - b).abs() < 1e-5, "{case}: {a} {b}");
                        }
                        for (mean, plane) in means.iter().zip(expected.chunks(high * wide)) {
                            let exact = plane.iter().sum::<f64>() / plane.len() as f64;
                            assert!((f64::from(*mean) - exact).abs() < 1e-5, "{case}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Depthwise::new(vec![0.0; 49], vec![0.0], 7, 1, 3).is_none());
        assert!(Depthwise::new(vec![0.0; 9], vec![0.0], 3, 3, 1).is_none());
        assert!(Depthwise::new(vec![0.0; 9], vec![0.0; 2], 3, 1, 1).is_none());
        let of = Depthwise::new(vec![0.0; 18], vec![0.0; 2], 3, 1, 1).unwrap();
        let run = |input: &[f32], size, planes: &mut [f32], means: &mut [f32]| {
            of.run(input, size, false, Gathered { planes, means })
        };
        assert!(run(&[0.0; 18], [3, 3], &mut [0.0; 18], &mut [0.0; 2]).is_some());
        assert!(run(&[0.0; 9], [3, 3], &mut [0.0; 18], &mut [0.0; 2]).is_none());
        assert!(run(&[0.0; 18], [3, 3], &mut [0.0; 9], &mut [0.0; 2]).is_none());
        assert!(run(&[0.0; 18], [3, 3], &mut [0.0; 18], &mut [0.0; 1]).is_none());
        assert!(run(&[], [0, 3], &mut [], &mut [0.0; 2]).is_none());
    }
}
