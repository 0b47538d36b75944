//! Transfer syntaxes: which are known, which are read, and from a picture's encoded bytes to its stored words.
//!
//! A new codec is a variant of [`Syntax`], an arm of [`words`] and a file below `codec`. Each of those checks a stream's
//! own headers against the size that the file's header gives before its decoder allocates or computes anything.

mod cosine;
mod extended;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod heap;
mod huffman;
mod jpeg2000;
mod jpeg_ls;
mod jpeg_xl;
mod lossless;
mod markers;
mod rle;

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::walk::PixelData;

/// Why one picture could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodecError {
    #[error("the syntax is not read")]
    Unsupported,
    #[error("the compressed picture is damaged")]
    Damaged,
    #[error("the compressed picture has another size than the header says")]
    Size,
    #[error("the compressed picture has another bit depth than the header says")]
    Depth,
    #[error("the compressed picture has 8 bits")]
    EightBit,
    #[error("the compressed picture has signs of which the header knows nothing")]
    Sign,
    #[error("no memory for the picture")]
    Memory,
}

/// Transfer syntaxes by what they ask of a reader (PS3.5 annex A, PS3.6 table A-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Syntax {
    /// The file doesn't say.
    Unnamed,
    Little,
    Deflated,
    ExplicitBig,
    Rle,
    JpegBaseline,
    JpegExtended,
    JpegLossless,
    JpegLs {
        lossy: bool,
    },
    /// With and without high throughput: the codestream tells.
    Jpeg2000 {
        lossy: bool,
    },
    JpegXl {
        lossy: bool,
    },
    /// Known by name, not read.
    #[serde(skip)]
    Unsupported(Name),
}

/// What a person calls a syntax that isn't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(pub &'static str);

impl Syntax {
    /// `uid` as it stands in the file, padding included.
    pub(crate) fn from_uid(uid: &[u8]) -> Self {
        const ROOT: &str = "1.2.840.10008.1.2";
        let text = std::str::from_utf8(uid).unwrap_or_default().trim_matches(|c: char| c == '\0' || c.is_whitespace());
        if text.is_empty() {
            return Self::Unnamed;
        }
        let Some(syntax) = text.strip_prefix(ROOT) else { return Self::Unsupported(Name("an unknown compression")) };
        match syntax {
            "" | ".1" => Self::Little,
            ".1.99" => Self::Deflated,
            ".2" => Self::ExplicitBig,
            ".5" => Self::Rle,
            ".4.50" => Self::JpegBaseline,
            ".4.51" => Self::JpegExtended,
            ".4.57" | ".4.70" => Self::JpegLossless,
            ".4.80" => Self::JpegLs { lossy: false },
            ".4.81" => Self::JpegLs { lossy: true },
            ".4.90" | ".4.201" | ".4.202" => Self::Jpeg2000 { lossy: false },
            ".4.91" | ".4.203" => Self::Jpeg2000 { lossy: true },
            ".4.110" => Self::JpegXl { lossy: false },
            ".4.111" | ".4.112" => Self::JpegXl { lossy: true },
            ".4.92" | ".4.93" => Self::Unsupported(Name("JPEG 2000, part 2")),
            ".4.52" | ".4.53" | ".4.54" | ".4.55" | ".4.56" | ".4.58" | ".4.59" | ".4.60" | ".4.61" | ".4.62"
            | ".4.63" | ".4.64" | ".4.65" | ".4.66" => Self::Unsupported(Name("a retired JPEG process")),
            ".4.94" | ".4.95" | ".4.204" | ".4.205" => {
                Self::Unsupported(Name("JPIP, which keeps the picture elsewhere"))
            }
            _ if syntax.starts_with(".4.10") => Self::Unsupported(Name("video")),
            _ => Self::Unsupported(Name("an unknown compression")),
        }
    }

    pub(crate) fn is_encapsulated(self) -> bool {
        !matches!(self, Self::Unnamed | Self::Little | Self::Deflated | Self::ExplicitBig)
    }

    /// Whether pictures in this syntax may have lost something, whatever the header says.
    pub(crate) fn is_lossy(self) -> bool {
        match self {
            Self::JpegBaseline | Self::JpegExtended => true,
            Self::JpegLs { lossy } | Self::Jpeg2000 { lossy } | Self::JpegXl { lossy } => lossy,
            _ => false,
        }
    }
}

/// The encoded picture of one slice: ranges of its file's bytes, checked to lie within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub syntax: Syntax,
    pub parts: Vec<Range<usize>>,
}

impl Encoded {
    /// `pixels` is how many the header promises.
    pub(crate) fn new(syntax: Syntax, data: &PixelData, pixels: usize) -> Result<Self, CodecError> {
        match syntax {
            Syntax::Unsupported(_) => return Err(CodecError::Unsupported),
            Syntax::JpegBaseline => return Err(CodecError::EightBit),
            _ => {}
        }
        match data {
            PixelData::Native(range) if !syntax.is_encapsulated() => {
                let bytes = pixels.saturating_mul(2);
                // One stray row is more than padding: then the size in the header is another picture's.
                let slack = (bytes / 64).max(2);
                if range.len() < bytes || range.len() > bytes.saturating_add(slack) {
                    return Err(CodecError::Size);
                }
                Ok(Self { syntax, parts: vec![range.clone()] })
            }
            PixelData::Encapsulated(parts) if syntax.is_encapsulated() && !parts.is_empty() => {
                Ok(Self { syntax, parts: parts.clone() })
            }
            _ => Err(CodecError::Damaged),
        }
    }

