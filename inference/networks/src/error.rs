//! Errors of this crate.

use corsai_manifest::{Family, Manifest};
use corsai_report::IssueCode;
use thiserror::Error;

/// Why a manifest, a weights file or a network can't be used. No variant holds anything of a study.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// The manifest is not JSON of the expected structure.
    #[error("the manifest can't be read: {0}")]
    ManifestSyntax(#[source] serde_json::Error),
    /// The manifest has another format than [`Manifest::FORMAT`].
    #[error("the manifest's format {0} is not {expected}", expected = Manifest::FORMAT)]
    ManifestFormat(u32),
    /// A family has more members than the vote can count.
    #[error("the manifest lists more than {most} members of the family {0:?}", most = Manifest::MOST_MEMBERS)]
    FamilyTooLarge(Family),
    /// A network's input can't be halved five times.
    #[error("the network {name} has an input of {size} × {size} pixels, and {size} is no multiple of 32")]
    InputSize {
        /// Name of the network.
        name: String,
        /// Rows and columns of its input.
        size: usize,
    },
    /// Another number of parts than the manifest lists.
    #[error("{found} parts and not {expected}")]
    PartCount {
        /// Parts that were given.
        found: usize,
        /// Parts in the manifest.
        expected: usize,
    },
    /// A part differs from the one in the manifest.
    #[error("part {index} has {found} bytes and not {expected}, or another SHA-256 than the manifest's")]
    PartDigest {
        /// Index of the part.
        index: usize,
        /// Its bytes.
        found: usize,
        /// Its bytes by the manifest.
        expected: u64,
    },
    /// The file does not begin like a weights file.
    #[error("not a weights file")]
    NotWeights,
    /// The weights file ends inside its header.
    #[error("the weights file ends inside its header")]
    HeaderTruncated,
    /// The header of the weights file is not JSON of the expected structure.
    #[error("the header of the weights file can't be read: {0}")]
    HeaderSyntax(#[source] serde_json::Error),
    /// A tensor is not inside the file.
    #[error("tensor {0} reaches past the file's end or has an impossible shape")]
    TensorRange(String),
    /// A tensor has an unknown number of bits.
    #[error("tensor {name} is stored with {bits} bits, which is not a known form")]
    TensorBits {
        /// Name of the tensor.
        name: String,
        /// Bits of a value.
        bits: u32,
    },
    /// A tensor is not in the file.
    #[error("tensor {0} is missing")]
    TensorMissing(String),
    /// A tensor has another shape than its layer.
    #[error("tensor {name} has shape {found:?} and not {expected:?}")]
    TensorShape {
        /// Name of the tensor.
        name: String,
        /// Its dimensions in the file.
        found: Vec<usize>,
        /// The dimensions that the layer needs.
        expected: Vec<usize>,
    },
    /// The device has no kernel for a layer.
    #[error("layer {0} has a form for which there is no kernel")]
    UnsupportedLayer(String),
    /// An input has the wrong length.
    #[error("an input of {found} values was given and one of {expected} expected")]
    Input {
        /// Values that were given.
        found: usize,
        /// Values of one input.
        expected: usize,
    },
    /// The device failed; the text is the device's.
    #[error("the device gave no answer: {0}")]
    Device(String),
    /// The output contains NaN or infinity.
    #[error("the answer holds values that are not numbers")]
    NonFinite,
}

impl NetworkError {
    /// Returns the code of the issue that a study gets for this error.
    #[must_use]
    pub const fn code(&self) -> IssueCode {
        match self {
            Self::ManifestSyntax(_)
            | Self::ManifestFormat(_)
            | Self::FamilyTooLarge(_)
            | Self::InputSize { .. }
            | Self::PartCount { .. }
            | Self::PartDigest { .. }
            | Self::NotWeights
            | Self::HeaderTruncated
            | Self::HeaderSyntax(_)
            | Self::TensorRange(_)
            | Self::TensorBits { .. }
            | Self::TensorMissing(_)
            | Self::TensorShape { .. } => IssueCode::WeightsCorrupt,
            Self::UnsupportedLayer(_) | Self::Input { .. } | Self::Device(_) => IssueCode::InternalFault,
            Self::NonFinite => IssueCode::ModelNonFinite,
        }
    }
}
