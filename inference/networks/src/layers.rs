//! What the networks share: convolutions taken from the weights, and the few operations around them.

use std::ops::RangeInclusive;

use burn::tensor::{
    Device, Tensor, TensorData,
    activation::relu,
    module::{conv2d, interpolate, max_pool2d},
    ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions},
};

use corsai_kernels::{
    Direct, enlarged, group_norm_relu,
    winograd::{self, Tiling},
};

use crate::{PackError, Weights, activation::silu};

/// A 2-D convolution.
#[derive(Debug)]
pub(crate) enum Conv {
    Burn(Box<BurnConv>),
    /// On the CPU: 3×3 by Winograd's way, and what has few input channels a group.
    Tiled(Box<TiledConv>),
    Direct(Direct),
}

/// With its geometry; weight `[out, in / groups, kernel, kernel]`.
#[derive(Debug)]
pub(crate) struct BurnConv {
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions<2>,
}

/// The products' left factors, `[places, out, in]`.
#[derive(Debug)]
pub(crate) struct TiledConv {
    factors: Tensor<3>,
    bias: Option<Vec<f32>>,
}

/// Geometry of a convolution with a square kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvShape {
    pub inputs: usize,
    pub outputs: usize,
    pub kernel: usize,
    pub stride: usize,
    pub groups: usize,
    pub bias: bool,
    pub padding: Padding,
}

/// Where the pixels go that a convolution adds around a picture; its output always has the input's size / stride.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Padding {
    /// As few as it takes, the odd one after the picture: TensorFlow's "same" for even sizes, as EfficientNet has it.
    Least,
    /// Half a kernel on every side: PyTorch's habit.
    Half,
}

impl Padding {
    /// Before and after a picture.
    fn around(self, kernel: usize, stride: usize) -> (usize, usize) {
        let least = kernel - stride.min(kernel);
        match self {
            Self::Least => (least / 2, least - least / 2),
            Self::Half => (kernel / 2, kernel / 2),
        }
    }
}

impl ConvShape {
    fn dims(&self) -> [usize; 4] {
        [self.outputs, self.inputs / self.groups, self.kernel, self.kernel]
    }

    /// Weight and bias.
    fn take(&self, weights: &mut Weights, name: &str) -> Result<(Vec<f32>, Option<Vec<f32>>), PackError> {
        let weight = weights.take(&format!("{name}.weight"), &self.dims())?;
        let bias = if self.bias { Some(weights.take(&format!("{name}.bias"), &[self.outputs])?) } else { None };
        Ok((weight, bias))
    }

    pub fn pointwise(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, kernel: 1, stride: 1, groups: 1, bias: true, padding: Padding::Half }
    }

    /// 3×3 with a bias.
    pub fn three(inputs: usize, outputs: usize) -> Self {
        Self { kernel: 3, ..Self::pointwise(inputs, outputs) }
    }

    /// 7×7 at half the size with a bias: how a ResNet and a DPN begin.
    pub fn stem(inputs: usize, outputs: usize) -> Self {
        Self { kernel: 7, stride: 2, ..Self::pointwise(inputs, outputs) }
    }
}

impl Conv {
    /// Fewer channels are not worth being cut into tiles; more take too much memory, for four times the weights are kept.
    const TILED: RangeInclusive<usize> = 16 * 16..=256 * 256;
    /// Input channels of a convolution that are few, and of a group of a grouped one.
    const FEW: [usize; 2] = [4, 24];

    pub fn take(weights: &mut Weights, name: &str, shape: ConvShape, device: &Device) -> Result<Self, PackError> {
        let (weight, bias) = shape.take(weights, name)?;
        Ok(Self::new(&weight, bias, shape, device))
    }

