//! `models/manifest.json`: which networks there are, what they expect, and where their weights lie.

use std::collections::BTreeMap;

use corsai_report::Tier;
use serde::{Deserialize, Serialize};

/// The whole manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`Self::FORMAT`]; anything else is refused.
    pub format: u32,
    /// Where the vote's thresholds lie for these weights; the paper's where the file doesn't say.
    #[serde(default)]
    pub vote: Vote,
    /// In the order they run: those that settle most for their cost first.
    pub networks: Vec<NetworkEntry>,
}

impl Manifest {
    /// Of the manifests that this code reads.
    pub const FORMAT: u32 = 3;
    /// Most members that a family may have in the vote, which counts a pixel's probabilities in 16
    /// bits.
    pub const MOST_MEMBERS: usize = 31;

    /// A family with more than [`Self::MOST_MEMBERS`] members; a manifest that has one is refused.
    /// Where DPNs see coronal or sagittal sections, each axial one counts three times.
    #[must_use]
    pub fn oversized_family(&self) -> Option<Family> {
        let of = |families: &[Family], axial: bool| {
            let fits =
                |n: &&NetworkEntry| families.contains(&n.family) && n.projections.contains(&Projection::Axial) == axial;
            self.networks.iter().filter(fits).count()
        };
        let dpns = of(&[Family::Dpn], true) * if of(&[Family::Dpn], false) > 0 { 3 } else { 1 };
        let resnets = of(&[Family::Resnet21, Family::Resnet18], true);
        let counts = [(Family::Fpn, of(&[Family::Fpn], true)), (Family::Dpn, dpns), (Family::Resnet21, resnets)];
        counts.into_iter().find(|(_, count)| *count > Self::MOST_MEMBERS).map(|(family, _)| family)
    }
}

/// The vote's thresholds on the families' means (`networks.md` §3). Below `low` a family votes against, above `high`
/// for a lesion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    pub dpn: Band,
    pub fpn: Band,
    /// Every ResNet must be above this.
    pub resnet: f64,
}

/// Between its ends a family abstains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    pub low: f64,
    pub high: f64,
}

impl Vote {
    /// As the paper has them.
    pub const PAPER: Self =
        Self { dpn: Band { low: 0.3, high: 0.7 }, fpn: Band { low: 0.15, high: 0.85 }, resnet: 0.5 };
}

impl Default for Vote {
    fn default() -> Self {
        Self::PAPER
    }
}

/// The plane whose slices a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Projection {
    Axial,
    Coronal,
    Sagittal,
}

/// What votes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Not of the lesions' vote.
    Lungs,
    Fpn,
    Resnet21,
    Resnet18,
    Dpn,
}

/// One network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkEntry {
    /// Unique, `fpn-0` say.
    pub name: String,
    pub family: Family,
    /// The planes whose slices it sees, one after the other.
    pub projections: Vec<Projection>,
    /// The least tier that runs it.
    pub tier: Tier,
    pub architecture: Architecture,
    pub input: Input,
    /// A voxel is lesion above this probability where this network decides alone.
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
    /// U-Net over a residual network of 21 convolutions.
    #[serde(rename = "unet-resnet21")]
    UnetResNet21 { in_channels: usize, classes: usize },
    /// ResNet-18 without pooling, as a segmenter.
    #[serde(rename = "resnet18")]
    ResNet18 { in_channels: usize, classes: usize },
    /// U-Net over DPN-92 with a light decoder.
    #[serde(rename = "unet-dpn92")]
    UnetDpn92 { in_channels: usize, classes: usize },
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

/// From clipped HU to a network's input (`networks.md` §2).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Normalisation {
    /// A: divide by `divisor`, clip to ±`limit`.
    Range { divisor: f32, limit: f32 },
    /// B: the training data's mean to 0, its standard deviation to 1.
    Standard { mean_hu: f32, deviation_hu: f32 },
}

/// What a network expects as its input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Rows and columns.
    pub size: usize,
    pub region: Region,
    /// Clip to this range, HU, before all else.
    pub clip_hu: [f32; 2],
    pub normalisation: Normalisation,
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
