//! What is doubtful about the lungs that were found, and about lesions where there are hardly any.

use corsai_report::{Issue, IssueCode};
use corsai_volume::HuVolume;
use corsai_volume::label::{LEFT_LUNG, RIGHT_LUNG};

use crate::{
    LEAST_LUNG_ML,
    tally::{Tally, tallies, volume_ml},
};

/// Lungs on the first or last slice count as cut off above this fraction of their largest area on any slice: a recess
/// or an apex that ends there adds next to nothing beyond.
const CUT_AREA: f64 = 0.02;

/// Both lungs of an adult on a CT, mL: from a small person at expiration or with shrunken lungs to a tall one with
/// emphysema, and some room.
const PLAUSIBLE_ML: std::ops::RangeInclusive<f64> = 1000.0..=10_000.0;

/// A lesion share of both lungs under this may be none: the networks mark as much on healthy lungs (`models/cards`).
const TRACE: f64 = 0.005;

/// Below these Hounsfield units there is air among the tissue: normal lung lies about −850 HU, ground-glass opacity
/// above −700 HU, muscle and organs above 0 HU.
const AERATED_HU: i16 = -300;

/// Lungs hold air in at least this fraction of their voxels, also where most of both is consolidated.
const LEAST_AERATED: f64 = 0.02;

/// Below these Hounsfield units there is hardly anything but gas: in a windpipe, a bowel or the bulla of an emphysema.
const GAS_HU: i16 = -940;

/// Not more than this fraction of lungs is gas alone, also in severe emphysema.
const MOST_GAS: f64 = 0.5;

/// Doubts about lung masks, `lungs.*`, and about a trace of lesions, where those are in; the first is `lungs.none`,
/// which stops the study, where there is no lung. `labels` holds one byte a voxel of `volume`, in its order.
#[must_use]
pub fn doubts(volume: &HuVolume, labels: &[u8]) -> Vec<Issue> {
    let grid = volume.grid();
    let tallies = tallies(grid, labels);
    let right = volume_ml(grid, &tallies, |t| t.right.lung);
    let left = volume_ml(grid, &tallies, |t| t.left.lung);
    let found = |volume: f64| volume >= LEAST_LUNG_ML;
    if !found(right) && !found(left) || !of_lung(volume, labels) {
        return vec![Issue::new(IssueCode::LungsNone, "")];
    }
    let mut issues = Vec::new();
    if found(right) != found(left) {
        let side = if found(right) { "right" } else { "left" };
        issues.push(Issue::new(IssueCode::LungsOneMissing, &format!("the {side} one")));
    }
    let cut = cut_off(&tallies);
    if let Some(ends) = cut {
        issues.push(Issue::new(IssueCode::LungsCutOff, ends));
    }
    let both = right + left;
    // Too small a part of the lungs is what a cut study has.
    let expected = both < *PLAUSIBLE_ML.start() && cut.is_some();
    if !expected && !PLAUSIBLE_ML.contains(&both) {
        issues.push(Issue::new(IssueCode::LungsImplausible, &format!("{both:.0} mL in both lungs")));
    }
    let lesions = volume_ml(grid, &tallies, |t| t.right.lesion + t.left.lesion);
    if lesions > 0.0 && lesions < TRACE * both {
        issues.push(Issue::new(IssueCode::LesionsTrace, &format!("{lesions:.1} mL in {both:.0} mL of lung")));
    }
    issues
}

/// Whether what is labelled as lungs is the tissue of lungs: a network that sees a body without any may take a
/// stomach's gas or an organ for them.
fn of_lung(volume: &HuVolume, labels: &[u8]) -> bool {
    let lungs = labels.iter().zip(volume.voxels()).filter(|(byte, _)| *byte & (RIGHT_LUNG | LEFT_LUNG) != 0);
    let [mut all, mut aerated, mut gas] = [0.0; 3];
    for (_, hu) in lungs {
        all += 1.0;
        aerated += f64::from(*hu < AERATED_HU);
        gas += f64::from(*hu < GAS_HU);
    }
    aerated >= LEAST_AERATED * all && gas <= MOST_GAS * all
}

