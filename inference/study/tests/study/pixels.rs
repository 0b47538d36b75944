//! Part B of the checklist: a stored word becomes the Hounsfield units it stands for, or nothing.

use corsai_report::{IssueCode as Code, Severity};

use crate::synthetic::*;

/// The same Hounsfield units as those of the plain chest, without a doubt.
fn unchanged(files: &[File]) {
    let decoded = measured(files);
    assert!(decoded.issues.is_empty(), "{:?}", decoded.issues);
    assert_eq!(decoded.volume, measured(&chest(10)).volume);
}

#[test]
fn sizes_that_no_ct_has_are_refused() {
    for (rows, columns) in [(0, 26), (1, 26), (20, 0), (20, 1), (5000, 26), (20, 65_535)] {
        refused(&all(|file| file.word((0x28, 0x10), rows).word((0x28, 0x11), columns)), Code::PixelsSize);
    }
    for words in [0, 1, ROWS * COLUMNS - 1, ROWS * COLUMNS + COLUMNS] {
        refused(&all(|file| file.words(&vec![0; words])), Code::PixelsSize);
    }
    // An even number of bytes behind the picture is padding.
    unchanged(&all(|file| {
        let words = [file.stored(), vec![0]].concat();
        file.words(&words)
    }));
}

#[test]
fn depths_that_no_ct_has_are_refused() {
    let depth = |allocated: u16, stored: u16, high: u16| {
        all(|file| file.word((0x28, 0x100), allocated).word((0x28, 0x101), stored).word((0x28, 0x102), high))
    };
    for (allocated, stored, high) in [
        (1, 1, 0),
        (8, 8, 7),
        (32, 32, 31),
        (0, 0, 0),
        (16, 0, 0),
        (16, 33, 32),
        (16, 17, 16),
        (16, 12, 10),
        (16, 8, 7),
    ] {
        refused(&depth(allocated, stored, high), Code::PixelsDepth);
    }
    refused(&all(|file| file.word((0x28, 0x103), 2)), Code::PixelsDepth);
    refused(&all(|file| file.without((0x28, 0x102))), Code::FileHeader);
}

/// One grey throughout in 8-bit JPEG (T.81, process 1): of each block only the mean, which only the
/// first changes.
fn baseline(grey: u8) -> Vec<u8> {
    let mean = 8 * (i32::from(grey) - 128);
    let size = (32 - mean.unsigned_abs().leading_zeros()) as usize;
    let low = if mean < 0 { mean + (1 << size) - 1 } else { mean };
    let blocks = ROWS.div_ceil(8) * COLUMNS.div_ceil(8);
    // Sizes have codes of four bits, the end of a block one of two.
    let mut bits = format!("{size:04b}{low:0size$b}00") + &"000000".repeat(blocks - 1);
    bits += &"1".repeat(bits.len().next_multiple_of(8) - bits.len());
    let mut stream = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    stream.extend([1; 64]);
    stream.extend([0xFF, 0xC0, 0, 11, 8, 0, ROWS as u8, 0, COLUMNS as u8, 1, 1, 0x11, 0]);
    for (kind, length, values) in [(0x00, 4, (0..12).collect::<Vec<u8>>()), (0x10, 2, vec![0, 1])] {
        stream.extend([0xFF, 0xC4, 0, 19 + values.len() as u8, kind]);
        stream.extend((1..=16).map(|bits| if bits == length { values.len() as u8 } else { 0 }));
        stream.extend(values);
    }
    stream.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]);
    stream.extend(
        bits.as_bytes().chunks(8).map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap()),
    );
    stream.extend([0xFF, 0xD9]);
    stream.resize(stream.len().next_multiple_of(2), 0);
    stream
}

#[test]
fn eight_bits_are_refused_and_shown() {
    for grey in [40, 128, 200] {
        let eight = |file: File| {
            let file = file.word((0x28, 0x100), 8).word((0x28, 0x101), 8).word((0x28, 0x102), 7);
            file.packed(JPEG_BASELINE, vec![baseline(grey)])
        };
        let files = all(eight);
        refused(&files, Code::PixelsEightBit);
        let opened = open(&files);
        let (preview, pixels) = only(&opened).preview().unwrap();
        assert_eq!((preview.rows as usize, preview.columns as usize), (ROWS, COLUMNS));
        assert_eq!(pixels, vec![grey; ROWS * COLUMNS]);
        // What can't be decoded is refused all the same.
        let cut = all(|file| eight(file).packed(JPEG_BASELINE, vec![baseline(grey)[..90].to_vec()]));
        refused(&cut, Code::PixelsEightBit);
        assert!(only(&open(&cut)).preview().is_none());
    }
}

#[test]
fn words_may_lie_anywhere_in_their_sixteen_bits() {
    // Twelve bits at the top, an overlay below them; the overlay's own elements are passed over.
    unchanged(&all(|file| {
        let words: Vec<u16> = file.stored().iter().enumerate().map(|(i, word)| word << 4 | (i % 16) as u16).collect();
        file.words(&words).word((0x28, 0x102), 15).word((0x6000, 0x10), 20).word((0x6000, 0x11), 26)
    }));
    unchanged(&all(|file| {
        let words: Vec<u16> =
            file.stored().iter().enumerate().map(|(i, word)| word | ((i % 16) as u16) << 12).collect();
        file.words(&words)
    }));
    // Thirteen bits with their sign, the intercept taken off.
    unchanged(&all(|file| {
        let words: Vec<u16> = file.stored().iter().map(|word| word.wrapping_sub(1024) & 0x1FFF).collect();
        let file = file.words(&words).word((0x28, 0x103), 1).numbers((0x28, 0x1052), &[0.0]);
        file.word((0x28, 0x101), 13).word((0x28, 0x102), 12)
    }));
}

