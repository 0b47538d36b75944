//! Direct convolution for few input channels a group: the first layer of a network, and grouped
//! convolutions (DPN-92 has 32 groups of 3 to 24 channels).

use crate::{
    output_size::output_size,
    polyphase::{LANES, PolyphasePlanes},
    simd::axpy,
};

/// Output channels that are computed together, so that every loaded value serves all of them.
const OUTPUTS: usize = 4;

/// A convolution with square kernels of 3 or 7 and strides of 1 or 2. The output has the size
/// [`output_size`](crate::output_size()).
#[derive(Debug, Clone)]
pub struct DirectConv2d {
    /// `[blocks, inputs a group, kernel, kernel, OUTPUTS]`. A group's last block is padded with
    /// zeros.
    weight: Vec<f32>,
    /// `[outputs]`.
    bias: Vec<f32>,
    groups: usize,
    /// Input channels of a group.
    inputs: usize,
    /// Output channels of a group.
    outputs: usize,
    kernel: usize,
    stride: usize,
    pad_begin: usize,
}

impl DirectConv2d {
    /// Packs `weight`, `[outputs, inputs / groups, kernel, kernel]`, and `bias`, `[outputs]` or
    /// zeros. The input is padded with `pad_begin` rows and columns of zeros at the beginning, and
    /// with as many at the end as the output's size needs. Returns `None` for another kernel or
    /// stride, or if a length does not fit.
    #[must_use]
    pub fn new(
        weight: &[f32],
        bias: Option<Vec<f32>>,
        [inputs, outputs, groups]: [usize; 3],
        (kernel, stride, pad_begin): (usize, usize, usize),
    ) -> Option<Self> {
        let known = matches!((kernel, stride), (3 | 7, 1 | 2)) && pad_begin < kernel && groups > 0;
        if !known
            || inputs % groups + outputs % groups > 0
            || weight.len() != outputs * inputs / groups * kernel * kernel
        {
            return None;
        }
        let (inputs, outputs) = (inputs / groups, outputs / groups);
        let taps = inputs * kernel * kernel;
        let blocks = outputs.div_ceil(OUTPUTS);
        let mut packed = vec![0.0; groups * blocks * taps * OUTPUTS];
        for (output, from) in weight.chunks_exact(taps.max(1)).enumerate() {
            let (group, output) = (output / outputs, output % outputs);
            let block = (group * blocks + output / OUTPUTS) * taps * OUTPUTS;
            for (tap, value) in from.iter().enumerate() {
                packed[block + tap * OUTPUTS + output % OUTPUTS] = *value;
            }
        }
        let bias = bias.unwrap_or_else(|| vec![0.0; groups * outputs]);
        (bias.len() == groups * outputs).then_some(Self {
            weight: packed,
            bias,
            groups,
            inputs,
            outputs,
            kernel,
            stride,
            pad_begin,
        })
    }

    /// Output channels of all groups.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Rows and columns of the output for an input of `rows` × `columns`.
    #[must_use]
    pub const fn output_size(&self, rows: usize, columns: usize) -> [usize; 2] {
        output_size([rows, columns], self.stride)
    }

    /// Convolves `input`, `[inputs, rows, columns]`, into `planes`, `[outputs, rows, columns]` of
    /// [`Self::output_size`], and applies max(0, x) if `relu`. Returns `None` if a length does not
    /// fit.
    #[must_use]
    pub fn run(&self, input: &[f32], size: [usize; 2], relu: bool, planes: &mut [f32]) -> Option<()> {
        let [out_rows, out_columns] = self.output_size(size[0], size[1]);
        let fits = input.len() == self.groups * self.inputs * size[0] * size[1];
        if !fits || planes.len() != self.outputs() * out_rows * out_columns || input.is_empty() {
            return None;
        }
        match (self.kernel, self.stride) {
            (3, 1) => self.pass::<3, 1>(input, size, relu, planes),
            (3, _) => self.pass::<3, 2>(input, size, relu, planes),
            (_, 1) => self.pass::<7, 1>(input, size, relu, planes),
            _ => self.pass::<7, 2>(input, size, relu, planes),
        }
        Some(())
    }

    fn pass<const K: usize, const S: usize>(
        &self,
        input: &[f32],
        [rows, columns]: [usize; 2],
        relu: bool,
        planes: &mut [f32],
    ) {
        let minimum = if relu { 0.0 } else { f32::NEG_INFINITY };
        let [out_rows, out_columns] = self.output_size(rows, columns);
        let mut padded = PolyphasePlanes::<K, S>::new(self.inputs, rows, columns, self.pad_begin);
        let blocks = self.outputs.div_ceil(OUTPUTS);
        let taps = self.inputs * K * K * OUTPUTS;
        let groups = input
            .chunks_exact(self.inputs * rows * columns)
            .zip(planes.chunks_exact_mut(self.outputs * out_rows * out_columns));
        let parts = self.weight.chunks_exact(blocks * taps).zip(self.bias.chunks_exact(self.outputs));
        for ((from, to), (weight, bias)) in groups.zip(parts) {
            for (nth, plane) in from.chunks_exact(rows * columns).enumerate() {
                padded.fill(nth, plane, columns, |_| {});
            }
            let blocks = to
                .chunks_mut(OUTPUTS * out_rows * out_columns)
                .zip(bias.chunks(OUTPUTS))
                .zip(weight.chunks_exact(taps));
            for ((planes, bias), weight) in blocks {
                for row in 0..out_rows {
                    convolve_row(&padded, (self.inputs, row), weight, (bias, minimum), planes, [out_rows, out_columns]);
                }
            }
        }
    }
}

