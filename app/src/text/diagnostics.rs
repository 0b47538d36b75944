//! The section "Diagnostics".

/// Title.
pub const TITLE: &str = "Diagnostics";
/// What it is for.
pub const EXPLANATION: &str = "If something goes wrong, copy these lines and send them to those who help you. They hold times, sizes, counts and codes, and no name, identifier or file name. They are not stored or sent.";
/// The lines' name for a screen reader.
pub const LINES: &str = "Diagnostic lines";
/// The button that copies them.
pub const COPY: &str = "Copy the lines";
/// The button that reads them again.
pub const REFRESH: &str = "Refresh";
/// They are on the clipboard.
pub const COPIED: &str = "Copied.";
/// They could not be copied.
pub const NO_CLIPBOARD: &str = "The clipboard is not available. Select the lines and copy them.";
