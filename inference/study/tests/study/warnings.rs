//! Each doubt about the input has its code, and none of them a wrong number.

use std::io::{Cursor, Write};

use corsai_protocol::SeriesId;
use corsai_report::{IssueCode as Code, Severity};
use corsai_study::{Intake, Limits};

use crate::synthetic::*;

fn refused(files: &[File], code: Code) {
    let opened = open(files);
    let summary = only(&opened).summary();
    assert!(!summary.usable && opened.only_usable().is_none());
    let issue = summary.issues.iter().find(|issue| issue.code == code).unwrap_or_else(|| panic!("{summary:?}"));
    assert_eq!(issue.severity, Severity::Stop);
    assert!(only(&opened).decoder().is_err_and(|issues| issues == summary.issues));
}

fn used_with(files: &[File], expected: &[Code]) {
    let opened = open(files);
    let summary = only(&opened).summary();
    assert!(summary.usable, "{summary:?}");
    assert_eq!(codes(&summary.issues), expected);
    assert_eq!(codes(&only(&opened).decoder().unwrap().finish().unwrap().issues), expected);
}

#[test]
fn files_that_are_no_pictures_are_named_and_counted() {
    let mut intake = Intake::new(Limits::default());
    for file in chest(10) {
        intake.add(&file.name, file.bytes());
    }
    intake.add("empty", Vec::new());
    intake.add("a\u{202E}.txt", vec![b'x'; 500]);
    intake.add("b.txt", vec![b'y'; 500]);
    intake.add("report", chest(1)[0].clone().without((0x7FE0, 0x10)).bytes());
    let whole = chest(1)[0].bytes();
    intake.add("cut", whole[..300].to_vec());
    let mut boastful = whole[..300].to_vec();
    boastful.extend([0x10, 0, 0x10, 0, b'U', b'T', 0, 0, 0xF0, 0xFF, 0xFF, 0xFF, b'x']);
    intake.add("boastful", boastful);
    intake.add_unreadable("gone");
    let opened = intake.finish();
    assert_eq!(opened.only_usable(), Some(SeriesId(0)));
    let found: Vec<(Code, Severity, usize)> =
        opened.issues.iter().map(|issue| (issue.code, issue.severity, issue.files.len())).collect();
    let skipped = |code, files| (code, Severity::Skip, files);
    let expected = [
        skipped(Code::FileEmpty, 1),
        skipped(Code::FileNotDicom, 2),
        skipped(Code::FileTruncated, 1),
        skipped(Code::FileBadLength, 1),
        skipped(Code::FileUnreadable, 1),
        skipped(Code::FileNoPixels, 1),
    ];
    assert_eq!(found, expected);
    assert_eq!(opened.issues[1].files, ["a.txt", "b.txt"]);
    assert!(corsai_language::Language::english().issue(&opened.issues[1]).contains("2 files"));
    assert_eq!(codes(&Intake::new(Limits::default()).finish().issues), [Code::InputNothing]);
}

#[test]
fn other_pictures_are_refused_by_name() {
    let all = |change: fn(File) -> File| chest(10).into_iter().map(change).collect::<Vec<_>>();
    refused(&all(|file| file.text((8, 0x60), "CS", "MR")), Code::SeriesNotCt);
    refused(&all(|file| file.text((8, 0x08), "CS", "ORIGINAL\\PRIMARY\\LOCALIZER")), Code::SeriesNotAxialCt);
    refused(&all(|file| file.text((8, 0x08), "CS", "DERIVED\\SECONDARY\\MIP")), Code::SeriesNotAxialCt);
    refused(&all(|file| file.text((0x28, 0x08), "IS", "12")), Code::SeriesEnhanced);
    refused(&all(|file| file.packed(VIDEO, vec![vec![0; 8]])), Code::CodecUnsupported);
    refused(&all(|file| file.packed(JPEG_BASELINE, vec![vec![0; 8]])), Code::PixelsEightBit);
    refused(&all(|file| file.without((0x28, 0x1052))), Code::HuRescale);
    refused(&all(|file| file.text((0x28, 0x1053), "DS", "1,0")), Code::HuRescale);
    refused(&all(|file| file.numbers((0x28, 0x1053), &[0.0])), Code::HuRescale);
    refused(&all(|file| file.text((0x28, 0x1054), "LO", "OD")), Code::HuNotHounsfield);
    refused(&all(|file| file.without((0x28, 0x30))), Code::GeometryNoSpacing);
    refused(&all(|file| file.without((0x20, 0x32))), Code::GeometryNoPosition);
    refused(&all(|file| file.word((0x28, 0x101), 8)), Code::PixelsDepth);
    refused(&all(|file| file.word((0x28, 0x10), 0)), Code::PixelsSize);
    refused(&all(|file| file.word((0x28, 0x10), ROWS as u16 + 3)), Code::PixelsSize);
}

