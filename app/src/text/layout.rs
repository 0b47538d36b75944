//! The page's frame.

pub const COMPUTING_ON: &str = "Settings and help. Computing on: ";
pub const PRIVACY: &str = "Files stay on this computer";
pub const SUBTITLE: &str = "Lung lesions on chest CT";
pub const DROP_ANOTHER: &str = "Drop another study here";
pub const SKIP: &str = "Skip to the content";
pub const READING: &str = "Reading the files …";
pub const CANT_COMPUTE: &str = "Can't compute";
pub const STUDY: &str = "The study";
pub const SETTINGS: &str = "Settings";
pub const FINDINGS: &str = "Findings";
pub const NAME: &str = "CoRSAI";
pub const SERIES: &str = "Series";
pub const OR: &str = "or";
