//! Feature maps and layers on the CPU. Feature maps are in planned memory; an operation per value
//! stays pending until the next kernel reads the maps.

use std::{ops::RangeInclusive, rc::Rc, sync::Arc};

use corsai_kernels::{
    Activation, Buffer, DepthwiseConv2d, DepthwiseOutput, Destination, DirectConv2d, Epilogue, GemmConv2d,
    OutputPlanes, Prologue, Residual, WinogradConv3x3, max_pool_3x3, output_size, sigmoid, upsample_bilinear,
    upsample_nearest_2x,
};

use super::conv_shape::ConvShape;
use crate::{error::NetworkError, weights::Weights};

/// Feature maps of a batch, `[batch, channels, rows, columns]`.
#[derive(Debug, Clone)]
pub(crate) struct CpuFeatureMaps {
    values: Rc<Buffer>,
    shape: [usize; 4],
    pending: Pending,
}

/// What is still to be applied to the values when they are read. Many kernels do it in passing.
#[derive(Debug, Clone, Default)]
enum Pending {
    #[default]
    Nothing,
    Relu,
    Silu,
    /// x · gate, `[batch, channels]`.
    Gate(Rc<Buffer>),
    /// max(0, x · scale + shift), per channel.
    AffineRelu(Arc<[Vec<f32>; 2]>),
}

impl Pending {
    /// Returns the prologue for one picture of a batch.
    fn prologue(&self, picture: usize, channels: usize) -> Prologue<'_> {
        match self {
            Self::Nothing => Prologue::Identity,
            Self::Relu => Prologue::Relu,
            Self::Silu => Prologue::Silu,
            Self::Gate(gates) => Prologue::Gate(&gates[picture * channels..][..channels]),
            Self::AffineRelu(norm) => Prologue::AffineRelu([&norm[0], &norm[1]]),
        }
    }
}

/// Returns the values, copied if they are shared.
fn unshared(values: Rc<Buffer>) -> Buffer {
    Rc::try_unwrap(values).unwrap_or_else(|shared| Buffer::clone(&shared))
}

impl CpuFeatureMaps {
    fn from_buffer(values: Buffer, shape: [usize; 4]) -> Self {
        Self { values: Rc::new(values), shape, pending: Pending::Nothing }
    }

    /// Copies values `[batch, channels, rows, columns]`.
    pub fn new(values: &[f32], shape: [usize; 4]) -> Self {
        Self::from_buffer(Buffer::from_slice(values), shape)
    }

    /// Values of one picture; at least 1.
    fn picture_len(&self) -> usize {
        self.shape.iter().skip(1).product::<usize>().max(1)
    }

    /// Rows and columns.
    fn size(&self) -> [usize; 2] {
        [self.shape[2], self.shape[3]]
    }

    /// Returns the pictures with their index, without what is pending.
    fn pictures(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.values.chunks_exact(self.picture_len()).enumerate()
    }

    /// Applies what is pending.
    fn materialize(self) -> Self {
        if matches!(self.pending, Pending::Nothing) {
            return self;
        }
        let (shape, each, area) = (self.shape, self.picture_len(), self.shape[2] * self.shape[3]);
        let mut values = unshared(self.values);
        for (nth, picture) in values.chunks_exact_mut(each).enumerate() {
            let prologue = self.pending.prologue(nth, shape[1]);
            let planes = picture.chunks_exact_mut(area.max(1)).enumerate();
            planes.for_each(|(channel, plane)| prologue.apply(channel, plane));
        }
        Self::from_buffer(values, shape)
    }

    /// Appends the values to `to`.
    pub fn append_to(self, to: &mut Vec<f32>) {
        to.extend_from_slice(&self.materialize().values);
    }

    /// Applies `change` to the planes `[channels, rows, columns]` of every picture.
    pub fn map_pictures(self, change: impl FnMut(&mut [f32])) -> Self {
        let maps = self.materialize();
        let (shape, each) = (maps.shape, maps.picture_len());
        let mut values = unshared(maps.values);
        values.chunks_exact_mut(each).for_each(change);
        Self::from_buffer(values, shape)
    }

    fn with_pending(self, pending: Pending) -> Self {
        Self { pending, ..self.materialize() }
    }

