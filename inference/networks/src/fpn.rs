//! Feature pyramid decoder over EfficientNet-B0, layer by layer that of `segmentation_models_pytorch` (merge by
//! addition, 4× upsampling of the logits), so that its weights fit by name.

use burn::tensor::Device;

use crate::{
    PackError, Weights,
    efficientnet::{Encoder, FEATURES},
    layers::{Added, Conv, ConvShape, Corners, GroupNormRelu, Maps, Then},
};

#[derive(Debug)]
pub(crate) struct Fpn {
    encoder: Encoder,
    /// From the coarsest map (p5) to the finest (p2).
    laterals: Vec<Conv>,
    /// One chain a pyramid level, in the same order; each link but those of the last chain doubles the size.
    chains: Vec<Vec<(Conv, GroupNormRelu)>>,
    head: Conv,
}

impl Fpn {
    pub fn take(
        weights: &mut Weights,
        (in_channels, classes): (usize, usize),
        (pyramid, segmentation): (usize, usize),
        device: &Device,
    ) -> Result<Self, PackError> {
        let encoder = Encoder::take(weights, in_channels, device)?;
        let mut laterals = Vec::new();
        for (name, inputs) in ["p5", "p4.skip_conv", "p3.skip_conv", "p2.skip_conv"].iter().zip(FEATURES.iter().rev()) {
            let shape = ConvShape::pointwise(*inputs, pyramid);
            laterals.push(Conv::take(weights, &format!("decoder.{name}"), shape, device)?);
        }
        let mut chains = Vec::new();
        for (level, links) in [3, 2, 1, 1].into_iter().enumerate() {
            let mut chain = Vec::new();
            for link in 0..links {
                let name = format!("decoder.seg_blocks.{level}.block.{link}.block");
                let inputs = if link == 0 { pyramid } else { segmentation };
                let shape = ConvShape { bias: false, ..ConvShape::three(inputs, segmentation) };
                let conv = Conv::take(weights, &format!("{name}.0"), shape, device)?;
                chain.push((conv, GroupNormRelu::take(weights, &format!("{name}.1"), segmentation, device)?));
            }
            chains.push(chain);
        }
        let head = Conv::take(weights, "segmentation_head.0", ConvShape::pointwise(segmentation, classes), device)?;
        Ok(Self { encoder, laterals, chains, head })
    }

    /// `[batch, in_channels, S, S]` → logits `[batch, classes, S, S]`; S a multiple of 32.
    pub fn forward(&self, x: Maps) -> Maps {
        let mut level: Option<Maps> = None;
        let mut sum: Option<Maps> = None;
        let features = self.encoder.forward(x);
        let last = self.chains.len() - 1;
        for (i, (feature, (lateral, chain))) in
            features.into_iter().rev().zip(self.laterals.iter().zip(&self.chains)).enumerate()
        {
            let added = level.as_ref().map_or(Added::Nothing, Added::Doubled);
            let pyramid = lateral.forward(feature, Then::added(added));
            let mut s = pyramid.clone();
            for (link, (conv, norm)) in chain.iter().enumerate() {
                s = norm.forward(conv.forward(s, Then::default()));
                let factor = if i == last { 1 } else { 2 };
                let added = sum.take_if(|_| link + 1 == chain.len());
                s = s.enlarged(factor, Corners::Aligned, added);
            }
            level = Some(pyramid);
            sum = Some(s);
        }
        match sum {
            Some(sum) => self.head.forward(sum, Then::default()).enlarged(4, Corners::Aligned, None),
            None => unreachable!("the encoder gives four maps"),
        }
    }
}
