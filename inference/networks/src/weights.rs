//! The weights' file format `CORSAIW1`: quantized tensors with their scales, biases in f32, batch
//! normalisation folded into the convolutions. `models/training` writes it.
//!
//! ```text
//!  0            8            12               12 + n           next multiple of 16
//! ┌────────────┬────────────┬────────────────┬───────────────┬────────────────────────┐
//! │ "CORSAIW1" │ n: u32     │ header         │ 0 to 15 bytes │ data                   │
//! │ 8 bytes    │ 4 bytes    │ n bytes, JSON  │ of padding    │ scales and integers    │
//! └────────────┴────────────┴────────────────┴───────────────┴────────────────────────┘
//!
//! header: {"tensors": [{"name", "shape", "bits", "group", "scale", "data", "bytes"}, …]}
//!         "data" and "scale" are offsets from the start of the data, "bytes" the length at "data".
//!
//! bits    data, by output channel o (first axis)           scales
//! ────    ────────────────────────────────────────────     ──────────────────────────────────────
//!   32    f32                                              none
//!    8    i8, value = q · scale[o]                         one f32 an output channel
//!    4    two a byte, low nibble first; every channel      one f16 for every `group` values of an
//!         starts at a byte; value = (q − 8) · scale        output channel, the last group may be
//!                                                          shorter
//! ```
//!
//! Numbers are little-endian, tensors in C order.
//!
//! # Limits
//! The header is not trusted. Every range is checked against the file before it is read; a tensor
//! has at least 1 and at most 2²⁶ values; sizes are multiplied with overflow checks. Reading
//! allocates the header alone. A tensor takes memory when its layer is loaded, at most eight times
//! its bytes in the file (4 bits to f32).

use std::{collections::BTreeMap, iter::repeat_n};

use corsai_kernels::{Precision, QuantizedTensor};
use serde::Deserialize;

use crate::{error::NetworkError, random_weights};

const MAGIC: &[u8; 8] = b"CORSAIW1";
/// Most values of a tensor, far above those of these networks.
const MAX_ELEMENTS: usize = 1 << 26;

#[derive(Deserialize)]
struct Header {
    tensors: Vec<TensorRecord>,
}

#[derive(Deserialize)]
struct TensorRecord {
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

/// A tensor inside the file; its ranges are checked.
#[derive(Debug)]
struct StoredTensor<'a> {
    shape: Vec<usize>,
    encoding: Encoding,
    data: &'a [u8],
    scales: &'a [u8],
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    F32,
    Int8,
    /// 4 bits, with this many values a scale.
    Int4(usize),
}

/// The tensors of one network by name. They stay in the file until a layer removes them, so that a
/// network's weights are not in memory three times while it is loaded.
#[derive(Debug)]
pub(crate) struct Weights<'a> {
    /// `None` for random weights.
    tensors: Option<BTreeMap<String, StoredTensor<'a>>>,
    /// Values that the layers hold.
    held_values: usize,
    /// The precision in which a GPU stores weights that are not int8.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "the CPU has f32 alone"))]
    pub(crate) precision: Precision,
}

impl<'a> Weights<'a> {
    /// Reads and checks the header of a whole file.
    ///
    /// # Errors
    /// [`NetworkError::NotWeights`], `HeaderTruncated`, `HeaderSyntax`, `TensorRange`,
    /// `TensorBits`.
    pub fn read(file: &'a [u8], precision: Precision) -> Result<Self, NetworkError> {
        let rest = file.strip_prefix(MAGIC.as_slice()).ok_or(NetworkError::NotWeights)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(NetworkError::NotWeights)?;
        let length = u32::from_le_bytes(*length) as usize;
        let json = rest.get(..length).ok_or(NetworkError::HeaderTruncated)?;
        let header: Header = serde_json::from_slice(json).map_err(NetworkError::HeaderSyntax)?;
        let start = (MAGIC.len() + 4 + length).next_multiple_of(16);
        let data = file.get(start..).unwrap_or_default();
        let mut tensors = BTreeMap::new();
        for record in header.tensors {
            let (name, tensor) = record.locate(data)?;
            tensors.insert(name, tensor);
        }
        Ok(Self { tensors: Some(tensors), held_values: 0, precision })
    }

    /// Returns weights in which every tensor exists, with random values.
    #[must_use]
    pub const fn random(precision: Precision) -> Self {
        Self { tensors: None, held_values: 0, precision }
    }

