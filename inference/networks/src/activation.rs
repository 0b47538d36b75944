//! x · sigmoid(x), which follows every second convolution of an EfficientNet.
//!
//! Flex takes one scalar `expf` a value, in wasm a quarter of a network's time; so on the CPU it is done here, in one
//! pass that the compiler turns into SIMD. A GPU keeps Burn's operations.

use burn::tensor::{Device, Tensor, activation::sigmoid};

/// x · sigmoid(x).
pub(crate) fn silu(x: Tensor<4>) -> Tensor<4> {
    let device = x.device();
    if device != Device::flex() {
        return sigmoid(x.clone()) * x;
    }
    // The CPU's values are at hand: nothing is waited for and, where `x` has no other owner, nothing copied.
    let mut data = x.into_data();
    match data.as_mut_slice::<f32>() {
        Ok(values) => {
            for value in values {
                *value /= 1.0 + exp(-*value);
            }
            Tensor::from_data(data, &device)
        }
        Err(_) => {
            let x = Tensor::from_data(data, &device);
            sigmoid(x.clone()) * x
        }
    }
}

/// eˣ to 2 in 10⁷, without a branch; beyond ±87 it stays at the border's value. e^x = 2ⁿ · e^r with |r| ≤ ln 2 / 2, and
/// Taylor's series for the latter.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// 1.5 · 2²³: what is added to it is rounded to a whole number, which is in the low bits then.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, the first of few bits, so that its product with n is exact.
    const LN_2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];
    let x = x.clamp(-87.0, 87.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let series = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let fraction = series.into_iter().fold(0.0, |sum, coefficient| sum * r + coefficient);
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    fraction * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exact_to_single_precision() {
        for i in -8700..=8700 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 3e-7, "e^{x} is off by {error:e}");
        }
    }

    #[test]
    fn silu_is_burns_and_keeps_what_is_no_number() {
        let device = Device::flex();
        let values: Vec<f32> = (-400..400).map(|i| i as f32 * 0.5).collect();
        let x = Tensor::<4>::from_data(burn::tensor::TensorData::new(values, [1, 2, 20, 20]), &device);
        let expected = sigmoid(x.clone()) * x.clone();
        let worst = (silu(x) - expected).abs().max().into_data();
        assert!(worst.as_slice::<f32>().unwrap()[0] < 1e-5);
        let nan = Tensor::<4>::full([1, 1, 1, 1], f32::NAN, &device);
        assert!(silu(nan).into_data().as_slice::<f32>().unwrap()[0].is_nan());
    }
}
