//! Measures a study, and the change between two.

use std::{collections::BTreeMap, fs, sync::Arc, time::Instant};

use corsai_ensemble::Analysis;
use corsai_findings::{
    ComparedStudy, check_disagreement, check_domain, check_quality, compare, measure, refusal, report,
    set_member_range, study_record,
};
use corsai_manifest::Vote;
use corsai_protocol::SeriesSummary;
use corsai_report::{Dynamics, Issue, Report, Runs, Severity, Tier};

use crate::{inference_session::InferenceSession, reading::Study, thread_pool::Observer};

/// A measured study with its masks.
pub struct Measurement {
    /// The series and its volume.
    pub study: Study,
    /// The completed analysis with its masks.
    pub analysis: Analysis,
    /// The numbers, with every issue.
    pub report: Report,
}

/// Measures a study, on the CPU with `threads` threads.
///
/// # Errors
/// The report of a study that can't be measured.
pub fn measure_study(
    study: Study,
    session: &InferenceSession,
    threads: usize,
    observer: &mut dyn Observer,
) -> Result<Measurement, Box<Report>> {
    let begun = Instant::now();
    let grid = study.volume.grid();
    let (slices, rows, columns) = (grid.slices(), grid.rows(), grid.columns());
    let _measuring = tracing::info_span!("measure study", slices, rows, columns).entered();
    let mut issues = study.issues.clone();
    let options = session.options();
    let runs_before_analysis = || Runs {
        device: session.device_name(),
        tier: options.tier,
        full_run: options.full_run,
        paper_vote: options.vote == Some(Vote::PAPER),
        dpn_3d: options.dpn_3d,
        memory_bytes: peak_memory_bytes(),
        seconds: study.seconds + begun.elapsed().as_secs_f64(),
        ..Runs::default()
    };
    let analysis = match session.analyse(Arc::clone(&study.volume), threads, observer) {
        Ok(analysis) => analysis,
        Err(error) => {
            tracing::error!(%error, "the analysis failed");
            issues.push(error.issue());
            let record = study_record(study.series.date.clone(), grid);
            return Err(Box::new(refusal(record, issues, runs_before_analysis())));
        }
    };
    let labels = analysis.all_labels();
    issues.extend(session.issues());
    issues.extend(check_quality(&study.volume, labels));
    if let Some(validated) = &session.manifest().validated {
        issues.extend(check_domain(&study.volume, labels, validated));
    }
    let lung_slices = analysis.lung_slices();
    let all_slices = u32::try_from(slices).expect("invariant: a volume has fewer than 2³² slices");
    let runs = Runs {
        slices: lung_slices,
        slices_without_lung: all_slices.saturating_sub(lung_slices),
        networks: analysis.runs(),
        ..runs_before_analysis()
    };
    let record = study_record(study.series.date.clone(), grid);
    tracing::info!(lung_slices, issues = issues.len(), "findings");
    if issues.iter().any(|issue| issue.severity == Severity::Stop) {
        return Err(Box::new(refusal(record, issues, runs)));
    }
    let mut lungs = measure(grid, labels, true);
    set_member_range(&mut lungs, &analysis.members_ml());
    let validated = session.manifest().validated.as_ref();
    issues.extend(validated.and_then(|validated| check_disagreement(&lungs, analysis.tier(), validated)));
    let report = report(record, lungs, None, issues, runs);
    Ok(Measurement { study, analysis, report })
}

/// The parts of a measured study that a comparison uses.
#[derive(Debug, Clone, Copy)]
pub struct MeasuredSeries<'a> {
    /// The series.
    pub series: &'a SeriesSummary,
    /// Digest of its voxels.
    pub voxels_key: u64,
    /// Its report, which has numbers.
    pub report: &'a Report,
}

impl<'a> From<&'a Measurement> for MeasuredSeries<'a> {
    fn from(measurement: &'a Measurement) -> Self {
        let Measurement { study, report, .. } = measurement;
        Self { series: &study.series, voxels_key: study.volume.digest(), report }
    }
}

/// Returns the change between two studies, with the warnings of the earlier one.
///
/// # Errors
/// The issues that prevent the comparison.
pub fn compare_studies(
    earlier: MeasuredSeries<'_>,
    current: MeasuredSeries<'_>,
    same_patient: bool,
) -> Result<Dynamics, Vec<Issue>> {
    let answers =
        [earlier, current].map(|one| BTreeMap::<Tier, Report>::from([(one.report.runs.tier, one.report.clone())]));
    let [before, now] = [(earlier, &answers[0]), (current, &answers[1])].map(|(one, answers)| ComparedStudy {
        series: one.series,
        voxels_key: one.voxels_key,
        answers,
        refines: false,
    });
    let mut dynamics = compare(before, now, same_patient)
        .map_err(|error| vec![Issue::from(error).with_severity(Severity::Warning)])?;
    let warnings = earlier.report.issues.iter().filter(|issue| issue.severity >= Severity::Warning).cloned();
    dynamics.issues.extend(warnings.map(Issue::of_earlier_study));
    Ok(dynamics)
}

/// Returns the most memory that this process has used, bytes; `None` where the system doesn't tell.
fn peak_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
}
