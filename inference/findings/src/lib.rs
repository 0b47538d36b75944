//! From masks to numbers: volumes and shares of the lungs, CT-class, what is doubtful about them, and the change
//! between two studies (`networks.md` §5 and §6); put together, the [`corsai_report::Report`].
//!
//! Masks are one label byte a voxel (`corsai_volume::label`) on the study's own grid, so a volume is a count of
//! voxels times what each of them stands for; nothing here knows how the masks came about.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod class;
mod doubts;
mod dynamics;
mod measure;
mod report;
mod tally;

pub use class::ct_class;
pub use doubts::doubts;
pub use dynamics::{Measured, compare, same_instances, verdict};
pub use measure::{measure, possible, spread};
pub use report::{record, refusal, report};

/// A side with less than this is no lung but a stray part of a mask, mL: a hundredth of an adult's lung, less than a
/// healthy lung has on two slices of 5 mm. It has no share and no class, so that noise can't raise the study's class.
const LEAST_LUNG_ML: f64 = 50.0;
