//! NIfTI-1 files (`.nii`, `.nii.gz`): read into the order in which every volume here is kept, and
//! written.
//!
//! The crate `nifti` does not do for three reasons. Its writer sets `scl_slope` to 1, so that it
//! can't store fixed-point numbers. Its reader holds the file's bytes, the decoded values and the
//! array at once, several times the volume. It takes negative sizes for large ones, a file for
//! compressed by its name, and does not check the header's own size. What is left of it is the
//! header, 348 bytes. The tests let that crate read what is written here.
//!
//! Nothing here panics on a file, and nothing is allocated that a file merely declares.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod error;
mod geometry;
mod header;
mod read;
mod write;

pub use error::NiftiError;
pub use geometry::Geometry;
pub use header::DataType;
pub use read::{Image, Reader};
pub use write::{Voxel, write};
