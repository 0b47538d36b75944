//! `corsai analyse`: measures one study, and writes its report, masks and probabilities.

use std::{fs, io, io::Write as _};

use corsai_ensemble::{Analysis, JobId};
use corsai_findings::refusal;
use corsai_language::message;
use corsai_protocol::{SeriesSummary, Stage};
use corsai_report::{Issue, Report, Runs, StudyRecord};

use crate::{
    arguments::{AnalyseArguments, StudyArgument},
    console::{StudyProgress, message},
    error::{CliError, write_error},
    inference_session::InferenceSession,
    locale::language,
    masks,
    measurement::{Measurement, compare_studies, measure_study},
    probabilities::Recorder,
    reading::{self, Study},
    thread_pool::Observer,
};

/// Measures a study and writes what the arguments ask for. Returns whether there are numbers.
///
/// # Errors
/// [`CliError::Output`] and [`CliError::Write`].
pub fn run(arguments: &AnalyseArguments) -> Result<bool, CliError> {
    let report = analyse(arguments)?;
    for issue in &report.issues {
        let words = [language().issue(issue), issue.files.join(", ")];
        message(format_args!("[{}] {}", issue.code.as_str(), words.join(" ").trim_end()));
    }
    let measured = report.lungs.is_some();
    let mut json = serde_json::to_string_pretty(&language().report_for_file(report))?;
    json.push('\n');
    match &arguments.json {
        Some(file) => fs::write(file, json).map_err(write_error(file))?,
        None => io::stdout().write_all(json.as_bytes())?,
    }
    Ok(measured)
}

/// Shows the progress of an analysis, and records its answers on request.
struct AnalysisObserver {
    progress: StudyProgress,
    recorder: Option<Recorder>,
}

impl Observer for AnalysisObserver {
    fn answered(&mut self, analysis: &Analysis, job: JobId, answer: &[f32]) {
        if let Some(recorder) = &mut self.recorder {
            recorder.record(analysis, job, answer);
        }
    }

    fn progress(&mut self, stage: Stage, completed: usize, total: usize) {
        self.progress.show(stage, completed, total);
    }
}

/// Reads a study and tells its size.
fn read_study(study: &StudyArgument) -> Result<Study, Vec<Issue>> {
    let study = reading::read_study(study)?;
    let SeriesSummary { slices, columns, rows, .. } = study.series;
    message(message!(
        language(),
        "study-size",
        slices = slices,
        columns = columns.to_string(),
        rows = rows.to_string()
    ));
    Ok(study)
}

/// Measures a study with its progress shown and its answers recorded.
///
/// # Errors
/// [`CliError::Write`]; inside, the report of a study that can't be measured.
fn measure_observed(
    study: Study,
    session: &InferenceSession,
    recorder: Option<Recorder>,
) -> Result<Result<Measurement, Box<Report>>, CliError> {
    let mut observer = AnalysisObserver { progress: StudyProgress::new(), recorder };
    let result = measure_study(study, session, session.threads(), &mut observer);
    observer.progress.finish();
    if let (Ok(measurement), Some(recorder)) = (&result, observer.recorder) {
        recorder.finish(&measurement.analysis)?;
    }
    Ok(result)
}

fn analyse(arguments: &AnalyseArguments) -> Result<Report, CliError> {
    let refuse = |issues| refusal(StudyRecord::default(), issues, Runs::default());
    let study = match read_study(&arguments.study()) {
        Ok(study) => study,
        Err(issues) => return Ok(refuse(issues)),
    };
    let session = match InferenceSession::new(arguments.method.device(), arguments.options()) {
        Ok(session) => session,
        Err(error) => {
            tracing::error!(%error, "the networks can't be loaded");
            return Ok(refuse([study.issues, vec![error.issue()]].concat()));
        }
    };
    let grid = masks::geometry(study.volume.grid());
    let recorder = arguments.probabilities.as_ref();
    let recorder = recorder.map(|folder| Recorder::new(folder.clone(), session.manifest(), grid)).transpose()?;
    let current = match measure_observed(study, &session, recorder)? {
        Ok(current) => current,
        Err(refused) => return Ok(*refused),
    };
    if let Some(folder) = &arguments.masks {
        masks::write(folder, current.study.volume.grid(), current.analysis.all_labels())?;
    }
    let mut report = current.report.clone();
    if let Some(previous) = arguments.previous() {
        message(language().text("earlier-study-follows"));
        let earlier = match read_study(&previous) {
            Ok(study) => measure_observed(study, &session, None)?.map_err(|refused| refused.issues),
            Err(issues) => Err(issues),
        };
        let of_earlier = |issues: Vec<Issue>| issues.into_iter().map(Issue::of_earlier_study).collect();
        let compared = earlier
            .map_err(of_earlier)
            .and_then(|earlier| compare_studies((&earlier).into(), (&current).into(), arguments.same_patient));
        match compared {
            Ok(dynamics) => report.dynamics = Some(dynamics),
            Err(issues) => report.issues.extend(issues),
        }
    }
    Ok(report)
}
