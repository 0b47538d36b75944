//! `models/manifest.json`: which networks there are, what they expect, and where their weights lie.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The whole manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// 1; anything else is refused.
    pub format: u32,
    pub networks: Vec<NetworkEntry>,
}

/// The plane whose slices a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Projection {
    Axial,
    Coronal,
    Sagittal,
}

/// One network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkEntry {
    /// Unique, `lungs-axial` say.
    pub name: String,
    /// `lungs` or `fpn`.
    pub family: String,
    pub projection: Projection,
    pub architecture: Architecture,
    pub input: Input,
    /// A voxel is lesion above this probability of the family's mean.
    pub threshold: f64,
    pub parts: Vec<Part>,
    pub golden: Golden,
    /// Dice on whole volumes of patients kept apart from training, by volume: of both lungs with the family's networks
    /// together, or of the lesions at `threshold` (`models/cards` tells how it was measured).
    #[serde(default)]
    pub dice: BTreeMap<String, f64>,
    pub licence: String,
}

/// What the network is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Architecture {
    /// Feature pyramid decoder over an EfficientNet-B0 encoder, as in `segmentation_models_pytorch`.
    #[serde(rename = "fpn-efficientnet-b0")]
    FpnEfficientNetB0 { in_channels: usize, classes: usize, pyramid_channels: usize, segmentation_channels: usize },
}

/// Which part of the volume a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// The whole field of view, resized to `size` along every axis.
    WholeVolume,
    /// One square box a study around both lungs, with a margin, resized to `size`.
    LungBox,
}

/// What a network expects as its input (`networks.md` §2, normalisation A).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Rows and columns.
    pub size: usize,
    pub region: Region,
    /// Clip to this range, HU, before all else.
    pub clip_hu: [f32; 2],
    /// Divide HU by this.
    pub divisor: f32,
    /// Clip the quotient to ±limit.
    pub limit: f32,
    /// Margin on each side of the lungs' box, as a fraction of its side.
    pub box_margin: f64,
}

/// A file of at most 24 MiB with a run of the weights' bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub file: String,
    /// Lower-case hexadecimal.
    pub sha256: String,
    pub bytes: u64,
}

/// The stored answer to the known input (`inference/networks`, golden).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Golden {
    pub file: String,
    pub sha256: String,
    /// Every `stride`-th row and column of the logits is stored.
    pub stride: usize,
}