    /// Applies an activation when the maps are read.
    pub fn activate(self, activation: Activation) -> Self {
        match activation {
            Activation::None => self,
            Activation::Relu => self.with_pending(Pending::Relu),
            Activation::Silu => self.with_pending(Pending::Silu),
        }
    }

    /// Applies max(0, x · scale + shift) per channel when the maps are read.
    pub fn affine_relu(self, norm: &Arc<[Vec<f32>; 2]>) -> Self {
        self.with_pending(Pending::AffineRelu(Arc::clone(norm)))
    }

    /// Adds maps of the same shape.
    pub fn add(self, other: Self) -> Self {
        let (maps, other) = (self.materialize(), other.materialize());
        let shape = maps.shape;
        let mut values = unshared(maps.values);
        values.iter_mut().zip(other.values.iter()).for_each(|(value, other)| *value += other);
        Self::from_buffer(values, shape)
    }

    /// Max-pools with a 3×3 kernel, stride 2 and a padding of 1.
    pub fn max_pool_3x3(self) -> Self {
        let from = self.materialize();
        let [batch, channels, rows, columns] = from.shape;
        let [out_rows, out_columns] = output_size([rows, columns], 2);
        let shape = [batch, channels, out_rows, out_columns];
        let mut values = Buffer::new(shape.iter().product());
        max_pool_3x3(&from.values, from.size(), &mut values);
        Self::from_buffer(values, shape)
    }

    /// Upsamples bilinearly by a whole factor; `align_corners` as in `PyTorch`.
    pub fn upsample_bilinear(self, factor: usize, align_corners: bool) -> Self {
        let from = self.materialize();
        if factor == 1 {
            return from;
        }
        let [batch, channels, rows, columns] = from.shape;
        let shape = [batch, channels, rows * factor, columns * factor];
        let mut values = Buffer::new(shape.iter().product());
        upsample_bilinear(&from.values, from.size(), factor, align_corners, &mut values);
        Self::from_buffer(values, shape)
    }

    /// Upsamples to twice the size by repetition and appends the channels of `skip`, which has that
    /// size.
    pub fn upsample_nearest_concat(self, skip: Option<Self>) -> Self {
        let (from, skip) = (self.materialize(), skip.map(Self::materialize));
        let [batch, channels, rows, columns] = from.shape;
        let skip_channels = skip.as_ref().map_or(0, |skip| skip.shape[1]);
        let shape = [batch, channels + skip_channels, rows * 2, columns * 2];
        let upsampled_len = channels * 4 * rows * columns;
        let mut values = Buffer::new(shape.iter().product());
        let each = (values.len() / batch.max(1)).max(1);
        for ((nth, picture), to) in from.pictures().zip(values.chunks_exact_mut(each)) {
            let (front, behind) = to.split_at_mut(upsampled_len);
            upsample_nearest_2x(picture, columns, front);
            let skip = skip.as_ref().and_then(|skip| skip.pictures().nth(nth));
            behind.copy_from_slice(skip.map_or(&[], |(_, picture)| picture));
        }
        Self::from_buffer(values, shape)
    }
}

/// A convolution by the kernel that is fastest for its shape.
#[derive(Debug)]
pub(crate) enum CpuConv2d {
    Gemm(GemmConv2d),
    Winograd(WinogradConv3x3),
    /// For few input channels a group.
    Direct(DirectConv2d),
}

impl CpuConv2d {
    /// Products of input and output channels for which Winograd's algorithm is used. With fewer its
    /// transforms outweigh the savings; with more its kernels, four times as large, take too much
    /// memory.
    const WINOGRAD_CHANNELS: RangeInclusive<usize> = 16 * 16..=256 * 256;
    /// Up to this many input channels a direct convolution is faster than a matrix product.
    const DIRECT_INPUTS: usize = 4;

    /// Loads the tensors `name.weight` and, with a bias, `name.bias`.
    pub fn load(weights: &mut Weights, name: &str, shape: ConvShape) -> Result<Self, NetworkError> {
        let weight = weights.remove(&format!("{name}.weight"), &shape.dims())?;
        let conv = Self::new(&weight, shape.remove_bias(weights, name)?, shape);
        if let Some(Self::Winograd(_)) = conv {
            // The nine values of each kernel have become 36.
            weights.add_held_values(3 * weight.len());
        }
        conv.ok_or_else(|| NetworkError::UnsupportedLayer(name.into()))
    }

