//! The start page.

use corsai_language::message;

use crate::{
    text::{Text, language},
    weights::status::WeightsStatus,
};

pub const LEAD: Text = Text("start-lead");
pub const PROBLEMS_WHY: Text = Text("start-problems-why");
pub const NO_UPLOAD_WHY: Text = Text("start-no-upload-why");
pub const SYNTHETIC_HINT: Text = Text("start-synthetic-hint");
pub const NO_DEVICE_WHY: Text = Text("start-no-device-why");
pub const NETWORKS_FAILED: Text = Text("start-networks-failed");
pub const DROP_HERE: Text = Text("start-drop-here");
pub const KINDS: Text = Text("start-kinds");
pub const TITLE: Text = Text("start-title");
pub const NO_DEVICE: Text = Text("start-no-device");
pub const SYNTHETIC: Text = Text("start-synthetic");
pub const NO_UPLOAD: Text = Text("start-no-upload");
pub const PROBLEMS: Text = Text("start-problems");
pub const OPEN: Text = Text("start-open");
pub const OR: Text = Text("start-or");
pub const CHOOSE_FOLDER: Text = Text("start-choose-folder");
pub const CHOOSE_FILES: Text = Text("start-choose-files");

/// Returns how far the networks are loaded.
pub fn weights(status: WeightsStatus) -> String {
    let language = language();
    let size = language.bytes(status.total);
    match (status.failed, status.is_complete()) {
        (true, _) => NETWORKS_FAILED.get(),
        (_, true) if status.cached => message!(language, "start-networks-loaded", size = size),
        (_, true) => message!(language, "start-networks-loaded-not-kept", size = size),
        _ => message!(language, "start-networks-loading", bytes = language.bytes(status.bytes), size = size),
    }
}
