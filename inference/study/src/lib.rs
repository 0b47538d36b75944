//! From bytes to one volume in Hounsfield units, with its geometry and every doubt met on the way.
//!
//! ```
//! use corsai_study::{Intake, Limits};
//!
//! let mut intake = Intake::new(Limits::default());
//! intake.add("notes.txt", b"no picture".to_vec());
//! let opened = intake.finish();
//! assert_eq!(opened.only_clean(), None);
//! for series in &opened.series {
//!     if let Ok(mut decoding) = series.begin() {
//!         for slice in decoding.order() {
//!             let _ = decoding.decode(slice); // a worker answers the page in between
//!         }
//!         let _volume = decoding.finish();
//!     }
//! }
//! ```
//!
//! The way of a file: [`Intake`] walks its header (`walk`), tells its pictures apart (`frames`),
//! reads the few elements that matter strictly (`value`, `image`) and groups by patient, study,
//! series and frame of reference. A series is a `stack` of parallel axial slices turned to one
//! canonical lie (`frame`), ordered and measured by position alone (`spacing`). [`Decoding`] takes
//! each picture through its codec (`codec`) and its own rescale (`transfer`), and ends in a
//! [`HuVolume`], unless the numbers can't be Hounsfield units (`plausible`). No file makes anything
//! here panic; nothing allocates what a file merely declares, knows a browser or a file system, or
//! puts a header's value into an issue.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod archive;
mod array;
mod codec;
mod coding;
mod decoding;
mod frame;
mod frames;
mod image;
mod intake;
mod picture;
mod plausible;
mod preview;
mod series;
mod spacing;
mod stack;
mod transfer;
mod value;
mod walk;

pub use array::{HuArray, hounsfield};
pub use coding::{Ahead, Coding, Task};
pub use decoding::{Damaged, Decoded, Decoding};
pub use image::Fault;
pub use intake::{Intake, Limits, Opened};
pub use picture::Picture;
pub use series::Series;
