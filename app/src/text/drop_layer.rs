//! Drops.

pub const NOT_OPENED: &str = "They were dropped outside the fields. Nothing was opened or replaced.";
pub const REPLACE_EARLIER: &str = "Open in place of the earlier study";
pub const QUESTION: &str = "Where do these files belong?";
pub const REPLACE: &str = "Open in place of this study";
pub const ADD_EARLIER: &str = "Add as the earlier study";
pub const OPEN: &str = "Drop to open";
