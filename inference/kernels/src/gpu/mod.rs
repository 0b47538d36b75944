//! The networks' layers on a GPU, as WGSL shaders launched through Burn: one picture, its pixels' channels together
//! (NHWC), f32. What goes before a convolution (a gate, a norm, a doubled map beside another) is done as its input is
//! read, and what comes after it (bias, a sum, an activation) before its result is stored.
//!
//! Channels come in fours, but for a network's input and its answer.

mod conv;
mod launch;
mod maps;
mod source;

pub use conv::{Conv, Geometry, Into, Then};
pub use launch::{Launch, Launches};
pub use maps::{Affine, GroupNorm, Maps, SqueezeExcite};

use burn::tensor::{Device, Int, Tensor, TensorData};

fn on_device(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

fn words_on_device(values: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

/// Workgroups of 64 threads for so many of them.
fn groups(threads: usize) -> [u32; 2] {
    [threads.div_ceil(64) as u32, 1]
}
