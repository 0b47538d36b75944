//! Scores of one study: its masks against the reference's.

use corsai_findings::measure;
use corsai_report::LungFinding;
use corsai_volume::Grid;
use corsai_volume::label::{LEFT_LUNG, LESION, RIGHT_LUNG};
use serde::{Deserialize, Serialize};

use crate::{overlap::Overlap, reference::ReferenceMasks};

/// Volumes, shares and CT-class of the reference masks, measured as those of a study.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ReferenceValues {
    /// Volume of the right lung, mL; absent where the mask doesn't tell the sides.
    pub right_ml: Option<f64>,
    /// Volume of the left lung, mL; absent where the mask doesn't tell the sides.
    pub left_ml: Option<f64>,
    /// Volume of both lungs, mL.
    pub lungs_ml: Option<f64>,
    /// Volume of all lesions, mL, also of those outside the lung mask.
    pub lesion_ml: Option<f64>,
    /// Lesions in the lung mask over the lung mask, 0..=1.
    pub share: Option<f64>,
    /// The same in the right lung.
    pub share_right: Option<f64>,
    /// The same in the left lung.
    pub share_left: Option<f64>,
    /// CT-class of the more affected lung, 0..=4; absent where the mask doesn't tell the sides.
    pub ct_class: Option<u8>,
    /// Share of the lesions outside the lung mask, 0..=1: the two masks may not fit each other.
    pub lesions_outside: Option<f64>,
}

/// Overlap of the measured masks with the reference; absent where the reference lacks the mask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Lesions.
    pub lesion: Option<Overlap>,
    /// The right lung.
    pub right: Option<Overlap>,
    /// The left lung.
    pub left: Option<Overlap>,
    /// Both lungs as one mask.
    pub lungs: Option<Overlap>,
    /// Share of the true lesions outside the measured lungs, 0..=1: no lesion is marked there.
    pub lesions_missed_outside: Option<f64>,
    /// Values of the reference masks.
    pub truth: ReferenceValues,
}

impl Scores {
    /// Compares `labels`, an analysis' label bytes on `grid`, with the reference.
    ///
    /// # Panics
    /// Where there isn't one label for each voxel.
    #[must_use]
    pub fn new(grid: &Grid, labels: &[u8], truth: &ReferenceMasks) -> Self {
        assert_eq!(labels.len(), grid.voxel_count(), "invariant: one label a voxel");
        let found = |byte: u8, mask: u8| byte & mask != 0;
        let overlap = |mask: u8, truth: &[u8]| {
            Overlap::count(labels.iter().zip(truth).map(|(label, truth)| (found(*label, mask), found(*truth, mask))))
        };
        let lungs = truth.lungs.as_deref();
        let sided = lungs.filter(|_| truth.has_sides);
        let lesions = truth.lesions.as_deref();
        let outside = |lungs: &[u8]| {
            let lesions = lesions?;
            let count = |inside: bool| {
                let pairs = lesions.iter().zip(lungs);
                let counted = |lesion: u8, lung: u8| lesion != 0 && (!inside || found(lung, RIGHT_LUNG | LEFT_LUNG));
                pairs.filter(|(lesion, lung)| counted(**lesion, **lung)).count() as f64
            };
            (count(false) > 0.0).then(|| 1.0 - count(true) / count(false))
        };
        Self {
            lesion: lesions.map(|truth| overlap(LESION, truth)),
            right: sided.map(|truth| overlap(RIGHT_LUNG, truth)),
            left: sided.map(|truth| overlap(LEFT_LUNG, truth)),
            lungs: lungs.map(|truth| overlap(RIGHT_LUNG | LEFT_LUNG, truth)),
            lesions_missed_outside: outside(labels),
            truth: numbers(grid, truth, lungs.and_then(outside)),
        }
    }
}

