//! Drops.

use crate::text::Text;

pub const NOT_OPENED: Text = Text("drop-layer-not-opened");
pub const REPLACE_EARLIER: Text = Text("drop-layer-replace-earlier");
pub const QUESTION: Text = Text("drop-layer-question");
pub const REPLACE: Text = Text("drop-layer-replace");
pub const ADD_EARLIER: Text = Text("drop-layer-add-earlier");
pub const OPEN: Text = Text("drop-layer-open");
