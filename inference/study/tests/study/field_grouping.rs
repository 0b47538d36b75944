//! Part E of the checklist: which slices belong together is decided by what they show before what
//! they are called.

use corsai_protocol::SeriesId;
use corsai_report::{Found, Identifier, IssueCode as Code, Severity};
use corsai_study::SeriesList;

use crate::synthetic::*;

const STUDY: Tag = (0x20, 0x0D);
const SERIES: Tag = (0x20, 0x0E);
const FRAME: Tag = (0x20, 0x52);
const PATIENT: Tag = (0x10, 0x20);
const NAME: Tag = (0x10, 0x10);
const ACQUISITION: Tag = (0x20, 0x12);
const TIME: Tag = (8, 0x32);
const KERNEL: Tag = (0x18, 0x1210);

/// The same places under other names, of tissue without any lung.
fn others(count: usize, change: impl Fn(usize, File) -> File) -> Vec<File> {
    let other = |(z, file): (usize, File)| {
        let file = file.named(&format!("o{z}")).text((8, 0x18), "UI", &format!("1.9.{z}"));
        change(z, file.words(&[1050; ROWS * COLUMNS]))
    };
    chest(count).into_iter().enumerate().map(other).collect()
}

/// They are measured as the chest of 16 slices, with these issues.
fn is_the_chest(files: &[File], issues: &[Code]) {
    measured_as_chest(files, 16, issues);
}

/// It is, with one warning about these identifiers.
fn is_one_series(files: &[File], identifiers: &[Identifier]) {
    is_the_chest(files, &[Code::SeriesIdentifiers]);
    let opened = open(files);
    let issue = &only(&opened).summary().issues[0];
    assert_eq!(issue.found, [Found::Identifiers { identifiers: identifiers.to_vec() }]);
    assert_eq!((issue.severity, opened.only_usable()), (Severity::Warning, Some(SeriesId(0))));
}

fn usable(opened: &SeriesList) -> Vec<u32> {
    let summaries = opened.series.iter().map(corsai_study::Series::summary);
    summaries.filter(|summary| summary.usable).map(|summary| summary.slices).collect()
}

#[test]
fn a_wrong_or_changing_identifier_costs_one_warning() {
    for (tag, identifier) in
        [(STUDY, Identifier::Study), (SERIES, Identifier::Series), (FRAME, Identifier::FrameOfReference)]
    {
        // Each slice its own; the upper half; one slice; some slices without any; every third.
        is_one_series(&numbered(16, |z, file| file.text(tag, "UI", &format!("1.7.{z}"))), &[identifier]);
        is_one_series(&numbered(16, |z, file| if z < 8 { file } else { file.text(tag, "UI", "1.7") }), &[identifier]);
        is_one_series(&numbered(16, |z, file| if z == 5 { file.text(tag, "UI", "1.7") } else { file }), &[identifier]);
        is_one_series(&numbered(16, |z, file| if z % 5 == 1 { file.without(tag) } else { file }), &[identifier]);
    }
    let all = |z: usize, file: File| {
        [STUDY, SERIES, FRAME].into_iter().fold(file, |file, tag| file.text(tag, "UI", &format!("1.7.{z}")))
    };
    is_one_series(&numbered(16, all), &[Identifier::Study, Identifier::Series, Identifier::FrameOfReference]);
    // Numbers and descriptions written anew with the identifier, and scanners that count rotations.
    is_one_series(
        &numbered(16, |z, file| file.text(SERIES, "UI", &format!("1.7.{z}")).text((0x20, 0x11), "IS", &z.to_string())),
        &[Identifier::Series],
    );
    is_one_series(
        &numbered(16, |z, file| file.text(FRAME, "UI", &format!("1.7.{z}")).text(ACQUISITION, "IS", &z.to_string())),
        &[Identifier::FrameOfReference],
    );
}

#[test]
fn a_series_with_identifiers_of_each_slice_keeps_its_own_problems() {
    let own = |z: usize, file: File| file.text(SERIES, "UI", &format!("1.7.{z}"));
    // A slice is missing.
    let mut files = numbered(16, own);
    files.remove(6);
    let decoded = measured(&files);
    assert_eq!(codes(&decoded.issues), [Code::SeriesIdentifiers, Code::GeometryMissingSlices]);
    // So many are missing that there is no volume: one line in the list, not thirteen.
    for z in [3, 6, 9] {
        files.remove(z);
    }
    refused(&files, Code::GeometryIrregularSpacing);
    // What no slice can be read of.
    refused(&numbered(16, |z, file| own(z, file).without((0x28, 0x1052))), Code::HuRescale);
    refused(&numbered(16, |z, file| own(z, file).text((8, 0x60), "CS", "MR")), Code::SeriesNotCt);
}

