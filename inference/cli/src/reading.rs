//! A folder, an archive or a single file, read into one study's volume.

mod nifti;

pub use nifti::{is_nifti, mask};

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use corsai_protocol::SeriesSummary;
use corsai_report::{Found, Issue, IssueCode, Severity, text};
use corsai_study::{Intake, Limits, SeriesList};
use corsai_volume::HuVolume;

use crate::arguments::Chosen;

/// Folders within folders are looked into this deep; no archive nests studies deeper.
const MAX_DEPTH: usize = 16;

/// A study, ready to be measured.
#[derive(Debug)]
pub struct Study {
    pub series: SeriesSummary,
    pub volume: Arc<HuVolume>,
    /// Of the files that were passed over, of the series and of its pictures.
    pub issues: Vec<Issue>,
    /// From the first byte read to the volume.
    pub seconds: f64,
}

/// Reads a study and decodes the series that is named, else the first of those that can be
/// measured: `study` puts the ones of the lungs first, as the paper does.
///
/// # Errors
/// Why there is nothing to measure; one of the issues is of severity [`Severity::Stop`].
pub fn open(study: &Chosen) -> Result<Study, Vec<Issue>> {
    let begun = Instant::now();
    if is_nifti(&study.path) {
        let (series, decoded) = nifti::study(study)?;
        let volume = Arc::new(decoded.volume);
        return Ok(Study { series, volume, issues: decoded.issues, seconds: begun.elapsed().as_secs_f64() });
    }
    let SeriesList { mut issues, series } = take_in(&study.path).finish();
    let several = series.iter().filter(|one| one.summary().usable).count() > 1;
    let chosen = match study.series {
        None => {
            let first = series.iter().position(|one| one.summary().usable);
            if let Some(index) = first.filter(|_| several) {
                let taken = Found::SeriesTaken { number: index as u64 + 1, total: series.len() as u64 };
                issues.push(Issue::new(IssueCode::SeriesSeveral, [taken]));
            }
            first
        }
        Some(number) if number > series.len() && !series.is_empty() => {
            let asked = Found::SeriesNumber { number: number as u64, total: series.len() as u64 };
            issues.push(Issue::new(IssueCode::SeriesNotThere, [asked]));
            return Err(issues);
        }
        Some(number) => series.get(number - 1).map(|_| number - 1),
    };
    let Some(chosen) = chosen.map(|index| &series[index]) else {
        for issue in series.iter().flat_map(|one| &one.summary().issues) {
            if !issues.contains(issue) {
                issues.push(issue.clone());
            }
        }
        if issues.iter().all(|issue| issue.severity != Severity::Stop) {
            issues.push(Issue::new(IssueCode::InputNothing, []));
        }
        return Err(issues);
    };
    let summary = chosen.summary().clone();
    match chosen.decoder().and_then(corsai_study::VolumeDecoder::finish) {
        Ok(decoded) => {
            issues.extend(decoded.issues);
            let volume = Arc::new(decoded.volume);
            Ok(Study { series: summary, volume, issues, seconds: begun.elapsed().as_secs_f64() })
        }
        Err(more) => {
            issues.extend(more);
            Err(issues)
        }
    }
}

/// Lists the series of a study on standard output; whether one can be measured.
///
/// # Errors
/// Where the list can't be written.
pub fn list_series(path: &Path) -> io::Result<bool> {
    let (issues, series) = if is_nifti(path) {
        nifti::listed(path)
    } else {
        let SeriesList { issues, series } = take_in(path).finish();
        (issues, series.iter().map(|one| one.summary().clone()).collect())
    };
    let mut out = io::stdout();
    for (number, one) in (1..).zip(&series) {
        writeln!(out, "{number}  {}", line(one))?;
        for issue in &one.issues {
            writeln!(out, "   [{}] {}", issue.code.as_str(), text::message(issue))?;
        }
    }
    for issue in &issues {
        eprintln!("[{}] {} {}", issue.code.as_str(), text::message(issue), issue.files.join(", "));
    }
    Ok(series.iter().any(|one| one.usable))
}

/// What tells a series from others.
fn line(series: &SeriesSummary) -> String {
    let SeriesSummary { slices, rows, columns, .. } = series;
    let can = if series.usable { "can be measured" } else { "can't be measured" };
    let mm = |what: &str, mm: Option<f64>| mm.map(|mm| format!("{what} {mm:.2} mm"));
    let description = match series.description.as_str() {
        "" => "no description".into(),
        description => format!("\"{description}\""),
    };
    let parts = [
        Some(can.into()),
        Some(description),
        Some(series.modality.clone()).filter(|modality| !modality.is_empty()),
        Some(format!("{slices} slices of {columns} × {rows}")),
        mm("every", series.spacing_mm),
        mm("thickness", series.thickness_mm),
        Some(series.date.clone().unwrap_or_else(|| "no date".into())),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn take_in(path: &Path) -> Intake {
    let limits = Limits::default();
    let mut intake = Intake::new(limits);
    for file in files(path) {
        let name = file.strip_prefix(path).ok().filter(|name| name.file_name().is_some()).unwrap_or(&file);
        let name = name.to_string_lossy();
        match read(&file, limits.bytes) {
            Ok(bytes) => intake.add(&name, bytes),
            Err(_) => intake.add_unreadable(&name),
        }
    }
    intake
}

/// Returns the files of a study in a definite order: those below a folder, or the file itself.
pub fn files(path: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if path.is_dir() {
        list(path, MAX_DEPTH, &mut files);
        files.sort();
    } else {
        files.push(path.to_path_buf());
    }
    files
}

/// # Errors
/// Also for what is no plain file, or larger than a whole study may be.
fn read(file: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let about = fs::metadata(file)?;
    if about.is_file() && about.len() <= limit { fs::read(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Collects the files below a folder. Links to folders aren't followed, for they may lead in
/// circles. Such a link, or a folder that can't be read, is listed as if it were a file: it is then
/// named among the files that could not be read.
fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        files.push(folder.to_path_buf());
        return;
    };
    for entry in entries {
        let Ok(entry) = entry else {
            files.push(folder.to_path_buf());
            continue;
        };
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => list(&path, depth - 1, files),
            _ => files.push(path),
        }
    }
}