/// Computes one row of up to [`OUTPUTS`] channels; values below `minimum` become `minimum`.
#[inline]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed"), target_feature(enable = "relaxed-simd"))]
fn convolve_row<const K: usize, const S: usize>(
    padded: &PolyphasePlanes<K, S>,
    (inputs, row): (usize, usize),
    weight: &[f32],
    (bias, minimum): (&[f32], f32),
    planes: &mut [f32],
    [out_rows, out_columns]: [usize; 2],
) {
    // Channels behind the last one are computed and dropped.
    let start: [f32; OUTPUTS] = std::array::from_fn(|output| bias.get(output).copied().unwrap_or_default());
    for chunk in 0..out_columns.div_ceil(LANES) {
        let mut sums = start.map(|bias| [bias; LANES]);
        let mut weights = weight.as_chunks::<OUTPUTS>().0.iter();
        for input in 0..inputs {
            let rows = padded.rows(input, row);
            for ky in 0..K {
                for (kx, weights) in (0..K).zip(&mut weights) {
                    let taps = padded.taps(rows, chunk, ky, kx);
                    for (sums, weight) in sums.iter_mut().zip(weights) {
                        axpy(sums, *weight, taps);
                    }
                }
            }
        }
        for (plane, sums) in planes.chunks_exact_mut(out_rows * out_columns).zip(sums) {
            let line = &mut plane[row * out_columns + chunk * LANES..(row + 1) * out_columns];
            line.iter_mut().zip(sums).for_each(|(to, sum)| *to = if sum < minimum { minimum } else { sum });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{conv2d_reference, noise};

    #[test]
    fn every_size_kernel_stride_and_grouping_matches_the_definition() {
        for geometry in [(3, 1, 1), (3, 2, 0), (3, 2, 1), (7, 2, 3), (7, 1, 3), (7, 2, 2)] {
            for channels in [[1, 5, 1], [4, 8, 1], [6, 6, 3], [6, 12, 2], [3, 3, 3]] {
                for (rows, columns) in [(1, 1), (3, 2), (8, 8), (9, 17), (16, 24)] {
                    let [inputs, outputs, groups] = channels;
                    let weight = noise(outputs * inputs / groups * geometry.0 * geometry.0, 3);
                    let (bias, input) = (noise(outputs, 5), noise(inputs * rows * columns, 7));
                    let conv = DirectConv2d::new(&weight, Some(bias.clone()), channels, geometry).unwrap();
                    let expected = conv2d_reference(&weight, &bias, channels, geometry, (&input, rows, columns));
                    let [mut found, mut without] = [(); 2].map(|()| vec![f32::NAN; expected.len()]);
                    conv.run(&input, [rows, columns], false, &mut found).unwrap();
                    for (a, b) in found.iter().zip(&expected) {
                        assert!(
                            (f64::from(*a) - b).abs() < 1e-4,
                            "{geometry:?} {channels:?} {rows} {columns}: {a} {b}"
                        );
                    }
                    let conv = DirectConv2d::new(&weight, None, channels, geometry).unwrap();
                    conv.run(&input, [rows, columns], false, &mut without).unwrap();
                    assert!((found[0] - without[0] - bias[0]).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn arguments_that_do_not_fit_are_refused() {
        assert!(DirectConv2d::new(&[0.0; 25], None, [1, 1, 1], (5, 1, 2)).is_none());
        assert!(DirectConv2d::new(&[0.0; 9], None, [1, 1, 1], (3, 3, 1)).is_none());
        assert!(DirectConv2d::new(&[0.0; 9], None, [3, 3, 2], (3, 1, 1)).is_none());
        assert!(DirectConv2d::new(&[0.0; 9], Some(vec![0.0; 2]), [1, 1, 1], (3, 1, 1)).is_none());
        let conv = DirectConv2d::new(&[0.0; 18], None, [2, 1, 1], (3, 1, 1)).unwrap();
        assert!(conv.run(&[0.0; 18], [3, 3], false, &mut [0.0; 9]).is_some());
        assert!(conv.run(&[0.0; 9], [3, 3], false, &mut [0.0; 9]).is_none());
        assert!(conv.run(&[0.0; 18], [3, 3], false, &mut [0.0; 8]).is_none());
        assert!(conv.run(&[], [0, 0], false, &mut []).is_none());
    }
}
