//! Summaries of a series and of a volume, for the page.

use corsai_report::Issue;
use serde::{Deserialize, Serialize};

/// Numbers the series of one drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeriesId(pub u32);

/// Digests of what the files say of the patient, to compare two studies in memory; each is absent
/// where the files don't say, or where slices disagree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonKeys {
    /// Patient's Name (0010,0010), its words in any order.
    pub name: Option<u64>,
    /// Patient's Birth Date (0010,0030).
    pub birth_date: Option<u64>,
    /// Patient's Sex (0010,0040), where it is male or female.
    pub sex: Option<u64>,
}

/// One line of the list from which a person picks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesSummary {
    /// Number of the series in its drop.
    pub id: SeriesId,
    /// Series Description (0008,103E) without control characters, at most 64 characters; may be
    /// empty.
    pub description: String,
    /// `CT`, `MR`, …
    pub modality: String,
    /// Number of slices.
    pub slices: u32,
    /// Number of rows of a slice.
    pub rows: u32,
    /// Number of columns of a slice.
    pub columns: u32,
    /// Slice Thickness (0018,0050), mm.
    pub thickness_mm: Option<f64>,
    /// Median distance of neighbouring slices along the normal, mm.
    pub spacing_mm: Option<f64>,
    /// Digest of the Convolution Kernel (0018,1210); absent where the files don't name it.
    #[serde(default)]
    pub kernel_key: Option<u64>,
    /// KVP (0018,0060): tube voltage, kV.
    #[serde(default)]
    pub tube_voltage_kv: Option<f64>,
    /// Whether Contrast/Bolus Agent (0018,0010) names an agent; absent where the files can't say.
    #[serde(default)]
    pub contrast: Option<bool>,
    /// `YYYY-MM-DD`, of the acquisition, else the series, else the study.
    pub date: Option<String>,
    /// Whether the series can be measured.
    pub usable: bool,
    /// Digest of the Patient ID (0010,0020); absent where there is none, or a word that stands for
    /// none.
    pub patient_key: Option<u64>,
    /// What the files say of the person beside that.
    #[serde(default)]
    pub person: PersonKeys,
    /// Digest of the SOP Instance UIDs of the slices that are used; absent where a slice has none.
    pub instances_key: Option<u64>,
    /// Why it can't be measured, or what to keep in mind.
    pub issues: Vec<Issue>,
}

/// Voxel counts of one slice's masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceAreas {
    /// Voxels of both lungs.
    pub lung: u32,
    /// Voxels of lesion; absent before the slice's lesions are in.
    pub lesion: Option<u32>,
}

/// The grid of a volume: canonical axial slices, index 0 nearest the feet, rows from anterior to
/// posterior, columns from the patient's right to the patient's left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolumeSummary {
    /// Number of slices.
    pub slices: u32,
    /// Number of rows of a slice.
    pub rows: u32,
    /// Number of columns of a slice.
    pub columns: u32,
    /// Distance of neighbouring rows, mm.
    pub row_mm: f64,
    /// Distance of neighbouring columns, mm.
    pub column_mm: f64,
    /// Median distance of neighbouring slices, mm.
    pub slice_mm: f64,
    /// Position of each slice along the normal, mm, rising.
    pub positions_mm: Vec<f64>,
}
