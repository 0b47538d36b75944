//! EfficientNet-B0 as an encoder (Tan & Le 2019), batch-norm folded into its convolutions: four feature maps at
//! 1/4, 1/8, 1/16 and 1/32 of the input's size.

use burn::tensor::Device;

use crate::{
    PackError, Weights,
    layers::{Added, Conv, ConvShape, GatedDepthwise, Maps, Padding, Then},
};

/// One row a stage: blocks, kernel, stride of the first block, expansion, output channels.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];
const STEM: usize = 32;
/// Blocks after which a feature map leaves, as `segmentation_models_pytorch` cuts them.
const LEAVE_AFTER: [usize; 4] = [3, 5, 9, 16];
/// Channels of the maps that leave.
pub(crate) const FEATURES: [usize; 4] = [24, 40, 112, 320];

#[derive(Debug)]
pub(crate) struct Encoder {
    stem: Conv,
    blocks: Vec<Block>,
}

/// Mobile inverted bottleneck with squeeze and excitation.
#[derive(Debug)]
struct Block {
    expand: Option<Conv>,
    depthwise: GatedDepthwise,
    project: Conv,
    residual: bool,
}

impl Encoder {
    pub fn take(weights: &mut Weights, in_channels: usize, device: &Device) -> Result<Self, PackError> {
        let shape = ConvShape { stride: 2, padding: Padding::Least, ..ConvShape::three(in_channels, STEM) };
        let stem = Conv::take(weights, "encoder._conv_stem", shape, device)?;
        let mut blocks = Vec::new();
        let mut inputs = STEM;
        for (count, kernel, stride, expansion, outputs) in STAGES {
            for nth in 0..count {
                let stride = if nth == 0 { stride } else { 1 };
                let name = format!("encoder._blocks.{}", blocks.len());
                blocks.push(Block::take(weights, &name, (inputs, outputs, kernel, stride, expansion), device)?);
                inputs = outputs;
            }
        }
        Ok(Self { stem, blocks })
    }

    /// `[batch, in_channels, S, S]` → maps of [`FEATURES`] channels at S/4, S/8, S/16, S/32.
    pub fn forward(&self, x: Maps) -> Vec<Maps> {
        let mut x = self.stem.forward(x, Then::SILU);
        let mut features = Vec::with_capacity(LEAVE_AFTER.len());
        for (i, block) in self.blocks.iter().enumerate() {
            x = block.forward(x);
            if LEAVE_AFTER.contains(&(i + 1)) {
                features.push(x.clone());
            }
        }
        features
    }
}

impl Block {
    fn take(
        weights: &mut Weights,
        name: &str,
        (inputs, outputs, kernel, stride, expansion): (usize, usize, usize, usize, usize),
        device: &Device,
    ) -> Result<Self, PackError> {
        let wide = inputs * expansion;
        let narrow = (inputs / 4).max(1);
        let mut conv = |part: &str, shape: ConvShape| Conv::take(weights, &format!("{name}.{part}"), shape, device);
        let expand =
            if expansion == 1 { None } else { Some(conv("_expand_conv", ConvShape::pointwise(inputs, wide))?) };
        let depthwise =
            ConvShape { kernel, stride, groups: wide, padding: Padding::Least, ..ConvShape::pointwise(wide, wide) };
        let project = conv("_project_conv", ConvShape::pointwise(wide, outputs))?;
        let parts = ["_depthwise_conv", "_se_reduce", "_se_expand"].map(|part| format!("{name}.{part}"));
        let names = [&*parts[0], &*parts[1], &*parts[2]];
        Ok(Self {
            expand,
            depthwise: GatedDepthwise::take(weights, names, (depthwise, narrow), device)?,
            project,
            residual: stride == 1 && inputs == outputs,
        })
    }

    fn forward(&self, input: Maps) -> Maps {
        let residual = self.residual.then(|| input.clone());
        let x = match &self.expand {
            Some(expand) => expand.forward(input, Then::SILU),
            None => input,
        };
        let (x, gate) = self.depthwise.forward(x);
        let added = residual.as_ref().map_or(Added::Nothing, Added::Same);
        self.project.gated(x, gate, Then::added(added))
    }
}