#[test]
fn two_true_series_of_one_place_stay_two() {
    let two = |change: &dyn Fn(usize, File) -> File| {
        let files = [chest(16), others(15, |z, file| change(z, file.text(SERIES, "UI", "1.8")))].concat();
        let opened = open(&files);
        assert_eq!(usable(&opened), [16, 15]);
        assert!(opened.series.iter().all(|series| series.summary().issues.is_empty()));
    };
    two(&|_, file| file);
    two(&|_, file| file.text(KERNEL, "SH", "B70f"));
    // Slices between those of the other series.
    let between = |z: usize, file: File| file.numbers((0x20, 0x32), &[-13.0, -10.0, -37.5 + 5.0 * z as f64]);
    two(&between);
    // The same with another kernel of each.
    two(&|z, file| between(z, file).text(KERNEL, "SH", "B70f"));
}

#[test]
fn a_patient_identifier_that_changes_never_leaves_a_part_as_the_whole() {
    let upper = |change: fn(File) -> File| numbered(16, move |z, file| if z < 8 { file } else { change(file) });
    is_one_series(&upper(|file| file.text(PATIENT, "LO", "patient^^^HOSPITAL")), &[Identifier::Patient]);
    is_one_series(&numbered(16, |z, file| file.text(PATIENT, "LO", &format!("p{z}"))), &[Identifier::Patient]);
    is_one_series(
        &numbered(16, |z, file| if z == 5 { file.text(PATIENT, "LO", "p") } else { file }),
        &[Identifier::Patient],
    );
    let opened = open(&upper(|file| file.text(PATIENT, "LO", "other")));
    assert_eq!(only(&opened).summary().patient_key, None, "nobody knows which one is right");
    // By their names they are two people; every second slice may be another person's chest.
    let named = |z: usize, file: File| {
        let file = file.text(NAME, "PN", if z < 8 { "Doe^Jane" } else { "Roe^Richard" });
        if z < 8 { file } else { file.text(PATIENT, "LO", "other") }
    };
    refused(&numbered(16, named), Code::SeriesSeveralPeople);
    refused(
        &numbered(16, |z, file| if z % 2 == 0 { file } else { file.text(PATIENT, "LO", "other") }),
        Code::SeriesSeveralPeople,
    );
}

#[test]
fn two_peoples_series_never_become_one() {
    // One program's fixed identifiers, another person at the same places or beside them.
    let other = |file: File| file.text(PATIENT, "LO", "other");
    let files = [chest(16), others(14, |_, file| other(file))].concat();
    assert_eq!(usable(&open(&files)), [16, 14]);
    // Without identifiers of study, series and frame of reference nothing holds two people's
    // slices together, also where the places of one begin above those of the other.
    let bare = |file: File| file.without(STUDY).without(SERIES).without(FRAME);
    let above = |z: usize, file: File| file.numbers((0x20, 0x32), &[-13.0, -10.0, 40.0 + 5.0 * z as f64]);
    let files = [chest(16).into_iter().map(bare).collect(), others(14, |z, file| other(bare(above(z, file))))].concat();
    assert_eq!(usable(&open(&files)), [16, 14]);
}

/// The chest's slices in the places of even numbers, other slices in those of odd ones.
fn interleaved(first: impl Fn(File) -> File, second: impl Fn(File) -> File) -> Vec<File> {
    let slice = |z: usize| {
        let file = Lie::at(2.5 * z as f64).file(&z.to_string());
        if z.is_multiple_of(2) { first(file) } else { second(file.words(&[1050; ROWS * COLUMNS])) }
    };
    (0..31).map(slice).collect()
}

