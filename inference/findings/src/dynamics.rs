//! Two studies of one patient compared by the paper's rule (`networks.md` §6).

use corsai_protocol::{Dynamics, Issue, IssueCode, LungFinding, Lungs, SeriesSummary, ShareChange, Verdict};

/// A change of the share below this many percentage points is no change (the paper's second experiment).
const STABLE_POINTS: f64 = 1.0;

/// Shares are quotients of sums: what differs by less is the same number.
const ROUNDING: f64 = 1e-9;

/// Slice distances and thicknesses that differ by less than this fraction of the larger are the same protocol.
const SAME_MM: f64 = 0.1;

/// One study's numbers, and the series they were measured on.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    pub series: &'a SeriesSummary,
    pub lungs: &'a Lungs,
}

/// Compares two studies: the one added as the earlier, and the one under examination. The dates decide which one is
/// the earlier; `previous` is where they can't. The verdict goes by the share of both lungs together; a side that is no
/// lung changes from 0 to 0 and is named in the issues.
///
/// # Errors
/// `dynamics.same-study` where both are one study, `result.withheld` where a share is missing: the report then bears
/// that issue and no dynamics.
pub fn compare(previous: Measured<'_>, current: Measured<'_>) -> Result<Dynamics, Issue> {
    if previous.series.study_key == current.series.study_key {
        return Err(Issue::new(IssueCode::DynamicsSameStudy, ""));
    }
    let mut issues = Vec::new();
    if previous.series.patient_key != current.series.patient_key {
        issues.push(Issue::new(IssueCode::DynamicsOtherPatient, ""));
    }
    // `YYYY-MM-DD` sorts as the days do.
    let swapped = match (&previous.series.date, &current.series.date) {
        (Some(before), Some(after)) => {
            if before == after {
                issues.push(Issue::new(IssueCode::DynamicsSameDate, ""));
            }
            before > after
        }
        _ => {
            issues.push(Issue::new(IssueCode::DynamicsNoDate, ""));
            false
        }
    };
    if let Some(found) = protocols_differ(previous.series, current.series) {
        issues.push(Issue::new(IssueCode::DynamicsOtherProtocol, &found));
    }
    let (earlier, later) = if swapped { (current, previous) } else { (previous, current) };
    if [earlier, later].iter().any(|study| study.lungs.left.share.is_none() || study.lungs.right.share.is_none()) {
        issues.push(Issue::new(IssueCode::LungsOneMissing, "in one of the two studies or both"));
    }
    let withheld = || Issue::new(IssueCode::ResultWithheld, "");
    let (before, after) = (earlier.lungs, later.lungs);
    let both = change(before.both.share.ok_or_else(withheld)?, after.both.share.ok_or_else(withheld)?);
    let side =
        |before: &LungFinding, after: &LungFinding| change(before.share.unwrap_or(0.0), after.share.unwrap_or(0.0));
    let (left, right) = (side(&before.left, &after.left), side(&before.right, &after.right));
    let [one, other] = [left, right].map(verdict);
    Ok(Dynamics {
        verdict: verdict(both),
        earlier_date: earlier.series.date.clone(),
        later_date: later.series.date.clone(),
        both,
        left,
        right,
        lungs_disagree: one != other && one != Verdict::Stable && other != Verdict::Stable,
        issues,
    })
}

fn change(earlier: f64, later: f64) -> ShareChange {
    ShareChange { earlier, later, points: (later - earlier) * 100.0 }
}

fn verdict(change: ShareChange) -> Verdict {
    if change.points.abs() < STABLE_POINTS - ROUNDING {
        Verdict::Stable
    } else if change.points < 0.0 {
        Verdict::PositiveResponse
    } else {
        Verdict::Progression
    }
}

/// In what the two series were made differently, with the sizes.
fn protocols_differ(previous: &SeriesSummary, current: &SeriesSummary) -> Option<String> {
    let differ = |what: &str, pair: Option<(f64, f64)>| {
        pair.filter(|(a, b)| (a - b).abs() > SAME_MM * a.abs().max(b.abs()))
            .map(|(a, b)| format!("slice {what} {a:.1} mm and {b:.1} mm"))
    };
    let found = [
        differ("distance", previous.spacing_mm.zip(current.spacing_mm)),
        differ("thickness", previous.thickness_mm.zip(current.thickness_mm)),
    ];
    let found: Vec<String> = found.into_iter().flatten().collect();
    (!found.is_empty()).then(|| found.join(", "))
}

#[cfg(test)]
mod tests {
    use corsai_protocol::SeriesId;

    use super::*;

    fn lung(volume_ml: f64, share: Option<f64>) -> LungFinding {
        LungFinding { volume_ml, lesion_ml: share.map(|s| s * volume_ml), share, ..LungFinding::default() }
    }

    /// A right and a left lung of a litre each.
    fn lungs(right: f64, left: f64) -> Lungs {
        Lungs {
            left: lung(1000.0, Some(left)),
            right: lung(1000.0, Some(right)),
            both: lung(2000.0, Some((left + right) / 2.0)),
        }
    }

    fn series(study_key: u64, date: Option<&str>) -> SeriesSummary {
        SeriesSummary {
            id: SeriesId(0),
            description: String::new(),
            modality: "CT".into(),
            slices: 60,
            rows: 512,
            columns: 512,
            thickness_mm: Some(5.0),
            spacing_mm: Some(5.0),
            date: date.map(Into::into),
            usable: true,
            patient_key: 7,
            study_key,
            issues: Vec::new(),
        }
    }

