//! One image of a file: its description, its header as a CT slice, and its Hounsfield units.

pub(crate) mod description;
pub(crate) mod file_image;
pub(crate) mod file_reader;
pub(crate) mod frame_decoder;
pub(crate) mod image_frame;
pub(crate) mod modality_lut;
mod nifti_slices;
pub(crate) mod person;
pub(crate) mod slice_header;
pub(crate) mod unit;
