//! What a phantom promises: its truth is met, its files are the volume, and a seed is a patient.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use corsai_phantom::{Phantom, PhantomError, PhantomOptions};
use corsai_volume::label::{LEFT_LUNG, LESION, RIGHT_LUNG};

const SMALL: PhantomOptions =
    PhantomOptions { yyyymmdd: 20_200_420, share_left: 0.12, share_right: 0.24, seed: 1, columns: 96, slices: 31 };

fn make(options: PhantomOptions) -> Phantom {
    Phantom::generate(options).unwrap()
}

/// Mean HU of the voxels whose label passes.
fn mean_hu(phantom: &Phantom, wanted: impl Fn(u8) -> bool) -> f64 {
    let chosen = || phantom.hu().iter().zip(phantom.labels()).filter(|(_, label)| wanted(**label));
    chosen().map(|(hu, _)| f64::from(*hu)).sum::<f64>() / chosen().count() as f64
}

#[test]
fn each_lung_has_the_share_asked_for() {
    for (left, right) in [(0.0, 0.0), (0.02, 0.5), (0.24, 0.4), (0.9, 0.75)] {
        let truth = make(PhantomOptions { share_left: left, share_right: right, ..SMALL }).truth();
        assert!((truth.left.share - left).abs() < 0.002, "{truth:?}");
        assert!((truth.right.share - right).abs() < 0.002, "{truth:?}");
    }
}

#[test]
fn lungs_are_as_large_as_lungs_are() {
    for seed in 1..=6 {
        let truth = make(PhantomOptions { seed, ..SMALL }).truth();
        assert!((1500.0..3000.0).contains(&truth.left.volume_ml), "{seed} {truth:?}");
        assert!((1800.0..3400.0).contains(&truth.right.volume_ml), "{seed} {truth:?}");
        assert!(truth.right.volume_ml > truth.left.volume_ml, "{seed} {truth:?}");
    }
}

#[test]
fn volumes_hardly_depend_on_the_grid() {
    let truth = make(SMALL).truth();
    for (columns, slices) in [(192, 31), (96, 93)] {
        let finer = make(PhantomOptions { columns, slices, ..SMALL }).truth();
        assert!((finer.left.volume_ml / truth.left.volume_ml - 1.0).abs() < 0.02, "{truth:?} {finer:?}");
        assert!((finer.right.volume_ml / truth.right.volume_ml - 1.0).abs() < 0.02, "{truth:?} {finer:?}");
    }
}

#[test]
fn labels_agree_with_hounsfield_units() {
    let phantom = make(SMALL);
    let healthy = mean_hu(&phantom, |l| l == LEFT_LUNG || l == RIGHT_LUNG);
    let ill = mean_hu(&phantom, |l| l & LESION != 0);
    assert!((-900.0..-780.0).contains(&healthy), "{healthy}");
    assert!((-550.0..-250.0).contains(&ill), "{ill}");
    let well = mean_hu(&make(PhantomOptions { share_left: 0.0, share_right: 0.0, ..SMALL }), |l| l != 0);
    assert!((-900.0..-780.0).contains(&well), "{well}");
    for label in phantom.labels() {
        assert!(matches!(*label, 0 | RIGHT_LUNG | LEFT_LUNG) || matches!(label ^ LESION, RIGHT_LUNG | LEFT_LUNG));
    }
    // The patient's right is on the first columns; lungs leave a margin above and below.
    let width = phantom.columns();
    let area = width * width;
    for (i, label) in phantom.labels().iter().enumerate() {
        if *label != 0 {
            assert_eq!(label & RIGHT_LUNG != 0, i % width < width / 2);
            assert!((1..phantom.slices() - 1).contains(&(i / area)), "lung in the outermost slice");
        }
    }
}

#[test]
fn the_same_options_give_the_same_bytes() {
    let files = || make(SMALL).dicom_files().collect::<Vec<_>>();
    assert_eq!(files(), files());
}

