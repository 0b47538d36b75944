//! A known input and its stored answer: tests compare with PyTorch by it, and a device that answers otherwise isn't
//! used. The input is made by formula, `models/training` makes the same.

use corsai_kernels::Precision;
use corsai_manifest::Golden;
use sha2::{Digest, Sha256};

use crate::Shape;

/// The known input for a network of this shape, `[channels, size, size]` in C order: dense below an ellipse of lung-like
/// grey, with noise from a multiplicative hash.
#[must_use]
pub fn input(shape: Shape) -> Vec<f32> {
    let Shape { channels, size, .. } = shape;
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

/// The largest deviation of a device that computes right. In f32 another order of summation makes 1e-5. Maps and weights
/// rounded to f16 make 4e-3 on the worst of the shipped networks, 7e-3 on DPN-92 with made-up weights; a hundredth of the
/// largest logit moves no pixel but those on the border of a mask. A wrong kernel makes far more than either.
#[must_use]
pub const fn allowed(precision: Precision) -> f64 {
    match precision {
        Precision::Single => 1e-3,
        Precision::Half => 1e-2,
    }
}

/// The stored logits, `[classes, size / stride, size / stride]`.
#[must_use]
pub fn read(golden: &Golden, file: &[u8]) -> Option<Vec<f32>> {
    if crate::network::hex(&Sha256::digest(file)) != golden.sha256 {
        return None;
    }
    let (words, tail) = file.as_chunks::<4>();
    tail.is_empty().then(|| words.iter().map(|w| f32::from_le_bytes(*w)).collect())
}

/// Largest difference between logits `[classes, size, size]` and the stored ones, relative to the largest stored
/// magnitude; `None` when they don't fit each other or something isn't a number.
#[must_use]
pub fn deviation(shape: Shape, stride: usize, logits: &[f32], stored: &[f32]) -> Option<f64> {
    let Shape { classes, size, .. } = shape;
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
