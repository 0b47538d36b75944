//! Residual networks of basic blocks (He et al. 2015), batch normalisation folded: the encoder of
//! the U-Net over ResNet-21, and ResNet-18 as a segmenter of its own (`docs/method.md`,
//! "Networks").

use burn::tensor::Device;

use crate::{
    error::NetworkError,
    layers::{Conv2d, ConvShape, Epilogue, FeatureMaps, Residual},
    weights::Weights,
};

/// Channels of the stem and of the four stages.
pub(crate) const FEATURE_CHANNELS: [usize; 5] = [64, 64, 128, 256, 512];
/// Blocks of the four stages: with two convolutions each and the stem, 21 convolutions.
pub(crate) const BLOCKS_21: [usize; 4] = [2, 3, 3, 2];
const BLOCKS_18: [usize; 4] = [2, 2, 2, 2];

/// A basic block: two 3×3 convolutions and a shortcut.
#[derive(Debug)]
struct BasicBlock {
    first: Conv2d,
    second: Conv2d,
    /// Projects the input to the output's size and channels, if they differ.
    shortcut: Option<Conv2d>,
}

impl BasicBlock {
    fn load(
        weights: &mut Weights,
        name: &str,
        (inputs, outputs, stride): (usize, usize, usize),
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let mut conv = |part: &str, shape: ConvShape| Conv2d::load(weights, &format!("{name}.{part}"), shape, device);
        let first = conv("conv1", ConvShape { stride, ..ConvShape::conv3x3(inputs, outputs) })?;
        let second = conv("conv2", ConvShape::conv3x3(outputs, outputs))?;
        let shortcut = if stride == 1 && inputs == outputs {
            None
        } else {
            Some(conv("downsample.0", ConvShape { stride, ..ConvShape::pointwise(inputs, outputs) })?)
        };
        Ok(Self { first, second, shortcut })
    }

    fn forward(&self, input: FeatureMaps) -> FeatureMaps {
        let shortcut = match &self.shortcut {
            Some(own) => own.forward(input.clone(), Epilogue::default()),
            None => input.clone(),
        };
        let x = self.first.forward(input, Epilogue::RELU);
        self.second.forward(x, Epilogue { residual: Residual::Same(&shortcut), ..Epilogue::RELU })
    }
}

fn load_stages(
    weights: &mut Weights,
    blocks: [usize; 4],
    device: &Device,
) -> Result<Vec<Vec<BasicBlock>>, NetworkError> {
    let mut stages = Vec::new();
    for (stage, count) in blocks.into_iter().enumerate() {
        let outputs = FEATURE_CHANNELS[stage + 1];
        let mut stage_blocks = Vec::new();
        for nth in 0..count {
            let name = format!("encoder.layer{}.{nth}", stage + 1);
            let (inputs, stride) = match (nth, stage) {
                (0, 0) => (FEATURE_CHANNELS[0], 1),
                (0, _) => (FEATURE_CHANNELS[stage], 2),
                _ => (outputs, 1),
            };
            stage_blocks.push(BasicBlock::load(weights, &name, (inputs, outputs, stride), device)?);
        }
        stages.push(stage_blocks);
    }
    Ok(stages)
}

/// A `ResNet` as an encoder: five feature maps of [`FEATURE_CHANNELS`] channels at 1/2 to 1/32 of
/// the input's size.
#[derive(Debug)]
pub(crate) struct ResNetEncoder {
    stem: Conv2d,
    stages: Vec<Vec<BasicBlock>>,
}

impl ResNetEncoder {
    pub fn load(
        weights: &mut Weights,
        in_channels: usize,
        blocks: [usize; 4],
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let stem =
            Conv2d::load(weights, "encoder.conv1", ConvShape::stem7x7(in_channels, FEATURE_CHANNELS[0]), device)?;
        Ok(Self { stem, stages: load_stages(weights, blocks, device)? })
    }

    pub fn forward(&self, x: FeatureMaps) -> Vec<FeatureMaps> {
        let stem = self.stem.forward(x, Epilogue::RELU);
        let mut x = stem.clone().max_pool_3x3();
        let mut features = vec![stem];
        for stage in &self.stages {
            x = stage.iter().fold(x, |x, block| block.forward(x));
            features.push(x.clone());
        }
        features
    }
}

/// ResNet-18 without pooling and without the fully connected layer. A 1×1 convolution maps the last
/// feature maps to classes.
#[derive(Debug)]
pub(crate) struct ResNet18 {
    stem: Conv2d,
    stages: Vec<Vec<BasicBlock>>,
    head: Conv2d,
}

impl ResNet18 {
    /// Upsampling from the last feature maps to the input's size: the stem and three stages halve
    /// it.
    const STRIDE: usize = 16;

    pub fn load(
        weights: &mut Weights,
        (in_channels, classes): (usize, usize),
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let stem =
            Conv2d::load(weights, "encoder.conv1", ConvShape::stem7x7(in_channels, FEATURE_CHANNELS[0]), device)?;
        let stages = load_stages(weights, BLOCKS_18, device)?;
        let head = Conv2d::load(weights, "head", ConvShape::pointwise(FEATURE_CHANNELS[4], classes), device)?;
        Ok(Self { stem, stages, head })
    }

    /// Maps `[batch, in_channels, S, S]` to logits `[batch, classes, S, S]`; S is a multiple of 16.
    pub fn forward(&self, x: FeatureMaps) -> FeatureMaps {
        let x = self.stem.forward(x, Epilogue::RELU);
        let x = self.stages.iter().flatten().fold(x, |x, block| block.forward(x));
        self.head.forward(x, Epilogue::default()).upsample_bilinear(Self::STRIDE, false, None)
    }
}
