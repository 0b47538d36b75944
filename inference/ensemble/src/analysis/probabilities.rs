//! Networks' answers on the study's grid, for those who choose thresholds outside the program.

use crate::vote::ONE;

/// One lesion network's answer for one slice, on the study's grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LesionProbabilities {
    /// The network's index in the manifest.
    pub network: usize,
    /// Index of the slice.
    pub slice: usize,
    /// `rows · columns` probabilities in steps of 1/[`Self::ONE`], as the vote counts them; 0
    /// outside the network's box.
    pub quantized: Vec<u16>,
}

impl LesionProbabilities {
    /// The quantized probability of 1.
    pub const ONE: u16 = ONE;
}