    fn new(weight: &[f32], bias: Option<Vec<f32>>, shape: ConvShape, device: &Device) -> Self {
        let ConvShape { inputs, outputs, kernel, stride, groups, padding, .. } = shape;
        let plain = (kernel, stride, groups) == (3, 1, 1);
        if plain && Self::TILED.contains(&(inputs * outputs)) && *device == Device::flex() {
            let factors = tensor(winograd::kernels(weight), [winograd::PLACES, outputs, inputs], device);
            return Self::Tiled(Box::new(TiledConv { factors, bias }));
        }
        let padding = padding.around(kernel, stride);
        if inputs / groups <= Self::FEW[usize::from(groups > 1)] && *device == Device::flex() {
            let way = (kernel, stride, padding.0);
            if let Some(own) = Direct::new(weight, bias.clone(), [inputs, outputs, groups], way) {
                return Self::Direct(own);
            }
        }
        let options = ConvOptions::new_with_padding([stride; 2], [padding; 2], [1; 2], groups);
        let bias = bias.map(|bias| tensor(bias, [outputs], device));
        Self::Burn(Box::new(BurnConv { weight: tensor(weight.to_vec(), shape.dims(), device), bias, options }))
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Burn(conv) => conv2d(x, conv.weight.clone(), conv.bias.clone(), conv.options.clone()),
            Self::Tiled(conv) => conv.forward(x),
            Self::Direct(conv) => {
                let [_, _, rows, columns] = x.dims();
                let [high, wide] = conv.size(rows, columns);
                on_cpu(x, [conv.outputs(), high, wide], |picture| conv.run(picture, rows, columns).unwrap_or_default())
            }
        }
    }

    /// What [`Self::forward`] makes of `x · gate`; gate `[1, inputs, 1, 1]`.
    pub fn gated(&self, x: Tensor<4>, gate: Tensor<4>) -> Tensor<4> {
        match self {
            // The weights are fewer than the pixels.
            Self::Burn(conv) if x.dims()[0] == 1 => {
                conv2d(x, conv.weight.clone() * gate, conv.bias.clone(), conv.options.clone())
            }
            _ => self.forward(x * gate),
        }
    }
}

impl TiledConv {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let ([_, inputs, rows, columns], [places, outputs, _]) = (x.dims(), self.factors.dims());
        let tiling = Tiling::new(rows, columns);
        on_cpu(x, [outputs, rows, columns], |picture| {
            let right = tensor(tiling.inputs(picture), [places, inputs, tiling.tiles()], &Device::flex());
            let products = self.factors.clone().matmul(right).into_data();
            tiling.outputs(products.as_slice().unwrap_or_default(), outputs, self.bias.as_deref())
        })
    }
}

/// Each picture of a batch through a kernel of the CPU, on which values are at hand: nothing is waited for.
fn on_cpu(x: Tensor<4>, to: [usize; 3], mut kernel: impl FnMut(&[f32]) -> Vec<f32>) -> Tensor<4> {
    let (batch, device) = (x.dims()[0], x.device());
    let data = x.into_data();
    let pictures = data.as_slice::<f32>().unwrap_or_default();
    let mut values = Vec::new();
    for picture in pictures.chunks_exact((pictures.len() / batch.max(1)).max(1)) {
        let found = kernel(picture);
        // One picture is the rule: nothing is copied then.
        if values.is_empty() { values = found } else { values.extend(found) }
    }
    tensor(values, [batch, to[0], to[1], to[2]], &device)
}

/// A convolution of each channel by itself with SiLU behind it: our own kernel on the CPU, Burn's elsewhere.
#[derive(Debug)]
pub(crate) enum Depthwise {
    Cpu(corsai_kernels::Depthwise),
    Burn(Box<Conv>),
}

impl Depthwise {
    pub fn take(weights: &mut Weights, name: &str, shape: ConvShape, device: &Device) -> Result<Self, PackError> {
        let (weight, bias) = shape.take(weights, name)?;
        let ConvShape { kernel, stride, padding, .. } = shape;
        let own = match &bias {
            Some(bias) if *device == Device::flex() => {
                let (before, _) = padding.around(kernel, stride);
                corsai_kernels::Depthwise::new(weight.clone(), bias.clone(), kernel, stride, before)
            }
            _ => None,
        };
        Ok(own.map_or_else(|| Self::Burn(Box::new(Conv::new(&weight, bias, shape, device))), Self::Cpu))
    }

    /// The activated result and its planes' means, `[batch, channels, 1, 1]`; `raw` planes are put through SiLU first.
    pub fn forward(&self, x: Tensor<4>, raw: bool) -> (Tensor<4>, Tensor<4>) {
        let [batch, channels, rows, columns] = x.dims();
        let means_of = [batch, channels, 1, 1];
        match self {
            Self::Cpu(own) => {
                let mut means = Vec::with_capacity(batch * channels);
                let [high, wide] = own.size(rows, columns);
                let x = on_cpu(x, [channels, high, wide], |picture| {
                    let found = own.run(picture, rows, columns, raw).unwrap_or_default();
                    means.extend(found.means);
                    found.values
                });
                let means = tensor(means, means_of, &x.device());
                (x, means)
            }
            Self::Burn(conv) => {
                let x = silu(conv.forward(if raw { silu(x) } else { x }));
                let [_, _, rows, columns] = x.dims();
                let mean = x.clone().reshape([batch, channels, rows * columns]).mean_dim(2);
                (x, mean.reshape(means_of))
            }
        }
    }
}

