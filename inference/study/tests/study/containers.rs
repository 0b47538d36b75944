//! Part A of the checklist, as far as files and archives are this crate's: what is around a picture
//! never decides what it shows.

use std::io::{Cursor, Write};

use corsai_report::{IssueCode as Code, Severity};
use corsai_study::{Intake, Limits, SeriesList};

use crate::synthetic::*;

/// Of the meta group that `synthetic` writes: preamble, mark, one element.
const META: usize = 132;

/// A chest whose files' bytes were changed.
fn changed(change: impl Fn(&File) -> Vec<u8>) -> SeriesList {
    open_bytes(&chest(10).iter().map(change).collect::<Vec<_>>())
}

fn is_the_chest(opened: &SeriesList, issues: &[Code]) {
    let decoded = only(opened).decoder().unwrap_or_else(|issues| panic!("{issues:?}")).finish().unwrap();
    assert_eq!(codes(&decoded.issues), issues);
    assert_eq!(decoded.volume, measured(&chest(10)).volume);
}

#[test]
fn a_file_may_lack_preamble_mark_or_meta_group() {
    let implicit = |file: &File| file.bytes_as(Written::Implicit);
    is_the_chest(&changed(|file| file.bytes()[META..].to_vec()), &[]);
    is_the_chest(&changed(|file| implicit(file)[META..].to_vec()), &[]);
    // The preamble without its mark, and with another one.
    is_the_chest(&changed(|file| [&[0; 128], &file.bytes()[META..]].concat()), &[]);
    is_the_chest(&changed(|file| [&[0; 128], &b"XXXX"[..], &file.bytes()[META..]].concat()), &[]);
    // The data set alone: explicit, implicit (behind the meta group's 26 bytes), and big-endian.
    is_the_chest(&changed(|file| file.bytes_as(Written::Bare)), &[]);
    is_the_chest(&changed(|file| implicit(file)[META + 26..].to_vec()), &[]);
    is_the_chest(&changed(|file| file.bytes_as(Written::BigEndian)[META + 28..].to_vec()), &[]);
}

#[test]
fn a_transfer_syntax_that_is_not_named_is_told_and_said() {
    let without_syntax = |bytes: Vec<u8>| {
        let (start, dataset) = (bytes[..META].to_vec(), bytes);
        let meta = element((2, 0x02), "UI", b"1.2.840.10008.5.1.4.1.1.2\0", Written::Explicit);
        let skipped = META + 8 + usize::from(u16::from_le_bytes([dataset[META + 6], dataset[META + 7]]));
        [&start, &meta, &dataset[skipped..]].concat()
    };
    for written in [Written::Explicit, Written::Implicit, Written::BigEndian] {
        is_the_chest(&changed(|file| without_syntax(file.bytes_as(written))), &[Code::FileNoSyntax]);
    }
    // One that is named wrongly as to explicit and implicit is corrected.
    let swapped = |file: &File| {
        let (explicit, implicit) = (file.bytes(), file.bytes_as(Written::Implicit));
        [&explicit[..META + 28], &implicit[META + 26..]].concat()
    };
    is_the_chest(&changed(swapped), &[]);
}

#[test]
fn elements_that_do_not_matter_may_be_odd() {
    let odd = |file: &File| {
        let mut sequence = vec![0x0B, 0x00, 0x01, 0x10, b'U', b'N', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF];
        // Within a sequence of unknown representation elements are implicit.
        let inner = [0x0B, 0x00, 0x02, 0x10, 3, 0, 0, 0, 1, 2, 3];
        sequence.extend(item(&inner, Written::Explicit));
        sequence.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        let file = file
            .clone()
            .raw((0x08, 0x00), "UL", vec![1, 0, 0, 0])
            .raw((0x08, 0x70), "LO", b"odd".to_vec())
            .raw((0x09, 0x10), "LO", b"SOMEBODY".to_vec())
            .raw((0x09, 0x1001), "OB", vec![7; 33]);
        let bytes = file.bytes();
        // Before group 0010: the file's own elements come in order.
        let at = bytes.windows(6).position(|window| window == [0x10, 0x00, 0x20, 0x00, b'L', b'O']).unwrap();
        let unknown = [0x0D, 0x00, 0x01, 0x10, b'Z', b'Z', 0, 0, 2, 0, 0, 0, 9, 9];
        [&bytes[..at], &sequence, &unknown, &bytes[at..]].concat()
    };
    is_the_chest(&changed(odd), &[]);
}

