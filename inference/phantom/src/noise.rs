//! Randomness from a seed: a hash of a place, not a state, so that slices come out the same in any
//! order.

/// A 64-bit number for a seed and up to three integers, well mixed.
pub(crate) fn hash(seed: u64, at: [i64; 3]) -> u64 {
    // Odd multipliers keep neighbouring places apart before the final mixing.
    let mut h = seed ^ 0x51AF_D7ED_558C_CD25;
    for part in at {
        h = (h ^ part.cast_unsigned()).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        h ^= h >> 32;
    }
    h = h.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    h ^ (h >> 32)
}

/// Numbers in sequence, where a place has no meaning (growing a vessel tree).
pub(crate) struct RandomSequence {
    seed: u64,
    drawn: i64,
}

impl RandomSequence {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// Uniform in −1..1.
    pub(crate) fn signed(&mut self) -> f32 {
        self.drawn += 1;
        signed(hash(self.seed, [self.drawn, 0, 0]))
    }
}

/// The upper 24 bits as a number in −1..1.
fn signed(h: u64) -> f32 {
    ((h >> 40) as f32) * (2.0 / 16_777_216.0) - 1.0
}

/// Close to normal with deviation 1: the sum of four 16-bit parts of one hash.
pub(crate) fn gaussian(h: u64) -> f32 {
    let sum: u32 = (0..4).map(|part| ((h >> (16 * part)) & 0xFFFF) as u32).sum();
    // Four uniforms of width 1 have variance 4/12.
    (sum as f32 / 65_536.0 - 2.0) * 1.732
}

/// Smooth noise, mostly in −1..1, with features about `scale_mm` wide.
///
/// Each corner of a lattice has a random slope (gradient noise): values at the corners would show
/// the lattice.
pub(crate) fn smooth(seed: u64, point: [f32; 3], scale_mm: f32) -> f32 {
    let mut base = [0_i64; 3];
    let (mut part, mut ease) = ([0.0_f32; 3], [0.0_f32; 3]);
    for k in 0..3 {
        let scaled = 0.7 * point[k] / scale_mm;
        let floor = scaled.floor();
        let t = scaled - floor;
        base[k] = floor as i64;
        part[k] = t;
        ease[k] = t * t * t * (t * (6.0 * t - 15.0) + 10.0);
    }
    let corner = |x: i64, y: i64, z: i64| {
        let h = hash(seed, [base[0] + x, base[1] + y, base[2] + z]);
        let slope = |k: u32| ((h >> (16 + 16 * k)) & 0xFFFF) as f32 / 32_768.0 - 1.0;
        slope(0) * (part[0] - x as f32) + slope(1) * (part[1] - y as f32) + slope(2) * (part[2] - z as f32)
    };
    let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let line = |y, z| mix(corner(0, y, z), corner(1, y, z), ease[0]);
    let plane = |z| mix(line(0, z), line(1, z), ease[1]);
    1.8 * mix(plane(0), plane(1), ease[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaussian_has_mean_0_and_deviation_1() {
        let n = 40_000;
        let values: Vec<f32> = (0..n).map(|i| gaussian(hash(7, [i, 3, 5]))).collect();
        let mean = values.iter().sum::<f32>() / n as f32;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n as f32;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }

    #[test]
    fn smooth_noise_has_no_jumps_and_depends_on_its_seed() {
        let at = |seed, x: f32| smooth(seed, [x, 12.3, -45.6], 10.0);
        for i in 0..1000 {
            let x = i as f32 * 0.1 - 50.0;
            assert!((at(1, x) - at(1, x + 0.1)).abs() < 0.08);
        }
        assert!((at(1, 3.3) - at(2, 3.3)).abs() > 1e-6);
    }
}