#[test]
fn two_dates_of_a_seed_are_one_patient_whose_disease_grows_from_the_same_places() {
    let now = make(SMALL);
    let worse = make(PhantomOptions { yyyymmdd: 20_200_406, share_left: 0.3, share_right: 0.4, ..SMALL });
    for (now, worse) in now.labels().iter().zip(worse.labels()) {
        assert_eq!(now & !LESION, worse & !LESION);
        assert!(now & LESION <= worse & LESION, "a lesion of the better date isn't in the worse one");
    }
    assert_ne!(now.hu(), worse.hu());
    let header = |phantom: &Phantom| elements(&phantom.dicom_files().next().unwrap().1);
    let (now, worse) = (header(&now), header(&worse));
    for same in [(0x0010, 0x0010), (0x0010, 0x0020), (0x0028, 0x0030)] {
        assert_eq!(now[&same], worse[&same]);
    }
    for other in [(0x0008, 0x0018), (0x0008, 0x0020), (0x0020, 0x000D), (0x0020, 0x000E), (0x0020, 0x0052)] {
        assert_ne!(now[&other], worse[&other]);
    }
    let other_patient = make(PhantomOptions { seed: 2, ..SMALL });
    assert_ne!(header(&other_patient)[&(0x0010, 0x0020)], now[&(0x0010, 0x0020)]);
}

/// Reads explicit VR little endian element by element; tags have to rise and lengths to fit.
fn elements(file: &[u8]) -> BTreeMap<(u16, u16), Vec<u8>> {
    assert_eq!(&file[128..132], b"DICM");
    let (mut at, mut found) = (132, BTreeMap::new());
    let word = |at: usize| u16::from_le_bytes([file[at], file[at + 1]]);
    while at < file.len() {
        let tag = (word(at), word(at + 2));
        let long = matches!(&file[at + 4..at + 6], b"OB" | b"OW");
        let (length, head) = if long {
            (usize::from(word(at + 8)) | usize::from(word(at + 10)) << 16, 12)
        } else {
            (usize::from(word(at + 6)), 8)
        };
        assert!(length % 2 == 0, "{tag:x?} has an odd length");
        assert!(found.last_key_value().is_none_or(|(last, _)| *last < tag), "{tag:x?} is out of order");
        found.insert(tag, file[at + head..at + head + length].to_vec());
        at += head + length;
    }
    found
}

#[test]
fn files_hold_the_volume_and_where_it_lies() {
    let phantom = make(SMALL);
    let area = phantom.columns() * phantom.columns();
    let mut identities = std::collections::BTreeSet::new();
    for (index, (name, bytes)) in phantom.dicom_files().enumerate() {
        let found = elements(&bytes);
        let text = |tag: (u16, u16)| {
            let text = String::from_utf8(found[&tag].clone()).unwrap();
            text.trim_end_matches(['\0', ' ']).to_owned()
        };
        let slice = phantom.slices() - 1 - index;
        assert_eq!(name, format!("IM{:04}.dcm", index + 1));
        assert_eq!(
            usize::from(u16::from_le_bytes(found[&(0x0028, 0x0011)][..].try_into().unwrap())),
            phantom.columns()
        );
        assert_eq!(text((0x0002, 0x0003)), text((0x0008, 0x0018)));
        assert!(identities.insert(text((0x0008, 0x0018))) && text((0x0008, 0x0018)).len() <= 64);
        let position: Vec<f64> = text((0x0020, 0x0032)).split('\\').map(|n| n.parse().unwrap()).collect();
        assert!(position.iter().zip(phantom.position_mm(slice)).all(|(a, b)| (a - b).abs() < 1e-5));
        let (slope, intercept) = (text((0x0028, 0x1053)), text((0x0028, 0x1052)));
        let (slope, intercept): (i32, i32) = (slope.parse().unwrap(), intercept.parse().unwrap());
        let stored = found[&(0x7FE0, 0x0010)].chunks_exact(2).map(|b| i32::from(u16::from_le_bytes([b[0], b[1]])));
        let hu: Vec<i32> = stored.map(|value| value * slope + intercept).collect();
        assert!(
            hu.iter().eq(phantom.hu()[slice * area..][..area].iter().map(|v| i32::from(*v)).collect::<Vec<_>>().iter())
        );
    }
    assert_eq!(identities.len(), phantom.slices());
}

#[test]
fn options_out_of_range_are_refused() {
    let refused = |options| Phantom::generate(options).err();
    assert_eq!(refused(PhantomOptions { share_left: 0.95, ..SMALL }), Some(PhantomError::Share(0.95)));
    assert!(matches!(refused(PhantomOptions { share_right: f64::NAN, ..SMALL }), Some(PhantomError::Share(_))));
    assert_eq!(refused(PhantomOptions { yyyymmdd: 20_230_229, ..SMALL }), Some(PhantomError::Date(20_230_229)));
    assert!(matches!(refused(PhantomOptions { columns: 1000, ..SMALL }), Some(PhantomError::Grid { .. })));
    assert!(matches!(refused(PhantomOptions { slices: 5, ..SMALL }), Some(PhantomError::Grid { .. })));
}
