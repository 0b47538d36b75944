//! Part E of the checklist: further cases of its kinds, as an attacker would choose them. None ends
//! in a number without the warning that its kind asks for.

use std::io::{Cursor, Write};

use corsai_report::{Found, Identifier, IssueCode as Code, Severity};
use corsai_study::{Intake, Limits, Series, SeriesList};

use crate::synthetic::*;

const PATIENT: Tag = (0x10, 0x20);
const NAME: Tag = (0x10, 0x10);
const BORN: Tag = (0x10, 0x30);
const SEX: Tag = (0x10, 0x40);
const ACQUISITION: Tag = (0x20, 0x12);
const KERNEL: Tag = (0x18, 0x1210);
const POSITION: Tag = (0x20, 0x32);

/// They are measured as the chest of 16 slices, with these issues.
fn is_the_chest(files: &[File], issues: &[Code]) {
    measured_as_chest(files, 16, issues);
}

/// The series that can be measured: their slices, whether another one left them out, what is said.
fn listed(opened: &SeriesList) -> Vec<(u32, bool, Vec<Code>)> {
    let usable = opened.series.iter().filter(|series| series.summary().usable);
    usable
        .map(|series| {
            let summary = series.summary();
            (summary.slices, series.is_left_out(), codes(&summary.issues))
        })
        .collect()
}

/// Slices every 2.5 mm: those of even numbers changed in one way, the others in another.
fn interleaved(change: [&dyn Fn(File) -> File; 2]) -> Vec<File> {
    (0..32).map(|z| change[z % 2](Lie::at(2.5 * z as f64).file(&z.to_string()))).collect()
}

#[test]
fn what_a_series_leaves_out_is_a_series_of_its_own() {
    let kernel = |kernel: &'static str| move |file: File| file.text(KERNEL, "SH", kernel);
    let (soft, sharp) = (kernel("B30f"), kernel("B70f"));
    let files = interleaved([&soft, &sharp]);
    let opened = open(&files);
    let split = vec![Code::SeriesSplit];
    assert_eq!(listed(&opened), [(16, false, split.clone()), (16, true, split.clone())]);
    let [first, second] = &opened.series[..] else { panic!("{opened:?}") };
    assert_eq!(first.summary().description, "Thorax (B30f)");
    assert_eq!(second.summary().description, "Thorax (B70f)");
    // Nothing is taken without asking, and each is whole.
    assert_eq!(opened.only_usable(), None);
    let heights = |series: &Series| {
        let volume = series.decoder().unwrap().finish().unwrap().volume;
        (volume.grid().slices(), volume.grid().slice_mm(), volume.grid().patient_from_voxel()[2][3])
    };
    assert_eq!([first, second].map(heights), [(16, 5.0, -40.0), (16, 5.0, -37.5)]);
    for series in [first, second] {
        assert_eq!(series.summary().issues[0].found, [Found::Used { count: 16, total: 32 }]);
        assert!(series.preview().is_some());
    }
    // Three acquisitions are three series; the largest stays the first.
    let three = |z: usize, file: File| file.text(ACQUISITION, "IS", ["1", "2", "3"][z % 3]);
    let files: Vec<File> = (0..31).map(|z| three(z, Lie::at(2.0 * z as f64).file(&z.to_string()))).collect();
    let found = listed(&open(&files));
    assert_eq!(found.iter().map(|one| (one.0, one.1)).collect::<Vec<_>>(), [(11, false), (10, true), (10, true)]);
    // The pass over the abdomen is longer than the one over the chest, and behind it all the same.
    let pass = |z: usize, height: f64, number: &str| {
        Lie::at(height).file(&format!("{number}.{z}")).text(ACQUISITION, "IS", number)
    };
    let chest_pass = (0..16).map(|z| pass(z, 5.0 * z as f64, "1"));
    let abdomen = (0..30).map(|z| pass(z, -5.0 * z as f64 + 13.0, "2").words(&[1064; ROWS * COLUMNS]));
    let opened = open(&chest_pass.chain(abdomen).collect::<Vec<_>>());
    assert_eq!(listed(&opened), [(16, false, split.clone()), (30, true, split)]);
    assert_eq!(opened.series.iter().map(|one| one.summary().id.0).collect::<Vec<_>>(), [0, 1]);
    // Of what makes no stack there is no line.
    let odd = |z: usize, file: File| file.text(KERNEL, "SH", if z == 7 { "B70f" } else { "B30f" });
    let mut files = numbered(16, odd);
    files.push(Lie::at(35.0).file("again").text(KERNEL, "SH", "B30f").words(&[1050; ROWS * COLUMNS]));
    assert!(open(&files).series.iter().all(|series| !series.is_left_out()));
}

