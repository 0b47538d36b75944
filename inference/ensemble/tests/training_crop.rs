//! Preparation against training's: `models/training` crops the same volume in `PyTorch` (`python -m
//! training fixture` stores it, and its own test holds the stored files to that code).

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use corsai_ensemble::{CropBox, whole_volume};
use corsai_manifest::{Input, Normalisation, Region};
use corsai_volume::{Grid, HuVolume};

const SLICES: usize = 5;
const ROWS: usize = 22;
const COLUMNS: usize = 26;
/// The slice that is cropped.
const SLICE: usize = 3;
/// Of a normalised value.
const TOLERANCE: f32 = 1e-5;
const RANGE: Normalisation = Normalisation::Range { divisor: 2048.0, limit: 0.505 };

fn stored(name: &str) -> Vec<u8> {
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/training-crop");
    fs::read(folder.join(name)).unwrap()
}

fn volume() -> HuVolume {
    let grid = Grid::evenly_spaced([SLICES, ROWS, COLUMNS], [1.0; 3]);
    let voxels = stored("volume.bin").as_chunks::<2>().0.iter().map(|word| i16::from_le_bytes(*word)).collect();
    HuVolume::try_new(grid.unwrap(), voxels).unwrap()
}

/// The box around the stored mask, with the margin of the lesion networks.
fn lung_box() -> CropBox {
    let mask = stored("mask.bin");
    let set = || (0..mask.len()).filter(|at| mask[*at] != 0);
    let ends = |index: fn(usize) -> usize| (set().map(index).min().unwrap(), set().map(index).max().unwrap());
    CropBox::around(ends(|at| at / COLUMNS % ROWS), ends(|at| at % COLUMNS), 0.1)
}

fn input(size: usize, region: Region, normalisation: Normalisation) -> Input {
    Input { size, region, clip_hu: [-1350.0, 150.0], normalisation, box_margin: 0.1 }
}

fn assert_stored(name: &str, found: &[f32]) {
    let bytes = stored(name);
    let expected: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
    assert_eq!(found.len(), expected.len(), "{name}");
    let off = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off <= TOLERANCE, "{name}: off by {off}");
}

#[test]
fn a_reduced_crop_is_trainings() {
    let crop = lung_box().crop(&volume(), SLICE, &input(16, Region::LungBox, RANGE));
    assert_stored("crop-range.bin", &crop);
}

#[test]
fn an_enlarged_crop_is_trainings() {
    let normalisation = Normalisation::Standard { mean_hu: -478.8, deviation_hu: 486.7 };
    let crop = lung_box().crop(&volume(), SLICE, &input(32, Region::LungBox, normalisation));
    assert_stored("crop-standard.bin", &crop);
}

#[test]
fn the_whole_volume_is_trainings() {
    assert_stored("whole-volume.bin", &whole_volume(&volume(), &input(8, Region::WholeVolume, RANGE)));
}
