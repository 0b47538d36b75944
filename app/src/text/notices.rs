//! The notices.

use crate::text::Text;

pub const LOAD_FAILED: Text = Text("notices-load-failed");
pub const UNSUPPORTED: Text = Text("notices-unsupported");
pub const OTHER_TAB: Text = Text("notices-other-tab");
pub const EARLIER_REMOVED: Text = Text("notices-earlier-removed");
pub const CLOSED: Text = Text("notices-closed");
pub const UPDATE: Text = Text("notices-update");
pub const LOAD_UPDATE: Text = Text("notices-load-update");
pub const UNDO: Text = Text("notices-undo");
