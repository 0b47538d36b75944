//! Convolution over all input channels as one matrix product (im2col). The im2col matrix is never
//! stored: its rows are produced where they are multiplied.

use crate::{
    activation::{relu, relu_scalar, silu},
    gemm::{GemmOutput, OutputPlanes, PackedLhs, RhsRows, gemm},
    output_size::output_size,
};

/// What is applied to the input of a convolution while it is read.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Prologue<'a> {
    /// The values as they are.
    #[default]
    Identity,
    /// max(0, x).
    Relu,
    /// x · sigmoid(x).
    Silu,
    /// x · gate, `[channels]` (squeeze and excitation).
    Gate(&'a [f32]),
    /// max(0, x · scale + shift); scale and shift are `[channels]` (batch normalisation, `ReLU`).
    AffineRelu([&'a [f32]; 2]),
}

impl Prologue<'_> {
    /// Applies the prologue in place to values of one channel.
    #[inline]
    pub fn apply(&self, channel: usize, values: &mut [f32]) {
        let of = |values: &[f32]| *values.get(channel).expect("invariant: a gate or norm has a value a channel");
        match self {
            Self::Identity => {}
            Self::Relu => relu(values),
            Self::Silu => silu(values),
            Self::Gate(gates) => {
                let gate = of(gates);
                values.iter_mut().for_each(|value| *value *= gate);
            }
            Self::AffineRelu([scale, shift]) => {
                let (scale, shift) = (of(scale), of(shift));
                values.iter_mut().for_each(|value| *value = relu_scalar(*value * scale + shift));
            }
        }
    }
}

/// A convolution with a square kernel in one group. The output has the size
/// [`output_size`](crate::output_size()).
#[derive(Debug, Clone)]
pub struct GemmConv2d {
    /// `[outputs, inputs · kernel · kernel]`.
    lhs: PackedLhs,
    /// `[outputs]`.
    bias: Vec<f32>,
    kernel: usize,
    stride: usize,
    pad_begin: usize,
}

impl GemmConv2d {
    /// Packs `weight`, `[outputs, inputs, kernel, kernel]`, and `bias`, `[outputs]` or zeros.
    /// The input is padded with `pad_begin` rows and columns of zeros at the beginning, and with as
    /// many at the end as the output's size needs. Returns `None` if a length or a size does not
    /// fit.
    #[must_use]
    pub fn new(
        weight: &[f32],
        bias: Option<Vec<f32>>,
        [inputs, outputs]: [usize; 2],
        (kernel, stride, pad_begin): (usize, usize, usize),
    ) -> Option<Self> {
        let bias = bias.unwrap_or_else(|| vec![0.0; outputs]);
        if stride == 0 || pad_begin >= kernel.max(1) || bias.len() != outputs {
            return None;
        }
        Some(Self { lhs: PackedLhs::new(weight, outputs, inputs * kernel * kernel)?, bias, kernel, stride, pad_begin })
    }

    /// Output channels.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.lhs.rows()
    }

    /// Rows and columns of the output for an input of `rows` × `columns`.
    #[must_use]
    pub const fn output_size(&self, rows: usize, columns: usize) -> [usize; 2] {
        output_size([rows, columns], self.stride)
    }

    /// Convolves `input`, `[inputs, rows, columns]`, after `prologue` into `destination`. Returns
    /// `None` if a length does not fit.
    #[must_use]
    pub fn run(
        &self,
        input: &[f32],
        [rows, columns]: [usize; 2],
        prologue: Prologue<'_>,
        destination: OutputPlanes<'_>,
    ) -> Option<()> {
        let [out_rows, out_columns] = self.output_size(rows, columns);
        let inputs = self.lhs.depth() / (self.kernel * self.kernel);
        let channels = self.outputs() + destination.skipped;
        let fits =
            input.len() == inputs * rows * columns && destination.planes.len() == channels * out_rows * out_columns;
        if !fits || input.is_empty() {
            return None;
        }
        let view = Im2colView { conv: self, input, rows, columns, out_columns, prologue };
        gemm(&self.lhs, &view, &mut GemmOutput { destination, columns: out_rows * out_columns, bias: &self.bias });
        Some(())
    }
}

/// The im2col matrix `[inputs · kernel · kernel, out_rows · out_columns]` of an input.
struct Im2colView<'a> {
    conv: &'a GemmConv2d,
    input: &'a [f32],
    rows: usize,
    columns: usize,
    /// Columns of the output.
    out_columns: usize,
    prologue: Prologue<'a>,
}

