//! x · sigmoid(x), which follows every second convolution of an EfficientNet.
//!
//! Flex takes one scalar `expf` a value, in wasm a quarter of a network's time; so on the CPU `kernels` does it. A GPU keeps
//! Burn's operations.

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
            corsai_kernels::silu(values);
            Tensor::from_data(data, &device)
        }
        Err(_) => {
            let x = Tensor::from_data(data, &device);
            sigmoid(x.clone()) * x
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
