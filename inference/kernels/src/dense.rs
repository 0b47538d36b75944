//! Convolutions in which every output channel sees every input channel, as one product of matrices: the right factor's
//! rows are the planes as each tap of the kernel sees them, made where they are multiplied and nowhere else.

use crate::{
    activation::{relu, relu_of, silu},
    output_size::output_size,
    product::{Goal, Left, Onto, Right, multiply},
};

/// What is done to a map's values as they are read.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum First<'a> {
    #[default]
    Nothing,
    /// max(0, x).
    Relu,
    /// x · sigmoid(x).
    Silu,
    /// x · a, a value a channel.
    Gate(&'a [f32]),
    /// max(0, x · a + b), a and b a channel.
    NormRelu([&'a [f32]; 2]),
}

impl First<'_> {
    /// Does it to values of one channel.
    #[inline]
    pub fn apply(&self, channel: usize, values: &mut [f32]) {
        let of = |values: &[f32]| *values.get(channel).expect("invariant: a gate or norm has a value a channel");
        match self {
            Self::Nothing => {}
            Self::Relu => relu(values),
            Self::Silu => silu(values),
            Self::Gate(gates) => {
                let gate = of(gates);
                values.iter_mut().for_each(|value| *value *= gate);
            }
            Self::NormRelu([scale, shift]) => {
                let (scale, shift) = (of(scale), of(shift));
                values.iter_mut().for_each(|value| *value = relu_of(*value * scale + shift));
            }
        }
    }
}

/// A convolution with a square kernel, whose result has its input's size / stride.
#[derive(Debug, Clone)]
pub struct Dense {
    /// `[outputs, inputs · kernel · kernel]`.
    left: Left,
    /// A value an output channel.
    bias: Vec<f32>,
    kernel: usize,
    stride: usize,
    before: usize,
}

impl Dense {
    /// `weight` is `[outputs, inputs, kernel, kernel]`; there are `before` rows and columns of zeros before a plane. `None`
    /// for weights or a bias of another size.
    #[must_use]
    pub fn new(
        weight: &[f32],
        bias: Option<Vec<f32>>,
        [inputs, outputs]: [usize; 2],
        (kernel, stride, before): (usize, usize, usize),
    ) -> Option<Self> {
        let bias = bias.unwrap_or_else(|| vec![0.0; outputs]);
        if stride == 0 || before >= kernel.max(1) || bias.len() != outputs {
            return None;
        }
        Some(Self { left: Left::new(weight, outputs, inputs * kernel * kernel)?, bias, kernel, stride, before })
    }

    /// Output channels.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.left.rows()
    }

    /// Rows and columns of what comes of planes of `rows` × `columns`.
    #[must_use]
    pub const fn size(&self, rows: usize, columns: usize) -> [usize; 2] {
        output_size([rows, columns], self.stride)
    }

    /// Convolves planes `[inputs, rows, columns]` after `first`. `None` where the values or the goal don't fit.
    #[must_use]
    pub fn run(&self, input: &[f32], [rows, columns]: [usize; 2], first: First<'_>, onto: Onto<'_>) -> Option<()> {
        let [high, wide] = self.size(rows, columns);
        let inputs = self.left.depth() / (self.kernel * self.kernel);
        let channels = self.outputs() + onto.skipped;
        if input.len() != inputs * rows * columns || onto.planes.len() != channels * high * wide || input.is_empty() {
            return None;
        }
        let seen = Seen { of: self, input, rows, columns, wide, first };
        multiply(&self.left, &seen, &mut Goal { onto, columns: high * wide, bias: &self.bias });
        Some(())
    }
}

/// Planes as the taps of a kernel see them.
struct Seen<'a> {
    of: &'a Dense,
    input: &'a [f32],
    rows: usize,
    columns: usize,
    /// Columns of the result.
    wide: usize,
    first: First<'a>,
}

