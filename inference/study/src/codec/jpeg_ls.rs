//! JPEG-LS (ITU-T T.87), lossless and near-lossless, by `pure_jpegls`.
//!
//! The decoder computes with the stream's parameters before it checks them. Every header is checked
//! here first: one component, no interleaving, no point transform, presets within T.87's ranges,
//! and the size in the file's header.

use std::borrow::Cow;

use crate::codec::jpeg_markers::{DRI, EOI, FrameHeader, LSE, SOF_LS, SOS, Segments, is_comment};
use crate::codec::samples::DecodedSamples;
use crate::error::CodecError;

/// The RESET that a preset of 0 stands for (T.87, C.2.4.1.1).
const DEFAULT_RESET: u16 = 64;
/// Bytes of padding before the end marker that are stripped when the decoder stumbles over them.
const MAX_PADDING: usize = 2;

/// Decodes one frame.
///
/// # Errors
/// [`CodecError::Size`] or [`CodecError::Depth`] where stream and header disagree,
/// [`CodecError::Unsupported`] for what the decoder leaves out (restart intervals, mapping tables),
/// else [`CodecError::Damaged`].
pub(crate) fn decode(stream: &[u8], rows: usize, columns: usize) -> Result<DecodedSamples, CodecError> {
    let (precision, resets) = check(stream, rows, columns)?;
    let stream = with_resets(stream, &resets);
    let side = |length: usize| u32::try_from(length).ok();
    let (Some(width), Some(height)) = (side(columns), side(rows)) else { return Err(CodecError::Size) };
    let end = end_marker(&stream)?;
    let mut decoded = jpegls::decode(&stream, width, height);
    let mut padding = 0;
    // Some encoders pad between the last sample and the end marker; the decoder wants the marker at
    // once.
    while matches!(decoded, Err(jpegls::CodecError::InvalidData(_))) && padding < MAX_PADDING {
        padding += 1;
        let Some((kept, &[0 | 0xFF, ..])) = stream.split_at_checked(end - padding) else { break };
        decoded = jpegls::decode(&[kept, &[0xFF, EOI]].concat(), width, height);
    }
    let (samples, ..) = decoded.map_err(|error| CodecError::Decoder(error.to_string()))?;
    Ok(DecodedSamples { samples, precision, signed: false })
}

/// Returns the place of the last end marker; there are headers before it.
fn end_marker(stream: &[u8]) -> Result<usize, CodecError> {
    let at = stream.windows(2).rposition(|pair| pair == [0xFF, EOI]);
    at.filter(|at| *at > MAX_PADDING).ok_or(CodecError::Damaged)
}

/// Returns the stream with the default in place of each RESET of 0 that ends at one of `ends`: the
/// decoder refuses 0.
fn with_resets<'a>(stream: &'a [u8], ends: &[usize]) -> Cow<'a, [u8]> {
    let mut stream = Cow::Borrowed(stream);
    for end in ends {
        let reset =
            stream.to_mut().get_mut(end - 2..*end).expect("invariant: a preset that was read lies in the stream");
        reset.copy_from_slice(&DEFAULT_RESET.to_be_bytes());
    }
    stream
}

/// Checks all headers. Returns the bits of a sample, and where presets end whose RESET is 0.
fn check(stream: &[u8], rows: usize, columns: usize) -> Result<(u8, Vec<usize>), CodecError> {
    let mut segments = Segments::of(stream)?;
    let (mut header, mut largest): (Option<FrameHeader>, _) = (None, None);
    let mut resets = Vec::new();
    loop {
        match segments.next()? {
            (SOF_LS, body) if header.is_none() => {
                let read = FrameHeader::read(body)?;
                read.has_size(rows, columns)?;
                if !(2..=16).contains(&read.precision) {
                    return Err(CodecError::Depth);
                }
                header = Some(read);
            }
            (LSE, [1, presets @ ..]) => {
                largest = Some(preset(presets)?);
                if presets.ends_with(&[0, 0]) {
                    resets.push(stream.len() - segments.rest().len());
                }
            }
            (LSE, [2..=4, ..]) | (DRI, _) => return Err(CodecError::Unsupported),
            (SOS, [1, _component, 0, near, 0, 0]) => {
                let precision = header.ok_or(CodecError::Damaged)?.precision;
                let whole = u16::MAX >> (16 - precision);
                let largest = largest.filter(|preset| *preset != 0).unwrap_or(whole);
                let fits = largest <= whole && u16::from(*near) <= largest / 2;
                return if fits { Ok((precision, resets)) } else { Err(CodecError::Damaged) };
            }
            (marker, _) if is_comment(marker) => {}
            _ => return Err(CodecError::Damaged),
        }
    }
}

