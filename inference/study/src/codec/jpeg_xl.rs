//! JPEG XL (ISO/IEC 18181), by jxl-oxide: a grey still picture of whole numbers.
//!
//! The decoder counts what it allocates against a limit given here, and its header is compared
//! before a frame is decoded. Samples come as fractions of the largest one; a 32-bit float tells
//! 65,536 of them apart.

use jxl_oxide::{AllocTracker, JxlImage, image::BitDepth};

use crate::allocation::empty_vec;
use crate::codec::samples::DecodedSamples;
use crate::error::CodecError;

/// Working memory for each pixel, bytes: modular grids, states of their predictors, and the decoded
/// floats.
const BYTES_A_PIXEL: usize = 48;
/// Working memory beside that of the pixels, bytes.
const BASE_BYTES: usize = 16 << 20;

/// Decodes the first frame of a stream.
///
/// # Errors
/// [`CodecError::Size`] or [`CodecError::Depth`] where stream and header disagree, else
/// [`CodecError::Damaged`] or [`CodecError::Decoder`].
pub(crate) fn decode(stream: &[u8], rows: usize, columns: usize) -> Result<DecodedSamples, CodecError> {
    let limit = rows.saturating_mul(columns).saturating_mul(BYTES_A_PIXEL).saturating_add(BASE_BYTES);
    let builder = JxlImage::builder().alloc_tracker(AllocTracker::with_limit(limit));
    let image = builder.read(stream).map_err(|error| CodecError::Decoder(error.to_string()))?;
    if (image.height() as usize, image.width() as usize) != (rows, columns) {
        return Err(CodecError::Size);
    }
    let metadata = &image.image_header().metadata;
    let precision = match metadata.bit_depth {
        BitDepth::IntegerSample { bits_per_sample: bits @ 2..=16 } => bits as u8,
        _ => return Err(CodecError::Depth),
    };
    let still = metadata.animation.is_none() && metadata.orientation == 1 && metadata.ec_info.is_empty();
    if !still || !image.pixel_format().is_grayscale() || !image.is_loading_done() {
        return Err(CodecError::Damaged);
    }
    let render = image.render_frame(0).map_err(|error| CodecError::Decoder(error.to_string()))?;
    let mut pixels = render.stream();
    if (pixels.height() as usize, pixels.width() as usize, pixels.channels()) != (rows, columns, 1) {
        return Err(CodecError::Damaged);
    }
    let largest = f32::from(u16::MAX >> (16 - precision));
    let mut samples = empty_vec(rows * columns)?;
    let mut line = vec![0_f32; columns];
    for _ in 0..rows {
        if pixels.write_to_buffer(&mut line) != columns {
            return Err(CodecError::Damaged);
        }
        samples.extend(line.iter().map(|value| (value * largest).round().clamp(0.0, largest) as u16));
    }
    Ok(DecodedSamples { samples, precision, signed: false })
}
