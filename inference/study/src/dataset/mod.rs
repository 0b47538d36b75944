//! DICOM data sets: from a file's bytes to its attributes, pixel data and frames.

pub(crate) mod attributes;
pub(crate) mod frames;
pub(crate) mod image_size;
pub(crate) mod reader;
pub(crate) mod value_parsing;