    fn compared(previous: (&SeriesSummary, &Lungs), current: (&SeriesSummary, &Lungs)) -> Result<Dynamics, IssueCode> {
        let [previous, current] = [previous, current].map(|(series, lungs)| Measured { series, lungs });
        compare(previous, current).map_err(|issue| issue.code)
    }

    fn codes(dynamics: &Dynamics) -> Vec<&'static str> {
        dynamics.issues.iter().map(|issue| issue.code.as_str()).collect()
    }

    /// The verdict on both lungs' share going from one value to another.
    fn judged(earlier: f64, later: f64) -> Verdict {
        let (a, b) = (series(1, Some("2026-01-01")), series(2, Some("2026-02-01")));
        compared((&a, &lungs(earlier, earlier)), (&b, &lungs(later, later))).unwrap().verdict
    }

    #[test]
    fn less_than_a_point_is_stable_and_a_whole_one_is_not() {
        assert_eq!(judged(0.10, 0.10), Verdict::Stable);
        assert_eq!(judged(0.10, 0.1099), Verdict::Stable);
        assert_eq!(judged(0.1099, 0.10), Verdict::Stable);
        assert_eq!(judged(0.10, 0.11), Verdict::Progression);
        assert_eq!(judged(0.11, 0.10), Verdict::PositiveResponse);
        assert_eq!(judged(0.0, 0.9), Verdict::Progression);
    }

    #[test]
    fn the_dates_decide_which_is_the_earlier() {
        let (old, new) = (series(1, Some("2025-12-31")), series(2, Some("2026-01-01")));
        let (few, many) = (lungs(0.1, 0.1), lungs(0.4, 0.2));
        let straight = compared((&old, &few), (&new, &many)).unwrap();
        let crossed = compared((&new, &many), (&old, &few)).unwrap();
        assert_eq!(straight, crossed);
        assert_eq!(straight.verdict, Verdict::Progression);
        assert_eq!(
            (straight.earlier_date.as_deref(), straight.later_date.as_deref()),
            (Some("2025-12-31"), Some("2026-01-01"))
        );
        assert!((straight.right.points - 30.0).abs() < 1e-9 && (straight.left.points - 10.0).abs() < 1e-9);
        assert_eq!(codes(&straight), [""; 0]);
    }

    #[test]
    fn without_two_different_dates_the_one_added_as_earlier_is_the_earlier() {
        let (few, many) = (lungs(0.1, 0.1), lungs(0.4, 0.4));
        let (undated, dated) = (series(1, None), series(2, Some("2026-01-01")));
        let found = compared((&dated, &many), (&undated, &few)).unwrap();
        assert_eq!((found.verdict, codes(&found)), (Verdict::PositiveResponse, vec!["dynamics.no-date"]));
        let same = series(3, Some("2026-01-01"));
        let found = compared((&same, &few), (&dated, &many)).unwrap();
        assert_eq!((found.verdict, codes(&found)), (Verdict::Progression, vec!["dynamics.same-date"]));
    }

    #[test]
    fn lungs_that_move_apart_disagree() {
        let (a, b) = (series(1, Some("2026-01-01")), series(2, Some("2026-02-01")));
        let disagree = |before, after| compared((&a, &before), (&b, &after)).unwrap().lungs_disagree;
        assert!(disagree(lungs(0.10, 0.20), lungs(0.11, 0.19)));
        assert!(!disagree(lungs(0.10, 0.20), lungs(0.11, 0.1901)));
        assert!(!disagree(lungs(0.10, 0.20), lungs(0.20, 0.30)));
    }

    #[test]
    fn one_study_is_not_compared_with_itself() {
        let (a, b) = (series(1, Some("2026-01-01")), series(1, Some("2026-02-01")));
        assert_eq!(compared((&a, &lungs(0.1, 0.1)), (&b, &lungs(0.2, 0.2))), Err(IssueCode::DynamicsSameStudy));
    }

    #[test]
    fn another_patient_and_another_protocol_are_said() {
        let a = series(1, Some("2026-01-01"));
        let other = SeriesSummary { patient_key: 8, spacing_mm: Some(1.0), ..series(2, Some("2026-02-01")) };
        let found = compared((&a, &lungs(0.1, 0.1)), (&other, &lungs(0.2, 0.2))).unwrap();
        assert_eq!(codes(&found), ["dynamics.other-patient", "dynamics.other-protocol"]);
        assert!(found.issues[1].message.contains("slice distance 5.0 mm and 1.0 mm"));
        let near = SeriesSummary { spacing_mm: Some(4.6), thickness_mm: None, ..series(2, Some("2026-02-01")) };
        let found = compared((&a, &lungs(0.1, 0.1)), (&near, &lungs(0.2, 0.2))).unwrap();
        assert_eq!(codes(&found), [""; 0]);
    }

    #[test]
    fn a_lung_that_is_not_there_is_said_and_unmeasured_lesions_are_not_compared() {
        let (a, b) = (series(1, Some("2026-01-01")), series(2, Some("2026-02-01")));
        let single = Lungs { left: lung(0.0, None), right: lung(1000.0, Some(0.3)), both: lung(1000.0, Some(0.3)) };
        let found = compared((&a, &single), (&b, &single)).unwrap();
        assert_eq!((found.verdict, codes(&found)), (Verdict::Stable, vec!["lungs.one-missing"]));
        let unmeasured = Lungs { left: lung(1.0, None), right: lung(1.0, None), both: lung(2.0, None) };
        assert_eq!(compared((&a, &unmeasured), (&b, &single)), Err(IssueCode::ResultWithheld));
    }
}