#[test]
fn too_little_of_a_chest_is_refused() {
    refused(&chest(1), Code::SeriesTooFew);
    refused(&chest(7), Code::SeriesTooFew);
    let piled: Vec<File> = (0..10).map(|i| Lie::at(5.0).file(&i.to_string()).words(&[i; ROWS * COLUMNS])).collect();
    refused(&piled, Code::SeriesSingleLocation);
    let coronal: Vec<File> = (0..10)
        .map(|i| {
            let mut lie = Lie::at(0.0);
            lie.corner[1] += f64::from(i) * 5.0;
            lie.along_column = [0.0, 0.0, -1.0];
            lie.file(&i.to_string())
        })
        .collect();
    refused(&coronal, Code::GeometryNotAxial);
    let fanned: Vec<File> = (0..10)
        .map(|i| {
            let mut lie = Lie::at(5.0 * f64::from(i));
            let (sine, cosine) = f64::from(i).to_radians().sin_cos();
            lie.along_column = [0.0, cosine, sine];
            lie.file(&i.to_string())
        })
        .collect();
    refused(&fanned, Code::GeometryOrientation);
}

#[test]
fn localisers_among_slices_are_set_aside() {
    let whole = measured(&chest(10)).volume;
    let mut files = chest(10);
    files.push(chest(1)[0].clone().named("scout").text((8, 0x18), "UI", "1.9").text(
        (8, 0x08),
        "CS",
        "ORIGINAL\\PRIMARY\\LOCALIZER",
    ));
    used_with(&files, &[Code::SeriesSetAside]);
    assert_eq!(measured(&files).volume, whole);
    // One that doesn't call itself so.
    let mut lie = Lie::at(20.0);
    lie.along_column = [0.0, 0.0, -1.0];
    files[10] = lie.file("scout");
    used_with(&files, &[Code::SeriesSetAside]);
    assert_eq!(measured(&files).volume, whole);
}

#[test]
fn one_missing_slice_is_said_and_keeps_the_volume() {
    let mut files = chest(20);
    files.remove(7);
    used_with(&files, &[Code::GeometryMissingSlices]);
    let decoded = measured(&files);
    let grid = decoded.volume.grid();
    assert_eq!(grid.slices(), 19);
    assert!((grid.slab_mm().iter().sum::<f64>() - 100.0).abs() < 1e-9);
    files.drain(5..9);
    refused(&files, Code::GeometryIrregularSpacing);
}

#[test]
fn damaged_slices_count_as_missing() {
    // Cut off in the picture: seen at once.
    let mut intake = Intake::new(Limits::default());
    for (z, file) in chest(20).iter().enumerate() {
        let bytes = file.bytes();
        intake.add(&file.name, if z == 7 { bytes[..bytes.len() - 100].to_vec() } else { bytes });
    }
    let opened = intake.finish();
    let summary = only(&opened).summary();
    assert!(summary.usable);
    assert_eq!(codes(&summary.issues), [Code::FileTruncated, Code::GeometryMissingSlices]);
    assert_eq!((summary.issues[0].severity, summary.issues[0].files.as_slice()), (Severity::Skip, &["7".into()][..]));
    // Compressed and damaged: seen when decoded.
    let mut files: Vec<File> = chest(20).into_iter().map(File::rle).collect();
    let frame = files[7].fragments.as_mut().unwrap().first_mut().unwrap();
    frame.truncate(300);
    let opened = open(&files);
    let mut decoding = only(&opened).decoder().unwrap();
    assert_eq!((decoding.grid().slices(), decoding.order()[0]), (20, 10));
    assert!(decoding.decode(8).is_ok() && decoding.decode(7).is_err() && decoding.decode(20).is_err());
    assert!(decoding.slice(7).is_none() && decoding.slice(8).is_some() && decoding.slice(9).is_none());
    assert_eq!(decoding.order().len(), 18);
    let decoded = decoding.finish().unwrap();
    assert_eq!(codes(&decoded.issues), [Code::CodecFailed, Code::GeometryMissingSlices]);
    let mut kept = chest(20);
    kept.remove(7);
    assert_eq!(decoded.volume, measured(&kept).volume);
    // All of them.
    for file in &mut files {
        file.fragments = Some(vec![vec![0; 64]]);
    }
    let opened = open(&files);
    let issues = only(&opened).decoder().unwrap().finish().unwrap_err();
    assert_eq!((issues[0].code, issues[0].severity), (Code::CodecFailed, Severity::Stop));
}

