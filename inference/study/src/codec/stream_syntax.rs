//! The transfer syntax that a compressed stream shows by its first markers, for files that name
//! another.

use crate::codec::jp2_boxes;
use crate::codec::jpeg_markers::{SOF_LOSSLESS, SOF_LS, SOS, Segments};
use crate::error::CodecError;
use crate::transfer_syntax::TransferSyntax;

const SOF_BASELINE: u8 = 0xC0;
const SOF_EXTENDED: u8 = 0xC1;
/// JPEG 2000: start of codestream and size, coding style, start of tile-part.
const SOC_SIZ: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];
const COD: u8 = 0x52;
const SOT: u8 = 0x90;
/// First bytes of a JPEG XL codestream, and of its container.
const JPEG_XL: [&[u8]; 2] = [&[0xFF, 0x0A], b"\0\0\0\x0CJXL \r\n\x87\n"];
/// Bytes of an RLE header, which are the place of its first segment.
const RLE_HEADER: u32 = 64;

/// Returns the syntax of a stream; `None` where it shows none that is read.
pub(crate) fn stream_syntax(stream: &[u8]) -> Option<TransferSyntax> {
    if JPEG_XL.iter().any(|start| stream.starts_with(start)) {
        // Only the frames tell whether anything was lost.
        return Some(TransferSyntax::JpegXl { lossy: true });
    }
    let codestream = jp2_boxes::codestream(stream).ok()?;
    if codestream.starts_with(&SOC_SIZ) {
        return jpeg_2000(codestream).ok();
    }
    jpeg(stream).ok().flatten().or_else(|| is_rle(stream).then_some(TransferSyntax::Rle))
}

/// The wavelet of the coding style tells whether the codestream can be lossless (T.800, A.6.1).
fn jpeg_2000(codestream: &[u8]) -> Result<TransferSyntax, CodecError> {
    // Behind the first marker the segments are written as those of JPEG.
    let mut segments = Segments::behind(codestream.get(2..).unwrap_or_default());
    loop {
        match segments.next()? {
            (COD, [_, _, _, _, _, _, _, _, _, wavelet, ..]) => {
                return Ok(TransferSyntax::Jpeg2000 { lossy: *wavelet == 0 });
            }
            (SOT, _) => return Err(CodecError::Damaged),
            _ => {}
        }
    }
}

fn jpeg(stream: &[u8]) -> Result<Option<TransferSyntax>, CodecError> {
    let mut segments = Segments::of(stream)?;
    let mut found = None;
    loop {
        match segments.next()? {
            (SOF_LOSSLESS, _) => return Ok(Some(TransferSyntax::JpegLossless)),
            (SOF_BASELINE | SOF_EXTENDED, [8, ..]) => return Ok(Some(TransferSyntax::JpegBaseline)),
            (SOF_BASELINE | SOF_EXTENDED, _) => return Ok(Some(TransferSyntax::JpegExtended)),
            (SOF_LS, _) => found = Some(SOF_LS),
            (SOS, [.., near, _, _]) if found.is_some() => return Ok(Some(TransferSyntax::JpegLs { lossy: *near > 0 })),
            (SOS | 0xC2 | 0xC5..=0xC7 | 0xC9..=0xCF, _) => return Ok(None),
            _ => {}
        }
    }
}

fn is_rle(stream: &[u8]) -> bool {
    let word =
        |at: usize| stream.get(at..).and_then(|rest| rest.first_chunk::<4>()).map(|word| u32::from_le_bytes(*word));
    word(0).is_some_and(|segments| (1..=15).contains(&segments)) && word(4) == Some(RLE_HEADER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_shows_its_syntax_by_its_markers() {
        let jpeg = |frame: u8, precision: u8, near: u8| {
            let mut stream =
                vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 3, 9, 0xFF, frame, 0, 11, precision, 0, 2, 0, 2, 1, 1, 0x11, 0];
            stream.extend([0xFF, SOS, 0, 8, 1, 1, 0, near, 0, 0]);
            stream_syntax(&stream)
        };
        assert_eq!(jpeg(SOF_LOSSLESS, 12, 1), Some(TransferSyntax::JpegLossless));
        assert_eq!(jpeg(SOF_BASELINE, 8, 0), Some(TransferSyntax::JpegBaseline));
        assert_eq!(jpeg(SOF_EXTENDED, 12, 0), Some(TransferSyntax::JpegExtended));
        assert_eq!(jpeg(SOF_LS, 12, 0), Some(TransferSyntax::JpegLs { lossy: false }));
        assert_eq!(jpeg(SOF_LS, 12, 3), Some(TransferSyntax::JpegLs { lossy: true }));
        assert_eq!(jpeg(0xC2, 12, 0), None);
        let j2k = |wavelet: u8| {
            let mut stream = [&SOC_SIZ[..], &[0, 4, 0, 0, 0xFF, COD, 0, 12], &[0; 9]].concat();
            stream.push(wavelet);
            stream_syntax(&stream)
        };
        assert_eq!(j2k(1), Some(TransferSyntax::Jpeg2000 { lossy: false }));
        assert_eq!(j2k(0), Some(TransferSyntax::Jpeg2000 { lossy: true }));
        assert_eq!(stream_syntax(&[0xFF, 0x0A, 1]), Some(TransferSyntax::JpegXl { lossy: true }));
        assert_eq!(stream_syntax(&[2, 0, 0, 0, 64, 0, 0, 0]), Some(TransferSyntax::Rle));
        for other in [&[][..], &[0; 8], &[0xFF, 0xD8], &SOC_SIZ] {
            assert_eq!(stream_syntax(other), None);
        }
    }
}
