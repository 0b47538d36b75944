//! How one slice is coded: all that its decoding needs besides the coded bytes. A worker hands it to another instance.

use std::borrow::Cow;
use std::collections::BTreeMap;

use corsai_report::IssueCode;
use serde::{Deserialize, Serialize};

use crate::codec::{self, Syntax};
use crate::frame::{Placed, Turn};
use crate::image::{Fault, Slice, codec_fault};
use crate::transfer::{Table, Transfer};

/// From a slice's coded bytes to its Hounsfield units in canonical order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Coding {
    syntax: Syntax,
    /// As stored.
    rows: usize,
    columns: usize,
    /// After turning.
    row_length: usize,
    turn: Turn,
    transfer: Transfer,
}

impl Coding {
    pub(crate) fn of(slice: &Slice, placed: &Placed) -> Self {
        Self {
            syntax: slice.encoded.syntax,
            rows: slice.rows,
            columns: slice.columns,
            row_length: placed.columns,
            turn: placed.turn,
            transfer: slice.transfer,
        }
    }

    /// Decodes one slice, `rows · columns` HU from front to back and from the patient's right to the left.
    ///
    /// # Errors
    /// What is wrong with the picture.
    pub fn decode(&self, bytes: &[u8]) -> Result<Vec<i16>, Fault> {
        let mut hu = Vec::new();
        let pixels = self.rows.saturating_mul(self.columns);
        hu.try_reserve_exact(pixels).map_err(|_| Fault::new(IssueCode::InputTooLarge, ""))?;
        hu.resize(pixels, 0);
        self.decode_into(Cow::Borrowed(bytes), &mut None, &mut hu)?;
        Ok(hu)
    }

    /// As [`Self::decode`]; `hu` has a place for each pixel. The table is kept for the next slice.
    ///
    /// # Errors
    /// What is wrong with the picture.
    pub(crate) fn decode_into(&self, bytes: Cow<[u8]>, table: &mut Option<Table>, hu: &mut [i16]) -> Result<(), Fault> {
        let words = codec::words(self.syntax, bytes, self.rows, self.columns, self.transfer.signed)
            .map_err(|error| codec_fault(error, self.syntax))?;
        let transfer = self.transfer.with_codec(words.carried);
        let table = match table {
            Some(table) if table.is_of(&transfer) => table,
            _ => table.insert(transfer.table()),
        };
        let read = if words.big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
        let (words, _) = words.bytes.as_chunks::<2>();
        for (row, line) in hu.chunks_exact_mut(self.row_length.max(1)).enumerate() {
            for (column, value) in line.iter_mut().enumerate() {
                let word = self.turn.index(row, column).and_then(|index| words.get(index));
                *value = table.hu(read(*word.ok_or_else(|| Fault::new(IssueCode::CodecFailed, ""))?));
            }
        }
        Ok(())
    }
}

/// A slice to be decoded elsewhere.
pub struct Task<'a> {
    /// Of all pictures that were taken in.
    pub picture: u32,
    pub coding: Coding,
    pub bytes: Cow<'a, [u8]>,
}

impl std::fmt::Debug for Task<'_> {
    /// Without the picture's bytes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task").field("picture", &self.picture).field("coding", &self.coding).finish_non_exhaustive()
    }
}

impl<'a> Task<'a> {
    /// `None` for a slice that is stored plainly: reading it here is cheaper than carrying it.
    pub(crate) fn of(picture: u32, slice: &Slice, placed: &Placed, file: &'a [u8]) -> Option<Self> {
        let bytes = slice.encoded.syntax.is_encapsulated().then(|| slice.encoded.bytes(file).ok()).flatten()?;
        Some(Self { picture, coding: Coding::of(slice, placed), bytes })
    }
}

/// What other instances made of slices before it was known which of them belong to a volume, by picture.
pub type Ahead = BTreeMap<u32, Result<Vec<i16>, Fault>>;
