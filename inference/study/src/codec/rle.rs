//! RLE Lossless (PS3.5 annex G): PackBits over byte planes, the most significant first.

use crate::allocation::empty_vec;
use crate::error::CodecError;

const HEADER: usize = 64;

/// Decodes one frame of `pixels` 16-bit samples into big-endian words.
///
/// # Errors
/// [`CodecError::Depth`] if there are not two planes, [`CodecError::Damaged`] if a plane is not
/// complete.
pub(crate) fn decode_16_bit(frame: &[u8], pixels: usize) -> Result<Vec<u8>, CodecError> {
    let count = offset(frame, 0)?;
    if count != 2 {
        return Err(if count == 1 || count == 3 { CodecError::Depth } else { CodecError::Damaged });
    }
    let (high, low) = (offset(frame, 1)?, offset(frame, 2)?);
    if high < HEADER || low < high {
        return Err(CodecError::Damaged);
    }
    let high_plane = frame.get(high..low).ok_or(CodecError::Damaged)?;
    let low_plane = frame.get(low..).ok_or(CodecError::Damaged)?;
    let mut words = empty_vec(pixels.saturating_mul(2))?;
    words.resize(pixels.saturating_mul(2), 0);
    unpack(high_plane, words.iter_mut().step_by(2))?;
    unpack(low_plane, words.iter_mut().skip(1).step_by(2))?;
    Ok(words)
}

/// The `index`th number of the header.
fn offset(frame: &[u8], index: usize) -> Result<usize, CodecError> {
    let bytes = frame.get(index * 4..index * 4 + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    bytes.map(|bytes| u32::from_le_bytes(bytes) as usize).ok_or(CodecError::Damaged)
}

fn unpack<'a>(mut packed: &[u8], mut out: impl ExactSizeIterator<Item = &'a mut u8>) -> Result<(), CodecError> {
    while out.len() > 0 {
        let (&control, rest) = packed.split_first().ok_or(CodecError::Damaged)?;
        packed = rest;
        match control {
            0..=127 => {
                let (literal, rest) = packed.split_at_checked(usize::from(control) + 1).ok_or(CodecError::Damaged)?;
                packed = rest;
                // The literal first: a zip takes from its left side before it knows that the right
                // one is used up.
                for (byte, target) in literal.iter().zip(out.by_ref()) {
                    *target = *byte;
                }
            }
            128 => {}
            129..=255 => {
                let (&byte, rest) = packed.split_first().ok_or(CodecError::Damaged)?;
                packed = rest;
                out.by_ref().take(257 - usize::from(control)).for_each(|target| *target = byte);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(segments: &[&[u8]]) -> Vec<u8> {
        let mut header = vec![segments.len() as u32];
        let mut at = HEADER;
        for segment in segments {
            header.push(at as u32);
            at += segment.len();
        }
        header.resize(16, 0);
        let mut bytes: Vec<u8> = header.iter().flat_map(|number| number.to_le_bytes()).collect();
        for segment in segments {
            bytes.extend_from_slice(segment);
        }
        bytes
    }

    #[test]
    fn literals_runs_and_no_operations_unpack() {
        let high: &[u8] = &[253, 7, 128, 0, 9]; // 7 four times, nothing, 9 once
        let low: &[u8] = &[1, 1, 2, 2, 3, 4, 5]; // two literals in a row
        let words = decode_16_bit(&frame(&[high, low]), 5);
        assert_eq!(words, Ok(vec![7, 1, 7, 2, 7, 3, 7, 4, 9, 5]));
    }

    #[test]
    fn rejects_incomplete_planes_and_other_depths() {
        let whole: &[u8] = &[4, 1, 2, 3, 4, 5];
        assert_eq!(decode_16_bit(&frame(&[whole, &whole[..4]]), 5), Err(CodecError::Damaged));
        assert_eq!(decode_16_bit(&frame(&[whole]), 5), Err(CodecError::Depth));
        assert_eq!(decode_16_bit(&[2, 0, 0], 5), Err(CodecError::Damaged));
        let mut offsets = frame(&[whole, whole]);
        offsets[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(decode_16_bit(&offsets, 5), Err(CodecError::Damaged));
    }
}