#[test]
fn a_rescale_that_cannot_be_read_is_never_the_identity() {
    for tag in [(0x28, 0x1052), (0x28, 0x1053)] {
        refused(&all(|file| file.without(tag)), Code::HuRescale);
        for value in ["", " ", "abc", "1,0", "nan", "inf", "1\\1", "1e999", "--1"] {
            refused(&all(|file| file.text(tag, "DS", value)), Code::HuRescale);
        }
    }
    for slope in ["0", "-1", "-0.0"] {
        refused(&all(|file| file.text((0x28, 0x1053), "DS", slope)), Code::HuRescale);
    }
    unchanged(&all(|file| file.text((0x28, 0x1052), "DS", " -1.024E+03 ").text((0x28, 0x1054), "LO", "HU")));
}

#[test]
fn other_units_and_tables_are_not_hounsfield() {
    for unit in ["OD", "US", "mgml"] {
        refused(&all(|file| file.text((0x28, 0x1054), "LO", unit)), Code::HuNotHounsfield);
    }
    let table = element((0x28, 0x3006), "OW", &[0; 8], Written::Explicit);
    refused(&all(|file| file.raw((0x28, 0x3000), "SQ", item(&table, Written::Explicit))), Code::HuNotHounsfield);
}

#[test]
fn what_is_shown_inverted_is_stored_the_same() {
    unchanged(&all(|file| file.text((0x28, 0x04), "CS", "MONOCHROME1")));
}

#[test]
fn colours_and_secondary_captures_are_set_aside() {
    let odd = |file: File, name: &str| file.named(name).text((8, 0x18), "UI", &format!("1.9.{name}"));
    let mut files = chest(10);
    let one = || chest(1).remove(0);
    files.push(odd(one(), "1").text((0x28, 0x04), "CS", "RGB").word((0x28, 0x02), 3));
    files.push(odd(one(), "2").text((0x28, 0x04), "CS", "PALETTE COLOR"));
    files.push(odd(one(), "3").text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.7"));
    let decoded = measured(&files);
    assert_eq!(codes(&decoded.issues), [Code::SeriesSetAside]);
    assert_eq!((decoded.issues[0].severity, decoded.issues[0].files.len()), (Severity::Info, 3));
    assert_eq!(decoded.volume, measured(&chest(10)).volume);
    refused(&files[10..], Code::SeriesNotAxialCt);
}

#[test]
fn metal_and_the_extended_scale_keep_their_values() {
    let decoded = measured(&all(|file| {
        let mut words = file.stored();
        (words[0], words[1], words[2]) = (4095 + 16_000, u16::MAX, 30_000);
        file.words(&words).word((0x28, 0x101), 16).word((0x28, 0x102), 15)
    }));
    // The last but one is beyond what a volume holds.
    assert_eq!(decoded.volume.slice(3)[..4], [19_071, i16::MAX, 28_976, -1000]);
}

#[test]
fn undeclared_padding_is_air() {
    let plain = measured(&chest(10)).volume;
    for padding in [-3024_i16, -2000, -1025] {
        let files = all(|file| {
            let signed = |word: &u16| if *word == 24 { padding as u16 } else { word.wrapping_sub(1024) };
            let words: Vec<u16> = file.stored().iter().map(signed).collect();
            let file = file.words(&words).word((0x28, 0x103), 1).numbers((0x28, 0x1052), &[0.0]);
            file.word((0x28, 0x101), 16).word((0x28, 0x102), 15)
        });
        for (a, b) in plain.voxels().iter().zip(measured(&files).volume.voxels()) {
            assert!(a == b || (*a, *b) == (-1000, -1024));
        }
    }
}

#[test]
fn slices_without_a_picture_are_said() {
    let mut files = chest(12);
    for z in [0, 11] {
        files[z] = files[z].clone().words(&[24; ROWS * COLUMNS]);
    }
    let decoded = measured(&files);
    assert_eq!(codes(&decoded.issues), [Code::PixelsBlank]);
    assert!(corsai_language::Language::english().issue(&decoded.issues[0]).contains("2 of 12"));
    // All of them are no body.
    let nothing = all(|file| file.words(&[24; ROWS * COLUMNS]));
    let issues = only(&open(&nothing)).decoder().unwrap().finish().unwrap_err();
    assert!(codes(&issues).contains(&Code::HuImplausible));
}

#[test]
fn loss_alone_does_not_make_a_picture_a_derived_one() {
    let lossy = |kind: &'static str, flag: &'static str| {
        all(move |file| file.text((8, 0x08), "CS", kind).text((0x28, 0x2110), "CS", flag))
    };
    let decoded = measured(&lossy("DERIVED\\PRIMARY\\AXIAL", "01"));
    assert_eq!(codes(&decoded.issues), [Code::PixelsLossy]);
    assert_eq!(decoded.volume, measured(&chest(10)).volume);
    // What else was done to them isn't known.
    for (kind, flag, issues) in [
        ("DERIVED\\PRIMARY\\AXIAL", "00", &[Code::SeriesDerived][..]),
        ("DERIVED\\SECONDARY\\AXIAL", "01", &[Code::PixelsLossy, Code::SeriesDerived]),
        ("DERIVED\\PRIMARY\\MPR", "01", &[Code::PixelsLossy, Code::SeriesDerived]),
    ] {
        assert_eq!(codes(&measured(&lossy(kind, flag)).issues), issues);
    }
}