    /// Returns `None` if there is no kernel for the shape, or if a length does not fit.
    fn new(weight: &[f32], bias: Option<Vec<f32>>, shape: ConvShape) -> Option<Self> {
        let ConvShape { inputs, outputs, kernel, stride, groups, .. } = shape;
        let geometry = (kernel, stride, shape.pad_begin());
        if groups > 1 || kernel > 1 && inputs <= Self::DIRECT_INPUTS {
            return DirectConv2d::new(weight, bias, [inputs, outputs, groups], geometry).map(Self::Direct);
        }
        if geometry == (3, 1, 1) && Self::WINOGRAD_CHANNELS.contains(&(inputs * outputs)) {
            return WinogradConv3x3::new(weight, bias, [inputs, outputs]).map(Self::Winograd);
        }
        GemmConv2d::new(weight, bias, [inputs, outputs], geometry).map(Self::Gemm)
    }

    /// Returns channels, rows and columns of the output for an input of `rows` × `columns`.
    fn output_shape(&self, rows: usize, columns: usize) -> [usize; 3] {
        let (outputs, [rows, columns]) = match self {
            Self::Gemm(conv) => (conv.outputs(), conv.output_size(rows, columns)),
            Self::Winograd(conv) => (conv.outputs(), [rows, columns]),
            Self::Direct(conv) => (conv.outputs(), conv.output_size(rows, columns)),
        };
        [outputs, rows, columns]
    }

    /// Convolves the maps. If a kernel refuses its arguments the output is NaN, which the network
    /// reports.
    pub fn forward(&self, x: CpuFeatureMaps, epilogue: Epilogue<'_, CpuFeatureMaps>) -> CpuFeatureMaps {
        let x = if matches!(self, Self::Gemm(_)) { x } else { x.materialize() };
        let (batch, inputs, size) = (x.shape[0], x.shape[1], x.size());
        let [outputs, out_rows, out_columns] = self.output_shape(size[0], size[1]);
        let (existing, accumulated) = match (epilogue.residual, epilogue.destination) {
            (Residual::Same(maps), _) => (Some(maps.clone().materialize()), outputs),
            (Residual::UpsampledNearest(maps), _) => (Some(maps.clone().upsample_nearest_concat(None)), outputs),
            (Residual::None, Destination::DualPath(maps, accumulated)) => {
                (Some(maps.clone().materialize()), accumulated)
            }
            (Residual::None, Destination::New | Destination::WithCapacity(_)) => (None, 0),
        };
        let skipped = existing.as_ref().map_or(0, |existing| existing.shape[1] - accumulated);
        let relu = epilogue.activation == Activation::Relu;
        let shape = [batch, outputs + skipped, out_rows, out_columns];
        let each = shape.iter().skip(1).product::<usize>().max(1);
        let mut found = match existing {
            None => Buffer::new(batch * each),
            Some(existing) if existing.shape == shape => unshared(existing.values),
            Some(existing) => {
                let mut wider = Buffer::new(batch * each);
                for ((_, from), to) in existing.pictures().zip(wider.chunks_exact_mut(each)) {
                    to.iter_mut().zip(from).for_each(|(to, value)| *to = *value);
                }
                wider
            }
        };
        for ((nth, picture), planes) in x.pictures().zip(found.chunks_exact_mut(each)) {
            let destination = OutputPlanes { planes: &mut *planes, accumulated, skipped, relu };
            let area = out_rows * out_columns;
            let done = match self {
                Self::Gemm(conv) => conv.run(picture, size, x.pending.prologue(nth, inputs), destination),
                Self::Winograd(conv) => {
                    run_overwriting(destination, outputs, area, |relu, to| conv.run(picture, size, relu, to))
                }
                Self::Direct(conv) => {
                    run_overwriting(destination, outputs, area, |relu, to| conv.run(picture, size, relu, to))
                }
            };
            if done.is_none() {
                planes.fill(f32::NAN);
            }
        }
        let found = CpuFeatureMaps::from_buffer(found, shape);
        if relu { found } else { found.activate(epilogue.activation) }
    }

