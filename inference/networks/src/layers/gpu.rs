//! Loads layers for a GPU.

use burn::tensor::Device;
use corsai_kernels::gpu::{ConvGeometry, GpuConv2d, GpuSqueezeExcite};

use super::conv_shape::ConvShape;
use crate::{error::NetworkError, weights::Weights};

/// Loads a convolution.
pub(crate) fn load_conv(
    weights: &mut Weights,
    name: &str,
    shape: ConvShape,
    device: &Device,
) -> Result<GpuConv2d, NetworkError> {
    let weight = weights.remove_quantized(&format!("{name}.weight"), &shape.dims())?;
    let bias = shape.remove_bias(weights, name)?;
    let ConvShape { inputs, outputs, kernel, stride, groups, .. } = shape;
    let geometry = ConvGeometry { inputs, outputs, kernel, stride, pad_begin: shape.pad_begin(), groups };
    GpuConv2d::new(weight, bias, geometry, weights.precision, device)
        .ok_or_else(|| NetworkError::UnsupportedLayer(name.into()))
}

/// Loads the two pointwise layers of squeeze and excitation with their biases.
pub(crate) fn load_squeeze_excite(
    weights: &mut Weights,
    [squeeze, excite]: [&str; 2],
    [channels, hidden]: [usize; 2],
    device: &Device,
) -> Result<GpuSqueezeExcite, NetworkError> {
    let mut layer = |name: &str, [outputs, inputs]: [usize; 2]| -> Result<[Vec<f32>; 2], NetworkError> {
        let weight = weights.remove(&format!("{name}.weight"), &[outputs, inputs, 1, 1])?;
        Ok([weight, weights.remove(&format!("{name}.bias"), &[outputs])?])
    };
    let layers = (layer(squeeze, [hidden, channels])?, layer(excite, [channels, hidden])?);
    GpuSqueezeExcite::new(layers.0, layers.1, device).ok_or_else(|| NetworkError::UnsupportedLayer(squeeze.into()))
}
