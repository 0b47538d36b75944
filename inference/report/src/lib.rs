//! The public report: the numbers of one study, and every issue met on the way to them.
//!
//! A leaf crate. The page exports a [`Report`], the command line writes it as JSON
//! (`report.schema.json`), and [`issue`] holds the one table from code to sentence.

mod issue;
mod report;
mod tier;

pub use issue::{Issue, IssueCode, Severity};
pub use report::{
    Basis, DISCLAIMER, Dynamics, LungFinding, Lungs, Members, NetworkRuns, NoVerdict, Possible, Report, Runs, Scale,
    ShareChange, StudyRecord, Verdict,
};
pub use tier::Tier;
