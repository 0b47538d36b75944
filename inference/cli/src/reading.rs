//! Reads a folder, an archive or a single file, DICOM or NIfTI, into one study's volume.

mod nifti;

pub use nifti::{is_nifti, read_mask};

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use corsai_language::{Argument, message};
use corsai_protocol::SeriesSummary;
use corsai_report::{Found, Issue, IssueCode, Severity};
use corsai_study::{DecodedVolume, Intake, Limits, START_BYTES, Series, SeriesList, VolumeDecoder};
use corsai_volume::HuVolume;

use crate::{arguments::StudyArgument, console::message, error::CliError, locale::language};

/// Depth to which nested folders are searched; no archive nests studies deeper.
const MAX_DEPTH: usize = 16;

/// A study, ready to be measured.
#[derive(Debug)]
pub struct Study {
    /// The series that was decoded.
    pub series: SeriesSummary,
    /// Its voxels.
    pub volume: Arc<HuVolume>,
    /// Issues of the files, of the series and of its slices.
    pub issues: Vec<Issue>,
    /// Time from the first byte read to the volume, s.
    pub seconds: f64,
}

/// Reads a study and decodes the named series. Without a name it is the first that can be measured,
/// in the order of `corsai-study`: lung kernels come first.
///
/// # Errors
/// The issues that leave nothing to measure, one of them of severity [`Severity::Stop`].
pub fn read_study(study: &StudyArgument) -> Result<Study, Vec<Issue>> {
    let begun = Instant::now();
    let _reading = tracing::info_span!("read study").entered();
    let files = list_files(&study.path);
    let SeriesList { issues, series } = read_files(&study.path, &files).finish();
    tracing::info!(
        series = series.len(),
        issues = issues.len(),
        seconds = begun.elapsed().as_secs_f64(),
        "files sorted"
    );
    let (chosen, mut issues) = choose(&series, study.series, issues)?;
    let summary = chosen.summary().clone();
    let decoding = Instant::now();
    match chosen.decoder().and_then(|decoder| decode(decoder, &files)) {
        Ok(decoded) => {
            let SeriesSummary { slices, rows, columns, .. } = summary;
            tracing::info!(slices, rows, columns, seconds = decoding.elapsed().as_secs_f64(), "slices decoded");
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

/// Decodes a series. Files that were too many to be held are read again.
///
/// # Errors
/// The issues that leave nothing to measure.
fn decode(mut decoder: VolumeDecoder, files: &[PathBuf]) -> Result<DecodedVolume, Vec<Issue>> {
    for index in decoder.released_files() {
        let file = files.get(index).expect("invariant: files are numbered in the order of the list");
        match read(file, Limits::native().bytes) {
            Ok(bytes) => drop(decoder.decode_file(index, bytes)),
            // The slice stays undecoded, and the report names its file.
            Err(error) => tracing::warn!(kind = %error.kind(), "a file can't be read again"),
        }
    }
    decoder.finish()
}

/// Returns the series with a number, counted from 1, else the first that can be measured, and the
/// issues with those of the choice.
///
/// # Errors
/// The issues of the files and of all series, one of them of severity [`Severity::Stop`].
fn choose(
    series: &[Series],
    number: Option<usize>,
    mut issues: Vec<Issue>,
) -> Result<(&Series, Vec<Issue>), Vec<Issue>> {
    let total = series.len() as u64;
    let index = match number {
        None => {
            let first = series.iter().position(|one| one.summary().usable);
            let several = series.iter().filter(|one| one.summary().usable && !one.is_left_out()).count() > 1;
            if let Some(index) = first.filter(|_| several) {
                let taken = Found::SeriesTaken { number: index as u64 + 1, total };
                issues.push(Issue::new(IssueCode::SeriesSeveral, [taken]));
            }
            first
        }
        Some(number) if number > series.len() && !series.is_empty() => {
            let asked = Found::SeriesNumber { number: number as u64, total };
            issues.push(Issue::new(IssueCode::SeriesNotThere, [asked]));
            return Err(issues);
        }
        Some(number) => Some(number - 1),
    };
    if let Some(chosen) = index.and_then(|index| series.get(index)) {
        return Ok((chosen, issues));
    }
    for issue in series.iter().flat_map(|one| &one.summary().issues) {
        if !issues.contains(issue) {
            issues.push(issue.clone());
        }
    }
    if issues.iter().all(|issue| issue.severity != Severity::Stop) {
        issues.push(Issue::new(IssueCode::InputNothing, []));
    }
    Err(issues)
}

/// Lists the series of a study on standard output. Returns whether one can be measured.
///
/// # Errors
/// [`CliError::Output`].
pub fn list_series(path: &Path) -> Result<bool, CliError> {
    let SeriesList { issues, series } = read_files(path, &list_files(path)).finish();
    let mut out = io::stdout();
    for (number, one) in (1..).zip(series.iter().map(Series::summary)) {
        writeln!(out, "{number}  {}", describe(one))?;
        for issue in &one.issues {
            writeln!(out, "   [{}] {}", issue.code.as_str(), language().issue(issue))?;
        }
    }
    for issue in &issues {
        message(format_args!("[{}] {} {}", issue.code.as_str(), language().issue(issue), issue.files.join(", ")));
    }
    Ok(series.iter().any(|one| one.summary().usable))
}

/// Describes a series in one line.
fn describe(series: &SeriesSummary) -> String {
    let language = language();
    let mm = |id: &str, mm: Option<f64>| mm.map(|mm| message!(language, id, distance = Argument::decimal(mm, 2)));
    let description = match series.description.as_str() {
        "" => language.text("listed-no-description"),
        description => format!("\"{description}\""),
    };
    let size = message!(
        language,
        "listed-size",
        slices = series.slices,
        columns = series.columns.to_string(),
        rows = series.rows.to_string()
    );
    let parts = [
        Some(language.text(if series.usable { "listed-usable" } else { "listed-unusable" })),
        Some(description),
        Some(series.modality.clone()).filter(|modality| !modality.is_empty()),
        Some(size),
        mm("listed-spacing", series.spacing_mm),
        mm("listed-thickness", series.thickness_mm),
        Some(series.date.clone().unwrap_or_else(|| language.text("listed-no-date"))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Reads the listed files of the study at a path; their bytes are looked through in turn. Of files
/// that are too many to be held, only the first bytes are read.
fn read_files(path: &Path, files: &[PathBuf]) -> Intake {
    let limits = Limits::native();
    let mut intake = Intake::new(limits);
    let all_bytes: u64 = files.iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum();
    let by_start = all_bytes > limits.bytes;
    let (mut count, mut total_bytes) = (0_usize, 0_usize);
    for file in files {
        let name = file.strip_prefix(path).ok().filter(|name| name.file_name().is_some()).unwrap_or(file);
        let name = name.to_string_lossy();
        if by_start && matches!(add_start(&mut intake, &name, file), Ok(true)) {
            count += 1;
            continue;
        }
        match read(file, limits.bytes) {
            Ok(bytes) => {
                (count, total_bytes) = (count + 1, total_bytes + bytes.len());
                intake.add(&name, bytes);
            }
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a file can't be read");
                intake.add_unreadable(&name);
            }
        }
    }
    for index in intake.undecided() {
        let file = files.get(index).expect("invariant: files are numbered in the order of the list");
        match read(file, limits.bytes) {
            Ok(bytes) => intake.complete(index, bytes),
            // Its images are taken for different ones.
            Err(error) => tracing::warn!(kind = %error.kind(), "a file can't be read again"),
        }
    }
    tracing::info!(files = count, bytes = total_bytes, by_start, "files read");
    intake
}

/// Adds a file by its first bytes. Returns whether they were enough.
///
/// # Errors
/// Those of the file system.
fn add_start(intake: &mut Intake, name: &str, path: &Path) -> io::Result<bool> {
    let file = fs::File::open(path)?;
    let size = file.metadata()?.len();
    let mut start = Vec::new();
    for bytes in START_BYTES.into_iter().filter(|bytes| *bytes < size) {
        let missing = bytes.saturating_sub(start.len() as u64);
        (&file).take(missing).read_to_end(&mut start)?;
        if intake.add_start(name, start.clone(), size) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the files of a study, sorted: those below a folder, or the file itself.
pub fn list_files(path: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if path.is_dir() {
        collect_files(path, MAX_DEPTH, &mut files);
        files.sort();
    } else {
        files.push(path.to_path_buf());
    }
    files
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::InvalidInput`] if it is no plain file, or larger.
fn read(file: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(file)?;
    let allowed = metadata.is_file() && metadata.len() <= limit;
    if allowed { fs::read(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Collects the files below a folder. Links to folders aren't followed, because they may form a
/// cycle. Such a link, or a folder that can't be read, is listed like a file: reading it fails, and
/// the report names it.
fn collect_files(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
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
            Ok(kind) if kind.is_dir() && depth > 0 => collect_files(&path, depth - 1, files),
            _ => files.push(path),
        }
    }
}
