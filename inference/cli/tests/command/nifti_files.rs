//! A CT as NIfTI: the same numbers as from DICOM; and the networks' answers on its grid.

use std::{fs, path::Path};

use corsai_nifti::Geometry;
use corsai_phantom::{Phantom, PhantomOptions};
use corsai_report::{IssueCode, Lungs};
use nifti::{IntoNdArray, NiftiObject, ReaderOptions};

use crate::{codes, corsai, phantom, valid};

/// The phantom that `phantom` writes as DICOM.
pub fn made(left: f64, right: f64, yyyymmdd: u32) -> Phantom {
    let options = PhantomOptions { yyyymmdd, share_left: left, share_right: right, seed: 1, columns: 128, slices: 31 };
    Phantom::generate(options).unwrap()
}

pub fn geometry(phantom: &Phantom) -> Geometry {
    let [x, y, z] = phantom.position_mm(0);
    let (mm, slice_mm) = (phantom.pixel_mm(), phantom.slice_mm());
    Geometry {
        size: [phantom.columns(), phantom.columns(), phantom.slices()],
        patient_from_voxel: [[mm, 0.0, 0.0, x], [0.0, mm, 0.0, y], [0.0, 0.0, slice_mm, z]],
    }
}

pub fn write<T: corsai_nifti::Voxel>(file: &Path, geometry: &Geometry, voxels: &[T]) {
    corsai_nifti::write(fs::File::create(file).unwrap(), geometry, 1.0, voxels).unwrap();
}

/// The same voxels from the patient's left to the right and from head to feet.
fn flipped<T: Copy>(geometry: &Geometry, voxels: &[T]) -> (Geometry, Vec<T>) {
    let [columns, _, slices] = geometry.size;
    let area = voxels.len() / slices;
    let slices_down = voxels.chunks_exact(area).rev();
    let lines = slices_down.flat_map(|slice| slice.chunks_exact(columns));
    let voxels = lines.flat_map(|line| line.iter().rev().copied()).collect();
    let mut flipped = geometry.clone();
    for (axis, last) in [(0, columns - 1), (2, slices - 1)] {
        for row in &mut flipped.patient_from_voxel {
            row[3] += row[axis] * last as f64;
            row[axis] = -row[axis];
        }
    }
    (flipped, voxels)
}

#[test]
fn a_study_as_nifti_has_the_numbers_of_its_dicom_files() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    phantom(&at("dicom"), "0.10", "0.40", "20200420");
    let made = made(0.10, 0.40, 20_200_420);
    write(&at("plain.nii.gz"), &geometry(&made), made.hu());
    let (other, voxels) = flipped(&geometry(&made), made.hu());
    write(&at("FLIPPED.NII.GZ"), &other, &voxels);
    let lungs = |name: &str| -> Lungs {
        let out = corsai(&["analyse", at(name).to_str().unwrap(), "--tier", "quick", "--device", "cpu"]);
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        let report = valid(&out.stdout);
        assert_eq!((report.study.slices, report.study.rows, report.study.columns), (31, 128, 128));
        assert_eq!(report.study.date.is_none(), name != "dicom");
        report.lungs.unwrap()
    };
    let dicom = lungs("dicom");
    assert!(dicom.right.share > dicom.left.share);
    for name in ["plain.nii.gz", "FLIPPED.NII.GZ"] {
        let found = lungs(name);
        assert_eq!((found.both.ct_class, found.right.ct_class), (dicom.both.ct_class, dicom.right.ct_class));
        for (one, other) in [(&found.left, &dicom.left), (&found.right, &dicom.right)] {
            assert!((one.volume_ml - other.volume_ml).abs() < 1e-6, "{one:?} {other:?}");
            assert!((one.lesion_ml.unwrap() - other.lesion_ml.unwrap()).abs() < 1e-6, "{one:?} {other:?}");
        }
    }
}

#[test]
fn a_comparison_of_nifti_files_warns_that_patient_and_date_are_unknown() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    for (name, share, date) in [("now.nii.gz", 0.4, 20_200_420), ("before.nii.gz", 0.1, 20_200_406)] {
        let made = made(share, share, date);
        write(&at(name), &geometry(&made), made.hu());
    }
    let [now, before] = ["now.nii.gz", "before.nii.gz"].map(|name| at(name).to_str().unwrap().to_owned());
    let out = corsai(&["analyse", &now, "--previous", &before, "--tier", "quick", "--device", "cpu"]);
    let dynamics = valid(&out.stdout).dynamics.unwrap();
    let found: Vec<IssueCode> = dynamics.issues.iter().map(|issue| issue.code).collect();
    assert!(found.contains(&IssueCode::DynamicsUnknownPatient) && found.contains(&IssueCode::DynamicsNoDate));
    assert!(dynamics.both.unwrap().points > 0.0);

    let out = corsai(&["series", &now]);
    assert_eq!(out.status.code(), Some(0));
    let list = String::from_utf8(out.stdout).unwrap();
    assert!(list.starts_with("1  can be measured, no description, 31 slices of 128 × 128, every 10.00 mm"), "{list}");
}