#[test]
fn acquisitions_differ_by_one_attribute_alone() {
    let text = |tag: Tag, vr: &'static str, value: &'static str| move |file: File| file.text(tag, vr, value);
    let both = |tag: Tag, vr: &'static str, [a, b]: [&'static str; 2]| {
        let (a, b) = (text(tag, vr, a), text(tag, vr, b));
        let opened = open(&interleaved([&a, &b]));
        assert_eq!(listed(&opened).len(), 2, "{tag:?}");
        assert!(listed(&opened).iter().all(|one| one.2 == [Code::SeriesSplit]), "{tag:?}");
    };
    both((0x18, 0x60), "DS", ["100", "140"]);
    both((0x18, 0x1151), "IS", ["40", "400"]);
    both((0x18, 0x1152), "IS", ["40", "400"]);
    both((0x20, 0x100), "IS", ["1", "2"]);
    both((0x18, 0x1060), "DS", ["0", "40"]);
    both((8, 0x08), "CS", ["ORIGINAL\\PRIMARY\\AXIAL\\VNC", "ORIGINAL\\PRIMARY\\AXIAL"]);
    both((8, 0x33), "TM", ["101500", "101600"]);
    both((0x18, 0x1160), "SH", ["BODY", "HEAD"]);
    both((0x18, 0x22), "CS", ["HELICAL MODE", "AXIAL MODE"]);
    both((8, 0x3010), "UI", ["1.4.1", "1.4.2"]);
}

#[test]
fn units_are_known_whatever_is_around_them() {
    for unit in ["HU\0", "HU   ", " hu", "HU (Hounsfield)", "hounsfield unit\0\0"] {
        is_the_chest(&numbered(16, |_, file| file.raw((0x28, 0x1054), "LO", even(unit.as_bytes()))), &[]);
    }
    for unit in ["US", "mgml", "Z_EFF", "HU_MOD"] {
        refused(&numbered(16, |_, file| file.text((0x28, 0x1054), "LO", unit)), Code::HuNotHounsfield);
    }
}

fn even(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(2), b' ');
    bytes
}

#[test]
fn patient_identifiers_that_change_within_a_series() {
    let with = |id: &'static str| {
        move |z: usize, file: File| {
            if z.is_multiple_of(2) { file } else { file.raw(PATIENT, "LO", even(id.as_bytes())) }
        }
    };
    // The same one, padded in another way.
    for id in ["patient ", " patient", "patient\0", "patient  "] {
        is_the_chest(&numbered(16, with(id)), &[]);
    }
    // Another one on every second slice may be another person's chest.
    refused(&numbered(16, with("other")), Code::SeriesSeveralPeople);
    // None on half of the slices.
    is_the_chest(&numbered(16, |z, file| if z < 8 { file } else { file.without(PATIENT) }), &[Code::SeriesIdentifiers]);
    is_the_chest(
        &numbered(16, |z, file| if z.is_multiple_of(2) { file } else { file.without(PATIENT) }),
        &[Code::SeriesIdentifiers],
    );
}

#[test]
fn a_name_a_birth_date_or_a_sex_that_changes_within_a_series_is_said() {
    for (tag, vr, values) in
        [(NAME, "PN", ["Doe^Jane", "Roe^Richard"]), (BORN, "DA", ["19700305", "19460801"]), (SEX, "CS", ["F", "M"])]
    {
        let files = numbered(16, |z, file| file.text(tag, vr, values[usize::from(z >= 8)]));
        is_the_chest(&files, &[Code::SeriesIdentifiers]);
        let opened = open(&files);
        let summary = only(&opened).summary();
        assert_eq!(summary.issues[0].found, [Found::Identifiers { identifiers: vec![Identifier::Person] }]);
        assert_eq!(summary.person, corsai_protocol::PersonKeys::default(), "nobody knows which one is right");
        // On some slices alone it is no contradiction.
        let files = numbered(16, |z, file| if z < 8 { file } else { file.text(tag, vr, values[1]) });
        is_the_chest(&files, &[]);
        let opened = open(&files);
        let person = only(&opened).summary().person;
        assert_eq!([person.name, person.birth_date, person.sex].iter().flatten().count(), 1);
    }
}

