//! Known inputs and their stored outputs. Tests compare networks with `PyTorch` by them, and a
//! device whose outputs differ is not used. `models/training` computes the same input by the same
//! formula.

use corsai_kernels::Precision;
use corsai_manifest::Golden;

use crate::{sha256::sha256_hex, shape::NetworkShape};

/// Returns the known input of a network, `[channels, size, size]` in C order: an ellipse as dark as
/// lung on a lighter background, with noise from a multiplicative hash.
#[must_use]
pub fn known_input(shape: NetworkShape) -> Vec<f32> {
    let NetworkShape { channels, size, .. } = shape;
    let side = size as f64;
    let mut values = Vec::with_capacity(channels * size * size);
    for _ in 0..channels {
        for row in 0..size {
            for column in 0..size {
                let hash = (values.len() as u32).wrapping_mul(2_654_435_761) >> 8;
                let noise = hash as f32 / (1u32 << 24) as f32 - 0.5;
                let y = (row as f64 + 0.5 - side / 2.0) / (0.4 * side);
                let x = (column as f64 + 0.5 - side / 2.0) / (0.3 * side);
                let base = if x * x + y * y < 1.0 { -0.4 } else { 0.05 };
                values.push(base + 0.1 * noise);
            }
        }
    }
    values
}

/// Returns the largest [`deviation`] of a device that computes correctly.
///
/// In f32, another order of summation gives 1e-5. With feature maps and weights in f16, the worst
/// of the shipped networks deviates by 4e-3, DPN-92 with random weights by 7e-3. A hundredth of the
/// largest logit only moves pixels at the border of a mask; a wrong kernel gives far more.
#[must_use]
pub const fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::Single => 1e-3,
        Precision::Half => 1e-2,
    }
}

/// Returns the stored logits, `[classes, size / stride, size / stride]`, or `None` if the file's
/// SHA-256 is not the manifest's.
#[must_use]
pub fn read(golden: &Golden, file: &[u8]) -> Option<Vec<f32>> {
    if sha256_hex(file) != golden.sha256 {
        return None;
    }
    let (words, tail) = file.as_chunks::<4>();
    tail.is_empty().then(|| words.iter().map(|w| f32::from_le_bytes(*w)).collect())
}

/// Returns the largest difference between logits `[classes, size, size]` and the stored ones as a
/// share of the largest stored magnitude, or `None` if their sizes do not fit or a difference is
/// not finite.
#[must_use]
pub fn deviation(shape: NetworkShape, stride: usize, logits: &[f32], stored: &[f32]) -> Option<f64> {
    let NetworkShape { classes, size, .. } = shape;
    let per_side = size.checked_div(stride)?;
    if stored.len() != classes * per_side * per_side || logits.len() != classes * size * size {
        return None;
    }
    let largest = stored.iter().fold(0f32, |m, v| m.max(v.abs()));
    let mut worst = 0f32;
    for class in 0..classes {
        for row in 0..per_side {
            for column in 0..per_side {
                let found = logits[(class * size + row * stride) * size + column * stride];
                let expected = stored[(class * per_side + row) * per_side + column];
                let difference = (found - expected).abs();
                if !difference.is_finite() {
                    return None;
                }
                worst = worst.max(difference);
            }
        }
    }
    (largest > 0.0).then(|| f64::from(worst / largest))
}
