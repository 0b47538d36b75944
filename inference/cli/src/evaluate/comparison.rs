//! Rows of an evaluation: one study's result, and the change since its earlier study.

use corsai_evaluation::{DynamicsComparison, StudyOutcome, StudyRow, reference_verdict};
use corsai_report::{Issue, Severity};

use crate::measurement::{MeasuredSeries, compare_studies};

use super::{
    cohort::Entry,
    result_store::{MeasuredStudy, StudyResult},
};

impl<'a> From<&'a MeasuredStudy> for MeasuredSeries<'a> {
    fn from(study: &'a MeasuredStudy) -> Self {
        Self { series: &study.series, voxels_key: study.voxels_key, report: &study.report }
    }
}

/// Returns the row of an entry; `None` of one without a result, or of one that is only an earlier
/// study.
pub fn study_row(entries: &[Entry], results: &[Option<StudyResult>], index: usize) -> Option<StudyRow> {
    let entry = entries.get(index).filter(|entry| entry.evaluated)?;
    let result = results[index].as_ref()?;
    let scores = |result: &StudyResult| match result {
        StudyResult::Measured(study) => study.scores,
        StudyResult::Failed { .. } => None,
    };
    let own = scores(result);
    let outcome = match result {
        StudyResult::Failed { reasons } => StudyOutcome::Failed { reasons: reasons.clone() },
        StudyResult::Measured(study) => StudyOutcome::Measured {
            lungs: Box::new(study.report.lungs.clone().expect("invariant: a measured study has lungs")),
            scores: own.map(Box::new),
            warnings: warning_codes(&study.report.issues),
            slices: study.report.study.slices,
            seconds: study.report.runs.seconds,
        },
    };
    let previous = entry.previous.and_then(|previous| results[previous].as_ref());
    Some(StudyRow {
        study: entry.name.clone(),
        outcome,
        true_class: entry.class.or(own.and_then(|scores| scores.truth.ct_class)),
        dynamics: previous.map(|previous| compare_results(entry, previous, result)),
    })
}

/// Returns the codes of warnings and of graver issues.
fn warning_codes(issues: &[Issue]) -> Vec<String> {
    issues.iter().filter(|issue| issue.severity >= Severity::Warning).map(|issue| issue.code.as_str().into()).collect()
}

/// Compares a study with its earlier one. The cohort says that both are of one patient.
fn compare_results(entry: &Entry, previous: &StudyResult, current: &StudyResult) -> DynamicsComparison {
    let mut outcome = DynamicsComparison {
        truth: entry.verdict,
        found: None,
        no_verdict: None,
        failed: Vec::new(),
        true_points: None,
        found_points: None,
    };
    let (StudyResult::Measured(previous), StudyResult::Measured(current)) = (previous, current) else {
        for (result, which) in [(previous, "earlier"), (current, "later")] {
            if let StudyResult::Failed { reasons } = result {
                outcome.failed.extend(reasons.iter().map(|reason| format!("{which}: {}", reason.code)));
            }
        }
        return outcome;
    };
    // The dates decide which study is the earlier one, as in the comparison.
    let dates = [previous, current].map(|study| study.series.date.as_deref());
    let swapped = dates[0].zip(dates[1]).is_some_and(|(previous, current)| previous > current);
    let (earlier, later) = if swapped { (current, previous) } else { (previous, current) };
    let truths = earlier.scores.zip(later.scores);
    if let Some((points, verdict)) = truths.and_then(|(a, b)| reference_verdict(&a.truth, &b.truth)) {
        outcome.true_points = Some(points);
        outcome.truth = outcome.truth.or(Some(verdict));
    }
    match compare_studies(previous.as_ref().into(), current.as_ref().into(), true) {
        Ok(dynamics) => {
            (outcome.found, outcome.no_verdict) = (dynamics.verdict, dynamics.no_verdict);
            outcome.found_points = dynamics.both.map(|change| change.points);
        }
        Err(issues) => outcome.failed = warning_codes(&issues),
    }
    outcome
}