#[test]
fn frames_of_reference_and_series_take_turns() {
    let turns = |tag: Tag| numbered(16, move |z, file| file.text(tag, "UI", ["1.7", "1.8"][z % 2]));
    is_the_chest(&turns((0x20, 0x52)), &[Code::SeriesIdentifiers]);
    // Two series of even distances within one another may be two acquisitions: none is measured as
    // the whole without a word, and both can be chosen.
    let opened = open(&turns((0x20, 0x0E)));
    for (slices, _, said) in listed(&opened) {
        assert!(slices == 16 && said == [Code::SeriesIdentifiers] || slices == 8, "{slices} {said:?}");
    }
}

#[test]
fn a_time_for_each_slice_is_no_acquisition() {
    for step in [1, 3, 7, 30] {
        let timed = |z: usize, file: File| {
            let seconds = z * step;
            file.text((8, 0x32), "TM", &format!("10{:02}{:02}", seconds / 60, seconds % 60))
        };
        is_the_chest(&numbered(16, timed), &[]);
    }
}

#[test]
fn slices_that_are_missing_are_said_or_stop() {
    let without = |lost: &[usize]| -> Vec<File> {
        chest(40).into_iter().enumerate().filter(|(z, _)| !lost.contains(z)).map(|(_, file)| file).collect()
    };
    let said = |lost: &[usize]| {
        let opened = open(&without(lost));
        let summary = only(&opened).summary();
        (summary.usable, codes(&summary.issues))
    };
    assert_eq!(said(&[20]), (true, vec![Code::GeometryMissingSlices]));
    assert_eq!(said(&[10, 30]), (true, vec![Code::GeometryMissingSlices]));
    for many in [&[20, 21, 22][..], &[5, 10, 15, 20, 25, 30], &[3, 4, 9, 17, 18, 29]] {
        let (usable, codes) = said(many);
        assert!(!usable && codes.contains(&Code::GeometryIrregularSpacing), "{many:?} {codes:?}");
    }
}

#[test]
fn floating_point_numbers_of_either_size_and_order_are_read() {
    let doubles = |file: File| {
        let hu: Vec<f64> = file.stored().iter().map(|word| f64::from(*word) - 1024.0).collect();
        let file = file.without((0x7FE0, 0x10)).numbers((0x28, 0x1052), &[0.0]).word((0x28, 0x100), 64);
        let bytes = hu.iter().flat_map(|hu| hu.to_le_bytes()).collect();
        file.without((0x28, 0x101)).without((0x28, 0x102)).raw((0x7FE0, 0x09), "OD", bytes)
    };
    is_the_chest(&numbered(16, |_, file| doubles(file)), &[]);
}

#[test]
fn derived_pictures_through_a_window_are_no_hounsfield_units() {
    // A lung window, −1350 to 150, baked into twelve bits from 0 on.
    let windowed = |_: usize, file: File| {
        let words: Vec<u16> = file
            .stored()
            .iter()
            .map(|word| (((f64::from(*word) - 1024.0 + 1350.0) / 1500.0).clamp(0.0, 1.0) * 4095.0) as u16)
            .collect();
        file.text((8, 0x08), "CS", "DERIVED\\SECONDARY\\AXIAL").words(&words)
    };
    // Whatever offset the header has.
    for intercept in [-1024.0, 0.0, -1350.0] {
        let files = numbered(16, |z, file| windowed(z, file).numbers((0x28, 0x1052), &[intercept]));
        let opened = open(&files);
        let issues = only(&opened).decoder().unwrap().finish().unwrap_err();
        assert!(codes(&issues).contains(&Code::HuImplausible), "{intercept}");
    }
}

fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn gzip_in_a_zip_in_a_tar_is_read_and_deeper_ones_are_named() {
    let gzip = |bytes: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    };
    let tar = |name: &str, bytes: &[u8]| {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, bytes).unwrap();
        builder.into_inner().unwrap()
    };
    let slices: Vec<(String, Vec<u8>)> =
        chest(16).iter().map(|f| (format!("{}.gz", f.name), gzip(&f.bytes()))).collect();
    let named: Vec<(&str, Vec<u8>)> = slices.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let outer = tar("a.zip", &zip(&named));
    let read = |bytes: Vec<u8>| {
        let mut intake = Intake::new(Limits::default());
        intake.add("study", bytes);
        intake.finish()
    };
    let opened = read(outer.clone());
    assert_eq!(codes(&opened.issues), []);
    let decoded = only(&opened).decoder().unwrap().finish().unwrap();
    assert_eq!(decoded.volume, measured(&chest(16)).volume);
    let deeper = read(tar("b.zip", &zip(&[("a.tar.gz", gzip(&outer))])));
    assert_eq!(codes(&deeper.issues), [Code::InputNothing, Code::ArchiveNested]);
}