/// Returns the largest sample of a preset whose thresholds are in order (T.87, C.2.4.1.1); 0 stands
/// for a default in every field.
fn preset(body: &[u8]) -> Result<u16, CodecError> {
    let (words, []) = body.as_chunks::<2>() else { return Err(CodecError::Damaged) };
    let &[largest, low, middle, high, reset] = words else { return Err(CodecError::Damaged) };
    let [largest, low, middle, high, reset] = [largest, low, middle, high, reset].map(u16::from_be_bytes);
    let thresholds = [low, middle, high];
    let given: Vec<u16> = thresholds.into_iter().filter(|threshold| *threshold != 0).collect();
    let ordered = given.is_sorted() && given.last().is_none_or(|last| largest == 0 || *last <= largest);
    let resets = reset == 0 || (3..=largest.max(255)).contains(&reset);
    if ordered && resets { Ok(largest) } else { Err(CodecError::Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: usize = 20;
    const COLUMNS: usize = 26;

    fn picture() -> Vec<u16> {
        (0..ROWS * COLUMNS).map(|i| ((i % COLUMNS) * 90 + (i / COLUMNS).pow(2) + i % 7) as u16 & 0x0FFF).collect()
    }

    fn encoded(near: u8) -> Vec<u8> {
        let mut options = jpegls::EncodeOptions::default();
        options.near = near;
        options.precision = Some(12);
        let mut stream = Vec::new();
        jpegls::encode_with_options(&picture(), COLUMNS as u32, ROWS as u32, &options, &mut stream).unwrap();
        stream
    }

    #[test]
    fn lossless_comes_back_and_near_lossless_nearly() {
        let exact = decode(&encoded(0), ROWS, COLUMNS).unwrap();
        assert_eq!((exact.samples, exact.precision), (picture(), 12));
        let near = decode(&encoded(3), ROWS, COLUMNS).unwrap().samples;
        assert!(near.iter().zip(picture()).all(|(a, b)| a.abs_diff(b) <= 3));
        assert_ne!(near, picture());
    }

    #[test]
    fn padding_before_the_end_marker_is_no_fault() {
        let stream = encoded(0);
        for padding in [&[0_u8][..], &[0xFF], &[0, 0xFF]] {
            let padded = [&stream[..stream.len() - 2], padding, &stream[stream.len() - 2..]].concat();
            assert_eq!(decode(&padded, ROWS, COLUMNS).unwrap().samples, picture(), "{padding:?}");
        }
        let cut = [&stream[..stream.len() / 2], &[0xFF, EOI]].concat();
        assert!(matches!(decode(&cut, ROWS, COLUMNS), Err(CodecError::Decoder(_))));
    }

    #[test]
    fn headers_are_doubted_before_the_decoder_sees_them() {
        let stream = encoded(0);
        let refusal = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut changed = stream.clone();
            change(&mut changed);
            decode(&changed, ROWS, COLUMNS).map(|_| ()).unwrap_err()
        };
        assert_eq!(decode(&stream, COLUMNS, ROWS).map(|_| ()).unwrap_err(), CodecError::Size);
        let frame = stream.windows(2).position(|pair| pair == [0xFF, SOF_LS]).unwrap();
        assert_eq!(refusal(&|stream| stream[frame + 4] = 17), CodecError::Depth);
        assert_eq!(refusal(&|stream| stream[frame + 9] = 3), CodecError::Damaged);
        let scan = stream.windows(2).position(|pair| pair == [0xFF, SOS]).unwrap();
        // 12 bits allow a NEAR of 255. The decoder refuses it, because the scan was coded with
        // another.
        assert!(matches!(refusal(&|stream| stream[scan + 7] = 255), CodecError::Decoder(_)));
        assert_eq!(refusal(&|stream| stream[scan + 8] = 1), CodecError::Damaged);
        let with = |segment: &[u8]| {
            let (before, after) = stream.split_at(scan);
            decode(&[before, segment, after].concat(), ROWS, COLUMNS).map(|carried| carried.samples)
        };
        let lse = |words: [u16; 5]| {
            let words = words.map(u16::to_be_bytes).concat();
            with(&[&[0xFF, LSE, 0, 13, 1], &words[..]].concat())
        };
        assert_eq!(lse([4095, 18, 67, 276, 64]), Ok(picture()));
        assert_eq!(lse([4095, 18, 67, 276, 0]), Ok(picture()), "a RESET of 0 stands for 64");
        assert_eq!(lse([0; 5]), Ok(picture()), "0 stands for the default throughout");
        for wrong in [[4096, 0, 0, 0, 64], [4095, 70, 67, 276, 64], [4095, 18, 67, 276, 2], [100, 18, 67, 276, 64]] {
            assert_eq!(lse(wrong), Err(CodecError::Damaged), "{wrong:?}");
        }
        assert_eq!(with(&[0xFF, 0xDD, 0, 4, 0, 8]), Err(CodecError::Unsupported));
        assert_eq!(with(&[0xFF, LSE, 0, 5, 2, 1, 2]), Err(CodecError::Unsupported));
    }
}
