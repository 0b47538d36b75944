//! Plausibility of the lung masks, and of very small lesions (`docs/method.md`, "Lung mask"
//! and "Numbers").

use corsai_report::{End, Found, Issue, IssueCode, PictureSide, Side};
use corsai_volume::{
    AERATED_HU, HuVolume,
    label::{LEFT_LUNG, RIGHT_LUNG},
};

use crate::voxel_counts::{MIN_LUNG_ML, SliceCounts, count_voxels, volume_ml};

/// Lungs count as cut off where their area on the first or the last slice is above this fraction of
/// their largest area: a recess or an apex that ends there adds next to nothing beyond the study.
const CUT_OFF_AREA: f64 = 0.02;

/// Lungs count as cut off at a side of the picture where they touch it with a larger area, mm²: a
/// few stray voxels of a mask do not.
const CUT_OFF_SIDE_MM2: f64 = 100.0;

/// Value of voxels outside the scanner's circle, HU: the lowest one.
const OUTSIDE_HU: i16 = -1024;

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

/// At most this fraction of the lungs' voxels is gas alone.
const MAX_GAS_FRACTION: f64 = 0.5;

/// As [`MAX_GAS_FRACTION`], in severe emphysema.
const MAX_EMPHYSEMA_FRACTION: f64 = 0.75;

/// Least volume of both lungs with severe emphysema, which inflates them, mL. Gas of stomach and
/// bowel that a network takes for lung is less.
const EMPHYSEMA_ML: f64 = 2500.0;

