//! Part C of the checklist: where slices lie is told by their positions alone, and what leaves it
//! open is refused.

use corsai_report::IssueCode as Code;
use corsai_study::Limits;

use crate::synthetic::*;

/// They are measured as the chest of 10 slices, with these issues.
fn is_the_chest(files: &[File], issues: &[Code]) {
    measured_as_chest(files, 10, issues);
}

#[test]
fn instance_numbers_do_not_order_slices() {
    for number in [|_| 1, |z: usize| (z * 7) % 10, |z| 10 - z] {
        let files: Vec<File> = chest(10)
            .into_iter()
            .enumerate()
            .map(|(z, file)| file.text((0x20, 0x13), "IS", &number(z).to_string()))
            .collect();
        is_the_chest(&files, &[]);
    }
}

/// Pictures are written as the scanner's table was entered: the patient's directions tell what is
/// where.
#[test]
fn however_the_patient_lies_left_is_left() {
    let (right, front) = (true, true);
    for (position, exchange, reverse_row, reverse_column, issues) in [
        ("HFS", false, false, false, &[][..]),
        ("HFP", false, right, front, &[Code::GeometryNotSupine][..]),
        ("FFS", false, right, false, &[]),
        ("FFP", false, false, front, &[Code::GeometryNotSupine]),
        ("HFDR", true, false, front, &[Code::GeometryNotSupine]),
        ("HFDL", true, right, false, &[Code::GeometryNotSupine]),
        ("FFDR", true, false, false, &[Code::GeometryNotSupine]),
        ("FFDL", true, right, front, &[Code::GeometryNotSupine]),
    ] {
        let files: Vec<File> = (0..10)
            .map(|z| {
                let lie = Lie::at(5.0 * f64::from(z)).turned(exchange, reverse_row, reverse_column);
                lie.file(&z.to_string()).text((0x18, 0x5100), "CS", position)
            })
            .collect();
        is_the_chest(&files, issues);
    }
}

/// Ten slices turned about the patient's left-right axis and moved along their normal.
fn oblique(degrees: f64) -> Vec<File> {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    (0..10)
        .map(|z| {
            let mut lie = Lie { along_column: [0.0, cosine, sine], ..Lie::at(0.0) };
            let way = 5.0 * f64::from(z);
            (lie.corner[1], lie.corner[2]) = (lie.corner[1] - way * sine, lie.corner[2] + way * cosine);
            lie.file(&z.to_string())
        })
        .collect()
}

#[test]
fn oblique_series_are_refused_beyond_twenty_degrees() {
    assert!(measured(&oblique(15.0)).issues.is_empty());
    assert!(measured(&oblique(-19.0)).issues.is_empty());
    refused(&oblique(21.0), Code::GeometryNotAxial);
    refused(&oblique(-45.0), Code::GeometryNotAxial);
    refused(&oblique(90.0), Code::GeometryNotAxial);
}

#[test]
fn directions_that_are_none_are_refused() {
    let directions = |value: &'static str| all(move |file| file.text((0x20, 0x37), "DS", value));
    let rounded = measured(&directions("0.9999\\0\\0\\0\\1.0001\\0"));
    assert!(rounded.issues.is_empty());
    assert_eq!(rounded.volume.voxels(), measured(&chest(10)).volume.voxels());
    for bad in ["1\\0\\0\\0\\0.9\\0", "1\\0\\0\\1\\0\\0", "0\\0\\0\\0\\0\\0", "nan\\0\\0\\0\\1\\0", "1\\0\\0\\0\\1", ""]
    {
        refused(&directions(bad), Code::GeometryNoPosition);
    }
}

#[test]
fn pixel_distances_are_read_rows_first_or_not_at_all() {
    for bad in ["", "0\\0", "-1\\1", "1", "1\\1\\1", "1,0\\1,0", "1\\nan", "1000\\1"] {
        refused(&all(|file| file.text((0x28, 0x30), "DS", bad)), Code::GeometryNoSpacing);
    }
    let volume = measured(&all(|file| file.text((0x28, 0x30), "DS", "0.5\\0.75"))).volume;
    assert_eq!((volume.grid().row_mm(), volume.grid().column_mm()), (0.5, 0.75));
    // Slices of another field of view in the series are left out.
    let mut files = chest(12);
    files.extend((0..3).map(|z| {
        let lie = Lie::at(2.0 + 5.0 * f64::from(z));
        lie.file(&format!("9.{z}")).text((0x28, 0x30), "DS", "0.9\\0.9")
    }));
    let decoded = measured(&files);
    assert_eq!(codes(&decoded.issues), [Code::SeriesSplit]);
    assert_eq!(decoded.volume, measured(&chest(12)).volume);
}

#[test]
fn thickness_and_spacing_in_headers_are_not_believed() {
    is_the_chest(&all(|file| file.numbers((0x18, 0x50), &[1.0]).numbers((0x18, 0x88), &[16.0])), &[]);
    let opened = open(&all(|file| file.numbers((0x18, 0x50), &[1.0])));
    let summary = only(&opened).summary();
    assert_eq!((summary.thickness_mm, summary.spacing_mm), (Some(1.0), Some(5.0)));
}

