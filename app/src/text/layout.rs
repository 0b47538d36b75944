//! The page's frame.

use corsai_language::message;

use crate::{
    text::{Text, language},
    theme::Theme,
};

pub const DOCUMENT_TITLE: Text = Text("layout-document-title");
pub const LANGUAGE: Text = Text("layout-language");
pub const COMPUTING_ON: Text = Text("layout-computing-on");
pub const THEME: Text = Text("layout-theme");
pub const PRIVACY_SHORT: Text = Text("layout-privacy-short");
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

/// Returns a theme's name in the switch.
pub const fn theme(theme: Theme) -> Text {
    Text(match theme {
        Theme::System => "layout-theme-system",
        Theme::Light => "layout-theme-light",
        Theme::Dark => "layout-theme-dark",
    })
}

/// Returns by what and when a page was printed.
pub fn printed(version: &str, build: &str, date: &str) -> String {
    message!(language(), "layout-printed", version = version, build = build, date = date)
}
