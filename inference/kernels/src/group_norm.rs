//! Group normalisation with `ReLU` behind it.

use crate::activation::relu_scalar;

/// Independent sums, so that the compiler can add several at once.
const LANES: usize = 8;

/// Returns the sum of `of(value)` over all values.
fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += of(*value));
    }
    sums.iter().sum::<f32>() + rest.iter().map(|value| of(*value)).sum::<f32>()
}

/// Normalises each of `groups` groups of planes `[channels, area]` to mean 0 and variance 1, and
/// applies max(0, x · γ + β), in place. `gamma` and `beta` are `[channels]`; `epsilon` is added to
/// the variance. Mean and variance are computed in two passes. NaN is kept.
pub fn group_norm_relu(planes: &mut [f32], groups: usize, gamma: &[f32], beta: &[f32], epsilon: f32) {
    let channels = gamma.len();
    let (size, per_group) = (planes.len() / channels.max(1), channels / groups.max(1));
    let affine = gamma.chunks_exact(per_group.max(1)).zip(beta.chunks_exact(per_group.max(1)));
    for (group, (gamma, beta)) in planes.chunks_exact_mut((size * per_group).max(1)).zip(affine) {
        let mean = sum(group, |value| value) / group.len() as f32;
        let variance = sum(group, |value| (value - mean) * (value - mean)) / group.len() as f32;
        let inverse = 1.0 / (variance + epsilon).sqrt();
        for (plane, (gamma, beta)) in group.chunks_exact_mut(size.max(1)).zip(gamma.iter().zip(beta)) {
            let (scale, shift) = (inverse * gamma, beta - mean * inverse * gamma);
            plane.iter_mut().for_each(|value| *value = relu_scalar(*value * scale + shift));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_normalised_and_clamped_at_zero() {
        let (channels, groups, size) = (6, 3, 35);
        let value = |i: usize| ((i * 37) % 101) as f32 / 10.0 - 3.0;
        let planes: Vec<f32> = (0..channels * size).map(value).collect();
        let gamma: Vec<f32> = (0..channels).map(|c| c as f32 - 2.0).collect();
        let beta: Vec<f32> = (0..channels).map(|c| 0.5 * c as f32).collect();
        let mut found = planes.clone();
        group_norm_relu(&mut found, groups, &gamma, &beta, 1e-5);
        for (at, found) in found.iter().enumerate() {
            let channel = at / size;
            let first = channel / 2 * 2 * size;
            let group: Vec<f64> = planes[first..first + 2 * size].iter().map(|v| f64::from(*v)).collect();
            let mean = group.iter().sum::<f64>() / group.len() as f64;
            let variance = group.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / group.len() as f64;
            let normal = (f64::from(planes[at]) - mean) / (variance + 1e-5).sqrt();
            let expected = (normal * f64::from(gamma[channel]) + f64::from(beta[channel])).max(0.0);
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{at}");
        }
    }

    #[test]
    fn nan_is_kept() {
        let mut planes = vec![1.0, f32::NAN, 2.0];
        group_norm_relu(&mut planes, 1, &[1.0], &[0.0], 1e-5);
        assert!(planes.iter().all(|value| value.is_nan()));
    }
}
