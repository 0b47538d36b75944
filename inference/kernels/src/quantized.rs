//! Weights in the form in which a weights file holds them.

/// The type in which a GPU stores feature maps and those weights that are not int8. It computes in
/// f32 either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// f32.
    #[default]
    Single,
    /// f16.
    Half,
}

/// A tensor of weights in C order, quantized or not.
#[derive(Debug, Clone, PartialEq)]
pub enum QuantizedTensor {
    /// The values themselves.
    F32(Vec<f32>),
    /// 8-bit integers; value = integer · scale.
    Int8 {
        /// The integers, in C order.
        values: Vec<i8>,
        /// One scale for each index of the first axis.
        scales: Vec<f32>,
    },
}

impl QuantizedTensor {
    /// Number of values.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::Int8 { values, .. } => values.len(),
        }
    }

    /// Whether there are no values.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the values as f32.
    #[must_use]
    pub fn dequantize(self) -> Vec<f32> {
        match self {
            Self::F32(values) => values,
            Self::Int8 { values, scales } => {
                assert!(values.len().is_multiple_of(scales.len().max(1)), "invariant: each scale has as many values");
                let each = values.len() / scales.len().max(1);
                let rows = values.chunks_exact(each.max(1)).zip(scales);
                rows.flat_map(|(row, scale)| row.iter().map(move |v| f32::from(*v) * scale)).collect()
            }
        }
    }
}
