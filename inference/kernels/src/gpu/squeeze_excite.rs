//! Squeeze and excitation on a GPU.

use burn::tensor::{Device, Tensor};

use super::{
    device::upload,
    feature_maps::GpuFeatureMaps,
    launch::Launch,
    source::{DispatchShape, MAX_GATE_CHANNELS, MAX_GATE_HIDDEN, Shader},
};

/// A gate per channel from the means of all channels: a hidden layer with `SiLU`, then a layer with
/// sigmoid.
#[derive(Debug)]
pub struct GpuSqueezeExcite {
    hidden: usize,
    /// Weights `[channels, hidden]` and biases of the hidden layer; weights `[hidden, channels]`
    /// and biases of the gates.
    layers: [Tensor<1>; 4],
}

impl GpuSqueezeExcite {
    /// Uploads the weights, `[hidden, channels]` and `[channels, hidden]`, each with its biases.
    /// Returns `None` if the shader has no room for that many channels or hidden values, or if a
    /// length does not fit.
    #[must_use]
    pub fn new(squeeze: [Vec<f32>; 2], excite: [Vec<f32>; 2], device: &Device) -> Option<Self> {
        let (channels, hidden) = (excite[1].len(), squeeze[1].len());
        let fits = channels <= MAX_GATE_CHANNELS && hidden <= MAX_GATE_HIDDEN && squeeze[0].len() == channels * hidden;
        if !fits || excite[0].len() != channels * hidden {
            return None;
        }
        let [[squeeze, squeeze_bias], [excite, excite_bias]] = [squeeze, excite];
        let layers = [transpose(&squeeze, channels), squeeze_bias, transpose(&excite, hidden), excite_bias];
        Some(Self { hidden, layers: layers.map(|values| upload(values, device)) })
    }

    /// Returns the gates, `[channels]`.
    #[must_use]
    pub fn gate(&self, maps: &GpuFeatureMaps) -> Tensor<1> {
        let (sums, shape) = maps.channel_sums();
        let launch = Launch {
            shader: Shader::SqueezeExcite,
            shape: DispatchShape { hidden: self.hidden, ..shape },
            workgroups: [1, 1],
            out: [1, 1, 1, maps.channels],
        };
        launch.enqueue(&sums, &self.layers.each_ref().map(Some)).reshape([maps.channels])
    }
}

/// Transposes a matrix `[rows, columns]`.
fn transpose(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|c| values.iter().skip(c).step_by(columns).copied()).collect()
}