    /// Removes the tensor `name` of exactly this shape and dequantizes it.
    ///
    /// # Errors
    /// [`NetworkError::TensorMissing`] and [`NetworkError::TensorShape`].
    pub fn remove(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, NetworkError> {
        Ok(self.remove_quantized(name, shape)?.dequantize())
    }

    /// Removes the tensor `name` of exactly this shape. One of 4 bits is dequantized.
    ///
    /// # Errors
    /// [`NetworkError::TensorMissing`] and [`NetworkError::TensorShape`].
    pub fn remove_quantized(&mut self, name: &str, shape: &[usize]) -> Result<QuantizedTensor, NetworkError> {
        let tensor = match &mut self.tensors {
            None => random_weights::tensor(name, shape),
            Some(tensors) => {
                let found = tensors.remove(name).ok_or_else(|| NetworkError::TensorMissing(name.into()))?;
                if found.shape != shape {
                    let (name, expected) = (name.into(), shape.into());
                    return Err(NetworkError::TensorShape { name, found: found.shape, expected });
                }
                found.decode()
            }
        };
        self.held_values += tensor.len();
        Ok(tensor)
    }

    /// Counts further values that a layer holds beside those it removed.
    pub const fn add_held_values(&mut self, count: usize) {
        self.held_values += count;
    }

    /// Values that the layers hold.
    #[must_use]
    pub const fn held_values(&self) -> usize {
        self.held_values
    }
}

impl TensorRecord {
    /// Returns the tensor's name and its bytes in `data`.
    fn locate(self, data: &[u8]) -> Result<(String, StoredTensor<'_>), NetworkError> {
        let Some(elements) = self.elements() else { return Err(NetworkError::TensorRange(self.name)) };
        let channels = self.shape.first().copied().unwrap_or(1);
        let (encoding, expected, scales) = match self.bits {
            32 => (Encoding::F32, elements.checked_mul(4), Some(0)),
            8 => (Encoding::Int8, Some(elements), channels.checked_mul(4)),
            4 if self.group > 0 => {
                let each = elements / channels;
                let scales = channels.checked_mul(2 * each.div_ceil(self.group));
                (Encoding::Int4(self.group), channels.checked_mul(each.div_ceil(2)), scales)
            }
            4 => return Err(NetworkError::TensorRange(self.name)),
            bits => return Err(NetworkError::TensorBits { name: self.name, bits }),
        };
        let range = |start: usize, bytes: Option<usize>| data.get(start..start.checked_add(bytes?)?);
        let found = range(self.data, expected.filter(|bytes| *bytes == self.bytes));
        let scales = if scales == Some(0) { Some(&[][..]) } else { range(self.scale, scales) };
        match found.zip(scales) {
            Some((data, scales)) => Ok((self.name, StoredTensor { shape: self.shape, encoding, data, scales })),
            None => Err(NetworkError::TensorRange(self.name)),
        }
    }

    fn elements(&self) -> Option<usize> {
        let elements = self.shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
        (elements > 0 && elements <= MAX_ELEMENTS).then_some(elements)
    }
}

impl StoredTensor<'_> {
    fn decode(&self) -> QuantizedTensor {
        let floats = |bytes: &[u8]| bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
        let group = match self.encoding {
            Encoding::F32 => return QuantizedTensor::F32(floats(self.data)),
            Encoding::Int8 => {
                let values = self.data.iter().map(|q| q.cast_signed()).collect();
                return QuantizedTensor::Int8 { values, scales: floats(self.scales) };
            }
            Encoding::Int4(group) => group,
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
        QuantizedTensor::F32(values)
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
        let mut weights = Weights::read(&file, Precision::Single).expect("a valid file");
        assert_eq!(weights.remove("a", &[1]).unwrap(), [1.5]);
        assert_eq!(weights.remove("b", &[2, 2]).unwrap(), [0.5, -0.5, 254.0, -254.0]);
        assert_eq!(weights.remove("c", &[1, 3]).unwrap(), [-2.0, 0.0, 28.0]);
        assert!(weights.tensors.as_ref().is_some_and(BTreeMap::is_empty));
        assert!(matches!(weights.remove("d", &[1]), Err(NetworkError::TensorMissing(name)) if name == "d"));
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
            let bytes = file(&header, &[0; 4]);
            let refused = Weights::read(&bytes, Precision::Single);
            assert!(matches!(refused, Err(NetworkError::TensorRange(name)) if name == "a"), "{header}");
        }
        let read = |file: &'static [u8]| Weights::read(file, Precision::Single);
        assert!(matches!(read(b"CORSAIW"), Err(NetworkError::NotWeights)));
        assert!(matches!(read(b"CORSAIW1\xff\xff\xff\xff{}"), Err(NetworkError::HeaderTruncated)));
        assert!(matches!(read(b"CORSAIW1\x01\0\0\0{"), Err(NetworkError::HeaderSyntax(_))));
    }
}
