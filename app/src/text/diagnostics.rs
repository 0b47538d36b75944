//! The section "Diagnostics".

use crate::text::Text;

/// Title.
pub const TITLE: Text = Text("diagnostics-title");
/// What it is for.
pub const EXPLANATION: Text = Text("diagnostics-explanation");
/// The lines' name for a screen reader.
pub const LINES: Text = Text("diagnostics-lines");
/// The button that copies them.
pub const COPY: Text = Text("diagnostics-copy");
/// The button that reads them again.
pub const REFRESH: Text = Text("diagnostics-refresh");
/// They are on the clipboard.
pub const COPIED: Text = Text("diagnostics-copied");
/// They could not be copied.
pub const NO_CLIPBOARD: Text = Text("diagnostics-no-clipboard");
