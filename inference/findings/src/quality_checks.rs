//! Plausibility of the lung masks, and of very small lesions (`docs/method.md`, "Lung mask"
//! and "Numbers").

use corsai_report::{End, Found, Issue, IssueCode, Side};
use corsai_volume::{
    AERATED_HU, HuVolume,
    label::{LEFT_LUNG, RIGHT_LUNG},
};

use crate::voxel_counts::{MIN_LUNG_ML, SliceCounts, count_voxels, volume_ml};

/// Lungs count as cut off where their area on the first or the last slice is above this fraction of
/// their largest area: a recess or an apex that ends there adds next to nothing beyond the study.
const CUT_OFF_AREA: f64 = 0.02;

/// Volume of both lungs of an adult on a CT, mL: from a small person's shrunken lungs at expiration
/// to a tall person's emphysema, with a margin.
const PLAUSIBLE_ML: std::ops::RangeInclusive<f64> = 1000.0..=10_000.0;

/// Below this share of both lungs there may be no lesion at all: the networks mark as much on
/// healthy lungs (`models/cards`).
const TRACE_SHARE: f64 = 0.005;

/// At least this fraction of the lungs' voxels holds air, also where most of both is consolidated.
const MIN_AERATED_FRACTION: f64 = 0.02;

/// Below these Hounsfield units there is hardly anything but gas, as in a windpipe, a bowel or the
/// bulla of an emphysema.
const GAS_HU: i16 = -940;

/// At most this fraction of the lungs' voxels is gas alone, also in severe emphysema.
const MAX_GAS_FRACTION: f64 = 0.5;

/// Returns what is implausible about the lung masks (`lungs.*`), whether the lesions are only a
/// trace, and whether marks were left out. Without lung the one issue is `lungs.none`, which stops the study. `labels` holds one
/// byte a voxel of `volume`, in its order.
#[must_use]
pub fn check_quality(volume: &HuVolume, labels: &[u8]) -> Vec<Issue> {
    let grid = volume.grid();
    let _span = tracing::info_span!("check_quality", slices = grid.slices()).entered();
    let counts = count_voxels(grid, labels);
    let right = volume_ml(grid, &counts, |t| t.right.lung);
    let left = volume_ml(grid, &counts, |t| t.left.lung);
    let found = |volume: f64| volume >= MIN_LUNG_ML;
    if !found(right) && !found(left) || !is_lung_tissue(volume, labels) {
        return vec![Issue::new(IssueCode::LungsNone, [])];
    }
    let mut issues = Vec::new();
    if found(right) != found(left) {
        let side = if found(right) { Side::Right } else { Side::Left };
        issues.push(Issue::new(IssueCode::LungsOneMissing, [Found::Lung { side }]));
    }
    let cut = cut_off(&counts);
    let is_cut = !cut.is_empty();
    if is_cut {
        issues.push(Issue::new(IssueCode::LungsCutOff, [Found::Ends { ends: cut }]));
    }
    let both = right + left;
    // A study that cuts the lungs off has too little of them.
    let expected = both < *PLAUSIBLE_ML.start() && is_cut;
    if !expected && !PLAUSIBLE_ML.contains(&both) {
        issues.push(Issue::new(IssueCode::LungsImplausible, [Found::LungVolume { ml: both }]));
    }
    let lesions = volume_ml(grid, &counts, |t| t.right.lesion + t.left.lesion);
    if lesions > 0.0 && lesions < TRACE_SHARE * both {
        issues.push(Issue::new(IssueCode::LesionsTrace, [Found::LesionVolume { lesion_ml: lesions, lung_ml: both }]));
    }
    let traces = volume_ml(grid, &counts, |t| t.right.trace + t.left.trace);
    if traces > 0.0 {
        let found = Found::LesionVolume { lesion_ml: traces, lung_ml: both };
        issues.push(Issue::new(IssueCode::LesionsBelowDetection, [found]));
    }
    issues
}

/// Returns whether the labelled voxels are lung by their HU. In a body without lungs a network may
/// label a stomach's gas or an organ.
fn is_lung_tissue(volume: &HuVolume, labels: &[u8]) -> bool {
    let lungs = labels.iter().zip(volume.voxels()).filter(|(byte, _)| *byte & (RIGHT_LUNG | LEFT_LUNG) != 0);
    let [mut all, mut aerated, mut gas] = [0.0; 3];
    for (_, hu) in lungs {
        all += 1.0;
        aerated += f64::from(*hu < AERATED_HU);
        gas += f64::from(*hu < GAS_HU);
    }
    aerated >= MIN_AERATED_FRACTION * all && gas <= MAX_GAS_FRACTION * all
}

/// Returns the ends of the study at which the lungs are cut off; none where they are whole.
fn cut_off(counts: &[SliceCounts]) -> Vec<End> {
    let area = |slice: &SliceCounts| f64::from(slice.right.lung) + f64::from(slice.left.lung);
    let largest = counts.iter().map(area).fold(0.0, f64::max);
    let cut = |end: Option<&SliceCounts>| end.is_some_and(|slice| area(slice) > CUT_OFF_AREA * largest);
    let ends = [(End::Lower, counts.first()), (End::Upper, counts.last())];
    ends.into_iter().filter(|(_, slice)| cut(*slice)).map(|(end, _)| end).collect()
}

#[cfg(test)]
mod tests {
    use corsai_report::Severity;
    use corsai_volume::Grid;
    use corsai_volume::label::{LEFT_LUNG as L, LESION, RIGHT_LUNG as R, TRACE};