#[test]
fn two_series_are_never_mixed() {
    let second = |tag, vr: &str, value: &str| {
        let mut files = chest(10);
        files.extend(chest(12).into_iter().map(|file| file.text(tag, vr, value)));
        let opened = open(&files);
        let slices: Vec<u32> = opened.series.iter().map(|series| series.summary().slices).collect();
        assert_eq!(slices, [12, 10]);
        assert!(opened.series.iter().all(|series| series.summary().usable && series.summary().issues.is_empty()));
        assert_eq!(opened.only_usable(), None);
        opened
    };
    second((0x20, 0x0E), "UI", "1.2.2");
    second((0x20, 0x52), "UI", "1.2.8");
    let opened = second((0x10, 0x20), "LO", "another");
    assert_ne!(opened.series[0].summary().patient_key, opened.series[1].summary().patient_key);
}

#[test]
fn lung_series_come_first_and_unusable_ones_last() {
    let mut files = chest(12);
    let another = |series: &'static str, description: &'static str| {
        move |file: File| file.text((0x20, 0x0E), "UI", series).text((8, 0x103E), "LO", description)
    };
    files.extend(chest(10).into_iter().map(another("1.2.2", "Chest LUNG 1.0")));
    files.extend(chest(3).into_iter().map(another("1.2.3", "Lung")));
    let opened = open(&files);
    let listed: Vec<(u32, &str, bool)> = opened
        .series
        .iter()
        .map(|series| (series.summary().id.0, series.summary().description.as_str(), series.summary().usable))
        .collect();
    assert_eq!(listed, [(0, "Chest LUNG 1.0", true), (1, "Thorax", true), (2, "Lung", false)]);
}

#[test]
fn reconstructions_under_one_series_are_told_apart_or_refused() {
    let kernel = |file: File, kernel: &str| file.text((0x18, 0x1210), "SH", kernel);
    let mut files: Vec<File> = chest(12).into_iter().map(|file| kernel(file, "B70f")).collect();
    let soft = |(z, file): (usize, File)| {
        kernel(file, "B30f").named("s").text((8, 0x18), "UI", &format!("1.9.{z}")).words(&[1050; ROWS * COLUMNS])
    };
    files.extend(chest(11).into_iter().enumerate().map(soft));
    used_with(&files, &[Code::SeriesSplit]);
    assert_eq!(open(&files).only_usable(), None);
    assert_eq!(measured(&files).volume, measured(&chest(12)).volume);
    let same: Vec<File> = files.into_iter().map(|file| file.without((0x18, 0x1210))).collect();
    refused(&same, Code::SeriesOverlapping);
}

#[test]
fn other_sizes_are_left_out() {
    let mut files = chest(12);
    let small = |z: usize| Lie { rows: 10, columns: 10, ..Lie::at(2.0 + 5.0 * z as f64) }.file(&format!("9.{z}"));
    files.extend((0..4).map(small));
    used_with(&files, &[Code::SeriesSplit]);
    assert_eq!(measured(&files).volume, measured(&chest(12)).volume);
}

#[test]
fn copies_are_dropped_and_clashes_refused() {
    let whole = measured(&chest(10)).volume;
    let mut files = chest(10);
    files.extend(chest(3));
    used_with(&files, &[Code::FileDuplicate]);
    let mut renamed = chest(10);
    renamed.extend(chest(3).into_iter().map(|file| {
        let uid = format!("1.9.{}", file.name);
        file.text((8, 0x18), "UI", &uid)
    }));
    used_with(&renamed, &[Code::FileDuplicate]);
    assert_eq!((measured(&files).volume, measured(&renamed).volume), (whole.clone(), whole));
    let mut clashing = chest(10);
    clashing.push(Lie::at(50.0).file("3"));
    refused(&clashing, Code::SeriesUidClash);
}

