//! What is unusual about the places of slices and still measurable.

use crate::error::MissingSlices;

/// A finding about the places of slices. Volumes are measured, and the finding is shown with them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum GeometryWarning {
    /// Neighbours stand in for the missing slices.
    MissingSlices(MissingSlices),
    /// The distances of neighbours differ.
    UnevenSpacing { least_mm: f64, most_mm: f64 },
    /// Slices are far apart.
    ThickSlices { median_mm: f64 },
    /// Slices move sideways along the stack.
    GantryTilt { degrees: f64 },
}
