//! The types in which a device stores tensors, and uploads to it.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::quantized::Precision;

impl Precision {
    /// Returns the precision with the fewest bytes that the device supports.
    #[must_use]
    pub fn smallest_for(device: &Device) -> Self {
        if device.supports_dtype(DType::F16) { Self::Half } else { Self::Single }
    }

    /// Returns the precision of feature maps with `channels` channels where others have `self`:
    /// f32 for a network's output.
    pub(super) const fn for_channels(self, channels: usize) -> Self {
        if channels.is_multiple_of(4) { self } else { Self::Single }
    }

    pub(super) const fn dtype(self) -> DType {
        match self {
            Self::Single => DType::F32,
            Self::Half => DType::F16,
        }
    }

    /// Bytes of a value.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Single => 4,
            Self::Half => 2,
        }
    }

    /// Returns the precision of a tensor on a GPU.
    pub(super) fn of_tensor<const D: usize>(tensor: &Tensor<D>) -> Self {
        if tensor.dtype() == DType::F16 { Self::Half } else { Self::Single }
    }
}

/// Uploads values as f32.
pub(super) fn upload(values: Vec<f32>, device: &Device) -> Tensor<1> {
    upload_as(values, Precision::Single, device)
}

/// Uploads values in the given precision.
pub(super) fn upload_as(values: Vec<f32>, precision: Precision, device: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), (device, precision.dtype()))
}

/// Uploads 32-bit words.
pub(super) fn upload_words(values: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

/// Returns the workgroups of 64 threads that `threads` threads need.
pub(super) fn workgroups(threads: usize) -> [u32; 2] {
    [threads.div_ceil(64) as u32, 1]
}
