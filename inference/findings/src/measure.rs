//! Volumes and shares of the lungs (`docs/method.md`, "Numbers").

use corsai_report::{LungFinding, Lungs, Members, Scale, ShareBounds};
use corsai_volume::{Grid, RightLeft};

use crate::{
    ct_class::ct_class,
    voxel_counts::{LungCounts, MIN_LUNG_ML, SliceCounts, count_voxels, volume_ml},
};

/// Returns volumes, shares and classes of both lungs. `labels` holds one byte a voxel of `grid`, in
/// its order. Without `lesions_known`, only the lungs' volumes are given.
///
/// A side below 50 mL is not a lung (`lungs.one-missing`): it has a volume, but no share and no
/// class. The class of both lungs is that of the larger share.
#[must_use]
pub fn measure(grid: &Grid, labels: &[u8], lesions_known: bool) -> Lungs {
    let _span = tracing::info_span!("measure", slices = grid.slices(), lesions_known).entered();
    let counts = count_voxels(grid, labels);
    let side = |of: fn(&SliceCounts) -> LungCounts| {
        let volume = volume_ml(grid, &counts, |t| of(t).lung);
        let lesion = lesions_known.then(|| volume_ml(grid, &counts, |t| of(t).lesion));
        let share = lesion.filter(|_| volume >= MIN_LUNG_ML).map(|ml| ml / volume);
        finding(volume, lesion, share, share)
    };
    let (left, right) = (side(|t| t.left), side(|t| t.right));
    let volume = left.volume_ml + right.volume_ml;
    let lesion = left.lesion_ml.zip(right.lesion_ml).map(|(a, b)| a + b);
    let share = lesion.filter(|_| volume > 0.0).map(|ml| ml / volume);
    let larger = [left.share, right.share].into_iter().flatten().reduce(f64::max);
    let both = finding(volume, lesion, share, larger);
    Lungs { left, right, both }
}

/// `decisive` is the share that the classes follow from.
fn finding(volume_ml: f64, lesion_ml: Option<f64>, share: Option<f64>, decisive: Option<f64>) -> LungFinding {
    LungFinding {
        volume_ml,
        lesion_ml,
        share,
        ct_class: decisive.map(|share| ct_class(share, Scale::Guideline)),
        ct_class_panel: decisive.map(|share| ct_class(share, Scale::Panel)),
        members: None,
    }
}

/// Turns lesion volumes into shares; a side that is not a lung has none.
struct Shares {
    lungs_ml: RightLeft<f64>,
}

impl Shares {
    fn of(lungs: &Lungs) -> Self {
        Self { lungs_ml: [lungs.right.volume_ml, lungs.left.volume_ml] }
    }

    fn side(&self, ml: f64, side: usize) -> Option<f64> {
        (self.lungs_ml[side] >= MIN_LUNG_ML).then(|| ml / self.lungs_ml[side])
    }

    fn both(&self, ml: RightLeft<f64>) -> Option<f64> {
        let whole = self.lungs_ml[0] + self.lungs_ml[1];
        (whole > 0.0).then(|| (ml[0] + ml[1]) / whole)
    }
}

/// Returns the shares and classes that the vote can still come to. `ml` holds the least and the
/// most lesion volume of each lung, mL.
#[must_use]
pub fn share_bounds(lungs: &Lungs, ml: RightLeft<[f64; 2]>) -> ShareBounds {
    let shares = Shares::of(lungs);
    let ends = |of: &dyn Fn(usize) -> Option<f64>| Some([of(0)?, of(1)?]);
    let right = ends(&|end| shares.side(ml[0][end], 0));
    let left = ends(&|end| shares.side(ml[1][end], 1));
    let least = [right, left].into_iter().flatten().map(|[least, _]| least).reduce(f64::max);
    let class = |scale| least.map(|share| ct_class(share, scale));
    ShareBounds {
        right,
        left,
        both: ends(&|end| shares.both([ml[0][end], ml[1][end]])),
        least_class: class(Scale::Guideline),
        least_class_panel: class(Scale::Panel),
    }
}

/// Sets `lungs`' [`Members`]: the range of the shares by the networks' own masks, where there are
/// at least two networks. `members_ml` holds each network's lesion volume in each lung, mL.
pub fn set_member_range(lungs: &mut Lungs, members_ml: &[RightLeft<f64>]) {
    if members_ml.len() < 2 {
        return;
    }
    let range = |shown: &dyn Fn(RightLeft<f64>) -> Option<f64>, decisive: &dyn Fn(RightLeft<f64>) -> Option<f64>| {
        let share = ends(members_ml.iter().filter_map(|ml| shown(*ml)))?;
        let [low, high] = ends(members_ml.iter().filter_map(|ml| decisive(*ml)))?;
        let differ = |scale| ct_class(low, scale) != ct_class(high, scale);
        Some(Members { share, borderline: differ(Scale::Guideline), borderline_panel: differ(Scale::Panel) })
    };
    let shares = Shares::of(lungs);
    let right = |ml: RightLeft<f64>| shares.side(ml[0], 0);
    let left = |ml: RightLeft<f64>| shares.side(ml[1], 1);
    let both = |ml: RightLeft<f64>| shares.both(ml);
    lungs.right.members = range(&right, &right);
    lungs.left.members = range(&left, &left);
    let larger = |ml| [right(ml), left(ml)].into_iter().flatten().reduce(f64::max);
    lungs.both.members = range(&both, &larger);
}

