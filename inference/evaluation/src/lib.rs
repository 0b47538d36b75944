//! Compares an analysis with a reference: overlap of masks, errors of volumes and shares, agreement
//! on CT-class and on the change between two studies; per study, over a cohort, and as reports.
//!
//! Everything here is a function of its arguments: no file is read or written.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::float_cmp))]

mod evaluation;
mod overlap;
mod reference;
pub mod report;
mod scores;
mod statistics;

pub use evaluation::{
    ClassAgreement, CohortSummary, DynamicsComparison, Evaluation, Failure, MaskSummary, Provenance, QuantityAgreement,
    StudyOutcome, StudyRow, reference_verdict,
};
pub use overlap::Overlap;
pub use reference::{LungLabels, MaskError, ReferenceMasks};
pub use scores::{ReferenceValues, Scores};
pub use statistics::{BlandAltman, ConfusionMatrix, KappaWeights, SummaryStatistics};
