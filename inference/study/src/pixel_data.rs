//! Pixel data as ranges of a file's bytes: of a whole file, and of one frame.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::allocation::empty_vec;
use crate::error::CodecError;
use crate::transfer_syntax::TransferSyntax;

/// Where pixel data are in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PixelData {
    Native(Range<usize>),
    /// The fragments that aren't empty, without the basic offset table.
    Encapsulated(Vec<Range<usize>>),
    /// The file ends within the pixel data.
    Truncated,
}

/// How a sample is written (PS3.5 8.1, PS3.3 C.7.6.24 and C.7.6.25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum SampleFormat {
    /// A whole number of 16 bits, in Pixel Data (7FE0,0010).
    Word,
    /// 32 bits, in Float Pixel Data (7FE0,0008).
    Float,
    /// 64 bits, in Double Float Pixel Data (7FE0,0009).
    Double,
}

impl SampleFormat {
    /// Returns the bytes of a sample.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Word => 2,
            Self::Float => 4,
            Self::Double => 8,
        }
    }
}

/// The encoded bytes of one frame: ranges of its file's bytes, checked to be within the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodedFrame {
    pub syntax: TransferSyntax,
    /// One range for native pixel data, one for each fragment for encapsulated ones.
    pub parts: Vec<Range<usize>>,
}

impl EncodedFrame {
    /// Takes the pixel data of one frame of `pixels` samples.
    ///
    /// # Errors
    /// [`CodecError::UnsupportedSyntax`], [`CodecError::EightBit`], [`CodecError::Size`] for native
    /// data of another length, [`CodecError::Damaged`] where data and syntax don't go together.
    pub(crate) fn new(
        syntax: TransferSyntax,
        format: SampleFormat,
        data: &PixelData,
        pixels: usize,
    ) -> Result<Self, CodecError> {
        match syntax {
            TransferSyntax::Unsupported(syntax) => return Err(CodecError::UnsupportedSyntax(syntax)),
            TransferSyntax::JpegBaseline => return Err(CodecError::EightBit),
            _ => {}
        }
        match data {
            PixelData::Native(range) if !syntax.is_encapsulated() => {
                let bytes = pixels.saturating_mul(format.bytes());
                // One stray row is more than padding: then the header's size is another image's.
                let slack = (bytes / 64).max(2);
                if range.len() < bytes || range.len() > bytes.saturating_add(slack) {
                    return Err(CodecError::Size);
                }
                Ok(Self { syntax, parts: vec![range.clone()] })
            }
            PixelData::Encapsulated(parts)
                if format == SampleFormat::Word && syntax.is_encapsulated() && !parts.is_empty() =>
            {
                Ok(Self { syntax, parts: parts.clone() })
            }
            _ => Err(CodecError::Damaged),
        }
    }

    /// Returns a digest of the encoded bytes; `None` where they aren't in the file. Equal bytes
    /// have equal digests within one build of the program.
    pub(crate) fn digest(&self, file: &[u8]) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        for range in &self.parts {
            hasher.write(file.get(range.clone())?);
        }
        Some(hasher.finish())
    }

    /// Returns the encoded bytes; several fragments are joined.
    ///
    /// # Errors
    /// [`CodecError::Memory`] where several can't be joined, [`CodecError::Damaged`] where one
    /// isn't in the file.
    pub(crate) fn bytes<'a>(&self, file: &'a [u8]) -> Result<Cow<'a, [u8]>, CodecError> {
        let part = |range: &Range<usize>| file.get(range.clone()).ok_or(CodecError::Damaged);
        if let [one] = self.parts.as_slice() {
            return part(one).map(Cow::Borrowed);
        }
        let mut joined = empty_vec(self.parts.iter().map(Range::len).fold(0, usize::saturating_add))?;
        for range in &self.parts {
            joined.extend_from_slice(part(range)?);
        }
        Ok(Cow::Owned(joined))
    }
}

/// An 8-bit image: it can be shown and not measured.
pub(crate) struct EightBitImage {
    /// The whole file.
    pub bytes: Arc<Vec<u8>>,
    pub encoded: EncodedFrame,
    pub rows: usize,
    pub columns: usize,
}

impl std::fmt::Debug for EightBitImage {
    /// Leaves out the file's bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EightBitImage")
            .field("rows", &self.rows)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}
