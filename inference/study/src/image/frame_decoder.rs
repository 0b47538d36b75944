//! All that decoding one slice needs besides its encoded bytes. The worker hands it to other
//! workers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::allocation::zeroed_vec;
use crate::codec::decode::decode;
use crate::error::{CodecError, SliceError};
use crate::geometry::orientation::{AxisPermutation, SlicePlane};
use crate::image::modality_lut::{HuMapping, ModalityLut};
use crate::image::slice_header::SliceHeader;
use crate::transfer_syntax::TransferSyntax;

/// Decodes the bytes of one slice to Hounsfield units in canonical order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FrameDecoder {
    syntax: TransferSyntax,
    /// As stored.
    rows: usize,
    columns: usize,
    /// As decoded, in canonical order: all, or every second one.
    canonical_rows: usize,
    canonical_columns: usize,
    permutation: AxisPermutation,
    rescale: HuMapping,
}

impl FrameDecoder {
    /// `plane` is the slice's own, or a thinned one.
    pub(crate) fn new(slice: &SliceHeader, plane: &SlicePlane) -> Self {
        Self {
            syntax: slice.encoded.syntax,
            rows: slice.rows,
            columns: slice.columns,
            canonical_rows: plane.rows,
            canonical_columns: plane.columns,
            permutation: plane.permutation,
            rescale: slice.rescale,
        }
    }

    /// Decodes one slice: HU, rows from front to back, columns from the patient's right to the
    /// left.
    ///
    /// # Errors
    /// Where the frame can't be decoded.
    pub fn decode(&self, bytes: &[u8]) -> Result<Vec<i16>, SliceError> {
        let mut hu = zeroed_vec(self.canonical_rows.saturating_mul(self.canonical_columns))?;
        self.decode_into(Cow::Borrowed(bytes), &mut None, &mut hu)?;
        Ok(hu)
    }

    /// As [`Self::decode`], into as many values. `lut` is kept for the next slice.
    ///
    /// # Errors
    /// Where the frame can't be decoded.
    pub(crate) fn decode_into(
        &self,
        bytes: Cow<[u8]>,
        lut: &mut Option<ModalityLut>,
        hu: &mut [i16],
    ) -> Result<(), SliceError> {
        match self.rescale {
            HuMapping::Words(rescale) => {
                let words = decode(self.syntax, bytes, self.rows, self.columns, rescale.bits.signed)?;
                let rescale = rescale.with_codec(words.codec_depth);
                let lut = match lut {
                    Some(lut) if lut.is_of(&rescale) => lut,
                    _ => lut.insert(rescale.lut()),
                };
                let read = if words.big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
                let (words, _) = words.bytes.as_chunks::<2>();
                self.place(hu, |index| words.get(index).map(|word| lut.hu(read(*word))))
            }
            HuMapping::Floats(rescale) => self.place(hu, |index| rescale.hounsfield(&bytes, index)),
        }
    }

    /// Writes the stored pixels in canonical order.
    fn place(&self, hu: &mut [i16], stored: impl Fn(usize) -> Option<i16>) -> Result<(), SliceError> {
        for (row, line) in hu.chunks_exact_mut(self.canonical_columns.max(1)).enumerate() {
            for (column, value) in line.iter_mut().enumerate() {
                let found = self.permutation.stored_index(row, column).and_then(&stored);
                *value = found.ok_or(CodecError::Damaged)?;
            }
        }
        Ok(())
    }
}

/// A slice for another worker to decode.
pub struct DecodeJob<'a> {
    /// The image's number among all that were added.
    pub image: u32,
    /// The slice's decoder.
    pub decoder: FrameDecoder,
    /// The slice's encoded bytes.
    pub bytes: Cow<'a, [u8]>,
}

impl std::fmt::Debug for DecodeJob<'_> {
    /// Leaves out the bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecodeJob").field("image", &self.image).field("decoder", &self.decoder).finish_non_exhaustive()
    }
}

impl<'a> DecodeJob<'a> {
    /// Returns `None` for native pixel data: decoding them here is cheaper than sending them.
    pub(crate) fn new(image: u32, slice: &SliceHeader, plane: &SlicePlane, file: &'a [u8]) -> Option<Self> {
        if !slice.encoded.syntax.is_encapsulated() {
            return None;
        }
        // A fragment that isn't in the file is found again, and reported, when the slice is
        // decoded.
        let bytes = slice.encoded.bytes(file).ok()?;
        Some(Self { image, decoder: FrameDecoder::new(slice, plane), bytes })
    }
}

/// Slices that other workers decoded before their series was known, by the image's number.
pub type Prefetched = BTreeMap<u32, Result<Vec<i16>, SliceError>>;
