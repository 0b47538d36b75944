//! JPEG 2000 (ITU-T T.800) and High-Throughput JPEG 2000 (T.814), by openjp2 through `jpeg2k`.
//!
//! openjp2 is translated from C. It allocates what a stream declares, and ends the program where
//! there is no such memory. The main header and the headers of all tile-parts are checked here
//! first. A stream is decoded only if a CT could be made of it: one component of the size in the
//! file's header; tiles, code-blocks, precincts and quality layers within bounds; no marker that
//! changes any of this later; and every tile-part whole.

use jpeg2k::{DecodeParameters, Image};

use crate::allocation::empty_vec;
use crate::codec::jp2_boxes;
use crate::codec::samples::DecodedSamples;
use crate::error::CodecError;

const SOC: u16 = 0xFF4F;
const CAP: u16 = 0xFF50;
const SIZ: u16 = 0xFF51;
const COD: u16 = 0xFF52;
const TLM: u16 = 0xFF55;
const PLM: u16 = 0xFF57;
const PLT: u16 = 0xFF58;
const CPF: u16 = 0xFF59;
const QCD: u16 = 0xFF5C;
const CRG: u16 = 0xFF63;
const COM: u16 = 0xFF64;
const SOT: u16 = 0xFF90;
const SOD: u16 = 0xFF93;
const EOC: u16 = 0xFFD9;

/// Most tiles. Each takes the decoder some kilobytes before its first sample; tiles of 64 × 64
/// pixels are the smallest in use.
const MAX_TILES: u64 = 4096;
/// Smallest areas and sides, as powers of two: smaller ones make a stream of headers alone.
/// Encoders write blocks of 32 or 64 and precincts of 128 and more.
const MIN_BLOCK_AREA: u8 = 8;
const MIN_PRECINCT: u8 = 5;
const MAX_LEVELS: u8 = 16;
const MAX_LAYERS: u16 = 64;

/// Decodes one codestream, bare or within a JP2 or JPH file.
///
/// # Errors
/// [`CodecError::Size`] or [`CodecError::Depth`] where stream and header disagree,
/// [`CodecError::Unsupported`] for what the standard allows and no CT needs, else
/// [`CodecError::Damaged`].
pub(crate) fn decode(stream: &[u8], rows: usize, columns: usize) -> Result<DecodedSamples, CodecError> {
    let (size, stream) = check(jp2_boxes::codestream(stream)?, rows, columns)?;
    let image = Image::from_bytes_with(stream, DecodeParameters::new().strict(true));
    let image = image.map_err(|error| CodecError::Decoder(error.to_string()))?;
    let [component] = image.components() else { return Err(CodecError::Damaged) };
    let (width, height) = (component.width() as usize, component.height() as usize);
    let same = component.precision() == u32::from(size.precision) && component.is_signed() == size.signed;
    if (height, width) != (rows, columns) || !same {
        return Err(CodecError::Damaged);
    }
    let mut samples = empty_vec(rows * columns)?;
    // Lossy streams overshoot the range of their samples.
    let (low, high) = size.range();
    samples.extend(component.data().iter().map(|value| (*value).clamp(low, high) as u16));
    Ok(DecodedSamples { samples, precision: size.precision, signed: size.signed })
}

/// The samples' format from SIZ, and the number of tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    precision: u8,
    signed: bool,
    tiles: u64,
}

