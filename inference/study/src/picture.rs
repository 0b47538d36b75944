//! One picture of a file as stored values: neither rescaled nor turned, and whatever it shows.
//!
//! A study is measured through [`crate::Intake`]; this is what conformance tests, fuzz targets and benchmarks look at,
//! so that decoders are compared on magnetic resonance images too and without a volume around them.

use corsai_report::{Found, Issue, IssueCode};
use dicom_dictionary_std::tags;

use crate::codec::{self, Encoded};
use crate::frames::{Frame, split};
use crate::image::{Fault, bits, codec_fault, required_size};
use crate::transfer::Transfer;
use crate::value;
use crate::walk::{Dataset, PixelData};

/// Stored values, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub rows: usize,
    pub columns: usize,
    /// With their sign; what lies beside the stored bits is gone.
    pub values: Vec<i32>,
    /// Whether the transfer syntax may have lost something.
    pub lossy: bool,
}

impl Picture {
    /// Reads the first picture of a file of grey ones.
    ///
    /// # Errors
    /// The issue with which the file or the picture would be left out of a study.
    pub fn read(bytes: Vec<u8>) -> Result<Self, Issue> {
        let dataset = Dataset::read(bytes).map_err(|error| Issue::new(error.code(), []))?;
        first(&dataset).map_err(|fault| Issue::new(fault.code, [Found::detail(&fault.found)]))
    }
}

fn first(dataset: &Dataset) -> Result<Picture, Fault> {
    let count = dataset.value(tags::NUMBER_OF_FRAMES).and_then(value::integer).unwrap_or(1);
    let count = usize::try_from(count).unwrap_or_default();
    let (rows, columns) = required_size(dataset)?;
    let whole = Frame { dataset, index: None, pixels: dataset.pixels.clone() };
    let (stored, shift, signed) = bits(&whole)?;
    if whole.word(tags::SAMPLES_PER_PIXEL).is_some_and(|samples| samples != 1) {
        return Err(Fault::new(IssueCode::PixelsDepth, "several samples a pixel"));
    }
    if dataset.pixels == PixelData::Truncated {
        return Err(Fault::new(IssueCode::FileTruncated, ""));
    }
    let fault = |error| codec_fault(error, dataset.syntax);
    let pixels = match count {
        1 => whole.pixels,
        _ => split(dataset, count)?.into_iter().next().ok_or_else(|| Fault::new(IssueCode::FileNoPixels, ""))?,
    };
    let encoded = Encoded::new(dataset.syntax, &pixels, rows * columns).map_err(fault)?;
    let bytes = encoded.bytes(&dataset.bytes).map_err(fault)?;
    let words = codec::words(dataset.syntax, bytes, rows, columns, signed).map_err(fault)?;
    let transfer = Transfer { stored, shift, signed, slope: 1.0, intercept: 0.0, padding: None };
    let transfer = transfer.with_codec(words.carried);
    let read = if words.big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
    let (pairs, _) = words.bytes.as_chunks::<2>();
    let values = pairs.iter().take(rows * columns).map(|word| transfer.value(read(*word))).collect();
    Ok(Picture { rows, columns, values, lossy: dataset.syntax.is_lossy() })
}
