//! Why an input can't be used, from the file down to the compressed frame.
//!
//! Errors keep what was found as sizes and counts, never a header's value. Issues for people are
//! made of them in `issues`.

use corsai_volume::VolumeError;
use serde::{Deserialize, Serialize};

use crate::file_format::{ArchiveFormat, ImageFormat};
use crate::transfer_syntax::UnsupportedSyntax;

/// Why nothing of a file can be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum FileError {
    /// Shorter than a preamble and its mark.
    #[error("the file is too short")]
    Empty,
    /// Neither mark nor elements.
    #[error("the file is not DICOM")]
    NotDicom,
    /// The file or its deflated data set ends early.
    #[error("the file ends within an element")]
    Truncated,
    /// A declared length is larger than the rest of the file, or the data set inflates to too much.
    #[error("an element is longer than the rest of the file")]
    BadLength,
    /// Sequences are nested beyond a limit.
    #[error("sequences are nested too deeply")]
    TooNested,
    /// Elements out of place, or one element twice with two values.
    #[error("elements are out of place")]
    Header,
    /// There are no pixel data.
    #[error("the file has no pixel data")]
    NoPixels,
    /// The index of a disc (PS3.3 F.3) with the number of images that it lists.
    #[error("the file is a directory of {0} images")]
    Directory(usize),
    /// The file could not be read from where it is stored.
    #[error("the file can't be read")]
    Unreadable,
    /// The file alone has more bytes than can be held.
    #[error("the file has more than {0} bytes")]
    TooLarge(u64),
    /// The archive can't be opened, or a file in it can't be unpacked.
    #[error("the archive is damaged")]
    BadArchive,
    /// The archive is in too many others.
    #[error("archives are nested too deeply")]
    NestedArchive,
    /// The file can't be unpacked without a password.
    #[error("the archive is encrypted")]
    Encrypted,
    /// An archive of a kind that isn't opened.
    #[error("the archive is not opened: {}", .0.name())]
    UnsupportedArchive(ArchiveFormat),
    /// Images in a format that isn't read.
    #[error("the file is not read: {}", .0.name())]
    OtherFormat(ImageFormat),
    /// A NIfTI file that can't be used, with the reason.
    #[error("the NIfTI file can't be used: {0}")]
    Nifti(String),
    /// A NIfTI file with more voxels than can be held, with the reason.
    #[error("the NIfTI file is too large: {0}")]
    NiftiTooLarge(String),
    /// A NIfTI file of 8 bits a voxel.
    #[error("the NIfTI file has 8 bits a voxel")]
    NiftiEightBit,
}

/// Why a frame can't be decoded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
pub enum CodecError {
    /// The transfer syntax isn't read.
    #[error("the transfer syntax is not read: {}", .0.name())]
    UnsupportedSyntax(UnsupportedSyntax),
    /// The stream uses a feature of its standard that isn't read.
    #[error("the stream uses a feature that is not read")]
    Unsupported,
    /// The stream contradicts its standard, or ends early.
    #[error("the stream is damaged")]
    Damaged,
    /// The decoder refused the stream, with the decoder's message.
    #[error("the decoder refused the stream: {0}")]
    Decoder(String),
    /// The worker that decoded the frame ended.
    #[error("the decoder broke off")]
    BrokeOff,
    /// Stream and file header disagree about rows and columns.
    #[error("the stream has another size than the file's header")]
    Size,
    /// Stream and file header disagree about the bits of a sample.
    #[error("the stream has another bit depth than the file's header")]
    Depth,
    /// Eight bits can't hold Hounsfield units.
    #[error("the stream has 8 bits a sample")]
    EightBit,
    /// Samples below 0 in an image that the file header calls unsigned.
    #[error("the stream has negative samples and the file's header has none")]
    Sign,
    /// There is no memory for the frame.
    #[error("there is no memory for the frame")]
    Memory,
}

