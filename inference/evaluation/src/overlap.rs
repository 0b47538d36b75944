//! Overlap of two masks: Dice and IoU.

use std::ops::Add;

use serde::{Deserialize, Serialize};

/// Numbers of voxels in two masks on one grid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    /// In both masks.
    pub both: u64,
    /// In the measured mask.
    pub found: u64,
    /// In the reference.
    pub truth: u64,
}

impl Overlap {
    /// Counts the voxels of two masks, given as pairs (measured, reference).
    #[must_use]
    pub fn count(voxels: impl Iterator<Item = (bool, bool)>) -> Self {
        voxels.fold(Self::default(), |sum, (found, truth)| Self {
            both: sum.both + u64::from(found && truth),
            found: sum.found + u64::from(found),
            truth: sum.truth + u64::from(truth),
        })
    }

    /// Returns Dice's coefficient, 2·|A∩B| / (|A| + |B|); `None` where both masks are empty.
    #[must_use]
    pub fn dice(self) -> Option<f64> {
        let sum = self.found + self.truth;
        (sum > 0).then(|| 2.0 * self.both as f64 / sum as f64)
    }

    /// Returns the intersection over the union (Jaccard); `None` where both masks are empty.
    #[must_use]
    pub fn iou(self) -> Option<f64> {
        let union = self.found + self.truth - self.both;
        (union > 0).then(|| self.both as f64 / union as f64)
    }
}

impl Add for Overlap {
    type Output = Self;

    /// Pools the voxels of two studies.
    fn add(self, other: Self) -> Self {
        Self { both: self.both + other.both, found: self.found + other.found, truth: self.truth + other.truth }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_and_iou_are_those_of_a_hand_count() {
        // Found: 6 voxels, reference: 4, in both: 3. Dice 6/10, IoU 3/7.
        let found = [true, true, true, true, true, true, false, false];
        let truth = [true, true, true, false, false, false, true, false];
        let overlap = Overlap::count(found.into_iter().zip(truth));
        assert_eq!(overlap, Overlap { both: 3, found: 6, truth: 4 });
        assert_eq!(overlap.dice(), Some(0.6));
        assert!((overlap.iou().unwrap() - 3.0 / 7.0).abs() < 1e-15);
        let twice = overlap + overlap;
        assert_eq!((twice, twice.dice()), (Overlap { both: 6, found: 12, truth: 8 }, Some(0.6)));
    }

    #[test]
    fn empty_masks_have_no_overlap_and_one_empty_mask_has_none_at_all() {
        assert_eq!((Overlap::default().dice(), Overlap::default().iou()), (None, None));
        let missed = Overlap { both: 0, found: 0, truth: 9 };
        assert_eq!((missed.dice(), missed.iou()), (Some(0.0), Some(0.0)));
        let same = Overlap { both: 9, found: 9, truth: 9 };
        assert_eq!((same.dice(), same.iou()), (Some(1.0), Some(1.0)));
    }
}
