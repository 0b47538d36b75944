//! The public report: the numbers of one study, and every issue met on the way to them.
//!
//! A leaf crate. The page exports a [`Report`], the command line writes it as JSON
//! (`report.schema.json`). An [`Issue`] is a code with typed arguments; its sentences are in the
//! crate `corsai-language`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod found;
mod issue;
mod report;
mod tier;

pub use found::{Counted, End, Found, Identifier, PictureSide, Reason, Side, StudyOrder};
pub use issue::{Issue, IssueCode, Severity};
pub use report::{
    Basis, Dynamics, LungFinding, Lungs, Members, NetworkRuns, NoVerdict, Report, Runs, Scale, ShareBounds,
    ShareChange, StudyRecord, Verdict,
};
pub use tier::Tier;