#[test]
fn a_meta_group_in_implicit_vr_before_large_pictures_is_read() {
    // Read as explicit, the first element would lead to pixels that look like elements.
    let large = |z: usize, shift: usize| {
        let lie = Lie { rows: 260, columns: 260, corner: [-130.0, -130.0, 5.0 * z as f64], ..Lie::at(0.0) };
        let file = lie.file(&z.to_string());
        let pattern = [[0x08, 0x18, 0, 0], [0x18, 0, 0, 0x08], [0, 0, 0x08, 0x18], [0, 0x08, 0x18, 0]][shift];
        let mut words = file.stored();
        words.iter_mut().skip(64_000).zip(pattern.into_iter().cycle()).for_each(|(word, mark)| *word = mark);
        file.words(&words)
    };
    for shift in 0..4 {
        let files: Vec<File> = (0..8).map(|z| large(z, shift)).collect();
        let bytes = |file: &File| {
            let mut meta = element((2, 0x01), "OB", &[0, 1], Written::Implicit);
            meta.extend(element((2, 0x02), "UI", b"1.2.840.10008.5.1.4.1.1.2\0", Written::Implicit));
            meta.extend(element((2, 0x10), "UI", b"1.2.840.10008.1.2\0", Written::Implicit));
            let dataset = file.bytes_as(Written::Implicit)[132 + 26..].to_vec();
            [&[0; 128][..], b"DICM", &meta, &dataset].concat()
        };
        let opened = open_bytes(&files.iter().map(bytes).collect::<Vec<_>>());
        assert_eq!(codes(&opened.issues), []);
        assert_eq!((only(&opened).summary().slices, codes(&only(&opened).summary().issues)), (8, vec![]));
    }
}

/// Files, taken by their first bytes as far as these are enough. Returns those that weren't.
fn by_start(files: &[Vec<u8>], first: usize) -> (SeriesList, Vec<usize>) {
    let mut intake = Intake::new(Limits { bytes: 1 << 20, ..Limits::default() });
    let mut whole = Vec::new();
    for (number, bytes) in files.iter().enumerate() {
        let start = bytes[..first.min(bytes.len())].to_vec();
        if start.len() == bytes.len() || !intake.add_start("file", start, bytes.len() as u64) {
            whole.push(number);
            intake.add("file", bytes.clone());
        }
    }
    for file in intake.undecided() {
        intake.complete(file, files[file].clone());
    }
    (intake.finish(), whole)
}

#[test]
fn a_disc_is_listed_from_the_first_bytes_of_its_files() {
    let plain: Vec<Vec<u8>> = chest(16).iter().map(File::bytes).collect();
    let packed: Vec<Vec<u8>> = chest(16).into_iter().map(|file| file.jpeg(ROWS, COLUMNS).bytes()).collect();
    for files in [plain.clone(), packed] {
        let (list, whole) = by_start(&files, 800);
        assert_eq!((codes(&list.issues), whole), (vec![], vec![]));
        let series = only(&list);
        assert_eq!((series.summary().slices, codes(&series.summary().issues)), (16, vec![]));
        let middle = series.preview_file().unwrap();
        let expected = only(&open(&chest(16))).preview().unwrap().1;
        assert_eq!(series.preview_from(files[middle].clone()).unwrap().1, expected);
        let mut decoder = series.decoder().unwrap();
        assert_eq!(decoder.released_files(), (0..16).collect::<Vec<_>>());
        for file in decoder.released_files() {
            assert_eq!(decoder.decode_file(file, files[file].clone()), [file]);
        }
        assert_eq!(decoder.finish().unwrap().volume, measured(&chest(16)).volume);
    }
    // A header that is longer than the first bytes, an archive, and what isn't DICOM.
    let long = |file: &File| file.clone().raw((9, 0x1010), "OB", vec![0; 4000]).bytes();
    let mut files: Vec<Vec<u8>> = chest(16).iter().map(long).collect();
    let archive = zip(&[("a", plain[3].clone()), ("b", vec![7; 5000])]);
    files[3] = [archive, vec![0; 0]].concat();
    files.push(vec![b'x'; 5000]);
    let (list, whole) = by_start(&files, 600);
    assert_eq!(whole, (0..16).collect::<Vec<_>>());
    assert_eq!(codes(&list.issues), [Code::FileNotDicom]);
    assert_eq!(only(&list).summary().slices, 16);
    // A file that ends early says so.
    let mut cut = plain.clone();
    cut[5].truncate(1000);
    let (list, _) = by_start(&cut, 800);
    let issues = &only(&list).summary().issues;
    assert_eq!(codes(issues), [Code::FileTruncated, Code::GeometryMissingSlices]);
}