/// Returns the least and the greatest value; `None` where there is no value.
fn ends(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    values.map(|v| [v, v]).reduce(|[low, high], [v, _]| [low.min(v), high.max(v)])
}

#[cfg(test)]
mod tests {
    use corsai_volume::label::{LEFT_LUNG as L, LESION, RIGHT_LUNG as R};

    use super::*;
    use crate::voxel_counts::tests::grid;

    /// One slice with these numbers of voxels of 1 mL: right, right lesion, left, left lesion.
    fn one_slice(counts: [usize; 4]) -> Lungs {
        let kinds = [R, R | LESION, L, L | LESION];
        let labels: Vec<u8> =
            kinds.into_iter().zip(counts).flat_map(|(kind, n)| std::iter::repeat_n(kind, n)).collect();
        measure(&grid(labels.len(), &[10.0]), &labels, true)
    }

    #[test]
    fn the_class_follows_from_the_larger_share() {
        let lungs = one_slice([60, 40, 200, 0]);
        assert_eq!((lungs.right.volume_ml, lungs.right.lesion_ml), (100.0, Some(40.0)));
        assert_eq!(
            (lungs.right.share, lungs.right.ct_class, lungs.right.ct_class_panel),
            (Some(0.4), Some(2), Some(3))
        );
        assert_eq!((lungs.left.share, lungs.left.ct_class), (Some(0.0), Some(0)));
        assert_eq!((lungs.both.volume_ml, lungs.both.lesion_ml), (300.0, Some(40.0)));
        assert!((lungs.both.share.unwrap() - 40.0 / 300.0).abs() < 1e-12);
        assert_eq!((lungs.both.ct_class, lungs.both.ct_class_panel), (Some(2), Some(3)));
    }

    #[test]
    fn networks_on_both_sides_of_a_border_make_a_borderline() {
        let mut lungs = one_slice([60, 40, 200, 0]);
        set_member_range(&mut lungs, &[[20.0, 0.0], [30.0, 10.0], [24.0, 4.0]]);
        // 20 to 30 % crosses 25 and 29 %; the left lung's 0 to 5 % crosses the line between none
        // and some.
        let members = lungs.right.members.unwrap();
        assert_eq!((members.share, members.borderline, members.borderline_panel), ([0.2, 0.3], true, true));
        let members = lungs.left.members.unwrap();
        assert_eq!((members.share, members.borderline, members.borderline_panel), ([0.0, 0.05], true, true));
        assert_eq!(lungs.both.members.map(|m| m.share), Some([20.0 / 300.0, 40.0 / 300.0]));

        let mut sure = one_slice([60, 40, 200, 0]);
        set_member_range(&mut sure, &[[30.0, 0.0], [40.0, 0.0]]);
        assert_eq!(sure.both.members.map(|m| (m.borderline, m.borderline_panel)), Some((false, false)));
    }

    #[test]
    fn share_bounds_are_of_sides_that_are_lungs() {
        let found = share_bounds(&one_slice([60, 40, 200, 0]), [[20.0, 60.0], [0.0, 0.0]]);
        assert_eq!(found.right, Some([0.2, 0.6]));
        assert_eq!((found.least_class, found.least_class_panel), (Some(1), Some(2)));
        assert_eq!((found.left, found.both), (Some([0.0, 0.0]), Some([20.0 / 300.0, 0.2])));
        assert_eq!(share_bounds(&one_slice([49, 0, 200, 0]), [[0.0, 1.0], [0.0, 1.0]]).right, None);
    }

    #[test]
    fn every_slice_has_its_own_thickness() {
        let labels = [R, R | LESION, R, R, L, L].repeat(100);
        let columns = labels.len() / 3;
        let lungs = measure(&grid(columns, &[10.0, 5.0, 20.0]), &labels, true);
        let per_slice = columns as f64 * 35.0 / 10.0;
        assert!((lungs.both.volume_ml - per_slice).abs() < 1e-9);
        // Each slab of 100 columns and more holds the six kinds in turn, up to one column.
        assert!((lungs.right.share.unwrap() - 0.25).abs() < 0.01);
    }

    #[test]
    fn before_the_lesions_are_known_there_are_only_volumes() {
        let lungs = measure(&grid(200, &[10.0]), &[[R; 100], [L; 100]].concat(), false);
        assert_eq!((lungs.left.volume_ml, lungs.right.volume_ml, lungs.both.volume_ml), (100.0, 100.0, 200.0));
        for lung in [lungs.left, lungs.right, lungs.both] {
            let numbers = (lung.lesion_ml, lung.share, lung.ct_class, lung.ct_class_panel);
            assert_eq!(numbers, (None, None, None, None));
        }
    }

    #[test]
    fn a_side_below_50_ml_has_no_share_and_no_class() {
        let lungs = one_slice([1, 48, 100, 1]);
        assert_eq!((lungs.right.volume_ml, lungs.right.share, lungs.right.ct_class), (49.0, None, None));
        assert_eq!(lungs.both.ct_class, Some(1));
        let none = measure(&grid(3, &[10.0]), &[0; 3], true);
        assert_eq!((none.both.volume_ml, none.both.share, none.both.ct_class), (0.0, None, None));
    }
}
