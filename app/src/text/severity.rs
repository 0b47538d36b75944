//! The card of the numbers.

use corsai_report::Scale;

use crate::{format, text::classes};

pub const PENDING: &str = "pending";
pub const CAVEAT: &str = "In the paper, the model's shares were on average 12 points below the radiologists' (mean error −0.12): a reader may well see more than is measured here.";
pub const LESIONS_PENDING: &str = "The lungs are measured. Lesions are being searched for; share and CT-class follow.";
pub const LESIONS_MISSING: &str = "The lungs were measured. Lesions were not, so there is no share and no CT-class.";
pub const CAPTION: &str = "Volumes in millilitres and share of each lung that is affected";
pub const RUN_STOPPED: &str = "The run was stopped. These are its last numbers.";
pub const NO_CLIPBOARD: &str = "The clipboard is not available; the text is below.";
pub const EARLIER_PENDING: &str = "The earlier study, on screen, has no numbers yet.";
pub const EARLY_STOP: &str = "stopped on each slice as soon as it was decided";
pub const NO_NAMES: &str = "Neither holds names, identifiers or file names.";
pub const UNFINISHED: &str = "Not finished: these numbers may still change.";
pub const FULL_RUN: &str = "every network on every slice with lung";
pub const EARLIER_NOT_MEASURED: &str = "The earlier study was not measured.";
pub const SLICES: &str = "Slices searched for lesions";
pub const VOXEL: &str = "Voxel (row, column, slice), mm";
pub const NOT_SAVED: &str = "The report could not be saved.";
pub const EARLIER_TITLE: &str = "Severity in the earlier study";
pub const NOT_MEASURED: &str = "This study was not measured.";
pub const BOTH_COMPARE: &str = " Both hold the comparison.";
pub const SCALE: &str = "Scale of the CT-class";
pub const SAVE: &str = "Save report (JSON)";
pub const MEMORY: &str = "Memory, at most";
pub const COPY: &str = "Copy summary";
pub const LESION_VOLUME: &str = "Lesions, mL";
pub const VOLUME: &str = "Volume, mL";
pub const NO_NUMBER: &str = "No number";
pub const GUIDELINE: &str = "Guideline";
pub const TITLE: &str = "Severity";
pub const NETWORKS: &str = "Networks";
pub const SUMMARY: &str = "Summary";
pub const DEVICE: &str = "Device";
pub const PANEL: &str = "Panel";
pub const SHARE: &str = "Share";
pub const VOTE: &str = "Vote";
pub const RIGHT_LETTER: &str = "R";
pub const LEFT_LETTER: &str = "L";

/// Returns the scale of the class.
pub fn class_on(scale: Scale) -> String {
    format!("CT-class on the {}", classes::scale_name(scale))
}

/// Returns the duration of a run and its networks.
pub fn computed(seconds: f64, networks: usize) -> String {
    format!("Computed in {} with {}", format::duration(seconds), format::counted(networks, "network", "networks"))
}

/// Returns the slices of a run.
pub fn slices(with_lung: u32, without_lung: u32) -> String {
    format!("{with_lung}; {without_lung} without lung needed no network")
}

/// Returns on how many slices a network ran.
pub fn network_slices(slices: u32) -> String {
    format!(" × {}, weights ", format::counted(slices as usize, "slice", "slices"))
}