impl RhsRows for Im2colView<'_> {
    #[inline]
    fn row(&self, depth: usize, first_column: usize, to: &mut [f32]) {
        let GemmConv2d { kernel, stride, pad_begin, .. } = *self.conv;
        let area = self.rows * self.columns;
        let (channel, tap) = (depth / (kernel * kernel), depth % (kernel * kernel));
        let plane = &self.input[channel * area..(channel + 1) * area];
        if (kernel, stride) == (1, 1) {
            to.copy_from_slice(&plane[first_column..first_column + to.len()]);
            return self.prologue.apply(channel, to);
        }
        let (ky, kx) = (tap / kernel, tap % kernel);
        // Columns of the output for which the tap is inside the input.
        let from = pad_begin.saturating_sub(kx).div_ceil(stride);
        let end = (self.columns + pad_begin).saturating_sub(kx).div_ceil(stride).min(self.out_columns);
        let mut at = first_column;
        let mut rest = to;
        while !rest.is_empty() {
            let (y, x) = (at / self.out_columns, at % self.out_columns);
            let (line, after) = rest.split_at_mut((self.out_columns - x).min(rest.len()));
            (rest, at) = (after, at + line.len());
            line.fill(0.0);
            let row = (y * stride + ky).checked_sub(pad_begin).filter(|row| *row < self.rows);
            let inside = from.max(x)..end.min(x + line.len());
            if let Some(row) = row.filter(|_| !inside.is_empty()) {
                let begin = row * self.columns + inside.start * stride + kx - pad_begin;
                let values = &plane[begin..(row + 1) * self.columns];
                let line = &mut line[inside.start - x..inside.end - x];
                if stride == 1 {
                    line.copy_from_slice(&values[..line.len()]);
                } else {
                    line.iter_mut().zip(values.iter().step_by(stride)).for_each(|(to, value)| *to = *value);
                }
                self.prologue.apply(channel, line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{conv2d_reference, noise};

    #[test]
    fn every_size_kernel_stride_and_padding_matches_the_definition() {
        let [gates, scale, shift] = [noise(5, 21), noise(5, 23), noise(5, 25)];
        let prologues = [
            Prologue::Identity,
            Prologue::Relu,
            Prologue::Silu,
            Prologue::Gate(&gates),
            Prologue::AffineRelu([&scale, &shift]),
        ];
        for geometry in [(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 0), (3, 2, 1), (7, 2, 3), (5, 1, 2)] {
            for (rows, columns) in [(1, 1), (3, 2), (8, 8), (9, 17), (20, 24)] {
                for (nth, prologue) in prologues.into_iter().enumerate() {
                    let [inputs, outputs] = [5, 6 + nth];
                    let weight = noise(outputs * inputs * geometry.0 * geometry.0, 3);
                    let (bias, input) = (noise(outputs, 5), noise(inputs * rows * columns, 7));
                    let mut prepared = input.clone();
                    let planes = prepared.chunks_exact_mut(rows * columns).enumerate();
                    planes.for_each(|(channel, plane)| prologue.apply(channel, plane));
                    let expected =
                        conv2d_reference(&weight, &bias, [inputs, outputs, 1], geometry, (&prepared, rows, columns));
                    let conv = GemmConv2d::new(&weight, Some(bias), [inputs, outputs], geometry).unwrap();
                    let mut planes = vec![1.0; expected.len()];
                    let destination = OutputPlanes { relu: true, ..OutputPlanes::new(&mut planes) };
                    conv.run(&input, [rows, columns], prologue, destination).unwrap();
                    for (a, b) in planes.iter().zip(&expected) {
                        let case = format!("{geometry:?} {rows} {columns} {prologue:?}");
                        assert!((f64::from(*a) - b.max(0.0)).abs() < 1e-4, "{case}: {a} {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn arguments_that_do_not_fit_are_refused() {
        assert!(GemmConv2d::new(&[0.0; 9], None, [1, 1], (1, 1, 0)).is_none());
        assert!(GemmConv2d::new(&[0.0; 9], Some(vec![0.0; 2]), [1, 1], (3, 1, 1)).is_none());
        assert!(GemmConv2d::new(&[0.0; 9], None, [1, 1], (3, 1, 3)).is_none());
        let conv = GemmConv2d::new(&[0.0; 2], None, [2, 1], (1, 1, 0)).unwrap();
        let mut planes = [0.0; 4];
        let mut run = |input: &[f32], size, skipped| {
            conv.run(input, size, Prologue::Identity, OutputPlanes { skipped, ..OutputPlanes::new(&mut planes) })
        };
        assert!(run(&[0.0; 8], [2, 2], 0).is_some());
        assert!(run(&[0.0; 4], [2, 2], 0).is_none() && run(&[], [0, 0], 0).is_none());
        assert!(run(&[0.0; 8], [2, 2], 1).is_none());
    }
}
