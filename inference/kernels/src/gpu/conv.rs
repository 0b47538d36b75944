//! Convolutions, each by the shader that suits it.

use burn::tensor::{Device, Int, Tensor};

use crate::{Activation, Precision, Stored, output_size::output_size};

use super::{
    groups,
    launch::Launch,
    maps::Maps,
    on_device,
    source::{Dense, Input, Kernel, RUN, Shape, Sum, Types},
    stored_on_device, words_on_device,
};

/// A square kernel, where it is put, and the channels.
#[derive(Debug, Clone, Copy)]
pub struct Geometry {
    pub inputs: usize,
    pub outputs: usize,
    pub kernel: usize,
    pub stride: usize,
    /// Pixels added before a picture; behind it there are as many as it takes.
    pub before: usize,
    pub groups: usize,
}

#[derive(Debug)]
enum Way {
    /// Weights `[tap, input, output]`.
    Dense(Tensor<1>),
    /// The same as bytes, four outputs a word.
    Bytes(Tensor<1, Int>),
    /// `[tap, input, output]`.
    Stem(Tensor<1>),
    /// `[output, tap, input]`.
    Head(Tensor<1>),
    /// `[tap, input of the group, output]`.
    Grouped(Tensor<1>),
}

/// A convolution; its output has the size that [`output_size`] gives.
#[derive(Debug)]
pub struct Conv {
    way: Way,
    /// An output's, of bytes.
    scale: Option<Tensor<1>>,
    bias: Tensor<1>,
    geometry: Geometry,
}

