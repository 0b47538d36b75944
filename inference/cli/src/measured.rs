//! A study's numbers, and the change between two.

use std::{collections::BTreeMap, fs, sync::Arc, time::Instant};

use corsai_ensemble::Analysis;
use corsai_findings::{
    ComparedStudy, check_quality, compare, measure, refusal, report, set_member_range, study_record,
};
use corsai_manifest::Vote;
use corsai_protocol::SeriesSummary;
use corsai_report::{Dynamics, Issue, Report, Runs, Severity, Tier};

use crate::{crew::Observer, engine::Engine, reading::Study};

/// A study's numbers, and all that they rest on.
pub struct Numbers {
    pub study: Study,
    pub analysis: Analysis,
    pub report: Report,
}

/// Measures a study.
///
/// # Errors
/// The report of a study that can't be measured.
pub fn numbers(
    study: Study,
    engine: &Engine,
    threads: usize,
    observer: &mut dyn Observer,
) -> Result<Numbers, Box<Report>> {
    let begun = Instant::now();
    let grid = study.volume.grid();
    let mut issues = study.issues.clone();
    let runs_without = || Runs {
        device: engine.name(),
        tier: engine.options().tier,
        full_run: engine.options().full_run,
        paper_vote: engine.options().vote == Some(Vote::PAPER),
        dpn_3d: engine.options().dpn_3d,
        memory_bytes: peak_memory(),
        seconds: study.seconds + begun.elapsed().as_secs_f64(),
        ..Runs::default()
    };
    let analysis = match engine.analyse(Arc::clone(&study.volume), threads, observer) {
        Ok(analysis) => analysis,
        Err(issue) => {
            issues.push(issue);
            let record = study_record(study.series.date.clone(), grid);
            return Err(Box::new(refusal(record, issues, runs_without())));
        }
    };
    let labels = analysis.all_labels();
    issues.extend(engine.issues());
    issues.extend(check_quality(&study.volume, labels));
    let slices = analysis.lung_slices();
    let runs = Runs {
        slices,
        slices_without_lung: (grid.slices() as u32).saturating_sub(slices),
        networks: analysis.runs(),
        ..runs_without()
    };
    let record = study_record(study.series.date.clone(), grid);
    if issues.iter().any(|issue| issue.severity == Severity::Stop) {
        return Err(Box::new(refusal(record, issues, runs)));
    }
    let mut lungs = measure(grid, labels, true);
    set_member_range(&mut lungs, &analysis.members_ml());
    let report = report(record, lungs, None, issues, runs);
    Ok(Numbers { report, analysis, study })
}

/// What a comparison needs of a measured study.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    pub series: &'a SeriesSummary,
    pub voxels_key: u64,
    pub report: &'a Report,
}

impl<'a> From<&'a Numbers> for Compared<'a> {
    fn from(numbers: &'a Numbers) -> Self {
        let Numbers { study, report, .. } = numbers;
        Self { series: &study.series, voxels_key: study.volume.digest(), report }
    }
}

/// Returns the change between two studies; doubts about the earlier one stay beside it.
///
/// # Errors
/// Why they can't be compared.
pub fn compared(earlier: Compared<'_>, current: Compared<'_>, same_patient: bool) -> Result<Dynamics, Vec<Issue>> {
    let answers =
        [earlier, current].map(|one| BTreeMap::<Tier, Report>::from([(one.report.runs.tier, one.report.clone())]));
    let [before, now] = [(earlier, &answers[0]), (current, &answers[1])].map(|(one, answers)| ComparedStudy {
        series: one.series,
        voxels_key: one.voxels_key,
        answers,
        refines: false,
    });
    let mut dynamics =
        compare(before, now, same_patient).map_err(|issue| vec![issue.with_severity(Severity::Warning)])?;
    let doubts = earlier.report.issues.iter().filter(|issue| issue.severity >= Severity::Warning).cloned();
    dynamics.issues.extend(about_earlier(doubts.collect()));
    Ok(dynamics)
}

/// Says of issues that they are of the earlier study.
pub fn about_earlier(issues: Vec<Issue>) -> Vec<Issue> {
    issues.into_iter().map(Issue::of_earlier_study).collect()
}

/// The most that this process has held of the machine's memory, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
}
