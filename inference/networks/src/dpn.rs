//! DPN-92 (Chen et al. 2017) as an encoder: blocks whose output is added to one path and appended to another.
//!
//! Every convolution comes after its batch-norm and ReLU. A norm that reads one convolution's output alone is folded
//! into that convolution; one that reads both paths stays ([`AffineRelu`]).

use burn::tensor::{Device, Tensor, activation::relu};

use crate::{
    PackError, Weights,
    layers::{AffineRelu, Conv, ConvShape, max_pool},
};

/// Channels of the feature maps at 1/2 to 1/32 of the input's size.
pub(crate) const FEATURES: [usize; 5] = [STEM, 336, 704, 1552, 2688];
const STEM: usize = 64;
const GROUPS: usize = 32;
/// Blocks, channels of the added path, channels that each block appends.
const STAGES: [(usize, usize, usize); 4] = [(3, 256, 16), (4, 512, 32), (20, 1024, 24), (3, 2048, 128)];
/// Inner channels a channel of the added path, 96 / 256.
const INNER: (usize, usize) = (3, 8);

/// What a block gives and takes: the path that is added to, and the path that grows.
type Paths = (Tensor<4>, Tensor<4>);

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

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.conv.forward(self.norm.forward(x))
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

    fn forward(&self, whole: Tensor<4>, paths: Option<Paths>) -> Option<Paths> {
        let (added, grown) = match &self.begin {
            Some(begin) => split(begin.forward(whole.clone()), self.added),
            None => paths?,
        };
        let x = relu(self.reduce.forward(whole));
        let x = relu(self.grouped.forward(x));
        let (more, appended) = split(self.expand.forward(x), self.added);
        Some((added + more, Tensor::cat(vec![grown, appended], 1)))
    }
}

/// The first `channels` and the rest.
fn split(x: Tensor<4>, channels: usize) -> Paths {
    let all = x.dims()[1];
    (x.clone().narrow(1, 0, channels), x.narrow(1, channels, all - channels))
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
    pub fn forward(&self, x: Tensor<4>) -> Vec<Tensor<4>> {
        let stem = relu(self.stem.forward(x));
        let mut whole = max_pool(stem.clone());
        let mut features = vec![stem];
        for (stage, blocks) in self.stages.iter().enumerate() {
            let mut paths = None;
            for block in blocks {
                paths = block.forward(whole.clone(), paths);
                if let Some((added, grown)) = &paths {
                    whole = Tensor::cat(vec![added.clone(), grown.clone()], 1);
                }
            }
            let last = stage + 1 == self.stages.len();
            features.push(if last { self.last.forward(whole.clone()) } else { relu(whole.clone()) });
        }
        features
    }
}
