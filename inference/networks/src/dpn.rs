//! DPN-92 (Chen et al. 2017) as an encoder: blocks whose output is added to one path and appended to another.
//!
//! Every convolution comes after its batch-norm and ReLU. A norm that reads one convolution's output alone is folded
//! into that convolution; one that reads both paths stays ([`AffineRelu`]).

use burn::tensor::Device;

use crate::{
    PackError, Weights,
    layers::{AffineRelu, Conv, ConvShape, Into, Maps, Then},
};

/// Channels of the feature maps at 1/2 to 1/32 of the input's size.
pub(crate) const FEATURES: [usize; 5] = [STEM, 336, 704, 1552, 2688];
const STEM: usize = 64;
const GROUPS: usize = 32;
/// Blocks, channels of the added path, channels that each block appends.
const STAGES: [(usize, usize, usize); 4] = [(3, 256, 16), (4, 512, 32), (20, 1024, 24), (3, 2048, 128)];
/// Inner channels a channel of the added path, 96 / 256.
const INNER: (usize, usize) = (3, 8);

/// A 1×1 convolution with the norm and ReLU before it.
#[derive(Debug)]
struct Projection {
    norm: AffineRelu,
    conv: Conv,
}

impl Projection {
    fn take(weights: &mut Weights, name: &str, shape: ConvShape, device: &Device) -> Result<Self, PackError> {
        Ok(Self {
            norm: AffineRelu::take(weights, &format!("{name}.bn"), shape.inputs, device)?,
            conv: Conv::take(weights, &format!("{name}.conv"), shape, device)?,
        })
    }

    fn forward(&self, x: Maps, then: Then<'_>) -> Maps {
        self.conv.forward(self.norm.forward(x), then)
    }
}

#[derive(Debug)]
struct Block {
    /// Channels of the added path.
    added: usize,
    /// The first block of a stage makes both paths anew.
    begin: Option<Projection>,
    reduce: Projection,
    grouped: Conv,
    expand: Conv,
}

impl Block {
    fn take(
        weights: &mut Weights,
        name: &str,
        (inputs, added, appended): (usize, usize, usize),
        begin: Option<usize>,
        device: &Device,
    ) -> Result<Self, PackError> {
        let inner = added * INNER.0 / INNER.1;
        let stride = begin.unwrap_or(1);
        let begin = match begin {
            None => None,
            Some(stride) => {
                let shape = ConvShape { stride, bias: false, ..ConvShape::pointwise(inputs, added + 2 * appended) };
                Some(Projection::take(weights, &format!("{name}.c1x1_w_s{stride}"), shape, device)?)
            }
        };
        let reduce = Projection::take(weights, &format!("{name}.c1x1_a"), ConvShape::pointwise(inputs, inner), device)?;
        let shape = ConvShape { stride, groups: GROUPS, ..ConvShape::three(inner, inner) };
        let grouped = Conv::take(weights, &format!("{name}.c3x3_b.conv"), shape, device)?;
        let shape = ConvShape { bias: false, ..ConvShape::pointwise(inner, added + appended) };
        let expand = Conv::take(weights, &format!("{name}.c1x1_c.conv"), shape, device)?;
        Ok(Self { added, begin, reduce, grouped, expand })
    }

    /// Both paths, the added one first, from those before it; a stage's first block makes room for `wide` channels.
    fn forward(&self, paths: Maps, wide: usize) -> Maps {
        let begin = self.begin.as_ref();
        let begun = begin.map_or_else(|| paths.clone(), |b| b.forward(paths.clone(), Then::into(Into::Wide(wide))));
        let x = self.reduce.forward(paths, Then::RELU);
        let x = self.grouped.forward(x, Then::RELU);
        self.expand.forward(x, Then::into(Into::Grown(&begun, self.added)))
    }
}

#[derive(Debug)]
pub(crate) struct Dpn92 {
    stem: Conv,
    stages: Vec<Vec<Block>>,
    last: AffineRelu,
}

impl Dpn92 {
    pub fn take(weights: &mut Weights, in_channels: usize, device: &Device) -> Result<Self, PackError> {
        let stem = Conv::take(weights, "encoder.features.conv1_1.conv", ConvShape::stem(in_channels, STEM), device)?;
        let mut stages = Vec::new();
        let mut inputs = STEM;
        for (stage, (count, added, appended)) in STAGES.into_iter().enumerate() {
            let mut blocks = Vec::new();
            for nth in 0..count {
                let name = format!("encoder.features.conv{}_{}", stage + 2, nth + 1);
                let begin = (nth == 0).then_some(if stage == 0 { 1 } else { 2 });
                blocks.push(Block::take(weights, &name, (inputs, added, appended), begin, device)?);
                inputs = added + (nth + 3) * appended;
            }
            stages.push(blocks);
        }
        let last = AffineRelu::take(weights, "encoder.features.conv5_bn_ac.bn", inputs, device)?;
        Ok(Self { stem, stages, last })
    }

    /// `[batch, in_channels, S, S]` → maps of [`FEATURES`] channels; S a multiple of 32.
    pub fn forward(&self, x: Maps) -> Vec<Maps> {
        let stem = self.stem.forward(x, Then::RELU);
        let mut paths = stem.clone().pooled();
        let mut features = vec![stem];
        for (stage, blocks) in self.stages.iter().enumerate() {
            for block in blocks {
                paths = block.forward(paths, FEATURES[stage + 1]);
            }
            let last = stage + 1 == self.stages.len();
            let seen = paths.clone();
            features.push(if last { self.last.forward(seen) } else { seen.rectified() });
        }
        features
    }
}
