//! From one volume to lung and lesion masks: what each network shall see, and what its answers add up to.
//!
//! [`Analysis`] hands out [`Job`]s (a network and its input) and takes probabilities back, in any order and from
//! whoever computed them: a GPU, workers of a page, threads. It knows neither tensors nor devices, so a lost device or
//! worker costs the jobs it held ([`Analysis::put_back`]) and nothing else. The answer depends only on the answers to
//! the jobs, not on their order.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod analysis;
mod components;
mod cross;
pub mod golden;
mod hysteresis;
mod lesions;
mod lungs;
mod prepare;
mod resize;
mod vote;

pub use analysis::{Analysis, Job, JobId, LesionProbabilities, Options, RightLeft};

use corsai_manifest::Family;
use thiserror::Error;

/// Why an analysis can't begin or go on.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EnsembleError {
    #[error("the manifest lists no {0} network for this tier")]
    NoNetwork(&'static str),
    #[error("network {0} expects a region or projection its family doesn't have")]
    Unfit(String),
    #[error("the vote has more members of the family {0:?} than it can count")]
    Oversized(Family),
    #[error("an answer of {found} values was given and one of {expected} expected")]
    Answer { found: usize, expected: usize },
    #[error("a job was answered that isn't open: never handed out, answered already, or of an earlier pass")]
    UnknownJob,
}
