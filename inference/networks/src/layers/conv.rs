//! 2-D convolution.

use burn::tensor::Device;
#[cfg(feature = "gpu")]
use corsai_kernels::gpu::GpuConv2d;

use super::{
    conv_shape::ConvShape,
    cpu::CpuConv2d,
    feature_maps::{Epilogue, FeatureMaps},
    squeeze_excite::Gate,
};
#[cfg(feature = "gpu")]
use super::{feature_maps::wrong_device, gpu};
use crate::{error::NetworkError, weights::Weights};

/// A 2-D convolution.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a network has few of these handles")]
pub(crate) enum Conv2d {
    Cpu(CpuConv2d),
    #[cfg(feature = "gpu")]
    Gpu(Box<GpuConv2d>),
}

impl Conv2d {
    /// Loads the tensors `name.weight` and, with a bias, `name.bias`.
    pub fn load(weights: &mut Weights, name: &str, shape: ConvShape, device: &Device) -> Result<Self, NetworkError> {
        #[cfg(feature = "gpu")]
        if *device != Device::flex() {
            return gpu::load_conv(weights, name, shape, device).map(|conv| Self::Gpu(Box::new(conv)));
        }
        let _ = device;
        CpuConv2d::load(weights, name, shape).map(Self::Cpu)
    }

    /// Convolves the maps.
    pub fn forward(&self, x: FeatureMaps, epilogue: Epilogue<'_>) -> FeatureMaps {
        match (self, x) {
            (Self::Cpu(conv), FeatureMaps::Cpu(x)) => {
                FeatureMaps::Cpu(conv.forward(x, epilogue.map(FeatureMaps::as_cpu)))
            }
            #[cfg(feature = "gpu")]
            (Self::Gpu(conv), FeatureMaps::Gpu(x)) => {
                FeatureMaps::from(conv.forward(&x, epilogue.map(FeatureMaps::as_gpu)))
            }
            #[cfg(feature = "gpu")]
            _ => wrong_device(),
        }
    }

    /// Convolves x · gate, with a gate per channel.
    pub fn forward_gated(&self, x: FeatureMaps, gate: Gate, epilogue: Epilogue<'_>) -> FeatureMaps {
        match (self, x, gate) {
            (Self::Cpu(conv), FeatureMaps::Cpu(x), Gate::Cpu(gate)) => {
                FeatureMaps::Cpu(conv.forward_gated(x, gate, epilogue.map(FeatureMaps::as_cpu)))
            }
            #[cfg(feature = "gpu")]
            (Self::Gpu(conv), FeatureMaps::Gpu(x), Gate::Gpu(gate)) => {
                FeatureMaps::from(conv.forward_gated(&x, &gate, epilogue.map(FeatureMaps::as_gpu)))
            }
            #[cfg(feature = "gpu")]
            _ => wrong_device(),
        }
    }

    /// Convolves the concatenation of `coarse`, upsampled to twice its size by repetition, and
    /// `skip`, which has twice the size of `coarse`.
    pub fn forward_concat(
        &self,
        coarse: FeatureMaps,
        skip: Option<FeatureMaps>,
        epilogue: Epilogue<'_>,
    ) -> FeatureMaps {
        match (self, coarse) {
            (Self::Cpu(conv), FeatureMaps::Cpu(coarse)) => {
                let skip = skip.map(|maps| match maps {
                    FeatureMaps::Cpu(maps) => maps,
                    #[cfg(feature = "gpu")]
                    FeatureMaps::Gpu(_) => wrong_device(),
                });
                let concat = coarse.upsample_nearest_concat(skip);
                FeatureMaps::Cpu(conv.forward(concat, epilogue.map(FeatureMaps::as_cpu)))
            }
            #[cfg(feature = "gpu")]
            (Self::Gpu(conv), FeatureMaps::Gpu(coarse)) => {
                let skip = skip.as_ref().map(FeatureMaps::as_gpu);
                FeatureMaps::from(conv.forward_concat(&coarse, skip, epilogue.map(FeatureMaps::as_gpu)))
            }
            #[cfg(feature = "gpu")]
            _ => wrong_device(),
        }
    }
}
