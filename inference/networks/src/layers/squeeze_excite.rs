//! Depthwise convolution with squeeze and excitation.

use burn::tensor::Device;
#[cfg(feature = "gpu")]
use burn::tensor::Tensor;
#[cfg(feature = "gpu")]
use corsai_kernels::{
    Epilogue,
    gpu::{GpuConv2d, GpuSqueezeExcite},
};

use super::{
    conv_shape::ConvShape,
    cpu::{CpuGate, CpuGatedDepthwise},
    feature_maps::FeatureMaps,
};
#[cfg(feature = "gpu")]
use super::{feature_maps::wrong_device, gpu};
use crate::{error::NetworkError, weights::Weights};

/// A gate per channel.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a gate lives for one layer")]
pub(crate) enum Gate {
    Cpu(CpuGate),
    #[cfg(feature = "gpu")]
    Gpu(Tensor<1>),
}

/// A depthwise convolution with `SiLU` behind it, and the gates of its output (squeeze and
/// excitation).
#[derive(Debug)]
pub(crate) enum GatedDepthwise {
    Cpu(Box<CpuGatedDepthwise>),
    #[cfg(feature = "gpu")]
    Gpu(Box<(GpuConv2d, GpuSqueezeExcite)>),
}

impl GatedDepthwise {
    /// Loads the depthwise convolution, the squeeze layer and the excite layer of these names;
    /// `hidden` is the number of squeezed values.
    pub fn load(
        weights: &mut Weights,
        [depthwise, squeeze, excite]: [&str; 3],
        (shape, hidden): (ConvShape, usize),
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let channels = shape.outputs;
        #[cfg(feature = "gpu")]
        if *device != Device::flex() {
            let conv = gpu::load_conv(weights, depthwise, shape, device)?;
            let gates = gpu::load_squeeze_excite(weights, [squeeze, excite], [channels, hidden], device)?;
            return Ok(Self::Gpu(Box::new((conv, gates))));
        }
        let layers =
            [(squeeze, ConvShape::pointwise(channels, hidden)), (excite, ConvShape::pointwise(hidden, channels))];
        let _ = device;
        CpuGatedDepthwise::load(weights, (depthwise, shape), layers).map(|layer| Self::Cpu(Box::new(layer)))
    }

    /// Returns the output of the convolution and its gates.
    pub fn forward(&self, x: FeatureMaps) -> (FeatureMaps, Gate) {
        match (self, x) {
            (Self::Cpu(layer), FeatureMaps::Cpu(x)) => {
                let (x, gate) = layer.forward(x);
                (FeatureMaps::Cpu(x), Gate::Cpu(gate))
            }
            #[cfg(feature = "gpu")]
            (Self::Gpu(layer), FeatureMaps::Gpu(x)) => {
                let (conv, gates) = layer.as_ref();
                let x = conv.forward(&x, Epilogue::SILU);
                let gate = gates.gate(&x);
                (FeatureMaps::from(x), Gate::Gpu(gate))
            }
            #[cfg(feature = "gpu")]
            _ => wrong_device(),
        }
    }
}
