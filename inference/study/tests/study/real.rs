//! Real series come out right; hostile files come out with a code.

use std::path::{Path, PathBuf};

use corsai_protocol::SeriesId;
use corsai_report::IssueCode;
use corsai_study::{Intake, Limits, SeriesList};
use corsai_tests::{data, needs_data};

use crate::fuzz_bodies::settle;
use crate::synthetic::{codes, open_bytes};

/// All files below a folder, sorted by path.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    found
}

fn open(paths: &[PathBuf]) -> SeriesList {
    let mut intake = Intake::new(Limits::default());
    for path in paths {
        intake.add(&path.file_name().unwrap().to_string_lossy(), std::fs::read(path).unwrap());
    }
    intake.finish()
}

struct Expected {
    slices: usize,
    spacing_mm: f64,
    thickness_mm: f64,
    pixel_mm: f64,
    /// Positions of the first and the last slice, mm.
    ends_mm: [f64; 2],
    date: &'static str,
    /// Sums of Hounsfield units, of the volume and of its first and last slices, as pydicom and
    /// `NumPy` give them.
    sum: i64,
    end_sums: [i64; 2],
    issues: &'static [IssueCode],
}

fn comes_out(name: &str, expected: &Expected) {
    let opened = open(&files(&data(&format!("dicom/{name}"))));
    assert!(opened.issues.is_empty(), "{:?}", opened.issues);
    assert_eq!(opened.only_usable(), Some(SeriesId(0)));
    let series = &opened.series[0];
    let summary = series.summary();
    assert_eq!(summary.slices as usize, expected.slices);
    assert_eq!(summary.thickness_mm, Some(expected.thickness_mm));
    assert_eq!(summary.date.as_deref(), Some(expected.date));
    assert_eq!(codes(&summary.issues), expected.issues);
    let (preview, pixels) = series.preview().unwrap();
    assert_eq!((preview.rows, preview.columns, pixels.len()), (128, 128, 128 * 128));
    let decoded = series.decoder().unwrap().finish().unwrap();
    assert_eq!(codes(&decoded.issues), expected.issues);
    let grid = decoded.volume.grid();
    assert_eq!((grid.slices(), grid.rows(), grid.columns()), (expected.slices, 512, 512));
    assert!((grid.slice_mm() - expected.spacing_mm).abs() < 1e-6);
    assert!(grid.slab_mm().iter().all(|mm| (mm - expected.spacing_mm).abs() < 1e-6));
    assert_eq!((grid.row_mm(), grid.column_mm()), (expected.pixel_mm, expected.pixel_mm));
    let ends = [grid.positions_mm()[0], grid.positions_mm()[expected.slices - 1]];
    assert!(ends.iter().zip(expected.ends_mm).all(|(a, b)| (a - b).abs() < 1e-6), "{ends:?}");
    let sum = |voxels: &[i16]| voxels.iter().map(|hu| i64::from(*hu)).sum::<i64>();
    assert_eq!(sum(decoded.volume.voxels()), expected.sum);
    let last = decoded.volume.slice(expected.slices - 1);
    assert_eq!([sum(decoded.volume.slice(0)), sum(last)], expected.end_sums);
    is_a_chest(&decoded.volume);
}

/// Slices that are neighbours look alike, which a wrong order breaks; lungs are in the middle, the
/// spine at the back.
fn is_a_chest(volume: &corsai_volume::HuVolume) {
    let grid = volume.grid();
    let difference = |a: usize, b: usize| -> f64 {
        let pairs = volume.slice(a).iter().zip(volume.slice(b)).step_by(7);
        pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum()
    };
    let middle = grid.slices() / 2;
    assert!(difference(middle, middle + 1) < difference(middle, middle + grid.slices() / 3));
    let bone = |rows: std::ops::Range<usize>| {
        let half = volume.slice(middle).chunks(grid.columns()).enumerate().filter(|(row, _)| rows.contains(row));
        half.flat_map(|(_, line)| &line[192..320]).filter(|hu| **hu > 200).count()
    };
    assert!(bone(256..512) > bone(0..256), "the spine is in front");
    let lung = volume.slice(middle).iter().filter(|hu| (-950..-600).contains(*hu)).count();
    assert!(lung > grid.area() / 20, "no lung in the middle");
}

#[needs_data("dicom/covid-P001")]
#[test]
fn covid_p001_is_ordered_by_position_not_by_name() {
    comes_out(
        "covid-P001",
        &Expected {
            slices: 148,
            spacing_mm: 2.0,
            thickness_mm: 2.0,
            pixel_mm: 0.748_046_875,
            ends_mm: [-346.1, -52.1],
            date: "2020-03-05",
            sum: -21_557_537_656,
            end_sums: [-110_252_048, -147_414_122],
            issues: &[],
        },
    );
}

#[needs_data("dicom/normal-001")]
#[test]
fn normal_001_is_spaced_wider_than_it_is_thick() {
    comes_out(
        "normal-001",
        &Expected {
            slices: 77,
            spacing_mm: 4.0,
            thickness_mm: 2.0,
            pixel_mm: 0.634_765_625,
            ends_mm: [-330.5, -26.5],
            date: "2020-04-11",
            sum: -7_470_573_005,
            end_sums: [-75_800_690, -102_057_622],
            issues: &[],
        },
    );
}