/// Why a slice can't be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
pub enum SliceError {
    /// Rows, columns or the bits of a pixel are missing.
    #[error("a number that describes the image is missing")]
    MissingNumber,
    /// No CT has an image of this size.
    #[error("the image has {columns} × {rows} pixels")]
    Size {
        /// Height.
        rows: usize,
        /// Width.
        columns: usize,
    },
    /// No CT stores its pixels in this way.
    #[error("{stored} bits are stored in {allocated}")]
    BitDepth {
        /// Bits Stored (0028,0101).
        stored: u16,
        /// Bits Allocated (0028,0100).
        allocated: u16,
    },
    /// A colour image.
    #[error("a pixel has several samples")]
    SeveralSamples,
    /// A localiser, a derived or a secondary image, or no CT.
    #[error("the image is not an original CT slice")]
    NotOriginal,
    /// Image Position or Image Orientation is missing or unreadable.
    #[error("position or orientation can't be read")]
    NoPosition,
    /// The direction cosines are neither of unit length nor at right angles.
    #[error("the direction cosines are no rotation")]
    NoRotation,
    /// Pixel Spacing is missing or unreadable.
    #[error("the pixel spacing can't be read")]
    NoPixelSpacing,
    /// The file ends within the pixel data.
    #[error("the file ends within the pixel data")]
    Truncated,
    /// A Modality LUT Sequence (0028,3000) in place of slope and intercept.
    #[error("a table is in place of slope and intercept")]
    ModalityLutSequence,
    /// A Rescale Type (0028,1054) other than HU.
    #[error("the unit is not HU")]
    OtherUnit,
    /// Slope or intercept is missing, unreadable or not rising.
    #[error("slope or intercept can't be read")]
    Rescale,
    /// A multi-frame file that doesn't describe each of its frames.
    #[error("functional groups describe {described} frames, which is not their number")]
    FramesNotDescribed {
        /// Items of the Per-frame Functional Groups Sequence.
        described: usize,
    },
    /// A multi-frame file without frames.
    #[error("there are no pixel data")]
    NoPixelData,
    /// The slice's file is to be read again, or has changed since its header was read.
    #[error("the slice's file was not read again")]
    FileNotRead,
    /// Rows and columns enclose another angle than 90°.
    #[error("rows and columns are not at right angles")]
    SkewedAxes,
    /// The series has no slice of this number.
    #[error("the series has no such slice")]
    NoSuchSlice,
    /// The frame can't be decoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// Gaps in which slices are missing.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{missing} of {all}; the widest gap is {widest_mm:.1} mm, after slice {after}")]
pub struct MissingSlices {
    /// Slices that are missing.
    pub missing: usize,
    /// Slices that are there or missing.
    pub all: usize,
    /// The widest gap between neighbours.
    pub widest_mm: f64,
    /// The slice below the widest gap, counted from the feet and from 1, as the viewer does.
    pub after: usize,
}

/// Why slices make no volume.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeometryError {
    /// Fewer slices than a chest has.
    #[error("{slices} slices, at least {needed} are needed")]
    TooFew {
        /// Slices that are there.
        slices: usize,
        /// Slices that are needed.
        needed: usize,
    },
    /// All slices are at one place.
    #[error("all slices are at one place")]
    SingleLocation,
    /// Places that have more than one slice.
    #[error("{0} places have more than one slice")]
    Overlapping(usize),
    /// Slices of several acquisitions, reconstructions or sizes, none of which shows the whole
    /// lungs.
    #[error("no part of the mixed slices shows the whole lungs")]
    Mixed,
    /// The distances of slices differ too much.
    #[error("the distances are {least_mm:.2} to {most_mm:.2} mm")]
    Uneven {
        /// Smallest distance of neighbours.
        least_mm: f64,
        /// Largest distance of neighbours.
        most_mm: f64,
    },
    /// Too many slices are missing, or too many in one place.
    #[error("slices are missing: {0}")]
    Missing(MissingSlices),
    /// Slices are shifted sideways against one another.
    #[error("slices are shifted sideways")]
    Shifted,
    /// Normals are more than 20° from the patient's axis.
    #[error("the slices are not axial")]
    NotAxial,
    /// Slices of several directions, none of which has most of them.
    #[error("the slices are not parallel")]
    NotParallel,
    /// Different images bear one SOP Instance UID.
    #[error("{clashes} images bear the identifier of another image")]
    IdentifierClash {
        /// Images whose identifier another image has.
        clashes: usize,
        /// Names of some of the files, for the screen.
        files: Vec<String>,
    },
    /// Sizes or distances make no grid.
    #[error(transparent)]
    Grid(#[from] VolumeError),
}

/// Why a file shows nothing: the file as a whole, or its frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StudyError {
    /// Nothing of the file can be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The frame can't be used.
    #[error(transparent)]
    Slice(#[from] SliceError),
}