#[test]
fn acquisitions_and_kernels_that_lie_evenly_between_one_another_are_told_apart() {
    let marks: [(Tag, &str, [&str; 2]); 13] = [
        (ACQUISITION, "IS", ["1", "2"]),
        (KERNEL, "SH", ["B30f", "B70f"]),
        (TIME, "TM", ["101500", "101730.25"]),
        ((8, 0x2A), "DT", ["20200305101500.1", "20200305101730+0100"]),
        ((0x18, 0x60), "DS", ["80", "140"]),
        ((0x18, 0x10), "LO", ["", "Iodine"]),
        ((0x18, 0x50), "DS", ["5", "1"]),
        ((8, 0x17), "UI", ["1.4.1", "1.4.2"]),
        ((0x20, 0x11), "IS", ["3", "4"]),
        ((8, 0x103E), "LO", ["Thorax lung", "Thorax soft"]),
        ((0x18, 0x1151), "IS", ["50", "200"]),
        ((0x18, 0x1030), "LO", ["Inspiration", "Expiration"]),
        ((8, 0x33), "TM", ["10:15:00", "10:17:00"]),
    ];
    for (tag, vr, [a, b]) in marks {
        let files = interleaved(|file| file.text(tag, vr, a), |file| file.text(tag, vr, b));
        is_the_chest(&files, &[Code::SeriesSplit]);
        assert_eq!(open(&files).only_usable(), None);
        // Both show the lungs: either is right, never both.
        let alike = |file: File| {
            let z: usize = file.name.parse().unwrap();
            let words = Lie::at(2.5 * z as f64).file("a").stored();
            file.words(&words).text(tag, vr, b)
        };
        let decoded = measured(&interleaved(|file| file.text(tag, vr, a), alike));
        assert_eq!((codes(&decoded.issues), decoded.volume.grid().slice_mm()), (vec![Code::SeriesSplit], 5.0));
    }
    // The time of each slice, as a scanner counts it on.
    let timed = |start: f64| {
        move |file: File| {
            let z: f64 = file.name.parse().unwrap();
            file.text(TIME, "TM", &format!("{:09.2}", start + 0.3 * z))
        }
    };
    is_the_chest(&interleaved(timed(101_500.0), timed(101_730.0)), &[Code::SeriesSplit]);
    // Two dates are two studies.
    let dated = |day: &'static str| move |file: File| file.text((8, 0x22), "DA", day);
    let opened = open(&interleaved(dated("20200305"), dated("20200306")));
    assert_eq!(usable(&opened), [16, 15]);
    assert!(opened.series.iter().all(|series| codes(&series.summary().issues) == [Code::SeriesSplit]));
}

#[test]
fn slices_of_several_acquisitions_that_follow_one_another_are_one_stack() {
    // A scanner that counts its rotations, or that pauses between two stations.
    is_the_chest(&numbered(16, |z, file| file.text(ACQUISITION, "IS", &(z / 2).to_string())), &[]);
    is_the_chest(&numbered(16, |z, file| file.text(TIME, "TM", &format!("10{:02}00", z / 4))), &[]);
    is_the_chest(&numbered(16, |z, file| file.text((8, 0x22), "DA", if z < 9 { "20200305" } else { "20200306" })), &[]);
    // A tube current that follows the body, and a text that an archive wrote anew here and there.
    is_the_chest(&numbered(16, |z, file| file.text((0x18, 0x1151), "IS", ["90", "110"][z / 2 % 2])), &[]);
    is_the_chest(&numbered(16, |z, file| file.text((8, 0x103E), "LO", ["a", "b"][z / 2 % 2])), &[]);
    // A slice that was reconstructed anew.
    is_the_chest(&numbered(16, |z, file| file.text(ACQUISITION, "IS", if z == 7 { "2" } else { "1" })), &[]);
    // What changes densities is a warning.
    let kernels = |z: usize, file: File| file.text(KERNEL, "SH", if z < 9 { "B30f" } else { "B70f" });
    is_the_chest(&numbered(16, kernels), &[Code::SeriesUnlikeSlices]);
    is_the_chest(
        &numbered(16, |z, file| file.text((0x18, 0x60), "DS", if z < 9 { "80" } else { "120" })),
        &[Code::SeriesUnlikeSlices],
    );
}

#[test]
fn of_two_passes_the_one_with_the_lungs_is_measured() {
    let chest_pass = numbered(16, |_, file| file.text(ACQUISITION, "IS", "1"));
    for (step, overlap) in [(0.4, 4.0), (0.5, 4.0), (0.0, 3.0), (0.4, 1.0)] {
        let abdomen = others(24, |z, file| {
            let height = -40.0 + 5.0 * (overlap - step) - 5.0 * z as f64;
            file.numbers((0x20, 0x32), &[-13.0, -10.0, height]).text(ACQUISITION, "IS", "2")
        });
        let files = [chest_pass.clone(), abdomen].concat();
        is_the_chest(&files, &[Code::SeriesSplit]);
    }
}