impl Size {
    fn range(self) -> (i32, i32) {
        let whole = 1_i32 << self.precision;
        if self.signed { (-whole / 2, whole / 2 - 1) } else { (0, whole - 1) }
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u16, CodecError> {
    let found = bytes.get(at..at + 2).and_then(|bytes| <[u8; 2]>::try_from(bytes).ok());
    found.map(u16::from_be_bytes).ok_or(CodecError::Damaged)
}

fn long(bytes: &[u8], at: usize) -> Result<u64, CodecError> {
    let found = bytes.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    found.map(|bytes| u64::from(u32::from_be_bytes(bytes))).ok_or(CodecError::Damaged)
}

/// Checks the codestream. Returns the contents of SIZ, and the stream without the bytes behind its
/// end.
fn check(stream: &[u8], rows: usize, columns: usize) -> Result<(Size, &[u8]), CodecError> {
    if word(stream, 0)? != SOC {
        return Err(CodecError::Damaged);
    }
    let (marker, body, mut at) = segment(stream, 2)?;
    if marker != SIZ {
        return Err(CodecError::Damaged);
    }
    let size = size(body, rows, columns)?;
    let mut seen = [false; 2];
    while word(stream, at)? != SOT {
        let (marker, body, next) = segment(stream, at)?;
        let once = match marker {
            COD => {
                coding(body)?;
                Some(0)
            }
            QCD => {
                // Without a guard bit, a subband could have a negative number of bit-planes.
                if body.first().is_none_or(|style| style >> 5 == 0) {
                    return Err(CodecError::Unsupported);
                }
                Some(1)
            }
            CAP | CPF | TLM | PLM | CRG | COM => None,
            _ => return Err(CodecError::Unsupported),
        };
        if let Some(twice) = once.and_then(|index| seen.get_mut(index))
            && std::mem::replace(twice, true)
        {
            return Err(CodecError::Damaged);
        }
        at = next;
    }
    if seen != [true; 2] {
        return Err(CodecError::Damaged);
    }
    while at < stream.len() {
        // A stream may end without its marker once all tile-parts are there; a byte of padding
        // makes it even.
        let Ok(marker) = word(stream, at) else { break };
        match marker {
            SOT => at = tile_part(stream, at, size.tiles)?,
            EOC => {
                at += 2;
                break;
            }
            _ => return Err(CodecError::Damaged),
        }
    }
    Ok((size, stream.get(..at).unwrap_or(stream)))
}

/// Returns marker and body at a place, and the place behind them.
fn segment(stream: &[u8], at: usize) -> Result<(u16, &[u8], usize), CodecError> {
    let marker = word(stream, at)?;
    let length = usize::from(word(stream, at + 2)?);
    let body = stream.get(at + 4..at + 2 + length.max(2)).filter(|_| length >= 2).ok_or(CodecError::Damaged)?;
    Ok((marker, body, at + 2 + length))
}

/// SIZ (T.800, A.5.1).
fn size(body: &[u8], rows: usize, columns: usize) -> Result<Size, CodecError> {
    let mut numbers = [0; 8];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = long(body, 2 + 4 * index)?;
    }
    let [right, bottom, left, top, tile_width, tile_height, tiles_left, tiles_top] = numbers;
    let &[depth, 1, 1] = body.get(36..).unwrap_or_default() else { return Err(CodecError::Damaged) };
    if word(body, 34)? != 1 {
        return Err(CodecError::Damaged);
    }
    let width = right.checked_sub(left).ok_or(CodecError::Damaged)?;
    let height = bottom.checked_sub(top).ok_or(CodecError::Damaged)?;
    if (height, width) != (rows as u64, columns as u64) {
        return Err(CodecError::Size);
    }
    let covered = |origin: u64, tile: u64, start: u64, end: u64| {
        let fits = tile > 0 && origin <= start && origin + tile > start;
        if fits { Ok((end - origin).div_ceil(tile)) } else { Err(CodecError::Damaged) }
    };
    let tiles = covered(tiles_left, tile_width, left, right)? * covered(tiles_top, tile_height, top, bottom)?;
    // An offset moves nothing but numbers; far ones only serve to make the decoder overflow.
    if tiles > MAX_TILES || right > 1 << 24 || bottom > 1 << 24 {
        return Err(CodecError::Unsupported);
    }
    let (precision, signed) = ((depth & 0x7F) + 1, depth & 0x80 != 0);
    if (2..=16).contains(&precision) { Ok(Size { precision, signed, tiles }) } else { Err(CodecError::Depth) }
}

/// COD (T.800, A.6.1).
fn coding(body: &[u8]) -> Result<(), CodecError> {
    let &[style, _order, l1, l0, transform, levels, width, height, _blocks, _wavelet, ref precincts @ ..] = body else {
        return Err(CodecError::Damaged);
    };
    let layers = u16::from_be_bytes([l1, l0]);
    let blocks = width <= 8 && height <= 8 && width + height <= 8;
    if layers == 0 || transform != 0 || levels > 32 || !blocks {
        return Err(CodecError::Damaged);
    }
    let declared = if style & 1 == 1 { usize::from(levels) + 1 } else { 0 };
    if precincts.len() != declared {
        return Err(CodecError::Damaged);
    }
    let small = |precinct: &u8| precinct & 0x0F < MIN_PRECINCT || precinct >> 4 < MIN_PRECINCT;
    // Both exponents are stored less two.
    let tiny = width + height + 4 < MIN_BLOCK_AREA || precincts.iter().any(small);
    if tiny || levels > MAX_LEVELS || layers > MAX_LAYERS { Err(CodecError::Unsupported) } else { Ok(()) }
}

/// Checks one tile-part (T.800, A.4.2): nothing in its header changes its coding. Returns the place
/// behind it.
fn tile_part(stream: &[u8], at: usize, tiles: u64) -> Result<usize, CodecError> {
    let (_, body, mut header) = segment(stream, at)?;
    let (tile, length) = (u64::from(word(body, 0)?), long(body, 2)?);
    if body.len() != 8 || tile >= tiles {
        return Err(CodecError::Damaged);
    }
    // The last one may leave its length open.
    let end = if length == 0 { stream.len() } else { at.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)) };
    while word(stream, header)? != SOD {
        let (marker, _, next) = segment(stream, header)?;
        if !matches!(marker, PLT | COM) {
            return Err(CodecError::Unsupported);
        }
        header = next;
    }
    if end > stream.len() || header + 2 > end { Err(CodecError::Damaged) } else { Ok(end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A main header, as far as it matters here, and one empty tile-part.
    fn skeleton(numbers: [u32; 8], depth: u8, coding: &[u8]) -> Vec<u8> {
        let mut stream = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
        stream.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        stream.extend([0, 1, depth, 1, 1]);
        stream.extend([0xFF, 0x52]);
        stream.extend((coding.len() as u16 + 2).to_be_bytes());
        stream.extend(coding);
        stream.extend([0xFF, 0x5C, 0, 4, 0x40, 0x40]);
        stream.extend([0xFF, 0x90, 0, 10, 0, 0, 0, 0, 0, 14, 0, 1, 0xFF, 0x93, 0xFF, 0xD9]);
        stream
    }

    const PLAIN: [u32; 8] = [26, 20, 0, 0, 26, 20, 0, 0];
    const CODING: [u8; 10] = [0, 0, 0, 1, 0, 5, 4, 4, 0, 1];

    fn verdict(stream: &[u8]) -> Result<Size, CodecError> {
        check(stream, 20, 26).map(|(size, _)| size)
    }

    #[test]
    fn the_skeleton_is_read_and_its_end_found() {
        let mut stream = skeleton(PLAIN, 0x8F, &CODING);
        let whole = stream.len();
        stream.extend([0, 0]);
        let (size, kept) = check(&stream, 20, 26).unwrap();
        assert_eq!((size, kept.len()), (Size { precision: 16, signed: true, tiles: 1 }, whole));
        assert_eq!(size.range(), (-32768, 32767));
        assert_eq!(verdict(&skeleton(PLAIN, 11, &CODING)).unwrap().range(), (0, 4095));
        // Nothing is in it, and the decoder says so.
        assert!(matches!(decode(&stream, 20, 26), Err(CodecError::Decoder(_))));
    }

    #[test]
    fn sizes_and_depths_are_the_headers_or_refused() {
        let with = |index: usize, value: u32| {
            let mut numbers = PLAIN;
            numbers[index] = value;
            verdict(&skeleton(numbers, 11, &CODING))
        };
        assert_eq!(with(0, u32::MAX), Err(CodecError::Size));
        assert_eq!(with(2, 27), Err(CodecError::Damaged));
        assert_eq!(with(4, 0), Err(CodecError::Damaged));
        assert_eq!(with(6, 1), Err(CodecError::Damaged));
        assert_eq!(verdict(&skeleton([4122, 4116, 4096, 4096, 1, 1, 4096, 4096], 11, &CODING)).unwrap().tiles, 520);
        assert_eq!(check(&skeleton([512, 512, 0, 0, 1, 1, 0, 0], 11, &CODING), 512, 512), Err(CodecError::Unsupported));
        let far = [u32::MAX, u32::MAX, u32::MAX - 26, u32::MAX - 20, 26, 20, u32::MAX - 26, u32::MAX - 20];
        assert_eq!(verdict(&skeleton(far, 11, &CODING)), Err(CodecError::Unsupported));
        assert_eq!(verdict(&skeleton(PLAIN, 16, &CODING)), Err(CodecError::Depth));
        assert_eq!(verdict(&skeleton(PLAIN, 0xFF, &CODING)), Err(CodecError::Depth));
    }

    #[test]
    fn what_costs_more_than_it_shows_is_refused() {
        let with = |coding: &[u8]| verdict(&skeleton(PLAIN, 11, coding)).map(|_| ());
        assert_eq!(with(&CODING), Ok(()));
        assert_eq!(with(&[0, 0, 0xFF, 0xFF, 0, 5, 4, 4, 0, 1]), Err(CodecError::Unsupported));
        assert_eq!(with(&[0, 0, 0, 0, 0, 5, 4, 4, 0, 1]), Err(CodecError::Damaged));
        assert_eq!(with(&[0, 0, 0, 1, 1, 5, 4, 4, 0, 1]), Err(CodecError::Damaged));
        assert_eq!(with(&[0, 0, 0, 1, 0, 32, 4, 4, 0, 1]), Err(CodecError::Unsupported));
        assert_eq!(with(&[0, 0, 0, 1, 0, 5, 0, 0, 0, 1]), Err(CodecError::Unsupported));
        assert_eq!(with(&[0, 0, 0, 1, 0, 5, 8, 8, 0, 1]), Err(CodecError::Damaged));
        assert_eq!(with(&[1, 0, 0, 1, 0, 1, 4, 4, 0, 1, 0x77, 0x88]), Ok(()));
        assert_eq!(with(&[1, 0, 0, 1, 0, 1, 4, 4, 0, 1, 0x00, 0x88]), Err(CodecError::Unsupported));
        assert_eq!(with(&[1, 0, 0, 1, 0, 1, 4, 4, 0, 1, 0x77]), Err(CodecError::Damaged));
    }

    #[test]
    fn nothing_changes_the_coding_later_and_nothing_is_missing() {
        let stream = skeleton(PLAIN, 11, &CODING);
        let tile = stream.windows(2).position(|pair| pair == [0xFF, 0x90]).unwrap();
        let insert = |at: usize, bytes: &[u8]| verdict(&[&stream[..at], bytes, &stream[at..]].concat()).map(|_| ());
        let guard = stream.windows(2).position(|pair| pair == [0xFF, 0x5C]).unwrap() + 4;
        let mut unguarded = stream.clone();
        unguarded[guard] = 0x1F;
        assert_eq!(verdict(&unguarded), Err(CodecError::Unsupported));
        // A second coding style, in the main header and in a tile's; a change of progression;
        // packed headers.
        assert_eq!(insert(tile, &[&[0xFF, 0x52, 0, 12], &CODING[..]].concat()), Err(CodecError::Damaged));
        assert_eq!(insert(tile + 12, &[&[0xFF, 0x52, 0, 12], &CODING[..]].concat()), Err(CodecError::Unsupported));
        assert_eq!(insert(tile, &[0xFF, 0x5F, 0, 4, 0, 0]), Err(CodecError::Unsupported));
        assert_eq!(insert(tile, &[0xFF, 0x60, 0, 4, 0, 0]), Err(CodecError::Unsupported));
        assert_eq!(insert(tile, &[0xFF, 0x64, 0, 4, 0, 0]), Ok(()));
        let with = |at: usize, byte: u8| {
            let mut changed = stream.clone();
            changed[at] = byte;
            verdict(&changed).map(|_| ())
        };
        assert_eq!(with(tile + 5, 1), Err(CodecError::Damaged));
        assert_eq!(with(tile + 9, 200), Err(CodecError::Damaged));
        assert_eq!(with(tile + 9, 13), Err(CodecError::Damaged));
        assert_eq!(with(tile + 9, 0), Ok(()));
        for cut in 0..stream.len() - 3 {
            assert!(verdict(&stream[..cut]).is_err(), "{cut}");
        }
    }
}
