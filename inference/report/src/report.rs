//! The numbers: what the severity card shows, the command line writes and an export holds.

use serde::{Deserialize, Serialize};

use crate::{Issue, Tier};

/// Said once on the page and in every export.
pub const DISCLAIMER: &str = "Not a medical device: for research and demonstration, not for diagnosis or treatment.";

/// Everything measured on one study, and against an earlier one where there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this layout: [`Self::FORMAT`].
    pub format: u32,
    pub disclaimer: String,
    pub study: StudyRecord,
    /// Absent where the study could not be measured; `issues` says why.
    pub lungs: Option<Lungs>,
    pub dynamics: Option<Dynamics>,
    pub issues: Vec<Issue>,
    pub runs: Runs,
}

impl Report {
    /// Version of the report's layout.
    pub const FORMAT: u32 = 3;
}

/// What was measured, without anything that identifies the patient.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StudyRecord {
    /// `YYYY-MM-DD`.
    pub date: Option<String>,
    pub slices: u32,
    pub rows: u32,
    pub columns: u32,
    /// Row, column and median slice distance, mm.
    pub voxel_mm: [f64; 3],
}

/// Both lungs; left and right are the patient's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lungs {
    pub left: LungFinding,
    pub right: LungFinding,
    /// Volumes added up; its class is the study's: that of the larger of the two shares.
    pub both: LungFinding,
}

/// One lung, or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LungFinding {
    pub volume_ml: f64,
    /// Absent until the lesion networks have run; so are `share` and the classes.
    pub lesion_ml: Option<f64>,
    /// Lesion volume / lung volume, 0..=1.
    pub share: Option<f64>,
    /// 0..=4 by [`Scale::Guideline`].
    pub ct_class: Option<u8>,
    /// 0..=4 by [`Scale::Panel`].
    pub ct_class_panel: Option<u8>,
    /// What the networks that ran say one by one; absent before there are two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Members>,
}

/// The least and the most that the vote can still come to while networks are running, as shares (0..=1); absent for a
/// lung that is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Possible {
    pub left: Option<[f64; 2]>,
    pub right: Option<[f64; 2]>,
    /// Of the volumes added up.
    pub both: Option<[f64; 2]>,
    /// The CT-class that is certain already, 0..=4, by [`Scale::Guideline`].
    pub least_class: Option<u8>,
    /// The same by [`Scale::Panel`].
    pub least_class_panel: Option<u8>,
}

/// Single networks' own answers, each with its own threshold; the vote's mask stands in on slices a network wasn't
/// needed for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Members {
    /// The lowest and the highest share among them.
    pub share: [f64; 2],
    /// They fall into different classes by [`Scale::Guideline`].
    pub borderline: bool,
    /// The same by [`Scale::Panel`].
    pub borderline_panel: bool,
}

/// Where the classes' borders lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// The guideline's 25, 50 and 75 %.
    #[default]
    Guideline,
    /// The paper's thresholds fitted to its panel of radiologists (table 6): 6, 29 and 83 %.
    Panel,
}

impl Scale {
    /// The borders between CT-1/2, CT-2/3 and CT-3/4 as shares in per cent.
    #[must_use]
    pub const fn borders_percent(self) -> [u8; 3] {
        match self {
            Self::Guideline => [25, 50, 75],
            Self::Panel => [6, 29, 83],
        }
    }
}

/// How the study was computed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// `webgpu: NAME` or `cpu: N threads`.
    pub device: String,
    /// How much was computed; `networks` tells what took part.
    pub tier: Tier,
    /// Every network of the tier ran on every slice with lung, also where the vote was decided before.
    pub full_run: bool,
    /// The paper's thresholds decided the vote, in place of those chosen for these networks.
    pub paper_vote: bool,
    /// The DPNs of all three projections were asked for, in place of the axial ones alone.
    pub dpn_3d: bool,
    /// Slices with lung: those that lesion networks saw.
    pub slices: u32,
    /// Slices without lung, which need no lesion network.
    pub slices_without_lung: u32,
    pub networks: Vec<NetworkRuns>,
    /// From the first byte read to these numbers.
    pub seconds: f64,
    /// The most memory in use on the way, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// How often one network ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRuns {
    pub name: String,
    pub slices: u32,
    /// SHA-256 of its weights' first part, the first eight digits.
    pub weights: String,
}

/// The paper's rule for two studies of one patient (`networks.md` §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    PositiveResponse,
    Stable,
    Progression,
}

impl Verdict {
    pub const ALL: [Self; 3] = [Self::PositiveResponse, Self::Stable, Self::Progression];

    /// Returns the name in reports and cohorts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PositiveResponse => "positive-response",
            Self::Stable => "stable",
            Self::Progression => "progression",
        }
    }
}

/// Why two compared studies have no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoVerdict {
    /// The patient identifiers differ, and nobody has confirmed that both studies are of one
    /// person.
    OtherPatient,
    /// No lung was found in both studies.
    NoCommonLung,
    /// The studies were answered by different tiers, or with different thresholds.
    UnlikeAnswers,
}

/// The lungs that were found in both studies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    Both,
    Right,
    Left,
}

/// Two studies of one patient compared; "earlier" and "later" go by their dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dynamics {
    /// Absent where `no_verdict` says why.
    pub verdict: Option<Verdict>,
    pub no_verdict: Option<NoVerdict>,
    /// What the verdict rests on; absent where no lung is in both studies.
    pub basis: Option<Basis>,
    /// The tier of the answers that are compared; the lower one where they are unlike.
    pub tier: Tier,
    /// The comparison may still change: a study is being refined, or has a higher answer than the
    /// compared one.
    pub provisional: bool,
    pub earlier_date: Option<String>,
    pub later_date: Option<String>,
    /// Lesion mL / lung mL of both lungs together; absent unless both lungs are in both studies.
    pub both: Option<ShareChange>,
    /// Absent unless the lung is in both studies.
    pub left: Option<ShareChange>,
    pub right: Option<ShareChange>,
    /// The lungs moved apart by 1 point or more, in opposite directions.
    pub lungs_disagree: bool,
    /// Doubts about the comparison itself: another patient, no dates, another protocol.
    pub issues: Vec<Issue>,
}

/// A share then and now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ShareChange {
    /// 0..=1.
    pub earlier: f64,
    /// 0..=1.
    pub later: f64,
    /// Percentage points, later − earlier.
    pub points: f64,
}
