//! Feature pyramid network (Lin et al. 2017) over `EfficientNet-B0`: layer by layer the FPN of
//! `segmentation_models_pytorch` (merge by addition, 4× upsampling of the logits), with its tensor
//! names.

use burn::tensor::Device;

use crate::{
    efficientnet::{EfficientNetB0Encoder, FEATURE_CHANNELS},
    error::NetworkError,
    layers::{Conv2d, ConvShape, Epilogue, FeatureMaps, GroupNormRelu, Residual},
    weights::Weights,
};

/// An FPN.
#[derive(Debug)]
pub(crate) struct Fpn {
    encoder: EfficientNetB0Encoder,
    /// From the coarsest level (p5) to the finest (p2).
    laterals: Vec<Conv2d>,
    /// One branch a level, in the same order. Every step doubles the size, except in the last
    /// branch.
    segmentation_branches: Vec<Vec<(Conv2d, GroupNormRelu)>>,
    head: Conv2d,
}

impl Fpn {
    /// Loads the network; `pyramid` and `segmentation` are the channels of the levels and branches.
    ///
    /// # Errors
    /// Those of [`Conv2d::load`].
    pub fn load(
        weights: &mut Weights,
        (in_channels, classes): (usize, usize),
        (pyramid, segmentation): (usize, usize),
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let encoder = EfficientNetB0Encoder::load(weights, in_channels, device)?;
        let mut laterals = Vec::new();
        for (name, inputs) in
            ["p5", "p4.skip_conv", "p3.skip_conv", "p2.skip_conv"].iter().zip(FEATURE_CHANNELS.iter().rev())
        {
            let shape = ConvShape::pointwise(*inputs, pyramid);
            laterals.push(Conv2d::load(weights, &format!("decoder.{name}"), shape, device)?);
        }
        let mut segmentation_branches = Vec::new();
        for (level, steps) in [3, 2, 1, 1].into_iter().enumerate() {
            let mut branch = Vec::new();
            for step in 0..steps {
                let name = format!("decoder.seg_blocks.{level}.block.{step}.block");
                let inputs = if step == 0 { pyramid } else { segmentation };
                let shape = ConvShape { bias: false, ..ConvShape::conv3x3(inputs, segmentation) };
                let conv = Conv2d::load(weights, &format!("{name}.0"), shape, device)?;
                branch.push((conv, GroupNormRelu::load(weights, &format!("{name}.1"), segmentation, device)?));
            }
            segmentation_branches.push(branch);
        }
        let head = Conv2d::load(weights, "segmentation_head.0", ConvShape::pointwise(segmentation, classes), device)?;
        Ok(Self { encoder, laterals, segmentation_branches, head })
    }

    /// Maps `[batch, in_channels, S, S]` to logits `[batch, classes, S, S]`; S is a multiple of 32.
    pub fn forward(&self, x: FeatureMaps) -> FeatureMaps {
        let mut level: Option<FeatureMaps> = None;
        let mut sum: Option<FeatureMaps> = None;
        let features = self.encoder.forward(x);
        let last = self.segmentation_branches.len() - 1;
        for (i, (feature, (lateral, branch))) in
            features.into_iter().rev().zip(self.laterals.iter().zip(&self.segmentation_branches)).enumerate()
        {
            let residual = level.as_ref().map_or(Residual::None, Residual::UpsampledNearest);
            let pyramid = lateral.forward(feature, Epilogue::residual(residual));
            let mut s = pyramid.clone();
            for (step, (conv, norm)) in branch.iter().enumerate() {
                s = norm.forward(conv.forward(s, Epilogue::default()));
                let factor = if i == last { 1 } else { 2 };
                let residual = sum.take_if(|_| step + 1 == branch.len());
                s = s.upsample_bilinear(factor, true, residual);
            }
            level = Some(pyramid);
            sum = Some(s);
        }
        match sum {
            Some(sum) => self.head.forward(sum, Epilogue::default()).upsample_bilinear(4, true, None),
            None => unreachable!("invariant: the encoder gives four feature maps"),
        }
    }
}
