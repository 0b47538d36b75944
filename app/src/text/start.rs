//! The start page.

use crate::{format, weights::status::WeightsStatus};

pub const LEAD: &str = "Open a chest CT in DICOM. This page finds the lungs and COVID‑19 lesions on every slice, measures them in millilitres, and gives the share of each lung and the CT-class.";
pub const PROBLEMS_WHY: &str = " Missing slices, unusual geometry or unreadable files are named beside the numbers; a study that can't be measured gets no number.";
pub const NO_UPLOAD_WHY: &str =
    " The pictures are read and computed on this computer, in this page, and are gone when it closes.";
pub const SYNTHETIC_HINT: &str =
    "No CT at hand? A synthetic chest with known lesions is built in the page, without any download.";
pub const NO_DEVICE_WHY: &str =
    " It is for research and demonstration, and the networks can be wrong. Look at the outlines.";
pub const NETWORKS_FAILED: &str = "The networks could not be loaded yet. The page tries again when they are needed.";
pub const DROP_HERE: &str = "Drop a folder, files or a .zip here";
pub const TITLE: &str = "How much of the lungs is affected?";
pub const NO_DEVICE: &str = "Not a medical device.";
pub const SYNTHETIC: &str = "Try a synthetic study";
pub const NO_UPLOAD: &str = "Nothing is uploaded.";
pub const PROBLEMS: &str = "Every problem is shown.";
pub const OPEN: &str = "Open a study";
pub const OR: &str = "or";
pub const CHOOSE_FOLDER: &str = "Choose folder";
pub const CHOOSE_FILES: &str = "Choose files";

/// Returns how far the networks are loaded.
pub fn weights(status: WeightsStatus) -> String {
    let (bytes, total) = (format::bytes(status.bytes), format::bytes(status.total));
    match (status.failed, status.is_complete()) {
        (true, _) => NETWORKS_FAILED.into(),
        (_, true) if status.cached => format!("Networks loaded ({total})."),
        (_, true) => format!("Networks loaded ({total}). They are not kept for the next visit."),
        _ => format!("Loading the networks: {bytes} of {total}."),
    }
}