#[test]
fn two_spacings_in_one_series_are_measured_with_their_widths() {
    let station = |from: f64, step: f64, count: usize, acquisition: &str| -> Vec<File> {
        (0..count)
            .map(|z| {
                let name = format!("{acquisition}.{z}");
                Lie::at(from + step * z as f64).file(&name).text((0x20, 0x12), "IS", acquisition)
            })
            .collect()
    };
    // Two stations that follow one another, each a part of the chest.
    let files = [station(0.0, 5.0, 10, "1"), station(46.0, 1.0, 30, "2")].concat();
    let decoded = measured(&files);
    assert_eq!(codes(&decoded.issues), [Code::GeometryUnevenSpacing]);
    let slab_mm = decoded.volume.grid().slab_mm();
    assert_eq!((slab_mm.len(), slab_mm[5], slab_mm[9], slab_mm[20]), (40, 5.0, 3.0, 1.0));
    // Two that lie within one another: the one that covers the chest is used.
    let files = [station(0.0, 5.0, 10, "1"), station(20.5, 1.0, 9, "2")].concat();
    let decoded = measured(&files);
    assert_eq!(codes(&decoded.issues), [Code::SeriesSplit]);
    assert_eq!(decoded.volume, measured(&chest(10)).volume);
    // A little unevenness is measured slice by slice.
    let uneven: Vec<File> = chest(10)
        .iter()
        .enumerate()
        .map(|(z, _)| Lie::at(4.0 * z as f64 + 0.2 * (z % 2) as f64).file(&z.to_string()))
        .collect();
    let decoded = measured(&uneven);
    assert_eq!(codes(&decoded.issues), [Code::GeometryUnevenSpacing]);
    let slabs: f64 = decoded.volume.grid().slab_mm()[1..9].iter().sum();
    assert!((slabs - 32.0).abs() < 1e-9);
}

#[test]
fn whatever_tells_two_stacks_apart_splits_them() {
    let marks: [((u16, u16), &str, [&str; 2]); 7] = [
        ((0x20, 0x12), "IS", ["1", "2"]),
        ((0x18, 0x1210), "SH", ["B70f", "B30f"]),
        ((0x08, 0x08), "CS", ["ORIGINAL\\PRIMARY\\AXIAL\\A", "ORIGINAL\\PRIMARY\\AXIAL\\B"]),
        ((0x20, 0x100), "IS", ["1", "2"]),
        ((0x18, 0x10), "LO", ["", "Iodine"]),
        ((0x18, 0x60), "DS", ["80", "140"]),
        ((0x18, 0x50), "DS", ["5", "1"]),
    ];
    let two = |first: &dyn Fn(File) -> File, second: &dyn Fn(File) -> File| -> Vec<File> {
        let other = |z: usize, file: File| {
            file.named(&format!("o{z}")).text((8, 0x18), "UI", &format!("1.9.{z}")).words(&[1050; ROWS * COLUMNS])
        };
        let others = chest(9).into_iter().enumerate().map(|(z, file)| second(other(z, file)));
        chest(10).into_iter().map(first).chain(others).collect()
    };
    for (tag, vr, [a, b]) in marks {
        let files = two(&|file| file.text(tag, vr, a), &|file| file.text(tag, vr, b));
        is_the_chest(&files, &[Code::SeriesSplit]);
        assert_eq!(open(&files).only_usable(), None);
    }
    refused(&two(&|file| file, &|file| file), Code::SeriesOverlapping);
}

#[test]
fn numbers_are_read_however_they_are_written() {
    let heights = ["-4.0E+01", " -35.0 ", "-30.0009", "-2.4999e1", "-20", "-15.0", "-10.", "-0005", "0.0", "+5.001"];
    let files: Vec<File> = chest(10)
        .into_iter()
        .zip(heights)
        .map(|(file, z)| file.text((0x20, 0x32), "DS", &format!("-13.0\\-10\\{z}")))
        .collect();
    let decoded = measured(&files);
    assert!(decoded.issues.is_empty(), "{:?}", decoded.issues);
    assert_eq!(decoded.volume.voxels(), measured(&chest(10)).volume.voxels());
    // A table position of a kilometre.
    let far: Vec<File> = chest(10)
        .into_iter()
        .enumerate()
        .map(|(z, file)| file.text((0x20, 0x32), "DS", &format!("-13\\-10\\{}", 1_000_000 + 5 * z)))
        .collect();
    let decoded = measured(&far);
    assert!(decoded.issues.is_empty());
    assert!(decoded.volume.grid().slab_mm().iter().all(|mm| (mm - 5.0).abs() < 1e-6));
    for bad in ["", "-13\\-10", "a\\b\\c", "-13\\-10\\1,5", "-13\\-10\\inf", "1e400\\0\\0"] {
        refused(&all(|file| file.text((0x20, 0x32), "DS", bad)), Code::GeometryNoPosition);
    }
}

#[test]
fn what_is_too_large_is_refused_before_anything_is_decoded() {
    // Pictures that could never be decoded: nobody tries.
    let files = all(|file| file.rle().packed(RLE, vec![vec![0; 64]]));
    let opened = open_within(&files, Limits { voxels: ROWS * COLUMNS / 2, ..Limits::default() });
    assert_eq!(codes(&only(&opened).decoder().unwrap_err()), [Code::InputTooLarge]);
}