#[test]
fn doubts_stay_with_the_volume() {
    let all = |change: fn(File) -> File| chest(10).into_iter().map(change).collect::<Vec<_>>();
    used_with(&all(|file| file.text((0x28, 0x2110), "CS", "01")), &[Code::PixelsLossy]);
    used_with(&all(|file| file.text((0x18, 0x5100), "CS", "HFP")), &[Code::GeometryNotSupine]);
    used_with(&all(|file| file.text((0x18, 0x5100), "CS", "FFS")), &[]);
    let thick: Vec<File> = (0..10).map(|z| Lie::at(8.0 * f64::from(z)).file(&z.to_string())).collect();
    used_with(&thick, &[Code::GeometryThickSlices]);
}

#[test]
fn numbers_that_are_no_hounsfield_units_are_refused_after_decoding() {
    let moved = |intercept: f64| -> Vec<File> {
        chest(10).into_iter().map(|file| file.numbers((0x28, 0x1052), &[intercept])).collect()
    };
    for intercept in [-2048.0, 0.0] {
        let opened = open(&moved(intercept));
        let issues = only(&opened).decoder().unwrap().finish().unwrap_err();
        assert_eq!(codes(&issues), [Code::HuImplausible], "{intercept}");
    }
    // A body without lungs is a body.
    let ball = |place: [f64; 3]| if place[0].hypot(place[1]) < 9.0 { 1064 } else { 24 };
    let files: Vec<File> = (0..10)
        .map(|z| {
            let lie = Lie::at(5.0 * f64::from(z));
            let places = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| lie.place(row, column)));
            lie.file(&z.to_string()).words(&places.map(ball).collect::<Vec<u16>>())
        })
        .collect();
    assert!(measured(&files).issues.is_empty());
}

#[test]
fn limits_end_in_a_refusal_not_in_a_part() {
    let files = chest(10);
    let stopped = |limits: Limits, code: Code| {
        let opened = open_within(&files, limits);
        assert!(opened.series.is_empty());
        assert_eq!((opened.issues[0].code, opened.issues[0].severity), (code, Severity::Stop));
    };
    stopped(Limits { files: 9, ..Limits::default() }, Code::InputTooMany);
    // One file that is too large stops no other.
    let mut intake = Intake::new(Limits::default());
    intake.add_too_large("disc.iso");
    for file in &files {
        intake.add(&file.name, file.bytes());
    }
    let opened = intake.finish();
    assert_eq!(codes(&opened.issues), [Code::FileTooLarge]);
    assert!(only(&opened).summary().usable);
    let opened = open_within(&files, Limits { voxels: ROWS * COLUMNS / 2, ..Limits::default() });
    assert_eq!(codes(&only(&opened).summary().issues), [Code::InputTooLarge]);
    assert!(!only(&opened).summary().usable && only(&opened).preview().is_some());
}

#[test]
fn an_archive_is_as_good_as_a_folder() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for file in chest(10) {
        writer.start_file(format!("../CT/{}.dcm", file.name), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&file.bytes()).unwrap();
    }
    let archive = writer.finish().unwrap().into_inner();
    let read = |archive: &[u8], limits: Limits| {
        let mut intake = Intake::new(limits);
        intake.add("study.bin", archive.to_vec());
        intake.finish()
    };
    let opened = read(&archive, Limits::default());
    assert!(opened.issues.is_empty());
    let decoded = only(&opened).decoder().unwrap().finish().unwrap();
    assert_eq!(decoded.volume, measured(&chest(10)).volume);
    assert_eq!(codes(&read(&archive, Limits { bytes: 2000, ..Limits::default() }).issues), [Code::ZipTooLarge]);
    assert_eq!(codes(&read(&archive, Limits { files: 5, ..Limits::default() }).issues), [Code::InputTooMany]);
    assert_eq!(codes(&read(&archive[..200], Limits::default()).issues), [Code::InputNothing, Code::ZipBad]);
}