impl Right for Seen<'_> {
    #[inline]
    fn row(&self, depth: usize, first: usize, to: &mut [f32]) {
        let Dense { kernel, stride, before, .. } = *self.of;
        let area = self.rows * self.columns;
        let (channel, tap) = (depth / (kernel * kernel), depth % (kernel * kernel));
        let plane = &self.input[channel * area..(channel + 1) * area];
        if (kernel, stride) == (1, 1) {
            to.copy_from_slice(&plane[first..first + to.len()]);
            return self.first.apply(channel, to);
        }
        let (down, across) = (tap / kernel, tap % kernel);
        // Columns of the result for which the tap is on the picture.
        let from = before.saturating_sub(across).div_ceil(stride);
        let end = (self.columns + before).saturating_sub(across).div_ceil(stride).min(self.wide);
        let mut at = first;
        let mut rest = to;
        while !rest.is_empty() {
            let (y, x) = (at / self.wide, at % self.wide);
            let (line, after) = rest.split_at_mut((self.wide - x).min(rest.len()));
            (rest, at) = (after, at + line.len());
            line.fill(0.0);
            let row = (y * stride + down).checked_sub(before).filter(|row| *row < self.rows);
            let on = from.max(x)..end.min(x + line.len());
            if let Some(row) = row.filter(|_| !on.is_empty()) {
                let values = &plane[row * self.columns + on.start * stride + across - before..(row + 1) * self.columns];
                let line = &mut line[on.start - x..on.end - x];
                if stride == 1 {
                    line.copy_from_slice(&values[..line.len()]);
                } else {
                    line.iter_mut().zip(values.iter().step_by(stride)).for_each(|(to, value)| *to = *value);
                }
                self.first.apply(channel, line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{noise, plain};

    #[test]
    fn every_size_kernel_stride_and_border_is_the_definition() {
        let [gates, scale, shift] = [noise(5, 21), noise(5, 23), noise(5, 25)];
        let firsts = [First::Nothing, First::Relu, First::Silu, First::Gate(&gates), First::NormRelu([&scale, &shift])];
        for way in [(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 0), (3, 2, 1), (7, 2, 3), (5, 1, 2)] {
            for (rows, columns) in [(1, 1), (3, 2), (8, 8), (9, 17), (20, 24)] {
                for (nth, first) in firsts.into_iter().enumerate() {
                    let [inputs, outputs] = [5, 6 + nth];
                    let weight = noise(outputs * inputs * way.0 * way.0, 3);
                    let (bias, input) = (noise(outputs, 5), noise(inputs * rows * columns, 7));
                    let mut seen = input.clone();
                    let planes = seen.chunks_exact_mut(rows * columns).enumerate();
                    planes.for_each(|(channel, plane)| first.apply(channel, plane));
                    let expected = plain(&weight, &bias, [inputs, outputs, 1], way, (&seen, rows, columns));
                    let own = Dense::new(&weight, Some(bias), [inputs, outputs], way).unwrap();
                    let mut planes = vec![1.0; expected.len()];
                    let onto = Onto { relu: true, ..Onto::new(&mut planes) };
                    own.run(&input, [rows, columns], first, onto).unwrap();
                    for (a, b) in planes.iter().zip(&expected) {
                        let case = format!("{way:?} {rows} {columns} {first:?}");
                        assert!((f64::from(*a) - b.max(0.0)).abs() < 1e-4, "{case}: {a} {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Dense::new(&[0.0; 9], None, [1, 1], (1, 1, 0)).is_none());
        assert!(Dense::new(&[0.0; 9], Some(vec![0.0; 2]), [1, 1], (3, 1, 1)).is_none());
        assert!(Dense::new(&[0.0; 9], None, [1, 1], (3, 1, 3)).is_none());
        let own = Dense::new(&[0.0; 2], None, [2, 1], (1, 1, 0)).unwrap();
        let mut planes = [0.0; 4];
        let mut run = |input: &[f32], size, skipped| {
            own.run(input, size, First::Nothing, Onto { skipped, ..Onto::new(&mut planes) })
        };
        assert!(run(&[0.0; 8], [2, 2], 0).is_some());
        assert!(run(&[0.0; 4], [2, 2], 0).is_none() && run(&[], [0, 0], 0).is_none());
        assert!(run(&[0.0; 8], [2, 2], 1).is_none());
    }
}
