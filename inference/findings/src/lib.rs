//! From masks to numbers: volumes and shares of the lungs, CT class, quality checks, the change
//! between two studies, and the [`corsai_report::Report`] of them all (`docs/method.md`, "Numbers",
//! "CT class" and "Dynamics").
//!
//! Masks are one label byte a voxel ([`corsai_volume::label`]) on the study's own grid, so a volume
//! is the number of voxels times a voxel's volume. The crate doesn't know how the masks were made.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod ct_class;
mod domain_checks;
mod dynamics;
mod error;
mod measure;
mod person_check;
mod quality_checks;
mod report;
mod voxel_counts;

pub use ct_class::ct_class;
pub use domain_checks::{check_disagreement, check_domain};
pub use dynamics::{ComparedStudy, compare, same_instances, verdict};
pub use error::FindingsError;
pub use measure::{measure, set_member_range, share_bounds};
pub use quality_checks::check_quality;
pub use report::{refusal, report, study_record};
