//! Convolutions on a GPU, each by the shader that fits its channels.

use burn::tensor::{Device, Int, Tensor};

use crate::{
    activation::Activation,
    epilogue::{Destination, Epilogue, Residual},
    output_size::output_size,
    quantized::{Precision, QuantizedTensor},
};

use super::{
    device::{upload, upload_as, upload_words, workgroups},
    feature_maps::GpuFeatureMaps,
    launch::Launch,
    source::{DispatchShape, GemmConv, PIXELS_PER_THREAD, PrologueMode, ResidualMode, Shader, StorageTypes},
};

/// Channels, square kernel, stride and padding of a convolution.
#[derive(Debug, Clone, Copy)]
pub struct ConvGeometry {
    /// Input channels of all groups.
    pub inputs: usize,
    /// Output channels of all groups.
    pub outputs: usize,
    /// Rows and columns of the kernel.
    pub kernel: usize,
    /// Stride along both axes.
    pub stride: usize,
    /// Rows and columns of zeros at the beginning. At the end there are as many as the output's
    /// size needs.
    pub pad_begin: usize,
    /// Groups of channels.
    pub groups: usize,
}

/// Weights in the order that their shader reads.
#[derive(Debug)]
enum ConvWeights {
    /// `[tap, input, output]`.
    Gemm(Tensor<1>),
    /// The same as int8, four outputs a word.
    GemmInt8(Tensor<1, Int>),
    /// `[tap, input, output]`, for few inputs.
    Stem(Tensor<1>),
    /// `[output, tap, input]`, for few outputs.
    OutputHead(Tensor<1>),
    /// `[tap, input of the group, output]`.
    Grouped(Tensor<1>),
}

/// A convolution on a GPU. The output has the size [`output_size`](crate::output_size()).
#[derive(Debug)]
pub struct GpuConv2d {
    weights: ConvWeights,
    /// `[outputs]`; `None` unless the weights are int8.
    scale: Option<Tensor<1>>,
    /// `[outputs]`.
    bias: Tensor<1>,
    geometry: ConvGeometry,
}

