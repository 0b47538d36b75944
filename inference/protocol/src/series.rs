//! What a series and a volume look like to the page.

use corsai_report::Issue;
use serde::{Deserialize, Serialize};

/// Numbers the series of one drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeriesId(pub u32);

/// One line of the list from which a person picks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesSummary {
    pub id: SeriesId,
    /// Series description as the file has it, control characters removed, at most 64 characters; may be empty.
    pub description: String,
    /// `CT`, `MR`, …
    pub modality: String,
    pub slices: u32,
    pub rows: u32,
    pub columns: u32,
    /// (0018,0050), mm.
    pub thickness_mm: Option<f64>,
    /// Median distance of neighbouring slices along the normal, mm.
    pub spacing_mm: Option<f64>,
    /// `YYYY-MM-DD`, of the acquisition, else the series, else the study.
    pub date: Option<String>,
    /// Whether the series can be measured.
    pub usable: bool,
    /// Digest of the Patient ID (0010,0020); absent where there is none, or a word that stands for
    /// none.
    pub patient_key: Option<u64>,
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

/// The grid of a volume: canonical axial slices, index 0 nearest the feet, rows from anterior to posterior,
/// columns from the patient's right to the patient's left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolumeSummary {
    pub slices: u32,
    pub rows: u32,
    pub columns: u32,
    /// Distance of neighbouring rows and of neighbouring columns, mm.
    pub row_mm: f64,
    pub column_mm: f64,
    /// Median distance of neighbouring slices, mm.
    pub slice_mm: f64,
    /// Position of each slice along the normal, mm, rising.
    pub positions_mm: Vec<f64>,
}
