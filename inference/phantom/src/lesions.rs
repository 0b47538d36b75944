//! Disease: place, extent and density.
//!
//! One smooth field for each patient orders places by the onset of disease: patchy, and earlier
//! near the pleura, at the back and at the base, as in COVID-19. The diseased share of a lung is
//! its part with the highest values, counted voxel by voxel. So the share is exact, and the disease
//! of one date is a part of the disease of a worse one.

use crate::noise::smooth;
use crate::signed_distance::{Point, smoothstep};

/// Half the width of a lesion's edge, in the field's units: about 2 mm.
const EDGE: f32 = 0.08;
/// The part of a lung's lesions that is consolidated rather than ground glass.
const CONSOLIDATED: f64 = 0.05;

/// Returns the onset of disease at a place of the lung: higher is earlier. `pleura` is the depth
/// below the pleura, mm.
pub(crate) fn onset_field(seed: u64, p: Point, pleura: f32) -> f32 {
    let patches = smooth(seed, p, 38.0) + 0.5 * smooth(seed ^ 1, p, 18.0) + 0.14 * smooth(seed ^ 2, p, 8.0);
    let outer = (-pleura.max(0.0) / 16.0).exp();
    patches + 0.55 * outer + 0.5 * (p[1] / 80.0) + 0.35 * smoothstep(60.0, -150.0, p[2])
}

/// Thresholds of the onset field beyond which a lung is diseased.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiseaseExtent {
    /// Lesion at and above.
    pub(crate) lesion: f32,
    /// Consolidation at and above.
    dense: f32,
}

impl DiseaseExtent {
    /// Returns the thresholds that make `share` of these voxels lesion. Reorders the values.
    pub(crate) fn of_share(values: &mut [f32], share: f64) -> Self {
        let count = values.len() as f64 * share;
        let lesion = nth_highest(values, count.round() as usize);
        Self { lesion, dense: nth_highest(values, (count * CONSOLIDATED).round() as usize) }
    }

    /// Returns the HU of lung at a point, disease included.
    pub(crate) fn hu(self, seed: u64, p: Point, field: f32) -> f32 {
        // Blood settles in the lowest parts: the back.
        let healthy =
            -868.0 + 36.0 * (p[1] / 80.0) + 12.0 * smooth(seed ^ 3, p, 26.0) + 30.0 * smooth(seed ^ 4, p, 4.0);
        let ill = reached(self.lesion, EDGE, field);
        if ill <= 0.0 {
            return healthy;
        }
        let grain = 0.7 * smooth(seed ^ 5, p, 11.0) + smooth(seed ^ 6, p, 4.0);
        // Denser towards the middle of a patch.
        let glass = -560.0 + 120.0 * reached(self.lesion + 0.25, 0.25, field) + 120.0 * grain;
        let solid = -120.0 + 50.0 * grain;
        let dense = reached(self.dense, 0.1, field);
        healthy + ill * (glass + dense * (solid - glass) - healthy)
    }
}

/// From 0 to 1 over `edge` on both sides of a threshold, which may be infinite: then no place is
/// ill.
fn reached(threshold: f32, edge: f32, field: f32) -> f32 {
    if threshold.is_finite() { smoothstep(threshold - edge, threshold + edge, field) } else { 0.0 }
}

/// Returns the value that `count` of the values reach; infinity for a count of 0.
fn nth_highest(values: &mut [f32], count: usize) -> f32 {
    let Some(index) = count.min(values.len()).checked_sub(1) else { return f32::INFINITY };
    *values.select_nth_unstable_by(index, |a, b| b.total_cmp(a)).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_takes_the_share_asked_for() {
        let values: Vec<f32> =
            (0..10_000).map(|i| onset_field(3, [i as f32 * 0.7, 10.0, i as f32 * 0.3], 20.0)).collect();
        for share in [0.0, 0.01, 0.25, 0.9] {
            let spread = DiseaseExtent::of_share(&mut values.clone(), share);
            let ill = values.iter().filter(|v| **v >= spread.lesion).count();
            assert!((ill as f64 / 10_000.0 - share).abs() < 1e-3, "{share}: {ill}");
            let dense = values.iter().filter(|v| spread.hu(3, [0.0; 3], **v) > -300.0).count() as f64;
            assert!(dense <= 0.4 * ill as f64 && spread.hu(3, [0.0; 3], f32::MIN) < -800.0, "{share}: {dense}");
        }
    }
}