/// What the GEMM shader applies to its input.
#[derive(Debug, Clone, Copy)]
enum Prologue<'a> {
    Identity,
    /// max(0, x · scale + shift): all scales, then all shifts.
    AffineRelu(&'a Tensor<1>),
    /// x · gate, `[channels]`.
    Gate(&'a Tensor<1>),
    /// Upsampling to twice the size by repetition, and concatenation with these maps.
    UpsampleConcat(&'a GpuFeatureMaps),
}

/// From this many large tiles on, large tiles are used. Fewer, small tiles keep more of a GPU busy.
/// A guess: not measured on a GPU.
const MANY_TILES: usize = 48;

impl GpuConv2d {
    /// Uploads weights `[outputs, inputs / groups, kernel, kernel]`, in `precision` unless they are
    /// int8, and `bias`, `[outputs]` or zeros. Returns `None` if no shader fits the channels or the
    /// geometry.
    #[must_use]
    pub fn new(
        weights: QuantizedTensor,
        bias: Option<Vec<f32>>,
        geometry: ConvGeometry,
        precision: Precision,
        device: &Device,
    ) -> Option<Self> {
        let ConvGeometry { inputs, outputs, kernel, stride, groups, .. } = geometry;
        let taps = kernel * kernel;
        let vectorized = |channels: usize| channels.is_multiple_of(4);
        let permuted = |weights: QuantizedTensor, order: [usize; 3]| {
            let values = permute(&weights.dequantize(), [outputs, inputs / groups, taps], order);
            upload_as(values, precision, device)
        };
        let mut scale = None;
        let weights = if groups > 1 {
            let depthwise = groups == inputs && groups == outputs && vectorized(outputs);
            let known = [3, 5].contains(&kernel) && [1, 2].contains(&stride);
            let whole = inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups);
            if !known || !whole || (groups == inputs && !depthwise) {
                return None;
            }
            ConvWeights::Grouped(permuted(weights, [2, 1, 0]))
        // With four inputs three quarters of a GEMM tile's depth would be empty.
        } else if vectorized(inputs) && inputs >= 8 && vectorized(outputs) {
            match weights {
                QuantizedTensor::Int8 { values, scales } => {
                    let values = permute(&values, [outputs, inputs, taps], [2, 1, 0]);
                    let words = values
                        .chunks_exact(4)
                        .map(|four| i32::from_le_bytes([four[0], four[1], four[2], four[3]].map(i8::cast_unsigned)));
                    scale = Some(upload(scales, device));
                    ConvWeights::GemmInt8(upload_words(words.collect(), device))
                }
                weights @ QuantizedTensor::F32(_) => ConvWeights::Gemm(permuted(weights, [2, 1, 0])),
            }
        } else if vectorized(outputs) {
            ConvWeights::Stem(permuted(weights, [2, 1, 0]))
        } else if vectorized(inputs) {
            ConvWeights::OutputHead(permuted(weights, [0, 2, 1]))
        } else {
            return None;
        };
        let bias = upload(bias.unwrap_or_else(|| vec![0.0; outputs]), device);
        Some(Self { weights, scale, bias, geometry })
    }

    /// Convolves the maps. Only a convolution by the GEMM shader has a residual or a destination
    /// other than new maps; others ignore them.
    #[must_use]
    pub fn forward(&self, x: &GpuFeatureMaps, epilogue: Epilogue<'_, GpuFeatureMaps>) -> GpuFeatureMaps {
        match &self.weights {
            ConvWeights::Gemm(_) | ConvWeights::GemmInt8(_) => {
                let x = if x.has_own_precision() { x.clone() } else { x.materialize() };
                let prologue = x.pending_affine.as_ref().map_or(Prologue::Identity, Prologue::AffineRelu);
                self.forward_gemm(&x, prologue, DispatchShape::default(), epilogue)
            }
            // The stem reads a network's input in f32.
            ConvWeights::Stem(weight) if x.is_materialized() => self.forward_direct(x, weight, epilogue.activation),
            ConvWeights::Stem(weight) | ConvWeights::OutputHead(weight) | ConvWeights::Grouped(weight) => {
                self.forward_direct(&x.materialize(), weight, epilogue.activation)
            }
        }
    }

    /// Convolves x · gate, with a gate per channel.
    #[must_use]
    pub fn forward_gated(
        &self,
        x: &GpuFeatureMaps,
        gate: &Tensor<1>,
        epilogue: Epilogue<'_, GpuFeatureMaps>,
    ) -> GpuFeatureMaps {
        self.forward_gemm(&x.materialize(), Prologue::Gate(gate), DispatchShape::default(), epilogue)
    }

    /// Convolves the concatenation of `coarse`, upsampled to twice its size by repetition, and
    /// `skip`, which has twice the size of `coarse`.
    #[must_use]
    pub fn forward_concat(
        &self,
        coarse: &GpuFeatureMaps,
        skip: Option<&GpuFeatureMaps>,
        epilogue: Epilogue<'_, GpuFeatureMaps>,
    ) -> GpuFeatureMaps {
        let coarse = coarse.materialize();
        // Without a skip the coarse maps are bound in its place, and not read there.
        let skip = skip.map_or_else(|| coarse.clone(), GpuFeatureMaps::materialize);
        let shape = DispatchShape {
            rows: coarse.data.dims()[1] * 2,
            columns: coarse.data.dims()[2] * 2,
            concat_split: coarse.channels / 4,
            second_width: skip.channels / 4,
            ..DispatchShape::default()
        };
        self.forward_gemm(&coarse, Prologue::UpsampleConcat(&skip), shape, epilogue)
    }

    /// Completes the shape of an input by the convolution and its output.
    fn output_shape(&self, shape: DispatchShape) -> DispatchShape {
        let ConvGeometry { kernel, stride, pad_begin, .. } = self.geometry;
        let [out_rows, out_columns] = output_size([shape.rows, shape.columns], stride);
        DispatchShape { out_rows, out_columns, kernel, stride, pad_begin, ..shape }
    }

    fn forward_gemm(
        &self,
        x: &GpuFeatureMaps,
        prologue: Prologue<'_>,
        concat_shape: DispatchShape,
        epilogue: Epilogue<'_, GpuFeatureMaps>,
    ) -> GpuFeatureMaps {
        let (weight, words) = match &self.weights {
            ConvWeights::GemmInt8(words) => (None, Some(words)),
            ConvWeights::Gemm(weight) => (Some(weight), None),
            ConvWeights::Stem(_) | ConvWeights::OutputHead(_) | ConvWeights::Grouped(_) => {
                unreachable!("invariant: only GEMM convolutions are gated or read a concatenation")
            }
        };
        let ConvGeometry { inputs, outputs, .. } = self.geometry;
        let input_shape = x.dispatch_shape(4);
        let (mode, second, scale_shift) = match prologue {
            Prologue::Identity => (PrologueMode::Identity, None, None),
            Prologue::AffineRelu(scale_shift) => (PrologueMode::AffineRelu, None, Some(scale_shift)),
            Prologue::Gate(gate) => (PrologueMode::Gate, None, Some(gate)),
            Prologue::UpsampleConcat(maps) => (PrologueMode::UpsampleConcat, Some(maps.flatten()), None),
        };
        let shape = match mode {
            PrologueMode::UpsampleConcat => {
                DispatchShape { width: input_shape.width, channels: inputs / 4, ..concat_shape }
            }
            _ => input_shape,
        };
        let mut shape = DispatchShape { outputs: outputs / 4, out_width: outputs / 4, ..self.output_shape(shape) };
        let pixels = shape.out_rows * shape.out_columns;
        let mut out = [1, shape.out_rows, shape.out_columns, outputs];
        let mut channels = outputs;
        let mut existing = None;
        match epilogue.destination {
            Destination::New => {}
            Destination::WithCapacity(width) => (out[3], shape.out_width) = (width, width / 4),
            Destination::DualPath(paths, accumulated) => {
                out = paths.data.dims();
                channels = paths.channels + outputs - accumulated;
                shape.out_width = out[3] / 4;
                (shape.accumulated, shape.skipped) = (accumulated / 4, (paths.channels - accumulated) / 4);
                existing = Some(paths.flatten());
            }
        }
        let (residual_mode, residual) = match epilogue.residual {
            Residual::None => (ResidualMode::None, None),
            Residual::Same(maps) => (ResidualMode::Same, Some(maps)),
            Residual::UpsampledNearest(maps) => (ResidualMode::UpsampledNearest, Some(maps)),
        };
        (shape.prologue, shape.residual, shape.activation) =
            (mode as usize, residual_mode as usize, epilogue.activation as usize);
        let residual = residual.map(|maps| maps.materialize().flatten());
        let maps = Precision::of_tensor(&x.data);
        let shader = |large| GemmConv { large, maps, weights: weight.map(Precision::of_tensor) };
        let tiles = |(rows, vec4s)| [pixels.div_ceil(rows), shape.outputs.div_ceil(vec4s)];
        let [down, across] = tiles(shader(true).tile());
        let shader = shader(down * across >= MANY_TILES);
        // Absent tensors have bindings, too: the bias is bound in their place, and not read there.
        let bound = |tensor: Option<&Tensor<1>>| Some(tensor.unwrap_or(&self.bias).clone());
        let more = [
            bound(second.as_ref()),
            bound(scale_shift),
            Some(self.bias.clone()),
            self.scale.clone(),
            bound(residual.as_ref()),
            weight.cloned(),
        ];
        let launch = Launch {
            shader: Shader::GemmConv(shader),
            shape,
            workgroups: tiles(shader.tile()).map(|count| count as u32),
            out,
        };
        let data = launch.enqueue_into(&x.flatten(), &more.each_ref().map(Option::as_ref), words, existing.as_ref());
        GpuFeatureMaps { channels, ..GpuFeatureMaps::from_tensor(data, x.precision) }
    }

    fn forward_direct(&self, x: &GpuFeatureMaps, weight: &Tensor<1>, activation: Activation) -> GpuFeatureMaps {
        let ConvGeometry { inputs, outputs, kernel, stride, groups, .. } = self.geometry;
        let depthwise = groups == inputs;
        let types = StorageTypes {
            maps: Precision::of_tensor(&x.data),
            weights: Precision::of_tensor(weight),
            out: x.precision.for_channels(outputs),
        };
        let (shader, unit_in, unit_out) = match &self.weights {
            ConvWeights::Stem(_) => (Shader::StemConv { activation, types }, 1, 4),
            ConvWeights::OutputHead(_) => (Shader::OutputHead { activation, types }, 4, 1),
            _ => {
                let unit = if depthwise { 4 } else { 1 };
                (Shader::GroupedConv { depthwise, kernel, stride, activation, types }, unit, unit)
            }
        };
        let shape = self.output_shape(x.dispatch_shape(unit_in));
        let shape = DispatchShape {
            outputs: outputs / unit_out,
            group_inputs: if depthwise { 1 } else { inputs / groups },
            group_outputs: if depthwise { 1 } else { outputs / groups },
            ..shape
        };
        let threads = match &self.weights {
            ConvWeights::Stem(_) => shape.out_rows * shape.out_columns * shape.outputs,
            ConvWeights::OutputHead(_) => shape.out_rows * shape.out_columns,
            _ => shape.out_rows * shape.out_columns.div_ceil(PIXELS_PER_THREAD) * shape.outputs,
        };
        let out = [1, shape.out_rows, shape.out_columns, outputs];
        let launch = Launch { shader, shape, workgroups: workgroups(threads), out };
        GpuFeatureMaps::from_tensor(launch.enqueue(&x.flatten(), &[Some(weight), Some(&self.bias)]), x.precision)
    }
}

/// Permutes the axes of an array of `dims`; axis `i` of the result is axis `order[i]` of `values`.
fn permute<T: Copy>(values: &[T], dims: [usize; 3], order: [usize; 3]) -> Vec<T> {
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
