//! A synthetic chest CT with known truth: for tests, for the page's demonstration, and for the
//! end-to-end check.
//!
//! The chest is a set of solids in millimetres (`anatomy`, `signed_distance`) with vessels and
//! bronchi grown into its lungs (`branching_trees`). `render` paints it slice by slice, with a
//! chosen share of each lung diseased (`lesions`) and a scanner's noise (`noise`); `dicom` writes
//! the files. A seed is a patient: anatomy and the places where disease begins depend on nothing
//! else, so that two dates of one seed are two visits. The phantom is no model of a body's physics.
//!
//! ```
//! use corsai_phantom::{Phantom, PhantomOptions};
//!
//! let options = PhantomOptions {
//!     share_left: 0.1,
//!     share_right: 0.3,
//!     columns: 64,
//!     slices: 31,
//!     ..Default::default()
//! };
//! let phantom = Phantom::generate(options)?;
//! assert!((phantom.truth().right.share - 0.3).abs() < 0.002);
//! assert_eq!(phantom.dicom_files().count(), 31);
//! # Ok::<(), corsai_phantom::PhantomError>(())
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod anatomy;
mod branching_trees;
mod dicom;
mod lesions;
mod noise;
mod phantom;
mod render;
mod signed_distance;

pub use phantom::{LungTruth, Phantom, PhantomError, PhantomOptions, Truth};
