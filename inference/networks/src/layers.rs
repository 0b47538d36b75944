//! What the networks share: convolutions taken from the weights, and the few operations around them.

use burn::tensor::{
    Device, Tensor, TensorData,
    activation::relu,
    module::{conv2d, interpolate, max_pool2d},
    ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions},
};

use crate::{PackError, Weights};

/// A 2-D convolution with its geometry; weight `[out, in / groups, kernel, kernel]`.
#[derive(Debug)]
pub(crate) struct Conv {
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions<2>,
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

impl ConvShape {
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
    pub fn take(weights: &mut Weights, name: &str, shape: ConvShape, device: &Device) -> Result<Self, PackError> {
        let ConvShape { inputs, outputs, kernel, stride, groups, bias, padding } = shape;
        let dims = [outputs, inputs / groups, kernel, kernel];
        let weight = tensor(weights.take(&format!("{name}.weight"), &dims)?, dims, device);
        let bias = if bias {
            Some(tensor(weights.take(&format!("{name}.bias"), &[outputs])?, [outputs], device))
        } else {
            None
        };
        let least = kernel - stride.min(kernel);
        let padding = match padding {
            Padding::Least => (least / 2, least - least / 2),
            Padding::Half => (kernel / 2, kernel / 2),
        };
        let options = ConvOptions::new_with_padding([stride; 2], [padding; 2], [1; 2], groups);
        Ok(Self { weight, bias, options })
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        conv2d(x, self.weight.clone(), self.bias.clone(), self.options.clone())
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

/// Group normalisation over 32 groups with an affine map a channel, ε = 1e-5 (PyTorch's defaults).
#[derive(Debug)]
pub(crate) struct GroupNorm {
    gamma: Tensor<4>,
    beta: Tensor<4>,
}

impl GroupNorm {
    const GROUPS: usize = 32;
    const EPSILON: f32 = 1e-5;

    pub fn take(weights: &mut Weights, name: &str, channels: usize, device: &Device) -> Result<Self, PackError> {
        let [gamma, beta] = per_channel(weights, name, channels, device)?;
        Ok(Self { gamma, beta })
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, channels, rows, columns] = x.dims();
        let size = channels / Self::GROUPS * rows * columns;
        let grouped: Tensor<3> = x.clone().reshape([batch, Self::GROUPS, size]);
        let mean = grouped.clone().mean_dim(2);
        let centred = grouped - mean.clone();
        let variance = (centred.clone() * centred).mean_dim(2);
        let scale = (variance + Self::EPSILON).sqrt().recip();
        // One multiplication and one addition a pixel: y = x · a + b with a, b a channel.
        let spread =
            |t: Tensor<3>| -> Tensor<4> { t.repeat_dim(2, channels / Self::GROUPS).reshape([batch, channels, 1, 1]) };
        let a = spread(scale) * self.gamma.clone();
        let b = self.beta.clone() - spread(mean) * a.clone();
        x * a + b
    }
}

/// Bilinear enlargement by whole factors, corner pixels aligned.
pub(crate) fn enlarge(x: Tensor<4>, factor: usize) -> Tensor<4> {
    let [_, _, rows, columns] = x.dims();
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(true)
        .with_output_size([rows * factor, columns * factor]);
    interpolate(x, options)
}

/// Bilinear enlargement by whole factors, pixels taken as areas (PyTorch's `align_corners=False`).
pub(crate) fn enlarge_areas(x: Tensor<4>, factor: usize) -> Tensor<4> {
    let [_, _, rows, columns] = x.dims();
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(false)
        .with_output_size([rows * factor, columns * factor]);
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
