//! The paper's networks on a CPU or a GPU, and the format of their weights.
//!
//! A [`Network`] is loaded from a manifest entry and the bytes of its parts. It maps a batch of
//! prepared inputs to probabilities. The crate `corsai-ensemble` prepares the inputs
//! (normalisation, regions, projections) and counts the vote.
//!
//! | module | content |
//! |---|---|
//! | `weights` | the file format `CORSAIW1` |
//! | `layers` | feature maps and layers, each for the CPU and the GPU |
//! | `efficientnet`, `resnet`, `dpn` | encoders |
//! | `fpn`, `unet` | decoders |
//! | `network` | one network from bytes to probabilities |
//! | [`golden`], [`shipped`] | known inputs with stored outputs; the networks of this build |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "tests compare exact values"))]

mod device_config;
mod dpn;
mod efficientnet;
mod error;
mod fpn;
pub mod golden;
mod layers;
mod manifest;
mod network;
mod random_weights;
mod resnet;
mod sha256;
mod shape;
pub mod shipped;
mod startup;
mod unet;
mod weights;

pub use corsai_kernels::Precision;
pub use device_config::DeviceConfig;
pub use error::NetworkError;
pub use manifest::read_manifest;
pub use network::Network;
pub use shape::NetworkShape;
pub use shipped::WeightParts;
pub use startup::{MAX_TASKS, run_static_constructors};
