//! Kernels of our own, where Burn's take much longer than the machine needs: for the CPU, plain Rust that the compiler
//! turns into SIMD (wasm's 128 bits, AVX natively); each is tested against its definition. Values are f32, planes lie one
//! after the other (NCHW, one picture). For a GPU, with the feature `gpu`, WGSL shaders behind Burn's backend extension.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod activation;
mod depthwise;
mod direct;
mod enlarge;
#[cfg(feature = "gpu")]
pub mod gpu;
mod norm;
mod scratch;
mod stored;
pub mod winograd;

pub use activation::{Activation, silu};
pub use depthwise::{Depthwise, Gathered};
pub use direct::Direct;
pub use enlarge::enlarged;
pub use norm::group_norm_relu;
pub use stored::Stored;

#[cfg(test)]
mod tests {
    /// Values between −1 and 1 that look random.
    pub fn noise(count: usize, seed: u32) -> Vec<f32> {
        let value = |i: u32| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 8) as f32 / (1 << 23) as f32 - 1.0;
        (0..count as u32).map(value).collect()
    }
}
