//! The numbers: what the severity card shows, the command line writes and an export holds.

use serde::{Deserialize, Serialize};

use crate::{Issue, Tier};

/// Everything measured on one study, and against an earlier one where there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Report {
    /// Version of this layout.
    #[cfg_attr(feature = "schema", schemars(extend("const" = Report::FORMAT)))]
    pub format: u32,
    /// The sentence that this is not a medical device: in reports that are written, absent in
    /// messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclaimer: Option<String>,
    /// Size and date of the study; zeros where no series was decoded.
    pub study: StudyRecord,
    /// Absent where the study could not be measured; `issues` says why.
    pub lungs: Option<Lungs>,
    /// Change since an earlier study; absent where there is none.
    pub dynamics: Option<Dynamics>,
    /// Every problem with the input, and the reasons for a refusal.
    pub issues: Vec<Issue>,
    /// How the study was computed.
    pub runs: Runs,
}

impl Report {
    /// Version of the report's layout.
    pub const FORMAT: u32 = 4;
}

/// What was measured, without anything that identifies the patient.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct StudyRecord {
    /// `YYYY-MM-DD`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")))]
    pub date: Option<String>,
    /// Number of slices.
    pub slices: u32,
    /// Number of rows of a slice.
    pub rows: u32,
    /// Number of columns of a slice.
    pub columns: u32,
    /// Row, column and median slice distance, mm.
    pub voxel_mm: [f64; 3],
}

/// Both lungs; left and right are the patient's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Lungs {
    /// The patient's left lung.
    pub left: LungFinding,
    /// The patient's right lung.
    pub right: LungFinding,
    /// Volumes added up; its class is the study's: that of the larger of the two shares.
    pub both: LungFinding,
}

/// One lung, or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct LungFinding {
    /// Volume, mL.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0)))]
    pub volume_ml: f64,
    /// Absent until the lesion networks have run; so are `share` and the classes.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0)))]
    pub lesion_ml: Option<f64>,
    /// Lesion volume / lung volume, 0..=1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub share: Option<f64>,
    /// 0..=4 by [`Scale::Guideline`].
    #[cfg_attr(feature = "schema", schemars(range(max = 4)))]
    pub ct_class: Option<u8>,
    /// 0..=4 by [`Scale::Panel`].
    #[cfg_attr(feature = "schema", schemars(range(max = 4)))]
    pub ct_class_panel: Option<u8>,
    /// What the networks that ran say one by one; absent before there are two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Members>,
}

/// The least and the most that the vote can still come to while networks are running, as shares
/// (0..=1); absent for a lung that is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ShareBounds {
    /// Of the left lung.
    pub left: Option<[f64; 2]>,
    /// Of the right lung.
    pub right: Option<[f64; 2]>,
    /// Of the volumes added up.
    pub both: Option<[f64; 2]>,
    /// The CT-class that is certain already, 0..=4, by [`Scale::Guideline`].
    pub least_class: Option<u8>,
    /// The same by [`Scale::Panel`].
    pub least_class_panel: Option<u8>,
}

/// Single networks' own answers, each with its own threshold; the vote's mask stands in on slices a
/// network wasn't needed for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Runs {
    /// `webgpu: NAME` or `cpu: N threads`.
    pub device: String,
    /// How much was computed; `networks` tells what took part.
    pub tier: Tier,
    /// Every network of the tier ran on every slice with lung, also where the vote was decided
    /// before.
    pub full_run: bool,
    /// The paper's thresholds decided the vote, in place of those chosen for these networks.
    pub paper_vote: bool,
    /// The DPNs of all three projections were asked for, in place of the axial ones alone.
    pub dpn_3d: bool,
    /// Slices with lung: those that lesion networks saw.
    pub slices: u32,
    /// Slices without lung, which need no lesion network.
    pub slices_without_lung: u32,
    /// The networks that took part.
    pub networks: Vec<NetworkRuns>,
    /// From the first byte read to these numbers.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0)))]
    pub seconds: f64,
    /// The most memory in use on the way, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// How often one network ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct NetworkRuns {
    /// The network's name in the manifest.
    pub name: String,
    /// How many slices it saw.
    pub slices: u32,
    /// SHA-256 of its weights' first part, the first eight digits.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[0-9a-f]{8}$")))]
    pub weights: String,
}

/// The paper's rule for two studies of one patient (`docs/method.md`, Dynamics).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The share fell by 1 percentage point or more.
    PositiveResponse,
    /// The share changed by less than 1 percentage point.
    Stable,
    /// The share rose by 1 percentage point or more.
    Progression,
}

impl Verdict {
    /// All verdicts.
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Both lungs.
    Both,
    /// The right lung alone.
    Right,
    /// The left lung alone.
    Left,
}

/// Two studies of one patient compared; "earlier" and "later" go by their dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Dynamics {
    /// Absent where `no_verdict` says why.
    pub verdict: Option<Verdict>,
    /// Why there is no verdict.
    pub no_verdict: Option<NoVerdict>,
    /// What the verdict rests on; absent where no lung is in both studies.
    pub basis: Option<Basis>,
    /// The tier of the answers that are compared; the lower one where they are unlike.
    pub tier: Tier,
    /// The comparison may still change: a study is being refined, or has a higher answer than the
    /// compared one.
    pub provisional: bool,
    /// Date of the earlier study, `YYYY-MM-DD`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")))]
    pub earlier_date: Option<String>,
    /// Date of the later study, `YYYY-MM-DD`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")))]
    pub later_date: Option<String>,
    /// Lesion mL / lung mL of both lungs together; absent unless both lungs are in both studies.
    pub both: Option<ShareChange>,
    /// The left lung; absent unless it is in both studies.
    pub left: Option<ShareChange>,
    /// The right lung; absent unless it is in both studies.
    pub right: Option<ShareChange>,
    /// The lungs moved apart by 1 point or more, in opposite directions.
    pub lungs_disagree: bool,
    /// Doubts about the comparison itself: another patient, no dates, another protocol.
    pub issues: Vec<Issue>,
}

/// A share then and now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ShareChange {
    /// Share in the earlier study, 0..=1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub earlier: f64,
    /// Share in the later study, 0..=1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub later: f64,
    /// Percentage points, later − earlier.
    #[cfg_attr(feature = "schema", schemars(range(min = -100.0, max = 100.0)))]
    pub points: f64,
}
