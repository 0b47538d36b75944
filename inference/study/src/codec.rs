//! Transfer syntaxes: which are known, which are read, and from a picture's encoded bytes to its stored words.
//!
//! A new codec is a variant of [`Syntax`], an arm of [`words`] and a file beside `jpeg.rs` and `rle.rs`.

mod jpeg;
mod rle;

use std::borrow::Cow;
use std::ops::Range;

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
}

/// Transfer syntaxes by what they ask of a reader (PS3.5 annex A, PS3.6 table A-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Syntax {
    /// The file doesn't say.
    Unnamed,
    Little,
    Deflated,
    ExplicitBig,
    Rle,
    JpegLossless,
    /// Known by name, not read.
    Unsupported(&'static str),
}

impl Syntax {
    /// `uid` as it stands in the file, padding included.
    pub(crate) fn from_uid(uid: &[u8]) -> Self {
        const ROOT: &str = "1.2.840.10008.1.2";
        let text = std::str::from_utf8(uid).unwrap_or_default().trim_matches(|c: char| c == '\0' || c.is_whitespace());
        if text.is_empty() {
            return Self::Unnamed;
        }
        let Some(syntax) = text.strip_prefix(ROOT) else { return Self::Unsupported("an unknown compression") };
        match syntax {
            "" | ".1" => Self::Little,
            ".1.99" => Self::Deflated,
            ".2" => Self::ExplicitBig,
            ".5" => Self::Rle,
            ".4.57" | ".4.70" => Self::JpegLossless,
            ".4.50" => Self::Unsupported("JPEG Baseline, 8 bits"),
            ".4.51" => Self::Unsupported("JPEG Extended, 12 bits"),
            ".4.80" | ".4.81" => Self::Unsupported("JPEG-LS"),
            ".4.90" | ".4.91" | ".4.92" | ".4.93" => Self::Unsupported("JPEG 2000"),
            ".4.201" | ".4.202" | ".4.203" => Self::Unsupported("High-Throughput JPEG 2000"),
            ".4.110" | ".4.111" | ".4.112" => Self::Unsupported("JPEG XL"),
            ".4.94" | ".4.95" | ".4.204" | ".4.205" => Self::Unsupported("JPIP, which keeps the picture elsewhere"),
            _ if syntax.starts_with(".4.10") => Self::Unsupported("video"),
            _ => Self::Unsupported("an unknown compression"),
        }
    }

    fn is_encapsulated(self) -> bool {
        matches!(self, Self::Rle | Self::JpegLossless | Self::Unsupported(_))
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
        if matches!(syntax, Syntax::Unsupported(_)) {
            return Err(CodecError::Unsupported);
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
    pub(crate) fn bytes<'a>(&self, file: &'a [u8]) -> Cow<'a, [u8]> {
        let part = |range: &Range<usize>| file.get(range.clone()).unwrap_or_default();
        match self.parts.as_slice() {
            [one] => Cow::Borrowed(part(one)),
            parts => Cow::Owned(parts.iter().flat_map(|range| part(range).iter().copied()).collect()),
        }
    }
}

/// The words of a picture, two bytes each, as stored: neither masked nor signed yet.
pub(crate) struct Words<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub big_endian: bool,
    /// Bits that the codec says a word has, where it says so.
    pub precision: Option<u8>,
}

/// Decodes one picture of `rows` × `columns` 16-bit words.
///
/// # Errors
/// Whatever the bytes say that the header doesn't.
pub(crate) fn words<'a>(
    encoded: &Encoded,
    file: &'a [u8],
    rows: usize,
    columns: usize,
) -> Result<Words<'a>, CodecError> {
    let bytes = encoded.bytes(file);
    let pixels = rows.checked_mul(columns).ok_or(CodecError::Size)?;
    let words = match encoded.syntax {
        Syntax::Unnamed | Syntax::Little | Syntax::Deflated => Words { bytes, big_endian: false, precision: None },
        Syntax::ExplicitBig => Words { bytes, big_endian: true, precision: None },
        Syntax::Rle => {
            Words { bytes: Cow::Owned(rle::decode_16_bit(&bytes, pixels)?), big_endian: true, precision: None }
        }
        Syntax::JpegLossless => {
            let (decoded, precision) = jpeg::decode_lossless(&bytes, rows, columns)?;
            Words { bytes: Cow::Owned(decoded), big_endian: cfg!(target_endian = "big"), precision: Some(precision) }
        }
        Syntax::Unsupported(_) => return Err(CodecError::Unsupported),
    };
    if words.bytes.len() < pixels.saturating_mul(2) { Err(CodecError::Damaged) } else { Ok(words) }
}
