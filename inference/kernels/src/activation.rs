//! Activations in place. On the CPU, `SiLU` uses an exponential of its own that the compiler can
//! vectorize.

/// An activation behind a convolution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Activation {
    /// x.
    #[default]
    None,
    /// max(0, x).
    Relu,
    /// x · sigmoid(x).
    Silu,
}

/// Returns max(0, x), or NaN for NaN. (`f32::max` would be a call in wasm.)
#[inline(always)]
pub(crate) fn relu_scalar(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// Applies max(0, x) in place. NaN is kept.
pub fn relu(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = relu_scalar(*value));
}

/// Applies x · sigmoid(x) in place. NaN is kept.
pub fn silu(values: &mut [f32]) {
    for value in values {
        *value = silu_scalar(*value);
    }
}

#[inline(always)]
pub(crate) fn silu_scalar(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

/// Applies 1 / (1 + e⁻ˣ) in place. NaN is kept.
pub fn sigmoid(values: &mut [f32]) {
    for value in values {
        let small = (-value.abs()).exp();
        *value = if *value < 0.0 { small } else { 1.0 } / (1.0 + small);
    }
}

/// Applies a softmax over the first axis of planes `[classes, area]` in place.
pub fn softmax(planes: &mut [f32], classes: usize) {
    let area = planes.len() / classes.max(1);
    for at in 0..area {
        let max = planes.iter().skip(at).step_by(area).fold(f32::NEG_INFINITY, |max, value| max.max(*value));
        let mut sum = 0.0;
        for value in planes.iter_mut().skip(at).step_by(area) {
            *value = (*value - max).exp();
            sum += *value;
        }
        let scale = 1.0 / sum;
        planes.iter_mut().skip(at).step_by(area).for_each(|value| *value *= scale);
    }
}

/// Returns eˣ with a relative error below 3e-7, without a branch. x is clamped to ±87.
///
/// eˣ = 2ⁿ · eʳ with |r| ≤ ln 2 / 2, and eʳ by its Taylor series.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// 1.5 · 2²³. Adding it rounds to a whole number, which then is in the low bits.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts. The first has few bits, so that its product with n is exact.
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
    fn exp_has_single_precision() {
        for i in -8700..=8700 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 3e-7, "e^{x} is off by {error:e}");
        }
    }

    #[test]
    fn silu_matches_its_definition_and_keeps_nan() {
        for i in -400..400 {
            let x = i as f32 * 0.5;
            let exact = f64::from(x) / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(silu_scalar(x)) - exact).abs() < 1e-5, "{x}");
        }
        let mut nan = [f32::NAN];
        silu(&mut nan);
        assert!(nan[0].is_nan());
    }

    #[test]
    fn sigmoid_and_softmax_match_their_definitions_at_any_magnitude() {
        let mut values = [-1e3, -20.0, -0.5, 0.0, 0.5, 20.0, 1e3, f32::NAN];
        let exact = values.map(|x| 1.0 / (1.0 + (-f64::from(x)).exp()));
        sigmoid(&mut values);
        assert!(values[..7].iter().zip(exact).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-7), "{values:?}");
        assert!(values[7].is_nan());
        // Three classes of two pixels, one of them with NaN.
        let mut planes = [1e3, 1.0, 1e3, f32::NAN, -1e3, 2.0];
        softmax(&mut planes, 3);
        assert_eq!([planes[0], planes[2], planes[4]], [0.5, 0.5, 0.0]);
        assert!([planes[1], planes[3], planes[5]].iter().all(|value| value.is_nan()));
        let mut planes = [0.0, 1.0, -2.0];
        softmax(&mut planes, 3);
        let exact = [0.0f64, 1.0, -2.0].map(|x| x.exp() / (1.0 + 1f64.exp() + (-2f64).exp()));
        assert!(planes.iter().zip(exact).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-7), "{planes:?}");
    }
}
