//! Kernels of our own. For the CPU: a product of matrices in whatever registers the processor has (wasm's 128 bits, AVX
//! natively) under the convolutions that see every channel, and plain Rust that the compiler turns into SIMD under the
//! others; each is tested against its definition. Values are f32, planes lie one after the other (NCHW, one picture). For
//! a GPU, with the feature `gpu`, WGSL shaders behind Burn's backend extension.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod activation;
mod buffer;
mod dense;
mod depthwise;
mod direct;
#[cfg(feature = "gpu")]
pub mod gpu;
mod norm;
mod output_size;
mod product;
mod resample;
mod scratch;
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed"), path = "simd_relaxed.rs")]
mod simd;
mod stored;
mod winograd;

pub use activation::{Activation, relu, sigmoid, softmax};
pub use buffer::{Buffer, free_blocks, in_planned_blocks};
pub use dense::{Dense, First};
pub use depthwise::{Depthwise, Gathered};
pub use direct::Direct;
pub use norm::group_norm_relu;
pub use output_size::output_size;
pub use product::Onto;
pub use resample::{double, enlarge, pool};
pub use stored::{Precision, Stored};
pub use winograd::Tiled;

#[cfg(test)]
mod tests {
    /// Values between −1 and 1 that look random.
    pub fn noise(count: usize, seed: u32) -> Vec<f32> {
        let value = |i: u32| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 8) as f32 / (1 << 23) as f32 - 1.0;
        (0..count as u32).map(value).collect()
    }

    /// A convolution by its definition, in f64.
    pub fn plain(
        weight: &[f32],
        bias: &[f32],
        [inputs, outputs, groups]: [usize; 3],
        (kernel, stride, before): (usize, usize, usize),
        (input, rows, columns): (&[f32], usize, usize),
    ) -> Vec<f64> {
        let (each_in, each_out) = (inputs / groups, outputs / groups);
        let [high, wide] = [rows, columns].map(|side| side.div_ceil(stride));
        let mut values = Vec::new();
        for (output, at) in (0..outputs).flat_map(|output| (0..high * wide).map(move |at| (output, at))) {
            let mut sum = f64::from(bias[output]);
            for (nth, tap) in (0..each_in).flat_map(|nth| (0..kernel * kernel).map(move |tap| (nth, tap))) {
                let (y, x) = (at / wide * stride + tap / kernel, at % wide * stride + tap % kernel);
                if (before..before + rows).contains(&y) && (before..before + columns).contains(&x) {
                    let plane = output / each_out * each_in + nth;
                    let value = input[(plane * rows + y - before) * columns + x - before];
                    sum += f64::from(weight[(output * each_in + nth) * kernel * kernel + tap]) * f64::from(value);
                }
            }
            values.push(sum);
        }
        values
    }
}
