//! Group normalisation on a GPU.

use burn::tensor::{Device, Tensor};

use super::{
    device::upload,
    feature_maps::GpuFeatureMaps,
    launch::Launch,
    source::{DispatchShape, MAX_NORM_CHANNELS, Shader},
};

/// Group normalisation with ε = 1e-5 and a scale and a shift per channel, and max(0, x) behind it.
#[derive(Debug)]
pub struct GpuGroupNorm {
    groups: usize,
    gamma: Tensor<1>,
    beta: Tensor<1>,
}

impl GpuGroupNorm {
    /// Uploads `gamma` and `beta`, both `[channels]`. Returns `None` if the shader has no room for
    /// that many channels or the lengths do not fit.
    #[must_use]
    pub fn new(groups: usize, gamma: Vec<f32>, beta: Vec<f32>, device: &Device) -> Option<Self> {
        let fits = gamma.len() <= MAX_NORM_CHANNELS && gamma.len() == beta.len() && gamma.len().is_multiple_of(groups);
        fits.then(|| Self { groups, gamma: upload(gamma, device), beta: upload(beta, device) })
    }

    /// Returns normalised maps. The moments are computed now, the rest when the maps are read.
    #[must_use]
    pub fn forward(&self, maps: &GpuFeatureMaps) -> GpuFeatureMaps {
        let (moments, shape) = maps.channel_moments();
        let launch = Launch {
            shader: Shader::GroupNorm,
            shape: DispatchShape { channels_per_group: maps.channels / self.groups, ..shape },
            workgroups: [1, 1],
            out: [1, 1, 2, maps.channels],
        };
        let affine = launch.enqueue(&moments, &[Some(&self.gamma), Some(&self.beta)]).reshape([2 * maps.channels]);
        GpuFeatureMaps { pending_affine: Some(affine), ..maps.materialize() }
    }
}
