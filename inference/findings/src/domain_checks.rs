//! Whether a study is like those on which the networks were validated (`docs/validation.md`,
//! "Outside the validation").

use corsai_manifest::ValidatedRanges;
use corsai_report::{Found, Issue, IssueCode, Lungs, Tier};
use corsai_volume::{
    HuVolume,
    label::{LEFT_LUNG, RIGHT_LUNG},
};

/// Mean density of three neighbours in soft tissue without contrast medium, HU: where noise is
/// measured. Their mean, since a range for each would cut the noise itself off.
const SOFT_TISSUE_HU: std::ops::RangeInclusive<i32> = -50..=120;
/// Noise is measured on every fifth slice with lung, which has enough voxels.
const NOISE_SLICE_STEP: usize = 5;
/// A normal distribution's standard deviation, of the median of its magnitude.
const DEVIATION_OF_MEDIAN: f64 = 1.4826;
/// Standard deviation of a value less the mean of two others, of independent noise of 1: √1.5.
const SECOND_DIFFERENCE: f64 = 1.224_744_871_391_589;

/// Returns a warning for each range that the study is outside of; none without lung. `labels` holds
/// one byte a voxel of `volume`, in its order.
#[must_use]
pub fn check_domain(volume: &HuVolume, labels: &[u8], validated: &ValidatedRanges) -> Vec<Issue> {
    let _span = tracing::info_span!("check_domain", slices = volume.grid().slices()).entered();
    let mut issues = Vec::new();
    let Some(quartile) = lung_quartile_hu(volume, labels) else { return issues };
    if quartile > validated.lung_quartile_hu {
        let found = Found::LungQuartile { hu: quartile, validated_hu: validated.lung_quartile_hu };
        issues.push(Issue::new(IssueCode::LungsLittleAir, [found]));
    }
    if let Some(noise) = soft_tissue_noise_hu(volume, labels).filter(|noise| *noise > validated.noise_hu) {
        let found = Found::Noise { hu: noise, validated_hu: validated.noise_hu };
        issues.push(Issue::new(IssueCode::PixelsNoisy, [found]));
    }
    issues
}

/// Returns a warning where the standard tier's networks find shares of both lungs that are further
/// apart than in the validation. Other tiers have other networks, for which no limit was measured.
#[must_use]
pub fn check_disagreement(lungs: &Lungs, tier: Tier, validated: &ValidatedRanges) -> Option<Issue> {
    let members = lungs.both.members.filter(|_| tier == Tier::Standard)?;
    let [least, greatest] = members.share;
    (greatest - least > validated.standard_share_range)
        .then(|| Issue::new(IssueCode::LesionsDisagreement, [Found::ShareRange { least, greatest }]))
}

/// Counts of whole values.
#[derive(Debug)]
struct Histogram(Vec<u64>);

impl Histogram {
    fn new() -> Self {
        Self(vec![0; usize::from(u16::MAX) + 1])
    }

    fn add(&mut self, value: u16) {
        self.0[usize::from(value)] += 1;
    }

    /// Returns the least value that at least this fraction of all values doesn't exceed; `None`
    /// for an empty histogram.
    fn quantile(&self, fraction: f64) -> Option<u16> {
        let all: u64 = self.0.iter().sum();
        let mut below = 0;
        let at = self.0.iter().position(|count| {
            below += count;
            below > 0 && below as f64 >= fraction * all as f64
        })?;
        u16::try_from(at).ok()
    }
}

const fn is_lung(label: u8) -> bool {
    label & (RIGHT_LUNG | LEFT_LUNG) != 0
}

/// Returns the lower quartile of the lungs' HU: the density of their aerated part, which disease of
/// less than three quarters of them leaves as it is. The median is less telling: disease raises it
/// as expiration does.
fn lung_quartile_hu(volume: &HuVolume, labels: &[u8]) -> Option<f64> {
    let mut histogram = Histogram::new();
    let lungs = labels.iter().zip(volume.voxels()).filter(|(label, _)| is_lung(**label));
    // Moved up, so that no value is negative.
    lungs.for_each(|(_, hu)| histogram.add(hu.cast_unsigned() ^ 1 << 15));
    Some(f64::from((histogram.quantile(0.25)? ^ 1 << 15).cast_signed()))
}

/// Returns the standard deviation of noise in soft tissue, HU, on slices with lung: by the median
/// of the second difference along a row, in which edges and anatomy count little. `None` where
/// there is no soft tissue.
fn soft_tissue_noise_hu(volume: &HuVolume, labels: &[u8]) -> Option<f64> {
    let grid = volume.grid();
    let mut histogram = Histogram::new();
    let labels = labels.chunks_exact(grid.area()).enumerate();
    let with_lung = labels.filter(|(_, labels)| labels.iter().any(|label| is_lung(*label)));
    for (z, _) in with_lung.step_by(NOISE_SLICE_STEP) {
        for row in volume.slice(z).chunks_exact(grid.columns()) {
            for window in row.array_windows::<3>() {
                let [before, hu, after] = window.map(i32::from);
                if SOFT_TISSUE_HU.contains(&((before + hu + after) / 3)) {
                    // Twice the difference, which is whole.
                    let twice = (2 * hu - before - after).unsigned_abs();
                    histogram.add(u16::try_from(twice).unwrap_or(u16::MAX));
                }
            }
        }
    }
    let median = f64::from(histogram.quantile(0.5)?) / 2.0;
    Some(median * DEVIATION_OF_MEDIAN / SECOND_DIFFERENCE)
}

