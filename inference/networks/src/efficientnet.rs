//! `EfficientNet-B0` (Tan & Le 2019) as an encoder, batch normalisation folded into its
//! convolutions: four feature maps at 1/4, 1/8, 1/16 and 1/32 of the input's size.

use burn::tensor::Device;

use crate::{
    error::NetworkError,
    layers::{Conv2d, ConvShape, Epilogue, FeatureMaps, GatedDepthwise, Padding, Residual},
    weights::Weights,
};

/// For each stage: blocks, kernel, stride of the first block, expansion, output channels.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];
const STEM_CHANNELS: usize = 32;
/// Blocks after which feature maps are taken, as in `segmentation_models_pytorch`.
const FEATURES_AFTER: [usize; 4] = [3, 5, 9, 16];
/// Channels of these feature maps.
pub(crate) const FEATURE_CHANNELS: [usize; 4] = [24, 40, 112, 320];

/// The encoder.
#[derive(Debug)]
pub(crate) struct EfficientNetB0Encoder {
    stem: Conv2d,
    blocks: Vec<MbConvBlock>,
}

/// A mobile inverted bottleneck with squeeze and excitation (`MBConv`).
#[derive(Debug)]
struct MbConvBlock {
    expand: Option<Conv2d>,
    depthwise: GatedDepthwise,
    project: Conv2d,
    residual: bool,
}

impl EfficientNetB0Encoder {
    /// Loads the encoder.
    ///
    /// # Errors
    /// Those of [`Conv2d::load`].
    pub fn load(weights: &mut Weights, in_channels: usize, device: &Device) -> Result<Self, NetworkError> {
        let shape = ConvShape { stride: 2, padding: Padding::Same, ..ConvShape::conv3x3(in_channels, STEM_CHANNELS) };
        let stem = Conv2d::load(weights, "encoder._conv_stem", shape, device)?;
        let mut blocks = Vec::new();
        let mut inputs = STEM_CHANNELS;
        for (count, kernel, stride, expansion, outputs) in STAGES {
            for nth in 0..count {
                let stride = if nth == 0 { stride } else { 1 };
                let name = format!("encoder._blocks.{}", blocks.len());
                blocks.push(MbConvBlock::load(weights, &name, (inputs, outputs, kernel, stride, expansion), device)?);
                inputs = outputs;
            }
        }
        Ok(Self { stem, blocks })
    }

    /// Maps `[batch, in_channels, S, S]` to feature maps of [`FEATURE_CHANNELS`] channels; S is a
    /// multiple of 32.
    pub fn forward(&self, x: FeatureMaps) -> Vec<FeatureMaps> {
        let mut x = self.stem.forward(x, Epilogue::SILU);
        let mut features = Vec::with_capacity(FEATURES_AFTER.len());
        for (i, block) in self.blocks.iter().enumerate() {
            x = block.forward(x);
            if FEATURES_AFTER.contains(&(i + 1)) {
                features.push(x.clone());
            }
        }
        features
    }
}

impl MbConvBlock {
    fn load(
        weights: &mut Weights,
        name: &str,
        (inputs, outputs, kernel, stride, expansion): (usize, usize, usize, usize, usize),
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let expanded = inputs * expansion;
        let squeezed = (inputs / 4).max(1);
        let mut conv = |part: &str, shape: ConvShape| Conv2d::load(weights, &format!("{name}.{part}"), shape, device);
        let expand =
            if expansion == 1 { None } else { Some(conv("_expand_conv", ConvShape::pointwise(inputs, expanded))?) };
        let depthwise = ConvShape {
            kernel,
            stride,
            groups: expanded,
            padding: Padding::Same,
            ..ConvShape::pointwise(expanded, expanded)
        };
        let project = conv("_project_conv", ConvShape::pointwise(expanded, outputs))?;
        let parts = ["_depthwise_conv", "_se_reduce", "_se_expand"].map(|part| format!("{name}.{part}"));
        let names = [&*parts[0], &*parts[1], &*parts[2]];
        Ok(Self {
            expand,
            depthwise: GatedDepthwise::load(weights, names, (depthwise, squeezed), device)?,
            project,
            residual: stride == 1 && inputs == outputs,
        })
    }

    fn forward(&self, input: FeatureMaps) -> FeatureMaps {
        let residual = self.residual.then(|| input.clone());
        let x = match &self.expand {
            Some(expand) => expand.forward(input, Epilogue::SILU),
            None => input,
        };
        let (x, gate) = self.depthwise.forward(x);
        let residual = residual.as_ref().map_or(Residual::None, Residual::Same);
        self.project.forward_gated(x, gate, Epilogue::residual(residual))
    }
}
