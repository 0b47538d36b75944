//! What decoders return: samples, and stored words with what the codec knows of them.

use std::borrow::Cow;

/// Decoded samples in the low bits of a word, negative ones as 16-bit two's complement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DecodedSamples {
    pub samples: Vec<u16>,
    /// Bits of a sample, 2..=16.
    pub precision: u8,
    /// Whether the codec knows samples below 0. Most can't.
    pub signed: bool,
}

/// The words of a frame as stored, two bytes each: neither masked nor signed yet.
pub(crate) struct StoredWords<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub big_endian: bool,
    /// The codec's own bit depth, where the codec has one.
    pub codec_depth: Option<CodecBitDepth>,
}

/// The bit depth that a codec's stream declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodecBitDepth {
    pub precision: u8,
    /// The samples are numbers rather than bits: no overlay is beside them, and a lossy codec may
    /// exceed the range in the file's header.
    pub are_values: bool,
}
