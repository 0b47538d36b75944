//! A CT volume in Hounsfield units, the grid of its voxels, and the bits of its label bytes.
//!
//! A leaf crate: it knows no file format, no network and no browser. Spacings are finite and above
//! 0, and all sizes agree, from the moment a [`Grid`] or a [`HuVolume`] exists.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod grid;
mod hu_volume;
pub mod label;
mod lung;

pub use grid::{Grid, GridGeometry, VolumeError, median_gap, spacing_tolerance};
pub use hu_volume::HuVolume;
pub use lung::{AERATED_HU, RightLeft};
