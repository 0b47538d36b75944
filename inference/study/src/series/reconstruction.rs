//! One reconstruction of several that share a series and a place.

use std::collections::BTreeMap;

use crate::error::GeometryError;
use crate::image::description::ReconstructionKey;
use crate::series::slice::SeriesSlice;
use crate::series::stack_geometry::StackGeometry;

/// Share of the series' length that the used reconstruction covers at least: a shorter one shows no
/// whole chest.
const MIN_COVER: f64 = 0.8;

/// An attribute that distinguishes reconstructions.
type Discriminator = fn(&ReconstructionKey) -> &str;

/// The attributes that distinguish reconstructions, the most distinctive one first.
const DISCRIMINATORS: [Discriminator; 8] = [
    |key| &key.acquisition,
    |key| &key.stack,
    |key| &key.kernel,
    |key| &key.image_type,
    |key| &key.temporal_position,
    |key| &key.contrast,
    |key| &key.kvp,
    |key| &key.thickness,
];

/// Returns the largest reconstruction among slices that overlap: by the first attribute that
/// separates them, else by all attributes. Slices of the others are added to `left_out`.
///
/// # Errors
/// The slices, where no reconstruction has a geometry and covers [`MIN_COVER`] of their length.
pub(crate) fn largest_reconstruction(
    slices: Vec<SeriesSlice>,
    error: &GeometryError,
    left_out: &mut Vec<SeriesSlice>,
) -> Result<(Vec<SeriesSlice>, StackGeometry), Vec<SeriesSlice>> {
    let separable = matches!(
        error,
        GeometryError::Overlapping(_)
            | GeometryError::Uneven { .. }
            | GeometryError::Missing(_)
            | GeometryError::Shifted
    );
    if !separable {
        return Err(slices);
    }
    let needed_mm = MIN_COVER * extent_mm(&slices.iter().collect::<Vec<_>>());
    let mut found = None;
    for discriminators in DISCRIMINATORS.chunks(1).chain([&DISCRIMINATORS[..]]) {
        let mut parts: BTreeMap<Vec<&str>, Vec<&SeriesSlice>> = BTreeMap::new();
        for slice in &slices {
            let key = discriminators.iter().map(|attribute| attribute(&slice.reconstruction)).collect();
            parts.entry(key).or_default().push(slice);
        }
        let Some((key, part)) = parts.into_iter().rev().max_by_key(|(_, part)| part.len()) else { continue };
        if part.len() == slices.len() || extent_mm(&part) < needed_mm {
            continue;
        }
        if let Ok(geometry) = StackGeometry::of(&part) {
            let key: Vec<String> = key.into_iter().map(str::to_owned).collect();
            found = Some((discriminators, key, geometry));
            break;
        }
    }
    let Some((discriminators, key, geometry)) = found else { return Err(slices) };
    let belongs = |slice: &SeriesSlice| {
        let mut values = discriminators.iter().zip(&key);
        values.all(|(attribute, value)| attribute(&slice.reconstruction) == value)
    };
    let (used, others): (Vec<_>, Vec<_>) = slices.into_iter().partition(belongs);
    left_out.extend(others);
    Ok((used, geometry))
}

/// Returns the length of sorted slices along their normal, mm.
fn extent_mm(slices: &[&SeriesSlice]) -> f64 {
    let (Some(first), Some(last)) = (slices.first(), slices.last()) else { return 0.0 };
    let normal = first.plane.normal();
    last.position_mm(normal) - first.position_mm(normal)
}