#[cfg(test)]
mod tests {
    use corsai_volume::Grid;
    use corsai_volume::label::{LEFT_LUNG as L, LESION, RIGHT_LUNG as R};

    use corsai_report::{LungFinding, Members};

    use super::*;
    use crate::measure::measure;

    const VALIDATED: ValidatedRanges =
        ValidatedRanges { lung_quartile_hu: -845.0, noise_hu: 50.0, standard_share_range: 0.02 };
    const SIDE: usize = 60;

    /// A study of one slice: these HU of lung, then soft tissue with noise of this deviation.
    fn study(lung: &[i16], noise: f64) -> (HuVolume, Vec<u8>) {
        let grid = Grid::evenly_spaced([1, SIDE, SIDE], [5.0, 1.0, 1.0]).unwrap();
        let soft = SIDE * SIDE - lung.len();
        // Sums of twelve even numbers less 6 are nearly normal with a deviation of 1.
        let mut state = 1_u64;
        let mut even = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1 << 24)
        };
        let normal = (0..soft).map(|_| (0..12).map(|_| even()).sum::<f64>() - 6.0).collect::<Vec<_>>();
        let tissue = normal.into_iter().map(|value| (35.0 + noise * value).round() as i16);
        let voxels = lung.iter().copied().chain(tissue).collect();
        let labels = (0..SIDE * SIDE).map(|at| if at < lung.len() { [R, L | LESION][at % 2] } else { 0 }).collect();
        (HuVolume::try_new(grid, voxels).unwrap(), labels)
    }

    fn codes(lung: &[i16], noise: f64) -> Vec<IssueCode> {
        let (volume, labels) = study(lung, noise);
        check_domain(&volume, &labels, &VALIDATED).iter().map(|issue| issue.code).collect()
    }

    #[test]
    fn lungs_with_little_air_are_outside_and_diseased_ones_are_not() {
        assert_eq!(codes(&[-870; 400], 5.0), []);
        assert_eq!(codes(&[-780; 400], 5.0), [IssueCode::LungsLittleAir]);
        let diseased = [[-870; 120], [-100; 120], [40; 120]].concat();
        assert_eq!(codes(&diseased, 5.0), []);
        assert_eq!(codes(&[], 5.0), [], "no lung");
    }

    #[test]
    fn the_quartile_and_the_limit_are_named() {
        let (volume, labels) = study(&[vec![-800; 99], vec![-700; 301]].concat(), 5.0);
        let issues = check_domain(&volume, &labels, &VALIDATED);
        assert_eq!(issues[0].found, [Found::LungQuartile { hu: -700.0, validated_hu: -845.0 }]);
        let (volume, labels) = study(&[vec![-800; 100], vec![-700; 300]].concat(), 5.0);
        let issues = check_domain(&volume, &labels, &VALIDATED);
        assert_eq!(issues[0].found, [Found::LungQuartile { hu: -800.0, validated_hu: -845.0 }]);
    }

    #[test]
    fn the_standard_tiers_networks_may_not_be_further_apart_than_in_the_validation() {
        let lungs = |share| {
            let members = Members { share, borderline: false, borderline_panel: false };
            let both = LungFinding { members: Some(members), ..LungFinding::default() };
            Lungs { left: LungFinding::default(), right: LungFinding::default(), both }
        };
        let found = |share, tier| check_disagreement(&lungs(share), tier, &VALIDATED).map(|issue| issue.found);
        assert_eq!(found([0.05, 0.0699], Tier::Standard), None);
        let apart = Found::ShareRange { least: 0.05, greatest: 0.08 };
        assert_eq!(found([0.05, 0.08], Tier::Standard), Some(vec![apart]));
        assert_eq!(found([0.05, 0.08], Tier::Full), None);
        let alone = measure(&Grid::evenly_spaced([1, 1, 1], [1.0; 3]).unwrap(), &[0], true);
        assert_eq!(check_disagreement(&alone, Tier::Standard, &VALIDATED), None, "one network alone");
    }

    #[test]
    fn noise_is_measured_in_soft_tissue() {
        for deviation in [2.0, 20.0, 60.0] {
            let (volume, labels) = study(&[-870; 400], deviation);
            let found = soft_tissue_noise_hu(&volume, &labels).unwrap();
            assert!((found / deviation - 1.0).abs() < 0.1, "{found} of {deviation}");
        }
        let (volume, labels) = study(&[-870; 400], 20.0);
        let quiet = ValidatedRanges { noise_hu: 15.0, ..VALIDATED };
        assert_eq!(check_domain(&volume, &labels, &quiet)[0].code, IssueCode::PixelsNoisy);
        assert_eq!(codes(&[-870; SIDE * SIDE], 5.0), [], "no soft tissue");
    }
}
