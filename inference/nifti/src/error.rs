//! Why a file can't be used.

use thiserror::Error;

/// Why a NIfTI file can't be used, as half a sentence for a person.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum NiftiError {
    /// The file system reports an error.
    #[error("reading failed: {0}")]
    Io(std::io::ErrorKind),
    /// Neither byte order gives the header's size, or the magic word is missing.
    #[error("it is not a NIfTI-1 file")]
    NotNifti,
    /// `sizeof_hdr` is 540.
    #[error("it is a NIfTI-2 file")]
    Nifti2,
    /// Magic `ni1`.
    #[error("header and voxels are in two files (.hdr and .img)")]
    Pair,
    /// Fewer bytes than the header declares.
    #[error("the file ends before its data does")]
    Truncated,
    /// The gzip stream is broken.
    #[error("the compressed data is damaged")]
    Compression,
    /// A size of 0 or below, or a number of dimensions that isn't 1 to 7.
    #[error("its sizes can't be right: {0}")]
    Sizes(String),
    /// More than one volume.
    #[error("it has more than three dimensions: {0}")]
    Dimensions(String),
    /// Refused before anything is allocated.
    #[error("it is too large: {voxels} voxels, where {most} are the most")]
    TooLarge {
        /// Voxels that the header declares.
        voxels: u64,
        /// Voxels that the caller accepts.
        most: usize,
    },
    /// Colours, complex numbers, or an unknown code.
    #[error("its voxels are {0}")]
    Type(String),
    /// `scl_slope` or `scl_inter` is no finite number.
    #[error("its scale is not a number")]
    Scale,
    /// `xyzt_units` is neither unknown nor mm.
    #[error("its distances are not in millimetres")]
    Units,
    /// A spacing that is no number, zero or absurd.
    #[error("the distance between its voxels can't be right: {0}")]
    Spacing(String),
    /// Axes that aren't independent, or two orientations that differ.
    #[error("its orientation can't be right: {0}")]
    Orientation(&'static str),
    /// A voxel that the caller doesn't take.
    #[error("a voxel's value can't be right: {0}")]
    Value(String),
}
