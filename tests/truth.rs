//! The phantom through the reader and the measurement: its DICOM files give back every voxel in the
//! canonical orientation, and its masks have the requested shares and volumes.

#![allow(clippy::unwrap_used)]

use corsai_findings::measure;
use corsai_phantom::{Phantom, PhantomOptions};
use corsai_study::{Intake, Limits};
use corsai_volume::HuVolume;

const OPTIONS: PhantomOptions =
    PhantomOptions { yyyymmdd: 20_200_420, share_left: 0.12, share_right: 0.24, seed: 1, columns: 96, slices: 62 };

/// Reads the files' only series as the page does.
fn read(files: impl Iterator<Item = (String, Vec<u8>)>) -> HuVolume {
    let mut intake = Intake::new(Limits::default());
    for (name, bytes) in files {
        intake.add(&name, bytes);
    }
    let opened = intake.finish();
    assert!(opened.issues.is_empty(), "{:?}", opened.issues);
    let only = opened.only_usable().unwrap();
    let series = opened.series.iter().find(|s| s.summary().id == only).unwrap();
    let mut decoding = series.decoder().unwrap();
    for slice in decoding.order() {
        assert!(decoding.decode(slice).is_ok());
    }
    let decoded = decoding.finish().unwrap();
    assert!(decoded.issues.is_empty(), "{:?}", decoded.issues);
    decoded.volume
}

#[test]
fn the_volume_does_not_depend_on_the_order_of_the_files() {
    let phantom = Phantom::generate(OPTIONS).unwrap();
    let volume = read(phantom.dicom_files());
    assert_eq!(volume.voxels(), phantom.hu());
    let grid = volume.grid();
    assert_eq!([grid.slices(), grid.rows(), grid.columns()], [62, 96, 96]);
    assert!((grid.row_mm() - phantom.pixel_mm()).abs() < 1e-4 && (grid.column_mm() - phantom.pixel_mm()).abs() < 1e-4);
    assert!((grid.slice_mm() - phantom.slice_mm()).abs() < 1e-3);

    let mut files: Vec<_> = phantom.dicom_files().collect();
    files.sort_by_key(|(name, bytes)| (bytes.len() + name.len(), bytes.iter().map(|b| u64::from(*b)).sum::<u64>()));
    assert_eq!(read(files.into_iter()).voxels(), volume.voxels());
}

#[test]
fn the_masks_have_the_requested_shares() {
    let phantom = Phantom::generate(OPTIONS).unwrap();
    let volume = read(phantom.dicom_files());
    let lungs = measure(volume.grid(), phantom.labels(), true);
    let truth = phantom.truth();
    for (found, truth, asked) in
        [(&lungs.left, truth.left, OPTIONS.share_left), (&lungs.right, truth.right, OPTIONS.share_right)]
    {
        assert!((found.volume_ml / truth.volume_ml - 1.0).abs() < 1e-3, "{} mL", found.volume_ml);
        assert!((found.lesion_ml.unwrap() / truth.lesion_ml - 1.0).abs() < 1e-3);
        assert!((found.share.unwrap() - asked).abs() < 0.003);
    }
    assert_eq!(lungs.both.ct_class, Some(1));
}
