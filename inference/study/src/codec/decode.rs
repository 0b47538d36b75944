//! From a frame's encoded bytes to its stored words, whatever the transfer syntax.
//!
//! A new codec is a variant of [`TransferSyntax`], an arm of [`decode`] and a file beside this one.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::DeflateDecoder;

use crate::allocation::zeroed_vec;
use crate::codec::samples::{CodecBitDepth, DecodedSamples, StoredWords};
use crate::codec::{jpeg_extended, jpeg_lossless, jpeg_ls, jpeg_xl, jpeg2000, rle};
use crate::error::CodecError;
use crate::transfer_syntax::TransferSyntax;

/// Decodes one frame of `rows` × `columns` 16-bit words. `signed` is the file header's Pixel
/// Representation.
///
/// # Errors
/// Where the stream is damaged, contradicts the file's header, or isn't read.
pub(crate) fn decode<'a>(
    syntax: TransferSyntax,
    bytes: Cow<'a, [u8]>,
    rows: usize,
    columns: usize,
    signed: bool,
) -> Result<StoredWords<'a>, CodecError> {
    let pixels = rows.checked_mul(columns).ok_or(CodecError::Size)?;
    let native = |bytes, big_endian| StoredWords { bytes, big_endian, codec_depth: None };
    let words = match syntax {
        TransferSyntax::Unnamed
        | TransferSyntax::LittleEndian
        | TransferSyntax::DeflatedLittleEndian
        | TransferSyntax::EncapsulatedNative => native(bytes, false),
        TransferSyntax::DeflatedFrames => native(Cow::Owned(inflate(&bytes, pixels.saturating_mul(2))?), false),
        TransferSyntax::ExplicitBigEndian => native(bytes, true),
        TransferSyntax::Rle => native(Cow::Owned(rle::decode_16_bit(&bytes, pixels)?), true),
        TransferSyntax::JpegLossless => {
            let (samples, precision) = jpeg_lossless::decode(&bytes, rows, columns)?;
            let codec_depth = Some(CodecBitDepth { precision, are_values: false });
            StoredWords { bytes: Cow::Owned(little_endian(&samples)?), big_endian: false, codec_depth }
        }
        TransferSyntax::JpegExtended => {
            words_of_samples(jpeg_extended::decode(&bytes, rows, columns, 12)?, true, signed)?
        }
        TransferSyntax::JpegLs { lossy } => words_of_samples(jpeg_ls::decode(&bytes, rows, columns)?, lossy, signed)?,
        TransferSyntax::Jpeg2000 { lossy } => {
            words_of_samples(jpeg2000::decode(&bytes, rows, columns)?, lossy, signed)?
        }
        TransferSyntax::JpegXl { lossy } => words_of_samples(jpeg_xl::decode(&bytes, rows, columns)?, lossy, signed)?,
        TransferSyntax::JpegBaseline => return Err(CodecError::EightBit),
        TransferSyntax::Unsupported(syntax) => return Err(CodecError::UnsupportedSyntax(syntax)),
    };
    if words.bytes.len() < pixels.saturating_mul(2) { Err(CodecError::Damaged) } else { Ok(words) }
}

/// Inflates a frame of `size` bytes.
fn inflate(deflated: &[u8], size: usize) -> Result<Vec<u8>, CodecError> {
    let mut inflated = zeroed_vec(size)?;
    DeflateDecoder::new(deflated).read_exact(&mut inflated).map_err(|error| CodecError::Decoder(error.to_string()))?;
    Ok(inflated)
}

/// Decodes an 8-bit JPEG image for the preview: grey values 0..=255, row by row.
///
/// # Errors
/// As [`decode`].
pub(crate) fn decode_eight_bit(stream: &[u8], rows: usize, columns: usize) -> Result<Vec<i16>, CodecError> {
    // 8 bits are positive in 16.
    Ok(jpeg_extended::decode(stream, rows, columns, 8)?.samples.into_iter().map(|sample| sample as i16).collect())
}

/// Returns samples as little-endian words.
///
/// A codec without signs stores the bits of signed values, and the header decides
/// (`J2K_pixelrep_mismatch` of pydicom's tests is such a file). The other way round, for samples
/// below 0 in an image that the header calls unsigned, one of two readings is wrong by multiples of
/// the range, and nothing shows which: such an image is refused.
fn words_of_samples(
    decoded: DecodedSamples,
    lossy: bool,
    signed_by_header: bool,
) -> Result<StoredWords<'static>, CodecError> {
    let DecodedSamples { samples, precision, signed } = decoded;
    // A lossless encoder may count the bits that a dark image needs; a lossy one was given 8 bits.
    if lossy && precision <= 8 {
        return Err(CodecError::EightBit);
    }
    if signed && !signed_by_header && samples.iter().any(|sample| *sample > i16::MAX as u16) {
        return Err(CodecError::Sign);
    }
    let are_values = signed || (lossy && !signed_by_header);
    let codec_depth = Some(CodecBitDepth { precision, are_values });
    Ok(StoredWords { bytes: Cow::Owned(little_endian(&samples)?), big_endian: false, codec_depth })
}

fn little_endian(samples: &[u16]) -> Result<Vec<u8>, CodecError> {
    let mut bytes = zeroed_vec(samples.len() * 2)?;
    for (to, sample) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(samples) {
        *to = sample.to_le_bytes();
    }
    Ok(bytes)
}
