//! From one volume to lung and lesion masks: preprocessing, the networks' jobs, the vote.
//!
//! [`Analysis`] hands out [`Job`]s (a network and its input) and takes probabilities back, in any
//! order and from any device: a GPU, workers of a page, threads. It knows neither tensors nor
//! devices, so a lost device or worker costs the jobs it held ([`Analysis::put_back`]) and nothing
//! else. The masks depend on the answers only, not on their order.
//!
//! `docs/method.md` describes the method with every constant and its source.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod analysis;
mod component_runs;
mod connected_components;
mod crop;
mod error;
pub mod golden;
mod hysteresis;
mod lesion_vote;
mod lung_extent;
mod lung_probabilities;
mod lung_segmentation;
mod multi_planar;
mod preprocessing;
mod projection;
mod resize;
mod slice_axis;
mod vote;

pub use analysis::{Analysis, Job, JobId, LesionProbabilities, Options};
pub use crop::{CropBox, PADDING_HU};
pub use error::EnsembleError;
pub use preprocessing::whole_volume;
pub use projection::SECTION_STEP;
