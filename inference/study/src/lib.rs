//! From bytes to one volume in Hounsfield units, with its geometry and every problem met on the
//! way.
//!
//! ```
//! use corsai_study::{Intake, Limits};
//!
//! let mut intake = Intake::new(Limits::default());
//! intake.add("notes.txt", b"no image".to_vec());
//! let list = intake.finish();
//! assert_eq!(list.only_usable(), None);
//! for series in &list.series {
//!     if let Ok(mut decoder) = series.decoder() {
//!         for slice in decoder.order() {
//!             // A worker answers the page in between.
//!             if let Err(error) = decoder.decode(slice) {
//!                 eprintln!("slice {slice}: {error}");
//!             }
//!         }
//!         let _volume = decoder.finish();
//!     }
//! }
//! ```
//!
//! Modules, each of which knows only those above it:
//!
//! | module | contents |
//! |---|---|
//! | `transfer_syntax`, `file_format`, `error`, `allocation`, `pixel_data` | data and errors |
//! | `archive` | archives in place of folders |
//! | `codec` | decoders of compressed frames |
//! | `dataset` | data set parser, values, frames of a file |
//! | `geometry` | orientation, distances of slices |
//! | `image` | one image: description, slice header, modality LUT, frame decoder |
//! | `issues` | issues for people, made of errors |
//! | `series` | slices, stack, volume decoder, entry in the list |
//! | [`Intake`] | dropped files |
//!
//! No file makes this crate panic. Nothing allocates a size that a file merely declares, knows a
//! browser or a file system, or puts a header's value into an issue or a log line.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod allocation;
mod archive;
mod codec;
mod dataset;
mod error;
mod file_format;
mod geometry;
mod image;
mod intake;
mod issues;
mod pixel_data;
mod series;
mod transfer_syntax;

pub use error::{CodecError, FileError, SliceError, StudyError};
pub use file_format::{ArchiveFormat, ImageFormat};
pub use image::frame_decoder::{DecodeJob, FrameDecoder, Prefetched};
pub use image::image_frame::ImageFrame;
pub use intake::{Intake, Limits, START_BYTES, SeriesList};
pub use series::decoded_volume::DecodedVolume;
pub use series::entry::Series;
pub use series::volume_decoder::VolumeDecoder;
pub use transfer_syntax::UnsupportedSyntax;
