//! Residual networks of basic blocks (He et al. 2015), batch-norm folded: the encoder of the ResNet-21 U-Net, and the
//! ResNet-18 that segments on its own (`networks.md` §2).

use burn::tensor::Device;

use crate::{
    PackError, Weights,
    layers::{Added, Conv, ConvShape, Corners, Maps, Then},
};

/// Channels of the stem and of the four stages.
pub(crate) const FEATURES: [usize; 5] = [64, 64, 128, 256, 512];
/// One stem convolution and ten blocks of two: 21 convolutions.
pub(crate) const BLOCKS_21: [usize; 4] = [2, 3, 3, 2];
const BLOCKS_18: [usize; 4] = [2, 2, 2, 2];

#[derive(Debug)]
struct Block {
    first: Conv,
    second: Conv,
    /// Brings the input to the output's size and channels, where they differ.
    shortcut: Option<Conv>,
}

impl Block {
    fn take(
        weights: &mut Weights,
        name: &str,
        (inputs, outputs, stride): (usize, usize, usize),
        device: &Device,
    ) -> Result<Self, PackError> {
        let mut conv = |part: &str, shape: ConvShape| Conv::take(weights, &format!("{name}.{part}"), shape, device);
        let first = conv("conv1", ConvShape { stride, ..ConvShape::three(inputs, outputs) })?;
        let second = conv("conv2", ConvShape::three(outputs, outputs))?;
        let shortcut = if stride == 1 && inputs == outputs {
            None
        } else {
            Some(conv("downsample.0", ConvShape { stride, ..ConvShape::pointwise(inputs, outputs) })?)
        };
        Ok(Self { first, second, shortcut })
    }

    fn forward(&self, input: Maps) -> Maps {
        let shortcut = match &self.shortcut {
            Some(own) => own.forward(input.clone(), Then::default()),
            None => input.clone(),
        };
        let x = self.first.forward(input, Then::RELU);
        self.second.forward(x, Then { added: Added::Same(&shortcut), ..Then::RELU })
    }
}

fn take_stages(weights: &mut Weights, blocks: [usize; 4], device: &Device) -> Result<Vec<Vec<Block>>, PackError> {
    let mut stages = Vec::new();
    for (stage, count) in blocks.into_iter().enumerate() {
        let outputs = FEATURES[stage + 1];
        let mut stage_blocks = Vec::new();
        for nth in 0..count {
            let name = format!("encoder.layer{}.{nth}", stage + 1);
            let (inputs, stride) = match (nth, stage) {
                (0, 0) => (FEATURES[0], 1),
                (0, _) => (FEATURES[stage], 2),
                _ => (outputs, 1),
            };
            stage_blocks.push(Block::take(weights, &name, (inputs, outputs, stride), device)?);
        }
        stages.push(stage_blocks);
    }
    Ok(stages)
}

/// A ResNet as an encoder: five feature maps of [`FEATURES`] channels at 1/2 to 1/32 of the input's size.
#[derive(Debug)]
pub(crate) struct Encoder {
    stem: Conv,
    stages: Vec<Vec<Block>>,
}

impl Encoder {
    pub fn take(
        weights: &mut Weights,
        in_channels: usize,
        blocks: [usize; 4],
        device: &Device,
    ) -> Result<Self, PackError> {
        let stem = Conv::take(weights, "encoder.conv1", ConvShape::stem(in_channels, FEATURES[0]), device)?;
        Ok(Self { stem, stages: take_stages(weights, blocks, device)? })
    }

    pub fn forward(&self, x: Maps) -> Vec<Maps> {
        let stem = self.stem.forward(x, Then::RELU);
        let mut x = stem.clone().pooled();
        let mut features = vec![stem];
        for stage in &self.stages {
            x = stage.iter().fold(x, |x, block| block.forward(x));
            features.push(x.clone());
        }
        features
    }
}

/// ResNet-18 without pooling and fully connected layers, its last map read by a 1×1 convolution.
#[derive(Debug)]
pub(crate) struct ResNet18 {
    stem: Conv,
    stages: Vec<Vec<Block>>,
    head: Conv,
}

impl ResNet18 {
    /// From the last map to the input's size: the stem and three stages halve.
    const STRIDE: usize = 16;

    pub fn take(
        weights: &mut Weights,
        (in_channels, classes): (usize, usize),
        device: &Device,
    ) -> Result<Self, PackError> {
        let stem = Conv::take(weights, "encoder.conv1", ConvShape::stem(in_channels, FEATURES[0]), device)?;
        let stages = take_stages(weights, BLOCKS_18, device)?;
        let head = Conv::take(weights, "head", ConvShape::pointwise(FEATURES[4], classes), device)?;
        Ok(Self { stem, stages, head })
    }

    /// `[batch, in_channels, S, S]` → logits `[batch, classes, S, S]`; S a multiple of 16.
    pub fn forward(&self, x: Maps) -> Maps {
        let x = self.stem.forward(x, Then::RELU);
        let x = self.stages.iter().flatten().fold(x, |x, block| block.forward(x));
        self.head.forward(x, Then::default()).enlarged(Self::STRIDE, Corners::Areas, None)
    }
}