/// What is done to a dense convolution's input as it is read.
#[derive(Debug, Clone, Copy)]
enum Before<'a> {
    Nothing,
    /// Factors and then summands of max(0, x · a + b).
    Norms(&'a Tensor<1>),
    /// A factor a channel.
    Gate(&'a Tensor<1>),
    /// Doubled by repetition, with the channels of these behind.
    Beside(&'a Maps),
}

/// What follows a convolution.
#[derive(Debug, Clone, Copy, Default)]
pub struct Then<'a> {
    /// Added before the activation: maps of the output's size, or of half of it to be doubled.
    pub added: Option<(&'a Maps, bool)>,
    pub activation: Activation,
    pub into: Into<'a>,
}

/// Where a convolution's result goes.
#[derive(Debug, Clone, Copy, Default)]
pub enum Into<'a> {
    #[default]
    New,
    /// Into maps with room for so many channels.
    Wide(usize),
    /// Its first channels are added to those of maps with room, the others come behind all there are.
    Grown(&'a Maps, usize),
}

/// From this many large tiles on they are used; below, small ones keep more of a GPU busy. A guess: not measured on one.
const MANY_TILES: usize = 48;

impl Conv {
    /// Weights `[outputs, inputs / groups, kernel, kernel]`, stored in `precision` unless they are bytes. `None` where no
    /// shader fits: odd channels, or a geometry that the networks don't have.
    #[must_use]
    pub fn new(
        weights: Stored,
        bias: Option<Vec<f32>>,
        geometry: Geometry,
        precision: Precision,
        device: &Device,
    ) -> Option<Self> {
        let Geometry { inputs, outputs, kernel, stride, groups, .. } = geometry;
        let taps = kernel * kernel;
        let fours = |channels: usize| channels.is_multiple_of(4);
        let floats = |weights: Stored, order: [usize; 3]| {
            let values = reordered(&weights.floats(), [outputs, inputs / groups, taps], order);
            stored_on_device(values, precision, device)
        };
        let mut scale = None;
        let way = if groups > 1 {
            let each = groups == inputs && groups == outputs && fours(outputs);
            let known = [3, 5].contains(&kernel) && [1, 2].contains(&stride);
            let whole = inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups);
            if !known || !whole || (groups == inputs && !each) {
                return None;
            }
            Way::Grouped(floats(weights, [2, 1, 0]))
        // Four inputs are a stem: a tile of sixteen would be three quarters empty.
        } else if fours(inputs) && inputs >= 8 && fours(outputs) {
            match weights {
                Stored::Bytes { values, scales } => {
                    let words = reordered(&values, [outputs, inputs, taps], [2, 1, 0]);
                    let words = words
                        .chunks_exact(4)
                        .map(|four| i32::from_le_bytes([four[0], four[1], four[2], four[3]].map(i8::cast_unsigned)));
                    scale = Some(on_device(scales, device));
                    Way::Bytes(words_on_device(words.collect(), device))
                }
                weights @ Stored::Floats(_) => Way::Dense(floats(weights, [2, 1, 0])),
            }
        } else if fours(outputs) {
            Way::Stem(floats(weights, [2, 1, 0]))
        } else if fours(inputs) {
            Way::Head(floats(weights, [0, 2, 1]))
        } else {
            return None;
        };
        let bias = on_device(bias.unwrap_or_else(|| vec![0.0; outputs]), device);
        Some(Self { way, scale, bias, geometry })
    }

    /// The result of these maps.
    #[must_use]
    pub fn forward(&self, x: &Maps, then: Then<'_>) -> Maps {
        match &self.way {
            Way::Dense(_) | Way::Bytes(_) => {
                let x = if x.is_stored() { x.clone() } else { x.settled() };
                let input = x.norms.as_ref().map_or(Before::Nothing, Before::Norms);
                self.dense(&x, input, Shape::default(), then)
            }
            // It reads a network's input as it comes.
            Way::Stem(weight) if x.is_whole() => self.other(x, weight, then),
            Way::Stem(weight) | Way::Head(weight) | Way::Grouped(weight) => self.other(&x.settled(), weight, then),
        }
    }

    /// Of `x · gate`, a gate a channel.
    #[must_use]
    pub fn gated(&self, x: &Maps, gate: Tensor<1>, then: Then<'_>) -> Maps {
        self.dense(&x.settled(), Before::Gate(&gate), Shape::default(), then)
    }

    /// Of maps doubled by repetition with the channels of others behind theirs.
    #[must_use]
    pub fn joined(&self, coarse: &Maps, beside: Option<&Maps>, then: Then<'_>) -> Maps {
        let coarse = coarse.settled();
        // Without others the same maps stand in for them, and none of their channels is read.
        let beside = beside.map_or_else(|| coarse.clone(), Maps::settled);
        let sizes = Shape {
            rows: coarse.data.dims()[1] * 2,
            columns: coarse.data.dims()[2] * 2,
            split: coarse.channels / 4,
            second_width: beside.channels / 4,
            ..Shape::default()
        };
        self.dense(&coarse, Before::Beside(&beside), sizes, then)
    }

    fn outs(&self, shape: Shape) -> Shape {
        let Geometry { kernel, stride, before, .. } = self.geometry;
        let [out_rows, out_columns] = output_size([shape.rows, shape.columns], stride);
        Shape { out_rows, out_columns, kernel, stride, before, ..shape }
    }

    fn dense(&self, x: &Maps, before: Before<'_>, sizes: Shape, then: Then<'_>) -> Maps {
        assert!(
            matches!(self.way, Way::Dense(_) | Way::Bytes(_)),
            "invariant: only dense convolutions are gated or joined"
        );
        let Geometry { inputs, outputs, .. } = self.geometry;
        let of = x.shape(4);
        let (input, second, factors) = match before {
            Before::Nothing => (Input::Plain, None, None),
            Before::Norms(norms) => (Input::Normed, None, Some(norms)),
            Before::Gate(gate) => (Input::Gated, None, Some(gate)),
            Before::Beside(maps) => (Input::Joined, Some(maps.flat()), None),
        };
        let shape = match input {
            Input::Joined => Shape { width: of.width, channels: inputs / 4, ..sizes },
            _ => of,
        };
        let mut shape = Shape { outputs: outputs / 4, out_width: outputs / 4, ..self.outs(shape) };
        let pixels = shape.out_rows * shape.out_columns;
        let mut out = [1, shape.out_rows, shape.out_columns, outputs];
        let mut channels = outputs;
        let mut grown = None;
        match then.into {
            Into::New => {}
            Into::Wide(width) => (out[3], shape.out_width) = (width, width / 4),
            Into::Grown(stage, added) => {
                out = stage.data.dims();
                channels = stage.channels + outputs - added;
                shape.out_width = out[3] / 4;
                (shape.into_first, shape.skipped) = (added / 4, (stage.channels - added) / 4);
                grown = Some(stage.flat());
            }
        }
        let sum = match then.added {
            None => Sum::Nothing,
            Some((_, false)) => Sum::Same,
            Some((_, true)) => Sum::Doubled,
        };
        (shape.input, shape.sum, shape.activation) = (input as usize, sum as usize, then.activation as usize);
        let added = then.added.map(|(maps, _)| maps.settled().flat());
        let (weight, words) = match &self.way {
            Way::Bytes(words) => (None, Some(words)),
            Way::Dense(weight) | Way::Stem(weight) | Way::Head(weight) | Way::Grouped(weight) => (Some(weight), None),
        };
        let maps = Precision::held(&x.data);
        let kernel = |large| Dense { large, maps, weights: weight.map(Precision::held) };
        let tiles = |(rows, fours)| [pixels.div_ceil(rows), shape.outputs.div_ceil(fours)];
        let [down, across] = tiles(kernel(true).tile());
        let kernel = kernel(down * across >= MANY_TILES);
        // What isn't there is bound as well, and not read: the biases stand in for it.
        let other = |tensor: Option<&Tensor<1>>| Some(tensor.unwrap_or(&self.bias).clone());
        let more = [
            other(second.as_ref()),
            other(factors),
            Some(self.bias.clone()),
            self.scale.clone(),
            other(added.as_ref()),
            weight.cloned(),
        ];
        let launch = Launch {
            kernel: Kernel::Dense(kernel),
            shape,
            workgroups: tiles(kernel.tile()).map(|count| count as u32),
            out,
        };
        let data = launch.into(&x.flat(), &more.each_ref().map(Option::as_ref), words, grown.as_ref());
        Maps { channels, ..Maps::of(data, x.precision) }
    }

    fn other(&self, x: &Maps, weight: &Tensor<1>, then: Then<'_>) -> Maps {
        let Geometry { inputs, outputs, kernel, stride, groups: all, .. } = self.geometry;
        let activation = then.activation;
        let each = all == inputs;
        let types =
            Types { maps: Precision::held(&x.data), weights: Precision::held(weight), out: x.precision.of(outputs) };
        let (kernel, unit_in, unit_out) = match &self.way {
            Way::Stem(_) => (Kernel::Stem { activation, types }, 1, 4),
            Way::Head(_) => (Kernel::Head { activation, types }, 4, 1),
            _ => {
                let unit = if each { 4 } else { 1 };
                (Kernel::Grouped { fours: each, kernel, stride, activation, types }, unit, unit)
            }
        };
        let shape = self.outs(x.shape(unit_in));
        let shape = Shape {
            outputs: outputs / unit_out,
            per_in: if each { 1 } else { inputs / all },
            per_out: if each { 1 } else { outputs / all },
            ..shape
        };
        let threads = match &self.way {
            Way::Stem(_) => shape.out_rows * shape.out_columns * shape.outputs,
            Way::Head(_) => shape.out_rows * shape.out_columns,
            _ => shape.out_rows * shape.out_columns.div_ceil(RUN) * shape.outputs,
        };
        let out = [1, shape.out_rows, shape.out_columns, outputs];
        let launch = Launch { kernel, shape, workgroups: groups(threads), out };
        Maps::of(launch.on(&x.flat(), &[Some(weight), Some(&self.bias)]), x.precision)
    }
}

/// Values of `dims` in another order of their axes.
fn reordered<T: Copy>(values: &[T], dims: [usize; 3], order: [usize; 3]) -> Vec<T> {
    let strides = [dims[1] * dims[2], dims[2], 1];
    let [a, b, c] = order.map(|axis| (dims[axis], strides[axis]));
    let mut found = Vec::with_capacity(values.len());
    for i in 0..a.0 {
        for j in 0..b.0 {
            found.extend((0..c.0).map(|k| values[i * a.1 + j * b.1 + k * c.1]));
        }
    }
    found
}
