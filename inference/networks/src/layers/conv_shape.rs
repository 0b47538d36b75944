//! Geometry of a convolution.

use crate::{error::NetworkError, weights::Weights};

/// Channels, square kernel, stride and padding of a convolution. The output has the input's size
/// divided by the stride, rounded up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvShape {
    /// Input channels of all groups.
    pub inputs: usize,
    /// Output channels of all groups.
    pub outputs: usize,
    /// Rows and columns of the kernel.
    pub kernel: usize,
    pub stride: usize,
    pub groups: usize,
    /// Whether the weights have a bias.
    pub bias: bool,
    pub padding: Padding,
}

/// Where zeros are added around an input.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Padding {
    /// The fewest that give the output's size, the odd one at the end: `TensorFlow`'s "same" for
    /// even sizes, as in `EfficientNet`.
    Same,
    /// Half a kernel on every side: the usual padding in `PyTorch`.
    HalfKernel,
}

impl ConvShape {
    /// Dimensions of the weights.
    pub fn dims(&self) -> [usize; 4] {
        [self.outputs, self.inputs / self.groups, self.kernel, self.kernel]
    }

    /// Rows and columns of zeros at the beginning.
    pub fn pad_begin(&self) -> usize {
        match self.padding {
            Padding::Same => (self.kernel - self.stride.min(self.kernel)) / 2,
            Padding::HalfKernel => self.kernel / 2,
        }
    }

    /// Removes the bias of the layer `name` from the weights, if the layer has one.
    pub fn remove_bias(&self, weights: &mut Weights, name: &str) -> Result<Option<Vec<f32>>, NetworkError> {
        self.bias.then(|| weights.remove(&format!("{name}.bias"), &[self.outputs])).transpose()
    }

    /// 1×1 with a bias.
    pub fn pointwise(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, kernel: 1, stride: 1, groups: 1, bias: true, padding: Padding::HalfKernel }
    }

    /// 3×3 with a bias.
    pub fn conv3x3(inputs: usize, outputs: usize) -> Self {
        Self { kernel: 3, ..Self::pointwise(inputs, outputs) }
    }

    /// 7×7 with stride 2 and a bias: the stem of a `ResNet` and a DPN.
    pub fn stem7x7(inputs: usize, outputs: usize) -> Self {
        Self { kernel: 7, stride: 2, ..Self::pointwise(inputs, outputs) }
    }
}