    /// Convolves x · gate, with a gate per channel.
    pub fn forward_gated(
        &self,
        x: CpuFeatureMaps,
        gate: CpuGate,
        epilogue: Epilogue<'_, CpuFeatureMaps>,
    ) -> CpuFeatureMaps {
        self.forward(x.with_pending(Pending::Gate(gate)), epilogue)
    }
}

/// Gates `[batch, channels]`.
pub(crate) type CpuGate = Rc<Buffer>;

/// Runs a kernel that only overwrites planes: into `destination` if nothing is there, else into a
/// buffer that is then accumulated and appended.
fn run_overwriting(
    destination: OutputPlanes<'_>,
    outputs: usize,
    area: usize,
    run: impl FnOnce(bool, &mut [f32]) -> Option<()>,
) -> Option<()> {
    let OutputPlanes { planes, accumulated, skipped, relu } = destination;
    if accumulated + skipped == 0 {
        return run(relu, planes);
    }
    let mut found = Buffer::new(outputs * area);
    run(false, &mut found)?;
    let (sums, appended) = found.split_at_checked(accumulated * area)?;
    let (existing, behind) = planes.split_at_mut_checked((accumulated + skipped) * area)?;
    existing.iter_mut().zip(sums).for_each(|(value, sum)| *value += sum);
    behind.iter_mut().zip(appended).for_each(|(to, value)| *to = *value);
    if relu {
        corsai_kernels::relu(planes);
    }
    Some(())
}

/// A depthwise convolution with `SiLU` behind it, and squeeze and excitation.
#[derive(Debug)]
pub(crate) struct CpuGatedDepthwise {
    depthwise: DepthwiseConv2d,
    squeeze: CpuConv2d,
    excite: CpuConv2d,
}

impl CpuGatedDepthwise {
    /// Loads the depthwise convolution `name`, and the squeeze and the excite layer.
    pub fn load(
        weights: &mut Weights,
        (name, shape): (&str, ConvShape),
        layers: [(&str, ConvShape); 2],
    ) -> Result<Self, NetworkError> {
        let weight = weights.remove(&format!("{name}.weight"), &shape.dims())?;
        let bias = shape.remove_bias(weights, name)?.unwrap_or_else(|| vec![0.0; shape.outputs]);
        let depthwise = DepthwiseConv2d::new(weight, bias, shape.kernel, shape.stride, shape.pad_begin());
        let depthwise = depthwise.ok_or_else(|| NetworkError::UnsupportedLayer(name.into()))?;
        let [squeeze, excite] = layers.map(|(name, shape)| CpuConv2d::load(weights, name, shape));
        Ok(Self { depthwise, squeeze: squeeze?, excite: excite? })
    }

