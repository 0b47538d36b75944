//! The geometry of sorted slices: their grid, or why they have none.

use corsai_volume::{Grid, GridGeometry};

use crate::error::GeometryError;
use crate::geometry::slice_spacing::assess;
use crate::geometry::vector::Vector;
use crate::geometry::warning::GeometryWarning;
use crate::series::slice::SeriesSlice;

/// Least z of an axial slice's normal: the cosine of 20 degrees.
pub(crate) const AXIAL: f64 = 0.939_692_6;
/// Sideways shift of slices for each mm along the normal beyond which the gantry is tilted: half a
/// degree.
const TILT: f64 = 0.008_7;
/// A slice this far from the line through the others' corners belongs to another image, mm.
const STRAY_MM: f64 = 1.0;

/// The places of the slices of a stack.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StackGeometry {
    pub grid: Grid,
    pub warnings: Vec<GeometryWarning>,
    /// The slices make stretches of several distances.
    pub stretches: bool,
}

/// Returns the warning of a tilted gantry. `slope` is the corners' shift for each mm along
/// `normal`.
pub(crate) fn gantry_tilt(slope: Vector, normal: Vector) -> Option<GeometryWarning> {
    let tilt = slope.minus(normal).length();
    (tilt > TILT).then(|| GeometryWarning::GantryTilt { degrees: tilt.atan().to_degrees() })
}

impl StackGeometry {
    /// Computes the geometry of parallel slices that are sorted from the feet to the head.
    ///
    /// # Errors
    /// Why the slices make no volume.
    pub(crate) fn of(slices: &[&SeriesSlice]) -> Result<Self, GeometryError> {
        let normal = slices.first().map_or(Vector([0.0, 0.0, 1.0]), |first| first.plane.normal());
        let positions_mm: Vec<f64> = slices.iter().map(|slice| slice.position_mm(normal)).collect();
        let spacing = assess(&positions_mm)?;
        let ends = (slices.first(), slices.last());
        let (Some(first), Some(last)) = ends else { unreachable!("invariant: spacing needs several slices") };
        let (mut warnings, stretches) = (spacing.warnings, spacing.stretches);
        let extent = last.plane.corner_mm.minus(first.plane.corner_mm);
        // The corners' shift for each mm along the normal; its part beside the normal is the tilt.
        let slope = extent.scaled(1.0 / extent.dot(normal));
        let line = |position: f64| first.plane.corner_mm.plus(slope.scaled(position - first.position_mm(normal)));
        let mut corners = slices.iter().zip(&positions_mm);
        if corners.any(|(slice, at)| slice.plane.corner_mm.minus(line(*at)).length() > STRAY_MM) {
            return Err(GeometryError::Shifted);
        }
        warnings.extend(gantry_tilt(slope, normal));
        let [row_mm, column_mm] = first.plane.spacing_mm;
        let [horizontal, vertical] = first.plane.directions;
        let step = extent.scaled(1.0 / (slices.len().saturating_sub(1).max(1)) as f64);
        let [a, b, c] = [horizontal.scaled(column_mm), vertical.scaled(row_mm), step].map(|Vector(axis)| axis);
        let Vector(corner) = first.plane.corner_mm;
        let grid = Grid::try_new(GridGeometry {
            rows: first.plane.rows,
            columns: first.plane.columns,
            row_mm,
            column_mm,
            positions_mm,
            slab_mm: spacing.slab_mm,
            patient_from_voxel: [0, 1, 2].map(|axis| [a[axis], b[axis], c[axis], corner[axis]]),
        })?;
        Ok(Self { grid, warnings, stretches })
    }
}
