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
mod codec;
mod dataset;
mod frame_decoder;
mod geometry;
mod hu_array;
mod hu_check;
mod image;
mod image_frame;
mod intake;
mod modality_lut;
mod preview_image;
mod series;
mod stack;
<<<<<<< HEAD
mod volume;
mod volume_decoder;
=======
mod transfer;
mod value;
mod walk;
>>>>>>> main

pub use frame_decoder::{Ahead, Coding, Task};
pub use hu_array::{HuArray, hounsfield};
pub use image::Fault;
pub use image_frame::Picture;
pub use intake::{Intake, Limits, Opened};
pub use series::Series;
<<<<<<< HEAD
pub use volume::{Grid, HuVolume};
pub use volume_decoder::{Damaged, Decoded, Decoding};
=======
>>>>>>> main
