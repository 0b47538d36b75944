//! Measures one study of a cohort and scores it against its reference masks.

use std::path::Path;

use corsai_evaluation::{Failure, LungLabels, MaskError, ReferenceMasks, Scores};
use corsai_protocol::PersonKeys;
use corsai_report::{Issue, IssueCode, Severity};
use corsai_volume::Grid;

use crate::{
    arguments::StudyArgument,
    inference_session::InferenceSession,
    locale::language,
    measurement::measure_study,
    reading::{read_mask, read_study},
    thread_pool::Observer,
};

use super::{
    cohort::Entry,
    result_store::{MeasuredStudy, StudyResult},
};

/// Issues of the machine and not of the study: such a study is measured again the next time.
const TRANSIENT: [IssueCode; 5] = [
    IssueCode::FileUnreadable,
    IssueCode::InternalFault,
    IssueCode::ModelNonFinite,
    IssueCode::DeviceLost,
    IssueCode::WeightsCorrupt,
];

/// Measures a study. Returns its result, and whether a repetition would give the same.
pub fn measure_entry(
    entry: &Entry,
    session: &InferenceSession,
    threads: usize,
    labels: LungLabels,
    observer: &mut dyn Observer,
) -> (StudyResult, bool) {
    let study = match read_study(&StudyArgument { path: entry.path.clone(), series: None }) {
        Ok(study) => study,
        Err(issues) => return refused(&issues),
    };
    let reference = match read_reference(entry, study.volume.grid(), labels) {
        Ok(reference) => reference,
        Err(error) => {
            let reasons = vec![Failure { code: error.code().into(), message: error.to_string() }];
            return (StudyResult::Failed { reasons }, true);
        }
    };
    let measurement = match measure_study(study, session, threads, observer) {
        Ok(measurement) => measurement,
        Err(report) => return refused(&report.issues),
    };
    let volume = &measurement.study.volume;
    let scores = Scores::new(volume.grid(), measurement.analysis.all_labels(), &reference);
    let mut series = measurement.study.series.clone();
    // Results hold no header's text, and no key of an identifier.
    (series.description, series.patient_key, series.instances_key) = (String::new(), None, None);
    series.person = PersonKeys::default();
    series.issues.clear();
    let study = MeasuredStudy {
        series,
        voxels_key: volume.digest(),
        report: language().report_for_file(measurement.report),
        scores: (!reference.is_empty()).then_some(scores),
    };
    (StudyResult::Measured(Box::new(study)), true)
}

/// Returns the result of a study with issues that stop it.
fn refused(issues: &[Issue]) -> (StudyResult, bool) {
    let stops = issues.iter().filter(|issue| issue.severity == Severity::Stop);
    let reasons = stops.map(|issue| Failure { code: issue.code.as_str().into(), message: language().issue(issue) });
    let repeatable = !issues.iter().any(|issue| TRANSIENT.contains(&issue.code));
    (StudyResult::Failed { reasons: reasons.collect() }, repeatable)
}

fn read_reference(entry: &Entry, grid: &Grid, labels: LungLabels) -> Result<ReferenceMasks, MaskError> {
    let mask = |path: Option<&Path>, name| path.map(|path| read_mask(path, name, grid)).transpose();
    let (lungs, lesions) = (entry.lung_mask.as_deref(), entry.lesion_mask.as_deref());
    ReferenceMasks::new(grid, mask(lungs, "lung")?, mask(lesions, "lesion")?, labels)
}
