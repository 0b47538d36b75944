//! The weights' file format, `CORSAIW1`: int8 or 4-bit integers with scales, biases in f32, batch-norm folded.
//!
//! ```text
//! ┌──────────┬──────────────────┬─────────────┬──────────┬──────────────────────────────┐
//! │ CORSAIW1 │ header bytes u32 │ JSON header │ 0 to ·16 │ data: scales and integers    │
//! └──────────┴──────────────────┴─────────────┴──────────┴──────────────────────────────┘
//! ```
//!
//! Every offset in the header counts from the start of the data. `bits` 32: f32. `bits` 8: `q · scale[o]` with one f32
//! scale an output channel. `bits` 4: `(q − 8) · scale`, low nibble first, groups of `group` values within an output
//! channel with one f16 scale each; each output channel starts at a byte. All numbers are little-endian.
//! Nothing of the header is trusted: every range is checked before it is read, and no size is allocated that the file
//! does not hold.

use std::{collections::BTreeMap, iter::repeat_n};

use corsai_kernels::{Precision, Stored};
use serde::Deserialize;
use thiserror::Error;

use crate::made_up;

const MAGIC: &[u8; 8] = b"CORSAIW1";
/// No tensor of these networks has more elements; guards the multiplication of a hostile shape.
const MAX_ELEMENTS: usize = 1 << 26;

/// What is wrong with a weights file.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PackError {
    #[error("not a weights file")]
    Magic,
    #[error("the header is damaged: {0}")]
    Header(String),
    #[error("tensor {0} reaches past the file's end or has an impossible shape")]
    Range(String),
    #[error("tensor {name} is stored with {bits} bits, which is not a known form")]
    Bits { name: String, bits: u32 },
    #[error("tensor {0} is missing")]
    Missing(String),
    #[error("layer {0} has a form that no shader is made for")]
    Form(String),
    #[error("tensor {name} has shape {found:?} and not {expected:?}")]
    Shape { name: String, found: Vec<usize>, expected: Vec<usize> },
}

#[derive(Deserialize)]
struct Header {
    tensors: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    name: String,
    shape: Vec<usize>,
    bits: u32,
    #[serde(default)]
    group: usize,
    #[serde(default)]
    scale: usize,
    data: usize,
    bytes: usize,
}

/// A tensor as it lies in the file, its ranges checked.
#[derive(Debug)]
struct Values<'a> {
    shape: Vec<usize>,
    form: Form,
    data: &'a [u8],
    scales: &'a [u8],
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Floats,
    Bytes,
    /// Of so many values with one scale.
    Nibbles(usize),
}

/// All tensors of one network by name. They stay in the file until they are taken: a network's weights aren't in memory
/// three times over while it is loaded.
#[derive(Debug)]
pub struct Weights<'a> {
    /// `None` where they are made up.
    tensors: Option<BTreeMap<String, Values<'a>>>,
    /// Values that the layers made of what was taken.
    kept: usize,
    /// What a GPU is to store them in, unless they are bytes.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "the CPU has f32 alone"))]
    pub(crate) precision: Precision,
}

impl<'a> Weights<'a> {
    /// Reads a whole file's header, and checks it.
    ///
    /// # Errors
    /// Any [`PackError`] but `Missing` and `Shape`.
    pub fn read(file: &'a [u8]) -> Result<Self, PackError> {
        let rest = file.strip_prefix(MAGIC.as_slice()).ok_or(PackError::Magic)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(PackError::Magic)?;
        let length = u32::from_le_bytes(*length) as usize;
        let json = rest.get(..length).ok_or_else(|| PackError::Header("it ends too early".into()))?;
        let header: Header = serde_json::from_slice(json).map_err(|e| PackError::Header(e.to_string()))?;
        let start = (MAGIC.len() + 4 + length).next_multiple_of(16);
        let data = file.get(start..).unwrap_or_default();
        let mut tensors = BTreeMap::new();
        for record in header.tensors {
            let (name, values) = record.of(data)?;
            tensors.insert(name, values);
        }
        Ok(Self { tensors: Some(tensors), kept: 0, precision: Precision::Single })
    }

    /// Any tensor that is asked for, of noise: for checks of an architecture.
    #[must_use]
    pub const fn made_up() -> Self {
        Self { tensors: None, kept: 0, precision: Precision::Single }
    }

    /// Removes a tensor of exactly this shape, dequantized.
    ///
    /// # Errors
    /// [`PackError::Missing`] or [`PackError::Shape`].
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, PackError> {
        Ok(self.take_stored(name, shape)?.floats())
    }

    /// The same as it is stored, but for 4 bits.
    pub(crate) fn take_stored(&mut self, name: &str, shape: &[usize]) -> Result<Stored, PackError> {
        let stored = match &mut self.tensors {
            None => made_up::tensor(name, shape),
            Some(tensors) => {
                let found = tensors.remove(name).ok_or_else(|| PackError::Missing(name.into()))?;
                if found.shape != shape {
                    return Err(PackError::Shape { name: name.into(), found: found.shape, expected: shape.into() });
                }
                found.stored()
            }
        };
        self.kept += stored.count();
        Ok(stored)
    }

    /// A layer made more values of what it took.
    pub(crate) const fn grew(&mut self, by: usize) {
        self.kept += by;
    }

    /// How many values the layers keep.
    #[must_use]
    pub const fn kept(&self) -> usize {
        self.kept
    }

