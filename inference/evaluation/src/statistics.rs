//! Statistics of a cohort: summaries, Bland and Altman's limits of agreement, Cohen's kappa.

use serde::Serialize;

/// Normal quantile of the limits of agreement: 95 % of differences lie within.
const LIMITS: f64 = 1.96;

/// Statistics of one figure over studies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SummaryStatistics {
    /// Number of studies with the figure.
    pub studies: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation with n − 1; absent of a single study.
    pub sd: Option<f64>,
    /// Median; of an even number the mean of the middle two.
    pub median: f64,
    /// Least value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl SummaryStatistics {
    /// Returns the statistics; `None` without values.
    #[must_use]
    pub fn from_values(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        let (mean, sd) = mean_sd(values);
        Some(Self { studies: values.len(), mean, sd, median, min, max })
    }
}

/// Returns the mean, and the standard deviation with n − 1 where there are two values at least.
fn mean_sd(values: &[f64]) -> (f64, Option<f64>) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()))
}

/// Agreement of measurements with a reference (Bland and Altman, Lancet 1986;327:307–310);
/// differences are measured − reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BlandAltman {
    /// Number of pairs.
    pub studies: usize,
    /// Mean absolute error.
    pub mae: f64,
    /// Mean error: the bias.
    pub me: f64,
    /// Standard deviation of the differences, with n − 1; absent of a single study.
    pub sd: Option<f64>,
    /// Limits of agreement, bias ± 1.96 standard deviations; absent of a single study.
    pub limits: Option<[f64; 2]>,
}

impl BlandAltman {
    /// Returns the agreement of pairs (measured, reference); `None` without pairs.
    #[must_use]
    pub fn from_pairs(pairs: &[(f64, f64)]) -> Option<Self> {
        if pairs.is_empty() {
            return None;
        }
        let differences: Vec<f64> = pairs.iter().map(|(measured, truth)| measured - truth).collect();
        let mae = differences.iter().map(|difference| difference.abs()).sum::<f64>() / differences.len() as f64;
        let (me, sd) = mean_sd(&differences);
        let limits = sd.map(|sd| [me - LIMITS * sd, me + LIMITS * sd]);
        Some(Self { studies: pairs.len(), mae, me, sd, limits })
    }
}

/// Weight of a disagreement by several classes in kappa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KappaWeights {
    /// The number of classes apart.
    Linear,
    /// The square of that number.
    Quadratic,
}

/// Counts of pairs of classes, `[reference][measured]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfusionMatrix<const N: usize>(#[serde(with = "nested")] pub [[u32; N]; N]);

mod nested {
    use serde::{Serialize as _, Serializer};

    pub fn serialize<S: Serializer, const N: usize>(table: &[[u32; N]; N], to: S) -> Result<S::Ok, S::Error> {
        table.iter().map(<[u32; N]>::as_slice).collect::<Vec<_>>().serialize(to)
    }
}

impl<const N: usize> ConfusionMatrix<N> {
    /// Counts pairs (reference, measured), each below `N`.
    ///
    /// # Panics
    /// Where a class is `N` or more.
    #[must_use]
    pub fn from_pairs(pairs: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut table = [[0; N]; N];
        for (truth, found) in pairs {
            table[truth][found] += 1;
        }
        Self(table)
    }

