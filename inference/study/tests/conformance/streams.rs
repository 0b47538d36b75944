//! Streams that other projects' encoders made: of a synthetic picture (`synthetic/make.py`), and
//! openjphjs's own.

use std::collections::BTreeMap;
use std::path::Path;

use corsai_study::ImageFrame;
use corsai_tests::{data, needs_data};
use serde::Deserialize;

use crate::digest;
use crate::file::Header;

const JPEG_XL_LOSSY: &str = "1.2.840.10008.1.2.4.112";

#[derive(Deserialize)]
struct Encoded {
    rows: u16,
    columns: u16,
    files: BTreeMap<String, Stream>,
}

/// An encoded stream and what is expected of it.
#[derive(Deserialize)]
pub struct Stream {
    #[serde(skip)]
    pub bytes: Vec<u8>,
    #[serde(skip)]
    size: (u16, u16),
    syntax: String,
    bits: u16,
    /// The picture was multiplied and then moved by these.
    times: i32,
    plus: i32,
    lossless: bool,
    /// What the encoder's own library makes of it: its largest error, and all its values.
    worst: i32,
    sha256: String,
}

impl Stream {
    pub fn header(&self) -> Header<'_> {
        let (rows, columns) = self.size;
        Header { syntax: &self.syntax, rows, columns, bits: self.bits, signed: self.plus < 0 }
    }
}

/// Every encoded stream by name.
pub fn encoded() -> BTreeMap<String, Stream> {
    let Encoded { rows, columns, mut files } = serde_json::from_str(include_str!("synthetic/synthetic.json")).unwrap();
    let folder =
        Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("tests/conformance/synthetic");
    for (name, stream) in &mut files {
        (stream.bytes, stream.size) = (std::fs::read(folder.join(name)).unwrap(), (rows, columns));
    }
    files
}

/// The picture of `synthetic/make.py`, 12 bits.
fn value(row: i32, column: i32) -> i32 {
    let disc = if (row - 18).pow(2) + (column - 22).pow(2) < 150 { 1500 } else { 0 };
    400 + 9 * row + 23 * column + disc + (row * 7919 + column * 104_729) % 53
}

#[test]
fn synthetic_pictures_come_back() {
    for (name, expected) in encoded() {
        let picture = ImageFrame::read(expected.header().around(&expected.bytes))
            .unwrap_or_else(|issue| panic!("{name}: {issue:?}"));
        let columns = picture.columns as i32;
        let written = |at: usize| value(at as i32 / columns, at as i32 % columns) * expected.times + expected.plus;
        let errors = picture.values.iter().enumerate().map(|(at, value)| (value - written(at)).abs());
        let worst = errors.max().unwrap();
        if expected.syntax == JPEG_XL_LOSSY {
            // Its samples are fractions that each decoder rounds for itself.
            assert!(worst.abs_diff(expected.worst) <= 1, "{name}: {worst}");
        } else {
            assert_eq!((worst, digest(&picture)), (expected.worst, expected.sha256), "{name}");
        }
        assert_eq!(picture.lossy, !expected.lossless, "{name}");
        assert!(picture.lossy || worst == 0, "{name}: {worst}");
    }
}

#[needs_data("conformance/chafey+openjphjs")]
#[test]
fn high_throughput_streams_are_openjphs_bit_for_bit() {
    let folder = data("conformance/chafey+openjphjs");
    for (name, signed) in [("CT1", true), ("MR1", true), ("MR3", true)] {
        let header = Header { syntax: "1.2.840.10008.1.2.4.201", rows: 512, columns: 512, bits: 16, signed };
        let stream = std::fs::read(folder.join(format!("{name}.j2c"))).unwrap();
        let raw = std::fs::read(folder.join(format!("{name}.RAW"))).unwrap();
        let truth: Vec<i32> =
            raw.chunks_exact(2).map(|word| i32::from(i16::from_le_bytes([word[0], word[1]]))).collect();
        assert_eq!(ImageFrame::read(header.around(&stream)).unwrap().values, truth, "{name}");
        // As unsigned: the same where nothing is below 0, else refused.
        let unsigned = ImageFrame::read(Header { signed: false, ..header }.around(&stream));
        if truth.iter().any(|value| *value < 0) {
            assert_eq!(unsigned.unwrap_err().issue().code, corsai_report::IssueCode::PixelsDepth, "{name}");
        } else {
            assert_eq!(unsigned.unwrap().values, truth, "{name}");
        }
    }
}