#[test]
fn a_directory_file_and_other_company_change_nothing() {
    let mut intake = Intake::new(Limits::default());
    for file in chest(10) {
        intake.add(&file.name, file.bytes());
    }
    // A directory whose one record names a file that isn't there.
    let record = [element((0x04, 0x1500), "CS", b"GONE\\IM1", Written::Explicit)].concat();
    let directory = chest(1)[0].clone().text((8, 0x16), "UI", "1.2.840.10008.1.3.10").without((0x7FE0, 0x10)).raw(
        (0x04, 0x1220),
        "SQ",
        item(&record, Written::Explicit),
    );
    intake.add("DICOMDIR", directory.bytes());
    let company: [(&str, &[u8]); 6] = [
        (".DS_Store", b"\0\0\0\x01Bud1"),
        ("Thumbs.db", &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]),
        ("._IM1", &[0, 5, 0x16, 7, 0, 2, 0, 0]),
        ("report.pdf", b"%PDF-1.7"),
        ("key.jpg", &[0xFF, 0xD8, 0xFF, 0xE0]),
        ("autorun.inf", b"[autorun]"),
    ];
    for (name, start) in company {
        intake.add(name, [start, &[b' '; 200]].concat());
    }
    let opened = intake.finish();
    let found: Vec<(Code, Severity, usize)> =
        opened.issues.iter().map(|issue| (issue.code, issue.severity, issue.files.len())).collect();
    // Names are shown of five at most.
    assert_eq!(found, [(Code::FileNotDicom, Severity::Skip, 5), (Code::FileNoPixels, Severity::Skip, 1)]);
    assert!(corsai_language::Language::english().issue(&opened.issues[0]).contains("6 files"));
    is_the_chest(&opened, &[]);
}

#[test]
fn a_discs_index_says_that_pictures_are_missing() {
    // Records of the patient, of the images and of a report.
    let directory = |pictures: usize| {
        let record = |kind: &[u8]| item(&element((0x04, 0x1430), "CS", kind, Written::Explicit), Written::Explicit);
        let mut records = vec![record(b"PATIENT "), record(b"SR DOCUMENT ")];
        records.resize(2 + pictures, record(b"IMAGE "));
        let file = chest(1)[0].clone().text((8, 0x16), "UI", "1.2.840.10008.1.3.10").without((0x7FE0, 0x10));
        file.raw((0x04, 0x1220), "SQ", records.concat()).bytes()
    };
    let warnings = |files: Vec<Vec<u8>>| {
        let opened = open_bytes(&files);
        assert!(only(&opened).summary().usable);
        opened.issues.into_iter().filter(|issue| issue.severity == Severity::Warning).collect::<Vec<_>>()
    };
    let slices = || chest(10).iter().map(File::bytes).collect::<Vec<_>>();
    assert!(warnings([vec![directory(10)], slices()].concat()).is_empty());
    let said = warnings([slices(), vec![directory(12)]].concat());
    assert_eq!(codes(&said), [Code::InputIncomplete]);
    assert!(corsai_language::Language::english().issue(&said[0]).contains("12 listed, 10 found"), "{:?}", said[0]);
    // A picture that is there and can't be read isn't missing.
    let mut cut = slices();
    cut.push(slices()[9][..900].to_vec());
    assert!(warnings([vec![directory(11)], cut].concat()).is_empty());
}

#[test]
fn a_study_dropped_twice_is_one() {
    let mut files = chest(10);
    files.extend(chest(10).into_iter().map(|file| file.clone().named(&format!("copy of {}", file.name))));
    let opened = open(&files);
    is_the_chest(&opened, &[Code::FileDuplicate]);
    assert!(corsai_language::Language::english().issue(&only(&opened).summary().issues[0]).contains("10 copies"));
}

#[test]
fn several_patients_in_one_archive_stay_apart() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (patient, count) in [("a", 9), ("b", 10), ("c", 11)] {
        // Careless anonymisers give all patients the same identifiers but this one.
        for file in chest(count).into_iter().map(|file| file.text((0x10, 0x20), "LO", patient)) {
            writer.start_file(format!("{patient}/{}", file.name), zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(&file.bytes()).unwrap();
        }
    }
    let opened = open_bytes(&[writer.finish().unwrap().into_inner()]);
    let slices: Vec<u32> = opened.series.iter().map(|series| series.summary().slices).collect();
    assert_eq!(slices, [11, 10, 9]);
    let mut patients: Vec<Option<u64>> = opened.series.iter().map(|series| series.summary().patient_key).collect();
    patients.dedup();
    assert_eq!((patients.len(), opened.only_usable()), (3, None));
    assert!(patients.iter().all(Option::is_some));
}

#[test]
fn refusals_of_size_say_the_figures() {
    let files = chest(10);
    let message = |limits: Limits| {
        let opened = open_within(&files, limits);
        let series = opened.series.iter().flat_map(|series| series.summary().issues.clone());
        corsai_language::Language::english().issue(&opened.issues.iter().cloned().chain(series).next().unwrap())
    };
    let plain = Limits::default();
    assert!(message(Limits { files: 9, ..plain }).contains("more than 9 files"));
    let mut intake = Intake::new(Limits { bytes: 10_000, ..plain });
    intake.add_too_large("disc.iso");
    let said = corsai_language::Language::english().issue(&intake.finish().issues[1]);
    assert!(said.contains("more than 0.01 MB"), "{said}");
    let said = message(Limits { voxels: ROWS * COLUMNS / 2, ..plain });
    assert!(said.contains("10 slices of 26 × 20") && said.contains("0.01 MB as a volume"), "{said}");
    // A stated share of what a wasm instance addresses.
    let four_gibibytes = 1_u64 << 32;
    assert_eq!((plain.bytes * 8, plain.voxels as u64 * 2 * 16), (3 * four_gibibytes, 3 * four_gibibytes));
}