#[test]
fn passes_over_two_parts_of_the_lungs_are_not_a_chest() {
    let pass = |from: f64, count: usize, acquisition: &str| -> Vec<File> {
        let slice = |z: usize| Lie::at(from + 5.0 * z as f64).file(&format!("{acquisition}.{z}"));
        (0..count).map(|z| slice(z).text(ACQUISITION, "IS", acquisition)).collect()
    };
    refused(&[pass(0.0, 12, "1"), pass(48.0, 12, "2")].concat(), Code::GeometryIrregularSpacing);
    // Nor are two kernels that take turns.
    refused(&numbered(16, |z, file| file.text(KERNEL, "SH", ["B30f", "B70f"][z / 2 % 2])), Code::SeriesMixed);
    // Nor are two sizes of pictures, one above the other.
    let small = |z: usize| {
        let lie = Lie { rows: ROWS - 2, ..Lie::at(60.0 + 5.0 * z as f64) };
        lie.file(&format!("s{z}"))
    };
    refused(&[chest(12), (0..10).map(small).collect()].concat(), Code::SeriesMixed);
}

#[test]
fn copies_in_two_encodings_are_copies() {
    for change in [
        (|file: File| file.rle()) as fn(File) -> File,
        |file| file.jpeg(ROWS, COLUMNS),
        |file| {
            let words: Vec<u16> = file.stored().iter().map(|word| word.wrapping_sub(1024)).collect();
            file.words(&words)
                .numbers((0x28, 0x1052), &[0.0])
                .word((0x28, 0x101), 16)
                .word((0x28, 0x102), 15)
                .word((0x28, 0x103), 1)
        },
    ] {
        let copies = chest(16).into_iter().map(|file| change(file.clone()).named(&format!("copy {}", file.name)));
        let copies: Vec<File> = copies.collect();
        is_the_chest(&[chest(16), copies.clone()].concat(), &[Code::FileDuplicate]);
        is_the_chest(&[copies, chest(16)].concat(), &[Code::FileDuplicate]);
    }
    // Of a copy with loss and one without, the latter is used; of a damaged one and a whole one,
    // too.
    let lossy = chest(16).into_iter().map(|file| file.jpeg_ls(ROWS, COLUMNS, 2).named("a")).collect::<Vec<_>>();
    is_the_chest(&[lossy, chest(16)].concat(), &[Code::FileDuplicate]);
    let damaged = chest(16).into_iter().map(|file| file.rle().packed(RLE, vec![vec![0; 64]]).named("a"));
    is_the_chest(&[damaged.collect(), chest(16)].concat(), &[Code::FileDuplicate]);
    // Another picture under the identifier is none.
    let mut clashing = chest(16);
    clashing.push(chest(16)[3].clone().words(&[1050; ROWS * COLUMNS]).rle().named("other"));
    refused(&clashing, Code::SeriesUidClash);
}

#[test]
fn derived_axial_pictures_are_measured_with_a_warning() {
    let kind = |kind: &'static str| move |_: usize, file: File| file.text((8, 0x08), "CS", kind);
    for derived in ["DERIVED\\PRIMARY\\AXIAL", "DERIVED\\SECONDARY", "DERIVED\\SECONDARY\\MPR", "derived\\primary"] {
        is_the_chest(&numbered(16, kind(derived)), &[Code::SeriesDerived]);
        // Beside the original ones they aren't needed.
        let mut files = chest(16);
        files.push(Lie::at(22.0).file("d").text((8, 0x08), "CS", derived));
        is_the_chest(&files, &[Code::SeriesSetAside]);
    }
    let none = |files: &[File]| refused(files, Code::SeriesNotAxialCt);
    for projection in
        ["DERIVED\\PRIMARY\\MIP", "DERIVED\\SECONDARY\\AXIAL\\MINIP", "DERIVED\\SECONDARY\\PROJECTION IMAGE"]
    {
        none(&numbered(16, kind(projection)));
    }
    let derived = kind("DERIVED\\PRIMARY\\AXIAL");
    none(&numbered(16, |z, file| derived(z, file).text((8, 0x103E), "LO", "Lung MIP 10/2")));
    none(&numbered(16, |z, file| derived(z, file).numbers((0x18, 0x50), &[10.0])));
    // Slices that a window has cut are no Hounsfield units.
    let windowed = |z: usize, file: File| {
        let words: Vec<u16> = file.stored().iter().map(|word| (*word).max(864)).collect();
        derived(z, file.words(&words))
    };
    let opened = open(&numbered(16, windowed));
    let issues = only(&opened).decoder().unwrap().finish().unwrap_err();
    assert_eq!(codes(&issues), [Code::SeriesDerived, Code::HuImplausible]);
}
