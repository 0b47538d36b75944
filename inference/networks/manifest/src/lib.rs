//! The manifest of the networks, `models/manifest.json`: which networks exist, what input they
//! expect, which files hold their weights, and the thresholds of the vote.

use std::collections::BTreeMap;

use corsai_report::Tier;
use serde::{Deserialize, Serialize};

/// The whole manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format, [`Self::FORMAT`]; others are refused.
    pub format: u32,
    /// Thresholds of the vote for these weights; the paper's if the file has none.
    #[serde(default)]
    pub vote: Vote,
    /// What the studies of the validation had; absent where nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validated: Option<ValidatedRanges>,
    /// The networks in the order in which they run: first those that decide most voxels for their
    /// computing time.
    pub networks: Vec<NetworkEntry>,
}

impl Manifest {
    /// The format that this code reads.
    pub const FORMAT: u32 = 3;
    /// Most members of a family in the vote, which sums a voxel's probabilities in 16 bits.
    pub const MOST_MEMBERS: usize = 31;

    /// Returns a family with more than [`Self::MOST_MEMBERS`] members, if there is one. If DPNs see
    /// coronal or sagittal slices, each axial DPN counts three times.
    #[must_use]
    pub fn oversized_family(&self) -> Option<Family> {
        let count = |families: &[Family], axial: bool| {
            let fits =
                |n: &&NetworkEntry| families.contains(&n.family) && n.projections.contains(&Projection::Axial) == axial;
            self.networks.iter().filter(fits).count()
        };
        let dpns = count(&[Family::Dpn], true) * if count(&[Family::Dpn], false) > 0 { 3 } else { 1 };
        let resnets = count(&[Family::Resnet21, Family::Resnet18], true);
        let counts = [(Family::Fpn, count(&[Family::Fpn], true)), (Family::Dpn, dpns), (Family::Resnet21, resnets)];
        counts.into_iter().find(|(_, count)| *count > Self::MOST_MEMBERS).map(|(family, _)| family)
    }
}

/// Thresholds of the vote on the mean probability of each family (`docs/method.md`, "Vote").
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// Thresholds of the DPNs.
    pub dpn: Band,
    /// Thresholds of the FPNs.
    pub fpn: Band,
    /// Every `ResNet` must be above this probability.
    pub resnet: f64,
    /// What a connected component of the vote's mask needs to count as lesion; absent where every
    /// one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components: Option<ComponentBounds>,
}

/// What a face-connected component of the vote's mask needs to count as lesion (`docs/method.md`,
/// "Components that convince").
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ComponentBounds {
    /// Somewhere in the component the mean probability of all FPNs and DPNs is at least this,
    /// 0..=1.
    pub peak: f64,
    /// Its volume is at least this, mL.
    pub least_ml: f64,
}

/// Two thresholds in 0..=1. A family votes against a lesion below `low` and for one above `high`;
/// between them it abstains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Below this probability a family votes against.
    pub low: f64,
    /// Above this probability a family votes for.
    pub high: f64,
}

impl Vote {
    /// The thresholds of the paper.
    pub const PAPER: Self =
        Self { dpn: Band { low: 0.3, high: 0.7 }, fpn: Band { low: 0.15, high: 0.85 }, resnet: 0.5, components: None };
}

impl Default for Vote {
    fn default() -> Self {
        Self::PAPER
    }
}

/// Ranges of the studies on which the networks were validated. Outside of them a warning is beside
/// the numbers (`docs/validation.md`, "Outside the validation").
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ValidatedRanges {
    /// A quarter of the lungs' voxels is below this, HU: lungs with less air are outside.
    pub lung_quartile_hu: f64,
    /// Most noise of soft tissue, HU: sharper kernels and lower doses are outside.
    pub noise_hu: f64,
    /// Most difference of the shares (0..=1) that the standard tier's networks find alone.
    pub standard_share_range: f64,
}

/// The plane of the slices that a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Projection {
    /// Perpendicular to the body's axis.
    Axial,
    /// From right to left and from feet to head.
    Coronal,
    /// From front to back and from feet to head.
    Sagittal,
}

/// Networks that vote together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Networks that segment the lungs; they have no part in the vote on lesions.
    Lungs,
    /// FPN over `EfficientNet-B0`.
    Fpn,
    /// U-Net over ResNet-21.
    Resnet21,
    /// ResNet-18 as a segmenter.
    Resnet18,
    /// U-Net over DPN-92.
    Dpn,
}

/// One network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkEntry {
    /// A unique name, such as `fpn-0`.
    pub name: String,
    /// The family in which the network votes.
    pub family: Family,
    /// The planes whose slices the network sees, one after the other.
    pub projections: Vec<Projection>,
    /// The lowest tier that runs the network.
    pub tier: Tier,
    /// The architecture and its widths.
    pub architecture: Architecture,
    /// The input that the network expects.
    pub input: Input,
    /// A voxel is lesion above this probability if this network decides alone.
    pub threshold: f64,
    /// The parts of the weights file, in order.
    pub parts: Vec<Part>,
    /// The stored output for the known input.
    pub golden: Golden,
    /// Dice on whole volumes of patients that were not trained on, by volume: of both lungs with
    /// the networks of the family together, or of the lesions at `threshold`. `models/cards`
    /// describes how it was measured.
    #[serde(default)]
    pub dice: BTreeMap<String, f64>,
    /// Licence of the weights.
    pub licence: String,
}

/// The architecture of a network. `in_channels` are the channels of its input, `classes` those of
/// its output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are described above")]
pub enum Architecture {
    /// FPN over an `EfficientNet-B0` encoder, as in `segmentation_models_pytorch`, with the
    /// channels of its pyramid levels and of its segmentation branches.
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

/// The part of the volume that a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// The whole field of view, resized to `size` along every axis.
    WholeVolume,
    /// One square box around both lungs for all slices, with a margin, resized to `size`.
    LungBox,
}

/// Conversion of clipped HU to a network's input (`docs/method.md`, "Input").
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Normalisation {
    /// Normalisation A.
    Range {
        /// HU are divided by this.
        divisor: f32,
        /// The quotient is clipped to ±`limit`.
        limit: f32,
    },
    /// Normalisation B, to mean 0 and standard deviation 1 of the training data.
    Standard {
        /// Mean of the training data, HU.
        mean_hu: f32,
        /// Standard deviation of the training data, HU.
        deviation_hu: f32,
    },
}

/// The input that a network expects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Rows and columns.
    pub size: usize,
    /// The part of the volume.
    pub region: Region,
    /// The range to which voxels are clipped first, HU.
    pub clip_hu: [f32; 2],
    /// The conversion of HU to values of the input.
    pub normalisation: Normalisation,
    /// Margin on each side of the lungs' box, as a fraction of the box's side.
    pub box_margin: f64,
}

/// A part of a weights file, at most 24 MiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// File name.
    pub file: String,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// The file of a network's stored output for its known input (`golden` in `corsai-networks`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Golden {
    /// File name.
    pub file: String,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Every `stride`-th row and column of the logits is stored.
    pub stride: usize,
}
