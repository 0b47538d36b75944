//! Weights as they lie in a file.

/// How a GPU stores feature maps and those weights that aren't bytes; it computes in f32 either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// As f32.
    #[default]
    Single,
    /// As f16.
    Half,
}

/// Values in C order.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    Floats(Vec<f32>),
    /// Integers with a scale for each index of the first axis.
    Bytes {
        values: Vec<i8>,
        scales: Vec<f32>,
    },
}

impl Stored {
    #[must_use]
    pub const fn count(&self) -> usize {
        match self {
            Self::Floats(values) => values.len(),
            Self::Bytes { values, .. } => values.len(),
        }
    }

    /// The values they stand for.
    #[must_use]
    pub fn floats(self) -> Vec<f32> {
        match self {
            Self::Floats(values) => values,
            Self::Bytes { values, scales } => {
                assert!(values.len().is_multiple_of(scales.len().max(1)), "invariant: each scale has as many values");
                let each = values.len() / scales.len().max(1);
                let rows = values.chunks_exact(each.max(1)).zip(scales);
                rows.flat_map(|(row, scale)| row.iter().map(move |v| f32::from(*v) * scale)).collect()
            }
        }
    }
}