/// Returns what is implausible about the lung masks (`lungs.*`), whether the lesions are only a
/// trace, and whether marks were left out. Without lung the one issue is `lungs.none`, which stops
/// the study. `labels` holds one
/// byte a voxel of `volume`, in its order.
#[must_use]
pub fn check_quality(volume: &HuVolume, labels: &[u8]) -> Vec<Issue> {
    let grid = volume.grid();
    let _span = tracing::info_span!("check_quality", slices = grid.slices()).entered();
    let counts = count_voxels(grid, labels);
    let right = volume_ml(grid, &counts, |t| t.right.lung);
    let left = volume_ml(grid, &counts, |t| t.left.lung);
    let found = |volume: f64| volume >= MIN_LUNG_ML;
    if !found(right) && !found(left) || !is_lung_tissue(volume, labels, right + left) {
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
    let sides = sides_reached(volume, labels);
    let is_beyond = !sides.is_empty();
    if is_beyond {
        issues.push(Issue::new(IssueCode::LungsBeyondField, [Found::PictureSides { sides }]));
    }
    let both = right + left;
    // A study that cuts the lungs off has too little of them.
    let expected = both < *PLAUSIBLE_ML.start() && (is_cut || is_beyond);
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
fn is_lung_tissue(volume: &HuVolume, labels: &[u8], both_ml: f64) -> bool {
    let lungs = labels.iter().zip(volume.voxels()).filter(|(byte, _)| *byte & (RIGHT_LUNG | LEFT_LUNG) != 0);
    let [mut all, mut aerated, mut gas] = [0.0; 3];
    for (_, hu) in lungs {
        all += 1.0;
        aerated += f64::from(*hu < AERATED_HU);
        gas += f64::from(*hu < GAS_HU);
    }
    let max_gas = if both_ml < EMPHYSEMA_ML { MAX_GAS_FRACTION } else { MAX_EMPHYSEMA_FRACTION };
    aerated >= MIN_AERATED_FRACTION * all && gas <= max_gas * all
}

/// Returns the ends of the study at which the lungs are cut off; none where they are whole.
fn cut_off(counts: &[SliceCounts]) -> Vec<End> {
    let area = |slice: &SliceCounts| f64::from(slice.right.lung) + f64::from(slice.left.lung);
    let largest = counts.iter().map(area).fold(0.0, f64::max);
    let cut = |end: Option<&SliceCounts>| end.is_some_and(|slice| area(slice) > CUT_OFF_AREA * largest);
    let ends = [(End::Lower, counts.first()), (End::Upper, counts.last())];
    ends.into_iter().filter(|(_, slice)| cut(*slice)).map(|(end, _)| end).collect()
}

/// Returns the sides of the pictures that the lungs reach, and whether they reach the border of the
/// scanner's circle.
fn sides_reached(volume: &HuVolume, labels: &[u8]) -> Vec<PictureSide> {
    let grid = volume.grid();
    let (rows, columns, area) = (grid.rows(), grid.columns(), grid.area());
    let outside = outside_circle(volume);
    let mut touched = [
        (PictureSide::Right, grid.row_mm(), 0.0),
        (PictureSide::Left, grid.row_mm(), 0.0),
        (PictureSide::Front, grid.column_mm(), 0.0),
        (PictureSide::Back, grid.column_mm(), 0.0),
        (PictureSide::Circle, f64::midpoint(grid.row_mm(), grid.column_mm()), 0.0),
    ];
    for (slice, slab_mm) in labels.chunks_exact(area).zip(grid.slab_mm()) {
        for (at, _) in slice.iter().enumerate().filter(|(_, label)| **label & (RIGHT_LUNG | LEFT_LUNG) != 0) {
            let (row, column) = (at / columns, at % columns);
            let reaches = [column == 0, column + 1 == columns, row == 0, row + 1 == rows, outside[at]];
            for ((_, pixel_mm, mm2), _) in touched.iter_mut().zip(reaches).filter(|(_, reaches)| *reaches) {
                *mm2 += *pixel_mm * slab_mm;
            }
        }
    }
    touched.into_iter().filter(|(.., mm2)| *mm2 > CUT_OFF_SIDE_MM2).map(|(side, ..)| side).collect()
}

/// Returns, for each pixel of a slice, whether it or one beside it is outside the scanner's circle:
/// without any value on all slices.
fn outside_circle(volume: &HuVolume) -> Vec<bool> {
    let (area, columns) = (volume.grid().area(), volume.grid().columns());
    let mut empty = vec![true; area];
    for slice in volume.voxels().chunks_exact(area) {
        for (empty, hu) in empty.iter_mut().zip(slice) {
            *empty &= *hu <= OUTSIDE_HU;
        }
    }
    let is_empty = |at: Option<usize>| at.and_then(|at| empty.get(at)).is_some_and(|empty| *empty);
    let beside = |at: usize| {
        let column = at % columns;
        let beside_row = [at.checked_sub(columns), at.checked_add(columns)];
        let before = (column > 0).then(|| at - 1);
        let after = (column + 1 < columns).then_some(at + 1);
        [Some(at), before, after].into_iter().chain(beside_row).any(is_empty)
    };
    (0..area).map(beside).collect()
}

#[cfg(test)]
mod tests {
    use corsai_report::Severity;
    use corsai_volume::Grid;
    use corsai_volume::label::{LEFT_LUNG as L, LESION, RIGHT_LUNG as R, TRACE};

    use corsai_volume::GridGeometry;

    use super::*;

    /// The issues of slices that each stand for `slab_mm`. Voxels are 10 × 10 mm. A row of them,
    /// `labels` and the values of `hu` in turn, is in a frame of air.
    fn issues(slab_mm: &[f64], labels: &[u8], hu: &[i16]) -> Vec<Issue> {
        let columns = labels.len() / slab_mm.len();
        let geometry = GridGeometry {
            rows: 3,
            columns: columns + 2,
            row_mm: 10.0,
            column_mm: 10.0,
            positions_mm: (0..slab_mm.len()).map(|z| z as f64 * 10.0).collect(),
            slab_mm: slab_mm.to_vec(),
            patient_from_voxel: [[10.0, 0.0, 0.0, 0.0], [0.0, 10.0, 0.0, 0.0], [0.0, 0.0, 10.0, 0.0]],
        };
        let framed = |row: Vec<i16>, frame: i16| {
            let line = vec![frame; columns + 2];
            let slices = row.chunks(columns).map(|row| [&line[..], &[frame], row, &[frame], &line].concat());
            slices.collect::<Vec<_>>().concat()
        };
        let values = hu.iter().copied().cycle().take(labels.len()).collect();
        let volume = HuVolume::try_new(Grid::try_new(geometry).unwrap(), framed(values, -1000)).unwrap();
        let labels: Vec<u8> = framed(labels.iter().map(|label| (*label).into()).collect(), 0)
            .into_iter()
            .map(|label| u8::try_from(label).unwrap())
            .collect();
        check_quality(&volume, &labels)
    }

    /// Codes for slices with this much of the right and of the left lung, mL.
    fn codes(slices: &[[usize; 2]]) -> Vec<&'static str> {
        let columns = 10_000;
        let labels: Vec<u8> = slices
            .iter()
            .flat_map(|[right, left]| [vec![R; *right], vec![L; *left], vec![0; columns - right - left]].concat())
            .collect();
        let issues = issues(&vec![10.0; slices.len()], &labels, &[-850]);
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
        assert_eq!(issues(&[10.0], &[0], &[-850])[0].severity, Severity::Stop);
    }

    #[test]
    fn masks_of_tissue_or_gas_alone_are_not_lung() {
        let labels = [vec![0; 2000], vec![R; 1000], vec![L; 1000], vec![0; 2000]].concat();
        let codes =
            |hu: &[i16]| -> Vec<IssueCode> { issues(&[10.0; 3], &labels, hu).iter().map(|issue| issue.code).collect() };
        assert_eq!(codes(&[60]), [IssueCode::LungsNone]);
        assert_eq!(codes(&[-120]), [IssueCode::LungsNone]);
        assert_eq!(codes(&[-960]), [IssueCode::LungsNone]);
        assert_eq!(codes(&[-1000, -1000, -850]), [IssueCode::LungsNone]);
        // Emphysema.
        assert_eq!(codes(&[-980, -900]), []);
        let inflated = [vec![0; 3000], vec![R; 1500], vec![L; 1500], vec![0; 3000]].concat();
        let inflated =
            |hu: &[i16]| issues(&[10.0; 3], &inflated, hu).iter().map(|issue| issue.code).collect::<Vec<_>>();
        assert_eq!(inflated(&[-980, -990, -900]), []);
        assert_eq!(inflated(&[-980, -990, -990, -990, -900]), [IssueCode::LungsNone]);
        // Consolidated but for one voxel in forty.
        assert_eq!(codes(&[vec![40; 39], vec![-800]].concat()), []);
        assert_eq!(codes(&[-850]), []);
    }

    #[test]
    fn a_missing_lung_is_named_by_the_one_that_was_found() {
        assert_eq!(codes(&[[0, 0], [49, 2000], [0, 0]]), ["lungs.one-missing"]);
        let issues = issues(&[1.0, 10.0, 1.0], &[vec![0; 2000], vec![L; 2000], vec![0; 2000]].concat(), &[-850]);
        assert_eq!(issues[0].found, [Found::Lung { side: Side::Left }]);
    }

    #[test]
    fn lungs_at_an_end_are_cut_off() {
        assert_eq!(codes(&[[1000, 900], [1500, 1400], [0, 0]]), ["lungs.cut-off"]);
        assert_eq!(codes(&[[0, 0], [1500, 1400], [30, 29]]), ["lungs.cut-off"]);
        assert_eq!(codes(&[[100, 100], [150, 140], [50, 50]]), ["lungs.cut-off"]);
    }

    /// Ten slices of 40 × 40 voxels, 1 × 1 × 10 mm, with lung in some columns and rows.
    fn picture_codes(columns: std::ops::Range<usize>, rows: std::ops::Range<usize>, circle_mm: f64) -> Vec<Issue> {
        let grid = Grid::evenly_spaced([10, 40, 40], [10.0, 1.0, 1.0]).unwrap();
        let place = |at: usize| (at / 40 % 40, at % 40);
        let label = |at: usize| {
            let ((row, column), inner) = (place(at), (1600..9 * 1600).contains(&at));
            u8::from(inner && columns.contains(&column) && rows.contains(&row)) * if column < 20 { R } else { L }
        };
        let hu = |at: usize| {
            let (row, column) = place(at);
            let outside = (row as f64 - 19.5).hypot(column as f64 - 19.5) > circle_mm;
            if outside { OUTSIDE_HU } else { -850 }
        };
        let labels: Vec<u8> = (0..16_000).map(label).collect();
        check_quality(&HuVolume::try_new(grid, (0..16_000).map(hu).collect()).unwrap(), &labels)
    }

    #[test]
    fn lungs_at_a_side_of_the_picture_are_cut_off() {
        let sides = |columns, rows, circle_mm| {
            let issues = picture_codes(columns, rows, circle_mm);
            let issue = issues.into_iter().find(|issue| issue.code == IssueCode::LungsBeyondField)?;
            let [Found::PictureSides { sides }] = &issue.found[..] else { panic!("{issue:?}") };
            Some(sides.clone())
        };
        assert_eq!(sides(2..38, 2..38, 100.0), None);
        assert_eq!(sides(0..38, 2..38, 100.0), Some(vec![PictureSide::Right]));
        assert_eq!(sides(2..40, 2..38, 100.0), Some(vec![PictureSide::Left]));
        assert_eq!(sides(2..38, 0..40, 100.0), Some(vec![PictureSide::Front, PictureSide::Back]));
        assert_eq!(sides(2..38, 2..38, 19.0), Some(vec![PictureSide::Circle]));
        assert_eq!(sides(10..30, 10..30, 19.0), None);
        // One voxel on each slice.
        assert_eq!(sides(0..38, 19..20, 100.0), None);
    }

    #[test]
    fn a_trace_of_lesions_is_an_issue_and_more_is_not() {
        let codes = |lesions: usize| -> Vec<IssueCode> {
            let middle = [vec![R | LESION; lesions], vec![R; 1000 - lesions], vec![L; 1000]].concat();
            let labels = [vec![0; 2000], middle, vec![0; 2000]].concat();
            issues(&[10.0; 3], &labels, &[-850]).iter().map(|issue| issue.code).collect()
        };
        assert_eq!(codes(0), []);
        assert_eq!(codes(9), [IssueCode::LesionsTrace]);
        assert_eq!(codes(10), []);
    }

    #[test]
    fn marks_that_do_not_count_are_an_issue() {
        let middle = [vec![R | TRACE; 5], vec![R; 995], vec![L; 1000]].concat();
        let labels = [vec![0; 2000], middle, vec![0; 2000]].concat();
        let issues = issues(&[10.0; 3], &labels, &[-850]);
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