    /// Returns the number of pairs.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.0.as_flattened().iter().sum()
    }

    /// Returns the number of pairs with equal classes.
    #[must_use]
    pub fn agreeing(&self) -> u32 {
        (0..N).map(|class| self.0[class][class]).sum()
    }

    /// Returns Cohen's weighted kappa (Psychol Bull 1968;70:213–220): 1 − weighted disagreement /
    /// weighted disagreement by chance. `None` without pairs, or where both readers gave one class
    /// only.
    #[must_use]
    pub fn kappa(&self, weights: KappaWeights) -> Option<f64> {
        let total = f64::from(self.total());
        let truth = |class: usize| self.0[class].iter().map(|count| f64::from(*count)).sum::<f64>();
        let found = |class: usize| self.0.iter().map(|row| f64::from(row[class])).sum::<f64>();
        let (mut observed, mut by_chance) = (0.0, 0.0);
        for (i, row) in self.0.iter().enumerate() {
            for (j, count) in row.iter().enumerate() {
                let apart = i.abs_diff(j) as f64;
                let weight = if weights == KappaWeights::Linear { apart } else { apart * apart };
                observed += weight * f64::from(*count);
                by_chance += weight * truth(i) * found(j) / total;
            }
        }
        (by_chance > 0.0).then(|| 1.0 - observed / by_chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} and not {expected}");
    }

    #[test]
    fn a_summary_is_that_of_a_hand_count() {
        // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squares 32, median 4.5.
        let summary = SummaryStatistics::from_values(&[9.0, 2.0, 4.0, 5.0, 4.0, 7.0, 4.0, 5.0]).unwrap();
        assert_eq!((summary.studies, summary.mean, summary.median), (8, 5.0, 4.5));
        assert_eq!((summary.min, summary.max), (2.0, 9.0));
        near(summary.sd.unwrap(), (32.0_f64 / 7.0).sqrt(), 1e-12);
        let one = SummaryStatistics::from_values(&[3.0]).unwrap();
        assert_eq!((one.median, one.sd, SummaryStatistics::from_values(&[])), (3.0, None, None));
    }

    #[test]
    fn the_limits_are_those_of_bland_and_altmans_example() {
        // Table 1 of the Lancet paper: peak flow by a mini meter and a large one, l/min, first
        // readings of 17 people. It gives (large − mini) mean −2.1, SD 38.8, limits −79.7 and
        // 75.5 by 2 SD; the same by 1.96 SD here.
        let large = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427];
        let mini = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451];
        let pairs: Vec<(f64, f64)> = large.into_iter().zip(mini).map(|(a, b)| (f64::from(a), f64::from(b))).collect();
        let agreement = BlandAltman::from_pairs(&pairs).unwrap();
        assert_eq!(agreement.studies, 17);
        near(agreement.me, -2.1, 0.05);
        near(agreement.sd.unwrap(), 38.8, 0.05);
        let [low, high] = agreement.limits.unwrap();
        near(low, -2.12 - 1.96 * 38.77, 0.05);
        near(high, -2.12 + 1.96 * 38.77, 0.05);
        // The absolute differences add up to 486.
        let sum: i32 = large.into_iter().zip(mini).map(|(a, b): (i32, i32)| (a - b).abs()).sum();
        near(agreement.mae, f64::from(sum) / 17.0, 1e-12);
        assert_eq!(BlandAltman::from_pairs(&[(3.0, 2.0)]).unwrap().limits, None);
        assert_eq!(BlandAltman::from_pairs(&[]), None);
    }

    #[test]
    fn kappa_is_that_of_a_hand_count() {
        // 2 × 2: 20 + 15 of 50 agree, by chance 25: kappa .4 with any weights.
        let two = ConfusionMatrix([[20, 5], [10, 15]]);
        assert_eq!((two.total(), two.agreeing()), (50, 35));
        near(two.kappa(KappaWeights::Linear).unwrap(), 0.4, 1e-12);
        near(two.kappa(KappaWeights::Quadratic).unwrap(), 0.4, 1e-12);
        // 3 × 3; every row and column sums to 10: by chance each cell holds 100/30.
        let three = ConfusionMatrix([[8, 1, 1], [1, 8, 1], [1, 1, 8]]);
        // Linear: observed 4·1 + 2·2 = 8; by chance (4·1 + 2·2)·100/30 = 80/3: 1 − 0.3.
        near(three.kappa(KappaWeights::Linear).unwrap(), 0.7, 1e-12);
        // Quadratic: observed 4·1 + 2·4 = 12; by chance (4·1 + 2·4)·100/30 = 40: 1 − 0.3.
        near(three.kappa(KappaWeights::Quadratic).unwrap(), 0.7, 1e-12);
        let skewed = ConfusionMatrix([[5, 0, 5], [0, 10, 0], [0, 0, 10]]);
        // Linear: 10 over
        // (10·10·1 + 10·15·2 + 10·5·1 + 10·15·1 + 10·5·2 + 10·10·1)/30 = 800/30.
        near(skewed.kappa(KappaWeights::Linear).unwrap(), 1.0 - 10.0 / (800.0 / 30.0), 1e-12);
        // Quadratic: 20 over (100 + 600 + 50 + 150 + 200 + 100)/30 = 1200/30.
        near(skewed.kappa(KappaWeights::Quadratic).unwrap(), 0.5, 1e-12);
    }

    #[test]
    fn agreement_that_chance_can_not_miss_has_no_kappa() {
        assert_eq!(ConfusionMatrix([[0, 0], [0, 7]]).kappa(KappaWeights::Linear), None);
        assert_eq!(ConfusionMatrix([[0; 3]; 3]).kappa(KappaWeights::Quadratic), None);
        let counted = ConfusionMatrix::<3>::from_pairs([(0, 0), (2, 1), (2, 1)].into_iter());
        assert_eq!(counted, ConfusionMatrix([[1, 0, 0], [0, 0, 0], [0, 2, 0]]));
    }
}