/// A norm's factor and summand, `[1, channels, 1, 1]` each.
fn per_channel(
    weights: &mut Weights,
    name: &str,
    channels: usize,
    device: &Device,
) -> Result<[Tensor<4>; 2], PackError> {
    let mut part = |part: &str| -> Result<Tensor<4>, PackError> {
        Ok(tensor(weights.take(&format!("{name}.{part}"), &[channels])?, [1, channels, 1, 1], device))
    };
    Ok([part("weight")?, part("bias")?])
}

/// Batch-norm that nothing comes before to be folded into: y = max(0, x · a + b), a and b a channel.
#[derive(Debug)]
pub(crate) struct AffineRelu {
    scale: Tensor<4>,
    shift: Tensor<4>,
}

impl AffineRelu {
    pub fn take(weights: &mut Weights, name: &str, channels: usize, device: &Device) -> Result<Self, PackError> {
        let [scale, shift] = per_channel(weights, name, channels, device)?;
        Ok(Self { scale, shift })
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        relu(x * self.scale.clone() + self.shift.clone())
    }
}

/// Group normalisation over 32 groups with an affine map a channel, ε = 1e-5 (PyTorch's defaults), and max(0, x).
#[derive(Debug)]
pub(crate) struct GroupNormRelu {
    gamma: Vec<f32>,
    beta: Vec<f32>,
    /// The same where Burn computes, `[1, channels, 1, 1]` each.
    affine: [Tensor<4>; 2],
}

impl GroupNormRelu {
    const GROUPS: usize = 32;
    const EPSILON: f32 = 1e-5;

    pub fn take(weights: &mut Weights, name: &str, channels: usize, device: &Device) -> Result<Self, PackError> {
        let mut part = |part: &str| weights.take(&format!("{name}.{part}"), &[channels]);
        let (gamma, beta) = (part("weight")?, part("bias")?);
        let affine = [&gamma, &beta].map(|values| tensor(values.clone(), [1, channels, 1, 1], device));
        Ok(Self { gamma, beta, affine })
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let ([batch, channels, rows, columns], device) = (x.dims(), x.device());
        if device == Device::flex() {
            let mut data = x.into_data();
            if let Ok(values) = data.as_mut_slice::<f32>() {
                for picture in values.chunks_exact_mut((channels * rows * columns).max(1)) {
                    group_norm_relu(picture, Self::GROUPS, &self.gamma, &self.beta, Self::EPSILON);
                }
            }
            return Tensor::from_data(data, &device);
        }
        let size = channels / Self::GROUPS * rows * columns;
        let grouped: Tensor<3> = x.clone().reshape([batch, Self::GROUPS, size]);
        let mean = grouped.clone().mean_dim(2);
        let centred = grouped - mean.clone();
        let variance = (centred.clone() * centred).mean_dim(2);
        let scale = (variance + Self::EPSILON).sqrt().recip();
        // One multiplication and one addition a pixel: y = x · a + b with a, b a channel.
        let spread =
            |t: Tensor<3>| -> Tensor<4> { t.repeat_dim(2, channels / Self::GROUPS).reshape([batch, channels, 1, 1]) };
        let [gamma, beta] = self.affine.clone();
        let a = spread(scale) * gamma;
        let b = beta - spread(mean) * a.clone();
        relu(x * a + b)
    }
}

/// Bilinear enlargement by whole factors, corner pixels aligned.
pub(crate) fn enlarge(x: Tensor<4>, factor: usize) -> Tensor<4> {
    bilinear(x, factor, true)
}

/// Bilinear enlargement by whole factors, pixels taken as areas (PyTorch's `align_corners=False`).
pub(crate) fn enlarge_areas(x: Tensor<4>, factor: usize) -> Tensor<4> {
    bilinear(x, factor, false)
}

fn bilinear(x: Tensor<4>, factor: usize, aligned: bool) -> Tensor<4> {
    let [_, channels, rows, columns] = x.dims();
    let to = [rows * factor, columns * factor];
    if x.device() == Device::flex() {
        return on_cpu(x, [channels, to[0], to[1]], |picture| enlarged(picture, [rows, columns], factor, aligned));
    }
    let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(aligned).with_output_size(to);
    interpolate(x, options)
}

/// The largest of 3×3 at every second pixel.
pub(crate) fn max_pool(x: Tensor<4>) -> Tensor<4> {
    max_pool2d(x, MaxPoolOptions::new([3, 3]).with_stride([2, 2]).with_padding([1, 1]))
}

/// Doubles rows and columns by repetition.
pub(crate) fn double(x: Tensor<4>) -> Tensor<4> {
    let [_, _, rows, columns] = x.dims();
    interpolate(x, InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([rows * 2, columns * 2]))
}

pub(crate) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}