    /// The encoded bytes, joined where there are several fragments.
    ///
    /// # Errors
    /// [`CodecError::Memory`] where several can't be joined, [`CodecError::Damaged`] where one
    /// isn't in the file.
    pub(crate) fn bytes<'a>(&self, file: &'a [u8]) -> Result<Cow<'a, [u8]>, CodecError> {
        let part = |range: &Range<usize>| file.get(range.clone()).ok_or(CodecError::Damaged);
        if let [one] = self.parts.as_slice() {
            return part(one).map(Cow::Borrowed);
        }
        let mut joined = empty(self.parts.iter().map(Range::len).fold(0, usize::saturating_add))?;
        for range in &self.parts {
            joined.extend_from_slice(part(range)?);
        }
        Ok(Cow::Owned(joined))
    }
}

/// What a codec carried: samples in the low bits of a word, negative ones as 16-bit two's complement.
#[derive(Debug, PartialEq, Eq)]
struct Carried {
    samples: Vec<u16>,
    /// Bits of a sample, 2..=16.
    precision: u8,
    /// Whether the codec knows samples below 0. Most can't.
    signed: bool,
}

/// The words of a picture, two bytes each, as stored: neither masked nor signed yet.
pub(crate) struct Words<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub big_endian: bool,
    /// What the codec says of a word, where it says anything; see [`crate::transfer::Transfer::with_codec`].
    pub carried: Option<Depth>,
}

/// What a codec says of its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Depth {
    pub precision: u8,
    /// The samples are values rather than bits: nothing lies beside them, and a lossy codec may exceed the header's range.
    pub values: bool,
}

/// Room for so many values.
///
/// # Errors
/// [`CodecError::Memory`] where there is none.
fn empty<T>(count: usize) -> Result<Vec<T>, CodecError> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| CodecError::Memory)?;
    Ok(values)
}

/// Decodes one picture of `rows` × `columns` 16-bit words, which are to be read as `signed` by the header.
///
/// # Errors
/// Whatever the bytes say that the header doesn't.
pub(crate) fn words<'a>(
    syntax: Syntax,
    bytes: Cow<'a, [u8]>,
    rows: usize,
    columns: usize,
    signed: bool,
) -> Result<Words<'a>, CodecError> {
    let pixels = rows.checked_mul(columns).ok_or(CodecError::Size)?;
    let plain = |bytes, big_endian| Words { bytes, big_endian, carried: None };
    let words = match syntax {
        Syntax::Unnamed | Syntax::Little | Syntax::Deflated => plain(bytes, false),
        Syntax::ExplicitBig => plain(bytes, true),
        Syntax::Rle => plain(Cow::Owned(rle::decode_16_bit(&bytes, pixels)?), true),
        Syntax::JpegLossless => {
            let (decoded, precision) = lossless::decode(&bytes, rows, columns)?;
            let carried = Some(Depth { precision, values: false });
            Words { bytes: Cow::Owned(decoded), big_endian: cfg!(target_endian = "big"), carried }
        }
        Syntax::JpegExtended => written(extended::decode(&bytes, rows, columns, 12)?, true, signed)?,
        Syntax::JpegLs { lossy } => written(jpeg_ls::decode(&bytes, rows, columns)?, lossy, signed)?,
        Syntax::Jpeg2000 { lossy } => written(jpeg2000::decode(&bytes, rows, columns)?, lossy, signed)?,
        Syntax::JpegXl { lossy } => written(jpeg_xl::decode(&bytes, rows, columns)?, lossy, signed)?,
        Syntax::JpegBaseline => return Err(CodecError::EightBit),
        Syntax::Unsupported(_) => return Err(CodecError::Unsupported),
    };
    if words.bytes.len() < pixels.saturating_mul(2) { Err(CodecError::Damaged) } else { Ok(words) }
}

/// Decodes a picture in 8-bit JPEG, to be looked at: grey, row by row.
///
/// # Errors
/// As [`words`].
pub(crate) fn eight_bit(stream: &[u8], rows: usize, columns: usize) -> Result<Vec<i16>, CodecError> {
    // 8 bits are positive in 16.
    Ok(extended::decode(stream, rows, columns, 8)?.samples.into_iter().map(|sample| sample as i16).collect())
}

/// Samples as little-endian words.
///
/// A codec that knows no sign carries a signed picture's bits, and the header tells (`J2K_pixelrep_mismatch` of pydicom's
/// tests is such a file). The other way round, samples below 0 in a picture that the header calls unsigned, one of two
/// readings is wrong by whole multiples of the range, and nothing says which: that is refused.
fn written(carried: Carried, lossy: bool, signed: bool) -> Result<Words<'static>, CodecError> {
    let Carried { samples, precision, signed: knows_signs } = carried;
    // A lossless codec may count a dark picture's bits; a lossy one was given eight.
    if lossy && precision <= 8 {
        return Err(CodecError::EightBit);
    }
    if knows_signs && !signed && samples.iter().any(|sample| *sample > i16::MAX as u16) {
        return Err(CodecError::Sign);
    }
    let mut bytes = empty(samples.len() * 2)?;
    bytes.extend(samples.into_iter().flat_map(u16::to_le_bytes));
    let values = knows_signs || (lossy && !signed);
    Ok(Words { bytes: Cow::Owned(bytes), big_endian: false, carried: Some(Depth { precision, values }) })
}