/// At which ends of the study the lungs are cut.
fn cut_off(tallies: &[Tally]) -> Option<&'static str> {
    let area = |tally: &Tally| f64::from(tally.right.lung) + f64::from(tally.left.lung);
    let largest = tallies.iter().map(area).fold(0.0, f64::max);
    let cut = |end: Option<&Tally>| end.is_some_and(|tally| area(tally) > CUT_AREA * largest);
    match (cut(tallies.first()), cut(tallies.last())) {
        (true, true) => Some("lung at the lower and the upper end"),
        (true, false) => Some("lung at the lower end"),
        (false, true) => Some("lung at the upper end"),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use corsai_report::Severity;
    use corsai_volume::Grid;
    use corsai_volume::label::{LEFT_LUNG as L, LESION, RIGHT_LUNG as R};

    use super::*;
    use crate::tally::tests::grid;

    /// Doubts about a study all of whose voxels have this value.
    fn doubts_at(hu: i16, grid: Grid, labels: &[u8]) -> Vec<Issue> {
        doubts(&HuVolume::try_new(grid, vec![hu; labels.len()]).unwrap(), labels)
    }

    /// Codes for slices with this much of the right and of the left lung, mL.
    fn codes(slices: &[[usize; 2]]) -> Vec<&'static str> {
        let columns = 10_000;
        let labels: Vec<u8> = slices
            .iter()
            .flat_map(|[right, left]| [vec![R; *right], vec![L; *left], vec![0; columns - right - left]].concat())
            .collect();
        let issues = doubts_at(-850, grid(columns, &vec![10.0; slices.len()]), &labels);
        issues.iter().map(|issue| issue.code.as_str()).collect()
    }

    #[test]
    fn whole_lungs_raise_no_doubt() {
        assert_eq!(codes(&[[0, 0], [1000, 900], [1500, 1400], [0, 0]]), [""; 0]);
        assert_eq!(codes(&[[10, 0], [1000, 900], [1500, 1400], [20, 30]]), [""; 0]);
    }

    #[test]
    fn no_lung_stops_the_study() {
        assert_eq!(codes(&[[0, 0], [0, 0]]), ["lungs.none"]);
        assert_eq!(codes(&[[0, 0], [49, 49], [0, 0]]), ["lungs.none"]);
        assert_eq!(doubts_at(-850, grid(1, &[10.0]), &[0])[0].severity, Severity::Stop);
    }

    #[test]
    fn what_is_all_tissue_or_all_gas_is_no_lung() {
        let labels = [vec![0; 2000], vec![R; 1000], vec![L; 1000], vec![0; 2000]].concat();
        let codes = |hu: &[i16]| -> Vec<IssueCode> {
            let voxels = hu.iter().copied().cycle().take(labels.len()).collect();
            let volume = HuVolume::try_new(grid(2000, &[10.0; 3]), voxels).unwrap();
            doubts(&volume, &labels).iter().map(|issue| issue.code).collect()
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
    fn a_missing_lung_is_named_by_the_one_that_is_there() {
        assert_eq!(codes(&[[0, 0], [49, 2000], [0, 0]]), ["lungs.one-missing"]);
        let issues =
            doubts_at(-850, grid(2000, &[1.0, 10.0, 1.0]), &[vec![0; 2000], vec![L; 2000], vec![0; 2000]].concat());
        assert!(issues[0].message.contains("the left one"));
    }

    #[test]
    fn lungs_at_an_end_are_cut_off() {
        assert_eq!(codes(&[[1000, 900], [1500, 1400], [0, 0]]), ["lungs.cut-off"]);
        assert_eq!(codes(&[[0, 0], [1500, 1400], [30, 29]]), ["lungs.cut-off"]);
        assert_eq!(codes(&[[100, 100], [150, 140], [50, 50]]), ["lungs.cut-off"]);
    }

    #[test]
    fn a_trace_of_lesions_is_doubted_and_more_is_not() {
        let codes = |lesions: usize| -> Vec<IssueCode> {
            let middle = [vec![R | LESION; lesions], vec![R; 1000 - lesions], vec![L; 1000]].concat();
            let labels = [vec![0; 2000], middle, vec![0; 2000]].concat();
            doubts_at(-850, grid(2000, &[10.0; 3]), &labels).iter().map(|issue| issue.code).collect()
        };
        assert_eq!(codes(0), []);
        assert_eq!(codes(9), [IssueCode::LesionsTrace]);
        assert_eq!(codes(10), []);
    }

    #[test]
    fn an_adult_has_between_one_and_ten_litres() {
        assert_eq!(codes(&[[0, 0], [500, 499], [0, 0]]), ["lungs.implausible"]);
        assert_eq!(codes(&[[0, 0], [500, 500], [0, 0]]), [""; 0]);
        assert_eq!(codes(&[[0, 0], [5000, 5000], [0, 0]]), [""; 0]);
        assert_eq!(codes(&[[0, 0], [5000, 5000], [1, 0], [0, 0]]), ["lungs.implausible"]);
    }
}
