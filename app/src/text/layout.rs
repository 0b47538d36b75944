//! The page's frame.

use crate::text::Text;

pub const DOCUMENT_TITLE: Text = Text("layout-document-title");
pub const LANGUAGE: Text = Text("layout-language");
pub const COMPUTING_ON: Text = Text("layout-computing-on");
pub const PRIVACY: Text = Text("layout-privacy");
pub const SUBTITLE: Text = Text("layout-subtitle");
pub const DROP_ANOTHER: Text = Text("layout-drop-another");
pub const SKIP: Text = Text("layout-skip");
pub const READING: Text = Text("layout-reading");
pub const CANT_COMPUTE: Text = Text("layout-cant-compute");
pub const STUDY: Text = Text("layout-study");
pub const SETTINGS: Text = Text("layout-settings");
pub const FINDINGS: Text = Text("layout-findings");
pub const NAME: Text = Text("layout-name");
pub const SERIES: Text = Text("layout-series");
pub const OR: Text = Text("layout-or");
