//! Keys and pointer gestures of the viewer.

pub const ARROWS: &str = "Arrow up / Arrow down";
pub const ONE_SLICE: &str = "one slice towards the head / the feet";
pub const PAGES: &str = "Page Up / Page Down";
pub const TEN_SLICES: &str = "ten slices towards the head / the feet";
pub const HOME_END: &str = "Home / End";
pub const ENDS: &str = "to the head / the feet";
pub const PLUS_MINUS: &str = "+ / −";
pub const ZOOM_IN_OUT: &str = "zoom in / out";
pub const SHIFT_ARROW: &str = "Shift + arrow";
pub const PAN: &str = "move the picture";
pub const RESET: &str = "whole slice, lung window";
pub const WHEEL: &str = "Wheel up / down";
pub const RIGHT_DRAG: &str = "Right button, drag";
pub const WINDOW: &str = "brightness and contrast";
pub const PINCH: &str = "Ctrl + wheel, pinch";
pub const ZOOM: &str = "zoom";