fn numbers(grid: &Grid, truth: &ReferenceMasks, lesions_outside: Option<f64>) -> ReferenceValues {
    let lesions = truth.lesions.as_deref();
    let lesion_ml = lesions.map(|lesions| {
        let slices = lesions.chunks_exact(grid.area()).enumerate();
        slices.map(|(z, slice)| slice.iter().filter(|voxel| **voxel != 0).count() as f64 * grid.voxel_ml(z)).sum()
    });
    let Some(lungs) = &truth.lungs else { return ReferenceValues { lesion_ml, ..ReferenceValues::default() } };
    let labels: Vec<u8> = match lesions {
        Some(lesions) => lungs.iter().zip(lesions).map(|(lung, lesion)| lung | lesion).collect(),
        None => lungs.clone(),
    };
    let measured = measure(grid, &labels, lesions.is_some());
    let side = |lung: &LungFinding| (truth.has_sides.then_some(lung.volume_ml), lung.share.filter(|_| truth.has_sides));
    let ((right_ml, share_right), (left_ml, share_left)) = (side(&measured.right), side(&measured.left));
    ReferenceValues {
        right_ml,
        left_ml,
        lungs_ml: Some(measured.both.volume_ml),
        lesion_ml,
        share: measured.both.share,
        share_right,
        share_left,
        ct_class: measured.both.ct_class.filter(|_| truth.has_sides),
        lesions_outside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{LungLabels, tests::row};

    const R: u8 = RIGHT_LUNG;
    const L: u8 = LEFT_LUNG;

    fn truth(lungs: Option<&[u8]>, lesions: Option<&[u8]>) -> ReferenceMasks {
        let count = lungs.or(lesions).unwrap().len();
        let masks = [lungs, lesions].map(|mask| mask.map(<[u8]>::to_vec));
        let [lungs, lesions] = masks;
        ReferenceMasks::new(&row(count), lungs, lesions, LungLabels::default()).unwrap()
    }

    #[test]
    fn a_study_is_scored_as_by_hand() {
        // 1 mL a voxel: 100 mL of right lung with 20 of lesion, 60 of left lung without.
        let true_lungs = [vec![1; 100], vec![0; 40], vec![2; 60]].concat();
        let true_lesions = [vec![1; 20], vec![0; 180]].concat();
        // Found: 90 of the right lung, 10 beside the left; lesions 10 to 30.
        let labels = [vec![R; 10], vec![R | LESION; 20], vec![R; 60], vec![0; 40], vec![L; 70]].concat();
        let scores = Scores::new(&row(200), &labels, &truth(Some(&true_lungs), Some(&true_lesions)));
        assert_eq!(scores.lesion, Some(Overlap { both: 10, found: 20, truth: 20 }));
        assert_eq!(scores.right, Some(Overlap { both: 90, found: 90, truth: 100 }));
        assert_eq!(scores.left, Some(Overlap { both: 60, found: 70, truth: 60 }));
        assert_eq!(scores.lungs, Some(Overlap { both: 150, found: 160, truth: 160 }));
        assert_eq!(scores.lesions_missed_outside, Some(0.0));
        let numbers = scores.truth;
        assert_eq!((numbers.right_ml, numbers.left_ml, numbers.lungs_ml), (Some(100.0), Some(60.0), Some(160.0)));
        assert_eq!((numbers.lesion_ml, numbers.share), (Some(20.0), Some(0.125)));
        assert_eq!((numbers.share_right, numbers.share_left, numbers.ct_class), (Some(0.2), Some(0.0), Some(1)));
        assert_eq!(numbers.lesions_outside, Some(0.0));
    }

    #[test]
    fn a_mask_without_sides_says_nothing_of_them() {
        let lungs = vec![1; 100];
        let scores = Scores::new(&row(100), &[R; 100], &truth(Some(&lungs), None));
        assert_eq!((scores.right, scores.left, scores.lesion), (None, None, None));
        assert_eq!(scores.lungs, Some(Overlap { both: 100, found: 100, truth: 100 }));
        let numbers = scores.truth;
        assert_eq!((numbers.right_ml, numbers.lungs_ml, numbers.ct_class), (None, Some(100.0), None));
        assert_eq!((numbers.share, numbers.lesion_ml), (None, None));
        let lesions = [vec![1; 30], vec![0; 70]].concat();
        let with_lesions = Scores::new(&row(100), &[R; 100], &truth(Some(&lungs), Some(&lesions))).truth;
        assert_eq!((with_lesions.share, with_lesions.share_right, with_lesions.ct_class), (Some(0.3), None, None));
    }

    #[test]
    fn lesions_beside_a_lung_are_counted_as_such() {
        let lesions = [vec![1; 10], vec![0; 190]].concat();
        let lungs = [vec![0; 4], vec![1; 96], vec![0; 40], vec![2; 60]].concat();
        let labels = [vec![0; 5], vec![R; 95], vec![0; 100]].concat();
        let scores = Scores::new(&row(200), &labels, &truth(Some(&lungs), Some(&lesions)));
        assert_eq!((scores.lesions_missed_outside, scores.truth.lesions_outside), (Some(0.5), Some(0.4)));
        assert_eq!((scores.truth.lesion_ml, scores.truth.share_right), (Some(10.0), Some(6.0 / 96.0)));
        let none = Scores::new(&row(200), &labels, &truth(Some(&lungs), Some(&[0; 200])));
        assert_eq!((none.lesions_missed_outside, none.truth.lesion_ml), (None, Some(0.0)));
        assert_eq!(none.truth.ct_class, Some(0));
        let alone = Scores::new(&row(200), &labels, &truth(None, Some(&lesions)));
        assert_eq!((alone.truth.lesion_ml, alone.truth.share, alone.lungs), (Some(10.0), None, None));
    }
}
