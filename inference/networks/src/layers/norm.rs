//! Normalisation with `ReLU` behind it.

use std::sync::Arc;

use burn::tensor::Device;
#[cfg(feature = "gpu")]
use corsai_kernels::gpu::{GpuAffine, GpuGroupNorm};
use corsai_kernels::group_norm_relu;

use super::feature_maps::FeatureMaps;
#[cfg(feature = "gpu")]
use super::feature_maps::wrong_device;
use crate::{error::NetworkError, weights::Weights};

/// Batch normalisation that can't be folded into a convolution before it, and `ReLU`:
/// max(0, x · scale + shift), per channel.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a network has few of these handles")]
pub(crate) enum AffineRelu {
    /// Scales and shifts.
    Cpu(Arc<[Vec<f32>; 2]>),
    #[cfg(feature = "gpu")]
    Gpu(GpuAffine),
}

impl AffineRelu {
    /// Loads the tensors `name.weight` (scales) and `name.bias` (shifts).
    pub fn load(weights: &mut Weights, name: &str, channels: usize, device: &Device) -> Result<Self, NetworkError> {
        let mut tensor = |part: &str| weights.remove(&format!("{name}.{part}"), &[channels]);
        let (scale, shift) = (tensor("weight")?, tensor("bias")?);
        #[cfg(feature = "gpu")]
        if *device != Device::flex() {
            return Ok(Self::Gpu(GpuAffine::new(&scale, &shift, device)));
        }
        let _ = device;
        Ok(Self::Cpu(Arc::new([scale, shift])))
    }

    pub fn forward(&self, x: FeatureMaps) -> FeatureMaps {
        match (self, x) {
            (Self::Cpu(norm), FeatureMaps::Cpu(x)) => FeatureMaps::Cpu(x.affine_relu(norm)),
            #[cfg(feature = "gpu")]
            (Self::Gpu(norm), FeatureMaps::Gpu(x)) => FeatureMaps::from(x.affine_relu(norm)),
            #[cfg(feature = "gpu")]
            _ => wrong_device(),
        }
    }
}

/// Group normalisation over 32 groups with ε = 1e-5 (`PyTorch`'s default) and a scale and a shift
/// per channel, and `ReLU`.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a network has few of these handles")]
pub(crate) enum GroupNormRelu {
    Cpu {
        gamma: Vec<f32>,
        beta: Vec<f32>,
    },
    #[cfg(feature = "gpu")]
    Gpu(GpuGroupNorm),
}

impl GroupNormRelu {
    const GROUPS: usize = 32;
    const EPSILON: f32 = 1e-5;

    /// Loads the tensors `name.weight` (γ) and `name.bias` (β).
    pub fn load(weights: &mut Weights, name: &str, channels: usize, device: &Device) -> Result<Self, NetworkError> {
        let mut tensor = |part: &str| weights.remove(&format!("{name}.{part}"), &[channels]);
        let (gamma, beta) = (tensor("weight")?, tensor("bias")?);
        #[cfg(feature = "gpu")]
        if *device != Device::flex() {
            let norm = GpuGroupNorm::new(Self::GROUPS, gamma, beta, device);
            return norm.map(Self::Gpu).ok_or_else(|| NetworkError::UnsupportedLayer(name.into()));
        }
        let _ = device;
        Ok(Self::Cpu { gamma, beta })
    }

    pub fn forward(&self, x: FeatureMaps) -> FeatureMaps {
        match (self, x) {
            (Self::Cpu { gamma, beta }, FeatureMaps::Cpu(x)) => FeatureMaps::Cpu(
                x.map_pictures(|picture| group_norm_relu(picture, Self::GROUPS, gamma, beta, Self::EPSILON)),
            ),
            #[cfg(feature = "gpu")]
            (Self::Gpu(norm), FeatureMaps::Gpu(x)) => FeatureMaps::from(norm.forward(&x)),
            #[cfg(feature = "gpu")]
            _ => wrong_device(),
        }
    }
}
