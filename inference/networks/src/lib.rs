//! The paper's networks as Burn modules, and the format their weights come in.
//!
//! A [`Network`] is built from a manifest entry and the bytes of its parts; it maps a batch of prepared inputs to
//! probabilities on whichever [`burn::tensor::Device`] it was built for. What an input is made of (normalisation,
//! regions, projections) is `ensemble`'s business; the vote as well.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod dpn;
mod efficientnet;
mod fpn;
pub mod golden;
mod layers;
mod made_up;
mod network;
mod pack;
mod resnet;
pub mod shipped;
mod startup;
mod unet;

pub use corsai_kernels::Precision;
pub use network::{Network, Place, Shape, read_manifest};
pub use pack::{PackError, Weights};
pub use startup::{MAX_TASKS, run_static_constructors};

use corsai_manifest::{Family, Manifest};
use corsai_report::IssueCode;
use thiserror::Error;

/// Why a network can't be built or used. No variant holds anything of a study.
#[derive(Debug, Error)]
pub enum NetworkError {
    #[error("the weights can't be read: {0}")]
    Pack(#[from] PackError),
    #[error("the manifest's format {0} is not {expected}", expected = Manifest::FORMAT)]
    Format(u32),
    #[error("the manifest lists more than {most} members of the family {0:?}", most = Manifest::MOST_MEMBERS)]
    Oversized(Family),
    #[error("part {index} has {found} bytes and not {expected}, or another SHA-256 than the manifest's")]
    Part { index: usize, found: usize, expected: u64 },
    #[error("{found} parts and not {expected}")]
    Parts { found: usize, expected: usize },
    #[error("an input of {found} values was given and one of {expected} expected")]
    Input { found: usize, expected: usize },
    #[error("the device gave no answer: {0}")]
    Device(String),
    #[error("the answer holds values that are not numbers")]
    NonFinite,
    #[error("the network {name} has an input of {size} × {size} pixels, and {size} is no multiple of 32")]
    InputSize { name: String, size: usize },
}

impl NetworkError {
    /// The issue that a refused study bears for it.
    #[must_use]
    pub const fn code(&self) -> IssueCode {
        match self {
            Self::Pack(_) | Self::Format(_) | Self::Oversized(_) | Self::Part { .. } | Self::Parts { .. } => {
                IssueCode::WeightsCorrupt
            }
            Self::NonFinite => IssueCode::ModelNonFinite,
            Self::Input { .. } | Self::Device(_) => IssueCode::ResultWithheld,
            Self::InputSize { .. } => IssueCode::WeightsCorrupt,
        }
    }
}
