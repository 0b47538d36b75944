//! From Hounsfield units to a network's values (`docs/method.md`, "Input"): clip to the range of
//! the training data, resize, normalise.

use std::ops::RangeInclusive;

use corsai_manifest::{Input, Normalisation};
use corsai_volume::HuVolume;

use crate::{
    resize::{Filter, resize_plane},
    slice_axis::SliceAxis,
};

/// Clipped HU of a slice.
fn clipped(slice: &[i16], [low, high]: [f32; 2]) -> Vec<f32> {
    slice.iter().map(|&hu| f32::from(hu).clamp(low, high)).collect()
}

/// Normalises clipped HU in place.
pub(crate) fn normalise(values: &mut [f32], input: &Input) {
    match input.normalisation {
        Normalisation::Range { divisor, limit } => {
            for v in values {
                *v = (*v / divisor).clamp(-limit, limit);
            }
        }
        Normalisation::Standard { mean_hu, deviation_hu } => {
            for v in values {
                *v = (*v - mean_hu) / deviation_hu;
            }
        }
    }
}

/// Returns a cube `[z][y][x]`, normalised: `planes` of clipped HU, `input.size` rows and columns
/// each, at the places of `axis`, resized to `input.size` slices.
pub(crate) fn stack_to_cube(planes: &[Vec<f32>], axis: &SliceAxis, input: &Input) -> Vec<f32> {
    let area = input.size * input.size;
    let along = axis.to_cube(input.size);
    let mut cube = vec![0.0; area * input.size];
    for (z, slice) in cube.chunks_exact_mut(area).enumerate() {
        along.weighted_row(z, area, |j| &planes[j], slice);
    }
    normalise(&mut cube, input);
    cube
}

/// Returns the whole volume as a cube `[z][y][x]` of `input.size` voxels a side, normalised.
pub fn whole_volume(volume: &HuVolume, input: &Input) -> Vec<f32> {
    slices_to_cube(volume, 0..=volume.grid().slices() - 1, input)
}

/// As [`whole_volume`], of some of the slices.
pub(crate) fn slices_to_cube(volume: &HuVolume, slices: RangeInclusive<usize>, input: &Input) -> Vec<f32> {
    let grid = volume.grid();
    let vertical = Filter::new(grid.rows(), input.size);
    let horizontal = Filter::new(grid.columns(), input.size);
    let resized = |z| resize_plane(&clipped(volume.slice(z), input.clip_hu), grid.columns(), &vertical, &horizontal);
    let planes: Vec<Vec<f32>> = slices.clone().map(resized).collect();
    stack_to_cube(&planes, &SliceAxis::of_range(grid, slices), input)
}
