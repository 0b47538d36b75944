//! Words that several parts of the page share.

pub const RIGHT_LUNG: &str = "Right lung";
pub const STOPPING: &str = "Stopping …";
pub const LEFT_LUNG: &str = "Left lung";
pub const NO_DATE: &str = "no date";
pub const BOTH: &str = "Both";
pub const STOP: &str = "Stop";
pub const EARLIER_STUDY: &str = "Earlier study";
pub const THIS_STUDY: &str = "This study";
pub const EARLIER_STUDY_PREFIX: &str = "Earlier study: ";
pub const STOPPED: &str = "Stopped";
pub const CANCEL: &str = "Cancel";
pub const OPEN_ANOTHER_STUDY: &str = "Open another study";
pub const GRAPHICS_PROCESSOR: &str = "Graphics processor";
pub const SETTINGS_AND_HELP: &str = "Settings and help";
pub const PROCESSOR: &str = "Processor (CPU)";
pub const COPIED: &str = "Copied.";
pub const PICTURES: &str = "Pictures";
pub const DISMISS: &str = "Dismiss";
pub const LESIONS: &str = "Lesions";
pub const CLOSE: &str = "Close";
