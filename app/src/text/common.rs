//! Words that several parts of the page share.

use crate::text::Text;

pub const RIGHT_LUNG: Text = Text("common-right-lung");
pub const STOPPING: Text = Text("common-stopping");
pub const LEFT_LUNG: Text = Text("common-left-lung");
pub const NO_DATE: Text = Text("common-no-date");
pub const BOTH: Text = Text("common-both");
pub const STOP: Text = Text("common-stop");
pub const EARLIER_STUDY: Text = Text("common-earlier-study");
pub const THIS_STUDY: Text = Text("common-this-study");
pub const EARLIER_STUDY_PREFIX: Text = Text("common-earlier-study-prefix");
pub const STOPPED: Text = Text("common-stopped");
pub const CANCEL: Text = Text("common-cancel");
pub const OPEN_ANOTHER_STUDY: Text = Text("common-open-another-study");
pub const GRAPHICS_PROCESSOR: Text = Text("common-graphics-processor");
pub const SETTINGS_AND_HELP: Text = Text("common-settings-and-help");
pub const PROCESSOR: Text = Text("common-processor");
pub const COPIED: Text = Text("common-copied");
pub const PICTURES: Text = Text("common-pictures");
pub const DISMISS: Text = Text("common-dismiss");
pub const LESIONS: Text = Text("common-lesions");
pub const CLOSE: Text = Text("common-close");
