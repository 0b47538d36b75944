//! Assembles the report.

use corsai_report::{Dynamics, Issue, Lungs, Report, Runs, StudyRecord};
use corsai_volume::Grid;

/// Returns a study's entry in the report: the grid's size, and the date (`YYYY-MM-DD`) of the
/// series.
#[must_use]
pub fn study_record(date: Option<String>, grid: &Grid) -> StudyRecord {
    let count = |number: usize| u32::try_from(number).expect("invariant: sides and slices are fewer than 2³²");
    StudyRecord {
        date,
        slices: count(grid.slices()),
        rows: count(grid.rows()),
        columns: count(grid.columns()),
        voxel_mm: [grid.row_mm(), grid.column_mm(), grid.slice_mm()],
    }
}

/// Returns a report with numbers, and every issue met on the way to them.
#[must_use]
pub fn report(study: StudyRecord, lungs: Lungs, dynamics: Option<Dynamics>, issues: Vec<Issue>, runs: Runs) -> Report {
    Report { format: Report::FORMAT, disclaimer: None, study, lungs: Some(lungs), dynamics, issues, runs }
}

/// Returns a report without numbers; its issues say why, the gravest first. `study` is the default
/// unless a series was decoded.
#[must_use]
pub fn refusal(study: StudyRecord, mut issues: Vec<Issue>, runs: Runs) -> Report {
    issues.sort_by_key(|issue| std::cmp::Reverse(issue.severity));
    Report { format: Report::FORMAT, disclaimer: None, study, lungs: None, dynamics: None, issues, runs }
}

#[cfg(test)]
mod tests {
    use corsai_report::IssueCode;

    use super::*;

    #[test]
    fn a_refusal_names_the_gravest_issue_first() {
        let codes = [IssueCode::FileDuplicate, IssueCode::FileNotDicom, IssueCode::SeriesTooFew, IssueCode::FileEmpty];
        let issues = codes.map(|code| Issue::new(code, [])).to_vec();
        let found = refusal(StudyRecord::default(), issues, Runs::default());
        let order: Vec<&str> = found.issues.iter().map(|issue| issue.code.as_str()).collect();
        assert_eq!(order, ["series.too-few", "file.not-dicom", "file.empty", "file.duplicate"]);
        assert_eq!(found.lungs, None);
    }
}
