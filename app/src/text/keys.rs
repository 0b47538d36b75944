//! Keys and pointer gestures of the viewer.

use crate::text::Text;

pub const ARROWS: Text = Text("keys-arrows");
pub const ONE_SLICE: Text = Text("keys-one-slice");
pub const PAGES: Text = Text("keys-pages");
pub const TEN_SLICES: Text = Text("keys-ten-slices");
pub const HOME_END: Text = Text("keys-home-end");
pub const ENDS: Text = Text("keys-ends");
pub const PLUS_MINUS: Text = Text("keys-plus-minus");
pub const ZOOM_IN_OUT: Text = Text("keys-zoom-in-out");
pub const SHIFT_ARROW: Text = Text("keys-shift-arrow");
pub const PAN: Text = Text("keys-pan");
pub const ZERO: Text = Text("keys-zero");
pub const RESET: Text = Text("keys-reset");
pub const QUESTION_MARK: Text = Text("keys-question-mark");
pub const SHEET: Text = Text("keys-sheet");
pub const WHEEL: Text = Text("keys-wheel");
pub const RIGHT_DRAG: Text = Text("keys-right-drag");
pub const WINDOW: Text = Text("keys-window");
pub const PINCH: Text = Text("keys-pinch");
pub const ZOOM: Text = Text("keys-zoom");
