//! Layers of convolutional networks on a GPU: WGSL shaders that are launched through Burn.
//!
//! Feature maps are those of one picture in NHWC order, `[1, rows, columns, channels]`. They are
//! stored as f16 where the device supports it, else as f32; shaders compute in f32. A network's
//! input and its output are f32 everywhere. All other feature maps have a multiple of four channels
//! (vec4s).
//!
//! What precedes a convolution (a gate, a norm, upsampling and concatenation) is fused into reading
//! its input, and what follows (bias, residual, activation) into storing its result.
//!
//! A shader binds an output that it also reads (a DPN's dual path), and tensors that stand in for
//! absent ones. WebGPU forbids to bind one buffer both for reading and for writing, so the device
//! has to give every tensor a buffer of its own: `MemoryConfiguration::ExclusivePages`, Burn's
//! default in wasm.

mod conv;
mod device;
mod feature_maps;
mod group_norm;
mod launch;
mod source;
mod squeeze_excite;

pub use conv::{ConvGeometry, GpuConv2d};
pub use feature_maps::{GpuAffine, GpuFeatureMaps};
pub use group_norm::GpuGroupNorm;
pub use launch::{Launch, ShaderBackend};
pub use squeeze_excite::GpuSqueezeExcite;