    use super::*;
    use crate::voxel_counts::tests::grid;

    /// The issues of a study whose voxels all have this value.
    fn issues_at(hu: i16, grid: Grid, labels: &[u8]) -> Vec<Issue> {
        check_quality(&HuVolume::try_new(grid, vec![hu; labels.len()]).unwrap(), labels)
    }

    /// Codes for slices with this much of the right and of the left lung, mL.
    fn codes(slices: &[[usize; 2]]) -> Vec<&'static str> {
        let columns = 10_000;
        let labels: Vec<u8> = slices
            .iter()
            .flat_map(|[right, left]| [vec![R; *right], vec![L; *left], vec![0; columns - right - left]].concat())
            .collect();
        let issues = issues_at(-850, grid(columns, &vec![10.0; slices.len()]), &labels);
        issues.iter().map(|issue| issue.code.as_str()).collect()
    }

    #[test]
    fn whole_lungs_have_no_issue() {
        assert_eq!(codes(&[[0, 0], [1000, 900], [1500, 1400], [0, 0]]), [""; 0]);
        assert_eq!(codes(&[[10, 0], [1000, 900], [1500, 1400], [20, 30]]), [""; 0]);
    }

    #[test]
    fn no_lung_stops_the_study() {
        assert_eq!(codes(&[[0, 0], [0, 0]]), ["lungs.none"]);
        assert_eq!(codes(&[[0, 0], [49, 49], [0, 0]]), ["lungs.none"]);
        assert_eq!(issues_at(-850, grid(1, &[10.0]), &[0])[0].severity, Severity::Stop);
    }

    #[test]
    fn masks_of_tissue_or_gas_alone_are_not_lung() {
        let labels = [vec![0; 2000], vec![R; 1000], vec![L; 1000], vec![0; 2000]].concat();
        let codes = |hu: &[i16]| -> Vec<IssueCode> {
            let voxels = hu.iter().copied().cycle().take(labels.len()).collect();
            let volume = HuVolume::try_new(grid(2000, &[10.0; 3]), voxels).unwrap();
            check_quality(&volume, &labels).iter().map(|issue| issue.code).collect()
        };
        assert_eq!(codes(&[60]), [IssueCode::LungsNone]);
        assert_eq!(codes(&[-120]), [IssueCode::LungsNone]);
        assert_eq!(codes(&[-960]), [IssueCode::LungsNone]);
        assert_eq!(codes(&[-1000, -1000, -850]), [IssueCode::LungsNone]);
        // Severe emphysema.
        assert_eq!(codes(&[-980, -900]), []);
        // Consolidated but for one voxel in forty.
        assert_eq!(codes(&[vec![40; 39], vec![-800]].concat()), []);
        assert_eq!(codes(&[-850]), []);
    }

    #[test]
    fn a_missing_lung_is_named_by_the_one_that_was_found() {
        assert_eq!(codes(&[[0, 0], [49, 2000], [0, 0]]), ["lungs.one-missing"]);
        let issues =
            issues_at(-850, grid(2000, &[1.0, 10.0, 1.0]), &[vec![0; 2000], vec![L; 2000], vec![0; 2000]].concat());
        assert_eq!(issues[0].found, [Found::Lung { side: Side::Left }]);
    }

    #[test]
    fn lungs_at_an_end_are_cut_off() {
        assert_eq!(codes(&[[1000, 900], [1500, 1400], [0, 0]]), ["lungs.cut-off"]);
        assert_eq!(codes(&[[0, 0], [1500, 1400], [30, 29]]), ["lungs.cut-off"]);
        assert_eq!(codes(&[[100, 100], [150, 140], [50, 50]]), ["lungs.cut-off"]);
    }

    #[test]
    fn a_trace_of_lesions_is_an_issue_and_more_is_not() {
        let codes = |lesions: usize| -> Vec<IssueCode> {
            let middle = [vec![R | LESION; lesions], vec![R; 1000 - lesions], vec![L; 1000]].concat();
            let labels = [vec![0; 2000], middle, vec![0; 2000]].concat();
            issues_at(-850, grid(2000, &[10.0; 3]), &labels).iter().map(|issue| issue.code).collect()
        };
        assert_eq!(codes(0), []);
        assert_eq!(codes(9), [IssueCode::LesionsTrace]);
        assert_eq!(codes(10), []);
    }

    #[test]
    fn marks_that_do_not_count_are_an_issue() {
        let middle = [vec![R | TRACE; 5], vec![R; 995], vec![L; 1000]].concat();
        let labels = [vec![0; 2000], middle, vec![0; 2000]].concat();
        let issues = issues_at(-850, grid(2000, &[10.0; 3]), &labels);
        let found = vec![Found::LesionVolume { lesion_ml: 5.0, lung_ml: 2000.0 }];
        assert_eq!(issues.len(), 1);
        assert_eq!((issues[0].code, &issues[0].found), (IssueCode::LesionsBelowDetection, &found));
    }

    #[test]
    fn an_adult_has_between_one_and_ten_litres() {
        assert_eq!(codes(&[[0, 0], [500, 499], [0, 0]]), ["lungs.implausible"]);
        assert_eq!(codes(&[[0, 0], [500, 500], [0, 0]]), [""; 0]);
        assert_eq!(codes(&[[0, 0], [5000, 5000], [0, 0]]), [""; 0]);
        assert_eq!(codes(&[[0, 0], [5000, 5000], [1, 0], [0, 0]]), ["lungs.implausible"]);
    }
}
