//! The report, put together.

use corsai_protocol::{DISCLAIMER, Dynamics, Issue, Lungs, Report, Runs, StudyRecord};
use corsai_study::Grid;

/// What was measured: the grid's size, and the date (`YYYY-MM-DD`) of the series.
#[must_use]
pub fn record(date: Option<String>, grid: &Grid) -> StudyRecord {
    let volume = grid.summary();
    StudyRecord {
        date,
        slices: volume.slices,
        rows: volume.rows,
        columns: volume.columns,
        voxel_mm: [volume.row_mm, volume.column_mm, volume.slice_mm],
    }
}

/// Numbers, with every doubt met on the way to them.
#[must_use]
pub fn report(study: StudyRecord, lungs: Lungs, dynamics: Option<Dynamics>, issues: Vec<Issue>, runs: Runs) -> Report {
    Report { format: 1, disclaimer: DISCLAIMER.into(), study, lungs: Some(lungs), dynamics, issues, runs }
}

/// No numbers, and why. `study` is what is known of it: nothing, unless a series was decoded.
#[must_use]
pub fn refusal(study: StudyRecord, issues: Vec<Issue>, runs: Runs) -> Report {
    Report { format: 1, disclaimer: DISCLAIMER.into(), study, lungs: None, dynamics: None, issues, runs }
}