#[needs_data("dicom/lungdx-A0001-5mm")]
#[test]
fn lungdx_a0001_is_implicit_little_endian() {
    comes_out(
        "lungdx-A0001-5mm",
        &Expected {
            slices: 64,
            spacing_mm: 5.0,
            thickness_mm: 5.0,
            pixel_mm: 0.841_796_875,
            ends_mm: [-439.0, -124.0],
            date: "2007-04-04",
            sum: -11_426_730_969,
            end_sums: [-160_539_209, -183_276_980],
            issues: &[],
        },
    );
}

#[needs_data("dicom/lungdx-A0002-B70f")]
#[test]
fn lungdx_a0002_is_thick() {
    comes_out(
        "lungdx-A0002-B70f",
        &Expected {
            slices: 30,
            spacing_mm: 8.0,
            thickness_mm: 8.0,
            pixel_mm: 0.646_484_375,
            ends_mm: [80.0, 312.0],
            date: "2007-04-25",
            sum: -4_216_026_223,
            end_sums: [-117_421_607, -157_189_061],
            issues: &[IssueCode::GeometryThickSlices],
        },
    );
}

#[needs_data("dicom")]
#[test]
fn all_four_at_once_stay_four() {
    let dropped: Vec<PathBuf> = files(&data("dicom"));
    let opened = open(&dropped);
    let mut slices: Vec<u32> = opened.series.iter().map(|series| series.summary().slices).collect();
    slices.sort_unstable();
    assert_eq!(slices, [30, 64, 77, 148]);
    assert!(opened.series.iter().all(|series| series.summary().usable));
    assert_eq!(opened.only_usable(), None);
    // The file of labels beside them.
    assert_eq!(codes(&opened.issues), [IssueCode::FileNotDicom]);
}

/// The files of every folder at once: a code or a series, and never a panic. Alone they are in
/// `malformed.rs`.
fn survives(name: &str) {
    let paths = files(&data(name));
    assert!(!paths.is_empty());
    for folder in paths.chunk_by(|a, b| a.parent() == b.parent()) {
        settle(&open(folder));
    }
}

/// One slice in every syntax that is read, written by another project's encoders.
#[needs_data("conformance/cornerstonejs+cornerstoneWADOImageLoader")]
#[test]
fn every_lossless_twin_shows_the_same_picture() {
    let folder = data("conformance/cornerstonejs+cornerstoneWADOImageLoader/testImages");
    let picture = |name: &str| {
        let opened = open(&[folder.join(format!("CTImage.dcm{name}"))]);
        assert_eq!(codes(&opened.series[0].summary().issues), [IssueCode::SeriesTooFew], "{name}");
        opened.series[0].preview().unwrap()
    };
    let plain = picture("");
    for name in [
        "_LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2.dcm",
        "_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm",
        "_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm",
        "_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm",
        "_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm",
        "_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm",
    ] {
        assert_eq!(picture(name), plain, "{name}");
    }
}

/// A legacy-converted multi-frame file beside the three classic ones that it was made of. Both call
/// their values unspecified, which is refused; with the unit in place they show the same.
#[needs_data("conformance/QIICR+dcmqi")]
#[test]
fn a_converted_multi_frame_file_is_its_originals() {
    let folder = data("conformance/QIICR+dcmqi/data/segmentations");
    let in_hounsfield = |path: &PathBuf| {
        let mut bytes = std::fs::read(path).unwrap();
        let explicit = [0x28, 0, 0x54, 0x10, b'L', b'O', 2, 0, b'U', b'S'];
        let implicit = [0x28, 0, 0x54, 0x10, 2, 0, 0, 0, b'U', b'S'];
        let at = bytes.windows(10).position(|window| window == explicit || window == implicit).unwrap();
        bytes[at + 8..at + 10].copy_from_slice(b"HU");
        bytes
    };
    for name in ["23x38x3", "24x38x3"] {
        let shown = |paths: &[PathBuf]| {
            assert_eq!(codes(&open(paths).series[0].summary().issues), [IssueCode::HuNotHounsfield]);
            let opened = open_bytes(&paths.iter().map(in_hounsfield).collect::<Vec<_>>());
            let summary = opened.series[0].summary();
            assert_eq!((codes(&summary.issues), summary.slices), (vec![IssueCode::SeriesTooFew], 3), "{name}");
            opened.series[0].preview().unwrap()
        };
        let folder = folder.join(name);
        assert_eq!(shown(&[folder.join("multiframe/mf.dcm")]), shown(&files(&folder.join("image"))), "{name}");
    }
}

#[needs_data("malformed")]
#[test]
fn malformed_files_end_in_a_code() {
    survives("malformed");
}

#[needs_data("conformance")]
#[test]
fn conformance_files_end_in_a_code_or_a_series() {
    survives("conformance");
}
