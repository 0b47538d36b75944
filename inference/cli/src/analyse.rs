//! `corsai analyse`: from files to the report, the masks and the exit status.

use std::{collections::BTreeMap, fs, io, io::Write as _, sync::Arc, time::Instant};

use corsai_findings::{Measured, compare, doubts, measure, record, refusal, report, spread};
use corsai_protocol::{Dynamics, Issue, Report, Runs, Severity, StudyRecord, Tier, Vote};

use crate::{
    arguments::Analyse,
    engine::Engine,
    masks,
    reading::{self, Study},
};

/// Measures, writes what was asked for, and tells whether there are numbers.
///
/// # Errors
/// Where the report or the masks can't be written.
pub fn run(asked: &Analyse) -> io::Result<bool> {
    let report = measured(asked)?;
    for issue in &report.issues {
        let files = issue.files.join(", ");
        eprintln!("[{}] {}{}{files}", issue.code.as_str(), issue.message, if files.is_empty() { "" } else { " " });
    }
    let mut json = serde_json::to_string_pretty(&without_files(report.clone())).map_err(io::Error::other)?;
    json.push('\n');
    match &asked.json {
        Some(file) => fs::write(file, json)?,
        None => io::stdout().write_all(json.as_bytes())?,
    }
    Ok(report.lungs.is_some())
}

fn measured(asked: &Analyse) -> io::Result<Report> {
    let nothing = |issues| refusal(StudyRecord::default(), issues, Runs::default());
    let study = match reading::open(&asked.study) {
        Ok(study) => study,
        Err(issues) => return Ok(nothing(issues)),
    };
    let mut engine = match Engine::new(asked.device, asked.options) {
        Ok(engine) => engine,
        Err(issue) => return Ok(nothing([study.issues, vec![issue]].concat())),
    };
    let current = match numbers(study, &mut engine) {
        Ok(current) => current,
        Err(refused) => return Ok(*refused),
    };
    if let Some(folder) = &asked.masks {
        masks::write(folder, current.study.volume.grid(), &current.labels)?;
    }
    let mut report = current.report();
    if let Some(previous) = &asked.previous {
        eprintln!("the earlier study:");
        let earlier = reading::open(previous)
            .map_err(about_earlier)
            .and_then(|study| numbers(study, &mut engine).map_err(|refused| about_earlier(refused.issues)));
        match earlier.and_then(|earlier| compared(&earlier, &current, asked.same_patient)) {
            Ok(dynamics) => report.dynamics = Some(dynamics),
            Err(reasons) => report.issues.extend(reasons),
        }
    }
    Ok(report)
}

/// A study's numbers, and all that they rest on.
struct Numbers {
    study: Study,
    labels: Vec<u8>,
    /// The one answer: of the tier that was asked for.
    answers: BTreeMap<Tier, Report>,
}

impl Numbers {
    fn report(&self) -> Report {
        self.answers.values().next().cloned().expect("invariant: a measured study has an answer")
    }
}

/// # Errors
/// The report of a study that can't be measured.
fn numbers(study: Study, engine: &mut Engine) -> Result<Numbers, Box<Report>> {
    let begun = Instant::now();
    let grid = study.volume.grid();
    let mut issues = study.issues.clone();
    let runs_without = |engine: &Engine| Runs {
        device: engine.name(),
        tier: engine.options().tier,
        full_run: engine.options().full_run,
        paper_vote: engine.options().vote == Some(Vote::PAPER),
        dpn_3d: engine.options().dpn_3d,
        memory_bytes: peak_memory(),
        seconds: study.seconds + begun.elapsed().as_secs_f64(),
        ..Runs::default()
    };
    let analysis = match engine.analyse(Arc::clone(&study.volume)) {
        Ok(analysis) => analysis,
        Err(issue) => {
            issues.push(issue);
            let study = record(study.series.date.clone(), grid);
            return Err(Box::new(refusal(study, issues, runs_without(engine))));
        }
    };
    let labels = analysis.all_labels().to_vec();
    issues.extend(engine.issues().iter().cloned());
    issues.extend(doubts(&study.volume, &labels));
    let slices = analysis.lesion_slices();
    let runs = Runs {
        slices,
        slices_without_lung: (grid.slices as u32).saturating_sub(slices),
        networks: analysis.runs(),
        ..runs_without(engine)
    };
    if issues.iter().any(|issue| issue.severity == Severity::Stop) {
        return Err(Box::new(refusal(record(study.series.date.clone(), grid), issues, runs)));
    }
    let mut lungs = measure(grid, &labels, true);
    spread(&mut lungs, &analysis.members_ml());
    let tier = runs.tier;
    let report = report(record(study.series.date.clone(), grid), lungs, None, issues, runs);
    Ok(Numbers { labels, answers: BTreeMap::from([(tier, report)]), study })
}

/// The change between two studies; doubts about the earlier one stay beside it.
///
/// # Errors
/// Why they can't be compared.
fn compared(earlier: &Numbers, current: &Numbers, same_patient: bool) -> Result<Dynamics, Vec<Issue>> {
    let [before, now] = [earlier, current].map(|one| Measured {
        series: &one.study.series,
        voxels_key: one.study.volume.digest(),
        answers: &one.answers,
        refines: false,
    });
    let mut dynamics =
        compare(before, now, same_patient).map_err(|issue| vec![issue.with_severity(Severity::Warning)])?;
    let earlier = earlier.report();
    let doubts = earlier.issues.iter().filter(|issue| issue.severity >= Severity::Warning).cloned();
    dynamics.issues.extend(about_earlier(doubts.collect()));
    Ok(dynamics)
}

fn about_earlier(issues: Vec<Issue>) -> Vec<Issue> {
    issues.into_iter().map(Issue::of_earlier_study).collect()
}

/// The most that this process has held of the machine's memory, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
}

/// Names of files may hold a patient's: they stay on the screen.
fn without_files(mut report: Report) -> Report {
    let dynamics = report.dynamics.iter_mut().flat_map(|dynamics| &mut dynamics.issues);
    for issue in report.issues.iter_mut().chain(dynamics) {
        issue.files.clear();
    }
    report
}
