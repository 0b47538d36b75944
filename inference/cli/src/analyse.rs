//! `corsai analyse`: from files to the report, the masks and the exit status.

use std::{fs, io, io::Write as _};

use corsai_ensemble::{Analysis, JobId};
use corsai_findings::refusal;
use corsai_protocol::{SeriesSummary, Stage};
use corsai_report::{Issue, Report, Runs, StudyRecord, text};

use crate::{
    arguments::{Analyse, Chosen},
    crew::Observer,
    engine::Engine,
    masks,
    measured::{Numbers, about_earlier, compared, numbers},
    probabilities::{Recorder, recorder},
    progress::StudyProgress,
    reading::{self, Study},
};

/// Measures, writes what was asked for, and tells whether there are numbers.
///
/// # Errors
/// Where the report, the masks or the probabilities can't be written.
pub fn run(asked: &Analyse) -> io::Result<bool> {
    let report = measured(asked)?;
    for issue in &report.issues {
        let files = issue.files.join(", ");
        eprintln!(
            "[{}] {}{}{files}",
            issue.code.as_str(),
            text::message(issue),
            if files.is_empty() { "" } else { " " }
        );
    }
    let mut json = serde_json::to_string_pretty(&report.clone().for_file()).map_err(io::Error::other)?;
    json.push('\n');
    match &asked.json {
        Some(file) => fs::write(file, json)?,
        None => io::stdout().write_all(json.as_bytes())?,
    }
    Ok(report.lungs.is_some())
}

/// Shows how far an analysis is, and records its answers where that is asked for.
struct Watch {
    progress: StudyProgress,
    recorder: Option<Recorder>,
}

impl Observer for Watch {
    fn answered(&mut self, analysis: &Analysis, job: JobId, answer: &[f32]) {
        if let Some(recorder) = &mut self.recorder {
            recorder.answered(analysis, job, answer);
        }
    }

    fn progress(&mut self, stage: Stage, done: usize, total: usize) {
        self.progress.show(stage, done, total);
    }
}

/// Reads a study and says how large it is.
fn opened(study: &Chosen) -> Result<Study, Vec<Issue>> {
    let study = reading::open(study)?;
    let SeriesSummary { slices, columns, rows, .. } = study.series;
    eprintln!("{slices} slices of {columns} × {rows}");
    Ok(study)
}

/// A study's numbers, with its answers recorded.
///
/// # Errors
/// What can't be written; within, the report of a study that can't be measured.
fn watched(study: Study, engine: &Engine, recorder: Option<Recorder>) -> io::Result<Result<Numbers, Box<Report>>> {
    let mut watch = Watch { progress: StudyProgress::new(), recorder };
    let found = numbers(study, engine, engine.threads(), &mut watch);
    watch.progress.end();
    if let (Ok(found), Some(recorder)) = (&found, watch.recorder) {
        recorder.finish(&found.analysis)?;
    }
    Ok(found)
}

fn measured(asked: &Analyse) -> io::Result<Report> {
    let nothing = |issues| refusal(StudyRecord::default(), issues, Runs::default());
    let study = match opened(&asked.study()) {
        Ok(study) => study,
        Err(issues) => return Ok(nothing(issues)),
    };
    let engine = match Engine::new(asked.method.device(), asked.options()) {
        Ok(engine) => engine,
        Err(issue) => return Ok(nothing([study.issues, vec![issue]].concat())),
    };
    let recorder = recorder(asked.probabilities.as_ref(), engine.manifest(), study.volume.grid())?;
    let current = match watched(study, &engine, recorder)? {
        Ok(current) => current,
        Err(refused) => return Ok(*refused),
    };
    if let Some(folder) = &asked.masks {
        masks::write(folder, current.study.volume.grid(), current.analysis.all_labels())?;
    }
    let mut report = current.report.clone();
    if let Some(previous) = asked.previous() {
        eprintln!("the earlier study:");
        let earlier = match opened(&previous) {
            Ok(study) => watched(study, &engine, None)?.map_err(|refused| about_earlier(refused.issues)),
            Err(issues) => Err(about_earlier(issues)),
        };
        match earlier.and_then(|earlier| compared((&earlier).into(), (&current).into(), asked.same_patient)) {
            Ok(dynamics) => report.dynamics = Some(dynamics),
            Err(reasons) => report.issues.extend(reasons),
        }
    }
    Ok(report)
}