    /// Names of the tensors nothing has taken yet.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().flatten().map(|(name, _)| name.as_str())
    }
}

impl Record {
    /// The tensor it describes, and its name.
    fn of(self, data: &[u8]) -> Result<(String, Values<'_>), PackError> {
        let Some(elements) = self.elements() else { return Err(PackError::Range(self.name)) };
        let channels = self.shape.first().copied().unwrap_or(1);
        let (form, expected, scales) = match self.bits {
            32 => (Form::Floats, elements.checked_mul(4), Some(0)),
            8 => (Form::Bytes, Some(elements), channels.checked_mul(4)),
            4 if self.group > 0 => {
                let each = elements / channels;
                let scales = channels.checked_mul(2 * each.div_ceil(self.group));
                (Form::Nibbles(self.group), channels.checked_mul(each.div_ceil(2)), scales)
            }
            4 => return Err(PackError::Range(self.name)),
            bits => return Err(PackError::Bits { name: self.name, bits }),
        };
        let range = |start: usize, bytes: Option<usize>| data.get(start..start.checked_add(bytes?)?);
        let found = range(self.data, expected.filter(|bytes| *bytes == self.bytes));
        let scales = if scales == Some(0) { Some(&[][..]) } else { range(self.scale, scales) };
        match found.zip(scales) {
            Some((data, scales)) => Ok((self.name, Values { shape: self.shape, form, data, scales })),
            None => Err(PackError::Range(self.name)),
        }
    }

    fn elements(&self) -> Option<usize> {
        let elements = self.shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
        (elements > 0 && elements <= MAX_ELEMENTS).then_some(elements)
    }
}

impl Values<'_> {
    fn stored(&self) -> Stored {
        let floats = |bytes: &[u8]| bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
        let group = match self.form {
            Form::Floats => return Stored::Floats(floats(self.data)),
            Form::Bytes => {
                let values = self.data.iter().map(|q| q.cast_signed()).collect();
                return Stored::Bytes { values, scales: floats(self.scales) };
            }
            Form::Nibbles(group) => group,
        };
        let channels = self.shape.first().copied().unwrap_or(1).max(1);
        let each = self.shape.iter().skip(1).product::<usize>();
        let rows = self.data.chunks_exact(each.div_ceil(2).max(1));
        let scales = self.scales.as_chunks::<2>().0;
        let mut values = Vec::with_capacity(channels * each);
        for (row, scales) in rows.zip(scales.chunks_exact(each.div_ceil(group).max(1))) {
            let scales = scales.iter().flat_map(|scale| repeat_n(half::f16::from_le_bytes(*scale).to_f32(), group));
            let nibbles = row.iter().flat_map(|byte| [byte & 15, byte >> 4]).take(each);
            values.extend(nibbles.zip(scales).map(|(nibble, scale)| (f32::from(nibble) - 8.0) * scale));
        }
        Stored::Floats(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        bytes.extend(data);
        bytes
    }

    #[test]
    fn reads_all_three_forms() {
        let mut data = Vec::new();
        data.extend(1.5f32.to_le_bytes());
        data.extend(0.5f32.to_le_bytes());
        data.extend(2.0f32.to_le_bytes());
        data.extend([1u8, 0xff, 127, 0x81]);
        data.extend(half::f16::from_f32(0.25).to_le_bytes());
        data.extend(half::f16::from_f32(4.0).to_le_bytes());
        data.extend([0x80, 0x0f]);
        let header = r#"{"tensors":[
            {"name":"a","shape":[1],"bits":32,"group":0,"scale":0,"data":0,"bytes":4},
            {"name":"b","shape":[2,2],"bits":8,"group":0,"scale":4,"data":12,"bytes":4},
            {"name":"c","shape":[1,3],"bits":4,"group":2,"scale":16,"data":20,"bytes":2}]}"#;
        let file = file(header, &data);
        let mut weights = Weights::read(&file).expect("a valid file");
        assert_eq!(weights.take("a", &[1]), Ok(vec![1.5]));
        assert_eq!(weights.take("b", &[2, 2]), Ok(vec![0.5, -0.5, 254.0, -254.0]));
        assert_eq!(weights.take("c", &[1, 3]), Ok(vec![-2.0, 0.0, 28.0]));
        assert_eq!(weights.left().count(), 0);
        assert_eq!(weights.take("d", &[1]), Err(PackError::Missing("d".into())));
    }

    #[test]
    fn refuses_what_reaches_past_the_end() {
        let huge = format!("[{},{}]", usize::MAX, 2);
        for (shape, bits, data, bytes) in [
            ("[9]", 32, 0, 36),
            ("[2]", 8, 0, 2),
            ("[4]", 4, 0, 2),
            (huge.as_str(), 8, 0, 1),
            ("[1]", 32, usize::MAX, 4),
        ] {
            let header = format!(
                r#"{{"tensors":[{{"name":"a","shape":{shape},"bits":{bits},"group":32,"scale":4,"data":{data},"bytes":{bytes}}}]}}"#
            );
            assert_eq!(Weights::read(&file(&header, &[0; 4])).err(), Some(PackError::Range("a".into())), "{header}");
        }
        assert_eq!(Weights::read(b"CORSAIW").err(), Some(PackError::Magic));
        assert!(matches!(Weights::read(b"CORSAIW1\xff\xff\xff\xff{}"), Err(PackError::Header(_))));
    }
}
