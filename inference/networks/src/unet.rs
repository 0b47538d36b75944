//! U-Net (Ronneberger et al. 2015) with the decoder of `segmentation_models_pytorch`, batch
//! normalisation folded: each step upsamples by repetition, concatenates the encoder's feature maps
//! of that size, and convolves twice.

use burn::tensor::Device;

use crate::{
    dpn::{self, Dpn92Encoder},
    error::NetworkError,
    layers::{Conv2d, ConvShape, Epilogue, FeatureMaps},
    resnet,
    weights::Weights,
};

/// Output channels of the decoder's steps over ResNet-21.
const RESNET21_CHANNELS: [usize; 5] = [256, 128, 64, 32, 16];
/// Output channels of the decoder's steps over DPN-92: the paper's "lightweight decoder".
const DPN92_CHANNELS: [usize; 5] = [128, 64, 32, 32, 16];

#[derive(Debug)]
enum UnetEncoder {
    ResNet21(Box<resnet::ResNetEncoder>),
    Dpn92(Box<Dpn92Encoder>),
}

/// A U-Net.
#[derive(Debug)]
pub(crate) struct Unet {
    encoder: UnetEncoder,
    steps: Vec<[Conv2d; 2]>,
    head: Conv2d,
}

impl Unet {
    /// Loads a U-Net over ResNet-21.
    ///
    /// # Errors
    /// Those of [`Conv2d::load`].
    pub fn load_resnet21(
        weights: &mut Weights,
        (in_channels, classes): (usize, usize),
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let encoder = resnet::ResNetEncoder::load(weights, in_channels, resnet::BLOCKS_21, device)?;
        Self::load(
            weights,
            UnetEncoder::ResNet21(Box::new(encoder)),
            (resnet::FEATURE_CHANNELS, RESNET21_CHANNELS),
            classes,
            device,
        )
    }

    /// Loads a U-Net over DPN-92.
    ///
    /// # Errors
    /// Those of [`Conv2d::load`].
    pub fn load_dpn92(
        weights: &mut Weights,
        (in_channels, classes): (usize, usize),
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let encoder = Dpn92Encoder::load(weights, in_channels, device)?;
        Self::load(
            weights,
            UnetEncoder::Dpn92(Box::new(encoder)),
            (dpn::FEATURE_CHANNELS, DPN92_CHANNELS),
            classes,
            device,
        )
    }

    fn load(
        weights: &mut Weights,
        encoder: UnetEncoder,
        (features, outputs): ([usize; 5], [usize; 5]),
        classes: usize,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let mut steps = Vec::new();
        let [skips @ .., mut inputs] = features;
        // The last step, to the input's own size, has no skip connection.
        for (step, outputs) in outputs.into_iter().enumerate() {
            let skip = skips.iter().rev().nth(step).copied().unwrap_or(0);
            let mut conv = |nth: usize, inputs: usize| {
                let name = format!("decoder.blocks.{step}.conv{nth}.0");
                Conv2d::load(weights, &name, ConvShape::conv3x3(inputs, outputs), device)
            };
            steps.push([conv(1, inputs + skip)?, conv(2, outputs)?]);
            inputs = outputs;
        }
        let head = Conv2d::load(weights, "segmentation_head.0", ConvShape::conv3x3(inputs, classes), device)?;
        Ok(Self { encoder, steps, head })
    }

    /// Maps `[batch, in_channels, S, S]` to logits `[batch, classes, S, S]`; S is a multiple of 32.
    pub fn forward(&self, x: FeatureMaps) -> FeatureMaps {
        let mut features = match &self.encoder {
            UnetEncoder::ResNet21(encoder) => encoder.forward(x),
            UnetEncoder::Dpn92(encoder) => encoder.forward(x),
        };
        let Some(mut x) = features.pop() else { unreachable!("invariant: the encoders give five feature maps") };
        for [first, second] in &self.steps {
            x = first.forward_concat(x, features.pop(), Epilogue::RELU);
            x = second.forward(x, Epilogue::RELU);
        }
        self.head.forward(x, Epilogue::default())
    }
}
