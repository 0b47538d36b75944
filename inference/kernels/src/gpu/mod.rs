//! The networks' layers on a GPU, as WGSL shaders launched through Burn: one picture, its pixels' channels together
//! (NHWC), stored as f16 where the device knows it, else as f32. Shaders compute in f32: what they read is widened, and
//! what they have computed rounded as it is stored. What goes before a convolution (a gate, a norm, a doubled map beside another) is done as its input is
//! read, and what comes after it (bias, a sum, an activation) before its result is stored.
//!
//! Channels come in fours, but for a network's input and its answer, which are f32 everywhere.

mod conv;
mod launch;
mod maps;
mod source;

pub use conv::{Conv, Geometry, Into, Then};
pub use launch::{Launch, Launches};
pub use maps::{Affine, GroupNorm, Maps, SqueezeExcite};

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::Precision;

impl Precision {
    /// The one that takes the least memory on this device.
    #[must_use]
    pub fn least(device: &Device) -> Self {
        if device.supports_dtype(DType::F16) { Self::Half } else { Self::Single }
    }

    /// What maps of so many channels are stored in, where others are in `self`.
    const fn of(self, channels: usize) -> Self {
        if channels.is_multiple_of(4) { self } else { Self::Single }
    }

    const fn dtype(self) -> DType {
        match self {
            Self::Single => DType::F32,
            Self::Half => DType::F16,
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Single => 4,
            Self::Half => 2,
        }
    }

    /// That of a tensor on a GPU.
    fn held<const D: usize>(tensor: &Tensor<D>) -> Self {
        if tensor.dtype() == DType::F16 { Self::Half } else { Self::Single }
    }
}

fn on_device(values: Vec<f32>, device: &Device) -> Tensor<1> {
    stored_on_device(values, Precision::Single, device)
}

fn stored_on_device(values: Vec<f32>, precision: Precision, device: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), (device, precision.dtype()))
}

fn words_on_device(values: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

/// Workgroups of 64 threads for so many of them.
fn groups(threads: usize) -> [u32; 2] {
    [threads.div_ceil(64) as u32, 1]
}
