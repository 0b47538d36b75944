//! The U-Net decoder of `segmentation_models_pytorch`, batch-norm folded: each step doubles the size by repetition,
//! takes the encoder's map of that size beside it, and convolves twice.

use burn::tensor::Device;

use crate::{
    PackError, Weights,
    dpn::{self, Dpn92},
    layers::{Conv, ConvShape, Maps, Then},
    resnet,
};

/// Channels of the decoder's steps beside ResNet-21.
const WIDE: [usize; 5] = [256, 128, 64, 32, 16];
/// Beside DPN-92: the paper's "lightweight decoder".
const LIGHT: [usize; 5] = [128, 64, 32, 32, 16];

#[derive(Debug)]
enum Encoder {
    ResNet21(Box<resnet::Encoder>),
    Dpn92(Box<Dpn92>),
}

/// A U-Net.
#[derive(Debug)]
pub(crate) struct Unet {
    encoder: Encoder,
    steps: Vec<[Conv; 2]>,
    head: Conv,
}

impl Unet {
    pub fn over_resnet21(
        weights: &mut Weights,
        (in_channels, classes): (usize, usize),
        device: &Device,
    ) -> Result<Self, PackError> {
        let encoder = resnet::Encoder::take(weights, in_channels, resnet::BLOCKS_21, device)?;
        Self::take(weights, Encoder::ResNet21(Box::new(encoder)), (resnet::FEATURES, WIDE), classes, device)
    }

    pub fn over_dpn92(
        weights: &mut Weights,
        (in_channels, classes): (usize, usize),
        device: &Device,
    ) -> Result<Self, PackError> {
        let encoder = Dpn92::take(weights, in_channels, device)?;
        Self::take(weights, Encoder::Dpn92(Box::new(encoder)), (dpn::FEATURES, LIGHT), classes, device)
    }

    fn take(
        weights: &mut Weights,
        encoder: Encoder,
        (features, outputs): ([usize; 5], [usize; 5]),
        classes: usize,
        device: &Device,
    ) -> Result<Self, PackError> {
        let mut steps = Vec::new();
        let [skips @ .., mut inputs] = features;
        // The last step, to the input's own size, has no map beside it.
        for (step, outputs) in outputs.into_iter().enumerate() {
            let skip = skips.iter().rev().nth(step).copied().unwrap_or(0);
            let mut conv = |nth: usize, inputs: usize| {
                let name = format!("decoder.blocks.{step}.conv{nth}.0");
                Conv::take(weights, &name, ConvShape::three(inputs, outputs), device)
            };
            steps.push([conv(1, inputs + skip)?, conv(2, outputs)?]);
            inputs = outputs;
        }
        let head = Conv::take(weights, "segmentation_head.0", ConvShape::three(inputs, classes), device)?;
        Ok(Self { encoder, steps, head })
    }

    /// `[batch, in_channels, S, S]` → logits `[batch, classes, S, S]`; S a multiple of 32.
    pub fn forward(&self, x: Maps) -> Maps {
        let mut features = match &self.encoder {
            Encoder::ResNet21(encoder) => encoder.forward(x),
            Encoder::Dpn92(encoder) => encoder.forward(x),
        };
        let Some(mut x) = features.pop() else { unreachable!("the encoders give five maps") };
        for [first, second] in &self.steps {
            x = first.joined(x, features.pop(), Then::RELU);
            x = second.forward(x, Then::RELU);
        }
        self.head.forward(x, Then::default())
    }
}
