//! The viewer's pure parts, without a browser: geometry, gestures, keys, rendering, the slice
//! cache.

pub mod contour;
pub mod geometry;
pub mod gestures;
pub mod keys;
pub mod render;
pub mod slice_cache;
pub mod viewport_state;
pub mod wheel;
