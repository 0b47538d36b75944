//! Where slices are: points and directions, orientation, and distances of neighbouring slices.

pub(crate) mod orientation;
pub(crate) mod slice_spacing;
pub(crate) mod vector;
pub(crate) mod warning;
