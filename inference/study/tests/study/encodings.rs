//! The same study in every way a file can be written; and what the guard before the decoders turns
//! away.

use corsai_report::IssueCode as Code;
use corsai_study::{DecodedVolume, Intake, Limits, SeriesList};

use crate::synthetic::*;

fn opened(files: impl IntoIterator<Item = Vec<u8>>) -> SeriesList {
    let mut intake = Intake::new(Limits::default());
    for bytes in files {
        intake.add("file", bytes);
    }
    intake.finish()
}

fn volume(files: impl IntoIterator<Item = Vec<u8>>) -> DecodedVolume {
    let opened = opened(files);
    only(&opened).decoder().unwrap_or_else(|issues| panic!("{issues:?}")).finish().unwrap()
}

#[test]
fn a_study_is_the_same_however_it_is_written() {
    let plain = measured(&chest(10));
    for written in [Written::Implicit, Written::BigEndian, Written::Deflated, Written::Bare] {
        assert_eq!(volume(chest(10).iter().map(|file| file.bytes_as(written))), plain, "{written:?}");
    }
    assert_eq!(volume(chest(10).into_iter().map(|file| file.rle().bytes())), plain);
    assert_eq!(volume(chest(10).into_iter().map(|file| file.jpeg(ROWS, COLUMNS).bytes())), plain);
    assert_eq!(volume(chest(10).into_iter().map(|file| file.jpeg_ls(ROWS, COLUMNS, 0).bytes())), plain);
    // A compressed picture in two fragments is one picture.
    let halves = chest(10).into_iter().map(|file| {
        let whole = file.jpeg(ROWS, COLUMNS);
        let stream = whole.fragments.clone().unwrap().remove(0);
        let (a, b) = stream.split_at(100);
        whole.packed(JPEG_LOSSLESS, vec![a.to_vec(), b.to_vec()]).bytes()
    });
    assert_eq!(volume(halves), plain);
}

#[test]
fn what_was_lost_is_said() {
    let plain = measured(&chest(10));
    let near = volume(chest(10).into_iter().map(|file| file.jpeg_ls(ROWS, COLUMNS, 2).bytes()));
    assert!(codes(&near.issues).contains(&Code::PixelsLossy) && !codes(&plain.issues).contains(&Code::PixelsLossy));
    let errors = near.volume.voxels().iter().zip(plain.volume.voxels()).map(|(a, b)| a.abs_diff(*b));
    assert!((1..=2).contains(&errors.max().unwrap()));
}

/// Bytes of items, each with its content and an end where `open`.
fn item(open: bool, content: &[u8]) -> Vec<u8> {
    let length = if open { u32::MAX } else { content.len() as u32 };
    let mut bytes = [&[0xFE, 0xFF, 0x00, 0xE0][..], &length.to_le_bytes(), content].concat();
    if open {
        bytes.extend([0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
    }
    bytes
}

/// A sequence of undefined length, Explicit VR Little Endian.
fn open_sequence(group: u16, content: &[u8]) -> Vec<u8> {
    let mut bytes = group.to_le_bytes().to_vec();
    bytes.extend([0x40, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    bytes.extend(content);
    bytes.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    bytes
}

#[test]
fn what_a_sequence_holds_is_not_the_pictures_own() {
    let plain = measured(&chest(10));
    // Another intercept and other pixels, as in a referenced or original picture's description.
    let mut inner = vec![0x28, 0, 0x52, 0x10, b'D', b'S', 4, 0];
    inner.extend(b"500 ");
    inner.extend([0xE0, 0x7F, 0x10, 0, b'O', b'W', 0, 0, 4, 0, 0, 0, 9, 9, 9, 9]);
    for open in [false, true] {
        let nested =
            open_sequence(0x0008, &item(open, &[open_sequence(0x0008, &item(true, &inner)), inner.clone()].concat()));
        let files = chest(10).into_iter().map(|file| {
            let bytes = file.bytes();
            // The meta group ends here: 128 + 4, then one UID of 20 bytes behind its header of 8.
            [&bytes[..160], &nested, &bytes[160..]].concat()
        });
        assert_eq!(volume(files), plain, "{open}");
    }
}

#[test]
fn the_guard_turns_away_what_no_decoder_should_see() {
    let bytes = chest(1)[0].bytes();
    let (meta, rest) = bytes.split_at(160);
    let code = |inserted: &[u8]| {
        let opened = opened([[meta, inserted, rest].concat()]);
        assert!(opened.series.is_empty());
        codes(&opened.issues)[1]
    };
    let mut deep = Vec::new();
    for _ in 0..1000 {
        deep.extend([8, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        deep.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
    }
    assert_eq!(code(&deep), Code::FileTooNested);
    let four_gigabytes = [8, 0, 0x01, 0x40, b'U', b'T', 0, 0, 0xF0, 0xFF, 0xFF, 0xFF];
    assert_eq!(code(&four_gigabytes), Code::FileBadLength);
    let open = [8, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF];
    assert_eq!(code(&open), Code::FileHeader);
    // Two intercepts that contradict each other.
    let mut second = vec![0x28, 0, 0x52, 0x10, b'D', b'S', 4, 0];
    second.extend(b"500 ");
    assert_eq!(code(&second), Code::FileHeader);
}

#[test]
fn a_deflated_bomb_does_not_go_off() {
    let zeros = chest(1)[0].clone().raw((8, 0x0009), "OB", vec![0; 40 << 20]);
    let opened = opened([zeros.bytes_as(Written::Deflated)]);
    assert_eq!(codes(&opened.issues), [Code::InputNothing, Code::FileBadLength]);
}

#[test]
fn words_on_the_screen_are_decoded_and_dates_are_dates() {
    let files = chest(10).into_iter().map(|file| {
        let file =
            file.text((8, 0x05), "CS", "ISO_IR 144").raw((8, 0x103E), "LO", vec![0xBB, 0xD5, 0xD3, 0xDA, 0xD8, 0xD5]);
        file.text((8, 0x20), "DA", "20200230").text((8, 0x21), "DA", "20200229").bytes()
    });
    let opened = opened(files);
    let summary = only(&opened).summary();
    assert_eq!((summary.description.as_str(), summary.date.as_deref()), ("Легкие", Some("2020-02-29")));
    assert_eq!(
        (summary.spacing_mm, summary.thickness_mm, summary.rows, summary.columns),
        (Some(5.0), Some(5.0), 20, 26)
    );
}
