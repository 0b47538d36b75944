//! What an analysis found against a reference: overlap of masks, errors of volumes and shares,
//! agreement on CT-class and on the change between two studies; per study, over a cohort, and as
//! reports.
//!
//! Everything here is a function of its arguments: no file is read or written.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod cohort;
mod overlap;
pub mod report;
mod scores;
mod statistics;
mod truth;

pub use cohort::{Classes, Cohort, DynamicsOutcome, Error, Failure, MaskSummary, Outcome, Row, Sums, true_verdict};
pub use overlap::Overlap;
pub use scores::{Scores, TrueNumbers};
pub use statistics::{Agreement, Confusion, Summary, Weights};
pub use truth::{LungLabels, Truth, TruthError};
