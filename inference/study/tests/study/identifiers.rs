//! Part D of the checklist: texts and identifiers decide what belongs together, and appear nowhere
//! else.

use corsai_protocol::SeriesId;
use corsai_report::IssueCode as Code;
use corsai_study::{Intake, Limits};

use crate::synthetic::*;

fn all(change: impl Fn(File) -> File) -> Vec<File> {
    chest(10).into_iter().map(change).collect()
}

#[test]
fn texts_of_every_character_set_come_out_and_none_fails_a_slice() {
    let description = |set: &'static str, bytes: &'static [u8]| {
        let opened = open(&all(|file| file.text((8, 0x05), "CS", set).raw((8, 0x103E), "LO", bytes.to_vec())));
        assert!(only(&opened).summary().usable);
        only(&opened).summary().description.clone()
    };
    assert_eq!(description("ISO_IR 100", &[0x50, 0x6F, 0x75, 0x6D, 0xF6, 0x6E]), "Poumön");
    assert_eq!(description("ISO_IR 144", &[0xBB, 0xD5, 0xD3, 0xDA, 0xD8, 0xD5]), "Легкие");
    assert_eq!(description("ISO_IR 192", "肺 Lunge".as_bytes()), "肺 Lunge");
    assert_eq!(description("GB18030", &[0xB7, 0xCE]), "肺");
    // Empty, unknown and several.
    assert_eq!(description("", b"Lung"), "Lung");
    assert_eq!(description("ISO_IR 999", b"Lung"), "Lung");
    assert_eq!(description("\\ISO 2022 IR 87", b"Lung"), "Lung");
    assert!(description("ISO_IR 192", &[b'L', 0xFF, 0xFE]).starts_with('L'));
}

#[test]
fn what_is_shown_is_short_and_steers_nothing() {
    let long = "x".repeat(10_000);
    let mut intake = Intake::new(Limits::default());
    for file in all(|file| {
        file.text((8, 0x103E), "LO", "<img src=x onerror=alert(1)>\u{202E}\u{7}").raw(
            (8, 0x05),
            "CS",
            b"ISO_IR 192".to_vec(),
        )
    }) {
        intake.add(&file.name, file.bytes());
    }
    intake.add(&format!("\u{202E}{long}\n.dcm"), b"no picture".to_vec());
    let opened = intake.finish();
    assert_eq!(only(&opened).summary().description, "<img src=x onerror=alert(1)>");
    assert_eq!(opened.issues[0].files[0], "x".repeat(160));
    let described = open(&all(|file| file.raw((8, 0x103E), "LO", vec![b'y'; 5000])));
    assert_eq!(only(&described).summary().description, "y".repeat(64));
}

#[test]
fn an_anonymised_study_without_names_numbers_and_dates_is_a_study() {
    let bare = all(|file| {
        [(0x10, 0x20), (0x20, 0x0D), (0x20, 0x0E), (0x20, 0x52), (8, 0x18), (8, 0x20), (8, 0x103E), (0x18, 0x5100)]
            .into_iter()
            .fold(file, File::without)
    });
    let opened = open(&bare);
    assert_eq!(opened.only_usable(), Some(SeriesId(0)));
    assert_eq!((only(&opened).summary().date.as_deref(), only(&opened).summary().description.as_str()), (None, ""));
    assert_eq!(measured(&bare).volume, measured(&chest(10)).volume);
    let dated = |tag, vr: &str, value: &str| {
        only(&open(&all(|file| file.without((8, 0x20)).text(tag, vr, value)))).summary().date.clone()
    };
    assert_eq!(dated((8, 0x2A), "DT", "20200229101500.000000+0100").as_deref(), Some("2020-02-29"));
    for unknown in ["20240230", "2024.02.30", "", "yesterday"] {
        assert_eq!(dated((8, 0x20), "DA", unknown), None);
    }
}

/// What tells two studies apart: who is shown, which instances, which voxels.
#[test]
fn a_missing_identifier_is_nobodys() {
    let keys = |files: &[File]| {
        let opened = open(files);
        let summary = only(&opened).summary();
        (summary.patient_key, summary.instances_key)
    };
    let (patient, instances) = keys(&chest(10));
    assert!(patient.is_some() && instances.is_some());
    for change in [|file: File| file.without((0x10, 0x20)), |file: File| file.text((0x10, 0x20), "LO", "  ")] {
        assert_eq!(keys(&all(change)), (None, instances));
    }
    assert_eq!(
        keys(&all(|file| file.without((0x20, 0x0D)))),
        (patient, instances),
        "a study's own number decides nothing"
    );
    let mut turned = chest(10);
    turned.reverse();
    assert_eq!(keys(&turned), (patient, instances));
    let mut nameless = chest(10);
    nameless[4] = nameless[4].clone().text((8, 0x18), "UI", "");
    assert_eq!(keys(&nameless), (patient, None));
    assert_ne!(
        keys(&all(|file| {
            let uid = format!("1.9.{}", file.name);
            file.text((8, 0x18), "UI", &uid)
        }))
        .1,
        instances
    );
    // However the same pictures are written and named, their voxels have one digest; others have
    // another.
    let digest = measured(&chest(10)).volume.digest();
    assert_eq!(measured(&all(|file| file.without((8, 0x18)).rle())).volume.digest(), digest);
    let moved = all(|file| file.numbers((0x28, 0x1052), &[-1023.0]));
    assert_ne!(measured(&moved).volume.digest(), digest);
}

/// Whatever is wrong, and wherever the header says something of the person: no issue repeats it,
/// nor does debugging.
#[test]
fn no_header_value_reaches_an_issue() {
    const CANARY: &str = "CANARY7";
    let marked = |file: File| {
        let uid = format!("{CANARY}.{}", file.name);
        let file = file.text((8, 0x18), "UI", &uid).text((0x20, 0x0D), "UI", CANARY).text((0x20, 0x0E), "UI", CANARY);
        let file = file.text((0x10, 0x10), "PN", CANARY).text((0x10, 0x20), "LO", CANARY).text((8, 0x80), "LO", CANARY);
        file.text((0x18, 0x1210), "SH", CANARY).text((0x18, 0x10), "LO", CANARY).text((0x20, 0x52), "UI", CANARY)
    };
    let changes: [fn(File) -> File; 9] = [
        |file| file,
        |file| file.text((0x28, 0x1053), "DS", CANARY),
        |file| file.text((0x28, 0x1054), "LO", CANARY),
        |file| file.text((0x20, 0x32), "DS", CANARY),
        |file| file.text((0x28, 0x30), "DS", CANARY),
        |file| file.text((0x28, 0x08), "IS", CANARY),
        |file| file.text((8, 0x08), "CS", CANARY).text((8, 0x16), "UI", CANARY),
        |file| file.text((8, 0x18), "UI", CANARY),
        |file| file.packed(CANARY, vec![vec![1; 8]]),
    ];
    for change in changes {
        let mut files = all(|file| change(marked(file)));
        let opened = open(&files);
        let said = |opened: &corsai_study::SeriesList| {
            format!(
                "{opened:?} {:?}",
                opened
                    .series
                    .iter()
                    .map(|series| series
                        .decoder()
                        .and_then(corsai_study::VolumeDecoder::finish)
                        .map(|decoded| decoded.issues))
                    .collect::<Vec<_>>()
            )
        };
        assert!(!said(&opened).contains(CANARY), "{}", said(&opened));
        files.truncate(3);
        assert!(!said(&open(&files)).contains(CANARY));
    }
    assert_eq!(codes(&open(&[]).issues), [Code::InputNothing]);
}