#[test]
fn copies_among_files_that_were_not_read_are_found_all_the_same() {
    let plain: Vec<Vec<u8>> = chest(16).iter().map(File::bytes).collect();
    let (list, _) = by_start(&[plain.clone(), plain.clone()].concat(), 800);
    assert_eq!(codes(&only(&list).summary().issues), [Code::FileDuplicate]);
    // Under another identifier.
    let renamed: Vec<Vec<u8>> = chest(16).into_iter().map(|file| file.text((8, 0x18), "UI", "1.5").bytes()).collect();
    let renamed: Vec<Vec<u8>> = renamed.into_iter().take(1).collect();
    let (list, _) = by_start(&[plain.clone(), renamed].concat(), 800);
    assert_eq!(codes(&only(&list).summary().issues), [Code::FileDuplicate]);
    // Another picture under the same one.
    let other = chest(16)[3].clone().words(&[1050; ROWS * COLUMNS]).bytes();
    let (list, _) = by_start(&[plain.clone(), vec![other]].concat(), 800);
    assert_eq!(codes(&only(&list).summary().issues), [Code::SeriesUidClash]);
    assert_eq!(only(&list).summary().issues[0].severity, Severity::Stop);
    // Without copies nothing is read twice.
    let mut intake = Intake::new(Limits::default());
    assert!(plain.iter().all(|bytes| intake.add_start("file", bytes[..800].to_vec(), bytes.len() as u64)));
    assert_eq!(intake.undecided(), [0; 0]);
}

#[test]
fn positions_written_with_few_digits_or_many_are_the_same_places() {
    let at = |text: fn(f64) -> String| {
        numbered(16, move |z, file| file.text(POSITION, "DS", &format!("-13\\-10\\{}", text(-40.0 + 5.0 * z as f64))))
    };
    is_the_chest(&at(|mm| format!("{mm:.6}")), &[]);
    is_the_chest(&at(|mm| format!("{mm:e}")), &[]);
    is_the_chest(&at(|mm| format!("{mm:+}")), &[]);
}

#[test]
fn numbers_tell_passes_apart_where_nothing_else_does() {
    const NUMBER: Tag = (0x20, 0x13);
    let second: [fn(usize) -> usize; 3] = [|z| 17 + z / 2, |z| 32 - z / 2, |z| 1 + z / 2];
    for number in second {
        let slice = |z: usize| {
            let number = if z.is_multiple_of(2) { 1 + z / 2 } else { number(z) };
            Lie::at(2.5 * z as f64).file(&z.to_string()).text(NUMBER, "IS", &number.to_string())
        };
        let found = listed(&open(&(0..32).map(slice).collect::<Vec<_>>()));
        let split = vec![Code::SeriesSplit];
        assert_eq!(found, [(16, false, split.clone()), (16, true, split)]);
    }
    // Falling, without order, all the same, and two stations that are each counted from 1.
    let one_stack: [fn(usize) -> usize; 4] = [|z| 16 - z, |z| z * 7 % 16, |_| 1, |z| z % 8];
    for number in one_stack {
        is_the_chest(&numbered(16, |z, file| file.text(NUMBER, "IS", &number(z).to_string())), &[]);
    }
    // The same numbers at the same places: nothing tells which pictures belong together.
    let twice = |name: &str, level: u16| {
        let slice = move |z: usize| {
            let file = Lie::at(5.0 * z as f64).file(&format!("{name}.{z}")).text(NUMBER, "IS", &(z + 1).to_string());
            if level == 0 { file } else { file.words(&[level; ROWS * COLUMNS]) }
        };
        (0..16).map(slice).collect::<Vec<_>>()
    };
    refused(&[twice("1", 0), twice("2", 1050)].concat(), Code::SeriesOverlapping);
}
