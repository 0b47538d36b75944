//! Random weights for checks of an architecture. `models/training/parity.py` makes the same.

use corsai_kernels::QuantizedTensor;

/// Returns a tensor of uniform noise, hashed from the tensor's name and each value's index.
///
/// Weights of convolutions are int8 in ±√(6 / fan-in), so that signals keep their magnitude.
/// Weights of norms are 1 ± 0.1, biases 0 ± 0.1.
pub(crate) fn tensor(name: &str, shape: &[usize]) -> QuantizedTensor {
    let seed = name.bytes().fold(0x811C_9DC5_u32, |seed, byte| (seed ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let count = shape.iter().product::<usize>() as u32;
    let hashes = (0..count).map(|i| {
        let x = i.wrapping_mul(0x9E37_79B9).wrapping_add(seed);
        let x = (x ^ (x >> 16)).wrapping_mul(0x85EB_CA6B);
        let x = (x ^ (x >> 13)).wrapping_mul(0xC2B2_AE35);
        x ^ (x >> 16)
    });
    if let [_] = shape {
        let centre = if name.ends_with("weight") { 1.0 } else { 0.0 };
        let value = |x: u32| (centre + 0.2 * (f64::from(x) / f64::from(1u32 << 31) / 2.0 - 0.5)) as f32;
        return QuantizedTensor::F32(hashes.map(value).collect());
    }
    let outputs = *shape.first().expect("invariant: a layer's tensor has dimensions");
    let fan_in = shape.iter().skip(1).product::<usize>() as f64;
    let values = hashes.map(|x| ((x % 255) as i32 - 127) as i8).collect();
    QuantizedTensor::Int8 { values, scales: vec![((6.0 / fan_in).sqrt() / 127.0) as f32; outputs] }
}