#[test]
fn a_nifti_file_that_is_no_ct_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let made = made(0.0, 0.0, 20_200_420);
    let geometry = geometry(&made);
    let shifted: Vec<i16> = made.hu().iter().map(|hu| hu + 1024).collect();
    write(&at("shifted.nii.gz"), &geometry, &shifted);
    let grey: Vec<u8> = made.hu().iter().map(|hu| ((hu + 1350) / 8).clamp(0, 255) as u8).collect();
    write(&at("grey.nii.gz"), &geometry, &grey);
    let few = Geometry { size: [128, 128, 1], ..geometry.clone() };
    write(&at("few.nii.gz"), &few, &made.hu()[..128 * 128]);
    fs::write(at("note.nii"), "a note that is no picture").unwrap();
    write(&at("whole.nii.gz"), &geometry, made.hu());
    let whole = fs::read(at("whole.nii.gz")).unwrap();
    fs::write(at("part.nii.gz"), &whole[..whole.len() / 2]).unwrap();
    for (name, code, words) in [
        ("shifted.nii.gz", "hu.implausible", "Hounsfield"),
        ("grey.nii.gz", "pixels.eight-bit", "8 bits"),
        ("few.nii.gz", "series.too-few", "1, at least 8 needed"),
        ("note.nii", "file.empty", "too short"),
        ("part.nii.gz", "zip.bad", "is damaged"),
        ("gone.nii", "file.unreadable", "could not be read"),
    ] {
        let out = corsai(&["analyse", at(name).to_str().unwrap(), "--device", "cpu"]);
        assert_eq!(out.status.code(), Some(2), "{name}");
        let report = valid(&out.stdout);
        assert!(report.lungs.is_none(), "{name}");
        let issue = report.issues.iter().find(|issue| issue.code.as_str() == code);
        let message = issue.unwrap_or_else(|| panic!("{name}: {report:?}")).message.as_deref().unwrap();
        assert!(message.contains(words), "{name}: {message}");
        // Only the values of the shifted one show that they are no Hounsfield units.
        let out = corsai(&["series", at(name).to_str().unwrap()]);
        let listed = String::from_utf8(out.stdout).unwrap().contains("can be measured");
        assert_eq!(
            (out.status.code(), listed),
            if code == "hu.implausible" { (Some(0), true) } else { (Some(2), false) }
        );
    }
    let out = corsai(&["analyse", at("whole.nii.gz").to_str().unwrap(), "--series", "2"]);
    assert_eq!(codes(&valid(&out.stdout)), ["series.not-there"]);
}

#[test]
fn the_masks_follow_from_the_probabilities() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let made = made(0.10, 0.40, 20_200_420);
    write(&at("ct.nii.gz"), &geometry(&made), made.hu());
    let [ct, masks, probabilities] = ["ct.nii.gz", "masks", "p"].map(|name| at(name).to_str().unwrap().to_owned());
    let asked = ["analyse", &ct, "--masks", &masks, "--probabilities", &probabilities];
    let out = corsai(&[&asked[..], &["--tier", "standard", "--device", "cpu"]].concat());
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let report = valid(&out.stdout);
    assert!(report.runs.full_run);
    let read = |name: &str| {
        let file = ReaderOptions::new().read_file(at(name)).unwrap();
        assert_eq!(file.header().dim[1..4], [128, 128, 31]);
        file.into_volume().into_ndarray::<f32>().unwrap()
    };
    let mut names: Vec<String> =
        fs::read_dir(at("p")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["fpn-0.nii.gz", "fpn-320.nii.gz", "lungs-left.nii.gz", "lungs-right.nii.gz"]);
    let [lungs, lesions] = ["masks/lungs.nii.gz", "masks/lesions.nii.gz"].map(read);
    let [right, left] = ["p/lungs-right.nii.gz", "p/lungs-left.nii.gz"].map(read);
    for (at, lung) in lungs.indexed_iter() {
        let (r, l) = (right[&at], left[&at]);
        let wins = |own: f32, other: f32| own > other && own > 1.0 - own - other;
        let certain = if wins(r, l) {
            1.0
        } else if wins(l, r) {
            2.0
        } else {
            0.0
        };
        assert!(certain == 0.0 || *lung == certain, "{at:?}: {lung} of {r} and {l}");
        assert!(*lung == 0.0 || r + l > 0.3, "{at:?}: {lung} of {r} and {l}");
    }
    // The standard tier: the mean of both against the mean of their thresholds.
    let manifest = corsai_networks::read_manifest(corsai_networks::shipped::MANIFEST_JSON).unwrap();
    let threshold = |name: &str| manifest.networks.iter().find(|network| network.name == name).unwrap().threshold;
    let mean_threshold = f64::midpoint(threshold("fpn-0"), threshold("fpn-320"));
    let [one, other] = ["p/fpn-0.nii.gz", "p/fpn-320.nii.gz"].map(read);
    let mut marked = 0;
    for (at, lesion) in lesions.indexed_iter() {
        let steps = [one[&at], other[&at]].map(|p| f64::from(p) * 2048.0);
        assert!(steps.iter().all(|steps| (steps - steps.round()).abs() < 1e-3 && (0.0..=2048.0).contains(steps)));
        let mean = steps.iter().map(|steps| steps.round()).sum::<f64>() / 4096.0;
        assert_eq!(*lesion == 1.0, lungs[&at] != 0.0 && mean > mean_threshold, "{at:?} {mean}");
        marked += u32::from(*lesion == 1.0);
    }
    assert!(marked > 1000);
}