    /// Returns the output of the convolution and its gates. If the kernel refuses its arguments
    /// both are NaN, which the network reports.
    pub fn forward(&self, x: CpuFeatureMaps) -> (CpuFeatureMaps, CpuGate) {
        let silu_input = matches!(x.pending, Pending::Silu);
        let x = if silu_input { x } else { x.materialize() };
        let ([batch, channels, ..], size) = (x.shape, x.size());
        let [out_rows, out_columns] = self.depthwise.output_size(size[0], size[1]);
        let shape = [batch, channels, out_rows, out_columns];
        let (mut values, mut means) = (Buffer::new(shape.iter().product()), Buffer::new(batch * channels));
        let outputs = values
            .chunks_exact_mut((channels * out_rows * out_columns).max(1))
            .zip(means.chunks_exact_mut(channels.max(1)));
        for ((_, picture), (planes, means)) in x.pictures().zip(outputs) {
            let to = DepthwiseOutput { planes: &mut *planes, means: &mut *means };
            if self.depthwise.run(picture, size, silu_input, to).is_none() {
                means.fill(f32::NAN);
                planes.fill(f32::NAN);
            }
        }
        let means = CpuFeatureMaps::from_buffer(means, [batch, channels, 1, 1]);
        let hidden = self.squeeze.forward(means, Epilogue::SILU);
        let gates = self.excite.forward(hidden, Epilogue::default()).map_pictures(sigmoid);
        (CpuFeatureMaps::from_buffer(values, shape), gates.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(planes: CpuFeatureMaps) -> Vec<f32> {
        let mut values = Vec::new();
        planes.append_to(&mut values);
        values
    }

    #[test]
    fn gates_are_each_pictures_own() {
        let gates = Pending::Gate(Rc::new(Buffer::from_slice(&[1.0, 2.0, 3.0, 4.0])));
        let found = CpuFeatureMaps::new(&[1.0; 8], [2, 2, 1, 2]).with_pending(gates);
        assert_eq!(read(found), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
    }

    #[test]
    fn shared_values_do_not_change() {
        let maps = CpuFeatureMaps::new(&[-1.0, 2.0], [1, 1, 1, 2]);
        assert_eq!(read(maps.clone().activate(Activation::Relu)), [0.0, 2.0]);
        assert_eq!(read(maps.clone().add(maps.clone())), [-2.0, 4.0]);
        assert_eq!(read(maps.clone().map_pictures(|picture| picture.fill(7.0))), [7.0, 7.0]);
        assert_eq!(read(maps), [-1.0, 2.0]);
    }

    #[test]
    fn each_picture_of_a_batch_is_concatenated_with_its_own() {
        let coarse = CpuFeatureMaps::new(&[1.0, 2.0], [2, 1, 1, 1]);
        let skip = CpuFeatureMaps::new(&[3.0, 3.0, 3.0, 3.0, 4.0, 4.0, 4.0, 4.0], [2, 1, 2, 2]);
        let found = coarse.upsample_nearest_concat(Some(skip));
        assert_eq!(found.shape, [2, 2, 2, 2]);
        assert_eq!(read(found), [[1.0; 4], [3.0; 4], [2.0; 4], [4.0; 4]].concat());
    }

    #[test]
    fn every_kernel_accumulates_and_appends() {
        let shape = |inputs| ConvShape { groups: 1, bias: false, ..ConvShape::conv3x3(inputs, 3) };
        // Kernels that copy a pixel, by Winograd's algorithm, directly and by a matrix product.
        for (inputs, winograd) in [(100, true), (4, false), (5, false)] {
            let mut weight = vec![0.0; 3 * inputs * 9];
            (0..3).for_each(|output| weight[(output * inputs + output) * 9 + 4] = 1.0);
            let conv = CpuConv2d::new(&weight, None, shape(inputs)).unwrap();
            assert_eq!(matches!(conv, CpuConv2d::Winograd(_)), winograd);
            let x = || {
                let value = |at: usize| (at / 4 % inputs) as f32 - 1.0;
                CpuFeatureMaps::new(&(0..2 * inputs * 4).map(value).collect::<Vec<_>>(), [2, inputs, 2, 2])
            };
            let near = |found: CpuFeatureMaps, expected: &[f32]| {
                let found = read(found);
                assert_eq!(found.len(), 2 * expected.len() * 4);
                for (at, value) in found.iter().enumerate() {
                    let expected = expected[at / 4 % expected.len()];
                    assert!((value - expected).abs() < 1e-5, "{inputs} {at}: {value} {expected}");
                }
            };
            near(conv.forward(x(), Epilogue::default()), &[-1.0, 0.0, 1.0]);
            let existing = CpuFeatureMaps::new(&[0.5; 24], [2, 3, 2, 2]);
            near(
                conv.forward(x(), Epilogue { residual: Residual::Same(&existing), ..Epilogue::RELU }),
                &[0.0, 0.5, 1.5],
            );
            near(
                conv.forward(x(), Epilogue::destination(Destination::DualPath(&existing, 1))),
                &[-0.5, 0.5, 0.5, 0.0, 1.0],
            );
            let coarse = CpuFeatureMaps::new(&[0.25; 6], [2, 3, 1, 1]);
            near(conv.forward(x(), Epilogue::residual(Residual::UpsampledNearest(&coarse))), &[-0.75, 0.25, 1.25]);
        }
    }

    #[test]
    fn refused_arguments_give_nan() {
        let conv = CpuConv2d::new(&[1.0; 10], None, ConvShape { bias: false, ..ConvShape::pointwise(5, 2) }).unwrap();
        assert!(
            read(conv.forward(CpuFeatureMaps::new(&[1.0; 4], [1, 4, 1, 1]), Epilogue::default()))
                .iter()
                .all(|v| v.is_nan())
        );
    }
}
