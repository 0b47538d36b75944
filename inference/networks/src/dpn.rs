//! DPN-92 (Chen et al. 2017) as an encoder. The output of a block is added to the residual path and
//! appended to the dense path.
//!
//! Batch normalisation and `ReLU` precede each convolution. A norm that reads the output of one
//! convolution alone is folded into that convolution; one that reads both paths is an
//! [`AffineRelu`].

use burn::tensor::Device;

use crate::{
    error::NetworkError,
    layers::{AffineRelu, Conv2d, ConvShape, Destination, Epilogue, FeatureMaps},
    weights::Weights,
};

/// Channels of the feature maps at 1/2 to 1/32 of the input's size.
pub(crate) const FEATURE_CHANNELS: [usize; 5] = [STEM_CHANNELS, 336, 704, 1552, 2688];
const STEM_CHANNELS: usize = 64;
const GROUPS: usize = 32;
/// For each stage: blocks, channels of the residual path, channels that a block appends to the
/// dense path.
const STAGES: [(usize, usize, usize); 4] = [(3, 256, 16), (4, 512, 32), (20, 1024, 24), (3, 2048, 128)];
/// Ratio of a block's inner channels to those of the residual path, 96 / 256.
const INNER: (usize, usize) = (3, 8);

/// A norm, `ReLU` and a 1×1 convolution.
#[derive(Debug)]
struct NormReluConv {
    norm: AffineRelu,
    conv: Conv2d,
}

impl NormReluConv {
    fn load(weights: &mut Weights, name: &str, shape: ConvShape, device: &Device) -> Result<Self, NetworkError> {
        Ok(Self {
            norm: AffineRelu::load(weights, &format!("{name}.bn"), shape.inputs, device)?,
            conv: Conv2d::load(weights, &format!("{name}.conv"), shape, device)?,
        })
    }

    fn forward(&self, x: FeatureMaps, epilogue: Epilogue<'_>) -> FeatureMaps {
        self.conv.forward(self.norm.forward(x), epilogue)
    }
}

/// A block: 1×1, grouped 3×3 and 1×1.
#[derive(Debug)]
struct DualPathBlock {
    /// Channels of the residual path.
    residual: usize,
    /// Projects both paths to a stage's channels and size; in the first block of a stage.
    projection: Option<NormReluConv>,
    reduce: NormReluConv,
    grouped: Conv2d,
    expand: Conv2d,
}

impl DualPathBlock {
    fn load(
        weights: &mut Weights,
        name: &str,
        (inputs, residual, appended): (usize, usize, usize),
        projection_stride: Option<usize>,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let inner = residual * INNER.0 / INNER.1;
        let stride = projection_stride.unwrap_or(1);
        let projection = match projection_stride {
            None => None,
            Some(stride) => {
                let shape = ConvShape { stride, bias: false, ..ConvShape::pointwise(inputs, residual + 2 * appended) };
                Some(NormReluConv::load(weights, &format!("{name}.c1x1_w_s{stride}"), shape, device)?)
            }
        };
        let reduce =
            NormReluConv::load(weights, &format!("{name}.c1x1_a"), ConvShape::pointwise(inputs, inner), device)?;
        let shape = ConvShape { stride, groups: GROUPS, ..ConvShape::conv3x3(inner, inner) };
        let grouped = Conv2d::load(weights, &format!("{name}.c3x3_b.conv"), shape, device)?;
        let shape = ConvShape { bias: false, ..ConvShape::pointwise(inner, residual + appended) };
        let expand = Conv2d::load(weights, &format!("{name}.c1x1_c.conv"), shape, device)?;
        Ok(Self { residual, projection, reduce, grouped, expand })
    }

    /// Maps both paths, the residual one first, to both paths. A stage's first block makes room for
    /// `capacity` channels.
    fn forward(&self, paths: FeatureMaps, capacity: usize) -> FeatureMaps {
        let projected = self.projection.as_ref().map_or_else(
            || paths.clone(),
            |p| p.forward(paths.clone(), Epilogue::destination(Destination::WithCapacity(capacity))),
        );
        let x = self.reduce.forward(paths, Epilogue::RELU);
        let x = self.grouped.forward(x, Epilogue::RELU);
        self.expand.forward(x, Epilogue::destination(Destination::DualPath(&projected, self.residual)))
    }
}

/// The encoder.
#[derive(Debug)]
pub(crate) struct Dpn92Encoder {
    stem: Conv2d,
    stages: Vec<Vec<DualPathBlock>>,
    last: AffineRelu,
}

impl Dpn92Encoder {
    /// Loads the encoder.
    ///
    /// # Errors
    /// Those of [`Conv2d::load`].
    pub fn load(weights: &mut Weights, in_channels: usize, device: &Device) -> Result<Self, NetworkError> {
        let stem = Conv2d::load(
            weights,
            "encoder.features.conv1_1.conv",
            ConvShape::stem7x7(in_channels, STEM_CHANNELS),
            device,
        )?;
        let mut stages = Vec::new();
        let mut inputs = STEM_CHANNELS;
        for (stage, (count, residual, appended)) in STAGES.into_iter().enumerate() {
            let mut blocks = Vec::new();
            for nth in 0..count {
                let name = format!("encoder.features.conv{}_{}", stage + 2, nth + 1);
                let stride = (nth == 0).then_some(if stage == 0 { 1 } else { 2 });
                blocks.push(DualPathBlock::load(weights, &name, (inputs, residual, appended), stride, device)?);
                inputs = residual + (nth + 3) * appended;
            }
            stages.push(blocks);
        }
        let last = AffineRelu::load(weights, "encoder.features.conv5_bn_ac.bn", inputs, device)?;
        Ok(Self { stem, stages, last })
    }

    /// Maps `[batch, in_channels, S, S]` to feature maps of [`FEATURE_CHANNELS`] channels; S is a
    /// multiple of 32.
    pub fn forward(&self, x: FeatureMaps) -> Vec<FeatureMaps> {
        let stem = self.stem.forward(x, Epilogue::RELU);
        let mut paths = stem.clone().max_pool_3x3();
        let mut features = vec![stem];
        for (stage, blocks) in self.stages.iter().enumerate() {
            for block in blocks {
                paths = block.forward(paths, FEATURE_CHANNELS[stage + 1]);
            }
            let last = stage + 1 == self.stages.len();
            let maps = paths.clone();
            features.push(if last { self.last.forward(maps) } else { maps.relu() });
        }
        features
    }
}
