//! JPEG Lossless (ITU-T T.81, process 14), by jpeg-decoder.
//!
//! The decoder allocates what the stream declares and trusts some parameters. Frame and scan
//! headers are checked here first: one component, the size in the file's header, a precision and a
//! point transform that fit each other.

use jpeg_decoder::{Decoder, PixelFormat};

use crate::codec::jpeg_markers::{DHT, DQT, DRI, FrameHeader, SOF_LOSSLESS, SOS, Segments, is_comment};
use crate::error::CodecError;

/// Decodes one frame. Returns words in the machine's byte order, and the bits of a sample.
///
/// # Errors
/// [`CodecError::Size`] or [`CodecError::Depth`] where stream and header disagree, else
/// [`CodecError::Damaged`].
pub(crate) fn decode(stream: &[u8], rows: usize, columns: usize) -> Result<(Vec<u8>, u8), CodecError> {
    let header = frame_header(stream)?;
    header.has_size(rows, columns)?;
    if !(9..=16).contains(&header.precision) {
        return Err(CodecError::Depth);
    }
    let mut decoder = Decoder::new(stream);
    decoder.set_max_decoding_buffer_size(rows.saturating_mul(columns).saturating_mul(2));
    let words = decoder.decode().map_err(|error| CodecError::Decoder(error.to_string()))?;
    match decoder.info() {
        Some(info) if info.pixel_format == PixelFormat::L16 => Ok((words, header.precision)),
        _ => Err(CodecError::Damaged),
    }
}

/// Reads the markers up to the scan, and checks that no second frame or scan follows.
fn frame_header(stream: &[u8]) -> Result<FrameHeader, CodecError> {
    let mut segments = Segments::of(stream)?;
    let mut header = None;
    loop {
        match segments.next()? {
            (SOF_LOSSLESS, body) if header.is_none() => header = Some(FrameHeader::read(body)?),
            (SOS, [1, _, _, _predictor, _, transform]) => {
                let header = header.ok_or(CodecError::Damaged)?;
                let fits = matches!(transform & 0x0F, 0) || transform & 0x0F < header.precision;
                let behind = segments.rest();
                let single = !behind.windows(2).any(|pair| matches!(pair, [0xFF, 0xC0..=0xC3 | 0xC5..=0xCF | 0xDA]));
                return if fits && single { Ok(header) } else { Err(CodecError::Damaged) };
            }
            (DHT | DQT | DRI, _) => {}
            (marker, _) if is_comment(marker) => {}
            _ => return Err(CodecError::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(precision: u8, rows: u16, columns: u16, components: u8, transform: u8) -> Vec<u8> {
        let mut stream = vec![0xFF, 0xD8, 0xFF, 0xC3, 0, 11, precision];
        stream.extend(rows.to_be_bytes());
        stream.extend(columns.to_be_bytes());
        stream.extend([components, 1, 0x11, 0]);
        stream.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 0, transform]);
        stream
    }

    #[test]
    fn the_headers_are_read_before_the_decoder_sees_them() {
        let expected = FrameHeader { precision: 12, rows: 512, columns: 256, table: 0 };
        assert_eq!(frame_header(&headers(12, 512, 256, 1, 0)), Ok(expected));
        assert_eq!(frame_header(&headers(12, 512, 256, 3, 0)), Err(CodecError::Damaged));
        assert_eq!(frame_header(&headers(12, 512, 256, 1, 13)), Err(CodecError::Damaged));
        let mut twice = headers(12, 512, 256, 1, 0);
        twice.extend_from_slice(&headers(12, 512, 256, 1, 0)[2..]);
        assert_eq!(frame_header(&twice), Err(CodecError::Damaged));
    }

    #[test]
    fn a_stream_of_another_size_is_never_decoded() {
        let huge = headers(16, u16::MAX, u16::MAX, 1, 0);
        assert_eq!(decode(&huge, 512, 512), Err(CodecError::Size));
        assert!(matches!(decode(&headers(12, 2, 2, 1, 0), 2, 2), Err(CodecError::Decoder(_))));
        assert_eq!(decode(&headers(8, 2, 2, 1, 0), 2, 2), Err(CodecError::Depth));
        assert_eq!(decode(&[], 2, 2), Err(CodecError::Damaged));
    }
}
