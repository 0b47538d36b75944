//! What the networks share: convolutions taken from the weights, and the few operations around them.

use burn::tensor::{
    Device, Tensor, TensorData,
    module::{conv2d, interpolate},
    ops::{ConvOptions, InterpolateMode, InterpolateOptions},
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
}

impl ConvShape {
    pub fn pointwise(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, kernel: 1, stride: 1, groups: 1, bias: true }
    }
}

impl Conv {
    /// Pads so that the output has the input's size divided by the stride, the odd pixel after the picture
    /// (TensorFlow's "same" for even sizes, as EfficientNet has it).
    pub fn take(weights: &mut Weights, name: &str, shape: ConvShape, device: &Device) -> Result<Self, PackError> {
        let ConvShape { inputs, outputs, kernel, stride, groups, bias } = shape;
        let dims = [outputs, inputs / groups, kernel, kernel];
        let weight = tensor(weights.take(&format!("{name}.weight"), &dims)?, dims, device);
        let bias = if bias {
            Some(tensor(weights.take(&format!("{name}.bias"), &[outputs])?, [outputs], device))
        } else {
            None
        };
        let padding = kernel - stride.min(kernel);
        let padding = (padding / 2, padding - padding / 2);
        let options = ConvOptions::new_with_padding([stride; 2], [padding; 2], [1; 2], groups);
        Ok(Self { weight, bias, options })
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        conv2d(x, self.weight.clone(), self.bias.clone(), self.options.clone())
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
        let mut affine = |part: &str| -> Result<Tensor<4>, PackError> {
            let values = weights.take(&format!("{name}.{part}"), &[channels])?;
            Ok(tensor(values, [1, channels, 1, 1], device))
        };
        Ok(Self { gamma: affine("weight")?, beta: affine("bias")? })
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
        let per_channel =
            |t: Tensor<3>| -> Tensor<4> { t.repeat_dim(2, channels / Self::GROUPS).reshape([batch, channels, 1, 1]) };
        let a = per_channel(scale) * self.gamma.clone();
        let b = self.beta.clone() - per_channel(mean) * a.clone();
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

/// Doubles rows and columns by repetition.
pub(crate) fn double(x: Tensor<4>) -> Tensor<4> {
    let [_, _, rows, columns] = x.dims();
    interpolate(x, InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([rows * 2, columns * 2]))
}

pub(crate) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}
