//! Kernels for convolutional networks, on the CPU and on a GPU. Each is tested against its
//! definition.
//!
//! On the CPU, a convolution over all input channels is a matrix product ([`GemmConv2d`],
//! [`WinogradConv3x3`]) in registers of whatever width the processor has: 128 bits in wasm, AVX
//! natively. Grouped convolutions ([`DirectConv2d`], [`DepthwiseConv2d`]) are plain Rust that the
//! compiler vectorizes. Tensors are f32 in NCHW order; a kernel takes one picture
//! `[channels, rows, columns]`.
//!
//! On a GPU, with the feature `gpu`, kernels are WGSL shaders behind Burn's backend extension
//! (`gpu`).
//!
//! A convolution's output has the size [`output_size()`] on every device.

#![allow(clippy::needless_for_each, reason = "hot loops stay in the form in which they were measured")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::float_cmp, reason = "tests compare exact values"))]

mod activation;
mod buffer;
mod depthwise_conv;
mod direct_conv;
mod epilogue;
mod gemm;
mod gemm_conv;
#[cfg(feature = "gpu")]
pub mod gpu;
mod group_norm;
mod output_size;
mod polyphase;
mod quantized;
mod resample;
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed"), path = "simd_relaxed.rs")]
mod simd;
#[cfg(test)]
mod test_support;
mod winograd;

pub use activation::{Activation, relu, sigmoid, softmax};
pub use buffer::{Buffer, free_planned_memory, with_planned_memory};
pub use depthwise_conv::{DepthwiseConv2d, DepthwiseOutput};
pub use direct_conv::DirectConv2d;
pub use epilogue::{Destination, Epilogue, Residual};
pub use gemm::OutputPlanes;
pub use gemm_conv::{GemmConv2d, Prologue};
pub use group_norm::group_norm_relu;
pub use output_size::output_size;
pub use quantized::{Precision, QuantizedTensor};
pub use resample::{max_pool_3x3, upsample_bilinear, upsample_nearest_2x};
pub use winograd::WinogradConv3x3;
