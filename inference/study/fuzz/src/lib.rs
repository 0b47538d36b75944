//! What the targets share: a stream becomes the only picture of a file, so that decoders are
//! reached as a study reaches them, behind every guard.

#[path = "../../tests/conformance/file.rs"]
mod file;

use corsai_study::ImageFrame;

/// Reads a stream as a picture of the size that the synthetic seeds have
/// (`tests/conformance/synthetic`). The result is of no interest: a panic, an abort, a long run or
/// a large allocation is.
pub fn read(syntax: &str, stream: &[u8]) {
    for signed in [false, true] {
        let header = file::Header { syntax, rows: 37, columns: 45, bits: 12, signed };
        let _ = ImageFrame::read(header.around(stream));
    }
}
